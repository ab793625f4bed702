//! `panoh import occupancy FILE --map MAP`: opens the files, shows how far it is, prints the account. What a line
//! means and where it goes is for `services::imports`.

use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Read, Write};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use crate::domain::occupancy::{Finding, ImportReport, Map, NeedsReport, SHIPPED};
use crate::services::Services;
use crate::services::errors::Refused;
use crate::services::imports::ImportOptions;

#[derive(Debug, Args)]
pub struct ImportArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// A table of daily occupancy, read through a map of its columns
    Occupancy(Occupancy),
}

#[derive(Debug, Args)]
struct Occupancy {
    /// The table (CSV, UTF-8)
    file: PathBuf,
    /// The map: a TOML file, or one of the maps that come with the program (toronto, hud, bc, rio_grande_do_sul)
    #[arg(long)]
    map: String,
    /// The table is only a part of its nights: leave shelters alone that it does not name
    #[arg(long)]
    partial: bool,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    #[error("{}: {source}", path.display())]
    File { path: PathBuf, source: io::Error },
    #[error("the map is refused at {0}")]
    Map(#[from] crate::domain::occupancy::MapError),
    #[error("{}", told(.0))]
    Refused(#[from] Refused),
    #[error("cannot print: {0}")]
    Print(#[from] io::Error),
}

/// Faults by their field, where the use case names fields.
fn told(refused: &Refused) -> String {
    match refused {
        Refused::Invalid(errors) => errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "),
        other => other.to_string(),
    }
}

#[derive(Serialize)]
struct Account {
    #[serde(flatten)]
    report: ImportReport,
    #[serde(skip_serializing_if = "Option::is_none")]
    needs: Option<NeedsReport>,
}

/// # Errors
/// When a file cannot be read, the map is faulty or does not fit the table, or the database refuses. Refused lines
/// are no error: they are the account's business.
pub async fn run(services: &Services, args: ImportArgs) -> Result<(), ImportError> {
    let What::Occupancy(args) = args.what;
    let map = Map::parse(&map_text(&args.map)?)?;
    let file = open(&args.file)?;
    let length = file.metadata().map_or(0, |data| data.len());
    let bar = bar(length);
    let name = args
        .file
        .file_name()
        .map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let options = ImportOptions {
        file: name,
        partial: args.partial,
    };
    let report = services
        .import_occupancy(&map, file, &options, |bytes| bar.set_position(bytes))
        .await?;
    let needs = needs(services, &map, &args.file).await?;
    bar.finish_and_clear();
    print(&Account { report, needs }, &map, args.json)
}

pub(super) fn open(path: &Path) -> Result<File, ImportError> {
    File::open(path).map_err(|source| ImportError::File {
        path: path.to_owned(),
        source,
    })
}

/// The text of a map: one of those that come with the program, or a file's.
pub(super) fn map_text(map: &str) -> Result<String, ImportError> {
    if let Some((_, text)) = SHIPPED.iter().find(|(name, _)| *name == map) {
        return Ok((*text).to_owned());
    }
    let path = PathBuf::from(map);
    let mut text = String::new();
    open(&path)?
        .read_to_string(&mut text)
        .map_err(|source| ImportError::File { path, source })?;
    Ok(text)
}

/// What the shelters lack, if the map tells of such files and they lie beside the table.
async fn needs(services: &Services, map: &Map, table: &Path) -> Result<Option<NeedsReport>, ImportError> {
    let Some(words) = &map.needs else { return Ok(None) };
    let (items, needs) = (
        table.with_file_name(&words.items_file),
        table.with_file_name(&words.file),
    );
    if !items.exists() && !needs.exists() {
        return Ok(None);
    }
    Ok(services.read_needs(map, open(&items)?, open(&needs)?).await?)
}

/// A bar on a terminal, nothing elsewhere.
pub(super) fn bar(length: u64) -> ProgressBar {
    if !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:40} {percent:>3} %  {bytes}/{total_bytes}  {eta}");
    ProgressBar::new(length).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

fn print(account: &Account, map: &Map, json: bool) -> Result<(), ImportError> {
    let mut out = BufWriter::new(io::stdout().lock());
    if json {
        serde_json::to_writer_pretty(&mut out, account).map_err(io::Error::from)?;
        writeln!(out)?;
    } else {
        in_words(&mut out, account, map)?;
    }
    out.flush()?;
    Ok(())
}

fn in_words(out: &mut impl Write, account: &Account, map: &Map) -> io::Result<()> {
    let report = &account.report;
    for Finding {
        line,
        column,
        code,
        value,
    } in &report.refused
    {
        writeln!(out, "line {line}: refused, {column}: {code} ({value:?})")?;
    }
    writeln!(out, "{}", map.name)?;
    writeln!(
        out,
        "{} lines: {} stored, {} unchanged, {} refused",
        report.rows, report.stored, report.unchanged, report.refused_rows
    )?;
    writeln!(
        out,
        "{} shelters and {} rooms made, {} reports written, {} of which say that the shelter did not operate",
        report.shelters, report.rooms, report.reports, report.not_operating
    )?;
    for (code, count) in &report.counts {
        writeln!(out, "  {code}: {count}")?;
    }
    if report.folded_texts > 0 {
        writeln!(
            out,
            "  texts with doubled or trailing spaces folded: {}",
            report.folded_texts
        )?;
    }
    if let Some(needs) = &account.needs {
        writeln!(
            out,
            "{} lines of needs read, not stored: {} shelters lack something urgently; {} lines are of shelters not here",
            needs.rows, needs.shelters_urgent, needs.of_unknown_shelters
        )?;
        for (item, count) in &needs.most_urgent {
            writeln!(out, "  {item}: {count}")?;
        }
        for Finding {
            line,
            column,
            code,
            value,
        } in &needs.refused
        {
            writeln!(out, "needs, line {line}: refused, {column}: {code} ({value:?})")?;
        }
    }
    writeln!(out, "Source: {} ({})", map.source, map.licence)?;
    if let Some(words) = &map.attribution {
        writeln!(out, "{words}")?;
    }
    Ok(())
}
