//! Words that were written about a case are in no file once it is purged: not in the database, not in its log.

use std::path::{Path, PathBuf};

use serde_json::json;

use super::{answer, ask, close, days_later, open};
use crate::harness::country::search;
use crate::harness::{Database, Harness, on_both, postgres};

/// In every free text that a case has, and a household like no other.
const NOTE: &str = "шинамгулпари бо занбӯруғ";
const LABEL: &str = "zarrinqalam";
const SHAPE: [&str; 2] = [
    r#""age":17,"sex":"male"},{"age":13,"sex":"male"},{"age":11"#,
    r#""age":11,"sex":"male"}]"#,
];

/// The folder in which everything of the database lies. PostgreSQL's is brought up to date first. Its write-ahead log lies
/// elsewhere and keeps what it has until it is overwritten: docs/DATA.md says so.
pub fn folder(h: &Harness) -> PathBuf {
    if h.database == Database::Sqlite {
        return h.dir.path().to_owned();
    }
    let name = h.database_url.rsplit('/').next().unwrap();
    postgres::run("CHECKPOINT");
    let data = postgres::run("SHOW data_directory");
    let oid = postgres::run(&format!("SELECT oid FROM pg_database WHERE datname = '{name}'"));
    Path::new(data.trim()).join("base").join(oid.trim())
}

/// The files in which the bytes stand.
pub fn files_with(folder: &Path, bytes: &[u8]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files_with(&path, bytes));
        } else if std::fs::read(&path)
            .unwrap()
            .windows(bytes.len())
            .any(|part| part == bytes)
        {
            found.push(path);
        }
    }
    found
}

on_both! {
    async fn a_planted_word_is_in_no_file(h: Harness) {
        let mut country = h.country().await;
        h.report_all_empty(&country).await;
        let mut planted = search(&[]);
        planted["household"]["children"] = json!([{"age": 17, "sex": "male"}, {"age": 13, "sex": "male"}, {"age": 11, "sex": "male"}]);
        let mut codes = Vec::new();
        // Enough of them that pages fill, split and are put in order.
        for turn in 0..40 {
            let body = if turn % 4 == 0 { &planted } else { &search(&[4]) };
            let referral = open(&country, body).await;
            codes.push(country.officer.get(&format!("/api/v1/referrals/{referral}")).await.json()["code"].as_str().unwrap().to_owned());
            let fits = turn % 4 != 0;
            if fits {
                let hold = ask(&country, &referral).await;
                answer(&country, &hold, "decline", &json!({"reason": "full", "note": NOTE})).await;
            }
            close(&country, &referral, &["no_capacity"]).await;
        }
        let plan = json!({"households": [{"label": LABEL, "household": planted["household"], "from_district": "TJ-DU-01"}]});
        country.admin.post("/api/v1/plans/placement", &plan).await.expect(201);
        h.jobs.turn().await;
        let words: Vec<&str> = [NOTE, LABEL].into_iter().chain(SHAPE).chain(codes.iter().map(String::as_str)).collect();
        for word in &words {
            assert!(!files_with(&folder(&h), word.as_bytes()).is_empty(), "{word} was never there: the search proves nothing");
        }
        days_later(&h, &mut country, 30).await;
        let done = h.services.purge().await.unwrap();
        assert_eq!((done.cases, done.compacted), (40, true));
        for word in words {
            assert_eq!(files_with(&folder(&h), word.as_bytes()), Vec::<PathBuf>::new(), "{word}");
        }
    }
}

/// Somebody who reads an old state of the file keeps the log alive: the purge says so and comes again.
#[actix_web::test]
async fn a_reader_in_the_way_puts_it_off_and_no_more() {
    let h = Harness::start(Database::Sqlite).await;
    let country = h.country().await;
    let reader = h.services.store.snapshot().await.unwrap();
    panoh::store::accounts::has_users(&reader).await.unwrap();
    open(&country, &search(&[])).await;
    assert!(!h.services.purge().await.unwrap().compacted);
    drop(reader);
    assert!(h.services.purge_due().await.unwrap().is_some_and(|done| done.compacted));
    assert_eq!(h.services.purge_due().await.unwrap(), None);
}
