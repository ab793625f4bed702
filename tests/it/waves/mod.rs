//! Several shelters asked at once, and what the clock does while nobody answers.

mod asking;
mod clock;
mod letters;
mod winning;

use chrono::Duration;
use panoh::domain::accounts::Actor;
use panoh::domain::cases::Hold;
use panoh::domain::holds::{DeclineReason, HoldEvent, HoldState, ReleaseReason};
use panoh::domain::id::{HoldId, ReferralId};
use panoh::domain::rooms::RoomKind;
use panoh::domain::shelters::Shelter;
use panoh::services::Services;
use panoh::services::errors::Refused;
use panoh::services::holds::Ending;
use panoh::services::waves::{Asking, Whom};
use panoh::store::holds;

use crate::harness::Database;
use crate::model::land::{Land, once, print_wave, room};
use crate::races::{house, refer, woman_with};

/// Shelters of one shared room, each with somebody who runs it. No others have reported, so no others fit.
pub struct Scene {
    pub land: Land,
    pub houses: Vec<(Shelter, Actor)>,
    pub officer: Actor,
}

impl Scene {
    pub async fn new(database: Database, houses: usize) -> Self {
        let land = Land::new(database).await;
        let mut all = Vec::new();
        for at in 0..houses {
            all.push(house(&land, &format!("WAVE-{at}"), vec![room("1", RoomKind::Shared, 4, 0)]).await);
        }
        let officer = land.officers[0].clone();
        Self {
            land,
            houses: all,
            officer,
        }
    }

    pub fn services(&self) -> &Services {
        &self.land.services
    }

    pub fn pass(&self, minutes: i64) {
        self.services().clock.advance(Duration::minutes(minutes));
    }

    /// A new referral and the holds of a wave for it, best first. They have an hour.
    pub async fn wave(&self, size: u8) -> (ReferralId, Vec<HoldId>) {
        let referral = refer(self.services(), &self.officer, woman_with(&[])).await;
        (referral, self.ask(referral, size).await.unwrap())
    }

    pub async fn ask(&self, referral: ReferralId, size: u8) -> Result<Vec<HoldId>, Refused> {
        let mut asking = Asking::of(Whom::Wave(size));
        asking.ask_minutes = Some(60);
        let asked = self
            .services()
            .ask(&self.officer, referral, asking, once(print_wave), Some)
            .await?;
        Ok(asked.split(' ').map(|id| HoldId(id.parse().unwrap())).collect())
    }

    /// Who runs the shelter of this hold.
    pub async fn manager_of(&self, id: HoldId) -> &Actor {
        let shelter = self.row(id).await.shelter_id;
        &self.houses.iter().find(|(row, _)| row.id == shelter).unwrap().1
    }

    pub async fn row(&self, id: HoldId) -> Hold {
        holds::any(&self.services().store, id).await.unwrap().unwrap()
    }

    pub async fn states(&self, ids: &[HoldId]) -> Vec<HoldState> {
        let mut states = Vec::new();
        for id in ids {
            states.push(self.row(*id).await.state);
        }
        states
    }

    pub async fn go(&self, id: HoldId, event: HoldEvent) -> Result<HoldState, Refused> {
        let actor = match event {
            HoldEvent::Release => &self.officer,
            _ => self.manager_of(id).await,
        };
        let view = self.services().move_hold(actor, id, event, ending(event)).await?;
        Ok(view.state)
    }

    /// The kinds of the referral's timeline, oldest first.
    pub async fn timeline(&self, id: ReferralId) -> Vec<String> {
        let events = self.services().referral_timeline(&self.officer, id).await.unwrap();
        events.iter().map(|view| view.event.kind.to_string()).collect()
    }
}

pub fn ending(event: HoldEvent) -> Ending {
    Ending {
        decline: (event == HoldEvent::Decline).then_some(DeclineReason::Full),
        release: (event == HoldEvent::Release).then_some(ReleaseReason::HerChoice),
        note: None,
    }
}
