//! Stock of a shelter: what is on hand, how long it lasts.

use serde_json::json;

use super::Services;
use super::audit::entry;
use super::errors::Refused;
use crate::domain::accounts::Actor;
use crate::domain::availability::ShelterView;
use crate::domain::errors::FieldError;
use crate::domain::id::{Moment, ShelterId};
use crate::domain::stock::{Count, Stock};
use crate::domain::supplies::{Cover, MAX_ON_HAND, Thresholds, cover};
use crate::store::{audit, stock, views};

/// An item on hand with its days of cover.
#[derive(Debug, Clone)]
pub struct StockView {
    pub stock: Stock,
    /// Thousandths of a unit used a day.
    pub daily_use_milli: i64,
    pub cover: Cover,
}

impl Services {
    pub async fn stock(&self, actor: &Actor, id: ShelterId) -> Result<Vec<StockView>, Refused> {
        if !actor.own_shelters().covers(id) {
            return Err(Refused::NotFound);
        }
        let now = self.now();
        let view = views::one(&self.store, id, now).await?.ok_or(Refused::NotFound)?;
        self.stock_views(&view, now).await
    }

    /// Counts stock outside the daily report.
    pub async fn count(
        &self,
        actor: &Actor,
        id: ShelterId,
        counts: Vec<(String, i64)>,
    ) -> Result<Vec<StockView>, Refused> {
        if !actor.own_shelters().covers(id) {
            return Err(Refused::NotFound);
        }
        let errors = self.check_stock(&counts);
        if !errors.is_empty() {
            return Err(Refused::Invalid(errors));
        }
        let now = self.now();
        let rows: Vec<Count> = counts
            .into_iter()
            .map(|(item, on_hand)| Count {
                id: self.ids.uuid(now),
                item,
                on_hand,
            })
            .collect();
        let tx = self.store.begin().await?;
        stock::put(&tx, id, None, Some(actor.user_id), &rows, now, now).await?;
        let detail = json!({"items": rows.len()});
        audit::append(
            &tx,
            vec![entry(
                Some(actor),
                now,
                "stock.count",
                ("shelter", id.to_string()),
                detail,
            )],
        )
        .await?;
        tx.commit().await?;
        self.stock(actor, id).await
    }

    pub(super) fn check_stock(&self, counts: &[(String, i64)]) -> Vec<FieldError> {
        let mut errors = Vec::new();
        for (at, (item, on_hand)) in counts.iter().enumerate() {
            if self.pack.item(item).is_none() {
                errors.push(FieldError::new(
                    format!("stock[{at}].item"),
                    "unknown",
                    "not an item of the catalogue",
                ));
            }
            if counts.iter().take(at).any(|(other, _)| other == item) {
                errors.push(FieldError::new(
                    format!("stock[{at}].item"),
                    "duplicate",
                    "counted twice",
                ));
            }
            if !(0..=MAX_ON_HAND).contains(on_hand) {
                errors.push(FieldError::new(
                    format!("stock[{at}].on_hand"),
                    "out_of_range",
                    format!("0 to {MAX_ON_HAND}"),
                ));
            }
        }
        errors
    }

    pub(super) async fn stock_views(&self, view: &ShelterView, now: Moment) -> Result<Vec<StockView>, Refused> {
        let rows = stock::of_shelter(&self.store, view.shelter.id).await?;
        Ok(rows.into_iter().map(|row| self.stock_view(row, view, now)).collect())
    }

    /// Cover by the pack's planning figures for as many people as sleep there now (learned use is a later matter).
    pub(super) fn stock_view(&self, stock: Stock, view: &ShelterView, now: Moment) -> StockView {
        let item = self.pack.item(&stock.item);
        let rate = item.and_then(|item| item.per_person_per_day);
        let persons = view.count(now).occupied + view.count(now).occupied_cots;
        let use_milli = rate.map_or(0, |rate| {
            i64::try_from(rate.daily_use_milli(persons)).unwrap_or(i64::MAX)
        });
        let limits = item.map_or_else(Thresholds::default, |item| item.thresholds.into());
        StockView {
            cover: cover(stock.on_hand, use_milli, limits),
            daily_use_milli: use_milli,
            stock,
        }
    }
}
