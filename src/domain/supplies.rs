//! Stock and how long it lasts. Stock is counted in whole units and never in floating point; days of cover are for
//! reading only. It must not know where stock comes from or goes (`transfers`).

use chrono::{Days, NaiveDate};
use serde::{Deserialize, Serialize};
use strum::{Display, EnumIter, EnumString, IntoStaticStr};

use super::usage::Use;

/// Worst first; `unknown` where no daily use is known.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    EnumIter,
    EnumString,
    IntoStaticStr,
    Display,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum StockStatus {
    Critical,
    Low,
    Ok,
    Surplus,
    Unknown,
}

/// Days of cover at which the status changes; per item, by the country pack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Thresholds {
    /// Critical below this many days.
    pub critical_days: u16,
    /// Low below this many.
    pub low_days: u16,
    /// Surplus above this many.
    pub surplus_days: u16,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self {
            critical_days: 3,
            low_days: 7,
            surplus_days: 30,
        }
    }
}

impl From<super::geography::SupplyThresholds> for Thresholds {
    fn from(of_pack: super::geography::SupplyThresholds) -> Self {
        let days = |n: u32| u16::try_from(n).unwrap_or(u16::MAX);
        Self {
            critical_days: days(of_pack.critical_below_days),
            low_days: days(of_pack.low_below_days),
            surplus_days: days(of_pack.surplus_above_days),
        }
    }
}

/// How long a stock lasts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cover {
    /// Days, rounded down to a tenth so that it never shows more than there is; `None` if no use is known.
    pub days: Option<f64>,
    pub status: StockStatus,
}

/// How long a stock lasts at a known use.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Outlook {
    pub cover: Cover,
    /// Days at the highest and at the lowest use that is likely; `None` where use was not measured.
    pub between: Option<(f64, f64)>,
    /// Local date on which the last unit goes; `None` if no use is known or it lasts for [`LONGEST_DAYS`].
    pub runs_out_on: Option<NaiveDate>,
}

/// Whoever looks farther ahead than ten years looks at nothing.
const LONGEST_DAYS: i64 = 3_650;

/// `on_hand` as of [`cover`].
pub fn outlook(on_hand: i64, of_use: &Use, thresholds: Thresholds, today: NaiveDate) -> Outlook {
    let cover_at = |milli| cover(on_hand, milli, thresholds);
    let between = of_use
        .between
        .map(|(low, high)| (cover_at(high).days, cover_at(low).days));
    Outlook {
        cover: cover_at(of_use.milli),
        between: between.and_then(|(low, high)| low.zip(high)),
        runs_out_on: runs_out_on(on_hand, of_use.milli, today),
    }
}

/// Whole days that the stock lasts, from today on.
fn runs_out_on(on_hand: i64, daily_use_milli: i64, today: NaiveDate) -> Option<NaiveDate> {
    let days = on_hand.max(0).checked_mul(1_000)?.checked_div(daily_use_milli)?;
    let days = u64::try_from(days)
        .ok()
        .filter(|_| days < LONGEST_DAYS && daily_use_milli > 0)?;
    today.checked_add_days(Days::new(days))
}

/// Largest stock that can be counted, in units.
pub const MAX_ON_HAND: i64 = 10_000_000;

/// `on_hand` in whole units (below 0 counts as 0), `daily_use_milli` in thousandths of a unit per day.
/// The status is decided in whole numbers, so no rounding moves an item over a threshold. Where nothing is used
/// (an empty house) no cover can be told.
pub fn cover(on_hand: i64, daily_use_milli: i64, thresholds: Thresholds) -> Cover {
    if daily_use_milli <= 0 {
        return Cover {
            days: None,
            status: StockStatus::Unknown,
        };
    }
    let (stock_milli, daily) = (i128::from(on_hand.max(0)) * 1_000, i128::from(daily_use_milli));
    let lasts = |days: u16| daily * i128::from(days);
    let status = if stock_milli < lasts(thresholds.critical_days) {
        StockStatus::Critical
    } else if stock_milli < lasts(thresholds.low_days) {
        StockStatus::Low
    } else if stock_milli > lasts(thresholds.surplus_days) {
        StockStatus::Surplus
    } else {
        StockStatus::Ok
    };
    let tenths = stock_milli * 10 / daily;
    // Exact up to 2^53 tenths of a day; beyond that nobody waits.
    Cover {
        days: Some(tenths as f64 / 10.0),
        status,
    }
}

#[cfg(test)]
mod tests {
    use super::super::usage::Basis;
    use super::*;
    use proptest::prelude::*;

    fn status(on_hand: i64, daily: i64) -> StockStatus {
        cover(on_hand, daily, Thresholds::default()).status
    }

    #[test]
    fn thresholds_are_sharp() {
        // 10 units a day.
        let said: Vec<_> = [0, 29, 30, 69, 70, 300, 301].map(|stock| status(stock, 10_000)).into();
        use StockStatus::{Critical, Low, Ok, Surplus};
        assert_eq!(said, [Critical, Critical, Low, Low, Ok, Ok, Surplus]);
        assert_eq!(status(5, 0), StockStatus::Unknown);
        assert_eq!(status(-5, 10), StockStatus::Critical);
    }

    #[test]
    fn days_are_rounded_down_so_they_never_contradict_the_status() {
        let almost = cover(2_999, 1_000_000, Thresholds::default());
        assert_eq!((almost.days, almost.status), (Some(2.9), StockStatus::Critical));
        assert_eq!(cover(42, 250 * 20, Thresholds::default()).days, Some(8.4));
        assert_eq!(cover(42, 0, Thresholds::default()).days, None);
    }

    #[test]
    fn the_last_unit_goes_on_the_day_that_the_days_of_cover_lead_to() {
        let today = NaiveDate::default();
        let of_use = |milli, between| Use {
            milli,
            between,
            basis: Basis::Learned,
        };
        let outlook = |on_hand, of_use| outlook(on_hand, &of_use, Thresholds::default(), today);
        let said = outlook(25, of_use(10_000, Some((5_000, 20_000))));
        assert_eq!((said.cover.days, said.between), (Some(2.5), Some((1.2, 5.0))));
        assert_eq!(said.runs_out_on, today.checked_add_days(Days::new(2)));
        assert_eq!(outlook(0, of_use(10_000, None)).runs_out_on, Some(today));
        assert_eq!(outlook(25, of_use(0, None)).runs_out_on, None, "nobody there");
        assert_eq!(
            outlook(MAX_ON_HAND, of_use(1, None)).runs_out_on,
            None,
            "longer than anybody plans"
        );
    }

    proptest! {
        #[test]
        fn more_stock_or_less_use_never_looks_worse(stock in 0i64..MAX_ON_HAND, daily in 1i64..1_000_000, more in 0i64..1_000) {
            prop_assert!(status(stock + more, daily) >= status(stock, daily));
            prop_assert!(status(stock, daily + more) <= status(stock, daily));
        }

        #[test]
        fn absurd_numbers_are_answered_too(stock in any::<i64>(), daily in any::<i64>()) {
            let days = cover(stock, daily, Thresholds::default()).days;
            prop_assert!(days.is_none_or(|days| days.is_finite() && days >= 0.0));
            let of_use = Use { milli: daily, between: Some((daily, daily)), basis: Basis::Learned };
            let said = outlook(stock, &of_use, Thresholds::default(), NaiveDate::MAX);
            prop_assert_eq!(said.cover.days, days);
        }
    }
}
