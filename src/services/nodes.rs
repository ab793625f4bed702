//! Several nodes on one PostgreSQL. What this node commits it tells the others after the commit, many changes in one word; what
//! they tell is drawn on this node's board and passed on to those who watch here. A word may be lost: a look at the versions
//! of all shelters finds what nobody was told of. Nobody leads, and no clock is compared. It must not decide anything: a
//! hold is decided on rows read inside its transaction, whatever a board shows.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

use super::board::Snapshot;
use super::errors::Refused;
use super::{Event, Services};
use crate::domain::availability::ShelterView;
use crate::domain::id::{HoldId, Moment, ReferralId, ShelterId};
use crate::ids::Ids;
use crate::store::nodes::{self, Ear};
use crate::store::shelters::Which;
use crate::store::{holds, referrals};

/// Most ids in one word, 39 bytes each: well below what PostgreSQL takes.
const MOST_IDS: usize = 190;
/// More than this many waiting to be told are not told one by one: others look for themselves.
const MOST_WAITING: usize = 5_000;

/// What changed, by id. Whose it is and what became of it each node reads for itself.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Word {
    /// The node that says it, which hears its own words too.
    from: String,
    shelters: BTreeSet<ShelterId>,
    holds: BTreeSet<HoldId>,
    places: BTreeSet<ReferralId>,
    /// Too much to say: look.
    look: bool,
}

impl Word {
    fn len(&self) -> usize {
        self.shelters.len() + self.holds.len() + self.places.len()
    }

    fn is_empty(&self) -> bool {
        self.len() == 0 && !self.look
    }

    /// Both in one; too many ids become the advice to look.
    fn add(&mut self, other: Self) {
        self.shelters.extend(other.shelters);
        self.holds.extend(other.holds);
        self.places.extend(other.places);
        self.look |= other.look;
        if self.len() > MOST_WAITING {
            *self = Self {
                look: true,
                ..Self::default()
            };
        }
    }

    /// Takes off as many ids as one word holds.
    fn split(&mut self) -> Self {
        let mut part = Self {
            look: std::mem::take(&mut self.look),
            ..Self::default()
        };
        let mut room = MOST_IDS;
        take(&mut self.shelters, &mut part.shelters, &mut room);
        take(&mut self.holds, &mut part.holds, &mut room);
        take(&mut self.places, &mut part.places, &mut room);
        part
    }
}

fn take<T: Ord>(from: &mut BTreeSet<T>, to: &mut BTreeSet<T>, room: &mut usize) {
    while *room > 0
        && let Some(first) = from.pop_first()
    {
        to.insert(first);
        *room -= 1;
    }
}

/// Words that wait for their turn, said together.
#[derive(Default)]
struct Basket {
    word: Mutex<Word>,
    filled: Notify,
}

impl Basket {
    fn word(&self) -> MutexGuard<'_, Word> {
        self.word.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, word: Word) {
        self.word().add(word);
        self.filled.notify_one();
    }

    /// Waits until there is something, and takes as much as one word holds.
    async fn take(&self) -> Word {
        loop {
            let part = self.word().split();
            if !part.is_empty() {
                return part;
            }
            self.filled.notified().await;
        }
    }
}

/// What this node has to tell and has heard.
pub struct Nodes {
    name: String,
    telling: Basket,
    heard: Basket,
    /// The total of the last look.
    looked: AtomicI64,
}

impl Nodes {
    pub(super) fn new() -> Self {
        Self {
            name: hex::encode(Ids::System.secret()),
            telling: Basket::default(),
            heard: Basket::default(),
            looked: AtomicI64::new(i64::MIN),
        }
    }
}

impl Services {
    /// Whether there may be other nodes.
    pub fn is_one_of_many(&self) -> bool {
        !self.store.is_sqlite()
    }

    /// Shelters that have changed by a commit of this node.
    pub(super) fn tell_nodes_of(&self, shelters: &[ShelterId]) {
        let shelters = shelters.iter().copied().collect();
        self.tell_nodes(Word {
            shelters,
            ..Word::default()
        });
    }

    /// What those who watch at other nodes are to hear too. That the board changed each node says of its own.
    pub(super) fn tell_nodes_what(&self, event: &Event) {
        let mut word = Word::default();
        match event {
            Event::Availability(_) | Event::Over => return,
            Event::Hold(hold) => drop(word.holds.insert(hold.id)),
            Event::Place(case) => drop(word.places.insert(case.id)),
        }
        self.tell_nodes(word);
    }

    fn tell_nodes(&self, word: Word) {
        if self.is_one_of_many() {
            self.nodes.telling.put(word);
        }
    }

    /// Waits until this node has something to tell.
    pub async fn to_tell(&self) -> Word {
        self.nodes.telling.take().await
    }

    /// Tells it to all nodes in one statement.
    ///
    /// # Errors
    /// The database's; what could not be told is found by looking.
    pub async fn tell_other_nodes(&self, mut word: Word) -> Result<(), Refused> {
        word.from.clone_from(&self.nodes.name);
        let text = serde_json::to_string(&word).map_err(|e| Refused::Unexpected(e.to_string()))?;
        Ok(nodes::tell(&self.store, &text).await?)
    }

    /// Begins to listen to the other nodes.
    ///
    /// # Errors
    /// The database's.
    pub async fn open_ear(&self) -> Result<Ear, Refused> {
        Ok(Ear::open(&self.store).await?)
    }

    /// Takes a word in; one that this version does not understand is a reason to look.
    pub fn hear_node(&self, text: &str) {
        let word = serde_json::from_str(text).unwrap_or(Word {
            look: true,
            ..Word::default()
        });
        if word.from != self.nodes.name {
            self.nodes.heard.put(word);
        }
    }

    /// Waits until something was heard.
    pub async fn heard(&self) -> Word {
        self.nodes.heard.take().await
    }

    /// Does after what was heard.
    ///
    /// # Errors
    /// The database's; what could not be drawn stays listed for the next drawing, and is found by looking.
    pub async fn follow_other_nodes(&self, word: Word) -> Result<(), Refused> {
        if word.look {
            self.look_round().await?;
        }
        self.follow(word).await
    }

    /// The safety net: draws what has changed in the database since it was drawn here, whoever changed it and whatever became
    /// of the word. How many shelters those were.
    ///
    /// # Errors
    /// The database's.
    pub async fn look_round(&self) -> Result<usize, Refused> {
        let before = self.nodes.looked.load(Ordering::SeqCst);
        let Some(look) = nodes::look(&self.store, before).await? else {
            return Ok(0);
        };
        let shelters = self.board.drawn_otherwise(&look.marks).await;
        let found = shelters.len();
        self.follow(Word {
            shelters,
            ..Word::default()
        })
        .await?;
        self.nodes.looked.store(look.total, Ordering::SeqCst);
        Ok(found)
    }

    /// Draws these shelters and tells those who watch here of the holds that moved: those that were named, and those that the
    /// board shows to have come, gone or changed, which may be more if a word was lost.
    async fn follow(&self, mut word: Word) -> Result<(), Refused> {
        if !word.shelters.is_empty() {
            let ids: Vec<ShelterId> = word.shelters.into_iter().collect();
            let before = self.board.current();
            self.draw(Which::Ids(&ids)).await?;
            let after = self.board.current();
            for id in ids {
                moved(&before, &after, id, &mut word.holds);
            }
        }
        if !self.is_watched() {
            return Ok(());
        }
        let ids: Vec<HoldId> = word.holds.into_iter().collect();
        for hold in holds::of_ids(&self.store, &ids).await? {
            self.say(Event::Hold(Arc::new(hold)));
        }
        if !word.places.is_empty() {
            let ids: Vec<ReferralId> = word.places.into_iter().collect();
            for case in referrals::of_holds(&self.store, &ids).await? {
                self.say(Event::Place(Arc::new(case)));
            }
        }
        Ok(())
    }
}

/// The claims on a shelter that are on one of two boards only, or have another end.
fn moved(before: &Snapshot, after: &Snapshot, id: ShelterId, holds: &mut BTreeSet<HoldId>) {
    let ends = |view: Option<&ShelterView>| -> BTreeSet<(HoldId, Moment)> {
        let claims = view
            .into_iter()
            .flat_map(|view| &view.rooms)
            .flat_map(|room| &room.claims);
        claims.map(|claim| (claim.hold_id, claim.expires_at)).collect()
    };
    let (before, after) = (ends(before.get(id)), ends(after.get(id)));
    holds.extend(before.symmetric_difference(&after).map(|(hold, _)| *hold));
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn shelters(n: u128) -> Word {
        Word {
            shelters: (0..n).map(|at| ShelterId(Uuid::from_u128(u128::MAX - at))).collect(),
            ..Word::default()
        }
    }

    #[test]
    fn the_longest_word_is_short_enough_and_nothing_is_left_out() {
        let mut all = shelters(150);
        all.add(Word {
            holds: (0..300).map(|at| HoldId(Uuid::from_u128(at))).collect(),
            places: BTreeSet::from([ReferralId(Uuid::nil())]),
            ..Word::default()
        });
        let mut said = Word::default();
        while !all.is_empty() {
            let part = Word {
                from: Nodes::new().name,
                ..all.split()
            };
            let text = serde_json::to_string(&part).unwrap();
            assert!(text.len() <= nodes::LONGEST_WORD, "{}", text.len());
            assert_eq!(serde_json::from_str::<Word>(&text).unwrap(), part);
            said.add(part);
        }
        assert_eq!(
            (said.shelters.len(), said.holds.len(), said.places.len()),
            (150, 300, 1)
        );
    }

    #[test]
    fn too_much_to_say_is_a_word_to_look() {
        let mut all = shelters(5_000);
        all.add(shelters(5_000));
        assert!(!all.look, "the same again is not more");
        all.add(shelters(5_001));
        assert_eq!((all.look, all.len()), (true, 0));
        assert!(all.split().look);
        assert!(all.is_empty());
    }
}
