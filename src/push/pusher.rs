//! Hands notifications over to push services.

use reqwest::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE};
use reqwest::{Client, StatusCode, Url};

use super::Push;

/// For how many seconds a push service keeps what it cannot deliver: a reminder of this morning is no news tonight.
const KEPT: u32 = 4 * 3600;

/// The way out.
#[derive(Debug, Clone)]
pub struct Pusher {
    client: Client,
    /// Tests only: one machine that stands for every push service.
    instead: Option<Url>,
}

/// It was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{answer}")]
pub struct PushFailure {
    /// The browser has ended its subscription: nothing will ever reach it again.
    pub gone: bool,
    /// Refused for good. Everything else may be tried again.
    pub permanent: bool,
    /// One line for the delivery history, without the address.
    pub answer: String,
}

impl Pusher {
    pub fn new(client: Client) -> Self {
        Self { client, instead: None }
    }

    /// Sends to one machine whatever a notification is addressed to, for tests.
    #[must_use]
    pub fn standing_for_all(self, url: Url) -> Self {
        Self {
            instead: Some(url),
            ..self
        }
    }

    /// Hands over one notification; says what was answered. Of the answer the status alone is read.
    pub async fn send(&self, push: &Push) -> Result<String, PushFailure> {
        let url = self.address(&push.endpoint).ok_or_else(|| PushFailure {
            gone: false,
            permanent: true,
            answer: "its address is none".to_owned(),
        })?;
        let answer = self
            .client
            .post(url)
            .header(AUTHORIZATION, &push.authorization)
            .header(CONTENT_TYPE, "application/octet-stream")
            .header(CONTENT_ENCODING, "aes128gcm")
            .header("TTL", KEPT)
            .header("Topic", &push.topic)
            .header("Urgency", if push.urgent { "high" } else { "normal" })
            .body(push.body.clone())
            .send()
            .await;
        match answer {
            Ok(answer) => judge(answer.status()),
            Err(error) => Err(PushFailure {
                gone: false,
                permanent: false,
                // Without the address, which is a secret.
                answer: if error.is_timeout() {
                    "no answer in time"
                } else {
                    "not reached"
                }
                .to_owned(),
            }),
        }
    }

    fn address(&self, endpoint: &str) -> Option<Url> {
        let mut url = Url::parse(endpoint).ok()?;
        if let Some(instead) = &self.instead {
            let mut stand_in = instead.clone();
            stand_in.set_path(url.path());
            url = stand_in;
        }
        Some(url)
    }
}

fn judge(status: StatusCode) -> Result<String, PushFailure> {
    let answer = status.to_string();
    if status.is_success() {
        return Ok(answer);
    }
    let passing = status.is_server_error() || matches!(status.as_u16(), 408 | 425 | 429);
    Err(PushFailure {
        gone: matches!(status.as_u16(), 404 | 410),
        permanent: !passing,
        answer,
    })
}
