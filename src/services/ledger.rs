//! The unmet ledger of a period, for the Committee: how many found no place, why, and which single change would have
//! placed how many. Numbers only, and none under five; what a change does is `domain::ledger`'s business.

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate, NaiveTime};

use super::Services;
use super::errors::Refused;
use crate::domain::availability::ShelterView;
use crate::domain::calendar::instant;
use crate::domain::cases::Referral;
use crate::domain::holds::UnmetReason;
use crate::domain::id::Moment;
use crate::domain::ledger::{Change, Unplaced, changes, shown};
use crate::domain::suppression::{Cell, K, suppress};
use crate::store::referrals;

/// Days of a ledger nobody asked to be longer or shorter.
const USUAL_DAYS: u64 = 90;
/// Most days of one ledger.
const MOST_DAYS: i64 = 400;

/// What is shown of a period's unmet need.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnmetNeed {
    pub as_of: Moment,
    /// First and last local date of closing.
    pub from: NaiveDate,
    pub to: NaiveDate,
    pub closed_without_place: Cell,
    /// The most frequent first. Empty under five referrals, as are the changes.
    pub reasons: Vec<(UnmetReason, Cell)>,
    pub changes: Vec<(Change, Cell)>,
}

impl Services {
    /// Unmet need of the referrals closed from `from` to `to` (local dates, both included; the last 90 days if not
    /// said) and the changes to the country as it is now. One statement.
    ///
    /// # Errors
    /// `Invalid` (`from`, `to`): the wrong way round, or more than 400 days.
    pub async fn unmet_need(&self, from: Option<NaiveDate>, to: Option<NaiveDate>) -> Result<UnmetNeed, Refused> {
        let as_of = self.now();
        let (from, to) = self.period(from, to, as_of)?;
        let rows = referrals::unmet(&self.store, self.begins(from)?, self.ends(to)?).await?;
        let closed = rows.len() as u64;
        let mut ledger = UnmetNeed {
            as_of,
            from,
            to,
            closed_without_place: Cell::alone(closed),
            reasons: Vec::new(),
            changes: Vec::new(),
        };
        if closed >= K {
            ledger.reasons = reasons(&rows);
            ledger.changes = self.changes(&rows, as_of).await?;
        }
        Ok(ledger)
    }

    pub(super) fn period(
        &self,
        from: Option<NaiveDate>,
        to: Option<NaiveDate>,
        now: Moment,
    ) -> Result<(NaiveDate, NaiveDate), Refused> {
        let to = to.unwrap_or_else(|| self.today(now));
        let usual = to.checked_sub_days(Days::new(USUAL_DAYS - 1)).unwrap_or(to);
        let from = from.unwrap_or(usual);
        let days = (to - from).num_days() + 1;
        if days < 1 {
            return Err(Refused::invalid("to", "out_of_range", "not before from"));
        }
        if days > MOST_DAYS {
            return Err(Refused::invalid(
                "from",
                "out_of_range",
                format!("at most {MOST_DAYS} days before to"),
            ));
        }
        Ok((from, to))
    }

    /// The instant at which a local date begins.
    pub(super) fn begins(&self, date: NaiveDate) -> Result<Moment, Refused> {
        instant(self.board.zone(), date.and_time(NaiveTime::MIN)).ok_or_else(beyond)
    }

    /// The instant at which a local date is over.
    pub(super) fn ends(&self, date: NaiveDate) -> Result<Moment, Refused> {
        self.begins(date.succ_opt().ok_or_else(beyond)?)
    }

    /// Away from those who answer requests: fitting every shape into every shelter takes a while.
    async fn changes(&self, rows: &[Referral], now: Moment) -> Result<Vec<(Change, Cell)>, Refused> {
        let region = |referral: &Referral| {
            let district = self.pack.district(&referral.search.from_district)?;
            Some(district.region.clone())
        };
        let unplaced: Vec<Unplaced> = rows.iter().filter_map(|row| Unplaced::of(row, region(row))).collect();
        let regions: Vec<String> = self.pack.regions.iter().map(|region| region.code.clone()).collect();
        let (board, closed) = (self.board.current(), rows.len() as u64);
        let worked_out = tokio::task::spawn_blocking(move || {
            let country: Vec<&ShelterView> = board.views().collect();
            shown(&changes(&unplaced, &country, &regions, now), closed)
        });
        worked_out.await.map_err(|fault| Refused::Unexpected(fault.to_string()))
    }
}

fn beyond() -> Refused {
    Refused::invalid("to", "out_of_range", "beyond the calendar")
}

/// Why no place was found, as it may be shown: the most frequent first, then in the order of the codes.
fn reasons(rows: &[Referral]) -> Vec<(UnmetReason, Cell)> {
    let mut counts: BTreeMap<UnmetReason, u64> = BTreeMap::new();
    for reason in rows.iter().flat_map(|row| &row.unmet_reasons) {
        *counts.entry(*reason).or_default() += 1;
    }
    // Reasons nobody had are not shown and stand in the table as one nought.
    let table = suppress(&counts.values().copied().chain([0]).collect::<Vec<u64>>());
    let mut lines: Vec<(UnmetReason, Cell)> = counts.into_keys().zip(table.cells).collect();
    lines.sort_by_key(|(_, cell)| std::cmp::Reverse(if let Cell::Exact(count) = cell { *count } else { 0 }));
    lines
}
