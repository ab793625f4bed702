//! A household and its needs as they come in; ranked places as they go out.

use std::collections::BTreeSet;

use actix_web::web;
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::State;
use super::access::SignedIn;
use super::body::Body;
use super::household::HouseholdBody;
use super::parse::Faults;
use super::problem::Problem;
use super::waves::WaveAdviceOut;
use crate::domain::exclusion::{Excluded, MOST_EXCLUDED};
use crate::domain::fit::Relaxation;
use crate::domain::household::{Child, Household, Need, Search, Urgency};
use crate::domain::ranking::{MisfitEntry, Suggestion};
use crate::services::placement::Suggested;

/// What is asked for. The same for a passing search and for a referral.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SearchBody {
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
    /// Used for the search and never stored.
    #[serde(default)]
    pub avoid_districts: Vec<String>,
    /// Organisations that are neither asked nor told, at most 10: their people see nothing of the case. Naming one's own
    /// leaves it to the officer who opens it alone.
    #[serde(default)]
    pub exclude_organisations: Vec<Uuid>,
    /// `now`, `today`, `this_week` or `planned`.
    #[serde(default = "now")]
    #[schema(value_type = String)]
    pub urgency: Urgency,
    /// A local date. If it lies ahead, places are looked for as they are to be then, rooms due to empty by then counted,
    /// and a hold starts on it.
    #[serde(default)]
    pub earliest_date: Option<NaiveDate>,
    /// Whether two or three rooms of one shelter are all right.
    #[serde(default)]
    pub rooms_apart_ok: bool,
    /// Most suggestions of the answer, 1 to 50.
    #[serde(default)]
    pub limit: Option<u64>,
}

fn now() -> Urgency {
    Urgency::Now
}

/// Most suggestions where none is asked for.
const USUAL_LIMIT: usize = 10;

impl SearchBody {
    pub fn limit(&self) -> Result<usize, Problem> {
        limit(self.limit)
    }

    pub fn parse(self) -> Result<Search, Problem> {
        let mut faults = Faults::default();
        if self.languages.len() > 10 {
            faults.add("languages", "too_many", "at most 10");
        }
        if self.avoid_districts.len() > 100 {
            faults.add("avoid_districts", "too_many", "at most 100");
        }
        if self.exclude_organisations.len() > MOST_EXCLUDED {
            faults.add("exclude_organisations", "too_many", format!("at most {MOST_EXCLUDED}"));
        }
        for (at, office) in self.exclude_organisations.iter().enumerate() {
            if self.exclude_organisations.iter().take(at).any(|other| other == office) {
                faults.add(format!("exclude_organisations[{at}]"), "duplicate", "named twice");
            }
        }
        if self.needs.len() > 20 {
            faults.add("needs", "too_many", "at most 20");
        }
        if self
            .earliest_date
            .is_some_and(|date| !(2000..=2100).contains(&chrono::Datelike::year(&date)))
        {
            faults.add("earliest_date", "out_of_range", "a year from 2000 to 2100");
        }
        let languages: BTreeSet<String> = self
            .languages
            .iter()
            .enumerate()
            .map(|(at, code)| language_code(&mut faults, &format!("languages[{at}]"), code))
            .collect();
        let adults = self.household.adults.iter().map(|adult| adult.age_band).collect();
        let children = self
            .household
            .children
            .iter()
            .map(|c| Child { age: c.age, sex: c.sex })
            .collect();
        let household = Household::new(adults, children)
            .map_err(|errors| faults_with(&mut faults, errors))
            .ok();
        faults.done()?;
        let household = household.ok_or_else(Problem::not_found)?;
        Ok(Search {
            household,
            needs: self.needs.into_iter().collect(),
            languages,
            from_district: self.from_district,
            avoid_districts: self.avoid_districts.into_iter().collect(),
            excluded: Excluded::new(self.exclude_organisations.into_iter().map(Into::into)),
            urgency: self.urgency,
            earliest_date: self.earliest_date,
            rooms_apart_ok: self.rooms_apart_ok,
        })
    }
}

fn faults_with(faults: &mut Faults, errors: Vec<crate::domain::errors::FieldError>) {
    faults.extend(errors);
}

pub fn limit(asked: Option<u64>) -> Result<usize, Problem> {
    match asked {
        None => Ok(USUAL_LIMIT),
        Some(n) if (1..=50).contains(&n) => Ok(usize::try_from(n).unwrap_or(USUAL_LIMIT)),
        Some(_) => Err(Problem::field("limit", "out_of_range", "1 to 50")),
    }
}

/// A language code: two or three lower-case letters.
pub fn language_code(faults: &mut Faults, field: &str, code: &str) -> String {
    if !(2..=3).contains(&code.len()) || !code.bytes().all(|b| b.is_ascii_lowercase()) {
        faults.add(field, "malformed", "a language code such as tg");
    }
    code.to_owned()
}

#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ReasonOut {
    pub code: String,
    /// How strongly it speaks for the place (positive) or against it (negative).
    pub weight: f64,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SuggestedRoomOut {
    /// `private`, `shared` or `block`.
    pub kind: String,
    pub beds: u16,
    pub cots: u16,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SuggestionOut {
    pub rank: u32,
    pub shelter_id: Uuid,
    pub shelter_code: String,
    pub district: String,
    pub region: String,
    pub distance_km: f64,
    pub travel_minutes: u32,
    /// `road` when every leg is a stated road, else `estimate`.
    pub travel_basis: String,
    /// 0 to 1.
    pub chance_free: f64,
    /// How many such households find a place there: `0`, `1_2`, `3_5` or `6_plus`.
    pub band: String,
    /// `fresh`, `aging`, `stale` or `silent`.
    pub freshness: String,
    pub observed_at: Option<DateTime<Utc>>,
    /// Whether the shelter will be asked to confirm before anyone travels.
    pub needs_confirmation: bool,
    pub expected_minutes_to_answer: u32,
    /// Expected minutes to a safe bed: what the order goes by.
    pub expected_minutes: u32,
    pub intake_from: Option<String>,
    pub intake_to: Option<String>,
    pub rooms: Vec<SuggestedRoomOut>,
    /// At most four, the weightiest first.
    pub reasons: Vec<ReasonOut>,
}

/// Minutes for people: whole, never below zero.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to the range first"
)]
fn whole(minutes: f64) -> u32 {
    minutes.clamp(0.0, 1_000_000.0).round() as u32
}

fn hundredths(x: f64) -> f64 {
    (x * 100.0).round() / 100.0
}

impl From<&Suggestion> for SuggestionOut {
    fn from(s: &Suggestion) -> Self {
        let hour = |time: chrono::NaiveTime| time.format("%H:%M").to_string();
        Self {
            rank: s.rank,
            shelter_id: s.shelter_id.0,
            shelter_code: s.shelter_code.clone(),
            district: s.district.clone(),
            region: s.region.clone(),
            distance_km: s.travel.km.round(),
            travel_minutes: whole(s.travel.minutes),
            travel_basis: if s.travel.by_road { "road" } else { "estimate" }.to_owned(),
            // Nothing that may change meanwhile is certain.
            chance_free: hundredths(s.chance_free).min(0.99),
            band: s.band.to_string(),
            freshness: s.freshness.to_string(),
            observed_at: s.observed_at,
            needs_confirmation: s.needs_confirmation,
            expected_minutes_to_answer: whole(s.answer_minutes),
            expected_minutes: whole(s.expected_minutes),
            intake_from: s.intake.map(|(from, _)| hour(from)),
            intake_to: s.intake.map(|(_, to)| hour(to)),
            rooms: s
                .rooms
                .iter()
                .map(|room| SuggestedRoomOut {
                    kind: room.kind.to_string(),
                    beds: room.beds,
                    cots: room.cots,
                })
                .collect(),
            reasons: s
                .reasons
                .iter()
                .map(|reason| ReasonOut {
                    code: reason.code.to_string(),
                    weight: hundredths(reason.weight),
                })
                .collect(),
        }
    }
}

/// One thing that would make the household fit.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub struct RelaxationOut {
    /// `two_rooms`, `boy_admitted`, `shared_room`, `from_date`, `without_need` or `wider_area`.
    pub code: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub age: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date: Option<NaiveDate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub need: Option<String>,
    /// Codes of districts that would have to be all right after all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub districts: Option<Vec<String>>,
}

impl From<&Relaxation> for RelaxationOut {
    fn from(relaxation: &Relaxation) -> Self {
        let code = |code: &str| Self {
            code: code.to_owned(),
            ..Self::default()
        };
        match relaxation {
            Relaxation::TwoRooms => code("two_rooms"),
            Relaxation::SharedRoom => code("shared_room"),
            Relaxation::BoyAdmitted { age } => Self {
                age: Some(*age),
                ..code("boy_admitted")
            },
            Relaxation::FromDate { date } => Self {
                date: Some(*date),
                ..code("from_date")
            },
            Relaxation::WithoutNeed { need } => Self {
                need: Some(need.to_string()),
                ..code("without_need")
            },
            Relaxation::WiderArea { districts } => Self {
                districts: Some(districts.iter().cloned().collect()),
                ..code("wider_area")
            },
        }
    }
}

#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct MisfitOut {
    pub shelter_id: Uuid,
    pub shelter_code: String,
    /// Every reason why the household does not fit there.
    pub reasons: Vec<String>,
    pub relaxation: Option<RelaxationOut>,
}

impl From<&MisfitEntry> for MisfitOut {
    fn from(entry: &MisfitEntry) -> Self {
        Self {
            shelter_id: entry.shelter_id.0,
            shelter_code: entry.shelter_code.clone(),
            reasons: entry.reasons.iter().map(ToString::to_string).collect(),
            relaxation: entry.relaxation.as_ref().map(RelaxationOut::from),
        }
    }
}

/// How many shelters one reason hides.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct MisfitCountOut {
    pub reason: String,
    /// A shelter counts once for each of its reasons.
    pub shelters: u32,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct SuggestionsOut {
    pub as_of: DateTime<Utc>,
    pub suggestions: Vec<SuggestionOut>,
    /// The nearest shelters where the household does not fit, with every reason.
    pub misfits: Vec<MisfitOut>,
    /// How many to ask at once; nothing where none fits.
    pub wave: Option<WaveAdviceOut>,
    /// Of all shelters where the household does not fit, shown or not.
    pub misfit_counts: Vec<MisfitCountOut>,
}

impl From<&Suggested> for SuggestionsOut {
    fn from(found: &Suggested) -> Self {
        let ranking = &found.ranking;
        Self {
            as_of: found.as_of,
            suggestions: ranking.suggestions.iter().map(SuggestionOut::from).collect(),
            misfits: ranking.misfits.iter().map(MisfitOut::from).collect(),
            wave: found.wave.map(WaveAdviceOut::from),
            misfit_counts: ranking
                .misfit_counts
                .iter()
                .map(|(reason, shelters)| MisfitCountOut {
                    reason: reason.to_string(),
                    shelters: *shelters,
                })
                .collect(),
        }
    }
}

/// Places that fit a household, ranked by expected time to a safe bed, with reasons. Nothing is stored.
#[utoipa::path(post, path = "/api/v1/suggestions", tag = "placement", request_body = SearchBody,
    responses((status = 200, body = SuggestionsOut), (status = "4XX", body = super::problem::Problem)))]
pub async fn suggest(
    state: web::Data<State>,
    who: SignedIn,
    body: Body<SearchBody>,
) -> Result<web::Json<SuggestionsOut>, Problem> {
    let limit = body.value.limit()?;
    let search = body.value.parse()?;
    state.services.count_search(&who.0).await?;
    let found = state.services.advised(&search, limit)?;
    Ok(web::Json(SuggestionsOut::from(&found)))
}
