//! Schedules, frozen digests and their letters as they are kept.

use super::id::{DigestId, LetterId, Moment, RecipientId, ScheduleId};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredSchedule {
    pub id: ScheduleId,
    pub name: String,
    pub cadence: String,
    /// Minute of the local day, 0..=1439.
    pub at_minute: u16,
    pub zone: String,
    pub region: Option<String>,
    pub active: bool,
    /// The newest period a run was made for.
    pub last_period: Option<String>,
    pub version: i64,
    pub created_at: Moment,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipient {
    pub id: RecipientId,
    pub schedule_id: ScheduleId,
    pub email: String,
    pub name: String,
    pub language: String,
}

#[derive(Debug, Clone)]
pub struct Digest {
    pub id: DigestId,
    pub schedule_id: ScheduleId,
    pub period: String,
    pub as_of: Moment,
    /// The frozen numbers, as JSON.
    pub content: String,
    pub delayed: bool,
    pub created_at: Moment,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    pub language: String,
    pub subject: String,
    pub html: String,
    pub text: String,
    pub chart: Vec<u8>,
    pub chart_alt: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    pub id: LetterId,
    pub digest_id: DigestId,
    pub email: String,
    pub name: String,
    pub language: String,
    /// `queued`, `sent` or `dead`.
    pub state: String,
    pub attempts: u32,
    pub answer: Option<String>,
    pub sent_at: Option<Moment>,
    pub created_at: Moment,
}

/// What became of a leased letter.
pub enum Delivery {
    Sent { answer: String },
    Retry { answer: String, at: Moment },
    Dead { answer: String },
}
