//! The way out: replies and reminders through a gateway's send API, by a stand-in on loopback that writes down what it was
//! asked and answers as it is told.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use panoh::domain::id::LetterId;
use panoh::domain::outbox::{About, Letter, Notice, NoticeKind, Of, Via};
use panoh::sms::{Http as Way, SendSettings, Sender, SmsFailure};
use panoh::store::letters;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{HERS, Line, STRANGE, connect};
use crate::harness::client::Http;
use crate::harness::gateways::{SECRET, gateways};
use crate::harness::{Harness, on_both};
use crate::stage::Stage;

/// Requests as they came, and the status lines of the answers to come; `""` hangs up without one.
#[derive(Clone, Default)]
struct StandIn {
    heard: Arc<Mutex<Vec<String>>>,
    answers: Arc<Mutex<Vec<&'static str>>>,
}

impl StandIn {
    async fn start(self) -> String {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/send", listener.local_addr().unwrap());
        actix_web::rt::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut request = Vec::new();
                while !is_whole(&request) {
                    let mut part = [0; 4096];
                    let read = stream.read(&mut part).await.unwrap();
                    if read == 0 {
                        break;
                    }
                    request.extend_from_slice(&part[..read]);
                }
                self.heard.lock().unwrap().push(String::from_utf8(request).unwrap());
                let status = self.answers.lock().unwrap().pop().unwrap_or("202 Accepted");
                if !status.is_empty() {
                    let more = "location: http://127.0.0.1:1/\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok";
                    stream
                        .write_all(format!("HTTP/1.1 {status}\r\n{more}").as_bytes())
                        .await
                        .unwrap();
                }
            }
        });
        url
    }

    fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }

    /// Waits for the `n`th request: it comes after the answer to the gateway.
    async fn wait_for(&self, n: usize) {
        for _ in 0..2_000 {
            if self.heard().len() >= n {
                return;
            }
            tokio::task::yield_now().await;
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
        panic!("only {} requests came", self.heard().len());
    }
}

fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request);
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return false;
    };
    let length = head
        .lines()
        .find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
    body.len() >= length.unwrap_or(0)
}

fn pairs(all: &[(&str, &str)]) -> BTreeMap<String, String> {
    all.iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

fn way(settings: SendSettings) -> Sender {
    let client = panoh::web::client().unwrap();
    Sender::Http(Arc::new(
        Way::new(client, vec![("sends".to_owned(), settings)]).unwrap(),
    ))
}

#[actix_web::test]
async fn requests_as_they_are_declared() {
    let stand_in = StandIn::default();
    let url = stand_in.clone().start().await;
    let kannel = way(SendSettings {
        url: url.clone(),
        method: Some("GET".to_owned()),
        query: pairs(&[
            ("to", "{digits}"),
            ("text", "{text}"),
            ("charset", "UTF-8"),
            ("coding", "2"),
        ]),
        ..SendSettings::default()
    });
    assert_eq!(
        kannel.send("sends", "992900000001", "Қабул & = ?").await,
        Ok("202 Accepted".to_owned())
    );
    let twilio = way(SendSettings {
        url: url.clone(),
        form: pairs(&[("To", "{to}"), ("Body", "{text}")]),
        user: Some("sid".to_owned()),
        password: Some("token".to_owned()),
        ..SendSettings::default()
    });
    twilio.send("another", "992900000001", "a&b").await.unwrap();
    let rapidpro = way(SendSettings {
        url,
        json: Some(json!({"urns": ["tel:{to}"], "text": "{text}"})),
        headers: pairs(&[("X-More", "more")]),
        bearer: Some("token".to_owned()),
        ..SendSettings::default()
    });
    rapidpro.send("sends", "992900000001", "\"{to}\"").await.unwrap();
    let heard = stand_in.heard();
    assert!(
        heard[0].starts_with("GET /send?charset=UTF-8&coding=2&text=%D2%9A"),
        "{}",
        heard[0]
    );
    assert!(
        heard[0].contains("+%26+%3D+%3F&to=992900000001 HTTP/1.1"),
        "{}",
        heard[0]
    );
    assert!(
        heard[1].contains("authorization: Basic c2lkOnRva2Vu") && heard[1].ends_with("Body=a%26b&To=%2B992900000001"),
        "{}",
        heard[1]
    );
    assert!(
        heard[2].contains("authorization: Bearer token") && heard[2].contains("x-more: more"),
        "{}",
        heard[2]
    );
    let body: Value = serde_json::from_str(heard[2].split_once("\r\n\r\n").unwrap().1).unwrap();
    assert_eq!(body, json!({"urns": ["tel:+992900000001"], "text": "\"{to}\""}));
}

#[actix_web::test]
async fn failures_are_sorted_and_nobody_is_followed() {
    let stand_in = StandIn::default();
    let url = stand_in.clone().start().await;
    let sender = way(SendSettings {
        url,
        form: pairs(&[("to", "{to}")]),
        ..SendSettings::default()
    });
    let send = async || sender.send("sends", "992900000001", "x").await.unwrap_err();
    *stand_in.answers.lock().unwrap() = vec![
        "",
        "302 Found",
        "504 Gateway Timeout",
        "503 Service Unavailable",
        "401 Unauthorized",
    ];
    assert_eq!(send().await, SmsFailure::permanent("401 Unauthorized"));
    assert_eq!(send().await, SmsFailure::passing("503 Service Unavailable"));
    assert_eq!(send().await, SmsFailure::uncertain("504 Gateway Timeout"));
    assert_eq!(send().await, SmsFailure::permanent("302 Found"));
    assert!(send().await.uncertain, "hung up without an answer");
    assert_eq!(stand_in.heard().len(), 5);
    let nowhere = way(SendSettings {
        url: "http://127.0.0.1:1/".to_owned(),
        ..SendSettings::default()
    });
    let failure = nowhere.send("sends", "992900000001", "x").await.unwrap_err();
    assert!(!failure.permanent && !failure.uncertain, "{failure:?}");
    let none = Sender::Http(Arc::new(Way::new(panoh::web::client().unwrap(), Vec::new()).unwrap()));
    assert!(none.send("sends", "992900000001", "x").await.unwrap_err().permanent);
}

on_both! {
    async fn a_reply_of_its_own_is_sent_once(h: Harness) {
        let line = Line::open(&h).await;
        let stand_in = StandIn::default();
        let url = stand_in.clone().start().await;
        let sender = way(SendSettings { url, form: pairs(&[("to", "{to}"), ("text", "{text}")]), ..SendSettings::default() });
        let door = Http::with(&h.services, gateways(sender)).await;
        let path = format!("/api/v1/channels/sms?gateway=sends&secret={SECRET}");
        let post = async |id: &str, from: &str, text: &str| {
            let answer = door.json("POST", &path, &json!({"id": id, "from": from, "text": text})).await;
            assert_eq!((answer.status, answer.text().as_str()), (200, ""));
        };
        // The first answer is lost on the way: it is not asked for again.
        stand_in.answers.lock().unwrap().push("500 Internal Server Error");
        post("1", HERS, "2 4").await;
        stand_in.wait_for(1).await;
        post("1", HERS, "2 4").await;
        post("2", STRANGE, "2 4").await;
        line.later(1);
        post("3", HERS, "?").await;
        stand_in.wait_for(2).await;
        let heard = stand_in.heard();
        assert!(heard[0].contains("to=%2B992900000001") && heard[1].contains("to=%2B992900000001"));
        assert_eq!((heard.len(), line.occupied().await), (2, vec![2, 4]));
    }

    async fn a_letter_goes_as_a_text_message(h: Harness) {
        let stage = Stage::set(&h).await;
        while h.jobs.deliver_next().await.unwrap() {}
        let phone = connect(&h, &stage.country.manager, HERS).await;
        let hold: uuid::Uuid = stage.hold.parse().unwrap();
        let now = h.clock.now();
        let queue = async |kind: NoticeKind, address: &str| {
            let letter = Letter {
                id: LetterId(h.services.ids.uuid(now)),
                recipient: None,
                of: Of::Notice(Box::new(Notice { about: About::Hold(hold.into()), kind, subject: String::new(), html: String::new(), text: "Вас ждут.".to_owned() })),
                via: Via::Sms,
                address: address.to_owned(),
                name: "Manager".to_owned(),
                language: "ru".to_owned(),
                state: "queued".to_owned(),
                attempts: 0,
                answer: None,
                sent_at: None,
                created_at: now,
            };
            let tx = h.services.store.begin().await.unwrap();
            letters::insert_notices(&tx, std::slice::from_ref(&letter), now).await.unwrap();
            tx.commit().await.unwrap();
        };
        let states = async || {
            let all = letters::of_hold(&h.services.store, hold.into()).await.unwrap();
            all.into_iter().filter(|letter| letter.via == Via::Sms).map(|letter| letter.state).collect::<Vec<_>>()
        };
        queue(NoticeKind::Asked, &phone).await;
        assert!(h.jobs.deliver_next().await.unwrap());
        let sent = h.texts.sent();
        assert_eq!((sent.len(), sent[0].gateway.as_str(), sent[0].number.as_str(), sent[0].text.as_str()), (1, "plain", "992900000001", "Вас ждут."));
        // One that may have gone is not sent again; one that was not taken is.
        queue(NoticeKind::Reminded, &phone).await;
        h.texts.fail_next(SmsFailure::uncertain("lost"));
        assert!(h.jobs.deliver_next().await.unwrap());
        h.clock.set(h.clock.now() + chrono::Duration::minutes(5));
        assert!(!h.jobs.deliver_next().await.unwrap());
        assert_eq!(states().await, ["sent", "dead"]);
        assert_eq!(h.texts.sent().len(), 2);
        // To a telephone that is no more nothing goes.
        let other = connect(&h, &stage.country.manager, "+992900000003").await;
        queue(NoticeKind::Asked, &other).await;
        h.texts.fail_next(SmsFailure::passing("busy"));
        assert!(h.jobs.deliver_next().await.unwrap());
        stage.country.manager.delete(&format!("/api/v1/me/phones/{other}")).await;
        h.clock.set(h.clock.now() + chrono::Duration::minutes(5));
        assert!(!h.jobs.deliver_next().await.unwrap());
        assert_eq!(states().await, ["sent", "dead", "dropped"]);
        assert_eq!(h.texts.sent().len(), 2);
    }
}
