//! What it costs to take a room of a kind that others wait for, on top of the places themselves.
//! It must not know how scarce a kind is: somebody says how many minutes it costs (`scarcity`).

use std::collections::BTreeSet;

use super::super::household::{Household, Need, Search};
use super::super::rooms::RoomKind;
use super::super::shelters::AdmissionRules;
use super::oldest_boy;
use super::place::Offer;

/// Minutes that one place taken beyond the household's size weighs.
pub const MINUTES_PER_PLACE: u32 = 10;
/// From this age in whole years a boy finds few doors open.
pub const OLDER_BOY: u8 = 15;

/// Minutes for taking a room of each kind from those who need it. The default is none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tolls {
    /// A step-free room, or a place in one.
    pub step_free: u32,
    /// A whole room of four places or more.
    pub four_places: u32,
    /// A whole room of five places or more.
    pub five_places: u32,
    /// A whole room where a mother may bring a son of [`OLDER_BOY`] or more.
    pub older_boys: u32,
}

impl Tolls {
    /// Which kinds this household needs itself.
    pub fn needed_by(household: &Household, needs: &BTreeSet<Need>) -> [bool; 4] {
        let persons = household.persons();
        [
            needs.contains(&Need::StepFree),
            persons >= 4,
            persons >= 5,
            oldest_boy(household).is_some_and(|age| age >= OLDER_BOY),
        ]
    }

    /// What is asked of this household in a shelter of these rules: nothing for what it needs itself.
    pub(super) fn asked_of(self, search: &Search, rules: &AdmissionRules) -> Self {
        let needed = Self::needed_by(&search.household, &search.needs);
        let opens = rules.boys_max_age.is_none_or(|age| age >= OLDER_BOY);
        let [step_free, four_places, five_places, older_boys] =
            [self.step_free, self.four_places, self.five_places, self.older_boys];
        let unless = |needed: bool, toll: u32| if needed { 0 } else { toll };
        let [needs_step_free, needs_four, needs_five, has_boy] = needed;
        Self {
            step_free: unless(needs_step_free, step_free),
            four_places: unless(needs_four, four_places),
            five_places: unless(needs_five, five_places),
            older_boys: unless(has_boy || !opens, older_boys),
        }
    }

    /// For one room. Never falls with the places of the room: `split` relies on it.
    pub fn of(&self, offer: &Offer) -> u32 {
        let steps = if offer.step_free { self.step_free } else { 0 };
        if offer.kind == RoomKind::Shared {
            return steps;
        }
        let large = match offer.places() {
            5.. => self.five_places.max(self.four_places),
            4 => self.four_places,
            _ => 0,
        };
        let boys = if offer.places() > 1 { self.older_boys } else { 0 };
        steps + large + boys
    }
}
