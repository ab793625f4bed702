//! Sessions: opening and ending them, and knowing at each request who asks. How somebody proves who they are is told in
//! `sign_in`.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::Services;
use super::audit::entry;
use super::errors::Refused;
use super::tokens::PROGRAM_PREFIX;
use crate::domain::accounts::{Actor, Bearer, Session, User, session_minutes};
use crate::domain::audit::Entry;
use crate::domain::id::{Moment, SessionId};
use crate::store::{Tx, accounts, audit, factors, sessions};

/// What bearer tokens begin with, so that a leaked one is recognised.
pub const TOKEN_PREFIX: &str = "pnh_";

/// A session as remembered between requests. Other nodes' revocations are seen when `checked_at` is a second old.
#[derive(Clone)]
struct Known {
    actor: Actor,
    session: Session,
    checked_at: Moment,
}

/// Sessions seen lately.
#[derive(Default)]
pub struct Sessions {
    known: Mutex<HashMap<String, Known>>,
}

impl Sessions {
    fn recall(&self, token_hash: &str) -> Option<Known> {
        self.known
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(token_hash)
            .cloned()
    }

    fn remember(&self, token_hash: &str, known: Known) {
        let mut all = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= 10_000 {
            all.clear();
        }
        all.insert(token_hash.to_owned(), known);
    }

    /// Rights changed: everybody is asked for again.
    pub fn forget_all(&self) {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

/// How a session comes to be, for its owner to recognise it.
#[derive(Debug, Clone, Default)]
pub struct Opening {
    /// When the second factor was proved; none if it was not.
    pub factor_at: Option<Moment>,
    /// Which browser on which system, in coarse words.
    pub client: String,
    /// The network address it was opened from.
    pub origin: String,
}

/// A fresh session: the token is known to nobody but its bearer.
pub struct SignedIn {
    pub token: String,
    pub expires_at: Moment,
    pub user: User,
    /// By which the browser is known from now on; none where it keeps nothing.
    pub device: Option<String>,
}

pub(super) fn token_hash(token: &str) -> String {
    hex::encode(Sha256::digest(token.as_bytes()))
}

impl Services {
    /// A session for somebody whose identity is beyond doubt.
    pub async fn open_session(&self, user: User, how: &Opening, now: Moment) -> Result<SignedIn, Refused> {
        let tx = self.store.begin().await?;
        let (opened, told) = self.insert_session(&tx, user, how, now).await?;
        audit::append(&tx, vec![told]).await?;
        tx.commit().await?;
        Ok(opened)
    }

    /// The same, as part of a larger change, whose audit entries this one joins.
    pub(super) async fn insert_session(
        &self,
        tx: &Tx,
        user: User,
        how: &Opening,
        now: Moment,
    ) -> Result<(SignedIn, Entry), Refused> {
        let token = self.new_token();
        let (_, absolute) = session_minutes(user.role);
        let session = Session {
            id: SessionId(self.ids.uuid(now)),
            user_id: user.id,
            created_at: now,
            last_seen_at: now,
            proved_at: now,
            factor_at: how.factor_at,
            client: how.client.clone(),
            origin: how.origin.clone(),
            expires_at: now + chrono::Duration::minutes(absolute),
        };
        let actor = Actor {
            origin: how.origin.clone(),
            ..actor_of(&user)
        };
        sessions::insert(tx, &session, &token_hash(&token)).await?;
        let object = ("session", session.id.to_string());
        let told = entry(Some(&actor), now, "session.open", object, json!(null));
        let opened = SignedIn {
            token,
            expires_at: session.expires_at,
            user,
            device: None,
        };
        Ok((opened, told))
    }

    /// Who bears this token. Looks at the database at most once a second per session.
    pub async fn authenticate(&self, token: &str) -> Result<Actor, Refused> {
        if token.starts_with(PROGRAM_PREFIX) {
            return self.authenticate_program(token).await;
        }
        let hash = token_hash(token);
        let now = self.now();
        if let Some(known) = self.sessions.recall(&hash) {
            let age = now - known.checked_at;
            if age >= chrono::Duration::zero() && age < chrono::Duration::seconds(1) && in_time(&known, now) {
                return Ok(known.actor);
            }
        }
        let Some(session) = sessions::by_token(&self.store, &hash).await? else {
            return Err(if sessions::bore_disabled(&self.store, &hash).await? {
                Refused::AccountDisabled
            } else {
                Refused::Unauthenticated
            });
        };
        let user = accounts::user(&self.store, session.user_id)
            .await?
            .filter(|user| !user.disabled);
        let user = user.ok_or(Refused::AccountDisabled)?;
        let mut known = Known {
            actor: Actor {
                by: Bearer::Session {
                    id: session.id,
                    proved_at: session.proved_at,
                    enrolling: session.factor_at.is_none() && self.second_factor.is_asked_of(user.role),
                },
                ..actor_of(&user)
            },
            session,
            checked_at: now,
        };
        if !in_time(&known, now) || self.passed_by_factor(&known.session).await? {
            return Err(Refused::Unauthenticated);
        }
        if now - known.session.last_seen_at >= chrono::Duration::minutes(1) {
            sessions::touch(&self.store, known.session.id, now).await?;
            known.session.last_seen_at = now;
        }
        let actor = known.actor.clone();
        self.sessions.remember(&hash, known);
        Ok(actor)
    }

    /// Whether it was opened by a password alone while its owner set up a second factor: a password is no longer enough.
    async fn passed_by_factor(&self, session: &Session) -> Result<bool, Refused> {
        Ok(session.factor_at.is_none() && factors::has(&self.store, session.user_id).await?)
    }

    /// 256 secret bits, by which a browser or a program is recognised.
    pub(super) fn new_token(&self) -> String {
        format!("{TOKEN_PREFIX}{}", URL_SAFE_NO_PAD.encode(self.ids.secret()))
    }

    pub(super) fn rights_changed(&self) {
        self.sessions.forget_all();
        self.programs.forget_all();
    }
}

fn in_time(known: &Known, now: Moment) -> bool {
    let (idle, _) = session_minutes(known.actor.role);
    now < known.session.expires_at && now < known.session.last_seen_at + chrono::Duration::minutes(idle)
}

pub(super) fn actor_of(user: &User) -> Actor {
    Actor {
        user_id: user.id,
        role: user.role,
        name: user.name.clone(),
        organisation_id: user.organisation_id,
        shelters: user.shelters.clone(),
        origin: String::new(),
        by: Bearer::Nothing,
    }
}
