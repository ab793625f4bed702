//! Stock of a shelter: what is on hand, how long it lasts.

use serde_json::json;

use super::Services;
use super::audit::entry;
use super::errors::Refused;
use crate::domain::accounts::Actor;
use crate::domain::availability::ShelterView;
use crate::domain::errors::FieldError;
use crate::domain::id::{Moment, MovementId, ShelterId, UserId};
use crate::domain::stock::{Change, Count, Counted, Movement, Stock};
use crate::domain::supplies::{Cover, MAX_ON_HAND, Thresholds, cover};
use crate::store::stock::Counting;
use crate::store::{Tx, audit, stock, views};

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
        let tx = self.store.begin().await?;
        views::lock(&tx, id).await?.ok_or(Refused::NotFound)?;
        let of = Counting {
            shelter: id,
            report: None,
            user: Some(actor.user_id),
            observed_at: now,
            received_at: now,
        };
        self.put_counts(&tx, &of, &counts).await?;
        let detail = json!({"items": counts.len()});
        let record = entry(Some(actor), now, "stock.count", ("shelter", id.to_string()), detail);
        audit::append(&tx, vec![record]).await?;
        tx.commit().await?;
        self.stock(actor, id).await
    }

    /// Writes counts down, and what they leave on the shelf. The caller holds the shelter's lock.
    pub(super) async fn put_counts(&self, tx: &Tx, of: &Counting, counts: &[(String, i64)]) -> Result<(), Refused> {
        if counts.is_empty() {
            return Ok(());
        }
        let rows: Vec<Count> = counts
            .iter()
            .map(|(item, on_hand)| Count {
                id: self.ids.uuid(of.received_at),
                item: item.clone(),
                on_hand: *on_hand,
                lots: None,
            })
            .collect();
        let items: Vec<&str> = rows.iter().map(|row| row.item.as_str()).collect();
        stock::insert_counts(tx, of, &rows).await?;
        let mut known = stock::of_items(tx, of.shelter, &items).await?;
        let since = stock::moved(tx, of.shelter, &items, Some(of.observed_at)).await?;
        let mut changed = Vec::with_capacity(rows.len());
        for row in rows {
            let mut shelf = known
                .remove(&row.item)
                .unwrap_or_else(|| Stock::unknown(of.shelter, &row.item, of.observed_at));
            let counted = Counted {
                units: row.on_hand,
                at: of.observed_at,
            };
            if shelf.count(counted, row.lots, since.get(&row.item).copied().unwrap_or(0)) {
                changed.push(shelf);
            }
        }
        Ok(stock::save(tx, &changed).await?)
    }

    /// Books what came or went, each change at its own index of `field`, and returns what it leaves on the shelf. The
    /// caller holds the shelter's lock. More than is on hand cannot leave.
    #[expect(dead_code, reason = "its callers come with movements and transfers")]
    pub(super) async fn move_stock(
        &self,
        tx: &Tx,
        (shelter, user): (ShelterId, Option<UserId>),
        changes: &[Change],
        field: &str,
        now: Moment,
    ) -> Result<Vec<Stock>, Refused> {
        let items: Vec<&str> = changes.iter().map(|change| change.item.as_str()).collect();
        let mut shelves = stock::of_items(tx, shelter, &items).await?;
        let (mut movements, mut errors) = (Vec::new(), Vec::new());
        for (at, change) in changes.iter().enumerate() {
            let shelf = shelves
                .entry(change.item.clone())
                .or_insert_with(|| Stock::unknown(shelter, &change.item, now));
            if change.kind.takes() && change.units > shelf.on_hand {
                let said = format!("{} on hand", shelf.on_hand);
                errors.push(FieldError::new(format!("{field}[{at}].quantity"), "not_enough", said));
                continue;
            }
            let moved_at = shelf.moves_at(now);
            for (change_by, expires_on) in shelf.book(change) {
                movements.push(Movement {
                    id: MovementId(self.ids.uuid(now)),
                    shelter_id: shelter,
                    item: change.item.clone(),
                    kind: change.kind,
                    change: change_by,
                    expires_on,
                    source: change.source.clone(),
                    transfer_id: change.transfer,
                    user_id: user,
                    moved_at,
                    recorded_at: now,
                });
            }
            shelf.observed_at = moved_at.max(shelf.observed_at);
        }
        if !errors.is_empty() {
            return Err(Refused::Invalid(errors));
        }
        stock::insert_movements(tx, &movements).await?;
        let since = stock::moved(tx, shelter, &items, None).await?;
        let mut rows: Vec<Stock> = shelves.into_values().collect();
        for row in &mut rows {
            row.settle(since.get(&row.item).copied().unwrap_or(0));
        }
        stock::save(tx, &rows).await?;
        Ok(rows)
    }

    pub(super) fn check_stock(&self, counts: &[(String, i64)]) -> Vec<FieldError> {
        let catalogue = self.catalogue();
        let mut errors = Vec::new();
        for (at, (item, on_hand)) in counts.iter().enumerate() {
            if catalogue.item(item).is_none() {
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
        let rows = stock::of_shelters(&self.store, &[view.shelter.id]).await?;
        Ok(rows.into_iter().map(|row| self.stock_view(row, view, now)).collect())
    }

    /// Cover by the pack's planning figures for as many people as sleep there now (learned use is a later matter).
    pub(super) fn stock_view(&self, stock: Stock, view: &ShelterView, now: Moment) -> StockView {
        let catalogue = self.catalogue();
        let item = catalogue.item(&stock.item);
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
