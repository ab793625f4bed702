//! Signing in and out, and knowing at each request who asks.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash, phc::Salt};
use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;
use sha2::{Digest, Sha256};
use tokio::sync::Semaphore;
use unicode_normalization::UnicodeNormalization;

use super::Services;
use super::audit::entry;
use super::errors::Refused;
use crate::domain::accounts::{Actor, PASSWORD_MAX_CHARS, Session, User, session_minutes};
use crate::domain::id::{Moment, SessionId};
use crate::ids::Ids;
use crate::store::accounts;
use crate::store::audit;

/// What bearer tokens begin with, so that a leaked one is recognised.
pub const TOKEN_PREFIX: &str = "pnh_";

/// A session as remembered between requests. Other nodes' revocations are seen when `checked_at` is a second old.
#[derive(Clone)]
struct Known {
    actor: Actor,
    session: Session,
    checked_at: Moment,
}

/// Sessions seen lately, and the two places in which passwords are hashed.
pub struct Sessions {
    known: Mutex<HashMap<String, Known>>,
    hashing: Semaphore,
}

impl Default for Sessions {
    fn default() -> Self {
        Self {
            known: Mutex::new(HashMap::new()),
            hashing: Semaphore::new(2),
        }
    }
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

/// A fresh session: the token is known to nobody but its bearer.
pub struct SignedIn {
    pub token: String,
    pub expires_at: Moment,
    pub user: User,
}

fn argon2() -> Argon2<'static> {
    // OWASP's figures for interactive sign-in: 64 MiB, three passes, one lane.
    let params = Params::new(65_536, 3, 1, None).unwrap_or_default();
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

/// Hashes a password for keeping. Slow by intent: call it off the async threads.
pub fn hash_password(ids: &Ids, password: &str) -> Result<String, Refused> {
    let normal: String = password.nfkc().collect();
    let secret = ids.secret();
    let salt = secret.get(..16).unwrap_or(&secret);
    let salt = Salt::new(salt).map_err(|e| Refused::Unexpected(e.to_string()))?;
    argon2()
        .hash_password_with_salt(normal.as_bytes(), &salt)
        .map(|hash| hash.to_string())
        .map_err(|e| Refused::Unexpected(e.to_string()))
}

fn password_matches(password: &str, stored: &str) -> bool {
    let normal: String = password.nfkc().collect();
    PasswordHash::new(stored).is_ok_and(|hash| argon2().verify_password(normal.as_bytes(), &hash).is_ok())
}

fn token_hash(token: &str) -> String {
    hex::encode(Sha256::digest(token.as_bytes()))
}

impl Services {
    /// Checks a password and opens a session. An unknown address costs the same time and gives the same answer.
    pub async fn sign_in(&self, email: &str, password: &str) -> Result<SignedIn, Refused> {
        let email = email.trim().to_lowercase();
        let found = accounts::credentials(&self.store, &email).await?;
        // A hash nobody's password has: what an unknown address is checked against.
        let dummy = "$argon2id$v=19$m=65536,t=3,p=1$c29tZXNhbHRzb21lc2FsdA$Jg8jBJj7ej0KMV7BRJuSo0lE3BOBVdv3mXWrC3kVb3w";
        let stored = found
            .as_ref()
            .map_or_else(|| dummy.to_owned(), |c| c.password_hash.clone());
        let password = password.to_owned();
        let place = self
            .sessions
            .hashing
            .acquire()
            .await
            .map_err(|e| Refused::Unexpected(e.to_string()))?;
        let matches = password.chars().count() <= PASSWORD_MAX_CHARS
            && tokio::task::spawn_blocking(move || password_matches(&password, &stored))
                .await
                .map_err(|e| Refused::Unexpected(e.to_string()))?;
        drop(place);
        let now = self.now();
        let Some(user) = found.map(|c| c.user).filter(|user| matches && !user.disabled) else {
            let tx = self.store.begin().await?;
            let told = entry(
                None,
                now,
                "session.refused",
                ("user", hex::encode(Sha256::digest(email))),
                json!(null),
            );
            audit::append(&tx, vec![told]).await?;
            tx.commit().await?;
            return Err(Refused::WrongCredentials);
        };
        self.open_session(user, now).await
    }

    /// A session for somebody whose identity is beyond doubt.
    pub async fn open_session(&self, user: User, now: Moment) -> Result<SignedIn, Refused> {
        let token = format!("{TOKEN_PREFIX}{}", URL_SAFE_NO_PAD.encode(self.ids.secret()));
        let (_, absolute) = session_minutes(user.role);
        let session = Session {
            id: SessionId(self.ids.uuid(now)),
            user_id: user.id,
            created_at: now,
            last_seen_at: now,
            expires_at: now + chrono::Duration::minutes(absolute),
        };
        let actor = actor_of(&user);
        let tx = self.store.begin().await?;
        accounts::insert_session(&tx, &session, &token_hash(&token)).await?;
        audit::append(
            &tx,
            vec![entry(
                Some(&actor),
                now,
                "session.open",
                ("session", session.id.to_string()),
                json!(null),
            )],
        )
        .await?;
        tx.commit().await?;
        Ok(SignedIn {
            token,
            expires_at: session.expires_at,
            user,
        })
    }

    /// Who bears this token. Looks at the database at most once a second per session.
    pub async fn authenticate(&self, token: &str) -> Result<Actor, Refused> {
        let hash = token_hash(token);
        let now = self.now();
        if let Some(known) = self.sessions.recall(&hash) {
            let age = now - known.checked_at;
            if age >= chrono::Duration::zero() && age < chrono::Duration::seconds(1) && in_time(&known, now) {
                return Ok(known.actor);
            }
        }
        let Some(session) = accounts::session(&self.store, &hash).await? else {
            return Err(if accounts::bore_disabled(&self.store, &hash).await? {
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
            actor: actor_of(&user),
            session,
            checked_at: now,
        };
        if !in_time(&known, now) {
            return Err(Refused::Unauthenticated);
        }
        if now - known.session.last_seen_at >= chrono::Duration::minutes(1) {
            accounts::touch_session(&self.store, known.session.id, now).await?;
            known.session.last_seen_at = now;
        }
        let actor = known.actor.clone();
        self.sessions.remember(&hash, known);
        Ok(actor)
    }

    /// Ends the session of this token; one that has ended already is no trouble.
    pub async fn sign_out(&self, actor: &Actor, token: &str) -> Result<(), Refused> {
        let Some(session) = accounts::session(&self.store, &token_hash(token)).await? else {
            return Ok(());
        };
        let now = self.now();
        let tx = self.store.begin().await?;
        accounts::revoke_session(&tx, session.id, now).await?;
        audit::append(
            &tx,
            vec![entry(
                Some(actor),
                now,
                "session.close",
                ("session", session.id.to_string()),
                json!(null),
            )],
        )
        .await?;
        tx.commit().await?;
        self.sessions.forget_all();
        Ok(())
    }

    pub(super) fn rights_changed(&self) {
        self.sessions.forget_all();
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
    }
}
