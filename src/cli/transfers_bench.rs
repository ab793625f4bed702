//! `panoh plan transfers-bench`: the time that transfer plans take in invented countries, and the bounds proved.

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use super::{say, say_json};
use crate::app::Fault;
use crate::clock::Clock;
use crate::domain::redistribution::{self, Instance};

#[derive(Args)]
pub struct TransfersBenchArgs {
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u32).range(2..=2000))]
    shelters: u32,
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=100))]
    items: u32,
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1000))]
    cases: u32,
    /// Of the first case; the others follow
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// What each journey costs; 0 makes each item a problem of its own, solved exactly
    #[arg(long, default_value_t = 20_000, value_parser = clap::value_parser!(i64).range(0..=10_000_000))]
    journey_minor: i64,
    /// Also write each case with its plan into this folder, for another solver
    #[arg(long, value_name = "FOLDER")]
    write: Option<PathBuf>,
    #[arg(long)]
    json: bool,
}

/// One line of the bar.
#[derive(Serialize)]
struct Measured {
    seed: u64,
    shelters: usize,
    items: usize,
    journeys: usize,
    packs: i64,
    /// In the smallest units of money, less what is saved from expiring.
    cost: i64,
    /// Proved: no plan that brings as much costs less.
    bound: i64,
    gap: f64,
    milliseconds: i64,
}

pub fn bench(args: &TransfersBenchArgs) -> Result<(), Fault> {
    if !args.json {
        say(&format!(
            "{:>5}{:>10}{:>7}{:>10}{:>8}{:>12}{:>12}{:>8}{:>8}",
            "seed", "shelters", "items", "journeys", "packs", "cost", "bound", "gap %", "ms"
        ))?;
    }
    for seed in args.seed..args.seed + u64::from(args.cases) {
        let mut case = redistribution::sample(seed, usize::try_from(args.shelters)?, usize::try_from(args.items)?);
        case.tariff.journey_minor = args.journey_minor;
        let began = Clock::System.now();
        let found = redistribution::solve(&case);
        let milliseconds = (Clock::System.now() - began).num_milliseconds();
        let pairs: BTreeSet<(usize, usize)> = found.lines.iter().map(|line| (line.from, line.to)).collect();
        let gap = redistribution::Proof {
            cost: found.cost,
            bound: found.bound,
        };
        let row = Measured {
            seed,
            shelters: case.shelters,
            items: case.pack_grams.len(),
            journeys: pairs.len(),
            packs: found.lines.iter().map(|line| line.packs).sum(),
            cost: found.cost / 1_000,
            bound: found.bound / 1_000,
            gap: gap.gap(),
            milliseconds,
        };
        if let Some(folder) = &args.write {
            std::fs::create_dir_all(folder)?;
            std::fs::write(folder.join(format!("{seed}.json")), written(&case, &found).to_string())?;
        }
        tell(&row, args.json)?;
    }
    Ok(())
}

fn tell(row: &Measured, json: bool) -> Result<(), Fault> {
    if json {
        return say_json(row);
    }
    say(&format!(
        "{:>5}{:>10}{:>7}{:>10}{:>8}{:>12}{:>12}{:>8.2}{:>8}",
        row.seed,
        row.shelters,
        row.items,
        row.journeys,
        row.packs,
        row.cost,
        row.bound,
        row.gap * 100.0,
        row.milliseconds
    ))
}

/// A case with its plan, for another solver to compare with.
fn written(case: &Instance, found: &redistribution::Solution) -> serde_json::Value {
    let metres: Vec<&[i64]> = (0..case.shelters).map(|from| case.metres.row(from)).collect();
    let spare: Vec<_> = case
        .spare
        .iter()
        .map(|s| (s.shelter, s.item, s.packs, s.expiring, s.bonus_minor))
        .collect();
    let need: Vec<_> = case
        .need
        .iter()
        .map(|n| (n.shelter, n.item, n.critical, n.low))
        .collect();
    let lines: Vec<_> = found.lines.iter().map(|l| (l.from, l.to, l.item, l.packs)).collect();
    serde_json::json!({
        "shelters": case.shelters, "pack_grams": case.pack_grams, "metres": metres,
        "journey_minor": case.tariff.journey_minor, "tonne_km_minor": case.tariff.tonne_km_minor,
        "spare": spare, "need": need, "lines": lines, "cost": found.cost, "bound": found.bound,
    })
}
