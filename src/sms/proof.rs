//! Whether a request is the gateway's own. Every comparison takes as long whatever was sent.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::Sha256;

use super::{Gateway, Proof, Request};

impl Gateway {
    pub fn proves(&self, request: &Request) -> bool {
        match &self.proof {
            Proof::Secret(place) => request
                .at(place, "secret")
                .is_ok_and(|given| same(&self.secret, &given)),
            Proof::Hmac(header) => {
                let told = request.header(header).unwrap_or("");
                let told = hex::decode(told.strip_prefix("sha256=").unwrap_or(told)).unwrap_or_default();
                Hmac::<Sha256>::new_from_slice(self.secret.as_bytes())
                    .is_ok_and(|mac| mac.chain_update(&request.body).verify_slice(&told).is_ok())
            }
            Proof::Twilio => {
                let told = request.header("x-twilio-signature").unwrap_or("");
                let told = STANDARD.decode(told).unwrap_or_default();
                let form = request.form().unwrap_or_default();
                let mut fields: Vec<(&str, &str)> = form.iter().map(|(name, value)| (&**name, &**value)).collect();
                fields.sort_unstable();
                fields.dedup();
                Hmac::<Sha1>::new_from_slice(self.secret.as_bytes())
                    .is_ok_and(|mac| signed(mac, &request.url, &fields).verify_slice(&told).is_ok())
            }
        }
    }
}

/// Twilio's scheme: the address, then each field's name and value, sorted by name.
fn signed(mac: Hmac<Sha1>, url: &str, fields: &[(&str, &str)]) -> Hmac<Sha1> {
    fields.iter().fold(mac.chain_update(url), |mac, (name, value)| {
        mac.chain_update(name).chain_update(value)
    })
}

/// Compared by what a hash makes of them: where two texts part shows in no time that can be measured.
fn same(secret: &str, given: &str) -> bool {
    let keyed = |key: &str| Hmac::<Sha256>::new_from_slice(key.as_bytes()).map(|mac| mac.chain_update(b"panoh"));
    match (keyed(secret), keyed(given)) {
        (Ok(own), Ok(theirs)) => theirs.verify(&own.finalize().into_bytes()).is_ok(),
        _ => false,
    }
}
