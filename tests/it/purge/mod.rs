//! What was kept for as long as it may be is gone: from the tables, and from the files under them. What months, learning
//! and rooms need of it stays.

mod figures;
pub mod files;

use chrono::{DateTime, Duration, Utc};
use panoh::domain::retention::Retention;
use panoh::services::Services;
use panoh::services::purge::Purged;
use serde_json::{Value, json};

use crate::digests::stage::sql_at;
use crate::harness::country::{Country, search};
use crate::harness::{Harness, on_both};

pub fn week(h: &Harness) -> Services {
    h.services.clone().keeping(Retention::of_days(7).unwrap())
}

/// The clock is set, and everybody signs in again.
pub async fn at(h: &Harness, country: &mut Country, moment: DateTime<Utc>) {
    h.clock.set(moment);
    for person in [
        &mut country.manager,
        &mut country.other_manager,
        &mut country.officer,
        &mut country.committee,
        &mut country.admin,
    ] {
        *person = h.signed_in(&person.user.clone()).await;
    }
}

pub async fn days_later(h: &Harness, country: &mut Country, days: i64) {
    at(h, country, h.clock.now() + Duration::days(days)).await;
}

pub async fn open(country: &Country, search: &Value) -> String {
    let referral = country.officer.post("/api/v1/referrals", search).await.expect(201);
    referral["id"].as_str().unwrap().to_owned()
}

/// Asks the first shelter for a place.
pub async fn ask(country: &Country, referral: &str) -> String {
    let body = json!({"shelter_id": country.shelter.id});
    let path = format!("/api/v1/referrals/{referral}/holds");
    let held = country
        .officer
        .post_once(&path, &format!("ask-{referral}"), &body)
        .await
        .expect(201);
    held["id"].as_str().unwrap().to_owned()
}

pub async fn answer(country: &Country, hold: &str, word: &str, body: &Value) {
    let path = format!("/api/v1/holds/{hold}/{word}");
    country
        .manager
        .post_once(&path, &format!("{word}-{hold}"), body)
        .await
        .expect(200);
}

pub async fn close(country: &Country, referral: &str, reasons: &[&str]) {
    let body = json!({"outcome": "unmet", "reasons": reasons});
    let path = format!("/api/v1/referrals/{referral}/close");
    country.officer.post(&path, &body).await.expect(200);
}

async fn is_there(country: &Country, referral: &str) -> bool {
    country
        .officer
        .get(&format!("/api/v1/referrals/{referral}"))
        .await
        .status
        == 200
}

on_both! {
    async fn a_case_goes_with_everything_of_it_when_its_days_are_over(h: Harness) {
        let mut country = h.country().await;
        h.report_all_empty(&country).await;
        let (closed, running, open_one) = (
            open(&country, &search(&[7])).await,
            open(&country, &search(&[3])).await,
            open(&country, &search(&[])).await,
        );
        let hold = ask(&country, &closed).await;
        answer(&country, &hold, "decline", &json!({"reason": "full"})).await;
        close(&country, &closed, &["no_capacity"]).await;

        days_later(&h, &mut country, 28).await;
        assert_eq!(h.services.purge().await.unwrap().cases, 0);
        assert!(is_there(&country, &closed).await);
        days_later(&h, &mut country, 2).await;
        let done = h.services.purge().await.unwrap();
        assert_eq!((done.cases, done.compacted), (1, true));
        assert!(!is_there(&country, &closed).await);
        country.manager.get(&format!("/api/v1/holds/{hold}")).await.expect(404);
        country.officer.get(&format!("/api/v1/referrals/{closed}/timeline")).await.expect(404);
        assert!(is_there(&country, &running).await && is_there(&country, &open_one).await);

        // Nobody ever closed these two. While a hold runs its case stays.
        days_later(&h, &mut country, 60).await;
        h.report_all_empty(&country).await;
        ask(&country, &running).await;
        assert_eq!(h.services.purge().await.unwrap().cases, 0, "ninety days, to the minute");
        h.clock.advance(Duration::minutes(1));
        assert_eq!(h.services.purge().await.unwrap().cases, 1);
        assert!(is_there(&country, &running).await && !is_there(&country, &open_one).await);
        for check in h.services.check().await.unwrap() {
            assert_eq!(check.broken, 0, "{}", check.name);
        }
    }

    async fn the_purge_is_made_once_a_night(h: Harness) {
        let first = h.services.purge_due().await.unwrap();
        assert!(first.is_some_and(|done| done.compacted), "one that never was is made at once: {first:?}");
        assert_eq!(h.services.purge_due().await.unwrap(), None);
        // Dushanbe is five hours ahead: three in the morning.
        h.clock.set("2026-11-22T21:59:59Z".parse().unwrap());
        assert_eq!(h.services.purge_due().await.unwrap(), None);
        h.clock.set("2026-11-22T22:00:00Z".parse().unwrap());
        assert!(h.jobs.purge_due().await.unwrap());
        assert!(!h.jobs.purge_due().await.unwrap());
    }

    async fn two_nodes_that_purge_at_once_count_a_case_once(h: Harness) {
        let mut country = h.country().await;
        for _ in 0..6 {
            let referral = open(&country, &search(&[])).await;
            close(&country, &referral, &["no_capacity"]).await;
        }
        let other = h.another_node().await.keeping(Retention::of_days(7).unwrap());
        at(&h, &mut country, "2026-11-29T20:00:00Z".parse().unwrap()).await;
        let one = week(&h);
        let (a, b) = tokio::join!(one.purge(), other.purge());
        let cases = [a, b].map(|done| done.map_or(0, |done: Purged| done.cases)).iter().sum::<u64>();
        assert_eq!(cases, 6);
        at(&h, &mut country, "2026-12-02T00:00:00Z".parse().unwrap()).await;
        let seen = country.committee.get("/api/v1/statistics/unmet?from=2026-11-01").await.expect(200);
        assert_eq!(seen["closed_without_place"], 6);
    }

    async fn sessions_go_a_week_after_they_ended(h: Harness) {
        let mut country = h.country().await;
        let sessions = async || {
            let rows = sql_at(&h.database_url, "SELECT CAST(COUNT(*) AS TEXT) FROM session").await;
            rows[0][0].parse::<u32>().unwrap()
        };
        let before = sessions().await;
        days_later(&h, &mut country, 7).await;
        h.services.purge().await.unwrap();
        assert_eq!(sessions().await, before + 5, "they ended less than seven days ago");
        days_later(&h, &mut country, 1).await;
        h.clock.advance(Duration::minutes(1));
        h.services.purge().await.unwrap();
        assert_eq!(sessions().await, 10, "those of the first day are gone, and five are new");
    }
}
