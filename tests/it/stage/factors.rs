//! People who are about to set up a second factor, one way each, so that a valid confirmation can be sent.

use panoh::domain::accounts::Role;
use panoh::domain::factors::OneTimeCodes;
use serde_json::{Value, json};

use crate::factors::authenticator::Authenticator;
use crate::factors::begin;
use crate::harness::Harness;
use crate::harness::client::Person;

pub struct Factors {
    /// Has begun to set up an authenticator app.
    with_app: Person,
    app: String,
    codes: OneTimeCodes,
    /// Has begun to set up a passkey, and has signed.
    with_key: Person,
    challenge: String,
    credential: Value,
    /// Proves again who she is.
    prover: Person,
}

impl Factors {
    pub async fn set(h: &Harness) -> Self {
        let with_app = h.person(Role::Committee, "with-app@example.tj", None, &[]).await;
        let with_key = h.person(Role::Committee, "with-key@example.tj", None, &[]).await;
        let prover = h.person(Role::Committee, "prover@example.tj", None, &[]).await;
        let (app, codes) = begin(&with_app).await;
        let asked = with_key
            .post("/api/v1/me/factors/passkey", &json!({"name": "my key"}))
            .await
            .expect(201);
        Self {
            with_app,
            app,
            codes,
            with_key,
            challenge: asked["challenge_id"].as_str().unwrap().to_owned(),
            credential: Authenticator::new(9).create(&asked["options"]),
            prover,
        }
    }

    /// Whose call of this route is right.
    pub fn user_of(&self, path: &str) -> Option<&Person> {
        match path {
            "/me/factors/{id}/confirm" => Some(&self.with_app),
            "/me/factors/passkey/{id}/confirm" => Some(&self.with_key),
            "/session/proof" => Some(&self.prover),
            _ => None,
        }
    }

    pub fn id(&self, path: &str) -> Option<String> {
        match path {
            "/me/factors/passkey/{id}/confirm" => Some(self.challenge.clone()),
            _ if path.starts_with("/me/factors") => Some(self.app.clone()),
            _ => None,
        }
    }

    pub fn body(&self, h: &Harness, path: &str) -> Option<Value> {
        let body = match path {
            "/me/factors/totp" | "/me/factors/passkey" => json!({"name": "another"}),
            "/me/factors/{id}/confirm" => json!({"code": self.codes.at(h.clock.now())}),
            "/me/factors/passkey/{id}/confirm" => json!({"credential": self.credential}),
            "/me/recovery-codes" | "/session/proof/passkey" => json!({}),
            // For whoever has no second factor the password counts, and nothing else is looked at.
            "/session/proof" => json!({"password": crate::harness::country::PASSWORD, "passkey": passkey()}),
            _ => return None,
        };
        Some(body)
    }
}

/// Of the right shape.
pub fn passkey() -> Value {
    json!({"challenge_id": "01a0ffff-0000-7000-8000-000000000001", "credential": {"id": "x"}})
}
