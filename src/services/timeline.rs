//! The timeline of a case, for both sides: the officer reads all of the own organisation's, a shelter what concerns its hold.

use super::Services;
use super::errors::Refused;
use super::telling::Telling;
use crate::domain::accounts::Actor;
use crate::domain::availability::ShelterView;
use crate::domain::id::{HoldId, ReferralId};
use crate::domain::reports::holds_at_risk;
use crate::domain::rooms::RoomView;
use crate::domain::timeline::{CaseEvent, Detail, EventKind};
use crate::store::{Tx, events, holds, referrals};

/// An event with the code of the shelter it is about.
#[derive(Debug, Clone)]
pub struct EventView {
    pub event: CaseEvent,
    pub shelter_code: Option<String>,
}

impl Services {
    /// All that happened to a referral.
    ///
    /// # Errors
    /// `NotFound` unless it is the officer's own organisation's.
    pub async fn referral_timeline(&self, actor: &Actor, id: ReferralId) -> Result<Vec<EventView>, Refused> {
        referrals::get(&self.store, &actor.case_scope(), id)
            .await?
            .ok_or(Refused::NotFound)?;
        Ok(self.with_codes(events::of_referral(&self.store, id).await?))
    }

    /// What happened to one hold: the same for its shelter and for the officer, and nothing of other shelters.
    ///
    /// # Errors
    /// `NotFound` outside the actor's scope.
    pub async fn hold_timeline(&self, actor: &Actor, id: HoldId) -> Result<Vec<EventView>, Refused> {
        holds::get(&self.store, &actor.case_scope(), id)
            .await?
            .ok_or(Refused::NotFound)?;
        Ok(self.with_codes(events::of_hold(&self.store, id).await?))
    }

    /// Holds that this report leaves without their beds: told in their timelines. No hold is changed, so no referral need
    /// be locked; one that is being released at this moment may be told of once more than needed.
    pub(super) async fn tell_at_risk(
        &self,
        tx: &Tx,
        before: &ShelterView,
        after: &[RoomView],
        telling: &mut Telling,
    ) -> Result<(), Refused> {
        let now = telling.now;
        let known = holds_at_risk(&before.rooms, now);
        let mut robbed = holds_at_risk(after, now);
        robbed.retain(|id| !known.contains(id));
        if robbed.is_empty() {
            return Ok(());
        }
        let active = holds::active_of(tx, before.shelter.id, now).await?;
        for hold in active.iter().filter(|hold| robbed.contains(&hold.id)) {
            telling.hold(hold, EventKind::AtRisk, Detail::default());
            telling.moved(hold);
        }
        Ok(())
    }

    fn with_codes(&self, events: Vec<CaseEvent>) -> Vec<EventView> {
        let board = self.board.current();
        let code = |event: &CaseEvent| Some(board.get(event.shelter_id?)?.shelter.code.clone());
        events
            .into_iter()
            .map(|event| EventView {
                shelter_code: code(&event),
                event,
            })
            .collect()
    }
}
