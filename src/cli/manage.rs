//! Accounts from the command line: how the first administrator is made.

use std::io::IsTerminal;

use clap::Subcommand;

use super::say;
use crate::app::Fault;
use crate::domain::accounts::Role;
use crate::domain::id::OrganisationId;
use crate::services::Services;
use crate::services::people::UserDraft;

#[derive(Subcommand)]
pub enum UserCommand {
    /// Make an account; the password is read from standard input
    Add {
        #[arg(long)]
        email: String,
        #[arg(long)]
        name: String,
        /// manager, officer, committee or admin
        #[arg(long)]
        role: Role,
        /// Id of the organisation an officer works for
        #[arg(long)]
        organisation: Option<uuid::Uuid>,
        /// Ids of the shelters a manager runs
        #[arg(long)]
        shelter: Vec<uuid::Uuid>,
        /// tg, ru or en; the country's first if left out
        #[arg(long)]
        language: Option<String>,
    },
}

pub async fn user(command: UserCommand, services: &Services) -> Result<(), Fault> {
    let UserCommand::Add {
        email,
        name,
        role,
        organisation,
        shelter,
        language,
    } = command;
    if std::io::stdin().is_terminal() {
        say("password (15 characters or more), then Enter:")?;
    }
    let mut password = String::new();
    std::io::stdin().read_line(&mut password)?;
    let draft = UserDraft {
        email: email.trim().to_lowercase(),
        name,
        role,
        organisation_id: organisation.map(OrganisationId),
        shelters: shelter.into_iter().map(Into::into).collect(),
        language: language.unwrap_or_else(|| services.pack.default_language.clone()),
        password: Some(password.trim_end_matches(['\n', '\r']).to_owned()),
        disabled: false,
    };
    let user = services.add_user(None, draft).await.map_err(|refused| told(&refused))?;
    say(&user.id.to_string())
}

/// A refusal in one line, with the fields at fault.
fn told(refused: &crate::services::errors::Refused) -> String {
    match refused {
        crate::services::errors::Refused::Invalid(errors) => errors
            .iter()
            .map(|e| format!("{}: {}", e.field, e.detail))
            .collect::<Vec<_>>()
            .join("; "),
        other => other.to_string(),
    }
}
