//! How well names are matched: against what a person says each of them means.

use serde::Serialize;

use super::Matcher;

/// A typed name and what it means; `None` if nothing that the matcher knows.
#[derive(Debug, Clone)]
pub struct Case {
    pub name: String,
    pub means: Option<String>,
}

/// What came of asking.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Figures {
    pub asked: usize,
    /// Names that mean something known.
    pub known: usize,
    /// Names for which something was proposed.
    pub answered: usize,
    /// Whose first proposal is what they mean.
    pub right: usize,
    /// Who have what they mean among the first three.
    pub among: usize,
}

impl Figures {
    /// First proposals that are right, of all first proposals; per mille, rounded down.
    pub fn precision(&self) -> usize {
        per_mille(self.right, self.answered)
    }

    /// Names whose first proposal is right, of all that mean something known.
    pub fn recall(&self) -> usize {
        per_mille(self.right, self.known)
    }

    /// Names that have any proposal, of all.
    pub fn coverage(&self) -> usize {
        per_mille(self.answered, self.asked)
    }
}

fn per_mille(part: usize, whole: usize) -> usize {
    (part * 1000).checked_div(whole).unwrap_or(0)
}

/// Asks the matcher each case, with proposals from `least` thousandths on.
pub fn measure(matcher: &Matcher, cases: &[Case], least: u16) -> Figures {
    let mut figures = Figures::default();
    for case in cases {
        let guesses = matcher.guesses(&case.name, least);
        let means = |at: usize| {
            let guess = guesses.get(at).map(|guess| &guess.item);
            guess.is_some() && guess == case.means.as_ref()
        };
        figures.asked += 1;
        figures.known += usize::from(case.means.is_some());
        figures.answered += usize::from(!guesses.is_empty());
        figures.right += usize::from(means(0));
        figures.among += usize::from((0..super::PROPOSALS).any(means));
    }
    figures
}
