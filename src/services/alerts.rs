//! Telling the operators that supplies of a shelter have become critical: once a day for a shelter, on however many nodes,
//! written with its letters and its audit entry in one transaction. The letter names no shelter.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use serde_json::json;

use super::Services;
use super::errors::Refused;
use super::notices::To;
use crate::domain::calendar;
use crate::domain::id::{Moment, ShelterId};
use crate::domain::outbox::{Letter, NoticeKind};
use crate::domain::supplies::StockStatus;
use crate::store::{alerts, stock, views};

/// What is new in one shelter.
#[derive(Default)]
struct News {
    critical: Vec<String>,
    /// Was told of and is critical no more: it will be told of again.
    over: Vec<String>,
    told_today: bool,
}

impl Services {
    /// Tells of what has become critical, within the hours in which people are reminded; of how many shelters.
    pub async fn alert_due(&self) -> Result<usize, Refused> {
        let now = self.now();
        let zone = self.pack.time_zone;
        if !self.pack.reminders.contain(zone, now) {
            return Ok(0);
        }
        let today = calendar::local_date(zone, now);
        let news = self.supply_news(today, now).await?;
        if news.is_empty() {
            return Ok(0);
        }
        let tx = self.store.begin().await?;
        let mut telling = self.telling(now);
        let (mut told, mut written) = (0, false);
        // In the order of their ids, as everybody locks them.
        for (shelter, news) in news {
            views::lock(&tx, shelter).await?;
            alerts::clear(&tx, shelter, &news.over).await?;
            if !alerts::claim(&tx, shelter, &news.critical, today).await? || news.told_today {
                continue;
            }
            told += 1;
            if !written {
                telling.notice_of_shelter(shelter, NoticeKind::SuppliesCritical, To::Operators);
                written = true;
            }
            let detail = json!({"items": news.critical});
            telling.entry(None, "stock.tell_operators", ("shelter", shelter.to_string()), detail);
        }
        self.finish(tx, telling).await?;
        Ok(told)
    }

    async fn supply_news(&self, today: NaiveDate, now: Moment) -> Result<BTreeMap<ShelterId, News>, Refused> {
        let board = self.board.current();
        let (mut all, mut told_today) = (BTreeMap::<ShelterId, News>::new(), BTreeSet::new());
        for row in stock::all(&self.store).await? {
            let Some(view) = board.get(row.shelter_id) else {
                continue;
            };
            let (shelter, told_on) = (row.shelter_id, row.told_on);
            let seen = self.stock_view(row, view, now);
            if told_on == Some(today) {
                told_today.insert(shelter);
            }
            match (seen.cover.status, told_on) {
                (StockStatus::Critical, None) => all.entry(shelter).or_default().critical.push(seen.stock.item),
                // What was told of today stays told of today, however often it comes and goes.
                (_, Some(day)) if day < today && seen.cover.status != StockStatus::Critical => {
                    all.entry(shelter).or_default().over.push(seen.stock.item)
                }
                _ => {}
            }
        }
        for (shelter, news) in &mut all {
            news.told_today = told_today.contains(shelter);
        }
        Ok(all)
    }

    /// Whether nothing that this letter told of is critical any more.
    pub(super) async fn is_alert_overtaken(&self, letter: &Letter) -> Result<bool, Refused> {
        let day = calendar::local_date(self.pack.time_zone, letter.created_at);
        Ok(!alerts::any_of(&self.store, day).await?)
    }
}
