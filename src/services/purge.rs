//! The purge: once a night, what was kept for as long as it may be is removed, and after that taken out of the files. What
//! months that run, learning and rooms need of cases is summed first and names none of them.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use serde::Serialize;
use serde_json::json;

use super::Services;
use super::audit::entry;
use super::errors::Refused;
use crate::domain::calendar::local_date;
use crate::domain::id::{Moment, ReferralId};
use crate::domain::people::Block;
use crate::domain::retention::{ENDED, FAILURES, LETTERS, NEVER_CLOSED, NOTICES, QUOTAS, is_due};
use crate::store::purge::{self, Ends};
use crate::store::tally::{self, Tally};
use crate::store::{Tx, audit, period_figures};

/// Cases that are removed in one transaction.
const BATCH: u64 = 200;

/// What a purge removed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Purged {
    pub cases: u64,
    /// Sessions, links, letters and whatever else was over.
    pub other_rows: u64,
    /// Whether the files are rid of it. If somebody read in the way it comes again.
    pub compacted: bool,
}

impl Services {
    /// Makes the day's purge if it is due, or what is left of one; `None` if there is nothing to do.
    ///
    /// # Errors
    /// The database's. What was removed until then stays removed, and the rest comes again.
    pub async fn purge_due(&self) -> Result<Option<Purged>, Refused> {
        let progress = purge::progress(&self.store).await?;
        let local = self.now().with_timezone(&self.pack.time_zone);
        if is_due(progress.last, local.date_naive(), local.time()) {
            return self.purge().await.map(Some);
        }
        if !progress.to_compact {
            return Ok(None);
        }
        let compacted = self.compact().await?;
        Ok(Some(Purged {
            compacted,
            ..Purged::default()
        }))
    }

    /// Removes everything that is over now, whatever the hour.
    ///
    /// # Errors
    /// As [`Services::purge_due`].
    pub async fn purge(&self) -> Result<Purged, Refused> {
        // Of a month that is closed nothing has to be kept.
        self.close_months().await?;
        self.forget_old_keys().await?;
        self.forget_old_texts().await?;
        let now = self.now();
        let mut cases = 0;
        while let Some(some) = self.purge_cases(now).await? {
            cases += some;
        }
        let other_rows = self.purge_rest(now).await?;
        Ok(Purged {
            cases,
            other_rows,
            compacted: self.compact().await?,
        })
    }

    /// Some cases that are due; `None` if there are none.
    async fn purge_cases(&self, now: Moment) -> Result<Option<u64>, Refused> {
        let tx = self.store.begin().await?;
        purge::lock(&tx).await?;
        let closed = self.retention.closed_before(now);
        let due = purge::due_cases(&tx, closed, now - NEVER_CLOSED, now, BATCH).await?;
        let Some(oldest) = due.iter().map(|(_, at)| *at).min() else {
            return Ok(None);
        };
        let ids: Vec<ReferralId> = due.iter().map(|(id, _)| *id).collect();
        for month in self.running_months(&tx, oldest, now).await? {
            self.tally_month(&tx, &ids, month).await?;
        }
        self.tally_lessons(&tx, &ids, now).await?;
        purge::keep_arrivals(&tx, &ids, || self.ids.uuid(now)).await?;
        purge::remove_cases(&tx, &ids).await?;
        let detail = json!({"cases": ids.len(), "closed_before": closed});
        let told = entry(None, now, "retention.purge", ("referral", String::new()), detail);
        audit::append(&tx, vec![told]).await?;
        tx.commit().await?;
        Ok(Some(ids.len() as u64))
    }

    /// The months from that of `oldest` to now that are not closed.
    async fn running_months(&self, tx: &Tx, oldest: Moment, now: Moment) -> Result<Vec<Block>, Refused> {
        let day = |moment| local_date(self.pack.time_zone, moment);
        let months: BTreeSet<Block> = Block::covering(day(oldest), day(now))
            .into_iter()
            .flat_map(Block::nest)
            .filter(|block| block.months() == 1)
            .collect();
        let closed = period_figures::of(tx, &Vec::from_iter(months.iter().copied())).await?;
        Ok(months.into_iter().filter(|month| !closed.contains_key(month)).collect())
    }

    /// What is no case, and sums of months that were closed since.
    async fn purge_rest(&self, now: Moment) -> Result<u64, Refused> {
        let today = local_date(self.pack.time_zone, now);
        let tx = self.store.begin().await?;
        let ends = Ends {
            now,
            plans: self.retention.closed_before(now),
            ended: now - ENDED,
            failures: now - FAILURES,
            quotas: local_date(self.pack.time_zone, now - QUOTAS),
            notices: now - NOTICES,
            letters: now - LETTERS,
        };
        let gone = purge::remove_ended(&tx, ends).await?;
        // The month before may be waiting to be closed.
        if let Some(before) = Block::month_before(Block::month_of(today).from()) {
            tally::forget(&tx, Tally::People, &before.to_string()).await?;
        }
        purge::lock(&tx).await?;
        purge::done_on(&tx, today).await?;
        tx.commit().await?;
        Ok(gone)
    }

    async fn compact(&self) -> Result<bool, Refused> {
        if !self.store.compact().await? {
            return Ok(false);
        }
        let tx = self.store.begin().await?;
        purge::compacted(&tx).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// The local day of the last purge.
    pub async fn last_purge(&self) -> Result<Option<NaiveDate>, Refused> {
        Ok(purge::progress(&self.store).await?.last)
    }
}
