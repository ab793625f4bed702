//! The whole table of steps, what each does to shelves, and that nothing is made or lost on the way.

use proptest::prelude::*;
use strum::IntoEnumIterator;
use uuid::Uuid;

use super::*;
use crate::domain::stock::{Counted, Lot};

const DONOR: Party = Party {
    operator: false,
    donor: true,
    recipient: false,
};
const RECIPIENT: Party = Party {
    operator: false,
    donor: false,
    recipient: true,
};
const BOTH_ENDS: Party = Party {
    operator: false,
    donor: true,
    recipient: true,
};

fn at(second: i64) -> Moment {
    chrono::DateTime::from_timestamp(second, 0).unwrap()
}

fn day(n: u64) -> NaiveDate {
    NaiveDate::default() + Days::new(n)
}

fn lots(of: &[(u64, i64)]) -> Lots {
    Lots::new(of.iter().map(|(n, units)| Lot {
        expires_on: day(*n),
        units: *units,
    }))
}

fn proposed(lines: &[(&str, i64)]) -> Transfer {
    Transfer {
        id: TransferId(Uuid::nil()),
        code: "K7QM-2XRT".to_owned(),
        from: ShelterId(Uuid::from_u128(1)),
        to: ShelterId(Uuid::from_u128(2)),
        due_on: day(10),
        plan: None,
        created_by: UserId(Uuid::nil()),
        created_at: at(0),
        course: Course::Proposed,
        lines: lines.iter().map(|(item, n)| Line::agreed(*item, *n, None)).collect(),
        told: 0,
        version: 1,
    }
}

fn approved(lines: &[(&str, i64)]) -> Transfer {
    proposed(lines).approve(Party::OPERATOR, at(1)).unwrap()
}

fn shelf(of: &[(&str, i64, Lots)]) -> BTreeMap<String, Stock> {
    let row = |item: &str, units: i64, dated: &Lots| {
        let mut stock = Stock::unknown(ShelterId(Uuid::from_u128(1)), item, at(0));
        stock.count(Counted { units, at: at(0) }, Some(dated.clone()), 0);
        (item.to_owned(), stock)
    };
    of.iter().map(|(item, units, dated)| row(item, *units, dated)).collect()
}

fn sending(item: &str, units: i64, dated: Lots) -> Sending {
    Sending {
        item: item.to_owned(),
        units,
        lots: dated,
    }
}

fn arrival(item: &str, units: i64, difference: Option<Difference>) -> Arrival {
    Arrival {
        item: item.to_owned(),
        units,
        difference,
    }
}

fn dispatched(agreed: i64, sent: i64) -> Transfer {
    let all = shelf(&[("soap", 100, lots(&[(3, 4), (9, 4)]))]);
    let told = [sending("soap", sent, Lots::default())];
    approved(&[("soap", agreed)])
        .dispatch(DONOR, &told, &all, at(2))
        .unwrap()
        .0
}

fn faults<T: std::fmt::Debug>(refused: Result<T, TransferRefused>) -> Vec<(String, &'static str)> {
    match refused.unwrap_err() {
        TransferRefused::Lines(errors) => errors.into_iter().map(|e| (e.field, e.code)).collect(),
        other => panic!("{other}"),
    }
}

#[test]
fn the_whole_table() {
    use TransferStep::*;
    let cancelled = |transfer: Transfer, party| transfer.cancel(party, CancelReason::Other, at(4)).unwrap().0;
    let received = dispatched(8, 8)
        .receive(RECIPIENT, &[arrival("soap", 8, None)], at(3))
        .unwrap()
        .0;
    let states = [
        proposed(&[("soap", 8)]),
        approved(&[("soap", 8)]),
        dispatched(8, 8),
        received,
        cancelled(approved(&[("soap", 8)]), RECIPIENT),
        cancelled(dispatched(8, 8), DONOR),
    ];
    let may = |transfer: &Transfer, party: Party| -> Vec<TransferStep> {
        TransferStep::iter()
            .filter(|step| transfer.allows(*step, party).is_ok())
            .collect()
    };
    let rows = [
        (Party::OPERATOR, [vec![Approve, Cancel], vec![Cancel], vec![]]),
        (DONOR, [vec![Cancel], vec![Dispatch, Cancel], vec![Cancel]]),
        (RECIPIENT, [vec![Cancel], vec![Cancel], vec![Receive]]),
        (BOTH_ENDS, [vec![Cancel], vec![Dispatch, Cancel], vec![Receive, Cancel]]),
        (Party::default(), [vec![], vec![], vec![]]),
    ];
    for (party, open) in rows {
        for (transfer, steps) in states.iter().zip(open.iter().chain(std::iter::repeat(&vec![]))) {
            assert_eq!(may(transfer, party), *steps, "{party:?} before {}", transfer.state());
        }
    }
    // An end says its state to everybody, whoever asks.
    let ended = TransferRefused::WrongState(TransferState::Received);
    assert_eq!(states[3].allows(Approve, Party::default()), Err(ended));
    assert_eq!(states[0].allows(Approve, DONOR), Err(TransferRefused::NotYourSide));
}

#[test]
fn each_state_knows_the_moments_that_led_to_it() {
    let back = dispatched(8, 5)
        .cancel(DONOR, CancelReason::TurnedBack, at(4))
        .unwrap()
        .0;
    let told = |t: &Transfer| (t.course.approved_at(), t.course.dispatched_at(), t.course.ended_at());
    assert_eq!(told(&proposed(&[("soap", 1)])), (None, None, None));
    assert_eq!(told(&dispatched(8, 5)), (Some(at(1)), Some(at(2)), None));
    assert_eq!(told(&back), (Some(at(1)), Some(at(2)), Some(at(4))));
    assert_eq!(back.course.cancel_reason(), Some(CancelReason::TurnedBack));
}

#[test]
fn what_is_sent_leaves_the_shelf_and_what_expires_first_goes_first() {
    let all = shelf(&[("soap", 9, lots(&[(3, 2), (9, 4)])), ("rice", 50, Lots::default())]);
    let told = [sending("rice", 0, Lots::default()), sending("soap", 5, lots(&[(9, 2)]))];
    let (transfer, changes) = approved(&[("soap", 6), ("rice", 5)])
        .dispatch(DONOR, &told, &all, at(2))
        .unwrap();
    let [change] = changes.as_slice() else {
        panic!("{changes:?}")
    };
    assert_eq!(
        (change.kind, change.units, change.transfer),
        (MovementKind::TransferOut, 5, Some(transfer.id))
    );
    assert_eq!(
        change.lots,
        lots(&[(3, 2), (9, 3)]),
        "the ones named, then the first to expire"
    );
    assert_eq!(transfer.lines[1].sent.as_ref().map(|sent| sent.units), Some(0));
    // Beyond the dated ones, those without a date.
    let told = [sending("soap", 8, Lots::default())];
    let (_, changes) = approved(&[("soap", 8)]).dispatch(DONOR, &told, &all, at(2)).unwrap();
    assert_eq!((changes[0].units, changes[0].lots.units()), (8, 6));
}

#[test]
fn what_cannot_be_sent_is_refused_line_by_line() {
    let all = shelf(&[("soap", 5, lots(&[(3, 2)]))]);
    let send = |told: &[Sending]| faults(approved(&[("soap", 8), ("rice", 3)]).dispatch(DONOR, told, &all, at(2)));
    let none = || sending("rice", 0, Lots::default());
    let named = |field: &str, code| vec![(format!("lines[{field}"), code)];
    assert_eq!(
        send(&[sending("soap", 9, Lots::default()), none()]),
        named("0].quantity", "out_of_range")
    );
    assert_eq!(
        send(&[none(), sending("soap", 6, Lots::default())]),
        named("1].quantity", "not_enough")
    );
    assert_eq!(
        send(&[sending("soap", 3, lots(&[(3, 3)])), none()]),
        named("0].lots", "not_enough")
    );
    assert_eq!(
        send(&[sending("soap", 3, lots(&[(4, 1)])), none()]),
        named("0].lots", "not_enough")
    );
    assert_eq!(
        send(&[sending("soap", 1, lots(&[(3, 2)])), none()]),
        named("0].lots", "too_many")
    );
    assert_eq!(
        send(&[sending("soap", 0, Lots::default()), none()]),
        [("lines".to_owned(), "required")]
    );
    assert_eq!(
        send(&[sending("soap", 1, Lots::default())]),
        [("lines".to_owned(), "required")]
    );
    let twice = [
        sending("soap", 1, Lots::default()),
        sending("soap", 1, Lots::default()),
        none(),
    ];
    assert_eq!(send(&twice), named("1].item", "duplicate"));
    let other = [
        sending("soap", 1, Lots::default()),
        none(),
        sending("tent", 1, Lots::default()),
    ];
    assert_eq!(send(&other), named("2].item", "unknown"));
}

#[test]
fn what_arrives_is_at_most_what_was_sent_and_less_has_a_reason() {
    let receive = |told| dispatched(8, 6).receive(RECIPIENT, &[told], at(3));
    let (all, changes) = receive(arrival("soap", 6, None)).unwrap();
    assert_eq!((all.lines[0].missing(), changes[0].units), (0, 6));
    assert_eq!(changes[0].lots, lots(&[(3, 4), (9, 2)]));
    let (fewer, changes) = receive(arrival("soap", 5, Some(Difference::Damaged))).unwrap();
    assert_eq!(
        (fewer.lines[0].missing(), changes[0].lots.clone()),
        (1, lots(&[(3, 4), (9, 1)]))
    );
    let (none, changes) = receive(arrival("soap", 0, Some(Difference::Lost))).unwrap();
    assert_eq!(
        (none.lines[0].missing(), changes.len(), none.state()),
        (6, 0, TransferState::Received)
    );
    let field = |name: &str, code| vec![(format!("lines[0].{name}"), code)];
    assert_eq!(
        faults(receive(arrival("soap", 7, None))),
        field("quantity", "out_of_range")
    );
    assert_eq!(
        faults(receive(arrival("soap", 5, None))),
        field("difference", "required")
    );
    assert_eq!(
        faults(receive(arrival("soap", 6, Some(Difference::Lost)))),
        field("difference", "not_allowed")
    );
}

#[test]
fn what_turns_back_is_on_the_donor_s_shelf_again() {
    let (back, changes) = dispatched(8, 6).cancel(DONOR, CancelReason::TurnedBack, at(4)).unwrap();
    assert_eq!((changes[0].kind, changes[0].units), (MovementKind::Returned, 6));
    assert_eq!(
        (changes[0].lots.clone(), back.lines[0].missing()),
        (lots(&[(3, 4), (9, 2)]), 0)
    );
    let (_, none) = approved(&[("soap", 8)])
        .cancel(DONOR, CancelReason::CannotSpare, at(4))
        .unwrap();
    assert_eq!(none, []);
}

#[test]
fn people_are_told_on_the_due_day_and_the_operators_two_days_later() {
    let mut transfer = dispatched(8, 8);
    let due = |transfer: &Transfer| [9, 10, 11, 12].map(|n| transfer.chase_due(day(n)));
    assert_eq!(
        due(&transfer),
        [None, Some(Chase::Ends), Some(Chase::Ends), Some(Chase::Ends)]
    );
    assert_eq!([10, 11].map(|n| transfer.is_overdue(day(n))), [false, true]);
    transfer.told = 1;
    assert_eq!(due(&transfer), [None, None, None, Some(Chase::Operators)]);
    transfer.told = 2;
    assert_eq!(due(&transfer), [None; 4]);
    for other in [
        proposed(&[("soap", 8)]),
        transfer.cancel(DONOR, CancelReason::Other, at(4)).unwrap().0,
    ] {
        assert!(
            other.chase_due(day(99)).is_none() && !other.is_overdue(day(99)),
            "{}",
            other.state()
        );
    }
    assert_eq!(chased_until(day(12)), [day(12), day(10)]);
}

proptest! {
    /// Whatever people say, a step that goes through leaves as much in the world as there was.
    #[test]
    fn units_are_conserved(
        agreed in 1i64..50, sent in 0i64..60, arrived in 0i64..60, on_hand in 0i64..60,
        dated in proptest::collection::vec((0u64..5, 1i64..20), 0..4), back in any::<bool>(),
    ) {
        let all = shelf(&[("soap", on_hand, lots(&dated))]);
        let told = [sending("soap", sent, Lots::default())];
        let Ok((transfer, out)) = approved(&[("soap", agreed)]).dispatch(DONOR, &told, &all, at(2)) else {
            prop_assert!(sent == 0 || sent > agreed || sent > on_hand);
            return Ok(());
        };
        let mut donor = all["soap"].clone();
        let left: i64 = out.iter().flat_map(|change| donor.book(change)).map(|(units, _)| units).sum();
        prop_assert_eq!((left, donor.on_hand), (-sent, on_hand - sent));
        prop_assert!(donor.lots.units() <= donor.on_hand);
        if back {
            let (_, changes) = transfer.cancel(DONOR, CancelReason::TurnedBack, at(3)).unwrap();
            changes.iter().for_each(|change| drop(donor.book(change)));
            prop_assert_eq!(donor, all["soap"].clone());
            return Ok(());
        }
        let difference = (arrived < sent).then_some(Difference::Lost);
        let Ok((transfer, in_)) = transfer.receive(RECIPIENT, &[arrival("soap", arrived, difference)], at(3)) else {
            prop_assert!(arrived > sent);
            return Ok(());
        };
        let came: i64 = in_.iter().map(|change| change.units).sum();
        prop_assert_eq!(came + transfer.lines[0].missing(), sent);
        let dated_in: i64 = in_.iter().map(|change| change.lots.units()).sum();
        prop_assert!(dated_in <= came);
    }
}
