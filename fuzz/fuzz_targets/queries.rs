//! Query strings and cursors: refused by the name of a parameter, or within bounds and without control characters.
#![no_main]

use actix_web::test::TestRequest;
use libfuzzer_sys::fuzz_target;
use panoh::domain::id::HoldId;
use panoh::http::parse::{Paging, id, query, states};
use panoh::http::problem::Problem;

fuzz_target!(|text: &str| {
    let Ok(uri) = format!("/?{text}").parse::<actix_web::http::Uri>() else { return };
    let request = TestRequest::default().uri(&uri.to_string()).to_http_request();
    match query::<Paging>(&request) {
        Err(problem) => told(&problem),
        Ok(paging) => pages(&paging),
    }
    if let Err(problem) = states::<panoh::domain::holds::HoldState>(Some(text)) {
        told(&problem);
    }
    if let Ok(found) = id::<HoldId>(text) {
        assert!(id::<HoldId>(&found.to_string()).is_ok_and(|again| again == found));
    }
});

fn pages(paging: &Paging) {
    match paging.limit() {
        Ok(limit) => assert!((1..=50).contains(&limit)),
        Err(problem) => told(&problem),
    }
    if let Ok(Some(code)) = paging.code() {
        assert!(code.len() <= 80 && !code.chars().any(char::is_control));
    }
    if let Ok(Some(moment)) = paging.moment() {
        assert_eq!(paging.number().ok().flatten(), Some(moment.timestamp_millis()));
    }
    let all = [paging.number().err(), paging.moment().err(), paging.id::<HoldId>().err(), paging.code().err()];
    all.iter().flatten().for_each(told);
}

fn told(problem: &Problem) {
    assert_eq!(problem.status, 422);
    assert!(!problem.errors.is_empty() && problem.errors.iter().all(|error| !error.code.is_empty()));
}
