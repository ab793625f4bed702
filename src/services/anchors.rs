//! Anchors over the audit: made every hour in which something was written, and sent each day to people outside, so that who
//! holds the database cannot take back what it said.

use chrono::Duration;

use super::Services;
use super::errors::Refused;
use crate::domain::audit::Anchor;
use crate::domain::id::{LetterId, Moment};
use crate::domain::outbox::{About, Letter, Notice, NoticeKind, Of, Via};
use crate::letters;
use crate::store::{Tx, audit, instance, letters as outbox};

/// An anchor as a reader is shown it.
pub struct AnchorView {
    pub number: i64,
    pub at: Moment,
    /// As it is sent; `None` where what is stored is no anchor any more.
    pub text: Option<String>,
    /// Entries up to it, of all streams.
    pub entries: Option<i64>,
    pub seal: String,
}

/// Least time between two anchors.
const EVERY: Duration = Duration::hours(1);
/// Under which names the database keeps the last local day on which an anchor was sent, and the audit walked.
const SENT: &str = "anchor_sent";
const WALKED: &str = "audit_walked";

impl Services {
    /// One page of the anchors, newest first.
    pub async fn anchors(&self, before: Option<i64>, limit: u64) -> Result<Vec<AnchorView>, Refused> {
        let rows = audit::newest_anchors(&self.store, before, limit).await?;
        let views = rows.into_iter().map(|row| AnchorView {
            number: row.number,
            at: row.at,
            text: row.anchor.as_ref().map(Anchor::sealed_text),
            entries: row
                .anchor
                .as_ref()
                .map(|anchor| anchor.heads.iter().map(|head| head.seq).sum()),
            seal: hex::encode(row.seal),
        });
        Ok(views.collect())
    }

    /// Anchors the heads if an hour has passed and something was written since, and sends the newest anchor on the first
    /// look of a local day. On several nodes once. `true` if there is a new anchor.
    pub async fn anchor_due(&self) -> Result<bool, Refused> {
        let now = self.now();
        let newest = audit::newest_anchors(&self.store, None, 1).await?.pop();
        let made = match newest {
            Some(newest) if now - newest.at < EVERY => false,
            _ => self.anchor(now).await?,
        };
        self.send_anchor(now).await?;
        Ok(made)
    }

    /// Binds the heads of all streams to the anchor before.
    async fn anchor(&self, now: Moment) -> Result<bool, Refused> {
        let tx = self.store.begin().await?;
        audit::lock_anchors(&tx).await?;
        let before = audit::newest_anchors(&tx, None, 1).await?.pop();
        let heads = audit::heads(&tx).await?;
        let (number, prev, said) = match before {
            // Another node was quicker.
            Some(before) if now - before.at < EVERY => return Ok(false),
            Some(before) => (before.number + 1, before.seal, before.anchor.map(|anchor| anchor.heads)),
            None => (1, [0; 32], None),
        };
        if heads.is_empty() || said.as_ref() == Some(&heads) {
            return Ok(false);
        }
        let anchor = Anchor {
            number,
            at: now,
            prev,
            heads,
        };
        audit::insert_anchor(&tx, &anchor).await?;
        tx.commit().await?;
        Ok(true)
    }

    async fn send_anchor(&self, now: Moment) -> Result<(), Refused> {
        let today = self.today(now).to_string();
        if self.anchor_to.is_empty() || instance::get(&self.store, SENT).await?.is_some_and(|day| day >= today) {
            return Ok(());
        }
        let newest = audit::newest_anchors(&self.store, None, 1).await?.pop();
        let Some(anchor) = newest.and_then(|row| row.anchor) else {
            return Ok(());
        };
        let tx = self.store.begin().await?;
        if instance::claim(&tx, SENT, &today).await? {
            self.write_anchor(&tx, &anchor, now).await?;
            tx.commit().await?;
        }
        Ok(())
    }

    async fn write_anchor(&self, tx: &Tx, anchor: &Anchor, now: Moment) -> Result<(), Refused> {
        let language = &self.pack.default_language;
        let words = letters::anchor(language, &anchor.sealed_text()).map_err(|e| Refused::Unexpected(e.to_string()))?;
        let letter = |address: &String| Letter {
            id: LetterId(self.ids.uuid(now)),
            recipient: None,
            of: Of::Notice(Box::new(Notice {
                about: About::Country,
                kind: NoticeKind::Anchored,
                subject: words.subject.clone(),
                html: words.html.clone(),
                text: words.text.clone(),
            })),
            via: Via::Mail,
            address: address.clone(),
            name: String::new(),
            language: words.language.clone(),
            state: "queued".to_owned(),
            attempts: 0,
            answer: None,
            sent_at: None,
            created_at: now,
        };
        let rows: Vec<Letter> = self.anchor_to.iter().map(letter).collect();
        Ok(outbox::insert_notices(tx, &rows, now).await?)
    }

    /// Walks the audit once a local day, on one node. `None` if today's walk was done.
    pub async fn walk_due(&self) -> Result<Option<bool>, Refused> {
        let today = self.today(self.now()).to_string();
        if instance::get(&self.store, WALKED)
            .await?
            .is_some_and(|day| day >= today)
        {
            return Ok(None);
        }
        let tx = self.store.begin().await?;
        if !instance::claim(&tx, WALKED, &today).await? {
            return Ok(None);
        }
        tx.commit().await?;
        Ok(Some(self.verify_on_record(None).await?.intact))
    }
}
