//! Changing the key: every sealed row is sealed anew under the newest, a few at a time and each batch by itself, so that one
//! who is stopped in the middle goes on where she was. Until all are done the older keys are needed.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::json;
use strum::IntoEnumIterator;
use webauthn_rs::prelude::Passkey;

use super::Services;
use super::audit::entry;
use super::errors::Refused;
use crate::push::Subscription;
use crate::store::audit;
use crate::store::sealed::{self, Place};

/// Rows that are sealed anew in one transaction.
const BATCH: u64 = 100;

/// What a change of keys did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rotated {
    /// Under which key everything is sealed now.
    pub key: String,
    /// Rows sealed anew, by table.
    pub rows: BTreeMap<&'static str, u64>,
}

impl Services {
    /// How many rows are sealed under each key, the newest key first and those that are not in the key file last.
    ///
    /// # Errors
    /// The database's.
    pub async fn sealed_under(&self) -> Result<Vec<(String, u64)>, Refused> {
        let mut counts: BTreeMap<String, u64> = BTreeMap::new();
        for place in Place::iter() {
            for (key, rows) in sealed::count(&self.store, place).await? {
                *counts.entry(key).or_default() += rows;
            }
        }
        let known = self.vault.key_ids().into_iter();
        let mut told: Vec<(String, u64)> = known
            .map(|key| {
                let rows = counts.remove(&key).unwrap_or(0);
                (key, rows)
            })
            .collect();
        told.extend(counts);
        Ok(told)
    }

    /// How many rows are sealed, and how many of them no key of the key file opens.
    ///
    /// # Errors
    /// The database's.
    pub async fn closed_rows(&self) -> Result<(usize, usize), Refused> {
        let (mut all, mut closed) = (0, 0);
        let tx = self.store.begin().await?;
        for place in Place::iter() {
            // Under any key: none is called nothing.
            let rows = sealed::under_others(&tx, place, "", u64::from(u32::MAX)).await?;
            all += rows.len();
            closed += rows
                .iter()
                .filter(|row| self.vault.open(row.id, &row.sealed).is_err())
                .count();
        }
        tx.rollback().await?;
        Ok((all, closed))
    }

    /// Takes over keys that were added since.
    ///
    /// # Errors
    /// `Unexpected`: the key file cannot be read. The keys of before stay.
    pub fn reload_keys(&self) -> Result<(), Refused> {
        self.vault.reload().map_err(Refused::Unexpected)
    }

    /// Seals everything under the newest key that is sealed under an older one.
    ///
    /// # Errors
    /// The database's, and a row that no key opens. What was done until then stays done.
    pub async fn seal_anew(&self) -> Result<Rotated, Refused> {
        let mut rows = BTreeMap::new();
        for place in Place::iter() {
            let mut all = 0;
            loop {
                let some = self.seal_some_anew(place).await?;
                all += some;
                if some == 0 {
                    break;
                }
            }
            rows.insert(place.table(), all);
        }
        let rotated = Rotated {
            key: self.vault.key_id(),
            rows,
        };
        let detail = json!({"rows": rotated.rows});
        let told = entry(None, self.now(), "key.rotate", ("key", rotated.key.clone()), detail);
        let tx = self.store.begin().await?;
        audit::append(&tx, vec![told]).await?;
        tx.commit().await?;
        Ok(rotated)
    }

    async fn seal_some_anew(&self, place: Place) -> Result<u64, Refused> {
        let tx = self.store.begin().await?;
        let rows = sealed::under_others(&tx, place, &self.vault.key_id(), BATCH).await?;
        let done = rows.len() as u64;
        for row in rows {
            let plain = self.vault.open(row.id, &row.sealed)?;
            let lookup = match row.has_lookup {
                true => Some(self.lookup_of(place, &plain)?),
                false => None,
            };
            let sealed = self.vault.seal(&self.ids, row.id, &plain)?;
            sealed::replace(&tx, place, row.id, sealed, lookup).await?;
        }
        tx.commit().await?;
        Ok(done)
    }

    /// The hash by which a row is found, from what is sealed in it.
    fn lookup_of(&self, place: Place, plain: &[u8]) -> Result<String, Refused> {
        let unfit = |e: serde_json::Error| Refused::Unexpected(format!("{}: {e}", place.table()));
        match place {
            Place::Confidential => Err(Refused::Unexpected("an address is not looked for".to_owned())),
            Place::Phone => Ok(self.number_hash(plain)),
            Place::Browser => {
                let to: Subscription = serde_json::from_slice(plain).map_err(unfit)?;
                Ok(self.endpoint_hash(&to.endpoint))
            }
            Place::Factor => {
                let passkey: Passkey = serde_json::from_slice(plain).map_err(unfit)?;
                Ok(self.passkey_lookup(passkey.cred_id()))
            }
        }
    }
}
