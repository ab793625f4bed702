//! The OpenAPI document, and a plain page to read it by.

use actix_web::{HttpResponse, web};
use serde_json::Value;
use std::fmt::Write;
use utoipa::openapi::RefOr;
use utoipa::openapi::path::Operation;
use utoipa::{Modify, OpenApi};

use super::State;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Panoh",
        description = "Coordination of shelter beds and supplies. Times are RFC 3339 in UTC, ids UUIDv7, codes lower case; \
            errors are application/problem+json with a stable `code` and the fields at fault.",
        license(name = "Apache-2.0")
    ),
    paths(
        super::session::open,
        super::session::close,
        super::session::me,
        super::session::set_language,
        super::proof::prove,
        super::proof::challenge,
        super::factors::list,
        super::factors::add_totp,
        super::factors::confirm_totp,
        super::factors::add_passkey,
        super::factors::confirm_passkey,
        super::factors::remove,
        super::factors::new_recovery_codes,
        super::sessions::list,
        super::sessions::end,
        super::sessions::end_others,
        super::sessions::devices,
        super::sessions::forget_device,
        super::sessions::change_password,
        super::tickets::ask_reset,
        super::tickets::look,
        super::tickets::use_up,
        super::tickets::invite,
        super::tickets::invitations,
        super::push::list,
        super::push::add,
        super::push::remove,
        super::phones::list,
        super::phones::add,
        super::phones::remove,
        super::alerts::get,
        super::alerts::choose,
        super::channels::receive,
        super::geography::get,
        super::items::list,
        super::items::add,
        super::items::change,
        super::items::kits,
        super::naming::match_names,
        super::naming::confirm,
        super::shelters::list,
        super::shelters::add,
        super::shelters::get,
        super::shelters::change,
        super::shelters::read_confidential,
        super::shelters::write_confidential,
        super::reports::receive,
        super::reports::history,
        super::state::state,
        super::stock::get,
        super::stock::put,
        super::sheets::export,
        super::sheets::read,
        super::movements::book,
        super::movements::list,
        super::availability::get,
        super::stream::stream,
        super::search::suggest,
        super::referrals::open,
        super::referrals::list,
        super::referrals::get,
        super::referrals::suggestions,
        super::waves::ask,
        super::referrals::wait,
        super::referrals::stop_waiting,
        super::referrals::close,
        super::timeline::referral,
        super::holds::list,
        super::holds::get,
        super::holds::accept,
        super::holds::decline,
        super::holds::arrive,
        super::holds::no_show,
        super::holds::release,
        super::holds::extend,
        super::timeline::hold,
        super::holds::handover,
        super::plans::make,
        super::plans::list,
        super::plans::get,
        super::plans::edit,
        super::plans::apply,
        super::transfer_plans::make,
        super::transfer_plans::list,
        super::transfer_plans::get,
        super::transfer_plans::edit,
        super::transfer_plans::apply,
        super::requests::list,
        super::requests::open,
        super::requests::withdraw,
        super::requests::refuse,
        super::transfers::list,
        super::transfers::propose,
        super::transfers::get,
        super::transfers::approve,
        super::transfers::dispatch,
        super::transfers::receive,
        super::transfers::cancel,
        super::supplies::list,
        super::statistics::supplies,
        super::balance::get,
        super::occupancy::occupancy,
        super::occupancy::compare,
        super::outlook::forecast,
        super::outlook::standard,
        super::glossary::get,
        super::demand::demand,
        super::demand::unmet,
        super::response::get,
        super::schedules::list,
        super::schedules::add,
        super::schedules::get,
        super::schedules::change,
        super::schedules::next,
        super::schedules::test,
        super::schedules::send,
        super::readers::list,
        super::readers::add,
        super::readers::approve,
        super::readers::remove,
        super::readers::ask,
        super::readers::say_yes,
        super::readers::ask_to_leave,
        super::readers::leave,
        super::digests::list,
        super::digests::get,
        super::digests::export,
        super::digests::preview,
        super::digests::resend,
        super::troubles::list,
        super::people::users,
        super::people::add_user,
        super::people::change_user,
        super::people::organisations,
        super::people::add_organisation,
        super::approvals::list,
        super::approvals::ask,
        super::approvals::approve,
        super::approvals::refuse,
        super::approvals::reset_factors,
        super::tokens::list,
        super::tokens::add,
        super::tokens::revoke,
        super::audit::list,
        super::audit::anchors,
        super::audit::verify,
    ),
    modifiers(&Conventions)
)]
struct Document;

/// What is said once for all routes: every refusal is `application/problem+json`, and an operation is called by its method
/// and path, since handlers of several rooms have one name.
struct Conventions;

impl Modify for Conventions {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        for (path, item) in &mut document.paths.paths {
            let methods = [
                ("get", &mut item.get),
                ("post", &mut item.post),
                ("put", &mut item.put),
                ("delete", &mut item.delete),
            ];
            for (method, operation) in methods {
                if let Some(operation) = operation {
                    operation.operation_id = Some(name(method, path));
                    refusals(operation);
                }
            }
        }
    }
}

/// `get_shelters_id_state` of `GET /api/v1/shelters/{id}/state`.
fn name(method: &str, path: &str) -> String {
    let words = path
        .trim_start_matches(super::matrix::PREFIX)
        .split(['/', '{', '}', '-']);
    words
        .filter(|word| !word.is_empty())
        .fold(method.to_owned(), |name, word| name + "_" + word)
}

fn refusals(operation: &mut Operation) {
    for (status, response) in &mut operation.responses.responses {
        if let RefOr::T(response) = response
            && status.starts_with('4')
            && let Some(content) = response.content.shift_remove("application/json")
        {
            response.content.insert("application/problem+json".to_owned(), content);
        }
    }
}

/// The document as it is served and checked in.
pub fn openapi() -> String {
    Document::openapi().to_pretty_json().unwrap_or_default() + "\n"
}

pub async fn json(state: web::Data<State>) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("application/json")
        .body(state.openapi.to_string())
}

/// A list of routes with their words: no scripts, no styles, nothing from elsewhere.
pub async fn page(state: web::Data<State>) -> HttpResponse {
    let document: Value = serde_json::from_str(&state.openapi).unwrap_or_default();
    HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .body(html(&document))
}

fn html(document: &Value) -> String {
    let mut out = String::from(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width\"><title>Panoh API</title><h1>Panoh API</h1>",
    );
    let text = |value: Option<&Value>| escape(value.and_then(Value::as_str).unwrap_or(""));
    let _ = write!(out, "<p>{}</p>", text(document.pointer("/info/description")));
    out.push_str("<p>The whole document: <a href=\"/api/openapi.json\">/api/openapi.json</a>.</p><dl>");
    for (path, methods) in document.get("paths").and_then(Value::as_object).into_iter().flatten() {
        for (method, operation) in methods.as_object().into_iter().flatten() {
            let _ = write!(
                out,
                "<dt><code>{} {}</code></dt>",
                escape(&method.to_uppercase()),
                escape(path)
            );
            let _ = write!(out, "<dd>{}</dd>", text(operation.get("summary")));
        }
    }
    out.push_str("</dl></html>");
    out
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
