//! Plans for many households at once: who goes where in the whole country, proved close to the best there is.
//! It must not know where the shelters' figures come from, or what becomes of a plan.
//!
//! What is minimised, in this order: households left without a place; among those, the ones that can wait least; then
//! minutes of the way and what is taken from others. The order is kept by penalties so large that no sum of what
//! comes after outweighs what comes before. Hard constraints are those of the exact fit (`fit`), to the bed.
//!
//! How: households over several rooms of one shelter are few and come first, each where it is cheapest. All others
//! are seated by shortest chains of moves (`assign`), which leaves a price on every kind of place; by weak duality these
//! prices prove a bound that no plan for the whole country can beat (`bound`), every shelter and every allocation
//! considered. A case small enough is searched through (`exact`).

mod assign;
mod bound;
mod draft;
mod exact;
mod market;
mod pools;
mod settle;
#[cfg(test)]
mod tests;
mod unplaced;

use super::availability::ShelterView;
use super::fit::{self, Allocation, Placement};
use super::geography::Travel;
use super::household::Search;
use super::id::Moment;
use super::rooms::RoomView;
use super::scarcity::Prices;
pub use draft::{Assignment, Content, Draft, EditFault, Left, PlanState, Seeker, StoredPlan};
use market::Market;
use settle::Rooms;
pub use unplaced::{ReasonCount, WhyNot};

/// Thousandths of a minute for all that one household takes from others, at most: ten hours.
const MOST_TAKEN: i64 = 600_000;
/// Thousandths of a minute for each room beyond the first.
const APART: i64 = 60_000;

/// Most households of one plan.
pub const MOST_HOUSEHOLDS: usize = 2_000;

/// Who is to be placed, and where they could be.
pub struct Problem<'a> {
    pub households: &'a [Search],
    /// In any order; codes are unique.
    pub shelters: &'a [&'a ShelterView],
    /// The way from one district to another.
    pub travel: &'a dyn Fn(&str, &str) -> Travel,
    /// What rooms cost that others wait for.
    pub prices: &'a Prices,
    pub now: Moment,
}

impl Problem<'_> {
    /// The exact fit of a household into these rooms of a shelter, at the prices of its region.
    fn place(&self, view: &ShelterView, rooms: &[RoomView], search: &Search) -> Option<Placement> {
        fit::place_for(
            self.prices.tolls(&view.shelter.region),
            &view.shelter.rules,
            rooms,
            search,
            self.now,
        )
    }
}

/// A household and its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    /// Position in the problem.
    pub household: usize,
    /// Position in the problem.
    pub shelter: usize,
    pub allocation: Allocation,
    /// Thousandths of a minute: the way, what is taken from others, and rooms apart.
    pub cost: i64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unplaced {
    /// Position in the problem.
    pub household: usize,
    /// The most frequent first.
    pub reasons: Vec<ReasonCount>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// By household.
    pub given: Vec<Given>,
    /// By household.
    pub unplaced: Vec<Unplaced>,
    /// What the plan costs: thousandths of a minute, and a penalty for each household without a place that could have
    /// one were it alone.
    pub objective: i64,
    /// What every plan costs at least.
    pub bound: i64,
    /// Thousandths of a minute of those placed.
    pub minutes: i64,
    /// Of each household, what it costs to leave it without a place.
    pub penalties: Vec<i64>,
}

impl Plan {
    /// How far the plan may be from the best one, as a share of the minutes of those placed: the strict measure, as
    /// penalties are not counted in. 1 where it is not proved that nobody more could be placed.
    pub fn gap(&self) -> f64 {
        share(self.objective.saturating_sub(self.bound), self.minutes)
    }
}

/// A part of a whole, 0 to 1.
#[expect(
    clippy::cast_precision_loss,
    reason = "a share for people, far below 2^53 where it matters"
)]
fn share(part: i64, whole: i64) -> f64 {
    if part <= 0 {
        0.0
    } else {
        (part as f64 / whole.max(1) as f64).min(1.0)
    }
}

/// The best plan found, and its bound. The order in which households and shelters are given does not change its value.
pub fn plan(problem: &Problem<'_>) -> Plan {
    let mut market = Market::new(problem);
    let everybody = market.order.clone();
    let mut seating = assign::assign(&mut market, &everybody, &[]);
    let (seated, apart): (Vec<usize>, Vec<usize>) = everybody
        .into_iter()
        .partition(|at| seating.seat.get(*at).is_some_and(Option::is_some));

    let mut rooms = Rooms::new(problem);
    let mut given = rooms.settle(&market, &seating);
    given.extend(rooms.place_all(&market, &apart));
    let mut best = Plan::of(problem, &market, given, i64::MIN);
    let bound = bound::bound(&mut market, &mut seating, best.objective, best.minutes / 2_000);
    best.bound = bound;
    if best.objective > bound && apart.iter().any(|at| best.lacks(*at)) {
        // Those over several rooms came last and found little; let them come first for once.
        let mut rooms = Rooms::new(problem);
        let mut given = rooms.place_all(&market, &apart);
        let taken = market.taken(&given);
        let seating = assign::assign(&mut market, &seated, &taken);
        given.extend(rooms.settle(&market, &seating));
        let left: Vec<usize> = market
            .order
            .iter()
            .copied()
            .filter(|at| !given.iter().any(|one| one.household == *at))
            .collect();
        given.extend(rooms.place_all(&market, &left));
        let other = Plan::of(problem, &market, given, bound);
        if other.objective < best.objective {
            best = other;
        }
    }
    if best.objective > bound
        && let Some((found, least)) = exact::search(problem, &market, best.objective)
    {
        best = Plan::of(problem, &market, found.unwrap_or(best.given), least);
    }
    best.explain(problem, &market);
    best
}
