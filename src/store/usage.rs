//! What use is learned from: counts, movements and how many slept there; and what was learned. How that is done is the
//! domain's to say.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use entity::{report, stock, stock_count, stock_movement};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::convert::{code, millis, moment};
use super::{Reads, StoreError, Tx};
use crate::domain::id::{Moment, ShelterId};
use crate::domain::stock::{Counted, MovementKind, Stock};
use crate::domain::usage::{Course, Nights};

/// The shelters in which something was counted or moved after `since`, in the order of their ids; all that ever counted
/// without it.
pub async fn with_news(db: &impl Reads, since: Option<Moment>) -> Result<Vec<ShelterId>, StoreError> {
    let mut counted = stock_count::Entity::find()
        .select_only()
        .column(stock_count::Column::ShelterId);
    let mut moved = stock_movement::Entity::find()
        .select_only()
        .column(stock_movement::Column::ShelterId);
    if let Some(since) = since.map(millis) {
        counted = counted.filter(stock_count::Column::ReceivedAt.gte(since));
        moved = moved.filter(stock_movement::Column::RecordedAt.gte(since));
    }
    let mut ids: BTreeSet<Uuid> = counted
        .distinct()
        .into_tuple()
        .all(db.connection())
        .await?
        .into_iter()
        .collect();
    ids.extend(moved.distinct().into_tuple::<Uuid>().all(db.connection()).await?);
    Ok(ids.into_iter().map(ShelterId).collect())
}

/// The course of each item of these shelters since `since`. Three statements however many.
pub async fn courses(
    db: &impl Reads,
    shelters: &[ShelterId],
    since: Moment,
) -> Result<Vec<(ShelterId, String, Course)>, StoreError> {
    let nights = nights(db, shelters, since).await?;
    let mut moves = moves(db, shelters, since).await?;
    let none = Nights::default();
    let courses = counts(db, shelters, since)
        .await?
        .into_iter()
        .map(|((shelter, item), counts)| {
            let moved = moves.remove(&(shelter, item.clone())).unwrap_or_default();
            let course = Course::new(counts, moved, nights.get(&shelter).unwrap_or(&none));
            (ShelterId(shelter), item, course)
        });
    Ok(courses.collect())
}

type Place = (Uuid, String);

async fn counts(
    db: &impl Reads,
    shelters: &[ShelterId],
    since: Moment,
) -> Result<BTreeMap<Place, Vec<Counted>>, StoreError> {
    use stock_count::Column as C;
    let rows: Vec<(Uuid, String, i64, i64)> = stock_count::Entity::find()
        .select_only()
        .columns([C::ShelterId, C::Item, C::OnHand, C::ObservedAt])
        .filter(C::ShelterId.is_in(shelters.iter().map(|id| id.0)))
        .filter(C::ObservedAt.gte(millis(since)))
        .order_by_asc(C::ObservedAt)
        .order_by_asc(C::ReceivedAt)
        .order_by_asc(C::Id)
        .into_tuple()
        .all(db.connection())
        .await?;
    let mut by_place: BTreeMap<Place, Vec<Counted>> = BTreeMap::new();
    for (shelter, item, units, at) in rows {
        let count = Counted { units, at: moment(at) };
        by_place.entry((shelter, item)).or_default().push(count);
    }
    Ok(by_place)
}

async fn moves(
    db: &impl Reads,
    shelters: &[ShelterId],
    since: Moment,
) -> Result<HashMap<Place, Vec<(Moment, MovementKind, i64)>>, StoreError> {
    use stock_movement::Column as C;
    let rows: Vec<(Uuid, String, String, i64, i64)> = stock_movement::Entity::find()
        .select_only()
        .columns([C::ShelterId, C::Item, C::Kind])
        .columns([C::Change, C::MovedAt])
        .filter(C::ShelterId.is_in(shelters.iter().map(|id| id.0)))
        .filter(C::MovedAt.gte(millis(since)))
        .order_by_asc(C::MovedAt)
        .into_tuple()
        .all(db.connection())
        .await?;
    let mut by_place: HashMap<Place, Vec<_>> = HashMap::new();
    for (shelter, item, kind, change, at) in rows {
        let kind: MovementKind = code("stock_movement", "kind", &kind)?;
        by_place
            .entry((shelter, item))
            .or_default()
            .push((moment(at), kind, change));
    }
    Ok(by_place)
}

async fn nights(db: &impl Reads, shelters: &[ShelterId], since: Moment) -> Result<HashMap<Uuid, Nights>, StoreError> {
    use report::Column as C;
    let rows: Vec<(Uuid, i64, i32)> = report::Entity::find()
        .select_only()
        .columns([C::ShelterId])
        .columns([C::OrderedAt])
        .columns([C::OccupiedBeds])
        .filter(C::ShelterId.is_in(shelters.iter().map(|id| id.0)))
        .filter(C::OrderedAt.gte(millis(since)))
        .order_by_asc(C::OrderedAt)
        .order_by_asc(C::ReceivedAt)
        .into_tuple()
        .all(db.connection())
        .await?;
    let mut by_shelter: HashMap<Uuid, Vec<(Moment, u32)>> = HashMap::new();
    for (shelter, at, beds) in rows {
        let beds = u32::try_from(beds).unwrap_or(0);
        by_shelter.entry(shelter).or_default().push((moment(at), beds));
    }
    Ok(by_shelter
        .into_iter()
        .map(|(id, said)| (id, Nights::new(said)))
        .collect())
}

/// Writes down what was learned of items that are on a shelf. The caller holds the shelters' locks.
pub async fn save(tx: &Tx, rows: &[Stock]) -> Result<(), StoreError> {
    use stock::Column as C;
    let rows: Vec<stock::ActiveModel> = rows.iter().map(super::stock::active).collect();
    for chunk in rows.chunks(500) {
        stock::Entity::insert_many(chunk.to_vec())
            .on_conflict(
                OnConflict::columns([C::ShelterId, C::Item])
                    .update_column(C::Learned)
                    .to_owned(),
            )
            .exec_without_returning(tx.connection())
            .await?;
    }
    Ok(())
}
