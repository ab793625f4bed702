//! The web app, embedded: hashed assets for ever, the page always fresh, brotli or gzip as the browser takes it.

use actix_web::http::{Method, StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, ResponseError};
use rust_embed::{EmbeddedFile, RustEmbed};

use super::problem::Problem;

#[derive(RustEmbed)]
#[folder = "frontend/dist/"]
#[allow_missing = true]
struct Dist;

/// A file of the web app; any other path is a page of it, which the app itself routes.
pub async fn serve(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let path = request.path().trim_start_matches('/');
    if path.starts_with("api/") {
        return Err(Problem::not_found());
    }
    // What has no route of its own comes here by any method.
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        let refused = Problem::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "method_not_allowed",
            "Not this method here.",
        );
        let mut response = refused.error_response();
        let allowed = header::HeaderValue::from_static("GET, HEAD");
        response.headers_mut().insert(header::ALLOW, allowed);
        return Ok(response);
    }
    let is_file = path.contains('.');
    let name = if is_file { path } else { "index.html" };
    let (file, encoding) = pick(name, &request).ok_or_else(Problem::not_found)?;
    let mut response = HttpResponse::Ok();
    response
        .insert_header((header::CONTENT_TYPE, content_type(name)))
        .insert_header((header::VARY, "Accept-Encoding"));
    if let Some(encoding) = encoding {
        response.insert_header((header::CONTENT_ENCODING, encoding));
    }
    let cache = if name.starts_with("assets/") {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    let etag = format!(
        "\"{}\"",
        hex::encode(file.metadata.sha256_hash().get(..12).unwrap_or_default())
    );
    response
        .insert_header((header::CACHE_CONTROL, cache))
        .insert_header((header::ETAG, etag.clone()));
    if request
        .headers()
        .get(header::IF_NONE_MATCH)
        .is_some_and(|seen| seen.as_bytes() == etag.as_bytes())
    {
        response.status(actix_web::http::StatusCode::NOT_MODIFIED);
        return Ok(response.finish());
    }
    Ok(response.body(file.data.into_owned()))
}

fn pick(name: &str, request: &HttpRequest) -> Option<(EmbeddedFile, Option<&'static str>)> {
    let accepted = request
        .headers()
        .get(header::ACCEPT_ENCODING)
        .and_then(|v| v.to_str().ok())
        .unwrap_or("");
    for (token, suffix) in [("br", "br"), ("gzip", "gz")] {
        if accepted
            .split(',')
            .any(|part| part.split(';').next().is_some_and(|name| name.trim() == token))
            && let Some(file) = Dist::get(&format!("{name}.{suffix}"))
        {
            return Some((file, Some(token)));
        }
    }
    Dist::get(name).map(|file| (file, None))
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("js" | "mjs") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("json") => "application/json",
        Some("webmanifest") => "application/manifest+json",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("ico") => "image/x-icon",
        Some("txt") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
