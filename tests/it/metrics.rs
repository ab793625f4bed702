//! What /metrics prints: every figure that the dashboard and the alarms ask for, few series, and nothing of anybody.

use std::collections::BTreeSet;

use serde_json::json;

use crate::harness::country::{Country, search};
use crate::harness::{Database, Harness};

async fn figures(h: &Harness) -> String {
    h.services.metrics().await.unwrap()
}

/// The value of a figure, labels and all.
#[track_caller]
fn value(text: &str, name: &str) -> f64 {
    let line = text.lines().find_map(|line| line.strip_prefix(&format!("{name} ")));
    line.unwrap_or_else(|| panic!("no {name} in\n{text}")).parse().unwrap()
}

/// Names of figures in a file of somebody who asks for them.
fn asked_for(text: &str) -> BTreeSet<String> {
    let names = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let ours = names.filter(|name| name.starts_with("panoh_") || name.starts_with("process_"));
    ours.map(str::to_owned).collect()
}

/// Names as they are printed, of figures that have no value yet too.
fn printed(text: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').unwrap();
            let endings: &[&str] = match kind {
                "counter" => &["_total"],
                "histogram" => &["_bucket", "_sum", "_count"],
                "info" => &["_info"],
                _ => &[""],
            };
            names.extend(endings.iter().map(|ending| format!("{name}{ending}")));
        }
    }
    names
}

/// Reports, a hold that is accepted, and a letter.
async fn something_of_everything(h: &Harness) -> Country {
    let c = h.country().await;
    h.report_all_empty(&c).await;
    let referral = c.officer.post("/api/v1/referrals", &search(&[7])).await.expect(201);
    let path = format!("/api/v1/referrals/{}/holds", referral["id"].as_str().unwrap());
    let ask = json!({"shelter_id": c.shelter.id});
    let hold = c.officer.post_once(&path, "metrics-1", &ask).await.expect(201);
    let accept = format!("/api/v1/holds/{}/accept", hold["id"].as_str().unwrap());
    c.manager.post(&accept, &json!({})).await;
    assert!(h.jobs.deliver_next().await.unwrap());
    c
}

#[actix_web::test]
async fn what_the_dashboard_and_the_alarms_ask_for_is_there() {
    let h = Harness::start(Database::Sqlite).await;
    something_of_everything(&h).await;
    let printed = printed(&figures(&h).await);
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("ops");
    for file in ["grafana/panoh.json", "prometheus/alerts.yml"] {
        let asked = asked_for(&std::fs::read_to_string(root.join(file)).unwrap());
        assert!(asked.len() >= 10, "{file}");
        let missing: Vec<_> = asked.difference(&printed).collect();
        assert!(missing.is_empty(), "{file} asks for {missing:?}");
    }
    // And the alarms are explained to whoever is woken by them.
    let rules = std::fs::read_to_string(root.join("prometheus/alerts.yml")).unwrap();
    let guide = std::fs::read_to_string(root.parent().unwrap().join("docs/OPERATIONS.md")).unwrap();
    for alert in rules.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")) {
        assert!(
            guide.contains(&format!("`{alert}`")),
            "docs/OPERATIONS.md does not say what {alert} means"
        );
    }
}

#[actix_web::test]
async fn what_happens_is_counted_by_route_and_by_kind() {
    let h = Harness::start(Database::Sqlite).await;
    let c = something_of_everything(&h).await;
    c.officer.get("/api/v1/referrals/not-an-id").await;
    for method in ["BREW", "PROPFIND", "x-1", "x-2"] {
        h.http.send(method, "/api/v1/referrals", &[], b"").await;
    }
    for path in ["/nobody", "/knows", "/these?address=Kuchai"] {
        h.http.send("GET", path, &[], b"").await;
    }
    let text = figures(&h).await;
    for (name, expected) in [
        (
            "panoh_http_requests_total{route=\"POST /api/v1/shelters/{id}/reports\",status=\"2xx\"}",
            2.0,
        ),
        (
            "panoh_http_requests_total{route=\"POST /api/v1/referrals/{id}/holds\",status=\"2xx\"}",
            1.0,
        ),
        (
            "panoh_http_requests_total{route=\"GET /api/v1/referrals/{id}\",status=\"4xx\"}",
            1.0,
        ),
        (
            "panoh_http_request_duration_seconds_count{route=\"POST /api/v1/referrals/{id}/holds\"}",
            1.0,
        ),
        ("panoh_case_events_total{kind=\"opened\"}", 1.0),
        ("panoh_case_events_total{kind=\"asked\"}", 1.0),
        ("panoh_reports_total{channel=\"api\"}", 2.0),
        ("panoh_case_events_total{kind=\"accepted\"}", 1.0),
        ("panoh_deliveries_total{outcome=\"sent\"}", 1.0),
        ("panoh_sessions", 6.0),
        ("panoh_watchers", 0.0),
        ("panoh_database_up", 1.0),
        ("panoh_database_connections{state=\"most\"}", 6.0),
    ] {
        assert_eq!(value(&text, name), expected, "{name}\n{text}");
    }
    assert!(value(&text, "panoh_board_version") >= 2.0);
    assert!(value(&text, "process_resident_memory_bytes") > 1e6 && value(&text, "process_cpu_seconds_total") > 0.0);
    assert!(text.ends_with("# EOF\n") && text.matches("# EOF").count() == 1);
    let routes: BTreeSet<&str> = text
        .lines()
        .filter_map(|line| {
            line.strip_prefix("panoh_http_requests_total{route=\"")?
                .split('"')
                .next()
        })
        .collect();
    let known = |route: &&str| {
        *route == "other"
            || panoh::http::matrix::MATRIX
                .iter()
                .any(|row| *route == format!("{} /api/v1{}", row.method, row.path))
    };
    assert!(routes.iter().all(known), "a stranger makes no series: {routes:?}");
    for word in ["Kuchai", "BREW", "@", "TJ-", &c.shelter.id.to_string()] {
        assert!(!text.contains(word), "{word}");
    }
    let _watcher = h.services.watch();
    assert_eq!(value(&figures(&h).await, "panoh_watchers"), 1.0);
}
