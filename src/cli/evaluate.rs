//! `panoh evaluate`: how well models would have done. `chance` reads a table of nights through a map and prints how well the
//! model would have done. What is a case and how it is scored is for `domain::chance::evaluate`; no database is opened.

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

use chrono::{DateTime, NaiveDate};
use clap::{Args, Subcommand};
use serde::Serialize;

use super::evaluate_forecast::ForecastArgs;
use super::evaluate_use::UseArgs;
use super::import::{ImportError, bar, map_text, open};
use crate::domain::chance::evaluate::{Evaluation, Nights, add, evaluate};
use crate::domain::chance::{CASES_OF_A_DECILE, CLIP, Score, Scores};
use crate::domain::occupancy::{Map, OccupancyRow, Reader, SHIPPED, line_offset};

#[derive(Subcommand)]
pub enum EvaluateCommand {
    /// The chance that a place is still free, on nights the model has not seen
    Chance(ChanceArgs),
    /// How well typed names of supplies are matched, against what a person says they mean
    Names(super::evaluate_names::NamesArgs),
    /// Learned use of supplies, on invented histories of which the true use is known
    Use(UseArgs),
    /// The forecast of free places, on nights each forecast from those before it
    Forecast(ForecastArgs),
}

#[derive(Args)]
pub struct ChanceArgs {
    /// The table of nights (CSV, UTF-8)
    #[arg(long, value_name = "FILE")]
    data: PathBuf,
    /// The map of its columns: a TOML file, or one of the maps that come with the program (toronto, hud, bc,
    /// rio_grande_do_sul)
    #[arg(long)]
    map: String,
    /// Nights before this one train, this one and later ones test (2023-03-01)
    #[arg(long, value_name = "DATE")]
    train_until: NaiveDate,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

#[derive(Debug, thiserror::Error)]
pub enum EvaluateError {
    #[error(transparent)]
    Import(#[from] ImportError),
    #[error("no map is called {name}: give a file, or one of {}", SHIPPED.map(|(name, _)| name).join(", "))]
    NoSuchMap { name: String },
    #[error("{}: {source}", path.display())]
    Table { path: PathBuf, source: csv::Error },
    #[error("{}: {source}", path.display())]
    Unfit {
        path: PathBuf,
        source: crate::domain::chance::evaluate::Unfit,
    },
    #[error("{}: {nights} nights, too few to compare a forecast of the four weeks before with", path.display())]
    TooFew { path: PathBuf, nights: usize },
    #[error("the map is refused at {0}")]
    Map(#[from] crate::domain::occupancy::MapError),
    #[error(transparent)]
    Names(#[from] super::evaluate_names::NamesError),
    #[error("cannot print: {0}")]
    Print(#[from] io::Error),
}

#[derive(Serialize)]
struct Account {
    source: String,
    licence: String,
    lines: u64,
    refused_lines: u64,
    first_night: Option<NaiveDate>,
    last_night: Option<NaiveDate>,
    log_loss_clip: f64,
    #[serde(flatten)]
    evaluation: Evaluation,
}

/// # Errors
/// When a file cannot be read, the map is unknown, faulty or does not fit the table, or the date leaves nothing to train or
/// to test on.
pub fn run(command: EvaluateCommand) -> Result<(), EvaluateError> {
    match command {
        EvaluateCommand::Chance(args) => chance(args),
        EvaluateCommand::Names(args) => Ok(super::evaluate_names::run(&args)?),
        EvaluateCommand::Use(args) => Ok(super::evaluate_use::run(&args)?),
        EvaluateCommand::Forecast(args) => super::evaluate_forecast::run(&args),
    }
}

fn chance(args: ChanceArgs) -> Result<(), EvaluateError> {
    let map = the_map(&args.map)?;
    let mut nights = Nights::new();
    let (lines, refused_lines) = read(&map, &args.data, |row| add(&mut nights, row))?;
    let evaluation = evaluate(&nights, args.train_until).map_err(|source| EvaluateError::Unfit {
        path: args.data,
        source,
    })?;
    let all = || nights.values().flat_map(BTreeMap::keys).copied();
    let account = Account {
        source: map.source,
        licence: map.licence,
        lines,
        refused_lines,
        first_night: all().min(),
        last_night: all().max(),
        log_loss_clip: CLIP,
        evaluation,
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

/// A map that comes with the program, or one in a file.
pub(super) fn the_map(name: &str) -> Result<Map, EvaluateError> {
    let shipped = SHIPPED.iter().any(|(known, _)| *known == name);
    if !shipped && !Path::new(name).exists() {
        return Err(EvaluateError::NoSuchMap { name: name.to_owned() });
    }
    Ok(Map::parse(&map_text(name)?)?)
}

/// Hands on each line of a table; says how many lines there were, and how many of them were refused.
pub(super) fn read(map: &Map, path: &Path, mut each: impl FnMut(OccupancyRow)) -> Result<(u64, u64), EvaluateError> {
    let told = |source| EvaluateError::Table {
        path: path.to_owned(),
        source,
    };
    let file = open(path)?;
    let bar = bar(file.metadata().map_or(0, |data| data.len()));
    let mut source = BufReader::with_capacity(1 << 16, file);
    let offset = line_offset(source.fill_buf().map_err(|error| told(error.into()))?);
    let mut table = csv::ReaderBuilder::new().flexible(true).from_reader(source);
    let header = map.header(table.headers().map_err(told)?)?;
    let mut reader = Reader::new(map, header, DateTime::<chrono::Utc>::MAX_UTC);
    let mut record = csv::StringRecord::new();
    loop {
        let line = table.position().line() + offset;
        match table.read_record(&mut record) {
            Ok(false) => break,
            Ok(true) => {
                if let Some(row) = reader.line(line, &record) {
                    each(row);
                }
            }
            Err(error) if error.is_io_error() => return Err(told(error)),
            Err(error) => reader.unreadable(line, &error.to_string()),
        }
        bar.set_position(table.position().byte());
    }
    bar.finish_and_clear();
    Ok((reader.report.rows, reader.report.refused_rows))
}

fn in_words(out: &mut impl Write, account: &Account) -> io::Result<()> {
    let evaluation = &account.evaluation;
    let (lines, refused, split) = (account.lines, account.refused_lines, evaluation.train_until);
    writeln!(
        out,
        "{lines} lines read, {refused} refused; {} shelters",
        evaluation.shelters
    )?;
    if let Some((first, last)) = account.first_night.zip(account.last_night) {
        writeln!(out, "nights {first} to {last}")?;
    }
    writeln!(
        out,
        "{} cases before {split} train, {} from then on test; base rate {:.3}\n",
        evaluation.train_cases, evaluation.test_cases, evaluation.base_rate
    )?;
    writeln!(out, "{:<44}  Brier  log loss", "")?;
    let mut score = |name: &str, score: &Score| writeln!(out, "{name:<44}  {:.4}  {:.4}", score.brier, score.log_loss);
    score("ours, records learning on, as in service", &evaluation.learning_on.all)?;
    score("ours, records frozen at the split", &evaluation.frozen.all)?;
    score("table by shelter and margin", &evaluation.table)?;
    score("one exponential decay", &evaluation.exponential)?;
    score("always free", &evaluation.always_free)?;
    writeln!(out, "Log loss with chances clipped to {CLIP}..{}.", 1.0 - CLIP)?;
    calibration(out, "records learning on", &evaluation.learning_on)?;
    calibration(out, "records frozen at the split", &evaluation.frozen)?;
    by(out, "nights", &evaluation.learning_on.by_age)?;
    by(out, "needed", &evaluation.learning_on.by_need)?;
    writeln!(out, "\nSource: {} ({})", account.source, account.licence)
}

fn calibration(out: &mut impl Write, name: &str, scores: &Scores) -> io::Result<()> {
    writeln!(out, "\nCalibration, {name}\nchance    cases   mean  observed  points")?;
    for decile in &scores.calibration {
        let points = (decile.observed - decile.mean_chance) * 100.0;
        writeln!(
            out,
            "{:.1}-{:.1}  {:>7}  {:.3}     {:.3}  {points:>+6.1}",
            decile.from,
            decile.from + 0.1,
            decile.cases,
            decile.mean_chance,
            decile.observed
        )?;
    }
    let worst = scores.worst_decile_points;
    writeln!(
        out,
        "Farthest of the deciles with {CASES_OF_A_DECILE} cases: {worst:.1} points."
    )
}

fn by(out: &mut impl Write, name: &str, scores: &BTreeMap<u32, Score>) -> io::Result<()> {
    writeln!(out, "\n{name:<8}  cases   Brier  log loss")?;
    for (key, score) in scores {
        writeln!(
            out,
            "{key:<8} {:>6}  {:.4}    {:.4}",
            score.cases, score.brier, score.log_loss
        )?;
    }
    Ok(())
}
