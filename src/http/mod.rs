//! The outer door: parse → one service call → print. The only room that knows status codes. It must not know the
//! database, the outbox or the jobs.

pub mod access;
pub mod alerts;
pub mod approvals;
pub mod assets;
pub mod audit;
pub mod availability;
pub mod balance;
pub mod body;
pub mod channels;
pub mod client;
pub mod demand;
pub mod digests;
pub mod docs;
pub mod factors;
pub mod figures;
pub mod geography;
pub mod glossary;
pub mod headers;
pub mod health;
pub mod holds;
pub mod household;
pub mod items;
pub mod limits;
pub mod matrix;
pub mod metrics;
pub mod movements;
pub mod naming;
pub mod occupancy;
pub mod outlook;
pub mod parse;
pub mod people;
pub mod phones;
pub mod placement;
pub mod plans;
pub mod problem;
pub mod proof;
pub mod push;
pub mod readers;
pub mod referrals;
pub mod reports;
pub mod requests;
pub mod response;
pub mod rooms;
pub mod route;
pub mod schedules;
pub mod search;
pub mod server;
pub mod session;
pub mod sessions;
pub mod sheets;
pub mod shelters;
pub mod state;
pub mod statistics;
pub mod stock;
pub mod stream;
mod supplies;
mod tables;
pub mod tickets;
pub mod timeline;
pub mod tokens;
pub mod transfer_plans;
pub mod transfer_sheet;
pub mod transfers;
pub mod troubles;
mod twins;
pub mod waves;

use std::sync::Arc;
use std::time::Duration;

use crate::services::Services;
use crate::sms::Gateways;
use limits::Limits;

/// What every handler is given.
#[derive(Clone)]
pub struct State {
    pub services: Services,
    /// The OpenAPI document, printed once.
    pub openapi: Arc<str>,
    pub patience: Patience,
    pub sms: Gateways,
    pub limits: Arc<Limits>,
}

/// How long the server waits for a client.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// For the head of a request.
    pub head: Duration,
    /// For its body: actix itself never gives up on one that drips.
    pub body: Duration,
    /// And a client for us: until a request is given up.
    pub request: Duration,
    /// And for it to take in what it was sent.
    pub reader: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            head: Duration::from_secs(10),
            body: Duration::from_secs(20),
            request: Duration::from_secs(60),
            reader: Duration::from_secs(30),
        }
    }
}
