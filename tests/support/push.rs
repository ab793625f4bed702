//! A push service for tests: it takes notifications over a real socket, keeps what came, and answers as it is told. What it
//! is sent it can open, since it makes the browsers' keys too. Its reading of RFC 8291 and RFC 8292 shares no code with the
//! service's.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};

use aes_gcm::aead::{Aead, KeyInit};
use aes_gcm::{Aes128Gcm, Nonce};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use p256::ecdsa::signature::Verifier;
use p256::ecdsa::{Signature, VerifyingKey};
use p256::{PublicKey, SecretKey};
use serde_json::{Value, json};
use sha2::Sha256;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// One request as it came, its head's names in small letters.
#[derive(Debug, Clone)]
pub struct Received {
    pub path: String,
    pub head: BTreeMap<String, String>,
    pub body: Vec<u8>,
}

#[derive(Default)]
struct State {
    received: Vec<Received>,
    answers: VecDeque<String>,
}

pub struct PushServer {
    pub url: String,
    state: Arc<Mutex<State>>,
    task: JoinHandle<()>,
}

impl Drop for PushServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl PushServer {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::new(Mutex::new(State::default()));
        let shared = Arc::clone(&state);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&shared)));
            }
        });
        Self { url, state, task }
    }

    /// The next request is answered with this head, `410 Gone`; without any, `201 Created`.
    pub fn next(&self, status: &str) {
        self.state.lock().unwrap().answers.push_back(status.to_owned());
    }

    pub fn received(&self) -> Vec<Received> {
        self.state.lock().unwrap().received.clone()
    }
}

async fn serve(stream: TcpStream, state: Arc<Mutex<State>>) -> Option<()> {
    let mut stream = BufReader::new(stream);
    let mut first = String::new();
    stream.read_line(&mut first).await.ok()?;
    let path = first.split(' ').nth(1)?.to_owned();
    let mut head = BTreeMap::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await.ok()?;
        let Some((name, value)) = line.trim_end().split_once(": ") else {
            break;
        };
        head.insert(name.to_lowercase(), value.to_owned());
    }
    let mut body = vec![0; head.get("content-length")?.parse().ok()?];
    stream.read_exact(&mut body).await.ok()?;
    let status = {
        let mut state = state.lock().unwrap();
        state.received.push(Received { path, head, body });
        state.answers.pop_front().unwrap_or_else(|| "201 Created".to_owned())
    };
    let answer = format!(
        "HTTP/1.1 {status}\r\nLocation: http://127.0.0.1:9/elsewhere\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(answer.as_bytes()).await.ok()
}

/// A browser that has subscribed.
pub struct Browser {
    pub path: String,
    key: SecretKey,
    auth: [u8; 16],
}

fn hmac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().into()
}

impl Browser {
    /// The `number`th browser of the test, at the push service `push.example`.
    pub fn new(number: u8) -> Self {
        Self {
            path: format!("/send/{number}"),
            key: SecretKey::from_slice(&[number; 32]).unwrap(),
            auth: [number; 16],
        }
    }

    /// What it gives to a server that is to write to it.
    pub fn subscription(&self) -> Value {
        json!({"endpoint": format!("https://push.example{}", self.path), "keys": {
            "p256dh": URL_SAFE_NO_PAD.encode(self.key.public_key().to_sec1_bytes()), "auth": URL_SAFE_NO_PAD.encode(self.auth)}})
    }

    /// The words of a notification that came for it.
    pub fn open(&self, received: &Received) -> Value {
        let body = &received.body;
        let (salt, their_point, sealed) = (&body[..16], &body[21..86], &body[86..]);
        assert_eq!(
            (u32::from_be_bytes(body[16..20].try_into().unwrap()), body[20]),
            (4096, 65)
        );
        let theirs = PublicKey::from_sec1_bytes(their_point).unwrap();
        let shared = self.key.diffie_hellman(&theirs);
        let ours = self.key.public_key().to_sec1_bytes();
        let prk = hmac(&self.auth, &[shared.raw_secret_bytes()]);
        let ikm = hmac(&prk, &[b"WebPush: info\0", &ours, their_point, &[1]]);
        let prk = hmac(salt, &[&ikm]);
        let key: [u8; 16] = hmac(&prk, &[b"Content-Encoding: aes128gcm\0\x01"])[..16]
            .try_into()
            .unwrap();
        let nonce: [u8; 12] = hmac(&prk, &[b"Content-Encoding: nonce\0\x01"])[..12]
            .try_into()
            .unwrap();
        let record = Aes128Gcm::new(&key.into())
            .decrypt(&Nonce::from(nonce), sealed)
            .unwrap();
        let end = record.iter().rposition(|byte| *byte != 0).unwrap();
        assert_eq!(record[end], 2, "the mark of the last record");
        serde_json::from_slice(&record[..end]).unwrap()
    }
}

/// The claims of the token a notification came with, its signature verified under the key it names.
pub fn claims(received: &Received) -> (Value, String) {
    let said = received.head["authorization"].strip_prefix("vapid t=").unwrap();
    let (token, key) = said.split_once(", k=").unwrap();
    let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).unwrap();
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let verifier = VerifyingKey::from_sec1_bytes(&decode(key)).unwrap();
    let signature = Signature::from_slice(&decode(signature)).unwrap();
    verifier.verify(signed.as_bytes(), &signature).unwrap();
    let claims = serde_json::from_slice(&decode(signed.split_once('.').unwrap().1)).unwrap();
    (claims, key.to_owned())
}
