//! Plans against an exhaustive search, and what must hold of every plan.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::super::availability::ShelterView;
use super::super::availability::tests::{at, room, shelter};
use super::super::fit::{self, MAX_ROOMS};
use super::super::geography::Travel;
use super::super::household::{AgeBand, Child, Household, Need, Search, Sex, Urgency};
use super::super::rooms::{RoomKind, RoomView};
use super::market::{cost, thousandths};
use super::settle::claim;
use super::*;

/// Ways between `D0` to `D6`: the difference of the numbers, a quarter of an hour each.
fn travel(from: &str, to: &str) -> Travel {
    let number = |code: &str| code.get(1..).and_then(|n| n.parse::<f64>().ok()).unwrap_or(0.0);
    let minutes = 10.0 + 15.0 * (number(from) - number(to)).abs();
    Travel {
        km: minutes,
        minutes,
        by_road: true,
    }
}

fn search(ages: &[(u8, bool)], step_free: bool, from: u8, urgency: Urgency, apart: bool) -> Search {
    let children = ages.iter().map(|(age, boy)| Child {
        age: *age,
        sex: if *boy { Sex::Male } else { Sex::Female },
    });
    Search {
        household: Household::new(vec![AgeBand::From18To59], children.collect()).unwrap(),
        needs: step_free.then_some(Need::StepFree).into_iter().collect(),
        languages: BTreeSet::new(),
        from_district: format!("D{from}"),
        avoid_districts: BTreeSet::new(),
        excluded: Default::default(),
        urgency,
        earliest_date: None,
        rooms_apart_ok: apart,
    }
}

fn problem<'a>(households: &'a [Search], shelters: &'a [&'a ShelterView]) -> Problem<'a> {
    Problem {
        households,
        shelters,
        travel: &travel,
        prices: Box::leak(Box::default()),
        now: at(0),
    }
}

/// Every household in every set of rooms of every shelter or nowhere, with every number of beds and cots in each shared
/// room; written apart from the solver and without any of its shortcuts.
fn exhaustive(
    problem: &Problem<'_>,
    penalties: &[i64],
    left: &[usize],
    rooms: &mut Vec<Vec<RoomView>>,
    spent: i64,
    best: &mut i64,
) {
    let Some((household, rest)) = left.split_first() else {
        *best = spent.min(*best);
        return;
    };
    let search = &problem.households[*household];
    exhaustive(problem, penalties, rest, rooms, spent + penalties[*household], best);
    for (shelter, view) in problem.shelters.iter().enumerate() {
        let minutes = travel(&search.from_district, &view.shelter.district).minutes;
        for set in 1_u32..1 << view.rooms.len() {
            if set.count_ones() > if search.rooms_apart_ok { MAX_ROOMS } else { 1 } {
                continue;
            }
            let some: Vec<RoomView> = (0..view.rooms.len())
                .filter(|at| set >> at & 1 == 1)
                .map(|at| rooms[shelter][at].clone())
                .collect();
            let mut tried = Vec::new();
            for some in with_fewer(&some) {
                let Some(found) = problem.place(view, &some, search) else {
                    continue;
                };
                if found.allocation.lines.len() != some.len() || tried.contains(&found.allocation) {
                    continue;
                }
                let before = rooms[shelter].clone();
                claim(&mut rooms[shelter], &found.allocation);
                let price = cost(thousandths(minutes), &found);
                exhaustive(problem, penalties, rest, rooms, spent + price, best);
                rooms[shelter] = before;
                tried.push(found.allocation);
            }
        }
    }
}

/// These rooms as they are, and with each fewer beds and cots of the shared ones, in every combination.
fn with_fewer(rooms: &[RoomView]) -> Vec<Vec<RoomView>> {
    let mut all = vec![Vec::new()];
    for view in rooms {
        let mut kept = vec![view.clone()];
        if view.room.kind == RoomKind::Shared {
            for beds in 0..=view.room.beds {
                for cots in 0..=view.room.cots {
                    let mut fewer = view.clone();
                    (fewer.room.beds, fewer.room.cots) = (beds, cots);
                    kept.push(fewer);
                }
            }
        }
        let with = |before: &Vec<RoomView>| -> Vec<Vec<RoomView>> {
            kept.iter()
                .map(|one| [before.as_slice(), std::slice::from_ref(one)].concat())
                .collect()
        };
        all = all.iter().flat_map(with).collect();
    }
    all
}

fn least(problem: &Problem<'_>, penalties: &[i64]) -> i64 {
    let mut rooms: Vec<Vec<RoomView>> = problem.shelters.iter().map(|view| view.rooms.clone()).collect();
    let mut best = i64::MAX;
    let all: Vec<usize> = (0..problem.households.len()).collect();
    exhaustive(problem, penalties, &all, &mut rooms, 0, &mut best);
    best
}

/// Every allocation stands beside the others, and everybody is placed or explained, once.
fn sound(problem: &Problem<'_>, plan: &Plan) {
    let mut rooms: Vec<Vec<RoomView>> = problem.shelters.iter().map(|view| view.rooms.clone()).collect();
    for one in &plan.given {
        let rules = &problem.shelters[one.shelter].shelter.rules;
        let search = &problem.households[one.household];
        assert_eq!(
            fit::verify(&one.allocation, rules, &rooms[one.shelter], search, problem.now),
            Ok(())
        );
        claim(&mut rooms[one.shelter], &one.allocation);
    }
    let mut seen: Vec<usize> = plan.given.iter().map(|one| one.household).collect();
    seen.extend(plan.unplaced.iter().map(|one| one.household));
    seen.sort_unstable();
    assert_eq!(seen, (0..problem.households.len()).collect::<Vec<_>>());
    assert!(
        plan.unplaced
            .iter()
            .all(|one| !one.reasons.is_empty() || problem.shelters.is_empty())
    );
    assert!(plan.bound <= plan.objective);
}

fn households(most: usize) -> impl Strategy<Value = Vec<Search>> {
    let urgency = prop::sample::select(vec![Urgency::Now, Urgency::Today, Urgency::Planned]);
    let one = (
        prop::collection::vec((0_u8..18, any::<bool>()), 0..4),
        prop::bool::weighted(0.2),
        0_u8..4,
        urgency,
        any::<bool>(),
    );
    let one = one.prop_map(|(ages, step_free, from, urgency, apart)| search(&ages, step_free, from, urgency, apart));
    prop::collection::vec(one, 1..=most)
}

fn shelters(most: usize, rooms: usize) -> impl Strategy<Value = Vec<ShelterView>> {
    let kind = prop::sample::select(vec![RoomKind::Private, RoomKind::Shared, RoomKind::Block]);
    let one_room = (kind, 1_u16..5, 0_u16..2, 0_u16..2, any::<bool>());
    let one = (
        prop::collection::vec(one_room, 1..=rooms),
        prop::option::of(6_u8..14),
        any::<bool>(),
    );
    prop::collection::vec(one, 1..=most).prop_map(|all| {
        let view = |(number, (rooms, boys, share)): (u128, (Vec<_>, Option<u8>, bool))| {
            let rooms = rooms
                .into_iter()
                .zip(1..)
                .map(|((kind, beds, occupied, cots, step_free), at)| {
                    let mut view = room(number * 100 + at, kind, beds, occupied);
                    (view.room.cots, view.room.step_free) = (cots, step_free);
                    view
                });
            let mut view = shelter(number, rooms.collect());
            (view.shelter.rules.boys_max_age, view.shelter.rules.infants_share_bed) = (boys, share);
            view
        };
        (1..).zip(all).map(view).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn a_small_plan_is_the_best_there_is(households in households(4), shelters in shelters(3, 2)) {
        let views: Vec<&ShelterView> = shelters.iter().collect();
        let problem = problem(&households, &views);
        let plan = plan(&problem);
        sound(&problem, &plan);
        prop_assert_eq!(plan.objective, least(&problem, &plan.penalties));
        prop_assert_eq!(plan.gap(), 0.0);
    }

    #[test]
    fn the_order_of_input_changes_nothing(households in households(12), shelters in shelters(5, 4), turn in 0_usize..12) {
        let views: Vec<&ShelterView> = shelters.iter().collect();
        let one = plan(&problem(&households, &views));
        sound(&problem(&households, &views), &one);
        let (mut turned, mut back) = (households.clone(), views.clone());
        turned.rotate_left(turn % households.len());
        turned.reverse();
        back.reverse();
        let other = plan(&problem(&turned, &back));
        prop_assert_eq!((one.objective, one.bound), (other.objective, other.bound));
    }
}

#[test]
fn a_household_sleeps_apart_where_one_room_would_do_to_leave_beds_for_another() {
    let house = shelter(
        1,
        vec![room(1, RoomKind::Private, 1, 0), room(2, RoomKind::Shared, 4, 0)],
    );
    let households = [
        search(&[(7, false), (2, false)], false, 0, Urgency::Now, true),
        search(&[(2, false)], false, 0, Urgency::Now, false),
    ];
    let views = [&house];
    let problem = problem(&households, &views);
    let plan = plan(&problem);
    assert!(plan.unplaced.is_empty());
    assert_eq!(plan.objective, least(&problem, &plan.penalties));
}

#[test]
fn whoever_has_one_choice_gets_it_and_the_others_travel() {
    let near = shelter(1, vec![room(1, RoomKind::Private, 2, 0)]);
    let mut far = shelter(3, vec![room(2, RoomKind::Private, 2, 0)]);
    far.shelter.rules.boys_max_age = Some(3);
    let households = [
        search(&[], false, 1, Urgency::Now, false),
        search(&[(9, true)], false, 1, Urgency::Planned, false),
    ];
    let views = [&near, &far];
    let plan = plan(&problem(&households, &views));
    assert_eq!(plan.given.iter().map(|one| one.shelter).collect::<Vec<_>>(), [1, 0]);
    assert_eq!(plan.gap(), 0.0);
}

#[test]
fn who_can_wait_is_left_and_told_that_others_took_the_place() {
    let only = shelter(1, vec![room(1, RoomKind::Private, 2, 0)]);
    let households = [
        search(&[], false, 1, Urgency::Planned, false),
        search(&[], false, 5, Urgency::Now, false),
    ];
    let views = [&only];
    let plan = plan(&problem(&households, &views));
    assert_eq!(plan.given[0].household, 1);
    let taken = ReasonCount {
        reason: WhyNot::TakenByOthers,
        shelters: 1,
    };
    assert_eq!(
        plan.unplaced,
        [Unplaced {
            household: 0,
            reasons: vec![taken]
        }]
    );
}

#[test]
fn a_closed_house_is_told_as_one_and_takes_nobody() {
    let mut closed = shelter(1, vec![room(1, RoomKind::Private, 2, 0)]);
    closed.operating = false;
    let mut silent = shelter(2, vec![room(2, RoomKind::Private, 2, 0)]);
    silent.observed_at = None;
    let households = [search(&[], false, 1, Urgency::Now, false)];
    let views = [&closed, &silent];
    let plan = plan(&problem(&households, &views));
    assert!(plan.given.is_empty());
    let reasons: Vec<String> = plan.unplaced[0]
        .reasons
        .iter()
        .map(|count| count.reason.code())
        .collect();
    assert_eq!(reasons, ["not_operating", "never_reported"]);
}
