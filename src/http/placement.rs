//! Who is to be placed, as the operator tells it: shapes and short labels, no identity. It must not know how a plan is
//! made.

use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::household::HouseholdBody;
use super::parse::{Faults, note};
use super::problem::Problem;
use super::search::SearchBody;
use crate::domain::household::{Need, Urgency};
use crate::domain::plans::{MOST_HOUSEHOLDS, Seeker};
use crate::services::plans::PlanWish;

/// A household to be placed: its shape alone, no identity.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanHouseholdBody {
    /// The operator's own short code, at most 20 characters; no names, no numbers of papers or telephones.
    #[serde(default)]
    pub label: Option<String>,
    pub household: HouseholdBody,
    /// `step_free`, `pregnancy`, … and services such as `legal`.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    pub needs: Vec<Need>,
    /// Language codes, lower case.
    #[serde(default)]
    pub languages: Vec<String>,
    /// District code of the country pack.
    pub from_district: String,
    /// `now`, `today`, `this_week` or `planned`.
    #[serde(default = "now")]
    #[schema(value_type = String)]
    pub urgency: Urgency,
    /// Whether two or three rooms of one shelter are all right.
    #[serde(default)]
    pub rooms_apart_ok: bool,
}

fn now() -> Urgency {
    Urgency::Now
}

/// Who is to be placed. At least one household in all, at most 2,000.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlacementBody {
    #[serde(default)]
    pub households: Vec<PlanHouseholdBody>,
    /// A shelter that is to be emptied: nobody is sent there, and the referrals with running holds there are placed
    /// anew. Its residents are told as `households`.
    #[serde(default)]
    pub empty_shelter: Option<Uuid>,
    /// Also the open referrals without a place, the oldest first.
    #[serde(default)]
    pub waiting: bool,
}

impl PlacementBody {
    /// These households and nobody else.
    pub fn of(households: Vec<PlanHouseholdBody>) -> Self {
        Self {
            households,
            empty_shelter: None,
            waiting: false,
        }
    }

    pub fn parse(self) -> Result<PlanWish, Problem> {
        if self.households.len() > MOST_HOUSEHOLDS {
            return Err(Problem::field(
                "households",
                "too_many",
                format!("at most {MOST_HOUSEHOLDS}"),
            ));
        }
        let mut seekers = Vec::with_capacity(self.households.len());
        for (at, body) in self.households.into_iter().enumerate() {
            seekers.push(seeker(at, body)?);
        }
        Ok(PlanWish {
            seekers,
            empty_shelter: self.empty_shelter.map(Into::into),
            waiting: self.waiting,
        })
    }
}

fn seeker(at: usize, body: PlanHouseholdBody) -> Result<Seeker, Problem> {
    let mut faults = Faults::default();
    let field = format!("households[{at}].label");
    let label = match &body.label {
        None => (at + 1).to_string(),
        Some(label) => {
            faults.text(&field, label, 1, 20);
            note(&mut faults, &field, label)
        }
    };
    faults.done()?;
    let search = SearchBody {
        household: body.household,
        needs: body.needs,
        languages: body.languages,
        from_district: body.from_district,
        avoid_districts: Vec::new(),
        exclude_organisations: Vec::new(),
        urgency: body.urgency,
        earliest_date: None,
        rooms_apart_ok: body.rooms_apart_ok,
        limit: None,
    };
    let search = search
        .parse()
        .map_err(|problem| problem.under(&format!("households[{at}]")))?;
    Ok(Seeker {
        label,
        referral: None,
        referral_code: None,
        household: search.household,
        needs: search.needs,
        languages: search.languages,
        from_district: search.from_district,
        urgency: search.urgency,
        rooms_apart_ok: search.rooms_apart_ok,
        penalty: 0,
    })
}
