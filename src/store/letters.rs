//! The outbox: letters that wait, and what became of them. Digests and notices go the same way.

use entity::letter;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
};
use uuid::Uuid;

use super::convert::{code, millis, moment, unreadable};
use super::{Reads, StoreError, Tx};
use crate::domain::id::{DigestId, HoldId, LetterId, Moment, ReferralId, ShelterId};
use crate::domain::outbox::{About, Delivery, Letter, Notice, Of};

/// Queues letters, to be sent from `at` on.
pub(super) async fn insert(tx: &Tx, rows: &[Letter], at: Moment) -> Result<(), StoreError> {
    for chunk in rows.chunks(1000) {
        letter::Entity::insert_many(chunk.iter().map(|row| active(row, at)))
            .exec_without_returning(tx.connection())
            .await?;
    }
    Ok(())
}

/// Queues notices. Whoever already has one of this kind about this hold gets no other; about a referral
/// or a shelter there may be several.
pub async fn insert_notices(tx: &Tx, rows: &[Letter], at: Moment) -> Result<(), StoreError> {
    if rows.is_empty() {
        return Ok(());
    }
    let once = OnConflict::columns([letter::Column::HoldId, letter::Column::Notice, letter::Column::Address])
        .do_nothing()
        .to_owned();
    letter::Entity::insert_many(rows.iter().map(|row| active(row, at)))
        .on_conflict(once)
        .exec_without_returning(tx.connection())
        .await?;
    Ok(())
}

fn active(row: &Letter, at: Moment) -> letter::ActiveModel {
    let (digest, notice) = match &row.of {
        Of::Digest(id) => (Some(id.0), None),
        Of::Notice(notice) => (None, Some(notice)),
    };
    let (hold, referral, shelter) = match notice.map(|notice| notice.about) {
        Some(About::Hold(id)) => (Some(id.0), None, None),
        Some(About::Referral(id)) => (None, Some(id.0), None),
        Some(About::Shelter(id)) => (None, None, Some(id.0)),
        None => (None, None, None),
    };
    letter::ActiveModel {
        id: Set(row.id.0),
        digest_id: Set(digest),
        hold_id: Set(hold),
        referral_id: Set(referral),
        shelter_id: Set(shelter),
        notice: Set(notice.map(|notice| notice.kind.to_string())),
        subject: Set(notice.map(|notice| notice.subject.clone())),
        html: Set(notice.map(|notice| notice.html.clone())),
        text: Set(notice.map(|notice| notice.text.clone())),
        via: Set(row.via.to_string()),
        address: Set(row.address.clone()),
        name: Set(row.name.clone()),
        language: Set(row.language.clone()),
        state: Set(row.state.clone()),
        attempts: Set(0),
        next_attempt_at: Set(millis(at)),
        lease_owner: Set(None),
        lease_until: Set(None),
        answer: Set(None),
        sent_at: Set(None),
        created_at: Set(millis(row.created_at)),
    }
}

/// The notices about a hold, in the order in which they were made.
pub async fn of_hold(db: &impl Reads, hold: HoldId) -> Result<Vec<Letter>, StoreError> {
    notices(db, letter::Column::HoldId.eq(hold.0)).await
}

/// The notices about a referral as a whole, in the order in which they were made.
pub async fn of_referral(db: &impl Reads, referral: ReferralId) -> Result<Vec<Letter>, StoreError> {
    notices(db, letter::Column::ReferralId.eq(referral.0)).await
}

/// The notices about a shelter's report, in the order in which they were made.
pub async fn of_shelter(db: &impl Reads, shelter: ShelterId) -> Result<Vec<Letter>, StoreError> {
    notices(db, letter::Column::ShelterId.eq(shelter.0)).await
}

async fn notices(db: &impl Reads, filter: Expr) -> Result<Vec<Letter>, StoreError> {
    let rows = letter::Entity::find()
        .filter(filter)
        .order_by_asc(letter::Column::CreatedAt)
        .order_by_asc(letter::Column::Id)
        .all(db.connection())
        .await?;
    rows.into_iter().map(letter_of).collect()
}

/// Takes the lease of the next letter that is due, or says there is none. Two takers never get the same: the row is
/// changed only while its lease is free.
pub async fn lease(db: &impl Reads, owner: Uuid, now: Moment, until: Moment) -> Result<Option<Letter>, StoreError> {
    let free = Condition::all()
        .add(letter::Column::State.eq("queued"))
        .add(letter::Column::NextAttemptAt.lte(millis(now)))
        .add(
            Condition::any()
                .add(letter::Column::LeaseUntil.is_null())
                .add(letter::Column::LeaseUntil.lte(millis(now))),
        );
    // Another taker may be quicker; a few more looks find a letter of our own or none.
    for _ in 0..8 {
        let next = letter::Entity::find()
            .filter(free.clone())
            .order_by_asc(letter::Column::NextAttemptAt)
            .order_by_asc(letter::Column::Id)
            .limit(1)
            .one(db.connection())
            .await?;
        let Some(row) = next else { return Ok(None) };
        let taken = letter::Entity::update_many()
            .col_expr(letter::Column::LeaseOwner, Expr::value(Some(owner)))
            .col_expr(letter::Column::LeaseUntil, Expr::value(Some(millis(until))))
            .col_expr(letter::Column::Attempts, Expr::col(letter::Column::Attempts).add(1))
            .filter(letter::Column::Id.eq(row.id))
            .filter(free.clone())
            .exec(db.connection())
            .await?;
        if taken.rows_affected == 1 {
            let mut letter = letter_of(row)?;
            letter.attempts += 1;
            return Ok(Some(letter));
        }
    }
    Ok(None)
}

/// Ends a lease. `Stale` if it was no longer ours.
pub async fn settle(tx: &Tx, id: LetterId, owner: Uuid, delivery: &Delivery, now: Moment) -> Result<(), StoreError> {
    let update = letter::Entity::update_many()
        .col_expr(letter::Column::LeaseOwner, Expr::value(None::<Uuid>))
        .col_expr(letter::Column::LeaseUntil, Expr::value(None::<i64>));
    let update = match delivery {
        Delivery::Sent { answer } => update
            .col_expr(letter::Column::State, Expr::value("sent"))
            .col_expr(letter::Column::SentAt, Expr::value(Some(millis(now))))
            .col_expr(letter::Column::Answer, Expr::value(Some(answer.clone()))),
        Delivery::Retry { answer, at } => update
            .col_expr(letter::Column::NextAttemptAt, Expr::value(millis(*at)))
            .col_expr(letter::Column::Answer, Expr::value(Some(answer.clone()))),
        Delivery::Dropped => update.col_expr(letter::Column::State, Expr::value("dropped")),
        Delivery::Dead { answer } => update
            .col_expr(letter::Column::State, Expr::value("dead"))
            .col_expr(letter::Column::Answer, Expr::value(Some(answer.clone()))),
    };
    let done = update
        .filter(letter::Column::Id.eq(id.0))
        .filter(letter::Column::LeaseOwner.eq(owner))
        .exec(tx.connection())
        .await?;
    if done.rows_affected == 0 {
        Err(StoreError::Stale)
    } else {
        Ok(())
    }
}

/// Queues a letter of the digest again, whatever became of it. `false` if there is no such letter.
pub async fn requeue(tx: &Tx, digest: DigestId, letter: LetterId, now: Moment) -> Result<bool, StoreError> {
    let done = letter::Entity::update_many()
        .col_expr(letter::Column::State, Expr::value("queued"))
        .col_expr(letter::Column::NextAttemptAt, Expr::value(millis(now)))
        .filter(letter::Column::Id.eq(letter.0))
        .filter(letter::Column::DigestId.eq(digest.0))
        .exec(tx.connection())
        .await?;
    Ok(done.rows_affected > 0)
}

/// How many letters wait to be sent.
pub async fn queued(db: &impl Reads) -> Result<u64, StoreError> {
    Ok(letter::Entity::find()
        .filter(letter::Column::State.eq("queued"))
        .count(db.connection())
        .await?)
}

pub(super) fn letter_of(row: letter::Model) -> Result<Letter, StoreError> {
    let id = row.id.to_string();
    let about = match (row.hold_id, row.referral_id, row.shelter_id) {
        (Some(hold), _, _) => Some(About::Hold(hold.into())),
        (None, Some(referral), _) => Some(About::Referral(referral.into())),
        (None, None, shelter) => shelter.map(|id| About::Shelter(id.into())),
    };
    let of = match (row.digest_id, about) {
        (Some(digest), _) => Of::Digest(digest.into()),
        (None, Some(about)) => Of::Notice(Box::new(Notice {
            about,
            kind: code("letter", "notice", row.notice.as_deref().unwrap_or_default())?,
            subject: row.subject.unwrap_or_default(),
            html: row.html.unwrap_or_default(),
            text: row.text.unwrap_or_default(),
        })),
        (None, None) => return Err(unreadable("letter", "digest_id", &id)),
    };
    Ok(Letter {
        id: row.id.into(),
        of,
        via: code("letter", "via", &row.via)?,
        address: row.address,
        name: row.name,
        language: row.language,
        state: row.state,
        attempts: u32::try_from(row.attempts).unwrap_or(0),
        answer: row.answer,
        sent_at: row.sent_at.map(moment),
        created_at: moment(row.created_at),
    })
}
