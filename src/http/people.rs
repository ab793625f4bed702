//! Accounts and organisations, for administrators.

use actix_web::{HttpResponse, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::State;
use super::access::SignedIn;
use super::body::Body;
use super::parse::{Faults, Page, id};
use super::problem::Problem;
use crate::domain::accounts::{Organisation, Role, User};
use crate::domain::id::OrganisationId;
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
}

impl From<User> for UserOut {
    fn from(row: User) -> Self {
        Self {
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
    /// 15 to 128 characters.
    pub password: String,
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
    /// A new password; without it the old one stays.
    #[serde(default)]
    pub password: Option<String>,
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
        password: body.password,
        disabled: body.disabled,
    }
}

/// Everybody with an account.
#[utoipa::path(get, path = "/api/v1/users", tag = "people", responses((status = 200, body = Page<UserOut>), (status = "4XX", body = super::problem::Problem)))]
pub async fn users(state: web::Data<State>) -> Result<web::Json<Page<UserOut>>, Problem> {
    let rows = state.services.users().await?;
    Ok(web::Json(Page::whole(rows.into_iter().map(UserOut::from).collect())))
}

/// Make an account.
#[utoipa::path(post, path = "/api/v1/users", tag = "people", request_body = NewUserBody,
    responses((status = 201, body = UserOut), (status = "4XX", body = super::problem::Problem)))]
pub async fn add_user(
    state: web::Data<State>,
    who: SignedIn,
    body: Body<NewUserBody>,
) -> Result<HttpResponse, Problem> {
    let new = body.value;
    let mut faults = Faults::default();
    let email = faults.email("email", &new.email);
    let rest = UserBody {
        name: new.name,
        role: new.role,
        organisation_id: new.organisation_id,
        shelter_ids: new.shelter_ids,
        language: new.language,
        password: Some(new.password),
        disabled: false,
    };
    let draft = draft(&email, rest, &mut faults);
    faults.done()?;
    let row = state.services.add_user(Some(&who.0), draft).await?;
    Ok(HttpResponse::Created().json(UserOut::from(row)))
}

/// Change an account. Its sessions end at once.
#[utoipa::path(put, path = "/api/v1/users/{id}", tag = "people", request_body = UserBody, params(("id" = Uuid, Path)),
    responses((status = 200, body = UserOut), (status = "4XX", body = super::problem::Problem)))]
pub async fn change_user(
    state: web::Data<State>,
    who: SignedIn,
    path: web::Path<String>,
    body: Body<UserBody>,
) -> Result<web::Json<UserOut>, Problem> {
    let mut faults = Faults::default();
    let draft = draft("", body.value, &mut faults);
    faults.done()?;
    Ok(web::Json(
        state.services.change_user(&who.0, id(&path)?, draft).await?.into(),
    ))
}

#[derive(Serialize, ToSchema)]
pub struct OrganisationOut {
    pub id: Uuid,
    pub code: String,
    pub name: String,
    pub operates: bool,
    pub refers: bool,
}

impl From<Organisation> for OrganisationOut {
    fn from(row: Organisation) -> Self {
        Self {
            id: row.id.0,
            code: row.code,
            name: row.name,
            operates: row.operates,
            refers: row.refers,
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

/// Organisations that operate shelters, refer households, or both.
#[utoipa::path(get, path = "/api/v1/organisations", tag = "people",
    responses((status = 200, body = Page<OrganisationOut>), (status = "4XX", body = super::problem::Problem)))]
pub async fn organisations(state: web::Data<State>) -> Result<web::Json<Page<OrganisationOut>>, Problem> {
    let rows = state.services.organisations().await?;
    Ok(web::Json(Page::whole(
        rows.into_iter().map(OrganisationOut::from).collect(),
    )))
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
