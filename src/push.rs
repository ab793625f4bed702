//! Notifications of the web app through the browsers' push services (RFC 8030): a subscription is checked, the words are
//! sealed for it (RFC 8291), we say who we are (RFC 8292), and it is handed over. Knows bytes and addresses; what is said,
//! to whom, and when to try again is decided elsewhere.

mod message;
mod pusher;
mod subscription;
mod vapid;

pub use message::{LONGEST, seal};
pub use pusher::{PushFailure, Pusher};
pub use subscription::{Fault, Hosts, Subscription};
pub use vapid::Vapid;

/// A notification, sealed and signed, ready to hand over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Push {
    /// Where to: who knows it can write to this browser.
    pub endpoint: String,
    pub authorization: String,
    /// Of two that wait for the same browser under one topic the newer alone is shown.
    pub topic: String,
    /// Whether it is worth waking a phone for.
    pub urgent: bool,
    pub body: Vec<u8>,
}
