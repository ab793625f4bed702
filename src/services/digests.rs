//! Digests: made when due, frozen with their letters in one transaction, and delivered from the outbox.

use std::collections::HashMap;

use chrono::{Duration, NaiveDate, NaiveTime};
use serde_json::json;

use super::Services;
use super::audit::entry;
use super::digest_input::Names;
use super::errors::Refused;
use super::schedules::planned;
use crate::domain::accounts::Actor;
use crate::domain::calendar::When;
use crate::domain::digests::{Cadence, Content, Period, Schedule, compose, period_due};
use crate::domain::id::{DigestId, LetterId, Moment, ScheduleId};
use crate::domain::outbox::{Digest, Letter, Of, Part, StoredSchedule, Via};
use crate::letters::{self, Rendered, render};
use crate::store::{StoreError, Tx, audit, digests, letters as outbox};

/// A digest with what became of its letters.
pub struct DigestView {
    pub digest: Digest,
    pub schedule_name: String,
    pub letters: HashMap<String, u64>,
}

/// A digest in one language, with its letters one by one.
pub struct DigestDetail {
    pub view: DigestView,
    pub part: Part,
    pub letters: Vec<Letter>,
}

impl Services {
    /// Makes every digest that is due: one run per schedule and local civil period, whoever else tries. Returns how many
    /// were made here. A schedule in trouble holds up no other: all are tried, then the first trouble is told.
    pub async fn run_due(&self) -> Result<usize, Refused> {
        let mut made = 0;
        let mut trouble = None;
        for row in digests::schedules(&self.store).await? {
            let Some(schedule) = planned(&row).filter(|_| row.active) else {
                continue;
            };
            let last = row
                .last_period
                .as_deref()
                .and_then(|text| text.parse::<NaiveDate>().ok());
            let Some(period) = period_due(&schedule, self.now(), last) else {
                continue;
            };
            match self.make(&row, &schedule, period).await {
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

    /// Makes and freezes one run: numbers, wording and letters in one transaction.
    async fn make(&self, row: &StoredSchedule, schedule: &Schedule, period: Period) -> Result<DigestId, Refused> {
        let now = self.now();
        let previous = digests::newest(&self.store, row.id).await?;
        let input = self.digest_input(schedule, period, now, previous.as_ref()).await?;
        let content = compose(&input);
        let recipients = digests::recipients(&self.store, row.id).await?;
        let mut languages: Vec<&str> = self.pack.languages.iter().map(String::as_str).collect();
        languages.retain(|language| letters::languages().any(|known| known == *language));
        let mut parts = Vec::new();
        for language in languages {
            parts.push(part_of(self.rendered(&content, language)?));
        }
        let digest = Digest {
            id: DigestId(self.ids.uuid(now)),
            schedule_id: row.id,
            period: period.key(),
            as_of: now,
            content: serde_json::to_string(&content).map_err(|e| Refused::Unexpected(e.to_string()))?,
            delayed: period.is_delayed(now),
            created_at: now,
        };
        let letters: Vec<Letter> = recipients
            .into_iter()
            .map(|to| Letter {
                id: LetterId(self.ids.uuid(now)),
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
            })
            .collect();
        let tx = self.store.begin().await?;
        self.freeze(&tx, &digest, &parts, &letters, now).await?;
        tx.commit().await?;
        Ok(digest.id)
    }

    async fn freeze(
        &self,
        tx: &Tx,
        digest: &Digest,
        parts: &[Part],
        letters: &[Letter],
        now: Moment,
    ) -> Result<(), Refused> {
        digests::freeze(tx, digest, parts, letters)
            .await
            .map_err(|error| match error {
                StoreError::Conflict(_) => Refused::conflict("period_taken", "this period has its digest"),
                other => other.into(),
            })?;
        digests::set_last_period(tx, digest.schedule_id, &digest.period).await?;
        let detail = json!({"period": digest.period, "letters": letters.len(), "delayed": digest.delayed});
        Ok(audit::append(
            tx,
            vec![entry(
                None,
                now,
                "digest.make",
                ("digest", digest.id.to_string()),
                detail,
            )],
        )
        .await?)
    }

    pub(super) fn rendered(&self, content: &Content, language: &str) -> Result<Rendered, Refused> {
        let link = format!("{}/", self.link_base);
        render(content, language, &Names(&self.pack, &self.catalogue()), &link)
            .map_err(|e| Refused::Unexpected(e.to_string()))
    }

    /// What a schedule's digest would say if it were made now. Nothing is kept, nobody is written to.
    pub async fn preview(&self, schedule: ScheduleId, language: &str) -> Result<Rendered, Refused> {
        if !letters::languages().any(|known| known == language) {
            return Err(Refused::invalid(
                "language",
                "unknown",
                "no letters are written in this language",
            ));
        }
        let row = self.schedule(schedule).await?;
        let planned = planned(&row).ok_or_else(|| Refused::Unexpected("an unreadable schedule".to_owned()))?;
        let now = self.now();
        let date = now.with_timezone(&planned.zone).date_naive();
        let previous = digests::newest(&self.store, row.id).await?;
        let input = self
            .digest_input(&planned, Period { date, due: now }, now, previous.as_ref())
            .await?;
        self.rendered(&compose(&input), language)
    }

    /// The digest of a past moment or day, in one language: what `panoh digest preview --at` prints.
    pub async fn preview_at(
        &self,
        when: impl Into<When>,
        region: Option<String>,
        language: &str,
    ) -> Result<(Content, Rendered), Refused> {
        let when = when.into();
        let (zone, at) = (self.pack.time_zone, self.instant(when)?);
        let schedule = Schedule {
            cadence: Cadence::Daily,
            at: NaiveTime::MIN,
            zone,
            region,
        };
        let period = Period {
            date: at.with_timezone(&zone).date_naive(),
            due: at,
        };
        let input = self.digest_input_at(&schedule, period, when).await?;
        let content = compose(&input);
        let rendered = self.rendered(&content, language)?;
        Ok((content, rendered))
    }

    /// One page of the digests made, newest first.
    pub async fn digests(&self, before: Option<Moment>, limit: u64) -> Result<Vec<DigestView>, Refused> {
        let rows = digests::digests(&self.store, before, limit).await?;
        let ids: Vec<DigestId> = rows.iter().map(|row| row.id).collect();
        let mut states = digests::letter_states(&self.store, &ids).await?;
        let names = self.schedule_names().await?;
        Ok(rows
            .into_iter()
            .map(|digest| DigestView {
                schedule_name: names.get(&digest.schedule_id).cloned().unwrap_or_default(),
                letters: states.remove(&digest.id).unwrap_or_default(),
                digest,
            })
            .collect())
    }

    async fn schedule_names(&self) -> Result<HashMap<ScheduleId, String>, Refused> {
        Ok(digests::schedules(&self.store)
            .await?
            .into_iter()
            .map(|row| (row.id, row.name))
            .collect())
    }

    pub async fn digest(&self, id: DigestId, language: &str) -> Result<DigestDetail, Refused> {
        let digest = digests::digest(&self.store, id).await?.ok_or(Refused::NotFound)?;
        if !letters::languages().any(|known| known == language) {
            return Err(Refused::invalid(
                "language",
                "unknown",
                "no letters are written in this language",
            ));
        }
        let part = digests::part(&self.store, id, language)
            .await?
            .ok_or_else(|| Refused::invalid("language", "unknown", "this digest was not written in that language"))?;
        let letters = digests::letters(&self.store, id).await?;
        let mut states = digests::letter_states(&self.store, &[id]).await?;
        let names = self.schedule_names().await?;
        Ok(DigestDetail {
            view: DigestView {
                schedule_name: names.get(&digest.schedule_id).cloned().unwrap_or_default(),
                letters: states.remove(&id).unwrap_or_default(),
                digest,
            },
            part,
            letters,
        })
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

fn part_of(rendered: Rendered) -> Part {
    Part {
        language: rendered.language,
        subject: rendered.subject,
        html: rendered.html,
        text: rendered.text,
        chart: rendered.chart_png.unwrap_or_default(),
        chart_alt: rendered.alt.unwrap_or_default(),
    }
}

/// The part as it is put into a letter.
pub(super) fn rendered_of(part: Part) -> Rendered {
    let has_chart = !part.chart.is_empty();
    Rendered {
        language: part.language,
        subject: part.subject,
        html: part.html,
        text: part.text,
        alt: has_chart.then_some(part.chart_alt),
        chart_png: has_chart.then_some(part.chart),
    }
}

/// A day's length, for demand counted over the period that ends at a digest.
pub(super) const DAY: Duration = Duration::days(1);
