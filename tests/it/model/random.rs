//! Chance from a seed, the same on every machine (SplitMix64), and the households it brings.

use std::collections::BTreeSet;

use chrono::{NaiveDate, TimeDelta};
use panoh::domain::household::{AgeBand, Child, Household, Need, Search, Sex, Urgency};

pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// `0..n`; 0 for an empty range.
    pub fn below(&mut self, n: usize) -> usize {
        if n == 0 { 0 } else { (self.next() % n as u64) as usize }
    }

    pub fn within(&mut self, from: i64, to: i64) -> i64 {
        from + (self.next() % (to - from + 1) as u64) as i64
    }

    pub fn percent(&mut self, chance: u64) -> bool {
        self.next() % 100 < chance
    }

    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        from.get(self.below(from.len()))
    }
}

pub const DISTRICTS: [&str; 6] = ["TJ-DU-01", "TJ-SU-01", "TJ-SU-04", "TJ-KT-02", "TJ-KT-05", "TJ-RA-03"];

/// Now and then for a date a little ahead of `today`, or just past.
pub fn search(random: &mut Random, today: NaiveDate) -> Search {
    let band = |random: &mut Random| match random.below(10) {
        0 => AgeBand::Over60,
        1 => AgeBand::Under18,
        _ => AgeBand::From18To59,
    };
    let adults = (0..=usize::from(random.percent(15))).map(|_| band(random)).collect();
    let children = (0..[0, 0, 0, 1, 1, 2, 2, 3][random.below(8)])
        .map(|_| Child {
            age: if random.percent(30) {
                random.below(2) as u8
            } else {
                random.below(18) as u8
            },
            sex: if random.percent(50) { Sex::Female } else { Sex::Male },
        })
        .collect();
    let mut needs = BTreeSet::new();
    if random.percent(25) {
        needs.insert(
            [
                Need::StepFree,
                Need::Pregnancy,
                Need::Pets,
                Need::NoDocuments,
                Need::Medical,
            ][random.below(5)],
        );
    }
    Search {
        household: Household::new(adults, children).unwrap(),
        needs,
        languages: BTreeSet::new(),
        from_district: DISTRICTS[random.below(DISTRICTS.len())].to_owned(),
        avoid_districts: BTreeSet::new(),
        excluded: Default::default(),
        urgency: [Urgency::Now, Urgency::Today, Urgency::ThisWeek, Urgency::Planned][random.below(4)],
        earliest_date: random.percent(8).then(|| today + TimeDelta::days(random.within(-1, 5))),
        rooms_apart_ok: random.percent(30),
    }
}
