//! What the board learns from reports, and that it is the same whether it came report by report or was read again.

use std::process::{Command, Output};

use chrono::Duration;
use panoh::domain::chance::Record;
use serde_json::Value;

use crate::harness::{Harness, on_both};

on_both! {
    async fn a_record_follows_the_reports(h: Harness) {
        let country = h.country().await;
        let record = || h.services.board.current().record(country.shelter.id);
        let mut seen = vec![record()];
        for day in 0..6u16 {
            // It empties and fills by turns: what is free one day is gone the next.
            let occupied: Vec<u16> = country.shelter.rooms.iter().map(|room| room.beds * (day % 2)).collect();
            let manager = h.signed_in(&country.manager.user).await;
            let report = h.report(&country.shelter, &occupied);
            let key = format!("learning-{day}");
            manager.post_once(&country.path("/reports"), &key, &report).await.expect(201);
            seen.push(record());
            h.clock.advance(Duration::days(1));
        }
        assert_eq!(seen[0], Record::default());
        // The first report settles nothing but how large the shelter is; each of the next moves the record.
        for pair in seen[1..].windows(2).take(4) {
            assert_ne!(pair[0], pair[1]);
        }
        let other = h.services.board.current().record(country.other_shelter.id);
        assert_eq!(other, Record::default(), "no shelter learns from another's reports");

        // Drawn as a whole, the country's own figures are learned as well: the same record, told by them.
        h.services.redraw_board().await.unwrap();
        let once = record();
        h.services.redraw_board().await.unwrap();
        assert_eq!(record(), once);
        let node = h.another_node().await;
        assert_eq!(node.board.current().record(country.shelter.id), once);
    }
}

fn evaluate(rest: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_panoh"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("PANOH_")) {
        command.env_remove(name);
    }
    command.args(["evaluate", "chance"]).args(rest).output().unwrap()
}

const TABLE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/data/samples/toronto/dsosoc_2023-01-01_to_2023-04-04_raw.csv"
);

#[test]
fn the_command_prints_the_score_and_tells_what_it_cannot_use() {
    let toronto = ["--data", TABLE, "--map", "toronto", "--train-until", "2023-03-01"];
    let told = evaluate(&toronto);
    assert!(told.status.success());
    let words = String::from_utf8(told.stdout).unwrap();
    for part in [
        "20328 cases before 2023-03-01",
        "10244 from then on",
        "base rate 0.697",
        "Calibration",
    ] {
        assert!(words.contains(part), "{part}: {words}");
    }
    let told = evaluate(&[&toronto[..], &["--json"]].concat());
    let json: Value = serde_json::from_slice(&told.stdout).unwrap();
    assert_eq!(json["test_cases"], 10_244);
    assert!(json["learning_on"]["brier"].as_f64().unwrap() < 0.140);

    for (data, map, day, why) in [
        (TABLE, "toronto", "2022-01-01", "nothing to train on"),
        (TABLE, "toronto", "2024-01-01", "nothing to test on"),
        (TABLE, "toronto", "2023-02-30", "--train-until"),
        (TABLE, "atlantis", "2023-03-01", "no map is called atlantis"),
        (TABLE, "hud", "2023-03-01", "no such column"),
        ("/nowhere.csv", "toronto", "2023-03-01", "/nowhere.csv"),
    ] {
        let told = evaluate(&["--data", data, "--map", map, "--train-until", day]);
        let words = String::from_utf8(told.stderr).unwrap();
        assert!(!told.status.success() && words.contains(why), "{why}: {words}");
    }
}
