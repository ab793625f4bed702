//! Plain ways to answer the same question, to be beaten. Nothing here serves anybody.

use std::collections::BTreeMap;

use super::evaluate::Case;

/// e^(-rate * age): every free place is lost at one rate.
pub struct Exponential {
    rate: f64,
}

impl Exponential {
    /// The rate a night with the least Brier score over these cases, by golden section.
    pub fn fit(cases: &[Case]) -> Self {
        // Cases of one age and outcome score alike.
        let mut counts: BTreeMap<(u32, bool), f64> = BTreeMap::new();
        for case in cases {
            *counts.entry((case.age, case.free)).or_default() += 1.0;
        }
        let cost = |rate: f64| -> f64 {
            let one = |((age, free), n): (&(u32, bool), &f64)| {
                let missed = Self { rate }.at(*age) - f64::from(u8::from(*free));
                n * missed * missed
            };
            counts.iter().map(one).sum()
        };
        let section = (5.0_f64.sqrt() - 1.0) / 2.0;
        let (mut low, mut high) = (0.0, 3.0);
        for _ in 0..60 {
            let (left, right) = (high - section * (high - low), low + section * (high - low));
            if cost(left) < cost(right) {
                high = right;
            } else {
                low = left;
            }
        }
        Self {
            rate: f64::midpoint(low, high),
        }
    }

    fn at(&self, age: u32) -> f64 {
        (-self.rate * f64::from(age)).exp()
    }

    pub fn chance(&self, case: &Case) -> f64 {
        self.at(case.age)
    }
}

/// The share still free by shelter and margin, drawn towards the share of all shelters at that margin.
#[derive(Default)]
pub struct Table {
    own: BTreeMap<(usize, u32), Share>,
    all: BTreeMap<u32, Share>,
}

#[derive(Default, Clone, Copy)]
struct Share {
    free: f64,
    cases: f64,
}

impl Share {
    fn add(&mut self, free: bool) {
        self.free += f64::from(u8::from(free));
        self.cases += 1.0;
    }
}

impl Table {
    /// Larger margins than this share a row.
    const WIDEST: u32 = 5;
    /// Cases of a shelter's own that weigh as much as those of all.
    const WEIGHT: f64 = 5.0;

    pub fn fit(cases: &[Case]) -> Self {
        let mut table = Self::default();
        for case in cases {
            let margin = Self::margin(case);
            table.own.entry((case.shelter, margin)).or_default().add(case.free);
            table.all.entry(margin).or_default().add(case.free);
        }
        table
    }

    fn margin(case: &Case) -> u32 {
        case.figures.free.saturating_sub(case.need).min(Self::WIDEST)
    }

    pub fn chance(&self, case: &Case) -> f64 {
        let margin = Self::margin(case);
        let all = self.all.get(&margin).map_or(0.5, |share| share.free / share.cases);
        let own = self.own.get(&(case.shelter, margin)).copied().unwrap_or_default();
        (own.free + Self::WEIGHT * all) / (own.cases + Self::WEIGHT)
    }
}
