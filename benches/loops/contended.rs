//! What PostgreSQL itself makes of a place that many want: the one statement that decides it, a conditional update of a
//! contended row, asked by PostgreSQL's own tool.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use sqlx::{Connection, PgConnection};

use crate::Outcome;
use crate::load::Figures;
use crate::writes::SUITED;

/// Enough beds in each for the whole measurement: a refusal writes nothing and would flatter.
const BEDS: u32 = 1_000_000_000;

/// Places taken from as many rows as holds are asked of shelters, with the clients and the time of the holds.
pub async fn by_pgbench(url: &str, dir: &Path, clients: u32, measured: Duration) -> Outcome<Figures> {
    let mut database = PgConnection::connect(url).await?;
    sqlx::query("CREATE TABLE room (id INT PRIMARY KEY, free INT NOT NULL CHECK (free >= 0))")
        .execute(&mut database)
        .await?;
    sqlx::query("INSERT INTO room SELECT n, $1 FROM generate_series(1, $2) AS n")
        .bind(i32::try_from(BEDS)?)
        .bind(i32::try_from(SUITED)?)
        .execute(&mut database)
        .await?;
    database.close().await?;
    let script = dir.join("contended.sql");
    let take = "UPDATE room SET free = free - 1 WHERE id = :id AND free > 0;";
    std::fs::write(&script, format!("\\set id random(1, {SUITED})\n{take}\n"))?;
    let seconds = measured.as_secs().max(1);
    let mut command = Command::new(tool().ok_or("no pgbench: scripts/setup.sh postgresql")?);
    command.current_dir(dir).args(["-n", "-M", "prepared", "-l", "-j", "1"]);
    command.args(["-c", &clients.to_string(), "-T", &seconds.to_string(), "-f"]);
    command.arg(&script).arg(url);
    let done = tokio::task::spawn_blocking(move || command.output()).await??;
    if !done.status.success() {
        return Err(format!("pgbench: {}", String::from_utf8_lossy(&done.stderr)).into());
    }
    let mut latencies = Vec::new();
    for entry in std::fs::read_dir(dir)?.flatten() {
        if entry.file_name().to_string_lossy().starts_with("pgbench_log.") {
            latencies.extend(logged(&std::fs::read_to_string(entry.path())?)?);
            std::fs::remove_file(entry.path())?;
        }
    }
    if latencies.is_empty() {
        return Err("pgbench took no place".into());
    }
    Ok(Figures::of(latencies, seconds as f64))
}

/// Client, number, microseconds and more, a line for each transaction.
fn logged(text: &str) -> Outcome<Vec<u32>> {
    let micros = |line: &str| Ok(line.split_whitespace().nth(2).ok_or("a line without a time")?.parse()?);
    text.lines().map(micros).collect()
}

/// Of the newest version under Debian's folder, else what PATH offers.
pub fn tool() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let debian = versions.filter_map(|entry| {
        let version = entry.file_name().to_str()?.parse::<u32>().ok()?;
        Some((version, entry.path().join("bin/pgbench")))
    });
    let debian = debian.filter(|(_, tool)| tool.exists()).max().map(|(_, tool)| tool);
    let in_path = || {
        let folders = std::env::var_os("PATH")?;
        std::env::split_paths(&folders)
            .map(|bin| bin.join("pgbench"))
            .find(|tool| tool.exists())
    };
    debian.or_else(in_path)
}
