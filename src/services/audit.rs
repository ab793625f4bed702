//! The audit: entries ride the transaction of what they tell; reading them, and walking them from end to end.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::Services;
use super::errors::Refused;
use crate::domain::accounts::{Actor, Role};
use crate::domain::audit::{Anchor, Broken, Entry, Walk};
use crate::domain::id::{Moment, UserId};
use crate::domain::logbook::{Chained, Wanted};
use crate::domain::outbox::NoticeKind;
use crate::store::{audit, instance};

/// Under which name the database keeps what the last walk found broken, and since when.
pub(super) const BROKEN: &str = "audit_broken";

/// An entry to be chained; the store gives it its stream and number.
pub fn entry(actor: Option<&Actor>, now: Moment, action: &str, object: (&str, String), detail: Value) -> Entry {
    Entry {
        stream: 0,
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

/// A page of the log, with the names of those who acted.
pub struct Log {
    pub rows: Vec<Chained>,
    pub names: HashMap<UserId, String>,
}

/// Which entry is the first that does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct BrokenEntry {
    pub stream: u16,
    pub seq: i64,
}

/// What walking the audit found.
#[derive(Debug, serde::Serialize)]
pub struct Verdict {
    pub entries: u64,
    pub anchors: i64,
    pub intact: bool,
    /// The first entry that does not follow from the one before, is missing, or is not the one that was anchored.
    pub first_broken: Option<BrokenEntry>,
    /// The first anchor that is missing, changed, or not the one that was kept.
    pub broken_anchor: Option<i64>,
    /// The same in words.
    pub why: Option<String>,
}

impl Verdict {
    fn of(walk: &Walk, found: Result<(), Broken>) -> Self {
        let broken = found.err();
        Self {
            entries: walk.entries(),
            anchors: walk.anchors(),
            intact: broken.is_none(),
            first_broken: broken
                .and_then(Broken::entry)
                .map(|(stream, seq)| BrokenEntry { stream, seq }),
            broken_anchor: match broken {
                Some(Broken::Anchor { number }) => Some(number),
                _ => None,
            },
            why: broken.map(|broken| broken.to_string()),
        }
    }
}

impl Services {
    /// The newest of the entries wanted: an administrator's of everything, a manager's of the own shelters.
    pub async fn audit_log(&self, actor: &Actor, wanted: Wanted, limit: u64) -> Result<Log, Refused> {
        let objects = match actor.role {
            Role::Admin => None,
            _ => Some(actor.shelters.iter().map(ToString::to_string).collect()),
        };
        let rows = audit::newest(&self.store, &Wanted { objects, ..wanted }, limit).await?;
        let names = audit::names(&self.store, &rows).await?;
        Ok(Log { rows, names })
    }

    /// Puts on record that somebody is about to be shown a list of people or an export: if that fails, nothing is shown.
    pub async fn shown(&self, actor: &Actor, route: &str) -> Result<(), Refused> {
        let tx = self.store.begin().await?;
        let told = entry(
            Some(actor),
            self.now(),
            "list.read",
            ("route", route.to_owned()),
            json!(null),
        );
        audit::append(&tx, vec![told]).await?;
        Ok(tx.commit().await?)
    }

    /// Puts on record that somebody was refused, at most ten times a minute each: the answer is the same if that fails.
    pub async fn denied(&self, actor: &Actor, route: &str, status: u16) -> Result<(), Refused> {
        let now = self.now();
        if !self.denials.admit(&actor.user_id.to_string(), now) {
            return Ok(());
        }
        let tx = self.store.begin().await?;
        let told = entry(
            Some(actor),
            now,
            "denied",
            ("route", route.to_owned()),
            json!({"status": status}),
        );
        audit::append(&tx, vec![told]).await?;
        Ok(tx.commit().await?)
    }

    /// Walks all anchors and all entries.
    pub async fn verify_audit(&self) -> Result<Verdict, Refused> {
        self.verify_audit_with(&[]).await
    }

    /// The same, and holds them against anchors that were kept elsewhere.
    pub async fn verify_audit_with(&self, kept: &[Anchor]) -> Result<Verdict, Refused> {
        let mut walk = Walk::with(kept);
        let mut found = self.walk_anchors(&mut walk).await?;
        if found.is_ok() {
            found = self.walk_entries(&mut walk).await?;
        }
        let found = found.and_then(|()| walk.end());
        Ok(Verdict::of(&walk, found))
    }

    async fn walk_anchors(&self, walk: &mut Walk) -> Result<Result<(), Broken>, Refused> {
        loop {
            let page = audit::anchors_after(&self.store, walk.anchors(), 1000).await?;
            if page.is_empty() {
                return Ok(Ok(()));
            }
            for stored in page {
                let number = walk.anchors() + 1;
                let read = stored.anchor.ok_or(Broken::Anchor { number });
                if let Err(broken) = read.and_then(|anchor| walk.anchor(&anchor, stored.seal)) {
                    return Ok(Err(broken));
                }
            }
        }
    }

    async fn walk_entries(&self, walk: &mut Walk) -> Result<Result<(), Broken>, Refused> {
        let (mut stream, mut seq) = (-1, 0);
        loop {
            let page = audit::after(&self.store, stream, seq, 1000).await?;
            if page.is_empty() {
                return Ok(Ok(()));
            }
            for row in page {
                if let Err(broken) = walk.entry(&row.entry, row.prev, row.hash) {
                    return Ok(Err(broken));
                }
                (stream, seq) = (i32::from(row.entry.stream), row.entry.seq);
            }
        }
    }

    /// Walks the audit, puts on record that it was done and what was found, and tells the administrators if it no longer
    /// holds. One walk at a time: it reads everything.
    pub async fn verify_on_record(&self, actor: Option<&Actor>) -> Result<Verdict, Refused> {
        let _turn = self.walking.try_acquire().map_err(|_| Refused::TooManyAttempts)?;
        let verdict = self.verify_audit().await?;
        let tx = self.store.begin().await?;
        let mut telling = self.telling(self.now());
        match (&verdict.why, instance::get(&tx, BROKEN).await?) {
            (None, None) | (Some(_), Some(_)) => {}
            (None, Some(_)) => instance::remove(&tx, BROKEN).await?,
            (Some(why), None) => {
                let since = json!({"at": telling.now.timestamp_millis(), "why": why});
                instance::put(&tx, BROKEN, &since.to_string()).await?;
                self.alarm(&tx, &mut telling, NoticeKind::AuditBroken).await?;
            }
        }
        let detail = json!({"entries": verdict.entries, "anchors": verdict.anchors, "intact": verdict.intact,
            "first_broken": verdict.first_broken});
        telling.entry(actor, "audit.verify", ("audit", String::new()), detail);
        self.finish(tx, telling).await?;
        Ok(verdict)
    }
}
