//! Bent bodies: every field of every route that takes one, bent in every way its schema forbids, is refused by its name.

use std::time::Instant;

use panoh::http::matrix::{MATRIX, PREFIX};
use serde_json::{Map, Value, json};

use crate::harness::client::is_fault_of_ours;
use crate::harness::{Harness, on_both};
use crate::stage::{Stage, document};

/// A body that must be refused, and the field that must be named.
struct Bent {
    body: Value,
    field: String,
    how: String,
}

struct Bender<'a> {
    schemas: &'a Value,
    whole: &'a Value,
    out: Vec<Bent>,
}

fn kinds<'a>(schema: &'a Value, field: &str) -> Vec<&'a str> {
    match &schema["type"] {
        Value::String(kind) => vec![kind],
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
        _ => panic!("{field}: a schema without a type: {schema}"),
    }
}

impl Bender<'_> {
    fn schema<'b>(&'b self, schema: &'b Value) -> &'b Value {
        match schema["$ref"].as_str() {
            Some(name) => &self.schemas[name.rsplit('/').next().unwrap()],
            None => schema,
        }
    }

    fn bend(&mut self, pointer: &str, field: &str, to: Value, how: &str) {
        let mut body = self.whole.clone();
        match body.pointer_mut(pointer) {
            Some(place) => *place = to,
            None => {
                let (parent, name) = pointer.rsplit_once('/').unwrap();
                body.pointer_mut(parent).unwrap()[name] = to;
            }
        }
        let (field, how) = (field.to_owned(), how.to_owned());
        self.out.push(Bent { body, field, how });
    }

    fn all(&mut self, schema: &Value, pointer: &str, field: &str) {
        let schema = self.schema(schema).clone();
        let kinds = kinds(&schema, field);
        if !kinds.contains(&"null") {
            self.bend(pointer, field, Value::Null, "null");
        }
        self.wrong(&schema, pointer, field);
    }

    /// Every value of another type.
    fn wrong(&mut self, schema: &Value, pointer: &str, field: &str) {
        let schema = self.schema(schema).clone();
        let kinds = kinds(&schema, field);
        let wrong: Vec<Value> = match kinds[0] {
            "integer" => vec![
                json!(-1),
                json!(9_223_372_036_854_775_808_u64),
                json!(1.5),
                json!("5"),
                json!(1_000_000_000),
                json!(true),
                json!([]),
                json!({}),
                json!(1e300),
            ],
            "boolean" => vec![json!("true"), json!(1), json!(0), json!([])],
            "string" => vec![
                json!(5),
                json!(true),
                json!([]),
                json!({}),
                json!("x".repeat(10_000)),
                json!("a\u{0}b"),
                json!("a\u{1b}[2Jb"),
                json!("\u{202e}ab"),
            ],
            "array" => vec![json!("x"), json!(5), json!({"0": 1}), json!(true)],
            "object" => vec![json!("x"), json!(5), json!(true), json!([])],
            other => panic!("{field}: {other}"),
        };
        for value in wrong {
            let how = value.to_string().chars().take(20).collect::<String>();
            self.bend(pointer, field, value, &how);
        }
        if kinds[0] == "array" {
            let first = format!("{pointer}/0");
            assert!(self.whole.pointer(&first).is_some(), "{field}: the example has no item");
            self.all(&schema["items"], &first, &format!("{field}[0]"));
        }
        if kinds[0] == "object" {
            self.fields(&schema, pointer, field);
        }
    }

    fn fields(&mut self, schema: &Value, pointer: &str, field: &str) {
        let name_of = |name: &str| {
            if field.is_empty() {
                name.to_owned()
            } else {
                format!("{field}.{name}")
            }
        };
        // Anything may stand there: what a browser gives for a passkey.
        let values = &schema["additionalProperties"];
        if values.is_null() && schema["properties"].is_null() {
            return;
        }
        // A map: each of its values is bent, and one under a key that nobody knows is refused, too.
        if values.is_object() {
            self.bend(
                &format!("{pointer}/unknown_one"),
                &name_of("unknown_one"),
                json!("x"),
                "unknown",
            );
            let keys = self.whole.pointer(pointer).and_then(Value::as_object).unwrap().keys();
            for key in keys.cloned().collect::<Vec<_>>() {
                self.all(values, &format!("{pointer}/{key}"), &name_of(&key));
            }
            return;
        }
        // A shape that is not ours: whatever an object holds is taken.
        if values.is_null() && schema["properties"].is_null() {
            return;
        }
        assert_eq!(*values, json!(false), "{field}: unknown fields must be refused");
        self.bend(
            &format!("{pointer}/unknown_one"),
            &name_of("unknown_one"),
            json!(1),
            "unknown",
        );
        for name in schema["required"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
        {
            let mut body = self.whole.clone();
            let parent: &mut Map<String, Value> = body.pointer_mut(pointer).unwrap().as_object_mut().unwrap();
            parent
                .remove(name)
                .unwrap_or_else(|| panic!("the example lacks {name}"));
            self.out.push(Bent {
                body,
                field: name_of(name),
                how: "missing".to_owned(),
            });
        }
        for (name, inner) in schema["properties"].as_object().into_iter().flatten() {
            let (at, field) = (format!("{pointer}/{name}"), name_of(name));
            match inner["oneOf"].as_array().map(Vec::as_slice) {
                // Something or nothing: null is no fault.
                Some([some, nothing]) if nothing["type"] == "null" => self.wrong(some, &at, &field),
                Some([nothing, some]) if nothing["type"] == "null" => self.wrong(some, &at, &field),
                Some(_) => panic!("{name}: this oneOf is not bent yet"),
                None => self.all(inner, &at, &field),
            }
        }
    }
}

/// Routes whose bodies are not of our shape. Each gateway writes its own, fields beside those that are declared are
/// passed over, and who does not prove itself is refused before anything is read: `sms` bends its bodies. A table comes as
/// a file: `items` bends those. The link of a letter proves itself, and no body is read: `readers` bends the links.
const NOT_OF_OURS: [&str; 4] = [
    "/channels/sms",
    "/shelters/{id}/stock/read",
    "/readers/{id}/confirm",
    "/letters/{id}/unsubscribe",
];

/// Every bent body of a route, from its schema and a body that is right.
fn bent(document: &Value, method: &str, path: &str, whole: &Value) -> Vec<Bent> {
    let operation = &document["paths"][format!("{PREFIX}{path}")][method.to_lowercase()];
    let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
    assert!(schema.is_object(), "{method} {path}: no schema");
    let mut bender = Bender {
        schemas: &document["components"]["schemas"],
        whole,
        out: Vec::new(),
    };
    let schema = bender.schema(schema).clone();
    bender.fields(&schema, "", "");
    bender.out
}

/// What is deliberately not told apart: at the door, wrong is wrong.
fn may_be(path: &str, field: &str, status: u16) -> bool {
    path == "/session" && matches!(field, "email" | "password") && status == 401
        || path == "/session" && matches!(field, "code" | "recovery_code") && status == 200
        || path == "/session/proof" && field == "password" && status == 403
        || matches!(path, "/tickets/look" | "/tickets/use") && field == "token" && status == 404
}

on_both! {
    async fn every_bent_field_is_refused_by_its_name(h: Harness) {
        let stage = Stage::set(&h).await;
        let document = document();
        let (mut tried, mut wrong) = (0, Vec::new());
        let rows = MATRIX.iter().filter(|row| matches!(row.method.as_str(), "POST" | "PUT") && !NOT_OF_OURS.contains(&row.path));
        for row in rows.clone() {
            let (method, path) = (row.method.as_str(), stage.path(row.path));
            let whole = stage.body(&h, method, row.path).unwrap_or_else(|| panic!("{method} {path}: no example"));
            for case in bent(&document, method, row.path, &whole) {
                // Each try at the password costs a hash; its fields are bent in the tests of sessions.
                if row.path == "/session" && case.body["password"].is_string() && case.field != "unknown_one" && case.body["email"].is_string() && case.how.starts_with('"') {
                    continue;
                }
                tried += 1;
                let answer = stage.call(&h, stage.user_of(row), method, &path, case.body.to_string().as_bytes()).await;
                let named = answer.faults().iter().any(|(field, _)| *field == case.field);
                if !(answer.status == 422 && named || may_be(row.path, &case.field, answer.status)) {
                    wrong.push(format!("{method} {} {} = {}: {} {}", row.path, case.field, case.how, answer.status, answer.text().chars().take(160).collect::<String>()));
                }
            }
        }
        assert!(tried > 900, "only {tried} cases");
        assert!(wrong.is_empty(), "{} of {tried}:\n{}", wrong.len(), wrong.join("\n"));
        // And what was bent is right as it stands: or else nothing above was shown.
        // The shelter itself last: its reports need a line for the room that is added.
        let (last, first): (Vec<&panoh::http::matrix::Row>, Vec<_>) = rows.partition(|row| row.path == "/shelters/{id}");
        for row in first.into_iter().chain(last) {
            let (method, path) = (row.method.as_str(), stage.path(row.path));
            let whole = stage.body(&h, method, row.path).unwrap().to_string();
            let answer = stage.call(&h, stage.user_of(row), method, &path, whole.as_bytes()).await;
            assert!(answer.status < 300 || answer.status == 409, "{method} {path}: {} {}", answer.status, answer.text());
        }
    }

    async fn bodies_that_are_no_json_or_too_much(h: Harness) {
        let stage = Stage::set(&h).await;
        for row in MATRIX.iter().filter(|row| matches!(row.method.as_str(), "POST" | "PUT") && !NOT_OF_OURS.contains(&row.path)) {
            let (method, path) = (row.method.as_str(), stage.path(row.path));
            let who = stage.user_of(row);
            let whole = stage.body(&h, method, row.path).unwrap();
            let inside = whole.to_string();
            let inside = inside.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).unwrap();
            let deep = format!("{}{}", "[".repeat(20_000), "]".repeat(20_000));
            for broken in ["", "{", "nonsense", "{} {}", "{'a': 1}", deep.as_str(), "\u{feff}{}", "{\"a\": NaN}"] {
                let answer = stage.call(&h, who, method, &path, broken.as_bytes()).await;
                // What begins as JSON may also be refused for the first field that is wrong.
                let fine = answer.status == 400 || answer.status == 422 && (broken.contains('a') || broken == "{} {}");
                assert!(fine && answer.header("content-type") == Some("application/problem+json"),
                    "{method} {path} {broken:.20}: {} {}", answer.status, answer.text());
            }
            let not_utf8 = [b"{\"a".as_slice(), &[0xff, 0xfe], b"\": 1}"].concat();
            let answer = stage.call(&h, who, method, &path, &not_utf8).await;
            assert!(matches!(answer.status, 400 | 422), "{method} {path}: {}", answer.status);
            // Plans are the one exception: two thousand households in one body.
            let most = if path.contains("/plans") { 2048 } else { 64 };
            let large = format!("{{\"filler\": \"{}\"}}", "x".repeat((most + 1) * 1024));
            assert_eq!(stage.call(&h, who, method, &path, large.as_bytes()).await.status, 413, "{method} {path}");
            for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""] {
                let headers = [("content-type", kind), ("idempotency-key", "key-of-kind"), ("if-match", "\"1\"")];
                assert_eq!(who.send(method, &path, &headers, whole.to_string().as_bytes()).await.status, 415, "{method} {path}");
            }
            if let Some((name, value)) = whole.as_object().unwrap().iter().next() {
                let doubled = format!("{{{inside},\"{name}\":{value}}}");
                let answer = stage.call(&h, who, method, &path, doubled.as_bytes()).await;
                assert_eq!((answer.status, answer.faults()), (422, vec![(name.clone(), "duplicate_field".to_owned())]), "{method} {path}");
            }
        }
    }

    async fn bent_queries_and_headers(h: Harness) {
        let stage = Stage::set(&h).await;
        for row in MATRIX.iter().filter(|row| row.method.as_str() == "GET") {
            let path = stage.path(row.path);
            let who = stage.user_of(row);
            let with = |more: &str| format!("{path}{}{more}", if path.contains('?') { "&" } else { "?" });
            for bend in ["limit=0", "limit=51", "limit=-1", "limit=x", "limit=9223372036854775808", "limit=1&limit=2", "cursor=%00", "cursor=x%00y",
                "cursor=%F0%9F%98%80", "cursor=9223372036854775807", "cursor=-9223372036854775808", "unknown=1", "language=%00",
                "language=xx", "avoid=%00", "avoid=a,b,,,c", "%00=%00", "reason=%00%00%00", "reason=x"] {
                let answer = who.get(&with(bend)).await;
                assert!(!is_fault_of_ours(answer.status), "{} ?{bend}: {} {}", row.path, answer.status, answer.text());
                let takes = |name: &str| row.who != panoh::http::matrix::Who::Anybody && bend.starts_with(name);
                if takes("limit=") && answer.status < 300 {
                    let lists = ["/shelters", "/referrals", "/holds", "/digests", "/audit", "/shelters/{id}/reports", "/transfers", "/supply-requests"];
                    assert!(!lists.contains(&row.path), "{} takes ?{bend}", row.path);
                }
            }
        }
        let body = stage.body(&h, "POST", "/referrals").unwrap().to_string();
        for key in ["short", "with space in it", "ключ-ключ", &"x".repeat(81)] {
            let headers = [("content-type", "application/json"), ("idempotency-key", key)];
            let answer = stage.country.officer.send("POST", "/api/v1/referrals", &headers, body.as_bytes()).await;
            assert_eq!(answer.faults(), [("Idempotency-Key".to_owned(), "malformed".to_owned())]);
        }
    }
}

on_both! {
    async fn the_same_twice_and_dates_far_away(h: Harness) {
        let stage = Stage::set(&h).await;
        let twice = |body: &mut Value, list: &str| {
            let first = body[list][0].clone();
            body[list].as_array_mut().unwrap().push(first);
        };
        for (method, path, list, field) in [
            ("POST", "/users", "shelter_ids", "shelter_ids[1]"),
            ("PUT", "/users/{id}", "shelter_ids", "shelter_ids[1]"),
            ("POST", "/shelters/{id}/reports", "rooms", "rooms[2].room_id"),
            ("POST", "/shelters/{id}/reports", "stock", "stock[1].item"),
            ("POST", "/shelters/{id}/reports", "planned_exits", "planned_exits[1].room_id"),
            ("PUT", "/shelters/{id}/stock", "stock", "stock[1].item"),
            ("POST", "/transfers", "lines", "lines[1].item"),
            ("POST", "/transfers/{id}/dispatch", "lines", "lines[1].item"),
            ("POST", "/transfers/{id}/receive", "lines", "lines[1].item"),
        ] {
            let row = MATRIX.iter().find(|row| row.method.as_str() == method && row.path == path).unwrap();
            let mut body = stage.body(&h, method, path).unwrap();
            twice(&mut body, list);
            let answer = stage.call(&h, stage.user_of(row), method, &stage.path(path), body.to_string().as_bytes()).await;
            assert_eq!((answer.status, answer.faults()), (422, vec![(field.to_owned(), "duplicate".to_owned())]), "{method} {path}");
        }
        for (path, pointer, field, value) in [
            ("/suggestions", "/earliest_date", "earliest_date", "+262142-12-31"),
            ("/suggestions", "/earliest_date", "earliest_date", "0001-01-01"),
            ("/shelters/{id}/reports", "/observed_at", "observed_at", "1969-12-31T23:59:59Z"),
            ("/shelters/{id}/reports", "/observed_at", "observed_at", "9999-12-31T23:59:59Z"),
            ("/shelters/{id}/reports", "/planned_exits/0/date", "planned_exits[0].date", "2026-11-20"),
            ("/shelters/{id}/reports", "/planned_exits/0/date", "planned_exits[0].date", "2028-11-20"),
        ] {
            let row = MATRIX.iter().find(|row| row.method.as_str() == "POST" && row.path == path).unwrap();
            let mut body = stage.body(&h, "POST", path).unwrap();
            *body.pointer_mut(pointer).unwrap() = json!(value);
            let answer = stage.call(&h, stage.user_of(row), "POST", &stage.path(path), body.to_string().as_bytes()).await;
            assert_eq!((answer.status, answer.faults()), (422, vec![(field.to_owned(), "out_of_range".to_owned())]), "{path} {value}");
        }
    }
}

#[actix_web::test]
async fn a_hostile_body_costs_little() {
    let h = Harness::start(crate::harness::Database::Sqlite).await;
    let stage = Stage::set(&h).await;
    // As many faults as 64 kB can hold, each to be told.
    let line = json!({"room_id": "00000000-0000-0000-0000-000000000000", "occupied_beds": -1});
    let lines = vec![line; 480];
    let body = json!({"observed_at": h.services.now(), "rooms": lines}).to_string();
    let start = Instant::now();
    let answer = stage
        .call(
            &h,
            &stage.country.manager,
            "POST",
            &stage.country.path("/reports"),
            body.as_bytes(),
        )
        .await;
    assert_eq!(answer.status, 422);
    assert!(start.elapsed().as_secs() < 2, "{:?}", start.elapsed());
}
