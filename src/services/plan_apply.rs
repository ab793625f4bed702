//! A plan turned into holds, all or none: referral rows are locked first, then shelters, each in the order of their ids;
//! then every household is fitted once more on the rows as they are.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use super::Services;
use super::errors::Refused;
use super::moves::Ending;
use super::once::{Once, Turn};
use super::telling::Telling;
use super::waves::Wave;
use crate::domain::accounts::Actor;
use crate::domain::availability::ShelterView;
use crate::domain::cases::{Hold, Referral};
use crate::domain::escalation::Policy;
use crate::domain::holds::{HoldEvent, ReleaseReason};
use crate::domain::id::{HoldId, Moment, OrganisationId, PlanId, ReferralId, ShelterId, WaveId};
use crate::domain::plans::{Assignment, Draft, PlanState, StoredPlan};
use crate::domain::ranking::Suggestion;
use crate::domain::timeline::{Detail, EventKind};
use crate::store::shelters::Which;
use crate::store::{Tx, accounts, bulk, holds, plans as kept, referrals, views};

impl Services {
    /// Asks all shelters of a plan at once, or none: `PlanOutdated` names the households whose place is gone. For the
    /// plan's own households referrals are opened under `organisation`, or the administrator's own.
    pub async fn apply_plan(
        &self,
        actor: &Actor,
        id: PlanId,
        organisation: Option<OrganisationId>,
        once: Once<StoredPlan>,
    ) -> Result<String, Refused> {
        let tx = self.store.begin().await?;
        let claimed = match once.claim(&tx, actor, self.now()).await? {
            Turn::Again(answer) => return Ok(answer),
            Turn::First(claimed) => claimed,
        };
        if !kept::lock::<Draft>(&tx, id).await? {
            return Err(Refused::NotFound);
        }
        let mut plan = kept::get::<Draft>(&tx, id).await?.ok_or(Refused::NotFound)?;
        if plan.state == PlanState::Applied {
            return Err(Refused::conflict(
                "plan_applied",
                "this plan has been turned into holds",
            ));
        }
        let ending = self.ending(&tx, &plan).await?;
        let cases = self.lock_cases(&tx, &plan, &ending).await?;
        let shelters = lock_shelters(&tx, &plan).await?;
        // The clock is read under the locks: whoever waited for them is judged by when the turn came.
        let now = self.now();
        let views = shown(&tx, &shelters, now).await?;
        let mut gone = self.taken_elsewhere(&tx, &plan, &cases, &ending, now).await?;
        let unfit = plan.draft.refit(&views, now);
        gone.extend(
            unfit
                .iter()
                .filter_map(|at| plan.draft.assignments.get(*at))
                .map(|one| one.household),
        );
        if !gone.is_empty() {
            return Err(Refused::PlanOutdated {
                households: gone.into_iter().collect(),
            });
        }
        let mut telling = self.telling(now);
        let opened = self
            .open_cases(&tx, actor, &mut plan, organisation, &mut telling)
            .await?;
        let all: BTreeMap<ReferralId, Referral> = cases.into_iter().chain(opened).map(|row| (row.id, row)).collect();
        for one in &plan.draft.assignments {
            self.ask_for_plan(&tx, actor, &plan, one, (&all, &views), &mut telling)
                .await?;
        }
        for seen in &ending {
            self.leave(&tx, actor, seen, &mut telling).await?;
        }
        plan.state = PlanState::Applied;
        kept::update(&tx, &plan).await?;
        plan.version += 1;
        let answer = claimed.keep(&tx, &plan).await?;
        let detail = json!({"holds": plan.draft.assignments.len(), "released": ending.len()});
        telling.entry(Some(actor), "plan.apply", ("plan", id.to_string()), detail);
        self.finish(tx, telling).await?;
        Ok(answer)
    }

    /// The holds in the shelter to be emptied that still run.
    async fn ending(&self, tx: &Tx, plan: &StoredPlan) -> Result<Vec<Hold>, Refused> {
        let Some(shelter) = plan.draft.empty_shelter else {
            return Ok(Vec::new());
        };
        let mut running = holds::active_of(tx, shelter, self.now()).await?;
        running.retain(|hold| plan.draft.releases.contains(&hold.id));
        Ok(running)
    }

    /// The plan's referrals, locked.
    async fn lock_cases(&self, tx: &Tx, plan: &StoredPlan, ending: &[Hold]) -> Result<Vec<Referral>, Refused> {
        let placed = plan
            .draft
            .assignments
            .iter()
            .filter_map(|one| plan.draft.seekers.get(one.household)?.referral);
        let mut ids: BTreeSet<ReferralId> = placed.collect();
        ids.extend(ending.iter().map(|hold| hold.referral_id));
        for id in &ids {
            referrals::lock_of_hold(tx, *id).await?;
        }
        let ids: Vec<ReferralId> = ids.into_iter().collect();
        Ok(referrals::of_holds(tx, &ids).await?)
    }

    /// Households whose referral is closed, gone, or holds a place that this plan does not end.
    async fn taken_elsewhere(
        &self,
        tx: &Tx,
        plan: &StoredPlan,
        cases: &[Referral],
        ending: &[Hold],
        now: Moment,
    ) -> Result<BTreeSet<usize>, Refused> {
        let open: BTreeSet<ReferralId> = cases
            .iter()
            .filter(|row| row.closed_at.is_none())
            .map(|row| row.id)
            .collect();
        let ids: Vec<ReferralId> = open.iter().copied().collect();
        let ended: BTreeSet<HoldId> = ending.iter().map(|hold| hold.id).collect();
        let mut holding = BTreeSet::new();
        for some in ids.chunks(200) {
            let running = holds::of_referrals(tx, some).await?;
            let running = running
                .iter()
                .filter(|hold| hold.is_active(now) && !ended.contains(&hold.id));
            holding.extend(running.map(|hold| hold.referral_id));
        }
        let lost = plan.draft.assignments.iter().filter(|one| {
            let referral = plan.draft.seekers.get(one.household).and_then(|seeker| seeker.referral);
            referral.is_some_and(|id| !open.contains(&id) || holding.contains(&id))
        });
        Ok(lost.map(|one| one.household).collect())
    }

    /// Ends a hold in the house that is emptied.
    async fn leave(&self, tx: &Tx, actor: &Actor, seen: &Hold, telling: &mut Telling) -> Result<(), Refused> {
        let Some(mut hold) = holds::any(tx, seen.id)
            .await?
            .filter(|hold| hold.is_active(telling.now))
        else {
            return Ok(());
        };
        let ending = Ending {
            release: Some(ReleaseReason::FoundElsewhere),
            ..Ending::default()
        };
        self.turn(tx, &mut hold, HoldEvent::Release, ending, Some(actor), telling)
            .await
    }

    /// Referrals for the plan's own households that have a place; their codes are written into the plan.
    async fn open_cases(
        &self,
        tx: &Tx,
        actor: &Actor,
        plan: &mut StoredPlan,
        organisation: Option<OrganisationId>,
        telling: &mut Telling,
    ) -> Result<Vec<Referral>, Refused> {
        let now = telling.now;
        if let Some(id) = organisation
            && accounts::organisation(tx, id).await?.is_none()
        {
            return Err(Refused::invalid("organisation_id", "unknown", "no such organisation"));
        }
        let mut opened = Vec::new();
        for one in &plan.draft.assignments {
            let Some(seeker) = plan
                .draft
                .seekers
                .get_mut(one.household)
                .filter(|seeker| seeker.referral.is_none())
            else {
                continue;
            };
            let Some(organisation) = organisation.or(actor.organisation_id) else {
                let detail = "which organisation takes care of these households";
                return Err(Refused::invalid("organisation_id", "required", detail));
            };
            let row = Referral {
                id: ReferralId(self.ids.uuid(now)),
                code: self.ids.code(),
                organisation_id: organisation,
                user_id: actor.user_id,
                search: seeker.search(),
                created_at: now,
                closed_at: None,
                outcome: None,
                unmet_reasons: Vec::new(),
                waiting_since: None,
                place_found: None,
            };
            (seeker.referral, seeker.referral_code) = (Some(row.id), Some(row.code.clone()));
            telling.entry(
                Some(actor),
                "referral.open",
                ("referral", row.id.to_string()),
                json!(null),
            );
            telling.case(row.id, EventKind::Opened, Detail::default());
            opened.push(row);
        }
        bulk::insert_referrals(tx, &opened).await?;
        Ok(opened)
    }

    /// Asks one shelter for one household, in the beds of the plan. The ranking that suggests says whether it must
    /// confirm.
    async fn ask_for_plan(
        &self,
        tx: &Tx,
        actor: &Actor,
        plan: &StoredPlan,
        one: &Assignment,
        (cases, views): (&BTreeMap<ReferralId, Referral>, &BTreeMap<ShelterId, ShelterView>),
        telling: &mut Telling,
    ) -> Result<(), Refused> {
        let lost = || Refused::Unexpected("an assignment without its rows".to_owned());
        let seeker = plan.draft.seekers.get(one.household).and_then(|seeker| seeker.referral);
        let referral = seeker.and_then(|id| cases.get(&id)).ok_or_else(lost)?;
        let view = views.get(&one.shelter_id).ok_or_else(lost)?;
        let place = self
            .decide(&referral.search, std::slice::from_ref(view), telling.now, 1)
            .pop()
            .ok_or_else(lost)?;
        let place = Suggestion {
            allocation: one.allocation.clone(),
            ..place
        };
        let wave = Wave {
            id: WaveId(self.ids.uuid(telling.now)),
            referral,
            officer: actor.user_id,
            policy: Policy::of(referral.search.urgency),
            start: None,
        };
        self.make_hold(tx, &wave, place, Some(actor), telling).await?;
        Ok(())
    }
}

/// All shelters a plan touches, locked in the order of their ids.
async fn lock_shelters(tx: &Tx, plan: &StoredPlan) -> Result<BTreeSet<ShelterId>, Refused> {
    let to = plan.draft.assignments.iter().map(|one| one.shelter_id);
    let shelters: BTreeSet<ShelterId> = to.chain(plan.draft.empty_shelter).collect();
    for shelter in &shelters {
        views::lock(tx, *shelter).await?;
    }
    Ok(shelters)
}

async fn shown(
    tx: &Tx,
    shelters: &BTreeSet<ShelterId>,
    now: Moment,
) -> Result<BTreeMap<ShelterId, ShelterView>, Refused> {
    let ids: Vec<ShelterId> = shelters.iter().copied().collect();
    let views = views::load(tx, Which::Ids(&ids), now).await?;
    Ok(views.into_iter().map(|view| (view.shelter.id, view)).collect())
}
