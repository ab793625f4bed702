//! Accounts and sessions from the command line.

use clap::Subcommand;

use super::say;
use crate::app::Fault;
use crate::domain::accounts::Role;
use crate::domain::id::OrganisationId;
use crate::services::Services;
use crate::services::people::UserDraft;

#[derive(Subcommand)]
pub enum UserCommand {
    /// Make an account; prints its id and the link by which its owner chooses a password
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

#[derive(Subcommand)]
pub enum SessionsCommand {
    /// End every session, link, challenge and unsent letter: after a database was restored from a backup
    End,
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
    let draft = UserDraft {
        email: email.trim().to_lowercase(),
        name,
        role,
        organisation_id: organisation.map(OrganisationId),
        shelters: shelter.into_iter().map(Into::into).collect(),
        language: language.unwrap_or_else(|| services.pack.default_language.clone()),
        disabled: false,
    };
    let (user, link) = services
        .add_user_by_hand(draft)
        .await
        .map_err(|refused| told(&refused))?;
    say(&user.id.to_string())?;
    say(&link)
}

pub async fn sessions(command: SessionsCommand, services: &Services) -> Result<(), Fault> {
    let SessionsCommand::End = command;
    let ended = services
        .end_everything("by hand")
        .await
        .map_err(|refused| told(&refused))?;
    say(&format!("ended {ended}"))
}

/// A refusal in one line, with the fields at fault.
pub(super) fn told(refused: &crate::services::errors::Refused) -> String {
    match refused {
        crate::services::errors::Refused::Invalid(errors) => errors
            .iter()
            .map(|e| format!("{}: {}", e.field, e.detail))
            .collect::<Vec<_>>()
            .join("; "),
        other => other.to_string(),
    }
}
