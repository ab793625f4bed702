//! Digests and their letters, from the figures in the database to what a mail server on loopback receives.

mod by_hand;
mod figures;
mod letters;
mod metrics;
mod nodes;
mod once;
mod page;
mod readers;
mod schedules;
pub mod server;
pub mod stage;
mod superseded;
mod trouble;
mod troubles;
mod zones;
