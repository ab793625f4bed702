//! The unmet ledger as the Committee reads it: nothing under five, periods by local date, one statement however many.

use std::sync::atomic::Ordering;

use chrono::{Duration, NaiveDate};
use serde_json::{Value, json};

use crate::harness::country::{Country, search};
use crate::harness::{Harness, on_both};

async fn close(country: &Country, search: &Value, reasons: &[&str]) {
    let referral = country.officer.post("/api/v1/referrals", search).await.expect(201);
    let path = format!("/api/v1/referrals/{}/close", referral["id"].as_str().unwrap());
    let body = json!({"outcome": "unmet", "reasons": reasons});
    country.officer.post(&path, &body).await.expect(200);
}

fn with_pets() -> Value {
    let mut body = search(&[7]);
    body["needs"] = json!(["pets"]);
    body
}

on_both! {
    async fn the_committee_sees_which_change_would_have_placed_how_many(h: Harness) {
        let country = h.country().await;
        h.report_all_empty(&country).await;
        for _ in 0..4 {
            close(&country, &with_pets(), &["admission_rule"]).await;
        }
        let path = "/api/v1/statistics/unmet";
        let seen = country.committee.get(path).await.expect(200);
        assert_eq!(seen["closed_without_place"], "<5");
        assert_eq!((seen["reasons"].clone(), seen["changes"].clone()), (json!([]), json!([])));
        for _ in 0..2 {
            close(&country, &with_pets(), &["admission_rule"]).await;
        }
        for _ in 0..5 {
            close(&country, &search(&[]), &["her_choice"]).await;
        }
        country.admin.get(path).await.expect(200);
        let begun = h.statements.load(Ordering::SeqCst);
        let seen = country.admin.get(path).await.expect(200);
        let statements = h.statements.load(Ordering::SeqCst) - begun;
        assert_eq!(seen["closed_without_place"], 11);
        assert_eq!(seen["reasons"], json!([{"code": "admission_rule", "count": 6}, {"code": "her_choice", "count": 5}]));
        assert_eq!(seen["changes"], json!([{"code": "need_admitted", "need": "pets", "placed": 6}]));
        assert_eq!((&seen["from"], &seen["to"]), (&json!("2026-08-25"), &json!("2026-11-22")));
        for _ in 0..10 {
            close(&country, &with_pets(), &["admission_rule", "no_capacity"]).await;
        }
        let begun = h.statements.load(Ordering::SeqCst);
        let seen = country.admin.get(path).await.expect(200);
        assert_eq!(seen["changes"][0]["placed"], 16);
        assert_eq!(h.statements.load(Ordering::SeqCst) - begun, statements, "however many there are");
        assert!(country.officer.get(path).await.expect(403)["code"].is_string());
    }

    async fn a_period_is_of_local_days(h: Harness) {
        let mut country = h.country().await;
        // Ten at night in London is three in the morning of the next day in Dushanbe.
        h.clock.set(h.clock.now().date_naive().and_hms_opt(22, 0, 0).unwrap().and_utc());
        country.officer = h.signed_in(&country.officer.user).await;
        country.committee = h.signed_in(&country.committee.user).await;
        for _ in 0..5 {
            close(&country, &search(&[]), &["no_capacity"]).await;
        }
        h.clock.advance(Duration::minutes(1));
        let today = NaiveDate::from_ymd_opt(2026, 11, 23).unwrap();
        let day = |back: i64| today - Duration::days(back);
        let count = async |from: NaiveDate, to: NaiveDate| {
            let path = format!("/api/v1/statistics/unmet?from={from}&to={to}");
            country.committee.get(&path).await.expect(200)["closed_without_place"].clone()
        };
        assert_eq!(count(day(0), day(0)).await, 5);
        assert_eq!(count(day(9), day(1)).await, 0);
        for (query, field) in [
            (format!("from={}&to={}", day(0), day(1)), "to"),
            (format!("from={}&to={}", day(400), day(0)), "from"),
            (format!("from={}", day(400)), "from"),
            ("from=yesterday".to_owned(), "from"),
            ("to=2026-13-01".to_owned(), "to"),
            ("form=2026-11-01".to_owned(), "form"),
        ] {
            let refused = country.committee.get(&format!("/api/v1/statistics/unmet?{query}")).await.expect(422);
            assert_eq!(refused["errors"][0]["field"], field, "{query}: {refused}");
        }
        country.committee.get(&format!("/api/v1/statistics/unmet?from={}&to={}", day(399), day(0))).await.expect(200);
    }

    async fn closing_as_unmet_says_why(h: Harness) {
        let country = h.country().await;
        let referral = country.officer.post("/api/v1/referrals", &search(&[])).await.expect(201);
        let path = format!("/api/v1/referrals/{}/close", referral["id"].as_str().unwrap());
        let refused = country.officer.post(&path, &json!({"outcome": "unmet", "reasons": []})).await.expect(422);
        assert_eq!(refused["errors"][0]["field"], "reasons");
        let refused = country.officer.post(&path, &json!({"outcome": "unmet", "reasons": ["bored"]})).await.expect(422);
        assert_eq!(refused["errors"][0]["field"], "reasons[0]");
    }
}
