//! What the service learns while the days pass, and knows when it ranks: how quickly houses answer, how their places come
//! and go, what kinds of places are scarce. The learning itself is the production code; this only hands it what happened.

use std::collections::BTreeMap;

use super::super::answering::{Asks, USUAL_ANSWER_MINUTES};
use super::super::chance::{ChanceModel, History, Record, Seen, learn};
use super::super::id::Moment;
use super::super::scarcity::{Kinds, Prices};
use super::homes::Home;
use super::world::{DAY, Minute, Referral, World};

/// How far back demand counts.
const DEMAND_DAYS: Minute = 30;

#[derive(Default)]
pub struct Learned {
    pub chances: ChanceModel,
    pub prices: Prices,
    histories: Vec<History>,
    seen: Vec<Vec<Seen>>,
    asks: Vec<Asks>,
    demand: Vec<(Minute, String, Kinds)>,
}

impl Learned {
    pub fn new(houses: usize) -> Self {
        Self {
            histories: vec![History::default(); houses],
            seen: vec![Vec::new(); houses],
            asks: vec![Asks::default(); houses],
            ..Self::default()
        }
    }

    /// A house was asked and has answered, or was waited for in vain.
    pub fn asked(&mut self, house: usize, answered: bool, minutes: Minute) {
        if let Some(asks) = self.asks.get_mut(house) {
            asks.add(answered, minutes as f64);
        }
    }

    pub fn wanted(&mut self, world: &World<'_>, referral: &Referral) {
        if let Some(district) = world.pack.district(&referral.search.from_district) {
            let kinds = Kinds::asked_by(&referral.search.household, &referral.search.needs);
            self.demand.push((referral.at, district.region.clone(), kinds));
        }
    }

    /// What the board works out when it is drawn as a whole.
    pub fn draw(&mut self, homes: &[Home], now: Minute, moment: Moment) {
        self.demand.retain(|(at, ..)| *at > now - DEMAND_DAYS * DAY);
        let (mut asked, mut offered): (BTreeMap<String, Kinds>, BTreeMap<String, Kinds>) = Default::default();
        for (_, region, kinds) in &self.demand {
            *asked.entry(region.clone()).or_default() += *kinds;
        }
        for home in homes {
            let view = &home.board;
            *offered.entry(view.shelter.region.clone()).or_default() += Kinds::offered_by(view, moment);
        }
        let days = (now / DAY).clamp(1, DEMAND_DAYS);
        self.prices = Prices::of(&asked, &offered, days as f64);
    }

    /// Expected minutes to the answer of a house that nobody has asked.
    pub fn usual_answer(&self) -> f64 {
        let all = self.asks.iter().fold(Asks::default(), |sum, asks| sum.and(*asks));
        all.expected(USUAL_ANSWER_MINUTES)
    }

    /// Expected minutes to the answer of this one.
    pub fn answer_minutes(&self, house: usize, usual: f64) -> f64 {
        self.asks.get(house).map_or(usual, |asks| asks.expected(usual))
    }

    /// A house has reported: `free` beds (of blocks, rooms) of `places`.
    pub fn reported(&mut self, house: usize, seen: Seen) {
        if let (Some(history), Some(all)) = (self.histories.get_mut(house), self.seen.get_mut(house)) {
            history.tell(&self.chances, seen);
            all.push(seen);
        }
    }

    /// What all reports together have taught; each house's record is then drawn from its own again.
    pub fn learn(&mut self) {
        self.chances = learn(self.seen.iter().map(Vec::as_slice));
        for (history, seen) in self.histories.iter_mut().zip(&self.seen) {
            *history = History::default();
            seen.iter().for_each(|seen| history.tell(&self.chances, *seen));
        }
    }

    pub fn record(&self, house: usize) -> Record {
        self.histories.get(house).map_or_else(Record::default, History::record)
    }
}
