//! What a shelter asks for: one item each, open until as much as was asked has arrived, or somebody ends it. It must not
//! know where the supplies come from (`transfers`).

use chrono::NaiveDate;

use super::codes::codes;
use super::id::{Moment, ShelterId, SupplyRequestId, UserId};

codes! {
    /// Most pressing first.
    Priority { Urgent, High, Normal }
    /// Why it is asked for.
    RequestReason { RunningOut, NewArrivals, Damaged, Season, Other }
    RequestState { Open, Met, Withdrawn, Refused }
    /// How a request ends.
    Closing {
        /// As much as was asked has arrived.
        Met,
        /// By the shelter.
        Withdrawn,
        /// By an operator.
        Refused,
    }
}

/// Furthest day by which something may be needed, in days from today.
pub const LATEST_NEED: u64 = 365;

/// A shelter's request for one item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SupplyRequest {
    pub id: SupplyRequestId,
    /// For people: random, read out on the telephone.
    pub code: String,
    pub shelter: ShelterId,
    pub item: String,
    /// Whole units, at least 1.
    pub quantity: i64,
    pub priority: Priority,
    /// Local day.
    pub needed_by: NaiveDate,
    pub reason: RequestReason,
    pub created_by: UserId,
    pub created_at: Moment,
    /// `None` while it is open.
    pub closed: Option<(Closing, Moment)>,
}

/// What transfers have done for a request so far, in units.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Answered {
    /// Of transfers approved and on their way.
    pub promised: i64,
    pub received: i64,
}

impl SupplyRequest {
    pub fn state(&self) -> RequestState {
        match self.closed {
            None => RequestState::Open,
            Some((Closing::Met, _)) => RequestState::Met,
            Some((Closing::Withdrawn, _)) => RequestState::Withdrawn,
            Some((Closing::Refused, _)) => RequestState::Refused,
        }
    }

    /// Ends it.
    ///
    /// # Errors
    /// The state in which it has ended before.
    pub fn close(self, how: Closing, now: Moment) -> Result<Self, RequestState> {
        match self.closed {
            Some(_) => Err(self.state()),
            None => Ok(Self {
                closed: Some((how, now)),
                ..self
            }),
        }
    }

    /// Whether it is open and as much as was asked for has arrived.
    pub fn is_met_by(&self, received: i64) -> bool {
        self.closed.is_none() && received >= self.quantity
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn it_ends_once_and_is_met_by_what_arrives() {
        let now = Moment::default();
        let open = SupplyRequest {
            id: SupplyRequestId(Uuid::nil()),
            code: "K7QM-2XRT".to_owned(),
            shelter: ShelterId(Uuid::nil()),
            item: "soap".to_owned(),
            quantity: 10,
            priority: Priority::High,
            needed_by: NaiveDate::default(),
            reason: RequestReason::RunningOut,
            created_by: UserId(Uuid::nil()),
            created_at: now,
            closed: None,
        };
        assert!(!open.is_met_by(9) && open.is_met_by(10) && open.is_met_by(11));
        for (how, state) in [
            (Closing::Met, RequestState::Met),
            (Closing::Withdrawn, RequestState::Withdrawn),
            (Closing::Refused, RequestState::Refused),
        ] {
            let ended = open.clone().close(how, now).unwrap();
            assert_eq!((ended.state(), ended.is_met_by(99)), (state, false));
            assert_eq!(ended.close(Closing::Met, now), Err(state));
        }
    }
}
