//! From a household to a held place: suggestions, referrals, and the hold itself.

use chrono::Datelike;
use serde_json::json;

use super::audit::entry;
use super::board::Snapshot;
use super::errors::Refused;
use super::holds::HoldView;
use super::once::{Once, Turn};
use super::{Event, Services};
use crate::domain::accounts::Actor;
use crate::domain::availability::ShelterView;
use crate::domain::cases::{Hold, Referral};
use crate::domain::errors::FieldError;
use crate::domain::geography::{DistrictIndex, Travel};
use crate::domain::holds::{HoldPolicy, HoldState, Outcome, UnmetReason};
use crate::domain::household::Search;
use crate::domain::id::{HoldId, Moment, ReferralId, ShelterId};
use crate::domain::ranking::{Candidate, Ranking, Suggestion, rank};
use crate::store::shelters::Which;
use crate::store::{audit, holds, referrals, views};

/// A referral with its holds, newest first.
#[derive(Debug, Clone)]
pub struct ReferralView {
    pub referral: Referral,
    pub holds: Vec<HoldView>,
}

/// Ways from a place the pack does not know: far, and slow.
const UNKNOWN_WAY: Travel = Travel {
    km: 500.0,
    minutes: 600.0,
    by_road: false,
};

impl Services {
    /// Ranks the places that fit, from memory; nothing is stored.
    pub fn suggest(&self, search: &Search, limit: usize) -> Result<(Moment, Ranking), Refused> {
        self.check_search(search)?;
        let now = self.now();
        Ok((now, self.ranking(search, now, limit, None)))
    }

    fn ranking(&self, search: &Search, now: Moment, limit: usize, but: Option<ShelterId>) -> Ranking {
        let board: std::sync::Arc<Snapshot> = self.board.current();
        let local = now.with_timezone(&self.board.zone()).naive_local();
        let from = self.pack.district_index(&search.from_district);
        let candidates: Vec<Candidate<'_>> = board
            .shelters
            .iter()
            .filter(|row| Some(row.view.shelter.id) != but)
            .map(|row| Candidate {
                view: &row.view,
                travel: self.way_between(from, row.place, local.month()),
                answer_minutes: row.answer_minutes,
            })
            .collect();
        rank(search, &candidates, now, local, limit)
    }

    fn way(&self, from: &str, to: &str, month: u32) -> Travel {
        self.way_between(self.pack.district_index(from), self.pack.district_index(to), month)
    }

    fn way_between(&self, from: Option<DistrictIndex>, to: Option<DistrictIndex>, month: u32) -> Travel {
        let way = from
            .zip(to)
            .and_then(|(from, to)| self.pack.travel_between(from, to, month));
        way.unwrap_or(UNKNOWN_WAY)
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
        for (at, district) in search.avoid_districts.iter().enumerate() {
            if self.pack.district(district).is_none() {
                errors.push(FieldError::new(
                    format!("avoid_districts[{at}]"),
                    "unknown",
                    "not a district of this country pack",
                ));
            }
        }
        if errors.is_empty() {
            Ok(())
        } else {
            Err(Refused::Invalid(errors))
        }
    }

    /// Opens a referral under a random code. Districts to avoid serve the search and are not kept.
    pub async fn refer(&self, actor: &Actor, search: Search, once: Once<ReferralView>) -> Result<String, Refused> {
        self.check_search(&search)?;
        let organisation = actor.organisation_id.ok_or(Refused::NotFound)?;
        let now = self.now();
        let kept = Search {
            avoid_districts: std::collections::BTreeSet::new(),
            ..search
        };
        let tx = self.store.begin().await?;
        let claimed = match once.claim(&tx, actor, now).await? {
            Turn::Again(answer) => return Ok(answer),
            Turn::First(claimed) => claimed,
        };
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
        };
        referrals::insert(&tx, &referral).await?;
        let told = entry(
            Some(actor),
            now,
            "referral.open",
            ("referral", referral.id.to_string()),
            json!(null),
        );
        let answer = claimed
            .keep(
                &tx,
                &ReferralView {
                    referral,
                    holds: Vec::new(),
                },
            )
            .await?;
        audit::append(&tx, vec![told]).await?;
        tx.commit().await?;
        Ok(answer)
    }

    pub async fn referral(&self, actor: &Actor, id: ReferralId) -> Result<ReferralView, Refused> {
        let referral = referrals::get(&self.store, &actor.case_scope(), id)
            .await?
            .ok_or(Refused::NotFound)?;
        let rows = holds::of_referrals(&self.store, &[id]).await?;
        let holds = self.hold_views(rows, actor, self.now()).await?;
        Ok(ReferralView { referral, holds })
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
                ReferralView { referral, holds: own }
            })
            .collect())
    }

    /// Ranks the places for a stored referral.
    pub async fn suggest_for(
        &self,
        actor: &Actor,
        id: ReferralId,
        avoid: std::collections::BTreeSet<String>,
        limit: usize,
    ) -> Result<(Moment, Ranking), Refused> {
        let referral = referrals::get(&self.store, &actor.case_scope(), id)
            .await?
            .ok_or(Refused::NotFound)?;
        self.suggest(
            &Search {
                avoid_districts: avoid,
                ..referral.search
            },
            limit,
        )
    }

    /// Holds a place: locks the shelter, fits the household to its rooms as they are in the database, and claims them.
    pub async fn hold(
        &self,
        actor: &Actor,
        referral: ReferralId,
        shelter: ShelterId,
        once: Once<HoldView>,
    ) -> Result<String, Refused> {
        let now = self.now();
        let tx = self.store.begin().await?;
        let claimed = match once.claim(&tx, actor, now).await? {
            Turn::Again(answer) => return Ok(answer),
            Turn::First(claimed) => claimed,
        };
        if !referrals::lock(&tx, &actor.case_scope(), referral).await? {
            return Err(Refused::NotFound);
        }
        let referral = referrals::get(&tx, &actor.case_scope(), referral)
            .await?
            .ok_or(Refused::NotFound)?;
        if referral.closed_at.is_some() {
            return Err(Refused::conflict("referral_closed", "this referral is closed"));
        }
        let earlier = holds::of_referrals(&tx, &[referral.id]).await?;
        if earlier.iter().any(|hold| hold.is_active(now)) {
            return Err(Refused::conflict("hold_active", "this household holds a place already"));
        }
        if views::lock(&tx, shelter).await?.is_none() {
            return Err(Refused::invalid("shelter_id", "unknown", "no such shelter"));
        }
        let view = views::one(&tx, shelter, now).await?.ok_or(Refused::NotFound)?;
        let local = now.with_timezone(&self.board.zone()).naive_local();
        let here = Candidate {
            view: &view,
            travel: self.way(&referral.search.from_district, &view.shelter.district, local.month()),
            answer_minutes: self.board.current().answer_minutes(shelter),
        };
        let found = rank(&referral.search, &[here], now, local, 1).suggestions.pop();
        let Some(suggestion) = found else {
            drop(tx);
            let next = self.ranking(&referral.search, now, 5, Some(shelter)).suggestions;
            return Err(Refused::NoBedLeft { next });
        };
        let hold = self.hold_row(actor, &referral, suggestion, now);
        holds::insert(&tx, &hold).await?;
        let printed = Self::hold_view(&tx, &hold, &referral, &view, actor, now).await?;
        let answer = claimed.keep(&tx, &printed).await?;
        let detail = json!({"shelter": shelter, "beds": hold.beds, "cots": hold.cots});
        audit::append(
            &tx,
            vec![entry(
                Some(actor),
                now,
                "hold.ask",
                ("hold", hold.id.to_string()),
                detail,
            )],
        )
        .await?;
        tx.commit().await?;
        self.refresh(Which::Ids(&[shelter])).await?;
        self.tell_hold(&hold);
        Ok(answer)
    }

    fn hold_row(&self, actor: &Actor, referral: &Referral, suggestion: Suggestion, now: Moment) -> Hold {
        let sum = |n: u32| u16::try_from(n).unwrap_or(u16::MAX);
        Hold {
            id: HoldId(self.ids.uuid(now)),
            referral_id: referral.id,
            shelter_id: suggestion.shelter_id,
            organisation_id: referral.organisation_id,
            user_id: actor.user_id,
            state: HoldState::Asked,
            beds: sum(suggestion.allocation.beds()),
            cots: sum(suggestion.allocation.cots()),
            needs_confirmation: suggestion.needs_confirmation,
            asked_at: now,
            expires_at: HoldPolicy::default().asked_until(now, referral.search.urgency),
            accepted_at: None,
            ended_at: None,
            reason: None,
            note: None,
            version: 1,
            lines: suggestion.allocation.lines,
        }
    }

    pub(super) fn tell_hold(&self, hold: &Hold) {
        self.tell(Event::Hold {
            id: hold.id,
            state: hold.state,
            shelter: hold.shelter_id,
            organisation: hold.organisation_id,
        });
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
        let detail = json!({"outcome": outcome, "reasons": reasons});
        audit::append(
            &tx,
            vec![entry(
                Some(actor),
                now,
                "referral.close",
                ("referral", id.to_string()),
                detail,
            )],
        )
        .await?;
        tx.commit().await?;
        self.referral(actor, id).await
    }

    /// Minutes of the way to a shelter, for the deadline of an accepted hold.
    pub(super) fn travel_minutes(&self, search: &Search, view: &ShelterView, now: Moment) -> f64 {
        let month = now.with_timezone(&self.board.zone()).month();
        self.way(&search.from_district, &view.shelter.district, month).minutes
    }
}
