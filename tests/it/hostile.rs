//! A corpus of hostile words in every field of every body, in every query and in every path of the document: never a fault
//! of ours, and never markup, formula or header where it is shown.

use mail_parser::MessageParser;
use panoh::http::matrix::{MATRIX, PREFIX};
use serde_json::{Value, json};

use crate::digests::stage::deliver_all;
use crate::harness::client::is_fault_of_ours;
use crate::harness::{Harness, on_both};
use crate::stage::{Stage, document};

/// As JSON, so that what no string of ours could be is among it: lone surrogates and numbers beyond any type.
const IN_BODIES: [&str; 20] = [
    r#""\u202Eevil\u202C""#,
    r#""zero\u200Bwidth""#,
    r#""\ud800""#,
    r#""\udc00\ud800""#,
    r#""Ѕhеltеr""#,
    r#""=HYPERLINK(\"http://x\";\"y\")""#,
    r#""@SUM(1+1)*cmd|' /C calc'!A0""#,
    r#""{{7*7}}${7*7}<%= 7 %>#{7}""#,
    r#""x\r\nBcc: everybody@example.org""#,
    r#""x%0d%0aSet-Cookie: a=b""#,
    r#""../../../../etc/passwd""#,
    r#""%_%%""#,
    r#""a\u0000b""#,
    r#""'; DROP TABLE referral; --""#,
    r#""<img src=x onerror=alert(1)>""#,
    r#""\u2028\u2029\uFEFF\uFFFE""#,
    "1e999",
    "-170141183460469231731687303715884105729",
    "0.1e-400",
    "99999999999999999999999999999999999999",
];

const IN_ADDRESSES: [&str; 14] = [
    "%E2%80%AEevil",
    "%ED%A0%80",
    "%FF%FE",
    "%00",
    "=1%2B1",
    "%7B%7B7*7%7D%7D",
    "x%0d%0aBcc:%20a@b.example",
    "..%2f..%2f..%2fetc%2fpasswd",
    "%25_%25%25",
    "%27%20OR%201=1--",
    "%3Cimg%20src=x%20onerror=alert(1)%3E",
    "99999999999999999999999999",
    "-1",
    "1e999",
];

/// Pointers to every text and number of a value.
fn leaves(value: &Value, at: &str, out: &mut Vec<String>) {
    match value {
        Value::Object(fields) => fields
            .iter()
            .for_each(|(name, inner)| leaves(inner, &format!("{at}/{name}"), out)),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .for_each(|(n, inner)| leaves(inner, &format!("{at}/{n}"), out)),
        Value::String(_) | Value::Number(_) => out.push(at.to_owned()),
        _ => {}
    }
}

/// The body with raw JSON in the place of one value.
fn bent(body: &Value, leaf: &str, raw: &str) -> String {
    const MARK: &str = "\u{1}here\u{1}";
    let mut body = body.clone();
    *body.pointer_mut(leaf).unwrap() = json!(MARK);
    body.to_string().replace(&json!(MARK).to_string(), raw)
}

/// The path with one of its letters written as a number.
fn encoded(path: &str, at: usize) -> String {
    format!("{}%{:02x}{}", &path[..at], path.as_bytes()[at], &path[at + 1..])
}

/// Whether a field of a route costs a slow hash at each try: a few words do for it.
fn is_slow(path: &str) -> bool {
    path.starts_with("/session")
        || path.starts_with("/users")
        || path.starts_with("/me/password")
        || path.starts_with("/tickets")
}

on_both! {
    async fn no_hostile_word_in_a_body_is_a_fault_of_ours(h: Harness) {
        let stage = Stage::set(&h).await;
        let mut tried = 0;
        for row in MATRIX {
            let method = row.method.as_str();
            let Some(body) = stage.body(&h, method, row.path) else { continue };
            let mut all = Vec::new();
            leaves(&body, "", &mut all);
            let some = if is_slow(row.path) { 2 } else { IN_BODIES.len() };
            for leaf in &all {
                for raw in IN_BODIES.iter().take(some) {
                    let answer = stage.call(&h, stage.user_of(row), method, &stage.path(row.path), bent(&body, leaf, raw).as_bytes()).await;
                    assert!(!is_fault_of_ours(answer.status), "{method} {} {leaf} {raw}: {}", row.path, answer.text());
                    let html = answer.header("content-type").is_some_and(|kind| kind.starts_with("text/html"));
                    assert!(!html || !answer.text().contains("<img src=x"), "{method} {} {leaf}", row.path);
                    tried += 1;
                }
            }
        }
        assert!(tried > 2000, "{tried}");
    }

    async fn no_hostile_word_in_a_query_or_path_is_a_fault_of_ours(h: Harness) {
        let stage = Stage::set(&h).await;
        let document = document();
        let mut tried = 0;
        for row in MATRIX.iter().filter(|row| row.method == "GET") {
            let told = &document["paths"][format!("{PREFIX}{}", row.path)]["get"]["parameters"];
            let plain = stage.path(row.path);
            let bare = plain.split('?').next().unwrap();
            for word in IN_ADDRESSES {
                let mut paths: Vec<String> = told.as_array().into_iter().flatten().filter(|one| one["in"] == "query")
                    .map(|one| format!("{bare}?{}={word}", one["name"].as_str().unwrap()))
                    .collect();
                paths.push(format!("{bare}?{word}"));
                paths.push(format!("{bare}/{word}"));
                if row.path.contains("{id}") {
                    paths.push(stage.path_with(row.path, word));
                }
                for path in paths {
                    let answer = stage.user_of(row).get(&path).await;
                    assert!(!is_fault_of_ours(answer.status), "{path}: {}", answer.text());
                    assert!(answer.header("set-cookie").is_none(), "{path}");
                    tried += 1;
                }
            }
        }
        assert!(tried > 1500, "{tried}");
    }

    /// The framework decodes a path before it chooses a handler, the guard must not be asked about another one.
    async fn a_path_that_is_written_otherwise_is_no_route(h: Harness) {
        let stage = Stage::set(&h).await;
        for row in MATRIX {
            let method = row.method.as_str();
            let plain = stage.path(row.path);
            let path = plain.split('?').next().unwrap();
            let mut written = vec![encoded(path, 1), encoded(path, PREFIX.len() + 1)];
            if !row.path.ends_with('}') {
                written.push(encoded(path, path.len() - 1));
            }
            for path in written {
                let body = stage.body(&h, method, row.path).map(|body| body.to_string()).unwrap_or_default();
                let answer = stage.call(&h, stage.user_of(row), method, &path, body.as_bytes()).await;
                assert_eq!(answer.status, 404, "{method} {path}: {}", answer.text());
            }
        }
    }

    async fn what_is_taken_is_shown_as_words_and_nothing_else(h: Harness) {
        let stage = Stage::set(&h).await;
        let c = &stage.country;
        let evil = ["=HYPERLINK(\"http://x\")", "+1+cmd|' /C calc'!A0", "-2+3", "@SUM(1)", "<img src=x onerror=alert(1)>", "{{7*7}} ${7*7}"];
        for (at, name) in evil.iter().enumerate() {
            let mut shelter = stage.body(&h, "POST", "/shelters").unwrap();
            shelter["name"] = json!(name);
            shelter["code"] = json!(format!("TJ-GB-{:02}", 20 + at));
            c.admin.post(&format!("{PREFIX}/shelters"), &shelter).await.expect(201);
            let mut schedule = stage.body(&h, "POST", "/digest-schedules").unwrap();
            schedule["name"] = json!(name);
            let made = c.admin.post(&format!("{PREFIX}/digest-schedules"), &schedule).await.expect(201);
            let path = format!("{PREFIX}/digest-schedules/{}/test", made["id"].as_str().unwrap());
            c.admin.post_once(&path, &format!("test-mail-{at}"), &json!({"language": "en"})).await;
        }
        h.clock.advance(chrono::Duration::days(1));
        h.jobs.turn().await;
        deliver_all(&h.jobs).await;
        assert!(!h.mail.sent().is_empty());
        for letter in h.mail.sent() {
            let read = MessageParser::default().parse(&letter.raw).unwrap();
            assert!(read.bcc().is_none() && read.to().is_some_and(|to| to.iter().count() == 1));
            let html = read.body_html(0).unwrap_or_default().into_owned();
            assert!(!html.contains("<img src=x"), "{html:.500}");
            assert!(!html.contains("49"), "a template was evaluated: {html:.500}");
        }
        let mut tables = 0;
        for (who, path) in [(&c.admin, "/shelters"), (&c.admin, "/availability/shelters"), (&c.committee, "/statistics/occupancy"), (&c.manager, "/shelters/{id}/stock/export")] {
            let path = stage.path(path);
            let admin = h.signed_in(&who.user).await;
            let answer = admin.get(&format!("{path}?format=csv")).await;
            if answer.header("content-type").is_none_or(|kind| !kind.starts_with("text/csv")) {
                continue;
            }
            tables += 1;
            let text = answer.text();
            let mut reader = csv::ReaderBuilder::new().flexible(true).has_headers(false).from_reader(text.trim_start_matches('\u{feff}').as_bytes());
            for row in reader.records() {
                for cell in row.unwrap().iter() {
                    let number = cell.parse::<f64>().is_ok();
                    assert!(number || !cell.starts_with(['=', '+', '-', '@', '\t', '\r']), "{path}: {cell}");
                }
            }
        }
        assert!(tables > 0);
    }
}
