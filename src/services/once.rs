//! One effect per Idempotency-Key: the answer is kept in the transaction that makes the effect.

use sha2::{Digest, Sha256};

use super::Services;
use super::errors::Refused;
use crate::domain::accounts::Actor;
use crate::domain::id::Moment;
use crate::store::{Tx, idempotency};

/// The key of one request, and what tells it from another that reuses the key.
#[derive(Debug, Clone)]
pub struct Key {
    value: String,
    route: String,
    body_hash: String,
}

impl Key {
    pub fn new(value: String, route: &str, body: &[u8]) -> Self {
        Self {
            value,
            route: route.to_owned(),
            body_hash: hex::encode(Sha256::digest(body)),
        }
    }
}

/// How a use case answers once: under which key, and how its result is printed for keeping.
pub struct Once<T> {
    pub key: Option<Key>,
    pub print: fn(&T) -> String,
}

/// A request that has claimed its key inside a transaction.
pub struct Claimed<T> {
    key: Option<(Actor, Key)>,
    print: fn(&T) -> String,
}

pub enum Turn<T> {
    First(Claimed<T>),
    /// Done before: the answer of that time.
    Again(String),
}

impl<T> Once<T> {
    /// Claims the key first thing in the transaction, so that a twin waits and then finds the answer.
    pub async fn claim(&self, tx: &Tx, actor: &Actor, now: Moment) -> Result<Turn<T>, Refused> {
        let Some(key) = &self.key else {
            return Ok(Turn::First(Claimed {
                key: None,
                print: self.print,
            }));
        };
        let earlier = idempotency::claim(tx, actor.user_id, &key.value, &key.route, &key.body_hash, now).await?;
        match earlier {
            None => Ok(Turn::First(Claimed {
                key: Some((actor.clone(), key.clone())),
                print: self.print,
            })),
            Some(answer) if answer.route == key.route && answer.body_hash == key.body_hash => {
                Ok(Turn::Again(answer.body))
            }
            Some(_) => Err(Refused::KeyReused),
        }
    }
}

impl<T> Claimed<T> {
    /// Prints the result and keeps it under the key.
    pub async fn keep(self, tx: &Tx, result: &T) -> Result<String, Refused> {
        let body = (self.print)(result);
        if let Some((actor, key)) = &self.key {
            idempotency::keep(tx, actor.user_id, &key.value, &body).await?;
        }
        Ok(body)
    }
}

impl Services {
    /// Forgets the answers of more than four days ago: a phone keeps a report that was not answered for 72 hours and
    /// may send it once more at the end of them.
    pub async fn forget_old_keys(&self) -> Result<u64, Refused> {
        let tx = self.store.begin().await?;
        let gone = idempotency::purge(&tx, self.now() - chrono::Duration::hours(96)).await?;
        tx.commit().await?;
        Ok(gone)
    }
}
