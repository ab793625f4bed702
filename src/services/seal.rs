//! Seals confidential fields: XChaCha20-Poly1305, the row's id as associated data, the key outside the database.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::errors::Refused;
use crate::domain::id::ShelterId;
use crate::ids::Ids;
use crate::store::confidential::Sealed;

pub struct Vault {
    cipher: XChaCha20Poly1305,
    key_id: String,
}

impl Vault {
    pub fn new(key: &Zeroizing<[u8; 32]>) -> Self {
        let fingerprint = hex::encode(Sha256::digest(key.as_slice()));
        Self {
            cipher: XChaCha20Poly1305::new(key.as_slice().try_into().unwrap_or(&[0; 32].into())),
            key_id: fingerprint.chars().take(12).collect(),
        }
    }

    pub fn seal(&self, ids: &Ids, shelter: ShelterId, plain: &[u8]) -> Result<Sealed, Refused> {
        let nonce = ids.nonce();
        let ciphertext = self
            .cipher
            .encrypt(
                &XNonce::from(nonce),
                Payload {
                    msg: plain,
                    aad: shelter.0.as_bytes(),
                },
            )
            .map_err(|_| Refused::Unexpected("sealing failed".to_owned()))?;
        Ok(Sealed {
            key_id: self.key_id.clone(),
            nonce: nonce.to_vec(),
            ciphertext,
        })
    }

    pub fn open(&self, shelter: ShelterId, sealed: &Sealed) -> Result<Zeroizing<Vec<u8>>, Refused> {
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
                    aad: shelter.0.as_bytes(),
                },
            )
            .map(Zeroizing::new)
            .map_err(|_| Refused::Unexpected("a sealed row does not open: wrong key or changed".to_owned()))
    }
}
