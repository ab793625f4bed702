//! Signing in: a password, a second factor where there is one, and no word about which of them was wrong before both are
//! right. It does not know how a factor is proved.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::Services;
use super::access::{Opening, SignedIn};
use super::audit::entry;
use super::errors::Refused;
use crate::domain::accounts::{Credentials, PASSWORD_MAX_CHARS, User};
use crate::domain::id::Moment;
use crate::store::{accounts, audit};

/// What somebody brings who wants to sign in. It is never printed.
#[derive(Default)]
pub struct Attempt {
    pub email: String,
    pub password: String,
    /// Of an authenticator app.
    pub code: Option<String>,
    pub recovery_code: Option<String>,
    pub passkey: Option<PasskeyAnswer>,
    /// The token of a browser from which somebody signed in before.
    pub device: Option<String>,
    /// Whether it comes from a browser, which keeps such a token.
    pub from_browser: bool,
    /// The network address it comes from.
    pub origin: String,
    /// Which browser on which system, in coarse words.
    pub client: String,
}

impl Attempt {
    /// Whether anything beside the password is brought.
    pub(super) fn brings_factor(&self) -> bool {
        self.code.is_some() || self.recovery_code.is_some() || self.passkey.is_some()
    }
}

/// What a passkey signed.
pub struct PasskeyAnswer {
    pub challenge_id: Uuid,
    /// As the browser gave it, in JSON.
    pub credential: Value,
}

impl Services {
    /// Checks a password, then the second factor, and opens a session. An unknown address costs the same time and gives
    /// the same answer.
    ///
    /// # Errors
    /// `WrongCredentials`, `Wait` while tries are too many, `Busy` while too many passwords are checked at once.
    pub async fn sign_in(&self, attempt: &Attempt) -> Result<SignedIn, Refused> {
        let email = attempt.email.trim().to_lowercase();
        let found = accounts::credentials(&self.store, &email).await?;
        let now = self.now();
        let owner = found.as_ref().map(|found| &found.user);
        let device = self.device_of(owner, attempt.device.as_deref(), now).await?;
        let counted = self
            .count_attempt(&email, device.as_ref(), &attempt.origin, now)
            .await?;
        match self.prove(found, attempt).await {
            Ok((user, factor_at)) => {
                let how = Opening {
                    factor_at,
                    client: attempt.client.clone(),
                    origin: attempt.origin.clone(),
                };
                let tx = self.store.begin().await?;
                self.forget_attempts(&tx, &counted).await?;
                let kept = self.know_device(&tx, &user, device, attempt, now).await?;
                let (mut opened, told) = self.insert_session(&tx, user, &how, now).await?;
                audit::append(&tx, vec![told]).await?;
                tx.commit().await?;
                opened.device = kept;
                Ok(opened)
            }
            Err(refused) => {
                match refused {
                    Refused::WrongCredentials => self.note_refusal(&email, attempt, now).await?,
                    // Counted, and on record already: a code is guessed like a password.
                    Refused::WrongCode => {}
                    _ => self.take_back_attempt(&counted).await?,
                }
                Err(refused)
            }
        }
    }

    /// Who it is, beyond doubt, and when the second factor was proved.
    async fn prove(&self, found: Option<Credentials>, attempt: &Attempt) -> Result<(User, Option<Moment>), Refused> {
        let stored = found.as_ref().map(|found| found.password_hash.as_str());
        let matches = attempt.password.chars().count() <= PASSWORD_MAX_CHARS
            && self.password_matches(&attempt.password, stored).await?;
        let user = found
            .map(|found| found.user)
            .filter(|user| matches && !user.disabled)
            .ok_or(Refused::WrongCredentials)?;
        let factor_at = self.prove_factor(&user, attempt, self.now()).await?;
        Ok((user, factor_at))
    }

    async fn note_refusal(&self, email: &str, attempt: &Attempt, now: Moment) -> Result<(), Refused> {
        let mut told = entry(
            None,
            now,
            "session.refused",
            ("user", hex::encode(Sha256::digest(email))),
            json!(null),
        );
        told.origin.clone_from(&attempt.origin);
        let tx = self.store.begin().await?;
        audit::append(&tx, vec![told]).await?;
        tx.commit().await?;
        Ok(())
    }
}
