//! `panoh evaluate use`: prints how near learned use comes to the truth on invented histories. How they are drawn and
//! scored is for `domain::usage::backtest`; no database is opened.

use std::io::{self, Write};

use clap::Args;
use serde::Serialize;

use crate::domain::usage::backtest::{Error, Tried, WORLDS, try_out};

#[derive(Args)]
pub struct UseArgs {
    /// Histories of each world
    #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    histories: u32,
    /// Another seed draws other histories
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Account {
    /// The histories are drawn by the program: no shelter's use is known to anybody.
    generated: bool,
    seed: u64,
    worlds: Vec<Tried>,
}

/// # Errors
/// When it cannot be printed.
pub fn run(args: &UseArgs) -> io::Result<()> {
    let histories = usize::try_from(args.histories).unwrap_or(usize::MAX);
    let tried = WORLDS.into_iter().map(|world| try_out(world, histories, args.seed));
    let account = Account {
        generated: true,
        seed: args.seed,
        worlds: tried.collect(),
    };
    let mut out = io::stdout().lock();
    if args.json {
        serde_json::to_writer_pretty(&mut out, &account).map_err(io::Error::from)?;
        writeln!(out)?;
    } else {
        in_words(&mut out, &account)?;
    }
    out.flush()
}

fn in_words(out: &mut impl Write, account: &Account) -> io::Result<()> {
    writeln!(
        out,
        "Generated histories: drawn by the program with a use that it knows, seed {}; no real shelter's.\n\
         Error: how far from the true use at the end, as a share of it: on average / nine in ten are no farther off.",
        account.seed
    )?;
    for tried in &account.worlds {
        writeln!(
            out,
            "\n{}: {} histories of {:.1} spans between two counts",
            tried.world.name, tried.histories, tried.spans
        )?;
        let mut line = |name: &str, error: &Error| {
            let [mean, most] = [error.mean, error.ninth_decile].map(|share| share * 100.0);
            writeln!(out, "  {name:<22} {mean:>6.1} % / {most:>6.1} %")
        };
        line("learned", &tried.learned)?;
        line("planning figure alone", &tried.planning_figure)?;
        line("last span alone", &tried.last_span)?;
        line("plain mean", &tried.plain_mean)?;
        writeln!(
            out,
            "  The 90 % interval holds the truth in {:.1} %; its upper end is {:.2} times its lower one.",
            tried.covered * 100.0,
            tried.width
        )?;
    }
    Ok(())
}
