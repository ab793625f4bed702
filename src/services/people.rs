//! Accounts and organisations: kept by an administrator.

use serde_json::json;

use super::Services;
use super::access::hash_password;
use super::audit::entry;
use super::errors::Refused;
use crate::domain::accounts::{Actor, Organisation, PASSWORD_MAX_CHARS, PASSWORD_MIN_CHARS, Role, User};
use crate::domain::errors::FieldError;
use crate::domain::id::{OrganisationId, ShelterId, UserId};
use crate::store::accounts;
use crate::store::shelters::{self, Which};
use crate::store::{StoreError, audit};

/// An account as an administrator writes it.
#[derive(Debug, Clone)]
pub struct UserDraft {
    pub email: String,
    pub name: String,
    pub role: Role,
    pub organisation_id: Option<OrganisationId>,
    pub shelters: Vec<ShelterId>,
    pub language: String,
    /// `None` keeps the password an account has.
    pub password: Option<String>,
    pub disabled: bool,
}

/// The signed-in person, with what the screens show of her or his place.
pub struct Me {
    pub user: User,
    pub organisation: Option<Organisation>,
    pub shelters: Vec<(ShelterId, String)>,
    /// The country's, in which times are shown.
    pub time_zone: &'static str,
}

impl Services {
    pub async fn me(&self, actor: &Actor) -> Result<Me, Refused> {
        let user = accounts::user(&self.store, actor.user_id)
            .await?
            .ok_or(Refused::Unauthenticated)?;
        let organisation = match user.organisation_id {
            Some(id) => accounts::organisation(&self.store, id).await?,
            None => None,
        };
        let shelters = accounts::shelter_codes(&self.store, &user.shelters).await?;
        Ok(Me {
            user,
            organisation,
            shelters,
            time_zone: self.pack.time_zone.name(),
        })
    }

    pub async fn set_language(&self, actor: &Actor, language: &str) -> Result<(), Refused> {
        if !self.pack.languages.iter().any(|known| known == language) {
            return Err(Refused::invalid(
                "language",
                "unknown",
                "not a language of this country pack",
            ));
        }
        let tx = self.store.begin().await?;
        accounts::set_language(&tx, actor.user_id, language).await?;
        let told = entry(
            Some(actor),
            self.now(),
            "user.language",
            ("user", actor.user_id.to_string()),
            json!(null),
        );
        audit::append(&tx, vec![told]).await?;
        tx.commit().await?;
        Ok(())
    }

    pub async fn users(&self) -> Result<Vec<User>, Refused> {
        Ok(accounts::users(&self.store).await?)
    }

    pub async fn organisations(&self) -> Result<Vec<Organisation>, Refused> {
        Ok(accounts::organisations(&self.store).await?)
    }

    pub async fn has_users(&self) -> Result<bool, Refused> {
        Ok(accounts::has_users(&self.store).await?)
    }

    pub async fn add_organisation(&self, actor: &Actor, mut row: Organisation) -> Result<Organisation, Refused> {
        let now = self.now();
        row.id = OrganisationId(self.ids.uuid(now));
        let tx = self.store.begin().await?;
        accounts::insert_organisation(&tx, &row, now)
            .await
            .map_err(|e| taken(e, "code"))?;
        let told = entry(
            Some(actor),
            now,
            "organisation.create",
            ("organisation", row.id.to_string()),
            json!({"code": row.code}),
        );
        audit::append(&tx, vec![told]).await?;
        tx.commit().await?;
        Ok(row)
    }

    /// Makes an account. `actor` is nobody when the first administrator is made from the command line.
    pub async fn add_user(&self, actor: Option<&Actor>, draft: UserDraft) -> Result<User, Refused> {
        self.check_user(&draft, true).await?;
        let password = draft.password.clone().unwrap_or_default();
        let hash = self.hash(password).await?;
        let now = self.now();
        let row = user_of(UserId(self.ids.uuid(now)), draft);
        let tx = self.store.begin().await?;
        accounts::insert_user(&tx, &row, &hash, now)
            .await
            .map_err(|e| taken(e, "email"))?;
        let detail = json!({"role": row.role, "organisation": row.organisation_id, "shelters": row.shelters});
        audit::append(
            &tx,
            vec![entry(actor, now, "user.create", ("user", row.id.to_string()), detail)],
        )
        .await?;
        tx.commit().await?;
        Ok(row)
    }

    /// Changes an account; its sessions end at once, so that new rights hold from the next request.
    pub async fn change_user(&self, actor: &Actor, id: UserId, mut draft: UserDraft) -> Result<User, Refused> {
        let before = accounts::user(&self.store, id).await?.ok_or(Refused::NotFound)?;
        draft.email.clone_from(&before.email);
        self.check_user(&draft, false).await?;
        if before.role == Role::Admin && (draft.role != Role::Admin || draft.disabled) && self.is_last_admin(id).await?
        {
            return Err(Refused::conflict("last_admin", "the last administrator stays one"));
        }
        let hash = match draft.password.clone() {
            Some(password) => Some(self.hash(password).await?),
            None => None,
        };
        let now = self.now();
        let row = user_of(id, draft);
        let tx = self.store.begin().await?;
        accounts::update_user(&tx, &row, hash.as_deref(), now).await?;
        accounts::revoke_sessions_of(&tx, id, now).await?;
        let detail =
            json!({"role": row.role, "disabled": row.disabled, "password": hash.is_some(), "shelters": row.shelters});
        audit::append(
            &tx,
            vec![entry(Some(actor), now, "user.change", ("user", id.to_string()), detail)],
        )
        .await?;
        tx.commit().await?;
        self.rights_changed();
        Ok(row)
    }

    async fn is_last_admin(&self, id: UserId) -> Result<bool, Refused> {
        let users = accounts::users(&self.store).await?;
        Ok(!users
            .iter()
            .any(|user| user.role == Role::Admin && !user.disabled && user.id != id))
    }

    pub(super) async fn hash(&self, password: String) -> Result<String, Refused> {
        let ids = self.ids.clone();
        tokio::task::spawn_blocking(move || hash_password(&ids, &password))
            .await
            .map_err(|e| Refused::Unexpected(e.to_string()))?
    }

    async fn check_user(&self, draft: &UserDraft, new: bool) -> Result<(), Refused> {
        let mut errors = Vec::new();
        if !self.pack.languages.contains(&draft.language) {
            errors.push(FieldError::new(
                "language",
                "unknown",
                "not a language of this country pack",
            ));
        }
        match draft.password.as_deref().map(|password| password.chars().count()) {
            None if new => errors.push(FieldError::new(
                "password",
                "required",
                "a new account needs a password",
            )),
            Some(n) if n < PASSWORD_MIN_CHARS => {
                errors.push(FieldError::new(
                    "password",
                    "too_short",
                    format!("at least {PASSWORD_MIN_CHARS} characters"),
                ));
            }
            Some(n) if n > PASSWORD_MAX_CHARS => {
                errors.push(FieldError::new(
                    "password",
                    "too_long",
                    format!("at most {PASSWORD_MAX_CHARS} characters"),
                ));
            }
            _ => {}
        }
        match (draft.role, draft.organisation_id) {
            (Role::Officer, None) => {
                errors.push(FieldError::new(
                    "organisation_id",
                    "required",
                    "an officer works for an organisation",
                ));
            }
            (_, Some(id)) if accounts::organisation(&self.store, id).await?.is_none() => {
                errors.push(FieldError::new("organisation_id", "unknown", "no such organisation"));
            }
            _ => {}
        }
        if draft.role == Role::Manager {
            let all = crate::domain::accounts::ShelterScope::All;
            let known = shelters::list(&self.store, &all, Which::Ids(&draft.shelters)).await?;
            if draft.shelters.is_empty() {
                errors.push(FieldError::new(
                    "shelter_ids",
                    "required",
                    "a manager runs at least one shelter",
                ));
            }
            for (at, id) in draft.shelters.iter().enumerate() {
                if draft.shelters.iter().take(at).any(|other| other == id) {
                    errors.push(FieldError::new(
                        format!("shelter_ids[{at}]"),
                        "duplicate",
                        "named twice",
                    ));
                }
                if !known.iter().any(|shelter| shelter.id == *id) {
                    errors.push(FieldError::new(
                        format!("shelter_ids[{at}]"),
                        "unknown",
                        "no such shelter",
                    ));
                }
            }
        } else if !draft.shelters.is_empty() {
            errors.push(FieldError::new(
                "shelter_ids",
                "not_allowed",
                "only managers run shelters",
            ));
        }
        if errors.is_empty() {
            Ok(())
        } else {
            Err(Refused::Invalid(errors))
        }
    }
}

fn user_of(id: UserId, draft: UserDraft) -> User {
    User {
        id,
        email: draft.email,
        name: draft.name,
        role: draft.role,
        organisation_id: draft.organisation_id,
        language: draft.language,
        disabled: draft.disabled,
        shelters: draft.shelters,
    }
}

/// A unique column's refusal, told of the field.
pub(super) fn taken(error: StoreError, field: &'static str) -> Refused {
    match error {
        StoreError::Conflict(_) => Refused::invalid(field, "taken", "already in use"),
        other => other.into(),
    }
}
