//! Digests: made when due, frozen with their letters in one transaction, and delivered from the outbox.

use std::collections::HashMap;

use serde_json::json;

use super::Services;
use super::audit::entry;
use super::errors::Refused;
use crate::domain::accounts::Actor;
use crate::domain::digests::{Period, Schedule, compose, period_due};
use crate::domain::id::{DigestId, LetterId, RecipientId, ScheduleId, UserId};
use crate::domain::outbox::{Attach, Digest, DigestKind, Letter, Of, Part, StoredSchedule, Via};
use crate::letters;
pub use crate::store::digests::Wanted;
use crate::store::{StoreError, Tx, accounts, audit, digests, letters as outbox, readers};

/// A digest with what became of its letters.
pub struct DigestView {
    pub digest: Digest,
    pub schedule_name: String,
    /// Who sent it by hand.
    pub made_by_name: Option<String>,
    pub letters: HashMap<String, u64>,
}

/// A digest in one language, with its letters one by one.
pub struct DigestDetail {
    pub view: DigestView,
    pub part: Part,
    pub letters: Vec<Letter>,
}

/// Somebody to whom a digest goes.
pub(super) struct Addressee {
    pub(super) recipient: Option<RecipientId>,
    pub(super) email: String,
    pub(super) name: String,
    pub(super) language: String,
}

/// A run that is made and not yet stored.
pub(super) struct Run {
    pub(super) digest: Digest,
    parts: Vec<Part>,
    pub(super) letters: Vec<Letter>,
}

impl Services {
    /// Makes every digest that is due: one run per schedule and local civil period, whoever else tries. Returns how many
    /// were made here. A schedule in trouble holds up no other: all are tried, then the first trouble is told.
    pub async fn run_due(&self) -> Result<usize, Refused> {
        let mut made = 0;
        let mut trouble = None;
        for row in digests::schedules(&self.store).await? {
            let Some(schedule) = self.planned(&row).filter(|_| row.active) else {
                continue;
            };
            let Some(period) = period_due(&schedule, self.now(), row.last_period.as_deref()) else {
                continue;
            };
            match self.make_due(&row, &schedule, period).await {
                Ok(_) => made += 1,
                Err(Refused::Conflict { .. }) => {
                    // Another node was quicker; the unique key on (schedule, period) decided.
                    tracing::debug!(schedule = %row.id, period = period.key(), "digest already made");
                }
                Err(other) => {
                    tracing::error!(schedule = %row.id, period = period.key(), error = %other, "no digest made");
                    trouble.get_or_insert(other);
                }
            }
        }
        trouble.map_or(Ok(made), Err)
    }

    /// Makes and freezes one run whose time has come: numbers, wording and letters in one transaction.
    async fn make_due(&self, row: &StoredSchedule, schedule: &Schedule, period: Period) -> Result<(), Refused> {
        let readers = self.readers_of(row.id).await?;
        let run = self
            .compose_run(row, schedule, period, (DigestKind::Due, None), readers)
            .await?;
        let now = run.digest.as_of;
        let tx = self.store.begin().await?;
        self.freeze(&tx, &run).await?;
        digests::set_last_period(&tx, run.digest.schedule_id, &run.digest.period).await?;
        let superseded = self.supersede(&tx, &run.digest).await?;
        let detail = json!({"period": run.digest.period, "letters": run.letters.len(), "delayed": run.digest.delayed});
        let object = ("digest", run.digest.id.to_string());
        let mut entries = vec![entry(None, now, "digest.make", object, detail)];
        entries.extend(superseded);
        audit::append(&tx, entries).await?;
        Ok(tx.commit().await?)
    }

    /// The active readers of a schedule.
    pub(super) async fn readers_of(&self, schedule: ScheduleId) -> Result<Vec<Addressee>, Refused> {
        let rows = readers::of_schedule(&self.store, schedule).await?;
        let active = rows.into_iter().filter(|row| row.is_written_to());
        let addressee = active.map(|row| Addressee {
            recipient: Some(row.id),
            email: row.email,
            name: row.name,
            language: row.language,
        });
        Ok(addressee.collect())
    }

    /// Writes a run: its numbers, its words in every language letters are written in, and a letter for each reader.
    pub(super) async fn compose_run(
        &self,
        row: &StoredSchedule,
        schedule: &Schedule,
        period: Period,
        (kind, made_by): (DigestKind, Option<UserId>),
        to: Vec<Addressee>,
    ) -> Result<Run, Refused> {
        let now = self.now();
        let previous = digests::newest(&self.store, row.id).await?;
        self.keep_last_evening().await?;
        let input = self.digest_input(schedule, period, now, previous.as_ref()).await?;
        let content = compose(&input);
        let mut languages: Vec<&str> = self.pack.languages.iter().map(String::as_str).collect();
        languages.retain(|language| letters::languages().any(|known| known == *language));
        // What takes a second person to export does not leave by a test letter either.
        let attach = match kind {
            DigestKind::Test if content.names_shelters() => Attach::default(),
            _ => row.attach,
        };
        let mut parts = Vec::new();
        for language in languages {
            parts.push(self.part_of(&content, language, attach)?);
        }
        let digest = Digest {
            id: DigestId(self.ids.uuid(now)),
            schedule_id: row.id,
            period: period.key(),
            as_of: now,
            content: serde_json::to_string(&content).map_err(|e| Refused::Unexpected(e.to_string()))?,
            delayed: period.is_delayed(now),
            kind,
            made_by,
            created_at: now,
        };
        let letters = to.into_iter().map(|to| Letter {
            id: LetterId(self.ids.uuid(now)),
            recipient: to.recipient,
            of: Of::Digest(digest.id),
            via: Via::Mail,
            address: to.email,
            name: to.name,
            language: to.language,
            state: "queued".to_owned(),
            attempts: 0,
            answer: None,
            sent_at: None,
            created_at: now,
        });
        let letters = letters.collect();
        Ok(Run { digest, parts, letters })
    }

    pub(super) async fn freeze(&self, tx: &Tx, run: &Run) -> Result<(), Refused> {
        digests::freeze(tx, &run.digest, &run.parts, &run.letters)
            .await
            .map_err(|error| match error {
                StoreError::Conflict(_) => Refused::conflict("period_taken", "this period has its digest"),
                other => other.into(),
            })
    }

    /// One page of the digests made, newest first.
    pub async fn digests(&self, wanted: impl Into<Wanted>, limit: u64) -> Result<Vec<DigestView>, Refused> {
        let rows = digests::digests(&self.store, wanted.into(), limit).await?;
        self.digest_views(rows).await
    }

    async fn digest_views(&self, rows: Vec<Digest>) -> Result<Vec<DigestView>, Refused> {
        let ids: Vec<DigestId> = rows.iter().map(|row| row.id).collect();
        let mut states = digests::letter_states(&self.store, &ids).await?;
        let schedules = digests::schedules(&self.store).await?.into_iter();
        let schedules: HashMap<ScheduleId, String> = schedules.map(|row| (row.id, row.name)).collect();
        let people: HashMap<UserId, String> = match rows.iter().any(|row| row.made_by.is_some()) {
            true => (accounts::users(&self.store).await?.into_iter())
                .map(|user| (user.id, user.name))
                .collect(),
            false => HashMap::new(),
        };
        let view = |digest: Digest| DigestView {
            schedule_name: schedules.get(&digest.schedule_id).cloned().unwrap_or_default(),
            made_by_name: digest.made_by.and_then(|id| people.get(&id).cloned()),
            letters: states.remove(&digest.id).unwrap_or_default(),
            digest,
        };
        Ok(rows.into_iter().map(view).collect())
    }

    pub async fn digest(&self, id: DigestId, language: &str) -> Result<DigestDetail, Refused> {
        let digest = digests::digest(&self.store, id).await?.ok_or(Refused::NotFound)?;
        let part = self.part(id, language).await?;
        let letters = digests::letters(&self.store, id).await?;
        let view = self.digest_views(vec![digest]).await?.pop().ok_or(Refused::NotFound)?;
        Ok(DigestDetail { view, part, letters })
    }

    /// A digest as it was written in one language.
    pub async fn part(&self, id: DigestId, language: &str) -> Result<Part, Refused> {
        digests::digest(&self.store, id).await?.ok_or(Refused::NotFound)?;
        if !letters::languages().any(|known| known == language) {
            return Err(unwritten());
        }
        let part = digests::part(&self.store, id, language).await?;
        part.ok_or_else(|| Refused::invalid("language", "unknown", "this digest was not written in that language"))
    }

    /// Queues one letter of a digest again, with the Message-ID it had.
    pub async fn resend(&self, actor: &Actor, digest: DigestId, letter: LetterId) -> Result<(), Refused> {
        let now = self.now();
        let tx = self.store.begin().await?;
        if !outbox::requeue(&tx, digest, letter, now).await? {
            return Err(Refused::NotFound);
        }
        let detail = json!({"digest": digest});
        audit::append(
            &tx,
            vec![entry(
                Some(actor),
                now,
                "letter.resend",
                ("letter", letter.to_string()),
                detail,
            )],
        )
        .await?;
        tx.commit().await?;
        Ok(())
    }
}

pub(super) fn unwritten() -> Refused {
    Refused::invalid("language", "unknown", "no letters are written in this language")
}
