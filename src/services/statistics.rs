//! Supplies over the country for the Committee: what is short in how many shelters, how long it lasts as a whole, and how
//! long what was there a week ago would have lasted. No shelter is named.

use std::collections::{BTreeMap, HashMap};

use chrono::{Duration, NaiveDate};

use super::Services;
use super::errors::Refused;
use crate::domain::availability::ShelterView;
use crate::domain::id::{Moment, ShelterId};
use crate::domain::supplies::{Outlook, StockStatus, Thresholds, cover};
use crate::domain::usage::{Basis, Use};
use crate::store::shelters::Which;
use crate::store::stock::{self, Shelf};
use crate::store::transfers::{self, OnTheWay};

/// The trend of cover is against so long ago.
const TREND: Duration = Duration::days(7);

/// Everything on any shelf at one moment, and what is needed to judge it.
pub(super) struct Shelves {
    pub now: Vec<Shelf>,
    /// Units on hand a week before.
    pub before: HashMap<(ShelterId, String), i64>,
    pub on_the_way: BTreeMap<(ShelterId, String), OnTheWay>,
}

/// How many shelters are short of an item.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Short {
    pub critical: u32,
    pub low: u32,
    pub counted: u32,
}

/// How an item stands over the country.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Shortage {
    pub item: String,
    pub shelters: Short,
    /// By region code.
    pub regions: BTreeMap<String, Short>,
    /// Days that all of it lasts where its use is known, to a tenth.
    pub days: Option<f64>,
    /// Days that what was there a week ago would last at today's use.
    pub days_before: Option<f64>,
    /// Units on their way between shelters.
    pub coming: i64,
    /// The first day on which a shelter that is critical runs out.
    pub runs_out_on: Option<NaiveDate>,
}

impl Shortage {
    /// Regions in which somebody is short.
    pub fn short_regions(&self) -> impl Iterator<Item = &String> {
        let short = self.regions.iter().filter(|(_, short)| short.critical + short.low > 0);
        short.map(|(code, _)| code)
    }
}

impl Services {
    pub(super) async fn shelves(&self, now: Moment) -> Result<Shelves, Refused> {
        // Side by side, as these are the largest tables that a digest reads.
        let (before, all, on_the_way) = tokio::try_join!(
            stock::known(&self.store, now - TREND),
            stock::shelves(&self.store),
            transfers::on_the_way(&self.store, Which::All),
        )?;
        Ok(Shelves {
            now: all,
            before: before
                .into_iter()
                .map(|row| ((row.shelter_id, row.item), row.on_hand))
                .collect(),
            on_the_way,
        })
    }

    /// The same as they were known at a past moment, by use as it is known today: what was known of it then is not kept,
    /// nor what was on its way.
    pub(super) async fn shelves_at(&self, at: Moment) -> Result<Shelves, Refused> {
        let before = stock::known(&self.store, at - TREND).await?;
        let learned = stock::shelves(&self.store).await?.into_iter();
        let mut learned: HashMap<_, _> = learned.map(|row| ((row.shelter_id, row.item), row.learned)).collect();
        let now = stock::known(&self.store, at).await?.into_iter().map(|row| Shelf {
            learned: learned.remove(&(row.shelter_id, row.item.clone())).flatten(),
            shelter_id: row.shelter_id,
            on_hand: row.on_hand,
            item: row.item,
        });
        Ok(Shelves {
            now: now.collect(),
            before: before
                .into_iter()
                .map(|row| ((row.shelter_id, row.item), row.on_hand))
                .collect(),
            on_the_way: BTreeMap::new(),
        })
    }

    /// Supplies by item, the worst first: critical, then low, then by code. Of one region if one is named.
    pub async fn shortages(&self, region: Option<&str>, now: Moment) -> Result<Vec<Shortage>, Refused> {
        let shelves = self.shelves(now).await?;
        let board = self.board.current();
        Ok(self.shortages_among(shelves, |id| board.get(id), region, now))
    }

    /// The same of the given stock in the given shelters.
    pub(super) fn shortages_among<'a>(
        &self,
        shelves: Shelves,
        view_of: impl Fn(ShelterId) -> Option<&'a ShelterView>,
        region: Option<&str>,
        now: Moment,
    ) -> Vec<Shortage> {
        let mut by_item: BTreeMap<String, Sum> = BTreeMap::new();
        for row in shelves.now {
            let Some(view) =
                view_of(row.shelter_id).filter(|view| region.is_none_or(|only| view.shelter.region == only))
            else {
                continue;
            };
            let (of_use, outlook) = self.lasts(&row.item, row.on_hand, row.learned.as_ref(), view, now);
            let place = (row.shelter_id, row.item);
            let before = shelves.before.get(&place).copied();
            let coming = shelves.on_the_way.get(&place).map_or(0, |way| way.coming);
            let sum = by_item.entry(place.1).or_default();
            sum.add(row.on_hand, before, &of_use);
            sum.judge(&outlook, &view.shelter.region);
            sum.said.coming += coming;
        }
        let mut all: Vec<Shortage> = by_item.into_iter().map(|(item, sum)| sum.told(item)).collect();
        all.sort_by(|a, b| {
            let key = |one: &Shortage| (one.shelters.critical, one.shelters.low);
            key(b).cmp(&key(a)).then_with(|| a.item.cmp(&b.item))
        });
        all
    }
}

/// An item while it is being added up. Use is in thousandths of a unit a day.
#[derive(Default)]
struct Sum {
    said: Shortage,
    on_hand: i64,
    daily_use: i64,
    before: i64,
    daily_use_before: i64,
}

impl Sum {
    fn add(&mut self, on_hand: i64, before: Option<i64>, of_use: &Use) {
        // Where no use is known a stock lasts for nobody knows how long, and says nothing of the whole.
        if of_use.basis == Basis::None {
            return;
        }
        self.on_hand += on_hand;
        self.daily_use = self.daily_use.saturating_add(of_use.milli);
        if let Some(before) = before {
            self.before += before;
            self.daily_use_before = self.daily_use_before.saturating_add(of_use.milli);
        }
    }

    fn judge(&mut self, outlook: &Outlook, region: &str) {
        let status = outlook.cover.status;
        let there = self.said.regions.entry(region.to_owned()).or_default();
        for short in [&mut self.said.shelters, there] {
            short.counted += 1;
            short.critical += u32::from(status == StockStatus::Critical);
            short.low += u32::from(status == StockStatus::Low);
        }
        if status == StockStatus::Critical {
            let first = self.said.runs_out_on.into_iter().chain(outlook.runs_out_on).min();
            self.said.runs_out_on = first;
        }
    }

    fn told(self, item: String) -> Shortage {
        let days = |on_hand, daily| cover(on_hand, daily, Thresholds::default()).days;
        Shortage {
            item,
            days: days(self.on_hand, self.daily_use),
            days_before: days(self.before, self.daily_use_before),
            ..self.said
        }
    }
}
