//! Who asks, and whether the matrix lets that role in: decided before any handler runs.

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::{Method, StatusCode, header};
use actix_web::middleware::Next;
use actix_web::{FromRequest, HttpMessage, HttpRequest, ResponseError, web};
use std::future::{Ready, ready};
use std::time::Duration;

use uuid::Uuid;

use super::State;
use super::limits::Client;
use super::matrix::{self, Who};
use super::problem::Problem;
use super::route;
use crate::domain::accounts::{Actor, Bearer};
use crate::domain::factors::is_fresh;
use crate::services::errors::Refused;

/// Name of the session cookie. The prefix makes browsers refuse it without Secure, with a Domain, or off the root path.
pub const COOKIE: &str = "__Host-panoh";

/// Name of the cookie by which a browser is known again; see `services::devices`.
pub const DEVICE_COOKIE: &str = "__Host-panoh-device";

/// How long the database is waited for when it is asked who somebody is.
const PATIENCE: Duration = Duration::from_secs(5);

/// The signed-in actor. A handler that takes one cannot be reached without.
pub struct SignedIn(pub Actor);

/// The token by which the request came in.
pub struct Token(pub String);

impl FromRequest for SignedIn {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let actor = request.extensions().get::<Actor>().cloned();
        ready(actor.map(Self).ok_or_else(|| Refused::Unauthenticated.into()))
    }
}

impl FromRequest for Token {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(
            token_of(request)
                .map(Self)
                .ok_or_else(|| Refused::Unauthenticated.into()),
        )
    }
}

/// The network address a request came from.
pub fn origin(request: &HttpRequest) -> String {
    Client::of(request).text()
}

/// Whether a browser asks, which keeps cookies, rather than a program, which is given its token.
pub fn is_browser(request: &HttpRequest) -> bool {
    request.headers().contains_key("sec-fetch-site")
}

/// By which the browser is known again, if it is.
pub fn device(request: &HttpRequest) -> Option<String> {
    request.cookie(DEVICE_COOKIE).map(|cookie| cookie.value().to_owned())
}

fn token_of(request: &HttpRequest) -> Option<String> {
    let bearer = request
        .headers()
        .get(header::AUTHORIZATION)
        .and_then(|v| v.to_str().ok());
    match bearer {
        Some(value) => value.strip_prefix("Bearer ").map(str::to_owned),
        None => request.cookie(COOKIE).map(|cookie| cookie.value().to_owned()),
    }
}

/// The middleware: same origin, then the matrix, then the role.
pub async fn guard<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, actix_web::Error> {
    match admit(&request).await {
        Ok(()) => {
            let answer = next.call(request).await?.map_into_left_body();
            note(answer.request(), answer.status()).await;
            Ok(answer)
        }
        Err(problem) => {
            let mut response = problem.error_response();
            if response.status() == StatusCode::METHOD_NOT_ALLOWED {
                let allowed = matrix::methods(&route::of(&request).unwrap_or_default());
                if let Ok(allowed) = allowed.try_into() {
                    response.headers_mut().insert(header::ALLOW, allowed);
                }
            }
            note(request.request(), response.status()).await;
            Ok(request.into_response(response.map_into_right_body()))
        }
    }
}

/// Refusals of somebody who is signed in are put on record, and questions for what is not there are looked at. The answer
/// stands whatever becomes of that.
async fn note(request: &HttpRequest, status: StatusCode) {
    if !matches!(
        status,
        StatusCode::FORBIDDEN | StatusCode::NOT_FOUND | StatusCode::TOO_MANY_REQUESTS
    ) {
        return;
    }
    let actor = request.extensions().get::<Actor>().cloned();
    let (Some(actor), Some(pattern)) = (actor, route::of(request)) else {
        return;
    };
    let Some(state) = request.app_data::<web::Data<State>>() else {
        return;
    };
    let services = &state.services;
    let route = format!("{} {pattern}", request.method());
    let mut noted = services.denied(&actor, &route, status.as_u16()).await;
    let id = request.path().split('/').find_map(|part| Uuid::try_parse(part).ok());
    if let (StatusCode::NOT_FOUND, Some(id)) = (status, id) {
        noted = noted.and(services.asked_in_vain(&actor, id.into()).await);
    }
    if let Err(error) = noted {
        tracing::error!(%error, "a refusal could not be put on record");
    }
}

async fn admit(request: &ServiceRequest) -> Result<(), Problem> {
    if !route::is_of_the_api(request) {
        return Ok(());
    }
    same_origin(request)?;
    let pattern = route::of(request).ok_or_else(Problem::not_found)?;
    let method = if request.method() == Method::HEAD {
        &Method::GET
    } else {
        request.method()
    };
    let row = matrix::row(method, &pattern).ok_or_else(|| {
        Problem::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "method_not_allowed",
            "Not this method here.",
        )
    })?;
    if row.who == Who::Anybody {
        return Ok(());
    }
    let token = token_of(request.request()).ok_or(Refused::Unauthenticated)?;
    let state = request.app_data::<web::Data<State>>().ok_or_else(Problem::not_found)?;
    // A line to the database that was cut without a word is not waited for: the client tries another node.
    let known = tokio::time::timeout(PATIENCE, state.services.authenticate(&token)).await;
    let mut actor = known.unwrap_or(Err(Refused::Unavailable))?;
    actor.origin = origin(request.request());
    state.limits.admit(actor.user_id)?;
    // Kept before the role is asked, so that a refusal can say whose it was.
    request.extensions_mut().insert(actor.clone());
    if !row.who.admits(actor.role) {
        return Err(Problem::new(
            StatusCode::FORBIDDEN,
            "not_your_role",
            "Your role does not do this.",
        ));
    }
    match &actor.by {
        Bearer::Token { scopes } => may_enter(row, scopes)?,
        Bearer::Session {
            proved_at, enrolling, ..
        } => {
            if *enrolling && !row.early {
                return Err(Refused::FactorNotSetUp.into());
            }
            let services = &state.services;
            // Whoever sets up the first factor has nothing yet to prove herself with.
            if row.fresh && !enrolling && !is_fresh(*proved_at, services.now()) {
                return Err(services.proof_needed(&actor).await?.into());
            }
        }
        Bearer::Nothing => {}
    }
    if row.is_on_record() {
        let route = format!("{method} {pattern}");
        state.services.shown(&actor, &route).await?;
    }
    Ok(())
}

/// Whether a program with these scopes may use the route.
fn may_enter(row: &matrix::Row, scopes: &[String]) -> Result<(), Problem> {
    let refused = |code, detail| Err(Problem::new(StatusCode::FORBIDDEN, code, detail));
    match row.scope() {
        None => refused("people_only", "This is for people, not for programs."),
        Some(needed) if !scopes.contains(&needed) => refused("not_in_scope", "This token was not given that."),
        Some(_) => Ok(()),
    }
}

/// Refuses a write that a page of another origin made a browser send.
fn same_origin(request: &ServiceRequest) -> Result<(), Problem> {
    if matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS) {
        return Ok(());
    }
    let text = |name: &str| request.headers().get(name).and_then(|v| v.to_str().ok());
    let same = match (text("sec-fetch-site"), text("origin")) {
        (Some(site), _) => site == "same-origin",
        (None, Some(origin)) => {
            let host = text("host").unwrap_or("");
            origin.split_once("://").is_some_and(|(_, rest)| rest == host)
        }
        // Neither: a program, not a browser.
        (None, None) => true,
    };
    if same {
        Ok(())
    } else {
        Err(Problem::new(
            StatusCode::FORBIDDEN,
            "cross_origin",
            "Writes are taken from our own pages only.",
        ))
    }
}
