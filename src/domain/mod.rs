//! The words and the rules. Pure: no async, no I/O, no clock, no randomness, no SQL, no HTTP, no logging.
//! `now` is always an argument.

pub mod accounts;
pub mod answering;
pub mod audit;
pub mod availability;
pub mod calendar;
pub mod cases;
pub mod chance;
pub mod demo;
pub mod digests;
pub mod errors;
pub mod escalation;
pub mod fit;
pub mod freshness;
pub mod geography;
pub mod holds;
pub mod household;
pub mod id;
pub mod ledger;
pub mod logbook;
pub mod occupancy;
pub mod outbox;
pub mod plans;
pub mod ranking;
pub mod reports;
pub mod rooms;
pub mod scarcity;
pub mod shelters;
pub mod simulation;
pub mod stock;
pub mod supplies;
pub mod suppression;
pub mod timeline;
pub mod waiting;
pub mod waves;
