//! A country in which days pass, so that ways of finding a place can be compared on the same days: who asks whom in which
//! order, and what comes of it. Pure, and deterministic from the seed. The ranking that is simulated is the production
//! ranking itself. docs/PLACEMENT.md ("Simulation") says what the world is made of and from which sources.

mod asking;
mod days;
mod draws;
mod hindsight;
mod homes;
mod learned;
mod policy;
pub(super) mod statistics;
mod summary;
#[cfg(test)]
mod tests;
mod world;

use super::demo::DemoError;
use super::geography::Pack;

pub use policy::Policy;
pub use statistics::Estimate;
pub use summary::{Likeness, Report, Row, Versus};

use days::{Outcome, live};
use hindsight::{Hindsight, hindsight};
use strum::IntoEnumIterator;
use world::World;

/// What is simulated.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    pub seed: u64,
    /// Days on which people ask for a place; 1 to 3,650.
    pub days: u32,
    /// Countries drawn, each with days of its own; 2 to 10,000.
    pub replications: u32,
    pub shelters: usize,
    /// Demand for places over the places there are, in persons and days; above 0. At 1 all beds would be taken if all
    /// households could use any bed at any time.
    pub load: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            seed: 1,
            days: 60,
            replications: 12,
            shelters: 40,
            load: 1.3,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the simulated houses and the country pack do not go together: {0}")]
pub struct SimulationError(#[from] DemoError);

/// One replication: the same days under every policy.
struct Replication {
    referrals: u32,
    /// ... of households with two or more special needs.
    needy: u32,
    walk_ins: u32,
    hindsight: Hindsight,
    outcomes: Vec<(Policy, Outcome)>,
}

impl Replication {
    fn run(settings: &Settings, pack: &Pack, number: u32) -> Result<Self, SimulationError> {
        // Seeds of neighbouring runs must not share countries.
        let seed = settings.seed.wrapping_mul(1_000_003).wrapping_add(u64::from(number));
        let world = World::draw(settings, pack, seed)?;
        let needy = world.referrals.iter().filter(|row| row.special_needs >= 2).count();
        Ok(Self {
            referrals: u32::try_from(world.referrals.len()).unwrap_or(u32::MAX),
            needy: u32::try_from(needy).unwrap_or(u32::MAX),
            walk_ins: u32::try_from(world.walk_ins.len()).unwrap_or(u32::MAX),
            hindsight: hindsight(&world),
            outcomes: Policy::iter().map(|policy| (policy, live(&world, policy))).collect(),
        })
    }
}

/// Runs all policies through all replications. `passed` is told how many are done.
///
/// # Errors
/// [`SimulationError`] when the demo's houses do not go with the country pack.
pub fn simulate(settings: &Settings, pack: &Pack, mut passed: impl FnMut(u32)) -> Result<Report, SimulationError> {
    let mut replications = Vec::new();
    for number in 0..settings.replications {
        replications.push(Replication::run(settings, pack, number)?);
        passed(number + 1);
    }
    Ok(summary::summarise(settings, &replications))
}
