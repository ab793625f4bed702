//! The demo country: invented shelters, people, thirty days of reports, holds in every state, a shelter gone silent
//! and a shortage. All of it follows from a seed and the moment it is made for; made twice it is the same to the
//! last identifier.
//!
//! The plan holds what there is (organisations, accounts, shelters); each shelter's history is drawn by itself and on
//! demand, so five thousand of them never lie in memory together. Nothing here reads a file or a clock; the texts
//! come with the program.

mod callers;
mod course;
mod data;
mod households;
mod later;
mod months;
mod people;
mod placements;
pub(super) mod random;
mod reports;
mod shelters;
mod stays;
mod stock;
#[cfg(test)]
mod tests;
mod timelines;
mod unplaced;

use chrono::NaiveTime;
use chrono_tz::Tz;

use super::accounts::{Organisation, Role, User};
use super::cases::{Hold, Referral};
use super::digests::{Cadence, Rule};
use super::id::{Moment, OrganisationId, UserId};
use super::logbook::{Line, Report};
use super::people::{Block, Counted};
use super::shelters::Shelter;
use super::timeline::CaseEvent;

pub use data::{DemoRecipient, Mood};
pub use stock::Supplies;

const TAJIKISTAN: &str = include_str!("../../../data/demo/tajikistan.toml");

/// Shelters of a demo nobody asked to be larger.
pub const SHELTERS: usize = 24;
/// Days of history before the moment the demo is made for.
pub const DAYS: i64 = 30;
/// One for all accounts of the demo, which serves on loopback only: hashing it once keeps the start quick.
pub const PASSWORD: &str = "panoh demo 2026";

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("demo data, {key}: {detail}")]
pub struct DemoError {
    pub key: String,
    pub detail: String,
}

impl DemoError {
    fn new(key: &str, detail: impl Into<String>) -> Self {
        Self {
            key: key.to_owned(),
            detail: detail.into(),
        }
    }
}

/// What a demo is made from.
#[derive(Debug, Clone)]
pub struct Wish<'a> {
    pub seed: u64,
    pub shelters: usize,
    pub now: Moment,
    pub zone: Tz,
    /// Districts of the country pack in its order: code and region code.
    pub districts: &'a [(String, String)],
    pub items: &'a [DemoItem],
}

/// A supply item of the country pack.
#[derive(Debug, Clone, PartialEq)]
pub struct DemoItem {
    pub code: String,
    /// Units one resident uses in a day; `None` where the pack has no figure.
    pub per_person_per_day: Option<f64>,
    pub pack_size: u32,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DemoShelter {
    pub shelter: Shelter,
    pub mood: Mood,
    /// The account that reports.
    pub manager: UserId,
    pub manager_name: String,
    pub confidential: DemoConfidential,
}

/// Invented like the rest; stored encrypted like a real one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DemoConfidential {
    pub address: String,
    pub contact_name: String,
    pub contact_phone: String,
    pub meeting_point: String,
}

/// A digest with its readers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DemoDigest {
    pub name: String,
    pub cadence: Cadence,
    pub rule: Rule,
    /// Local time of day.
    pub time: NaiveTime,
    pub recipients: Vec<DemoRecipient>,
}

/// What happened at one shelter in thirty days.
#[derive(Debug, Clone, Default)]
pub struct History {
    /// By time; the last is the newest.
    pub reports: Vec<Report>,
    /// The newest report with the arrivals since added: the rooms' current state.
    pub current: Vec<Line>,
    pub supplies: Supplies,
    pub referrals: Vec<Referral>,
    pub holds: Vec<Hold>,
    pub events: Vec<CaseEvent>,
}

#[derive(Debug, Clone)]
pub struct Demo {
    pub seed: u64,
    pub now: Moment,
    pub zone: Tz,
    pub organisations: Vec<Organisation>,
    pub shelters: Vec<DemoShelter>,
    pub users: Vec<User>,
    /// The daily one first.
    pub digests: Vec<DemoDigest>,
    items: Vec<DemoItem>,
    districts: Vec<String>,
    /// The region of each.
    regions: Vec<String>,
    /// Households for whom the country has no place, as the data file tells them.
    lacking: Vec<unplaced::Lacking>,
    /// Officers with their organisations: whoever refers.
    officers: Vec<(UserId, OrganisationId)>,
}

fn digests(data: Vec<data::DigestData>) -> Result<Vec<DemoDigest>, DemoError> {
    let digest = |row: data::DigestData| {
        Ok(DemoDigest {
            name: row.name,
            cadence: row.cadence,
            rule: row.rule,
            time: data::time(&row.time)?,
            recipients: row.recipients,
        })
    };
    data.into_iter().map(digest).collect()
}

/// Streams of the generator: one for the plan, one for referrals without a shelter, then one for each shelter.
const PLAN: u64 = 1;
const UNMET: u64 = 2;
const CALLERS: u64 = 3;
const COUNTED: u64 = 4;
const FIRST_SHELTER: u64 = 1000;

impl Demo {
    /// Draws the plan.
    ///
    /// # Errors
    /// [`DemoError`] when the data file and the country pack do not go together.
    pub fn plan(wish: &Wish<'_>) -> Result<Self, DemoError> {
        let data = data::parse(TAJIKISTAN)?;
        let mut random = random::Random::new(wish.seed, PLAN);
        // Everything of the demo was entered before its history begins.
        let made_at = wish.now - chrono::Duration::days(DAYS + 10);
        let organisations = people::organisations(&data, &mut random, made_at);
        let mut shelters = shelters::shelters(&data, wish, &organisations, &mut random, made_at)?;
        let users = people::users(&data, &organisations, &mut shelters, &mut random, made_at);
        let officers = users
            .iter()
            .filter(|user| user.role == Role::Officer)
            .filter_map(|user| Some((user.id, user.organisation_id?)))
            .collect();
        Ok(Self {
            seed: wish.seed,
            now: wish.now,
            zone: wish.zone,
            digests: digests(data.digests)?,
            items: wish.items.to_vec(),
            lacking: unplaced::lacking(&data.unplaced, wish)?,
            districts: wish.districts.iter().map(|(code, _)| code.clone()).collect(),
            regions: wish.districts.iter().map(|(_, region)| region.clone()).collect(),
            organisations,
            shelters,
            users,
            officers,
        })
    }

    /// What happened at the shelter of this position; empty beyond the last.
    #[must_use]
    pub fn history(&self, position: usize) -> History {
        let Some(shelter) = self.shelters.get(position) else {
            return History::default();
        };
        let mut random = random::Random::new(self.seed, FIRST_SHELTER + position as u64);
        let past = stays::Past::live(self, shelter, &mut random);
        let reports = reports::reports(self, shelter, &past, &mut random);
        let (mut referrals, holds, current) = placements::placements(self, position, &past, &reports, &mut random);
        let mut told = Vec::new();
        // The wave that is running now is told of with the first shelter it asks.
        if timelines::WAVE_AT.first() == Some(&position)
            && let Some((_, row, _)) = timelines::wave(self)
        {
            told.push(timelines::wave_asked(self, &row));
            referrals.push(row);
        }
        told.extend(timelines::events(self, &referrals, &holds));
        let supplies = stock::supplies(self, shelter, &reports, &mut random);
        History {
            reports,
            current,
            supplies,
            referrals,
            holds,
            events: told,
        }
    }

    /// The timelines of referrals without a hold.
    #[must_use]
    pub fn told_of(&self, unplaced: &[Referral]) -> Vec<CaseEvent> {
        timelines::events(self, unplaced, &[])
    }

    /// People as they were counted over each closed month of the past year, the oldest first.
    #[must_use]
    pub fn months(&self) -> Vec<(Block, Counted)> {
        months::months(self, &mut random::Random::new(self.seed, COUNTED))
    }

    /// Referrals that never came to a hold: closed without a place, still being looked at, or waiting for one.
    #[must_use]
    pub fn unplaced(&self) -> Vec<Referral> {
        unplaced::unplaced(self, &mut random::Random::new(self.seed, UNMET))
    }
}
