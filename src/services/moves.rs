//! A hold's life after the asking: accepted, declined, arrived, released, expired, prolonged.
//!
//! **Lock order**: whoever changes a hold locks its referral first, then its shelter. All holds of one referral are
//! thereby changed one after another, so of a wave exactly one is accepted. The losers are released under the referral's
//! lock alone. That takes no bed from anybody: a hold or an acceptance that is being decided at the same moment in a
//! loser's shelter may still count its beds as held, and so refuse what a moment later would fit, but never grants what
//! is not there. A report there may still call the loser at risk; the older of two holds has the first claim to what is
//! left, so one claim less never puts another at risk.

use serde_json::json;

use super::Services;
use super::errors::Refused;
use super::holds::HoldView;
use super::once::{Once, Turn};
use super::telling::Telling;
use crate::domain::accounts::{Actor, Role};
use crate::domain::cases::Hold;
use crate::domain::holds::{DeclineReason, HoldEvent, HoldRefused, HoldState, Outcome, ReleaseReason, extend, step};
use crate::domain::id::{HoldId, Moment};
use crate::domain::outbox::NoticeKind;
use crate::domain::reports::{holds_at_risk, is_ready};
use crate::domain::rooms::Held;
use crate::domain::timeline::{Detail, EventKind};
use crate::store::{Tx, holds, referrals, reports, views};

/// Why a hold ends, where there is a why.
#[derive(Debug, Clone, Default)]
pub struct Ending {
    pub decline: Option<DeclineReason>,
    pub release: Option<ReleaseReason>,
    pub note: Option<String>,
}

impl Services {
    /// Moves a hold on: one winner, whoever comes at the same instant. Beds follow by themselves, since what is held is
    /// derived; an acceptance releases the rest of its wave, an arrival adds to what is occupied and closes the referral.
    ///
    /// # Errors
    /// `NotFound` outside the actor's scope; `Conflict` (`hold_ended`, `hold_expired`, …) when it is too late.
    pub async fn move_hold(
        &self,
        actor: &Actor,
        id: HoldId,
        event: HoldEvent,
        ending: Ending,
    ) -> Result<HoldView, Refused> {
        let scope = actor.case_scope();
        let seen = holds::get(&self.store, &scope, id).await?.ok_or(Refused::NotFound)?;
        let tx = self.store.begin().await?;
        lock(&tx, &seen).await?;
        // The clock is read under the locks: whoever waited for them is judged by when the turn came.
        let now = self.now();
        let mut hold = holds::get(&tx, &scope, id).await?.ok_or(Refused::NotFound)?;
        let mut telling = self.telling(now);
        self.turn(&tx, &mut hold, event, ending, Some(actor), &mut telling)
            .await?;
        self.finish(tx, telling).await?;
        // What this event made of it, not what another has made of it since.
        let mut views = self.hold_views(vec![hold], actor, now).await?;
        views.pop().ok_or(Refused::NotFound)
    }

    /// Ends what is past its deadline. Nothing depends on when this runs: such a hold counts nowhere already.
    ///
    /// # Errors
    /// The database's.
    pub async fn expire_due(&self) -> Result<usize, Refused> {
        let due = holds::overdue(&self.store, self.now(), 200).await?;
        let mut ended = 0;
        for seen in due {
            let tx = self.store.begin().await?;
            lock(&tx, &seen).await?;
            let now = self.now();
            let Some(mut hold) = holds::any(&tx, seen.id).await? else {
                continue;
            };
            if step(hold.state, HoldEvent::Expire, now, hold.expires_at).is_err() {
                continue;
            }
            let mut telling = self.telling(now);
            self.turn(&tx, &mut hold, HoldEvent::Expire, Ending::default(), None, &mut telling)
                .await?;
            self.finish(tx, telling).await?;
            ended += 1;
        }
        Ok(ended)
    }

    /// One event on a hold whose locks are held: the row, what follows from it, and what is to be told of it.
    pub(super) async fn turn(
        &self,
        tx: &Tx,
        hold: &mut Hold,
        event: HoldEvent,
        ending: Ending,
        actor: Option<&Actor>,
        telling: &mut Telling,
    ) -> Result<(), Refused> {
        let now = telling.now;
        hold.state = step(hold.state, event, now, hold.expires_at).map_err(refused)?;
        hold.next_step_at = None;
        match hold.state {
            HoldState::Accepted => self.accept(tx, hold, now).await?,
            HoldState::Arrived if hold.starts_at.is_some_and(|start| start > now) => check_early(tx, hold, now).await?,
            HoldState::Expired => hold.ended_at = Some(hold.expires_at),
            _ => {}
        }
        if !matches!(hold.state, HoldState::Accepted | HoldState::Expired) {
            hold.ended_at = Some(now);
        }
        hold.reason = ending
            .decline
            .map(|r| r.to_string())
            .or(ending.release.map(|r| r.to_string()));
        hold.note = ending.note;
        holds::update(tx, hold).await?;
        hold.version += 1;
        let detail = json!({"shelter": hold.shelter_id, "reason": hold.reason});
        telling.on_record(actor, verb(event), hold, detail);
        let detail = Detail {
            reason: hold.reason.clone(),
            until: (hold.state == HoldState::Accepted).then_some(hold.expires_at),
            ..Detail::default()
        };
        telling.hold(hold, EventKind::of(hold.state), detail);
        telling.moved(hold);
        match hold.state {
            HoldState::Accepted => self.release_others(tx, hold, telling).await?,
            HoldState::Arrived => self.arrive(tx, hold, telling).await?,
            // The officer's own doing: the shelter is told.
            HoldState::Released if actor.is_some_and(|actor| actor.role == Role::Officer) => {
                telling.notice(hold, NoticeKind::Settled);
            }
            _ => self.tell_officer(tx, hold, telling).await?,
        }
        Ok(())
    }

    async fn accept(&self, tx: &Tx, hold: &mut Hold, now: Moment) -> Result<(), Refused> {
        let view = views::one(tx, hold.shelter_id, now).await?.ok_or(Refused::NotFound)?;
        if holds_at_risk(&view.rooms, now).contains(&hold.id) {
            return Err(Refused::conflict(
                "hold_at_risk",
                "its beds are gone by the newest report; decline, or report again",
            ));
        }
        let referral = referrals::of_holds(tx, &[hold.referral_id])
            .await?
            .pop()
            .ok_or(Refused::NotFound)?;
        hold.accepted_at = Some(now);
        let from = hold.starts_at.map_or(now, |start| start.max(now));
        let travel = self.travel_minutes(&referral.search, &view, now);
        hold.expires_at = hold.policy.accepted_until(from, travel);
        Ok(())
    }

    /// The first acceptance wins: everybody else who was asked for her is released in the same transaction. No lock of
    /// theirs is needed (see the head of this file).
    async fn release_others(&self, tx: &Tx, winner: &Hold, telling: &mut Telling) -> Result<(), Refused> {
        telling.notice(winner, NoticeKind::Answered);
        let now = telling.now;
        for mut loser in holds::of_referrals(tx, &[winner.referral_id]).await? {
            if loser.id == winner.id || !loser.is_active(now) {
                continue;
            }
            let reason = ReleaseReason::PlacedElsewhere.to_string();
            loser.state = HoldState::Released;
            loser.ended_at = Some(now);
            loser.next_step_at = None;
            loser.reason = Some(reason.clone());
            holds::update(tx, &loser).await?;
            loser.version += 1;
            telling.on_record(
                None,
                "hold.release",
                &loser,
                json!({"shelter": loser.shelter_id, "reason": reason}),
            );
            telling.hold(&loser, EventKind::Released, Detail::reason(reason));
            telling.notice(&loser, NoticeKind::Settled);
            telling.moved(&loser);
        }
        Ok(())
    }

    /// What the officer hears of an end that is not her own doing: that a shelter has answered while others may still, or
    /// that nothing is asked or held any more. Of holds that run out together only the last one tells.
    async fn tell_officer(&self, tx: &Tx, hold: &Hold, telling: &mut Telling) -> Result<(), Refused> {
        let others = holds::of_referrals(tx, &[hold.referral_id]).await?;
        let others = || others.iter().filter(|other| other.id != hold.id);
        if others().any(|other| other.is_active(telling.now)) {
            let kind = match hold.state {
                HoldState::Expired => NoticeKind::RanOut,
                _ => NoticeKind::Answered,
            };
            telling.notice(hold, kind);
        } else if !others().any(|other| !other.state.is_terminal()) {
            telling.notice(hold, NoticeKind::AllEnded);
        }
        Ok(())
    }

    async fn arrive(&self, tx: &Tx, hold: &Hold, telling: &mut Telling) -> Result<(), Refused> {
        for line in &hold.lines {
            reports::occupy(
                tx,
                line.room_id,
                Held {
                    beds: line.beds,
                    cots: line.cots,
                },
            )
            .await?;
        }
        if referrals::close(tx, hold.referral_id, Outcome::Placed, &[], telling.now).await? {
            let outcome = Detail::reason(Outcome::Placed.to_string());
            telling.case(hold.referral_id, EventKind::Closed, outcome);
        }
        Ok(())
    }

    /// Prolongs a hold of the own organisation before its end.
    ///
    /// # Errors
    /// `NotFound` outside the actor's scope; `Conflict` when it has ended or been prolonged twice.
    pub async fn extend_hold(&self, actor: &Actor, id: HoldId, once: Once<HoldView>) -> Result<String, Refused> {
        let scope = actor.case_scope();
        let seen = holds::get(&self.store, &scope, id).await?.ok_or(Refused::NotFound)?;
        let tx = self.store.begin().await?;
        let claimed = match once.claim(&tx, actor, self.now()).await? {
            Turn::Again(answer) => return Ok(answer),
            Turn::First(claimed) => claimed,
        };
        lock(&tx, &seen).await?;
        let now = self.now();
        let mut hold = holds::get(&tx, &scope, id).await?.ok_or(Refused::NotFound)?;
        hold.expires_at = extend(hold.state, &hold.policy, hold.extensions, now, hold.expires_at).map_err(refused)?;
        hold.extensions += 1;
        holds::update(&tx, &hold).await?;
        hold.version += 1;
        let mut telling = self.telling(now);
        let detail = json!({"shelter": hold.shelter_id, "until": hold.expires_at});
        telling.on_record(Some(actor), "hold.extend", &hold, detail);
        telling.hold(&hold, EventKind::Extended, Detail::until(hold.expires_at));
        telling.moved(&hold);
        let referral = referrals::of_holds(&tx, &[hold.referral_id])
            .await?
            .pop()
            .ok_or(Refused::NotFound)?;
        let view = views::one(&tx, hold.shelter_id, now).await?.ok_or(Refused::NotFound)?;
        let printed = Self::hold_view(&tx, &hold, &referral, &view, actor, now).await?;
        let answer = claimed.keep(&tx, &printed).await?;
        self.finish(tx, telling).await?;
        Ok(answer)
    }
}

/// She may come before her day if the beds are there.
async fn check_early(tx: &Tx, hold: &Hold, now: Moment) -> Result<(), Refused> {
    let view = views::one(tx, hold.shelter_id, now).await?.ok_or(Refused::NotFound)?;
    if is_ready(&view.rooms, hold.id, now) {
        return Ok(());
    }
    let detail = "its beds are still taken; it starts on a later date";
    Err(Refused::conflict("hold_too_early", detail))
}

/// The referral first, then the shelter.
async fn lock(tx: &Tx, hold: &Hold) -> Result<(), Refused> {
    referrals::lock_of_hold(tx, hold.referral_id).await?;
    match views::lock(tx, hold.shelter_id).await? {
        Some(_) => Ok(()),
        None => Err(Refused::NotFound),
    }
}

fn refused(why: HoldRefused) -> Refused {
    let (code, detail) = match why {
        HoldRefused::Ended(_) => ("hold_ended", "this hold has ended"),
        HoldRefused::Expired => ("hold_expired", "its time has run out"),
        HoldRefused::AlreadyAccepted => ("hold_already_accepted", "it is accepted already"),
        HoldRefused::NotAccepted => ("hold_not_accepted", "it has not been accepted yet"),
        HoldRefused::NotDue => ("hold_not_due", "its time has not run out"),
        HoldRefused::ExtensionsSpent => ("hold_extensions_spent", "it has been prolonged as often as it may be"),
    };
    Refused::conflict(code, detail)
}

fn verb(event: HoldEvent) -> &'static str {
    match event {
        HoldEvent::Accept => "hold.accept",
        HoldEvent::Decline => "hold.decline",
        HoldEvent::Arrive => "hold.arrive",
        HoldEvent::NoShow => "hold.no_show",
        HoldEvent::Release => "hold.release",
        HoldEvent::Expire => "hold.expire",
    }
}
