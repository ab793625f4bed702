//! The days that every policy lives through: houses, who comes and when, who stays how long, which manager reports when
//! and how a house would answer. All of it is drawn before the first policy runs (common random numbers), and what
//! depends on a pair of household and house is drawn from a stream of that pair, so no policy moves another's dice.

use std::collections::BTreeMap;

use chrono::{Duration, TimeZone, Utc};

use super::super::demo::random::Random;
use super::super::demo::{Demo, Wish};
use super::super::geography::{DistrictIndex, Pack};
use super::super::household::Search;
use super::super::id::Moment;
use super::super::shelters::{Shelter, ShelterKind};
use super::draws::{self, log_normal, log_normal_of_mean, weighted};
use super::{Settings, SimulationError};

/// Minutes since the first midnight.
pub type Minute = i64;
pub const DAY: Minute = 24 * 60;

/// Share of all demand that asks through the system; the rest stands at a house's door.
const REFERRED: f64 = 0.65;
/// A search is given up after a day.
pub const PATIENCE: Minute = DAY;
/// Arrivals by weekday from Monday: nightly rises of Toronto's women's and family programmes, January to April 2023.
const WEEKDAY: [f64; 7] = [0.83, 1.09, 0.91, 1.32, 1.18, 1.02, 0.66];
/// Persons and days that one household takes up on average: one grown-up, 1.3 children.
const PERSONS: f64 = 2.3;
/// Houses differ in how quickly places turn over: standard deviation of its logarithm between Toronto's women's and
/// family programmes (from the quartiles, 2023).
const TURNOVER_SIGMA: f64 = 0.78;
/// Within one house, stays are log-normal.
const STAY_SIGMA: f64 = 0.9;
/// Rooms lived in on the first morning.
const FULL_AT_START: f64 = 0.95;
/// Answering: the median of a house's medians in minutes, the spread between houses and between answers of one
/// house. The mean is then 20 minutes, the service's planning figure.
const ANSWER_MEDIAN: f64 = 12.0;
const ANSWER_BETWEEN: f64 = 0.6;
const ANSWER_WITHIN: f64 = 0.8;
/// One house in ten leaves four of ten questions without an answer, the others one in thirty.
const MUTE_HOUSES: f64 = 0.1;
const UNANSWERED: [f64; 2] = [0.033, 0.4];
/// A house says no although it has room: 18 % of failed referrals were inappropriate and 60 % fail (Women's Aid
/// England, 62 refuges, 2022-23).
const OTHER_REFUSAL: f64 = 0.6 * 0.18;
/// Reporting discipline: shares of houses, and how likely each reports on a day.
const DISCIPLINE: [(f64, f64); 3] = [(0.7, 0.92), (0.2, 0.6), (0.1, 0.25)];
/// Due at nine, sent later: median delay in minutes and its spread.
const REPORT_DUE: Minute = 9 * 60;
const REPORT_DELAY: (f64, f64) = (60.0, 1.0);
/// One report in twelve is wrong in one room.
const WRONG_REPORT: f64 = 1.0 / 12.0;

pub struct House {
    pub shelter: Shelter,
    pub place: DistrictIndex,
    answer_median: f64,
    unanswered: f64,
    discipline: f64,
    /// Mean stay in minutes.
    stay: f64,
}

pub struct Referral {
    pub at: Minute,
    pub search: Search,
    pub from: DistrictIndex,
    pub special_needs: usize,
    /// Her stay as a multiple of the house's mean.
    pub stay: f64,
}

/// Comes to one house, and goes if there is no room.
pub struct WalkIn {
    pub at: Minute,
    pub house: usize,
    pub search: Search,
    pub stay: f64,
}

/// Lives there when the days begin.
pub struct Resident {
    pub house: usize,
    pub search: Search,
    pub until: Minute,
}

pub struct ReportDraw {
    pub at: Minute,
    pub house: usize,
    /// A wrong figure: the room's position by a number to be taken modulo the rooms, and whether one too many.
    pub wrong: Option<(usize, bool)>,
}

/// How a house answers one household; `None` in `minutes`: never.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reply {
    pub minutes: Option<Minute>,
    /// Not her, whatever is free.
    pub refuses: bool,
}

pub struct World<'a> {
    pub pack: &'a Pack,
    pub start: Moment,
    pub days: Minute,
    pub houses: Vec<House>,
    pub referrals: Vec<Referral>,
    pub walk_ins: Vec<WalkIn>,
    pub residents: Vec<Resident>,
    pub reports: Vec<ReportDraw>,
    seed: u64,
}

/// Streams of the generator.
const HOUSES: u64 = 1;
const REFERRALS: u64 = 2;
const WALK_INS: u64 = 3;
const RESIDENTS: u64 = 4;
const REPORTS: u64 = 5;
/// Far from the others: one stream for each household, house and attempt.
const PAIRS: u64 = 1 << 32;
const ATTEMPTS: u64 = 64;

impl<'a> World<'a> {
    /// Draws the days of one replication.
    ///
    /// # Errors
    /// [`SimulationError`] when the demo's houses do not go with the country pack.
    pub fn draw(settings: &Settings, pack: &'a Pack, seed: u64) -> Result<Self, SimulationError> {
        // A Monday in spring, when the passes open.
        let start = pack
            .time_zone
            .with_ymd_and_hms(2026, 3, 2, 0, 0, 0)
            .earliest()
            .map_or_else(|| Moment::UNIX_EPOCH, |local| local.with_timezone(&Utc));
        let districts: Vec<(String, String)> = pack
            .districts
            .iter()
            .map(|row| (row.code.clone(), row.region.clone()))
            .collect();
        let demo = Demo::plan(&Wish {
            seed,
            shelters: settings.shelters,
            now: start,
            zone: pack.time_zone,
            districts: &districts,
            items: &[],
        })?;
        let mut random = Random::new(seed, HOUSES);
        let houses = demo
            .shelters
            .into_iter()
            .filter_map(|row| house(row.shelter, pack, &mut random))
            .collect();
        let mut world = Self {
            pack,
            start,
            days: i64::from(settings.days),
            houses,
            referrals: Vec::new(),
            walk_ins: Vec::new(),
            residents: Vec::new(),
            reports: Vec::new(),
            seed,
        };
        world.draw_demand(settings.load);
        world.draw_residents();
        world.draw_reports();
        Ok(world)
    }

    /// Households a day at which all beds would be taken at load 1, by house.
    fn rates(&self) -> Vec<f64> {
        let rate = |house: &House| beds(&house.shelter) / PERSONS / (house.stay / DAY as f64);
        self.houses.iter().map(rate).collect()
    }

    fn draw_demand(&mut self, load: f64) {
        let rates = self.rates();
        let homes = homes(self.pack);
        let weights: Vec<f64> = homes.iter().map(|(_, people)| *people).collect();
        let mut random = Random::new(self.seed, REFERRALS);
        let total: f64 = rates.iter().sum();
        for at in arrivals(&mut random, total * load * REFERRED, self.days) {
            let home = homes.get(weighted(&mut random, &weights));
            let drawn = home.and_then(|(code, _)| {
                let search = draws::search(&mut random, code)?;
                Some((search, self.pack.district_index(code)?))
            });
            let stay = log_normal_of_mean(&mut random, 1.0, STAY_SIGMA);
            if let Some((search, from)) = drawn {
                self.referrals.push(Referral {
                    at,
                    special_needs: draws::special_needs(&search),
                    search,
                    from,
                    stay,
                });
            }
        }
        for (house, rate) in rates.iter().enumerate() {
            let mut random = Random::new(self.seed, (WALK_INS << 16) + house as u64);
            let district = self.houses.get(house).map_or("", |row| row.shelter.district.as_str());
            for at in arrivals(&mut random, rate * load * (1.0 - REFERRED), self.days) {
                let search = draws::at_the_door(&mut random, district);
                let stay = log_normal_of_mean(&mut random, 1.0, STAY_SIGMA);
                self.walk_ins.extend(search.map(|search| WalkIn {
                    at,
                    house,
                    search,
                    stay,
                }));
            }
        }
        self.walk_ins.sort_by_key(|row| (row.at, row.house));
    }

    /// Asks enough households in to fill each house; who finds no room is not there.
    fn draw_residents(&mut self) {
        for (at, house) in self.houses.iter().enumerate() {
            let mut random = Random::new(self.seed, (RESIDENTS << 16) + at as u64);
            // Each comes once for each bed: the last find the house full, as far as their kind is concerned.
            let tries = (beds(&house.shelter) * FULL_AT_START * 2.0) as usize;
            for _ in 0..tries {
                let Some(search) = draws::at_the_door(&mut random, &house.shelter.district) else {
                    continue;
                };
                // Whoever is found staying stays long (length-biased: a log-normal of a mean larger by exp(σ²)), and
                // has some share of it still before her.
                let whole = log_normal_of_mean(&mut random, (STAY_SIGMA * STAY_SIGMA).exp(), STAY_SIGMA);
                self.residents.push(Resident {
                    house: at,
                    search,
                    until: minutes(whole * random.unit() * house.stay).max(1),
                });
            }
        }
    }

    fn draw_reports(&mut self) {
        for (at, house) in self.houses.iter().enumerate() {
            let mut random = Random::new(self.seed, (REPORTS << 16) + at as u64);
            for day in 0..self.days + 1 {
                let (sent, wrong) = (random.chance(house.discipline), random.chance(WRONG_REPORT));
                let delay = log_normal(&mut random, REPORT_DELAY.0, REPORT_DELAY.1).min(720.0);
                let slip = (random.below(64), random.chance(0.5));
                // All have reported in the night before the first day.
                let minute = if day == 0 {
                    0
                } else {
                    (day - 1) * DAY + REPORT_DUE + minutes(delay)
                };
                if sent || day == 0 {
                    self.reports.push(ReportDraw {
                        at: minute,
                        house: at,
                        wrong: wrong.then_some(slip),
                    });
                }
            }
        }
    }

    pub fn moment(&self, minute: Minute) -> Moment {
        self.start + Duration::minutes(minute)
    }

    /// How the house answers when this household is asked for the n-th time.
    pub fn reply(&self, referral: usize, house: usize, attempt: usize) -> Reply {
        let mut whatever = self.pair(referral, house, 0);
        let refuses = whatever.chance(OTHER_REFUSAL);
        let mut random = self.pair(referral, house, attempt as u64 + 2);
        let Some(row) = self.houses.get(house) else {
            return Reply { minutes: None, refuses };
        };
        let heard = !random.chance(row.unanswered);
        let minutes = minutes(log_normal(&mut random, row.answer_median, ANSWER_WITHIN).ceil()).max(1);
        Reply {
            minutes: heard.then_some(minutes),
            refuses,
        }
    }

    /// A number that orders the houses at random for one household.
    pub fn shuffle(&self, referral: usize, house: usize) -> u64 {
        self.pair(referral, house, 1).next()
    }

    pub fn stay(&self, house: usize, multiple: f64) -> Minute {
        let mean = self.houses.get(house).map_or(0.0, |row| row.stay);
        minutes(mean * multiple).max(60)
    }

    fn pair(&self, referral: usize, house: usize, what: u64) -> Random {
        let pair = (referral as u64 * 65_536 + house as u64) * ATTEMPTS;
        Random::new(self.seed, PAIRS + pair + what.min(ATTEMPTS - 1))
    }
}

fn house(shelter: Shelter, pack: &Pack, random: &mut Random) -> Option<House> {
    // A crisis centre keeps women up to 14 days, a shelter 3 to 6 months (Bokhtar's and Dushanbe's, public sources);
    // the others are planning figures.
    let days = match shelter.kind {
        ShelterKind::SupportRoom => 7.0,
        ShelterKind::Crisis => 14.0,
        ShelterKind::LongStay => 120.0,
        ShelterKind::Transitional => 180.0,
    };
    let shares = DISCIPLINE.map(|(share, _)| share);
    let discipline = DISCIPLINE
        .get(weighted(random, &shares))
        .map_or(1.0, |(_, often)| *often);
    let mute = usize::from(random.chance(MUTE_HOUSES));
    Some(House {
        place: pack.district_index(&shelter.district)?,
        answer_median: log_normal(random, ANSWER_MEDIAN, ANSWER_BETWEEN),
        unanswered: UNANSWERED.get(mute).copied().unwrap_or(0.0),
        discipline,
        stay: log_normal_of_mean(random, days, TURNOVER_SIGMA) * DAY as f64,
        shelter,
    })
}

/// Persons that the house sleeps, cots aside.
fn beds(shelter: &Shelter) -> f64 {
    let persons = |room: &super::super::rooms::Room| f64::from(room.beds) * f64::from(room.sleeps.unwrap_or(1));
    shelter.rooms.iter().map(persons).sum()
}

/// Districts with people; where the statistics do not split a city, its parts share what the region has.
fn homes(pack: &Pack) -> Vec<(&str, f64)> {
    let mut blank: BTreeMap<&str, f64> = BTreeMap::new();
    for row in pack.districts.iter().filter(|row| row.population.is_none()) {
        *blank.entry(&row.region).or_default() += 1.0;
    }
    let people = |row: &super::super::geography::District| match row.population {
        Some(people) => people as f64,
        None => {
            let whole = pack
                .region(&row.region)
                .and_then(|region| region.population)
                .unwrap_or(0);
            whole as f64 / blank.get(row.region.as_str()).copied().unwrap_or(1.0)
        }
    };
    pack.districts
        .iter()
        .map(|row| (row.code.as_str(), people(row)))
        .collect()
}

/// Poisson, with the week's rhythm, at `rate` a day; ascending.
fn arrivals(random: &mut Random, rate: f64, days: Minute) -> Vec<Minute> {
    let (mut at, most) = (0.0, WEEKDAY.into_iter().fold(0.0, f64::max));
    let mut found = Vec::new();
    if rate <= 0.0 {
        return found;
    }
    // Thinning: drawn at the busiest day's rate, kept in proportion to the day.
    loop {
        at += random.exponential(DAY as f64 / (rate * most));
        let minute = minutes(at);
        if minute >= days * DAY {
            return found;
        }
        let weekday = usize::try_from(minute / DAY % 7).unwrap_or(0);
        if random.chance(WEEKDAY.get(weekday).copied().unwrap_or(1.0) / most) {
            found.push(minute);
        }
    }
}

/// Whole minutes; nothing here lasts longer than a few decades.
pub fn minutes(value: f64) -> Minute {
    value.clamp(0.0, 1e9) as Minute
}
