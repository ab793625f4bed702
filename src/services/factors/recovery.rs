//! Recovery codes: made ten at a time under one salt, so that one hash finds the code that was typed. A code has 60 random
//! bits, so what a password's hash must cost to be slow to guess is not needed here.

use argon2::password_hash::{PasswordHasher, phc::PasswordHash, phc::Salt};
use argon2::{Algorithm, Argon2, Params, Version};

use super::super::Services;
use super::super::errors::Refused;
use crate::domain::factors::{RECOVERY_CODES, in_groups};
use crate::domain::id::UserId;
use crate::store::factors;

/// Fresh ones: as they are shown once, and as they are kept.
pub(super) struct Codes {
    pub(super) shown: Vec<String>,
    pub(super) hashes: Vec<String>,
}

impl Services {
    pub(super) async fn recovery_codes(&self) -> Result<Codes, Refused> {
        let codes: Vec<String> = (0..RECOVERY_CODES).map(|_| self.ids.recovery_code()).collect();
        let shown = codes.iter().map(|code| in_groups(code)).collect();
        let random = self.ids.secret();
        let salt = Salt::new(random.get(16..).unwrap_or(&random)).map_err(unexpected)?;
        let hashes = self
            .hashing
            .run(move || codes.iter().map(|code| hash(code, &salt)).collect::<Result<_, _>>())
            .await??;
        Ok(Codes { shown, hashes })
    }

    /// Those that go with a first factor, made before anything is locked.
    pub(super) async fn recovery_if_first(&self, owner: UserId) -> Result<Option<Codes>, Refused> {
        match factors::has(&self.store, owner).await? {
            true => Ok(None),
            false => Ok(Some(self.recovery_codes().await?)),
        }
    }

    /// The kept hash of this code, if it is one of somebody's that are left.
    pub(super) async fn find_recovery_code(&self, owner: UserId, code: String) -> Result<Option<String>, Refused> {
        let left = factors::codes_left(&self.store, owner).await?;
        let Some(one) = left.first() else { return Ok(None) };
        let salt = PasswordHash::new(one).map_err(unexpected)?.salt;
        let salt = salt.ok_or_else(|| Refused::Unexpected("a recovery code without a salt".to_owned()))?;
        let typed = self.hashing.run(move || hash(&code, &salt)).await??;
        Ok(left.into_iter().find(|kept| *kept == typed))
    }
}

/// Argon2id with OWASP's least figures.
fn hash(code: &str, salt: &Salt) -> Result<String, Refused> {
    let params = Params::new(19_456, 2, 1, None).unwrap_or_default();
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_with_salt(code.as_bytes(), salt)
        .map(|hash| hash.to_string())
        .map_err(unexpected)
}

fn unexpected(error: impl std::fmt::Display) -> Refused {
    Refused::Unexpected(error.to_string())
}
