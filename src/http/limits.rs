//! How much one client may ask, and for how long anything may take: decided before any work is done. Counted in memory and by
//! node; what must be counted for all nodes is a quota. Also who the client is, when a proxy stands between.

use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::HeaderMap;
use actix_web::middleware::Next;
use actix_web::{HttpMessage, HttpResponse, ResponseError, web};
use governor::clock::{Clock, DefaultClock};
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};

use super::problem::Problem;
use super::{Patience, State, headers};
use crate::config::{Network, Rates};
use crate::domain::id::UserId;

/// What a client saved up may be used at once, in seconds of its rate.
const SAVED: u32 = 5;
/// How many clients are remembered before those are forgotten who have been quiet.
const REMEMBERED: usize = 20_000;
/// Asked by who watches over the service, which must not be kept away.
const APART: [&str; 2] = ["/healthz", "/readyz"];

type Limiter<K, C> = RateLimiter<K, DashMapStateStore<K>, C, NoOpMiddleware<<C as Clock>::Instant>>;

/// At most so many requests a second of each who; without a number as many as they like.
struct Rate<K: std::hash::Hash + Eq + Clone, C: Clock = DefaultClock> {
    limiter: Option<Limiter<K, C>>,
    clock: C,
}

impl<K: std::hash::Hash + Eq + Clone, C: Clock + Clone> Rate<K, C> {
    fn new(per_second: u32, clock: C) -> Self {
        let limiter = NonZeroU32::new(per_second).map(|rate| {
            let burst = rate.saturating_mul(NonZeroU32::new(SAVED).unwrap_or(rate));
            RateLimiter::new(
                Quota::per_second(rate).allow_burst(burst),
                DashMapStateStore::default(),
                clock.clone(),
            )
        });
        Self { limiter, clock }
    }

    /// Counts a request, or tells in how many seconds another may come, at least 1.
    fn admit(&self, who: &K) -> Result<(), u64> {
        let Some(limiter) = &self.limiter else {
            return Ok(());
        };
        if limiter.len() > REMEMBERED {
            limiter.retain_recent();
        }
        limiter
            .check_key(who)
            .map_err(|until| until.wait_time_from(self.clock.now()).as_secs() + 1)
    }
}

/// Limits of one node, and whose word about addresses it takes.
pub struct Limits {
    addresses: Rate<IpAddr>,
    accounts: Rate<UserId>,
    proxies: Vec<Network>,
}

impl Limits {
    pub fn new(rates: Rates, proxies: &[Network]) -> Self {
        Self {
            addresses: Rate::new(rates.per_address, DefaultClock::default()),
            accounts: Rate::new(rates.per_account, DefaultClock::default()),
            proxies: proxies.to_vec(),
        }
    }

    /// Counts a request of an account.
    pub fn admit(&self, who: UserId) -> Result<(), Problem> {
        self.accounts.admit(&who).map_err(too_many)
    }
}

/// No limits, and nobody's word.
impl Default for Limits {
    fn default() -> Self {
        Self::new(Rates::none(), &[])
    }
}

fn too_many(seconds: u64) -> Problem {
    Problem::new(
        StatusCode::TOO_MANY_REQUESTS,
        "too_many_requests",
        "Too many requests at once; go slower.",
    )
    .after(seconds)
}

/// The address a request came from; none where the transport has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Client(pub Option<IpAddr>);

impl Client {
    /// Of a request that has passed [`pace`].
    pub fn of(request: &impl HttpMessage) -> Self {
        request.extensions().get::<Self>().copied().unwrap_or(Self(None))
    }

    /// For the audit.
    pub fn text(self) -> String {
        self.0.map_or_else(String::new, |address| address.to_string())
    }
}

/// The middleware: who asks, whether the address asks too much, and an end to what takes too long.
pub async fn pace<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, actix_web::Error> {
    let state = request.app_data::<web::Data<State>>().cloned();
    let peer = request.peer_addr().map(|peer| peer.ip().to_canonical());
    let proxies = state.as_ref().map_or(&[][..], |state| &state.limits.proxies);
    let client = client_of(peer, request.headers(), proxies);
    request.extensions_mut().insert(Client(client));
    if let (Some(state), Some(client)) = (&state, client)
        && !APART.contains(&request.path())
        && let Err(seconds) = state.limits.addresses.admit(&key_of(client))
    {
        let response = too_many(seconds).error_response().map_into_right_body();
        return Ok(request.into_response(response));
    }
    let patience = state.map_or_else(Patience::default, |state| state.patience).request;
    // A stream of events is answered at once and goes on beside this.
    match tokio::time::timeout(patience, next.call(request)).await {
        Ok(answer) => Ok(answer?.map_into_left_body()),
        Err(_) => Err(TooSlow.into()),
    }
}

/// Nothing is left of the request to answer with, so that the headers are set here.
#[derive(Debug)]
struct TooSlow;

impl std::fmt::Display for TooSlow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("503 too_slow")
    }
}

impl ResponseError for TooSlow {
    fn status_code(&self) -> StatusCode {
        StatusCode::SERVICE_UNAVAILABLE
    }

    fn error_response(&self) -> HttpResponse {
        let mut response =
            Problem::new(self.status_code(), "too_slow", "It took too long and was given up.").error_response();
        headers::set(response.headers_mut());
        response
    }
}

/// A network of one subscriber counts as one: with IPv6 that is the first half of the address.
fn key_of(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into(),
    }
}

/// The client's address: the peer's own, or what trusted proxies say of it, read from the nearest to the farthest up to
/// the first that is not trusted. What clients write into these headers themselves lies beyond that one.
pub fn client_of(peer: Option<IpAddr>, headers: &HeaderMap, proxies: &[Network]) -> Option<IpAddr> {
    let peer = peer?;
    let trusted = |address: IpAddr| proxies.iter().any(|network| network.contains(address));
    if !trusted(peer) {
        return Some(peer);
    }
    let list = |name: &str| -> Vec<String> {
        let values = headers.get_all(name).filter_map(|value| value.to_str().ok());
        values
            .flat_map(|value| value.split(','))
            .map(|word| word.trim().to_owned())
            .collect()
    };
    let walked = |hops: Vec<Option<IpAddr>>| {
        let mut client = peer;
        for hop in hops.into_iter().rev() {
            // What cannot be read was not written by a proxy of ours.
            let Some(hop) = hop else { break };
            client = hop;
            if !trusted(hop) {
                break;
            }
        }
        client
    };
    let plain: Vec<_> = list("x-forwarded-for").iter().map(|word| address_in(word)).collect();
    let forwarded: Vec<_> = list("forwarded").iter().map(|word| forwarded_for(word)).collect();
    match (plain.is_empty(), forwarded.is_empty()) {
        (_, true) => Some(walked(plain)),
        (true, false) => Some(walked(forwarded)),
        (false, false) => {
            // A proxy writes one of the two; if the other says something else, it came from outside.
            let (one, other) = (walked(plain), walked(forwarded));
            Some(if one == other { one } else { peer })
        }
    }
}

/// `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1` or `[2001:db8::1]:80`.
fn address_in(text: &str) -> Option<IpAddr> {
    if let Ok(address) = text.parse::<IpAddr>() {
        return Some(address.to_canonical());
    }
    let host = match text.strip_prefix('[') {
        Some(rest) => rest.split_once(']')?.0,
        None => text.rsplit_once(':')?.0,
    };
    host.parse::<IpAddr>().ok().map(|address| address.to_canonical())
}

/// The `for` of one element of a `Forwarded` header.
fn forwarded_for(element: &str) -> Option<IpAddr> {
    let pairs = element.split(';').filter_map(|pair| pair.split_once('='));
    let mut named = pairs.filter(|(name, _)| name.trim().eq_ignore_ascii_case("for"));
    address_in(named.next()?.1.trim().trim_matches('"'))
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};
    use governor::clock::FakeRelativeClock;
    use std::time::Duration;

    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn each_has_a_rate_of_its_own_and_it_grows_back() {
        let clock = FakeRelativeClock::default();
        let rate = Rate::new(2, clock.clone());
        let burst = (0..20).filter(|_| rate.admit(&ip("192.0.2.1")).is_ok()).count();
        assert_eq!(burst, 10);
        assert_eq!(rate.admit(&ip("192.0.2.1")), Err(1));
        assert_eq!(rate.admit(&ip("192.0.2.2")), Ok(()));
        clock.advance(Duration::from_secs(1));
        let again = (0..20).filter(|_| rate.admit(&ip("192.0.2.1")).is_ok()).count();
        assert_eq!(again, 2);
        let none = Rate::new(0, clock);
        assert!((0..1000).all(|_| none.admit(&ip("192.0.2.1")).is_ok()));
    }

    #[test]
    fn a_subscriber_s_many_addresses_are_one() {
        assert_eq!(key_of(ip("2001:db8:1:2:3:4:5:6")), key_of(ip("2001:db8:1:2::9")));
        assert_ne!(key_of(ip("2001:db8:1:2::9")), key_of(ip("2001:db8:1:3::9")));
        assert_ne!(key_of(ip("192.0.2.1")), key_of(ip("192.0.2.2")));
    }

    #[test]
    fn only_a_trusted_proxy_is_believed_and_only_as_far_as_its_own_word_goes() {
        let proxies: Vec<Network> = ["10.0.0.0/8".parse().unwrap(), "2001:db8::/32".parse().unwrap()].to_vec();
        const PLAIN: &str = "x-forwarded-for";
        const STANDARD: &str = "forwarded";
        /// Who connected, the headers it sent, and who is taken for the client.
        type Case = (&'static str, &'static [(&'static str, &'static str)], &'static str);
        let cases: [Case; 12] = [
            ("192.0.2.1", &[(PLAIN, "198.51.100.1")], "192.0.2.1"),
            ("10.0.0.1", &[], "10.0.0.1"),
            ("10.0.0.1", &[(PLAIN, "198.51.100.1")], "198.51.100.1"),
            ("10.0.0.1", &[(PLAIN, "127.0.0.1, 198.51.100.1")], "198.51.100.1"),
            (
                "10.0.0.1",
                &[(PLAIN, "127.0.0.1"), (PLAIN, "198.51.100.1, 10.2.2.2")],
                "198.51.100.1",
            ),
            ("10.0.0.1", &[(PLAIN, "127.0.0.1, nonsense, 10.2.2.2")], "10.2.2.2"),
            ("10.0.0.1", &[(PLAIN, "198.51.100.1:4711")], "198.51.100.1"),
            ("2001:db8::1", &[(PLAIN, "[2001:db9::7]:80")], "2001:db9::7"),
            (
                "10.0.0.1",
                &[(STANDARD, "for=127.0.0.1, For=\"[2001:db9::7]:80\";proto=https")],
                "2001:db9::7",
            ),
            ("10.0.0.1", &[(STANDARD, "for=unknown")], "10.0.0.1"),
            (
                "10.0.0.1",
                &[(STANDARD, "for=198.51.100.1"), (PLAIN, "198.51.100.1")],
                "198.51.100.1",
            ),
            (
                "10.0.0.1",
                &[(STANDARD, "for=127.0.0.1"), (PLAIN, "198.51.100.1")],
                "10.0.0.1",
            ),
        ];
        for (peer, lines, wanted) in cases {
            let mut headers = HeaderMap::new();
            for (name, value) in lines {
                headers.append(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
            }
            assert_eq!(
                client_of(Some(ip(peer)), &headers, &proxies),
                Some(ip(wanted)),
                "{peer} {lines:?}"
            );
        }
    }
}
