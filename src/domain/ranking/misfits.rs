//! The shelters that are not suggested: every reason, the smallest thing that would change it, and how many shelters
//! each reason hides. It must not know how those that fit are weighed.

use std::collections::BTreeSet;

use strum::IntoEnumIterator;

use super::super::fit::{self, MisfitReason, ReasonSet, Relaxation};
use super::super::household::Search;
use super::super::id::{Moment, ShelterId};
use super::{Candidate, Context};

/// Explaining a misfit is dear, and nobody reads a hundred of them.
pub const MISFITS_SHOWN: usize = 25;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MisfitEntry {
    pub shelter_id: ShelterId,
    pub shelter_code: String,
    /// In the order of declaration, none twice.
    pub reasons: Vec<MisfitReason>,
    /// If one thing alone would do.
    pub relaxation: Option<Relaxation>,
}

/// What rules a shelter out whatever its rooms are like.
pub fn gates(search: &Search, candidate: &Candidate<'_>) -> ReasonSet {
    let view = candidate.view;
    let found = [
        (
            search.avoid_districts.contains(&view.shelter.district),
            MisfitReason::AvoidedDistrict,
        ),
        (!view.operating, MisfitReason::NotOperating),
        (view.observed_at.is_none(), MisfitReason::NeverReported),
    ];
    found
        .into_iter()
        .filter(|(is, _)| *is)
        .map(|(_, reason)| reason)
        .collect()
}

/// Every reason; nothing if the shelter can be suggested. Of rooms that nobody has reported on nothing is said.
pub fn reasons(search: &Search, candidate: &Candidate<'_>, now: Moment) -> ReasonSet {
    let view = candidate.view;
    let inside = if view.observed_at.is_some() {
        fit::reasons(&view.shelter.rules, &view.rooms, search, now)
    } else {
        fit::rule_reasons(&view.shelter.rules, search)
    };
    gates(search, candidate).or(inside)
}

pub fn entry(search: &Search, candidate: &Candidate<'_>, reasons: ReasonSet, context: &Context<'_>) -> MisfitEntry {
    MisfitEntry {
        shelter_id: candidate.view.shelter.id,
        shelter_code: candidate.view.shelter.code.clone(),
        reasons: reasons.to_vec(),
        relaxation: relaxation(search, candidate, reasons, context),
    }
}

/// A district that she avoids is given up only where nothing else stands in the way; a house that is closed or unheard of
/// has nothing to relax.
fn relaxation(
    search: &Search,
    candidate: &Candidate<'_>,
    reasons: ReasonSet,
    context: &Context<'_>,
) -> Option<Relaxation> {
    let view = candidate.view;
    let gates = gates(search, candidate);
    if gates.is_empty() {
        let now = (context.now, context.local_now.date());
        return fit::relaxation(reasons, &view.shelter.rules, &view.rooms, search, now);
    }
    let avoided = ReasonSet::default().with(MisfitReason::AvoidedDistrict);
    (reasons == avoided).then(|| Relaxation::WiderArea {
        districts: BTreeSet::from([view.shelter.district.clone()]),
    })
}

/// How many shelters each reason hides.
#[derive(Debug, Clone, Copy, Default)]
pub struct Tally([u32; 32]);

impl Tally {
    pub fn add(&mut self, reasons: ReasonSet) {
        for position in reasons.positions() {
            if let Some(count) = self.0.get_mut(position) {
                *count += 1;
            }
        }
    }

    /// In the order of declaration, none that hides nothing.
    pub fn counts(&self) -> Vec<(MisfitReason, u32)> {
        let counts = MisfitReason::iter().zip(self.0);
        counts.filter(|(_, count)| *count > 0).collect()
    }
}
