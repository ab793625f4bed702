//! Passkeys: what a browser is asked to sign, and whether the signature is theirs. A challenge is kept in the database and
//! taken away by the first answer, right or wrong. The address people open is the one that signatures are good for.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use webauthn_rs::prelude::{
    Passkey, PasskeyAuthentication, PasskeyRegistration, PublicKeyCredential, RegisterPublicKeyCredential, Url,
    Webauthn, WebauthnBuilder,
};

use super::super::Services;
use super::super::errors::Refused;
use super::super::sign_in::PasskeyAnswer;
use super::proof::PasskeyChallenge;
use super::{Confirmed, room_for_one};
use crate::domain::accounts::Actor;
use crate::domain::factors::{FactorKind, SIGN_WITHIN};
use crate::domain::id::{ChallengeId, FactorId, Moment, UserId};
use crate::store::factors::{self, Challenge, Factor};
use crate::store::{StoreError, accounts};

/// Checks signatures for the address of the web app. `None` where browsers know no passkeys: at an address without a name,
/// or one that is neither encrypted nor this machine's own.
pub fn relying_party(public_url: &str) -> Option<Webauthn> {
    let url = Url::parse(public_url).ok()?;
    let host = url.domain()?;
    if url.scheme() != "https" && host != "localhost" {
        return None;
    }
    WebauthnBuilder::new(host, &url).ok()?.rp_name("Panoh").build().ok()
}

/// What is kept while a passkey is being set up.
#[derive(Serialize, Deserialize)]
struct SettingUp {
    name: String,
    registration: PasskeyRegistration,
}

impl Services {
    fn relying_party(&self) -> Result<&Webauthn, Refused> {
        let none = || Refused::conflict("no_passkeys_here", "passkeys need an address with a name, over https");
        self.passkeys.as_deref().ok_or_else(none)
    }

    /// Begins to set up a passkey of this name.
    ///
    /// # Errors
    /// `Conflict` with `too_many_factors` or `no_passkeys_here`.
    pub async fn add_passkey(&self, actor: &Actor, name: String) -> Result<PasskeyChallenge, Refused> {
        let webauthn = self.relying_party()?;
        let now = self.now();
        let user = accounts::user(&self.store, actor.user_id).await?;
        let user = user.ok_or(Refused::Unauthenticated)?;
        let own = factors::of_user(&self.store, user.id).await?;
        room_for_one(&own)?;
        let known = self
            .passkeys_of(&own)?
            .iter()
            .map(|key| key.cred_id().clone())
            .collect();
        let (options, registration) = webauthn
            .start_passkey_registration(user.id.0, &user.email, &user.name, Some(known))
            .map_err(unexpected)?;
        let state = SettingUp { name, registration };
        self.keep_challenge(user.id, "set_up", &state, &options, now).await
    }

    /// A passkey counts once it has signed.
    ///
    /// # Errors
    /// `NotFound` if there is no such challenge any more; `Invalid` on `credential`; `Conflict` with `passkey_known`.
    pub async fn confirm_passkey(
        &self,
        actor: &Actor,
        challenge: ChallengeId,
        credential: Value,
    ) -> Result<Confirmed, Refused> {
        let now = self.now();
        let state = self.answered(challenge, actor.user_id, "set_up", now).await?;
        let state: SettingUp = serde_json::from_str(&state.ok_or(Refused::NotFound)?).map_err(unexpected)?;
        let wrong = |_| Refused::invalid("credential", "not_valid", "not what a passkey gives for this challenge");
        let signed: RegisterPublicKeyCredential = serde_json::from_value(credential)
            .map_err(|_| Refused::invalid("credential", "malformed", "not what a browser gives for a new passkey"))?;
        let passkey = self
            .relying_party()?
            .finish_passkey_registration(&signed, &state.registration)
            .map_err(wrong)?;
        let id = FactorId(self.ids.uuid(now));
        let plain = serde_json::to_vec(&passkey).map_err(unexpected)?;
        let row = Factor {
            id,
            user_id: actor.user_id,
            kind: FactorKind::Passkey,
            name: state.name,
            lookup: Some(self.passkey_lookup(passkey.cred_id())),
            sealed: self.vault.seal(&self.ids, id.0, &plain)?,
            confirmed_at: Some(now),
            created_at: now,
            last_used_at: Some(now),
        };
        let recovery = self.recovery_if_first(actor.user_id).await?;
        let tx = self.store.begin().await?;
        factors::lock(&tx, actor.user_id).await?;
        let others = factors::of_user(&tx, actor.user_id).await?;
        room_for_one(&others)?;
        factors::insert(&tx, &row).await.map_err(|error| match error {
            StoreError::Conflict(_) => Refused::conflict("passkey_known", "this passkey is set up already"),
            other => other.into(),
        })?;
        self.count_from_now(tx, actor, (id, FactorKind::Passkey), others.is_empty(), recovery, now)
            .await
    }

    /// Something for one of these passkeys to sign; `None` if there are none, or none can be used here.
    pub(super) async fn challenge(
        &self,
        owner: UserId,
        own: &[Factor],
        purpose: &'static str,
        now: Moment,
    ) -> Result<Option<PasskeyChallenge>, Refused> {
        let keys = self.passkeys_of(own)?;
        let Some(webauthn) = self.passkeys.as_deref().filter(|_| !keys.is_empty()) else {
            return Ok(None);
        };
        let (options, state) = webauthn.start_passkey_authentication(&keys).map_err(unexpected)?;
        self.keep_challenge(owner, purpose, &state, &options, now)
            .await
            .map(Some)
    }

    /// Whether a passkey of hers has signed its challenge.
    pub(super) async fn take_signature(
        &self,
        owner: UserId,
        own: &[Factor],
        answer: &PasskeyAnswer,
        purpose: &str,
        now: Moment,
    ) -> Result<bool, Refused> {
        let state = self
            .answered(ChallengeId(answer.challenge_id), owner, purpose, now)
            .await?;
        let (Some(state), Some(webauthn)) = (state, self.passkeys.as_deref()) else {
            return Ok(false);
        };
        let state: PasskeyAuthentication = serde_json::from_str(&state).map_err(unexpected)?;
        let Ok(signed) = PublicKeyCredential::deserialize(&answer.credential) else {
            return Ok(false);
        };
        let Ok(result) = webauthn.finish_passkey_authentication(&signed, &state) else {
            return Ok(false);
        };
        let lookups = self.vault.hashes("passkey", result.cred_id());
        let is_this = |factor: &&Factor| factor.lookup.as_ref().is_some_and(|lookup| lookups.contains(lookup));
        let Some(factor) = own.iter().find(is_this) else {
            return Ok(false);
        };
        let tx = self.store.begin().await?;
        let counted = match result.counter() {
            // It counts nothing: the challenge alone makes sure that it signs once.
            0 => factors::used(&tx, factor.id, now).await?,
            n => factors::take(&tx, factor.id, i64::from(n), now).await?,
        };
        tx.commit().await?;
        Ok(counted)
    }

    async fn keep_challenge(
        &self,
        owner: UserId,
        purpose: &'static str,
        state: &impl Serialize,
        options: &impl Serialize,
        now: Moment,
    ) -> Result<PasskeyChallenge, Refused> {
        let row = Challenge {
            id: ChallengeId(self.ids.uuid(now)),
            user_id: owner,
            purpose,
            state: serde_json::to_string(state).map_err(unexpected)?,
            expires_at: now + SIGN_WITHIN,
        };
        let options = serde_json::to_value(options).map_err(unexpected)?;
        let tx = self.store.begin().await?;
        factors::insert_challenge(&tx, &row, now).await?;
        tx.commit().await?;
        Ok(PasskeyChallenge { id: row.id.0, options })
    }

    /// Takes a challenge away for good, whatever the answer to it is.
    async fn answered(
        &self,
        id: ChallengeId,
        owner: UserId,
        purpose: &str,
        now: Moment,
    ) -> Result<Option<String>, Refused> {
        let tx = self.store.begin().await?;
        let state = factors::take_challenge(&tx, id, owner, purpose, now).await?;
        tx.commit().await?;
        Ok(state)
    }

    fn passkeys_of(&self, own: &[Factor]) -> Result<Vec<Passkey>, Refused> {
        let keys = own.iter().filter(|factor| factor.kind == FactorKind::Passkey);
        keys.map(|factor| {
            let plain = self.vault.open(factor.id.0, &factor.sealed)?;
            serde_json::from_slice(&plain).map_err(unexpected)
        })
        .collect()
    }

    /// By what a passkey is found.
    pub(in super::super) fn passkey_lookup(&self, credential_id: &[u8]) -> String {
        self.vault.hash("passkey", credential_id)
    }
}

fn unexpected(error: impl std::fmt::Display) -> Refused {
    Refused::Unexpected(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::relying_party;

    #[test]
    fn passkeys_need_an_address_with_a_name() {
        for (url, offered) in [
            ("https://panoh.example", true),
            ("https://panoh.example:8443", true),
            ("http://localhost:8080", true),
            ("http://panoh.example", false),
            ("http://127.0.0.1:8080", false),
            ("https://192.0.2.7", false),
            ("https://[::1]", false),
            ("", false),
        ] {
            assert_eq!(relying_party(url).is_some(), offered, "{url}");
        }
    }
}
