//! DUR-2, DUR-3, OFF-2: what was acknowledged is there after any end of the process, of PostgreSQL or of the disk's space,
//! and troubles of the machine are a 503 that passes. Ten kills here; as many as `KILLS` says in `make soak`.

mod clients;
mod clock;
mod faults;
mod history;
mod kills;
mod node;
mod slow;
