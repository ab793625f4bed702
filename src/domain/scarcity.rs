//! What a placement takes from others, priced in minutes: the chance that somebody who needs this kind of place comes
//! before another gets free, times what going without costs her. It must not know who is placed where (`ranking`).
//!
//! Demand is counted from referrals and taken as Poisson. With `supply` places of a kind and a demand of `mean` households
//! until places get free again, taking one of them leaves somebody without exactly if at least `supply` come: the marginal
//! shortage of a newsvendor. In her own region that sends a household farther away, in the whole country it leaves
//! her without. Prices are whole minutes, never rise with supply, never fall with demand.

use std::collections::{BTreeMap, BTreeSet};

use super::availability::{FAMILY_CHILDREN, ShelterView};
use super::fit::{self, OLDER_BOY, Tolls};
use super::household::{AgeBand, Child, Household, Need, Search, Sex, Urgency};
use super::id::Moment;

/// Days until places of a kind get free again: a planning figure.
const REFILL_DAYS: f64 = 7.0;
/// Minutes for a household that finds no such place in its region and travels to another.
const GOES_FARTHER: f64 = 120.0;
/// Minutes for a household that finds no such place at all: a day.
const GOES_WITHOUT: f64 = 1440.0;
/// No kind of place costs more, whatever is lacking: she stands here, the other may come.
const MOST: f64 = 60.0;
/// A region's own demand counts as much as what the country would lead one to expect after this many days.
const PRIOR_DAYS: f64 = 30.0;

/// Households or places of each kind, in the order of [`Tolls`]: step-free, four and more, five and more, with a son of
/// fifteen or more.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Kinds(pub [u32; 4]);

impl Kinds {
    /// What one household asks for.
    pub fn asked_by(household: &Household, needs: &BTreeSet<Need>) -> Self {
        Self(Tolls::needed_by(household, needs).map(u32::from))
    }

    /// Places of each kind at `now`, each counted as if the others were not there; none in a shelter that is closed or
    /// has never reported.
    pub fn offered_by(view: &ShelterView, now: Moment) -> Self {
        if !view.operating || view.observed_at.is_none() {
            return Self::default();
        }
        let mut places = Self::default();
        for (slot, search) in places.0.iter_mut().zip(shapes()) {
            *slot = fit::places(&view.shelter.rules, &view.rooms, &search, now);
        }
        places
    }
}

impl std::ops::AddAssign for Kinds {
    fn add_assign(&mut self, other: Self) {
        for (slot, more) in self.0.iter_mut().zip(other.0) {
            *slot = slot.saturating_add(more);
        }
    }
}

/// Of each kind the smallest household that needs it.
fn shapes() -> impl Iterator<Item = Search> {
    let son = Child {
        age: OLDER_BOY,
        sex: Sex::Male,
    };
    let families: [(Vec<Child>, Option<Need>); 4] = [
        (Vec::new(), Some(Need::StepFree)),
        (FAMILY_CHILDREN.iter().copied().take(3).collect(), None),
        (FAMILY_CHILDREN.to_vec(), None),
        (vec![son], None),
    ];
    families.into_iter().filter_map(|(children, need)| {
        Some(Search {
            household: Household::new(vec![AgeBand::From18To59], children).ok()?,
            needs: need.into_iter().collect(),
            languages: Default::default(),
            from_district: String::new(),
            avoid_districts: Default::default(),
            excluded: Default::default(),
            urgency: Urgency::Now,
            earliest_date: None,
            rooms_apart_ok: false,
        })
    })
}

/// Minutes of price for taking a place of a kind that is scarce, by region. The default is no price at all.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Prices {
    regions: BTreeMap<String, Tolls>,
    elsewhere: Tolls,
}

impl Prices {
    /// From the households that asked in the last `days` days and the places there are now, both by region code.
    pub fn of(asked: &BTreeMap<String, Kinds>, offered: &BTreeMap<String, Kinds>, days: f64) -> Self {
        let sum = |by_region: &BTreeMap<String, Kinds>| {
            let mut all = Kinds::default();
            by_region.values().for_each(|kinds| all += *kinds);
            all
        };
        let (all_asked, all_offered) = (sum(asked), sum(offered));
        let days = days.max(1.0);
        let names: BTreeSet<&String> = asked.keys().chain(offered.keys()).collect();
        // A country of one region expects of it what the country asks for.
        let regions = names.len().max(1) as f64;
        let country = each(|kind| {
            let mean = at(all_asked, kind) / days * REFILL_DAYS;
            GOES_WITHOUT * shortage(mean, at(all_offered, kind))
        });
        let price = |name: &String| {
            let (asked, offered) = (of(asked, name), of(offered, name));
            let local = each(|kind| {
                let usual = at(all_asked, kind) / days / regions;
                let daily = (at(asked, kind) + usual * PRIOR_DAYS) / (days + PRIOR_DAYS);
                GOES_FARTHER * shortage(daily * REFILL_DAYS, at(offered, kind))
            });
            tolls(country, local)
        };
        Self {
            regions: names.iter().map(|name| ((*name).clone(), price(name))).collect(),
            elsewhere: tolls(country, [0.0; 4]),
        }
    }

    /// In minutes, for each kind of room of this region.
    pub fn tolls(&self, region: &str) -> Tolls {
        self.regions.get(region).copied().unwrap_or(self.elsewhere)
    }
}

fn of(by_region: &BTreeMap<String, Kinds>, name: &str) -> Kinds {
    by_region.get(name).copied().unwrap_or_default()
}

fn at(kinds: Kinds, kind: usize) -> f64 {
    kinds.0.get(kind).copied().map_or(0.0, f64::from)
}

fn each(minutes: impl Fn(usize) -> f64) -> [f64; 4] {
    [0, 1, 2, 3].map(minutes)
}

fn tolls(country: [f64; 4], local: [f64; 4]) -> Tolls {
    let mut sums = country.into_iter().zip(local);
    // Between 0 and MOST.
    let mut next = || sums.next().map_or(0, |(a, b)| (a + b).min(MOST).round() as u32);
    Tolls {
        step_free: next(),
        four_places: next(),
        five_places: next(),
        older_boys: next(),
    }
}

/// The chance that at least `supply` of a Poisson demand come. Added up in logarithms, so that a large mean does not
/// underflow.
fn shortage(mean: f64, supply: f64) -> f64 {
    // Forty deviations above the mean nothing is left; it also bounds the work.
    if mean <= 0.0 || supply > mean + 40.0 * mean.sqrt() + 40.0 {
        return 0.0;
    }
    let (mut enough, mut log_term, mut come) = (0.0, -mean, 0.0);
    while come < supply {
        enough += f64::exp(log_term);
        come += 1.0;
        log_term += (mean / come).ln();
    }
    (1.0 - enough).max(0.0)
}

#[cfg(test)]
mod tests;
