//! What was measured, kept as JSON below `target/bench`: a file for each section of the tables, with the machine, the time
//! and the commit, so that a run of a part replaces that part alone. The page is written from these files.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::{Outcome, contended, writes};

/// How long the disk is asked to make sure of something small.
const FLUSHES: Duration = Duration::from_secs(1);

pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("bench")
}

/// The machine and the moment; looked at before anything is measured, for what runs beside is part of it.
pub fn circumstances() -> Outcome<Value> {
    fs::create_dir_all(folder())?;
    let read = |file: &str| fs::read_to_string(file).unwrap_or_default();
    let (cpu, memory) = (read("/proc/cpuinfo"), read("/proc/meminfo"));
    let kilobytes = field(&memory, "MemTotal")
        .trim_end_matches("kB")
        .trim()
        .parse()
        .unwrap_or(0.0);
    let load = read("/proc/loadavg");
    let tool = contended::tool().unwrap_or_else(|| "pgbench".into());
    let root = env!("CARGO_MANIFEST_DIR");
    let dirty = said(
        "git",
        &["-C", root, "status", "--porcelain", "--untracked-files=no", "--", "src"],
    );
    Ok(json!({
        "cpu": field(&cpu, "model name"),
        "cores": std::thread::available_parallelism()?.get(),
        "memory_gb": (kilobytes / 1024.0_f64 / 1024.0).round(),
        "kernel": read("/proc/sys/kernel/osrelease").trim(),
        "load_before": load.split_whitespace().next().unwrap_or_default(),
        "disk_flushes_per_second": flushes()?.round(),
        "rustc": said("rustc", &["--version"]),
        "postgresql": said(&tool.to_string_lossy(), &["--version"]).trim_start_matches("pgbench ").to_owned(),
        "date": writes::now().format("%Y-%m-%d %H:%M UTC").to_string(),
        "commit": said("git", &["-C", root, "rev-parse", "--short", "HEAD"]),
        "src_changed": !dirty.is_empty(),
        "command": std::env::args().skip(1).filter(|word| word != "--bench").collect::<Vec<_>>().join(" "),
    }))
}

/// The value behind `name :` in a file of such lines.
fn field(text: &str, name: &str) -> String {
    let line = text
        .lines()
        .find_map(|line| line.split_once(':').filter(|(key, _)| key.trim() == name));
    line.map(|(_, value)| value.trim().to_owned()).unwrap_or_default()
}

fn said(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    output
        .map(|done| String::from_utf8_lossy(&done.stdout).trim().to_owned())
        .unwrap_or_default()
}

/// How often a second 4 kB are made sure of on the disk that the measurements write to.
fn flushes() -> Outcome<f64> {
    let mut file = tempfile::tempfile_in(folder())?;
    let (begin, mut count) = (Instant::now(), 0_u32);
    while begin.elapsed() < FLUSHES {
        file.write_all(&[7; 4096])?;
        file.sync_data()?;
        count += 1;
    }
    Ok(f64::from(count) / begin.elapsed().as_secs_f64())
}

/// One file for each section among the rows.
pub fn keep(circumstances: &Value, rows: &[Value]) -> Outcome<()> {
    let mut sections = BTreeMap::<&str, Vec<&Value>>::new();
    for row in rows {
        let section = row.get("section").and_then(Value::as_str).unwrap_or_default();
        sections.entry(section).or_default().push(row);
    }
    for (section, rows) in sections {
        let name: String = section
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
            .collect();
        let told = json!({ "section": section, "circumstances": circumstances, "rows": rows });
        fs::write(
            folder().join(format!("{name}.json")),
            serde_json::to_string_pretty(&told)?,
        )?;
    }
    Ok(())
}

/// All sections that were ever measured here and not measured again since.
pub struct Kept(BTreeMap<String, Value>);

impl Kept {
    pub fn read() -> Outcome<Self> {
        let mut sections = BTreeMap::new();
        for entry in fs::read_dir(folder()).into_iter().flatten().flatten() {
            if entry.path().extension().is_some_and(|kind| kind == "json") {
                let told: Value = serde_json::from_str(&fs::read_to_string(entry.path())?)?;
                let section = told.get("section").and_then(Value::as_str);
                sections.insert(section.ok_or("a kept file without a section")?.to_owned(), told);
            }
        }
        Ok(Self(sections))
    }

    pub fn sections(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    pub fn circumstances(&self, section: &str) -> Option<&Value> {
        self.0.get(section)?.get("circumstances")
    }

    pub fn rows(&self, section: &str) -> &[Value] {
        let rows = self.0.get(section).and_then(|told| told.get("rows")?.as_array());
        rows.map_or(&[], Vec::as_slice)
    }

    /// This figure of every row whose field says this, or begins so where `*` follows.
    pub fn figures(&self, section: &str, key: &str, wanted: &str, figure: &str) -> Vec<f64> {
        let says = |name: &str| {
            wanted
                .strip_suffix('*')
                .map_or(name == wanted, |begin| name.starts_with(begin))
        };
        let fits = |row: &&Value| row.get(key).and_then(Value::as_str).is_some_and(says);
        let rows = self.rows(section).iter().filter(fits);
        rows.filter_map(|row| row.get(figure)?.as_f64()).collect()
    }
}
