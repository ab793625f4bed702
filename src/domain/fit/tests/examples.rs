//! The rules as a shelter manager would tell them.

use chrono::NaiveDate;

use super::super::super::household::{Need, Search};
use super::super::super::id::HoldId;
use super::super::super::rooms::{ActiveClaim, RoomKind, RoomView};
use super::super::{Allocation, Claim, ClaimFault, Misfit, MisfitReason, Relaxation, fit, places, verify};
use super::*;

/// Room numbers, beds and cots.
fn lines(rooms: &[RoomView], search: &Search) -> Vec<(u128, u16, u16)> {
    let allocation = fit(&rules(), rooms, search, now()).unwrap();
    allocation
        .lines
        .iter()
        .map(|line| (line.room_id.0.as_u128(), line.beds, line.cots))
        .collect()
}

fn misfit(rooms: &[RoomView], search: &Search) -> Misfit {
    fit(&rules(), rooms, search, now()).unwrap_err()
}

fn reasons(rooms: &[RoomView], search: &Search) -> Vec<MisfitReason> {
    misfit(rooms, search).reasons
}

#[test]
fn one_woman_takes_the_fullest_shared_room_and_leaves_the_rest_whole() {
    let rooms = [
        room(1, RoomKind::Private, 3),
        room(2, RoomKind::Shared, 6),
        taken(room(3, RoomKind::Shared, 4), 2),
        step_free(taken(room(4, RoomKind::Shared, 4), 3)),
    ];
    assert_eq!(lines(&rooms, &search(&[])), [(3, 1, 0)]);
    let mut on_wheels = search(&[]);
    on_wheels.needs.insert(Need::StepFree);
    assert_eq!(lines(&rooms, &on_wheels), [(4, 1, 0)]);
}

#[test]
fn sixteen_of_twenty_taken_has_no_room_for_a_family_unless_it_may_be_apart() {
    let rooms: Vec<_> = (1..=4)
        .map(|number| taken(room(number, RoomKind::Shared, 5), 4))
        .collect();
    assert_eq!(places(&rules(), &rooms, &search(&[]), now()), 4);
    assert_eq!(reasons(&rooms, &search(&[girl(4)])), [MisfitReason::NotEnoughBeds]);
    // Not even apart: the child of four would be alone among strangers.
    assert!(fit(&rules(), &rooms, &apart(search(&[girl(4)])), now()).is_err());
    assert_eq!(lines(&rooms, &apart(family(2, &[]))), [(1, 1, 0), (2, 1, 0)]);
}

#[test]
fn a_private_room_is_for_one_household() {
    let rooms = [taken(room(1, RoomKind::Private, 6), 1)];
    assert_eq!(reasons(&rooms, &search(&[])), [MisfitReason::NotEnoughBeds]);
    let mut held = room(2, RoomKind::Private, 6);
    let hold_id = HoldId(Uuid::nil());
    held.claims = vec![ActiveClaim {
        hold_id,
        beds: 1,
        cots: 0,
        expires_at: now() + chrono::TimeDelta::minutes(1),
        starts_at: None,
    }];
    assert!(fit(&rules(), std::slice::from_ref(&held), &search(&[]), now()).is_err());
    assert!(fit(&rules(), &[held], &search(&[]), now() + chrono::TimeDelta::minutes(1)).is_ok());
}

#[test]
fn infants_take_a_cot_and_without_one_their_mothers_bed_one_each() {
    let shared = with_cots(room(1, RoomKind::Shared, 4), 1);
    assert_eq!(lines(std::slice::from_ref(&shared), &search(&[girl(1)])), [(1, 1, 1)]);
    assert_eq!(
        lines(std::slice::from_ref(&shared), &search(&[girl(1), girl(0)])),
        [(1, 1, 1)]
    );
    let three = search(&[girl(1), girl(1), girl(0)]);
    assert_eq!(
        reasons(std::slice::from_ref(&shared), &three),
        [MisfitReason::NotEnoughCots]
    );
    let strict = AdmissionRules {
        infants_share_bed: false,
        ..rules()
    };
    let twins = fit(&strict, &[shared], &search(&[girl(1), girl(1)]), now());
    assert_eq!(twins.unwrap_err().reasons, [MisfitReason::NotEnoughCots]);
}

#[test]
fn an_older_boy_needs_a_private_room() {
    let rooms = [room(1, RoomKind::Shared, 6)];
    let with_son = search(&[boy(12)]);
    let said = misfit(&rooms, &with_son);
    assert_eq!(said.reasons, [MisfitReason::NoPrivateRoom]);
    assert_eq!(said.relaxation, Some(Relaxation::SharedRoom));
    let rooms = [room(1, RoomKind::Shared, 6), room(2, RoomKind::Private, 1)];
    assert_eq!(misfit(&rooms, &with_son).relaxation, Some(Relaxation::TwoRooms));
    assert_eq!(lines(&rooms, &apart(with_son)), [(1, 1, 0), (2, 1, 0)]);
}

#[test]
fn a_big_child_may_sleep_next_door_and_a_small_one_may_not() {
    let rooms = [room(1, RoomKind::Private, 1), room(2, RoomKind::Private, 1)];
    assert_eq!(lines(&rooms, &apart(search(&[girl(7)]))), [(1, 1, 0), (2, 1, 0)]);
    assert!(fit(&rules(), &rooms, &apart(search(&[girl(6)])), now()).is_err());
}

#[test]
fn a_block_takes_a_household_to_each_room() {
    let rooms = [taken(room(1, RoomKind::Block, 10), 8)];
    assert_eq!(lines(&rooms, &search(&[girl(1), girl(3), girl(5)])), [(1, 1, 0)]);
    let five = search(&[girl(3), girl(4), girl(8), girl(9)]);
    assert_eq!(misfit(&rooms, &five).relaxation, Some(Relaxation::TwoRooms));
    assert_eq!(lines(&rooms, &apart(five.clone())), [(1, 2, 0)]);
    let last = [taken(room(1, RoomKind::Block, 10), 9)];
    assert!(fit(&rules(), &last, &apart(five), now()).is_err());
}

#[test]
fn every_broken_rule_is_told_at_once() {
    let mut strict = AdmissionRules {
        max_children: Some(1),
        admits: BTreeSet::new(),
        ..rules()
    };
    strict.admits_women = false;
    let mut search = search(&[boy(15), boy(0)]);
    search
        .needs
        .extend([Need::Pets, Need::Trafficking, Need::Legal, Need::StepFree]);
    let said = fit(&strict, &[room(1, RoomKind::Shared, 9)], &search, now()).unwrap_err();
    use MisfitReason::*;
    let expected = [
        WomenNotAdmitted,
        BoysAge,
        TooManyChildren,
        Newborn,
        Trafficking,
        Pets,
        NoStepFreeRoom,
        NoPrivateRoom,
    ];
    assert_eq!(said.reasons, expected);
    assert_eq!(said.relaxation, None);
    let childless = AdmissionRules {
        admits_without_children: false,
        ..rules()
    };
    let alone = fit(&childless, &[room(1, RoomKind::Shared, 9)], &super::search(&[]), now());
    assert_eq!(alone.unwrap_err().reasons, [WithoutChildrenNotAdmitted]);
}

#[test]
fn the_smallest_relaxation_is_named() {
    let son = search(&[boy(15), boy(16)]);
    let rooms = [room(1, RoomKind::Private, 3)];
    assert_eq!(
        misfit(&rooms, &son).relaxation,
        Some(Relaxation::BoyAdmitted { age: 16 })
    );

    let day = |day| NaiveDate::from_ymd_opt(2026, 11, day).unwrap();
    let mut rooms = [
        taken(room(1, RoomKind::Private, 2), 2),
        taken(room(2, RoomKind::Private, 3), 1),
    ];
    rooms[0].planned_exit = Some(day(24));
    rooms[1].planned_exit = Some(day(26));
    let mother_of_two = search(&[girl(5), girl(6)]);
    assert_eq!(
        misfit(&rooms, &mother_of_two).relaxation,
        Some(Relaxation::FromDate { date: day(26) })
    );
    rooms[1].planned_exit = Some(day(21));
    assert_eq!(
        misfit(&rooms, &mother_of_two).relaxation,
        None,
        "an exit that is overdue promises nothing"
    );

    let mut on_wheels = search(&[]);
    on_wheels.needs.insert(Need::StepFree);
    let said = misfit(&[room(1, RoomKind::Shared, 3)], &on_wheels);
    assert_eq!(said.relaxation, Some(Relaxation::WithoutNeed { need: Need::StepFree }));
    let text = serde_json::to_string(&said.relaxation).unwrap();
    assert_eq!(text, r#"{"code":"without_need","need":"step_free"}"#);
}

#[test]
fn a_claim_is_checked_against_what_is_left_now() {
    let rooms = [taken(room(1, RoomKind::Shared, 4), 2), room(2, RoomKind::Private, 2)];
    let mother = search(&[girl(5)]);
    let claim = |number, beds, cots| Claim {
        room_id: RoomId(Uuid::from_u128(number)),
        beds,
        cots,
    };
    let check = |rooms: &[RoomView], lines: &[Claim], search: &Search| {
        verify(&Allocation { lines: lines.to_vec() }, &rules(), rooms, search, now())
    };
    assert_eq!(check(&rooms, &[claim(1, 2, 0)], &mother), Ok(()));
    assert_eq!(check(&rooms, &[claim(1, 1, 0)], &mother), Err(ClaimFault::WrongSize));
    assert_eq!(check(&rooms, &[claim(1, 3, 0)], &mother), Err(ClaimFault::NoBedLeft));
    assert_eq!(check(&rooms, &[claim(1, 2, 1)], &mother), Err(ClaimFault::NoBedLeft));
    assert_eq!(check(&rooms, &[claim(9, 2, 0)], &mother), Err(ClaimFault::NotARoom));
    assert_eq!(
        check(&rooms, &[claim(1, 1, 0), claim(1, 1, 0)], &mother),
        Err(ClaimFault::NotARoom)
    );
    assert_eq!(
        check(&rooms, &[claim(1, 1, 0), claim(2, 1, 0)], &mother),
        Err(ClaimFault::TooManyRooms)
    );
    assert_eq!(check(&rooms, &[], &mother), Err(ClaimFault::WrongSize));
    let fuller = [taken(room(1, RoomKind::Shared, 4), 3)];
    assert_eq!(check(&fuller, &[claim(1, 2, 0)], &mother), Err(ClaimFault::NoBedLeft));
    assert_eq!(
        check(&rooms, &[claim(1, 2, 0)], &search(&[girl(5); 6])),
        Err(ClaimFault::NotAdmitted)
    );
}

#[test]
fn a_house_of_hundreds_of_rooms_is_answered_without_trying_them_all() {
    // 600 rooms of all sorts, no three big enough, and the largest household: the worst there is.
    let rooms: Vec<_> = (1..=600u128)
        .map(|number| {
            let kind = [RoomKind::Private, RoomKind::Shared, RoomKind::Private][(number % 3) as usize];
            let view = with_cots(
                room(number, kind, 1 + (number / 3 % 5) as u16),
                (number / 15 % 3) as u16,
            );
            if number % 2 == 0 { step_free(view) } else { view }
        })
        .collect();
    let children: Vec<_> = [1, 1, 3, 4, 5, 8, 9, 10, 11]
        .into_iter()
        .map(girl)
        .chain([boy(12), boy(13), boy(14)])
        .collect();
    let rules = AdmissionRules {
        max_children: None,
        boys_max_age: None,
        ..rules()
    };
    let crowd = apart(family(6, &children));
    assert!(fit(&rules, &rooms, &crowd, now()).is_err());
    let smaller = apart(family(6, &children[..9]));
    assert_eq!(fit(&rules, &rooms, &smaller, now()).unwrap().lines.len(), 3);
}
