//! The key is changed while people work: everything opens under the new one, is found again, and the old one can go.

use std::future::Future;
use std::pin::pin;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};

use panoh::services::Services;
use panoh::services::rotate::Rotated;
use panoh::services::seal::{Secret, Vault};
use panoh::store::sealed::Place;
use serde_json::{Value, json};
use strum::IntoEnumIterator;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::checks::Raw;
use crate::digests::stage::sql_at;
use crate::harness::{Harness, on_both};
use crate::push_service::Browser;
use crate::sms::{HERS, Line, connect, says};

const REASON: &str = "?reason=a%20fire%20drill";

fn key(byte: u8) -> Secret {
    Zeroizing::new([byte; 32])
}

/// A second factor, sealed under the first key as the service does it.
async fn a_factor(h: &Harness, owner: Uuid) {
    let id = Uuid::from_u128(0x0fac);
    let sealed = Vault::new(&key(7))
        .seal(&h.services.ids, id, b"twenty secret bytes.")
        .unwrap();
    let bytes = |bytes: &[u8]| match h.database_url.starts_with("postgres:") {
        true => format!("'\\x{}'::bytea", hex::encode(bytes)),
        false => format!("x'{}'", hex::encode(bytes)),
    };
    let id_of = |id: Uuid| match h.database_url.starts_with("postgres:") {
        true => format!("'{id}'::uuid"),
        false => format!("x'{}'", id.simple()),
    };
    let sql = format!(
        "INSERT INTO factor (id, user_id, kind, name, key_id, nonce, ciphertext, last_step, created_at) \
         VALUES ({}, {}, 'totp', 'Phone', '{}', {}, {}, 0, 1)",
        id_of(id),
        id_of(owner),
        sealed.key_id,
        bytes(&sealed.nonce),
        bytes(&sealed.ciphertext)
    );
    Raw(h.database_url.clone()).run(&sql).await;
}

/// Something sealed in every place.
async fn sealed_everywhere(h: &Harness) -> (Line<'_>, String) {
    let line = Line::open(h).await;
    let country = &line.country;
    for (person, shelter) in [
        (&country.manager, &country.shelter),
        (&country.other_manager, &country.other_shelter),
    ] {
        let body = json!({"address": format!("Street of {}", shelter.code), "contact_name": "Zarina",
            "contact_phone": "+992 900 00 00 00", "meeting_point": "by the fountain"});
        person
            .put(&format!("/api/v1/shelters/{}/confidential", shelter.id), &body)
            .await
            .expect(204);
    }
    let browser = country
        .manager
        .post("/api/v1/me/push", &Browser::new(1).subscription())
        .await
        .expect(201);
    a_factor(h, country.admin.user.id.0).await;
    let browser = browser["id"].as_str().unwrap().to_owned();
    (line, browser)
}

async fn address(line: &Line<'_>) -> Value {
    let manager = line.h.signed_in(&line.country.manager.user).await;
    manager
        .get(&line.country.path(&format!("/confidential{REASON}")))
        .await
        .expect(200)["address"]
        .clone()
}

/// Polls until the node has begun so many statements, then lets go of it, as a kill would.
async fn broken_off(h: &Harness, services: &Services, after: usize) -> Option<Rotated> {
    let begun = h.statements.load(Ordering::SeqCst);
    let mut work = pin!(services.seal_anew());
    std::future::poll_fn(|context: &mut Context<'_>| match work.as_mut().poll(context) {
        Poll::Ready(done) => Poll::Ready(Some(done.unwrap())),
        Poll::Pending if h.statements.load(Ordering::SeqCst) >= begun + after => Poll::Ready(None),
        Poll::Pending => Poll::Pending,
    })
    .await
}

on_both! {
    async fn everything_is_sealed_anew_and_found_again_and_the_old_key_can_go(h: Harness) {
        let (line, browser) = sealed_everywhere(&h).await;
        let services = &h.services;
        assert_eq!(services.sealed_under().await.unwrap().len(), 1);
        // The other node takes a new key when a row needs it, not before.
        let other = h.another_node().await;
        h.keys.lock().unwrap().insert(0, key(8));
        services.reload_keys().unwrap();
        assert_eq!(address(&line).await, "Street of TJ-DU-01", "the old key opens still");
        line.later(1);
        assert!(says(&h, HERS, "1 2").await.is_some(), "found by the hash of the old key");
        let phone = connect(&h, &line.country.other_manager, "+992900000002").await;

        let done = services.seal_anew().await.unwrap();
        assert_eq!(done.rows, [("factor", 1), ("phone", 1), ("push_subscription", 1), ("shelter_confidential", 2)].into());
        assert_eq!(services.seal_anew().await.unwrap().rows.values().sum::<u64>(), 0, "once is enough");
        let under = services.sealed_under().await.unwrap();
        assert_eq!(under.iter().map(|(_, rows)| *rows).collect::<Vec<_>>(), [6, 0]);
        let manager = h.signed_in(&line.country.manager.user).await;
        let actor = panoh::domain::accounts::Actor {
            user_id: manager.user.id, role: manager.user.role, name: String::new(), organisation_id: None,
            shelters: manager.user.shelters.clone(), origin: "test".to_owned(), by: panoh::domain::accounts::Bearer::Nothing,
        };
        let seen = other.confidential(&actor, line.country.shelter.id, "a fire drill").await.unwrap();
        assert_eq!(seen.address, "Street of TJ-DU-01");

        h.keys.lock().unwrap().pop();
        services.reload_keys().unwrap();
        assert_eq!(address(&line).await, "Street of TJ-DU-01");
        line.later(1);
        assert!(says(&h, HERS, "2 2").await.is_some());
        let again = manager.post("/api/v1/me/push", &Browser::new(1).subscription()).await;
        assert_eq!(again.json()["id"], browser.as_str(), "the same browser is one: {}", again.text());
        let own = h.signed_in(&line.country.other_manager.user).await.get("/api/v1/me/phones").await.expect(200);
        assert_eq!((&own["items"][0]["id"], &own["items"][0]["ending"]), (&json!(phone), &json!("02")));
    }

    async fn broken_off_anywhere_it_goes_on_where_it_was(h: Harness) {
        let (line, _) = sealed_everywhere(&h).await;
        let before = sql_at(&h.database_url, "SELECT number_hash FROM phone").await;
        h.keys.lock().unwrap().insert(0, key(9));
        h.services.reload_keys().unwrap();
        let mut stopped = 0;
        // Each time it comes a little further before it is stopped.
        let done = loop {
            match broken_off(&h, &h.services, stopped).await {
                Some(done) => break done,
                None => stopped += 1,
            }
            assert_eq!(address(&line).await, "Street of TJ-DU-01", "after {stopped} statements");
        };
        assert!(stopped > 5, "it was stopped {stopped} times");
        assert_eq!(done.rows.len(), Place::iter().count());
        assert_eq!(h.services.sealed_under().await.unwrap()[0].1, 5);
        assert_ne!(sql_at(&h.database_url, "SELECT number_hash FROM phone").await, before);
        h.keys.lock().unwrap().truncate(1);
        h.services.reload_keys().unwrap();
        line.later(1);
        assert!(says(&h, HERS, "1 2").await.is_some());
    }

    async fn a_key_that_is_not_there_opens_nothing_and_the_rows_stay(h: Harness) {
        let (line, _) = sealed_everywhere(&h).await;
        *h.keys.lock().unwrap() = vec![key(9)];
        h.services.reload_keys().unwrap();
        let manager = h.signed_in(&line.country.manager.user).await;
        let refused = manager.get(&line.country.path(&format!("/confidential{REASON}"))).await;
        assert_eq!(refused.status, 500);
        assert!(!refused.text().contains("Street"), "{}", refused.text());
        assert!(h.services.seal_anew().await.is_err());
        *h.keys.lock().unwrap() = Vec::new();
        assert!(h.services.reload_keys().is_err(), "an empty file is no new key");
        *h.keys.lock().unwrap() = vec![key(7)];
        assert_eq!(address(&line).await, "Street of TJ-DU-01");
    }

    async fn a_link_of_an_older_key_is_good_for_as_long_as_the_key_is_there(h: Harness) {
        let stage = crate::stage::Stage::set(&h).await;
        let leave = stage.path("/letters/{id}/unsubscribe");
        h.keys.lock().unwrap().insert(0, key(8));
        h.services.reload_keys().unwrap();
        assert_eq!(h.http.send("GET", &leave, &[], b"").await.status, 200);
        h.keys.lock().unwrap().truncate(1);
        h.services.reload_keys().unwrap();
        assert_eq!(h.http.send("GET", &leave, &[], b"").await.status, 404);
    }
}
