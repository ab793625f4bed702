//! The national balance of supplies over a period. Figures are added up by `domain::balance`.

use std::collections::BTreeMap;

use chrono::{NaiveDate, TimeDelta};

use super::Services;
use super::errors::Refused;
use crate::domain::balance::{Balance, Books, balances};
use crate::domain::id::Moment;
use crate::domain::stock::Stock;
use crate::store::{balance, stock};

/// The balance of a period of local days.
#[derive(Debug, Clone)]
pub struct SupplyBalance {
    pub as_of: Moment,
    pub from: NaiveDate,
    /// Included; of today as far as it is known.
    pub to: NaiveDate,
    /// By item code.
    pub items: Vec<Balance>,
}

impl Services {
    /// What there was of each item, what came, went and was lost, and what there is, from `from` to `to` (local dates, both
    /// included; the last 90 days if not said), each end as it was known then. Eight statements that see one moment.
    ///
    /// # Errors
    /// `Invalid` (`from`, `to`): the wrong way round, or more than 400 days.
    pub async fn supply_balance(
        &self,
        from: Option<NaiveDate>,
        to: Option<NaiveDate>,
    ) -> Result<SupplyBalance, Refused> {
        let as_of = self.now();
        let (from, to) = self.period(from, to, as_of)?;
        // Both ends are the last millisecond of a day.
        let before = |moment: Moment| moment - TimeDelta::milliseconds(1);
        let start = before(self.begins(from)?);
        let end = before(self.ends(to)?).min(as_of);
        let db = &self.store.snapshot().await?;
        let books = Books {
            opening: by_item(stock::known(db, start).await?),
            closing: by_item(stock::known(db, end).await?),
            moved: balance::moved(db, start, end).await?,
            in_transit_opening: balance::in_transit(db, start).await?,
            in_transit_closing: balance::in_transit(db, end).await?,
            missing: balance::missing(db, start, end).await?,
        };
        Ok(SupplyBalance {
            as_of,
            from,
            to,
            items: balances(&books),
        })
    }
}

fn by_item(rows: Vec<Stock>) -> BTreeMap<String, i64> {
    let mut sums = BTreeMap::new();
    for row in rows {
        *sums.entry(row.item).or_insert(0) += row.on_hand;
    }
    sums
}
