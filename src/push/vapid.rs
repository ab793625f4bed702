//! Who we are, as push services want to know it (RFC 8292): a short-lived token signed with the key under which browsers
//! subscribed.

use p256::SecretKey;
use p256::ecdsa::signature::Signer;
use p256::ecdsa::{Signature, SigningKey};
use serde_json::json;

use super::subscription::base64url;
use crate::domain::id::Moment;

/// How long a token is good, in hours. At most a day is allowed.
const GOOD_FOR: i64 = 12;

/// The key of this installation. Should it ever change, every browser must subscribe anew.
pub struct Vapid {
    key: SigningKey,
    /// As browsers want it: 65 bytes in base64url.
    pub public: String,
}

impl Vapid {
    /// `None` if the secret is no private key of the curve: make another.
    pub fn new(secret: &[u8; 32]) -> Option<Self> {
        let secret = SecretKey::from_slice(secret).ok()?;
        Some(Self {
            public: base64url(&secret.public_key().to_sec1_bytes()),
            key: SigningKey::from(secret),
        })
    }

    /// The `Authorization` for a push service of this origin. `contact` is where its operators may write to.
    pub fn authorization(&self, origin: &str, contact: &str, now: Moment) -> String {
        let claims = json!({
            "aud": origin,
            "exp": (now + chrono::Duration::hours(GOOD_FOR)).timestamp(),
            "sub": format!("mailto:{contact}"),
        });
        let head = base64url(br#"{"typ":"JWT","alg":"ES256"}"#);
        let said = format!("{head}.{}", base64url(claims.to_string().as_bytes()));
        let signature: Signature = self.key.sign(said.as_bytes());
        format!("vapid t={said}.{}, k={}", base64url(&signature.to_bytes()), self.public)
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use chrono::{TimeZone, Utc};
    use p256::ecdsa::VerifyingKey;
    use p256::ecdsa::signature::Verifier;

    use super::*;

    #[test]
    fn anybody_can_verify_who_says_it_to_whom_and_until_when() {
        let vapid = Vapid::new(&[9; 32]).unwrap();
        let now = Utc.with_ymd_and_hms(2026, 11, 22, 4, 0, 0).unwrap();
        let said = vapid.authorization("https://push.example", "panoh@example.tj", now);
        let (token, key) = said.strip_prefix("vapid t=").unwrap().split_once(", k=").unwrap();
        let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).unwrap();
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let verifier = VerifyingKey::from_sec1_bytes(&decode(key)).unwrap();
        verifier
            .verify(signed.as_bytes(), &Signature::from_slice(&decode(signature)).unwrap())
            .unwrap();
        let (head, claims) = signed.split_once('.').unwrap();
        assert_eq!(decode(head), br#"{"typ":"JWT","alg":"ES256"}"#);
        let claims: serde_json::Value = serde_json::from_slice(&decode(claims)).unwrap();
        assert_eq!(
            claims,
            json!({"aud": "https://push.example", "exp": now.timestamp() + 43_200, "sub": "mailto:panoh@example.tj"})
        );
        assert!(Vapid::new(&[0; 32]).is_none());
    }
}
