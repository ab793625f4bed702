//! Who asks, and whether the matrix lets that role in: decided before any handler runs.

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::{Method, StatusCode, header};
use actix_web::middleware::Next;
use actix_web::{FromRequest, HttpMessage, HttpRequest, ResponseError, web};
use std::future::{Ready, ready};

use super::State;
use super::matrix::{self, Who};
use super::problem::Problem;
use crate::domain::accounts::Actor;

/// Name of the session cookie. The prefix makes browsers refuse it without Secure, with a Domain, or off the root path.
pub const COOKIE: &str = "__Host-panoh";

/// The signed-in actor. A handler that takes one cannot be reached without.
pub struct SignedIn(pub Actor);

/// The token by which the request came in.
pub struct Token(pub String);

impl FromRequest for SignedIn {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let actor = request.extensions().get::<Actor>().cloned();
        ready(
            actor
                .map(Self)
                .ok_or_else(|| crate::services::errors::Refused::Unauthenticated.into()),
        )
    }
}

impl FromRequest for Token {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(
            token_of(request)
                .map(Self)
                .ok_or_else(|| crate::services::errors::Refused::Unauthenticated.into()),
        )
    }
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
        Ok(()) => Ok(next.call(request).await?.map_into_left_body()),
        Err(problem) => {
            let response = problem.error_response().map_into_right_body();
            Ok(request.into_response(response))
        }
    }
}

async fn admit(request: &ServiceRequest) -> Result<(), Problem> {
    if !request.path().starts_with("/api/v1/") {
        return Ok(());
    }
    same_origin(request)?;
    let pattern = request.match_pattern().ok_or_else(Problem::not_found)?;
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
    let token = token_of(request.request()).ok_or(crate::services::errors::Refused::Unauthenticated)?;
    let state = request.app_data::<web::Data<State>>().ok_or_else(Problem::not_found)?;
    let mut actor = state.services.authenticate(&token).await?;
    actor.origin = request
        .peer_addr()
        .map_or_else(String::new, |peer| peer.ip().to_string());
    if !row.who.admits(actor.role) {
        return Err(Problem::new(
            StatusCode::FORBIDDEN,
            "not_your_role",
            "Your role does not do this.",
        ));
    }
    request.extensions_mut().insert(actor);
    Ok(())
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
