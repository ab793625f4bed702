//! Commands that look and change nothing (but `digest run`, which makes what is due).

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::json;

use super::{say, say_json};
use crate::app::{self, Fault};
use crate::config::Config;
use crate::domain::audit::Anchor;
use crate::domain::availability::{Counts, Totals};
use crate::domain::calendar::When;
use crate::http::availability::AvailabilityOut;
use crate::services::Services;

#[derive(Args)]
pub struct AvailabilityArgs {
    /// An instant (2023-02-15T23:30:00Z), or a day (2023-02-15): what was known at its end where the country is, and
    /// of an imported table that day's night, whatever the hour there. Without it now
    #[arg(long, value_name = "TIME")]
    at: Option<When>,
    #[arg(long)]
    json: bool,
}

#[derive(Subcommand)]
pub enum DigestCommand {
    /// Print the digest of a moment; nothing is kept or sent
    Preview {
        /// An instant (2023-02-15T23:30:00Z) or a day (2023-02-15), read as by `availability --at`. Without it now
        #[arg(long, value_name = "TIME")]
        at: Option<When>,
        /// Region code; without it the whole country
        #[arg(long)]
        region: Option<String>,
        #[arg(long, default_value = "en")]
        language: String,
        /// Print the page instead of the text
        #[arg(long)]
        html: bool,
        /// Print the numbers as JSON
        #[arg(long)]
        json: bool,
    },
    /// Make every digest that is due and send its letters
    Run {
        #[arg(long)]
        json: bool,
    },
}

#[derive(Subcommand)]
pub enum AuditCommand {
    /// Walk all entries and anchors and name the first that is broken
    Verify {
        /// A letter with an anchor that was kept outside, or its lines; several may be given
        #[arg(long, value_name = "FILE")]
        anchor: Vec<PathBuf>,
        #[arg(long)]
        json: bool,
    },
}

pub async fn availability(args: AvailabilityArgs, services: &Services) -> Result<(), Fault> {
    let when = args.at.unwrap_or(When::Moment(services.now()));
    let at = services.instant(when)?;
    let found = services.availability_at(when).await?;
    if args.json {
        return say_json(&AvailabilityOut::new(at, 0, &found));
    }
    say(&format!("as of {at}"))?;
    say(&format!(
        "{:<18}{:>8}{:>10}{:>8}{:>10}{:>8}{:>8}{:>10}",
        "", "beds", "occupied", "held", "enclosed", "out", "free", "family"
    ))?;
    say(&line("national", &found.national))?;
    for (region, totals) in &found.regions {
        say(&line(region, totals))?;
    }
    for sector in &found.by_sector {
        say(&counts(&sector.sector, &sector.counts))?;
    }
    Ok(())
}

fn line(name: &str, totals: &Totals) -> String {
    format!("{}{:>10}", counts(name, &totals.counts), totals.family_places)
}

fn counts(name: &str, c: &Counts) -> String {
    format!(
        "{name:<18}{:>8}{:>10}{:>8}{:>10}{:>8}{:>8}",
        c.beds, c.occupied, c.held, c.enclosed, c.out_of_service, c.free
    )
}

pub async fn digest(command: DigestCommand, config: &Config) -> Result<(), Fault> {
    let services = app::services(config).await?;
    match command {
        DigestCommand::Preview {
            at,
            region,
            language,
            html,
            json,
        } => {
            let when = at.unwrap_or(When::Moment(services.now()));
            let (content, rendered) = services.preview_at(when, region, &language).await?;
            match (json, html) {
                (true, _) => say_json(&content),
                (false, true) => say(&rendered.html),
                (false, false) => say(&rendered.text),
            }
        }
        DigestCommand::Run { json } => {
            let jobs = app::jobs(services, app::mailer(&config.mail())?, app::gateways(config)?.sender)?;
            let made = jobs.run_due().await?;
            let (_on, stop) = tokio::sync::watch::channel(false);
            let sent = jobs.deliver_due(&stop).await;
            if json {
                say_json(&json!({"made": made, "delivered": sent}))
            } else {
                say(&format!("{made} made, {sent} letters"))
            }
        }
    }
}

pub async fn audit(command: AuditCommand, services: &Services) -> Result<(), Fault> {
    let AuditCommand::Verify { anchor, json } = command;
    let mut kept = Vec::new();
    for file in anchor {
        let told = |why: &dyn std::fmt::Display| format!("{}: {why}", file.display());
        let text = std::fs::read_to_string(&file).map_err(|e| told(&e))?;
        kept.push(Anchor::read(&text).ok_or_else(|| told(&"no whole anchor in it"))?);
    }
    let verdict = services.verify_audit_with(&kept).await?;
    if json {
        say_json(&verdict)?;
    } else {
        say(&format!("{} entries, {} anchors", verdict.entries, verdict.anchors))?;
    }
    match verdict.why {
        None => Ok(()),
        Some(why) => Err(why.into()),
    }
}

pub async fn check(services: &Services, json: bool) -> Result<(), Fault> {
    let found = services.check().await?;
    if json {
        say_json(&found)?;
    } else {
        for row in &found {
            say(&format!(
                "{} {:<34}{:>10} looked at{:>8} broken",
                if row.broken == 0 { "ok " } else { "BAD" },
                row.name,
                row.looked_at,
                row.broken
            ))?;
        }
    }
    let broken: u64 = found.iter().map(|row| row.broken).sum();
    if broken == 0 {
        Ok(())
    } else {
        Err(format!("{broken} broken").into())
    }
}
