//! Holds as either side sees them, and the handover contact.

use std::collections::HashMap;

use serde_json::json;

use super::Services;
use super::errors::Refused;
use crate::domain::accounts::{Actor, Organisation, Role};
use crate::domain::availability::ShelterView;
use crate::domain::cases::{Hold, Referral};
use crate::domain::holds::HoldState;
use crate::domain::household::Search;
use crate::domain::id::{HoldId, Moment, ReferralId, RoomId, ShelterId};
use crate::domain::quotas::QuotaKind;
use crate::domain::reports::holds_at_risk;
use crate::store::{Tx, accounts, holds, referrals};

pub use super::moves::Ending;

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
    /// How often the officer may still prolong it.
    pub extensions_left: u8,
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

    /// The handover contact: after acceptance only, for a stated reason, on record and in the shelter's own log before
    /// it is shown, and so often a day and person.
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
        let mut telling = self.telling(now);
        self.charge(&tx, &mut telling, actor, (QuotaKind::Handovers, 1)).await?;
        let detail = json!({"hold": id, "reason": reason});
        let object = ("shelter", hold.shelter_id.to_string());
        telling.entry(Some(actor), "handover.read", object, detail);
        self.finish(tx, telling).await?;
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
        extensions_left: hold.extensions_left(now),
        rooms,
        hold,
    }
}
