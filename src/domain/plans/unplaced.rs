//! Why a household has no place in a plan, counted over the shelters. It must not look for one.

use std::collections::{BTreeMap, HashMap};

use super::super::fit::{self, MisfitReason};
use super::super::household::Search;
use super::market::Market;
use super::{Given, Plan, Problem, Unplaced};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum WhyNot {
    /// It would have fitted had the plan not given the places to others, who were more or could wait less.
    TakenByOthers,
    Misfit(MisfitReason),
}

impl WhyNot {
    pub fn code(self) -> String {
        match self {
            Self::TakenByOthers => "taken_by_others".to_owned(),
            Self::Misfit(reason) => reason.to_string(),
        }
    }
}

/// How many shelters a reason rules out; one shelter may have several.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReasonCount {
    pub reason: WhyNot,
    pub shelters: u32,
}

impl Plan {
    /// The plan with these places: the rest is unplaced, not yet explained.
    pub(super) fn of(problem: &Problem<'_>, market: &Market<'_>, mut given: Vec<Given>, bound: i64) -> Self {
        given.sort_by_key(|one| one.household);
        let has = |household: &usize| given.binary_search_by_key(household, |one| one.household).is_ok();
        let left: Vec<usize> = (0..problem.households.len()).filter(|at| !has(at)).collect();
        let minutes: i64 = given.iter().map(|one| one.cost).sum();
        let penalties: i64 = left.iter().filter_map(|at| market.penalty.get(*at)).sum();
        let unplaced = left.into_iter().map(|household| Unplaced {
            household,
            reasons: Vec::new(),
        });
        Self {
            unplaced: unplaced.collect(),
            penalties: market.penalty.clone(),
            given,
            objective: minutes + penalties,
            bound,
            minutes,
        }
    }

    pub(super) fn lacks(&self, household: usize) -> bool {
        self.unplaced
            .binary_search_by_key(&household, |one| one.household)
            .is_ok()
    }

    pub(super) fn explain(&mut self, problem: &Problem<'_>, market: &Market<'_>) {
        let mut known: HashMap<usize, Vec<ReasonCount>> = HashMap::new();
        for one in &mut self.unplaced {
            let Some(search) = problem.households.get(one.household) else {
                continue;
            };
            let kind = market.kind_of.get(one.household).copied().unwrap_or(0);
            one.reasons = known.entry(kind).or_insert_with(|| reasons(problem, search)).clone();
        }
    }
}

/// Each shelter's reasons as it stands before the plan.
fn reasons(problem: &Problem<'_>, search: &Search) -> Vec<ReasonCount> {
    let mut counts: BTreeMap<WhyNot, u32> = BTreeMap::new();
    let mut count = |reason: WhyNot| *counts.entry(reason).or_default() += 1;
    for view in problem.shelters {
        let rules = &view.shelter.rules;
        if search.avoid_districts.contains(&view.shelter.district) {
            count(WhyNot::Misfit(MisfitReason::AvoidedDistrict));
        } else if !view.operating {
            count(WhyNot::Misfit(MisfitReason::NotOperating));
        } else if view.observed_at.is_none() {
            count(WhyNot::Misfit(MisfitReason::NeverReported));
        } else if !fit::admits(rules, search) {
            fit::rule_reasons(rules, search)
                .to_vec()
                .into_iter()
                .map(WhyNot::Misfit)
                .for_each(&mut count);
        } else if fit::place(rules, &view.rooms, search, problem.now).is_some() {
            count(WhyNot::TakenByOthers);
        } else {
            let found = fit::reasons(rules, &view.rooms, search, problem.now);
            found.to_vec().into_iter().map(WhyNot::Misfit).for_each(&mut count);
        }
    }
    let mut counts: Vec<ReasonCount> = counts
        .into_iter()
        .map(|(reason, shelters)| ReasonCount { reason, shelters })
        .collect();
    counts.sort_by_key(|count| std::cmp::Reverse(count.shelters));
    counts
}
