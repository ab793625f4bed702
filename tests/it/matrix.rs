//! Who may use which route: the OpenAPI document, the matrix and the door say the same.

use std::collections::BTreeSet;

use actix_web::http::Method;
use panoh::domain::accounts::Role;
use panoh::http::matrix::{MATRIX, PREFIX, Who, scopes};
use panoh::services::tokens::TokenDraft;
use serde_json::{Value, json};
use strum::IntoEnumIterator;

use crate::harness::client::Person;
use crate::harness::{Harness, on_both};
use crate::stage::{Stage, document};

/// A program of this role where the stage's people of that role work.
async fn program(h: &Harness, stage: &Stage, role: Role, scopes: Vec<String>) -> Person {
    let like = &stage.country.of(role).user;
    let draft = TokenDraft {
        name: "Program".to_owned(),
        role,
        organisation_id: like.organisation_id,
        shelters: like.shelters.clone(),
        scopes,
        days: 1,
    };
    let (view, token) = h.services.add_token(None, draft).await.unwrap();
    Person {
        user: view.program,
        token,
        http: h.http.clone(),
    }
}

/// What no program may do, whatever it was given: what concerns somebody's own account, other people's, what takes two
/// people, and what is shown for a reason that a person gives.
#[test]
fn programs_are_kept_from_what_is_for_people() {
    for row in MATRIX.iter().filter(|row| row.who != Who::Anybody) {
        let own =
            (row.path.starts_with("/me") || row.path == "/session") && (row.method, row.path) != (&Method::GET, "/me");
        let of_people = ["/users", "/approvals", "/tokens", "/audit", "/invitations"]
            .iter()
            .any(|path| row.path.starts_with(path));
        let for_a_reason = row.path.ends_with("/confidential") || row.path.ends_with("/handover");
        if own || of_people || for_a_reason {
            assert_eq!(row.scope(), None, "{} {}", row.method, row.path);
        }
    }
    assert!(scopes(Role::Committee).contains("read:statistics"));
    assert!(
        !scopes(Role::Committee).contains("write:shelters"),
        "no route asks the Committee for it"
    );
}

/// Operations without a row and rows without an operation.
fn differences(document: &Value) -> Vec<String> {
    let told: Vec<(String, String)> = document["paths"]
        .as_object()
        .unwrap()
        .iter()
        .flat_map(|(path, methods)| {
            let methods = methods.as_object().unwrap().keys();
            methods
                .map(|method| (method.to_uppercase(), path.clone()))
                .collect::<Vec<_>>()
        })
        .collect();
    let rows: Vec<(String, String)> = MATRIX
        .iter()
        .map(|row| (row.method.to_string(), format!("{PREFIX}{}", row.path)))
        .collect();
    let unique: BTreeSet<_> = rows.iter().collect();
    assert_eq!(unique.len(), rows.len(), "a route has two rows");
    let lacking = |some: &[(String, String)], others: &[(String, String)], what: &str| {
        let missing = some.iter().filter(|one| !others.contains(one));
        missing
            .map(|(method, path)| format!("{method} {path}: {what}"))
            .collect::<Vec<_>>()
    };
    let mut all = lacking(&told, &rows, "no row in the matrix");
    all.extend(lacking(&rows, &told, "not in the OpenAPI document"));
    all
}

#[test]
fn every_operation_has_one_row_and_every_row_an_operation() {
    assert_eq!(differences(&document()), Vec::<String>::new());
    let mut with_fake = document();
    with_fake["paths"]["/api/v1/addresses"] = json!({"get": {}});
    assert_eq!(differences(&with_fake), ["GET /api/v1/addresses: no row in the matrix"]);
    let mut with_less = document();
    with_less["paths"].as_object_mut().unwrap().remove("/api/v1/me");
    assert_eq!(differences(&with_less), ["GET /api/v1/me: not in the OpenAPI document"]);
}

#[test]
fn the_document_that_is_checked_in_is_fresh() {
    let stored = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json")).unwrap();
    assert!(
        stored == panoh::http::docs::openapi(),
        "openapi.json is stale; run: cargo run -- openapi > openapi.json"
    );
}

on_both! {
    async fn every_role_on_every_route(h: Harness) {
        let stage = Stage::set(&h).await;
        for row in MATRIX {
            let (method, path) = (row.method.as_str(), stage.path(row.path));
            let told = format!("{method} {path}");
            let body = stage.body(&h, method, row.path).map(|body| body.to_string()).unwrap_or_default();
            let headers = [("content-type", "application/json"), ("idempotency-key", "by-nobody")];
            let nobody = h.http.send(method, &path, &headers, body.as_bytes()).await;
            let stranger = stage.country.admin.http.send(
                method, &path, &[headers[0], headers[1], ("authorization", "Bearer pnh_nonsense")], body.as_bytes()).await;
            if row.who == panoh::http::matrix::Who::Anybody {
                assert!(nobody.status < 300, "{told} as nobody: {}", nobody.status);
            } else {
                for answer in [nobody, stranger] {
                    assert_eq!((answer.status, answer.code().as_str()), (401, "not_signed_in"), "{told} as nobody");
                }
            }
            for role in Role::iter() {
                let who = match row.path {
                    path if path.starts_with("/session") => &h.signed_in(&stage.country.of(role).user).await,
                    _ => stage.country.of(role),
                };
                let answer = stage.call(&h, who, method, &path, body.as_bytes()).await;
                if row.who.admits(role) {
                    assert!(!matches!(answer.status, 401 | 403 | 405 | 500..), "{told} as {role}: {} {}", answer.status, answer.text());
                } else {
                    assert_eq!((answer.status, answer.code().as_str()), (403, "not_your_role"), "{told} as {role}");
                }
            }
        }
    }

    async fn every_role_s_program_on_every_route(h: Harness) {
        let stage = Stage::set(&h).await;
        for role in Role::iter().filter(|role| *role != Role::Admin) {
            let all: Vec<String> = scopes(role).into_iter().collect();
            let program = program(&h, &stage, role, all.clone()).await;
            for row in MATRIX.iter().filter(|row| row.who != Who::Anybody) {
                let (method, path) = (row.method.as_str(), stage.path(row.path));
                let told = format!("{method} {path} as a {role}'s program");
                let body = stage.body(&h, method, row.path).map(|body| body.to_string()).unwrap_or_default();
                let answer = stage.call(&h, &program, method, &path, body.as_bytes()).await;
                let refused = match (row.who.admits(role), row.scope().is_none()) {
                    (false, _) => Some("not_your_role"),
                    (true, true) => Some("people_only"),
                    (true, false) => None,
                };
                match refused {
                    Some(code) => assert_eq!((answer.status, answer.code().as_str()), (403, code), "{told}"),
                    None => assert!(!matches!(answer.status, 401 | 403 | 405 | 500..), "{told}: {} {}", answer.status, answer.text()),
                }
            }
            // With one scope, nothing of any other.
            for scope in all {
                let program = self::program(&h, &stage, role, vec![scope.clone()]).await;
                let others = MATRIX.iter().filter(|row| row.who.admits(role) && row.scope().is_some_and(|needed| needed != scope));
                for row in others {
                    let (method, path) = (row.method.as_str(), stage.path(row.path));
                    let answer = stage.call(&h, &program, method, &path, b"{}").await;
                    assert_eq!((answer.status, answer.code().as_str()), (403, "not_in_scope"), "{method} {path} with {scope}");
                }
            }
        }
    }

    async fn what_has_no_row_is_not_there(h: Harness) {
        let country = h.country().await;
        for person in country.everybody() {
            for path in ["/api/v1/addresses", "/api/v1/", "/api/v1/shelters/1/2/3", "/api/v1/me/", "/api/v2/me", "/api/v1"] {
                let answer = person.get(path).await;
                assert_eq!((answer.status, answer.code().as_str()), (404, "not_found"), "{path}");
            }
            for (method, path) in [("DELETE", "/api/v1/me"), ("PATCH", "/api/v1/shelters"), ("POST", "/api/v1/geography"), ("TRACE", "/api/v1/me")] {
                let answer = person.send(method, path, &[], b"").await;
                assert_eq!((answer.status, answer.code().as_str()), (405, "method_not_allowed"), "{method} {path}");
            }
        }
    }
}
