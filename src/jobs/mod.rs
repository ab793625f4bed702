//! What happens by itself: steps that tests drive one by one, and a loop that nobody needs to test. Knows when; not what
//! a digest says, and no HTTP and no SQL.

mod nodes;
mod post;

pub use post::SENDERS;

use std::time::Duration;

use tokio::sync::watch;

use crate::domain::id::Moment;
use crate::mail::Mailer;
use crate::push::Pusher;
use crate::services::Services;
use crate::services::errors::Refused;
use crate::services::outbox::{Parcel, Said};
use crate::sms::Sender;

/// How often the loop looks whether something is due.
const TICK: Duration = Duration::from_secs(2);
/// Turns between looks for trouble that people want to hear of: about five minutes.
const ALERTS: u64 = 150;
/// How often is looked whether a day is over, and the pause between two evenings of the past, so that others come between.
const LOOK: Duration = Duration::from_secs(20);
const BREATH: Duration = Duration::from_millis(50);
/// Between looks for digests in trouble, and before the first after a start: with the ten minutes before a run counts as
/// overdue, under a quarter of an hour.
const WATCH: Duration = Duration::from_secs(60);
const SETTLE: Duration = Duration::from_secs(180);
/// Between looks whether the night's purge is due.
const CLEAN: Duration = Duration::from_secs(600);
const HOUR: Duration = Duration::from_secs(3600);
/// Turns of the loop between housekeeping: about an hour.
const HOUSEKEEPING: u64 = 1800;

/// What one step needs.
#[derive(Clone)]
pub struct Jobs {
    pub services: Services,
    pub mailer: Mailer,
    pub pusher: Pusher,
    pub sms: Sender,
}

impl Jobs {
    /// Makes every digest that is due.
    pub async fn run_due(&self) -> Result<usize, Refused> {
        self.services.run_due().await
    }

    /// Tells the administrators of digests that were not made and letters that were refused.
    pub async fn alarm_due(&self) -> Result<usize, Refused> {
        self.services.alarm_due().await
    }

    /// Anchors the audit, and sends the day's anchor to people outside.
    pub async fn anchor_due(&self) -> Result<bool, Refused> {
        self.services.anchor_due().await
    }

    /// Walks the audit once a day.
    pub async fn walk_due(&self) -> Result<Option<bool>, Refused> {
        self.services.walk_due().await
    }

    async fn hand_over(&self, parcel: &Parcel) -> Said {
        match parcel {
            Parcel::Mail { from, to, raw } => match self.mailer.send(from, to, raw).await {
                Ok(answer) => Said::Taken(answer.text),
                Err(failure) if failure.permanent => Said::Refused(failure.answer),
                Err(failure) => Said::Failed(failure.answer),
            },
            Parcel::Push(push) => match self.pusher.send(push).await {
                Ok(answer) => Said::Taken(answer),
                Err(failure) if failure.gone => Said::Gone(failure.answer),
                Err(failure) if failure.permanent => Said::Refused(failure.answer),
                Err(failure) => Said::Failed(failure.answer),
            },
            Parcel::Sms { gateway, number, text } => match self.sms.send(gateway, number, text).await {
                Ok(answer) => Said::Taken(answer),
                // One that may have been sent is not sent again: a telephone could not tell the two apart.
                Err(failure) if failure.permanent || failure.uncertain => Said::Refused(failure.answer),
                Err(failure) => Said::Failed(failure.answer),
            },
        }
    }

    /// Writes to those who asked for a new password.
    pub async fn answer_resets(&self) -> Result<usize, Refused> {
        self.services.answer_resets().await
    }

    /// Ends holds past their deadline. Nothing depends on when: they count nowhere already.
    pub async fn expire_due(&self) -> Result<usize, Refused> {
        self.services.expire_due().await
    }

    /// Takes the steps that unanswered holds have come to: remind, ask the next, tell the operator.
    pub async fn escalate_due(&self) -> Result<usize, Refused> {
        self.services.escalate_due().await
    }

    /// Tells those who wait of places that have appeared, if anything has changed since the last look.
    pub async fn tell_waiting(&self) -> Result<usize, Refused> {
        self.services.tell_waiting().await
    }

    /// Learns how much is used, from what was counted or moved since.
    pub async fn learn_use(&self, since: Option<Moment>) -> Result<usize, Refused> {
        self.services.learn_use(since).await
    }

    /// Reminds shelters of the day's report that has not come, and at last tells the operators.
    pub async fn remind_due(&self) -> Result<usize, Refused> {
        self.services.remind_due().await
    }

    /// Writes the newest missing evening into the day book; `false` if none is missing.
    pub async fn keep_day(&self) -> Result<bool, Refused> {
        self.services.keep_day().await
    }

    /// Takes over what operators have changed of the catalogue on another node.
    pub async fn follow_catalogue(&self) -> Result<(), Refused> {
        self.services.reload_catalogue().await
    }

    /// Tells people of transfers that have not arrived by their day.
    pub async fn chase_due(&self) -> Result<usize, Refused> {
        self.services.chase_due().await
    }

    /// Tells people of the trouble they chose to hear of.
    pub async fn alert_due(&self) -> Result<usize, Refused> {
        self.services.alert_due().await
    }

    /// Forgets old answers and reminders, closes months that are over and draws the board afresh.
    pub async fn keep_house(&self) -> Result<(), Refused> {
        self.services.forget_old_keys().await?;
        self.services.forget_old_reminders().await?;
        self.services.forget_old_texts().await?;
        self.services.forget_old_alerts().await?;
        self.services.close_months().await?;
        self.services.redraw_board().await
    }

    /// Removes what was kept for as long as it may be; `false` if there was nothing to do.
    pub async fn purge_due(&self) -> Result<bool, Refused> {
        Ok(self.services.purge_due().await?.is_some())
    }

    /// Whether the clock is right as far as what is stored can tell; says so where it is not.
    pub async fn watch_clock(&self) -> Result<bool, Refused> {
        let behind = self.services.clock_behind().await?;
        if let Some(behind) = behind {
            let seconds = behind.num_seconds();
            tracing::error!(seconds, "this machine's clock is behind what is stored: set it right");
        }
        Ok(behind.is_none())
    }

    /// Everything that is due now, but for sending letters.
    pub async fn turn(&self) {
        tell("keys", self.services.reload_keys());
        tell("catalogue", self.follow_catalogue().await);
        tell("resets", self.answer_resets().await);
        tell("holds", self.expire_due().await);
        tell("escalation", self.escalate_due().await);
        tell("waiting", self.tell_waiting().await);
        tell("reminders", self.remind_due().await);
        tell("transfers", self.chase_due().await);
        tell("digests", self.run_due().await);
    }

    /// Turns until told to stop; a turn and the letters under way are finished. Letters, which wait for others' servers, go on beside
    /// the turns, as do learning and the day book, which may take long and may be broken off at any point, and the watch over
    /// digests: it must see that turns have come to a standstill. What other nodes say is heard beside everything.
    pub async fn run(self, stop: watch::Receiver<bool>) {
        tokio::join!(
            self.take_turns(stop.clone()),
            self.keep_delivering(stop.clone()),
            self.keep_watch(stop.clone()),
            self.keep_learning(stop.clone()),
            self.keep_days(stop.clone()),
            self.keep_clean(stop.clone()),
            self.keep_in_touch(stop)
        );
    }

    async fn keep_watch(&self, mut stop: watch::Receiver<bool>) {
        // After a start the turns come first: what was missed while nothing ran is made, not told of.
        drop(tokio::time::timeout(SETTLE, stop.changed()).await);
        while !*stop.borrow() {
            tell("clock", self.watch_clock().await);
            tell("alarms", self.alarm_due().await);
            tell("anchors", self.anchor_due().await);
            tell("audit", self.walk_due().await);
            drop(tokio::time::timeout(WATCH, stop.changed()).await);
        }
    }

    async fn take_turns(&self, mut stop: watch::Receiver<bool>) {
        let mut turns: u64 = 0;
        while !*stop.borrow() {
            self.turn().await;
            if turns.is_multiple_of(ALERTS) {
                tell("alerts", self.alert_due().await);
            }
            self.services.meter.turned(self.services.now());
            turns += 1;
            if turns.is_multiple_of(HOUSEKEEPING) {
                tell("housekeeping", self.keep_house().await);
            }
            // Either the tick or the word to stop, whichever is first.
            drop(tokio::time::timeout(TICK, stop.changed()).await);
        }
    }

    /// Everything once after a start, then every hour what is new.
    async fn keep_learning(&self, mut stop: watch::Receiver<bool>) {
        let mut until = None;
        while !*stop.borrow() {
            let now = self.services.now();
            tokio::select! {
                learned = self.learn_use(until) => if tell("use", learned).is_some() {
                    until = Some(now);
                },
                _ = stop.changed() => break,
            }
            drop(tokio::time::timeout(HOUR, stop.changed()).await);
        }
    }

    /// After the day book and the months had time to be written from what is removed then.
    async fn keep_clean(&self, mut stop: watch::Receiver<bool>) {
        drop(tokio::time::timeout(SETTLE, stop.changed()).await);
        while !*stop.borrow() {
            tell("purge", self.purge_due().await);
            drop(tokio::time::timeout(CLEAN, stop.changed()).await);
        }
    }

    /// One evening after another until the book is whole, then a look now and again whether a day is over.
    async fn keep_days(&self, mut stop: watch::Receiver<bool>) {
        while !*stop.borrow() {
            let written = tokio::select! {
                written = self.keep_day() => tell("days", written).unwrap_or(false),
                _ = stop.changed() => break,
            };
            let pause = if written { BREATH } else { LOOK };
            drop(tokio::time::timeout(pause, stop.changed()).await);
        }
    }
}

/// A step that failed is told of and comes again with the next turn.
fn tell<T>(step: &str, result: Result<T, Refused>) -> Option<T> {
    result
        .inspect_err(|error| tracing::error!(step, %error, "job step failed; it comes again"))
        .ok()
}
