//! Digests and their letters, from the figures in the database to what a mail server on loopback receives.

mod figures;
mod letters;
mod once;
mod page;
mod server;
pub mod stage;
mod trouble;
mod zones;
