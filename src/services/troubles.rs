//! What administrators need to know: what keeps digests from their readers (a run that was not made, letters that were
//! refused for good or wait too long), and what looks like somebody collecting (quotas nearly used up, a canary asked for) or
//! covering up (an audit that does not hold) or guessing at passwords. Told on their screens at any time, and once by mail.

use std::collections::HashMap;

use chrono::{DateTime, Days, Duration};
use serde_json::{Value, json};

use super::Services;
use super::audit;
use super::errors::Refused;
use crate::domain::codes::codes;
use crate::domain::id::{DigestId, Moment, ScheduleId, UserId};
use crate::domain::outbox::{DigestKind, NoticeKind, StoredSchedule};
use crate::domain::quotas::{QuotaKind, Standing};
use crate::store::digests::{self, Wanted};
use crate::store::{instance, letters, quotas};

codes! {
    TroubleCode {
        /// The hour of a digest has passed, and it was not made.
        DigestOverdue,
        /// Letters of a digest were refused for good.
        LettersDead,
        /// Letters of any kind have waited too long.
        LettersWaiting,
        /// Somebody has nearly used up today's quota of something, or has.
        QuotaNear,
        QuotaReached,
        /// Somebody asked for a shelter that is none.
        CanaryTouched,
        /// The audit does not hold.
        AuditBroken,
        /// Somebody guesses at passwords.
        SignInAttack,
    }
}

/// One thing that is wrong now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    pub code: TroubleCode,
    pub schedule: Option<(ScheduleId, String)>,
    pub period: Option<String>,
    pub digest: Option<DigestId>,
    /// Whose quota, or who asked, with the name.
    pub user: Option<(UserId, String)>,
    /// Of what a quota is.
    pub quota: Option<QuotaKind>,
    /// Letters, or how often.
    pub count: Option<u64>,
    pub since: Moment,
}

impl Trouble {
    fn new(code: TroubleCode, since: Moment) -> Self {
        Self {
            code,
            schedule: None,
            period: None,
            digest: None,
            user: None,
            quota: None,
            count: None,
            since,
        }
    }
}

/// A letter that has waited longer than this is in trouble.
const WAITING_TOO_LONG: Duration = Duration::minutes(15);
/// Digests made longer ago than this are no trouble any more: nobody needs their letters now.
const OVER_AFTER: Duration = Duration::days(5);
/// For how long a question for a canary stands on the administrators' screens.
const CANARIES_TOLD: Days = Days::new(6);
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
                count: Some(count),
                ..Trouble::new(TroubleCode::LettersWaiting, since)
            });
        }
        all.extend(self.collectors(now).await?);
        all.extend(self.broken_audit(now).await?);
        all.extend(self.guessers().await?);
        Ok(all)
    }

    /// Whoever came near a quota today, and who asked for canaries within a week.
    async fn collectors(&self, now: Moment) -> Result<Vec<Trouble>, Refused> {
        let today = self.today(now);
        let counted = quotas::since(&self.store, today - CANARIES_TOLD).await?;
        let trouble = counted.into_iter().filter_map(|(counted, name)| {
            let code = match (counted.kind, self.quotas.standing(counted.kind, counted.count)) {
                (QuotaKind::Canaries, _) => TroubleCode::CanaryTouched,
                (_, Standing::Near) if counted.day == today => TroubleCode::QuotaNear,
                (_, Standing::Reached) if counted.day == today => TroubleCode::QuotaReached,
                _ => return None,
            };
            Some(Trouble {
                user: Some((counted.user, name)),
                quota: (code != TroubleCode::CanaryTouched).then_some(counted.kind),
                count: Some(u64::from(counted.count)),
                ..Trouble::new(code, counted.at)
            })
        });
        Ok(trouble.collect())
    }

    /// Accounts and addresses at which passwords were guessed within a day.
    async fn guessers(&self) -> Result<Vec<Trouble>, Refused> {
        let attacks = self.attacks().await?.into_iter();
        let trouble = attacks.map(|attack| Trouble {
            user: attack.user,
            count: Some(u64::from(attack.failures)),
            ..Trouble::new(TroubleCode::SignInAttack, attack.last_at)
        });
        Ok(trouble.collect())
    }

    /// What the last walk over the audit found.
    async fn broken_audit(&self, now: Moment) -> Result<Option<Trouble>, Refused> {
        let Some(found) = instance::get(&self.store, audit::BROKEN).await? else {
            return Ok(None);
        };
        let found: Value = serde_json::from_str(&found).unwrap_or_default();
        let since = found.get("at").and_then(Value::as_i64);
        let since = since.and_then(DateTime::from_timestamp_millis).unwrap_or(now);
        Ok(Some(Trouble::new(TroubleCode::AuditBroken, since)))
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
                schedule: Some((row.id, row.name.clone())),
                period: Some(period),
                ..Trouble::new(TroubleCode::DigestOverdue, since)
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
                schedule: Some((row.schedule_id, (*names.get(&row.schedule_id)?).to_owned())),
                period: Some(row.period),
                digest: Some(row.id),
                count: Some(dead),
                ..Trouble::new(TroubleCode::LettersDead, row.created_at)
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
                _ => NoticeKind::LettersDead,
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
