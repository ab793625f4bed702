//! Daily quotas: what one person does is counted in the transaction that does it, and the administrators hear when somebody
//! comes near a limit. Searches, which write nothing, are counted in memory and written every few.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use chrono::NaiveDate;
use serde_json::json;

use super::Services;
use super::errors::Refused;
use super::telling::Telling;
use crate::domain::accounts::{Actor, Role};
use crate::domain::errors::FieldError;
use crate::domain::id::{Moment, ShelterId, UserId};
use crate::domain::outbox::NoticeKind;
use crate::domain::quotas::{QuotaKind, Quotas, Standing, seconds_to_midnight};
use crate::store::{Tx, instance, quotas, shelters};

/// Searches are written after so many, and each one near the limit. What a node has not written yet the others do not know,
/// and a node that starts does not know what was written before: each may let through so many more than the quota.
const WRITTEN_EVERY: u32 = 10;

/// What this node has counted of each person's searches.
#[derive(Default)]
pub struct Searches(Mutex<HashMap<UserId, Tally>>);

struct Tally {
    day: NaiveDate,
    /// What the database said last, which has all nodes' in it.
    known: u32,
    unwritten: u32,
}

enum Step {
    Counted,
    Write(u32),
    TooMany,
}

impl Searches {
    fn count(&self, user: UserId, day: NaiveDate, quotas: &Quotas) -> Step {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, tally| tally.day == day);
        let tally = all.entry(user).or_insert(Tally {
            day,
            known: 0,
            unwritten: 0,
        });
        let count = tally.known + tally.unwritten + 1;
        if quotas.exceeds(QuotaKind::Searches, count) {
            return Step::TooMany;
        }
        tally.unwritten += 1;
        let near = quotas.standing(QuotaKind::Searches, count) > Standing::Well;
        if near || tally.unwritten >= WRITTEN_EVERY {
            return Step::Write(std::mem::take(&mut tally.unwritten));
        }
        Step::Counted
    }

    fn learn(&self, user: UserId, day: NaiveDate, known: u32) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(tally) = all.get_mut(&user).filter(|tally| tally.day == day) {
            tally.known = tally.known.max(known);
        }
    }
}

impl Services {
    /// Counts `more` of a kind as done by this person today, in the transaction that does it: what is rolled back was not
    /// done. To be called after all row locks are taken and before the audit is written.
    ///
    /// # Errors
    /// `QuotaReached` where the day's quota does not allow them.
    pub(super) async fn charge(
        &self,
        tx: &Tx,
        telling: &mut Telling,
        actor: &Actor,
        (kind, more): (QuotaKind, u32),
    ) -> Result<u32, Refused> {
        let now = telling.now;
        let count = quotas::add(tx, actor.user_id, kind, self.today(now), more, now).await?;
        if self.quotas.exceeds(kind, count) {
            return Err(self.used_up(now));
        }
        self.tell_standing(tx, telling, actor, (kind, count.saturating_sub(more), count))
            .await?;
        Ok(count)
    }

    /// Counts a search, from memory but for every tenth and those near the limit.
    ///
    /// # Errors
    /// `QuotaReached` where the day's are used up.
    pub async fn count_search(&self, actor: &Actor) -> Result<(), Refused> {
        let now = self.now();
        let day = self.today(now);
        let more = match self.searches.count(actor.user_id, day, &self.quotas) {
            Step::Counted => return Ok(()),
            Step::TooMany => return Err(self.used_up(now)),
            Step::Write(more) => more,
        };
        let tx = self.store.begin().await?;
        let mut telling = self.telling(now);
        let kind = QuotaKind::Searches;
        let count = quotas::add(&tx, actor.user_id, kind, day, more, now).await?;
        self.tell_standing(&tx, &mut telling, actor, (kind, count.saturating_sub(more), count))
            .await?;
        self.finish(tx, telling).await?;
        self.searches.learn(actor.user_id, day, count);
        if self.quotas.exceeds(kind, count) {
            return Err(self.used_up(now));
        }
        Ok(())
    }

    fn used_up(&self, now: Moment) -> Refused {
        Refused::QuotaReached {
            seconds: seconds_to_midnight(now, self.board.zone()),
        }
    }

    async fn tell_standing(
        &self,
        tx: &Tx,
        telling: &mut Telling,
        actor: &Actor,
        (kind, before, count): (QuotaKind, u32, u32),
    ) -> Result<(), Refused> {
        let (action, notice) = match self.quotas.news(kind, before, count) {
            Some(Standing::Near) => ("quota.near", NoticeKind::QuotaNear),
            Some(Standing::Reached) => ("quota.reached", NoticeKind::QuotaReached),
            Some(Standing::Well) | None => return Ok(()),
        };
        let detail = json!({"kind": kind, "count": count});
        telling.entry(Some(actor), action, ("user", actor.user_id.to_string()), detail);
        self.alarm(tx, telling, notice).await?;
        Ok(())
    }

    /// Writes to the administrators that something is wrong, of each kind once a local day: `true` if it was not yet said.
    pub(super) async fn alarm(&self, tx: &Tx, telling: &mut Telling, kind: NoticeKind) -> Result<bool, Refused> {
        let day = self.today(telling.now).to_string();
        let first = instance::claim(tx, &format!("alarm_{kind}"), &day).await?;
        if first {
            telling.notice_of_trouble(kind);
        }
        Ok(first)
    }

    /// Somebody asked for something under an id that leads nowhere, or nowhere for her. If it is that of a canary, a shelter
    /// which nobody is told of, it is on record and the administrators hear of it; the answer is the same.
    pub async fn asked_in_vain(&self, actor: &Actor, id: ShelterId) -> Result<(), Refused> {
        if actor.role == Role::Admin || !shelters::is_canary(&self.store, id).await? {
            return Ok(());
        }
        let now = self.now();
        let tx = self.store.begin().await?;
        let mut telling = self.telling(now);
        quotas::add(&tx, actor.user_id, QuotaKind::Canaries, self.today(now), 1, now).await?;
        telling.entry(Some(actor), "canary.touched", ("shelter", id.to_string()), json!(null));
        self.alarm(&tx, &mut telling, NoticeKind::CanaryTouched).await?;
        self.finish(tx, telling).await
    }

    /// Refuses a body that has faults; a canary among the shelters that it names is noticed.
    ///
    /// # Errors
    /// `Invalid` with the faults, if there are any.
    pub(super) async fn faultless(
        &self,
        actor: &Actor,
        named: &[ShelterId],
        faults: Vec<FieldError>,
    ) -> Result<(), Refused> {
        if faults.is_empty() {
            return Ok(());
        }
        for id in named {
            self.asked_in_vain(actor, *id).await?;
        }
        Err(Refused::Invalid(faults))
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn of_searches_each_tenth_and_those_near_the_limit_are_written() {
        let (searches, quotas) = (
            Searches::default(),
            Quotas {
                searches: 40,
                ..Quotas::default()
            },
        );
        let day = NaiveDate::from_ymd_opt(2026, 11, 22).unwrap();
        let user = UserId(Uuid::from_u128(1));
        let mut total = 0;
        let written: Vec<u32> = (1..=41)
            .filter(|_| match searches.count(user, day, &quotas) {
                Step::Write(more) => {
                    total += more;
                    searches.learn(user, day, total);
                    true
                }
                Step::Counted => false,
                Step::TooMany => false,
            })
            .collect();
        assert_eq!(written, [10, 20, 30, 32, 33, 34, 35, 36, 37, 38, 39, 40]);
        assert_eq!(total, 40);
        assert!(matches!(searches.count(user, day, &quotas), Step::TooMany));
        assert!(matches!(
            searches.count(user, day.succ_opt().unwrap(), &quotas),
            Step::Counted
        ));
    }
}
