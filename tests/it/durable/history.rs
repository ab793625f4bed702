//! What clients were told, and when: and whether one count of beds can have told it (linearizability). Of one room with
//! `beds` places, each hold takes one at some instant between its request and its answer, and a release or a refusal by the
//! shelter gives it back at some instant of its own.

use std::time::Duration;

/// What was asked of the service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    Report,
    /// So many units came.
    Receipt(u32),
    Refer,
    Hold,
    Accept,
    /// The place is given back, by the officer or by the shelter.
    Release,
    Decline,
    Arrive,
}

/// One request, by however many tries it was answered.
#[derive(Debug, Clone)]
pub struct Told {
    pub what: What,
    /// Position of the house, and the hold that it is about or that was made.
    pub house: usize,
    pub hold: String,
    /// Since the clients began.
    pub asked: Duration,
    pub answered: Duration,
    pub done: bool,
    pub tries: u32,
    /// It had been done before the process that answered was started.
    pub found: bool,
}

/// Beds of a house that are held for certain: from the answer to the hold until somebody asked to give it back. More of them
/// than there are have been sold twice. And whoever was refused must have been so at an instant at which all may have been
/// taken. `None` if all is well.
pub fn contradiction(told: &[Told], house: usize, beds: usize) -> Option<String> {
    let of_house: Vec<&Told> = told.iter().filter(|told| told.house == house).collect();
    let holds: Vec<_> = of_house
        .iter()
        .filter(|told| told.what == What::Hold && told.done)
        .collect();
    let given_back = |hold: &str| {
        of_house
            .iter()
            .find(|told| told.done && told.hold == hold && matches!(told.what, What::Release | What::Decline))
    };
    // (surely from, surely until, possibly from, possibly until)
    let spans: Vec<_> = holds
        .iter()
        .map(|hold| {
            let back = given_back(&hold.hold);
            let never = Duration::MAX;
            let (until, at_latest) = back.map_or((never, never), |back| (back.asked, back.answered));
            (hold.answered, until, hold.asked, at_latest)
        })
        .collect();
    for &(at, until, ..) in &spans {
        if at < until {
            let taken = spans.iter().filter(|span| span.0 <= at && at < span.1).count();
            if taken > beds {
                return Some(format!("house {house}: {taken} of {beds} beds held at {at:?}"));
            }
        }
    }
    for refused in of_house.iter().filter(|told| told.what == What::Hold && !told.done) {
        // Possibly taken is most at an instant at which a span begins.
        let instants = spans.iter().map(|span| span.2).chain([refused.asked]);
        let most = instants
            .filter(|at| (refused.asked..=refused.answered).contains(at))
            .map(|at| spans.iter().filter(|span| span.2 <= at && at <= span.3).count())
            .max();
        if most.unwrap_or(0) < beds {
            return Some(format!("house {house}: refused at {:?} with a bed free", refused.asked));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(what: What, hold: &str, from: u64, until: u64, done: bool) -> Told {
        Told {
            what,
            house: 0,
            hold: hold.to_owned(),
            asked: Duration::from_millis(from),
            answered: Duration::from_millis(until),
            done,
            tries: 1,
            found: false,
        }
    }

    #[test]
    fn one_bed_is_one_hold_at_a_time() {
        let mut all = vec![
            told(What::Hold, "a", 0, 10, true),
            told(What::Release, "a", 20, 30, true),
            told(What::Hold, "b", 5, 25, true),
        ];
        assert_eq!(
            contradiction(&all, 0, 1),
            None,
            "b may have come after a's release was asked for"
        );
        all[2].answered = Duration::from_millis(19);
        assert!(
            contradiction(&all, 0, 1).unwrap().contains("2 of 1"),
            "both were held before it was"
        );
        assert_eq!(contradiction(&all, 0, 2), None);
    }

    #[test]
    fn nobody_is_refused_while_a_bed_is_free() {
        let mut all = vec![
            told(What::Hold, "a", 10, 20, true),
            told(What::Decline, "a", 30, 40, true),
            told(What::Hold, "", 12, 13, false),
        ];
        assert_eq!(contradiction(&all, 0, 1), None, "a may have had it");
        all[2].asked = Duration::from_millis(41);
        all[2].answered = Duration::from_millis(42);
        assert!(contradiction(&all, 0, 1).unwrap().contains("with a bed free"));
    }
}
