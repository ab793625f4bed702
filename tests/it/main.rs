//! The one integration binary: the whole service on a real database, SQLite and PostgreSQL alike.
//! One binary, so that it links once and one private PostgreSQL cluster serves every test.

#[cfg(test)]
mod alerts;
#[cfg(test)]
mod approvals;
#[cfg(test)]
mod audit;
#[cfg(test)]
mod backup;
#[cfg(test)]
mod bad_input;
#[cfg(test)]
mod checks;
#[cfg(test)]
mod conflicts;
#[cfg(test)]
mod days;
#[cfg(test)]
mod demo;
#[cfg(test)]
mod digests;
#[cfg(test)]
mod doctor;
#[cfg(test)]
mod durable;
#[cfg(test)]
mod excluded;
#[cfg(test)]
mod factors;
#[cfg(test)]
mod harness;
#[cfg(test)]
mod harness_itself;
#[cfg(test)]
mod holds;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod imports;
#[cfg(test)]
mod items;
#[cfg(test)]
mod languages;
#[cfg(test)]
mod late_reports;
#[cfg(test)]
mod learning;
#[cfg(test)]
mod letters;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod logging;
#[cfg(test)]
mod matrix;
#[cfg(test)]
mod metrics;
#[cfg(test)]
mod model;
#[cfg(test)]
mod nodes;
#[cfg(test)]
mod once;
#[cfg(test)]
mod people;
#[cfg(test)]
mod plans;
#[cfg(test)]
mod privacy;
#[cfg(test)]
mod purge;
#[cfg(test)]
#[path = "../support/push.rs"]
mod push_service;
#[cfg(test)]
mod quotas;
#[cfg(test)]
mod races;
#[cfg(test)]
mod records;
#[cfg(test)]
mod reminders;
#[cfg(test)]
mod rotate;
#[cfg(test)]
mod scope;
#[cfg(test)]
mod sessions;
#[cfg(test)]
mod shutdown;
#[cfg(test)]
mod sign_in;
#[cfg(test)]
mod sms;
#[cfg(test)]
#[path = "../support/smtp.rs"]
mod smtp;
#[cfg(test)]
mod stage;
#[cfg(test)]
mod starts;
#[cfg(test)]
mod stock;
#[cfg(test)]
mod supplies;
#[cfg(test)]
mod tickets;
#[cfg(test)]
mod tokens;
#[cfg(test)]
mod toronto_digest;
#[cfg(test)]
mod transfer_plans;
#[cfg(test)]
mod transfers;
#[cfg(test)]
mod waiting;
#[cfg(test)]
mod waves;
