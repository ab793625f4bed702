//! Second factors of the one who is signed in: set up, confirmed, listed, removed; recovery codes beside them. How one is
//! proved is told in `factors::proof`, what passkeys sign in `factors::passkeys`.

pub mod passkeys;
pub mod proof;
mod recovery;

use serde_json::json;

use super::Services;
use super::errors::Refused;
use crate::domain::accounts::{Actor, Bearer};
use crate::domain::factors::{FactorKind, MOST_FACTORS, OneTimeCodes, SET_UP_WITHIN};
use crate::domain::id::{FactorId, Moment, UserId};
use crate::domain::outbox::NoticeKind;
use crate::store::factors::{self, Factor};
use crate::store::{Tx, accounts, sessions};
use proof::Renewed;

/// What somebody proves herself with, as she sees it.
pub struct OwnFactors {
    /// Whether her role must have one.
    pub required: bool,
    pub items: Vec<FactorView>,
    pub recovery_codes_left: usize,
    /// Whether passkeys can be used at this service's address.
    pub passkeys_offered: bool,
}

pub struct FactorView {
    pub id: FactorId,
    pub kind: FactorKind,
    pub name: String,
    pub created_at: Moment,
    pub last_used_at: Option<Moment>,
}

impl From<Factor> for FactorView {
    fn from(row: Factor) -> Self {
        Self {
            id: row.id,
            kind: row.kind,
            name: row.name,
            created_at: row.created_at,
            last_used_at: row.last_used_at,
        }
    }
}

/// An authenticator app that is to be confirmed by a code it shows.
pub struct NewTotp {
    pub id: FactorId,
    /// To be typed by hand, in Base32.
    pub secret: String,
    /// To be read from a QR code.
    pub uri: String,
}

/// A factor that counts from now on.
pub struct Confirmed {
    /// With the first factor, and shown this once.
    pub recovery_codes: Option<Vec<String>>,
    /// With the first factor: the session goes on under another token.
    pub session: Option<Renewed>,
}

impl Services {
    pub async fn own_factors(&self, actor: &Actor) -> Result<OwnFactors, Refused> {
        let own = factors::of_user(&self.store, actor.user_id).await?;
        Ok(OwnFactors {
            required: self.second_factor.is_asked_of(actor.role),
            items: own.into_iter().map(FactorView::from).collect(),
            recovery_codes_left: factors::codes_left(&self.store, actor.user_id).await?.len(),
            passkeys_offered: self.passkeys.is_some(),
        })
    }

    /// Begins to set up an authenticator app; one that was begun before and not confirmed is forgotten.
    ///
    /// # Errors
    /// `Conflict` with `too_many_factors`.
    pub async fn add_totp(&self, actor: &Actor, name: String) -> Result<NewTotp, Refused> {
        let now = self.now();
        let user = accounts::user(&self.store, actor.user_id).await?;
        let user = user.ok_or(Refused::Unauthenticated)?;
        let id = FactorId(self.ids.uuid(now));
        let random = self.ids.secret();
        // The end of it: counted ones differ there.
        let secret = random
            .get(random.len() - OneTimeCodes::SECRET_BYTES..)
            .unwrap_or(&random);
        let codes = one_time_codes(secret)?;
        let row = Factor {
            id,
            user_id: user.id,
            kind: FactorKind::Totp,
            name,
            lookup: None,
            sealed: self.vault.seal(&self.ids, id.0, secret)?,
            confirmed_at: None,
            created_at: now,
            last_used_at: None,
        };
        let tx = self.store.begin().await?;
        factors::lock(&tx, user.id).await?;
        room_for_one(&factors::of_user(&tx, user.id).await?)?;
        factors::forget_unconfirmed(&tx, user.id).await?;
        factors::insert(&tx, &row).await?;
        let mut telling = self.telling(now);
        telling.entry(Some(actor), "factor.begin", of_factor(id), json!({"kind": row.kind}));
        self.finish(tx, telling).await?;
        Ok(NewTotp {
            id,
            secret: codes.secret(),
            uri: codes.uri(&user.email),
        })
    }

    /// An authenticator app counts once it has shown a code.
    ///
    /// # Errors
    /// `NotFound` a quarter of an hour after it was begun; `Invalid` on `code`.
    pub async fn confirm_totp(&self, actor: &Actor, id: FactorId, code: &str) -> Result<Confirmed, Refused> {
        let now = self.now();
        let row = factors::unconfirmed(&self.store, actor.user_id, id, now - SET_UP_WITHIN).await?;
        let row = row.ok_or(Refused::NotFound)?;
        let codes = one_time_codes(&self.vault.open(id.0, &row.sealed)?)?;
        let step = codes.step_of(code, now).ok_or_else(|| {
            let detail = "not the code that the app shows now; is the telephone's clock right?";
            Refused::invalid("code", "wrong_code", detail)
        })?;
        let recovery = self.recovery_if_first(actor.user_id).await?;
        let tx = self.store.begin().await?;
        factors::lock(&tx, actor.user_id).await?;
        let others = factors::of_user(&tx, actor.user_id).await?;
        room_for_one(&others)?;
        if !factors::confirm(&tx, id, step, now).await? {
            return Err(Refused::NotFound);
        }
        self.count_from_now(tx, actor, (id, FactorKind::Totp), others.is_empty(), recovery, now)
            .await
    }

    /// Finishes the confirmation of a factor: with the first one go recovery codes, a new token, and the end of every
    /// session that was opened by a password alone.
    async fn count_from_now(
        &self,
        tx: Tx,
        actor: &Actor,
        (id, kind): (FactorId, FactorKind),
        first: bool,
        recovery: Option<recovery::Codes>,
        now: Moment,
    ) -> Result<Confirmed, Refused> {
        let mut done = Confirmed {
            recovery_codes: None,
            session: None,
        };
        if first {
            // Somebody removed the last one a moment ago: the codes were not made.
            let codes = recovery.ok_or(Refused::Stale)?;
            factors::replace_codes(&tx, actor.user_id, &codes.hashes, now).await?;
            done.recovery_codes = Some(codes.shown);
            if let Bearer::Session { id, .. } = actor.by {
                done.session = Some(self.renew(&tx, id, true, now).await?);
                sessions::revoke_others(&tx, actor.user_id, id, now).await?;
            }
        }
        let mut telling = self.telling(now);
        telling.entry(Some(actor), "factor.add", of_factor(id), json!({"kind": kind}));
        telling.notice_to_person(actor.user_id, NoticeKind::FactorAdded);
        self.finish(tx, telling).await?;
        self.sessions.forget_all();
        Ok(done)
    }

    /// Removes a factor. The recovery codes go with the last one.
    ///
    /// # Errors
    /// `Conflict` with `last_factor` where her role must have one.
    pub async fn remove_factor(&self, actor: &Actor, id: FactorId) -> Result<(), Refused> {
        let now = self.now();
        let tx = self.store.begin().await?;
        factors::lock(&tx, actor.user_id).await?;
        if !factors::delete(&tx, actor.user_id, id).await? {
            return Err(Refused::NotFound);
        }
        if !factors::has(&tx, actor.user_id).await? {
            if self.second_factor.is_asked_of(actor.role) {
                return Err(Refused::conflict("last_factor", "set up another factor first"));
            }
            factors::delete_all(&tx, actor.user_id).await?;
        }
        let mut telling = self.telling(now);
        telling.entry(Some(actor), "factor.remove", of_factor(id), json!(null));
        telling.notice_to_person(actor.user_id, NoticeKind::FactorRemoved);
        self.finish(tx, telling).await
    }

    /// Makes ten new recovery codes; those of before count no longer.
    ///
    /// # Errors
    /// `Conflict` with `no_factor` for somebody who has no second factor.
    pub async fn new_recovery_codes(&self, actor: &Actor) -> Result<Vec<String>, Refused> {
        let now = self.now();
        let codes = self.recovery_codes().await?;
        let tx = self.store.begin().await?;
        factors::lock(&tx, actor.user_id).await?;
        if !factors::has(&tx, actor.user_id).await? {
            return Err(Refused::conflict(
                "no_factor",
                "recovery codes stand in for a second factor: set one up first",
            ));
        }
        factors::replace_codes(&tx, actor.user_id, &codes.hashes, now).await?;
        let mut telling = self.telling(now);
        telling.entry(Some(actor), "recovery_codes.make", of_user(actor.user_id), json!(null));
        self.finish(tx, telling).await?;
        Ok(codes.shown)
    }
}

/// Refuses one more than anybody needs.
fn room_for_one(own: &[Factor]) -> Result<(), Refused> {
    if own.len() >= MOST_FACTORS {
        let detail = format!("at most {MOST_FACTORS} factors: remove one first");
        return Err(Refused::conflict("too_many_factors", detail));
    }
    Ok(())
}

fn one_time_codes(secret: &[u8]) -> Result<OneTimeCodes, Refused> {
    OneTimeCodes::of(secret).ok_or_else(|| Refused::Unexpected("a one-time secret is too short".to_owned()))
}

fn of_factor(id: FactorId) -> (&'static str, String) {
    ("factor", id.to_string())
}

fn of_user(id: UserId) -> (&'static str, String) {
    ("user", id.to_string())
}
