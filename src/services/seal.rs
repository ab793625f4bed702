//! Seals confidential fields: XChaCha20-Poly1305, the row's id as associated data, the key outside the database. What must be
//! found again without being readable is hashed under a key of its own.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::errors::Refused;
use crate::ids::Ids;
use crate::store::confidential::Sealed;

/// Length of a proof in a link.
const PROOF_BYTES: usize = 16;

pub struct Vault {
    cipher: XChaCha20Poly1305,
    key_id: String,
    /// Made from the key, for what is derived from it by name.
    root: Zeroizing<[u8; 32]>,
}

impl Vault {
    pub fn new(key: &Zeroizing<[u8; 32]>) -> Self {
        let fingerprint = hex::encode(Sha256::digest(key.as_slice()));
        Self {
            cipher: XChaCha20Poly1305::new(key.as_slice().try_into().unwrap_or(&[0; 32].into())),
            key_id: fingerprint.chars().take(12).collect(),
            root: keyed(key.as_slice(), b"panoh: derived keys"),
        }
    }

    pub fn seal(&self, ids: &Ids, row: Uuid, plain: &[u8]) -> Result<Sealed, Refused> {
        let nonce = ids.nonce();
        let ciphertext = self
            .cipher
            .encrypt(
                &XNonce::from(nonce),
                Payload {
                    msg: plain,
                    aad: row.as_bytes(),
                },
            )
            .map_err(|_| Refused::Unexpected("sealing failed".to_owned()))?;
        Ok(Sealed {
            key_id: self.key_id.clone(),
            nonce: nonce.to_vec(),
            ciphertext,
        })
    }

    pub fn open(&self, row: Uuid, sealed: &Sealed) -> Result<Zeroizing<Vec<u8>>, Refused> {
        if sealed.key_id != self.key_id {
            return Err(Refused::Unexpected(format!(
                "sealed under key {}, not {}",
                sealed.key_id, self.key_id
            )));
        }
        let nonce: [u8; 24] = sealed
            .nonce
            .as_slice()
            .try_into()
            .map_err(|_| Refused::Unexpected("a sealed row has a nonce of the wrong length".to_owned()))?;
        self.cipher
            .decrypt(
                &XNonce::from(nonce),
                Payload {
                    msg: &sealed.ciphertext,
                    aad: row.as_bytes(),
                },
            )
            .map(Zeroizing::new)
            .map_err(|_| Refused::Unexpected("a sealed row does not open: wrong key or changed".to_owned()))
    }

    /// 32 bytes that only who has the key can make again from this purpose and these bytes: for finding a row by what may
    /// not be read in it, and for keys of other kinds.
    pub fn derive(&self, purpose: &str, bytes: &[u8]) -> Zeroizing<[u8; 32]> {
        keyed(keyed(self.root.as_slice(), purpose.as_bytes()).as_slice(), bytes)
    }

    /// What stands in a link as proof that it came from here: 128 bits in hexadecimal digits.
    pub fn proof(&self, purpose: &str, bytes: &[u8]) -> String {
        let mut proof = hex::encode(self.derive(purpose, bytes));
        proof.truncate(2 * PROOF_BYTES);
        proof
    }

    /// Whether this is that proof, in a time that does not tell where the two part.
    pub fn proves(&self, purpose: &str, bytes: &[u8], given: &str) -> bool {
        let Ok(given) = hex::decode(given) else {
            return false;
        };
        let key = keyed(self.root.as_slice(), purpose.as_bytes());
        given.len() == PROOF_BYTES
            && Hmac::<Sha256>::new_from_slice(key.as_slice())
                .is_ok_and(|mac| mac.chain_update(bytes).verify_truncated_left(&given).is_ok())
    }
}

fn keyed(key: &[u8], bytes: &[u8]) -> Zeroizing<[u8; 32]> {
    // A key of any length is taken.
    let Ok(mac) = Hmac::<Sha256>::new_from_slice(key) else {
        return Zeroizing::new([0; 32]);
    };
    Zeroizing::new(mac.chain_update(bytes).finalize().into_bytes().into())
}
