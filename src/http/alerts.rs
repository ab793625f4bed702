//! What one wants to be told of between digests.

use std::collections::BTreeSet;

use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};
use strum::IntoEnumIterator;
use utoipa::ToSchema;

use super::State;
use super::access::SignedIn;
use super::body::Body;
use super::parse::{Faults, if_match};
use super::problem::Problem;
use super::shelters::etag;
use crate::domain::accounts::Role;
use crate::domain::alerts::{AlertKind, Choice, Quiet};

#[derive(Serialize, ToSchema)]
pub struct AlertsOut {
    /// What one is told of: some of `offered`.
    #[schema(value_type = Vec<String>)]
    pub kinds: BTreeSet<AlertKind>,
    /// What there is to choose from in one's role: `no_family_place`, `hold_unanswered` (administrators), `critical_supply`,
    /// `silent`.
    #[schema(value_type = Vec<String>)]
    pub offered: Vec<AlertKind>,
    /// Of this region alone; of all if null.
    pub region: Option<String>,
    /// Local hour from which one is not written to, `21:00`; null with `quiet_until` if there is none.
    pub quiet_from: Option<String>,
    pub quiet_until: Option<String>,
    /// 0 before the first choice.
    pub version: i64,
}

fn answer(choice: &Choice, role: Role) -> HttpResponse {
    let hour =
        |of: fn(&Quiet) -> chrono::NaiveTime| choice.quiet.as_ref().map(|quiet| of(quiet).format("%H:%M").to_string());
    HttpResponse::Ok().insert_header(etag(choice.version)).json(AlertsOut {
        kinds: choice.kinds.clone(),
        offered: AlertKind::iter().filter(|kind| kind.is_open_to(role)).collect(),
        region: choice.region.clone(),
        quiet_from: hour(|quiet| quiet.from),
        quiet_until: hour(|quiet| quiet.until),
        version: choice.version,
    })
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AlertsBody {
    /// Each at most once.
    #[schema(value_type = Vec<String>)]
    pub kinds: Vec<AlertKind>,
    #[serde(default)]
    pub region: Option<String>,
    #[serde(default)]
    pub quiet_from: Option<String>,
    /// Not the same hour as `quiet_from`; before it, the quiet hours last over midnight.
    #[serde(default)]
    pub quiet_until: Option<String>,
}

impl AlertsBody {
    fn parse(self, version: i64) -> Result<Choice, Problem> {
        let mut faults = Faults::default();
        let kinds: BTreeSet<AlertKind> = self.kinds.iter().copied().collect();
        if kinds.len() < self.kinds.len() {
            faults.add("kinds", "duplicate", "each kind once");
        }
        let quiet = match (&self.quiet_from, &self.quiet_until) {
            (None, None) => None,
            (Some(_), None) => {
                faults.add("quiet_until", "missing", "until when, with `quiet_from`");
                None
            }
            (None, Some(_)) => {
                faults.add("quiet_from", "missing", "from when, with `quiet_until`");
                None
            }
            (Some(from), Some(until)) => {
                let quiet = Quiet {
                    from: faults.hour("quiet_from", from),
                    until: faults.hour("quiet_until", until),
                };
                if from == until {
                    faults.add("quiet_until", "out_of_range", "another hour than `quiet_from`");
                }
                Some(quiet)
            }
        };
        faults.done()?;
        Ok(Choice {
            kinds,
            region: self.region,
            quiet,
            version,
        })
    }
}

/// What one is told of between digests.
#[utoipa::path(get, path = "/api/v1/me/alerts", tag = "digests", responses((status = 200, body = AlertsOut), (status = "4XX", body = super::problem::Problem)))]
pub async fn get(state: web::Data<State>, who: SignedIn) -> Result<HttpResponse, Problem> {
    let choice = state.services.alert_choice(&who.0).await?;
    Ok(answer(&choice, who.0.role))
}

/// Choose what to be told of. Before the first choice the version is 0.
#[utoipa::path(put, path = "/api/v1/me/alerts", tag = "digests", request_body = AlertsBody,
    params(("If-Match" = String, Header, description = "the version read, quoted")),
    responses((status = 200, body = AlertsOut), (status = "4XX", body = super::problem::Problem)))]
pub async fn choose(
    state: web::Data<State>,
    who: SignedIn,
    request: HttpRequest,
    body: Body<AlertsBody>,
) -> Result<HttpResponse, Problem> {
    let choice = body.value.parse(if_match(&request)?)?;
    let choice = state.services.choose_alerts(&who.0, choice).await?;
    Ok(answer(&choice, who.0.role))
}
