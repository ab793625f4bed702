//! How good the forecast would have been: made on each evening from what was known then alone, and compared with what came,
//! beside two rules that anybody could follow.

use serde::Serialize;

use super::{FEWEST, HORIZON, Series, forecast};

/// Means over every evening forecast, of all seven distances together.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Backtest {
    /// Evenings on which a forecast was made.
    pub origins: usize,
    /// Evenings that were forecast, each as often as it was.
    pub cases: usize,
    /// Mean distance from what came.
    pub mae: f64,
    /// Of "as on the same weekday a week before", on the same cases.
    pub mae_seasonal_naive: f64,
    /// Of "as on the last evening", on the same cases.
    pub mae_last_value: f64,
    /// Share of evenings inside the interval.
    pub coverage: f64,
    /// Mean width of the interval.
    pub width: f64,
}

/// Each forecast sees the `most` days before it; `None` if no evening can be compared.
pub fn backtest(series: &Series, most: usize) -> Option<Backtest> {
    let mut sums = Sums::default();
    for made in FEWEST..series.len() {
        let Some(ahead) = series.before(made, most).as_ref().and_then(forecast) else {
            continue;
        };
        let cases = sums.cases;
        for (distance, said) in (0..HORIZON).zip(ahead) {
            let at = made + distance;
            let week_before = at.checked_sub(7).and_then(|at| series.at(at));
            let last = made.checked_sub(1).and_then(|at| series.at(at));
            let (Some(was), Some(week_before), Some(last)) = (series.at(at), week_before, last) else {
                continue;
            };
            sums.cases += 1;
            sums.off += (was - said.expected).abs();
            sums.seasonal += (was - week_before).abs();
            sums.last += (was - last).abs();
            sums.inside += usize::from((said.low..=said.high).contains(&was));
            sums.width += said.high - said.low;
        }
        sums.origins += usize::from(sums.cases > cases);
    }
    sums.means()
}

#[derive(Default)]
struct Sums {
    origins: usize,
    cases: usize,
    off: f64,
    seasonal: f64,
    last: f64,
    inside: usize,
    width: f64,
}

impl Sums {
    #[expect(clippy::cast_precision_loss, reason = "a few thousand cases")]
    fn means(&self) -> Option<Backtest> {
        let cases = Some(self.cases as f64).filter(|cases| *cases > 0.0)?;
        Some(Backtest {
            origins: self.origins,
            cases: self.cases,
            mae: self.off / cases,
            mae_seasonal_naive: self.seasonal / cases,
            mae_last_value: self.last / cases,
            coverage: self.inside as f64 / cases,
            width: self.width / cases,
        })
    }
}
