//! What takes two people: asking, answering, and what an answer brings about in its own transaction. Where one
//! administrator is alone there is nobody to ask: it is done at once, and the audit says so.

use std::collections::HashMap;

use chrono::Duration;
use serde_json::{Value, json};

use super::Services;
use super::errors::Refused;
use super::once::{Claimed, Once, Turn};
use super::people::Second;
use super::telling::Telling;
use crate::domain::accounts::{Account, Actor, Role, User};
use crate::domain::approvals::{
    self as rules, Approval, ApprovalKind, Decision, Detail, Export, Undecidable, makes_admin,
};
use crate::domain::id::{ApprovalId, Moment, UserId};
use crate::domain::outbox::NoticeKind;
use crate::store::{Tx, accounts, approvals, digests, factors, sessions};

/// How long answered and expired ones are shown, in days.
const SHOWN_DAYS: i64 = 30;
/// Most that are shown.
const MOST_SHOWN: u64 = 200;

/// An approval with what is shown of it.
#[derive(Debug, Clone)]
pub struct ApprovalView {
    pub row: Approval,
    pub now: Moment,
    pub asked_by_name: String,
    pub decided_by_name: Option<String>,
    /// Whether the one who looks may answer it.
    pub may_decide: bool,
}

/// Whether a change of an account has happened, or waits for a second person.
#[derive(Debug, Clone)]
pub enum Accepted {
    Done(Account),
    Waits(ApprovalId),
}

impl Services {
    /// The newest first: an administrator sees all, others what they asked for themselves.
    pub async fn approvals(&self, actor: &Actor) -> Result<Vec<ApprovalView>, Refused> {
        let now = self.now();
        let asker = (actor.role != Role::Admin).then_some(actor.user_id);
        let rows = approvals::since(&self.store, asker, now - Duration::days(SHOWN_DAYS), MOST_SHOWN).await?;
        let people = accounts::users(&self.store).await?;
        let names: HashMap<UserId, String> = people.into_iter().map(|user| (user.id, user.name)).collect();
        let name = |id: &UserId| names.get(id).cloned();
        let view = |row: Approval| ApprovalView {
            asked_by_name: name(&row.asked_by).unwrap_or_default(),
            decided_by_name: row.decided_by.as_ref().and_then(name),
            may_decide: actor.role == Role::Admin && row.may_be_decided_by(actor.user_id, now),
            now,
            row,
        };
        Ok(rows.into_iter().map(view).collect())
    }

    /// Asks for one export. Its asker may make it once, within an hour of the approval.
    ///
    /// # Errors
    /// `NotFound` for what the asker may not see; `Conflict` (`already_asked`) while the same is waited for.
    pub async fn ask_export(&self, actor: &Actor, export: Export, once: Once<ApprovalView>) -> Result<String, Refused> {
        let detail = Detail {
            name: self.name_of(actor, export).await?,
            ..Detail::default()
        };
        let tx = self.store.begin().await?;
        let claimed = match once.claim(&tx, actor, self.now()).await? {
            Turn::Again(answer) => return Ok(answer),
            Turn::First(claimed) => claimed,
        };
        let mut telling = self.telling(self.now());
        let alone = self.is_alone(&tx, actor).await?;
        let object = (ApprovalKind::Export, export.to_string());
        let row = self.ask_second(&tx, actor, object, detail, alone, &mut telling).await?;
        let view = ApprovalView {
            asked_by_name: actor.name.clone(),
            decided_by_name: alone.then(|| actor.name.clone()),
            may_decide: false,
            now: telling.now,
            row,
        };
        let answer = claimed.keep(&tx, &view).await?;
        self.finish(tx, telling).await?;
        Ok(answer)
    }

    async fn name_of(&self, actor: &Actor, export: Export) -> Result<String, Refused> {
        match export {
            Export::Digest(id) => {
                let digest = digests::digest(&self.store, id).await?.ok_or(Refused::NotFound)?;
                Ok(self.schedule(digest.schedule_id).await?.name)
            }
            Export::Stock(id) if actor.shelter_scope().covers(id) => self.shelter_code(id).ok_or(Refused::NotFound),
            Export::Stock(_) => Err(Refused::NotFound),
        }
    }

    /// Uses the approval of an export up: this must come before the table is shown.
    ///
    /// # Errors
    /// `ApprovalNeeded` without one that allows it now.
    pub async fn use_export(&self, actor: &Actor, export: Export, approval: Option<ApprovalId>) -> Result<(), Refused> {
        let id = approval.ok_or(Refused::ApprovalNeeded)?;
        let now = self.now();
        let tx = self.store.begin().await?;
        let mut row = approvals::find(&tx, id).await?.ok_or(Refused::ApprovalNeeded)?;
        if !row.allows(actor.user_id, export, now) {
            return Err(Refused::ApprovalNeeded);
        }
        row.decision = Some(Decision::Used);
        if !approvals::advance(&tx, Some(Decision::Approved), &row).await? {
            return Err(Refused::ApprovalNeeded);
        }
        let mut telling = self.telling(now);
        telling.entry(
            Some(actor),
            "approval.use",
            object(id),
            json!({"export": export.to_string()}),
        );
        self.finish(tx, telling).await
    }

    /// Asks that somebody's second factors be taken away, since the telephone is lost.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` (`already_asked`).
    pub async fn ask_factor_reset(
        &self,
        actor: &Actor,
        who: UserId,
        reason: String,
        once: Once<ApprovalId>,
    ) -> Result<String, Refused> {
        let tx = self.store.begin().await?;
        let claimed: Claimed<ApprovalId> = match once.claim(&tx, actor, self.now()).await? {
            Turn::Again(answer) => return Ok(answer),
            Turn::First(claimed) => claimed,
        };
        let person = accounts::user(&tx, who).await?;
        let person = person.filter(|user| !user.is_program()).ok_or(Refused::NotFound)?;
        let detail = Detail {
            name: person.name,
            reason: Some(reason),
            account: None,
        };
        let mut telling = self.telling(self.now());
        let alone = self.is_alone(&tx, actor).await?;
        let object = (ApprovalKind::FactorReset, who.to_string());
        let row = self.ask_second(&tx, actor, object, detail, alone, &mut telling).await?;
        if alone {
            self.reset_factors(&tx, actor, &row, &mut telling).await?;
        }
        let answer = claimed.keep(&tx, &row.id).await?;
        self.finish(tx, telling).await?;
        self.rights_changed();
        Ok(answer)
    }

    /// Whether this change of an account takes a second person, who is asked then.
    ///
    /// # Errors
    /// `Conflict` (`already_asked`).
    pub(super) async fn second_for(
        &self,
        tx: &Tx,
        actor: &Actor,
        (before, after): (Option<&User>, &User),
        telling: &mut Telling,
    ) -> Result<Result<Second, ApprovalId>, Refused> {
        if !makes_admin(before, after) {
            return Ok(Ok(Second::NotNeeded));
        }
        if self.is_alone(tx, actor).await? {
            return Ok(Ok(Second::Alone));
        }
        let account = rules::Account {
            email: after.email.clone(),
            organisation_id: after.organisation_id,
            language: after.language.clone(),
            is_new: before.is_none(),
            was_disabled: before.is_some_and(|user| user.disabled),
        };
        let detail = Detail {
            name: after.name.clone(),
            reason: None,
            account: Some(account),
        };
        let object = (ApprovalKind::AdminRole, after.id.to_string());
        let row = self.ask_second(tx, actor, object, detail, false, telling).await?;
        Ok(Err(row.id))
    }

    /// Whether this administrator is the only one, so that nobody else could be asked.
    async fn is_alone(&self, tx: &Tx, actor: &Actor) -> Result<bool, Refused> {
        Ok(approvals::lock_administrators(tx).await? == [actor.user_id])
    }

    /// Writes down what is asked for; `settled` if nobody else could answer.
    async fn ask_second(
        &self,
        tx: &Tx,
        actor: &Actor,
        (kind, of): (ApprovalKind, String),
        detail: Detail,
        settled: bool,
        telling: &mut Telling,
    ) -> Result<Approval, Refused> {
        let now = telling.now;
        let earlier = approvals::unanswered(tx, &of).await?;
        let twice = |row: &Approval| row.kind == kind && row.asked_by == actor.user_id && row.outcome(now).is_none();
        if earlier.iter().any(twice) {
            return Err(Refused::conflict("already_asked", "this waits for an answer already"));
        }
        let id = ApprovalId(self.ids.uuid(now));
        let mut row = Approval::asked(id, (kind, of), detail, actor.user_id, now);
        if settled {
            row.settle(actor.user_id, Decision::Approved, now);
        }
        approvals::insert(tx, &row).await?;
        if !settled {
            telling.notice_of_approval(actor.user_id);
        }
        let told = json!({"kind": row.kind, "object": row.object_id, "alone": settled});
        telling.entry(Some(actor), "approval.ask", object(id), told);
        Ok(row)
    }

    /// Another administrator answers; what was asked for happens in the same transaction.
    ///
    /// # Errors
    /// `SamePerson` to the one who asked; `Conflict`: `not_waiting`, `asker_gone`, `overtaken`.
    pub async fn answer_approval(
        &self,
        actor: &Actor,
        id: ApprovalId,
        approves: bool,
        once: Once<ApprovalView>,
    ) -> Result<String, Refused> {
        let tx = self.store.begin().await?;
        let claimed = match once.claim(&tx, actor, self.now()).await? {
            Turn::Again(answer) => return Ok(answer),
            Turn::First(claimed) => claimed,
        };
        // Whoever stops being an administrator meanwhile waits for this, or this for that.
        if !approvals::lock_administrators(&tx).await?.contains(&actor.user_id) {
            return Err(Refused::NotFound);
        }
        let now = self.now();
        let mut row = approvals::find(&tx, id).await?.ok_or(Refused::NotFound)?;
        row.decide(actor.user_id, approves, now).map_err(refused)?;
        let asker = accounts::user(&tx, row.asked_by).await?.ok_or(Refused::NotFound)?;
        if approves && !may_still_ask(&asker, row.kind) {
            let detail = "whoever asked may do so no more; refuse it";
            return Err(Refused::conflict("asker_gone", detail));
        }
        if !approvals::advance(&tx, None, &row).await? {
            return Err(refused(Undecidable::NotWaiting));
        }
        let mut telling = self.telling(now);
        let verb = if approves {
            "approval.approve"
        } else {
            "approval.refuse"
        };
        telling.entry(Some(actor), verb, object(id), about(&row));
        if approves {
            match row.kind {
                ApprovalKind::AdminRole => self.make_admin(&tx, actor, &row, &mut telling).await?,
                ApprovalKind::FactorReset => self.reset_factors(&tx, actor, &row, &mut telling).await?,
                // Its asker makes it.
                ApprovalKind::Export => {}
            }
        }
        let view = ApprovalView {
            asked_by_name: asker.name,
            decided_by_name: Some(actor.name.clone()),
            may_decide: false,
            now,
            row,
        };
        let answer = claimed.keep(&tx, &view).await?;
        self.finish(tx, telling).await?;
        self.rights_changed();
        Ok(answer)
    }

    /// The account becomes what was asked for, new or as it stands now.
    async fn make_admin(&self, tx: &Tx, actor: &Actor, row: &Approval, telling: &mut Telling) -> Result<(), Refused> {
        let overtaken = || {
            Refused::conflict(
                "overtaken",
                "the account has changed since this was asked for; refuse it",
            )
        };
        let account = row.detail.account.clone().ok_or_else(overtaken)?;
        let id = user_id(row).ok_or_else(overtaken)?;
        let user = User {
            id,
            email: account.email,
            name: row.detail.name.clone(),
            role: Role::Admin,
            organisation_id: account.organisation_id,
            language: account.language,
            disabled: false,
            shelters: Vec::new(),
        };
        let before = accounts::user(tx, id).await?;
        let as_asked = match &before {
            None => account.is_new,
            Some(before) => !account.is_new && before.disabled == account.was_disabled,
        };
        if !as_asked {
            return Err(overtaken());
        }
        let written = self.write_admin(tx, (actor, row.id), (before, &user), telling).await;
        written.map_err(|error| match error {
            // The address has been taken meanwhile.
            Refused::Invalid(_) => overtaken(),
            other => other,
        })
    }

    async fn reset_factors(
        &self,
        tx: &Tx,
        actor: &Actor,
        row: &Approval,
        telling: &mut Telling,
    ) -> Result<(), Refused> {
        let id = user_id(row).ok_or(Refused::NotFound)?;
        factors::lock(tx, id).await?;
        let gone = factors::delete_all(tx, id).await?;
        sessions::revoke_of(tx, id, telling.now).await?;
        let detail = json!({"approval": row.id, "factors": gone, "reason": row.detail.reason});
        telling.entry(
            Some(actor),
            "user.factors_reset",
            ("user", row.object_id.clone()),
            detail,
        );
        telling.notice_to_person(id, NoticeKind::FactorRemoved);
        Ok(())
    }
}

fn user_id(row: &Approval) -> Option<UserId> {
    row.object_id.parse().ok().map(UserId)
}

fn may_still_ask(asker: &User, kind: ApprovalKind) -> bool {
    let role = match kind {
        ApprovalKind::Export => matches!(asker.role, Role::Admin | Role::Committee),
        ApprovalKind::AdminRole | ApprovalKind::FactorReset => asker.role == Role::Admin,
    };
    role && !asker.disabled
}

fn object(id: ApprovalId) -> (&'static str, String) {
    ("approval", id.to_string())
}

fn about(row: &Approval) -> Value {
    json!({"kind": row.kind, "object": row.object_id, "asked_by": row.asked_by})
}

fn refused(why: Undecidable) -> Refused {
    match why {
        Undecidable::SamePerson => Refused::SamePerson,
        Undecidable::NotWaiting => Refused::conflict("not_waiting", "this waits for no answer any more"),
    }
}
