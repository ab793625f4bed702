//! Digest schedules: kept by an administrator. When they fall due is the domain's business.

use chrono::{NaiveDate, NaiveTime, Timelike};
use chrono_tz::Tz;
use serde_json::json;

use super::Services;
use super::audit::entry;
use super::errors::Refused;
use super::once::{Once, Turn};
use crate::domain::accounts::Actor;
use crate::domain::calendar::Span;
use crate::domain::digests::{Cadence, Period, Rule, Schedule, latest_period, next_periods, overdue};
use crate::domain::errors::FieldError;
use crate::domain::id::{Moment, ScheduleId};
use crate::domain::outbox::{Attach, StoredSchedule};
use crate::store::{audit, digests};

/// Most schedules of a country.
const MOST_SCHEDULES: usize = 100;
/// How many of the next sends are told.
const NEXT: usize = 3;

/// A schedule as an administrator writes it.
#[derive(Debug, Clone)]
pub struct ScheduleDraft {
    pub name: String,
    pub cadence: Cadence,
    pub rule: Rule,
    /// Local time of day; a cron line has its own.
    pub at: Option<NaiveTime>,
    /// IANA name; the country's own if left out.
    pub zone: Option<String>,
    pub region: Option<String>,
    pub active: bool,
    /// The last local day on which it sends.
    pub expires_on: Option<NaiveDate>,
    pub attach: Attach,
}

impl ScheduleDraft {
    /// Every day at this time of the country's clock, for the whole country.
    pub fn daily(name: &str, at: NaiveTime) -> Self {
        Self {
            name: name.to_owned(),
            cadence: Cadence::Daily,
            rule: Rule::default(),
            at: Some(at),
            zone: None,
            region: None,
            active: true,
            expires_on: None,
            attach: Attach::default(),
        }
    }
}

/// A schedule with what is ahead of it.
#[derive(Debug, Clone)]
pub struct ScheduleView {
    pub row: StoredSchedule,
    /// The next instants at which it sends; none while it rests.
    pub next_sends: Vec<Moment>,
    /// The period whose run should have been made and was not, and since when.
    pub overdue: Option<(String, Moment)>,
}

impl Services {
    pub async fn schedules(&self) -> Result<Vec<ScheduleView>, Refused> {
        let rows = digests::schedules(&self.store).await?;
        Ok(rows.into_iter().map(|row| self.schedule_view(row)).collect())
    }

    pub async fn schedule(&self, id: ScheduleId) -> Result<StoredSchedule, Refused> {
        digests::schedule(&self.store, id).await?.ok_or(Refused::NotFound)
    }

    pub fn schedule_view(&self, row: StoredSchedule) -> ScheduleView {
        let now = self.now();
        let next = match self.planned(&row) {
            Some(schedule) if row.active => next_periods(&schedule, now, NEXT),
            _ => Vec::new(),
        };
        ScheduleView {
            next_sends: next.into_iter().map(|period| period.due).collect(),
            overdue: self.overdue(&row, now),
            row,
        }
    }

    /// When a schedule written like this would send next, and which days those digests would tell of. Nothing is kept.
    ///
    /// # Errors
    /// Those of adding it.
    pub fn next_of(&self, draft: ScheduleDraft) -> Result<Vec<(Moment, Span)>, Refused> {
        let now = self.now();
        let row = self.filled(self.blank(now), draft)?;
        let schedule = self.planned(&row).ok_or_else(unreadable)?;
        let next = next_periods(&schedule, now, NEXT).into_iter();
        Ok(next.map(|period| (period.due, schedule.covers(&period))).collect())
    }

    /// Adds a schedule. Its first digest is the next one, not the one whose hour has just passed.
    pub async fn add_schedule(
        &self,
        actor: &Actor,
        draft: ScheduleDraft,
        once: Once<ScheduleView>,
    ) -> Result<String, Refused> {
        let now = self.now();
        let mut row = self.filled(self.blank(now), draft)?;
        row.last_period = self.newest_slot(&row, now);
        let tx = self.store.begin().await?;
        let claimed = match once.claim(&tx, actor, now).await? {
            Turn::Again(answer) => return Ok(answer),
            Turn::First(claimed) => claimed,
        };
        if digests::schedules(&tx).await?.len() >= MOST_SCHEDULES {
            return Err(Refused::conflict("too_many", "a country has 100 schedules at most"));
        }
        digests::insert_schedule(&tx, &row).await?;
        let told = entry(
            Some(actor),
            now,
            "schedule.create",
            ("schedule", row.id.to_string()),
            told_of(&row),
        );
        let answer = claimed.keep(&tx, &self.schedule_view(row)).await?;
        audit::append(&tx, vec![told]).await?;
        tx.commit().await?;
        Ok(answer)
    }

    /// Changes a schedule. One whose rhythm is another, or that wakes up, goes on with its next slot: what passed while it
    /// was another or slept is not made up for.
    pub async fn change_schedule(
        &self,
        actor: &Actor,
        id: ScheduleId,
        version: i64,
        draft: ScheduleDraft,
    ) -> Result<ScheduleView, Refused> {
        let now = self.now();
        let before = self.schedule(id).await?;
        let mut row = self.filled(before.clone(), draft)?;
        row.version = version;
        let slots = |row: &StoredSchedule| {
            let rule = (row.cadence.clone(), row.rule.clone(), row.at_minute);
            (rule, row.zone.clone(), row.active, row.expires_on)
        };
        if slots(&before) != slots(&row) {
            row.last_period = self.newest_slot(&row, now).max(row.last_period);
        }
        let tx = self.store.begin().await?;
        digests::update_schedule(&tx, &row).await?;
        let told = entry(
            Some(actor),
            now,
            "schedule.change",
            ("schedule", id.to_string()),
            told_of(&row),
        );
        audit::append(&tx, vec![told]).await?;
        tx.commit().await?;
        row.version += 1;
        Ok(self.schedule_view(row))
    }

    fn blank(&self, now: Moment) -> StoredSchedule {
        StoredSchedule {
            id: ScheduleId(self.ids.uuid(now)),
            name: String::new(),
            cadence: Cadence::Daily.to_string(),
            rule: None,
            expires_on: None,
            attach: Attach::default(),
            alarmed_period: None,
            at_minute: 0,
            zone: String::new(),
            region: None,
            active: true,
            last_period: None,
            version: 1,
            created_at: now,
        }
    }

    /// The key of the slot that has passed last.
    pub(super) fn newest_slot(&self, row: &StoredSchedule, now: Moment) -> Option<String> {
        let schedule = self.planned(row)?;
        latest_period(&schedule, now).map(|period| period.key())
    }

    /// The row as the draft wants it, or every field of the draft that cannot be.
    fn filled(&self, mut row: StoredSchedule, draft: ScheduleDraft) -> Result<StoredSchedule, Refused> {
        let mut errors = Vec::new();
        let zone = draft.zone.unwrap_or_else(|| self.pack.time_zone.name().to_owned());
        if zone.parse::<Tz>().is_err() {
            errors.push(FieldError::new("zone", "unknown", "a time zone such as Asia/Dushanbe"));
        }
        let region = draft.region.as_deref();
        if region.is_some_and(|region| self.pack.region(region).is_none()) {
            let detail = "not a region of this country pack";
            errors.push(FieldError::new("region", "unknown", detail));
        }
        let rule = match draft.cadence.check(draft.rule, draft.at) {
            Ok(rule) => rule,
            Err(faults) => {
                errors.extend(faults);
                Rule::default()
            }
        };
        if !errors.is_empty() {
            return Err(Refused::Invalid(errors));
        }
        let at = draft.at.unwrap_or_default();
        row.name = draft.name;
        row.cadence = draft.cadence.to_string();
        row.rule = kept_rule(&rule);
        row.at_minute = u16::try_from(at.hour() * 60 + at.minute()).unwrap_or(0);
        row.zone = zone;
        row.region = draft.region;
        row.active = draft.active;
        row.expires_on = draft.expires_on;
        row.attach = draft.attach;
        self.sends_at_all(&row)?;
        Ok(row)
    }

    /// A schedule that is to send has at least one slot ahead: a line such as `0 8 30 2 *`, or a last day that has passed,
    /// is a mistake.
    fn sends_at_all(&self, row: &StoredSchedule) -> Result<(), Refused> {
        let schedule = self.planned(row).ok_or_else(unreadable)?;
        let now = self.now();
        if !row.active || !next_periods(&schedule, now, 1).is_empty() {
            return Ok(());
        }
        let endless = Schedule {
            expires_on: None,
            ..schedule
        };
        let field = match next_periods(&endless, now, 1).is_empty() {
            true => "cron",
            false => "expires_on",
        };
        Err(Refused::invalid(field, "never", "it would never send"))
    }

    /// The stored schedule as the domain plans with it; `None` for one that no version of this program writes.
    pub(super) fn planned(&self, row: &StoredSchedule) -> Option<Schedule> {
        let rule = match &row.rule {
            Some(text) => serde_json::from_str(text).ok()?,
            None => Rule::default(),
        };
        Some(Schedule {
            cadence: row.cadence.parse().ok()?,
            rule,
            at: NaiveTime::from_num_seconds_from_midnight_opt(u32::from(row.at_minute) * 60, 0)?,
            zone: row.zone.parse().ok()?,
            region: row.region.clone(),
            expires_on: row.expires_on,
            holidays: self.pack.holidays.clone(),
        })
    }

    /// The period whose run is missing for too long, and since when. One that nobody can plan is always in trouble.
    pub(super) fn overdue(&self, row: &StoredSchedule, now: Moment) -> Option<(String, Moment)> {
        if !row.active {
            return None;
        }
        match self.planned(row) {
            Some(schedule) => {
                let period: Period = overdue(&schedule, now, row.last_period.as_deref())?;
                Some((period.key(), period.due))
            }
            // Once a day, until somebody mends it.
            None => Some((self.today(now).to_string(), row.created_at)),
        }
    }
}

/// How a rule is kept: none at all where there is nothing to say.
pub(super) fn kept_rule(rule: &Rule) -> Option<String> {
    (*rule != Rule::default()).then(|| json!(rule).to_string())
}

fn told_of(row: &StoredSchedule) -> serde_json::Value {
    json!({"cadence": row.cadence, "rule": row.rule, "at": row.at_minute, "zone": row.zone, "region": row.region,
        "active": row.active, "expires_on": row.expires_on})
}

pub(super) fn unreadable() -> Refused {
    Refused::Unexpected("an unreadable schedule".to_owned())
}
