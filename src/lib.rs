//! Panoh: national coordination of shelter beds and supplies. The rooms of the house, lowest floor first.

pub mod app;
pub mod cli;
pub mod clock;
pub mod config;
pub mod domain;
pub mod http;
pub mod ids;
pub mod jobs;
pub mod letters;
pub mod machine;
pub mod mail;
pub mod pack;
pub mod push;
pub mod services;
pub mod sheets;
pub mod sms;
pub mod store;
pub mod web;
