//! Offices that a case is kept from. An officer who knows that the man she flees, or his brother, works somewhere names
//! that office: none of its shelters is asked, and none of its people sees or hears of the case. Whoever names the own
//! office keeps the case alone. It must not know how a case is stored or shown.

use serde::{Deserialize, Serialize};

use super::accounts::CaseScope;
use super::cases::{Hold, Referral};
use super::id::{OrganisationId, UserId};

/// Most offices that one case is kept from.
pub const MOST_EXCLUDED: usize = 10;

/// The offices that may know nothing of a case, in the order in which they were named; at most [`MOST_EXCLUDED`].
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Excluded(Vec<OrganisationId>);

impl Excluded {
    pub fn new(offices: impl IntoIterator<Item = OrganisationId>) -> Self {
        Self(offices.into_iter().collect())
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn iter(&self) -> impl Iterator<Item = OrganisationId> + '_ {
        self.0.iter().copied()
    }

    /// Whether a shelter that this organisation operates may be suggested and asked.
    pub fn may_ask(&self, operator: OrganisationId) -> bool {
        !self.0.contains(&operator)
    }

    /// Whether somebody who works for `office` may see the case or hear of it. `is_hers` is true of the officer whose
    /// case it is: she cannot be kept from it.
    pub fn may_know(&self, office: Option<OrganisationId>, is_hers: bool) -> bool {
        is_hers || office.is_none_or(|office| !self.0.contains(&office))
    }
}

impl CaseScope {
    pub fn covers_referral(&self, case: &Referral) -> bool {
        match self {
            Self::Organisation { own, officer } => {
                *own == case.organisation_id && case.search.excluded.may_know(Some(*own), *officer == case.user_id)
            }
            Self::Shelters { .. } | Self::Nothing => false,
        }
    }

    pub fn covers_hold(&self, hold: &Hold) -> bool {
        match self {
            Self::Organisation { own, officer } => {
                *own == hold.organisation_id && hold.excluded.may_know(Some(*own), *officer == hold.user_id)
            }
            Self::Shelters { ids, office } => ids.contains(&hold.shelter_id) && hold.excluded.may_know(*office, false),
            Self::Nothing => false,
        }
    }

    /// The office whose exclusion hides a case from this scope, and the officer from whom it hides nothing of her own.
    pub fn hidden_from(&self) -> (Option<OrganisationId>, Option<UserId>) {
        match self {
            Self::Organisation { own, officer } => (Some(*own), Some(*officer)),
            Self::Shelters { office, .. } => (*office, None),
            Self::Nothing => (None, None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn an_office_that_is_named_is_neither_asked_nor_told() {
        let (named, other) = (OrganisationId(Uuid::from_u128(1)), OrganisationId(Uuid::from_u128(2)));
        let excluded = Excluded::new([named]);
        assert!(!excluded.may_ask(named));
        assert!(excluded.may_ask(other));
        assert!(!excluded.may_know(Some(named), false));
        assert!(excluded.may_know(Some(named), true), "her own case");
        assert!(excluded.may_know(Some(other), false));
        assert!(excluded.may_know(None, false), "who works for nobody");
    }
}
