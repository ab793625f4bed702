//! Which route a request is for. The framework asks all routes in turn, so it is asked once, and what it said is kept with
//! the request. It must not know who may use a route.

use std::rc::Rc;

use actix_web::HttpMessage;
use actix_web::dev::ServiceRequest;

/// The pattern of the route; none where there is none.
#[derive(Debug, Clone)]
pub struct Route(pub Option<Rc<str>>);

/// The pattern of the route that a request is for.
///
/// The framework chooses the handler by the decoded path and names the pattern by the path as it came, so that
/// `/plans/transfer%73` would be handled as `/plans/transfers` with the rights of `/plans/{id}`. Nothing of ours has to be
/// written with a percent sign: such a path is for no route.
pub fn find(request: &ServiceRequest) -> Route {
    let pattern = match request.path().contains('%') {
        true => None,
        false => request.match_pattern().map(Rc::from),
    };
    let route = Route(pattern);
    request.extensions_mut().insert(route.clone());
    route
}

/// What [`find`] found.
pub fn of(request: &impl HttpMessage) -> Option<Rc<str>> {
    request.extensions().get::<Route>().and_then(|route| route.0.clone())
}

/// Whether a request goes to the API, however its path is written.
pub fn is_of_the_api(request: &ServiceRequest) -> bool {
    request.match_info().as_str().starts_with("/api/v1/")
}
