//! How long a shelter takes to answer, from how long it took before. It must not know what was asked or what was said.
//!
//! Asks that nobody answered count: their minutes went by without an answer (a censored observation), so a shelter that
//! never answers looks slow and not unknown. Answering is taken as a Poisson process per shelter, with a gamma prior in
//! which the country's usual answer counts as [`PRIOR_ANSWERS`] answers; the figure is minutes waited by answers given.

/// Minutes to an answer where nothing at all is known: a planning figure.
pub const USUAL_ANSWER_MINUTES: f64 = 20.0;
/// How many answers of one's own weigh as much as what is usual.
const PRIOR_ANSWERS: f64 = 4.0;

/// What one shelter, or a whole country, was asked.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Asks {
    pub answers: u32,
    /// Waited in all, for answers that came and for those that did not.
    pub minutes: f64,
}

impl Asks {
    /// One ask that was waited for so long. Time that runs backwards counts as none.
    pub fn add(&mut self, answered: bool, minutes: f64) {
        self.answers += u32::from(answered);
        self.minutes += minutes.max(0.0);
    }

    /// Two records as one.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            answers: self.answers + other.answers,
            minutes: self.minutes + other.minutes,
        }
    }

    /// Expected minutes to an answer, where `usual` is what is expected of a shelter that nobody has asked.
    pub fn expected(&self, usual: f64) -> f64 {
        (usual * PRIOR_ANSWERS + self.minutes) / (PRIOR_ANSWERS + f64::from(self.answers))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn asked(asks: &[(bool, f64)]) -> Asks {
        let mut record = Asks::default();
        for (answered, minutes) in asks {
            record.add(*answered, *minutes);
        }
        record
    }

    #[test]
    fn who_never_answers_is_slow_and_not_unknown() {
        let unknown = Asks::default().expected(USUAL_ANSWER_MINUTES);
        assert!((unknown - 20.0).abs() < 1e-9);
        assert!(asked(&[(false, 60.0); 5]).expected(USUAL_ANSWER_MINUTES) > 90.0);
        assert!(asked(&[(true, 5.0); 20]).expected(USUAL_ANSWER_MINUTES) < 8.0);
        assert!(asked(&[(true, -5.0)]).minutes.abs() < 1e-9);
    }

    proptest! {
        #[test]
        fn an_unanswered_ask_never_looks_quicker_and_an_instant_answer_never_slower(
            before in prop::collection::vec((any::<bool>(), 0.0f64..600.0), 0..20), minutes in 0.0f64..600.0,
        ) {
            let mut record = asked(&before);
            let usual = record.expected(USUAL_ANSWER_MINUTES);
            let mut quick = record;
            quick.add(true, 0.0);
            record.add(false, minutes);
            prop_assert!(record.expected(USUAL_ANSWER_MINUTES) >= usual);
            prop_assert!(quick.expected(USUAL_ANSWER_MINUTES) <= usual);
        }
    }
}
