//! A hold's life: `asked → accepted → arrived`, or one of the other ends, once. Deadlines decide by themselves: from
//! the instant of `expires_at` a hold can only be found expired, whether or not anybody has written that down.
//! It must not know rooms, reports, or who may do what.

use chrono::{Days, NaiveDate, TimeDelta};
use thiserror::Error;

use super::codes::codes;
use super::escalation::Policy;
use super::id::Moment;

codes! {
    HoldState {
        /// The shelter has been asked and has not answered.
        Asked,
        /// The shelter said yes; the household is on its way.
        Accepted,
        Arrived,
        Declined,
        Expired,
        Released,
        NoShow,
    }
    /// What somebody does to a hold, or what the clock does.
    HoldEvent { Accept, Decline, Arrive, NoShow, Release, Expire }
    DeclineReason { Full, CannotMeetNeeds, SafetyRisk, ConflictWithResident, Staffing, Closed, Other }
    ReleaseReason {
        FoundElsewhere,
        HerChoice,
        UnsafeTravel,
        EnteredInError,
        Other,
        /// Another shelter of the same wave accepted first. Nobody gives this reason; the acceptance does.
        PlacedElsewhere,
    }
    /// Why a referral ended without a place.
    UnmetReason { NoCapacity, AdmissionRule, Distance, NoAnswer, HerChoice, Safety, Other }
    /// How a referral ended.
    Outcome {
        /// She arrived; set by the arrival itself.
        Placed,
        Unmet,
        Withdrawn,
    }
}

impl HoldState {
    /// Ended for good; nothing changes it any more.
    pub fn is_terminal(self) -> bool {
        !matches!(self, Self::Asked | Self::Accepted)
    }

    /// Whether the hold claims beds at `now`.
    pub fn is_active(self, now: Moment, expires_at: Moment) -> bool {
        !self.is_terminal() && expires_at > now
    }

    /// What everybody is to see at `now`: a hold past its deadline is expired even before that is written down.
    pub fn seen(self, now: Moment, expires_at: Moment) -> Self {
        if self.is_terminal() || expires_at > now {
            self
        } else {
            Self::Expired
        }
    }
}

/// Why an event changes nothing. The text is the stable code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum HoldRefused {
    /// It ended before, in this state.
    #[error("hold_ended")]
    Ended(HoldState),
    /// Its deadline has passed.
    #[error("hold_expired")]
    Expired,
    /// Only a hold that waits for an answer can be accepted or declined.
    #[error("hold_already_accepted")]
    AlreadyAccepted,
    /// Only an accepted hold can end by arrival or no-show.
    #[error("hold_not_accepted")]
    NotAccepted,
    /// Its deadline lies ahead.
    #[error("hold_not_due")]
    NotDue,
    /// It has been prolonged [`MOST_EXTENSIONS`] times.
    #[error("hold_extensions_spent")]
    ExtensionsSpent,
}

/// The state after an event at `now`. From `expires_at` on, only `Expire` goes through.
///
/// # Errors
/// [`HoldRefused`], and the hold stays as it is.
pub fn step(state: HoldState, event: HoldEvent, now: Moment, expires_at: Moment) -> Result<HoldState, HoldRefused> {
    if state.is_terminal() {
        return Err(HoldRefused::Ended(state));
    }
    match (event, now >= expires_at) {
        (HoldEvent::Expire, true) => return Ok(HoldState::Expired),
        (HoldEvent::Expire, false) => return Err(HoldRefused::NotDue),
        (_, true) => return Err(HoldRefused::Expired),
        (_, false) => {}
    }
    let asked = state == HoldState::Asked;
    match event {
        HoldEvent::Release => Ok(HoldState::Released),
        HoldEvent::Accept if asked => Ok(HoldState::Accepted),
        HoldEvent::Decline if asked => Ok(HoldState::Declined),
        HoldEvent::Accept | HoldEvent::Decline => Err(HoldRefused::AlreadyAccepted),
        _ if asked => Err(HoldRefused::NotAccepted),
        HoldEvent::Arrive => Ok(HoldState::Arrived),
        HoldEvent::NoShow => Ok(HoldState::NoShow),
        HoldEvent::Expire => Err(HoldRefused::NotDue),
    }
}

/// How many days ahead a hold may start.
pub const LATEST_START: u64 = 60;

/// Whether a hold asked for `today` may start on `date`: from tomorrow to [`LATEST_START`] days ahead, by local dates.
pub fn may_start(date: NaiveDate, today: NaiveDate) -> bool {
    let latest = date.checked_sub_days(Days::new(LATEST_START));
    today < date && latest.is_none_or(|latest| latest <= today)
}

/// How often the officer may prolong one hold.
pub const MOST_EXTENSIONS: u8 = 2;

/// The new end of a hold that is prolonged at `now`: once more the time its shelter had to answer while it waits, half
/// the time she has to arrive once it is accepted, both counted from the present end.
///
/// # Errors
/// [`HoldRefused`] when it has ended or been prolonged often enough.
pub fn extend(
    state: HoldState,
    policy: &Policy,
    extensions: u8,
    now: Moment,
    expires_at: Moment,
) -> Result<Moment, HoldRefused> {
    if state.is_terminal() {
        Err(HoldRefused::Ended(state))
    } else if now >= expires_at {
        Err(HoldRefused::Expired)
    } else if extensions >= MOST_EXTENSIONS {
        Err(HoldRefused::ExtensionsSpent)
    } else {
        let minutes = match state {
            HoldState::Accepted => i64::from(policy.arrive_hours) * 30,
            _ => i64::from(policy.ask_minutes),
        };
        Ok(expires_at + TimeDelta::minutes(minutes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{TimeZone, Utc};
    use proptest::prelude::*;
    use strum::IntoEnumIterator;

    fn at(minutes: i64) -> Moment {
        Utc.with_ymd_and_hms(2026, 11, 22, 8, 0, 0).unwrap() + TimeDelta::minutes(minutes)
    }

    #[test]
    fn the_whole_table() {
        use HoldEvent::*;
        use HoldRefused::*;
        use HoldState as S;
        let rows = [
            (S::Asked, Accept, Ok(S::Accepted), Err(Expired)),
            (S::Asked, Decline, Ok(S::Declined), Err(Expired)),
            (S::Asked, Arrive, Err(NotAccepted), Err(Expired)),
            (S::Asked, NoShow, Err(NotAccepted), Err(Expired)),
            (S::Asked, Release, Ok(S::Released), Err(Expired)),
            (S::Asked, Expire, Err(NotDue), Ok(S::Expired)),
            (S::Accepted, Accept, Err(AlreadyAccepted), Err(Expired)),
            (S::Accepted, Decline, Err(AlreadyAccepted), Err(Expired)),
            (S::Accepted, Arrive, Ok(S::Arrived), Err(Expired)),
            (S::Accepted, NoShow, Ok(S::NoShow), Err(Expired)),
            (S::Accepted, Release, Ok(S::Released), Err(Expired)),
            (S::Accepted, Expire, Err(NotDue), Ok(S::Expired)),
        ];
        for (state, event, before, after) in rows {
            assert_eq!(step(state, event, at(59), at(60)), before, "{state} {event} before");
            assert_eq!(
                step(state, event, at(60), at(60)),
                after,
                "{state} {event} at the deadline"
            );
        }
        for state in HoldState::iter().filter(|state| state.is_terminal()) {
            for event in HoldEvent::iter() {
                assert_eq!(step(state, event, at(0), at(60)), Err(Ended(state)));
                assert_eq!(step(state, event, at(99), at(60)), Err(Ended(state)));
            }
        }
    }

    #[test]
    fn a_hold_past_its_deadline_is_seen_expired() {
        assert_eq!(HoldState::Asked.seen(at(1), at(1)), HoldState::Expired);
        assert_eq!(HoldState::Accepted.seen(at(0), at(1)), HoldState::Accepted);
        assert_eq!(HoldState::Arrived.seen(at(9), at(1)), HoldState::Arrived);
        assert!(!HoldState::Accepted.is_active(at(1), at(1)));
        assert_eq!(HoldState::NoShow.to_string(), "no_show");
        assert_eq!(DeclineReason::CannotMeetNeeds.to_string(), "cannot_meet_needs");
    }

    #[test]
    fn a_hold_is_prolonged_before_its_end_and_twice() {
        let policy = Policy::asking(40);
        let extend = |state, done, now| extend(state, &policy, done, at(now), at(60));
        assert_eq!(extend(HoldState::Asked, 0, 59), Ok(at(100)));
        assert_eq!(extend(HoldState::Accepted, 1, 59), Ok(at(60 + 6 * 60)));
        assert_eq!(extend(HoldState::Asked, 2, 0), Err(HoldRefused::ExtensionsSpent));
        assert_eq!(extend(HoldState::Asked, 0, 60), Err(HoldRefused::Expired));
        for state in HoldState::iter().filter(|state| state.is_terminal()) {
            assert_eq!(extend(state, 0, 0), Err(HoldRefused::Ended(state)));
        }
    }

    proptest! {
        #[test]
        fn any_history_ends_at_most_once(
            events in prop::collection::vec((0usize..6, 0i64..100), 0..30), deadline in 0i64..2_000,
        ) {
            let (mut state, mut now, mut ends) = (HoldState::Asked, at(0), 0);
            for (event, wait) in events {
                now += TimeDelta::minutes(wait);
                let event = HoldEvent::iter().nth(event).unwrap();
                if let Ok(next) = step(state, event, now, at(deadline)) {
                    prop_assert!(next != state && next != HoldState::Asked);
                    prop_assert!(next == HoldState::Expired || now < at(deadline));
                    ends += u32::from(next.is_terminal());
                    state = next;
                }
            }
            prop_assert!(ends <= 1);
            prop_assert_eq!(state.is_terminal(), ends == 1);
        }
    }
}
