//! What is likely and what is wanting: the forecast of the next week's free places from the day book, and how far the country
//! is from its standard. How a forecast is made is for `domain::forecast`.

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate};

use super::Services;
use super::errors::Refused;
use crate::domain::daybook::Day;
use crate::domain::forecast::{Backtest, Expected, Series, backtest, forecast};
use crate::domain::id::Moment;
use crate::domain::standard::{Standing, standing};

/// Evenings that a forecast looks at.
const LOOKED_AT: u64 = 90;

/// The forecast of one figure.
#[derive(Debug, Clone, PartialEq)]
pub struct Outlook {
    /// The next seven evenings; none if too little is known.
    pub ahead: Vec<Expected>,
    /// How the same rule would have done on the evenings known.
    pub backtest: Option<Backtest>,
}

/// The forecast of a region or the country.
#[derive(Debug, Clone, PartialEq)]
pub struct Forecast {
    pub as_of: Moment,
    /// Evenings known, of the last ninety.
    pub days_known: usize,
    pub family_places: Outlook,
    pub free: Outlook,
}

/// The standard and how the country stands to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    pub as_of: Moment,
    pub inhabitants_per_place: u32,
    pub source: String,
    /// `None` unless the inhabitants of every region with shelters are known.
    pub national: Option<Standing>,
    /// Regions of which the inhabitants are known, in the pack's order.
    pub regions: Vec<(String, Standing)>,
}

impl Services {
    /// Free beds and places for families on the next seven evenings, the one of today first. One statement.
    ///
    /// # Errors
    /// `Invalid` (`region`): no such region.
    pub async fn forecast(&self, region: Option<&str>) -> Result<Forecast, Refused> {
        self.known_region(region)?;
        let last = self.last_evening();
        let first = last.checked_sub_days(Days::new(LOOKED_AT - 1)).unwrap_or(last);
        let evenings = self.evenings(first, last).await?;
        let days: BTreeMap<NaiveDate, Day> = evenings.iter().map(|(date, day)| (*date, day.of(region))).collect();
        // A book that ends earlier says nothing of the days to come.
        let current = days.contains_key(&last);
        let look = move || {
            let outlook = |figure: fn(&Day) -> u64| match current {
                true => outlook(&days, figure),
                false => Outlook {
                    ahead: Vec::new(),
                    backtest: None,
                },
            };
            (outlook(|day| day.family_places), outlook(|day| day.free))
        };
        // Away from those who answer requests: each evening known is forecast from those before it.
        let looked = tokio::task::spawn_blocking(look).await;
        let (family_places, free) = looked.map_err(|fault| Refused::Unexpected(fault.to_string()))?;
        Ok(Forecast {
            as_of: self.now(),
            days_known: evenings.len(),
            family_places,
            free,
        })
    }

    /// Family places that the standard asks for and that there are, in the country and in each region. From memory.
    pub fn standard(&self) -> Gap {
        let picture = self.availability();
        let wanted = &self.pack.family_place;
        let per_place = u64::from(wanted.inhabitants);
        let places = |code: &str| {
            picture
                .availability
                .regions
                .get(code)
                .map_or(0, |totals| totals.family_capacity)
        };
        let population = (self.pack.regions.iter())
            .try_fold(0u64, |sum, region| sum.checked_add(region.population?))
            .filter(|_| (picture.availability.regions.keys()).all(|code| self.pack.region(code).is_some()));
        let regions = self.pack.regions.iter().filter_map(|region| {
            let standing = standing(region.population, per_place, places(&region.code))?;
            Some((region.code.clone(), standing))
        });
        Gap {
            as_of: picture.as_of,
            inhabitants_per_place: wanted.inhabitants,
            source: wanted.source.clone(),
            national: standing(population, per_place, picture.availability.national.family_capacity),
            regions: regions.collect(),
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of beds are far below 2^52")]
fn outlook(days: &BTreeMap<NaiveDate, Day>, figure: fn(&Day) -> u64) -> Outlook {
    let values = days.iter().map(|(date, day)| (*date, figure(day) as f64)).collect();
    let most = usize::try_from(LOOKED_AT).unwrap_or(usize::MAX);
    let series = Series::new(&values);
    Outlook {
        ahead: series.as_ref().and_then(forecast).unwrap_or_default(),
        backtest: series.as_ref().and_then(|series| backtest(series, most)),
    }
}
