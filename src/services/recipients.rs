//! Readers of digests: named by one administrator, approved by another, confirmed by themselves, and free to leave by the
//! link in every letter. What a link proves is derived from the key and kept nowhere.

use std::collections::HashMap;

use chrono::Duration;
use serde_json::json;

use super::Services;
use super::audit::entry;
use super::errors::Refused;
use super::notices::{Note, To};
use super::once::{Once, Turn};
use super::people::taken;
use crate::domain::accounts::Actor;
use crate::domain::id::{LetterId, Moment, RecipientId, ScheduleId};
use crate::domain::outbox::{About, Letter, NoticeKind, Of, Via};
use crate::domain::readers::{CONFIRM_WITHIN_DAYS, MOST_READERS, Recipient, RecipientState};
use crate::letters::{self, Asked};
use crate::store::{Tx, accounts, audit, letters as outbox, readers};

/// What the links in letters prove.
const CONFIRMS: &str = "panoh: reader confirms";
const LEAVES: &str = "panoh: reader leaves";

/// A reader with what an administrator is shown of it.
#[derive(Debug, Clone)]
pub struct RecipientView {
    pub row: Recipient,
    pub added_by_name: Option<String>,
    pub approved_by_name: Option<String>,
    /// Whether the one who looks may approve.
    pub may_approve: bool,
    pub last_letter: Option<Letter>,
}

/// What a page shows to who opens a link in a letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asking {
    pub page: Asked,
    pub language: String,
}

impl Services {
    pub async fn recipients(&self, actor: &Actor, schedule: ScheduleId) -> Result<Vec<RecipientView>, Refused> {
        self.schedule(schedule).await?;
        let rows = readers::of_schedule(&self.store, schedule).await?;
        let ids: Vec<RecipientId> = rows.iter().map(|row| row.id).collect();
        let mut letters = readers::newest_letters(&self.store, &ids).await?;
        let people = accounts::users(&self.store).await?;
        let names: HashMap<_, _> = people.into_iter().map(|user| (user.id, user.name)).collect();
        let view = |row: Recipient| RecipientView {
            added_by_name: row.added_by.and_then(|id| names.get(&id).cloned()),
            approved_by_name: row.approved_by.and_then(|id| names.get(&id).cloned()),
            may_approve: row.may_be_approved_by(actor.user_id),
            last_letter: letters.remove(&row.id),
            row,
        };
        Ok(rows.into_iter().map(view).collect())
    }

    /// Names a reader. Nobody writes to it before another administrator has approved and it has confirmed.
    pub async fn add_recipient(
        &self,
        actor: &Actor,
        mut row: Recipient,
        once: Once<RecipientView>,
    ) -> Result<String, Refused> {
        self.schedule(row.schedule_id).await?;
        if !letters::languages().any(|known| known == row.language) {
            let detail = "no letters are written in this language";
            return Err(Refused::invalid("language", "unknown", detail));
        }
        let now = self.now();
        row.id = RecipientId(self.ids.uuid(now));
        row.added_by = Some(actor.user_id);
        row.created_at = now;
        let tx = self.store.begin().await?;
        let claimed = match once.claim(&tx, actor, now).await? {
            Turn::Again(answer) => return Ok(answer),
            Turn::First(claimed) => claimed,
        };
        if readers::count(&tx, row.schedule_id).await? >= MOST_READERS as u64 {
            return Err(Refused::conflict("too_many", "a schedule has 1000 readers at most"));
        }
        readers::insert(&tx, &row).await.map_err(|e| taken(e, "email"))?;
        let view = RecipientView {
            added_by_name: Some(actor.name.clone()),
            approved_by_name: None,
            may_approve: false,
            last_letter: None,
            row,
        };
        let answer = claimed.keep(&tx, &view).await?;
        let mut telling = self.telling(now);
        telling.notice_of_reader(view.row.id, NoticeKind::ReaderWaits, To::OtherOperators(actor.user_id));
        let detail = json!({"schedule": view.row.schedule_id, "kind": view.row.kind});
        telling.entry(
            Some(actor),
            "recipient.add",
            ("recipient", view.row.id.to_string()),
            detail,
        );
        self.finish(tx, telling).await?;
        Ok(answer)
    }

    /// Another administrator approves, and the reader is asked.
    ///
    /// # Errors
    /// `SamePerson` to the one who named the reader, `Conflict` (`not_waiting`) once it is approved.
    pub async fn approve_recipient(
        &self,
        actor: &Actor,
        schedule: ScheduleId,
        id: RecipientId,
        once: Once<RecipientView>,
    ) -> Result<String, Refused> {
        let now = self.now();
        let tx = self.store.begin().await?;
        let claimed = match once.claim(&tx, actor, now).await? {
            Turn::Again(answer) => return Ok(answer),
            Turn::First(claimed) => claimed,
        };
        let found = readers::find(&tx, id).await?;
        let mut row = found
            .filter(|row| row.schedule_id == schedule)
            .ok_or(Refused::NotFound)?;
        if row.added_by == Some(actor.user_id) {
            return Err(Refused::SamePerson);
        }
        let not_waiting = || Refused::conflict("not_waiting", "this reader does not wait for approval");
        if !row.may_be_approved_by(actor.user_id) {
            return Err(not_waiting());
        }
        row.state = RecipientState::WaitingConfirmation;
        row.approved_by = Some(actor.user_id);
        row.approved_at = Some(now);
        if !readers::advance(&tx, RecipientState::WaitingApproval, &row).await? {
            return Err(not_waiting());
        }
        self.ask_reader(&tx, &row, now).await?;
        let added_by = match row.added_by {
            Some(id) => accounts::user(&tx, id).await?,
            None => None,
        };
        let view = RecipientView {
            added_by_name: added_by.map(|user| user.name),
            approved_by_name: Some(actor.name.clone()),
            may_approve: false,
            last_letter: None,
            row,
        };
        let answer = claimed.keep(&tx, &view).await?;
        let detail = json!({"schedule": schedule});
        let told = entry(
            Some(actor),
            now,
            "recipient.approve",
            ("recipient", id.to_string()),
            detail,
        );
        audit::append(&tx, vec![told]).await?;
        tx.commit().await?;
        Ok(answer)
    }

    /// The letter that asks whether the reader wants the digest.
    async fn ask_reader(&self, tx: &Tx, row: &Recipient, now: Moment) -> Result<(), Refused> {
        let link = self.confirm_url(row.id, now + Duration::days(CONFIRM_WITHIN_DAYS));
        let note = Note {
            about: About::Recipient(row.id),
            kind: NoticeKind::ReaderConfirms,
            to: To::Operators,
        };
        let letter = self.letter_of_notice(
            &note,
            (&row.name, &row.language),
            Via::Mail,
            row.email.clone(),
            &link,
            now,
        )?;
        Ok(outbox::insert_notices(tx, &[letter], now).await?)
    }

    pub async fn remove_recipient(&self, actor: &Actor, schedule: ScheduleId, id: RecipientId) -> Result<(), Refused> {
        let tx = self.store.begin().await?;
        if !readers::delete(&tx, schedule, id).await? {
            return Err(Refused::NotFound);
        }
        let object = ("recipient", id.to_string());
        let told = entry(
            Some(actor),
            self.now(),
            "recipient.remove",
            object,
            json!({"schedule": schedule}),
        );
        audit::append(&tx, vec![told]).await?;
        tx.commit().await?;
        Ok(())
    }

    /// What the page of a confirmation link shows; with `says_yes` the reader has pressed its button.
    ///
    /// # Errors
    /// `NotFound` unless the link is one that was sent.
    pub async fn confirm_reader(
        &self,
        id: RecipientId,
        until: i64,
        proof: &str,
        says_yes: bool,
    ) -> Result<Asking, Refused> {
        if !self.vault.proves(CONFIRMS, &confirming(id, until), proof) {
            return Err(Refused::NotFound);
        }
        let now = self.now();
        let tx = self.store.begin().await?;
        let mut row = readers::find(&tx, id).await?.ok_or(Refused::NotFound)?;
        let asking = |row: &Recipient, page| Asking {
            page,
            language: row.language.clone(),
        };
        match row.state {
            RecipientState::Active => return Ok(asking(&row, Asked::Confirmed)),
            RecipientState::WaitingConfirmation if now.timestamp() <= until => {}
            _ => return Ok(asking(&row, Asked::TooLate)),
        }
        if !says_yes {
            return Ok(asking(&row, Asked::Confirm));
        }
        // Pressed twice at once: the second finds it done.
        if row.confirm(now) && readers::advance(&tx, RecipientState::WaitingConfirmation, &row).await? {
            let object = ("recipient", id.to_string());
            let told = entry(
                None,
                now,
                "recipient.confirm",
                object,
                json!({"schedule": row.schedule_id}),
            );
            audit::append(&tx, vec![told]).await?;
            tx.commit().await?;
        }
        Ok(asking(&row, Asked::Confirmed))
    }

    /// What the page of an unsubscribing link shows; with `goes` the reader has pressed its button, or her mail program
    /// has. Letters that still wait are dropped when their turn comes.
    ///
    /// # Errors
    /// `NotFound` unless the link is one that was sent.
    pub async fn unsubscribe(&self, letter: LetterId, proof: &str, goes: bool) -> Result<Asking, Refused> {
        if !self.vault.proves(LEAVES, letter.0.as_bytes(), proof) {
            return Err(Refused::NotFound);
        }
        let letter = outbox::find(&self.store, letter).await?.ok_or(Refused::NotFound)?;
        let asking = |page| Asking {
            page,
            language: letter.language.clone(),
        };
        let now = self.now();
        let tx = self.store.begin().await?;
        let reader = match letter.recipient {
            Some(id) => readers::find(&tx, id).await?,
            None => None,
        };
        // Taken off by an administrator meanwhile: it is as she wishes.
        let Some(mut row) = reader else {
            return Ok(asking(Asked::Left));
        };
        let before = row.state;
        if before != RecipientState::Ended && !goes {
            return Ok(asking(Asked::Leave));
        }
        if row.leave(now) && readers::advance(&tx, before, &row).await? {
            let object = ("recipient", row.id.to_string());
            let told = entry(
                None,
                now,
                "recipient.leave",
                object,
                json!({"schedule": row.schedule_id}),
            );
            audit::append(&tx, vec![told]).await?;
            tx.commit().await?;
        }
        Ok(asking(Asked::Left))
    }

    /// The address at which this reader says yes until then.
    pub fn confirm_url(&self, id: RecipientId, until: Moment) -> String {
        let until = until.timestamp();
        let proof = self.vault.proof(CONFIRMS, &confirming(id, until));
        format!(
            "{}/api/v1/readers/{id}/confirm?until={until}&proof={proof}",
            self.link_base
        )
    }

    /// The address by which the reader of this letter takes herself off; `None` for letters to nobody on a list.
    pub fn unsubscribe_url(&self, letter: &Letter) -> Option<String> {
        if !matches!(letter.of, Of::Digest(_)) || letter.recipient.is_none() {
            return None;
        }
        let proof = self.vault.proof(LEAVES, letter.id.0.as_bytes());
        Some(format!(
            "{}/api/v1/letters/{}/unsubscribe?proof={proof}",
            self.link_base, letter.id
        ))
    }

    /// Whether the reader of a digest's letter is one no more.
    pub(super) async fn has_left(&self, letter: &Letter) -> Result<bool, Refused> {
        match letter.recipient {
            Some(id) => Ok(!readers::find(&self.store, id)
                .await?
                .is_some_and(|row| row.is_written_to())),
            None => Ok(false),
        }
    }
}

/// What a confirmation link proves: for whom it is, and until when, in seconds since 1970.
fn confirming(id: RecipientId, until: i64) -> Vec<u8> {
    [id.0.as_bytes().as_slice(), &until.to_be_bytes()].concat()
}
