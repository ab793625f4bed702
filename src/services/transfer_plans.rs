//! Plans of who sends what to whom: made from shelves, requests and transfers as they stand, kept and edited. What anybody
//! needs and can spare is the domain's to say; turning a plan into transfers is `transfer_apply`'s business.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{Datelike, NaiveDate};
use serde_json::json;

use super::Services;
use super::audit::entry;
use super::errors::Refused;
use super::once::{Once, Turn};
use super::shelves::Shelves;
use crate::domain::accounts::Actor;
use crate::domain::calendar;
use crate::domain::errors::FieldError;
use crate::domain::geography::Pack;
use crate::domain::id::{Moment, PlanId};
use crate::domain::plans::{PlanState, StoredPlan};
use crate::domain::redistribution::{
    self, Aim, EditLine, Good, Grid, Instance, MOST_PACK_GRAMS, Need, Offer, Place, Proof, Sent, Settings, Spare,
    Tariff, TransferPlan, Want, Way,
};
use crate::store::{Reads, Tx, accounts, audit, plans as kept};

/// A plan with the name of who made it.
#[derive(Debug, Clone)]
pub struct TransferPlanView {
    pub plan: StoredPlan<TransferPlan>,
    pub created_by: String,
}

/// What sending a gram saves that would expire, in hundredths of the minor unit, where no price says what it is worth.
const WORTH_OF_10_GRAMS: i64 = 1;
/// Most that sending a pack saves, in the minor unit.
const MOST_WORTH: i64 = 1_000_000;

impl Services {
    /// Makes a plan and keeps it as a draft. Nothing moves yet.
    pub async fn make_transfer_plan(
        &self,
        actor: &Actor,
        settings: Settings,
        once: Once<TransferPlanView>,
    ) -> Result<String, Refused> {
        let draft = self.draft_transfer_plan(settings).await?;
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
        let detail = json!({"kind": "transfers", "lines": plan.draft.lines.len()});
        let told = entry(Some(actor), now, "plan.make", ("plan", plan.id.to_string()), detail);
        let answer = claimed.keep(&tx, &self.seen(&tx, plan).await?).await?;
        audit::append(&tx, vec![told]).await?;
        tx.commit().await?;
        Ok(answer)
    }

    /// The cheapest transfers that cover what is needed from what is spare, as things stand; nothing is stored.
    pub async fn draft_transfer_plan(&self, settings: Settings) -> Result<TransferPlan, Refused> {
        self.check_settings(&settings)?;
        let now = self.now();
        let today = calendar::local_date(self.board.zone(), now);
        let shelves = self.shelves_to_plan(&self.store, None, now).await?;
        let mut plan = self.gather(&shelves, settings, today);
        if let Some(kg) = plan.settings.vehicle_kg
            && let Some(good) = plan.goods.iter().find(|good| good.pack_grams > kg * 1_000)
        {
            let detail = format!("a pack of {} weighs {} g", good.code, good.pack_grams);
            return Err(Refused::invalid("vehicle_kg", "out_of_range", detail));
        }
        let (pack, month) = (Arc::clone(&self.pack), today.month());
        let solved = tokio::task::spawn_blocking(move || {
            solve(&mut plan, &pack, month);
            plan
        });
        solved.await.map_err(|fault| Refused::Unexpected(fault.to_string()))
    }

    fn check_settings(&self, settings: &Settings) -> Result<(), Refused> {
        let catalogue = self.catalogue();
        let mut errors = Vec::new();
        for (at, item) in settings.items.iter().enumerate() {
            if catalogue.item(item).is_none() {
                let field = format!("items[{at}]");
                errors.push(FieldError::new(field, "unknown", "not an item of the catalogue"));
            }
        }
        for (at, region) in settings.regions.iter().enumerate() {
            if !self.pack.regions.iter().any(|known| known.code == *region) {
                let field = format!("regions[{at}]");
                errors.push(FieldError::new(field, "unknown", "not a region of this country pack"));
            }
        }
        if errors.is_empty() {
            Ok(())
        } else {
            Err(Refused::Invalid(errors))
        }
    }

    /// Who needs and who can spare what; nothing is planned yet.
    fn gather(&self, shelves: &Shelves, settings: Settings, today: NaiveDate) -> TransferPlan {
        let catalogue = self.catalogue();
        let aim = aim(&settings, today);
        let chosen = |code: &str, of: &[String]| of.is_empty() || of.iter().any(|one| one == code);
        let mut plan = TransferPlan {
            settings: settings.clone(),
            places: Vec::new(),
            goods: Vec::new(),
            offers: Vec::new(),
            wants: Vec::new(),
            lines: Vec::new(),
            ways: Vec::new(),
            proved: None,
            made_on: today,
        };
        let mut goods: BTreeMap<&str, usize> = BTreeMap::new();
        for view in shelves.views() {
            let place = plan.places.len();
            let mut used = false;
            if !chosen(&view.shelter.region, &settings.regions) {
                continue;
            }
            for shelf in shelves.of(view) {
                let Some(item) = catalogue.item(&shelf.stock.item) else {
                    continue;
                };
                if item.retired || !chosen(&item.code, &settings.items) {
                    continue;
                }
                let (wanted, offered) = (shelf.wanted(&aim), shelf.offered(&aim));
                if wanted.critical + wanted.low + offered.packs == 0 {
                    continue;
                }
                let good = *goods.entry(&item.code).or_insert_with(|| {
                    let grams = i64::try_from(item.weight_grams).unwrap_or(MOST_PACK_GRAMS);
                    plan.goods.push(Good {
                        code: item.code.clone(),
                        pack_size: shelf.pack_size,
                        pack_grams: grams.saturating_mul(shelf.pack_size).clamp(1, MOST_PACK_GRAMS),
                        price_minor: item.price_minor,
                    });
                    plan.goods.len() - 1
                });
                used = true;
                if offered.packs > 0 {
                    plan.offers.push(Offer {
                        place,
                        good,
                        packs: offered.packs,
                        expiring: offered.expiring,
                    });
                } else {
                    plan.wants.push(Want {
                        place,
                        good,
                        critical: wanted.critical,
                        low: wanted.low,
                    });
                }
            }
            if used {
                plan.places.push(Place {
                    shelter: view.shelter.id,
                    code: view.shelter.code.clone(),
                    district: view.shelter.district.clone(),
                    region: view.shelter.region.clone(),
                });
            }
        }
        plan
    }

    /// Plans, newest first.
    pub async fn transfer_plans(&self, before: Option<Moment>, limit: u64) -> Result<Vec<TransferPlanView>, Refused> {
        let plans = kept::page::<TransferPlan>(&self.store, before, limit).await?;
        let names: BTreeMap<_, _> = accounts::users(&self.store)
            .await?
            .into_iter()
            .map(|user| (user.id, user.name))
            .collect();
        let named = plans.into_iter().map(|plan| TransferPlanView {
            created_by: names.get(&plan.created_by).cloned().unwrap_or_default(),
            plan,
        });
        Ok(named.collect())
    }

    pub async fn transfer_plan(&self, id: PlanId) -> Result<TransferPlanView, Refused> {
        let plan = kept::get::<TransferPlan>(&self.store, id)
            .await?
            .ok_or(Refused::NotFound)?;
        self.seen(&self.store, plan).await
    }

    pub(super) async fn seen(
        &self,
        db: &impl Reads,
        plan: StoredPlan<TransferPlan>,
    ) -> Result<TransferPlanView, Refused> {
        let user = accounts::user(db, plan.created_by).await?;
        Ok(TransferPlanView {
            created_by: user.map(|user| user.name).unwrap_or_default(),
            plan,
        })
    }

    /// Puts these lines in the place of the plan's own, all or none.
    pub async fn edit_transfer_plan(
        &self,
        actor: &Actor,
        id: PlanId,
        version: i64,
        lines: &[EditLine],
    ) -> Result<TransferPlanView, Refused> {
        let now = self.now();
        let tx = self.store.begin().await?;
        let mut plan = draft_of(&tx, id).await?;
        if plan.version != version {
            return Err(Refused::Stale);
        }
        plan.draft.edit(lines).map_err(Refused::Invalid)?;
        let month = calendar::local_date(self.board.zone(), now).month();
        find_ways(&mut plan.draft, &self.pack, month);
        kept::update(&tx, &plan).await?;
        plan.version += 1;
        let detail = json!({"kind": "transfers", "lines": plan.draft.lines.len()});
        let told = entry(Some(actor), now, "plan.edit", ("plan", id.to_string()), detail);
        let seen = self.seen(&tx, plan).await?;
        audit::append(&tx, vec![told]).await?;
        tx.commit().await?;
        Ok(seen)
    }
}

/// A plan that may still be changed, locked.
pub(super) async fn draft_of(tx: &Tx, id: PlanId) -> Result<StoredPlan<TransferPlan>, Refused> {
    if !kept::lock::<TransferPlan>(tx, id).await? {
        return Err(Refused::NotFound);
    }
    let plan = kept::get::<TransferPlan>(tx, id).await?.ok_or(Refused::NotFound)?;
    if plan.state == PlanState::Applied {
        return Err(Refused::conflict(
            "plan_applied",
            "this plan has been turned into transfers",
        ));
    }
    Ok(plan)
}

pub(super) fn aim(settings: &Settings, today: NaiveDate) -> Aim {
    Aim {
        today,
        target_days: settings.target_days,
        next_delivery_days: settings.next_delivery_days,
    }
}

/// Finds the lines of a plan that knows who needs and can spare what. Takes processor time.
pub fn solve(plan: &mut TransferPlan, pack: &Pack, month: u32) {
    let solution = redistribution::solve(&instance(plan, pack, month));
    let line = |line: &redistribution::Line| Sent {
        from: line.from,
        to: line.to,
        good: line.item,
        packs: line.packs,
    };
    plan.lines = solution.lines.iter().map(line).collect();
    plan.lines.sort_unstable();
    plan.proved = Some(Proof {
        cost: solution.cost,
        bound: solution.bound,
    });
    find_ways(plan, pack, month);
}

/// The plan's numbers for solving; its places and goods are the instance's shelters and items.
fn instance(plan: &TransferPlan, pack: &Pack, month: u32) -> Instance {
    let shelters = plan.places.len();
    let districts: Vec<_> = plan
        .places
        .iter()
        .map(|place| pack.district_index(&place.district))
        .collect();
    let mut metres = Grid::new(shelters, shelters);
    for (from, a) in districts.iter().enumerate() {
        for (to, b) in districts.iter().enumerate() {
            metres.put(from, to, whole(pack.way_between(*a, *b, month).km * 1_000.0));
        }
    }
    let worth = |good: usize| {
        let good = plan.goods.get(good);
        let by_weight = good.map_or(0, |good| good.pack_grams / 10 * WORTH_OF_10_GRAMS);
        good.and_then(|good| good.price_minor)
            .unwrap_or(by_weight)
            .min(MOST_WORTH)
    };
    Instance {
        shelters,
        pack_grams: plan.goods.iter().map(|good| good.pack_grams).collect(),
        metres,
        tariff: Tariff {
            journey_minor: plan.settings.journey_minor,
            tonne_km_minor: plan.settings.km_tonne_minor,
            vehicle_grams: plan.settings.vehicle_kg.map(|kg| kg * 1_000),
        },
        spare: (plan.offers.iter())
            .map(|offer| Spare {
                shelter: offer.place,
                item: offer.good,
                packs: offer.packs,
                expiring: offer.expiring,
                bonus_minor: worth(offer.good),
            })
            .collect(),
        need: (plan.wants.iter())
            .map(|want| Need {
                shelter: want.place,
                item: want.good,
                critical: want.critical,
                low: want.low,
            })
            .collect(),
    }
}

/// Kilometres and minutes for the pairs that goods go between, and for no others.
fn find_ways(plan: &mut TransferPlan, pack: &Pack, month: u32) {
    for (from, to) in plan.without_way() {
        let district = |at: usize| plan.places.get(at).map_or("", |place| place.district.as_str());
        let way = pack.way(district(from), district(to), month);
        plan.ways.push(Way {
            from,
            to,
            metres: whole(way.km * 1_000.0),
            minutes: whole(way.minutes),
        });
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a way of a country in metres or minutes")]
fn whole(of: f64) -> i64 {
    of.round() as i64
}
