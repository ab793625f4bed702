//! The client for what the house says to others over HTTPS: TLS by rustls with Mozilla's roots, as letters have it, no
//! redirects and a short patience. To whom, and what, is for the rooms that use it.

use std::time::Duration;

use rustls::{ClientConfig, RootCertStore};

/// How long one request may take, answer included.
const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Debug, thiserror::Error)]
pub enum WebError {
    #[error("TLS cannot be set up: {0}")]
    Tls(#[from] rustls::Error),
    #[error("no client for HTTP: {0}")]
    Client(#[from] reqwest::Error),
}

/// A client that follows nobody: where an answer points to elsewhere, it has not been taken.
pub fn client() -> Result<reqwest::Client, WebError> {
    let roots = RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    };
    let provider = rustls::crypto::ring::default_provider();
    let tls = ClientConfig::builder_with_provider(provider.into())
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(Duration::from_secs(10))
        .timeout(PATIENCE)
        .user_agent("panoh")
        .build()?)
}
