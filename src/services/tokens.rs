//! Tokens of programs: made by an administrator, shown once, and good until they end or are revoked. A program is an
//! account of its own, so that the audit says what did something, and not only who let it in.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::Duration;
use serde_json::json;

use super::Services;
use super::access::{actor_of, token_hash};
use super::errors::Refused;
use super::people::UserDraft;
use crate::domain::accounts::{Actor, Bearer, Role, User};
use crate::domain::id::{Moment, OrganisationId, ShelterId, TokenId, UserId};
use crate::domain::tokens::{ApiToken, PROGRAM_ADDRESS};
use crate::store::{accounts, tokens};

/// What the tokens of programs begin with, so that a leaked one is recognised. A full stop is in no session's token.
pub const PROGRAM_PREFIX: &str = "pnh_p.";

/// A token as an administrator asks for it.
#[derive(Debug, Clone)]
pub struct TokenDraft {
    /// Of the program.
    pub name: String,
    /// Anything but an administrator.
    pub role: Role,
    pub organisation_id: Option<OrganisationId>,
    pub shelters: Vec<ShelterId>,
    /// As routes ask for them; the caller knows which there are.
    pub scopes: Vec<String>,
    /// 1 to [`crate::domain::tokens::MOST_DAYS`].
    pub days: u16,
}

/// A token with the account that acts by it.
#[derive(Debug, Clone)]
pub struct TokenView {
    pub row: ApiToken,
    pub program: User,
    pub created_by_name: Option<String>,
}

/// A program as remembered between requests. Another node's revocation is seen when `checked_at` is a second old.
#[derive(Clone)]
struct Known {
    actor: Actor,
    expires_at: Moment,
    checked_at: Moment,
}

/// Programs seen lately.
#[derive(Default)]
pub struct Programs(Mutex<HashMap<String, Known>>);

impl Programs {
    fn recall(&self, hash: &str, now: Moment) -> Option<Actor> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = all.get(hash)?;
        let age = now - known.checked_at;
        let fresh = age >= Duration::zero() && age < Duration::seconds(1) && now < known.expires_at;
        fresh.then(|| known.actor.clone())
    }

    fn remember(&self, hash: String, known: Known) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= 1000 {
            all.clear();
        }
        all.insert(hash, known);
    }

    /// Rights changed: everybody is asked for again.
    pub fn forget_all(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

impl Services {
    /// Every token, newest first, those that ended among them.
    pub async fn tokens(&self) -> Result<Vec<TokenView>, Refused> {
        let rows = tokens::all(&self.store).await?;
        let programs = tokens::programs(&self.store).await?;
        let programs: HashMap<UserId, User> = programs.into_iter().map(|user| (user.id, user)).collect();
        let people = accounts::users(&self.store).await?;
        let names: HashMap<UserId, String> = people.into_iter().map(|user| (user.id, user.name)).collect();
        let view = |row: ApiToken| {
            Some(TokenView {
                program: programs.get(&row.user_id)?.clone(),
                created_by_name: row.created_by.and_then(|id| names.get(&id).cloned()),
                row,
            })
        };
        Ok(rows.into_iter().filter_map(view).collect())
    }

    /// Makes a program and its token, which is told here and never again. `actor` is nobody at the command line.
    ///
    /// # Errors
    /// `Invalid`: `role` for an administrator's, and what an account of that role lacks.
    pub async fn add_token(&self, actor: Option<&Actor>, draft: TokenDraft) -> Result<(TokenView, String), Refused> {
        if draft.role == Role::Admin {
            let detail = "no program is an administrator";
            return Err(Refused::invalid("role", "not_allowed", detail));
        }
        let now = self.now();
        let row = ApiToken {
            id: TokenId(self.ids.uuid(now)),
            user_id: UserId(self.ids.uuid(now)),
            scopes: draft.scopes,
            created_by: actor.map(|actor| actor.user_id),
            created_at: now,
            expires_at: now + Duration::days(draft.days.into()),
            last_used_at: None,
            revoked_at: None,
        };
        let account = UserDraft {
            email: format!("{PROGRAM_ADDRESS}{}", row.user_id),
            name: draft.name,
            role: draft.role,
            organisation_id: draft.organisation_id,
            shelters: draft.shelters,
            language: self.pack.default_language.clone(),
            disabled: false,
        };
        self.check_user(&account).await?;
        let program = super::people::user_of(row.user_id, account);
        let token = format!("{PROGRAM_PREFIX}{}", URL_SAFE_NO_PAD.encode(self.ids.secret()));
        let tx = self.store.begin().await?;
        accounts::insert_user(&tx, &program, "", now).await?;
        tokens::insert(&tx, &row, &token_hash(&token)).await?;
        let mut telling = self.telling(now);
        let detail = json!({"program": program.id, "role": program.role, "organisation": program.organisation_id,
            "shelters": program.shelters, "scopes": row.scopes, "until": row.expires_at});
        telling.entry(actor, "token.create", ("token", row.id.to_string()), detail);
        self.finish(tx, telling).await?;
        let view = TokenView {
            row,
            program,
            created_by_name: actor.map(|actor| actor.name.clone()),
        };
        Ok((view, token))
    }

    /// Ends a token: at once here, on other nodes within a second.
    ///
    /// # Errors
    /// `NotFound`. One that was revoked before is no trouble.
    pub async fn revoke_token(&self, actor: Option<&Actor>, id: TokenId) -> Result<(), Refused> {
        let now = self.now();
        let tx = self.store.begin().await?;
        let row = tokens::find(&tx, id).await?.ok_or(Refused::NotFound)?;
        if tokens::revoke(&tx, id, now).await? {
            let mut telling = self.telling(now);
            let detail = json!({"program": row.user_id});
            telling.entry(actor, "token.revoke", ("token", id.to_string()), detail);
            self.finish(tx, telling).await?;
            self.programs.forget_all();
        }
        Ok(())
    }

    /// Which program bears this token. Looks at the database at most once a second per token.
    pub(super) async fn authenticate_program(&self, token: &str) -> Result<Actor, Refused> {
        let hash = token_hash(token);
        let now = self.now();
        if let Some(actor) = self.programs.recall(&hash, now) {
            return Ok(actor);
        }
        let row = tokens::by_hash(&self.store, &hash).await?;
        let row = row.filter(|row| row.is_good(now)).ok_or(Refused::Unauthenticated)?;
        let user = accounts::user(&self.store, row.user_id).await?;
        let user = user.filter(|user| !user.disabled).ok_or(Refused::Unauthenticated)?;
        if row.last_used_at.is_none_or(|at| now - at >= Duration::minutes(1)) {
            tokens::touch(&self.store, row.id, now).await?;
        }
        let actor = Actor {
            by: Bearer::Token { scopes: row.scopes },
            ..actor_of(&user)
        };
        let known = Known {
            actor: actor.clone(),
            expires_at: row.expires_at,
            checked_at: now,
        };
        self.programs.remember(hash, known);
        Ok(actor)
    }
}
