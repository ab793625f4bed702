//! The log of a whole run: what happened, and nothing of whom it happened to.

use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

use panoh::http::matrix::MATRIX;
use tracing_subscriber::fmt::MakeWriter;

use crate::harness::{Database, Harness};
use crate::records::raw;
use crate::stage::Stage;

#[derive(Clone, Default)]
struct Book(Arc<Mutex<Vec<u8>>>);

impl Write for Book {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Book {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

impl Book {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()).unwrap()
    }
}

/// Every route by everybody, with bodies that are right and some that are not, then everything that happens by itself, then
/// a database that fails: all at the finest level of our own code.
#[actix_web::test]
async fn nothing_personal_is_in_the_log_of_a_whole_run() {
    let book = Book::default();
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter("panoh=trace,actix_web=debug,info")
        .with_ansi(false)
        .with_writer(book.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    tracing::info!("the book is open");
    let h = Harness::start(Database::Sqlite).await;
    let stage = Stage::set(&h).await;
    let c = &stage.country;
    for row in MATRIX {
        let (method, path) = (row.method.as_str(), stage.path(row.path));
        if row.path == "/session" && method == "DELETE" {
            continue;
        }
        let body = stage.body(&h, method, row.path);
        let text = body.as_ref().map(ToString::to_string).unwrap_or_default();
        for person in c.everybody() {
            stage.call(&h, person, method, &path, text.as_bytes()).await;
        }
        let spiteful = text
            .replace("\": \"", "\": \"plantedword\\r\\nERROR plantedline ")
            .replace("\":\"", "\":\"plantedword\\nERROR plantedline ");
        stage
            .call(&h, stage.user_of(row), method, &path, spiteful.as_bytes())
            .await;
        stage
            .call(&h, stage.user_of(row), method, &path, b"{\"plantedword\": [")
            .await;
    }
    h.clock.advance(chrono::Duration::days(2));
    h.jobs.turn().await;
    h.jobs.keep_house().await.unwrap();
    h.jobs.alarm_due().await.unwrap();
    h.jobs.anchor_due().await.unwrap();
    h.jobs.walk_due().await.unwrap();
    let (_on, stop) = tokio::sync::watch::channel(false);
    h.jobs.deliver_due(&stop).await;
    raw(&h, "DROP TABLE case_event; DROP TABLE referral")
        .await
        .unwrap_or_default();
    for person in [&c.officer, &c.manager, &c.admin] {
        let person = h.signed_in(&person.user).await;
        person
            .post("/api/v1/referrals", &crate::harness::country::search(&[7]))
            .await;
    }
    let log = book.text();
    assert!(log.contains("the book is open"));
    let contacts = [
        "Kuchai Rudaki",
        "Zarina",
        "900 00 00 00",
        "by the fountain",
        "no room tonight",
        "plantedword",
        "plantedline",
    ];
    let people = c.everybody().map(|person| person.user.email.clone());
    let tokens = c.everybody().map(|person| person.token.clone());
    let words = contacts.iter().map(ToString::to_string).chain(people).chain(tokens);
    for word in words.chain([
        crate::harness::country::PASSWORD.to_owned(),
        "pnh_".to_owned(),
        "Bearer".to_owned(),
    ]) {
        assert!(!log.contains(&word), "{word} is in the log");
    }
    assert!(
        !log.lines().any(|line| line.contains('@')),
        "a mail address is in the log"
    );
}
