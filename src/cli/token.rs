//! Tokens of programs from the command line.

use clap::Subcommand;

use super::manage::told;
use super::say;
use crate::app::Fault;
use crate::domain::accounts::Role;
use crate::domain::id::{OrganisationId, TokenId};
use crate::domain::tokens::MOST_DAYS;
use crate::http::matrix::scopes;
use crate::services::Services;
use crate::services::errors::Refused;
use crate::services::tokens::TokenDraft;

#[derive(Subcommand)]
pub enum TokenCommand {
    /// Make a token; it is printed once
    Create {
        /// Of the program
        #[arg(long)]
        name: String,
        /// manager, officer or committee
        #[arg(long)]
        role: Role,
        /// Id of the organisation an officer's program works for
        #[arg(long)]
        organisation: Option<uuid::Uuid>,
        /// Ids of the shelters a manager's program reports for
        #[arg(long)]
        shelter: Vec<uuid::Uuid>,
        /// What it may do, such as read:statistics; several times for several
        #[arg(long, required = true)]
        scope: Vec<String>,
        /// How long it is good
        #[arg(long, value_parser = clap::value_parser!(u16).range(1..=i64::from(MOST_DAYS)))]
        days: u16,
    },
    /// All tokens, newest first
    List,
    /// End a token
    Revoke { id: uuid::Uuid },
}

pub async fn run(command: TokenCommand, services: &Services) -> Result<(), Fault> {
    match command {
        TokenCommand::Create {
            name,
            role,
            organisation,
            shelter,
            scope,
            days,
        } => {
            let known = scopes(role);
            if let Some(unknown) = scope.iter().find(|scope| !known.contains(*scope)) {
                let all: Vec<&str> = known.iter().map(String::as_str).collect();
                return Err(format!("{unknown}: no scope of this role; there are {}", all.join(", ")).into());
            }
            let draft = TokenDraft {
                name,
                role,
                organisation_id: organisation.map(OrganisationId),
                shelters: shelter.into_iter().map(Into::into).collect(),
                scopes: scope,
                days,
            };
            let (view, token) = services.add_token(None, draft).await.map_err(|e| told(&e))?;
            say(&format!("{}\n{token}", view.row.id))
        }
        TokenCommand::List => {
            let now = services.now();
            for view in services.tokens().await? {
                let state = if view.row.is_good(now) { "good" } else { "ended" };
                let (row, program) = (view.row, view.program);
                let until = row.expires_at.format("%Y-%m-%d");
                say(&format!(
                    "{}\t{state}\t{until}\t{}\t{}\t{}",
                    row.id,
                    program.role,
                    program.name,
                    row.scopes.join(",")
                ))?;
            }
            Ok(())
        }
        TokenCommand::Revoke { id } => match services.revoke_token(None, TokenId(id)).await {
            Err(Refused::NotFound) => Err(format!("no token {id}").into()),
            other => Ok(other?),
        },
    }
}
