//! Organisations and accounts.

use std::collections::{HashMap, HashSet};

use entity::{factor, organisation, session, shelter, shelter_manager, user};
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::convert::{code, millis, moment};
use super::{Reads, StoreError, Tx};
use crate::domain::accounts::{Account, AccountState, Credentials, Organisation, Role, User};
use crate::domain::id::{Moment, OrganisationId, ShelterId, UserId};

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
        kind: Set(if row.is_program() { "program" } else { "person" }.to_owned()),
    })
    .exec_without_returning(tx.connection())
    .await?;
    set_shelters(tx, row.id, &row.shelters).await
}

/// Changes what may change of an account.
pub async fn update_user(tx: &Tx, row: &User, now: Moment) -> Result<(), StoreError> {
    user::Entity::update_many()
        .col_expr(user::Column::Name, Expr::value(row.name.clone()))
        .col_expr(user::Column::Role, Expr::value(row.role.to_string()))
        .col_expr(
            user::Column::OrganisationId,
            Expr::value(row.organisation_id.map(|id| id.0)),
        )
        .col_expr(user::Column::Language, Expr::value(row.language.clone()))
        .col_expr(user::Column::DisabledAt, Expr::value(row.disabled.then(|| millis(now))))
        .filter(user::Column::Id.eq(row.id.0))
        .exec(tx.connection())
        .await?;
    shelter_manager::Entity::delete_many()
        .filter(shelter_manager::Column::UserId.eq(row.id.0))
        .exec(tx.connection())
        .await?;
    set_shelters(tx, row.id, &row.shelters).await
}

pub async fn set_password(tx: &Tx, user: UserId, password_hash: &str) -> Result<(), StoreError> {
    user::Entity::update_many()
        .col_expr(user::Column::PasswordHash, Expr::value(password_hash))
        .filter(user::Column::Id.eq(user.0))
        .exec(tx.connection())
        .await?;
    Ok(())
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

/// Everybody; programs are none.
pub async fn users(db: &impl Reads) -> Result<Vec<User>, StoreError> {
    of_kind(db, "person").await
}

pub(super) async fn of_kind(db: &impl Reads, kind: &str) -> Result<Vec<User>, StoreError> {
    let rows = user::Entity::find()
        .filter(user::Column::Kind.eq(kind))
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

/// How far these accounts have come, in their order.
pub async fn standing(db: &impl Reads, users: Vec<User>) -> Result<Vec<Account>, StoreError> {
    let ids: Vec<Uuid> = users.iter().map(|user| user.id.0).collect();
    let without_password: HashSet<Uuid> = user::Entity::find()
        .select_only()
        .column(user::Column::Id)
        .filter(user::Column::PasswordHash.eq(""))
        .filter(user::Column::Id.is_in(ids.iter().copied()))
        .into_tuple()
        .all(db.connection())
        .await?
        .into_iter()
        .collect();
    let with_factor: HashSet<Uuid> = factor::Entity::find()
        .select_only()
        .column(factor::Column::UserId)
        .filter(factor::Column::ConfirmedAt.is_not_null())
        .filter(factor::Column::UserId.is_in(ids.iter().copied()))
        .into_tuple()
        .all(db.connection())
        .await?
        .into_iter()
        .collect();
    let last: Vec<(Uuid, Option<i64>)> = session::Entity::find()
        .select_only()
        .column(session::Column::UserId)
        .expr_as(session::Column::CreatedAt.max(), "last")
        .filter(session::Column::UserId.is_in(ids))
        .group_by(session::Column::UserId)
        .into_tuple()
        .all(db.connection())
        .await?;
    let last: HashMap<Uuid, i64> = last.into_iter().filter_map(|(id, at)| Some((id, at?))).collect();
    let account = |user: User| Account {
        state: match (user.disabled, without_password.contains(&user.id.0)) {
            (true, _) => AccountState::Disabled,
            (false, true) => AccountState::Invited,
            (false, false) => AccountState::Active,
        },
        has_factor: with_factor.contains(&user.id.0),
        last_sign_in_at: last.get(&user.id.0).copied().map(moment),
        user,
    };
    Ok(users.into_iter().map(account).collect())
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
        .filter(user::Column::Kind.eq("person"))
        .filter(user::Column::DisabledAt.is_null())
        .order_by_asc(user::Column::Email)
        .all(db.connection())
        .await?;
    rows.into_iter().map(|row| user_of(row, Vec::new())).collect()
}

pub async fn credentials(db: &impl Reads, email: &str) -> Result<Option<Credentials>, StoreError> {
    credentials_where(db, user::Column::Email.eq(email)).await
}

pub async fn credentials_of(db: &impl Reads, id: UserId) -> Result<Option<Credentials>, StoreError> {
    credentials_where(db, user::Column::Id.eq(id.0)).await
}

async fn credentials_where(db: &impl Reads, who: Expr) -> Result<Option<Credentials>, StoreError> {
    let found = user::Entity::find()
        .filter(who)
        .filter(user::Column::Kind.eq("person"))
        .one(db.connection())
        .await?;
    // Of nobody nothing is asked, but it is asked: an account must not show by the time it takes.
    let id = found.as_ref().map_or(Uuid::nil(), |row| row.id);
    let shelters = shelters_of(db, id.into()).await?;
    let Some(row) = found else { return Ok(None) };
    let password_hash = row.password_hash.clone();
    Ok(Some(Credentials {
        user: user_of(row, shelters)?,
        password_hash,
    }))
}

/// The people with these addresses who may sign in, without their shelters.
pub async fn by_emails(db: &impl Reads, emails: &[String]) -> Result<Vec<User>, StoreError> {
    writable(db, user::Column::Email.is_in(emails)).await
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
