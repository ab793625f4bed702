//! What is on hand, every count made and everything that moved. What a count or a movement leads to is the domain's to say.

use std::collections::BTreeMap;

use entity::{stock, stock_count, stock_movement};
use sea_orm::sea_query::{Alias, Expr, ExprTrait, OnConflict, Query, SelectStatement};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, EntityTrait, FromQueryResult, JoinType, QueryFilter, QueryOrder,
    QuerySelect,
};
use uuid::Uuid;

use super::convert::{json, millis, moment, to_json};
use super::{Reads, StoreError, Tx};
use crate::domain::id::{Moment, ReportId, ShelterId, UserId};
use crate::domain::stock::{Counted, Movement, Stock};
use crate::domain::usage::Learned;

/// Who counted what when.
#[derive(Debug, Clone, Copy)]
pub struct Counting {
    pub shelter: ShelterId,
    pub report: Option<ReportId>,
    pub user: Option<UserId>,
    pub observed_at: Moment,
    pub received_at: Moment,
}

/// A count as it is written down.
#[derive(Debug, Clone)]
pub struct CountRow {
    pub id: Uuid,
    pub item: String,
    pub on_hand: i64,
    /// Its place among counts and movements.
    pub at: Moment,
}

/// Writes counts down as history.
pub async fn insert_counts(tx: &Tx, of: &Counting, counts: &[CountRow]) -> Result<(), StoreError> {
    if counts.is_empty() {
        return Ok(());
    }
    let rows = counts.iter().map(|count| stock_count::ActiveModel {
        id: Set(count.id),
        shelter_id: Set(of.shelter.0),
        report_id: Set(of.report.map(|id| id.0)),
        user_id: Set(of.user.map(|id| id.0)),
        item: Set(count.item.clone()),
        on_hand: Set(count.on_hand),
        observed_at: Set(millis(count.at)),
        received_at: Set(millis(of.received_at)),
    });
    stock_count::Entity::insert_many(rows)
        .exec_without_returning(tx.connection())
        .await?;
    Ok(())
}

/// Writes movements down; they are never changed.
pub async fn insert_movements(tx: &Tx, movements: &[Movement]) -> Result<(), StoreError> {
    if movements.is_empty() {
        return Ok(());
    }
    let rows = movements.iter().map(|row| stock_movement::ActiveModel {
        id: Set(row.id.0),
        shelter_id: Set(row.shelter_id.0),
        item: Set(row.item.clone()),
        kind: Set(row.kind.to_string()),
        change: Set(row.change),
        expires_on: Set(row.expires_on.map(|day| day.to_string())),
        source: Set(row.source.clone()),
        transfer_id: Set(row.transfer_id.map(|id| id.0)),
        user_id: Set(row.user_id.map(|id| id.0)),
        moved_at: Set(millis(row.moved_at)),
        recorded_at: Set(millis(row.recorded_at)),
    });
    stock_movement::Entity::insert_many(rows)
        .exec_without_returning(tx.connection())
        .await?;
    Ok(())
}

#[derive(FromQueryResult)]
struct Moved {
    item: String,
    change: i64,
}

/// The sum of what moved after `after`, by item; after the newest count of each item if it is `None`.
pub async fn moved(
    tx: &Tx,
    shelter: ShelterId,
    items: &[&str],
    after: Option<Moment>,
) -> Result<BTreeMap<String, i64>, StoreError> {
    use stock_movement::Column;
    let newer = match after {
        Some(after) => Expr::col((stock_movement::Entity, Column::MovedAt)).gt(millis(after)),
        None => Expr::col((stock_movement::Entity, Column::MovedAt)).gt(Expr::col((
            stock::Entity,
            stock::Column::CountedAt,
        ))
        .if_null(i64::MIN)),
    };
    let same = Condition::all()
        .add(Expr::col((stock::Entity, stock::Column::ShelterId)).equals((stock_movement::Entity, Column::ShelterId)))
        .add(Expr::col((stock::Entity, stock::Column::Item)).equals((stock_movement::Entity, Column::Item)));
    let mut select = Query::select();
    select
        .column((stock_movement::Entity, Column::Item))
        // PostgreSQL sums 64-bit integers to its decimals.
        .expr_as(
            Expr::col((stock_movement::Entity, Column::Change))
                .sum()
                .cast_as("bigint"),
            Alias::new("change"),
        )
        .from(stock_movement::Entity)
        .join(JoinType::LeftJoin, stock::Entity, same)
        .and_where(Expr::col((stock_movement::Entity, Column::ShelterId)).eq(shelter.0))
        .and_where(Expr::col((stock_movement::Entity, Column::Item)).is_in(items.iter().copied()))
        .and_where(newer)
        .group_by_col((stock_movement::Entity, Column::Item));
    let backend = sea_orm::ConnectionTrait::get_database_backend(tx.connection());
    let rows = Moved::find_by_statement(backend.build(&select))
        .all(tx.connection())
        .await?;
    Ok(rows.into_iter().map(|row| (row.item, row.change)).collect())
}

/// What was counted of these items after `since`, by item, in no order.
pub async fn counted_since(
    tx: &Tx,
    shelter: ShelterId,
    items: &[&str],
    since: Moment,
) -> Result<BTreeMap<String, Vec<i64>>, StoreError> {
    let rows: Vec<(String, i64)> = stock_count::Entity::find()
        .select_only()
        .columns([stock_count::Column::Item, stock_count::Column::OnHand])
        .filter(stock_count::Column::ShelterId.eq(shelter.0))
        .filter(stock_count::Column::Item.is_in(items.iter().copied()))
        .filter(stock_count::Column::ObservedAt.gt(millis(since)))
        .into_tuple()
        .all(tx.connection())
        .await?;
    let mut counts: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    for (item, on_hand) in rows {
        counts.entry(item).or_default().push(on_hand);
    }
    Ok(counts)
}

/// Some items of one shelter, by code.
pub async fn of_items(
    db: &impl Reads,
    shelter: ShelterId,
    items: &[&str],
) -> Result<BTreeMap<String, Stock>, StoreError> {
    let rows = stock::Entity::find()
        .filter(stock::Column::ShelterId.eq(shelter.0))
        .filter(stock::Column::Item.is_in(items.iter().copied()))
        .all(db.connection())
        .await?;
    let known = rows.into_iter().map(stock_of);
    known.map(|row| row.map(|row| (row.item.clone(), row))).collect()
}

/// What is on the shelf now. The caller holds the shelter's lock.
pub async fn save(tx: &Tx, rows: &[Stock]) -> Result<(), StoreError> {
    if rows.is_empty() {
        return Ok(());
    }
    use stock::Column;
    stock::Entity::insert_many(rows.iter().map(active))
        .on_conflict(
            OnConflict::columns([Column::ShelterId, Column::Item])
                .update_columns([
                    Column::OnHand,
                    Column::ObservedAt,
                    Column::Counted,
                    Column::CountedAt,
                    Column::Lots,
                    Column::Minimum,
                ])
                .to_owned(),
        )
        .exec_without_returning(tx.connection())
        .await?;
    Ok(())
}

pub(super) fn active(row: &Stock) -> stock::ActiveModel {
    stock::ActiveModel {
        shelter_id: Set(row.shelter_id.0),
        item: Set(row.item.clone()),
        on_hand: Set(row.on_hand),
        observed_at: Set(millis(row.observed_at)),
        counted: Set(row.counted.map(|count| count.units)),
        counted_at: Set(row.counted.map(|count| millis(count.at))),
        lots: Set(to_json(&row.lots)),
        minimum: Set(row.minimum),
        learned: Set(row.learned.as_ref().map(to_json)),
    }
}

/// What these shelters have on their shelves, by shelter and item. One statement however many.
pub async fn of_shelters(db: &impl Reads, shelters: &[ShelterId]) -> Result<Vec<Stock>, StoreError> {
    let rows = stock::Entity::find()
        .filter(stock::Column::ShelterId.is_in(shelters.iter().map(|id| id.0)))
        .order_by_asc(stock::Column::ShelterId)
        .order_by_asc(stock::Column::Item)
        .all(db.connection())
        .await?;
    rows.into_iter().map(stock_of).collect()
}

/// Everything on any shelf.
pub async fn all(db: &impl Reads) -> Result<Vec<Stock>, StoreError> {
    let rows = stock::Entity::find()
        .order_by_asc(stock::Column::ShelterId)
        .order_by_asc(stock::Column::Item)
        .all(db.connection())
        .await?;
    rows.into_iter().map(stock_of).collect()
}

/// All that the cover of an item on a shelf is worked out from.
#[derive(Debug, Clone)]
pub struct Shelf {
    pub shelter_id: ShelterId,
    pub item: String,
    pub on_hand: i64,
    pub learned: Option<Learned>,
}

/// Every shelf, in no order: what the national figures are drawn from.
pub async fn shelves(db: &impl Reads) -> Result<Vec<Shelf>, StoreError> {
    use stock::Column;
    let rows: Vec<(Uuid, String, i64, Option<String>)> = stock::Entity::find()
        .select_only()
        .columns([Column::ShelterId, Column::Item, Column::OnHand, Column::Learned])
        .into_tuple()
        .all(db.connection())
        .await?;
    let shelf = |(shelter, item, on_hand, learned): (Uuid, String, i64, Option<String>)| {
        Ok(Shelf {
            shelter_id: shelter.into(),
            item,
            on_hand,
            learned: learned_of(learned.as_deref())?,
        })
    };
    rows.into_iter().map(shelf).collect()
}

/// An item on all shelves.
pub async fn of_item(db: &impl Reads, item: &str) -> Result<Vec<Stock>, StoreError> {
    let rows = stock::Entity::find()
        .filter(stock::Column::Item.eq(item))
        .order_by_asc(stock::Column::ShelterId)
        .all(db.connection())
        .await?;
    rows.into_iter().map(stock_of).collect()
}

/// Everything on any shelf as it was known at `at`: the newest count of each item of each shelter that had come by then,
/// and what had moved since. Dated units, minimum and use are not told. Two statements.
pub async fn known(db: &impl Reads, at: Moment) -> Result<Vec<Stock>, StoreError> {
    let triple = Expr::tuple([
        Expr::col(stock_count::Column::ShelterId),
        Expr::col(stock_count::Column::Item),
        Expr::col(stock_count::Column::ObservedAt),
    ]);
    use stock_count::Column as C;
    // Shelter, item, units, when counted.
    let rows: Vec<(Uuid, String, i64, i64)> = stock_count::Entity::find()
        .select_only()
        .columns([C::ShelterId, C::Item, C::OnHand, C::ObservedAt])
        .filter(stock_count::Column::ReceivedAt.lte(millis(at)))
        .filter(triple.in_subquery(newest_counts(at)))
        .order_by_asc(stock_count::Column::ReceivedAt)
        .order_by_asc(stock_count::Column::Id)
        .into_tuple()
        .all(db.connection())
        .await?;
    // Two counts of one instant: the one written down later counts.
    let mut by_place: BTreeMap<(Uuid, String), Stock> = BTreeMap::new();
    for (shelter, item, units, observed_at) in rows {
        let at = moment(observed_at);
        let mut known = Stock::unknown(shelter.into(), &item, at);
        known.count(Counted { units, at }, None, 0);
        by_place.insert((shelter, item), known);
    }
    for row in moved_by(db, at).await? {
        by_place
            .entry((row.shelter_id, row.item))
            .or_insert_with_key(|(shelter, item)| Stock::unknown((*shelter).into(), item, at))
            .settle(row.change);
    }
    Ok(by_place.into_values().collect())
}

/// When each item of each shelter was last counted, of the counts that had come by `at`.
fn newest_counts(at: Moment) -> SelectStatement {
    use stock_count::Column;
    Query::select()
        .columns([Column::ShelterId, Column::Item])
        .expr_as(Expr::col(Column::ObservedAt).max(), Alias::new("newest"))
        .from(stock_count::Entity)
        .and_where(Expr::col(Column::ReceivedAt).lte(millis(at)))
        .group_by_columns([Column::ShelterId, Column::Item])
        .to_owned()
}

#[derive(FromQueryResult)]
struct MovedThere {
    shelter_id: Uuid,
    item: String,
    change: i64,
}

/// The sum of what had moved by `at` after the newest count of that time.
async fn moved_by(db: &impl Reads, at: Moment) -> Result<Vec<MovedThere>, StoreError> {
    use stock_movement::Column;
    let counts = Alias::new("counts");
    let of = |column| Expr::col((stock_movement::Entity, column));
    let same = Condition::all()
        .add(of(Column::ShelterId).equals((counts.clone(), stock_count::Column::ShelterId)))
        .add(of(Column::Item).equals((counts.clone(), stock_count::Column::Item)));
    let newest = Expr::col((counts.clone(), Alias::new("newest"))).if_null(i64::MIN);
    let mut select = Query::select();
    select
        .columns([
            (stock_movement::Entity, Column::ShelterId),
            (stock_movement::Entity, Column::Item),
        ])
        .expr_as(of(Column::Change).sum().cast_as("bigint"), Alias::new("change"))
        .from(stock_movement::Entity)
        .join_subquery(JoinType::LeftJoin, newest_counts(at), counts, same)
        .and_where(of(Column::RecordedAt).lte(millis(at)))
        .and_where(of(Column::MovedAt).gt(newest))
        .group_by_columns([
            (stock_movement::Entity, Column::ShelterId),
            (stock_movement::Entity, Column::Item),
        ]);
    let backend = sea_orm::ConnectionTrait::get_database_backend(db.connection());
    let rows = MovedThere::find_by_statement(backend.build(&select))
        .all(db.connection())
        .await?;
    Ok(rows)
}

fn stock_of(row: stock::Model) -> Result<Stock, StoreError> {
    Ok(Stock {
        shelter_id: row.shelter_id.into(),
        on_hand: row.on_hand,
        observed_at: moment(row.observed_at),
        counted: row
            .counted
            .zip(row.counted_at)
            .map(|(units, at)| Counted { units, at: moment(at) }),
        lots: json("stock", "lots", &row.lots)?,
        minimum: row.minimum,
        learned: learned_of(row.learned.as_deref())?,
        item: row.item,
    })
}

fn learned_of(text: Option<&str>) -> Result<Option<Learned>, StoreError> {
    text.map(|text| json("stock", "learned", text)).transpose()
}
