//! The day book: beds and places at the end of each local day, and what many such days say together: means, the week's
//! pattern, two periods side by side. It must not know where a day was read from or written to.

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate, Weekday};
use serde::{Deserialize, Serialize};

use super::availability::Totals;

/// The figures of a day, or whatever was worked out of each of them.
///
/// Of a day: beds (a room counted in rooms as one) with
/// `beds + over_capacity = occupied + held + enclosed + out_of_service + free`, places for families, and shelters.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figures<T> {
    pub beds: T,
    pub occupied: T,
    pub held: T,
    /// Unused beds in private rooms that house or hold a household.
    pub enclosed: T,
    pub out_of_service: T,
    pub over_capacity: T,
    pub free: T,
    /// Places for a woman and two children that were free.
    pub family_places: T,
    /// Such places if every room in service stood empty.
    pub family_capacity: T,
    pub shelters: T,
    /// Shelters whose figures were not older than their own rhythm.
    pub reported: T,
}

/// The figures at the end of one day.
pub type Day = Figures<u64>;
/// Means or differences of means, in tenths.
pub type Tenths = Figures<i64>;

impl<T: Copy> Figures<T> {
    pub fn map<U>(self, each: impl Fn(T) -> U) -> Figures<U> {
        Figures {
            beds: each(self.beds),
            occupied: each(self.occupied),
            held: each(self.held),
            enclosed: each(self.enclosed),
            out_of_service: each(self.out_of_service),
            over_capacity: each(self.over_capacity),
            free: each(self.free),
            family_places: each(self.family_places),
            family_capacity: each(self.family_capacity),
            shelters: each(self.shelters),
            reported: each(self.reported),
        }
    }

    pub fn zip<U: Copy, V>(self, other: Figures<U>, both: impl Fn(T, U) -> V) -> Figures<V> {
        Figures {
            beds: both(self.beds, other.beds),
            occupied: both(self.occupied, other.occupied),
            held: both(self.held, other.held),
            enclosed: both(self.enclosed, other.enclosed),
            out_of_service: both(self.out_of_service, other.out_of_service),
            over_capacity: both(self.over_capacity, other.over_capacity),
            free: both(self.free, other.free),
            family_places: both(self.family_places, other.family_places),
            family_capacity: both(self.family_capacity, other.family_capacity),
            shelters: both(self.shelters, other.shelters),
            reported: both(self.reported, other.reported),
        }
    }

    /// Each with its name, in a fixed order: the columns of a table.
    pub fn named(self) -> [(&'static str, T); 11] {
        [
            ("beds", self.beds),
            ("occupied", self.occupied),
            ("held", self.held),
            ("enclosed", self.enclosed),
            ("out_of_service", self.out_of_service),
            ("over_capacity", self.over_capacity),
            ("free", self.free),
            ("family_places", self.family_places),
            ("family_capacity", self.family_capacity),
            ("shelters", self.shelters),
            ("reported", self.reported),
        ]
    }
}

impl From<&Totals> for Day {
    fn from(totals: &Totals) -> Self {
        let counts = &totals.counts;
        Self {
            beds: counts.beds,
            occupied: counts.occupied,
            held: counts.held,
            enclosed: counts.enclosed,
            out_of_service: counts.out_of_service,
            over_capacity: counts.over_capacity,
            free: counts.free,
            family_places: totals.family_places,
            family_capacity: totals.family_capacity,
            shelters: totals.shelters.total.into(),
            reported: totals.shelters.fresh.into(),
        }
    }
}

/// One evening: the country and its regions by code. A region without shelters is absent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Evening {
    pub national: Day,
    pub regions: BTreeMap<String, Day>,
}

impl Evening {
    /// The country, or one region of it; one without shelters has nothing.
    pub fn of(&self, region: Option<&str>) -> Day {
        match region {
            None => self.national,
            Some(code) => self.regions.get(code).copied().unwrap_or_default(),
        }
    }
}

/// The mean of each figure in tenths, halves rounded up; `None` of no days.
pub fn means(days: &[Day]) -> Option<Tenths> {
    let count = i64::try_from(days.len()).ok().filter(|count| *count > 0)?;
    let sums = days.iter().fold(Day::default(), |sum, day| {
        sum.zip(*day, |a: u64, b: u64| a.saturating_add(b))
    });
    let tenths = |sum: u64| {
        let sum = i64::try_from(sum).unwrap_or(i64::MAX).saturating_mul(20);
        sum.saturating_add(count).div_euclid(2 * count)
    };
    Some(sums.map(tenths))
}

/// How one weekday's evenings usually are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OfWeekday {
    pub weekday: Weekday,
    /// How many such days the means are of.
    pub days: usize,
    pub means: Tenths,
}

/// The week's pattern, from Monday on; a weekday without a day is left out.
pub fn weekdays(days: &[(NaiveDate, Day)]) -> Vec<OfWeekday> {
    let mut by_weekday: BTreeMap<u32, (Weekday, Vec<Day>)> = BTreeMap::new();
    for (date, day) in days {
        let weekday = date.weekday();
        let slot = by_weekday.entry(weekday.num_days_from_monday());
        slot.or_insert_with(|| (weekday, Vec::new())).1.push(*day);
    }
    let each = by_weekday.into_values().filter_map(|(weekday, days)| {
        Some(OfWeekday {
            weekday,
            days: days.len(),
            means: means(&days)?,
        })
    });
    each.collect()
}

/// The name of a weekday as a code.
pub fn weekday_code(weekday: Weekday) -> &'static str {
    match weekday {
        Weekday::Mon => "monday",
        Weekday::Tue => "tuesday",
        Weekday::Wed => "wednesday",
        Weekday::Thu => "thursday",
        Weekday::Fri => "friday",
        Weekday::Sat => "saturday",
        Weekday::Sun => "sunday",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn free(free: u64) -> Day {
        Day { free, ..Day::default() }
    }

    #[test]
    fn a_mean_is_rounded_to_a_tenth_and_of_nothing_there_is_none() {
        assert_eq!(means(&[]), None);
        let mean = |all: &[u64]| means(&all.iter().map(|n| free(*n)).collect::<Vec<_>>()).unwrap().free;
        assert_eq!(
            (mean(&[7]), mean(&[1, 2]), mean(&[1, 1, 2]), mean(&[1, 2, 2])),
            (70, 15, 13, 17)
        );
        // 0.05 is 0.1.
        assert_eq!(mean(&[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]), 1);
    }

    #[test]
    fn the_week_begins_on_monday_and_leaves_out_what_it_does_not_know() {
        let date = |day| NaiveDate::from_ymd_opt(2026, 11, day).unwrap();
        // Sunday the 22nd, Monday the 23rd, Monday the 16th.
        let week = weekdays(&[(date(22), free(4)), (date(23), free(1)), (date(16), free(2))]);
        let said: Vec<_> = week.iter().map(|row| (row.weekday, row.days, row.means.free)).collect();
        assert_eq!(said, [(Weekday::Mon, 2, 15), (Weekday::Sun, 1, 40)]);
    }

    #[test]
    fn a_region_without_shelters_has_nothing() {
        let mut evening = Evening {
            national: free(3),
            ..Evening::default()
        };
        evening.regions.insert("TJ-DU".to_owned(), free(2));
        let of = |region| evening.of(region).free;
        assert_eq!((of(None), of(Some("TJ-DU")), of(Some("TJ-GB"))), (3, 2, 0));
    }

    proptest! {
        /// Means lie between the least and the most, and a column's name is its own.
        #[test]
        fn means_lie_within(days in prop::collection::vec(0u64..10_000, 1..60)) {
            let mean = means(&days.iter().map(|n| free(*n)).collect::<Vec<_>>()).unwrap();
            let tenths = |n: &u64| i64::try_from(*n).unwrap() * 10;
            prop_assert!(days.iter().map(tenths).min().unwrap() <= mean.free);
            prop_assert!(mean.free <= days.iter().map(tenths).max().unwrap());
            let named = mean.named().into_iter().find(|(_, n)| *n != 0);
            prop_assert!(named.is_none_or(|(name, n)| name == "free" && n == mean.free));
        }
    }
}
