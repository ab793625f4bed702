//! Ninety-four nights of a real city: asked for by day, the availability and the digest of a night are what the table's
//! own columns add up to, through the service and through the commands as they are typed.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::Path;
use std::process::Command;

use chrono::{Days, Duration, NaiveDate};
use panoh::domain::availability::Counts;
use panoh::domain::household::{AgeBand, Child, Household, Search, Sex, Urgency};
use panoh::domain::id::Moment;
use panoh::domain::occupancy::Map;
use panoh::services::imports::ImportOptions;
use serde_json::Value;

use crate::harness::{Harness, on_both};

const TABLE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/data/samples/toronto/dsosoc_2023-01-01_to_2023-04-04_raw.csv"
);
const MAP: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/data/maps/toronto.toml");
/// The first and the last night, the two around the start of summer time, and one in between.
const NIGHTS: [&str; 5] = ["2023-01-01", "2023-02-15", "2023-03-11", "2023-03-12", "2023-04-04"];

/// Beds or rooms, occupied, out of service, free, beyond capacity.
type Sums = [u64; 5];

/// By sector, and of the city under the empty name, straight from the columns.
fn sums(night: &str) -> BTreeMap<String, Sums> {
    let mut sums: BTreeMap<String, Sums> = BTreeMap::new();
    for record in csv::Reader::from_path(TABLE).unwrap().records() {
        let record = record.unwrap();
        if &record[1] != night {
            continue;
        }
        let first = if record[19].starts_with("Bed") { 20 } else { 25 };
        let cell = |at: usize| record[at].parse::<f64>().unwrap() as i64;
        let (unoccupied, unavailable) = (cell(first + 3), cell(first + 4).max(0));
        let row = [
            cell(first) + unavailable,
            cell(first + 2),
            unavailable,
            unoccupied.max(0),
            (-unoccupied).max(0),
        ];
        for sector in [&record[14], ""] {
            let sum = sums.entry(sector.to_owned()).or_default();
            sum.iter_mut()
                .zip(row)
                .for_each(|(sum, n)| *sum += u64::try_from(n).unwrap());
        }
    }
    sums
}

fn of_counts(c: &Counts) -> Sums {
    [c.beds, c.occupied, c.out_of_service, c.free, c.over_capacity]
}

fn of_json(c: &Value) -> Sums {
    ["beds", "occupied", "out_of_service", "free", "over_capacity"].map(|key| c[key].as_u64().unwrap())
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn grouped(n: u64) -> String {
    if n < 1000 {
        n.to_string()
    } else {
        format!("{},{:03}", n / 1000, n % 1000)
    }
}

on_both! {
    async fn a_night_asked_for_by_its_day_is_that_night(h: Harness) {
        let services = &h.services;
        let map = Map::parse(&std::fs::read_to_string(MAP).unwrap()).unwrap();
        let options = ImportOptions { file: "toronto.csv".to_owned(), partial: false };
        let report = services.import_occupancy(&map, File::open(TABLE).unwrap(), &options, |_| {}).await.unwrap();
        assert_eq!((report.rows, report.stored, report.refused_rows), (12_897, 12_897, 0));

        for night in NIGHTS {
            let expected = sums(night);
            let picture = services.availability_at(day(night)).await.unwrap();
            let mut told: BTreeMap<String, Sums> =
                picture.by_sector.iter().map(|row| (row.sector.clone(), of_counts(&row.counts))).collect();
            told.insert(String::new(), of_counts(&picture.national.counts));
            assert_eq!(told, expected, "{night}");
            assert_eq!(picture.national.shelters.silent, 0, "{night}");

            let (content, letter) = services.preview_at(day(night), None, "en").await.unwrap();
            let [beds, occupied, out, free, over] = expected[""];
            let totals = content.totals;
            assert_eq!([totals.beds, totals.occupied, totals.out_of_service, totals.free, totals.over_capacity].map(u64::from), expected[""]);
            assert_eq!((content.period, content.standard), (day(night), None));
            // The pack's regions in their order, none with shelters, then the table's own.
            let regions: Vec<(&str, u32)> = content.regions.iter().map(|r| (r.region.as_str(), r.totals.shelters.total)).collect();
            assert_eq!((regions.len(), regions[5]), (6, ("CA-ON", 142)), "{regions:?}");
            assert_eq!(content.regions[5].totals, totals);
            let words = letter.text.split_whitespace().collect::<Vec<_>>().join(" ");
            // Where all is normal the letter is short, and the region's line has the figures.
            let whole = !words.contains("ALL IS NORMAL");
            for said in [
                format!("{} of {} beds free", grouped(free), grouped(beds)),
                format!("Beds in all: {} Occupied: {} On hold: 0 Empty in taken rooms: 0 Out of service: {} Free: {}",
                    grouped(beds), grouped(occupied), grouped(out), grouped(free)),
                format!("Beds {} · Occupied {} · Free {}", grouped(beds), grouped(occupied), grouped(free)),
                "CA-ON — ".to_owned(),
                "142 of 142 shelters have reported.".to_owned(),
            ] {
                let is_left_out = said.starts_with("Beds in all") && !whole;
                assert_eq!(words.contains(&said), !is_left_out, "{night}: {said}\n{}", letter.text);
            }
            assert_eq!(words.contains(&format!("People beyond capacity: {over}")), over > 0);
            // The trend ends with this night and goes back by whole nights of the same table.
            let points = content.trend.map(|trend| trend.points).unwrap_or_default();
            for point in &points {
                assert_eq!(u64::from(point.free), sums(&point.date.to_string())[""][3], "{night}: {}", point.date);
            }
            let nights = (day(night) - day(NIGHTS[0])).num_days() + 1;
            assert_eq!(points.len(), if nights == 1 { 0 } else { usize::try_from(nights.min(30)).unwrap() });

            // The same night in its region alone, and of another region nothing.
            let (region, _) = services.preview_at(day(night), Some("CA-ON".to_owned()), "ru").await.unwrap();
            assert_eq!(region.totals, totals);
            let (other, _) = services.preview_at(day(night), Some("TJ-SU".to_owned()), "tg").await.unwrap();
            assert_eq!(other.totals.beds, 0);
        }
        // Before the first night nothing is known; after the last it stays and grows old.
        assert_eq!(services.availability_at(day("2022-12-31")).await.unwrap().national.counts, Counts::default());
        let later = services.availability_at(day("2023-04-04") + Days::new(9)).await.unwrap();
        assert_eq!(of_counts(&later.national.counts), sums("2023-04-04")[""]);
        assert_eq!(later.national.shelters.silent, 142);
        // At the instant at which the day ends in Dushanbe it is still the afternoon in Toronto.
        let end = "2023-02-15T18:59:59Z".parse::<Moment>().unwrap();
        let instant = services.availability_at(end).await.unwrap();
        assert_eq!(of_counts(&instant.national.counts), sums("2023-02-14")[""]);

        // Somebody to place, the hour after the last night.
        h.clock.set("2023-04-05T03:00:00Z".parse::<Moment>().unwrap() + Duration::hours(1));
        let search = Search {
            household: Household::new(vec![AgeBand::From18To59], vec![Child { age: 5, sex: Sex::Male }]).unwrap(),
            needs: BTreeSet::new(),
            languages: BTreeSet::new(),
            from_district: "TJ-DU-01".to_owned(),
            avoid_districts: BTreeSet::new(),
            excluded: Default::default(),
            urgency: Urgency::Now,
            earliest_date: None,
            rooms_apart_ok: false,
        };
        let (_, ranking) = services.suggest(&search, 5).unwrap();
        assert!(!ranking.suggestions.is_empty());
        assert!(ranking.suggestions.iter().all(|place| place.region == "CA-ON"));
    }
}

/// What a command that must succeed prints, as JSON.
fn panoh(folder: &Path, arguments: &[&str]) -> Value {
    let mut command = Command::new(env!("CARGO_BIN_EXE_panoh"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("PANOH_")) {
        command.env_remove(name);
    }
    let output = command.arg("--data-dir").arg(folder).args(arguments).output().unwrap();
    assert!(
        output.status.success(),
        "{arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{arguments:?}: {e}"))
}

#[test]
fn the_commands_as_they_are_typed() {
    let folder = tempfile::tempdir().unwrap();
    let import = ["import", "occupancy", TABLE, "--map", "toronto", "--json"];
    let report = panoh(folder.path(), &import);
    let figures =
        |report: &Value| ["rows", "stored", "unchanged", "refused_rows"].map(|key| report[key].as_u64().unwrap());
    assert_eq!(figures(&report), [12_897, 12_897, 0, 0]);
    for night in ["2023-02-15", "2023-03-12"] {
        let expected = sums(night);
        let picture = panoh(folder.path(), &["availability", "--at", night, "--json"]);
        assert_eq!(of_json(&picture["national"]), expected[""], "{night}");
        for row in picture["by_sector"].as_array().unwrap() {
            assert_eq!(of_json(row), expected[row["sector"].as_str().unwrap()], "{night}");
        }
        assert_eq!(picture["by_sector"].as_array().unwrap().len() + 1, expected.len());
        assert_eq!(picture["regions"][0]["region"], "CA-ON");
        let digest = panoh(folder.path(), &["digest", "preview", "--at", night, "--json"]);
        assert_eq!(of_json(&digest["totals"]), expected[""], "{night}");
        assert_eq!(digest["period"], night);
    }
    // Eleven in the evening in Toronto, to the second.
    let instant = panoh(
        folder.path(),
        &["availability", "--at", "2023-02-15T23:00:00-05:00", "--json"],
    );
    assert_eq!(of_json(&instant["national"]), sums("2023-02-15")[""]);
    let before = panoh(
        folder.path(),
        &["availability", "--at", "2023-02-15T22:59:59-05:00", "--json"],
    );
    assert_eq!(of_json(&before["national"]), sums("2023-02-14")[""]);
    let wrong = Command::new(env!("CARGO_BIN_EXE_panoh"))
        .args(["availability", "--at", "yesterday"])
        .output()
        .unwrap();
    assert!(!wrong.status.success());
    assert!(String::from_utf8_lossy(&wrong.stderr).contains("a day such as 2026-11-22"));
    assert_eq!(figures(&panoh(folder.path(), &import)), [12_897, 0, 12_897, 0]);
    let checked = panoh(folder.path(), &["check", "--json"]);
    assert!(
        checked.as_array().unwrap().iter().all(|row| row["broken"] == 0),
        "{checked}"
    );
}
