//! The purge by hand: what the service does by itself every night.

use super::{say, say_json};
use crate::app::Fault;
use crate::services::Services;

/// Removes everything that was kept for as long as it may be.
#[derive(clap::Args)]
pub struct PurgeArgs {
    #[arg(long)]
    json: bool,
}

pub async fn run(args: PurgeArgs, services: &Services) -> Result<(), Fault> {
    let done = services.purge().await?;
    if args.json {
        say_json(&done)?;
    } else {
        say(&format!("{} cases, {} other rows", done.cases, done.other_rows))?;
    }
    if done.compacted {
        Ok(())
    } else {
        Err("somebody reads in the way, so the files are not rid of it yet; the service tries again".into())
    }
}
