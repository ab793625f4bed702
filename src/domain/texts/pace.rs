//! How many messages of one telephone are taken, and whether the same words again are the answer to a question.

use super::{ASKED_FOR, MOST_AN_HOUR, Outcome};
use crate::domain::id::Moment;

/// Messages of the last hour that are looked at: three times as many as are taken in it.
pub const SEEN: usize = 3 * MOST_AN_HOUR;

/// What is done with one more message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    Take,
    /// Too many; she is told so.
    Tell,
    /// Too many, and she knows.
    Silence,
    /// Far beyond the limit: not even that it came is kept.
    Forget,
}

/// What is done with one more message after these of the last hour.
pub fn turn(before: &[Outcome]) -> Turn {
    let taken = before.iter().filter(|outcome| **outcome != Outcome::Limited).count();
    if before.len() >= SEEN {
        Turn::Forget
    } else if taken < MOST_AN_HOUR {
        Turn::Take
    } else if taken < before.len() {
        Turn::Silence
    } else {
        Turn::Tell
    }
}

/// Whether the same words again answer the question that these led to.
pub fn is_confirmed(outcome: Outcome, asked_at: Moment, same_words: bool, now: Moment) -> bool {
    outcome == Outcome::Asked && same_words && asked_at + ASKED_FOR >= now
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_many_are_told_once_and_forgotten_far_beyond() {
        let mut before = Vec::new();
        let mut turns = Vec::new();
        for _ in 0..SEEN + 2 {
            let next = turn(&before);
            turns.push(next);
            match next {
                Turn::Take => before.push(Outcome::Report),
                Turn::Tell | Turn::Silence => before.push(Outcome::Limited),
                Turn::Forget => {}
            }
        }
        let count = |wanted| turns.iter().filter(|turn| **turn == wanted).count();
        assert_eq!(count(Turn::Take), MOST_AN_HOUR);
        assert_eq!(count(Turn::Tell), 1);
        assert_eq!(count(Turn::Silence), SEEN - MOST_AN_HOUR - 1);
        assert_eq!(turns.last(), Some(&Turn::Forget));
    }

    #[test]
    fn only_the_same_words_soon_after_a_question_confirm() {
        let asked = chrono::DateTime::UNIX_EPOCH;
        let late = asked + ASKED_FOR;
        assert!(is_confirmed(Outcome::Asked, asked, true, late));
        assert!(!is_confirmed(Outcome::Asked, asked, false, late));
        assert!(!is_confirmed(Outcome::Report, asked, true, late));
        assert!(!is_confirmed(
            Outcome::Asked,
            asked,
            true,
            late + chrono::TimeDelta::milliseconds(1)
        ));
    }
}
