//! Digest schedules and who receives them: kept by an administrator.

use chrono::NaiveTime;
use chrono_tz::Tz;
use serde_json::json;

use super::Services;
use super::audit::entry;
use super::errors::Refused;
use super::people::taken;
use crate::domain::accounts::Actor;
use crate::domain::digests::{Cadence, Schedule, latest_period, next_sends};
use crate::domain::errors::FieldError;
use crate::domain::id::{Moment, RecipientId, ScheduleId};
use crate::domain::outbox::{Recipient, StoredSchedule};
use crate::letters;
use crate::store::{audit, digests};

/// A schedule as an administrator writes it.
#[derive(Debug, Clone)]
pub struct ScheduleDraft {
    pub name: String,
    pub at: NaiveTime,
    pub zone: String,
    pub region: Option<String>,
    pub active: bool,
}

impl Services {
    pub async fn schedules(&self) -> Result<Vec<StoredSchedule>, Refused> {
        Ok(digests::schedules(&self.store).await?)
    }

    pub async fn schedule(&self, id: ScheduleId) -> Result<StoredSchedule, Refused> {
        digests::schedule(&self.store, id).await?.ok_or(Refused::NotFound)
    }

    /// The next three instants at which the schedule sends; none while it rests.
    pub fn next_sends(&self, row: &StoredSchedule) -> Vec<Moment> {
        match planned(row) {
            Some(schedule) if row.active => next_sends(&schedule, self.now(), 3),
            _ => Vec::new(),
        }
    }

    /// Adds a schedule. Its first digest is the next one, not the one whose hour has just passed.
    pub async fn add_schedule(&self, actor: &Actor, draft: ScheduleDraft) -> Result<StoredSchedule, Refused> {
        let now = self.now();
        let mut row = StoredSchedule {
            id: ScheduleId(self.ids.uuid(now)),
            name: draft.name.clone(),
            cadence: Cadence::Daily.to_string(),
            at_minute: 0,
            zone: String::new(),
            region: None,
            active: draft.active,
            last_period: None,
            version: 1,
            created_at: now,
        };
        self.fill(&mut row, draft)?;
        row.last_period = planned(&row)
            .and_then(|s| latest_period(&s, now))
            .map(|period| period.key());
        let tx = self.store.begin().await?;
        digests::insert_schedule(&tx, &row).await?;
        let told = entry(
            Some(actor),
            now,
            "schedule.create",
            ("schedule", row.id.to_string()),
            json!({"at": row.at_minute}),
        );
        audit::append(&tx, vec![told]).await?;
        tx.commit().await?;
        Ok(row)
    }

    pub async fn change_schedule(
        &self,
        actor: &Actor,
        id: ScheduleId,
        version: i64,
        draft: ScheduleDraft,
    ) -> Result<StoredSchedule, Refused> {
        let mut row = self.schedule(id).await?;
        row.version = version;
        self.fill(&mut row, draft)?;
        let tx = self.store.begin().await?;
        digests::update_schedule(&tx, &row).await?;
        let told = entry(
            Some(actor),
            self.now(),
            "schedule.change",
            ("schedule", id.to_string()),
            json!({"at": row.at_minute, "active": row.active}),
        );
        audit::append(&tx, vec![told]).await?;
        tx.commit().await?;
        row.version += 1;
        Ok(row)
    }

    fn fill(&self, row: &mut StoredSchedule, draft: ScheduleDraft) -> Result<(), Refused> {
        use chrono::Timelike;
        let mut errors = Vec::new();
        if draft.zone.parse::<Tz>().is_err() {
            errors.push(FieldError::new("zone", "unknown", "a time zone such as Asia/Dushanbe"));
        }
        if draft
            .region
            .as_ref()
            .is_some_and(|region| self.pack.region(region).is_none())
        {
            errors.push(FieldError::new(
                "region",
                "unknown",
                "not a region of this country pack",
            ));
        }
        if !errors.is_empty() {
            return Err(Refused::Invalid(errors));
        }
        row.name = draft.name;
        row.at_minute = u16::try_from(draft.at.hour() * 60 + draft.at.minute()).unwrap_or(0);
        row.zone = draft.zone;
        row.region = draft.region;
        row.active = draft.active;
        Ok(())
    }

    pub async fn recipients(&self, schedule: ScheduleId) -> Result<Vec<Recipient>, Refused> {
        self.schedule(schedule).await?;
        Ok(digests::recipients(&self.store, schedule).await?)
    }

    pub async fn add_recipient(&self, actor: &Actor, mut row: Recipient) -> Result<Recipient, Refused> {
        self.schedule(row.schedule_id).await?;
        if !letters::languages().any(|known| known == row.language) {
            return Err(Refused::invalid(
                "language",
                "unknown",
                "no letters are written in this language",
            ));
        }
        let now = self.now();
        row.id = RecipientId(self.ids.uuid(now));
        let tx = self.store.begin().await?;
        digests::insert_recipient(&tx, &row, now)
            .await
            .map_err(|e| taken(e, "email"))?;
        let detail = json!({"schedule": row.schedule_id});
        audit::append(
            &tx,
            vec![entry(
                Some(actor),
                now,
                "recipient.add",
                ("recipient", row.id.to_string()),
                detail,
            )],
        )
        .await?;
        tx.commit().await?;
        Ok(row)
    }

    pub async fn remove_recipient(&self, actor: &Actor, schedule: ScheduleId, id: RecipientId) -> Result<(), Refused> {
        let tx = self.store.begin().await?;
        if !digests::delete_recipient(&tx, schedule, id).await? {
            return Err(Refused::NotFound);
        }
        let detail = json!({"schedule": schedule});
        let told = entry(
            Some(actor),
            self.now(),
            "recipient.remove",
            ("recipient", id.to_string()),
            detail,
        );
        audit::append(&tx, vec![told]).await?;
        tx.commit().await?;
        Ok(())
    }
}

/// The stored schedule as the domain plans with it; `None` for one that no version of this program writes.
pub(super) fn planned(row: &StoredSchedule) -> Option<Schedule> {
    Some(Schedule {
        cadence: row.cadence.parse().ok()?,
        at: NaiveTime::from_num_seconds_from_midnight_opt(u32::from(row.at_minute) * 60, 0)?,
        zone: row.zone.parse().ok()?,
        region: row.region.clone(),
    })
}
