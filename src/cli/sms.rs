//! `panoh sms`: a text message without a gateway. It takes the same way as one that comes through the door: what it says is
//! done, and what would be answered is printed.

use clap::Args;
use serde_json::json;

use super::{say, say_json};
use crate::app::Fault;
use crate::services::Services;
use crate::services::errors::Refused;
use crate::services::texts::{Inbound, Written};

/// How to write: shown below the options.
const GRAMMAR: &str = "\
What can be written, any spaces, any alphabet, in any order:
  =                 nothing has changed (also: same, ҳамон, без изменений)
  5 7               occupied beds, room by room in the shelter's order
  2:5               room 2 has 5, the others are as they were
  soap 40           so many on hand of an item
  ?                 what is on record, and how to write
Who runs several shelters begins with the code or its end: SU-01 5 7.

Trying it on a demo that is kept in a folder (panoh demo --dir DIR); its first managers have invented telephones:
  panoh --data-dir DIR sms --from +992000000001 ?
A service that is running shows the report with its next redraw. What is to be seen at once goes through a gateway: the
demo prints a line that does it.";

#[derive(Args)]
#[command(after_help = GRAMMAR)]
pub struct SmsArgs {
    /// The number it comes from
    #[arg(long, value_name = "NUMBER")]
    from: String,
    /// The gateway it comes through, as it is written down
    #[arg(long, default_value = "cli")]
    gateway: String,
    /// First connect the number to this manager's account
    #[arg(long, value_name = "EMAIL")]
    connect: Option<String>,
    /// The gateway's id for it; the same id twice is one message
    #[arg(long, value_name = "ID")]
    id: Option<String>,
    #[arg(long)]
    json: bool,
    /// The words
    text: Vec<String>,
}

pub async fn run(args: SmsArgs, services: &Services) -> Result<(), Fault> {
    if let Some(email) = &args.connect {
        let made = services.add_phone_of(email).await.map_err(|refused| match refused {
            Refused::NotFound => format!("no manager who may sign in has the address {email}"),
            other => other.to_string(),
        })?;
        let connected = send(services, &args, &made.code, None).await?;
        if args.text.is_empty() {
            return tell(&args, &connected);
        }
    }
    if args.text.is_empty() {
        return Err("what is to be written?".into());
    }
    let written = send(services, &args, &args.text.join(" "), args.id.clone()).await?;
    tell(&args, &written)
}

async fn send(services: &Services, args: &SmsArgs, text: &str, id: Option<String>) -> Result<Written, Fault> {
    let inbound = Inbound {
        gateway: args.gateway.clone(),
        message_id: id.unwrap_or_else(|| services.ids.uuid(services.now()).to_string()),
        from: args.from.clone(),
        text: text.to_owned(),
    };
    Ok(services.take_text(&inbound).await?)
}

fn tell(args: &SmsArgs, written: &Written) -> Result<(), Fault> {
    if args.json {
        return say_json(&json!({"reply": written.text, "again": written.again}));
    }
    match &written.text {
        Some(text) => say(text),
        None => Err("no reply: the number is not connected to a manager who may report, or it wrote too often".into()),
    }
}
