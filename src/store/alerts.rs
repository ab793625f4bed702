//! Who chose to be told of what, and what they were told of. When to tell is not this room's business.

use std::collections::HashMap;

use chrono::NaiveDate;
use entity::{alert, alert_choice, user};
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, EntityTrait, PaginatorTrait, QueryFilter, QuerySelect, QueryTrait,
    TryInsertResult,
};
use uuid::Uuid;

use super::convert::{code, day, json, millis, minutes, moment, time, to_json};
use super::{Reads, StoreError, Tx};
use crate::domain::alerts::{AlertKind, Choice, Chooser, News, Quiet, Told};
use crate::domain::id::{Moment, UserId};

pub async fn choice(db: &impl Reads, user: UserId) -> Result<Option<Choice>, StoreError> {
    let row = alert_choice::Entity::find_by_id(user.0).one(db.connection()).await?;
    row.map(choice_of).transpose()
}

/// Writes down what somebody chose. `Stale` if it is not the choice of `version` any more that it replaces; 0 is none.
pub async fn choose(tx: &Tx, user: UserId, choice: &Choice) -> Result<(), StoreError> {
    let at = |quiet: fn(&Quiet) -> chrono::NaiveTime| choice.quiet.as_ref().map(|hours| minutes(quiet(hours)));
    let (from, until) = (at(|quiet| quiet.from), at(|quiet| quiet.until));
    let done = if choice.version == 0 {
        let row = alert_choice::ActiveModel {
            user_id: Set(user.0),
            kinds: Set(to_json(&choice.kinds)),
            region: Set(choice.region.clone()),
            quiet_from: Set(from),
            quiet_until: Set(until),
            version: Set(1),
        };
        let inserted = alert_choice::Entity::insert(row)
            .on_conflict(OnConflict::column(alert_choice::Column::UserId).do_nothing().to_owned())
            .try_insert()
            .exec_without_returning(tx.connection())
            .await?;
        matches!(inserted, TryInsertResult::Inserted(rows) if rows > 0)
    } else {
        let updated = alert_choice::Entity::update_many()
            .col_expr(alert_choice::Column::Kinds, Expr::value(to_json(&choice.kinds)))
            .col_expr(alert_choice::Column::Region, Expr::value(choice.region.clone()))
            .col_expr(alert_choice::Column::QuietFrom, Expr::value(from))
            .col_expr(alert_choice::Column::QuietUntil, Expr::value(until))
            .col_expr(alert_choice::Column::Version, Expr::value(choice.version + 1))
            .filter(alert_choice::Column::UserId.eq(user.0))
            .filter(alert_choice::Column::Version.eq(choice.version))
            .exec(tx.connection())
            .await?;
        updated.rows_affected > 0
    };
    if done { Ok(()) } else { Err(StoreError::Stale) }
}

/// Everybody who ever chose and may still sign in.
pub async fn choosers(db: &impl Reads) -> Result<Vec<Chooser>, StoreError> {
    let rows = alert_choice::Entity::find().all(db.connection()).await?;
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let roles: Vec<(Uuid, String)> = user::Entity::find()
        .select_only()
        .columns([user::Column::Id, user::Column::Role])
        .filter(user::Column::Id.is_in(rows.iter().map(|row| row.user_id)))
        .filter(user::Column::DisabledAt.is_null())
        .into_tuple()
        .all(db.connection())
        .await?;
    let roles: HashMap<Uuid, String> = roles.into_iter().collect();
    let mut all = Vec::new();
    for row in rows {
        let user = row.user_id;
        if let Some(role) = roles.get(&user) {
            all.push(Chooser {
                user: user.into(),
                role: code("user", "role", role)?,
                choice: choice_of(row)?,
            });
        }
    }
    Ok(all)
}

/// Makes others who tell the same person wait for this transaction; `false` if it is not this choice any more.
pub async fn lock(tx: &Tx, chooser: &Chooser) -> Result<bool, StoreError> {
    let same = alert_choice::Entity::update_many()
        .col_expr(alert_choice::Column::Version, Expr::value(chooser.choice.version))
        .filter(alert_choice::Column::UserId.eq(chooser.user.0))
        .filter(alert_choice::Column::Version.eq(chooser.choice.version))
        .exec(tx.connection())
        .await?;
    Ok(same.rows_affected > 0)
}

/// What people were told of that stood at the last look, and all of which they were told on `today`; of one of them or of all.
pub async fn told(
    db: &impl Reads,
    only: Option<UserId>,
    today: NaiveDate,
) -> Result<HashMap<UserId, Vec<Told>>, StoreError> {
    let recent = Condition::any()
        .add(alert::Column::OverAt.is_null())
        .add(alert::Column::Day.eq(today.to_string()));
    let mut select = alert::Entity::find().filter(recent);
    if let Some(user) = only {
        select = select.filter(alert::Column::UserId.eq(user.0));
    }
    let mut all: HashMap<UserId, Vec<Told>> = HashMap::new();
    for row in select.all(db.connection()).await? {
        all.entry(row.user_id.into()).or_default().push(told_of(row)?);
    }
    Ok(all)
}

/// Writes down what somebody is told of and what is over. The caller holds the lock of their choice.
pub async fn write(tx: &Tx, user: UserId, news: &News, today: NaiveDate, now: Moment) -> Result<(), StoreError> {
    for (change, over_at) in [(&news.over, Some(millis(now))), (&news.again, None)] {
        mark(tx, user, change, over_at).await?;
    }
    let rows = news.begun.iter().map(|situation| alert::ActiveModel {
        user_id: Set(user.0),
        kind: Set(situation.kind.to_string()),
        subject: Set(situation.subject.clone()),
        day: Set(today.to_string()),
        event: Set(situation.event.clone()),
        at: Set(millis(now)),
        over_at: Set(None),
    });
    let rows: Vec<_> = rows.collect();
    for part in rows.chunks(500) {
        alert::Entity::insert_many(part.to_vec())
            .exec_without_returning(tx.connection())
            .await?;
    }
    Ok(())
}

/// Notes since when subjects stand no more, or that they stand again.
async fn mark(tx: &Tx, user: UserId, all: &[Told], over_at: Option<i64>) -> Result<(), StoreError> {
    for part in all.chunks(500) {
        let subjects = part.iter().map(|subject| {
            Condition::all()
                .add(alert::Column::Kind.eq(subject.kind.to_string()))
                .add(alert::Column::Subject.eq(subject.subject.as_str()))
                .add(alert::Column::Day.eq(subject.day.to_string()))
        });
        alert::Entity::update_many()
            .col_expr(alert::Column::OverAt, Expr::value(over_at))
            .filter(alert::Column::UserId.eq(user.0))
            .filter(subjects.fold(Condition::any(), Condition::add))
            .exec(tx.connection())
            .await?;
    }
    Ok(())
}

/// Whether anything of this kind that the person of this address was told of at this moment stands still.
pub async fn stands(db: &impl Reads, address: &str, kind: AlertKind, at: Moment) -> Result<bool, StoreError> {
    let person = user::Entity::find()
        .select_only()
        .column(user::Column::Id)
        .filter(user::Column::Email.eq(address))
        .into_query();
    let standing = alert::Entity::find()
        .filter(alert::Column::UserId.in_subquery(person))
        .filter(alert::Column::Kind.eq(kind.to_string()))
        .filter(alert::Column::At.eq(millis(at)))
        .filter(alert::Column::OverAt.is_null());
    Ok(standing.count(db.connection()).await? > 0)
}

/// Forgets what was over before a moment.
pub async fn purge(tx: &Tx, before: Moment) -> Result<u64, StoreError> {
    let gone = alert::Entity::delete_many()
        .filter(alert::Column::OverAt.lt(millis(before)))
        .exec(tx.connection())
        .await?;
    Ok(gone.rows_affected)
}

fn choice_of(row: alert_choice::Model) -> Result<Choice, StoreError> {
    let quiet = |(from, until): (i32, i32)| Quiet {
        from: time(from),
        until: time(until),
    };
    Ok(Choice {
        kinds: json("alert_choice", "kinds", &row.kinds)?,
        region: row.region,
        quiet: row.quiet_from.zip(row.quiet_until).map(quiet),
        version: row.version,
    })
}

fn told_of(row: alert::Model) -> Result<Told, StoreError> {
    Ok(Told {
        kind: code("alert", "kind", &row.kind)?,
        subject: row.subject,
        event: row.event,
        day: day("alert", "day", &row.day)?,
        at: moment(row.at),
        over_at: row.over_at.map(moment),
    })
}
