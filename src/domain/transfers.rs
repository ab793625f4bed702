//! A transfer's life: `proposed → approved → dispatched → received`, or cancelled on the way. What a step does to a shelf
//! comes out of the step itself, so that nothing leaves or arrives without one. It must not know how stock is kept.

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate};
use strum::IntoEnumIterator;
use thiserror::Error;

use super::accounts::{Actor, Role};
use super::codes::codes;
use super::errors::FieldError;
use super::id::{Moment, PlanId, ShelterId, TransferId, UserId};
use super::outbox::NoticeKind;
use super::stock::{Change, Lots, MovementKind, Stock};

mod lines;
#[cfg(test)]
mod tests;

pub use lines::{Arrival, Arrived, Difference, Line, RawLine, Sending, Sent, check_told, in_units};
use lines::{arriving, leaving, told_of};

codes! {
    /// How far a transfer has come.
    TransferState { Proposed, Approved, Dispatched, Received, Cancelled }
    /// What somebody does to it.
    TransferStep { Approve, Dispatch, Receive, Cancel }
    CancelReason {
        NotNeeded,
        CannotSpare,
        NoTransport,
        EnteredInError,
        /// Sent, and back at the donor.
        TurnedBack,
        Other,
    }
    /// Who is told that a transfer has not arrived, one step after the other.
    Chase { Ends, Operators }
}

/// Furthest due day, in days from today.
pub const LATEST_DUE: u64 = 365;
/// Days after the due day on which the operators are told.
const OPERATORS_AFTER: u64 = 2;

/// The steps taken, with when; each state knows the moments that led to it and no others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Course {
    Proposed,
    Approved {
        at: Moment,
    },
    Dispatched {
        approved_at: Moment,
        at: Moment,
    },
    Received {
        approved_at: Moment,
        dispatched_at: Moment,
        at: Moment,
    },
    Cancelled {
        approved_at: Option<Moment>,
        /// What was sent is back at the donor.
        dispatched_at: Option<Moment>,
        at: Moment,
        reason: CancelReason,
    },
}

impl Course {
    pub fn state(&self) -> TransferState {
        match self {
            Self::Proposed => TransferState::Proposed,
            Self::Approved { .. } => TransferState::Approved,
            Self::Dispatched { .. } => TransferState::Dispatched,
            Self::Received { .. } => TransferState::Received,
            Self::Cancelled { .. } => TransferState::Cancelled,
        }
    }

    pub fn approved_at(&self) -> Option<Moment> {
        match *self {
            Self::Proposed => None,
            Self::Approved { at } => Some(at),
            Self::Dispatched { approved_at, .. } | Self::Received { approved_at, .. } => Some(approved_at),
            Self::Cancelled { approved_at, .. } => approved_at,
        }
    }

    pub fn dispatched_at(&self) -> Option<Moment> {
        match *self {
            Self::Proposed | Self::Approved { .. } => None,
            Self::Dispatched { at, .. } => Some(at),
            Self::Received { dispatched_at, .. } => Some(dispatched_at),
            Self::Cancelled { dispatched_at, .. } => dispatched_at,
        }
    }

    pub fn ended_at(&self) -> Option<Moment> {
        match *self {
            Self::Received { at, .. } | Self::Cancelled { at, .. } => Some(at),
            Self::Proposed | Self::Approved { .. } | Self::Dispatched { .. } => None,
        }
    }

    pub fn cancel_reason(&self) -> Option<CancelReason> {
        match *self {
            Self::Cancelled { reason, .. } => Some(reason),
            _ => None,
        }
    }
}

/// Supplies that go from one shelter to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transfer {
    pub id: TransferId,
    /// For people: random, read out on the telephone.
    pub code: String,
    pub from: ShelterId,
    pub to: ShelterId,
    /// Local day by which it is to have arrived.
    pub due_on: NaiveDate,
    pub plan: Option<PlanId>,
    pub created_by: UserId,
    pub created_at: Moment,
    pub course: Course,
    /// One for each item.
    pub lines: Vec<Line>,
    /// How many steps of [`Chase`] were taken.
    pub told: u8,
    pub version: i64,
}

/// Who stands before a transfer. One person may run both ends.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Party {
    pub operator: bool,
    pub donor: bool,
    pub recipient: bool,
}

impl Party {
    pub const OPERATOR: Self = Self {
        operator: true,
        donor: false,
        recipient: false,
    };

    pub fn of(actor: &Actor, transfer: &Transfer) -> Self {
        let own = actor.own_shelters();
        Self {
            operator: actor.role == Role::Admin,
            donor: own.covers(transfer.from),
            recipient: own.covers(transfer.to),
        }
    }
}

/// Why a step is not taken. The text is the stable code.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TransferRefused {
    #[error("wrong_state")]
    WrongState(TransferState),
    /// The step is another's to take.
    #[error("not_your_side")]
    NotYourSide,
    #[error("invalid")]
    Lines(Vec<FieldError>),
}

/// A transfer after a step, and what the step does to the shelf of its shelter: the donor's on dispatch and when it turns
/// back, the recipient's on receipt.
pub type Moved = (Transfer, Vec<Change>);

impl Transfer {
    pub fn state(&self) -> TransferState {
        self.course.state()
    }

    /// Who may take which step when: the one table.
    ///
    /// # Errors
    /// [`TransferRefused`], the state first.
    pub fn allows(&self, step: TransferStep, party: Party) -> Result<(), TransferRefused> {
        use TransferState::{Approved, Dispatched, Proposed};
        use TransferStep::{Approve, Cancel, Dispatch, Receive};
        let theirs = match (step, self.state()) {
            (Approve, Proposed) => party.operator,
            (Dispatch, Approved) => party.donor,
            (Receive, Dispatched) => party.recipient,
            (Cancel, Proposed | Approved) => party.operator || party.donor || party.recipient,
            // Only the donor knows that it is back on the shelf.
            (Cancel, Dispatched) => party.donor,
            (_, state) => return Err(TransferRefused::WrongState(state)),
        };
        if theirs {
            Ok(())
        } else {
            Err(TransferRefused::NotYourSide)
        }
    }

    /// # Errors
    /// [`TransferRefused`], as every step: then nothing has happened.
    pub fn approve(self, party: Party, now: Moment) -> Result<Self, TransferRefused> {
        self.allows(TransferStep::Approve, party)?;
        Ok(Self {
            course: Course::Approved { at: now },
            ..self
        })
    }

    /// Sends what the donor says, of every item at most what was agreed and is on its shelf, and of one at least a unit.
    ///
    /// # Errors
    /// Each line at its own index of `lines`.
    pub fn dispatch(
        mut self,
        party: Party,
        sending: &[Sending],
        shelf: &BTreeMap<String, Stock>,
        now: Moment,
    ) -> Result<Moved, TransferRefused> {
        self.allows(TransferStep::Dispatch, party)?;
        let mut errors = Vec::new();
        let told = told_of(&self.lines, sending, |one| &one.item, &mut errors);
        let nothing = errors.is_empty() && sending.iter().all(|one| one.units == 0);
        if nothing {
            errors.push(FieldError::new("lines", "required", "at least one unit is sent"));
        }
        for (line, (at, one)) in self.lines.iter_mut().zip(told) {
            match leaving(line, one, shelf.get(&line.item), at) {
                Ok(sent) => line.sent = Some(sent),
                Err(faults) => errors.extend(faults),
            }
        }
        let approved_at = self.course.approved_at().unwrap_or(now);
        if !errors.is_empty() {
            return Err(TransferRefused::Lines(errors));
        }
        self.course = Course::Dispatched { approved_at, at: now };
        let changes = self.changes(MovementKind::TransferOut, |sent| (sent.units, sent.lots.clone()));
        Ok((self, changes))
    }

    /// Takes in what arrived. Of what did not, the recipient says why.
    ///
    /// # Errors
    /// Each line at its own index of `lines`.
    pub fn receive(mut self, party: Party, arrivals: &[Arrival], now: Moment) -> Result<Moved, TransferRefused> {
        self.allows(TransferStep::Receive, party)?;
        let mut errors = Vec::new();
        let told = told_of(&self.lines, arrivals, |one| &one.item, &mut errors);
        for (line, (at, one)) in self.lines.iter_mut().zip(told) {
            let Some(sent) = line.sent.as_mut() else { continue };
            match arriving(sent.units, one, at) {
                Ok(arrived) => sent.arrived = Some(arrived),
                Err(fault) => errors.push(fault),
            }
        }
        if !errors.is_empty() {
            return Err(TransferRefused::Lines(errors));
        }
        self.course = Course::Received {
            approved_at: self.course.approved_at().unwrap_or(now),
            dispatched_at: self.course.dispatched_at().unwrap_or(now),
            at: now,
        };
        // Which of the dated ones are missing nobody says: those that expire first are taken to have come.
        let changes = self.changes(MovementKind::TransferIn, |sent| {
            let units = sent.arrived.map_or(0, |arrived| arrived.units);
            (units, sent.lots.clone().take(units))
        });
        Ok((self, changes))
    }

    /// Ends it without an arrival; what was on its way is back on the donor's shelf, to the unit.
    ///
    /// # Errors
    /// [`TransferRefused`].
    pub fn cancel(mut self, party: Party, reason: CancelReason, now: Moment) -> Result<Moved, TransferRefused> {
        self.allows(TransferStep::Cancel, party)?;
        self.course = Course::Cancelled {
            approved_at: self.course.approved_at(),
            dispatched_at: self.course.dispatched_at(),
            at: now,
            reason,
        };
        let changes = self.changes(MovementKind::Returned, |sent| (sent.units, sent.lots.clone()));
        Ok((self, changes))
    }

    fn changes(&self, kind: MovementKind, of: impl Fn(&Sent) -> (i64, Lots)) -> Vec<Change> {
        let lines = self.lines.iter().filter_map(|line| {
            let (units, lots) = of(line.sent.as_ref()?);
            (units > 0).then(|| Change {
                item: line.item.clone(),
                kind,
                units,
                lots,
                source: None,
                transfer: Some(self.id),
            })
        });
        lines.collect()
    }

    /// The steps that somebody may take now.
    pub fn steps(&self, party: Party) -> Vec<TransferStep> {
        TransferStep::iter()
            .filter(|step| self.allows(*step, party).is_ok())
            .collect()
    }

    /// Whether a notice that was made at `told_at` for one end still says what is so.
    pub fn is_told_of(&self, kind: NoticeKind, end: ShelterId, told_at: Moment, today: NaiveDate) -> bool {
        match (kind, &self.course) {
            (NoticeKind::TransferApproved, Course::Approved { at }) => self.from == end && *at <= told_at,
            (NoticeKind::TransferDispatched, Course::Dispatched { at, .. }) => self.to == end && *at <= told_at,
            (NoticeKind::TransferDue, _) => self.is_awaited() && today >= self.due_on,
            (NoticeKind::TransferOverdue, _) => self.is_overdue(today),
            _ => false,
        }
    }

    /// Promised or on its way, and its day has passed. `today` is a local date.
    pub fn is_overdue(&self, today: NaiveDate) -> bool {
        self.is_awaited() && today > self.due_on
    }

    fn is_awaited(&self) -> bool {
        matches!(self.state(), TransferState::Approved | TransferState::Dispatched)
    }

    /// The next step of telling people that it has not arrived: both ends on the due day, the operators two days later.
    pub fn chase_due(&self, today: NaiveDate) -> Option<Chase> {
        let (chase, after) = match self.told {
            0 => (Chase::Ends, 0),
            1 => (Chase::Operators, OPERATORS_AFTER),
            _ => return None,
        };
        let due = self.due_on.checked_add_days(Days::new(after))?;
        (self.is_awaited() && today >= due).then_some(chase)
    }
}

/// The newest due day for which each number of steps taken leaves another to take; see [`Transfer::chase_due`].
pub fn chased_until(today: NaiveDate) -> [NaiveDate; 2] {
    [0, OPERATORS_AFTER].map(|after| today.checked_sub_days(Days::new(after)).unwrap_or(NaiveDate::MIN))
}
