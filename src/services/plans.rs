//! Plans for many households at once: made from the board, kept, looked at and edited. Turning one into holds is
//! `plan_apply`'s business.

use std::sync::Arc;

use chrono::Datelike;
use serde_json::json;

use super::Services;
use super::audit::entry;
use super::board::Snapshot;
use super::errors::Refused;
use super::once::{Once, Turn};
use crate::domain::accounts::Actor;
use crate::domain::availability::ShelterView;
use crate::domain::cases::Referral;
use crate::domain::errors::FieldError;
use crate::domain::geography::Pack;
use crate::domain::household::Search;
use crate::domain::id::{HoldId, Moment, PlanId, ReferralId, ShelterId};
use crate::domain::plans::{self, Draft, EditFault, MOST_HOUSEHOLDS, PlanState, Problem, Seeker, StoredPlan};
use crate::store::{audit, holds, plans as kept, referrals};

/// Who is to be placed.
#[derive(Debug, Clone, Default)]
pub struct PlanWish {
    /// Households that the operator tells the shape of.
    pub seekers: Vec<Seeker>,
    /// A shelter that is to be empty afterwards: nobody is sent there, and the holds there move.
    pub empty_shelter: Option<ShelterId>,
    /// Whether open referrals without a place are placed too, the oldest first.
    pub waiting: bool,
}

/// One change to a plan; without a shelter the household loses its place.
#[derive(Debug, Clone, Copy)]
pub struct Edit {
    pub household: usize,
    pub shelter: Option<ShelterId>,
}

impl Services {
    /// Makes a plan and keeps it as a draft. Nothing is held yet.
    pub async fn make_plan(&self, actor: &Actor, wish: PlanWish, once: Once<StoredPlan>) -> Result<String, Refused> {
        let draft = self.draft_plan(wish).await?;
        let now = self.now();
        let tx = self.store.begin().await?;
        let claimed = match once.claim(&tx, actor, now).await? {
            Turn::Again(answer) => return Ok(answer),
            Turn::First(claimed) => claimed,
        };
        let plan = StoredPlan {
            id: PlanId(self.ids.uuid(now)),
            created_by: actor.user_id,
            created_at: now,
            state: PlanState::Draft,
            version: 1,
            draft,
        };
        kept::insert(&tx, &plan).await?;
        let answer = claimed.keep(&tx, &plan).await?;
        let detail = json!({"households": plan.draft.seekers.len(), "placed": plan.draft.assignments.len(),
            "empty_shelter": plan.draft.empty_shelter});
        let told = entry(Some(actor), now, "plan.make", ("plan", plan.id.to_string()), detail);
        audit::append(&tx, vec![told]).await?;
        tx.commit().await?;
        Ok(answer)
    }

    /// The best places for these households on the board as it stands; nothing is stored.
    pub async fn draft_plan(&self, wish: PlanWish) -> Result<Draft, Refused> {
        self.check_wish(&wish)?;
        let now = self.now();
        let mut seekers = wish.seekers;
        let mut releases: Vec<HoldId> = Vec::new();
        if let Some(shelter) = wish.empty_shelter {
            let mut there = holds::active_of(&self.store, shelter, now).await?;
            // A case that is kept from some office is its officer's alone to place: operators may work there.
            there.retain(|hold| hold.excluded.is_empty());
            let ids: Vec<ReferralId> = there.iter().map(|hold| hold.referral_id).collect();
            seekers.extend(referrals::of_holds(&self.store, &ids).await?.iter().map(seeker));
            releases.extend(there.iter().map(|hold| hold.id));
            releases.sort_unstable();
        }
        if wish.waiting {
            let room = MOST_HOUSEHOLDS.saturating_sub(seekers.len());
            let limit = u64::try_from(room).unwrap_or(0);
            let today = now.with_timezone(&self.board.zone()).date_naive();
            let waiting = referrals::without_hold(&self.store, now, limit).await?;
            let due = waiting
                .iter()
                .filter(|row| row.search.earliest_date.is_none_or(|date| date <= today));
            seekers.extend(due.map(seeker));
        }
        if seekers.len() > MOST_HOUSEHOLDS {
            let detail = format!("at most {MOST_HOUSEHOLDS} with those who leave the shelter");
            return Err(Refused::invalid("households", "too_many", detail));
        }
        if seekers.is_empty() {
            return Err(Refused::invalid("households", "required", "nobody is to be placed"));
        }
        let (board, pack, zone) = (self.board.current(), Arc::clone(&self.pack), self.board.zone());
        let month = now.with_timezone(&zone).month();
        let emptied = wish.empty_shelter;
        let solved = tokio::task::spawn_blocking(move || solve(&board, &pack, seekers, emptied, month, now)).await;
        let mut draft = solved.map_err(|fault| Refused::Unexpected(fault.to_string()))?;
        (draft.empty_shelter, draft.releases) = (wish.empty_shelter, releases);
        Ok(draft)
    }

    fn check_wish(&self, wish: &PlanWish) -> Result<(), Refused> {
        let mut errors = Vec::new();
        for (at, seeker) in wish.seekers.iter().enumerate() {
            if self.pack.district(&seeker.from_district).is_none() {
                let field = format!("households[{at}].from_district");
                errors.push(FieldError::new(field, "unknown", "not a district of this country pack"));
            }
        }
        let board = self.board.current();
        if wish.empty_shelter.is_some_and(|shelter| board.get(shelter).is_none()) {
            errors.push(FieldError::new("empty_shelter", "unknown", "no such shelter"));
        }
        if errors.is_empty() {
            Ok(())
        } else {
            Err(Refused::Invalid(errors))
        }
    }

    /// Plans, newest first.
    pub async fn plans(&self, before: Option<Moment>, limit: u64) -> Result<Vec<StoredPlan>, Refused> {
        Ok(kept::page(&self.store, before, limit).await?)
    }

    pub async fn plan(&self, id: PlanId) -> Result<StoredPlan, Refused> {
        kept::get(&self.store, id).await?.ok_or(Refused::NotFound)
    }

    /// Moves households to other shelters or takes their places away, in the order given; those not named stay. Each is
    /// fitted exactly, beside the others of the plan. All edits or none.
    pub async fn edit_plan(
        &self,
        actor: &Actor,
        id: PlanId,
        version: i64,
        edits: &[Edit],
    ) -> Result<StoredPlan, Refused> {
        let now = self.now();
        let tx = self.store.begin().await?;
        if !kept::lock::<Draft>(&tx, id).await? {
            return Err(Refused::NotFound);
        }
        let mut plan = kept::get::<Draft>(&tx, id).await?.ok_or(Refused::NotFound)?;
        if plan.version != version {
            return Err(Refused::Stale);
        }
        if plan.state == PlanState::Applied {
            return Err(Refused::conflict(
                "plan_applied",
                "this plan has been turned into holds",
            ));
        }
        self.edit(&mut plan.draft, edits, now)?;
        kept::update(&tx, &plan).await?;
        plan.version += 1;
        let detail = json!({"edits": edits.len(), "placed": plan.draft.assignments.len()});
        let told = entry(Some(actor), now, "plan.edit", ("plan", id.to_string()), detail);
        audit::append(&tx, vec![told]).await?;
        tx.commit().await?;
        Ok(plan)
    }

    fn edit(&self, draft: &mut Draft, edits: &[Edit], now: Moment) -> Result<(), Refused> {
        let board = self.board.current();
        let month = now.with_timezone(&self.board.zone()).month();
        // First everybody who moves gives up the old place, so that two may change places.
        for (at, edit) in edits.iter().enumerate() {
            draft
                .drop_household(edit.household)
                .map_err(|fault| refused(at, &fault))?;
        }
        for (at, edit) in edits.iter().enumerate() {
            let Some(shelter) = edit.shelter else { continue };
            let view = board
                .get(shelter)
                .ok_or_else(|| refused(at, &EditFault::NoSuchShelter))?;
            let from = draft
                .seekers
                .get(edit.household)
                .map_or("", |seeker| seeker.from_district.as_str());
            let travel = self.pack.way(from, &view.shelter.district, month);
            draft
                .move_household(edit.household, view, travel, board.prices(), now)
                .map_err(|fault| refused(at, &fault))?;
        }
        Ok(())
    }
}

fn refused(at: usize, fault: &EditFault) -> Refused {
    let (field, code, detail) = match fault {
        EditFault::NoSuchHousehold => ("household", "unknown", "no such household in this plan".to_owned()),
        EditFault::NoSuchShelter => ("shelter_id", "unknown", "no such shelter".to_owned()),
        EditFault::ToBeEmptied => (
            "shelter_id",
            "to_be_emptied",
            "this shelter is to be emptied".to_owned(),
        ),
        EditFault::DoesNotFit(reasons) => {
            let reasons: Vec<String> = reasons.iter().map(ToString::to_string).collect();
            ("shelter_id", "does_not_fit", reasons.join(", "))
        }
    };
    Refused::invalid(format!("assignments[{at}].{field}"), code, detail)
}

/// The part that takes processor time.
fn solve(
    board: &Snapshot,
    pack: &Pack,
    seekers: Vec<Seeker>,
    emptied: Option<ShelterId>,
    month: u32,
    now: Moment,
) -> Draft {
    let households: Vec<Search> = seekers.iter().map(Seeker::search).collect();
    let shelters: Vec<&ShelterView> = board.views().filter(|view| Some(view.shelter.id) != emptied).collect();
    let problem = Problem {
        households: &households,
        shelters: &shelters,
        travel: &|from, to| pack.way(from, to, month),
        prices: board.prices(),
        now,
    };
    Draft::new(&problem, &plans::plan(&problem), seekers)
}

/// A referral as a plan sees it: its shape and its code.
fn seeker(row: &Referral) -> Seeker {
    let search = row.search.clone();
    Seeker {
        label: row.code.clone(),
        referral: Some(row.id),
        referral_code: Some(row.code.clone()),
        household: search.household,
        needs: search.needs,
        languages: search.languages,
        from_district: search.from_district,
        urgency: search.urgency,
        rooms_apart_ok: search.rooms_apart_ok,
        penalty: 0,
    }
}
