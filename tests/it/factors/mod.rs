//! Second factors: who must have one, what counts and how often, and what is asked for again.

pub mod authenticator;
mod codes;
mod enrolling;
mod passkeys;
mod step_up;

use chrono::Duration;
use panoh::domain::accounts::User;
use panoh::domain::factors::{OneTimeCodes, SecondFactor};
use panoh::services::Services;
use panoh::services::access::Opening;
use panoh::sms;
use serde_json::{Value, json};

use crate::digests::stage::sql_at;
use crate::harness::client::{Answer, Http, Person};
use crate::harness::country::PASSWORD;
use crate::harness::gateways::gateways;
use crate::harness::{Doorway, Harness};

/// A node that asks for second factors, and its door.
pub struct Door {
    pub services: Services,
    pub http: Http,
}

impl Door {
    pub async fn required(h: &Harness) -> Self {
        Self::with(
            h,
            Doorway {
                second_factor: SecondFactor::Required,
                ..Doorway::default()
            },
        )
        .await
    }

    pub async fn with(h: &Harness, doorway: Doorway) -> Self {
        let services = h.node(doorway).await;
        let http = Http::with(&services, gateways(sms::Sender::Memory(sms::Memory::default()))).await;
        Self { services, http }
    }

    /// Signing in with the right password and what else is brought.
    pub async fn sign_in(&self, user: &User, more: Value) -> Answer {
        let mut body = json!({"email": user.email, "password": PASSWORD});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.http.json("POST", "/api/v1/session", &body).await
    }

    /// A session opened by a password alone, without the slow proof.
    pub async fn by_password(&self, user: &User) -> Person {
        let opened = (self.services)
            .open_session(user.clone(), &Opening::default(), self.services.now())
            .await
            .unwrap();
        self.person(user, &opened.token)
    }

    pub fn person(&self, user: &User, token: &str) -> Person {
        Person {
            user: user.clone(),
            token: token.to_owned(),
            http: self.http.clone(),
        }
    }
}

/// Somebody with an authenticator app, in a session that proved it.
pub struct Enrolled {
    pub person: Person,
    pub factor: String,
    pub codes: OneTimeCodes,
    pub recovery: Vec<String>,
}

/// Failures of before are forgotten, so that the next try need not wait.
pub async fn forgive(h: &Harness) {
    sql_at(&h.database_url, "DELETE FROM failure").await;
}

/// What is written in Base32.
pub fn bytes(secret: &str) -> Vec<u8> {
    let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let (mut bits, mut count, mut bytes) = (0_u32, 0, Vec::new());
    for letter in secret.chars() {
        bits = (bits << 5) | u32::try_from(letters.find(letter).unwrap()).unwrap();
        count += 5;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from((bits >> count) & 255).unwrap());
        }
    }
    bytes
}

/// The codes of an app that was set up by typing this secret.
fn app(secret: &str) -> OneTimeCodes {
    OneTimeCodes::of(&bytes(secret)).unwrap()
}

/// Begins to set up an authenticator app.
pub async fn begin(person: &Person) -> (String, OneTimeCodes) {
    let made = person
        .post("/api/v1/me/factors/totp", &json!({"name": "my telephone"}))
        .await
        .expect(201);
    (
        made["id"].as_str().unwrap().to_owned(),
        app(made["secret"].as_str().unwrap()),
    )
}

pub async fn confirm(h: &Harness, person: &Person, factor: &str, codes: &OneTimeCodes) -> Answer {
    let code = codes.at(h.clock.now());
    person
        .post(&format!("/api/v1/me/factors/{factor}/confirm"), &json!({"code": code}))
        .await
}

/// Sets up somebody's first authenticator app; the next step has begun when this is done.
pub async fn enrol(h: &Harness, door: &Door, user: &User) -> Enrolled {
    let by_password = door.by_password(user).await;
    let (factor, codes) = begin(&by_password).await;
    let done = confirm(h, &by_password, &factor, &codes).await.expect(200);
    h.clock.advance(Duration::seconds(30));
    Enrolled {
        person: door.person(user, done["token"].as_str().unwrap()),
        factor,
        codes,
        recovery: serde_json::from_value(done["recovery_codes"].clone()).unwrap(),
    }
}

/// Status and code of a refusal.
pub fn told(answer: &Answer) -> (u16, String) {
    (answer.status, answer.code())
}

/// Actions in the audit.
pub async fn actions(h: &Harness) -> Vec<String> {
    let mut log = panoh::store::audit::after(&h.services.store, 0, 0, 10_000)
        .await
        .unwrap();
    log.sort_by_key(|stored| stored.entry.at);
    log.into_iter().map(|stored| stored.entry.action).collect()
}

/// What the mail server was given for somebody, as plain text.
pub async fn mail_of(h: &Harness, user: &User) -> Vec<String> {
    while h.jobs.deliver_next().await.unwrap() {}
    let sent = h.mail.sent().into_iter().filter(|letter| letter.to == user.email);
    let text = |raw: &[u8]| {
        let parsed = mail_parser::MessageParser::default().parse(raw).unwrap();
        parsed.body_text(0).unwrap().into_owned()
    };
    sent.map(|letter| text(&letter.raw)).collect()
}
