//! Signs letters with the sender's domain key (DKIM, RFC 6376 and 8463), so that mail servers can see that nobody changed
//! them on their way and that the domain stands for them. Where the key lies and whether there is one is the
//! configuration's business.

use std::fmt;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use lettre::message::Message;
use lettre::message::dkim::{
    DkimCanonicalization, DkimCanonicalizationType, DkimConfig, DkimSigningAlgorithm, DkimSigningKey,
};
use lettre::message::header::HeaderName;

/// What is signed: everything a reader or her mail program goes by. RFC 8058 wants both headers of the way out signed.
/// Each stands once in a letter, or not at all; one that is named and is not there cannot be added later. `Content-Type`
/// is the body's to the library and not among the headers it signs; no part of the body can be changed or added anyway.
const SIGNED: [&str; 12] = [
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "MIME-Version",
    "Content-Language",
    "Auto-Submitted",
    "List-Id",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
    "Reply-To",
];
/// A private key of Ed25519 in PKCS #8 (RFC 8410) is these bytes and the seed of 32.
const ED25519_PKCS8: [u8; 16] = [
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
];

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignerFault {
    #[error("the {0} is not made of letters, digits, dots and hyphens")]
    Name(&'static str),
    #[error("this is no private key: RSA in PEM, or Ed25519 in PEM (PKCS #8)")]
    Key,
}

/// A domain's key. Clones share it.
#[derive(Clone)]
pub struct Signer(Arc<DkimConfig>);

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signer(…)")
    }
}

impl Signer {
    /// `key`: PEM text, as `openssl genrsa` or `openssl genpkey -algorithm ed25519` write it.
    pub fn new(domain: &str, selector: &str, key: &str) -> Result<Self, SignerFault> {
        for (what, name) in [("domain", domain), ("selector", selector)] {
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
            if name.is_empty() || name.len() > 253 || !name.bytes().all(plain) {
                return Err(SignerFault::Name(what));
            }
        }
        let key = match seed(key) {
            Some(seed) => DkimSigningKey::new(&STANDARD.encode(seed), DkimSigningAlgorithm::Ed25519),
            None => DkimSigningKey::new(&rsa_pkcs1(key).ok_or(SignerFault::Key)?, DkimSigningAlgorithm::Rsa),
        };
        let names = SIGNED.iter().map(|name| HeaderName::new_from_ascii_str(name));
        Ok(Self(Arc::new(DkimConfig::new(
            selector.to_owned(),
            domain.to_owned(),
            key.map_err(|_| SignerFault::Key)?,
            names.collect(),
            // What servers on the way do to spaces and line ends breaks no signature.
            DkimCanonicalization {
                header: DkimCanonicalizationType::Relaxed,
                body: DkimCanonicalizationType::Relaxed,
            },
        ))))
    }

    pub(super) fn sign(&self, message: &mut Message) {
        message.sign(&self.0);
    }
}

/// The bytes between the lines of a PEM, if it is of this kind.
fn der(pem: &str, kind: &str) -> Option<Vec<u8>> {
    let (begin, end) = (format!("-----BEGIN {kind}-----"), format!("-----END {kind}-----"));
    let (_, rest) = pem.split_once(&begin)?;
    let (body, _) = rest.split_once(&end)?;
    let body: String = body.split_whitespace().collect();
    STANDARD.decode(body).ok()
}

/// The seed in an Ed25519 key.
fn seed(pem: &str) -> Option<[u8; 32]> {
    let der = der(pem, "PRIVATE KEY")?;
    der.strip_prefix(&ED25519_PKCS8)?.try_into().ok()
}

/// An RSA key in the older of its two shapes, which the signing library reads: as it is, or taken out of PKCS #8.
fn rsa_pkcs1(pem: &str) -> Option<String> {
    /// Version 0 and "RSA", between the length of the whole and the key inside; both lengths take two bytes.
    const RSA: [u8; 18] = [
        0x02, 0x01, 0x00, 0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00,
    ];
    const KIND: &str = "RSA PRIVATE KEY";
    let inner = match der(pem, KIND) {
        Some(inner) => inner,
        None => {
            let outer = der(pem, "PRIVATE KEY")?;
            let key = outer.strip_prefix(&[0x30, 0x82])?.get(2..)?.strip_prefix(&RSA)?;
            key.strip_prefix(&[0x04, 0x82])?.get(2..)?.to_vec()
        }
    };
    let text = STANDARD.encode(inner);
    let lines: Vec<String> = (text.as_bytes().chunks(64))
        .map(|line| String::from_utf8_lossy(line).into_owned())
        .collect();
    Some(format!(
        "-----BEGIN {KIND}-----\n{}\n-----END {KIND}-----\n",
        lines.join("\n")
    ))
}
