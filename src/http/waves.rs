//! Asking shelters for a place: one of them, or the best few at once.

use actix_web::{HttpResponse, web};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::State;
use super::access::SignedIn;
use super::body::Body;
use super::holds::{self, HoldOut};
use super::parse::{Faults, id};
use super::problem::Problem;
use super::referrals::created;
use crate::domain::escalation::{LEAST_ASK_MINUTES, MOST_ASK_MINUTES};
use crate::domain::waves::{Advice, MOST_SHELTERS};
use crate::services::once::Once;
use crate::services::waves::{Asking, WaveView, Whom};

/// Exactly one of `shelter_id` and `wave`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HoldBody {
    /// The one shelter to ask.
    #[serde(default)]
    pub shelter_id: Option<Uuid>,
    /// How many of the best to ask at once, 1 to 5; the first to accept has her.
    #[serde(default)]
    pub wave: Option<u8>,
    /// How long they have to answer, 5 to 1,440; without it what is usual (one shelter) or advised (a wave).
    #[serde(default)]
    pub ask_minutes: Option<u16>,
    /// Districts to avoid: used for this asking and never stored. With any, no further shelter is asked by itself.
    #[serde(default)]
    pub avoid_districts: Vec<String>,
    /// A local date from tomorrow to 60 days ahead: the place is wanted from then on, and rooms due to empty by then count
    /// as empty. Without it the referral's earliest date is taken if that lies ahead, else now.
    #[serde(default)]
    pub from_date: Option<NaiveDate>,
}

impl HoldBody {
    fn parse(self) -> Result<Asking, Problem> {
        let mut faults = Faults::default();
        if let Some(minutes) = self.ask_minutes {
            faults.within("ask_minutes", minutes, LEAST_ASK_MINUTES, MOST_ASK_MINUTES);
        }
        if let Some(size) = self.wave {
            faults.within("wave", size, 1, MOST_SHELTERS);
        }
        if self.avoid_districts.len() > 100 {
            faults.add("avoid_districts", "too_many", "at most 100");
        }
        let whom = match (self.shelter_id, self.wave) {
            (Some(shelter), None) => Whom::Shelter(shelter.into()),
            (None, Some(size)) => Whom::Wave(size),
            (None, None) => {
                faults.add("shelter_id", "required", "a shelter, or wave");
                Whom::Wave(1)
            }
            (Some(_), Some(_)) => {
                faults.add("wave", "not_allowed", "either a shelter or a wave");
                Whom::Wave(1)
            }
        };
        faults.done()?;
        Ok(Asking {
            whom,
            ask_minutes: self.ask_minutes,
            avoid: self.avoid_districts.into_iter().collect(),
            from_date: self.from_date,
        })
    }
}

/// Holds that were asked together.
#[derive(Debug, Serialize, ToSchema)]
pub struct WaveOut {
    pub wave_id: Uuid,
    /// How many shelters were asked: fewer than wanted where fewer fit.
    pub size: u8,
    pub answer_by: DateTime<Utc>,
    /// Best first.
    pub holds: Vec<HoldOut>,
}

fn print(view: &WaveView) -> String {
    let out = WaveOut {
        wave_id: view.id.0,
        size: u8::try_from(view.holds.len()).unwrap_or(u8::MAX),
        answer_by: view.answer_by,
        holds: view.holds.iter().map(HoldOut::from).collect(),
    };
    serde_json::to_string(&out).unwrap_or_default()
}

/// One hold, or a wave of them.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub enum AskedOut {
    Hold(Box<HoldOut>),
    Wave(WaveOut),
}

/// Ask one shelter (answered by a hold) or the best few (answered by a wave). 409 `no_bed_left` carries the next places
/// that fit.
#[utoipa::path(post, path = "/api/v1/referrals/{id}/holds", tag = "placement", request_body = HoldBody,
    params(("id" = Uuid, Path), ("Idempotency-Key" = String, Header, description = "a fresh random key for each new request")),
    responses((status = 201, body = AskedOut), (status = "4XX", body = super::problem::Problem)))]
pub async fn ask(
    state: web::Data<State>,
    who: SignedIn,
    path: web::Path<String>,
    body: Body<HoldBody>,
) -> Result<HttpResponse, Problem> {
    let referral = id(&path)?;
    let key = body.required_key()?;
    let asking = body.value.parse()?;
    let answer = match asking.whom {
        Whom::Shelter(_) => {
            let once = Once {
                key,
                print: holds::print,
            };
            let one = |mut wave: WaveView| wave.holds.pop();
            state.services.ask(&who.0, referral, asking, once, one).await?
        }
        Whom::Wave(_) => {
            let once = Once { key, print };
            state.services.ask(&who.0, referral, asking, once, Some).await?
        }
    };
    Ok(created(answer))
}

/// How to ask for the places suggested.
#[derive(Debug, Serialize, ToSchema)]
pub struct WaveAdviceOut {
    /// How many shelters to ask at once.
    pub size: u8,
    /// How long to wait for an answer.
    pub ask_minutes: u16,
}

impl From<Advice> for WaveAdviceOut {
    fn from(advice: Advice) -> Self {
        Self {
            size: advice.size,
            ask_minutes: advice.ask_minutes,
        }
    }
}
