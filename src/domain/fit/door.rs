//! Whom a shelter lets in at all, before any room is looked at: the admission rules and the household, each reduced to
//! what the other asks of it. It must not know rooms.

use strum::IntoEnumIterator;

use super::super::household::{Need, Search};
use super::super::shelters::AdmissionRules;
use super::{MisfitReason, oldest_boy};

/// A set of reasons, one bit each.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ReasonSet(u32);

impl ReasonSet {
    pub fn insert(&mut self, reason: MisfitReason) {
        self.0 |= 1 << reason as u32;
    }

    #[must_use]
    pub fn with(mut self, reason: MisfitReason) -> Self {
        self.insert(reason);
        self
    }

    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub fn contains(self, reason: MisfitReason) -> bool {
        self.0 & 1 << reason as u32 != 0
    }

    /// Those in both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Those in either.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The positions of the bits, ascending, in the order of declaration of the reasons.
    pub fn positions(self) -> impl Iterator<Item = usize> {
        let mut left = self.0;
        std::iter::from_fn(move || {
            let position = left.trailing_zeros();
            left &= left.checked_sub(1)?;
            usize::try_from(position).ok()
        })
    }

    /// In the order of declaration.
    pub fn to_vec(self) -> Vec<MisfitReason> {
        MisfitReason::iter().filter(|reason| self.contains(*reason)).collect()
    }
}

impl FromIterator<MisfitReason> for ReasonSet {
    fn from_iter<I: IntoIterator<Item = MisfitReason>>(reasons: I) -> Self {
        reasons.into_iter().fold(Self::default(), Self::with)
    }
}

/// The rules of a shelter as asked at its door.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Door {
    /// What is refused to whoever it concerns.
    refused: ReasonSet,
    boys_max_age: Option<u8>,
    max_children: Option<u8>,
}

impl Door {
    pub fn of(rules: &AdmissionRules) -> Self {
        let needs = Need::iter().filter(|need| !rules.admits.contains(need));
        let mut refused: ReasonSet = needs.filter_map(refusal).collect();
        if !rules.admits_women {
            refused.insert(MisfitReason::WomenNotAdmitted);
        }
        if !rules.admits_without_children {
            refused.insert(MisfitReason::WithoutChildrenNotAdmitted);
        }
        Self {
            refused,
            boys_max_age: rules.boys_max_age,
            max_children: rules.max_children,
        }
    }

    /// The admission rules this household breaks.
    pub fn refuses(&self, visitor: &Visitor) -> ReasonSet {
        let mut reasons = self.refused.and(visitor.concerns);
        let above = |limit: Option<u8>, figure: Option<u8>| limit.zip(figure).is_some_and(|(limit, is)| is > limit);
        if above(self.boys_max_age, visitor.oldest_boy) {
            reasons.insert(MisfitReason::BoysAge);
        }
        if above(self.max_children, Some(visitor.children)) {
            reasons.insert(MisfitReason::TooManyChildren);
        }
        reasons
    }
}

/// A household as a door sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Visitor {
    /// Which refusals concern it.
    concerns: ReasonSet,
    pub oldest_boy: Option<u8>,
    children: u8,
}

impl Visitor {
    pub fn of(search: &Search) -> Self {
        let children = search.household.children();
        let needs: ReasonSet = search.admission_needs().filter_map(refusal).collect();
        let mut concerns = needs.with(MisfitReason::WomenNotAdmitted);
        if children.is_empty() {
            concerns.insert(MisfitReason::WithoutChildrenNotAdmitted);
        }
        Self {
            concerns,
            oldest_boy: oldest_boy(&search.household),
            children: u8::try_from(children.len()).unwrap_or(u8::MAX),
        }
    }
}

/// The reason that names a need the shelter does not admit; step-free is a matter of rooms, services of wishes.
fn refusal(need: Need) -> Option<MisfitReason> {
    match need {
        Need::Pregnancy => Some(MisfitReason::Pregnancy),
        Need::Newborn => Some(MisfitReason::Newborn),
        Need::Trafficking => Some(MisfitReason::Trafficking),
        Need::OlderWoman => Some(MisfitReason::OlderWoman),
        Need::MentalHealth => Some(MisfitReason::MentalHealth),
        Need::SubstanceUse => Some(MisfitReason::SubstanceUse),
        Need::NoDocuments => Some(MisfitReason::NoDocuments),
        Need::Pets => Some(MisfitReason::Pets),
        Need::StepFree
        | Need::Medical
        | Need::Psychosocial
        | Need::Legal
        | Need::Childcare
        | Need::Interpreter
        | Need::Education => None,
    }
}
