//! An authenticator in software: makes a passkey and signs with it, as a telephone would. Every part of what it signs can be
//! bent.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use p256::ecdsa::signature::Signer;
use p256::ecdsa::{Signature, SigningKey};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// Somebody was there (1), and it was the owner (4).
const VERIFIED: u8 = 1 | 4;

pub struct Authenticator {
    key: SigningKey,
    id: Vec<u8>,
    /// Of the page that asks.
    pub origin: String,
    pub rp_id: String,
    /// How often it has signed; one that stays at zero counts nothing.
    pub counter: u32,
    pub flags: u8,
}

impl Authenticator {
    /// The `number`th of the test, at the address where tests open the app.
    pub fn new(number: u8) -> Self {
        Self {
            key: SigningKey::from_slice(&[number; 32]).unwrap(),
            id: vec![number; 20],
            origin: crate::harness::PUBLIC_URL.to_owned(),
            rp_id: "localhost".to_owned(),
            counter: 0,
            flags: VERIFIED,
        }
    }

    /// The same passkey id with another key.
    pub fn forged(&self, number: u8) -> Self {
        Self {
            id: self.id.clone(),
            ..Self::new(number)
        }
    }

    fn client_data(&self, kind: &str, options: &Value) -> Vec<u8> {
        let challenge = options["publicKey"]["challenge"].as_str().unwrap();
        json!({"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": false})
            .to_string()
            .into_bytes()
    }

    fn head(&self, flags: u8) -> Vec<u8> {
        let mut head = Sha256::digest(self.rp_id.as_bytes()).to_vec();
        head.push(flags);
        head.extend(self.counter.to_be_bytes());
        head
    }

    fn answer(&self, response: Value) -> Value {
        let id = URL_SAFE_NO_PAD.encode(&self.id);
        json!({"id": id, "rawId": id, "type": "public-key", "authenticatorAttachment": "platform",
            "clientExtensionResults": {}, "response": response})
    }

    /// What `navigator.credentials.create` gives for these options, as JSON.
    pub fn create(&self, options: &Value) -> Value {
        // Flag 64: the new public key is told.
        let mut data = self.head(self.flags | 64);
        data.extend([0; 16]);
        data.extend(u16::try_from(self.id.len()).unwrap().to_be_bytes());
        data.extend(&self.id);
        let point = self.key.verifying_key().to_sec1_bytes();
        let point = match point.len() {
            65 => point.to_vec(),
            _ => self.key.verifying_key().to_sec1_point(false).as_bytes().to_vec(),
        };
        // COSE: an elliptic curve (1: 2), ES256 (3: -7), P-256 (-1: 1), x (-2), y (-3).
        data.extend([0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20]);
        data.extend(&point[1..33]);
        data.extend([0x22, 0x58, 0x20]);
        data.extend(&point[33..65]);
        // CBOR: {"fmt": "none", "attStmt": {}, "authData": data}
        let mut object = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58".to_vec();
        object.push(u8::try_from(data.len()).unwrap());
        object.extend(&data);
        self.answer(json!({
            "clientDataJSON": URL_SAFE_NO_PAD.encode(self.client_data("webauthn.create", options)),
            "attestationObject": URL_SAFE_NO_PAD.encode(object), "transports": ["internal"]}))
    }

    /// What `navigator.credentials.get` gives for these options, as JSON.
    pub fn sign(&self, options: &Value) -> Value {
        let (data, client) = (self.head(self.flags), self.client_data("webauthn.get", options));
        let signed = [data.clone(), Sha256::digest(&client).to_vec()].concat();
        let signature: Signature = self.key.sign(&signed);
        self.answer(json!({
            "clientDataJSON": URL_SAFE_NO_PAD.encode(client), "authenticatorData": URL_SAFE_NO_PAD.encode(data),
            "signature": URL_SAFE_NO_PAD.encode(signature.to_der()), "userHandle": null}))
    }
}
