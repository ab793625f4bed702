//! Proving who one is: the second factor when signing in, and again before what asks for a fresh proof. A code, a
//! recovery code and a signature each count once, whatever comes of it.

use serde_json::{Value, json};
use uuid::Uuid;

use super::super::Services;
use super::super::access::{actor_of, token_hash};
use super::super::errors::Refused;
use super::super::sign_in::Attempt;
use super::{of_user, one_time_codes};
use crate::domain::accounts::{Actor, Bearer, PASSWORD_MAX_CHARS, User};
use crate::domain::factors::{FactorKind, Way, recovery_code};
use crate::domain::id::{Moment, SessionId, UserId};
use crate::domain::outbox::NoticeKind;
use crate::store::factors::{self, Factor};
use crate::store::{Tx, accounts, sessions};

/// A session that goes on under another token; the old one is nobody's.
pub struct Renewed {
    pub token: String,
    pub expires_at: Moment,
}

/// What a passkey is to sign.
#[derive(Debug)]
pub struct PasskeyChallenge {
    pub id: Uuid,
    /// What a browser's `navigator.credentials.get` takes, its bytes in base64url.
    pub options: Value,
}

impl Services {
    /// Proves the second factor of somebody whose password was right. Tells when it was proved; nothing where she has none.
    ///
    /// # Errors
    /// `SecondFactorNeeded` if none was tried, `WrongCode` if what was brought proves nothing.
    pub(in super::super) async fn prove_factor(
        &self,
        user: &User,
        attempt: &Attempt,
        now: Moment,
    ) -> Result<Option<Moment>, Refused> {
        let own = factors::of_user(&self.store, user.id).await?;
        if own.is_empty() {
            return Ok(None);
        }
        if !attempt.brings_factor() {
            return Err(Refused::SecondFactorNeeded {
                ways: self.ways_with(user.id, &own).await?,
                passkey: self.challenge(user.id, &own, "sign_in", now).await?.map(Box::new),
            });
        }
        let who = Actor {
            origin: attempt.origin.clone(),
            ..actor_of(user)
        };
        match self.try_factor(&who, &own, attempt, "sign_in", now).await? {
            Some(_) => Ok(Some(now)),
            None => Err(Refused::WrongCode),
        }
    }

    /// Proves anew who bears this session, by her factor if she has one, else by her password.
    ///
    /// # Errors
    /// `ProofNeeded` if it was tried by something that is not enough, `NotProved` if it was wrong, `Wait` after too many
    /// wrong ones.
    pub async fn prove_again(&self, actor: &Actor, attempt: &Attempt) -> Result<Renewed, Refused> {
        let Bearer::Session { id, .. } = actor.by else {
            return Err(Refused::Unauthenticated);
        };
        let now = self.now();
        let own = factors::of_user(&self.store, actor.user_id).await?;
        let by_password = own.is_empty();
        let enough = if by_password {
            !attempt.password.is_empty()
        } else {
            attempt.brings_factor()
        };
        if !enough {
            return Err(self.proof_needed(actor).await?);
        }
        let counted = self.count_own(actor.user_id, now).await?;
        let (tried, way) = match by_password {
            true => (Way::Password, self.try_password(actor, &attempt.password, now).await?),
            false => (Way::Totp, self.try_factor(actor, &own, attempt, "proof", now).await?),
        };
        let way = way.ok_or(Refused::NotProved(tried))?;
        let tx = self.store.begin().await?;
        self.forget_attempts(&tx, &counted).await?;
        let renewed = self.renew(&tx, id, way != Way::Password, now).await?;
        let mut telling = self.telling(now);
        telling.entry(
            Some(actor),
            "session.proof",
            ("session", id.to_string()),
            json!({"by": way}),
        );
        self.finish(tx, telling).await?;
        self.sessions.forget_all();
        Ok(renewed)
    }

    /// Something for a passkey of the actor's to sign as a fresh proof.
    ///
    /// # Errors
    /// `Conflict` with `no_passkey`.
    pub async fn proof_by_passkey(&self, actor: &Actor) -> Result<PasskeyChallenge, Refused> {
        let own = factors::of_user(&self.store, actor.user_id).await?;
        let made = self.challenge(actor.user_id, &own, "proof", self.now()).await?;
        made.ok_or_else(|| Refused::conflict("no_passkey", "no passkey can be used here"))
    }

    /// The refusal of what asks for a fresh proof, with the ways in which this actor can give one.
    pub async fn proof_needed(&self, actor: &Actor) -> Result<Refused, Refused> {
        let own = factors::of_user(&self.store, actor.user_id).await?;
        let ways = match own.is_empty() {
            true => vec![Way::Password],
            false => self.ways_with(actor.user_id, &own).await?,
        };
        Ok(Refused::ProofNeeded { ways })
    }

    /// Gives a session another token.
    pub(super) async fn renew(&self, tx: &Tx, id: SessionId, by_factor: bool, now: Moment) -> Result<Renewed, Refused> {
        let token = self.new_token();
        let hash = token_hash(&token);
        if !sessions::renew(tx, id, &hash, by_factor, now).await? {
            return Err(Refused::Unauthenticated);
        }
        let session = sessions::by_token(tx, &hash).await?.ok_or(Refused::Unauthenticated)?;
        Ok(Renewed {
            token,
            expires_at: session.expires_at,
        })
    }

    async fn ways_with(&self, owner: UserId, own: &[Factor]) -> Result<Vec<Way>, Refused> {
        let has = |kind| own.iter().any(|factor| factor.kind == kind);
        let mut ways = Vec::new();
        if has(FactorKind::Totp) {
            ways.push(Way::Totp);
        }
        if has(FactorKind::Passkey) && self.passkeys.is_some() {
            ways.push(Way::Passkey);
        }
        if !factors::codes_left(&self.store, owner).await?.is_empty() {
            ways.push(Way::RecoveryCode);
        }
        Ok(ways)
    }

    async fn try_password(&self, who: &Actor, password: &str, now: Moment) -> Result<Option<Way>, Refused> {
        let kept = accounts::credentials_of(&self.store, who.user_id).await?;
        let kept = kept.as_ref().map(|kept| kept.password_hash.as_str());
        if password.chars().count() <= PASSWORD_MAX_CHARS && self.password_matches(password, kept).await? {
            return Ok(Some(Way::Password));
        }
        self.note_wrong(who, Way::Password, now).await?;
        Ok(None)
    }

    /// By what of hers somebody has proved herself; `None` if what she brought proves nothing.
    async fn try_factor(
        &self,
        who: &Actor,
        own: &[Factor],
        attempt: &Attempt,
        purpose: &'static str,
        now: Moment,
    ) -> Result<Option<Way>, Refused> {
        let (way, proved) = if let Some(code) = &attempt.code {
            (Way::Totp, self.take_one_time_code(own, code, now).await?)
        } else if let Some(answer) = &attempt.passkey {
            (
                Way::Passkey,
                self.take_signature(who.user_id, own, answer, purpose, now).await?,
            )
        } else if let Some(code) = &attempt.recovery_code {
            (Way::RecoveryCode, self.take_recovery_code(who, code, now).await?)
        } else {
            return Ok(None);
        };
        if !proved {
            self.note_wrong(who, way, now).await?;
        }
        Ok(proved.then_some(way))
    }

    async fn take_one_time_code(&self, own: &[Factor], code: &str, now: Moment) -> Result<bool, Refused> {
        for factor in own.iter().filter(|factor| factor.kind == FactorKind::Totp) {
            let codes = one_time_codes(&self.vault.open(factor.id.0, &factor.sealed)?)?;
            if let Some(step) = codes.step_of(code, now) {
                let tx = self.store.begin().await?;
                let taken = factors::take(&tx, factor.id, step, now).await?;
                tx.commit().await?;
                if taken {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    async fn take_recovery_code(&self, who: &Actor, typed: &str, now: Moment) -> Result<bool, Refused> {
        let owner = who.user_id;
        let Some(code) = recovery_code(typed) else {
            return Ok(false);
        };
        let Some(hash) = self.find_recovery_code(owner, code).await? else {
            return Ok(false);
        };
        let tx = self.store.begin().await?;
        if !factors::take_code(&tx, owner, &hash, now).await? {
            return Ok(false);
        }
        let mut telling = self.telling(now);
        telling.entry(Some(who), "recovery_code.use", of_user(owner), json!(null));
        telling.notice_to_person(owner, NoticeKind::RecoveryCodeUsed);
        self.finish(tx, telling).await?;
        Ok(true)
    }

    async fn note_wrong(&self, who: &Actor, way: Way, now: Moment) -> Result<(), Refused> {
        let tx = self.store.begin().await?;
        let mut telling = self.telling(now);
        telling.entry(Some(who), "proof.refused", of_user(who.user_id), json!({"by": way}));
        self.finish(tx, telling).await
    }
}
