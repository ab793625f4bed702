//! Whether the process lives, and whether it can serve.

use actix_web::{HttpResponse, web};

use super::State;
use super::problem::Problem;

/// The process answers.
pub async fn alive() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/plain; charset=utf-8")
        .body("ok\n")
}

/// The database answers and has every migration.
pub async fn ready(state: web::Data<State>) -> Result<HttpResponse, Problem> {
    state.services.ready().await?;
    Ok(HttpResponse::Ok()
        .content_type("text/plain; charset=utf-8")
        .body("ready\n"))
}
