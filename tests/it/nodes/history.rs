//! What clients saw, and whether one order explains it. The history of a room is a counter of beds: a hold that was granted took
//! some at one instant between its question and its answer, an end gave them back at one instant between its own two, and a
//! refusal found too few at one such instant. An answer that never came may have had its effect at any time from the question
//! on, or none.

use std::collections::BTreeMap;

/// Nanoseconds since the beginning, by one clock for all clients.
pub type Instant = u128;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Saw {
    /// The hold was given these beds: room and number.
    Granted { hold: u32, beds: Vec<(u32, u32)> },
    /// For want of a bed in these rooms.
    Refused { rooms: Vec<u32>, wanted: u32 },
    /// The hold's end.
    Ended { hold: u32 },
    /// No answer to a question for a hold: it may or may not have taken as many beds in one of these rooms.
    Unanswered { rooms: Vec<u32>, wanted: u32 },
    /// No answer to the end of a hold.
    MaybeEnded { hold: u32 },
}

#[derive(Debug, Clone)]
pub struct Operation {
    pub asked: Instant,
    pub answered: Instant,
    pub saw: Saw,
}

/// From when to when a hold may have been in force, and surely was.
#[derive(Debug, Default, Clone)]
struct Life {
    beds: Vec<(u32, u32)>,
    maybe_from: Instant,
    surely_from: Instant,
    surely_to: Option<Instant>,
    maybe_to: Option<Instant>,
}

/// What is wrong with this history; the beds of each room by its number.
pub fn faults(rooms: &BTreeMap<u32, u32>, history: &[Operation]) -> Vec<String> {
    let mut lives: BTreeMap<u32, Life> = BTreeMap::new();
    for operation in history {
        if let Saw::Granted { hold, beds } = &operation.saw {
            let life = Life {
                beds: beds.clone(),
                maybe_from: operation.asked,
                surely_from: operation.answered,
                ..Life::default()
            };
            assert!(lives.insert(*hold, life).is_none(), "hold {hold} was granted twice");
        }
    }
    for operation in history {
        if let Saw::Ended { hold } | Saw::MaybeEnded { hold } = &operation.saw
            && let Some(life) = lives.get_mut(hold)
        {
            life.surely_to = Some(life.surely_to.map_or(operation.asked, |at| at.min(operation.asked)));
            if matches!(operation.saw, Saw::Ended { .. }) {
                life.maybe_to = Some(operation.answered);
            }
        }
    }
    let mut faults = Vec::new();
    for (room, beds) in rooms {
        faults.extend(oversold(*room, *beds, lives.values()));
    }
    let unanswered: Vec<&Operation> = history
        .iter()
        .filter(|operation| matches!(operation.saw, Saw::Unanswered { .. }))
        .collect();
    for operation in history {
        if let Saw::Refused { rooms: asked, wanted } = &operation.saw
            && !could_refuse(rooms, asked, *wanted, operation, &lives, &unanswered)
        {
            faults.push(format!("refused though beds were free all the time: {operation:?}"));
        }
    }
    faults
}

/// At no instant are more beds surely held than there are: changes in the order of time, what ends before what begins.
fn oversold<'a>(room: u32, beds: u32, lives: impl Iterator<Item = &'a Life>) -> Option<String> {
    let mut changes = Vec::new();
    for life in lives {
        let taken: u32 = life.beds.iter().filter(|(at, _)| *at == room).map(|(_, n)| n).sum();
        let taken = i64::from(taken);
        if taken > 0 && life.surely_to.is_none_or(|end| life.surely_from < end) {
            changes.push((life.surely_from, taken));
            changes.extend(life.surely_to.map(|end| (end, -taken)));
        }
    }
    changes.sort_unstable();
    let (mut held, mut most) = (0, 0);
    for (_, change) in changes {
        held += change;
        most = most.max(held);
    }
    (most > i64::from(beds)).then(|| format!("room {room} with {beds} beds was given {most} times at once"))
}

/// Whether at some instant between question and answer so many beds may have been taken that no room had as many as wanted.
fn could_refuse(
    rooms: &BTreeMap<u32, u32>,
    asked: &[u32],
    wanted: u32,
    operation: &Operation,
    lives: &BTreeMap<u32, Life>,
    unanswered: &[&Operation],
) -> bool {
    let mut instants = vec![operation.asked, operation.answered];
    let inside = |at: &Instant| operation.asked <= *at && *at <= operation.answered;
    instants.extend(lives.values().map(|life| life.maybe_from).filter(inside));
    instants.extend(unanswered.iter().map(|other| other.asked).filter(inside));
    instants.into_iter().any(|at| {
        asked.iter().all(|room| {
            let there = lives
                .values()
                .filter(|life| life.maybe_from <= at && life.maybe_to.is_none_or(|end| at <= end));
            let taken: u32 = there
                .flat_map(|life| &life.beds)
                .filter(|(other, _)| other == room)
                .map(|(_, n)| n)
                .sum();
            let unknown: u32 = unanswered
                .iter()
                .filter(|other| other.asked <= at)
                .map(|other| match &other.saw {
                    Saw::Unanswered { rooms, wanted } if rooms.contains(room) => *wanted,
                    _ => 0,
                })
                .sum();
            taken + unknown + wanted > rooms.get(room).copied().unwrap_or(0)
        })
    })
}

fn operation(asked: Instant, answered: Instant, saw: Saw) -> Operation {
    Operation { asked, answered, saw }
}

fn granted(hold: u32) -> Saw {
    Saw::Granted {
        hold,
        beds: vec![(1, 1)],
    }
}

fn refused() -> Saw {
    Saw::Refused {
        rooms: vec![1],
        wanted: 1,
    }
}

#[test]
fn the_checker_tells_right_from_wrong() {
    let one = BTreeMap::from([(1, 1)]);
    let check = |history: &[Operation]| faults(&one, history).len();
    // One bed, given twice at once; or again after its end; or while its end was under way.
    assert_eq!(check(&[operation(0, 10, granted(1)), operation(5, 20, granted(2))]), 1);
    let first = operation(0, 10, granted(1));
    let end = |from, to| operation(from, to, Saw::Ended { hold: 1 });
    assert_eq!(check(&[first.clone(), end(11, 12), operation(12, 20, granted(2))]), 0);
    assert_eq!(check(&[first.clone(), end(11, 30), operation(12, 20, granted(2))]), 0);
    assert_eq!(check(&[first.clone(), end(21, 30), operation(12, 20, granted(2))]), 1);
    // Refused while it was taken, or may have been; not when it was surely free.
    assert_eq!(check(&[first.clone(), operation(11, 12, refused())]), 0);
    assert_eq!(check(&[first.clone(), end(11, 30), operation(12, 20, refused())]), 0);
    assert_eq!(check(&[first.clone(), end(11, 12), operation(13, 20, refused())]), 1);
    assert_eq!(check(&[operation(0, 5, refused()), operation(6, 10, granted(1))]), 1);
    // Nobody knows what became of a question without an answer.
    let lost = operation(
        0,
        3,
        Saw::Unanswered {
            rooms: vec![1],
            wanted: 1,
        },
    );
    assert_eq!(check(&[lost.clone(), operation(4, 5, refused())]), 0);
    assert_eq!(check(&[lost, operation(4, 5, granted(2))]), 0);
    assert_eq!(
        check(&[
            first,
            operation(11, 12, Saw::MaybeEnded { hold: 1 }),
            operation(13, 14, refused())
        ]),
        0
    );
}
