//! What the board learns from reports: how long places stay free, over the country and in each shelter. From the last
//! weeks of reports when it is drawn as a whole, and from each new report when its shelter is drawn again. It must not
//! rank.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::Duration;

use super::Services;
use super::errors::Refused;
use crate::domain::chance::{ChanceModel, History, Record, learn};
use crate::domain::id::{Moment, ShelterId};
use crate::store::history;
use crate::store::shelters::Which;

/// How far back reports count.
const LEARN_DAYS: i64 = 60;

/// Owned by whoever draws the board.
#[derive(Default)]
pub(super) struct Learned {
    pub chances: Arc<ChanceModel>,
    histories: HashMap<ShelterId, History>,
}

impl Learned {
    pub fn record(&self, id: ShelterId) -> Record {
        self.histories.get(&id).map_or_else(Record::default, History::record)
    }
}

impl Services {
    /// Everything afresh from the reports of the last [`LEARN_DAYS`] days.
    pub(super) async fn learn(&self, now: Moment) -> Result<Learned, Refused> {
        let told = history::told(&self.store, Which::All, now - Duration::days(LEARN_DAYS)).await?;
        // In the order of ids, so that the same reports always teach the same.
        let mut shelters: Vec<_> = told.into_iter().collect();
        shelters.sort_unstable_by_key(|(id, _)| *id);
        let chances = learn(shelters.iter().map(|(_, reports)| reports.as_slice()));
        let histories = shelters.into_iter().map(|(id, reports)| {
            let mut history = History::default();
            for seen in reports {
                history.tell(&chances, seen);
            }
            (id, history)
        });
        Ok(Learned {
            histories: histories.collect(),
            chances: Arc::new(chances),
        })
    }

    /// What these shelters have reported since. A report told of late, of a time before the last one, waits for the next
    /// learning afresh.
    pub(super) async fn learn_on(&self, learned: &mut Learned, ids: &[ShelterId], now: Moment) -> Result<(), Refused> {
        let start = now - Duration::days(LEARN_DAYS);
        let last = |id: &ShelterId| learned.histories.get(id).and_then(History::last).unwrap_or(start);
        let Some(since) = ids.iter().map(last).min() else {
            return Ok(());
        };
        for (id, reports) in history::told(&self.store, Which::Ids(ids), since).await? {
            let history = learned.histories.entry(id).or_default();
            for seen in reports {
                history.tell(&learned.chances, seen);
            }
        }
        Ok(())
    }
}
