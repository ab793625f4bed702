//! People as they are counted over a closed civil period, and what of it is published: by month, quarter, half-year and
//! year, each frozen once it is over. Nobody is counted over any other window of days, on no screen, in no file and no
//! letter: whatever is said of people is made of these. It must not know where counts come from or how they are shown.

mod block;
mod figure;
mod publish;
mod published;

#[cfg(test)]
mod attack;

pub use block::{Block, NoBlock};
pub use figure::Figure;
pub use publish::publish;
pub use published::{Answering, Published};

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Everything counted over one block, exact. It is kept and never shown.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counted {
    /// How often each happened; what is not named did not happen.
    pub figures: BTreeMap<Figure, u64>,
    /// Minutes from each question to its answer, by the shelter's region.
    #[serde(default)]
    pub minutes: BTreeMap<String, Vec<u32>>,
}

impl Counted {
    pub fn add(&mut self, figure: Figure, count: u64) {
        *self.figures.entry(figure).or_default() += count;
    }

    pub fn count(&self, figure: &Figure) -> u64 {
        self.figures.get(figure).copied().unwrap_or(0)
    }

    /// The counts of the blocks that a longer one is made of, together.
    pub fn sum<'a>(parts: impl IntoIterator<Item = &'a Self>) -> Self {
        let mut sum = Self::default();
        for part in parts {
            for (figure, count) in &part.figures {
                sum.add(figure.clone(), *count);
            }
            for (region, minutes) in &part.minutes {
                sum.minutes.entry(region.clone()).or_default().extend(minutes);
            }
        }
        sum
    }
}
