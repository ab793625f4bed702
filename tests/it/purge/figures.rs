//! What is said of the country is the same whether or not cases were purged meanwhile.

use chrono::Duration;
use serde_json::{Value, json};

use super::{answer, ask, at, close, days_later, open, week};
use crate::harness::country::search;
use crate::harness::{Harness, on_both};

/// Seven weeks of cases; what is said of them afterwards.
async fn told(h: &Harness, purge: bool) -> Value {
    let mut country = h.country().await;
    let services = week(h);
    let mut gone = 0;
    for turn in 0..14_u8 {
        at(h, &mut country, h.clock.now()).await;
        h.report_all_empty(&country).await;
        for child in 0..3 {
            let mut body = search(&[child + turn % 5]);
            if child == 2 {
                body["needs"] = json!(["pets"]);
            }
            let referral = open(&country, &body).await;
            if child == 2 {
                close(&country, &referral, &["admission_rule"]).await;
                continue;
            }
            let hold = ask(&country, &referral).await;
            h.clock.advance(Duration::minutes(i64::from(turn) + 3));
            if turn % 3 == 0 || child == 1 {
                answer(&country, &hold, "decline", &json!({"reason": "staffing"})).await;
                close(&country, &referral, &["no_capacity"]).await;
            } else {
                answer(&country, &hold, "accept", &json!({})).await;
                h.clock.advance(Duration::minutes(2));
                answer(&country, &hold, "arrive", &json!({})).await;
            }
        }
        days_later(h, &mut country, 4).await;
        if purge {
            gone += services.purge().await.unwrap().cases;
        }
    }
    assert!(!purge || gone > 30, "{gone} were purged: nothing is proved");
    // The country reports no longer, so the beds that were taken last are known from arrivals alone.
    days_later(h, &mut country, 20).await;
    if purge {
        services.purge().await.unwrap();
    }
    for check in services.check().await.unwrap() {
        assert_eq!(check.broken, 0, "{}", check.name);
    }
    let mut said = json!({});
    for path in ["unmet", "demand", "response"] {
        let path = format!("/api/v1/statistics/{path}?from=2026-11-01&to=2027-01-31");
        said[&path] = country.committee.get(&path).await.expect(200);
        said[&path].as_object_mut().unwrap().remove("as_of");
    }
    services.redraw_board().await.unwrap();
    let found = country
        .officer
        .post("/api/v1/suggestions", &search(&[2]))
        .await
        .expect(200);
    said["suggestions"] = found;
    said["state"] = country.manager.get(&country.path("/state")).await.expect(200)["rooms"].clone();
    said
}

on_both! {
    async fn months_and_suggestions_are_the_same_with_and_without_purge(h: Harness) {
        let purged = told(&h, true).await;
        let other = Harness::start(h.database).await;
        let whole = told(&other, false).await;
        let counted = &whole["/api/v1/statistics/unmet?from=2026-11-01&to=2027-01-31"];
        assert!(counted["closed_without_place"].as_u64().is_some_and(|n| n > 20), "{counted}");
        assert_ne!(counted["changes"], json!([]), "{counted}");
        for (name, said) in whole.as_object().unwrap() {
            assert_eq!(&purged[name], said, "{name}");
        }
    }
}
