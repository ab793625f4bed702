//! The outbox: letters that wait, and what became of them. Digests and notices go the same way.

use entity::letter;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::convert::{code, millis, moment};
use super::{Reads, StoreError, Tx};
use crate::domain::id::{DigestId, HoldId, LetterId, Moment, RecipientId, ReferralId, ShelterId};
use crate::domain::outbox::{About, Letter, Notice, Of};

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
    let about = notice.map(|notice| notice.about);
    let (hold, referral, shelter) = match about {
        Some(About::Hold(id)) => (Some(id.0), None, None),
        Some(About::Referral(id)) => (None, Some(id.0), None),
        Some(About::Shelter(id)) => (None, None, Some(id.0)),
        Some(About::Recipient(_) | About::Ticket(_) | About::Country) | None => (None, None, None),
    };
    let ticket = match about {
        Some(About::Ticket(id)) => Some(id.0),
        _ => None,
    };
    letter::ActiveModel {
        id: Set(row.id.0),
        digest_id: Set(digest),
        hold_id: Set(hold),
        referral_id: Set(referral),
        shelter_id: Set(shelter),
        recipient_id: Set(row.recipient.map(|id| id.0)),
        ticket_id: Set(ticket),
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

/// Drops every letter that waits; how many there were.
pub async fn drop_waiting(tx: &Tx, answer: &str) -> Result<u64, StoreError> {
    let done = letter::Entity::update_many()
        .col_expr(letter::Column::State, Expr::value("dropped"))
        .col_expr(letter::Column::Answer, Expr::value(Some(answer)))
        .filter(letter::Column::State.eq("queued"))
        .exec(tx.connection())
        .await?;
    Ok(done.rows_affected)
}

pub async fn find(db: &impl Reads, id: LetterId) -> Result<Option<Letter>, StoreError> {
    let row = letter::Entity::find_by_id(id.0).one(db.connection()).await?;
    row.map(letter_of).transpose()
}

/// How many letters have waited since before `until`, and since when the oldest of them.
pub async fn waiting_since(db: &impl Reads, until: Moment) -> Result<Option<(u64, Moment)>, StoreError> {
    let row: Option<(i64, Option<i64>)> = letter::Entity::find()
        .select_only()
        .expr_as(letter::Column::Id.count(), "n")
        .expr_as(letter::Column::CreatedAt.min(), "oldest")
        .filter(letter::Column::State.eq("queued"))
        .filter(letter::Column::CreatedAt.lte(millis(until)))
        .into_tuple()
        .one(db.connection())
        .await?;
    let found = row.and_then(|(n, oldest)| Some((u64::try_from(n).ok()?, moment(oldest?))));
    Ok(found.filter(|(n, _)| *n > 0))
}

/// Letters that wait and those that were given up, by state: how many, and when the oldest was written.
pub async fn unsent(db: &impl Reads) -> Result<Vec<(String, u64, Moment)>, StoreError> {
    let rows: Vec<(String, i64, i64)> = letter::Entity::find()
        .select_only()
        .column(letter::Column::State)
        .expr_as(letter::Column::Id.count(), "n")
        .expr_as(letter::Column::CreatedAt.min(), "oldest")
        .filter(letter::Column::State.is_in(["queued", "dead"]))
        .group_by(letter::Column::State)
        .into_tuple()
        .all(db.connection())
        .await?;
    let typed = |(state, n, oldest)| (state, u64::try_from(n).unwrap_or(0), moment(oldest));
    Ok(rows.into_iter().map(typed).collect())
}

pub(super) fn letter_of(row: letter::Model) -> Result<Letter, StoreError> {
    let recipient = row.recipient_id.map(RecipientId::from);
    let about = match (row.hold_id, row.referral_id, row.shelter_id) {
        (Some(hold), _, _) => About::Hold(hold.into()),
        (None, Some(referral), _) => About::Referral(referral.into()),
        (None, None, Some(shelter)) => About::Shelter(shelter.into()),
        (None, None, None) => match (recipient, row.ticket_id) {
            (Some(recipient), _) => About::Recipient(recipient),
            (None, Some(ticket)) => About::Ticket(ticket.into()),
            (None, None) => About::Country,
        },
    };
    let of = match row.digest_id {
        Some(digest) => Of::Digest(digest.into()),
        None => Of::Notice(Box::new(Notice {
            about,
            kind: code("letter", "notice", row.notice.as_deref().unwrap_or_default())?,
            subject: row.subject.unwrap_or_default(),
            html: row.html.unwrap_or_default(),
            text: row.text.unwrap_or_default(),
        })),
    };
    Ok(Letter {
        id: row.id.into(),
        of,
        recipient,
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
