//! Whom an officer asks next. A policy sees what an officer sees at that moment: the board, the houses' rules, the ways,
//! and how each house has answered so far; never what is true.

use chrono::Datelike;
use serde::Serialize;
use strum::{Display, EnumIter, IntoStaticStr};

use super::super::availability::ShelterView;
use super::super::escalation::Policy as Escalation;
use super::super::fit::{self, Claim};
use super::super::geography::Travel;
use super::super::household::{Need, Urgency};
use super::super::id::Moment;
use super::super::ranking::{Candidate, Context, rank};
use super::super::rooms::RoomKind;
use super::super::waves::{Costs, MOST_SHELTERS, Prospect, advise};
use super::homes::Home;
use super::learned::Learned;
use super::world::{Minute, Referral, World};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, EnumIter, IntoStaticStr, Display)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Policy {
    /// Rings one house after the other in an order of chance, and knows neither what is free nor whom a house takes.
    Telephone,
    /// The list sorted by free beds.
    MostFree,
    /// The list sorted by the age of the figures.
    Freshest,
    /// The list as FABT orders it: fewest barriers, then most free beds.
    FewestBarriers,
    /// The nearest house in whose rooms the household fits exactly.
    NearestFit,
    /// The production ranking, one house at a time like the others.
    OursOneByOne,
    /// The production ranking with everything around it: waves, waiting list.
    Ours,
    /// The same; while it has nothing to suggest, the nearest houses that take her are rung up although they show no room.
    OursThenRinging,
}

impl Policy {
    pub fn is_ours(self) -> bool {
        matches!(self, Self::Ours | Self::OursOneByOne | Self::OursThenRinging)
    }

    /// Minutes until an officer who has nobody left to ask looks again: a list is looked at each hour, houses are rung up
    /// again after four.
    pub fn looks_again(self) -> Minute {
        if self == Self::Telephone { 240 } else { 60 }
    }

    /// Whether the officer is told when figures change, as the waiting list does.
    pub fn is_told(self) -> bool {
        matches!(self, Self::Ours | Self::OursThenRinging)
    }

    /// Whether houses are asked that show no room, and asked again by and by.
    pub fn rings(self) -> bool {
        matches!(self, Self::Telephone | Self::OursThenRinging)
    }
}

/// Whom to ask now, and how.
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    pub house: usize,
    /// What the board is to show as held meanwhile; nothing where the policy does not look at rooms.
    pub lines: Vec<Claim>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Batch {
    pub questions: Vec<Question>,
    /// The houses have so long to answer.
    pub ask_minutes: Minute,
    /// After so long without an answer one more is asked.
    pub next_after: Minute,
    /// Whether that goes on as long as nobody answers.
    pub again: bool,
}

/// How long a house has to answer: what a single hold allows it.
fn ask_minutes(urgency: Urgency) -> Minute {
    Escalation::of(urgency).ask_minutes.into()
}

/// An officer who works down a list waits so long on the telephone before the next house is rung; a later answer still
/// counts.
const ON_THE_LINE: Minute = 15;

/// The look of one officer at one moment.
pub struct Look<'a> {
    pub world: &'a World<'a>,
    pub homes: &'a [Home],
    pub learned: &'a Learned,
    pub number: usize,
    pub referral: &'a Referral,
    pub now: Moment,
    /// Houses that may be asked: neither waiting for an answer nor in vain before.
    pub open: &'a [bool],
}

impl Look<'_> {
    /// With `one_more`, some have been asked and not answered, and one more is to join them.
    pub fn next(&self, policy: Policy, one_more: bool) -> Batch {
        let wait = ask_minutes(self.referral.search.urgency);
        let one = |question: Option<Question>| Batch {
            questions: question.into_iter().collect(),
            ask_minutes: wait,
            next_after: ON_THE_LINE,
            again: true,
        };
        match policy {
            Policy::Telephone => one(self.least(|at, _| Some((self.world.shuffle(self.number, at), Vec::new())))),
            Policy::MostFree => one(self.least(|_, view| Some((self.free(view)?, Vec::new())))),
            Policy::Freshest => one(self.least(|_, view| {
                self.free(view)?;
                Some((std::cmp::Reverse(view.observed_at), Vec::new()))
            })),
            Policy::FewestBarriers => one(self.least(|_, view| Some(((barriers(view), self.free(view)?), Vec::new())))),
            Policy::NearestFit => one(self.least(|at, view| {
                let found = fit::place(&view.shelter.rules, &view.rooms, &self.referral.search, self.now)?;
                let way = self.way(at);
                Some((
                    (way.minutes as Minute, (way.km * 10.0) as Minute),
                    found.allocation.lines,
                ))
            })),
            Policy::OursOneByOne => one(self.ranked(1).into_iter().map(|(question, _)| question).next()),
            Policy::Ours => self.wave(one_more),
            Policy::OursThenRinging => {
                let wave = self.wave(one_more);
                if wave.questions.is_empty() {
                    one(self.ringing())
                } else {
                    wave
                }
            }
        }
    }

    /// As many of the best as the production advice asks at once, and so long; a later question joins those that have not
    /// answered.
    fn wave(&self, one_more: bool) -> Batch {
        let urgency = self.referral.search.urgency;
        let most = if one_more { 1 } else { usize::from(MOST_SHELTERS) };
        let mut found = self.ranked(most);
        let prospects: Vec<Prospect> = found.iter().map(|(_, prospect)| *prospect).collect();
        let advice = advise(&prospects, &Costs::of(urgency));
        let policy = advice.map_or_else(
            || Escalation::of(urgency),
            |advice| Escalation::asking(advice.ask_minutes),
        );
        found.truncate(advice.map_or(1, |advice| usize::from(advice.size)));
        Batch {
            questions: found.into_iter().map(|(question, _)| question).collect(),
            ask_minutes: policy.ask_minutes.into(),
            next_after: policy.next_after.unwrap_or(policy.ask_minutes).into(),
            again: !one_more,
        }
    }

    /// The nearest house whose rules take her, whatever it shows.
    fn ringing(&self) -> Option<Question> {
        self.least(|at, view| {
            fit::admits(&view.shelter.rules, &self.referral.search)
                .then(|| (self.way(at).minutes as Minute, Vec::new()))
        })
    }

    /// The production ranking's best houses.
    fn ranked(&self, limit: usize) -> Vec<(Question, Prospect)> {
        let usual = self.learned.usual_answer();
        let at_home = |at: usize| self.homes.get(at).map(|home| &home.board);
        let open = (0..self.homes.len()).filter(|at| self.open.get(*at) == Some(&true));
        let candidates: Vec<Candidate<'_>> = open
            .filter_map(|at| {
                Some(Candidate {
                    view: at_home(at)?,
                    travel: self.way(at),
                    answer_minutes: self.learned.answer_minutes(at, usual),
                    record: self.learned.record(at),
                })
            })
            .collect();
        let context = Context {
            now: self.now,
            local_now: self.now.with_timezone(&self.world.pack.time_zone).naive_local(),
            chances: &self.learned.chances,
            prices: &self.learned.prices,
        };
        let found = rank(&self.referral.search, &candidates, &context, limit).suggestions;
        let house = |code: &str| (0..self.homes.len()).find(|at| at_home(*at).is_some_and(|v| v.shelter.code == code));
        found
            .into_iter()
            .filter_map(|row| {
                let prospect = Prospect {
                    chance: row.chance_free,
                    answer_minutes: row.answer_minutes,
                };
                let question = Question {
                    house: house(&row.shelter_code)?,
                    lines: row.allocation.lines,
                };
                Some((question, prospect))
            })
            .collect()
    }

    /// The open house of least key; equal ones in the order of their codes.
    fn least<K: Ord>(&self, key: impl Fn(usize, &ShelterView) -> Option<(K, Vec<Claim>)>) -> Option<Question> {
        let avoided = &self.referral.search.avoid_districts;
        self.homes
            .iter()
            .enumerate()
            .filter(|(at, home)| self.open.get(*at) == Some(&true) && !avoided.contains(&home.board.shelter.district))
            .filter_map(|(at, home)| {
                let (key, lines) = key(at, &home.board)?;
                Some((key, home.board.shelter.code.as_str(), at, lines))
            })
            .min_by(|a, b| a.0.cmp(&b.0).then_with(|| a.1.cmp(b.1)))
            .map(|(_, _, house, lines)| Question { house, lines })
    }

    /// Most free first among houses whose rules take her and that show a bed for each of her household; least first, so
    /// counted downwards.
    fn free(&self, view: &ShelterView) -> Option<std::cmp::Reverse<u32>> {
        let free: u32 = view
            .rooms
            .iter()
            .map(|room| {
                let sleeps = if room.room.kind == RoomKind::Block {
                    room.room.sleeps
                } else {
                    None
                };
                room.count(self.now).free * u32::from(sleeps.unwrap_or(1))
            })
            .sum();
        let search = &self.referral.search;
        let enough = free >= search.household.persons() - search.household.infants();
        (enough && fit::admits(&view.shelter.rules, search)).then_some(std::cmp::Reverse(free))
    }

    pub fn way(&self, house: usize) -> Travel {
        way(self.world, self.referral, house, self.now)
    }
}

/// What stands between women and this house, whoever comes: groups it does not take, limits and hours.
fn barriers(view: &ShelterView) -> usize {
    use strum::IntoEnumIterator;
    let (shelter, rules) = (&view.shelter, &view.shelter.rules);
    let refused = Need::iter()
        .filter(|need| !need.is_service() && *need != Need::StepFree)
        .filter(|need| !rules.admits.contains(need));
    refused.count()
        + usize::from(rules.boys_max_age.is_some())
        + usize::from(rules.max_children.is_some())
        + usize::from(!rules.admits_without_children)
        + usize::from(shelter.intake.is_some())
}

/// The way from where she is.
pub fn way(world: &World<'_>, referral: &Referral, house: usize, now: Moment) -> Travel {
    let month = now.with_timezone(&world.pack.time_zone).month();
    let place = world.houses.get(house).map(|row| row.place);
    let found = place.and_then(|to| world.pack.travel_between(referral.from, to, month));
    found.unwrap_or(Travel {
        km: 500.0,
        minutes: 600.0,
        by_road: false,
    })
}
