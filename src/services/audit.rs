//! The audit chain: entries ride the transaction of what they tell; reading and verifying it.

use serde_json::Value;

use super::Services;
use super::errors::Refused;
use crate::domain::accounts::{Actor, Role};
use crate::domain::audit::{Entry, GENESIS, link};
use crate::domain::id::Moment;
use crate::domain::logbook::Chained;
use crate::store::audit;

/// An entry to be chained; the store gives it its number.
pub fn entry(actor: Option<&Actor>, now: Moment, action: &str, object: (&str, String), detail: Value) -> Entry {
    Entry {
        seq: 0,
        at: now,
        actor_id: actor.map(|actor| actor.user_id),
        role: actor.map_or_else(|| "system".to_owned(), |actor| actor.role.to_string()),
        origin: actor.map_or_else(String::new, |actor| actor.origin.clone()),
        action: action.to_owned(),
        object_type: object.0.to_owned(),
        object_id: object.1,
        detail: if detail.is_null() {
            String::new()
        } else {
            detail.to_string()
        },
    }
}

/// What `panoh audit verify` found.
#[derive(Debug, serde::Serialize)]
pub struct Verdict {
    pub entries: u64,
    pub intact: bool,
    /// Number of the first entry that does not follow from the one before.
    pub first_broken: Option<i64>,
}

impl Services {
    /// The newest entries: an administrator's of everything, a manager's of the own shelters.
    pub async fn audit_log(&self, actor: &Actor, before: Option<i64>, limit: u64) -> Result<Vec<Chained>, Refused> {
        let own: Vec<String>;
        let objects = match actor.role {
            Role::Admin => None,
            _ => {
                own = actor.shelters.iter().map(ToString::to_string).collect();
                Some(own.as_slice())
            }
        };
        Ok(audit::newest(&self.store, objects, before, limit).await?)
    }

    /// Walks the whole chain.
    pub async fn verify_audit(&self) -> Result<Verdict, Refused> {
        let (mut seq, mut prev, mut entries) = (0, GENESIS, 0);
        loop {
            let page = audit::after(&self.store, seq, 1000).await?;
            if page.is_empty() {
                return Ok(Verdict {
                    entries,
                    intact: true,
                    first_broken: None,
                });
            }
            for stored in page {
                let follows =
                    stored.entry.seq == seq + 1 && stored.prev == prev && link(prev, &stored.entry) == stored.hash;
                if !follows {
                    return Ok(Verdict {
                        entries,
                        intact: false,
                        first_broken: Some(stored.entry.seq),
                    });
                }
                (seq, prev) = (stored.entry.seq, stored.hash);
                entries += 1;
            }
        }
    }
}
