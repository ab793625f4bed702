//! A transfer plan as it is kept, looked at and edited: what goes from where to where, what that costs, and what nobody
//! can spare and must be bought. It must not know how it was found.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::super::errors::FieldError;
use super::super::id::ShelterId;
use super::super::plans::Content;

/// Most lines of one plan.
pub const MOST_LINES: usize = 10_000;
/// Heaviest pack that is reckoned with; heavier ones count as this.
pub const MOST_PACK_GRAMS: i64 = 1_000_000;

/// What a plan was asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Codes; none means all.
    pub items: Vec<String>,
    pub regions: Vec<String>,
    pub target_days: u16,
    pub next_delivery_days: u16,
    pub journey_minor: i64,
    pub km_tonne_minor: i64,
    pub vehicle_kg: Option<i64>,
}

/// A shelter of the plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    pub shelter: ShelterId,
    pub code: String,
    pub district: String,
    pub region: String,
}

/// An item of the plan, as it was when the plan was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Good {
    pub code: String,
    pub pack_size: i64,
    pub pack_grams: i64,
    /// Of a pack.
    pub price_minor: Option<i64>,
}

/// Packs that a shelter could spare when the plan was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// Position among the places, and among the goods.
    pub place: usize,
    pub good: usize,
    pub packs: i64,
    pub expiring: i64,
}

/// Packs that a shelter needed then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Want {
    pub place: usize,
    pub good: usize,
    pub critical: i64,
    pub low: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Sent {
    pub from: usize,
    pub to: usize,
    pub good: usize,
    /// At least 1.
    pub packs: i64,
}

/// The way between two places of the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Way {
    pub from: usize,
    pub to: usize,
    pub metres: i64,
    pub minutes: i64,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransferPlan {
    pub settings: Settings,
    pub places: Vec<Place>,
    pub goods: Vec<Good>,
    pub offers: Vec<Offer>,
    pub wants: Vec<Want>,
    /// By from, to and good.
    pub lines: Vec<Sent>,
    /// One for each pair of the lines.
    pub ways: Vec<Way>,
    /// Least cost proved for any plan that covers as much, in thousandths of the minor unit, with what this one costs less
    /// what it saves from expiring; `None` once the plan has been edited.
    pub proved: Option<Proof>,
    /// The day for which it was made.
    pub made_on: NaiveDate,
}

impl Content for TransferPlan {
    const KIND: &'static str = "transfers";
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    pub cost: i64,
    pub bound: i64,
}

impl Proof {
    /// How far the plan may be from the best, as a share of its cost.
    #[expect(clippy::cast_precision_loss, reason = "a share for reading")]
    pub fn gap(self) -> f64 {
        if self.cost <= self.bound {
            return 0.0;
        }
        ((self.cost - self.bound) as f64 / (self.cost.abs().max(1)) as f64).min(1.0)
    }
}

/// What a plan costs, in the minor unit of money.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cost {
    /// Vehicles that go.
    pub journeys: i64,
    /// Thousandths of a tonne-kilometre.
    pub km_kilograms: i64,
    pub total_minor: i64,
}

/// All that goes from one shelter to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trip {
    pub way: Way,
    pub grams: i64,
    pub vehicles: i64,
    /// With the packs among them that would have expired at the donor.
    pub lines: Vec<(Sent, i64)>,
}

/// What no shelter spares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Purchase {
    pub place: usize,
    pub good: usize,
    pub packs: i64,
}

/// A line as somebody edits it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EditLine {
    pub from: ShelterId,
    pub to: ShelterId,
    pub item: String,
    pub packs: i64,
}

impl TransferPlan {
    /// Journeys with what they carry, in the order of the lines. What would expire goes with the first lines of its donor.
    pub fn trips(&self) -> Vec<Trip> {
        let mut soon: BTreeMap<(usize, usize), i64> = self
            .offers
            .iter()
            .map(|offer| ((offer.place, offer.good), offer.expiring))
            .collect();
        let mut trips: Vec<Trip> = Vec::new();
        for line in &self.lines {
            let left = soon.entry((line.from, line.good)).or_insert(0);
            let expiring = line.packs.min(*left);
            *left -= expiring;
            let grams = self.goods.get(line.good).map_or(0, |good| good.pack_grams) * line.packs;
            match trips
                .last_mut()
                .filter(|trip| (trip.way.from, trip.way.to) == (line.from, line.to))
            {
                Some(trip) => {
                    trip.grams += grams;
                    trip.lines.push((*line, expiring));
                }
                None => trips.push(Trip {
                    way: self.way(line.from, line.to),
                    grams,
                    vehicles: 1,
                    lines: vec![(*line, expiring)],
                }),
            }
        }
        if let Some(limit) = self.settings.vehicle_kg.map(|kg| (kg * 1_000).max(1)) {
            trips
                .iter_mut()
                .for_each(|trip| trip.vehicles = (trip.grams + limit - 1) / limit);
        }
        trips
    }

    fn way(&self, from: usize, to: usize) -> Way {
        let known = self.ways.iter().find(|way| (way.from, way.to) == (from, to));
        known.copied().unwrap_or(Way {
            from,
            to,
            metres: 0,
            minutes: 0,
        })
    }

    pub fn cost(&self) -> Cost {
        let mut cost = Cost::default();
        let mut gram_metres = 0_i128;
        for trip in self.trips() {
            cost.journeys += trip.vehicles;
            gram_metres += i128::from(trip.grams) * i128::from(trip.way.metres);
        }
        let carried = gram_metres * i128::from(self.settings.km_tonne_minor) / 1_000_000_000;
        cost.km_kilograms = i64::try_from(gram_metres / 1_000_000).unwrap_or(i64::MAX);
        cost.total_minor = cost.journeys * self.settings.journey_minor + i64::try_from(carried).unwrap_or(i64::MAX / 4);
        cost
    }

    /// What is needed and does not come, by place and good.
    pub fn purchases(&self) -> Vec<Purchase> {
        let mut coming: BTreeMap<(usize, usize), i64> = BTreeMap::new();
        for line in &self.lines {
            *coming.entry((line.to, line.good)).or_insert(0) += line.packs;
        }
        let missing = self.wants.iter().map(|want| Purchase {
            place: want.place,
            good: want.good,
            packs: want.critical + want.low - coming.get(&(want.place, want.good)).copied().unwrap_or(0),
        });
        missing.filter(|purchase| purchase.packs > 0).collect()
    }

    /// Takes these lines instead of the plan's own; those with 0 packs are left out. All of them or none. Nobody gives more
    /// than it can spare or gets more than it needs.
    ///
    /// # Errors
    /// All faults at once, each by its field under `lines`.
    pub fn edit(&mut self, edits: &[EditLine]) -> Result<(), Vec<FieldError>> {
        let (mut lines, mut errors) = (Vec::new(), Vec::new());
        let mut named = BTreeSet::new();
        let mut sent: BTreeMap<(usize, usize), i64> = BTreeMap::new();
        let mut got = sent.clone();
        for (at, edit) in edits.iter().enumerate() {
            let mut fault = |field: &str, code: &'static str, detail: String| {
                errors.push(FieldError::new(format!("lines[{at}].{field}"), code, detail));
            };
            let place = |id: ShelterId| self.places.iter().position(|place| place.shelter == id);
            let (from, to) = (place(edit.from), place(edit.to));
            let good = self.goods.iter().position(|good| good.code == edit.item);
            let (Some(from), Some(to), Some(good)) = (from, to, good) else {
                for (field, found) in [("from", from), ("to", to), ("item", good)] {
                    if found.is_none() {
                        fault(field, "unknown", "not part of this plan".to_owned());
                    }
                }
                continue;
            };
            if !named.insert((from, to, good)) {
                fault("item", "duplicate", "named twice between these shelters".to_owned());
            }
            let offered = self
                .offers
                .iter()
                .find(|offer| (offer.place, offer.good) == (from, good));
            let wanted = self.wants.iter().find(|want| (want.place, want.good) == (to, good));
            let (offered, wanted) = (
                offered.map_or(0, |offer| offer.packs),
                wanted.map_or(0, |want| want.critical + want.low),
            );
            if edit.packs < 0 {
                fault("packs", "out_of_range", "0 or more".to_owned());
                continue;
            }
            let (sent, got) = (
                sent.entry((from, good)).or_insert(0),
                got.entry((to, good)).or_insert(0),
            );
            (*sent, *got) = (sent.saturating_add(edit.packs), got.saturating_add(edit.packs));
            if *sent > offered {
                fault("packs", "not_enough", format!("{offered} packs to spare"));
            } else if *got > wanted {
                fault("packs", "too_many", format!("{wanted} packs needed"));
            }
            lines.push(Sent {
                from,
                to,
                good,
                packs: edit.packs,
            });
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        lines.retain(|line| line.packs > 0);
        lines.sort_unstable();
        if lines != self.lines {
            self.proved = None;
        }
        self.lines = lines;
        Ok(())
    }

    /// All shelters that something leaves or comes to, in the order of their ids.
    pub fn ends(&self) -> Vec<ShelterId> {
        let places: BTreeSet<usize> = self.lines.iter().flat_map(|line| [line.from, line.to]).collect();
        let ends: BTreeSet<ShelterId> = places
            .iter()
            .filter_map(|at| self.places.get(*at))
            .map(|place| place.shelter)
            .collect();
        ends.into_iter().collect()
    }

    /// The pairs that lines go between and whose way is not known yet.
    pub fn without_way(&self) -> BTreeSet<(usize, usize)> {
        let known: BTreeSet<(usize, usize)> = self.ways.iter().map(|way| (way.from, way.to)).collect();
        let pairs = self.lines.iter().map(|line| (line.from, line.to));
        pairs.filter(|pair| !known.contains(pair)).collect()
    }
}
