//! Plans for many at once, by the program's own commands in invented countries: how long they take, and how far they may be
//! from the best there is.

use std::path::Path;

use serde_json::Value;

use crate::Outcome;
use crate::program;
use crate::table::Table;

/// Invented countries for each plan; the slowest and the widest gap are told.
const CASES: u32 = 3;

pub fn all(dir: &Path, table: &mut Table) -> Outcome<()> {
    table.section("plans", 0);
    let placement = ["plan", "bench", "--households", "2000", "--shelters", "5000"];
    tell("placement, 2,000 households × 5,000 shelters", &placement, dir, table)?;
    let transfers = [
        "plan",
        "transfers-bench",
        "--shelters",
        "500",
        "--items",
        "20",
        "--cases",
        "1",
    ];
    tell("transfers, 500 shelters × 20 items", &transfers, dir, table)?;
    let free: Vec<&str> = transfers.into_iter().chain(["--journey-minor", "0"]).collect();
    tell("transfers without costs of journeys", &free, dir, table)
}

fn tell(name: &str, command: &[&str], dir: &Path, table: &mut Table) -> Outcome<()> {
    let (mut slowest, mut widest) = (0.0_f64, 0.0_f64);
    for seed in 1..=CASES {
        let seed = seed.to_string();
        let arguments: Vec<&str> = command.iter().copied().chain(["--seed", &seed, "--json"]).collect();
        let (told, _) = program::run(dir, &arguments)?;
        let figure = |field: &str| told.get(field).and_then(Value::as_f64);
        let (took, gap) = (figure("milliseconds"), figure("gap"));
        slowest = slowest.max(took.ok_or_else(|| format!("no time in {told}"))?);
        widest = widest.max(gap.ok_or_else(|| format!("no gap in {told}"))?);
    }
    table.fact(name, slowest, "ms");
    table.fact(&format!("{name}: from the proved bound"), widest * 100.0, "%");
    Ok(())
}
