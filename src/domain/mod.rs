//! The words and the rules. Pure: no async, no I/O, no clock, no randomness, no SQL, no HTTP, no logging.
//! `now` is always an argument.

pub mod accounts;
pub mod audit;
pub mod availability;
pub mod calendar;
pub mod cases;
pub mod demo;
pub mod digests;
pub mod errors;
pub mod fit;
pub mod freshness;
pub mod geography;
pub mod holds;
pub mod household;
pub mod id;
pub mod logbook;
pub mod occupancy;
pub mod outbox;
pub mod ranking;
pub mod reports;
pub mod rooms;
pub mod shelters;
pub mod stock;
pub mod supplies;
pub mod suppression;
