//! Server-sent events: that the board changed, that a hold of one's own moved, that a place was found for one who waits. Only that, never what.

use std::time::Duration;

use actix_web::http::header::ContentEncoding;
use actix_web::web::Bytes;
use actix_web::{HttpResponse, web};
use futures::stream;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use super::State;
use super::access::{SignedIn, Token};
use super::problem::Problem;
use crate::domain::accounts::Actor;
use crate::services::Event;

/// A comment this often keeps the line open, and is when the session is looked at again.
const BEAT: Duration = Duration::from_secs(20);

struct Watch {
    events: Receiver<Event>,
    actor: Actor,
    token: String,
    state: web::Data<State>,
}

/// Events as they happen: `availability` {"version"}, `hold` {"hold_id","state"} and `place` {"referral_id"}.
#[utoipa::path(get, path = "/api/v1/availability/stream", tag = "availability",
    responses((status = 200, content_type = "text/event-stream", body = String), (status = "4XX", body = super::problem::Problem)))]
pub async fn stream(state: web::Data<State>, who: SignedIn, token: Token) -> Result<HttpResponse, Problem> {
    let version = state.services.board.current().version;
    let first = format!("retry: 3000\nevent: availability\ndata: {{\"version\":{version}}}\n\n");
    let watch = Watch {
        events: state.services.watch(),
        actor: who.0,
        token: token.0,
        state: state.clone(),
    };
    let rest = stream::unfold(watch, |mut watch| async move {
        next(&mut watch).await.map(|text| (text, watch))
    });
    let all = futures::StreamExt::chain(stream::iter([first]), rest);
    let body = futures::StreamExt::map(all, |text| Ok::<_, Problem>(Bytes::from(text)));
    Ok(HttpResponse::Ok()
        .content_type("text/event-stream")
        // Each event leaves at once: a compressor would keep it.
        .insert_header(ContentEncoding::Identity)
        .insert_header(("X-Accel-Buffering", "no"))
        .streaming(body))
}

/// The next thing to send; `None` ends the stream, since the session has ended.
async fn next(watch: &mut Watch) -> Option<String> {
    loop {
        match tokio::time::timeout(BEAT, watch.events.recv()).await {
            Err(_) => {
                watch.state.services.authenticate(&watch.token).await.ok()?;
                return Some(": still here\n\n".to_owned());
            }
            // An open stream would keep the server from stopping; the page asks again, and finds another node or this one.
            Ok(Ok(Event::Over)) => return None,
            Ok(Ok(event)) => {
                if let Some(text) = told(&event, &watch.actor) {
                    return Some(text);
                }
            }
            // Too slow to hear all: tell it to look again.
            Ok(Err(RecvError::Lagged(_))) => {
                let version = watch.state.services.board.current().version;
                return Some(format!("event: availability\ndata: {{\"version\":{version}}}\n\n"));
            }
            Ok(Err(RecvError::Closed)) => return None,
        }
    }
}

fn told(event: &Event, actor: &Actor) -> Option<String> {
    match event {
        Event::Availability(version) => Some(format!("event: availability\ndata: {{\"version\":{version}}}\n\n")),
        Event::Hold(hold) => actor.case_scope().covers_hold(hold).then(|| {
            let (id, state) = (hold.id, hold.state);
            format!("event: hold\ndata: {{\"hold_id\":\"{id}\",\"state\":\"{state}\"}}\n\n")
        }),
        Event::Place(case) => actor.case_scope().covers_referral(case).then(|| {
            let id = case.id;
            format!("event: place\ndata: {{\"referral_id\":\"{id}\"}}\n\n")
        }),
        Event::Over => None,
    }
}
