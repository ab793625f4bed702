//! What is written down of what was done, and what must be written nowhere in clear.

use chrono::Duration;
use serde_json::{Value, json};
use sqlx::{Connection, Row};

use crate::harness::country::search;
use crate::harness::{Database, Harness, on_both};
use crate::stage::Stage;

/// Runs SQL on a connection of its own, past everything that guards the service.
pub async fn raw(h: &Harness, sql: &str) -> Result<Vec<String>, sqlx::Error> {
    let sql = sqlx::AssertSqlSafe(sql.to_owned());
    match h.database {
        Database::Sqlite => {
            let mut connection = sqlx::SqliteConnection::connect(&h.database_url).await?;
            let rows = sqlx::raw_sql(sql).fetch_all(&mut connection).await?;
            connection.close().await?;
            Ok(rows.iter().filter_map(|row| row.try_get_unchecked(0).ok()).collect())
        }
        Database::Postgres => {
            let mut connection = sqlx::PgConnection::connect(&h.database_url).await?;
            let rows = sqlx::raw_sql(sql).fetch_all(&mut connection).await?;
            connection.close().await?;
            Ok(rows.iter().filter_map(|row| row.try_get_unchecked(0).ok()).collect())
        }
    }
}

/// What was done, in the order in which it was written; looking at lists left aside.
async fn actions(h: &Harness) -> Vec<String> {
    raw(
        h,
        "SELECT action FROM audit WHERE action <> 'list.read' ORDER BY stream, seq",
    )
    .await
    .unwrap()
}

/// Every write of the main loop, in an order in which each can happen, with the entry it leaves.
async fn main_loop(h: &Harness, stage: &Stage) -> Vec<(u16, &'static str)> {
    let c = &stage.country;
    let mut done = Vec::new();
    let key = || format!("loop-{}", h.services.ids.uuid(h.services.now()));
    let hold = |rest: &str| format!("/api/v1/holds/{}/{rest}", stage.hold);
    done.push((
        c.manager
            .post_once(&c.path("/reports"), &key(), &h.report(&c.shelter, &[]))
            .await
            .status,
        "report.receive",
    ));
    done.push((
        c.manager
            .put(
                &c.path("/stock"),
                &stage.body(h, "PUT", "/shelters/{id}/stock").unwrap(),
            )
            .await
            .status,
        "stock.count",
    ));
    let place = stage.body(h, "PUT", "/shelters/{id}/confidential").unwrap();
    done.push((
        c.manager.put(&c.path("/confidential"), &place).await.status,
        "confidential.write",
    ));
    done.push((
        c.manager.get(&c.path("/confidential?reason=checking")).await.status,
        "confidential.read",
    ));
    done.push((
        c.officer.post("/api/v1/referrals", &search(&[])).await.status,
        "referral.open",
    ));
    let ask = json!({"shelter_id": c.shelter.id});
    done.push((
        c.officer
            .post_once(&format!("/api/v1/referrals/{}/holds", stage.referral), &key(), &ask)
            .await
            .status,
        "hold.ask",
    ));
    done.push((c.manager.post(&hold("accept"), &json!({})).await.status, "hold.accept"));
    done.push((
        c.officer.get(&hold("handover?reason=arrival")).await.status,
        "handover.read",
    ));
    done.push((c.manager.post(&hold("arrive"), &json!({})).await.status, "hold.arrive"));
    let other = format!("/api/v1/holds/{}/release", stage.other_hold);
    done.push((c.other_officer.post(&other, &json!({})).await.status, "hold.release"));
    let close = json!({"outcome": "withdrawn"});
    done.push((
        c.other_officer
            .post(&format!("/api/v1/referrals/{}/close", stage.other_referral), &close)
            .await
            .status,
        "referral.close",
    ));
    let body = stage.body(h, "PUT", "/shelters/{id}").unwrap();
    done.push((c.admin.put_at(&c.path(""), 1, &body).await.status, "shelter.change"));
    done.push((
        c.admin
            .post(
                "/api/v1/organisations",
                &json!({"code": "ORG", "name": "O", "refers": true}),
            )
            .await
            .status,
        "organisation.create",
    ));
    let body = json!({"name": "Spare", "role": "committee", "language": "tg"});
    done.push((
        c.admin.put(&stage.path("/users/{id}"), &body).await.status,
        "user.change",
    ));
    done.push((
        c.officer
            .send(
                "PUT",
                "/api/v1/me/language",
                &[("content-type", "application/json")],
                br#"{"language": "tg"}"#,
            )
            .await
            .status,
        "user.language",
    ));
    done
}

on_both! {
    async fn every_write_leaves_its_entry(h: Harness) {
        let stage = Stage::set(&h).await;
        let before = actions(&h).await.len();
        let done = main_loop(&h, &stage).await;
        assert!(done.iter().all(|(status, _)| *status < 300), "{done:?}");
        let told = actions(&h).await;
        let expected: Vec<&str> = done.iter().map(|(_, action)| *action).collect();
        assert_eq!(told[before..], expected);
        // What ends by itself is on record, too.
        let asked = told.iter().filter(|action| *action == "hold.ask").count();
        assert_eq!(asked, 3);
        h.clock.advance(Duration::hours(6));
        assert_eq!(h.jobs.expire_due().await.unwrap(), 1);
        assert!(h.services.verify_audit().await.unwrap().intact);
    }

    async fn without_its_entry_nothing_happens(h: Harness) {
        let stage = Stage::set(&h).await;
        let c = &stage.country;
        raw(&h, match h.database {
            Database::Sqlite => "CREATE TRIGGER audit_full BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'no entry today'); END",
            Database::Postgres => "ALTER TABLE audit ADD CONSTRAINT audit_full CHECK (seq < 0) NOT VALID",
        }).await.unwrap();
        let reads = [
            (&c.manager, c.path("/state")), (&c.manager, c.path("/reports")), (&c.officer, "/api/v1/referrals".to_owned()),
            (&c.officer, "/api/v1/holds".to_owned()), (&c.other_officer, "/api/v1/holds".to_owned()), (&c.admin, c.path("")),
            (&c.admin, "/api/v1/organisations".to_owned()), (&c.committee, "/api/v1/availability".to_owned()),
        ];
        let mut before = Vec::new();
        for (person, path) in &reads {
            before.push(person.get(path).await.expect(200));
        }
        let people = || raw(&h, "SELECT name || role || language FROM \"user\" ORDER BY id");
        let (people_before, users) = (people().await.unwrap(), c.admin.get("/api/v1/users").await);
        assert!(users.status >= 500, "a list of people is not shown off the record");
        for (status, action) in main_loop(&h, &stage).await {
            // The handover is refused before: the hold was never accepted.
            assert!(status >= 500 || action == "handover.read" && status == 409 || action == "hold.arrive" && status == 409 || action == "referral.close" && status == 409, "{action}: {status}");
        }
        assert_eq!(people().await.unwrap(), people_before);
        for ((person, path), before) in reads.iter().zip(before) {
            assert_eq!(person.get(path).await.expect(200), before, "{path}");
        }
    }

    async fn the_log_cannot_be_rewritten_unseen(h: Harness) {
        let stage = Stage::set(&h).await;
        for sql in ["UPDATE audit SET detail = '{}' WHERE seq = 3", "DELETE FROM audit WHERE seq = 3", "DELETE FROM audit"] {
            let refused = raw(&h, sql).await.unwrap_err().to_string();
            assert!(refused.contains("append-only"), "{refused}");
        }
        assert!(h.services.verify_audit().await.unwrap().intact);
        raw(&h, match h.database {
            Database::Sqlite => "DROP TRIGGER audit_no_update",
            Database::Postgres => "DROP TRIGGER audit_append_only ON audit",
        }).await.unwrap();
        raw(&h, "UPDATE audit SET role = 'officer' WHERE seq = 5").await.unwrap();
        let verdict = h.services.verify_audit().await.unwrap();
        assert_eq!((verdict.intact, verdict.first_broken.map(|broken| (broken.stream, broken.seq))), (false, Some((0, 5))));
        drop(stage);
    }

    async fn an_address_is_nowhere_but_where_it_belongs(h: Harness) {
        let stage = Stage::set(&h).await;
        let c = &stage.country;
        let planted = json!({"address": "Plantedstreet 17", "contact_name": "Plantedname", "contact_phone": "+992 555 111 222", "meeting_point": "Plantedsquare"});
        assert_eq!(c.manager.put(&c.path("/confidential"), &planted).await.status, 204);
        c.manager.post(&format!("/api/v1/holds/{}/accept", stage.hold), &json!({})).await.expect(200);
        let words = ["lantedstreet", "lantedname", "lantedsquare", "555 111 222"];
        let document = crate::stage::document();
        let paths = document["paths"].as_object().unwrap();
        for (pattern, methods) in paths.iter().filter(|(_, methods)| methods.get("get").is_some()) {
            let pattern = pattern.strip_prefix("/api/v1").unwrap();
            let path = stage.path(pattern);
            for person in c.everybody() {
                let text = person.get(&path).await.text();
                let may = pattern.ends_with("/confidential") && person.user.id == c.manager.user.id;
                let contact = pattern.ends_with("/handover") && person.user.id == c.officer.user.id;
                for word in words {
                    let shown = text.contains(word);
                    match (may, contact) {
                        (true, _) => assert!(shown, "{word} in {path}: {text}"),
                        (_, true) => assert_eq!(shown, word != "lantedstreet", "{word} in {path}: {text}"),
                        _ => assert!(!shown, "{word} in {path} as {}: {text}", person.user.email),
                    }
                }
            }
            let _: &Value = methods;
        }
        let stored: Vec<u8> = match h.database {
            Database::Sqlite => ["panoh.db", "panoh.db-wal"].iter().flat_map(|name| std::fs::read(h.dir.path().join(name)).unwrap()).collect(),
            Database::Postgres => {
                let tables = raw(&h, "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'").await.unwrap();
                assert!(tables.len() > 15);
                let mut all = Vec::new();
                for table in tables {
                    all.extend(raw(&h, &format!("SELECT t::text FROM \"{table}\" t")).await.unwrap().concat().into_bytes());
                }
                all
            }
        };
        assert!(stored.windows(8).any(|bytes| bytes == b"TJ-DU-01"), "the search finds what is there");
        for word in words {
            assert!(!stored.windows(word.len()).any(|bytes| bytes == word.as_bytes()), "{word} is stored in clear");
        }
    }
}
