//! The rules of sleeping written down a second time, as plainly as can be: try every person in every room.

use proptest::prelude::*;

use super::super::super::holds::may_start;
use super::super::super::household::{Child, Search, Sex};
use super::super::super::rooms::{RoomKind, RoomView};
use super::super::super::shelters::AdmissionRules;
use super::super::{
    Door, MisfitReason, Party, Placement, Relaxation, Tolls, Visitor, admits, explain, fit, pack, place_for, places,
    reasons, verify,
};
use super::{any_rooms, any_rules, any_search, now};

#[derive(Clone, Copy)]
enum Person {
    GrownUp,
    Child(Child),
}

/// One room, or one unit of a block.
struct Slot<'a> {
    index: usize,
    view: &'a RoomView,
    people: Vec<Person>,
}

/// What a set of rooms takes from others, in the order of importance that `fit` promises.
type Price = (usize, u32, usize, u32, Vec<usize>);

/// The least price over all ways to put everybody somewhere; `None` if there is none.
fn brute(rules: &AdmissionRules, rooms: &[RoomView], search: &Search, tolls: Tolls) -> Option<Price> {
    if !admits(rules, search) {
        return None;
    }
    let mut slots = Vec::new();
    for (index, view) in rooms.iter().enumerate() {
        let units = if view.room.kind == RoomKind::Block {
            view.count(now()).free.min(3)
        } else {
            1
        };
        slots.extend((0..units).map(|_| Slot {
            index,
            view,
            people: Vec::new(),
        }));
    }
    let mut people: Vec<Person> = search.household.adults().iter().map(|_| Person::GrownUp).collect();
    people.extend(search.household.children().iter().copied().map(Person::Child));
    let mut best = None;
    everywhere(rules, search, tolls, &people, &mut slots, &mut best);
    best
}

fn everywhere(
    rules: &AdmissionRules,
    search: &Search,
    tolls: Tolls,
    people: &[Person],
    slots: &mut Vec<Slot<'_>>,
    best: &mut Option<Price>,
) {
    let Some((person, rest)) = people.split_first() else {
        if let Some(price) = judge(rules, search, tolls, slots) {
            *best = Some(best.take().map_or(price.clone(), |best: Price| best.min(price)));
        }
        return;
    };
    let used = slots.iter().filter(|slot| !slot.people.is_empty()).count();
    for at in 0..slots.len() {
        let opens = slots[at].people.is_empty();
        if opens && used == if search.rooms_apart_ok { 3 } else { 1 } {
            continue;
        }
        slots[at].people.push(*person);
        everywhere(rules, search, tolls, rest, slots, best);
        slots[at].people.pop();
    }
}

fn judge(rules: &AdmissionRules, search: &Search, tolls: Tolls, slots: &[Slot<'_>]) -> Option<Price> {
    let used: Vec<_> = slots.iter().filter(|slot| !slot.people.is_empty()).collect();
    if !used.iter().all(|slot| sleeps_well(rules, search, slot)) {
        return None;
    }
    let (mut cost, mut spare) = (0, 0);
    for slot in &used {
        let (room, count) = (&slot.view.room, slot.view.count(now()));
        let weight = if room.step_free && !search.needs_step_free() {
            2
        } else {
            1
        };
        cost += toll(rules, search, tolls, slot);
        cost += 10
            * weight
            * match room.kind {
                RoomKind::Private => count.free + count.free_cots,
                RoomKind::Block => u32::from(room.sleeps.unwrap()),
                RoomKind::Shared => u32::try_from(slot.people.len()).unwrap(),
            };
        if room.kind == RoomKind::Shared {
            spare += count.free + count.free_cots;
        }
    }
    let whole = used
        .iter()
        .filter(|slot| slot.view.room.kind != RoomKind::Shared)
        .count();
    Some((
        used.len(),
        cost,
        whole,
        spare,
        used.iter().map(|slot| slot.index).collect(),
    ))
}

fn sleeps_well(rules: &AdmissionRules, search: &Search, slot: &Slot<'_>) -> bool {
    let (room, count) = (&slot.view.room, slot.view.count(now()));
    let children: Vec<Child> = slot
        .people
        .iter()
        .filter_map(|person| {
            if let Person::Child(child) = person {
                Some(*child)
            } else {
                None
            }
        })
        .collect();
    let grown_ups = slot.people.len() - children.len();
    let infants = children.iter().filter(|child| child.age < 2).count();
    let in_beds = slot.people.len() - infants;
    let shared = room.kind == RoomKind::Shared;

    if search.needs_step_free() && !room.step_free {
        return false;
    }
    if grown_ups == 0 && (shared || children.iter().any(|child| child.age < 7)) {
        return false;
    }
    let tied = |child: &Child| child.sex == Sex::Male && child.age > rules.boys_shared_room_max_age;
    if shared && children.iter().any(tied) {
        return false;
    }
    if room.kind == RoomKind::Block {
        return slot.people.len() <= usize::from(room.sleeps.unwrap());
    }
    let with_mothers = if rules.infants_share_bed { grown_ups } else { 0 };
    in_beds <= count.free as usize && infants <= count.free_cots as usize + with_mothers
}

/// What others' waiting costs her, as the tolls say.
fn toll(rules: &AdmissionRules, search: &Search, tolls: Tolls, slot: &Slot<'_>) -> u32 {
    let (room, count) = (&slot.view.room, slot.view.count(now()));
    let persons = search.household.persons();
    let boys = |age: u8| {
        let children = search.household.children().iter();
        children
            .filter(|child| child.sex == Sex::Male && child.age >= age)
            .count()
    };
    let mut toll = 0;
    if room.step_free && !search.needs_step_free() {
        toll += tolls.step_free;
    }
    let places = match room.kind {
        RoomKind::Shared => return toll,
        RoomKind::Private => count.free + count.free_cots,
        RoomKind::Block => u32::from(room.sleeps.unwrap()),
    };
    let four = if places >= 4 && persons < 4 {
        tolls.four_places
    } else {
        0
    };
    let five = if places >= 5 && persons < 5 {
        tolls.five_places
    } else {
        0
    };
    toll += four.max(five);
    if places >= 2 && boys(15) == 0 && rules.boys_max_age.unwrap_or(17) >= 15 {
        toll += tolls.older_boys;
    }
    toll
}

/// The fewest units that a room would give her, and how many could go beside them before she has none.
fn units(rules: &AdmissionRules, rooms: &[RoomView], search: &Search, found: &Placement) -> (u32, u32) {
    let beds = search.household.persons() - search.household.infants();
    if found.rooms > 1 {
        return (beds, 0);
    }
    let takes = |view: &&RoomView| places(rules, std::slice::from_ref(*view), search, now()) > 0;
    let each = rooms.iter().filter(takes).map(|view| {
        let free = view.count(now()).free;
        match view.room.kind {
            RoomKind::Private => (free, beds, free),
            RoomKind::Shared => (free, beds, beds),
            RoomKind::Block => (free, 1, 1),
        }
    });
    let all: Vec<(u32, u32, u32)> = each.collect();
    let (need, goes) = (all.iter().map(|one| one.1).min(), all.iter().map(|one| one.2).min());
    (need.unwrap(), all.iter().map(|one| one.0).sum::<u32>() - goes.unwrap())
}

fn any_tolls() -> impl Strategy<Value = Tolls> {
    let toll = || prop_oneof![Just(0), 0u32..90];
    let some = (toll(), toll(), toll(), toll()).prop_map(|(step_free, four_places, five_places, older_boys)| Tolls {
        step_free,
        four_places,
        five_places,
        older_boys,
    });
    prop_oneof![Just(Tolls::default()), some]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    #[test]
    fn fit_is_exact_and_takes_least(
        rules in any_rules(), rooms in any_rooms(5), search in any_search(), tolls in any_tolls(),
    ) {
        let expected = brute(&rules, &rooms, &search, tolls);
        let found = place_for(tolls, &rules, &rooms, &search, now());
        prop_assert_eq!(found.is_some(), expected.is_some());
        if tolls == Tolls::default() {
            prop_assert_eq!(fit(&rules, &rooms, &search, now()).ok(), found.clone().map(|found| found.allocation));
        }
        if let (Some(found), Some((number, cost, _, _, order))) = (found, expected) {
            prop_assert_eq!(verify(&found.allocation, &rules, &rooms, &search, now()), Ok(()));
            prop_assert_eq!(found.rooms as usize, number);
            let (need, beside) = units(&rules, &rooms, &search, &found);
            prop_assert_eq!((found.need, found.free), (need, need + beside));
            let own = search.household.persons() as i32;
            prop_assert_eq!((found.loss + own) * 10 + found.toll as i32, cost as i32);
            let mut distinct: Vec<_> = order.iter().map(|index| rooms[*index].room.id).collect();
            distinct.dedup();
            prop_assert_eq!(found.allocation.lines.iter().map(|line| line.room_id).collect::<Vec<_>>(), distinct);
        }
    }

    #[test]
    fn a_misfit_has_reasons_in_order_and_its_relaxation_works(
        rules in any_rules(), rooms in any_rooms(4), exits in prop::collection::vec(-2i64..6, 4), search in any_search(),
    ) {
        let mut rooms = rooms;
        for (view, days) in rooms.iter_mut().zip(exits) {
            let date = now().date_naive() + chrono::TimeDelta::days(days);
            view.planned_exit = Some(date).filter(|_| view.state.occupied_beds > 0);
        }
        let Err(misfit) = fit(&rules, &rooms, &search, now()) else { return Ok(()) };
        prop_assert!(!misfit.reasons.is_empty());
        prop_assert!(misfit.reasons.is_sorted_by(|a, b| a < b));
        prop_assert!(!misfit.reasons.contains(&MisfitReason::NoStepFreeRoom) || search.needs_step_free());
        if let Some(relaxation) = misfit.relaxation {
            let (rules, rooms, search) = relaxation.apply(&rules, &rooms, &search, now().date_naive());
            prop_assert!(fit(&rules, &rooms, &search, now()).is_ok(), "{:?}", relaxation);
            if let Relaxation::FromDate { date } = relaxation {
                prop_assert!(may_start(date, now().date_naive()));
            }
        }
    }

    #[test]
    fn without_a_fit_there_is_a_reason_and_with_one_there_is_none(
        rules in any_rules(), rooms in any_rooms(4), search in any_search(),
    ) {
        let fits = fit(&rules, &rooms, &search, now()).is_ok();
        prop_assert_eq!(explain(&rules, &rooms, &search, now(), now().date_naive()).reasons.is_empty(), fits);
        if !search.rooms_apart_ok {
            prop_assert_eq!(places(&rules, &rooms, &search, now()) > 0, fits);
        }
    }

    #[test]
    fn nobody_sleeps_in_a_tampered_allocation(
        rules in any_rules(), rooms in any_rooms(4), search in any_search(), line in any::<prop::sample::Index>(),
        more_beds in any::<bool>(),
    ) {
        let Ok(mut allocation) = fit(&rules, &rooms, &search, now()) else { return Ok(()) };
        let at = line.index(allocation.lines.len());
        let blocks = allocation.lines.iter().any(|line| {
            rooms.iter().any(|view| view.room.id == line.room_id && view.room.kind == RoomKind::Block)
        });
        // Beside a block unit people may move in or out of it: other sizes are odd, not wrong.
        if blocks && search.rooms_apart_ok {
            return Ok(());
        }
        if more_beds {
            allocation.lines[at].beds += 1;
        } else {
            allocation.lines[at].beds -= 1;
        }
        prop_assert!(verify(&allocation, &rules, &rooms, &search, now()).is_err());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]

    #[test]
    fn a_glance_says_what_the_rooms_say(rules in any_rules(), rooms in any_rooms(5), search in any_search()) {
        let mut cells = Vec::new();
        let stock = pack(&rules, &rooms, now(), &mut cells);
        let visitor = Visitor::of(&search);
        let told = reasons(&rules, &rooms, &search, now());
        match Party::of(&search, &visitor).lacks(&stock, &cells) {
            Some(lacks) => prop_assert_eq!(Door::of(&rules).refuses(&visitor).or(lacks), told),
            None => prop_assert!(search.rooms_apart_ok),
        }
    }
}
