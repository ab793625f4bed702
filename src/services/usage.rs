//! Learns use from what was counted and moved since the last look, in batches of shelters. How that is done is the
//! domain's to say; when, the jobs'.

use std::collections::BTreeMap;

use chrono::Duration;

use super::Services;
use super::errors::Refused;
use crate::domain::id::{Moment, ShelterId};
use crate::domain::stock::Stock;
use crate::domain::usage::{Course, LEARN_DAYS, Learned, learn, micro};
use crate::store::{stock, usage, views};

/// Shelters that are read, learned from and written together.
const TOGETHER: usize = 50;

impl Services {
    /// Learns from all that was counted or moved after `since` (at any time without it); how many items are known better
    /// than before. Done again, it changes nothing.
    pub async fn learn_use(&self, since: Option<Moment>) -> Result<usize, Refused> {
        let now = self.now();
        let mut better = 0;
        for shelters in usage::with_news(&self.store, since).await?.chunks(TOGETHER) {
            better += self.learn_use_of(shelters, now).await?;
        }
        Ok(better)
    }

    async fn learn_use_of(&self, shelters: &[ShelterId], now: Moment) -> Result<usize, Refused> {
        let courses = usage::courses(&self.store, shelters, now - Duration::days(LEARN_DAYS)).await?;
        let catalogue = self.catalogue();
        let figure = move |item: &str| catalogue.item(item).and_then(|item| item.per_person_per_day).map(micro);
        let worked_out = tokio::task::spawn_blocking(move || learn_all(courses, figure, now)).await;
        let mut learned = worked_out.map_err(|fault| Refused::Unexpected(fault.to_string()))?;
        let mut changed: Vec<Stock> = Vec::new();
        for mut row in stock::of_shelters(&self.store, shelters).await? {
            let said = learned.remove(&(row.shelter_id, row.item.clone()));
            // What was known stays when the counts it rests on have grown too old to teach anything.
            if let Some(said) = said.filter(|said| row.learned.is_none_or(|known| !known.says(said))) {
                row.learned = Some(said);
                changed.push(row);
            }
        }
        if changed.is_empty() {
            return Ok(0);
        }
        let tx = self.store.begin().await?;
        // In the order of their ids, as everybody locks them.
        let mut ids: Vec<ShelterId> = changed.iter().map(|row| row.shelter_id).collect();
        ids.sort_unstable();
        ids.dedup();
        for id in ids {
            views::lock(&tx, id).await?;
        }
        usage::save(&tx, &changed).await?;
        tx.commit().await?;
        Ok(changed.len())
    }
}

fn learn_all(
    courses: Vec<(ShelterId, String, Course)>,
    figure: impl Fn(&str) -> Option<f64>,
    now: Moment,
) -> BTreeMap<(ShelterId, String), Learned> {
    let learned = courses.into_iter().filter_map(|(shelter, item, course)| {
        let said = learn(&course, figure(&item), now)?;
        Some(((shelter, item), said))
    });
    learned.collect()
}
