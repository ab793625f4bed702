//! Supplies of a shelter over the demo's days: counts, what came and what was thrown away, each item used a little faster
//! or slower than planned. Drawn backwards from what is to be there today, so that one shelter is short of what another
//! has to spare.

use chrono::{Days, Duration};
use uuid::Uuid;

use super::super::id::{Moment, MovementId};
use super::super::logbook::Report;
use super::super::stock::{Counted, Loss, Lot, Lots, Movement, MovementKind, Source, Stock};
use super::super::usage::Nights;
use super::random::Random;
use super::{Demo, DemoItem, DemoShelter, Mood};

/// Items counted in a shelter, at most.
const ITEMS: usize = 10;
/// Reports from count to count, and counts in all.
const EVERY: usize = 5;
const COUNTS: usize = 6;
/// What a shelter with a shortage is nearly out of, where the country pack has it; otherwise its first items are.
const SHORT: [&str; 3] = ["soap", "diapers", "pads"];
/// Nobody orders more while there is enough for so many days, and then down to so many are left.
const ENOUGH_DAYS: f64 = 24.0;
const ORDER_DAYS: f64 = 9.0;

/// What is written down of a shelter's supplies.
#[derive(Debug, Clone, Default)]
pub struct Supplies {
    /// Counts with the identifiers of their rows; the newest of each item is what is there today.
    pub counts: Vec<(Uuid, Stock)>,
    pub movements: Vec<Movement>,
}

pub(super) fn supplies(demo: &Demo, shelter: &DemoShelter, reports: &[Report], random: &mut Random) -> Supplies {
    let mut rounds: Vec<&Report> = reports.iter().rev().step_by(EVERY).take(COUNTS).collect();
    rounds.reverse();
    let said = reports.iter().map(|report| (report.observed_at, report.sums.occupied));
    let house = House {
        demo,
        shelter,
        // Counted on the round before the report was written.
        counted: rounds
            .iter()
            .map(|report| report.observed_at - Duration::minutes(5))
            .collect(),
        persons: rounds.last().map_or(1, |report| report.sums.occupied.max(1)),
        nights: Nights::new(said),
    };
    let mut supplies = Supplies::default();
    for (index, item) in kept(demo).into_iter().enumerate() {
        house.item(item, index, &mut supplies, random);
    }
    // By time, as they were written down.
    supplies.counts.sort_by_key(|(_, count)| count.observed_at);
    supplies.movements.sort_by_key(|row| row.moved_at);
    supplies
}

/// What is counted: what the short are short of first, then whatever has a figure.
fn kept(demo: &Demo) -> Vec<&DemoItem> {
    let (with, without): (Vec<_>, Vec<_>) = demo.items.iter().partition(|item| item.per_person_per_day.is_some());
    let short = |code: &str| SHORT.contains(&code);
    let mut items: Vec<_> = with.iter().copied().filter(|item| short(&item.code)).collect();
    items.extend(with.iter().copied().filter(|item| !short(&item.code)));
    items.extend(without);
    items.truncate(ITEMS);
    items
}

/// A shelter, when things were counted there, and who slept there.
struct House<'a> {
    demo: &'a Demo,
    shelter: &'a DemoShelter,
    counted: Vec<Moment>,
    /// Who sleeps there today, at least one.
    persons: u32,
    nights: Nights,
}

impl House<'_> {
    fn item(&self, item: &DemoItem, index: usize, into: &mut Supplies, random: &mut Random) {
        let Some(figure) = item.per_person_per_day else {
            let there = random.between(2, 40);
            for at in &self.counted {
                into.counts.push((random.uuid(*at), self.shelf(item, *at, there)));
            }
            return;
        };
        let rate = figure * (0.7 + 0.7 * random.unit());
        let a_day = rate * f64::from(self.persons);
        let days = today(self.shelter.mood, index, random);
        let mut there = whole(days, days * a_day);
        let mut newest = true;
        for (position, at) in self.counted.iter().enumerate().rev() {
            let mut count = self.shelf(item, *at, there);
            if newest {
                self.see_to(&mut count, index, a_day, random);
                newest = false;
            } else if random.chance(0.04) {
                // Somebody looked into one cupboard of two.
                count = self.shelf(item, *at, there - there / 3);
            }
            into.counts.push((random.uuid(*at), count));
            let Some(before) = position.checked_sub(1).and_then(|before| self.counted.get(before)) else {
                break;
            };
            let slept = self.nights.until(*at) - self.nights.until(*before);
            let used = ceil(rate * slept * (0.85 + 0.3 * random.unit()));
            let came = self.delivery(item, (*before, *at), there + used, (used, a_day), into, random);
            let lost = if random.chance(0.03) { random.between(1, 4) } else { 0 };
            if lost > 0 {
                let loss: &str = Loss::Damaged.into();
                into.movements.push(self.movement(
                    item,
                    MovementKind::WriteOff,
                    -lost,
                    loss,
                    *at - Duration::hours(3),
                    random,
                ));
            }
            there += used + lost - came;
        }
    }

    /// What was delivered between two counts, in whole packs, so that there was about enough for some days before; one
    /// delivery in twelve was never written down.
    fn delivery(
        &self,
        item: &DemoItem,
        (before, after): (Moment, Moment),
        needed: i64,
        (used, a_day): (i64, f64),
        into: &mut Supplies,
        random: &mut Random,
    ) -> i64 {
        if needed <= ceil(ENOUGH_DAYS * a_day) {
            return 0;
        }
        let pack = i64::from(item.pack_size.max(1));
        let units = (needed - used.max(ceil(ORDER_DAYS * a_day))).max(0) / pack * pack;
        if units > 0 && !random.chance(0.08) {
            let at = before + (after - before) / 2;
            let sources = [Source::Donation, Source::Purchase, Source::State];
            let source: &str = random.pick(&sources).copied().unwrap_or(Source::Other).into();
            into.movements
                .push(self.movement(item, MovementKind::Receipt, units, source, at, random));
        }
        units
    }

    /// What a shelter keeps for itself, and what some of it says on the pack.
    fn see_to(&self, shelf: &mut Stock, index: usize, a_day: f64, random: &mut Random) {
        if index.is_multiple_of(3) {
            shelf.minimum = ceil(5.0 * a_day).min(shelf.on_hand / 2);
        }
        if index % 4 == 2 {
            let today = self.demo.now.with_timezone(&self.demo.zone).date_naive();
            let after = |days: i64| today + Days::new(days.unsigned_abs());
            let half = shelf.on_hand / 2;
            let lots = [
                (after(random.between(15, 60)), half),
                (after(random.between(90, 400)), shelf.on_hand - half),
            ];
            shelf.lots = Lots::new(lots.map(|(expires_on, units)| Lot { expires_on, units }));
        }
    }

    fn shelf(&self, item: &DemoItem, at: Moment, units: i64) -> Stock {
        let mut shelf = Stock::unknown(self.shelter.shelter.id, &item.code, at);
        shelf.count(Counted { units, at }, None, 0);
        shelf
    }

    fn movement(
        &self,
        item: &DemoItem,
        kind: MovementKind,
        change: i64,
        source: &str,
        at: Moment,
        random: &mut Random,
    ) -> Movement {
        Movement {
            id: MovementId(random.uuid(at)),
            shelter_id: self.shelter.shelter.id,
            item: item.code.clone(),
            kind,
            change,
            expires_on: None,
            source: Some(source.to_owned()),
            transfer_id: None,
            user_id: Some(self.shelter.manager),
            moved_at: at,
            recorded_at: at,
        }
    }
}

fn usual(random: &mut Random) -> f64 {
    9.0 + 14.0 * random.unit()
}

/// Days of cover on the last count. What is short somewhere is to spare in a third of the other shelters.
fn today(mood: Mood, index: usize, random: &mut Random) -> f64 {
    match (mood, index) {
        (Mood::Shortage, 0 | 1) => 0.5 + 1.1 * random.unit(),
        (Mood::Shortage | Mood::Low, 2 | 3) => 4.0 + 2.0 * random.unit(),
        (Mood::Low, 5) => 1.0 + random.unit(),
        (Mood::Ordinary, 0..=5) if random.chance(0.3) => 35.0 + 30.0 * random.unit(),
        _ => usual(random),
    }
}

/// Whole units on the shelf: an opened bag counts, except where the shelf is nearly bare.
fn whole(days: f64, units: f64) -> i64 {
    if days < 7.0 { ceil(units.floor()) } else { ceil(units) }
}

#[expect(clippy::cast_possible_truncation, reason = "clamped")]
fn ceil(units: f64) -> i64 {
    units.clamp(0.0, 1e6).ceil() as i64
}
