//! A hold's life after the asking: accepted, declined, arrived, released, expired; and the handover contact.

use std::collections::HashMap;

use serde_json::json;

use super::Services;
use super::audit::entry;
use super::errors::Refused;
use crate::domain::accounts::{Actor, CaseScope, Organisation, Role};
use crate::domain::availability::ShelterView;
use crate::domain::cases::{Hold, Referral};
use crate::domain::holds::{
    DeclineReason, HoldEvent, HoldPolicy, HoldRefused, HoldState, Outcome, ReleaseReason, step,
};
use crate::domain::household::Search;
use crate::domain::id::{HoldId, Moment, ReferralId, RoomId, ShelterId};
use crate::domain::reports::holds_at_risk;
use crate::domain::rooms::Held;
use crate::store::shelters::Which;
use crate::store::{Tx, accounts, audit, holds, referrals, reports, views};

/// A hold as either side sees it.
#[derive(Debug, Clone)]
pub struct HoldView {
    pub hold: Hold,
    /// Its state at the time of looking: a hold past its deadline is expired, swept or not.
    pub state: HoldState,
    pub referral_code: String,
    pub shelter_code: String,
    /// `None` once the referral has been purged.
    pub search: Option<Search>,
    pub organisation: Option<Organisation>,
    /// A report has left it without its beds.
    pub at_risk: bool,
    /// Labels of its rooms; for the shelter's own people only.
    pub rooms: Vec<(RoomId, String)>,
}

/// What the household's officer needs on arrival. Never the address.
#[derive(Debug, Clone)]
pub struct Handover {
    pub shelter_code: String,
    pub district: String,
    pub contact_name: String,
    pub contact_phone: String,
    pub meeting_point: String,
}

/// Why a hold ends, where there is a why.
#[derive(Debug, Clone, Default)]
pub struct Ending {
    pub decline: Option<DeclineReason>,
    pub release: Option<ReleaseReason>,
    pub note: Option<String>,
}

impl Services {
    pub async fn holds(&self, actor: &Actor, before: Option<Moment>, limit: u64) -> Result<Vec<HoldView>, Refused> {
        let rows = holds::page(&self.store, &actor.case_scope(), before, limit).await?;
        self.hold_views(rows, actor, self.now()).await
    }

    pub async fn hold_of(&self, actor: &Actor, id: HoldId) -> Result<HoldView, Refused> {
        let row = holds::get(&self.store, &actor.case_scope(), id)
            .await?
            .ok_or(Refused::NotFound)?;
        let mut views = self.hold_views(vec![row], actor, self.now()).await?;
        views.pop().ok_or(Refused::NotFound)
    }

    /// Moves a hold on: one winner, whoever comes at the same instant. Beds follow by themselves, since what is held is
    /// derived; an arrival adds them to what is occupied and closes the referral.
    pub async fn move_hold(
        &self,
        actor: &Actor,
        id: HoldId,
        event: HoldEvent,
        ending: Ending,
    ) -> Result<HoldView, Refused> {
        let scope = actor.case_scope();
        let seen = holds::get(&self.store, &scope, id).await?.ok_or(Refused::NotFound)?;
        let tx = self.store.begin().await?;
        if views::lock(&tx, seen.shelter_id).await?.is_none() {
            return Err(Refused::NotFound);
        }
        // The clock is read under the lock: whoever waited for it is judged by when the turn came.
        let now = self.now();
        let mut hold = holds::get(&tx, &scope, id).await?.ok_or(Refused::NotFound)?;
        hold.state = step(hold.state, event, now, hold.expires_at).map_err(refused)?;
        match hold.state {
            HoldState::Accepted => self.accept(&tx, &mut hold, now).await?,
            _ => hold.ended_at = Some(now),
        }
        hold.reason = ending
            .decline
            .map(|r| r.to_string())
            .or(ending.release.map(|r| r.to_string()));
        hold.note = ending.note;
        holds::update(&tx, &hold).await?;
        if hold.state == HoldState::Arrived {
            self.arrive(&tx, &hold, now).await?;
        }
        let detail = json!({"shelter": hold.shelter_id, "reason": hold.reason});
        let told = entry(Some(actor), now, verb(event), ("hold", id.to_string()), detail);
        audit::append(&tx, vec![told]).await?;
        tx.commit().await?;
        self.refresh(Which::Ids(&[hold.shelter_id])).await?;
        self.tell_hold(&hold);
        // What this event made of it, not what another has made of it since.
        hold.version += 1;
        let mut views = self.hold_views(vec![hold], actor, now).await?;
        views.pop().ok_or(Refused::NotFound)
    }

    async fn accept(&self, tx: &Tx, hold: &mut Hold, now: Moment) -> Result<(), Refused> {
        let view = views::one(tx, hold.shelter_id, now).await?.ok_or(Refused::NotFound)?;
        if holds_at_risk(&view.rooms, now).contains(&hold.id) {
            return Err(Refused::conflict(
                "hold_at_risk",
                "its beds are gone by the newest report; decline, or report again",
            ));
        }
        let referral = referrals::of_holds(tx, &[hold.referral_id])
            .await?
            .pop()
            .ok_or(Refused::NotFound)?;
        hold.accepted_at = Some(now);
        hold.expires_at = HoldPolicy::default().accepted_until(now, self.travel_minutes(&referral.search, &view, now));
        Ok(())
    }

    async fn arrive(&self, tx: &Tx, hold: &Hold, now: Moment) -> Result<(), Refused> {
        for line in &hold.lines {
            reports::occupy(
                tx,
                line.room_id,
                Held {
                    beds: line.beds,
                    cots: line.cots,
                },
            )
            .await?;
        }
        referrals::close(tx, hold.referral_id, Outcome::Placed, &[], now).await?;
        Ok(())
    }

    /// Ends what is past its deadline. Nothing depends on when this runs: such a hold counts nowhere already.
    pub async fn expire_due(&self) -> Result<usize, Refused> {
        let due = holds::overdue(&self.store, self.now(), 200).await?;
        let mut ended = 0;
        for seen in due {
            let tx = self.store.begin().await?;
            views::lock(&tx, seen.shelter_id).await?;
            let now = self.now();
            let scope = CaseScope::Shelters(vec![seen.shelter_id]);
            let Some(mut hold) = holds::get(&tx, &scope, seen.id).await? else {
                continue;
            };
            let Ok(state) = step(hold.state, HoldEvent::Expire, now, hold.expires_at) else {
                continue;
            };
            hold.state = state;
            hold.ended_at = Some(hold.expires_at);
            holds::update(&tx, &hold).await?;
            let told = entry(
                None,
                now,
                "hold.expire",
                ("hold", hold.id.to_string()),
                json!({"shelter": hold.shelter_id}),
            );
            audit::append(&tx, vec![told]).await?;
            tx.commit().await?;
            self.refresh(Which::Ids(&[hold.shelter_id])).await?;
            self.tell_hold(&hold);
            ended += 1;
        }
        Ok(ended)
    }

    /// The handover contact: after acceptance only, for a stated reason, on record and in the shelter's own log before
    /// it is shown, at most [`HANDOVERS_A_DAY`] a day and person.
    pub async fn handover(&self, actor: &Actor, id: HoldId, reason: &str) -> Result<Handover, Refused> {
        let hold = holds::get(&self.store, &actor.case_scope(), id)
            .await?
            .ok_or(Refused::NotFound)?;
        let now = self.now();
        if hold.state != HoldState::Accepted || hold.expires_at <= now {
            return Err(Refused::conflict(
                "hold_not_accepted",
                "the contact is given while an accepted hold runs",
            ));
        }
        let board = self.board.current();
        let view = board.get(hold.shelter_id).ok_or(Refused::NotFound)?;
        let found = self.open_confidential(hold.shelter_id).await?;
        let tx = self.store.begin().await?;
        let since = now - chrono::Duration::days(1);
        let detail = json!({"hold": id, "reason": reason});
        let told = entry(
            Some(actor),
            now,
            "handover.read",
            ("shelter", hold.shelter_id.to_string()),
            detail,
        );
        audit::append(&tx, vec![told]).await?;
        // Counted with its own entry in place: the chain lets in one writer at a time, so two at once cannot both be
        // the fifth.
        if audit::count_of(&tx, actor.user_id, "handover.read", since).await? > HANDOVERS_A_DAY {
            return Err(Refused::TooManyAttempts);
        }
        tx.commit().await?;
        Ok(Handover {
            shelter_code: view.shelter.code.clone(),
            district: view.shelter.district.clone(),
            contact_name: found.contact_name,
            contact_phone: found.contact_phone,
            meeting_point: found.meeting_point,
        })
    }

    /// Reads within the transaction: one that waited for a second connection while it holds a lock could wait for
    /// those who wait for the lock.
    pub(super) async fn hold_view(
        tx: &Tx,
        hold: &Hold,
        referral: &Referral,
        view: &ShelterView,
        actor: &Actor,
        now: Moment,
    ) -> Result<HoldView, Refused> {
        let organisation = accounts::organisation(tx, hold.organisation_id).await?;
        Ok(seen(hold.clone(), Some(referral), Some(view), organisation, actor, now))
    }

    /// Holds with what both sides show of them: three statements however many holds.
    pub(super) async fn hold_views(
        &self,
        rows: Vec<Hold>,
        actor: &Actor,
        now: Moment,
    ) -> Result<Vec<HoldView>, Refused> {
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let ids: Vec<ReferralId> = rows.iter().map(|row| row.referral_id).collect();
        let cases: HashMap<ReferralId, Referral> = referrals::of_holds(&self.store, &ids)
            .await?
            .into_iter()
            .map(|row| (row.id, row))
            .collect();
        let organisations: HashMap<_, _> = accounts::organisations(&self.store)
            .await?
            .into_iter()
            .map(|row| (row.id, row))
            .collect();
        let board = self.board.current();
        Ok(rows
            .into_iter()
            .map(|hold| {
                let organisation = organisations.get(&hold.organisation_id).cloned();
                let referral = cases.get(&hold.referral_id);
                let view = board.get(hold.shelter_id);
                seen(hold, referral, view, organisation, actor, now)
            })
            .collect())
    }

    /// The shelter's code, from the board.
    pub fn shelter_code(&self, id: ShelterId) -> Option<String> {
        self.board.current().get(id).map(|view| view.shelter.code.clone())
    }
}

/// Most handover contacts one person reads in a day.
const HANDOVERS_A_DAY: u64 = 5;

fn seen(
    hold: Hold,
    referral: Option<&Referral>,
    view: Option<&ShelterView>,
    organisation: Option<Organisation>,
    actor: &Actor,
    now: Moment,
) -> HoldView {
    let rooms = match (actor.role, view) {
        (Role::Manager, Some(view)) => view
            .shelter
            .rooms
            .iter()
            .filter(|room| hold.lines.iter().any(|line| line.room_id == room.id))
            .map(|room| (room.id, room.label.clone()))
            .collect(),
        _ => Vec::new(),
    };
    HoldView {
        state: hold.state.seen(now, hold.expires_at),
        referral_code: referral.map(|row| row.code.clone()).unwrap_or_default(),
        shelter_code: view.map(|view| view.shelter.code.clone()).unwrap_or_default(),
        search: referral.map(|row| row.search.clone()),
        organisation,
        at_risk: hold.is_active(now) && view.is_some_and(|view| holds_at_risk(&view.rooms, now).contains(&hold.id)),
        rooms,
        hold,
    }
}

fn refused(why: HoldRefused) -> Refused {
    let (code, detail) = match why {
        HoldRefused::Ended(_) => ("hold_ended", "this hold has ended"),
        HoldRefused::Expired => ("hold_expired", "its time has run out"),
        HoldRefused::AlreadyAccepted => ("hold_already_accepted", "it is accepted already"),
        HoldRefused::NotAccepted => ("hold_not_accepted", "it has not been accepted yet"),
        HoldRefused::NotDue => ("hold_not_due", "its time has not run out"),
    };
    Refused::conflict(code, detail)
}

fn verb(event: HoldEvent) -> &'static str {
    match event {
        HoldEvent::Accept => "hold.accept",
        HoldEvent::Decline => "hold.decline",
        HoldEvent::Arrive => "hold.arrive",
        HoldEvent::NoShow => "hold.no_show",
        HoldEvent::Release => "hold.release",
        HoldEvent::Expire => "hold.expire",
    }
}
