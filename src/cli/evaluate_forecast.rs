//! `panoh evaluate forecast`: adds up a table's free places night by night and prints how near forecasts of them, each made
//! from the nights before alone, came to what was, beside rules that anybody could follow. How a forecast is made and
//! scored is for `domain::forecast`; no database is opened.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::PathBuf;

use chrono::NaiveDate;
use clap::Args;
use serde::Serialize;

use super::evaluate::{EvaluateError, read, the_map};
use crate::domain::forecast::{Backtest, HORIZON, LEVEL, Series, backtest};
use crate::domain::occupancy::OccupancyRow;

/// Nights that a forecast may look back on, as in service.
const LOOKED_AT: usize = 90;

#[derive(Args)]
pub struct ForecastArgs {
    /// The table of nights (CSV, UTF-8)
    #[arg(long, value_name = "FILE")]
    data: PathBuf,
    /// The map of its columns: a TOML file, or one of the maps that come with the program
    #[arg(long, default_value = "toronto")]
    map: String,
    /// Sector of which a free room or bed is a place for a family
    #[arg(long, value_name = "NAME", default_value = "Families")]
    families: String,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

/// One figure of the table.
#[derive(Serialize)]
struct Figure {
    name: &'static str,
    /// Of its nights.
    mean: f64,
    #[serde(flatten)]
    backtest: Backtest,
}

#[derive(Serialize)]
struct Account {
    source: String,
    licence: String,
    lines: u64,
    refused_lines: u64,
    nights: usize,
    first_night: Option<NaiveDate>,
    last_night: Option<NaiveDate>,
    horizon: usize,
    level: f64,
    figures: Vec<Figure>,
}

type Nights = BTreeMap<NaiveDate, f64>;

/// # Errors
/// When a file cannot be read, the map is unknown, faulty or does not fit the table, or there are too few nights.
pub fn run(args: &ForecastArgs) -> Result<(), EvaluateError> {
    let map = the_map(&args.map)?;
    let (mut all, mut families) = (Nights::new(), Nights::new());
    let (lines, refused_lines) = read(&map, &args.data, |row| {
        let free = free(&row);
        *all.entry(row.night).or_default() += free;
        let for_families = row.shelter.sector.as_deref() == Some(args.families.as_str());
        *families.entry(row.night).or_default() += if for_families { free } else { 0.0 };
    })?;
    let too_few = || EvaluateError::TooFew {
        path: args.data.clone(),
        nights: all.len(),
    };
    let figure = |name, nights: &Nights| {
        let backtest = backtest(&Series::new(nights)?, LOOKED_AT)?;
        #[expect(clippy::cast_precision_loss, reason = "a few nights")]
        let mean = nights.values().sum::<f64>() / nights.len() as f64;
        Some(Figure { name, mean, backtest })
    };
    let free_places = figure("free places of all sectors", &all).ok_or_else(too_few)?;
    let for_families = figure("free places for families", &families).ok_or_else(too_few)?;
    let account = Account {
        source: map.source,
        licence: map.licence,
        lines,
        refused_lines,
        nights: all.len(),
        first_night: all.keys().next().copied(),
        last_night: all.keys().next_back().copied(),
        horizon: HORIZON,
        level: LEVEL,
        figures: vec![free_places, for_families],
    };
    let mut out = io::stdout().lock();
    if args.json {
        serde_json::to_writer_pretty(&mut out, &account).map_err(io::Error::from)?;
        writeln!(out)?;
    } else {
        in_words(&mut out, &account)?;
    }
    Ok(out.flush()?)
}

/// Free places of a line; a shelter that is closed, or does not say who sleeps there, has none.
fn free(row: &OccupancyRow) -> f64 {
    if !row.operating {
        return 0.0;
    }
    let rooms = row.rooms.iter().filter_map(|room| {
        let open = room.beds.saturating_sub(room.out_of_service);
        Some(f64::from(open.saturating_sub(room.occupied?)))
    });
    rooms.sum()
}

fn in_words(out: &mut impl Write, account: &Account) -> io::Result<()> {
    let (lines, refused) = (account.lines, account.refused_lines);
    writeln!(out, "{lines} lines read, {refused} refused; {} nights", account.nights)?;
    if let Some((first, last)) = account.first_night.zip(account.last_night) {
        writeln!(out, "nights {first} to {last}")?;
    }
    writeln!(
        out,
        "Forecasts of 1 to {} nights ahead, each from the nights before alone. Mean error in places:",
        account.horizon
    )?;
    for figure in &account.figures {
        let found = &figure.backtest;
        writeln!(
            out,
            "\n{} ({:.1} on an average night; {} forecasts of {} nights)",
            figure.name, figure.mean, found.origins, found.cases
        )?;
        writeln!(out, "  {:<40} {:>6.2}", "ours", found.mae)?;
        writeln!(
            out,
            "  {:<40} {:>6.2}",
            "as on the same weekday a week before", found.mae_seasonal_naive
        )?;
        writeln!(out, "  {:<40} {:>6.2}", "as on the last night", found.mae_last_value)?;
        writeln!(
            out,
            "  The {:.0} % interval holds {:.1} % of the nights; it is {:.1} places wide on average.",
            account.level * 100.0,
            found.coverage * 100.0,
            found.width
        )?;
    }
    writeln!(out, "\nSource: {} ({})", account.source, account.licence)
}
