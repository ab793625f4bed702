//! What the clock does while nobody answers: each hold's policy, step by step and each step once, written with its timeline
//! and audit entry in one transaction. A hold that has been answered meanwhile is left alone.

use std::collections::BTreeSet;

use serde_json::json;

use super::Services;
use super::errors::Refused;
use super::starts::Start;
use super::telling::Telling;
use super::waves::{Wave, lock_in_order};
use crate::domain::cases::{Hold, Referral};
use crate::domain::escalation::Step;
use crate::domain::holds::HoldState;
use crate::domain::household::Search;
use crate::domain::id::{Moment, ShelterId};
use crate::domain::outbox::NoticeKind;
use crate::domain::timeline::{Detail, EventKind};
use crate::store::{Tx, events, holds, referrals};

/// Shelters looked at for the next one: the best, and two more for when somebody was quicker.
const LOOKED_AT: usize = 3;

impl Services {
    /// Takes every step that is due now. Returns how many were taken here. One in trouble holds up no other: all are
    /// tried, then the first trouble is told.
    ///
    /// # Errors
    /// The first trouble, which is the database's.
    pub async fn escalate_due(&self) -> Result<usize, Refused> {
        let (mut taken, mut trouble) = (0, None);
        loop {
            let before = taken;
            for seen in holds::due_steps(&self.store, self.now(), 200).await? {
                match self.escalate(&seen).await {
                    Ok(moved) => taken += usize::from(moved),
                    Err(error) => {
                        tracing::error!(hold = %seen.id, %error, "step not taken");
                        trouble.get_or_insert(error);
                    }
                }
            }
            if taken == before || trouble.is_some() {
                return trouble.map_or(Ok(taken), Err);
            }
        }
    }

    /// The next step of one hold; `false` if somebody was quicker.
    async fn escalate(&self, seen: &Hold) -> Result<bool, Refused> {
        let tx = self.store.begin().await?;
        referrals::lock_of_hold(&tx, seen.referral_id).await?;
        let Some(referral) = referrals::of_holds(&tx, &[seen.referral_id]).await?.pop() else {
            return Ok(false);
        };
        let all = holds::of_referrals(&tx, &[seen.referral_id]).await?;
        let now = self.now();
        // Read under the lock: whoever answered first has ended it.
        let Some(mut hold) = all.iter().find(|hold| hold.id == seen.id).cloned() else {
            return Ok(false);
        };
        let Some(step) = hold.step_due(now) else {
            return Ok(false);
        };
        let this = hold.next_step_at.unwrap_or(now);
        hold.next_step_at = hold.policy.step_after(hold.asked_at, this);
        holds::update(&tx, &hold).await?;
        hold.version += 1;
        let mut telling = self.telling(now);
        match step {
            Step::Remind => {
                telling.on_record(None, "hold.remind", &hold, json!({"shelter": hold.shelter_id}));
                telling.hold(&hold, EventKind::Reminded, Detail::default());
                telling.notice(&hold, NoticeKind::Reminded);
                telling.moved(&hold);
            }
            Step::AskNext if !self.has_been(&tx, &hold, &all, EventKind::NextAsked).await? => {
                self.ask_next(&tx, &referral, &hold, &all, &mut telling).await?;
            }
            Step::TellOperator if !self.has_been(&tx, &hold, &all, EventKind::OperatorTold).await? => {
                let detail = json!({"wave": hold.wave_id, "shelter": hold.shelter_id});
                telling.on_record(None, "wave.tell_operator", &hold, detail);
                telling.case(hold.referral_id, EventKind::OperatorTold, Detail::default());
                telling.notice(&hold, NoticeKind::Operator);
                telling.moved(&hold);
            }
            // Done for the whole wave by another of its holds.
            Step::AskNext | Step::TellOperator => {}
        }
        self.finish(tx, telling).await?;
        Ok(true)
    }

    /// Whether a step that is taken once for a wave has been taken since the wave began.
    async fn has_been(&self, tx: &Tx, hold: &Hold, all: &[Hold], kind: EventKind) -> Result<bool, Refused> {
        let wave = all.iter().filter(|other| other.wave_id == hold.wave_id);
        let began: Moment = wave.map(|other| other.asked_at).min().unwrap_or(hold.asked_at);
        Ok(events::has_been(tx, hold.referral_id, kind, began).await?)
    }

    /// One more shelter joins the wave: the best that has not been asked for her yet. None may fit; that is told too.
    async fn ask_next(
        &self,
        tx: &Tx,
        referral: &Referral,
        hold: &Hold,
        all: &[Hold],
        telling: &mut Telling,
    ) -> Result<(), Refused> {
        let asked: BTreeSet<ShelterId> = all
            .iter()
            .filter(|other| other.wave_id == hold.wave_id || other.state != HoldState::Expired)
            .map(|other| other.shelter_id)
            .collect();
        let asked: Vec<ShelterId> = asked.into_iter().collect();
        // For the day for which this one was asked.
        let search = Search {
            earliest_date: hold.starts_on,
            ..referral.search.clone()
        };
        let shelters = self.best(&search, LOOKED_AT, &asked);
        lock_in_order(tx, &shelters).await?;
        let found = self.places(tx, &search, &shelters, 1, telling.now).await?;
        let Some((place, _)) = found.into_iter().next() else {
            telling.on_record(
                None,
                "wave.ask_next",
                hold,
                json!({"wave": hold.wave_id, "shelter": null}),
            );
            telling.case(referral.id, EventKind::NextAsked, Detail::reason("no_bed_left"));
            return Ok(());
        };
        let wave = Wave {
            id: hold.wave_id.unwrap_or(hold.id.0.into()),
            referral,
            officer: hold.user_id,
            policy: hold.policy.without_next(),
            start: Start::of(hold).filter(|start| start.at > telling.now),
        };
        let detail = json!({"wave": wave.id, "shelter": place.shelter_id});
        telling.on_record(None, "wave.ask_next", hold, detail);
        telling.about(referral.id, place.shelter_id, EventKind::NextAsked, Detail::default());
        self.make_hold(tx, &wave, place, None, telling).await?;
        Ok(())
    }
}
