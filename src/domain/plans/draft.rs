//! A plan as it is kept, shown and edited until it is turned into holds. It must not know who may do that.

use std::collections::{BTreeMap, BTreeSet};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use strum::{Display, EnumString};

use super::super::availability::ShelterView;
use super::super::fit::{self, Allocation, MisfitReason};
use super::super::geography::Travel;
use super::super::household::{Household, Need, Search, Urgency};
use super::super::id::{HoldId, Moment, PlanId, ReferralId, ShelterId, UserId};
use super::super::rooms::RoomView;
use super::super::scarcity::Prices;
use super::market::{cost, thousandths};
use super::settle::claim;
use super::{Plan, Problem, share};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Display, EnumString)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum PlanState {
    Draft,
    /// Turned into holds or transfers; nothing changes it any more.
    Applied,
}

/// A household of a plan: a shape under the operator's own label, or a referral under its code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seeker {
    pub label: String,
    /// Also that of the referral made for it when the plan was applied.
    pub referral: Option<ReferralId>,
    pub referral_code: Option<String>,
    pub household: Household,
    pub needs: BTreeSet<Need>,
    pub languages: BTreeSet<String>,
    pub from_district: String,
    pub urgency: Urgency,
    pub rooms_apart_ok: bool,
    /// What it costs in the plan's measure to leave it without a place.
    pub penalty: i64,
}

impl Seeker {
    pub fn search(&self) -> Search {
        Search {
            household: self.household.clone(),
            needs: self.needs.clone(),
            languages: self.languages.clone(),
            from_district: self.from_district.clone(),
            avoid_districts: BTreeSet::new(),
            excluded: Default::default(),
            urgency: self.urgency,
            earliest_date: None,
            rooms_apart_ok: self.rooms_apart_ok,
        }
    }
}

/// Where one household is to go.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Assignment {
    /// Position among the plan's households.
    pub household: usize,
    pub shelter_id: ShelterId,
    pub shelter_code: String,
    pub district: String,
    pub region: String,
    pub distance_km: f64,
    pub minutes: f64,
    pub allocation: Allocation,
    /// In the plan's measure.
    pub cost: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Left {
    pub household: usize,
    /// Codes with the number of shelters each rules out.
    pub reasons: Vec<(String, u32)>,
}

/// The part of a plan that edits change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Draft {
    pub seekers: Vec<Seeker>,
    /// By household.
    pub assignments: Vec<Assignment>,
    /// By household.
    pub unplaced: Vec<Left>,
    /// What every plan costs at least.
    pub bound: i64,
    /// The shelter that is to be empty afterwards, and the holds there that end with it.
    pub empty_shelter: Option<ShelterId>,
    pub releases: Vec<HoldId>,
}

/// What a kept plan may be about.
pub trait Content: Serialize + DeserializeOwned {
    /// Tells it from the others.
    const KIND: &'static str;
}

impl Content for Draft {
    const KIND: &'static str = "placement";
}

#[derive(Debug, Clone, PartialEq)]
pub struct StoredPlan<D = Draft> {
    pub id: PlanId,
    pub created_by: UserId,
    pub created_at: Moment,
    pub state: PlanState,
    pub version: i64,
    pub draft: D,
}

/// Why an edit cannot be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EditFault {
    NoSuchHousehold,
    NoSuchShelter,
    /// The shelter that is to be emptied takes nobody in.
    ToBeEmptied,
    DoesNotFit(Vec<MisfitReason>),
}

impl Draft {
    /// The draft of a plan. `seekers` are the problem's households in its order.
    pub fn new(problem: &Problem<'_>, plan: &Plan, mut seekers: Vec<Seeker>) -> Self {
        for (seeker, penalty) in seekers.iter_mut().zip(&plan.penalties) {
            seeker.penalty = *penalty;
        }
        let assignments = plan.given.iter().filter_map(|given| {
            let view = problem.shelters.get(given.shelter)?;
            let from = &problem.households.get(given.household)?.from_district;
            let travel = (problem.travel)(from, &view.shelter.district);
            Some(assigned(
                given.household,
                view,
                travel,
                given.allocation.clone(),
                given.cost,
            ))
        });
        let unplaced = plan.unplaced.iter().map(|one| Left {
            household: one.household,
            reasons: one
                .reasons
                .iter()
                .map(|count| (count.reason.code(), count.shelters))
                .collect(),
        });
        Self {
            assignments: assignments.collect(),
            unplaced: unplaced.collect(),
            bound: plan.bound,
            empty_shelter: None,
            releases: Vec::new(),
            seekers,
        }
    }

    /// How far from the best plan, as [`Plan::gap`].
    pub fn gap(&self) -> f64 {
        let minutes: i64 = self.assignments.iter().map(|one| one.cost).sum();
        let left = self.unplaced.iter().filter_map(|one| self.seekers.get(one.household));
        let penalties: i64 = left.map(|seeker| seeker.penalty).sum();
        share((minutes + penalties).saturating_sub(self.bound), minutes)
    }

    pub fn total_km(&self) -> f64 {
        (self.assignments.iter().map(|one| one.distance_km).sum::<f64>() * 10.0).round() / 10.0
    }

    /// Takes a household's place away. Others may have it.
    pub fn drop_household(&mut self, household: usize) -> Result<(), EditFault> {
        if household >= self.seekers.len() {
            return Err(EditFault::NoSuchHousehold);
        }
        let before = self.assignments.len();
        self.assignments.retain(|one| one.household != household);
        if self.assignments.len() < before {
            self.unplaced.push(Left {
                household,
                reasons: Vec::new(),
            });
            self.unplaced.sort_by_key(|one| one.household);
        }
        Ok(())
    }

    /// Puts a household into a shelter beside everybody else of the plan who is there.
    pub fn move_household(
        &mut self,
        household: usize,
        view: &ShelterView,
        travel: Travel,
        prices: &Prices,
        now: Moment,
    ) -> Result<(), EditFault> {
        let seeker = self.seekers.get(household).ok_or(EditFault::NoSuchHousehold)?;
        if self.empty_shelter == Some(view.shelter.id) {
            return Err(EditFault::ToBeEmptied);
        }
        if !view.operating {
            return Err(EditFault::DoesNotFit(vec![MisfitReason::NotOperating]));
        }
        if view.observed_at.is_none() {
            return Err(EditFault::DoesNotFit(vec![MisfitReason::NeverReported]));
        }
        let mut rooms = view.rooms.clone();
        let there = self.assignments.iter();
        for other in there.filter(|one| one.shelter_id == view.shelter.id && one.household != household) {
            claim(&mut rooms, &other.allocation);
        }
        let search = seeker.search();
        let Some(found) = fit::place_for(
            prices.tolls(&view.shelter.region),
            &view.shelter.rules,
            &rooms,
            &search,
            now,
        ) else {
            let reasons = fit::reasons(&view.shelter.rules, &rooms, &search, now);
            return Err(EditFault::DoesNotFit(reasons.to_vec()));
        };
        let cost = cost(thousandths(travel.minutes), &found);
        self.assignments.retain(|one| one.household != household);
        self.unplaced.retain(|one| one.household != household);
        self.assignments
            .push(assigned(household, view, travel, found.allocation, cost));
        self.assignments.sort_by_key(|one| one.household);
        Ok(())
    }

    /// Fits every household again into its shelter as it stands in `views`: where it was to sleep if that is still
    /// free, else elsewhere in the same house. The positions among the assignments that do not fit any more.
    pub fn refit(&mut self, views: &BTreeMap<ShelterId, ShelterView>, now: Moment) -> Vec<usize> {
        let mut rooms: BTreeMap<ShelterId, Vec<RoomView>> =
            views.iter().map(|(id, view)| (*id, view.rooms.clone())).collect();
        let mut again = Vec::new();
        for (at, one) in self.assignments.iter().enumerate() {
            let fits = self.seekers.get(one.household).is_some_and(|seeker| {
                let (Some(view), Some(rooms)) = (views.get(&one.shelter_id), rooms.get_mut(&one.shelter_id)) else {
                    return false;
                };
                let sound = fit::verify(&one.allocation, &view.shelter.rules, rooms, &seeker.search(), now).is_ok();
                let fits = sound && view.operating && view.observed_at.is_some();
                if fits {
                    claim(rooms, &one.allocation);
                }
                fits
            });
            if !fits {
                again.push(at);
            }
        }
        again.retain(|at| {
            let Some(one) = self.assignments.get_mut(*at) else {
                return true;
            };
            let (Some(view), Some(rooms)) = (views.get(&one.shelter_id), rooms.get_mut(&one.shelter_id)) else {
                return true;
            };
            let search = self.seekers.get(one.household).map(Seeker::search);
            let open = view.operating && view.observed_at.is_some();
            let found = search
                .filter(|_| open)
                .and_then(|search| fit::place(&view.shelter.rules, rooms, &search, now));
            let Some(found) = found else { return true };
            claim(rooms, &found.allocation);
            one.allocation = found.allocation;
            false
        });
        again
    }
}

fn assigned(household: usize, view: &ShelterView, travel: Travel, allocation: Allocation, cost: i64) -> Assignment {
    Assignment {
        household,
        shelter_id: view.shelter.id,
        shelter_code: view.shelter.code.clone(),
        district: view.shelter.district.clone(),
        region: view.shelter.region.clone(),
        distance_km: travel.km,
        minutes: travel.minutes,
        allocation,
        cost,
    }
}
