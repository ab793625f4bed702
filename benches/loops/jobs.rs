//! Whole jobs: the first answer, a digest in all languages, a table of daily occupancy.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use chrono::{TimeDelta, Utc};
use panoh::domain::occupancy::{Map, Reader, SHIPPED};
use serde_json::{Value, json};

use crate::program::{self, Program};
use crate::table::Table;
use crate::{Outcome, bare};

/// How often a digest is made; the middle one counts.
const TURNS: usize = 5;
/// After this long no further one is made.
const PATIENCE: Duration = Duration::from_secs(30);
/// A hundred days of Toronto's programmes.
const TABLE: &str = "data/samples/toronto/dsosoc_2023-01-01_to_2023-04-04_raw.csv";

/// Figures read, content composed, letter rendered with its chart: in one language, which is what one run of a digest waits
/// for before it prints the others, and in each, for which a preview reads the figures every time.
pub async fn digest(program: &Program, table: &mut Table) -> Outcome<()> {
    let signed = [program.sign_in("admin").await?];
    let schedules = program.ask("GET", "/api/v1/digest-schedules", &signed, None).await?;
    let schedule = schedules.pointer("/items/0/id").or_else(|| schedules.pointer("/0/id"));
    let schedule = schedule.ok_or("the demo has no digest schedule")?;
    let geography = program.ask("GET", "/api/v1/geography", &[], None).await?;
    let languages = geography
        .get("languages")
        .and_then(Value::as_array)
        .ok_or("no languages")?;
    let (mut one, mut all) = (Vec::new(), Vec::new());
    let patience = Instant::now() + PATIENCE;
    while all.len() < TURNS && (all.is_empty() || Instant::now() < patience) {
        let begin = Instant::now();
        let mut first = None;
        for language in languages {
            let asked = json!({ "schedule_id": schedule, "language": language });
            program
                .fetch("POST", "/api/v1/digests/preview", &signed, Some(&asked))
                .await?;
            first.get_or_insert_with(|| begin.elapsed());
        }
        one.extend(first);
        all.push(begin.elapsed());
    }
    table.cost("digest content read and rendered", usual(one), "ms");
    let name = format!("the same in {} languages, read each time", languages.len());
    table.cost(&name, usual(all), "ms");
    Ok(())
}

/// The middle one, in milliseconds.
fn usual(mut turns: Vec<Duration>) -> f64 {
    turns.sort_unstable();
    turns.get(turns.len() / 2).copied().unwrap_or_default().as_secs_f64() * 1000.0
}

/// The table read without storing it, then stored by the program, then found unchanged.
pub async fn import(dir: &Path, table: &mut Table) -> Outcome<()> {
    table.section("import of daily occupancy", 0);
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(TABLE);
    let (rows, bare_read, read) = parsed(&file)?;
    let per_second = |took: Duration| rows as f64 / took.as_secs_f64();
    table.rate(
        "lines parsed and judged",
        per_second(read),
        per_second(bare_read),
        "/s; csv alone beside",
    );
    let path = file.to_string_lossy();
    let arguments = ["import", "occupancy", path.as_ref(), "--map", "toronto", "--json"];
    let (told, stored) = program::run(dir, &arguments)?;
    let (again, unchanged) = program::run(dir, &arguments)?;
    if told.get("stored").and_then(Value::as_u64).unwrap_or(0) == 0 || told.get("rows") != again.get("rows") {
        return Err(format!("nothing was imported: {told}").into());
    }
    let bare = bare::sqlite_inserts(dir, rows).await?;
    table.rate(
        "lines stored, whole command",
        per_second(stored),
        per_second(bare),
        "/s; bare inserts beside",
    );
    table.fact(
        "the same file again, nothing to change",
        per_second(unchanged),
        "lines/s",
    );
    Ok(())
}

/// How many lines, how long it takes to split them, and to read them through the map.
fn parsed(path: &Path) -> Outcome<(usize, Duration, Duration)> {
    let text = std::fs::read(path)?;
    let begin = Instant::now();
    let mut record = csv::StringRecord::new();
    let (mut table, mut rows) = (csv::Reader::from_reader(text.as_slice()), 0);
    while table.read_record(&mut record)? {
        rows += 1;
    }
    let bare = begin.elapsed();
    let (_, map) = SHIPPED.iter().find(|(name, _)| *name == "toronto").ok_or("no map")?;
    let map = Map::parse(map)?;
    let begin = Instant::now();
    let mut table = csv::Reader::from_reader(BufReader::new(File::open(path)?));
    let header = map.header(table.headers()?).map_err(|fault| fault.to_string())?;
    #[expect(clippy::disallowed_methods, reason = "nights after today are refused")]
    let mut reader = Reader::new(&map, header, Utc::now() + TimeDelta::days(2));
    let mut kept = 0;
    for line in 2.. {
        if !table.read_record(&mut record)? {
            break;
        }
        kept += usize::from(reader.line(line, &record).is_some());
    }
    if kept == 0 {
        return Err("no line was kept".into());
    }
    Ok((rows, bare, begin.elapsed()))
}
