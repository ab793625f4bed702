//! What the board learns from earlier referrals and holds when it is drawn as a whole: how quickly shelters answer, and
//! what kinds of places are scarce. It must not rank.

use std::collections::{BTreeMap, HashMap};

use chrono::Duration;

use super::Services;
use super::errors::Refused;
use crate::domain::answering::{Asks, USUAL_ANSWER_MINUTES};
use crate::domain::availability::ShelterView;
use crate::domain::id::{Moment, ShelterId};
use crate::domain::scarcity::{Kinds, Prices};
use crate::store::{holds, referrals};

/// How far back answers count.
const ANSWERS_DAYS: i64 = 90;
/// How far back demand counts.
const DEMAND_DAYS: i64 = 30;

/// Expected minutes to an answer: of the shelters that were asked, and of all others.
pub(super) struct Answering {
    asked: HashMap<ShelterId, Asks>,
    pub usual: f64,
}

impl Answering {
    pub fn minutes(&self, id: ShelterId) -> f64 {
        self.asked.get(&id).map_or(self.usual, |asks| asks.expected(self.usual))
    }
}

impl Services {
    pub(super) async fn answering(&self, now: Moment) -> Result<Answering, Refused> {
        let asked = holds::answering(&self.store, now - Duration::days(ANSWERS_DAYS), now).await?;
        let all = asked.values().fold(Asks::default(), |sum, asks| sum.and(*asks));
        Ok(Answering {
            asked,
            usual: all.expected(USUAL_ANSWER_MINUTES),
        })
    }

    /// Prices from the referrals of the last days and the places of these shelters, by region.
    pub(super) async fn prices(&self, views: &[ShelterView], now: Moment) -> Result<Prices, Refused> {
        let mut asked: BTreeMap<String, Kinds> = BTreeMap::new();
        for (district, household, needs) in referrals::shapes(&self.store, now - Duration::days(DEMAND_DAYS)).await? {
            if let Some(district) = self.pack.district(&district) {
                *asked.entry(district.region.clone()).or_default() += Kinds::asked_by(&household, &needs);
            }
        }
        let mut offered: BTreeMap<String, Kinds> = BTreeMap::new();
        for view in views {
            *offered.entry(view.shelter.region.clone()).or_default() += Kinds::offered_by(view, now);
        }
        // Thirty days are far below 2^53.
        Ok(Prices::of(&asked, &offered, DEMAND_DAYS as f64))
    }
}
