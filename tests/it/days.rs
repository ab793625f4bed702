//! The day book and what is said out of it: written once by whichever node, filled from the history, and never changed by
//! what comes later.

use std::collections::BTreeMap;
use std::fs::File;
use std::process::Command;

use chrono::{Days, Duration, NaiveDate};
use panoh::domain::calendar;
use panoh::domain::occupancy::Map;
use panoh::services::imports::ImportOptions;
use serde_json::{Value, json};

use crate::harness::country::Country;
use crate::harness::{Harness, on_both};

const TABLE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/data/samples/toronto/dsosoc_2023-01-01_to_2023-04-04_raw.csv"
);
const MAP: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/data/maps/toronto.toml");

fn today(h: &Harness) -> NaiveDate {
    calendar::local_date(h.services.pack.time_zone, h.clock.now())
}

/// The manager's shelter says who sleeps there, now.
async fn reported(h: &Harness, country: &Country, occupied: &[u16]) {
    let manager = h.signed_in(&country.manager.user).await;
    let key = format!("days-{}", h.clock.now().timestamp());
    let body = h.report(&country.shelter, occupied);
    manager
        .post_once(&country.path("/reports"), &key, &body)
        .await
        .expect(201);
}

/// A report each day for so many days, the last of them today's.
async fn days_of_reports(h: &Harness, country: &Country, occupied: impl Fn(u64) -> u16, days: u64) {
    for day in 0..days {
        reported(h, country, &[occupied(day), 0]).await;
        h.clock.advance(Duration::days(1));
    }
    h.clock.advance(-Duration::days(1));
}

async fn asked(h: &Harness, country: &Country, path: &str) -> Value {
    let committee = h.signed_in(&country.committee.user).await;
    committee.get(&format!("/api/v1/statistics/{path}")).await.expect(200)
}

async fn fill(h: &Harness) -> usize {
    let mut written = 0;
    while h.jobs.keep_day().await.unwrap() {
        written += 1;
    }
    written
}

fn by_date(answer: &Value) -> BTreeMap<String, Value> {
    let days = answer["days"].as_array().unwrap().iter();
    days.map(|day| (day["date"].as_str().unwrap().to_owned(), day.clone()))
        .collect()
}

on_both! {
    async fn each_evening_is_what_was_known_of_it_and_stays_so(h: Harness) {
        let country = h.country().await;
        days_of_reports(&h, &country, |day| u16::try_from(day % 3).unwrap(), 6).await;
        let last = today(&h);
        assert_eq!(fill(&h).await, 6, "five evenings, and once that nothing is known of those before");
        assert_eq!(fill(&h).await, 0);
        let answer = asked(&h, &country, "occupancy").await;
        let days = by_date(&answer);
        assert_eq!(days.len(), 5, "today is not over: {answer}");
        assert_eq!(answer["to"], json!(last.pred_opt().unwrap()));
        for (date, day) in &days {
            let at: NaiveDate = date.parse().unwrap();
            let then = h.services.availability_at(at).await.unwrap();
            let free = then.national.counts.free;
            assert_eq!(day["national"]["free"].as_u64(), Some(free), "{date}");
            assert_eq!(day["national"]["family_places"].as_u64(), Some(then.national.family_places), "{date}");
            let of_regions: u64 = day["regions"].as_array().unwrap().iter().map(|row| row["free"].as_u64().unwrap()).sum();
            assert_eq!(of_regions, free, "{date}");
        }
        // What is told of an old evening today is new, and the evening stays as it was known.
        let manager = h.signed_in(&country.manager.user).await;
        let mut late = h.report(&country.shelter, &[3, 3]);
        late["observed_at"] = json!(h.clock.now() - Duration::days(1));
        manager.post_once(&country.path("/reports"), "late-report", &late).await.expect(201);
        assert_eq!(fill(&h).await, 0);
        assert_eq!(by_date(&asked(&h, &country, "occupancy").await), days);
        h.clock.advance(Duration::days(1));
        assert_eq!(fill(&h).await, 1, "the day that ended since");
        assert_eq!(by_date(&asked(&h, &country, "occupancy").await).len(), 6);
    }

    async fn two_nodes_write_one_book(h: Harness) {
        let country = h.country().await;
        days_of_reports(&h, &country, |_| 1, 3).await;
        let other = h.another_node().await;
        let both = async |services: &panoh::services::Services| {
            let mut written = 0;
            while services.keep_day().await.unwrap() {
                written += 1;
            }
            written
        };
        let (here, there) = tokio::join!(both(&h.services), both(&other));
        assert!((3..=6).contains(&(here + there)), "{here} {there}");
        assert_eq!(by_date(&asked(&h, &country, "occupancy").await).len(), 2);
    }

    async fn a_digest_made_just_after_midnight_has_the_evening_before(h: Harness) {
        let country = h.country().await;
        days_of_reports(&h, &country, |_| 1, 3).await;
        let night = json!({"name": "Night", "cadence": "daily", "time": "00:00", "zone": "Asia/Dushanbe", "region": null,
            "active": true});
        h.signed_in(&country.admin.user).await.post("/api/v1/digest-schedules", &night).await.expect(201);
        let midnight = today(&h).succ_opt().unwrap().and_hms_opt(0, 0, 5).unwrap();
        h.clock.set(calendar::instant(h.services.pack.time_zone, midnight).unwrap());
        // The evenings before were kept long ago; the last one nobody has written down yet.
        assert_eq!(h.jobs.run_due().await.unwrap(), 1);
        let committee = h.signed_in(&country.committee.user).await;
        let made = committee.get("/api/v1/digests").await.expect(200)["items"][0].clone();
        assert!(made["id"].is_string(), "{made}");
        let last = today(&h).pred_opt().unwrap();
        assert_eq!(by_date(&asked(&h, &country, "occupancy").await).into_keys().collect::<Vec<_>>(), [last.to_string()]);
        assert_eq!(fill(&h).await, 3, "two evenings, and once that nothing is known of those before");
    }

    async fn nights_told_of_by_a_table_open_their_evenings_again(h: Harness) {
        h.clock.set("2023-02-20T07:00:00Z".parse().unwrap());
        let country = h.country().await;
        assert_eq!(fill(&h).await, 1);
        assert!(by_date(&asked(&h, &country, "occupancy").await).is_empty(), "nobody has reported yet");
        let map = Map::parse(&std::fs::read_to_string(MAP).unwrap()).unwrap();
        h.clock.set("2023-04-05T12:00:00Z".parse().unwrap());
        let options = ImportOptions { file: "toronto.csv".to_owned(), partial: false };
        let report = h.services.import_occupancy(&map, File::open(TABLE).unwrap(), &options, |_| {}).await.unwrap();
        assert_eq!(report.stored, 12_897);
        assert_eq!(fill(&h).await, 90, "all of them lie within the table");
        let answer = asked(&h, &country, "occupancy?from=2023-02-15&to=2023-02-15&region=CA-ON").await;
        let then = h.services.availability_at("2023-02-15".parse::<NaiveDate>().unwrap()).await.unwrap();
        let counts = then.regions["CA-ON"].counts;
        let day = &answer["days"][0]["regions"][0];
        assert_eq!((day["region"].as_str(), day["free"].as_u64()), (Some("CA-ON"), Some(counts.free)));
        let sum = ["occupied", "held", "enclosed", "out_of_service", "free"].map(|key| day[key].as_u64().unwrap());
        assert_eq!(day["beds"].as_u64().unwrap() + day["over_capacity"].as_u64().unwrap(), sum.iter().sum::<u64>());
        // The same table again tells nothing new.
        h.services.import_occupancy(&map, File::open(TABLE).unwrap(), &options, |_| {}).await.unwrap();
        assert_eq!(fill(&h).await, 0);
    }

    async fn two_periods_are_compared_by_their_mean_evening(h: Harness) {
        let country = h.country().await;
        // Seven days with one bed taken, then seven with three.
        days_of_reports(&h, &country, |day| if day < 7 { 1 } else { 3 }, 15).await;
        fill(&h).await;
        let answer = asked(&h, &country, "compare").await;
        assert_eq!((&answer["now"]["days"], &answer["before"]["days"]), (&json!(7), &json!(7)), "{answer}");
        assert_eq!(answer["now"]["means"]["occupied"], json!(3.0));
        assert_eq!(answer["difference"]["occupied"], json!(2.0));
        assert_eq!(answer["difference"]["beds"], json!(0.0));
        let region = &country.shelter.region;
        let same = asked(&h, &country, &format!("compare?region={region}")).await;
        assert_eq!(same["difference"]["occupied"], json!(2.0));
        // Nothing is known of a year ago.
        let old = asked(&h, &country, "compare?with_from=2025-11-01&with_to=2025-11-07").await;
        assert_eq!((&old["before"]["means"], &old["difference"]), (&Value::Null, &Value::Null));
        let committee = h.signed_in(&country.committee.user).await;
        let csv = committee.get("/api/v1/statistics/compare?format=csv").await;
        assert!(csv.text().contains("occupied,3.0,1.0,2.0"), "{}", csv.text());
    }

    async fn a_question_that_makes_no_sense_is_refused_by_its_field(h: Harness) {
        let country = h.country().await;
        let committee = &country.committee;
        for (path, field) in [
            ("occupancy?from=2026-11-02&to=2026-11-01", "to"),
            ("occupancy?from=2020-01-01", "from"),
            ("occupancy?region=XX", "region"),
            ("occupancy?format=pdf", "format"),
            ("occupancy?day=2026-11-01", "day"),
            ("compare?with_from=2026-11-02&with_to=2026-11-01", "with_to"),
            ("forecast?region=", "region"),
            ("standard?format=xls", "format"),
        ] {
            let answer = committee.get(&format!("/api/v1/statistics/{path}")).await;
            assert_eq!(answer.status, 422, "{path}");
            assert_eq!(answer.faults()[0].0, field, "{path}");
        }
        assert_eq!(country.officer.get("/api/v1/statistics/occupancy").await.status, 403);
    }

    async fn the_week_ahead_is_said_from_four_weeks_on(h: Harness) {
        let country = h.country().await;
        days_of_reports(&h, &country, |day| u16::try_from(day % 2).unwrap(), 20).await;
        fill(&h).await;
        let answer = asked(&h, &country, "forecast").await;
        assert_eq!((&answer["basis"], &answer["days_known"], &answer["days"]), (&json!("too_little"), &json!(19), &json!([])));
        h.clock.advance(Duration::days(1));
        days_of_reports(&h, &country, |day| u16::try_from(day % 2).unwrap(), 20).await;
        fill(&h).await;
        let answer = asked(&h, &country, "forecast").await;
        assert_eq!((&answer["basis"], &answer["days_known"]), (&json!("learned"), &json!(39)), "{answer}");
        let days = answer["days"].as_array().unwrap();
        assert_eq!((days.len(), &days[0]["date"]), (7, &json!(today(&h))));
        let book = asked(&h, &country, "occupancy").await;
        let evening = &book["days"].as_array().unwrap().last().unwrap()["national"];
        let beds = evening["beds"].as_u64().unwrap();
        for day in days {
            let said = |key: &str| day["free"][key].as_u64().unwrap();
            assert!(said("low") <= said("expected") && said("expected") <= said("high"), "{day}");
            assert!((beds - 2..=beds + 1).contains(&said("expected")), "{beds}: {day}");
        }
        assert!(answer["backtest"]["free"]["origins"].as_u64().unwrap() > 0, "{answer}");
        // A book that has ended says nothing of tomorrow.
        h.clock.advance(Duration::days(2));
        assert_eq!(asked(&h, &country, "forecast").await["basis"], "too_little");
    }

    async fn the_gap_is_what_the_pack_asks_less_what_there_is(h: Harness) {
        let country = h.country().await;
        h.report_all_empty(&country).await;
        let answer = asked(&h, &country, "standard").await;
        let pack = &h.services.pack;
        assert_eq!(answer["inhabitants_per_place"], json!(pack.family_place.inhabitants));
        assert_eq!(answer["source"], json!(pack.family_place.source));
        let inhabitants: u64 = pack.regions.iter().map(|region| region.population.unwrap()).sum();
        let national = &answer["national"];
        assert_eq!((&national["population"], &national["required"]), (&json!(inhabitants), &json!(inhabitants.div_ceil(10_000))));
        let places = h.services.availability().availability.national.family_capacity;
        assert!(places > 0);
        assert_eq!(national["gap"], json!(inhabitants.div_ceil(10_000) - places));
        let regions = answer["regions"].as_array().unwrap();
        let of_regions: u64 = regions.iter().map(|row| row["places"].as_u64().unwrap()).sum();
        assert_eq!((regions.len(), of_regions), (pack.regions.len(), places));
        let csv = country.committee.get("/api/v1/statistics/standard?format=csv").await;
        assert_eq!(csv.text().lines().count(), pack.regions.len() + 2);
    }

    async fn a_table_of_occupancy_has_a_line_for_each_evening_and_region(h: Harness) {
        let country = h.country().await;
        days_of_reports(&h, &country, |_| 1, 4).await;
        fill(&h).await;
        let committee = h.signed_in(&country.committee.user).await;
        let all = committee.get("/api/v1/statistics/occupancy?format=csv").await;
        assert_eq!(all.header("content-type"), Some("text/csv; charset=utf-8"));
        let regions = h.services.pack.regions.len();
        assert_eq!(all.text().lines().count(), 1 + 3 * (regions + 1), "{}", all.text());
        let first = today(&h).checked_sub_days(Days::new(3)).unwrap();
        let one = committee
            .get(&format!("/api/v1/statistics/occupancy?format=csv&region={}&from={first}&to={first}", country.shelter.region))
            .await;
        let text = one.text();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 2, "{text}");
        assert!(lines[1].starts_with(&format!("{first},{},", country.shelter.region)), "{text}");
    }

    async fn anybody_may_read_what_the_figures_mean(h: Harness) {
        for language in ["tg", "ru", "en"] {
            let answer = h.http.send("GET", &format!("/api/v1/glossary?language={language}"), &[], b"").await.expect(200);
            assert_eq!(answer["language"], language);
            let terms = answer["terms"].as_array().unwrap();
            assert!(terms.len() > 20 && terms.iter().any(|term| term["code"] == "family_places"));
        }
        assert_eq!(h.http.send("GET", "/api/v1/glossary?language=xx", &[], b"").await.status, 422);
        assert_eq!(h.http.send("GET", "/api/v1/glossary", &[], b"").await.expect(200)["language"], "tg");
    }
}

fn evaluate(rest: &[&str]) -> std::process::Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_panoh"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("PANOH_")) {
        command.env_remove(name);
    }
    command.args(["evaluate", "forecast"]).args(rest).output().unwrap()
}

/// On the nights of a real city ours is nearer than both rules that anybody could follow.
#[test]
fn the_backtest_is_printed_and_ours_is_nearer_than_the_same_weekday_a_week_before() {
    let told = evaluate(&["--data", TABLE]);
    assert!(told.status.success());
    let words = String::from_utf8(told.stdout).unwrap();
    for part in [
        "94 nights",
        "66 forecasts of 441 nights",
        "as on the same weekday a week before",
        "80 % interval",
    ] {
        assert!(words.contains(part), "{part}: {words}");
    }
    let told = evaluate(&["--data", TABLE, "--json"]);
    let json: Value = serde_json::from_slice(&told.stdout).unwrap();
    let figures = json["figures"].as_array().unwrap();
    assert_eq!(figures.len(), 2);
    for figure in figures {
        let of = |key: &str| figure[key].as_f64().unwrap();
        assert!(of("mae") < 0.9 * of("mae_seasonal_naive"), "{figure}");
        assert!(of("mae") < of("mae_last_value"), "{figure}");
        assert!((0.65..0.95).contains(&of("coverage")), "{figure}");
    }
    for (data, map, why) in [
        ("nowhere.csv", "toronto", "nowhere.csv"),
        (TABLE, "atlantis", "no map is called atlantis"),
    ] {
        let told = evaluate(&["--data", data, "--map", map]);
        assert!(!told.status.success());
        assert!(String::from_utf8(told.stderr).unwrap().contains(why), "{why}");
    }
}
