//! Writes docs/PERFORMANCE.md from what was measured last. What was not measured is said not to be; nothing is reckoned
//! from anything else. The prose at its end is kept by hand in `benches/weak-places.md`.

#[path = "page/bars.rs"]
mod bars;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;

use serde_json::Value;

use crate::Outcome;
use crate::kept::Kept;

const PROSE: &str = include_str!("../weak-places.md");
const HEAD: &str = "\
# What the main work costs

This page is written by `cargo bench --bench loops -- page` from what was measured last, and its last part by hand in
`benches/weak-places.md`. The program is built in the release profile and asked over HTTP, as people do, beside the same bytes
from a bare actix-web route, the same rows in a bare sqlx transaction and PostgreSQL's own conditional update by pgbench, in the
same run. Ratios are what counts; figures of two machines do not compare.

    make bench                                            # all but the day and the build; then this page
    make bench ARGS=\"--shelters 500 --seconds 5 --clients 16\"
    cargo bench --bench loops -- --shelters 50000         # the growth's last step
    cargo bench --bench loops -- day --shelters 5000 --minutes 10 [--postgres]
    scripts/build-time.sh [--ci]                          # a clean build, and all that must hold before a change lands
    cargo bench --bench loops -- page
    BENCH_PROGRAM=/path/to/panoh make bench               # another build of the program

";
const MISSING: &str = "not measured";

pub fn write() -> Outcome<()> {
    let kept = Kept::read()?;
    let mut page = HEAD.to_owned();
    machines(&kept, &mut page)?;
    write!(page, "\n## What was promised\n\n{}", bars::table(&kept)?)?;
    for kind in ["SQLite", "PostgreSQL"] {
        write!(page, "\n## By size, {kind}\n\n")?;
        by_size(&kept, kind, &mut page)?;
    }
    page.push_str("\n## Growth of the cost of one\n\n");
    growth(&kept, &mut page)?;
    page.push_str("\n## A whole day\n\n");
    days(&kept, &mut page)?;
    page.push_str("\n## The build\n\n");
    facts(&kept, "build", &mut page)?;
    write!(page, "\n{PROSE}")?;
    std::fs::write(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/PERFORMANCE.md"), page)?;
    Ok(())
}

/// Four digits that count, thousands apart.
fn number(figure: f64) -> String {
    let decimals = match figure.abs() {
        large if large >= 100.0 => 0,
        middle if middle >= 10.0 => 1,
        whole if whole.fract() == 0.0 => 0,
        _ => 2,
    };
    let text = format!("{figure:.decimals$}");
    let (whole, rest) = text
        .split_once('.')
        .map_or((text.as_str(), String::new()), |(a, b)| (a, format!(".{b}")));
    let (sign, digits) = whole.strip_prefix('-').map_or(("", whole), |digits| ("-", digits));
    let mut apart = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at) % 3 == 0 {
            apart.push(',');
        }
        apart.push(digit);
    }
    format!("{sign}{apart}{rest}")
}

/// Each machine and commit once, with the sections measured there and then.
fn machines(kept: &Kept, page: &mut String) -> Outcome<()> {
    let mut runs = BTreeMap::<(String, String), Vec<&str>>::new();
    for section in kept.sections() {
        let told = kept.circumstances(section).unwrap_or(&Value::Null);
        let word = |name: &str| {
            told.get(name)
                .map(|value| value.as_str().map_or(value.to_string(), str::to_owned))
        };
        let word = |name: &str| word(name).unwrap_or_else(|| "?".to_owned());
        if told.get("cpu").is_none() {
            continue;
        }
        let changed = if told.get("src_changed") == Some(&Value::Bool(true)) {
            " with changes"
        } else {
            ""
        };
        let machine = format!(
            "{} × {}, {} GB, Linux {}, {}, PostgreSQL: {}, {} flushes of 4 kB a second",
            word("cores"),
            word("cpu"),
            word("memory_gb"),
            word("kernel"),
            word("rustc"),
            word("postgresql"),
            word("disk_flushes_per_second"),
        );
        let run = format!(
            "{}, commit {}{changed}, load before {}",
            word("date"),
            word("commit"),
            word("load_before")
        );
        runs.entry((run, machine)).or_default().push(section);
    }
    if runs.is_empty() {
        writeln!(page, "Nothing has been measured here.")?;
    }
    for ((run, machine), sections) in runs {
        writeln!(page, "- **{run}**: {machine}. Measured: {}.", sections.join("; "))?;
    }
    Ok(())
}

/// The sizes measured on this kind of database, ascending.
fn sizes(kept: &Kept, kind: &str) -> BTreeSet<u32> {
    let ending = format!(" shelters, {kind}");
    let size = |section: &str| section.strip_suffix(&ending)?.parse().ok();
    kept.sections().filter_map(size).collect()
}

fn by_size(kept: &Kept, kind: &str, page: &mut String) -> Outcome<()> {
    let sizes = sizes(kept, kind);
    if sizes.is_empty() {
        writeln!(page, "{MISSING}")?;
        return Ok(());
    }
    let (mut names, mut cells) = (Vec::<String>::new(), BTreeMap::<(String, u32), String>::new());
    for size in &sizes {
        for row in kept.rows(&format!("{size} shelters, {kind}")) {
            let (name, cell) = told(row);
            if !names.contains(&name) {
                names.push(name.clone());
            }
            cells.insert((name, *size), cell);
        }
    }
    let heads: Vec<String> = sizes.iter().map(|size| number(f64::from(*size))).collect();
    writeln!(
        page,
        "| shelters | {} |\n|---|{}",
        heads.join(" | "),
        "---|".repeat(sizes.len())
    )?;
    for name in names {
        let row = sizes
            .iter()
            .map(|size| cells.get(&(name.clone(), *size)).map_or(MISSING, String::as_str));
        writeln!(page, "| {name} | {} |", row.collect::<Vec<_>>().join(" | "))?;
    }
    Ok(())
}

/// A row's name and what it says, shortly. A limit says above all how near we come.
fn told(row: &Value) -> (String, String) {
    let word = |field: &str| row.get(field).and_then(Value::as_str).unwrap_or_default();
    let figure = |field: &str| row.get(field).and_then(Value::as_f64);
    match (figure("per_second"), figure("ratio"), figure("p99_ms")) {
        (Some(limit), Some(ratio), _) => {
            let name = format!("{}: {}", word("of"), word("name"));
            (name, format!("**{ratio:.2}** of {}/s", number(limit)))
        }
        (Some(rate), None, Some(p99)) => {
            let cell = format!("{}/s, p99 {} ms", number(rate), number(p99));
            (word("name").to_owned(), cell)
        }
        _ => {
            let cell = format!("{} {}", number(figure("value").unwrap_or(f64::NAN)), word("unit"));
            (word("name").trim().to_owned(), cell.trim().to_owned())
        }
    }
}

/// How many times dearer each work is than at the size before, and how much more that size is.
fn growth(kept: &Kept, page: &mut String) -> Outcome<()> {
    writeln!(
        page,
        "1 means that it does not grow, the number of times the country grew that it grows in proportion.\n"
    )?;
    for kind in ["SQLite", "PostgreSQL"] {
        let sizes: Vec<u32> = sizes(kept, kind).into_iter().collect();
        let steps: Vec<(u32, u32)> = sizes.iter().copied().zip(sizes.iter().copied().skip(1)).collect();
        if steps.is_empty() {
            writeln!(page, "{kind}: {MISSING}.\n")?;
            continue;
        }
        let cost = |name: &str, size: u32| {
            let rows = kept.rows(&format!("{size} shelters, {kind}"));
            let row = rows
                .iter()
                .find(|row| row.get("name").and_then(Value::as_str) == Some(name));
            row.and_then(|row| row.get("cost")?.as_f64())
        };
        let heads: Vec<String> = (steps.iter())
            .map(|(from, to)| format!("{} → {}", number(f64::from(*from)), number(f64::from(*to))))
            .collect();
        writeln!(
            page,
            "| {kind} | {} |\n|---|{}",
            heads.join(" | "),
            "---|".repeat(steps.len())
        )?;
        let last = sizes.first().copied().unwrap_or_default();
        for row in kept.rows(&format!("{last} shelters, {kind}")) {
            let Some(name) = row
                .get("name")
                .and_then(Value::as_str)
                .filter(|_| row.get("cost").is_some())
            else {
                continue;
            };
            let step = |(from, to): &(u32, u32)| match (cost(name, *from), cost(name, *to)) {
                (Some(cheap), Some(dear)) => format!("× {:.2}", dear / cheap),
                _ => MISSING.to_owned(),
            };
            writeln!(
                page,
                "| {name} | {} |",
                steps.iter().map(step).collect::<Vec<_>>().join(" | ")
            )?;
        }
        page.push('\n');
    }
    Ok(())
}

fn days(kept: &Kept, page: &mut String) -> Outcome<()> {
    let days: Vec<&str> = kept
        .sections()
        .filter(|section| section.starts_with("the day, "))
        .collect();
    if days.is_empty() {
        writeln!(page, "{MISSING}")?;
    }
    page.push_str(
        "Every shelter reports between eight and nine and every second once more later; a third of the shelters is asked for a\n\
         place, which is searched for, opened, asked, answered and arrived at; one manager in twenty signs in anew; each\n\
         dashboard listens to a stream of events and looks again, at most once a second, when it was told of a change, and reads\n\
         the Committee's figures once an hour. An hour is a tenth of the time measured. All comes at its time, whether the\n\
         program keeps up or not, and counts from when it was due.\n",
    );
    for day in days {
        write!(page, "\n### {}\n\n", day.trim_start_matches("the day, "))?;
        facts(kept, day, page)?;
        page.push_str("\n| hour | requests | events | CPU % of one core | memory MB |\n|---|---|---|---|---|\n");
        for row in kept.rows(day).iter().filter(|row| row.get("hour").is_some()) {
            let of = |field: &str| {
                row.get(field)
                    .and_then(Value::as_f64)
                    .map_or(MISSING.to_owned(), number)
            };
            let hour = row.get("hour").and_then(Value::as_str).unwrap_or_default();
            let (cpu, memory) = (of("cpu_percent"), of("memory_mb"));
            writeln!(
                page,
                "| {hour} | {} | {} | {cpu} | {memory} |",
                of("requests"),
                of("events")
            )?;
        }
        page.push_str("\n| route | count | p50 ms | p99 ms | longest ms | answers |\n|---|---|---|---|---|---|\n");
        for row in kept.rows(day).iter().filter(|row| row.get("route").is_some()) {
            let of = |field: &str| {
                row.get(field)
                    .and_then(Value::as_f64)
                    .map_or(MISSING.to_owned(), number)
            };
            let word = |field: &str| row.get(field).and_then(Value::as_str).unwrap_or_default();
            let (p50, p99, longest) = (of("p50_ms"), of("p99_ms"), of("max_ms"));
            let (route, count, statuses) = (word("route"), of("count"), word("statuses"));
            writeln!(page, "| {route} | {count} | {p50} | {p99} | {longest} | {statuses} |")?;
        }
    }
    Ok(())
}

/// What is neither a rate nor a table.
fn facts(kept: &Kept, section: &str, page: &mut String) -> Outcome<()> {
    let rows: Vec<&Value> = kept
        .rows(section)
        .iter()
        .filter(|row| row.get("value").is_some())
        .collect();
    if rows.is_empty() {
        writeln!(page, "{MISSING}")?;
    }
    for row in rows {
        let (name, figure) = told(row);
        writeln!(page, "- {name}: {figure}")?;
    }
    Ok(())
}
