//! Forwarded addresses: nothing that a client writes before what a trusted proxy adds changes who it is, and nobody else's
//! word is taken at all.
#![no_main]

use std::net::IpAddr;

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use libfuzzer_sys::fuzz_target;
use panoh::config::Network;
use panoh::http::limits::client_of;

fuzz_target!(|data: &[u8]| {
    let Some((kind, rest)) = data.split_first() else { return };
    let name = if kind % 2 == 0 { "x-forwarded-for" } else { "forwarded" };
    let proxies: Vec<Network> =
        ["10.0.0.0/8", "fd00::/8"].iter().map(|text| text.parse().expect("a network")).collect();
    let (proxy, stranger, client) = (ip("10.1.2.3"), ip("203.0.113.9"), ip("198.51.100.7"));
    let mut headers = HeaderMap::new();
    for line in rest.split(|byte| *byte == b'\n') {
        if let Ok(value) = HeaderValue::from_bytes(line) {
            headers.append(HeaderName::from_static(name), value);
        }
    }
    assert_eq!(client_of(Some(stranger), &headers, &proxies), Some(stranger), "nobody's word");
    assert_eq!(client_of(None, &headers, &proxies), None);
    let told = client_of(Some(proxy), &headers, &proxies).expect("somebody");
    assert_eq!(told, told.to_canonical());
    for added in ["198.51.100.7", "198.51.100.7, 10.9.9.9"] {
        let mut headers = headers.clone();
        let added = match name {
            "forwarded" => added.split(", ").map(|hop| format!("for={hop}")).collect::<Vec<_>>().join(", "),
            _ => added.to_owned(),
        };
        headers.append(HeaderName::from_static(name), HeaderValue::from_str(&added).expect("plain"));
        assert_eq!(client_of(Some(proxy), &headers, &proxies), Some(client), "{headers:?}");
    }
    if let Ok(text) = std::str::from_utf8(rest)
        && let Ok(network) = text.parse::<Network>()
    {
        let address: IpAddr = text.trim().split('/').next().and_then(|text| text.parse().ok()).expect("an address");
        // A mapped address counts as the one that it maps.
        assert!(network.contains(address) || address != address.to_canonical(), "{text}");
    }
});

fn ip(text: &str) -> IpAddr {
    text.parse().expect("an address")
}
