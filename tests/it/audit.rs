//! The audit as evidence: what was cut off, changed or removed is found, by itself or by what people outside were sent.

use chrono::Duration;
use futures::future::join_all;
use migration::MigratorTrait;
use panoh::domain::audit::{Anchor, STREAMS, genesis, link};
use panoh::domain::outbox::NoticeKind;
use panoh::services::audit::entry;
use panoh::store::{Store, audit};
use serde_json::{Value, json};

use crate::harness::{Database, Harness, on_both, postgres};
use crate::records::raw;
use crate::stage::Stage;

/// Takes away what keeps the tables as they are.
async fn unguard(h: &Harness) {
    for table in ["audit", "audit_anchor"] {
        let sql = match h.database {
            Database::Sqlite => format!("DROP TRIGGER {table}_no_update; DROP TRIGGER {table}_no_delete"),
            Database::Postgres => format!("DROP TRIGGER {table}_append_only ON {table}"),
        };
        raw(h, &sql).await.unwrap();
    }
}

async fn broken(h: &Harness, kept: &[Anchor]) -> (Option<(u16, i64)>, Option<i64>) {
    let verdict = h.services.verify_audit_with(kept).await.unwrap();
    assert_eq!(verdict.intact, verdict.why.is_none());
    (
        verdict.first_broken.map(|broken| (broken.stream, broken.seq)),
        verdict.broken_anchor,
    )
}

fn note(n: i64) -> Vec<panoh::domain::audit::Entry> {
    let at = crate::harness::start_of_tests() + Duration::seconds(n);
    vec![entry(None, at, "test", ("test", n.to_string()), json!(null))]
}

async fn append(store: &Store, n: i64) {
    let tx = store.begin().await.unwrap();
    audit::append(&tx, note(n)).await.unwrap();
    tx.commit().await.unwrap();
}

/// The letters about the audit that are queued or sent: addresses, kinds and texts.
async fn letters(h: &Harness) -> Vec<String> {
    raw(
        h,
        "SELECT address || ' ' || notice || ' ' || text FROM letter WHERE notice IN ('anchored', 'audit_broken')",
    )
    .await
    .unwrap()
}

on_both! {
    async fn writers_do_not_wait_for_each_other(h: Harness) {
        let postgres = h.database == Database::Postgres;
        let (here, there) = (h.services.store.clone(), Store::connect(&h.database_url).await.unwrap());
        if postgres {
            let mut open = Vec::new();
            for n in 0..i64::from(STREAMS) {
                let tx = here.begin().await.unwrap();
                audit::append(&tx, note(n)).await.unwrap();
                open.push(tx);
            }
            // Each stream is taken: the next waits for one of them, and no longer.
            let waits = tokio::spawn(async move { append(&there, 99).await });
            for tx in open {
                tx.commit().await.unwrap();
            }
            waits.await.unwrap();
        }
        join_all((100..160).map(|n| append(&here, n))).await;
        let verdict = h.services.verify_audit().await.unwrap();
        assert!(verdict.intact, "{verdict:?}");
        let streams = raw(&h, "SELECT CAST(count(DISTINCT stream) AS text) FROM audit").await.unwrap();
        assert_eq!(streams, [if postgres { STREAMS.to_string() } else { "1".to_owned() }]);
    }

    async fn a_cut_off_end_is_found_by_the_anchor_and_a_cut_off_anchor_by_what_was_sent(h: Harness) {
        let store = &h.services.store;
        for n in 0..5 {
            append(store, n).await;
        }
        assert!(h.jobs.anchor_due().await.unwrap());
        assert!(!h.jobs.anchor_due().await.unwrap(), "an hour has not passed");
        h.clock.advance(Duration::hours(1));
        assert!(!h.jobs.anchor_due().await.unwrap(), "nothing was written since");
        append(store, 9).await;
        assert!(h.jobs.anchor_due().await.unwrap());
        assert_eq!(broken(&h, &[]).await, (None, None));
        let sent: Vec<Anchor> = h.services.anchors(None, 10).await.unwrap().iter()
            .map(|view| Anchor::read(view.text.as_ref().unwrap()).unwrap()).collect();
        assert_eq!(broken(&h, &sent).await, (None, None));
        for sql in ["UPDATE audit_anchor SET seal = ''", "DELETE FROM audit_anchor"] {
            assert!(raw(&h, sql).await.unwrap_err().to_string().contains("append-only"));
        }
        unguard(&h).await;
        raw(&h, "DELETE FROM audit WHERE seq > 3").await.unwrap();
        assert_eq!(broken(&h, &[]).await, (Some((0, 4)), None));
        // Whoever takes the anchors along has still not taken the letters.
        raw(&h, "DELETE FROM audit_anchor").await.unwrap();
        assert_eq!(broken(&h, &[]).await, (None, None));
        assert_eq!(broken(&h, &sent[1..]).await, (None, Some(1)));
        raw(&h, "DELETE FROM audit").await.unwrap();
        assert_eq!(broken(&h, &sent[1..]).await, (None, Some(1)));
    }

    async fn the_day_s_anchor_is_sent_once_to_each_whatever_the_nodes(h: Harness) {
        let people = ["judge@example.tj".to_owned(), "ombud@example.org".to_owned()];
        let nodes = [h.services.clone().anchored_to(&people), h.another_node().await.anchored_to(&people)];
        append(&h.services.store, 1).await;
        for day in 1..=2 {
            join_all(nodes.iter().chain(&nodes).map(|node| async { node.anchor_due().await.unwrap() })).await;
            let told = letters(&h).await;
            assert_eq!(told.len(), 2 * day, "{told:?}");
            h.clock.advance(Duration::days(1));
        }
        let told = letters(&h).await;
        assert!(told.iter().all(|letter| letter.contains("@example") && letter.contains("anchored")), "{told:?}");
        let read: Vec<Anchor> = told.iter().map(|letter| Anchor::read(letter).unwrap()).collect();
        assert_eq!(broken(&h, &read).await, (None, None));
        assert_eq!(read[0].number, 1);
    }

    async fn a_broken_audit_is_told_once_and_stands_until_it_holds(h: Harness) {
        let c = h.country().await;
        let nothing = json!({});
        let verify = || c.admin.post("/api/v1/audit/verify", &nothing);
        let sound = verify().await.expect(200);
        assert_eq!((&sound["intact"], &sound["first_broken"]), (&json!(true), &Value::Null));
        assert!(sound["entries"].as_i64().unwrap() > 5);
        unguard(&h).await;
        raw(&h, "UPDATE audit SET detail = 'x' WHERE seq = 2").await.unwrap();
        for _ in 0..2 {
            assert_eq!(verify().await.expect(200)["first_broken"], json!({"stream": 0, "seq": 2}));
        }
        let troubles = c.admin.get("/api/v1/troubles").await.expect(200);
        assert_eq!(troubles["items"][0]["code"], "audit_broken");
        assert_eq!(letters(&h).await.len(), 1);
        let told = c.admin.get("/api/v1/audit?action=audit.verify").await.expect(200);
        assert_eq!(told["items"].as_array().unwrap().len(), 3);
        for other in [&c.manager, &c.officer, &c.committee] {
            assert_eq!(other.post("/api/v1/audit/verify", &json!({})).await.status, 403);
        }
        assert_eq!(NoticeKind::AuditBroken.to_string(), "audit_broken");
    }

    async fn what_is_asked_for_is_found_and_pages_join_without_a_gap(h: Harness) {
        let stage = Stage::set(&h).await;
        let c = &stage.country;
        let list = |rest: String| async move { c.admin.get(&format!("/api/v1/audit?{rest}")).await.expect(200) };
        h.clock.advance(Duration::minutes(1));
        let since = h.clock.now().to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
        c.manager.get(&c.path("/confidential?reason=asked%20by%20phone")).await.expect(200);
        let shelter = c.shelter.id;
        let read = list(format!("action=confidential.read&object_id={shelter}&actor_id={}", c.manager.user.id)).await;
        assert_eq!(read["items"].as_array().unwrap().len(), 1, "{read}");
        assert_eq!((&read["items"][0]["actor_name"], &read["items"][0]["stream"]), (&json!("manager"), &json!(0)));
        assert!(read["items"][0]["detail"].as_str().unwrap().contains("asked by phone"));
        let later = list(format!("from={since}&object_type=shelter")).await;
        assert_eq!(later["items"].as_array().unwrap().len(), 1, "{later}");
        assert_eq!(list(format!("to={since}&action=confidential.read")).await["items"], json!([]));
        // Page by page and all at once are the same, though many entries are of one moment.
        let (mut paged, mut cursor) = (Vec::new(), String::new());
        let frozen = list(format!("to={since}&limit=50")).await;
        loop {
            let page = list(format!("to={since}&limit=3{cursor}")).await;
            paged.extend(page["items"].as_array().unwrap().clone());
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        assert_eq!(paged[..frozen["items"].as_array().unwrap().len()], frozen["items"].as_array().unwrap()[..]);
        // The manager's own: who looked at her shelter's contact, and nothing of others.
        let own = c.manager.get("/api/v1/audit?action=confidential.read").await.expect(200);
        assert_eq!(own["items"][0]["actor_name"], "manager");
        let foreign = format!("/api/v1/audit?object_id={}", c.other_shelter.id);
        assert_eq!(c.manager.get(&foreign).await.expect(200)["items"], json!([]));
        for (wrong, field) in [("from=yesterday", "from"), ("actor_id=7", "actor_id"), ("cursor=1.2", "cursor"), ("cursor=1.99999999.2", "cursor"), ("x=1", "x"), ("action=", "action")] {
            let told = c.admin.get(&format!("/api/v1/audit?{wrong}")).await;
            assert_eq!((told.status, told.faults()[0].0.as_str()), (422, field), "{wrong}");
        }
    }

    async fn refusals_are_on_record_ten_a_minute(h: Harness) {
        let stage = Stage::set(&h).await;
        let c = &stage.country;
        let denied = || async { c.admin.get("/api/v1/audit?action=denied&limit=50").await.expect(200)["items"].as_array().unwrap().clone() };
        let others = format!("/api/v1/holds/{}", stage.other_hold);
        assert_eq!(c.officer.get("/api/v1/users").await.status, 403);
        assert_eq!(c.officer.get(&others).await.status, 404);
        let told = denied().await;
        assert_eq!(told.len(), 2);
        assert_eq!((&told[0]["object_id"], &told[1]["object_id"]), (&json!("GET /api/v1/holds/{id}"), &json!("GET /api/v1/users")));
        assert_eq!(told[0]["actor"], json!(c.officer.user.id));
        for _ in 0..20 {
            assert_eq!(c.officer.get(&others).await.status, 404);
        }
        assert_eq!(denied().await.len(), 10);
        assert_eq!(c.manager.get("/api/v1/users").await.status, 403);
        h.clock.advance(Duration::minutes(1));
        assert_eq!(c.officer.get(&others).await.status, 404);
        assert_eq!(denied().await.len(), 12);
    }

    async fn lists_of_people_are_on_record_or_are_not_shown(h: Harness) {
        let stage = Stage::set(&h).await;
        let c = &stage.country;
        c.admin.get("/api/v1/users").await.expect(200);
        let told = c.admin.get("/api/v1/audit?action=list.read").await.expect(200);
        let routes: Vec<&str> = told["items"].as_array().unwrap().iter().map(|row| row["object_id"].as_str().unwrap()).collect();
        assert_eq!(routes, ["GET /api/v1/audit", "GET /api/v1/users"]);
        raw(&h, match h.database {
            Database::Sqlite => "CREATE TRIGGER audit_full BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'no entry today'); END",
            Database::Postgres => "ALTER TABLE audit ADD CONSTRAINT audit_full CHECK (seq < 0) NOT VALID",
        }).await.unwrap();
        for path in ["/api/v1/users".to_owned(), "/api/v1/audit".to_owned(), stage.path("/digest-schedules/{id}/recipients"), stage.path("/digests/{id}/export")] {
            let answer = c.admin.get(&path).await;
            assert!(answer.status >= 500 && !answer.text().contains('@'), "{path}: {}", answer.text());
        }
        assert!(c.manager.get(&c.path("/confidential?reason=asked%20by%20phone")).await.status >= 500);
    }

    async fn what_was_written_before_there_were_streams_still_holds(h: Harness) {
        let created;
        let folder = tempfile::tempdir().unwrap();
        let url = match h.database {
            Database::Sqlite => format!("sqlite://{}?mode=rwc", folder.path().join("old.db").display()),
            Database::Postgres => {
                created = postgres::create_database();
                created.url().to_owned()
            }
        };
        let db = sea_orm::Database::connect(&url).await.unwrap();
        let all = migration::Migrator::migrations();
        let steps = all.iter().position(|step| step.name() == "m20261123_000008_audit").unwrap();
        migration::Migrator::up(&db, u32::try_from(steps).ok()).await.unwrap();
        let mut prev = genesis(0);
        for seq in 1..=4 {
            let mut row = note(seq).remove(0);
            row.seq = seq;
            let hash = link(prev, &row);
            let sql = format!(
                "INSERT INTO audit (seq, at, actor_id, role, origin, action, object_type, object_id, detail, prev_hash, hash) \
                 VALUES ({seq}, {}, NULL, 'system', '', 'test', 'test', '{seq}', '', '{}', '{}')",
                row.at.timestamp_millis(), hex::encode(prev), hex::encode(hash));
            sea_orm::ConnectionTrait::execute_unprepared(&db, &sql).await.unwrap();
            prev = hash;
        }
        migration::Migrator::up(&db, None).await.unwrap();
        db.close().await.unwrap();
        let store = Store::connect(&url).await.unwrap();
        append(&store, 5).await;
        let rows = audit::after(&store, -1, 0, 10).await.unwrap();
        assert_eq!(rows.iter().map(|row| (row.entry.stream, row.entry.seq)).collect::<Vec<_>>(), [1, 2, 3, 4, 5].map(|seq| (0, seq)));
        assert_eq!((rows[4].prev, rows[4].hash), (prev, link(prev, &rows[4].entry)));
        store.close().await;
    }
}
