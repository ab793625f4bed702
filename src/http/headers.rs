//! The security headers every answer carries, errors and assets included.

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::DefaultHeaders;

/// Scripts, styles, pictures and connections from ourselves only; nothing inline, no frames, no plugins.
const CSP: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
    manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; \
    require-trusted-types-for 'script'";

const LINES: [(&str, &str); 10] = [
    ("content-security-policy", CSP),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("cross-origin-embedder-policy", "require-corp"),
    (
        "permissions-policy",
        "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    ),
    ("strict-transport-security", "max-age=63072000; includeSubDomains"),
    ("cache-control", "no-store"),
];

/// Sets them on whatever is answered.
pub fn security() -> DefaultHeaders {
    LINES.into_iter().fold(DefaultHeaders::new(), DefaultHeaders::add)
}

/// Sets them on an answer that no middleware sees any more.
pub fn set(headers: &mut HeaderMap) {
    for (name, value) in LINES {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
}
