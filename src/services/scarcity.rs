//! What the board learns from earlier referrals and holds when it is drawn as a whole: how quickly shelters answer, and
//! what kinds of places are scarce. It must not rank.

use std::collections::{BTreeMap, HashMap};

use chrono::{Duration, NaiveDate};

use super::Services;
use super::errors::Refused;
use crate::domain::answering::{Asks, USUAL_ANSWER_MINUTES};
use crate::domain::availability::ShelterView;
use crate::domain::calendar::local_date;
use crate::domain::id::{Moment, ReferralId, ShelterId};
use crate::domain::scarcity::{Kinds, Prices};
use crate::store::period_figures::Cases;
use crate::store::tally::{self, Tally};
use crate::store::{Tx, holds, referrals};

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

/// What is kept of asks that are gone: answers, and minutes waited.
type Answered = (u32, f64);

impl Services {
    pub(super) async fn answering(&self, now: Moment) -> Result<Answering, Refused> {
        let since = now - Duration::days(ANSWERS_DAYS);
        let mut asked: HashMap<ShelterId, Asks> = HashMap::new();
        for ask in holds::asks(&self.store, Cases::All, since, now).await? {
            asked.entry(ask.shelter_id).or_default().add(ask.answered, ask.minutes);
        }
        let gone = tally::since::<Answered>(&self.store, Tally::Answers, &self.local_day(since).to_string()).await?;
        for (shelter, (answers, minutes)) in gone {
            let Ok(shelter) = shelter.parse() else { continue };
            let sum = asked.entry(ShelterId(shelter)).or_default();
            *sum = sum.and(Asks { answers, minutes });
        }
        let all = asked.values().fold(Asks::default(), |sum, asks| sum.and(*asks));
        Ok(Answering {
            asked,
            usual: all.expected(USUAL_ANSWER_MINUTES),
        })
    }

    /// Prices from the referrals of the last days and the places of these shelters, by region.
    pub(super) async fn prices(&self, views: &[ShelterView], now: Moment) -> Result<Prices, Refused> {
        let since = now - Duration::days(DEMAND_DAYS);
        let mut asked: BTreeMap<String, Kinds> = BTreeMap::new();
        for shape in referrals::shapes(&self.store, Cases::All, since).await? {
            if let Some(district) = self.pack.district(&shape.from_district) {
                *asked.entry(district.region.clone()).or_default() += Kinds::asked_by(&shape.household, &shape.needs);
            }
        }
        for (region, kinds) in tally::since(&self.store, Tally::Demand, &self.local_day(since).to_string()).await? {
            *asked.entry(region).or_default() += Kinds(kinds);
        }
        let mut offered: BTreeMap<String, Kinds> = BTreeMap::new();
        for view in views {
            *offered.entry(view.shelter.region.clone()).or_default() += Kinds::offered_by(view, now);
        }
        // Thirty days are far below 2^53.
        Ok(Prices::of(&asked, &offered, DEMAND_DAYS as f64))
    }

    /// Keeps what these cases teach for as long as it counts, by local day, and forgets what counts no longer. The purge holds
    /// its lock.
    pub(super) async fn tally_lessons(&self, tx: &Tx, ids: &[ReferralId], now: Moment) -> Result<(), Refused> {
        let (answers, demand) = (now - Duration::days(ANSWERS_DAYS), now - Duration::days(DEMAND_DAYS));
        let mut asks: BTreeMap<(ShelterId, NaiveDate), Asks> = BTreeMap::new();
        for ask in holds::asks(tx, Cases::Of(ids), answers, now).await? {
            let day = (ask.shelter_id, self.local_day(ask.at));
            asks.entry(day).or_default().add(ask.answered, ask.minutes);
        }
        for ((shelter, day), more) in asks {
            let (shelter, day) = (shelter.to_string(), day.to_string());
            let before: Option<Answered> = tally::of(tx, Tally::Answers, &shelter, &day).await?;
            let (answers, minutes) = before.unwrap_or_default();
            let sum = more.and(Asks { answers, minutes });
            tally::put(tx, Tally::Answers, &shelter, &day, &(sum.answers, sum.minutes)).await?;
        }
        let mut kinds: BTreeMap<(String, NaiveDate), Kinds> = BTreeMap::new();
        for shape in referrals::shapes(tx, Cases::Of(ids), demand).await? {
            if let Some(district) = self.pack.district(&shape.from_district) {
                let day = (district.region.clone(), self.local_day(shape.at));
                *kinds.entry(day).or_default() += Kinds::asked_by(&shape.household, &shape.needs);
            }
        }
        for ((region, day), mut sum) in kinds {
            let day = day.to_string();
            sum += Kinds(tally::of(tx, Tally::Demand, &region, &day).await?.unwrap_or_default());
            tally::put(tx, Tally::Demand, &region, &day, &sum.0).await?;
        }
        tally::forget(tx, Tally::Answers, &self.local_day(answers).to_string()).await?;
        tally::forget(tx, Tally::Demand, &self.local_day(demand).to_string()).await?;
        Ok(())
    }

    fn local_day(&self, moment: Moment) -> NaiveDate {
        local_date(self.pack.time_zone, moment)
    }
}
