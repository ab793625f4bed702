//! Who sends what to whom: the cheapest transfers between shelters that cover what is needed from what is spare. Pure
//! arithmetic on whole packs, grams and thousandths of the minor unit of money. It must not know what a need or a spare
//! is (`rules`), or what becomes of a plan.
//!
//! Coverage comes first and is settled before cost is looked at (`market`): no plan leaves a pack on a shelf that
//! somebody needs, and critical needs are met before others. What is minimised is the cost of journeys, each at a fixed
//! price, and of tonne-kilometres, less what is saved from expiring.
//!
//! Without a price on journeys each item is a transportation problem, solved exactly (`programme`). With it, plans are
//! improved step by step (`improve`), and a bound proves how far they can be from the best (`bound`). A case small enough
//! is solved exactly too.

mod bound;
mod draft;
mod grid;
mod improve;
mod loads;
mod market;
mod programme;
mod rules;
mod sample;
mod solve;
#[cfg(test)]
mod tests;

pub use draft::{
    Cost, EditLine, Good, MOST_LINES, MOST_PACK_GRAMS, Offer, Place, Proof, Purchase, Sent, Settings, TransferPlan,
    Trip, Want, Way,
};
pub use grid::Grid;
pub use rules::{Aim, DailyUse, Offered, Shelf, Wanted};
pub use sample::sample;
pub use solve::solve;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tariff {
    /// For each vehicle that goes from one shelter to another.
    pub journey_minor: i64,
    /// For each tonne and kilometre.
    pub tonne_km_minor: i64,
    /// What a vehicle carries; without it, one carries everything.
    pub vehicle_grams: Option<i64>,
}

#[derive(Debug, Clone, Copy)]
pub struct Spare {
    pub shelter: usize,
    pub item: usize,
    pub packs: i64,
    /// How many of them will expire before the donor can use them: those go first.
    pub expiring: i64,
    /// What sending one of those saves, in the minor unit.
    pub bonus_minor: i64,
}

#[derive(Debug, Clone, Copy)]
pub struct Need {
    pub shelter: usize,
    pub item: usize,
    pub critical: i64,
    /// Packs beyond those.
    pub low: i64,
}

#[derive(Debug, Clone)]
pub struct Instance {
    pub shelters: usize,
    pub pack_grams: Vec<i64>,
    /// From one shelter to another.
    pub metres: Grid,
    pub tariff: Tariff,
    pub spare: Vec<Spare>,
    pub need: Vec<Need>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Line {
    pub from: usize,
    pub to: usize,
    pub item: usize,
    pub packs: i64,
}

/// A plan with its proof. Costs are in thousandths of the minor unit, less what is saved from expiring.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Solution {
    pub lines: Vec<Line>,
    pub cost: i64,
    /// No plan that covers as much costs less.
    pub bound: i64,
}
