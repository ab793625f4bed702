//! A transfer plan turned into approved transfers, all or none: the plan's row is locked, then every shelter it touches in
//! the order of their ids; then what each donor can spare is worked out once more on the shelves as they are.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde_json::json;

use super::Services;
use super::errors::Refused;
use super::once::{Once, Turn};
use super::shelves::Shelves;
use super::transfer_plans::{TransferPlanView, aim, draft_of};
use super::transfers::TransferDraft;
use crate::domain::accounts::Actor;
use crate::domain::calendar;
use crate::domain::errors::FieldError;
use crate::domain::id::{PlanId, ShelterId, SupplyRequestId};
use crate::domain::plans::PlanState;
use crate::domain::redistribution::{Aim, Sent, TransferPlan};
use crate::domain::transfers::{LATEST_DUE, Line};
use crate::store::{plans as kept, views};

impl Services {
    /// Approves all transfers of a plan, or none: `LinesOutdated` names the lines that their donor can no longer spare.
    pub async fn apply_transfer_plan(
        &self,
        actor: &Actor,
        id: PlanId,
        due_on: NaiveDate,
        once: Once<TransferPlanView>,
    ) -> Result<String, Refused> {
        if let Some(error) = self.check_day("due_on", due_on, LATEST_DUE) {
            return Err(Refused::Invalid(vec![error]));
        }
        let tx = self.store.begin().await?;
        let claimed = match once.claim(&tx, actor, self.now()).await? {
            Turn::Again(answer) => return Ok(answer),
            Turn::First(claimed) => claimed,
        };
        let mut plan = draft_of(&tx, id).await?;
        if plan.draft.lines.is_empty() {
            return Err(Refused::conflict("plan_empty", "this plan moves nothing"));
        }
        let ends = plan.draft.ends();
        for shelter in &ends {
            views::lock(&tx, *shelter).await?;
        }
        // The clock is read under the locks: whoever waited for them is judged by when the turn came.
        let now = self.now();
        let shelves = self.shelves_to_plan(&tx, Some(&ends), now).await?;
        let today = calendar::local_date(self.board.zone(), now);
        let gone = outdated(&plan.draft, &shelves, &aim(&plan.draft.settings, today));
        if !gone.is_empty() {
            return Err(Refused::LinesOutdated { lines: gone });
        }
        let mut telling = self.telling(now);
        let drafts = drafts(&plan.draft, due_on, &shelves);
        let made = self
            .create_transfers(&tx, actor, drafts, Some(id), &mut telling)
            .await?;
        plan.state = PlanState::Applied;
        kept::update(&tx, &plan).await?;
        plan.version += 1;
        let answer = claimed.keep(&tx, &self.seen(&tx, plan).await?).await?;
        let detail = json!({"kind": "transfers", "transfers": made.len()});
        telling.entry(Some(actor), "plan.apply", ("plan", id.to_string()), detail);
        self.finish(tx, telling).await?;
        Ok(answer)
    }
}

/// Lines of donors that can no longer spare as much in all.
fn outdated(plan: &TransferPlan, shelves: &Shelves, aim: &Aim) -> Vec<FieldError> {
    let mut offered: BTreeMap<(ShelterId, &str), i64> = BTreeMap::new();
    for view in shelves.views() {
        for shelf in shelves.of(view) {
            offered.insert((view.shelter.id, &shelf.stock.item), shelf.offered(aim).packs);
        }
    }
    let key = |line: &Sent| {
        let (place, good) = (plan.places.get(line.from)?, plan.goods.get(line.good)?);
        Some((place.shelter, good.code.as_str()))
    };
    let mut sent: BTreeMap<(ShelterId, &str), i64> = BTreeMap::new();
    for line in &plan.lines {
        if let Some(key) = key(line) {
            *sent.entry(key).or_insert(0) += line.packs;
        }
    }
    let mut errors = Vec::new();
    for (journey, trip) in plan.trips().iter().enumerate() {
        for (at, (line, _)) in trip.lines.iter().enumerate() {
            let now = key(line).and_then(|key| Some((offered.get(&key).copied().unwrap_or(0), *sent.get(&key)?)));
            if let Some((offered, sent)) = now
                && sent > offered
            {
                let field = format!("journeys[{journey}].lines[{at}].packs");
                let detail = format!("{offered} packs to spare now, {sent} planned");
                errors.push(FieldError::new(field, "not_enough", detail));
            }
        }
    }
    errors
}

/// One transfer for each pair of shelters. What answers an open request says so.
fn drafts(plan: &TransferPlan, due_on: NaiveDate, shelves: &Shelves) -> Vec<TransferDraft> {
    let requests: BTreeMap<(ShelterId, &str), SupplyRequestId> = shelves.oldest_requests();
    let trips = plan.trips();
    let draft = trips.iter().filter_map(|trip| {
        let (from, to) = (
            plan.places.get(trip.way.from)?.shelter,
            plan.places.get(trip.way.to)?.shelter,
        );
        let line = |(line, _): &(Sent, i64)| {
            let good = plan.goods.get(line.good)?;
            let request = requests.get(&(to, good.code.as_str())).copied();
            Some(Line::agreed(good.code.as_str(), line.packs * good.pack_size, request))
        };
        Some(TransferDraft {
            from,
            to,
            due_on,
            lines: trip.lines.iter().filter_map(line).collect(),
        })
    });
    draft.collect()
}
