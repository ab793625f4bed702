//! One file per table: columns, nothing else. Times are milliseconds since 1970 in UTC; days are `YYYY-MM-DD`;
//! sets and shapes are JSON text that only `store` reads and writes.

pub mod audit;
pub mod case_event;
pub mod digest;
pub mod digest_part;
pub mod digest_recipient;
pub mod digest_schedule;
pub mod hold;
pub mod hold_line;
pub mod idempotency;
pub mod letter;
pub mod organisation;
pub mod plan;
pub mod referral;
pub mod report;
pub mod report_line;
pub mod room;
pub mod room_state;
pub mod session;
pub mod shelter;
pub mod shelter_confidential;
pub mod shelter_manager;
pub mod shelter_state;
pub mod stock;
pub mod stock_count;
pub mod user;
