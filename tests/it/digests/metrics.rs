//! The figures for alarms, over a socket of their own.

use std::net::TcpListener;

use chrono::Duration;
use panoh::http::metrics;

use super::stage::{Stage, ZONE, deliver_all, dushanbe};
use crate::harness::{Harness, on_both};

/// The value of a figure, labels and all.
fn value(text: &str, name: &str) -> Option<f64> {
    let line = text.lines().find_map(|line| line.strip_prefix(&format!("{name} ")))?;
    Some(line.parse().unwrap())
}

on_both! {
    async fn what_waits_and_what_was_given_up_is_counted(h: Harness) {
        let stage = Stage::open(h, dushanbe(7, 0, 0));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let server = metrics::server(listener, stage.services().clone()).unwrap();
        let handle = server.handle();
        actix_web::rt::spawn(server);
        let client = panoh::web::client().unwrap();
        let ask = async || {
            let answer = client.get(format!("http://{address}/metrics")).send().await.unwrap();
            let kind = answer.headers()["content-type"].to_str().unwrap().to_owned();
            assert!(answer.status().is_success() && kind.starts_with("application/openmetrics-text"), "{kind}");
            answer.text().await.unwrap()
        };
        let quiet = ask().await;
        assert_eq!(value(&quiet, "panoh_letters{state=\"queued\"}"), Some(0.0), "{quiet}");
        assert_eq!(value(&quiet, "panoh_letter_oldest_queued_seconds"), Some(0.0));
        assert_eq!(value(&quiet, "panoh_database_up"), Some(1.0));
        assert!(quiet.ends_with("# EOF\n"));

        let schedule = stage.schedule((8, 30), ZONE).await;
        for n in 0..4 {
            stage.recipient(schedule.id, &format!("reader{n}@gov.example"), "Reader", "en").await;
        }
        stage.clock().set(dushanbe(8, 46, 0));
        assert_eq!(value(&ask().await, "panoh_digest_overdue"), Some(1.0), "a quarter of an hour late");
        stage.jobs.run_due().await.unwrap();
        stage.server.next("rcpt", "550 5.1.1 no such mailbox");
        stage.server.next("mail", "451 4.3.0 later");
        deliver_all(&stage.jobs).await;
        stage.clock().advance(Duration::seconds(30));
        let before = stage.h.statements.load(std::sync::atomic::Ordering::SeqCst);
        let text = ask().await;
        let statements = stage.h.statements.load(std::sync::atomic::Ordering::SeqCst) - before;
        assert!(statements <= 3, "{statements}");
        for (name, expected) in [
            ("panoh_letters{state=\"queued\"}", 1.0),
            ("panoh_letters{state=\"dead\"}", 1.0),
            ("panoh_letter_oldest_queued_seconds", 30.0),
            ("panoh_digest_overdue", 0.0),
            ("panoh_deliveries_total{outcome=\"sent\"}", 2.0),
            ("panoh_deliveries_total{outcome=\"dead\"}", 1.0),
            ("panoh_deliveries_total{outcome=\"retry\"}", 1.0),
        ] {
            assert_eq!(value(&text, name), Some(expected), "{name}\n{text}");
        }
        assert!(!text.contains('@') && !text.contains("TJ-"), "nobody and nothing is named");
        let elsewhere = client.get(format!("http://{address}/api/v1/me")).send().await.unwrap();
        assert_eq!(elsewhere.status(), 404, "nothing else is served there");
        handle.stop(false).await;
    }
}
