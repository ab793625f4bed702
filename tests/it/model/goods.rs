//! Steps of those who keep supplies, and what ought to be on a shelf: a plain list of all that was counted and moved.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use panoh::domain::id::Moment;
use panoh::domain::stock::{Booking, Lot, RawCount, RawLine, RawMovements};
use panoh::services::movements::Moved;

use super::houses::ITEMS;
use super::land::word;
use super::truth::{Truth, local_date};
use super::world::{Answered, World};

#[derive(Debug, Clone, Copy)]
pub enum Event {
    /// So many were there.
    Counted(i64),
    /// So many came, or went if below 0.
    Moved(i64),
}

/// All that happened to one item in one shelter, in the order in which it was told, each with when it was true.
#[derive(Debug, Default)]
pub struct Shelf(pub Vec<(Moment, Event)>);

impl Shelf {
    pub fn push(&mut self, at: Moment, event: Event) {
        self.0.push((at, event));
    }

    /// The newest count, of two true at the same time the one told later, and what moved after it; never below nothing.
    pub fn on_hand(&self) -> i64 {
        let counts = self.0.iter().filter_map(|(at, event)| match event {
            Event::Counted(units) => Some((*at, *units)),
            Event::Moved(_) => None,
        });
        let newest = counts.max_by_key(|count| count.0);
        let moved = self.0.iter().filter_map(|(at, event)| match event {
            Event::Moved(change) if newest.is_none_or(|count| *at > count.0) => Some(*change),
            _ => None,
        });
        (newest.map_or(0, |count| count.1) + moved.sum::<i64>()).max(0)
    }

    /// Whether a count would be asked about: ten times the middle count of sixty days, or of what should be there if that
    /// is more.
    fn is_odd(&self, units: i64, now: Moment) -> bool {
        let recent = self.0.iter().filter(|(at, _)| *at > now - TimeDelta::days(60));
        let mut counts: Vec<i64> = recent
            .filter_map(|(_, event)| match event {
                Event::Counted(units) => Some(*units),
                Event::Moved(_) => None,
            })
            .collect();
        counts.sort_unstable();
        let middle = if counts.is_empty() { 0 } else { counts[counts.len() / 2] };
        let usual = middle.max(self.on_hand());
        usual > 0 && units >= 10 * usual
    }
}

impl Truth {
    /// What is on hand of all that was ever counted or moved.
    pub fn on_hand(&self, house: usize) -> Vec<(String, i64)> {
        let shelves = self.houses[house].stock.iter();
        shelves.map(|(item, shelf)| (item.clone(), shelf.on_hand())).collect()
    }

    pub fn shelf(&mut self, house: usize, item: &str) -> &mut Shelf {
        self.houses[house].stock.entry(item.to_owned()).or_default()
    }
}

pub fn print_moved(moved: &Moved) -> String {
    let left = moved
        .stock
        .iter()
        .map(|view| format!("{} {}", view.stock.item, view.stock.on_hand));
    left.collect::<Vec<_>>().join(", ")
}

impl World {
    pub async fn count_stock(&mut self) {
        let house = self.random.below(self.truth.houses.len());
        let (now, mut counts) = (self.now(), self.counts());
        let mut ought = "ok";
        let sure = self.random.percent(50);
        if self.random.percent(10)
            && let Some(count) = counts.first_mut()
        {
            count.1 *= 100;
        }
        let odd = |(item, units): &(String, i64)| {
            let shelf = self.truth.houses[house].stock.get(item);
            shelf.is_some_and(|shelf| shelf.is_odd(*units, now))
        };
        if !sure && counts.iter().any(odd) {
            ought = "invalid";
        }
        if self.random.percent(15) {
            let wrong = [("flour", -1), ("gold", 5), ("rice", i64::MAX)][self.random.below(3)];
            counts.retain(|(item, _)| item != wrong.0);
            counts.push((wrong.0.to_owned(), wrong.1));
            ought = "invalid";
        }
        let stranger = self.random.percent(4);
        let ought = if stranger { "not_found" } else { ought };
        let manager = self.land.managers[usize::from(house >= 3) ^ usize::from(stranger)].clone();
        let raw = raw_counts(&counts, sure);
        let answer = self.land.services.count(&manager, self.shelter(house), &raw).await;
        let said = answer.as_ref().map_or_else(word, |_| "ok".to_owned());
        self.agree(&format!("count in {house}: {counts:?}, sure {sure}"), &said, ought);
        let Ok(views) = answer else { return };
        self.entries += 1;
        for (item, units) in counts {
            self.truth.shelf(house, &item).push(now, Event::Counted(units));
        }
        let told: Vec<_> = views
            .iter()
            .map(|view| (view.stock.item.clone(), view.stock.on_hand))
            .collect();
        assert_eq!(told, self.truth.on_hand(house), "stock of {house}");
    }

    /// Something comes or goes, sometimes more than there is.
    pub async fn book_stock(&mut self) {
        let house = self.random.below(self.truth.houses.len());
        let now = self.now();
        let booking = [Booking::Receipt, Booking::Issue, Booking::WriteOff][self.random.below(3)];
        let source = match booking {
            Booking::Receipt => Some(["donation", "purchase", "state", "other"][self.random.below(4)]),
            Booking::Issue => None,
            Booking::WriteOff => Some(["expired", "damaged", "lost", "other"][self.random.below(4)]),
        };
        let sign = if booking == Booking::Receipt { 1 } else { -1 };
        let mut left: BTreeMap<String, i64> = self.truth.on_hand(house).into_iter().collect();
        let (mut lines, mut changes, mut ought) = (Vec::new(), Vec::new(), "ok");
        for _ in 0..=self.random.below(3) {
            let item = ITEMS[self.random.below(ITEMS.len())];
            let units = self.random.within(1, 120);
            let on_hand = left.entry(item.to_owned()).or_default();
            if *on_hand + sign * units < 0 {
                ought = "invalid";
            } else {
                *on_hand += sign * units;
            }
            let expires_on = self
                .random
                .percent(40)
                .then(|| local_date(now) + TimeDelta::days(self.random.within(0, 30)));
            lines.push(RawLine {
                item: Some(item.to_owned()),
                kit: None,
                quantity: units,
                packs: 0,
                expires_on,
            });
            changes.push((item, sign * units));
        }
        let stranger = self.random.percent(3);
        let ought = if stranger { "not_found" } else { ought };
        let manager = self.land.managers[usize::from(house >= 3) ^ usize::from(stranger)].clone();
        let body = RawMovements {
            booking,
            source: source.map(str::to_owned),
            lines,
        };
        let once = self.once(print_moved);
        let key = once.key.is_some().then_some(self.keys);
        let shelter = self.shelter(house);
        let answer = self.land.services.book_stock(&manager, shelter, &body, once).await;
        let said = answer.as_ref().map_or_else(word, |_| "ok".to_owned());
        self.agree(&format!("{booking} in {house}: {changes:?}"), &said, ought);
        let Ok(answer) = answer else { return };
        self.entries += 1;
        for (item, change) in &changes {
            self.truth.shelf(house, item).push(now, Event::Moved(*change));
            if let (Booking::Receipt, Some(source)) = (booking, source) {
                *self.truth.came.entry((*item, source)).or_default() += change;
            }
        }
        let now_there = self.truth.on_hand(house);
        let touched = now_there
            .iter()
            .filter(|(item, _)| changes.iter().any(|change| change.0 == item));
        let told: Vec<String> = touched.map(|(item, units)| format!("{item} {units}")).collect();
        assert_eq!(answer, told.join(", "), "what {booking} leaves in {house}");
        if let Some(key) = key {
            let body = Box::new(body);
            self.answered = Some(Answered::Booking {
                shelter,
                key,
                body,
                answer,
            });
        }
    }

    /// The country's balance over all that has happened: what came is what was booked, what is there is on the shelves.
    pub async fn look_at_balance(&mut self) {
        let balance = {
            let begun = local_date(super::land::beginning());
            self.land.services.supply_balance(Some(begun), None).await.unwrap()
        };
        let mut there: BTreeMap<String, i64> = BTreeMap::new();
        for house in 0..self.truth.houses.len() {
            for (item, units) in self.truth.on_hand(house) {
                *there.entry(item).or_default() += units;
            }
        }
        let closing: BTreeMap<String, i64> = balance
            .items
            .iter()
            .map(|row| (row.item.clone(), row.closing))
            .collect();
        assert_eq!(closing, there, "on all shelves");
        for row in &balance.items {
            assert!(row.closes(), "{row:?}");
            let carried = (row.in_transit_closing, row.missing_in_transit);
            assert_eq!(
                carried,
                self.truth.carried(&row.item),
                "{} on its way, missing",
                row.item
            );
            let came = |source| self.truth.came.get(&(row.item.as_str(), source)).copied().unwrap_or(0);
            let said = [row.donated, row.bought, row.from_state, row.other];
            assert_eq!(
                said,
                ["donation", "purchase", "state", "other"].map(came),
                "{}",
                row.item
            );
        }
    }
}

pub fn raw_counts(counts: &[(String, i64)], sure: bool) -> Vec<RawCount> {
    let raw = |(item, on_hand): &(String, i64)| RawCount {
        // Some of them expire some day.
        lots: (on_hand % 3 == 1).then(|| {
            vec![Lot {
                expires_on: chrono::NaiveDate::from_ymd_opt(2027, 6, 1).unwrap(),
                units: 1,
            }]
        }),
        sure,
        ..RawCount::units(item, *on_hand)
    };
    counts.iter().map(raw).collect()
}
