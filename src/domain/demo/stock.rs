//! Weekly counts of supplies. The last count decides what is critical, low or plentiful today.

use chrono::Duration;
use uuid::Uuid;

use super::super::logbook::Report;
use super::super::stock::{Counted, Stock};
use super::random::Random;
use super::{Demo, DemoShelter, Mood};

/// Items counted in a shelter, at most.
const ITEMS: usize = 10;
const WEEKS: usize = 5;
/// What a shelter with a shortage is nearly out of, where the country pack has it; otherwise its first items are.
const SHORT: [&str; 3] = ["soap", "diapers", "pads"];

pub(super) fn counts(
    demo: &Demo,
    shelter: &DemoShelter,
    reports: &[Report],
    random: &mut Random,
) -> Vec<(Uuid, Stock)> {
    let (with, without): (Vec<_>, Vec<_>) = demo.items.iter().partition(|item| item.per_person_per_day.is_some());
    let short = |code: &str| SHORT.contains(&code);
    let mut items: Vec<_> = with.iter().filter(|item| short(&item.code)).collect();
    items.extend(with.iter().filter(|item| !short(&item.code)));
    items.extend(without.iter());
    items.truncate(ITEMS);
    let mut counts = Vec::with_capacity(items.len() * WEEKS);
    let mut newest = reports.iter().rev().step_by(7).take(WEEKS).collect::<Vec<_>>();
    newest.reverse();
    let last = newest.len();
    for (position, report) in newest.iter().enumerate() {
        let persons: u32 = report
            .lines
            .iter()
            .map(|line| u32::from(line.state.occupied_beds))
            .sum::<u32>();
        for (index, item) in items.iter().enumerate() {
            let days = if position + 1 == last {
                today(shelter.mood, index, random)
            } else {
                usual(random)
            };
            let on_hand = match item.per_person_per_day {
                Some(rate) => whole(days, days * rate * f64::from(persons.max(1))),
                None => random.between(2, 40),
            };
            // Counted on the round before the report was written.
            let observed_at = report.observed_at - Duration::minutes(5);
            let mut count = Stock::unknown(shelter.shelter.id, &item.code, observed_at);
            let counted = Counted {
                units: on_hand,
                at: observed_at,
            };
            count.count(counted, None, 0);
            counts.push((random.uuid(observed_at), count));
        }
    }
    counts
}

fn usual(random: &mut Random) -> f64 {
    10.0 + 20.0 * random.unit()
}

/// Days of cover on the last count.
fn today(mood: Mood, index: usize, random: &mut Random) -> f64 {
    match (mood, index) {
        (Mood::Shortage, 0 | 1) => 0.5 + 1.5 * random.unit(),
        (Mood::Shortage | Mood::Low, 2 | 3) => 4.5 + 2.0 * random.unit(),
        (_, 4) if random.chance(0.4) => 35.0 + 20.0 * random.unit(),
        _ => usual(random),
    }
}

/// Whole units on the shelf: an opened bag counts, except where the shelf is nearly bare.
#[expect(clippy::cast_possible_truncation, reason = "clamped")]
fn whole(days: f64, units: f64) -> i64 {
    let units = units.clamp(0.0, 1e6);
    (if days < 7.0 { units.floor() } else { units.ceil() }) as i64
}
