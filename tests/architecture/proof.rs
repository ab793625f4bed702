//! Shows that the law can fail: each forbidden thing in a small file of its own, and harmless look-alikes beside it.

use super::scanner::{paths, tokens};
use super::{FLOORS, violations};

fn found(file: &str, body: &str) -> Vec<String> {
    violations(file, &format!("//! Head.\n{body}\n"))
}

#[track_caller]
fn refused(file: &str, body: &str, because: &str) {
    let all = found(file, body);
    assert!(
        all.iter().any(|one| one.contains(because)),
        "{file} with {body:?} should be refused for {because:?}: {all:?}"
    );
}

#[track_caller]
fn lawful(file: &str, body: &str) {
    assert_eq!(found(file, body), Vec::<String>::new(), "{file} with {body:?}");
}

#[test]
fn imports_go_down_only() {
    refused("src/domain/fit.rs", "use crate::store::Rows;", "imports go down only");
    refused(
        "src/store/holds.rs",
        "use crate::services::holds;",
        "imports go down only",
    );
    refused(
        "src/store/holds.rs",
        "fn f() { crate::http::answer() }",
        "imports go down only",
    );
    refused(
        "src/store/holds.rs",
        "use crate::{domain::id, jobs};",
        "imports go down only",
    );
    refused(
        "src/store/holds.rs",
        "use crate::{domain::{id, rooms::*}, services::{a, b}};",
        "imports go down only",
    );
    refused("src/clock.rs", "use super::store::Store;", "imports go down only");
    refused(
        "src/store/deep/er.rs",
        "use super::super::super::http::X;",
        "imports go down only",
    );
    refused(
        "src/domain/fit.rs",
        "mod tests { use super::super::super::store::X; }",
        "imports go down only",
    );
    refused(
        "src/domain/mod.rs",
        "pub(crate) use crate::app::App as Program;",
        "imports go down only",
    );
    lawful(
        "src/services/holds.rs",
        "use crate::{clock::Clock, domain::id::HoldId, letters, store::Store};",
    );
    lawful("src/main.rs", "fn main() { panoh::cli::run() }");
    lawful(
        "src/domain/fit.rs",
        "use super::rooms::Room; mod tests { use super::*; use super::super::id::RoomId; }",
    );
}

#[test]
fn neighbours_that_must_not_meet() {
    refused("src/http/holds.rs", "use crate::jobs::outbox;", "must never know");
    refused("src/http/holds.rs", "use crate::store::Store;", "must never know");
    refused("src/http/holds.rs", "use crate::mail::Mail;", "must never know");
    refused("src/jobs/outbox.rs", "use crate::http::Error;", "must never know");
    refused("src/letters/html.rs", "use crate::pack::Pack;", "must never know");
    refused("src/clock.rs", "use crate::ids::Ids;", "on its own floor");
    refused("src/cellar/mod.rs", "use crate::domain::id;", "stands on no floor");
    refused("src/store/mod.rs", "use crate::cellar::Wine;", "no room with a floor");
}

#[test]
fn libraries_have_their_rooms() {
    for library in [
        "sea_orm::Condition",
        "entity::hold",
        "sqlx::query",
        "migration::Migrator",
    ] {
        for room in [
            "src/domain/x.rs",
            "src/services/x.rs",
            "src/http/x.rs",
            "src/jobs/x.rs",
            "src/app.rs",
            "src/cli.rs",
        ] {
            refused(room, &format!("use {library};"), "belongs to store");
        }
        lawful("src/store/x.rs", &format!("use {library};"));
    }
    refused(
        "src/services/x.rs",
        "fn f(r: actix_web::HttpRequest) {}",
        "belongs to http",
    );
    refused("src/services/x.rs", "use lettre::Message;", "belongs to mail");
    refused("src/services/x.rs", "use cron::Schedule;", "must not name cron");
    refused("src/services/x.rs", "use ::sea_orm::Set;", "belongs to store");
    refused(
        "src/store/x.rs",
        "fn f() { ::lettre::message::Mailbox::new() }",
        "belongs to mail",
    );
    lawful("src/jobs/x.rs", "use cron::Schedule;");
    lawful("src/services/x.rs", "fn f(entity: u8) -> u8 { entity.migration }");
    refused("entity/src/hold.rs", "use migration::Migrator;", "must not name");
    refused("entity/src/hold.rs", "use panoh::domain::id;", "must not name");
    refused("migration/src/lib.rs", "use entity::hold;", "must not name");
    lawful(
        "entity/src/hold.rs",
        "use sea_orm::entity::prelude::*; use super::room::Entity;",
    );
}

#[test]
fn the_domain_is_pure() {
    for impure in [
        "tokio::spawn",
        "tracing::info",
        "rand::random",
        "std::fs::read",
        "std::net::TcpStream",
        "std::env::var",
    ] {
        refused("src/domain/x.rs", &format!("fn f() {{ {impure}(); }}"), "domain");
    }
    refused(
        "src/domain/x.rs",
        "use std::{collections::BTreeMap, time::Instant};",
        "is pure",
    );
    refused("src/domain/x.rs", "async fn f() {}", "must not be async");
    refused("src/letters/x.rs", "fn f() { g().await }", "must not be await");
    lawful(
        "src/domain/x.rs",
        "use std::{collections::BTreeMap, time::Duration}; fn f() { let tokio = 1; }",
    );
}

#[test]
fn time_and_chance_have_one_source() {
    refused(
        "src/services/x.rs",
        "fn f() { chrono::Utc::now(); }",
        "outside src/clock.rs",
    );
    refused("src/store/x.rs", "fn f() { Instant::now(); }", "outside src/clock.rs");
    refused(
        "src/store/x.rs",
        "fn f() { std::time::SystemTime::now(); }",
        "outside src/clock.rs",
    );
    refused("src/http/x.rs", "fn f() { Uuid::now_v7(); }", "outside src/ids.rs");
    refused("src/clock.rs", "fn f() { uuid::Uuid::new_v4(); }", "outside src/ids.rs");
    refused(
        "src/services/x.rs",
        "fn f() { getrandom::fill(&mut b); }",
        "outside src/ids.rs",
    );
    refused(
        "src/services/x.rs",
        "use argon2::password_hash::rand_core::OsRng;",
        "outside src/ids.rs",
    );
    refused("src/mail/file.rs", "fn f() { Instant::now(); }", "outside src/clock.rs");
    lawful("src/mail/smtp.rs", "fn f() { Instant::now(); }");
    lawful("src/clock.rs", "fn f() { Utc::now(); }");
    lawful("src/ids.rs", "fn f() { Uuid::now_v7(); getrandom::fill(&mut b); }");
    lawful("src/services/x.rs", "fn f(clock: &Clock) { clock.now(); let now = 1; }");
}

#[test]
fn every_file_has_manners() {
    assert!(violations("src/app.rs", "fn f() {}\n")[0].contains("no head comment"));
    refused("src/app.rs", "#[allow(dead_code)] fn f() {}", "`#[allow]`");
    refused("src/app.rs", "#![allow(dead_code)]", "`#[allow]`");
    refused("tests/it/main.rs", "#[allow(dead_code)] fn f() {}", "`#[allow]`");
    refused("src/app.rs", "fn f() { todo!() }", "left behind");
    refused("src/app.rs", &"\n".repeat(400), "divide it");
    lawful(
        "src/app.rs",
        "#[expect(dead_code, reason = \"x\")] fn f() { allow(1); }",
    );
}

#[test]
fn comments_and_strings_say_nothing() {
    let body = r###"
        // use crate::store::Store;
        /* use crate::http; /* nested */ Utc::now() */
        /// See [`crate::store::Store`], which todo!() never calls.
        const A: &str = "use crate::store; \" Utc::now() #[allow(x)]";
        const B: &str = r#"crate::store::X " todo!()"#;
        const C: &[u8] = b"crate::store::X";
        const D: [char; 3] = ['"', '\'', '\u{41}'];
        fn f<'a>(x: &'a str) -> &'a str { x }
    "###;
    lawful("src/domain/x.rs", body);
    // What follows a string, a character and a lifetime is read again.
    refused(
        "src/domain/x.rs",
        &format!("{body} use crate::store::Y;"),
        "imports go down only",
    );
}

#[test]
fn paths_are_unfolded_and_resolved() {
    let text =
        "use a::{b::{c as d, e}, f::*, self}; mod m { fn g() { super::h::i::<u8>(1); } } fn j() { self::k::l() }";
    let module = ["room".to_owned(), "file".to_owned()];
    let all: Vec<String> = paths(&tokens(text), &module)
        .into_iter()
        .filter(|path| path.segments.len() > 1)
        .map(|path| path.segments.join("::"))
        .collect();
    let expected = [
        "a::b::c",
        "a::b::e",
        "a::f::*",
        "a::self",
        "crate::room::file::h::i",
        "crate::room::file::k::l",
    ];
    assert_eq!(all, expected);
}

#[test]
fn a_line_is_named() {
    assert_eq!(
        found("src/store/x.rs", "\n\n/*\n*/ use crate::http::X;")[0]
            .split(':')
            .nth(1),
        Some("5")
    );
}

#[test]
fn no_room_stands_on_two_floors() {
    let mut names: Vec<&str> = FLOORS.iter().map(|(name, _)| *name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), FLOORS.len());
}
