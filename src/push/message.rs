//! The words sealed for one browser: RFC 8291 (keys) over RFC 8188 (`aes128gcm`). One record, so a message is short. The
//! randomness is the caller's.

use aes_gcm::aead::{Aead, KeyInit};
use aes_gcm::{Aes128Gcm, Nonce};
use hkdf::Hkdf;
use p256::{PublicKey, SecretKey};
use sha2::Sha256;

use super::Subscription;

/// Most bytes that every push service takes: 4,096 with head, padding mark and tag.
pub const LONGEST: usize = 4096 - 86 - 1 - 16;
/// The record size we name: larger than any record we make.
const RECORD: u32 = 4096;

/// The body of the request, its text filled up to `least` bytes, so that who carries it cannot tell one message from another
/// by its length. `secret` is a fresh private key and `salt` fresh random bytes: neither is ever used twice.
/// `None` if the text is too long, or if the secret (once in four thousand million) is no private key: take another.
pub fn seal(to: &Subscription, text: &[u8], least: usize, secret: &[u8; 32], salt: &[u8; 16]) -> Option<Vec<u8>> {
    if text.len().max(least) > LONGEST {
        return None;
    }
    let ours = SecretKey::from_slice(secret).ok()?;
    let theirs = PublicKey::from_sec1_bytes(&to.p256dh).ok()?;
    let our_point = ours.public_key().to_sec1_bytes();
    let shared = ours.diffie_hellman(&theirs);

    let info = [b"WebPush: info\0".as_slice(), &to.p256dh, &our_point].concat();
    let ikm: [u8; 32] = expand(&to.auth, shared.raw_secret_bytes(), &info)?;
    let key: [u8; 16] = expand(salt, &ikm, b"Content-Encoding: aes128gcm\0")?;
    let nonce: [u8; 12] = expand(salt, &ikm, b"Content-Encoding: nonce\0")?;

    // The mark of the last record ends the text; after it only zeros.
    let mut record = [text, &[2]].concat();
    record.resize(text.len().max(least) + 1, 0);
    let sealed = Aes128Gcm::new(&key.into())
        .encrypt(&Nonce::from(nonce), record.as_slice())
        .ok()?;
    let mut body = Vec::with_capacity(86 + sealed.len());
    body.extend_from_slice(salt);
    body.extend_from_slice(&RECORD.to_be_bytes());
    body.push(u8::try_from(our_point.len()).ok()?);
    body.extend_from_slice(&our_point);
    body.extend_from_slice(&sealed);
    Some(body)
}

/// HKDF-SHA-256.
fn expand<const N: usize>(salt: &[u8], secret: &[u8], info: &[u8]) -> Option<[u8; N]> {
    let mut out = [0; N];
    Hkdf::<Sha256>::new(Some(salt), secret).expand(info, &mut out).ok()?;
    Some(out)
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    use super::*;
    use crate::push::Hosts;

    fn bytes<const N: usize>(text: &str) -> [u8; N] {
        URL_SAFE_NO_PAD.decode(text).unwrap().try_into().unwrap()
    }

    fn receiver() -> Subscription {
        Subscription::parse(
            "https://push.example.net/push/JzLQ3raZJfFBR0aqvOMsLrt54w4rJUsV",
            "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
            "BTBZMqHH6r4Tts7J_aSIgg",
            &Hosts::new(&["push.example.net".to_owned()]).unwrap(),
        )
        .unwrap()
    }

    /// RFC 8291, section 5 and appendix A.
    #[test]
    fn the_example_of_the_standard() {
        let secret = bytes("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw");
        let salt = bytes("DGv6ra1nlYgDCS1FRnbzlw");
        let body = seal(
            &receiver(),
            b"When I grow up, I want to be a watermelon",
            0,
            &secret,
            &salt,
        )
        .unwrap();
        let ought = "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN";
        assert_eq!(URL_SAFE_NO_PAD.encode(body), ought);
    }

    #[test]
    fn a_text_too_long_or_a_secret_that_is_no_key_makes_nothing() {
        let sealed = seal(&receiver(), &[b'x'; LONGEST], 0, &[1; 32], &[0; 16]).unwrap();
        assert_eq!(sealed.len(), 4096);
        let alike = [1, 90, 200].map(|n| {
            seal(&receiver(), &vec![b'x'; n], 200, &[1; 32], &[0; 16])
                .unwrap()
                .len()
        });
        assert_eq!(alike, [86 + 201 + 16; 3]);
        assert!(seal(&receiver(), &[b'x'; LONGEST + 1], 0, &[1; 32], &[0; 16]).is_none());
        assert!(seal(&receiver(), b"x", LONGEST + 1, &[1; 32], &[0; 16]).is_none());
        assert!(seal(&receiver(), b"x", 0, &[0; 32], &[0; 16]).is_none());
        assert!(seal(&receiver(), b"x", 0, &[255; 32], &[0; 16]).is_none());
    }
}
