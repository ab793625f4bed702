//! Why a household does not fit: every reason. It must not know how to put it right (`relax`).
//!
//! A broken admission rule is a reason each. Rooms give reasons in this way: of the three things a household may ask
//! of rooms beyond beds (step-free, private for its boys, cots) the fewest are named whose waiving would make it fit.
//! If not even waiving all of them would, there are not enough beds, and beside that each of the three is named of
//! which the shelter has not a single one to give.

use chrono::NaiveDate;

use super::super::household::Search;
use super::super::id::Moment;
use super::super::rooms::RoomView;
use super::super::shelters::AdmissionRules;
use super::demand::Demand;
use super::place::{Offer, place_demand};
use super::{Misfit, MisfitReason, ReasonSet, relax, rule_reasons};

pub fn misfit(
    rules: &AdmissionRules,
    rooms: &[RoomView],
    search: &Search,
    (now, today): (Moment, NaiveDate),
) -> Misfit {
    let reasons = reasons(rules, rooms, search, now);
    Misfit {
        reasons: reasons.to_vec(),
        relaxation: relax::smallest(reasons, rules, rooms, search, (now, today)),
    }
}

pub fn reasons(rules: &AdmissionRules, rooms: &[RoomView], search: &Search, now: Moment) -> ReasonSet {
    let lacking = lacking(&Demand::of(rules, search), rooms, search.rooms_apart_ok, now);
    rule_reasons(rules, search).or(lacking)
}

/// Something a household asks of rooms beside beds.
#[derive(Clone, Copy)]
struct Wish {
    reason: MisfitReason,
    waive: fn(Demand) -> Demand,
    asked: fn(&Demand) -> bool,
    /// Whether the rooms have not a single one to give.
    missing: fn(&Demand, &[RoomView], Moment) -> bool,
}

const WISHES: [Wish; 3] = [
    Wish {
        reason: MisfitReason::NoStepFreeRoom,
        waive: |demand| Demand {
            step_free: false,
            ..demand
        },
        asked: |demand| demand.step_free,
        missing: |demand, rooms, now| offers(demand, rooms, now).next().is_none(),
    },
    Wish {
        reason: MisfitReason::NoPrivateRoom,
        waive: Demand::untied,
        asked: Demand::has_tied,
        missing: |demand, rooms, now| !offers(&any_steps(demand), rooms, now).any(|offer| offer.whole()),
    },
    Wish {
        reason: MisfitReason::NotEnoughCots,
        waive: Demand::without_infants,
        asked: |demand| demand.infants() > 0,
        missing: |demand, rooms, now| {
            let sharing = if demand.infants_share { demand.grown_ups } else { 0 };
            let cots: u32 = offers(&any_steps(demand), rooms, now)
                .map(|offer| if offer.joint() { demand.infants() } else { offer.cots })
                .sum();
            cots + sharing < demand.infants()
        },
    },
];

fn any_steps(demand: &Demand) -> Demand {
    Demand {
        step_free: false,
        ..*demand
    }
}

fn offers<'a>(demand: &Demand, rooms: &'a [RoomView], now: Moment) -> impl Iterator<Item = Offer> + 'a {
    let demand = *demand;
    rooms
        .iter()
        .enumerate()
        .filter_map(move |(index, view)| Offer::of(&demand, index, view, now))
}

fn lacking(demand: &Demand, rooms: &[RoomView], apart: bool, now: Moment) -> ReasonSet {
    let asked: Vec<&Wish> = WISHES.iter().filter(|wish| (wish.asked)(demand)).collect();
    let mut sets: Vec<u32> = (0..1 << asked.len()).collect();
    sets.sort_by_key(|set| (set.count_ones(), *set));
    for set in sets {
        let waived: Vec<&Wish> = asked
            .iter()
            .enumerate()
            .filter(|(bit, _)| set & (1 << bit) != 0)
            .map(|(_, wish)| *wish)
            .collect();
        let easier = waived.iter().fold(*demand, |demand, wish| (wish.waive)(demand));
        if place_demand(&easier, rooms, apart, now).is_some() {
            return waived.iter().map(|wish| wish.reason).collect();
        }
    }
    let missing = asked
        .iter()
        .filter(|wish| (wish.missing)(demand, rooms, now))
        .map(|wish| wish.reason);
    std::iter::once(MisfitReason::NotEnoughBeds).chain(missing).collect()
}
