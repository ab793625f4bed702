//! From a household to a held place: suggestions, referrals, and the hold itself.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::Datelike;
use serde_json::json;

use super::board::Snapshot;
use super::errors::Refused;
use super::holds::HoldView;
use super::once::{Once, Turn};
use super::starts::{on, start_date};
use super::waves::advice;
use super::{Event, Services};
use crate::domain::accounts::Actor;
use crate::domain::availability::ShelterView;
use crate::domain::cases::{Hold, Referral, turned_down};
use crate::domain::errors::FieldError;
use crate::domain::exclusion::Excluded;
use crate::domain::holds::{Outcome, UnmetReason};
use crate::domain::household::Search;
use crate::domain::id::{Moment, ReferralId, ShelterId};
use crate::domain::ranking::{Asked, Candidate, Ranking, Row, Suggestion, rank};
use crate::domain::timeline::{Detail, EventKind};
use crate::domain::waves::{Advice, MOST_SHELTERS};
use crate::store::{Tx, accounts, holds, referrals};

/// A referral with its holds, newest first.
#[derive(Debug, Clone)]
pub struct ReferralView {
    pub referral: Referral,
    pub holds: Vec<HoldView>,
    /// Code of the shelter of `referral.place_found`.
    pub place_code: Option<String>,
}

/// Places that fit, and how to ask for them.
#[derive(Debug, Clone)]
pub struct Suggested {
    pub as_of: Moment,
    pub ranking: Ranking,
    /// `None` where none fits.
    pub wave: Option<Advice>,
}

impl Services {
    /// Ranks the places that fit, from memory; nothing is stored.
    pub fn suggest(&self, search: &Search, limit: usize) -> Result<(Moment, Ranking), Refused> {
        self.check_search(search)?;
        let now = self.now();
        Ok((now, self.ranking(search, now, limit, &[])))
    }

    /// The same with how many of them to ask at once, which looks at no fewer than may be asked.
    pub fn advised(&self, search: &Search, limit: usize) -> Result<Suggested, Refused> {
        self.advised_but(search, limit, &[])
    }

    fn advised_but(&self, search: &Search, limit: usize, but: &[ShelterId]) -> Result<Suggested, Refused> {
        self.check_search(search)?;
        let as_of = self.now();
        let mut ranking = self.ranking(search, as_of, limit.max(usize::from(MOST_SHELTERS)), but);
        let wave = advice(&ranking.suggestions, search.urgency);
        ranking.suggestions.truncate(limit);
        Ok(Suggested { as_of, ranking, wave })
    }

    pub(super) fn ranking(&self, search: &Search, now: Moment, limit: usize, except: &[ShelterId]) -> Ranking {
        let today = self.today(now);
        if let Some(date) = start_date(search, today) {
            let board = self.board.current();
            let then = on(board.index.rows(), date, today);
            return self.ranking_of((&board, &then), search, now, limit, except);
        }
        let local_now = now.with_timezone(&self.board.zone()).naive_local();
        let asked = Asked {
            search,
            now,
            local_now,
            limit,
            except,
        };
        let (from, month) = (self.pack.district_index(&search.from_district), local_now.month());
        let way = |to: &str| self.pack.way_between(from, self.pack.district_index(to), month);
        self.board.current().index.rank(&asked, way)
    }

    /// Ranks these shelters, as they are given, by what the board knows beside them.
    pub(super) fn ranking_of(
        &self,
        (board, shelters): (&Snapshot, &[Row]),
        search: &Search,
        now: Moment,
        limit: usize,
        except: &[ShelterId],
    ) -> Ranking {
        let local = now.with_timezone(&self.board.zone()).naive_local();
        let candidates: Vec<Candidate<'_>> = shelters
            .iter()
            .filter(|row| !except.contains(&row.view.shelter.id))
            .map(|row| Candidate {
                view: &row.view,
                travel: self
                    .pack
                    .way(&search.from_district, &row.view.shelter.district, local.month()),
                answer_minutes: row.answer_minutes,
                record: row.record,
            })
            .collect();
        rank(search, &candidates, &board.index.context(now, local), limit)
    }

    fn check_search(&self, search: &Search) -> Result<(), Refused> {
        let mut errors = Vec::new();
        if self.pack.district(&search.from_district).is_none() {
            errors.push(FieldError::new(
                "from_district",
                "unknown",
                "not a district of this country pack",
            ));
        }
        errors.extend(self.unknown_districts(&search.avoid_districts));
        if errors.is_empty() {
            Ok(())
        } else {
            Err(Refused::Invalid(errors))
        }
    }

    /// Refuses districts to avoid that the pack does not know.
    pub(super) fn check_districts(&self, avoid: &BTreeSet<String>) -> Result<(), Refused> {
        let errors = self.unknown_districts(avoid);
        if errors.is_empty() {
            Ok(())
        } else {
            Err(Refused::Invalid(errors))
        }
    }

    fn unknown_districts(&self, avoid: &BTreeSet<String>) -> Vec<FieldError> {
        let unknown = avoid
            .iter()
            .enumerate()
            .filter(|(_, district)| self.pack.district(district).is_none());
        unknown
            .map(|(at, _)| {
                FieldError::new(
                    format!("avoid_districts[{at}]"),
                    "unknown",
                    "not a district of this country pack",
                )
            })
            .collect()
    }

    /// Opens a referral under a random code. Districts to avoid serve the search and are not kept; offices that may not
    /// know of it are.
    pub async fn refer(&self, actor: &Actor, search: Search, once: Once<ReferralView>) -> Result<String, Refused> {
        self.check_search(&search)?;
        let organisation = actor.organisation_id.ok_or(Refused::NotFound)?;
        let now = self.now();
        let kept = Search {
            avoid_districts: BTreeSet::new(),
            ..search
        };
        let tx = self.store.begin_together().await?;
        let claimed = match once.claim(&tx, actor, now).await? {
            Turn::Again(answer) => {
                tx.rollback().await?;
                return Ok(answer);
            }
            Turn::First(claimed) => claimed,
        };
        check_offices(&tx, &kept.excluded).await?;
        let referral = Referral {
            id: ReferralId(self.ids.uuid(now)),
            code: self.ids.code(),
            organisation_id: organisation,
            user_id: actor.user_id,
            search: kept,
            created_at: now,
            closed_at: None,
            outcome: None,
            unmet_reasons: Vec::new(),
            waiting_since: None,
            place_found: None,
        };
        referrals::insert(&tx, &referral).await?;
        let mut telling = self.telling(now);
        let object = ("referral", referral.id.to_string());
        telling.entry(Some(actor), "referral.open", object, json!(null));
        telling.case(referral.id, EventKind::Opened, Detail::default());
        let answer = claimed
            .keep(
                &tx,
                &ReferralView {
                    referral,
                    holds: Vec::new(),
                    place_code: None,
                },
            )
            .await?;
        self.finish(tx, telling).await?;
        Ok(answer)
    }

    pub async fn referral(&self, actor: &Actor, id: ReferralId) -> Result<ReferralView, Refused> {
        let referral = referrals::get(&self.store, &actor.case_scope(), id)
            .await?
            .ok_or(Refused::NotFound)?;
        let rows = holds::of_referrals(&self.store, &[id]).await?;
        let holds = self.hold_views(rows, actor, self.now()).await?;
        Ok(self.referral_view(referral, holds))
    }

    fn referral_view(&self, referral: Referral, holds: Vec<HoldView>) -> ReferralView {
        let place = referral.place_found.as_ref();
        ReferralView {
            place_code: place.and_then(|place| self.shelter_code(place.shelter_id)),
            referral,
            holds,
        }
    }

    /// One page of the own organisation's referrals with their holds, newest first.
    pub async fn referrals(
        &self,
        actor: &Actor,
        before: Option<Moment>,
        limit: u64,
    ) -> Result<Vec<ReferralView>, Refused> {
        let rows = referrals::page(&self.store, &actor.case_scope(), before, limit).await?;
        let ids: Vec<ReferralId> = rows.iter().map(|row| row.id).collect();
        let all = holds::of_referrals(&self.store, &ids).await?;
        let mut views = self.hold_views(all, actor, self.now()).await?;
        Ok(rows
            .into_iter()
            .map(|referral| {
                let (own, rest) = views
                    .drain(..)
                    .partition(|view: &HoldView| view.hold.referral_id == referral.id);
                views = rest;
                self.referral_view(referral, own)
            })
            .collect())
    }

    /// Ranks the places for a stored referral, without the shelters that have turned it down: the next best comes first.
    pub async fn suggest_for(
        &self,
        actor: &Actor,
        id: ReferralId,
        avoid: BTreeSet<String>,
        limit: usize,
    ) -> Result<Suggested, Refused> {
        let referral = referrals::get(&self.store, &actor.case_scope(), id)
            .await?
            .ok_or(Refused::NotFound)?;
        let asked = holds::of_referrals(&self.store, &[id]).await?;
        let search = Search {
            avoid_districts: avoid,
            ..referral.search
        };
        self.advised_but(&search, limit, &self.turned_down(&asked, self.now()))
    }

    /// The shelters that have turned down what was asked with these holds, by what the board knows of later reports.
    pub(super) fn turned_down(&self, asked: &[Hold], now: Moment) -> Vec<ShelterId> {
        let board = self.board.current();
        turned_down(asked, now, |id| board.get(id)?.observed_at)
    }

    /// The best of these shelters as they were just read (for a later date, as they are to be then), at most `most`: the
    /// ranking that suggests also decides.
    pub(super) fn decide(&self, search: &Search, views: &[ShelterView], now: Moment, most: usize) -> Vec<Suggestion> {
        let local = now.with_timezone(&self.board.zone()).naive_local();
        let board = self.board.current();
        let then: Vec<Cow<'_, ShelterView>> = match start_date(search, local.date()) {
            Some(date) => views.iter().map(|view| view.on(date, local.date())).collect(),
            None => views.iter().map(Cow::Borrowed).collect(),
        };
        let candidates: Vec<Candidate<'_>> = then
            .iter()
            .map(|view| Candidate {
                view,
                travel: self
                    .pack
                    .way(&search.from_district, &view.shelter.district, local.month()),
                answer_minutes: board.answer_minutes(view.shelter.id),
                record: board.record(view.shelter.id),
            })
            .collect();
        rank(search, &candidates, &board.index.context(now, local), most).suggestions
    }

    pub(super) fn tell_hold(&self, hold: &Hold) {
        self.tell(Event::Hold(Arc::new(hold.clone())));
    }

    /// Closes a referral without a place, with the reasons that the unmet ledger counts.
    pub async fn close_referral(
        &self,
        actor: &Actor,
        id: ReferralId,
        outcome: Outcome,
        reasons: Vec<UnmetReason>,
    ) -> Result<ReferralView, Refused> {
        let now = self.now();
        let tx = self.store.begin().await?;
        if !referrals::lock(&tx, &actor.case_scope(), id).await? {
            return Err(Refused::NotFound);
        }
        if holds::of_referrals(&tx, &[id])
            .await?
            .iter()
            .any(|hold| hold.is_active(now))
        {
            return Err(Refused::conflict("hold_active", "release the held place first"));
        }
        if !referrals::close(&tx, id, outcome, &reasons, now).await? {
            return Err(Refused::conflict("referral_closed", "this referral is closed already"));
        }
        // Why no place was found says something of her, and the record is kept for ever.
        let detail = json!({"outcome": outcome});
        let mut telling = self.telling(now);
        telling.entry(Some(actor), "referral.close", ("referral", id.to_string()), detail);
        telling.case(id, EventKind::Closed, Detail::reason(outcome.to_string()));
        self.finish(tx, telling).await?;
        self.referral(actor, id).await
    }

    /// Minutes of the way to a shelter, for the deadline of an accepted hold.
    pub(super) fn travel_minutes(&self, search: &Search, view: &ShelterView, now: Moment) -> f64 {
        let month = now.with_timezone(&self.board.zone()).month();
        self.pack
            .way(&search.from_district, &view.shelter.district, month)
            .minutes
    }
}

/// An office that is not known keeps nobody out: a slip of the pen is told rather than kept.
async fn check_offices(tx: &Tx, excluded: &Excluded) -> Result<(), Refused> {
    if excluded.is_empty() {
        return Ok(());
    }
    let known = accounts::organisations(tx).await?;
    let unknown = excluded
        .iter()
        .zip(0..)
        .filter(|(id, _)| !known.iter().any(|office| office.id == *id));
    let errors: Vec<FieldError> = unknown
        .map(|(_, at): (_, usize)| {
            FieldError::new(
                format!("exclude_organisations[{at}]"),
                "unknown",
                "no such organisation",
            )
        })
        .collect();
    if errors.is_empty() {
        Ok(())
    } else {
        Err(Refused::Invalid(errors))
    }
}
