//! Accounts and organisations, for administrators.

use actix_web::{HttpResponse, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::State;
use super::access::SignedIn;
use super::approvals::{WaitsOut, is_waiting, waits};
use super::body::Body;
use super::parse::{Faults, Page, id};
use super::problem::Problem;
use crate::domain::accounts::{Account, Organisation, Role};
use crate::domain::id::OrganisationId;
use crate::services::approvals::Accepted;
use crate::services::once::Once;
use crate::services::people::UserDraft;

#[derive(Serialize, ToSchema)]
pub struct UserOut {
    pub id: Uuid,
    pub email: String,
    pub name: String,
    pub role: String,
    pub organisation_id: Option<Uuid>,
    pub shelter_ids: Vec<Uuid>,
    pub language: String,
    pub disabled: bool,
    /// `invited` until a password is chosen, then `active`, or `disabled`.
    pub state: String,
    /// Whether a second factor has been set up.
    pub has_factor: bool,
    /// As far as sessions are still on record.
    pub last_sign_in_at: Option<chrono::DateTime<chrono::Utc>>,
}

impl From<Account> for UserOut {
    fn from(account: Account) -> Self {
        let row = account.user;
        Self {
            state: account.state.to_string(),
            has_factor: account.has_factor,
            last_sign_in_at: account.last_sign_in_at,
            id: row.id.0,
            email: row.email,
            name: row.name,
            role: row.role.to_string(),
            organisation_id: row.organisation_id.map(|id| id.0),
            shelter_ids: row.shelters.iter().map(|id| id.0).collect(),
            language: row.language,
            disabled: row.disabled,
        }
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewUserBody {
    pub email: String,
    pub name: String,
    /// `manager`, `officer`, `committee` or `admin`.
    #[schema(value_type = String)]
    pub role: Role,
    #[serde(default)]
    pub organisation_id: Option<Uuid>,
    /// The shelters a manager runs.
    #[serde(default)]
    pub shelter_ids: Vec<Uuid>,
    pub language: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UserBody {
    pub name: String,
    /// `manager`, `officer`, `committee` or `admin`.
    #[schema(value_type = String)]
    pub role: Role,
    #[serde(default)]
    pub organisation_id: Option<Uuid>,
    #[serde(default)]
    pub shelter_ids: Vec<Uuid>,
    pub language: String,
    #[serde(default)]
    pub disabled: bool,
}

/// Most shelters one manager runs.
const MOST_SHELTERS: usize = 50;

fn draft(email: &str, body: UserBody, faults: &mut Faults) -> UserDraft {
    if body.shelter_ids.len() > MOST_SHELTERS {
        faults.add("shelter_ids", "too_many", format!("at most {MOST_SHELTERS}"));
    }
    UserDraft {
        email: email.to_owned(),
        name: faults.text("name", &body.name, 1, 120),
        role: body.role,
        organisation_id: body.organisation_id.map(OrganisationId),
        shelters: body.shelter_ids.into_iter().map(Into::into).collect(),
        language: body.language,
        disabled: body.disabled,
    }
}

/// Everybody with an account.
#[utoipa::path(get, path = "/api/v1/users", tag = "people", responses((status = 200, body = Page<UserOut>), (status = "4XX", body = super::problem::Problem)))]
pub async fn users(state: web::Data<State>) -> Result<web::Json<Page<UserOut>>, Problem> {
    let rows = state.services.users().await?;
    Ok(web::Json(Page::whole(rows.into_iter().map(UserOut::from).collect())))
}

fn print(row: &Accepted) -> String {
    match row {
        Accepted::Done(account) => serde_json::to_string(&UserOut::from(account.clone())),
        Accepted::Waits(approval) => serde_json::to_string(&WaitsOut::from(*approval)),
    }
    .unwrap_or_default()
}

/// Make an account, and invite its owner by mail to choose a password: 72 hours, one use. An administrator's waits for
/// another administrator (`GET /approvals`): 202, and nothing is made before.
#[utoipa::path(post, path = "/api/v1/users", tag = "people", request_body = NewUserBody,
    responses((status = 201, body = UserOut), (status = 202, body = WaitsOut), (status = "4XX", body = super::problem::Problem)))]
pub async fn add_user(
    state: web::Data<State>,
    who: SignedIn,
    body: Body<NewUserBody>,
) -> Result<HttpResponse, Problem> {
    let once = Once { key: body.key(), print };
    let new = body.value;
    let mut faults = Faults::default();
    let email = faults.email("email", &new.email);
    let rest = UserBody {
        name: new.name,
        role: new.role,
        organisation_id: new.organisation_id,
        shelter_ids: new.shelter_ids,
        language: new.language,
        disabled: false,
    };
    let draft = draft(&email, rest, &mut faults);
    faults.done()?;
    let answer = state.services.add_user(&who.0, draft, once).await?;
    let mut response = match is_waiting(&answer) {
        true => HttpResponse::Accepted(),
        false => HttpResponse::Created(),
    };
    Ok(response.content_type("application/json").body(answer))
}

/// Change an account. Its sessions end at once. Making it an administrator's waits for another administrator: 202, and
/// nothing is changed before.
#[utoipa::path(put, path = "/api/v1/users/{id}", tag = "people", request_body = UserBody, params(("id" = Uuid, Path)),
    responses((status = 200, body = UserOut), (status = 202, body = WaitsOut), (status = "4XX", body = super::problem::Problem)))]
pub async fn change_user(
    state: web::Data<State>,
    who: SignedIn,
    path: web::Path<String>,
    body: Body<UserBody>,
) -> Result<HttpResponse, Problem> {
    let mut faults = Faults::default();
    let draft = draft("", body.value, &mut faults);
    faults.done()?;
    Ok(match state.services.change_user(&who.0, id(&path)?, draft).await? {
        Accepted::Done(row) => HttpResponse::Ok().json(UserOut::from(row)),
        Accepted::Waits(approval) => waits(approval),
    })
}

#[derive(Serialize, ToSchema)]
pub struct OrganisationOut {
    pub id: Uuid,
    pub name: String,
    /// For administrators; an officer is given names to choose from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operates: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refers: Option<bool>,
}

impl OrganisationOut {
    fn name_only(row: Organisation) -> Self {
        Self {
            id: row.id.0,
            name: row.name,
            code: None,
            operates: None,
            refers: None,
        }
    }
}

impl From<Organisation> for OrganisationOut {
    fn from(row: Organisation) -> Self {
        Self {
            id: row.id.0,
            name: row.name,
            code: Some(row.code),
            operates: Some(row.operates),
            refers: Some(row.refers),
        }
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OrganisationBody {
    pub code: String,
    pub name: String,
    #[serde(default)]
    pub operates: bool,
    #[serde(default)]
    pub refers: bool,
}

/// Organisations that operate shelters, refer households, or both. An officer, who may name some that are to see nothing
/// of a case, is given their names alone.
#[utoipa::path(get, path = "/api/v1/organisations", tag = "people",
    responses((status = 200, body = Page<OrganisationOut>), (status = "4XX", body = super::problem::Problem)))]
pub async fn organisations(
    state: web::Data<State>,
    who: SignedIn,
) -> Result<web::Json<Page<OrganisationOut>>, Problem> {
    let print = match who.0.role {
        Role::Admin => OrganisationOut::from,
        _ => OrganisationOut::name_only,
    };
    let rows = state.services.organisations().await?;
    Ok(web::Json(Page::whole(rows.into_iter().map(print).collect())))
}

/// Add an organisation.
#[utoipa::path(post, path = "/api/v1/organisations", tag = "people", request_body = OrganisationBody,
    responses((status = 201, body = OrganisationOut), (status = "4XX", body = super::problem::Problem)))]
pub async fn add_organisation(
    state: web::Data<State>,
    who: SignedIn,
    body: Body<OrganisationBody>,
) -> Result<HttpResponse, Problem> {
    let body = body.value;
    let mut faults = Faults::default();
    let row = Organisation {
        id: OrganisationId(Uuid::nil()),
        code: faults.text("code", &body.code, 2, 40),
        name: faults.text("name", &body.name, 1, 200),
        operates: body.operates,
        refers: body.refers,
    };
    if !row.operates && !row.refers {
        faults.add(
            "operates",
            "required",
            "it operates shelters, refers households, or both",
        );
    }
    faults.done()?;
    let row = state.services.add_organisation(&who.0, row).await?;
    Ok(HttpResponse::Created().json(OrganisationOut::from(row)))
}
