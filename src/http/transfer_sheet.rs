//! A transfer plan as it is printed: journeys with what they carry, what they cost, and what must be bought.

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::transfer_plans::TransferPlanBody;
use crate::domain::plans::StoredPlan;
use crate::domain::redistribution::{Place, Proof, Purchase, Sent, TransferPlan, Trip, Want};
use crate::services::transfer_plans::TransferPlanView;

#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PlanPlaceOut {
    pub shelter_id: Uuid,
    pub code: String,
    pub district: String,
    pub region: String,
}

impl From<&Place> for PlanPlaceOut {
    fn from(place: &Place) -> Self {
        Self {
            shelter_id: place.shelter.0,
            code: place.code.clone(),
            district: place.district.clone(),
            region: place.region.clone(),
        }
    }
}

#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct JourneyLineOut {
    pub item: String,
    pub packs: i64,
    /// Whole units.
    pub quantity: i64,
    /// Packs among them that would expire before the donor could use them.
    pub expiring: i64,
}

/// All that goes from one shelter to another.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct JourneyOut {
    pub from: PlanPlaceOut,
    pub to: PlanPlaceOut,
    pub km: f64,
    pub hours: f64,
    /// Rounded up.
    pub weight_kg: i64,
    pub vehicles: i64,
    pub lines: Vec<JourneyLineOut>,
}

/// What no shelter can spare and must be bought.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PurchaseOut {
    pub item: String,
    pub region: String,
    pub shelter_code: String,
    pub packs: i64,
    /// Whole units.
    pub quantity: i64,
    /// Of all packs of this line; `null` where the catalogue has no price.
    pub price_minor: Option<i64>,
}

#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub struct PlanCostOut {
    /// Vehicles that go.
    pub journeys: i64,
    pub km_tonnes: f64,
    pub total_minor: i64,
}

/// A plan without its rows, for lists.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct TransferPlanSummaryOut {
    pub id: Uuid,
    pub version: i64,
    /// `draft` or `applied`.
    pub state: String,
    pub created_at: DateTime<Utc>,
    pub created_by_name: String,
    pub cost: PlanCostOut,
    pub donors: usize,
    pub recipients: usize,
    pub purchases: usize,
}

/// What is planned.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct TransfersOut {
    /// Local day for which it was planned.
    pub made_on: NaiveDate,
    pub settings: TransferPlanBody,
    /// Packs needed, those of critical needs among them, and packs that the plan brings.
    pub needed_packs: i64,
    pub critical_packs: i64,
    pub moved_packs: i64,
    pub cost: PlanCostOut,
    /// Least cost proved for any plan that brings as much, less what sending saves from expiring; `null` once it was edited.
    pub bound_minor: Option<i64>,
    /// How far the plan may be from the best, as a share of its cost: 0.02 is 2 %, 0 is proved the best. `null` once it
    /// was edited.
    pub bound_gap: Option<f64>,
    pub journeys: Vec<JourneyOut>,
    pub purchases: Vec<PurchaseOut>,
    /// Of the lines with a price; `null` if none has one.
    pub purchases_total_minor: Option<i64>,
    /// Lines of the purchase list without a price.
    pub unpriced: usize,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct TransferPlanOut {
    pub id: Uuid,
    pub version: i64,
    /// `draft` or `applied`.
    pub state: String,
    pub created_at: DateTime<Utc>,
    pub created_by_name: String,
    #[serde(flatten)]
    pub plan: TransfersOut,
}

fn cost(plan: &TransferPlan) -> PlanCostOut {
    let cost = plan.cost();
    PlanCostOut {
        journeys: cost.journeys,
        km_tonnes: to_tenths(cost.km_kilograms, 1_000),
        total_minor: cost.total_minor,
    }
}

/// For reading only.
#[expect(clippy::cast_precision_loss, reason = "a figure to read, to a tenth")]
fn to_tenths(value: i64, of: i64) -> f64 {
    (value as f64 * 10.0 / of as f64).round() / 10.0
}

fn journey(plan: &TransferPlan, trip: &Trip) -> Option<JourneyOut> {
    let line = |(line, expiring): &(Sent, i64)| {
        let good = plan.goods.get(line.good)?;
        Some(JourneyLineOut {
            item: good.code.clone(),
            packs: line.packs,
            quantity: line.packs * good.pack_size,
            expiring: *expiring,
        })
    };
    Some(JourneyOut {
        from: plan.places.get(trip.way.from)?.into(),
        to: plan.places.get(trip.way.to)?.into(),
        km: to_tenths(trip.way.metres, 1_000),
        hours: to_tenths(trip.way.minutes, 60),
        weight_kg: (trip.grams + 999) / 1_000,
        vehicles: trip.vehicles,
        lines: trip.lines.iter().filter_map(line).collect(),
    })
}

fn purchase(plan: &TransferPlan, row: &Purchase) -> Option<PurchaseOut> {
    let (place, good) = (plan.places.get(row.place)?, plan.goods.get(row.good)?);
    Some(PurchaseOut {
        item: good.code.clone(),
        region: place.region.clone(),
        shelter_code: place.code.clone(),
        packs: row.packs,
        quantity: row.packs * good.pack_size,
        price_minor: good.price_minor.map(|price| price.saturating_mul(row.packs)),
    })
}

impl From<&TransferPlan> for TransfersOut {
    fn from(plan: &TransferPlan) -> Self {
        let purchases: Vec<PurchaseOut> = plan.purchases().iter().filter_map(|row| purchase(plan, row)).collect();
        let prices: Vec<i64> = purchases.iter().filter_map(|row| row.price_minor).collect();
        let needed = |of: fn(&Want) -> i64| -> i64 { plan.wants.iter().map(of).sum() };
        Self {
            made_on: plan.made_on,
            settings: (&plan.settings).into(),
            needed_packs: needed(|want| want.critical + want.low),
            critical_packs: needed(|want| want.critical),
            moved_packs: plan.lines.iter().map(|line| line.packs).sum(),
            cost: cost(plan),
            bound_minor: plan.proved.map(|proof| proof.bound / 1_000),
            bound_gap: plan.proved.map(Proof::gap),
            journeys: plan.trips().iter().filter_map(|trip| journey(plan, trip)).collect(),
            purchases_total_minor: (!prices.is_empty()).then(|| prices.iter().copied().fold(0, i64::saturating_add)),
            unpriced: purchases.len() - prices.len(),
            purchases,
        }
    }
}

impl From<&TransferPlanView> for TransferPlanOut {
    fn from(view: &TransferPlanView) -> Self {
        let StoredPlan {
            id,
            version,
            state,
            created_at,
            ref draft,
            ..
        } = view.plan;
        Self {
            id: id.0,
            version,
            state: state.to_string(),
            created_at,
            created_by_name: view.created_by.clone(),
            plan: draft.into(),
        }
    }
}

impl From<&TransferPlanView> for TransferPlanSummaryOut {
    fn from(view: &TransferPlanView) -> Self {
        let draft = &view.plan.draft;
        let count = |of: fn(&Sent) -> usize| {
            let places: std::collections::BTreeSet<usize> = draft.lines.iter().map(of).collect();
            places.len()
        };
        Self {
            id: view.plan.id.0,
            version: view.plan.version,
            state: view.plan.state.to_string(),
            created_at: view.plan.created_at,
            created_by_name: view.created_by.clone(),
            cost: cost(draft),
            donors: count(|line| line.from),
            recipients: count(|line| line.to),
            purchases: draft.purchases().len(),
        }
    }
}
