//! The year before the demo's history as it was counted month by month: who asked, who found a place and who did not.
//! Only the counts are drawn; no referral stands behind them, since the demo keeps none so long.

use chrono::{Datelike, Months};

use super::super::calendar::local_date;
use super::super::holds::{DeclineReason, UnmetReason};
use super::super::household::Need;
use super::super::ledger::Change;
use super::super::people::{Block, Counted, Figure};
use super::Demo;
use super::random::Random;

/// Closed months, the newest of them just over.
const MONTHS: u32 = 13;

/// Every closed month, the oldest first.
pub(super) fn months(demo: &Demo, random: &mut Random) -> Vec<(Block, Counted)> {
    let today = local_date(demo.zone, demo.now);
    let back = |months| {
        Block::month_before(today)?
            .from()
            .checked_sub_months(Months::new(months))
    };
    let firsts = (0..MONTHS).rev().filter_map(back);
    firsts
        .map(|first| (Block::month_of(first), month(demo, first.month(), random)))
        .collect()
}

/// More ask in winter, when nobody sleeps at a neighbour's.
fn month(demo: &Demo, month: u32, random: &mut Random) -> Counted {
    let season = if matches!(month, 11 | 12 | 1..=3) { 14 } else { 0 };
    let size = i64::try_from(1 + demo.shelters.len() / 100).unwrap_or(1);
    let mut counted = Counted::default();
    for _ in 0..random.between(46, 62) * size + season * size {
        let Some(region) = random.pick(&demo.regions).cloned() else {
            break;
        };
        counted.add(Figure::Opened, 1);
        counted.add(Figure::OpenedIn(region.clone()), 1);
        let placed = random.chance(0.62);
        if placed {
            counted.add(Figure::Placed, 1);
        } else if random.chance(0.7) {
            unmet(&mut counted, region.clone(), random);
        } else {
            counted.add(Figure::Other, 1);
        }
        asked(&mut counted, placed, &region, random);
    }
    counted
}

fn unmet(counted: &mut Counted, region: String, random: &mut Random) {
    use UnmetReason::{AdmissionRule, Distance, HerChoice, NoAnswer, NoCapacity, Safety};
    counted.add(Figure::Unmet, 1);
    counted.add(Figure::UnmetIn(region.clone()), 1);
    let reasons = [
        NoCapacity,
        NoCapacity,
        NoCapacity,
        NoCapacity,
        AdmissionRule,
        AdmissionRule,
        Distance,
    ];
    let others = [HerChoice, NoAnswer, Safety];
    let lies_in_what_there_is = random.chance(0.8);
    let first = random
        .pick(if lies_in_what_there_is { &reasons } else { &others })
        .copied();
    let second = random.pick(&reasons).copied().filter(|_| random.chance(0.25));
    let mut all: Vec<UnmetReason> = first.into_iter().chain(second).collect();
    all.dedup();
    for reason in &all {
        counted.add(Figure::Reason(*reason), 1);
    }
    if !lies_in_what_there_is {
        return;
    }
    // Whoever fits a rung of a ladder fits those above it.
    let ladder = [
        Change::SingleBed { region: region.clone() },
        Change::FamilyRoom { region: region.clone() },
        Change::StepFreeFamilyRoom { region },
    ];
    let from = random.pick(&[0, 1, 1, 1, 2]).copied().unwrap_or(0);
    for rung in ladder.into_iter().skip(from) {
        counted.add(Figure::Change(rung), 1);
    }
    let rules = [
        vec![Change::BoysAdmitted { age: 16 }, Change::BoysAdmitted { age: 17 }],
        vec![Change::NeedAdmitted {
            need: Need::MentalHealth,
        }],
        vec![],
    ];
    for change in random.pick(&rules).into_iter().flatten() {
        counted.add(Figure::Change(change.clone()), 1);
    }
}

/// Who was asked for her: the one who took her in, and often another before.
fn asked(counted: &mut Counted, placed: bool, region: &str, random: &mut Random) {
    use DeclineReason::{CannotMeetNeeds, Full, SafetyRisk, Staffing};
    if !placed || random.chance(0.3) {
        counted.add(Figure::Asked, 1);
        if random.chance(0.25) {
            counted.add(Figure::Unanswered, 1);
        } else {
            let reasons = [
                Full,
                Full,
                Full,
                Full,
                Full,
                CannotMeetNeeds,
                CannotMeetNeeds,
                Staffing,
                SafetyRisk,
            ];
            let reason = random.pick(&reasons).copied().unwrap_or(Full);
            counted.add(Figure::Declined(reason), 1);
            answered(counted, region, random);
        }
    }
    if placed {
        counted.add(Figure::Asked, 1);
        counted.add(Figure::Accepted, 1);
        answered(counted, region, random);
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a few hundred minutes at most"
)]
fn answered(counted: &mut Counted, region: &str, random: &mut Random) {
    counted.add(Figure::Answered, 1);
    let minutes = 3 + random.exponential(24.0).min(400.0) as u32;
    counted.minutes.entry(region.to_owned()).or_default().push(minutes);
}
