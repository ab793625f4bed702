//! Seals confidential fields: XChaCha20-Poly1305, the row's id as associated data, the keys outside the database. What must
//! be found again without being readable is hashed under a key of its own. The newest key seals; the older ones still open,
//! prove and find, so that keys can be changed while people work.

use std::sync::Arc;

use arc_swap::ArcSwap;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::errors::Refused;
use crate::ids::Ids;
use crate::store::sealed::Sealed;

/// Length of a proof in a link.
const PROOF_BYTES: usize = 16;

/// The 32 secret bytes of a key file's line.
pub type Secret = Zeroizing<[u8; 32]>;

/// Where the keys come from, newest first, for when there is a newer one.
pub type Source = Arc<dyn Fn() -> Result<Vec<Secret>, String> + Send + Sync>;

pub struct Vault {
    /// Newest first, and never empty.
    keys: ArcSwap<Vec<Key>>,
    source: Option<Source>,
}

struct Key {
    id: String,
    cipher: XChaCha20Poly1305,
    /// Made from the key, for what is derived from it by name.
    root: Secret,
}

impl Key {
    fn new(secret: &Secret) -> Self {
        let fingerprint = hex::encode(Sha256::digest(secret.as_slice()));
        Self {
            cipher: XChaCha20Poly1305::new(secret.as_slice().try_into().unwrap_or(&[0; 32].into())),
            id: fingerprint.chars().take(12).collect(),
            root: keyed(secret.as_slice(), b"panoh: derived keys"),
        }
    }

    fn derive(&self, purpose: &str, bytes: &[u8]) -> Secret {
        keyed(keyed(self.root.as_slice(), purpose.as_bytes()).as_slice(), bytes)
    }
}

impl Vault {
    /// A vault of one key.
    pub fn new(key: &Secret) -> Self {
        Self {
            keys: ArcSwap::from_pointee(vec![Key::new(key)]),
            source: None,
        }
    }

    /// A vault of the keys that this source gives now, and looks there again for newer ones.
    ///
    /// # Errors
    /// The source's, and a source without a key.
    pub fn of(source: Source) -> Result<Self, String> {
        let vault = Self {
            keys: ArcSwap::from_pointee(Vec::new()),
            source: Some(source),
        };
        vault.reload()?;
        Ok(vault)
    }

    /// Looks for newer keys. What cannot be read changes nothing.
    ///
    /// # Errors
    /// The source's, and a source without a key.
    pub fn reload(&self) -> Result<(), String> {
        let Some(source) = &self.source else { return Ok(()) };
        let keys: Vec<Key> = source()?.iter().map(Key::new).collect();
        if keys.is_empty() {
            return Err("no key".to_owned());
        }
        self.keys.store(Arc::new(keys));
        Ok(())
    }

    /// The name of the key that seals.
    pub fn key_id(&self) -> String {
        self.keys.load().first().map(|key| key.id.clone()).unwrap_or_default()
    }

    /// The names of all keys, newest first.
    pub fn key_ids(&self) -> Vec<String> {
        self.keys.load().iter().map(|key| key.id.clone()).collect()
    }

    pub fn seal(&self, ids: &Ids, row: Uuid, plain: &[u8]) -> Result<Sealed, Refused> {
        let keys = self.keys.load();
        let key = keys.first().ok_or_else(|| unfit("no key"))?;
        let nonce = ids.nonce();
        let ciphertext = key
            .cipher
            .encrypt(
                &XNonce::from(nonce),
                Payload {
                    msg: plain,
                    aad: row.as_bytes(),
                },
            )
            .map_err(|_| unfit("sealing failed"))?;
        Ok(Sealed {
            key_id: key.id.clone(),
            nonce: nonce.to_vec(),
            ciphertext,
        })
    }

    pub fn open(&self, row: Uuid, sealed: &Sealed) -> Result<Zeroizing<Vec<u8>>, Refused> {
        if !self.keys.load().iter().any(|key| key.id == sealed.key_id) {
            // Sealed by another node that has a newer key.
            self.reload().map_err(Refused::Unexpected)?;
        }
        let keys = self.keys.load();
        let key = keys.iter().find(|key| key.id == sealed.key_id);
        let key = key.ok_or_else(|| Refused::Unexpected(format!("no key {}", sealed.key_id)))?;
        let nonce: [u8; 24] = sealed
            .nonce
            .as_slice()
            .try_into()
            .map_err(|_| unfit("a sealed row has a nonce of the wrong length"))?;
        key.cipher
            .decrypt(
                &XNonce::from(nonce),
                Payload {
                    msg: &sealed.ciphertext,
                    aad: row.as_bytes(),
                },
            )
            .map(Zeroizing::new)
            .map_err(|_| unfit("a sealed row does not open: wrong key or changed"))
    }

    /// 32 bytes that only who has the newest key can make again from this purpose and these bytes: for finding a row by what
    /// may not be read in it, and for keys of other kinds.
    pub fn derive(&self, purpose: &str, bytes: &[u8]) -> Secret {
        let keys = self.keys.load();
        keys.first()
            .map_or_else(Secret::default, |key| key.derive(purpose, bytes))
    }

    /// The same under the oldest key: for what others were told once and must find unchanged.
    pub fn derive_lasting(&self, purpose: &str, bytes: &[u8]) -> Secret {
        let keys = self.keys.load();
        keys.last()
            .map_or_else(Secret::default, |key| key.derive(purpose, bytes))
    }

    /// The same in hexadecimal digits: by which a row is kept.
    pub fn hash(&self, purpose: &str, bytes: &[u8]) -> String {
        hex::encode(self.derive(purpose, bytes))
    }

    /// The same in hexadecimal digits under each key, the newest first: a row that was made under an older key is found by
    /// one of them.
    pub fn hashes(&self, purpose: &str, bytes: &[u8]) -> Vec<String> {
        let keys = self.keys.load();
        keys.iter().map(|key| hex::encode(key.derive(purpose, bytes))).collect()
    }

    /// What stands in a link as proof that it came from here: 128 bits in hexadecimal digits.
    pub fn proof(&self, purpose: &str, bytes: &[u8]) -> String {
        let mut proof = self.hash(purpose, bytes);
        proof.truncate(2 * PROOF_BYTES);
        proof
    }

    /// Whether this is that proof, under whichever key it was made, in a time that does not tell where the two part.
    pub fn proves(&self, purpose: &str, bytes: &[u8], given: &str) -> bool {
        let Ok(given) = hex::decode(given) else {
            return false;
        };
        let proves = |key: &Key| {
            let key = keyed(key.root.as_slice(), purpose.as_bytes());
            Hmac::<Sha256>::new_from_slice(key.as_slice())
                .is_ok_and(|mac| mac.chain_update(bytes).verify_truncated_left(&given).is_ok())
        };
        given.len() == PROOF_BYTES && self.keys.load().iter().any(proves)
    }
}

fn unfit(why: &str) -> Refused {
    Refused::Unexpected(why.to_owned())
}

fn keyed(key: &[u8], bytes: &[u8]) -> Secret {
    // A key of any length is taken.
    let Ok(mac) = Hmac::<Sha256>::new_from_slice(key) else {
        return Zeroizing::new([0; 32]);
    };
    Zeroizing::new(mac.chain_update(bytes).finalize().into_bytes().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vault(byte: u8) -> Vault {
        Vault::new(&Zeroizing::new([byte; 32]))
    }

    #[test]
    fn what_is_sealed_opens_in_its_own_row_alone() {
        let (vault, ids) = (vault(7), Ids::counted());
        let (hers, another) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let sealed = vault.seal(&ids, hers, b"Kuchai Rudaki 5").unwrap();
        assert_eq!(vault.open(hers, &sealed).unwrap().as_slice(), b"Kuchai Rudaki 5");
        assert!(vault.open(another, &sealed).is_err(), "moved to another shelter");
        for at in 0..sealed.ciphertext.len() {
            let mut bent = sealed.clone();
            bent.ciphertext[at] ^= 1;
            assert!(vault.open(hers, &bent).is_err(), "changed at {at}");
        }
        assert!(self::vault(8).open(hers, &sealed).is_err(), "without its key");
    }

    #[test]
    fn the_same_text_twice_does_not_look_the_same() {
        let (vault, ids, row) = (vault(7), Ids::counted(), Uuid::from_u128(1));
        let all = [(), ()].map(|()| vault.seal(&ids, row, b"Kuchai Rudaki 5").unwrap());
        assert_ne!(all[0].nonce, all[1].nonce);
        assert_ne!(all[0].ciphertext, all[1].ciphertext);
        assert!(!all[0].ciphertext.windows(6).any(|part| part == b"Rudaki"));
    }
}
