//! One effect per key, one winner per version, and how many statements it all costs.

use futures::future::join_all;
use panoh::http::matrix::{ON_RECORD, PREFIX};
use serde_json::{Value, json};
use std::sync::atomic::Ordering;

use crate::harness::country::search;
use crate::harness::{Database, Harness, on_both};
use crate::stage::Stage;

fn known(answer: &str) -> Value {
    serde_json::from_str(answer).unwrap()
}

on_both! {
    async fn twenty_at_once_under_one_key_have_one_effect(h: Harness) {
        let country = h.country().await;
        h.report_all_empty(&country).await;
        let reports = country.path("/reports");
        let before = country.manager.get(&reports).await.expect(200)["items"].as_array().unwrap().len();
        let body = h.report(&country.shelter, &[1, 2]);
        let answers = join_all((0..20).map(|_| country.manager.post_once(&reports, "one-key-for-all", &body))).await;
        for answer in &answers {
            assert_eq!((answer.status, answer.text()), (201, answers[0].text()));
        }
        let after = country.manager.get(&reports).await.expect(200)["items"].as_array().unwrap().len();
        assert_eq!(after, before + 1);

        let asked = search(&[7]);
        let referrals = join_all((0..20).map(|_| country.officer.post_once("/api/v1/referrals", "one-key-for-all", &asked))).await;
        assert!(referrals.iter().all(|answer| answer.status == 201 && answer.text() == referrals[0].text()));
        assert_eq!(country.officer.get("/api/v1/referrals").await.expect(200)["items"].as_array().unwrap().len(), 1);

        let path = format!("/api/v1/referrals/{}/holds", known(&referrals[0].text())["id"].as_str().unwrap());
        let ask = json!({"shelter_id": country.shelter.id});
        let holds = join_all((0..20).map(|_| country.officer.post_once(&path, "a-key-of-holds", &ask))).await;
        assert!(holds.iter().all(|answer| answer.status == 201 && answer.text() == holds[0].text()), "{:?}", holds.iter().map(|a| (a.status, a.text())).collect::<Vec<_>>());
        assert_eq!(country.officer.get("/api/v1/holds").await.expect(200)["items"].as_array().unwrap().len(), 1);
    }

    async fn a_key_belongs_to_one_person_one_route_and_one_body(h: Harness) {
        let country = h.country().await;
        h.report_all_empty(&country).await;
        let reused = [("Idempotency-Key".to_owned(), "key_reused".to_owned())];
        let first = country.officer.post_once("/api/v1/referrals", "key-number-1", &search(&[7])).await.expect(201);
        let other = country.officer.post_once("/api/v1/referrals", "key-number-1", &search(&[8])).await;
        assert_eq!((other.status, other.faults().as_slice()), (422, &reused[..]));
        let theirs = country.other_officer.post_once("/api/v1/referrals", "key-number-1", &search(&[7])).await.expect(201);
        assert_ne!(first["id"], theirs["id"]);
        let path = format!("/api/v1/referrals/{}/holds", first["id"].as_str().unwrap());
        let elsewhere = country.officer.post_once(&path, "key-number-1", &json!({"shelter_id": country.shelter.id})).await;
        assert_eq!(elsewhere.faults(), reused);
        // A refused request leaves its key free for one that is right.
        let wrong = json!({"shelter_id": country.nur.id});
        assert_eq!(country.officer.post_once(&path, "key-number-2", &wrong).await.status, 422);
        country.officer.post_once(&path, "key-number-2", &json!({"shelter_id": country.shelter.id})).await.expect(201);
        // Where a doubled effect would hurt, a key is required.
        let required = [("Idempotency-Key".to_owned(), "required".to_owned())];
        assert_eq!(country.officer.post(&path, &json!({"shelter_id": country.shelter.id})).await.faults(), required);
        assert_eq!(country.manager.post(&country.path("/reports"), &h.report(&country.shelter, &[])).await.faults(), required);
        // Answers are kept for four days: longer than a phone keeps a report that it has not heard of.
        h.clock.advance(chrono::Duration::hours(95));
        assert_eq!(h.services.forget_old_keys().await.unwrap(), 0);
        h.clock.advance(chrono::Duration::hours(2));
        assert!(h.services.forget_old_keys().await.unwrap() >= 3);
    }

    async fn a_put_says_which_version_it_read(h: Harness) {
        let stage = Stage::set(&h).await;
        let admin = &stage.country.admin;
        for pattern in ["/shelters/{id}", "/digest-schedules/{id}"] {
            let path = stage.path(pattern);
            let body = stage.body(&h, "PUT", pattern).unwrap();
            let read = admin.get(&path).await;
            assert_eq!(read.header("etag"), Some("\"1\""));
            let missing = admin.put(&path, &body).await;
            assert_eq!((missing.status, missing.code().as_str()), (428, "if_match_required"), "{pattern}");
            let written = join_all((0..4).map(|_| admin.put_at(&path, 1, &body))).await;
            let mut statuses: Vec<u16> = written.iter().map(|answer| answer.status).collect();
            statuses.sort_unstable();
            assert_eq!(statuses, [200, 412, 412, 412], "{pattern}");
            let winner = written.iter().find(|answer| answer.status == 200).unwrap();
            assert_eq!((winner.header("etag"), &winner.json()["version"]), (Some("\"2\""), &json!(2)));
            assert_eq!(admin.put_at(&path, 1, &body).await.code(), "stale");
            assert_eq!(admin.put_at(&path, 3, &body).await.code(), "stale", "a version that is not there yet");
            for nonsense in ["x", "", "*", "\"two\""] {
                let answer = admin.send("PUT", &path, &[("content-type", "application/json"), ("if-match", nonsense)], body.to_string().as_bytes()).await;
                assert_eq!(answer.status, 412, "{nonsense}");
            }
        }
    }

    async fn what_is_asked_most_asks_the_database_nothing(h: Harness) {
        let stage = Stage::set(&h).await;
        let (c, count) = (&stage.country, || h.statements.load(Ordering::SeqCst));
        let asked = stage.body(&h, "POST", "/suggestions").unwrap();
        for person in c.everybody() {
            person.get("/api/v1/me").await.expect(200);
        }
        let before = count();
        for person in c.everybody() {
            person.get("/api/v1/availability").await.expect(200);
        }
        c.officer.post("/api/v1/suggestions", &asked).await.expect(200);
        assert_eq!(count(), before, "availability and suggestions come from memory");

        let mut costs = Vec::new();
        for (person, path) in [(&c.officer, "/api/v1/referrals"), (&c.officer, "/api/v1/holds"), (&c.admin, "/api/v1/shelters"), (&c.admin, "/api/v1/audit"), (&c.admin, "/api/v1/users")] {
            let before = count();
            person.get(path).await.expect(200);
            costs.push((person, path, count() - before));
        }
        for n in 0..12 {
            let referral = c.officer.post("/api/v1/referrals", &search(&[])).await.expect(201);
            let path = format!("/api/v1/referrals/{}/holds", referral["id"].as_str().unwrap());
            c.officer.post_once(&path, &format!("number-{n:03}"), &json!({"shelter_id": c.other_shelter.id})).await;
            h.shelter(&format!("TJ-XX-{n:02}"), &c.nur, "TJ-DU-01", c.shelter.rooms.clone()).await;
        }
        for (person, path, cost) in costs {
            let before = count();
            person.get(path).await.expect(200);
            assert_eq!(count() - before, cost, "{path} costs more for more rows");
            // A list that goes on record costs its entry, too: the stream, its head, the entry.
            let entry = if ON_RECORD.contains(&path.trim_start_matches(PREFIX)) { 3 } else { 0 };
            assert!(cost <= 5 + entry, "{path}: {cost}");
        }
    }
}

#[actix_web::test]
async fn every_connection_of_sqlite_is_set_as_it_must_be() {
    let h = Harness::start(Database::Sqlite).await;
    for (sql, expected) in [
        ("PRAGMA journal_mode", "wal"),
        ("PRAGMA synchronous", "2"),
        ("PRAGMA foreign_keys", "1"),
        ("PRAGMA busy_timeout", "5000"),
        ("PRAGMA secure_delete", "1"),
    ] {
        let told = h.services.store.pragma(sql).await.unwrap();
        assert_eq!(told, vec![expected; 6], "{sql}");
    }
}

#[actix_web::test]
async fn a_client_that_does_not_finish_is_not_waited_for() {
    use std::io::{Read, Write};
    use std::time::{Duration, Instant};
    let h = Harness::start(Database::Sqlite).await;
    let serving = h.serve();
    let mut slow = Vec::new();
    for begun in [
        "POST /api/v1/session HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{\"email\"",
        "GET /api/v1/me HTTP/1.1\r\nHost: x\r\nX-Slow",
    ] {
        let mut socket = std::net::TcpStream::connect(serving.address).unwrap();
        socket.write_all(begun.as_bytes()).unwrap();
        slow.push(socket);
    }
    let start = Instant::now();
    let client = panoh::web::client().unwrap();
    let quick = client.get(serving.url("/healthz")).send().await.unwrap();
    assert_eq!(quick.status(), 200);
    let ended = actix_web::rt::task::spawn_blocking(move || {
        slow.into_iter()
            .map(|mut socket| {
                socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
                let mut said = Vec::new();
                let closed = socket.read_to_end(&mut said).is_ok();
                (
                    closed,
                    String::from_utf8_lossy(&said)
                        .lines()
                        .next()
                        .unwrap_or_default()
                        .to_owned(),
                )
            })
            .collect::<Vec<_>>()
    })
    .await
    .unwrap();
    assert!(start.elapsed() < Duration::from_secs(9), "{:?}", start.elapsed());
    for (closed, said) in ended {
        assert!(closed && said.contains("408"), "{closed} {said}");
    }
}
