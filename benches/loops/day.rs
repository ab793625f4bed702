//! A whole day of the country in a few minutes: every shelter reports between eight and nine and every second once more
//! later, a third of the shelters is asked for a place, dashboards listen to each change and look again. All of it at a
//! fixed pace, whether or not the program keeps up; then the books are checked.

#[path = "day/course.rs"]
mod course;
#[path = "day/door.rs"]
mod door;
#[path = "day/people.rs"]
mod people;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::load::Figures;
use crate::program::{self, Program};
use crate::table::Table;
use crate::writes::{self, list};
use crate::{Outcome, postgres};
use course::{Day, HOURS};
use door::Door;
use people::{People, text};

pub struct Wish {
    pub shelters: u32,
    pub minutes: f64,
    pub postgres: bool,
}

/// What was begun by the end of the day must be done this much later.
const GRACE: Duration = Duration::from_secs(60);
/// Until the first is due, so that nobody is late for having been made last.
const BREATH: Duration = Duration::from_secs(2);

/// # Errors
/// When an answer is none of those expected, or the books do not hold in the end.
pub async fn run(wish: &Wish, dir: &Path, table: &mut Table) -> Outcome<()> {
    let database = if wish.postgres {
        writes::make_durable()?;
        Some(postgres::create_database())
    } else {
        None
    };
    let url = database.as_ref().map(postgres::PrivateDatabase::url);
    let kind = if wish.postgres { "PostgreSQL" } else { "SQLite" };
    table.section(&format!("the day, {} shelters, {kind}", wish.shelters), 0);
    let program = Program::start(dir, wish.shelters, url)?;
    if let Some(url) = url {
        writes::gather_statistics(url).await?;
    }
    table.fact("seeded and ready after", program.ready_after.as_secs_f64(), "s");
    let day = prepared(wish, &program, table).await?;
    let all = day.begin();
    hours(&day, &program, table).await?;
    finish(&day, all).await;
    routes(&day, wish, table);
    drop(program);
    let errors = day.door.errors();
    table.fact("errors", errors as f64, "");
    check(dir, url, table)?;
    if errors == 0 {
        Ok(())
    } else {
        Err(format!("{errors} errors, the first:\n{}", day.door.troubles().join("\n")).into())
    }
}

async fn prepared(wish: &Wish, program: &Program, table: &mut Table) -> Outcome<Arc<Day>> {
    let door = Arc::new(Door::new(program.address));
    let begin = Instant::now();
    let people = People::come(program, &door).await?;
    let came = begin.elapsed().as_secs_f64();
    // Not part of the day.
    door.routes(1.0);
    table.fact("managers signed in", people.managers as f64, "");
    table.fact("officers", people.officers.len() as f64, "");
    table.fact(
        "dashboards, each with a session and a stream",
        people.readers.len() as f64,
        "",
    );
    table.fact("all signed in after", came, "s");
    let geography = program.ask("GET", "/api/v1/geography", &[], None).await?;
    let signed = [people.admin.clone()];
    let items = program.ask("GET", "/api/v1/items", &signed, None).await?;
    let codes = |rows: &[Value]| rows.iter().map(|row| text(row, "code").to_owned()).collect::<Vec<_>>();
    let items = list(&items, "items");
    Ok(Arc::new(Day {
        door,
        people,
        begins: Instant::now() + BREATH,
        hour: Duration::from_secs_f64(wish.minutes * 60.0 / f64::from(HOURS)),
        districts: codes(list(&geography, "districts")),
        items: codes(items.get(..writes::ITEMS.min(items.len())).unwrap_or_default()),
        lateness: std::sync::Mutex::default(),
    }))
}

/// Tells of each hour what it took, as it ends; in the end by how much the memory grew in the second half.
async fn hours(day: &Day, program: &Program, table: &mut Table) -> Outcome<()> {
    table.line(&format!(
        "  {:<14} {:>9} {:>7} {:>9} {:>7} {:>10}",
        "hour", "requests", "errors", "events", "CPU %", "memory MB"
    ));
    let counts = || {
        (
            day.door.requests(),
            day.door.errors(),
            day.door.events.load(Ordering::Relaxed),
        )
    };
    tokio::time::sleep_until(day.begins.into()).await;
    let (mut seen, mut cpu) = (counts(), program.cpu_seconds()?);
    let mut memory = vec![program.memory_mb()?];
    for hour in 1..=HOURS {
        tokio::time::sleep_until((day.begins + day.hour * hour).into()).await;
        let (now, used, megabytes) = (counts(), program.cpu_seconds()?, program.memory_mb()?);
        let share = (used - cpu) / day.hour.as_secs_f64() * 100.0;
        let (requests, errors, events) = (now.0 - seen.0, now.1 - seen.1, now.2 - seen.2);
        let name = format!("{}:00–{}:00", 7 + hour, 8 + hour);
        table.told(
            &format!("  {name:<14} {requests:>9} {errors:>7} {events:>9} {share:>7.0} {megabytes:>10.1}"),
            json!({
                "hour": name, "requests": requests, "errors": errors, "events": events, "cpu_percent": share,
                "memory_mb": megabytes,
            }),
        );
        (seen, cpu) = (now, used);
        memory.push(megabytes);
    }
    let at = |hour: usize| memory.get(hour).copied().unwrap_or(f64::NAN);
    let (before, half, end) = (at(0), at(memory.len() / 2), at(memory.len() - 1));
    table.fact("memory before the day", before, "MB");
    table.fact("memory at its end", end, "MB");
    table.fact("growth of memory in the second half", (end / half - 1.0) * 100.0, "%");
    table.fact("events streamed", seen.2 as f64, "");
    Ok(())
}

async fn finish(day: &Day, mut all: JoinSet<()>) {
    let rest = async { while all.join_next().await.is_some() {} };
    if tokio::time::timeout_at((day.ends() + GRACE).into(), rest)
        .await
        .is_err()
    {
        day.door
            .trouble(&format!("not all was done {} s after the end", GRACE.as_secs()));
    }
}

fn routes(day: &Day, wish: &Wish, table: &mut Table) {
    table.line(&format!(
        "\n  {:<34} {:>8} {:>9} {:>9} {:>9}   statuses",
        "route", "count", "p50 ms", "p99 ms", "max ms"
    ));
    for (route, figures) in day.door.routes(wish.minutes * 60.0) {
        let statuses: Vec<String> = figures
            .statuses
            .iter()
            .map(|(status, n)| format!("{status}: {n}"))
            .collect();
        let (p50, p99, longest) = (figures.within_ms(0.5), figures.within_ms(0.99), figures.longest_ms());
        let (count, statuses) = (figures.requests(), statuses.join(", "));
        table.told(
            &format!("  {route:<34} {count:>8} {p50:>9.2} {p99:>9.2} {longest:>9.1}   {statuses}"),
            json!({
                "route": route, "count": count, "p50_ms": p50, "p99_ms": p99, "max_ms": longest, "statuses": statuses,
            }),
        );
    }
    let lateness = day
        .lateness
        .lock()
        .map(|mut all| std::mem::take(&mut *all))
        .unwrap_or_default();
    table.fact(
        "the load's own lateness, p99",
        Figures::of(lateness, 1.0).within_ms(0.99),
        "ms",
    );
}

/// The program was killed without a word: the books must hold as it left them.
fn check(dir: &Path, url: Option<&str>, table: &mut Table) -> Outcome<()> {
    let sqlite = format!("sqlite://{}", dir.join("panoh.db").display());
    let environment = [("PANOH_DATABASE_URL", url.unwrap_or(&sqlite))];
    let (found, took) = program::run_in(dir, &["check", "--json"], &environment)?;
    let rows = found.as_array().ok_or("panoh check says nothing")?;
    if rows.is_empty() {
        return Err("panoh check looked at nothing".into());
    }
    let name = format!("the books hold ({} rules), looked at in", rows.len());
    table.fact(&name, took.as_secs_f64(), "s");
    Ok(())
}
