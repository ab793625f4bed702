//! Stock of a shelter: what is on hand, how long it lasts.

use std::collections::BTreeMap;

use chrono::{NaiveDate, TimeDelta};
use serde_json::json;

use super::Services;
use super::audit::entry;
use super::errors::Refused;
use crate::domain::accounts::Actor;
use crate::domain::availability::ShelterView;
use crate::domain::calendar;
use crate::domain::errors::FieldError;
use crate::domain::id::{Moment, MovementId, ShelterId, UserId};
use crate::domain::stock::{Change, Count, Counted, Movement, RawCount, Stock, is_unusual, may_be_unusual};
use crate::domain::supplies::{Cover, Outlook, Thresholds, outlook};
use crate::domain::usage::{Basis, Learned, Use};
use crate::store::shelters::Which;
use crate::store::stock::{CountRow, Counting};
use crate::store::transfers::{self, OnTheWay};
use crate::store::{Reads, Tx, audit, stock, views};

/// How far back counts tell what is usual.
const USUAL_SPAN: TimeDelta = TimeDelta::days(60);

/// An item on hand with its days of cover.
#[derive(Debug, Clone)]
pub struct StockView {
    pub stock: Stock,
    /// Thousandths of a unit used a day.
    pub daily_use_milli: i64,
    /// What use is known from.
    pub basis: Basis,
    pub cover: Cover,
    /// Days of cover at the highest and at the lowest use that is likely; `None` where use was not measured.
    pub days_between: Option<(f64, f64)>,
    /// Local date on which the last unit goes.
    pub runs_out_on: Option<NaiveDate>,
    /// What transfers are to bring and to take.
    pub way: OnTheWay,
}

/// Shelves of one shelter, by item.
pub(super) type Shelves = BTreeMap<String, Stock>;

impl Services {
    /// What a shelter has, read by who runs it or by an administrator.
    pub async fn stock(&self, actor: &Actor, id: ShelterId) -> Result<Vec<StockView>, Refused> {
        if !actor.shelter_scope().covers(id) {
            return Err(Refused::NotFound);
        }
        let now = self.now();
        let view = views::one(&self.store, id, now).await?.ok_or(Refused::NotFound)?;
        self.stock_views(&view, now).await
    }

    /// Counts stock outside the daily report.
    ///
    /// # Errors
    /// `Invalid`: faults by field; `unusual` where a count is ten times the usual and nobody has said that it is right.
    pub async fn count(&self, actor: &Actor, id: ShelterId, counts: &[RawCount]) -> Result<Vec<StockView>, Refused> {
        if !actor.own_shelters().covers(id) {
            return Err(Refused::NotFound);
        }
        let catalogue = self
            .catalogue_with(counts.iter().map(|count| count.item.as_str()))
            .await?;
        let counts = Count::parse(counts, &catalogue).map_err(Refused::Invalid)?;
        let tx = self.store.begin().await?;
        views::lock(&tx, id).await?.ok_or(Refused::NotFound)?;
        let now = self.now();
        let shelves = self.shelves_of(&tx, id, &counts).await?;
        let doubtful = self.unusual(&tx, id, &counts, &shelves, now).await?;
        let asked = (doubtful.into_iter().zip(&counts))
            .enumerate()
            .filter(|(_, (unusual, count))| *unusual && !count.sure)
            .map(|(at, _)| FieldError::new(format!("stock[{at}].on_hand"), "unusual", "ten times the usual or more"));
        let asked: Vec<FieldError> = asked.collect();
        if !asked.is_empty() {
            return Err(Refused::Invalid(asked));
        }
        let of = Counting {
            shelter: id,
            report: None,
            user: Some(actor.user_id),
            observed_at: now,
            received_at: now,
        };
        self.put_counts(&tx, &of, &counts, shelves).await?;
        let detail = json!({"items": counts.len()});
        let record = entry(Some(actor), now, "stock.count", ("shelter", id.to_string()), detail);
        audit::append(&tx, vec![record]).await?;
        tx.commit().await?;
        self.stock(actor, id).await
    }

    /// Whether each of these counts deserves a "really?".
    pub(super) async fn unusual(
        &self,
        tx: &Tx,
        shelter: ShelterId,
        counts: &[Count],
        shelves: &Shelves,
        now: Moment,
    ) -> Result<Vec<bool>, Refused> {
        let on_hand = |count: &Count| shelves.get(&count.item).map_or(0, |shelf| shelf.on_hand);
        let doubtful = counts
            .iter()
            .filter(|count| may_be_unusual(count.units, on_hand(count)));
        let items: Vec<&str> = doubtful.map(|count| count.item.as_str()).collect();
        let mut earlier = match items.is_empty() {
            true => BTreeMap::new(),
            false => stock::counted_since(tx, shelter, &items, now - USUAL_SPAN).await?,
        };
        let unusual = counts.iter().map(|count| {
            let earlier = earlier.remove(&count.item).unwrap_or_default();
            is_unusual(count.units, on_hand(count), earlier)
        });
        Ok(unusual.collect())
    }

    /// What is known of the shelves that these counts are about.
    pub(super) async fn shelves_of(&self, tx: &Tx, shelter: ShelterId, counts: &[Count]) -> Result<Shelves, Refused> {
        let items: Vec<&str> = counts.iter().map(|count| count.item.as_str()).collect();
        match items.is_empty() {
            true => Ok(Shelves::new()),
            false => Ok(stock::of_items(tx, shelter, &items).await?),
        }
    }

    /// Writes counts down, and what they leave on the shelves as they were. The caller holds the shelter's lock.
    pub(super) async fn put_counts(
        &self,
        tx: &Tx,
        of: &Counting,
        counts: &[Count],
        mut shelves: Shelves,
    ) -> Result<(), Refused> {
        if counts.is_empty() {
            return Ok(());
        }
        let items: Vec<&str> = counts.iter().map(|count| count.item.as_str()).collect();
        let since = stock::moved(tx, of.shelter, &items, Some(of.observed_at)).await?;
        let (mut rows, mut changed) = (Vec::with_capacity(counts.len()), Vec::with_capacity(counts.len()));
        for count in counts {
            let mut shelf = shelves
                .remove(&count.item)
                .unwrap_or_else(|| Stock::unknown(of.shelter, &count.item, of.observed_at));
            let at = shelf.counts_at(of.observed_at, of.received_at);
            rows.push(CountRow {
                id: self.ids.uuid(of.received_at),
                item: count.item.clone(),
                on_hand: count.units,
                at,
            });
            let counted = Counted { units: count.units, at };
            // Nothing has moved after a count that is made now.
            let moved = since.get(&count.item).filter(|_| at == of.observed_at);
            let newest = shelf.count(counted, count.lots.clone(), moved.copied().unwrap_or(0));
            shelf.minimum = count.minimum.unwrap_or(shelf.minimum);
            if newest || count.minimum.is_some() {
                changed.push(shelf);
            }
        }
        stock::insert_counts(tx, of, &rows).await?;
        Ok(stock::save(tx, &changed).await?)
    }

    /// Books what came or went, each change at its own index of `field`, and returns what it leaves on the shelf. The
    /// caller holds the shelter's lock. More than is on hand cannot leave.
    pub(super) async fn move_stock(
        &self,
        tx: &Tx,
        who: (ShelterId, Option<UserId>),
        changes: &[Change],
        field: &str,
        now: Moment,
    ) -> Result<Vec<Stock>, Refused> {
        let field = |at| format!("{field}[{at}].quantity");
        self.move_lines(tx, who, changes, field, now).await
    }

    /// As `move_stock`, where `field` names what a change is from.
    pub(super) async fn move_lines(
        &self,
        tx: &Tx,
        (shelter, user): (ShelterId, Option<UserId>),
        changes: &[Change],
        field: impl Fn(usize) -> String,
        now: Moment,
    ) -> Result<Vec<Stock>, Refused> {
        let items: Vec<&str> = changes.iter().map(|change| change.item.as_str()).collect();
        let mut shelves = stock::of_items(tx, shelter, &items).await?;
        let (mut movements, mut errors) = (Vec::new(), Vec::new());
        for (at, change) in changes.iter().enumerate() {
            let shelf = shelves
                .entry(change.item.clone())
                .or_insert_with(|| Stock::unknown(shelter, &change.item, now));
            if let Err(refused) = shelf.refuses(change, || field(at)) {
                errors.push(refused);
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

    pub(super) async fn stock_views(&self, view: &ShelterView, now: Moment) -> Result<Vec<StockView>, Refused> {
        let rows = stock::of_shelters(&self.store, &[view.shelter.id]).await?;
        self.stock_views_of(&self.store, rows, view, now).await
    }

    /// Some items of one shelter, with what is on its way of each. One statement.
    pub(super) async fn stock_views_of(
        &self,
        db: &impl Reads,
        rows: Vec<Stock>,
        view: &ShelterView,
        now: Moment,
    ) -> Result<Vec<StockView>, Refused> {
        let mut way = transfers::on_the_way(db, Which::Ids(&[view.shelter.id])).await?;
        let seen = rows.into_iter().map(|row| {
            let way = way.remove(&(row.shelter_id, row.item.clone())).unwrap_or_default();
            StockView {
                way,
                ..self.stock_view(row, view, now)
            }
        });
        Ok(seen.collect())
    }

    /// How much is used of an item there, by what was learned of it or by the planning figure, for as many as sleep there
    /// now; and how long it lasts.
    pub(super) fn lasts(
        &self,
        item: &str,
        on_hand: i64,
        learned: Option<&Learned>,
        view: &ShelterView,
        now: Moment,
    ) -> (Use, Outlook) {
        let catalogue = self.catalogue();
        let item = catalogue.item(item);
        let counted = view.count(now);
        let figure = item.and_then(|item| item.per_person_per_day);
        let persons = counted.occupied + counted.occupied_cots;
        let of_use = Use::of(learned, figure, counted.occupied, persons);
        let limits = item.map_or_else(Thresholds::default, |item| item.thresholds.into());
        let today = calendar::local_date(self.pack.time_zone, now);
        (of_use, outlook(on_hand, &of_use, limits, today))
    }

    pub(super) fn stock_view(&self, stock: Stock, view: &ShelterView, now: Moment) -> StockView {
        let (of_use, outlook) = self.lasts(&stock.item, stock.on_hand, stock.learned.as_ref(), view, now);
        StockView {
            cover: outlook.cover,
            days_between: outlook.between,
            runs_out_on: outlook.runs_out_on,
            daily_use_milli: of_use.milli,
            basis: of_use.basis,
            way: OnTheWay::default(),
            stock,
        }
    }
}
