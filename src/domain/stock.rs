//! Stock as it is counted: whole units, never fractions.

use uuid::Uuid;

use super::id::{Moment, ShelterId};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stock {
    pub shelter_id: ShelterId,
    pub item: String,
    pub on_hand: i64,
    pub observed_at: Moment,
}

pub struct Count {
    pub id: Uuid,
    pub item: String,
    pub on_hand: i64,
}
