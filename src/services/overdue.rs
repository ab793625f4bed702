//! Telling people of transfers that have not arrived by their day: each step of each transfer once, on however many nodes,
//! written with its letters and its audit entry in one transaction. When a step is due is `domain::transfers`' business.

use std::collections::BTreeSet;

use serde_json::json;

use super::Services;
use super::errors::Refused;
use super::notices::To;
use crate::domain::calendar;
use crate::domain::id::{Moment, ShelterId};
use crate::domain::outbox::{Letter, NoticeKind};
use crate::domain::transfers::{Chase, Transfer, chased_until};
use crate::store::transfers;

/// Transfers whose steps are taken in one transaction.
const TOGETHER: u64 = 50;

impl Services {
    /// Takes every step that is due, within the hours in which people are reminded; how many were taken here. A shelter is
    /// written to once and so are the operators, however many transfers there are: the letter names none.
    pub async fn chase_due(&self) -> Result<usize, Refused> {
        let now = self.now();
        let zone = self.pack.time_zone;
        if !self.pack.reminders.contain(zone, now) {
            return Ok(0);
        }
        let until = chased_until(calendar::local_date(zone, now));
        let (mut taken, mut told) = (0, BTreeSet::new());
        loop {
            let mut due = transfers::to_chase(&self.store, &until, TOGETHER).await?;
            // In one order on every node, so that two that take the same steps wait for each other and no more.
            due.sort_by_key(|row| row.id);
            match self.take_chases(&due, &mut told, now).await? {
                0 => return Ok(taken),
                some => taken += some,
            }
        }
    }

    /// Takes these steps, but for those that another node has taken.
    async fn take_chases(
        &self,
        due: &[Transfer],
        told: &mut BTreeSet<(Chase, Option<ShelterId>)>,
        now: Moment,
    ) -> Result<usize, Refused> {
        if due.is_empty() {
            return Ok(0);
        }
        let today = calendar::local_date(self.pack.time_zone, now);
        let tx = self.store.begin().await?;
        let mut telling = self.telling(now);
        let (mut taken, mut telling_now) = (0, told.clone());
        for row in due {
            let Some(chase) = row.chase_due(today) else { continue };
            if !transfers::claim_chase(&tx, row).await? {
                continue;
            }
            taken += 1;
            let readers: Vec<Option<ShelterId>> = match chase {
                Chase::Ends => vec![Some(row.from), Some(row.to)],
                Chase::Operators => vec![None],
            };
            for reader in readers {
                if telling_now.insert((chase, reader)) {
                    match reader {
                        Some(shelter) => telling.notice_of_transfer(shelter, NoticeKind::TransferDue),
                        None => telling.notice_of_shelter(row.from, NoticeKind::TransferOverdue, To::Operators),
                    }
                }
            }
            let action = match chase {
                Chase::Ends => "transfer.remind",
                Chase::Operators => "transfer.tell_operators",
            };
            telling.entry(
                None,
                action,
                ("transfer", row.id.to_string()),
                json!({"due_on": row.due_on}),
            );
        }
        self.finish(tx, telling).await?;
        *told = telling_now;
        Ok(taken)
    }

    /// Whether a letter about a transfer is better not sent any more.
    pub(super) async fn is_transfer_overtaken(
        &self,
        letter: &Letter,
        kind: NoticeKind,
        shelter: ShelterId,
        now: Moment,
    ) -> Result<bool, Refused> {
        let today = calendar::local_date(self.pack.time_zone, now);
        let awaited = match kind {
            NoticeKind::TransferOverdue => transfers::overdue(&self.store, today, 1).await?,
            _ => transfers::awaited_of(&self.store, shelter).await?,
        };
        Ok(!(awaited.iter()).any(|row| row.is_told_of(kind, shelter, letter.created_at, today)))
    }
}
