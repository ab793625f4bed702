//! How much may be asked at once, for how long, and from which address it is said to come.

use std::sync::Arc;
use std::time::Duration;

use panoh::config::Rates;
use panoh::http::limits::Limits;
use panoh::http::{Patience, State};
use serde_json::json;

use crate::harness::client::{Answer, Http, Person};
use crate::harness::{Harness, on_both, state};

/// The door of a node with these limits.
async fn limited(h: &Harness, rates: Rates, proxies: &[&str]) -> Http {
    let proxies: Vec<_> = proxies.iter().map(|network| network.parse().unwrap()).collect();
    Http::of(State {
        limits: Arc::new(Limits::new(rates, &proxies)),
        ..state(&h.services)
    })
    .await
}

fn too_many(answer: &Answer) {
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (429, "too_many_requests"),
        "{}",
        answer.text()
    );
    assert!(answer.header("retry-after").unwrap().parse::<u64>().unwrap() >= 1);
    assert!(
        answer.header("content-security-policy").is_some(),
        "the headers are set on refusals, too"
    );
}

on_both! {
    async fn an_address_that_asks_too_much_is_turned_away_before_any_work(h: Harness) {
        let c = h.country().await;
        let http = limited(&h, Rates { per_address: 2, per_account: 0 }, &[]).await;
        let admin = Person { http: http.clone(), ..c.admin.clone() };
        let before = h.statements.load(std::sync::atomic::Ordering::SeqCst);
        let wrong = [("authorization", "Bearer pnh_nonsense")];
        let mut turned_away = 0;
        for _ in 0..40 {
            let answer = http.send("GET", "/api/v1/users", &wrong, b"").await;
            if answer.status == 429 {
                too_many(&answer);
                turned_away += 1;
            }
        }
        assert!(turned_away >= 25, "{turned_away}");
        let statements = h.statements.load(std::sync::atomic::Ordering::SeqCst) - before;
        assert!(statements <= 2 * (40 - turned_away), "{statements} statements for {turned_away} turned away");
        too_many(&admin.get("/api/v1/me").await);
        // Whoever watches over the service still hears that it lives.
        assert_eq!(http.send("GET", "/healthz", &[], b"").await.status, 200);
    }

    async fn an_account_that_asks_too_much_holds_up_nobody_else(h: Harness) {
        let c = h.country().await;
        let http = limited(&h, Rates { per_address: 0, per_account: 2 }, &[]).await;
        let at = |person: &Person| Person { http: http.clone(), ..person.clone() };
        let answers = futures::future::join_all((0..30).map(|_| { let officer = at(&c.officer); async move { officer.get("/api/v1/me").await } })).await;
        let refused: Vec<_> = answers.iter().filter(|answer| answer.status == 429).collect();
        assert!(refused.len() >= 15, "{}", refused.len());
        refused.into_iter().for_each(too_many);
        at(&c.manager).get("/api/v1/me").await.expect(200);
    }

    async fn an_address_is_believed_of_trusted_proxies_alone(h: Harness) {
        let c = h.country().await;
        let origins = |proxies: &'static [&'static str], headers: &'static [(&'static str, &'static str)]| {
            let (h, c) = (&h, &c);
            async move {
                let http = limited(h, Rates::none(), proxies).await;
                let admin = Person { http, ..c.admin.clone() };
                admin.send("PUT", "/api/v1/me/language", &[&[("content-type", "application/json")], headers].concat(), json!({"language": "tg"}).to_string().as_bytes()).await.expect(204);
                crate::records::raw(h, "SELECT origin FROM audit WHERE action = 'user.language' ORDER BY seq DESC LIMIT 1").await.unwrap().remove(0)
            }
        };
        let said = &[("x-forwarded-for", "198.51.100.7")];
        assert_eq!(origins(&[], said).await, "127.0.0.1");
        assert_eq!(origins(&["10.0.0.0/8"], said).await, "127.0.0.1");
        assert_eq!(origins(&["127.0.0.0/8"], said).await, "198.51.100.7");
        assert_eq!(origins(&["127.0.0.0/8"], &[("x-forwarded-for", "203.0.113.9, 198.51.100.7")]).await, "198.51.100.7");
        assert_eq!(origins(&["127.0.0.0/8"], &[("forwarded", "for=198.51.100.8;proto=https")]).await, "198.51.100.8");
    }

    async fn what_takes_too_long_is_given_up(h: Harness) {
        let c = h.country().await;
        let patience = Patience { request: Duration::from_millis(100), ..state(&h.services).patience };
        let http = Http::of(State { patience, ..state(&h.services) }).await;
        let manager = Person { http, ..c.manager.clone() };
        // Somebody has the shelter's lock and does not let go.
        let tx = h.services.store.begin().await.unwrap();
        panoh::store::views::lock(&tx, c.shelter.id).await.unwrap();
        let report = h.report(&c.shelter, &[]);
        let answer = manager.post_once(&c.path("/reports"), "a-report-that-waits", &report).await;
        assert_eq!((answer.status, answer.code().as_str()), (503, "too_slow"));
        assert!(answer.header("content-security-policy").is_some() && answer.header("retry-after").is_some());
        drop(tx);
        c.manager.post_once(&c.path("/reports"), "a-report-that-waits", &report).await.expect(201);
    }
}
