//! Organisations, accounts and sessions.

use entity::{organisation, session, shelter, shelter_manager, user};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, EntityTrait, JoinType, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
};
use uuid::Uuid;

use super::convert::{code, millis, moment};
use super::{Reads, StoreError, Tx};
use crate::domain::accounts::{Credentials, Organisation, Role, Session, User};
use crate::domain::id::{Moment, OrganisationId, SessionId, ShelterId, UserId};

pub async fn insert_organisation(tx: &Tx, row: &Organisation, now: Moment) -> Result<(), StoreError> {
    organisation::Entity::insert(organisation::ActiveModel {
        id: Set(row.id.0),
        code: Set(row.code.clone()),
        name: Set(row.name.clone()),
        operates: Set(row.operates),
        refers: Set(row.refers),
        created_at: Set(millis(now)),
    })
    .exec_without_returning(tx.connection())
    .await?;
    Ok(())
}

pub async fn organisations(db: &impl Reads) -> Result<Vec<Organisation>, StoreError> {
    let rows = organisation::Entity::find()
        .order_by_asc(organisation::Column::Code)
        .all(db.connection())
        .await?;
    Ok(rows.into_iter().map(organisation_of).collect())
}

pub async fn organisation(db: &impl Reads, id: OrganisationId) -> Result<Option<Organisation>, StoreError> {
    Ok(organisation::Entity::find_by_id(id.0)
        .one(db.connection())
        .await?
        .map(organisation_of))
}

fn organisation_of(row: organisation::Model) -> Organisation {
    Organisation {
        id: row.id.into(),
        code: row.code,
        name: row.name,
        operates: row.operates,
        refers: row.refers,
    }
}

pub async fn insert_user(tx: &Tx, row: &User, password_hash: &str, now: Moment) -> Result<(), StoreError> {
    user::Entity::insert(user::ActiveModel {
        id: Set(row.id.0),
        email: Set(row.email.clone()),
        name: Set(row.name.clone()),
        role: Set(row.role.to_string()),
        organisation_id: Set(row.organisation_id.map(|id| id.0)),
        language: Set(row.language.clone()),
        password_hash: Set(password_hash.to_owned()),
        disabled_at: Set(row.disabled.then(|| millis(now))),
        created_at: Set(millis(now)),
    })
    .exec_without_returning(tx.connection())
    .await?;
    set_shelters(tx, row.id, &row.shelters).await
}

/// Changes what may change of an account; `password_hash` only when a new one is given.
pub async fn update_user(tx: &Tx, row: &User, password_hash: Option<&str>, now: Moment) -> Result<(), StoreError> {
    let mut update = user::Entity::update_many()
        .col_expr(user::Column::Name, Expr::value(row.name.clone()))
        .col_expr(user::Column::Role, Expr::value(row.role.to_string()))
        .col_expr(
            user::Column::OrganisationId,
            Expr::value(row.organisation_id.map(|id| id.0)),
        )
        .col_expr(user::Column::Language, Expr::value(row.language.clone()))
        .col_expr(user::Column::DisabledAt, Expr::value(row.disabled.then(|| millis(now))));
    if let Some(hash) = password_hash {
        update = update.col_expr(user::Column::PasswordHash, Expr::value(hash));
    }
    update
        .filter(user::Column::Id.eq(row.id.0))
        .exec(tx.connection())
        .await?;
    shelter_manager::Entity::delete_many()
        .filter(shelter_manager::Column::UserId.eq(row.id.0))
        .exec(tx.connection())
        .await?;
    set_shelters(tx, row.id, &row.shelters).await
}

async fn set_shelters(tx: &Tx, user: UserId, shelters: &[ShelterId]) -> Result<(), StoreError> {
    if shelters.is_empty() {
        return Ok(());
    }
    let rows = shelters.iter().map(|shelter| shelter_manager::ActiveModel {
        user_id: Set(user.0),
        shelter_id: Set(shelter.0),
    });
    shelter_manager::Entity::insert_many(rows)
        .exec_without_returning(tx.connection())
        .await?;
    Ok(())
}

pub async fn set_language(tx: &Tx, user: UserId, language: &str) -> Result<(), StoreError> {
    user::Entity::update_many()
        .col_expr(user::Column::Language, Expr::value(language))
        .filter(user::Column::Id.eq(user.0))
        .exec(tx.connection())
        .await?;
    Ok(())
}

pub async fn users(db: &impl Reads) -> Result<Vec<User>, StoreError> {
    let rows = user::Entity::find()
        .order_by_asc(user::Column::Email)
        .all(db.connection())
        .await?;
    let links = shelter_manager::Entity::find().all(db.connection()).await?;
    rows.into_iter()
        .map(|row| {
            let shelters = links
                .iter()
                .filter(|l| l.user_id == row.id)
                .map(|l| l.shelter_id.into())
                .collect();
            user_of(row, shelters)
        })
        .collect()
}

pub async fn user(db: &impl Reads, id: UserId) -> Result<Option<User>, StoreError> {
    let Some(row) = user::Entity::find_by_id(id.0).one(db.connection()).await? else {
        return Ok(None);
    };
    let shelters = shelters_of(db, id).await?;
    user_of(row, shelters).map(Some)
}

/// Who may be written to, by e-mail address: those who run the shelter and may sign in.
pub async fn managers_of(db: &impl Reads, shelter: ShelterId) -> Result<Vec<User>, StoreError> {
    let ids: Vec<Uuid> = shelter_manager::Entity::find()
        .select_only()
        .column(shelter_manager::Column::UserId)
        .filter(shelter_manager::Column::ShelterId.eq(shelter.0))
        .into_tuple()
        .all(db.connection())
        .await?;
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    writable(db, user::Column::Id.is_in(ids)).await
}

/// The operators: every administrator who may sign in.
pub async fn operators(db: &impl Reads) -> Result<Vec<User>, StoreError> {
    writable(db, user::Column::Role.eq(Role::Admin.to_string())).await
}

/// The people of the condition who may sign in, without their shelters.
async fn writable(db: &impl Reads, who: sea_orm::sea_query::SimpleExpr) -> Result<Vec<User>, StoreError> {
    let rows = user::Entity::find()
        .filter(who)
        .filter(user::Column::DisabledAt.is_null())
        .order_by_asc(user::Column::Email)
        .all(db.connection())
        .await?;
    rows.into_iter().map(|row| user_of(row, Vec::new())).collect()
}

pub async fn credentials(db: &impl Reads, email: &str) -> Result<Option<Credentials>, StoreError> {
    let found = user::Entity::find()
        .filter(user::Column::Email.eq(email))
        .one(db.connection())
        .await?;
    let Some(row) = found else { return Ok(None) };
    let shelters = shelters_of(db, row.id.into()).await?;
    let password_hash = row.password_hash.clone();
    Ok(Some(Credentials {
        user: user_of(row, shelters)?,
        password_hash,
    }))
}

async fn shelters_of(db: &impl Reads, user: UserId) -> Result<Vec<ShelterId>, StoreError> {
    let ids: Vec<Uuid> = shelter_manager::Entity::find()
        .select_only()
        .column(shelter_manager::Column::ShelterId)
        .filter(shelter_manager::Column::UserId.eq(user.0))
        .order_by_asc(shelter_manager::Column::ShelterId)
        .into_tuple()
        .all(db.connection())
        .await?;
    Ok(ids.into_iter().map(ShelterId).collect())
}

fn user_of(row: user::Model, shelters: Vec<ShelterId>) -> Result<User, StoreError> {
    Ok(User {
        id: row.id.into(),
        role: code("user", "role", &row.role)?,
        email: row.email,
        name: row.name,
        organisation_id: row.organisation_id.map(OrganisationId),
        language: row.language,
        disabled: row.disabled_at.is_some(),
        shelters,
    })
}

pub async fn has_users(db: &impl Reads) -> Result<bool, StoreError> {
    Ok(user::Entity::find().limit(1).count(db.connection()).await? > 0)
}

/// Codes of the shelters, for showing whose they are.
pub async fn shelter_codes(db: &impl Reads, ids: &[ShelterId]) -> Result<Vec<(ShelterId, String)>, StoreError> {
    let rows: Vec<(Uuid, String)> = shelter::Entity::find()
        .select_only()
        .columns([shelter::Column::Id, shelter::Column::Code])
        .filter(shelter::Column::Id.is_in(ids.iter().map(|id| id.0)))
        .order_by_asc(shelter::Column::Code)
        .into_tuple()
        .all(db.connection())
        .await?;
    Ok(rows.into_iter().map(|(id, code)| (id.into(), code)).collect())
}

pub async fn insert_session(tx: &Tx, row: &Session, token_hash: &str) -> Result<(), StoreError> {
    session::Entity::insert(session::ActiveModel {
        id: Set(row.id.0),
        token_hash: Set(token_hash.to_owned()),
        user_id: Set(row.user_id.0),
        created_at: Set(millis(row.created_at)),
        last_seen_at: Set(millis(row.last_seen_at)),
        expires_at: Set(millis(row.expires_at)),
        revoked_at: Set(None),
    })
    .exec_without_returning(tx.connection())
    .await?;
    Ok(())
}

/// A session that has not been revoked; whether it is still in time is for the caller to say.
pub async fn session(db: &impl Reads, token_hash: &str) -> Result<Option<Session>, StoreError> {
    let row = session::Entity::find()
        .filter(session::Column::TokenHash.eq(token_hash))
        .filter(session::Column::RevokedAt.is_null())
        .one(db.connection())
        .await?;
    Ok(row.map(|row| Session {
        id: row.id.into(),
        user_id: row.user_id.into(),
        created_at: moment(row.created_at),
        last_seen_at: moment(row.last_seen_at),
        expires_at: moment(row.expires_at),
    }))
}

/// Whether this is the token of a session of an account that is disabled now.
pub async fn bore_disabled(db: &impl Reads, token_hash: &str) -> Result<bool, StoreError> {
    let found: Option<Option<i64>> = session::Entity::find()
        .select_only()
        .column(user::Column::DisabledAt)
        .join(
            JoinType::InnerJoin,
            session::Entity::belongs_to(user::Entity)
                .from(session::Column::UserId)
                .to(user::Column::Id)
                .into(),
        )
        .filter(session::Column::TokenHash.eq(token_hash))
        .into_tuple()
        .one(db.connection())
        .await?;
    Ok(found.flatten().is_some())
}

pub async fn touch_session(db: &impl Reads, id: SessionId, now: Moment) -> Result<(), StoreError> {
    session::Entity::update_many()
        .col_expr(session::Column::LastSeenAt, Expr::value(millis(now)))
        .filter(session::Column::Id.eq(id.0))
        .exec(db.connection())
        .await?;
    Ok(())
}

pub async fn revoke_session(tx: &Tx, id: SessionId, now: Moment) -> Result<(), StoreError> {
    revoke_where(tx, session::Column::Id.eq(id.0), now).await
}

pub async fn revoke_sessions_of(tx: &Tx, user: UserId, now: Moment) -> Result<(), StoreError> {
    revoke_where(tx, session::Column::UserId.eq(user.0), now).await
}

async fn revoke_where(tx: &Tx, which: sea_orm::sea_query::SimpleExpr, now: Moment) -> Result<(), StoreError> {
    session::Entity::update_many()
        .col_expr(session::Column::RevokedAt, Expr::value(Some(millis(now))))
        .filter(which)
        .filter(session::Column::RevokedAt.is_null())
        .exec(tx.connection())
        .await?;
    Ok(())
}
