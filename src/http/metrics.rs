//! `GET /metrics` on a listener of its own, so that no proxy of the web app shows it to the world by mistake.

use std::net::TcpListener;

use actix_web::dev::Server;
use actix_web::{App, HttpResponse, HttpServer, web};

use super::problem::Problem;
use crate::services::Services;

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
