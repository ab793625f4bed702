//! What keeps digests from their readers, for the administrators: a run that was not made, letters that were refused for
//! good, letters that wait too long. Told on their screens at any time, and once by mail for each schedule and period.

use std::collections::HashMap;

use chrono::Duration;
use serde_json::json;

use super::Services;
use super::errors::Refused;
use crate::domain::codes::codes;
use crate::domain::id::{DigestId, Moment, ScheduleId};
use crate::domain::outbox::{DigestKind, NoticeKind, StoredSchedule};
use crate::store::digests::{self, Wanted};
use crate::store::letters;

codes! {
    TroubleCode {
        /// The hour of a digest has passed, and it was not made.
        DigestOverdue,
        /// Letters of a digest were refused for good.
        LettersDead,
        /// Letters of any kind have waited too long.
        LettersWaiting,
    }
}

/// One thing that is wrong now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    pub code: TroubleCode,
    pub schedule: Option<(ScheduleId, String)>,
    pub period: Option<String>,
    pub digest: Option<DigestId>,
    /// Letters.
    pub count: Option<u64>,
    pub since: Moment,
}

/// A letter that has waited longer than this is in trouble.
const WAITING_TOO_LONG: Duration = Duration::minutes(15);
/// Digests made longer ago than this are no trouble any more: nobody needs their letters now.
const OVER_AFTER: Duration = Duration::days(5);
/// Newest digests that are looked at.
const LOOKED_AT: u64 = 200;

impl Services {
    /// Everything that is wrong now: overdue runs first, in the order of the schedules' names.
    pub async fn troubles(&self) -> Result<Vec<Trouble>, Refused> {
        let now = self.now();
        let schedules = digests::schedules(&self.store).await?;
        let mut all = self.overdue_runs(&schedules, now);
        all.extend(self.dead_letters(&schedules, now).await?);
        if let Some((count, since)) = letters::waiting_since(&self.store, now - WAITING_TOO_LONG).await? {
            all.push(Trouble {
                code: TroubleCode::LettersWaiting,
                schedule: None,
                period: None,
                digest: None,
                count: Some(count),
                since,
            });
        }
        Ok(all)
    }

    /// How many schedules wait for a run whose hour has passed.
    pub(super) async fn digests_overdue(&self, now: Moment) -> Result<usize, Refused> {
        let schedules = digests::schedules(&self.store).await?;
        Ok(self.overdue_runs(&schedules, now).len())
    }

    fn overdue_runs(&self, schedules: &[StoredSchedule], now: Moment) -> Vec<Trouble> {
        let overdue = schedules.iter().filter_map(|row| {
            let (period, since) = self.overdue(row, now)?;
            Some(Trouble {
                code: TroubleCode::DigestOverdue,
                schedule: Some((row.id, row.name.clone())),
                period: Some(period),
                digest: None,
                count: None,
                since,
            })
        });
        overdue.collect()
    }

    async fn dead_letters(&self, schedules: &[StoredSchedule], now: Moment) -> Result<Vec<Trouble>, Refused> {
        let newest = digests::digests(&self.store, Wanted::default(), LOOKED_AT).await?;
        let made_for_readers = newest
            .into_iter()
            .filter(|row| row.kind != DigestKind::Test && row.created_at > now - OVER_AFTER);
        let recent: Vec<_> = made_for_readers.collect();
        let ids: Vec<DigestId> = recent.iter().map(|row| row.id).collect();
        let states = digests::letter_states(&self.store, &ids).await?;
        let names: HashMap<ScheduleId, &str> = schedules.iter().map(|row| (row.id, row.name.as_str())).collect();
        let trouble = recent.into_iter().filter_map(|row| {
            let dead = states.get(&row.id)?.get("dead").copied().filter(|dead| *dead > 0)?;
            Some(Trouble {
                code: TroubleCode::LettersDead,
                schedule: Some((row.schedule_id, (*names.get(&row.schedule_id)?).to_owned())),
                period: Some(row.period),
                digest: Some(row.id),
                count: Some(dead),
                since: row.created_at,
            })
        });
        Ok(trouble.collect())
    }

    /// Tells the administrators by mail of what they were not told of before, on however many nodes; of how many troubles.
    /// It needs nothing of the run that failed: neither its figures nor its words.
    pub async fn alarm_due(&self) -> Result<usize, Refused> {
        let now = self.now();
        let schedules = digests::schedules(&self.store).await?;
        let mut troubles = self.overdue_runs(&schedules, now);
        troubles.extend(self.dead_letters(&schedules, now).await?);
        let known: HashMap<ScheduleId, Option<&str>> = (schedules.iter())
            .map(|row| (row.id, row.alarmed_period.as_deref()))
            .collect();
        let is_news = |trouble: &Trouble| {
            let told = trouble
                .schedule
                .as_ref()
                .and_then(|(id, _)| known.get(id).copied().flatten());
            trouble.period.as_deref() > told
        };
        let mut told = 0;
        for trouble in troubles.into_iter().filter(is_news) {
            let (Some((schedule, _)), Some(period)) = (&trouble.schedule, &trouble.period) else {
                continue;
            };
            let tx = self.store.begin().await?;
            if !digests::claim_alarm(&tx, *schedule, period).await? {
                continue;
            }
            let kind = match trouble.code {
                TroubleCode::DigestOverdue => NoticeKind::DigestOverdue,
                TroubleCode::LettersDead | TroubleCode::LettersWaiting => NoticeKind::LettersDead,
            };
            let mut telling = self.telling(now);
            telling.notice_of_trouble(kind);
            let detail = json!({"trouble": trouble.code, "period": period});
            telling.entry(None, "schedule.alarm", ("schedule", schedule.to_string()), detail);
            self.finish(tx, telling).await?;
            told += 1;
        }
        Ok(told)
    }

    /// Whether what a notice of trouble says is no longer so.
    pub(super) async fn is_trouble_over(&self, kind: NoticeKind, now: Moment) -> Result<bool, Refused> {
        match kind {
            NoticeKind::DigestOverdue => {
                let schedules = digests::schedules(&self.store).await?;
                Ok(self.overdue_runs(&schedules, now).is_empty())
            }
            _ => Ok(false),
        }
    }
}
