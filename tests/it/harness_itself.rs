//! The harness itself: two tests never see each other's rows, and the way from a report to an arrival is open.

use chrono::Duration;
use serde_json::json;

use crate::harness::country::search;
use crate::harness::{Harness, on_both, postgres};

on_both! {
    async fn two_databases_are_separate(h: Harness) {
        let other = Harness::start(h.database).await;
        assert_ne!(h.database_url, other.database_url);
        assert_ne!(h.dir.path(), other.dir.path());
        execute(&h.database_url, "CREATE TABLE only_here (id INTEGER)").await.unwrap();
        execute(&h.database_url, "SELECT id FROM only_here").await.unwrap();
        let elsewhere = execute(&other.database_url, "SELECT id FROM only_here").await;
        assert!(elsewhere.is_err(), "the other database must not have the table");
    }

    async fn the_main_loop_runs_over_http(h: Harness) {
        let country = h.country().await;
        h.report_all_empty(&country).await;
        let referral = country.officer.post("/api/v1/referrals", &search(&[7, 4])).await.expect(201);
        let id = referral["id"].as_str().unwrap();
        let found = country.officer.get(&format!("/api/v1/referrals/{id}/suggestions")).await.expect(200);
        assert_eq!(found["suggestions"][0]["shelter_code"], "TJ-DU-01");
        let ask = json!({"shelter_id": country.shelter.id});
        let path = format!("/api/v1/referrals/{id}/holds");
        let hold = country.officer.post_once(&path, "hold-0001", &ask).await.expect(201);
        let hold = format!("/api/v1/holds/{}", hold["id"].as_str().unwrap());
        country.manager.post(&format!("{hold}/accept"), &json!({})).await.expect(200);
        h.clock.advance(Duration::minutes(10));
        let arrived = country.manager.post(&format!("{hold}/arrive"), &json!({})).await.expect(200);
        assert_eq!(arrived["state"], "arrived");
        let picture = country.committee.get("/api/v1/availability").await.expect(200);
        assert_eq!(picture["national"]["occupied"], 3);
        // The same over a socket, and as another node sees it.
        let serving = h.serve();
        let over_socket = panoh::web::client().unwrap()
            .get(serving.url("/api/v1/availability"))
            .bearer_auth(&country.committee.token)
            .send()
            .await
            .unwrap();
        assert_eq!(over_socket.json::<serde_json::Value>().await.unwrap(), picture);
        assert_eq!(h.another_node().await.availability().availability.national.counts.occupied, 3);
        assert_eq!((h.jobs.expire_due().await.unwrap(), h.mail.sent().len()), (0, 0));
    }
}

#[actix_web::test]
async fn a_template_is_made_once_and_copied() {
    let mut made = 0;
    for _ in 0..2 {
        let copy = postgres::from_template("self_test", async |url| {
            made += 1;
            execute(&url, "CREATE TABLE planted (id INTEGER)").await.unwrap();
        })
        .await;
        execute(copy.url(), "INSERT INTO planted VALUES (1)").await.unwrap();
        // A second row with this value would mean that the two copies are one database.
        execute(copy.url(), "CREATE UNIQUE INDEX one ON planted (id)")
            .await
            .unwrap();
    }
    assert_eq!(made, 1);
}

#[test]
fn a_dropped_database_is_gone() {
    let created = postgres::create_database();
    let name = created.name().to_owned();
    assert!(postgres::database_names().contains(&name));
    drop(created);
    assert!(!postgres::database_names().contains(&name));
}

/// One statement on a connection of its own, closed at the end so that nothing holds the database.
async fn execute(url: &str, sql: &'static str) -> Result<(), sqlx::Error> {
    use sqlx::{ConnectOptions, Connection, Executor};
    if url.starts_with("postgres:") {
        let mut connection = url.parse::<sqlx::postgres::PgConnectOptions>()?.connect().await?;
        connection.execute(sql).await?;
        connection.close().await
    } else {
        let mut connection = url.parse::<sqlx::sqlite::SqliteConnectOptions>()?.connect().await?;
        connection.execute(sql).await?;
        connection.close().await
    }
}
