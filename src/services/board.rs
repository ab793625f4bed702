//! The board: what is free in the country, held in memory and drawn again shelter by shelter as commits are told. It
//! answers; it never decides: a hold is decided on rows read inside its transaction.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use arc_swap::{ArcSwap, ArcSwapOption};
use chrono::Duration;
use chrono_tz::Tz;
use tokio::sync::Mutex as Turn;

use super::errors::Refused;
use super::learning::Learned;
use super::{Event, Services};
use crate::domain::answering::USUAL_ANSWER_MINUTES;
use crate::domain::availability::{Availability, Share, ShelterView, add_up};
use crate::domain::chance::Record;
use crate::domain::id::{Moment, ShelterId};
use crate::domain::ranking::{Index, Row};
use crate::domain::scarcity::Prices;
use crate::store::shelters::Which;
use crate::store::views::{self, Mark};

/// All shelters at one version of the board, by code.
pub struct Snapshot {
    pub version: u64,
    pub index: Index,
}

impl Snapshot {
    /// The same board with these shelters drawn again.
    fn with(&self, version: u64, read: Vec<ShelterView>, learned: &Learned, now: Moment) -> Self {
        let rows = read.into_iter().map(|view| Row {
            answer_minutes: self.answer_minutes(view.shelter.id),
            record: learned.record(view.shelter.id),
            view: Arc::new(view),
        });
        Self {
            version,
            index: self.index.redrawn(rows.collect(), now),
        }
    }

    pub fn get(&self, id: ShelterId) -> Option<&ShelterView> {
        self.index.get(id).map(|row| row.view.as_ref())
    }

    /// Expected minutes until the shelter answers.
    pub fn answer_minutes(&self, id: ShelterId) -> f64 {
        self.index
            .get(id)
            .map_or(USUAL_ANSWER_MINUTES, |row| row.answer_minutes)
    }

    pub fn prices(&self) -> &Prices {
        self.index.prices()
    }

    pub fn record(&self, id: ShelterId) -> Record {
        self.index.get(id).map_or_else(Record::default, |row| row.record)
    }

    pub fn views(&self) -> impl Iterator<Item = &ShelterView> {
        self.index.rows().iter().map(|row| row.view.as_ref())
    }
}

/// The national picture of one version, good until something ends by itself.
pub struct Picture {
    pub version: u64,
    pub as_of: Moment,
    pub availability: Availability,
    good_until: Moment,
    /// What it is the sum of, kept for the next one.
    parts: Vec<(Arc<ShelterView>, Share)>,
    printed: OnceLock<Printed>,
}

/// A picture in the words of whoever shows it: made once, and kept with it for all who ask.
pub struct Printed {
    pub etag: String,
    pub numbers: Arc<[u8]>,
    pub bands: Arc<[u8]>,
}

impl Picture {
    fn new(snapshot: &Snapshot, now: Moment, before: Option<&Self>) -> Self {
        let old = before.filter(|old| old.as_of <= now);
        let parts = snapshot.index.rows().iter().enumerate().map(|(at, row)| {
            let kept = old
                .and_then(|old| old.parts.get(at))
                .filter(|(view, share)| Arc::ptr_eq(view, &row.view) && share.good_until.is_none_or(|end| now < end));
            let share = kept.map_or_else(|| Share::of(&row.view, now), |(_, share)| *share);
            (Arc::clone(&row.view), share)
        });
        let parts: Vec<_> = parts.collect();
        let ends = parts.iter().filter_map(|(_, share)| share.good_until).min();
        Self {
            version: snapshot.version,
            as_of: now,
            availability: add_up(parts.iter().map(|(view, share)| (view.as_ref(), *share))),
            good_until: ends.unwrap_or(now + Duration::hours(1)),
            parts,
            printed: OnceLock::new(),
        }
    }

    pub fn printed(&self, print: fn(&Self) -> Printed) -> &Printed {
        self.printed.get_or_init(|| print(self))
    }
}

pub struct Board {
    zone: Tz,
    current: ArcSwap<Snapshot>,
    picture: ArcSwapOption<Picture>,
    versions: AtomicU64,
    /// Redrawing reads and swaps under this lock, so that an older reading never replaces a newer one.
    drawing: Turn<Drawing>,
    changed: Mutex<Changed>,
}

/// What belongs to whoever draws.
#[derive(Default)]
struct Drawing {
    learned: Learned,
    /// What was read when each shelter was drawn last.
    marks: HashMap<ShelterId, Mark>,
}

/// Shelters that have changed and are not drawn yet, each with the number of its last change. Whoever's turn it is draws
/// them all; who comes after finds nothing left to do.
#[derive(Default)]
struct Changed {
    count: u64,
    last: BTreeMap<ShelterId, u64>,
}

impl Changed {
    fn add(&mut self, ids: &[ShelterId]) {
        for id in ids {
            self.count += 1;
            self.last.insert(*id, self.count);
        }
    }

    /// Takes off what was drawn, but for what has changed again since.
    fn drawn(&mut self, seen: &BTreeMap<ShelterId, u64>) {
        self.last.retain(|id, change| seen.get(id) != Some(change));
    }
}

impl Board {
    pub fn new(zone: Tz) -> Self {
        Self {
            zone,
            current: ArcSwap::from_pointee(Snapshot {
                version: 0,
                index: Index::default(),
            }),
            picture: ArcSwapOption::empty(),
            versions: AtomicU64::new(0),
            drawing: Turn::default(),
            changed: Mutex::default(),
        }
    }

    pub fn current(&self) -> Arc<Snapshot> {
        self.current.load_full()
    }

    pub fn zone(&self) -> Tz {
        self.zone
    }

    /// The picture at `now`: the kept one while neither a commit nor the clock has changed it.
    pub fn picture(&self, now: Moment) -> Arc<Picture> {
        let snapshot = self.current.load();
        let kept = self.picture.load_full();
        if let Some(kept) = &kept
            && kept.version == snapshot.version
            && kept.as_of <= now
            && now < kept.good_until
        {
            return Arc::clone(kept);
        }
        let fresh = Arc::new(Picture::new(&snapshot, now, kept.as_deref()));
        self.picture.store(Some(Arc::clone(&fresh)));
        fresh
    }

    /// The shelters that are not drawn as they are marked here.
    pub(super) async fn drawn_otherwise(&self, marks: &HashMap<ShelterId, Mark>) -> BTreeSet<ShelterId> {
        let drawing = self.drawing.lock().await;
        let other = marks.iter().filter(|(id, mark)| drawing.marks.get(id) != Some(mark));
        other.map(|(id, _)| *id).collect()
    }

    fn changed(&self) -> MutexGuard<'_, Changed> {
        self.changed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Services {
    /// Draws the board, or the named shelters of it, from the database after a commit of this node, tells those who watch, and
    /// has the other nodes told.
    pub async fn refresh(&self, which: Which<'_>) -> Result<(), Refused> {
        if let Which::Ids(ids) = which {
            self.tell_nodes_of(ids);
        }
        self.draw(which).await
    }

    /// The same, without a word to the other nodes.
    pub(super) async fn draw(&self, which: Which<'_>) -> Result<(), Refused> {
        let board = &self.board;
        if let Which::Ids(ids) = which {
            board.changed().add(ids);
        }
        // Weeks of reports are read before anybody has to wait; what comes in meanwhile is learned with the next report.
        let afresh = match which {
            Which::All => Some(self.learn(self.now()).await?),
            Which::Ids(_) => None,
        };
        let mut drawing = board.drawing.lock().await;
        if let Some(afresh) = afresh {
            drawing.learned = afresh;
        }
        // They stay listed until they are drawn: a reading that fails or is given up loses nothing.
        let due = board.changed().last.clone();
        if matches!(which, Which::Ids(_)) && due.is_empty() {
            return Ok(());
        }
        let version = board.versions.load(Ordering::SeqCst) + 1;
        let next = match which {
            Which::All => Some(self.whole_board(version, &mut drawing).await?),
            Which::Ids(_) => self.some_of_the_board(version, &due, &mut drawing).await?,
        };
        if let Some(next) = &next {
            board.current.store(Arc::clone(next));
            board.versions.store(version, Ordering::SeqCst);
        }
        board.changed().drawn(&due);
        drop(drawing);
        if next.is_some() {
            self.say(Event::Availability(version));
        }
        Ok(())
    }

    async fn whole_board(&self, version: u64, drawing: &mut Drawing) -> Result<Arc<Snapshot>, Refused> {
        let now = self.now();
        let (read, marks) = views::load_marked(&self.store, Which::All, now).await?;
        let answering = self.answering(now).await?;
        let prices = self.prices(&read, now).await?;
        let learned = &drawing.learned;
        let rows = read.into_iter().map(|view| Row {
            answer_minutes: answering.minutes(view.shelter.id),
            record: learned.record(view.shelter.id),
            view: Arc::new(view),
        });
        let (rows, chances) = (rows.collect(), Arc::clone(&learned.chances));
        drawing.marks = marks;
        Ok(Arc::new(Snapshot {
            version,
            index: Index::new(rows, chances, Arc::new(prices), now),
        }))
    }

    /// The board with these shelters as they are now; `None` if all are as they are shown.
    async fn some_of_the_board(
        &self,
        version: u64,
        due: &BTreeMap<ShelterId, u64>,
        drawing: &mut Drawing,
    ) -> Result<Option<Arc<Snapshot>>, Refused> {
        let now = self.now();
        let ids: Vec<ShelterId> = due.keys().copied().collect();
        let (mut read, marks) = views::load_marked(&self.store, Which::Ids(&ids), now).await?;
        let shown = self.board.current.load();
        read.retain(|view| shown.get(view.shelter.id) != Some(view));
        let newly_reported = |view: &&ShelterView| {
            let before = shown.get(view.shelter.id).and_then(|before| before.observed_at);
            view.observed_at != before
        };
        let reported: Vec<ShelterId> = read.iter().filter(newly_reported).map(|view| view.shelter.id).collect();
        self.learn_on(&mut drawing.learned, &reported, now).await?;
        drawing.marks.extend(marks);
        let changed = !read.is_empty();
        Ok(changed.then(|| Arc::new(shown.with(version, read, &drawing.learned, now))))
    }

    /// Draws the whole board: at the start, and now and then for what commits elsewhere have changed.
    pub async fn redraw_board(&self) -> Result<(), Refused> {
        self.refresh(Which::All).await
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn what_changes_while_it_is_drawn_is_drawn_again() {
        let [a, b] = [1, 2].map(|n| ShelterId(Uuid::from_u128(n)));
        let mut changed = Changed::default();
        changed.add(&[a, b]);
        let seen = changed.last.clone();
        changed.add(&[b]);
        changed.drawn(&seen);
        assert_eq!(changed.last.keys().collect::<Vec<_>>(), [&b]);
        changed.drawn(&changed.last.clone());
        assert!(changed.last.is_empty());
    }
}
