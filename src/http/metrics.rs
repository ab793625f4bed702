//! `GET /metrics` on a listener of its own, so that no proxy of the web app shows it to the world by mistake; and the
//! middleware that counts requests, by route and never by what somebody typed.

use std::net::TcpListener;
use std::time::Duration;

use actix_web::body::MessageBody;
use actix_web::dev::{Server, ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::middleware::Next;
use actix_web::{App, HttpResponse, HttpServer, web};

use super::State;
use super::problem::Problem;
use super::route;
use crate::clock::Stopwatch;
use crate::services::Services;

/// What takes longer is worth a line in the log.
const SLOW: Duration = Duration::from_secs(2);

/// OpenMetrics text, as the registry prints it.
const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// A server of the figures alone. It leaves signals to whoever started it.
pub fn server(listener: TcpListener, services: Services) -> std::io::Result<Server> {
    let services = web::Data::new(services);
    let app = move || {
        App::new()
            .app_data(web::Data::clone(&services))
            .route("/metrics", web::get().to(figures))
    };
    Ok(HttpServer::new(app)
        .workers(1)
        .disable_signals()
        .listen(listener)?
        .run())
}

async fn figures(services: web::Data<Services>) -> Result<HttpResponse, Problem> {
    let text = services.metrics().await?;
    Ok(HttpResponse::Ok().content_type(CONTENT_TYPE).body(text))
}

/// Counts what is answered, and how long that took.
pub async fn measure<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, actix_web::Error> {
    let watch = Stopwatch::start();
    let state = request.app_data::<web::Data<State>>().cloned();
    let (method, pattern) = (request.method().clone(), route::find(&request).0);
    let answer = next.call(request).await;
    if let Some(state) = state {
        let status = match &answer {
            Ok(answer) => answer.status(),
            Err(error) => error.as_response_error().status_code(),
        };
        let (route, took) = (named(&method, pattern.as_deref()), watch.elapsed());
        let (status, ms) = (status.as_u16(), took.as_millis());
        if status >= 500 {
            tracing::warn!(route, status, ms, "request failed");
        } else if took >= SLOW {
            tracing::info!(route, status, ms, "slow request");
        }
        state.services.meter.request(route, status, took);
    }
    answer
}

/// A route among those there are: methods are anybody's to invent.
fn named(method: &Method, pattern: Option<&str>) -> String {
    let known = [Method::GET, Method::POST, Method::PUT, Method::DELETE, Method::HEAD];
    match pattern {
        Some(pattern) if known.contains(method) => format!("{method} {pattern}"),
        _ => "other".to_owned(),
    }
}
