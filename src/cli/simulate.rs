//! `panoh simulate`: ways of finding a place, compared on the same invented days. Reads no database and writes none.

use std::fmt::Write;

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};

use super::{say, say_json};
use crate::app::Fault;
use crate::config::Config;
use crate::domain::simulation::{Estimate, Policy, Report, Settings, Versus, simulate};

#[derive(Args)]
pub struct SimulateArgs {
    /// Days on which people ask for a place
    #[arg(long, default_value_t = Settings::default().days, value_parser = clap::value_parser!(u32).range(1..=3_650))]
    days: u32,
    /// The same seed draws the same days
    #[arg(long, default_value_t = Settings::default().seed)]
    seed: u64,
    /// Countries drawn, each with days of its own; the intervals are over them
    #[arg(long, default_value_t = Settings::default().replications,
        value_parser = clap::value_parser!(u32).range(2..=10_000))]
    replications: u32,
    /// How many shelters the country has
    #[arg(long, default_value_t = 40, value_parser = clap::value_parser!(u32).range(1..=5_000))]
    shelters: u32,
    /// Demand over places, in persons and days
    #[arg(long, default_value_t = Settings::default().load, value_parser = load)]
    load: f64,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

fn load(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(load) if load.is_finite() && load > 0.0 && load <= 100.0 => Ok(load),
        _ => Err("a number above 0, at most 100".to_owned()),
    }
}

pub fn run(args: &SimulateArgs, config: &Config) -> Result<(), Fault> {
    let pack = crate::pack::load(config.pack.as_deref())?;
    let settings = Settings {
        seed: args.seed,
        days: args.days,
        replications: args.replications,
        shelters: usize::try_from(args.shelters)?,
        load: args.load,
    };
    let bar = ProgressBar::new(u64::from(args.replications)).with_style(ProgressStyle::with_template(
        "living through the days {bar:30} {pos}/{len} {eta}",
    )?);
    let report = simulate(&settings, &pack, |done| bar.set_position(u64::from(done)))?;
    bar.finish_and_clear();
    if args.json {
        return say_json(&report);
    }
    say(&table(&report)?)
}

/// The table, and what it is to be read with.
fn table(report: &Report) -> Result<String, std::fmt::Error> {
    let mut out = String::new();
    writeln!(
        out,
        "{} days, {} shelters, load {}, seed {}, {} replications; mean ± half of the 95 % confidence interval",
        report.days, report.shelters, report.load, report.seed, report.replications
    )?;
    writeln!(
        out,
        "{:.0} referrals each ({:.0} with two or more special needs), {:.0} households at the doors\n",
        report.referrals, report.needy, report.walk_ins
    )?;
    writeln!(
        out,
        "{:<19}{:>12}{:>12}{:>7}{:>7}{:>7}{:>7}{:>13}{:>11}{:>8}{:>12}{:>13}{:>8}",
        "",
        "placed %",
        "minutes",
        "median",
        "p90",
        "of all",
        "safe",
        "asks",
        "km",
        "wishes",
        "2+ needs %",
        "hindsight %",
        "at door"
    )?;
    for row in &report.policies {
        writeln!(
            out,
            "{:<19}{:>12}{:>12}{:>7.0}{:>7.0}{:>7.0}{:>7.0}{:>13}{:>11}{:>8.1}{:>12}{:>13}{:>8.1}",
            name(row.policy),
            share(&row.placed),
            figure(&row.minutes, 1.0, 0),
            row.median_minutes.mean,
            row.p90_minutes.mean,
            row.minutes_of_all.mean,
            row.safe_minutes.mean,
            figure(&row.asks, 1.0, 2),
            figure(&row.km, 1.0, 0),
            row.wishes.mean * 100.0,
            share(&row.placed_needy),
            share(&row.of_hindsight),
            row.walked_in.mean * 100.0,
        )?;
    }
    writeln!(
        out,
        "{:<19}{:>12}   of referrals at most, if everybody at the doors were sent away",
        "hindsight",
        share(&report.hindsight_share)
    )?;
    writeln!(
        out,
        "\nminutes: from asking to a shelter's yes, over those placed; of all: unplaced count as a day; safe: to an open door"
    )?;
    writeln!(
        out,
        "hindsight %: households housed, from the door too, of the most that could have been\n"
    )?;
    writeln!(out, "ours against the best of the others on the same days:")?;
    for row in &report.versus {
        writeln!(out, "{}", against(row))?;
    }
    let like = &report.likeness;
    let [one, three, seven] = like.still_free.map(|share| share * 100.0);
    write!(
        out,
        "\nnights: {:.1} % of beds taken, {:.1} % of shelters full; of those with a free bed {one:.1} %, {three:.1} %, {seven:.1} % have one 1, 3, 7 nights later; \
         {} beds given twice",
        like.occupancy * 100.0,
        like.full * 100.0,
        report.oversold
    )?;
    Ok(out)
}

fn against(row: &Versus) -> String {
    // Shares differ by points, everything else by its own unit.
    let points = matches!(row.measure, "placed" | "placed_needy" | "of_hindsight" | "wishes");
    let (factor, unit) = if points { (100.0, " points") } else { (1.0, "") };
    let digits = if row.measure == "asks" { 2 } else { 1 };
    let difference = figure(&row.difference, factor, digits);
    let relative = figure(&row.relative, 100.0, 1);
    format!(
        "  {:<15}{:>14}{unit:<8}{relative:>14} %   ({})",
        row.measure,
        difference,
        name(row.best)
    )
}

fn share(estimate: &Estimate) -> String {
    figure(estimate, 100.0, 1)
}

fn figure(estimate: &Estimate, factor: f64, digits: usize) -> String {
    let mean = estimate.mean * factor;
    match estimate.half_width {
        Some(half) => format!("{mean:.digits$} ±{:.digits$}", half * factor),
        None => format!("{mean:.digits$}"),
    }
}

fn name(policy: Policy) -> &'static str {
    match policy {
        Policy::Telephone => "telephone",
        Policy::MostFree => "most free first",
        Policy::Freshest => "freshest first",
        Policy::FewestBarriers => "fewest barriers",
        Policy::NearestFit => "nearest that fits",
        Policy::OursOneByOne => "ours, one by one",
        Policy::Ours => "ours",
        Policy::OursThenRinging => "ours, then ringing",
    }
}
