//! Learned use, days of cover and what is at risk, over the door and on both databases.

use std::process::Command;

use chrono::{Duration, NaiveDate};
use panoh::domain::accounts::Role;
use panoh::domain::calendar;
use panoh::domain::id::Moment;
use serde_json::{Value, json};

use crate::harness::country::Country;
use crate::harness::{Harness, on_both};

/// A planning figure of 250 g a day and resident.
const FLOUR: &str = "flour";

/// Ten sleep there, and each week so much flour is counted.
async fn weekly(h: &Harness, country: &Country, counts: &[i64]) {
    for on_hand in counts {
        let manager = h.signed_in(&country.manager.user).await;
        let mut report = h.report(&country.shelter, &[2, 3]);
        report["stock"] = json!([{"item": FLOUR, "on_hand": on_hand}]);
        let key = format!("weekly-{}", h.clock.now().timestamp());
        manager
            .post_once(&country.path("/reports"), &key, &report)
            .await
            .expect(201);
        h.clock.advance(Duration::days(7));
    }
    h.clock.advance(-Duration::days(7));
}

async fn flour(h: &Harness, country: &Country) -> Value {
    let manager = h.signed_in(&country.manager.user).await;
    let stock = manager.get(&country.path("/stock")).await.expect(200);
    let items = stock["items"].as_array().unwrap();
    items.iter().find(|row| row["item"] == FLOUR).unwrap().clone()
}

fn local_date(h: &Harness, at: Moment) -> NaiveDate {
    calendar::local_date(h.services.pack.time_zone, at)
}

fn number(row: &Value, field: &str) -> f64 {
    row[field].as_f64().unwrap_or_else(|| panic!("{field} of {row}"))
}

on_both! {
    async fn use_is_learned_from_counts_and_said_with_its_interval(h: Harness) {
        let country = h.country().await;
        // Five people and 3.5 kg a week: 100 g each a day, where 250 g are planned. One count is a slip.
        weekly(&h, &country, &[100, 97, 93, 9, 86, 83, 79, 76]).await;
        let planned = flour(&h, &country).await;
        assert_eq!((&planned["basis"], &planned["days_low"]), (&json!("planning_figure"), &Value::Null));
        assert!((number(&planned, "days_of_cover") - 76.0 / 1.25).abs() < 0.1, "{planned}");

        assert_eq!(h.jobs.learn_use(None).await.unwrap(), 1);
        let learned = flour(&h, &country).await;
        assert_eq!(learned["basis"], "learned");
        assert!((0.4..0.65).contains(&number(&learned, "daily_use")), "{learned}");
        let [low, days, high] = ["days_low", "days_of_cover", "days_high"].map(|field| number(&learned, field));
        assert!(low < days && days < high && low < 76.0 / 0.5 && 76.0 / 0.5 < high, "{learned}");
        let runs_out = h.clock.now() + Duration::days(days as i64);
        assert_eq!(learned["runs_out_on"], json!(local_date(&h, runs_out)));

        assert_eq!(h.jobs.learn_use(None).await.unwrap(), 0, "the same counts teach the same");
        let node = h.another_node().await;
        assert_eq!(node.learn_use(None).await.unwrap(), 0, "nor does another node find anything else");
        h.clock.advance(Duration::days(1));
        assert_eq!(h.jobs.learn_use(Some(h.clock.now())).await.unwrap(), 0);
        let before = h.clock.now();
        weekly(&h, &country, &[5]).await;
        assert_eq!(h.jobs.learn_use(Some(before)).await.unwrap(), 1, "news are looked at");
    }

    async fn what_runs_out_is_listed_for_the_committee_by_code_alone(h: Harness) {
        let country = h.country().await;
        weekly(&h, &country, &[100, 2]).await;
        let manager = h.signed_in(&country.manager.user).await;
        let counted = json!({"stock": [{"item": "rice", "on_hand": 3}, {"item": "oil", "on_hand": 90}]});
        manager.put(&country.path("/stock"), &counted).await.expect(200);
        let committee = h.signed_in(&country.committee.user).await;
        let said = committee.get("/api/v1/supplies").await.expect(200);
        let rows = said["rows"].as_array().unwrap();
        let seen: Vec<_> = rows.iter().map(|row| (row["item"].as_str().unwrap(), row["status"].as_str().unwrap())).collect();
        assert_eq!(seen, [(FLOUR, "critical"), ("rice", "low")], "the worst first");
        assert_eq!(rows[0]["shelter_code"], json!(country.shelter.code));
        assert_eq!((&rows[0]["shelter_id"], &rows[0]["shelter_name"]), (&Value::Null, &Value::Null));
        assert_eq!(rows[0]["runs_out_on"], json!(local_date(&h, h.clock.now() + Duration::days(1))));
        assert_eq!((&rows[0]["on_hand"], &rows[0]["coming"], &rows[0]["promised"]), (&json!(2), &json!(0), &json!(0)));

        let admin = h.signed_in(&country.admin.user).await;
        let known = admin.get("/api/v1/supplies?item=flour").await.expect(200);
        assert_eq!(known["rows"][0]["shelter_id"], json!(country.shelter.id));
        let plenty = admin.get("/api/v1/supplies?status=surplus,ok").await.expect(200);
        assert_eq!(plenty["rows"][0]["item"], "oil");
        let first = admin.get("/api/v1/supplies?limit=1").await.expect(200);
        let rest = format!("/api/v1/supplies?limit=1&cursor={}", first["next_cursor"].as_str().unwrap());
        assert_eq!(admin.get(&rest).await.expect(200)["rows"][0]["item"], "rice");
        let elsewhere = format!("/api/v1/supplies?region={}", country.other_shelter.region);
        let elsewhere = admin.get(&elsewhere).await.expect(200);
        assert_eq!(elsewhere["rows"], json!([]));
        for (query, field) in [("status=bad", "status"), ("cursor=x", "cursor"), ("limit=0", "limit"), ("why=1", "why")] {
            let told = admin.get(&format!("/api/v1/supplies?{query}")).await;
            assert_eq!((told.status, told.faults()[0].0.as_str()), (422, field), "{query}");
        }
        for role in [Role::Manager, Role::Officer] {
            let other = h.signed_in(&country.of(role).user).await;
            assert_eq!(other.get("/api/v1/supplies").await.status, 403);
        }
    }

    async fn operators_are_told_once_of_what_becomes_critical(h: Harness) {
        let country = h.country().await;
        let choice = json!({"kinds": ["critical_supply"]});
        country.admin.put_at("/api/v1/me/alerts", 0, &choice).await.expect(200);
        let told = async || {
            let tell = h.services.alert_due().await.unwrap();
            assert_eq!(h.services.alert_due().await.unwrap(), 0, "nobody is told twice");
            tell
        };
        weekly(&h, &country, &[100, 3]).await;
        assert_eq!(told().await, 1);
        for count in [90, 2] {
            h.clock.advance(Duration::minutes(1));
            weekly(&h, &country, &[count]).await;
            assert_eq!(told().await, 0, "once a day");
        }
        h.clock.advance(Duration::days(1));
        assert_eq!(told().await, 0, "it is critical still, and that is known");
        weekly(&h, &country, &[80]).await;
        assert_eq!(told().await, 0);
        h.clock.advance(Duration::days(1));
        weekly(&h, &country, &[1]).await;
        assert_eq!(told().await, 1, "it is critical again");
    }

    async fn the_country_is_summed_up_beside_a_week_ago(h: Harness) {
        let country = h.country().await;
        weekly(&h, &country, &[25, 5]).await;
        let committee = h.signed_in(&country.committee.user).await;
        let said = committee.get("/api/v1/statistics/supplies").await.expect(200);
        let item = &said["items"][0];
        assert_eq!((&item["item"], &item["shelters_low"], &item["shelters_counted"]), (&json!(FLOUR), &json!(1), &json!(1)));
        // Five people at 250 g.
        assert_eq!((number(item, "days_of_cover"), number(item, "days_before")), (4.0, 20.0));
        let region = country.shelter.region.clone();
        assert_eq!(item["regions_detail"], json!([{"region": region, "critical": 0, "low": 1, "counted": 1}]));
        assert_eq!(item["coming"], 0);
    }
}

#[test]
fn the_backtest_is_printed_and_says_what_it_is_made_of() {
    let evaluate = |rest: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_panoh"));
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("PANOH_")) {
            command.env_remove(name);
        }
        let told = command
            .args(["evaluate", "use", "--histories", "20"])
            .args(rest)
            .output()
            .unwrap();
        assert!(told.status.success(), "{told:?}");
        String::from_utf8(told.stdout).unwrap()
    };
    let words = evaluate(&[]);
    for part in [
        "Generated histories",
        "steady",
        "planning figure alone",
        "plain mean",
        "The 90 % interval",
    ] {
        assert!(words.contains(part), "{part}: {words}");
    }
    let json: Value = serde_json::from_str(&evaluate(&["--json", "--seed", "3"])).unwrap();
    assert_eq!(
        (&json["generated"], json["worlds"].as_array().unwrap().len()),
        (&json!(true), 6)
    );
    let mean = |way: &str| json["worlds"][2][way]["mean"].as_f64().unwrap();
    assert!(mean("learned") < mean("planning_figure"));
}
