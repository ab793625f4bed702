//! Digests that an administrator sends by hand: to nobody else as a test, or to all readers now. What they are made of is
//! the business of `digests`.

use chrono::Duration;
use serde_json::json;

use super::Services;
use super::audit::entry;
use super::digests::{Addressee, Wanted, unwritten};
use super::errors::Refused;
use super::once::{Once, Turn};
use super::schedules::unreadable;
use crate::domain::accounts::Actor;
use crate::domain::digests::Period;
use crate::domain::id::{DigestId, ScheduleId};
use crate::domain::outbox::DigestKind;
use crate::letters;
use crate::store::{accounts, audit, digests};

/// A run that somebody sent by hand.
pub struct SentNow {
    pub digest: DigestId,
    pub letters: usize,
}

/// Between two runs that are sent by hand to all readers of a schedule: a second press is a mistake.
const BETWEEN_SENDS: Duration = Duration::minutes(5);

impl Services {
    /// Makes a digest of a schedule at once and sends it to nobody but the one who asks.
    pub async fn test_digest(
        &self,
        actor: &Actor,
        schedule: ScheduleId,
        language: Option<String>,
        once: Once<SentNow>,
    ) -> Result<String, Refused> {
        let user = accounts::user(&self.store, actor.user_id)
            .await?
            .ok_or(Refused::Unauthenticated)?;
        let is_written = |language: &str| letters::languages().any(|known| known == language);
        let language = match language {
            Some(language) if !is_written(&language) => return Err(unwritten()),
            Some(language) => language,
            None if is_written(&user.language) => user.language,
            None => self.pack.default_language.clone(),
        };
        let to = Addressee {
            recipient: None,
            email: user.email,
            name: user.name,
            language,
        };
        self.send_by_hand(actor, schedule, DigestKind::Test, vec![to], once)
            .await
    }

    /// Makes a digest of a schedule at once and sends it to all its readers. The schedule goes on as if nothing had been.
    ///
    /// # Errors
    /// `Conflict`: `no_readers`, or `just_sent` within five minutes of the last one.
    pub async fn send_digest(
        &self,
        actor: &Actor,
        schedule: ScheduleId,
        once: Once<SentNow>,
    ) -> Result<String, Refused> {
        let to = self.readers_of(schedule).await?;
        self.send_by_hand(actor, schedule, DigestKind::Now, to, once).await
    }

    async fn send_by_hand(
        &self,
        actor: &Actor,
        id: ScheduleId,
        kind: DigestKind,
        to: Vec<Addressee>,
        once: Once<SentNow>,
    ) -> Result<String, Refused> {
        let row = self.schedule(id).await?;
        let schedule = self.planned(&row).ok_or_else(unreadable)?;
        let now = self.now();
        let period = Period::now(schedule.zone, now);
        // Composed before the transaction: it reads the whole country and would hold up everybody.
        let run = self
            .compose_run(&row, &schedule, period, (kind, Some(actor.user_id)), to)
            .await?;
        let tx = self.store.begin().await?;
        let claimed = match once.claim(&tx, actor, now).await? {
            Turn::Again(answer) => return Ok(answer),
            Turn::First(claimed) => claimed,
        };
        if run.letters.is_empty() {
            return Err(Refused::conflict("no_readers", "no reader of this schedule is active"));
        }
        if kind == DigestKind::Now {
            let sent = Wanted {
                schedule: Some(id),
                kind: Some(kind),
                before: None,
            };
            let last = digests::digests(&tx, sent, 1).await?.pop();
            if last.is_some_and(|last| now - last.created_at < BETWEEN_SENDS) {
                return Err(Refused::conflict(
                    "just_sent",
                    "it was sent by hand less than five minutes ago",
                ));
            }
        }
        self.freeze(&tx, &run).await?;
        let sent = SentNow {
            digest: run.digest.id,
            letters: run.letters.len(),
        };
        let answer = claimed.keep(&tx, &sent).await?;
        let detail = json!({"schedule": id, "kind": kind, "period": run.digest.period, "letters": sent.letters});
        let object = ("digest", sent.digest.to_string());
        audit::append(&tx, vec![entry(Some(actor), now, "digest.send", object, detail)]).await?;
        tx.commit().await?;
        Ok(answer)
    }
}
