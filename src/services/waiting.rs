//! The waiting list: who is on it, and telling them when a fitting place appears. Places are looked for in memory, once
//! for each version of the board; before anybody is told, or a place is called gone, the database is asked. A shelter
//! that turned her down is no place for her.
//! Whose turn it is and what there is to tell is `domain::waiting`'s business.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::json;

use super::board::Snapshot;
use super::errors::Refused;
use super::placement::ReferralView;
use super::starts::{on, start_date};
use super::telling::Telling;
use super::{Event, Services};
use crate::domain::accounts::Actor;
use crate::domain::cases::{Hold, PlaceFound, Referral};
use crate::domain::fit;
use crate::domain::id::{Moment, ReferralId, ShelterId};
use crate::domain::ranking::{Row, Suggestion};
use crate::domain::timeline::{Detail, EventKind};
use crate::domain::waiting::{Step, keep_promises, promise, step, turn};
use crate::store::shelters::Which;
use crate::store::{Tx, holds, referrals, views};

/// What the last complete look has seen, so that nothing is looked at twice.
#[derive(Default)]
pub struct Lookout {
    /// How often somebody has begun to wait on this node.
    begun: AtomicU64,
    /// The board's version and `begun` at the last look.
    seen: Mutex<Option<(u64, u64)>>,
}

impl Services {
    /// Puts an open referral that holds no place on the waiting list. Once there, asking again changes nothing.
    ///
    /// # Errors
    /// `Conflict`: `referral_closed`, `hold_active`.
    pub async fn wait(&self, actor: &Actor, id: ReferralId) -> Result<ReferralView, Refused> {
        let tx = self.store.begin().await?;
        let referral = self.locked(&tx, actor, id).await?;
        let now = self.now();
        if referral.closed_at.is_some() {
            return Err(Refused::conflict("referral_closed", "this referral is closed"));
        }
        if holds::of_referrals(&tx, &[id])
            .await?
            .iter()
            .any(|hold| hold.is_active(now))
        {
            return Err(Refused::conflict("hold_active", "this household holds a place already"));
        }
        if referrals::begin_waiting(&tx, id, now).await? {
            let mut telling = self.telling(now);
            telling.entry(Some(actor), "referral.wait", object(id), json!(null));
            telling.case(id, EventKind::Waiting, Detail::default());
            self.finish(tx, telling).await?;
        }
        self.lookout.begun.fetch_add(1, Ordering::SeqCst);
        self.referral(actor, id).await
    }

    /// Takes a referral off the waiting list. Off it already, nothing changes.
    ///
    /// # Errors
    /// `Conflict` (`referral_closed`).
    pub async fn stop_waiting(&self, actor: &Actor, id: ReferralId) -> Result<ReferralView, Refused> {
        let tx = self.store.begin().await?;
        if self.locked(&tx, actor, id).await?.closed_at.is_some() {
            return Err(Refused::conflict("referral_closed", "this referral is closed"));
        }
        if referrals::end_waiting(&tx, id).await? {
            let mut telling = self.telling(self.now());
            telling.entry(Some(actor), "referral.stop_waiting", object(id), json!(null));
            self.finish(tx, telling).await?;
        }
        self.referral(actor, id).await
    }

    async fn locked(&self, tx: &Tx, actor: &Actor, id: ReferralId) -> Result<Referral, Refused> {
        if !referrals::lock(tx, &actor.case_scope(), id).await? {
            return Err(Refused::NotFound);
        }
        (referrals::get(tx, &actor.case_scope(), id).await?).ok_or(Refused::NotFound)
    }

    /// Looks down the waiting list if the board has changed, or somebody has begun to wait, since the last look; how
    /// many were told of a place. A look that fails is made again.
    pub async fn tell_waiting(&self) -> Result<usize, Refused> {
        let lookout = &self.lookout;
        let sight = (self.board.current().version, lookout.begun.load(Ordering::SeqCst));
        if *lookout.seen.lock().unwrap_or_else(PoisonError::into_inner) == Some(sight) {
            return Ok(0);
        }
        let told = self.look().await?;
        *lookout.seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(sight);
        Ok(told)
    }

    async fn look(&self) -> Result<usize, Refused> {
        let mut line = referrals::waiting(&self.store).await?;
        line.sort_by_key(turn);
        let refused = self.refused(&line).await?;
        let board = self.board.current();
        let mut shelters = board.index.rows().to_vec();
        let mut told = 0;
        for referral in &line {
            let now = self.now();
            let but = refused.get(&referral.id).map_or(&[][..], Vec::as_slice);
            let found = self.place_for(referral, (&board, &shelters), but, now);
            let was = referral.place_found.map(|place| place.shelter_id);
            match step(was, found.as_ref().map(|place| place.shelter_id)) {
                Step::Stay => {}
                Step::Tell(shelter) => told += usize::from(self.tell_of(referral, Some(shelter), &shelters).await?),
                Step::Gone => drop(self.tell_of(referral, None, &shelters).await?),
            }
            if let Some(place) = found {
                self.promise_in(&mut shelters, referral, &place, now)?;
            }
        }
        Ok(told)
    }

    /// Which shelters turned whom down. It does not change while she waits: who is asked for her takes her off the list.
    async fn refused(&self, line: &[Referral]) -> Result<HashMap<ReferralId, Vec<ShelterId>>, Refused> {
        let mut asked: HashMap<ReferralId, Vec<Hold>> = HashMap::new();
        let ids: Vec<ReferralId> = line.iter().map(|referral| referral.id).collect();
        for part in ids.chunks(100) {
            for hold in holds::of_referrals(&self.store, part).await? {
                asked.entry(hold.referral_id).or_default().push(hold);
            }
        }
        let now = self.now();
        Ok(asked
            .into_iter()
            .map(|(id, holds)| (id, self.turned_down(&holds, now)))
            .collect())
    }

    /// The place she was told of while it fits, else the best there is, none of them one of `but`.
    fn place_for(
        &self,
        referral: &Referral,
        (board, shelters): (&Snapshot, &[Row]),
        but: &[ShelterId],
        now: Moment,
    ) -> Option<Suggestion> {
        let today = self.today(now);
        let shelters = match start_date(&referral.search, today) {
            Some(date) => Cow::Owned(on(shelters, date, today)),
            None => Cow::Borrowed(shelters),
        };
        let best = |among: &[Row]| {
            self.ranking_of((board, among), &referral.search, now, 1, but)
                .suggestions
                .pop()
        };
        let told = referral.place_found.and_then(|place| {
            let row = shelters.iter().find(|row| row.view.shelter.id == place.shelter_id)?;
            best(std::slice::from_ref(row))
        });
        told.or_else(|| best(&shelters))
    }

    fn promise_in(
        &self,
        shelters: &mut [Row],
        referral: &Referral,
        place: &Suggestion,
        now: Moment,
    ) -> Result<(), Refused> {
        let start = self.start_of(&referral.search, None, now).ok().flatten();
        if let Some(row) = shelters.iter_mut().find(|row| row.view.shelter.id == place.shelter_id) {
            promise(
                Arc::make_mut(&mut row.view),
                &place.allocation,
                start.map(|start| start.at),
            );
        }
        Ok(())
    }

    /// Tells her of a place, or writes down that the one she knew is gone; whether this node did. The board may be
    /// behind what another node has committed: if the database says otherwise, the shelter is drawn again and the next
    /// look decides.
    async fn tell_of(
        &self,
        referral: &Referral,
        shelter: Option<ShelterId>,
        shelters: &[Row],
    ) -> Result<bool, Refused> {
        let tx = self.store.begin().await?;
        let now = self.now();
        let place = shelter.map(|shelter_id| PlaceFound { shelter_id, at: now });
        if !referrals::set_place(&tx, referral.id, referral.place_found, place).await? {
            return Ok(false);
        }
        let was = referral.place_found.map(|place| place.shelter_id);
        for (id, ought) in [(was, false), (shelter, true)] {
            let Some(id) = id else { continue };
            if self.is_there(&tx, referral, id, shelters, now).await? != ought {
                tx.rollback().await?;
                self.draw(Which::Ids(&[id])).await?;
                return Ok(false);
            }
        }
        let mut telling = self.telling(now);
        match place {
            Some(place) => place_found(&mut telling, referral, place),
            None => telling.entry(None, "referral.place_gone", object(referral.id), json!(null)),
        }
        self.finish(tx, telling).await?;
        if place.is_some() {
            self.tell(Event::Place(Arc::new(referral.clone())));
        }
        Ok(place.is_some())
    }

    /// Whether the household fits there by the database, those before it in the line served, and was not turned down.
    async fn is_there(
        &self,
        tx: &Tx,
        referral: &Referral,
        id: ShelterId,
        shelters: &[Row],
        now: Moment,
    ) -> Result<bool, Refused> {
        let asked = holds::of_referrals(tx, &[referral.id]).await?;
        if self.turned_down(&asked, now).contains(&id) {
            return Ok(false);
        }
        let Some(mut view) = views::one(tx, id, now).await? else {
            return Ok(false);
        };
        if let Some(row) = shelters.iter().find(|row| row.view.shelter.id == id) {
            keep_promises(&row.view, &mut view);
        }
        let today = self.today(now);
        let view = match start_date(&referral.search, today) {
            Some(date) => view.on(date, today).into_owned(),
            None => view,
        };
        let rules = &view.shelter.rules;
        let open = view.operating
            && view.observed_at.is_some()
            && referral.search.excluded.may_ask(view.shelter.organisation_id);
        Ok(open && fit::place(rules, &view.rooms, &referral.search, now).is_some())
    }
}

fn object(id: ReferralId) -> (&'static str, String) {
    ("referral", id.to_string())
}

/// What is written down when she is told, in the transaction that makes it so: the event of her timeline, which is also
/// what a webhook would be sent, the letter to her officer, and the audit entry.
fn place_found(telling: &mut Telling, referral: &Referral, place: PlaceFound) {
    telling.about(referral.id, place.shelter_id, EventKind::PlaceFound, Detail::default());
    let detail = json!({"shelter": place.shelter_id});
    telling.entry(None, "referral.place_found", object(referral.id), detail);
    telling.notice_of_place(referral);
}
