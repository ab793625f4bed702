//! Small clients of the door: a bare one, and one for each person who has signed in.

use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

use actix_web::http::{Method, StatusCode, header::HeaderMap};
use actix_web::{body, test, web};
use panoh::domain::accounts::User;
use panoh::http::{State, server};
use panoh::services::Services;
use panoh::sms;
use serde_json::Value;

type Answering = Pin<Box<dyn Future<Output = Answer>>>;

/// The door without a socket.
#[derive(Clone)]
pub struct Http(Rc<dyn Fn(test::TestRequest) -> Answering>);

/// What came back. Of a stream of events only the head.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("{e}: {}", self.text()))
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The stable `code` of a problem; empty where there is none.
    pub fn code(&self) -> String {
        let json: Value = serde_json::from_slice(&self.body).unwrap_or_default();
        json["code"].as_str().unwrap_or_default().to_owned()
    }

    /// The fields at fault, each with its code.
    pub fn faults(&self) -> Vec<(String, String)> {
        let json: Value = serde_json::from_slice(&self.body).unwrap_or_default();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let errors = json["errors"].as_array().cloned().unwrap_or_default();
        errors.iter().map(|e| (text(&e["field"]), text(&e["code"]))).collect()
    }

    /// The JSON of an answer that must have this status.
    #[track_caller]
    pub fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text());
        if self.body.is_empty() { Value::Null } else { self.json() }
    }
}

impl Http {
    /// The door with these gateways for text messages.
    pub async fn with(services: &Services, sms: sms::Gateways) -> Self {
        Self::of(super::state_with(services, sms)).await
    }

    /// The door of a node that is set up in another way.
    pub async fn of(state: State) -> Self {
        let app = Rc::new(test::init_service(server::app(web::Data::new(state))).await);
        Self(Rc::new(move |request| {
            let app = Rc::clone(&app);
            Box::pin(async move {
                let response = match test::try_call_service(&*app, request.to_request()).await {
                    Ok(response) => response.map_into_boxed_body().into_parts().1,
                    Err(error) => error.error_response(),
                };
                let (head, body) = response.into_parts();
                let endless = head
                    .headers()
                    .get("content-type")
                    .is_some_and(|kind| kind == "text/event-stream");
                let body = if endless {
                    Vec::new()
                } else {
                    body::to_bytes(body).await.expect("the whole body").to_vec()
                };
                Answer {
                    status: head.status().as_u16(),
                    headers: head.headers().clone(),
                    body,
                }
            })
        }))
    }

    /// Any request: headers as they are given and nothing besides.
    pub async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let mut request = test::TestRequest::with_uri(path)
            .method(Method::from_bytes(method.as_bytes()).unwrap())
            .peer_addr("127.0.0.1:9".parse().unwrap());
        for (name, value) in headers {
            request = request.insert_header((*name, *value));
        }
        (self.0)(request.set_payload(body.to_vec())).await
    }

    /// As nobody.
    pub async fn json(&self, method: &str, path: &str, body: &Value) -> Answer {
        self.send(
            method,
            path,
            &[("content-type", "application/json")],
            body.to_string().as_bytes(),
        )
        .await
    }
}

/// Somebody who has signed in.
#[derive(Clone)]
pub struct Person {
    pub user: User,
    pub token: String,
    pub http: Http,
}

impl Person {
    pub async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let bearer = format!("Bearer {}", self.token);
        let mut all = vec![("authorization", bearer.as_str())];
        all.extend_from_slice(headers);
        self.http.send(method, path, &all, body).await
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], b"").await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.send("DELETE", path, &[], b"").await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(
            "POST",
            path,
            &[("content-type", "application/json")],
            body.to_string().as_bytes(),
        )
        .await
    }

    /// A POST under an Idempotency-Key.
    pub async fn post_once(&self, path: &str, key: &str, body: &Value) -> Answer {
        let headers = [("content-type", "application/json"), ("idempotency-key", key)];
        self.send("POST", path, &headers, body.to_string().as_bytes()).await
    }

    pub async fn put(&self, path: &str, body: &Value) -> Answer {
        self.send(
            "PUT",
            path,
            &[("content-type", "application/json")],
            body.to_string().as_bytes(),
        )
        .await
    }

    /// A PUT of what was read at `version`.
    pub async fn put_at(&self, path: &str, version: i64, body: &Value) -> Answer {
        let tag = format!("\"{version}\"");
        let headers = [("content-type", "application/json"), ("if-match", tag.as_str())];
        self.send("PUT", path, &headers, body.to_string().as_bytes()).await
    }
}

/// Whether an answer is one the caller should have had.
pub fn is_fault_of_ours(status: u16) -> bool {
    StatusCode::from_u16(status).is_ok_and(|status| status.is_server_error())
}
