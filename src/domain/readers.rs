//! Who reads a digest: named by one administrator, approved by another, confirmed by the reader, and free to leave. It must
//! not know how anybody is written to.

use super::codes::codes;
use super::id::{Moment, RecipientId, ScheduleId, UserId};

codes! {
    /// Who reads a mailbox.
    RecipientKind {
        Person,
        /// A mailbox that several people read.
        Group,
    }
    /// How far a reader has come: named by one administrator, approved by another, and then by itself.
    RecipientState {
        WaitingApproval,
        WaitingConfirmation,
        Active,
        /// Took itself off.
        Ended,
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipient {
    pub id: RecipientId,
    pub schedule_id: ScheduleId,
    pub email: String,
    pub name: String,
    pub language: String,
    pub kind: RecipientKind,
    pub state: RecipientState,
    pub added_by: Option<UserId>,
    pub approved_by: Option<UserId>,
    pub approved_at: Option<Moment>,
    pub confirmed_at: Option<Moment>,
    pub ended_at: Option<Moment>,
    pub created_at: Moment,
}

impl Recipient {
    /// Somebody whom one administrator has named; nobody is written to yet.
    pub fn named(schedule_id: ScheduleId, email: &str, name: &str, language: &str) -> Self {
        Self {
            id: RecipientId(uuid::Uuid::nil()),
            schedule_id,
            email: email.to_owned(),
            name: name.to_owned(),
            language: language.to_owned(),
            kind: RecipientKind::Person,
            state: RecipientState::WaitingApproval,
            added_by: None,
            approved_by: None,
            approved_at: None,
            confirmed_at: None,
            ended_at: None,
            created_at: Moment::UNIX_EPOCH,
        }
    }
}

impl Recipient {
    /// Whether this administrator may approve: it takes a second one. A row from before there were two has no first.
    pub fn may_be_approved_by(&self, user: UserId) -> bool {
        self.state == RecipientState::WaitingApproval && self.added_by != Some(user)
    }

    /// Whether letters go to this reader.
    pub fn is_written_to(&self) -> bool {
        self.state == RecipientState::Active
    }

    /// The reader says yes. `false` if nothing changes: said before, not yet to be asked, or left since.
    pub fn confirm(&mut self, now: Moment) -> bool {
        if self.state != RecipientState::WaitingConfirmation {
            return false;
        }
        self.state = RecipientState::Active;
        self.confirmed_at = Some(now);
        true
    }

    /// The reader takes herself off. `false` if nothing changes.
    pub fn leave(&mut self, now: Moment) -> bool {
        if self.state == RecipientState::Ended {
            return false;
        }
        self.state = RecipientState::Ended;
        self.ended_at = Some(now);
        true
    }
}

/// Days in which a reader may say yes, from the approval on.
pub const CONFIRM_WITHIN_DAYS: i64 = 14;
/// Most readers of one schedule.
pub const MOST_READERS: usize = 1000;

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn it_takes_a_second_administrator_and_the_reader() {
        let (first, second) = (UserId(Uuid::from_u128(1)), UserId(Uuid::from_u128(2)));
        let mut reader = Recipient::named(ScheduleId(Uuid::nil()), "a@b.example", "A", "en");
        reader.added_by = Some(first);
        assert!(!reader.may_be_approved_by(first) && reader.may_be_approved_by(second));
        let now = Moment::UNIX_EPOCH;
        assert!(
            !reader.confirm(now) && !reader.is_written_to(),
            "nobody has approved yet"
        );
        reader.state = RecipientState::WaitingConfirmation;
        assert!(!reader.may_be_approved_by(second));
        assert!(reader.confirm(now) && reader.is_written_to() && reader.confirmed_at == Some(now));
        assert!(!reader.confirm(now) && reader.is_written_to());
        assert!(reader.leave(now) && !reader.is_written_to() && reader.ended_at == Some(now));
        assert!(
            !reader.leave(now) && !reader.confirm(now),
            "an old link brings nobody back"
        );
    }
}
