//! Aggregates for the Committee. No shelter is named and no single case is touched.

use std::collections::{BTreeMap, BTreeSet};

use super::Services;
use super::errors::Refused;
use crate::domain::availability::ShelterView;
use crate::domain::id::{Moment, ShelterId};
use crate::domain::stock::Stock;
use crate::domain::supplies::StockStatus;
use crate::store::stock;

/// How many shelters are short of an item, and where.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shortage {
    pub item: String,
    pub shelters_critical: u32,
    pub shelters_low: u32,
    pub shelters_counted: u32,
    /// Regions in which somebody is short.
    pub regions: BTreeSet<String>,
}

impl Services {
    /// Supplies by item, the worst first: critical, then low, then by code. Of one region if one is named.
    pub async fn shortages(&self, region: Option<&str>, now: Moment) -> Result<Vec<Shortage>, Refused> {
        let rows = stock::all(&self.store).await?;
        let board = self.board.current();
        Ok(self.shortages_among(rows, |id| board.get(id), region, now))
    }

    /// The same of the given stock in the given shelters.
    pub(super) fn shortages_among<'a>(
        &self,
        rows: Vec<Stock>,
        view_of: impl Fn(ShelterId) -> Option<&'a ShelterView>,
        region: Option<&str>,
        now: Moment,
    ) -> Vec<Shortage> {
        let mut by_item: BTreeMap<String, Shortage> = BTreeMap::new();
        for row in rows {
            let Some(view) = view_of(row.shelter_id) else {
                continue;
            };
            if region.is_some_and(|region| view.shelter.region != region) {
                continue;
            }
            let place = view.shelter.region.clone();
            let seen = self.stock_view(row, view, now);
            let sum = by_item.entry(seen.stock.item.clone()).or_default();
            sum.shelters_counted += 1;
            match seen.cover.status {
                StockStatus::Critical => sum.shelters_critical += 1,
                StockStatus::Low => sum.shelters_low += 1,
                StockStatus::Ok | StockStatus::Surplus | StockStatus::Unknown => continue,
            }
            sum.regions.insert(place);
        }
        let mut all: Vec<Shortage> = by_item
            .into_iter()
            .map(|(item, sum)| Shortage { item, ..sum })
            .collect();
        all.sort_by(|a, b| {
            (b.shelters_critical, b.shelters_low, &a.item).cmp(&(a.shelters_critical, a.shelters_low, &b.item))
        });
        all
    }
}
