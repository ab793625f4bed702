//! Reminding shelters of a report that has not come: each step of each shelter's day once, on however many nodes, written
//! with its letters and its audit entry in one transaction. When a step is due is `domain::reminders`' business.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{Days, NaiveDate};
use serde_json::json;

use super::Services;
use super::errors::Refused;
use super::notices::To;
use crate::domain::accounts::ShelterScope;
use crate::domain::availability::ShelterView;
use crate::domain::calendar;
use crate::domain::id::{Moment, ShelterId};
use crate::domain::outbox::{Letter, NoticeKind};
use crate::domain::reminders::{Rhythm, Step, Taken};
use crate::domain::shelters::Shelter;
use crate::store::reminders;
use crate::store::shelters::{self, Which};

/// Shelters whose steps are taken in one transaction.
const TOGETHER: usize = 50;
/// For how many days it is kept who was reminded.
const KEPT_DAYS: u64 = 62;

/// The minute of the last look: due times are minutes, so one look a minute is enough.
#[derive(Default)]
pub struct Watch {
    seen: AtomicI64,
}

/// A step that is due.
struct Due {
    shelter: ShelterId,
    rhythm: Rhythm,
    day: NaiveDate,
    step: Step,
}

/// How a shelter stands with its report.
pub struct Standing {
    /// When its newest figures were true; `None` if it never reported.
    pub last_report_at: Option<Moment>,
    /// Reminders sent for the report that is missing now; 0 if none is.
    pub reminders: u8,
    /// Whether the operators were told of it.
    pub operators_told: bool,
}

impl Services {
    /// Takes every step that is due; how many were taken here. While every shelter has reported, nothing is asked of the
    /// database.
    pub async fn remind_due(&self) -> Result<usize, Refused> {
        let now = self.now();
        let minute = now.timestamp().div_euclid(60);
        if self.watch.seen.load(Ordering::SeqCst) == minute {
            return Ok(0);
        }
        let (mut taken, mut operators_told) = (0, false);
        for together in self.steps_due(now).await?.chunks(TOGETHER) {
            taken += self.take_steps(together, &mut operators_told, now).await?;
        }
        self.watch.seen.store(minute, Ordering::SeqCst);
        Ok(taken)
    }

    /// By the board, which may be behind other nodes: the database is asked again when a step is taken.
    async fn steps_due(&self, now: Moment) -> Result<Vec<Due>, Refused> {
        let (hours, zone) = (&self.pack.reminders, self.pack.time_zone);
        if !hours.contain(zone, now) {
            return Ok(Vec::new());
        }
        let board = self.board.current();
        let owing: Vec<(&ShelterView, Rhythm)> = (board.views())
            .map(|view| (view, Rhythm::of(&view.shelter, zone)))
            .filter(|(view, rhythm)| rhythm.is_missing(rhythm.day_of(now), view.observed_at))
            .collect();
        if owing.is_empty() {
            return Ok(Vec::new());
        }
        let managed = reminders::managed(&self.store).await?;
        // Yesterday's course may still be under way.
        let taken = reminders::since(&self.store, calendar::local_date(zone, now) - Days::new(2)).await?;
        let none = Vec::new();
        let mut due: Vec<Due> = (owing.into_iter())
            .filter(|(view, _)| managed.contains(&view.shelter.id))
            .filter_map(|(view, rhythm)| {
                let shelter = view.shelter.id;
                let taken = taken.get(&shelter).unwrap_or(&none);
                let (day, step) = hours.step_due(&rhythm, view.observed_at, taken, now)?;
                Some(Due {
                    shelter,
                    rhythm,
                    day,
                    step,
                })
            })
            .collect();
        // In one order on every node, so that two that take the same steps wait for each other and no more.
        due.sort_by_key(|due| due.shelter);
        Ok(due)
    }

    /// Takes these steps, but for those whose report has come and those that another node has taken. The operators are told
    /// once however many shelters are silent: the letter names none.
    async fn take_steps(&self, due: &[Due], operators_told: &mut bool, now: Moment) -> Result<usize, Refused> {
        let tx = self.store.begin().await?;
        let ids: Vec<ShelterId> = due.iter().map(|due| due.shelter).collect();
        let observed = reminders::observed(&tx, &ids).await?;
        let mut telling = self.telling(now);
        let (mut taken, mut told) = (0, *operators_told);
        for due in due {
            let observed_at = observed.get(&due.shelter).copied();
            let step = Taken {
                day: due.day,
                step: due.step,
                at: now,
            };
            if !due.rhythm.is_missing(due.day, observed_at) || !reminders::claim(&tx, due.shelter, step).await? {
                continue;
            }
            taken += 1;
            let action = if due.step.is_reminder() {
                telling.notice_of_shelter(due.shelter, NoticeKind::ReportDue, To::ManagersOf(due.shelter));
                "report.remind"
            } else {
                if !told {
                    telling.notice_of_shelter(due.shelter, NoticeKind::ReportOverdue, To::Operators);
                    told = true;
                }
                "report.tell_operators"
            };
            let detail = json!({"day": due.day, "step": due.step.to_string()});
            telling.entry(None, action, ("shelter", due.shelter.to_string()), detail);
        }
        self.finish(tx, telling).await?;
        *operators_told = told;
        Ok(taken)
    }

    /// Whether a letter about a missing report is better not sent any more.
    pub(super) async fn is_reminder_overtaken(
        &self,
        letter: &Letter,
        kind: NoticeKind,
        shelter: ShelterId,
        now: Moment,
    ) -> Result<bool, Refused> {
        if kind == NoticeKind::ReportOverdue {
            return self.is_nobody_silent(letter.created_at).await;
        }
        let Some(row) = shelters::get(&self.store, &ShelterScope::All, shelter).await? else {
            return Ok(true);
        };
        let observed = reminders::observed(&self.store, &[shelter]).await?;
        let rhythm = Rhythm::of(&row, self.pack.time_zone);
        let observed_at = observed.get(&shelter).copied();
        Ok((self.pack.reminders).is_overtaken(&rhythm, observed_at, letter.created_at, now))
    }

    /// Whether every shelter that the operators were told of at this moment has reported since.
    async fn is_nobody_silent(&self, told_at: Moment) -> Result<bool, Refused> {
        let taken = reminders::taken_at(&self.store, told_at).await?;
        let told_of: HashMap<ShelterId, NaiveDate> = (taken.iter())
            .filter_map(|(id, taken)| Some((*id, taken.iter().find(|taken| !taken.step.is_reminder())?.day)))
            .collect();
        let ids: Vec<ShelterId> = told_of.keys().copied().collect();
        let rows = shelters::list(&self.store, &ShelterScope::All, Which::Ids(&ids)).await?;
        let observed = reminders::observed(&self.store, &ids).await?;
        Ok(!rows.iter().any(|row| {
            let rhythm = Rhythm::of(row, self.pack.time_zone);
            let day = told_of.get(&row.id);
            day.is_some_and(|day| rhythm.is_missing(*day, observed.get(&row.id).copied()))
        }))
    }

    /// How each of these stands with its report, in their order.
    pub async fn standings(&self, rows: &[Shelter]) -> Result<Vec<Standing>, Refused> {
        let (zone, now) = (self.pack.time_zone, self.now());
        let ids: Vec<ShelterId> = rows.iter().map(|row| row.id).collect();
        let observed = reminders::observed(&self.store, &ids).await?;
        let taken = reminders::since(&self.store, calendar::local_date(zone, now) - Days::new(2)).await?;
        let standing = |row: &Shelter| {
            let rhythm = Rhythm::of(row, zone);
            let (observed_at, day) = (observed.get(&row.id).copied(), rhythm.day_of(now));
            let missing = rhythm.is_missing(day, observed_at);
            let steps = taken.get(&row.id).filter(|_| missing).into_iter().flatten();
            let (reminders, told): (Vec<&Taken>, Vec<&Taken>) = steps
                .filter(|taken| taken.day == day)
                .partition(|taken| taken.step.is_reminder());
            Standing {
                last_report_at: observed_at,
                reminders: u8::try_from(reminders.len()).unwrap_or(u8::MAX),
                operators_told: !told.is_empty(),
            }
        };
        Ok(rows.iter().map(standing).collect())
    }

    /// Forgets the reminders of two months ago.
    pub async fn forget_old_reminders(&self) -> Result<u64, Refused> {
        let today = calendar::local_date(self.pack.time_zone, self.now());
        let tx = self.store.begin().await?;
        let gone = reminders::purge(&tx, today - Days::new(KEPT_DAYS)).await?;
        tx.commit().await?;
        Ok(gone)
    }
}
