//! Changing the key that seals confidential fields.

use std::time::Duration;

use clap::Subcommand;
use serde_json::json;

use super::{say, say_json};
use crate::app::{self, Fault, keys};
use crate::config::Config;

/// Nodes that serve look at the key file every two seconds.
const HEARD: Duration = Duration::from_secs(6);

#[derive(Subcommand)]
pub enum KeyCommand {
    /// How many rows are sealed under each key of the key file
    Status {
        #[arg(long)]
        json: bool,
    },
    /// Put a new key into the key file and seal nothing yet: where several machines serve, copy the file to each of them,
    /// then `rotate`
    Prepare,
    /// Seal everything under the newest key; with a new one unless one was prepared or an earlier rotation was stopped
    Rotate {
        #[arg(long)]
        json: bool,
    },
}

pub async fn run(command: KeyCommand, config: &Config) -> Result<(), Fault> {
    let services = app::services(config).await?;
    match command {
        KeyCommand::Status { json } => {
            let told = services.sealed_under().await?;
            if json {
                return say_json(
                    &told
                        .iter()
                        .map(|(key, rows)| json!({"key": key, "rows": rows}))
                        .collect::<Vec<_>>(),
                );
            }
            for (key, rows) in told {
                say(&format!("{key}  {rows} rows"))?;
            }
            Ok(())
        }
        KeyCommand::Prepare => {
            keys::add(&config.key_file())?;
            say("a new key stands first in the key file; nothing is sealed under it yet")
        }
        KeyCommand::Rotate { json } => {
            let under = services.sealed_under().await?;
            // Something is under an older key: that rotation is not over, or a key was prepared for this one.
            if under.iter().skip(1).all(|(_, rows)| *rows == 0) {
                keys::add(&config.key_file())?;
                services.reload_keys()?;
                tokio::time::sleep(HEARD).await;
            }
            let done = services.seal_anew().await?;
            if json {
                return say_json(&done);
            }
            for (table, rows) in &done.rows {
                say(&format!("{table}: {rows} rows sealed anew"))?;
            }
            say(&format!("everything is sealed under {}", done.key))
        }
    }
}
