//! People as the Committee reads of them: by closed calendar months only, frozen, nothing under five, one answer on all
//! nodes.

use std::sync::atomic::Ordering;

use chrono::{DateTime, Duration, Utc};
use serde_json::{Value, json};

use crate::harness::country::{Country, search};
use crate::harness::{Harness, on_both};

const UNMET: &str = "/api/v1/statistics/unmet";
const DEMAND: &str = "/api/v1/statistics/demand";

fn moment(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

async fn open(country: &Country, search: &Value) -> String {
    let referral = country.officer.post("/api/v1/referrals", search).await.expect(201);
    referral["id"].as_str().unwrap().to_owned()
}

async fn close(country: &Country, search: &Value, reasons: &[&str]) {
    let path = format!("/api/v1/referrals/{}/close", open(country, search).await);
    let body = json!({"outcome": "unmet", "reasons": reasons});
    country.officer.post(&path, &body).await.expect(200);
}

fn with_pets() -> Value {
    let mut body = search(&[7]);
    body["needs"] = json!(["pets"]);
    body
}

/// The clock is set, and everybody signs in again.
async fn at(h: &Harness, country: &mut Country, moment: DateTime<Utc>) {
    h.clock.set(moment);
    country.officer = h.signed_in(&country.officer.user).await;
    country.committee = h.signed_in(&country.committee.user).await;
    country.admin = h.signed_in(&country.admin.user).await;
}

on_both! {
    async fn a_month_is_counted_once_and_frozen(h: Harness) {
        let mut country = h.country().await;
        h.report_all_empty(&country).await;
        for _ in 0..6 {
            close(&country, &with_pets(), &["admission_rule"]).await;
        }
        for _ in 0..5 {
            close(&country, &search(&[]), &["her_choice"]).await;
        }
        let running = country.committee.get(UNMET).await.expect(200);
        assert_eq!(running["closed_without_place"], 0, "the month runs still");
        assert_eq!((&running["from"], &running["to"]), (&json!("2026-08-01"), &json!("2026-10-31")));
        let running = country.committee.get(&format!("{UNMET}?from=2026-11-01")).await.expect(200);
        assert_eq!((&running["from"], &running["to"]), (&json!("2026-10-01"), &json!("2026-10-31")));

        // Dushanbe is five hours ahead; what was under way at midnight is waited for.
        at(&h, &mut country, moment("2026-11-30T19:09:59Z")).await;
        assert_eq!(country.committee.get(UNMET).await.expect(200)["to"], "2026-10-31");
        at(&h, &mut country, moment("2026-11-30T19:10:00Z")).await;
        let path = format!("{UNMET}?from=2026-11-01");
        let closed = country.committee.get(&path).await.expect(200);
        assert_eq!((&closed["from"], &closed["to"]), (&json!("2026-11-01"), &json!("2026-11-30")));
        assert_eq!(closed["closed_without_place"], 11);
        assert_eq!(closed["reasons"], json!([{"code": "admission_rule", "count": 6}, {"code": "her_choice", "count": 5}]));
        assert_eq!(closed["changes"], json!([{"code": "need_admitted", "need": "pets", "placed": 6}]));
        let counts: Vec<&Value> = closed["regions"].as_array().unwrap().iter().map(|row| &row["count"]).collect();
        assert_eq!(counts.iter().filter(|count| **count == &json!(11)).count(), 1, "{closed}");

        // Whatever happens to the rows from now on, the month says what it has said.
        let begun = h.statements.load(Ordering::SeqCst);
        let again = country.committee.get(&path).await.expect(200);
        assert!(h.statements.load(Ordering::SeqCst) - begun <= 3, "read, not counted");
        for key in ["closed_without_place", "reasons", "changes", "regions"] {
            assert_eq!(again[key], closed[key]);
        }
    }

    async fn few_are_not_said(h: Harness) {
        let mut country = h.country().await;
        for _ in 0..4 {
            close(&country, &search(&[]), &["no_capacity", "distance"]).await;
        }
        for _ in 0..3 {
            open(&country, &search(&[])).await;
        }
        at(&h, &mut country, moment("2026-12-02T00:00:00Z")).await;
        let seen = country.committee.get(&format!("{UNMET}?from=2026-11-01")).await.expect(200);
        assert_eq!(seen["closed_without_place"], "<5");
        assert_eq!((&seen["reasons"], &seen["changes"]), (&json!([]), &json!([])));
        // Not even from which region they came.
        assert!(seen["regions"].as_array().unwrap().iter().all(|row| row["count"] == "…"), "{seen}");
        let seen = country.committee.get(&format!("{DEMAND}?from=2026-11-01")).await.expect(200);
        assert_eq!(seen["months"], json!([{"month": "2026-11", "opened": 7, "placed": 0, "unmet": "<5", "other": 0}]));
        // With empty months around it the sum is no less a secret.
        let seen = country.committee.get(&format!("{DEMAND}?from=2026-09-01")).await.expect(200);
        assert_eq!((&seen["total"]["opened"], &seen["total"]["unmet"]), (&json!(7), &json!("…")), "{seen}");
    }

    async fn a_quarter_says_what_its_months_do_not(h: Harness) {
        let mut country = h.country().await;
        for month in ["2027-01-10T00:00:00Z", "2027-02-10T00:00:00Z", "2027-03-10T00:00:00Z"] {
            at(&h, &mut country, moment(month)).await;
            for _ in 0..3 {
                close(&country, &search(&[]), &["no_capacity"]).await;
            }
        }
        at(&h, &mut country, moment("2027-04-02T00:00:00Z")).await;
        let seen = country.committee.get(DEMAND).await.expect(200);
        let unmet: Vec<&Value> = seen["months"].as_array().unwrap().iter().map(|row| &row["unmet"]).collect();
        assert_eq!(unmet, [&json!("<5"), &json!("<5"), &json!("<5")]);
        assert_eq!(seen["total"]["unmet"], 9, "{seen}");
        let two = country.committee.get(&format!("{DEMAND}?from=2027-02-01&to=2027-03-31")).await.expect(200);
        assert_eq!(two["total"]["unmet"], "…", "no block of its own");
    }

    async fn nodes_that_close_a_month_at_once_say_the_same(h: Harness) {
        let mut country = h.country().await;
        for _ in 0..7 {
            close(&country, &search(&[]), &["no_capacity"]).await;
        }
        at(&h, &mut country, moment("2027-01-05T00:00:00Z")).await;
        let ask = || country.committee.get(DEMAND);
        let (a, b, c, d) = tokio::join!(ask(), ask(), ask(), ask());
        let answers = [a, b, c, d].map(|answer| answer.expect(200));
        for answer in &answers {
            assert_eq!((&answer["months"], &answer["total"]), (&answers[0]["months"], &answers[0]["total"]));
        }
        assert_eq!(answers[0]["total"]["unmet"], 7);
        h.services.close_months().await.unwrap();
        h.services.close_months().await.unwrap();
        assert_eq!(country.committee.get(DEMAND).await.expect(200)["total"], answers[0]["total"]);
    }

    async fn tables_say_the_same(h: Harness) {
        let mut country = h.country().await;
        for _ in 0..6 {
            close(&country, &search(&[]), &["no_capacity"]).await;
        }
        at(&h, &mut country, moment("2026-12-02T00:00:00Z")).await;
        let text = async |path: &str| country.committee.get(path).await.text();
        let table = text(&format!("{DEMAND}?from=2026-11-01&format=csv")).await;
        assert!(table.contains("part,code,opened,placed,unmet,other"), "{table}");
        assert!(table.contains("month,2026-11,6,0,6,0") && table.contains("total,,6,0,6,0"), "{table}");
        let table = text(&format!("{UNMET}?from=2026-11-01&format=csv")).await;
        assert!(table.contains("closed_without_place,,6") && table.contains("reason,no_capacity,6"), "{table}");
        let table = text("/api/v1/statistics/response?format=csv").await;
        assert!(table.contains("asked,,0"), "{table}");
    }

    async fn what_cannot_be_asked_is_named(h: Harness) {
        let country = h.country().await;
        for (query, field) in [
            ("from=2026-10-02&to=2026-10-01", "to"),
            ("from=2023-01-01", "from"),
            ("from=yesterday", "from"),
            ("to=2026-13-01", "to"),
            ("to=-9999-01-01", "from"),
            ("form=2026-11-01", "form"),
            ("format=pdf", "format"),
        ] {
            for path in [UNMET, DEMAND, "/api/v1/statistics/response"] {
                let refused = country.committee.get(&format!("{path}?{query}")).await.expect(422);
                assert_eq!(refused["errors"][0]["field"], field, "{path} {query}: {refused}");
            }
        }
        let refused = country.committee.get("/api/v1/statistics/response?region=XX").await.expect(422);
        assert_eq!(refused["errors"][0]["field"], "region");
        assert!(country.officer.get(DEMAND).await.expect(403)["code"].is_string());
    }

    async fn shelters_answer_and_the_month_says_how_soon(h: Harness) {
        let mut country = h.country().await;
        h.report_all_empty(&country).await;
        for turn in 0..6 {
            let id = open(&country, &search(&[])).await;
            let body = json!({"shelter_id": country.shelter.id});
            let held = country.officer.post_once(&format!("/api/v1/referrals/{id}/holds"), &format!("ask-of-turn-{turn}"), &body).await.expect(201);
            h.clock.advance(Duration::minutes(10));
            let path = format!("/api/v1/holds/{}/{}", held["id"].as_str().unwrap(), if turn < 5 { "decline" } else { "accept" });
            let body = if turn < 5 { json!({"reason": "staffing"}) } else { json!({}) };
            country.manager.post_once(&path, &format!("answer-of-turn-{turn}"), &body).await.expect(200);
            h.clock.advance(Duration::minutes(1));
        }
        at(&h, &mut country, moment("2026-12-02T00:00:00Z")).await;
        let seen = country.committee.get("/api/v1/statistics/response?from=2026-11-01").await.expect(200);
        assert_eq!((&seen["asked"], &seen["answered"]), (&json!(6), &json!(6)), "{seen}");
        assert_eq!((&seen["median_minutes"], &seen["unanswered_share"]), (&json!(10), &json!(0.0)));
        // Five declined and one accepted: the five would tell of the one.
        assert_eq!(seen["declines"], json!([{"reason": "staffing", "count": "…"}]));
        let region = format!("/api/v1/statistics/response?from=2026-11-01&region={}", country.shelter.region);
        let seen = country.committee.get(&region).await.expect(200);
        assert_eq!((&seen["median_minutes"], &seen["asked"]), (&json!(10), &json!("…")));
    }
}

/// Closing without saying why.
mod closing {
    use super::*;

    on_both! {
        async fn closing_as_unmet_says_why(h: Harness) {
            let country = h.country().await;
            let path = format!("/api/v1/referrals/{}/close", open(&country, &search(&[])).await);
            let refused = country.officer.post(&path, &json!({"outcome": "unmet", "reasons": []})).await.expect(422);
            assert_eq!(refused["errors"][0]["field"], "reasons");
            let refused = country.officer.post(&path, &json!({"outcome": "unmet", "reasons": ["bored"]})).await.expect(422);
            assert_eq!(refused["errors"][0]["field"], "reasons[0]");
        }
    }
}
