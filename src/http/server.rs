//! The routes and the server. Every route here has a row in the matrix; a test holds the two and the OpenAPI document
//! against each other.

use std::any::Any;
use std::net::TcpListener;
use std::time::Duration;

use actix_web::body::MessageBody;
use actix_web::dev::{Server, ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::middleware::{Compress, from_fn};
use actix_web::rt::net::TcpStream;
use actix_web::{App, HttpServer, web};
use socket2::SockRef;

use super::matrix::PREFIX;
use super::{
    State, access, alerts, approvals, assets, audit, availability, balance, channels, demand, digests, docs, factors,
    geography, glossary, headers, health, holds, items, limits, metrics, movements, naming, occupancy, outlook, people,
    phones, plans, proof, push, readers, referrals, reports, requests, response, schedules, search, session, sessions,
    sheets, shelters, state, statistics, stock, stream, supplies, tickets, timeline, tokens, transfer_plans, transfers,
    troubles, waves,
};

/// The whole door: what the server runs, and what tests knock at.
pub fn app(
    state: web::Data<State>,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody + 'static>,
        Error = actix_web::Error,
        InitError = (),
    >,
> {
    // The last wrapped is the outermost: headers are set on what the guard refuses, too.
    App::new()
        .app_data(state)
        .wrap(from_fn(access::guard))
        .wrap(from_fn(limits::pace))
        .wrap(headers::security())
        .wrap(from_fn(metrics::measure))
        .configure(routes)
}

/// All routes. `web::Data<State>` is expected beside them.
fn routes(config: &mut web::ServiceConfig) {
    config
        .service(
            web::scope(PREFIX)
                // A phone on a weak line asks for the shelter's state each time it opens: 4.5 kB of figures.
                .wrap(Compress::default())
                .configure(asked_most)
                .configure(reference)
                .configure(shelter_routes)
                .configure(placement)
                .configure(supplies)
                .configure(office)
                .configure(digest_routes),
        )
        .route("/api/openapi.json", web::get().to(docs::json))
        .route("/api/docs", web::get().to(docs::page))
        .route("/healthz", web::get().to(health::alive))
        .route("/readyz", web::get().to(health::ready))
        .default_service(web::get().to(assets::serve));
}

/// The framework tries routes in turn, so these come first.
fn asked_most(config: &mut web::ServiceConfig) {
    config
        .route("/availability", web::get().to(availability::get))
        .route("/suggestions", web::post().to(search::suggest))
        .route("/availability/stream", web::get().to(stream::stream))
        .route("/shelters/{id}/state", web::get().to(state::state))
        .service(
            web::resource("/shelters/{id}/reports")
                .route(web::post().to(reports::receive))
                .route(web::get().to(reports::history)),
        );
}

fn reference(config: &mut web::ServiceConfig) {
    config
        .service(
            web::resource("/session")
                .route(web::post().to(session::open))
                .route(web::delete().to(session::close)),
        )
        .route("/session/proof", web::post().to(proof::prove))
        .route("/session/proof/passkey", web::post().to(proof::challenge))
        .route("/me", web::get().to(session::me))
        .route("/me/factors", web::get().to(factors::list))
        .route("/me/factors/totp", web::post().to(factors::add_totp))
        .route("/me/factors/passkey", web::post().to(factors::add_passkey))
        .route(
            "/me/factors/passkey/{id}/confirm",
            web::post().to(factors::confirm_passkey),
        )
        .route("/me/factors/{id}/confirm", web::post().to(factors::confirm_totp))
        .route("/me/factors/{id}", web::delete().to(factors::remove))
        .route("/me/recovery-codes", web::post().to(factors::new_recovery_codes))
        .route("/me/language", web::put().to(session::set_language))
        .configure(own_safety)
        .service(
            web::resource("/me/push")
                .route(web::get().to(push::list))
                .route(web::post().to(push::add)),
        )
        .route("/me/push/{id}", web::delete().to(push::remove))
        .service(
            web::resource("/me/phones")
                .route(web::get().to(phones::list))
                .route(web::post().to(phones::add)),
        )
        .route("/me/phones/{id}", web::delete().to(phones::remove))
        .service(
            web::resource("/me/alerts")
                .route(web::get().to(alerts::get))
                .route(web::put().to(alerts::choose)),
        )
        .route("/channels/sms", web::post().to(channels::receive))
        .route("/geography", web::get().to(geography::get))
        .service(
            web::resource("/items")
                .route(web::get().to(items::list))
                .route(web::post().to(items::add)),
        )
        .route("/items/match", web::post().to(naming::match_names))
        .route("/items/names", web::post().to(naming::confirm))
        .route("/items/{id}", web::put().to(items::change))
        .route("/kits", web::get().to(items::kits))
        .route("/supplies", web::get().to(supplies::list))
        .route("/statistics/supplies", web::get().to(statistics::supplies))
        .route("/statistics/supplies/balance", web::get().to(balance::get))
        .route("/statistics/occupancy", web::get().to(occupancy::occupancy))
        .route("/statistics/compare", web::get().to(occupancy::compare))
        .route("/statistics/forecast", web::get().to(outlook::forecast))
        .route("/statistics/standard", web::get().to(outlook::standard))
        .route("/glossary", web::get().to(glossary::get))
        .route("/statistics/demand", web::get().to(demand::demand))
        .route("/statistics/unmet", web::get().to(demand::unmet))
        .route("/statistics/response", web::get().to(response::get))
        .route("/audit", web::get().to(audit::list))
        .route("/audit/anchors", web::get().to(audit::anchors))
        .route("/audit/verify", web::post().to(audit::verify));
}

/// How one gets in, and where one is in.
fn own_safety(config: &mut web::ServiceConfig) {
    config
        .service(
            web::resource("/me/sessions")
                .route(web::get().to(sessions::list))
                .route(web::delete().to(sessions::end_others)),
        )
        .route("/me/sessions/{id}", web::delete().to(sessions::end))
        .route("/me/devices", web::get().to(sessions::devices))
        .route("/me/devices/{id}", web::delete().to(sessions::forget_device))
        .route("/me/password", web::put().to(sessions::change_password))
        .route("/resets", web::post().to(tickets::ask_reset))
        .route("/tickets/look", web::post().to(tickets::look))
        .route("/tickets/use", web::post().to(tickets::use_up));
}

fn shelter_routes(config: &mut web::ServiceConfig) {
    config
        .service(
            web::resource("/shelters")
                .route(web::get().to(shelters::list))
                .route(web::post().to(shelters::add)),
        )
        .service(
            web::resource("/shelters/{id}")
                .route(web::get().to(shelters::get))
                .route(web::put().to(shelters::change)),
        )
        .service(
            web::resource("/shelters/{id}/confidential")
                .route(web::get().to(shelters::read_confidential))
                .route(web::put().to(shelters::write_confidential)),
        )
        .service(
            web::resource("/shelters/{id}/stock")
                .route(web::get().to(stock::get))
                .route(web::put().to(stock::put)),
        )
        .route("/shelters/{id}/stock/export", web::get().to(sheets::export))
        .route("/shelters/{id}/stock/read", web::post().to(sheets::read))
        .service(
            web::resource("/shelters/{id}/movements")
                .route(web::post().to(movements::book))
                .route(web::get().to(movements::list)),
        );
}

fn placement(config: &mut web::ServiceConfig) {
    config
        .service(
            web::resource("/referrals")
                .route(web::post().to(referrals::open))
                .route(web::get().to(referrals::list)),
        )
        .route("/referrals/{id}", web::get().to(referrals::get))
        .route("/referrals/{id}/suggestions", web::get().to(referrals::suggestions))
        .route("/referrals/{id}/holds", web::post().to(waves::ask))
        .service(
            web::resource("/referrals/{id}/wait")
                .route(web::post().to(referrals::wait))
                .route(web::delete().to(referrals::stop_waiting)),
        )
        .route("/referrals/{id}/close", web::post().to(referrals::close))
        .route("/referrals/{id}/timeline", web::get().to(timeline::referral))
        .route("/holds", web::get().to(holds::list))
        .route("/holds/{id}", web::get().to(holds::get))
        .route("/holds/{id}/accept", web::post().to(holds::accept))
        .route("/holds/{id}/decline", web::post().to(holds::decline))
        .route("/holds/{id}/arrive", web::post().to(holds::arrive))
        .route("/holds/{id}/no_show", web::post().to(holds::no_show))
        .route("/holds/{id}/release", web::post().to(holds::release))
        .route("/holds/{id}/extend", web::post().to(holds::extend))
        .route("/holds/{id}/timeline", web::get().to(timeline::hold))
        .route("/holds/{id}/handover", web::get().to(holds::handover))
        .route("/plans", web::get().to(plans::list))
        .route("/plans/placement", web::post().to(plans::make))
        .service(
            web::resource("/plans/transfers")
                .route(web::get().to(transfer_plans::list))
                .route(web::post().to(transfer_plans::make)),
        )
        .service(
            web::resource("/plans/transfers/{id}")
                .route(web::get().to(transfer_plans::get))
                .route(web::put().to(transfer_plans::edit)),
        )
        .route("/plans/transfers/{id}/apply", web::post().to(transfer_plans::apply))
        .service(
            web::resource("/plans/{id}")
                .route(web::get().to(plans::get))
                .route(web::put().to(plans::edit)),
        )
        .route("/plans/{id}/apply", web::post().to(plans::apply));
}

fn supplies(config: &mut web::ServiceConfig) {
    config
        .service(
            web::resource("/supply-requests")
                .route(web::get().to(requests::list))
                .route(web::post().to(requests::open)),
        )
        .route("/supply-requests/{id}/withdraw", web::post().to(requests::withdraw))
        .route("/supply-requests/{id}/refuse", web::post().to(requests::refuse))
        .service(
            web::resource("/transfers")
                .route(web::get().to(transfers::list))
                .route(web::post().to(transfers::propose)),
        )
        .route("/transfers/{id}", web::get().to(transfers::get))
        .route("/transfers/{id}/approve", web::post().to(transfers::approve))
        .route("/transfers/{id}/dispatch", web::post().to(transfers::dispatch))
        .route("/transfers/{id}/receive", web::post().to(transfers::receive))
        .route("/transfers/{id}/cancel", web::post().to(transfers::cancel));
}

fn office(config: &mut web::ServiceConfig) {
    config
        .service(
            web::resource("/invitations")
                .route(web::get().to(tickets::invitations))
                .route(web::post().to(tickets::invite)),
        )
        .service(
            web::resource("/users")
                .route(web::get().to(people::users))
                .route(web::post().to(people::add_user)),
        )
        .route("/users/{id}", web::put().to(people::change_user))
        .route("/users/{id}/factors/reset", web::post().to(approvals::reset_factors))
        .service(
            web::resource("/approvals")
                .route(web::get().to(approvals::list))
                .route(web::post().to(approvals::ask)),
        )
        .route("/approvals/{id}/approve", web::post().to(approvals::approve))
        .route("/approvals/{id}/refuse", web::post().to(approvals::refuse))
        .service(
            web::resource("/tokens")
                .route(web::get().to(tokens::list))
                .route(web::post().to(tokens::add)),
        )
        .route("/tokens/{id}", web::delete().to(tokens::revoke))
        .service(
            web::resource("/organisations")
                .route(web::get().to(people::organisations))
                .route(web::post().to(people::add_organisation)),
        );
}

fn digest_routes(config: &mut web::ServiceConfig) {
    config
        .service(
            web::resource("/digest-schedules")
                .route(web::get().to(schedules::list))
                .route(web::post().to(schedules::add)),
        )
        .route("/digest-schedules/next", web::post().to(schedules::next))
        .service(
            web::resource("/digest-schedules/{id}")
                .route(web::get().to(schedules::get))
                .route(web::put().to(schedules::change)),
        )
        .route("/digest-schedules/{id}/test", web::post().to(schedules::test))
        .route("/digest-schedules/{id}/send", web::post().to(schedules::send))
        .service(
            web::resource("/digest-schedules/{id}/recipients")
                .route(web::get().to(readers::list))
                .route(web::post().to(readers::add)),
        )
        .route(
            "/digest-schedules/{id}/recipients/{recipient}",
            web::delete().to(readers::remove),
        )
        .route(
            "/digest-schedules/{id}/recipients/{recipient}/approve",
            web::post().to(readers::approve),
        )
        .service(
            web::resource("/readers/{id}/confirm")
                .route(web::get().to(readers::ask))
                .route(web::post().to(readers::say_yes)),
        )
        .service(
            web::resource("/letters/{id}/unsubscribe")
                .route(web::get().to(readers::ask_to_leave))
                .route(web::post().to(readers::leave)),
        )
        .route("/digests", web::get().to(digests::list))
        .route("/digests/preview", web::post().to(digests::preview))
        .route("/digests/{id}", web::get().to(digests::get))
        .route("/digests/{id}/export", web::get().to(digests::export))
        .route("/digests/{id}/resend", web::post().to(digests::resend))
        .route("/troubles", web::get().to(troubles::list));
}

/// A server on a bound socket, not yet running.
pub fn server(listener: TcpListener, state: State, workers: usize) -> std::io::Result<Server> {
    let patience = state.patience;
    let state = web::Data::new(state);
    let server = HttpServer::new(move || app(state.clone()))
        .on_connect(move |line, _| close_unread(line, patience.reader))
        .workers(workers)
        .client_request_timeout(patience.head)
        .client_disconnect_timeout(Duration::from_secs(5))
        .keep_alive(Duration::from_secs(75))
        .shutdown_timeout(20)
        .disable_signals()
        .listen(listener)?;
    Ok(server.run())
}

/// The system closes a line whose other end has taken nothing of what it was sent for so long: the server itself would keep
/// it, and what waits to be sent, for as long as the client likes.
fn close_unread(line: &dyn Any, after: Duration) {
    if let Some(line) = line.downcast_ref::<TcpStream>()
        && let Err(error) = SockRef::from(line).set_tcp_user_timeout(Some(after))
    {
        tracing::warn!(%error, "a client that never reads would be kept");
    }
}
