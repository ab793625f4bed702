//! The model's world: the land, what ought to be true of it, and the last things that were done.

use std::collections::VecDeque;

use chrono::{DateTime, Duration, NaiveDate, NaiveTime};
use panoh::domain::accounts::Actor;
use panoh::domain::availability::Availability;
use panoh::domain::household::Search;
use panoh::domain::id::{DigestId, Moment, RecipientId, ReportId, ScheduleId, ShelterId};
use panoh::domain::outbox::{Part, Recipient};
use panoh::domain::stock::RawMovements;
use panoh::services::once::{Key, Once};
use panoh::services::reports::ReportDraft;
use panoh::services::schedules::ScheduleDraft;

use super::land::Land;
use super::random::Random;
use super::truth::{House, Truth};
use crate::harness::Database;
use crate::harness::readers::{active_reader, add_schedule};

/// Printed when a test fails: enough to do it again.
pub struct Trail {
    pub seed: u64,
    pub step: usize,
    pub last: VecDeque<String>,
}

impl Trail {
    pub fn note(&mut self, now: Moment, what: &str) {
        if self.last.len() == 30 {
            self.last.pop_front();
        }
        self.last.push_back(format!("{:>6} {now:?} {what}", self.step));
    }
}

impl Drop for Trail {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!(
                "the model differs: MODEL_SEED={} step {}; the last operations:",
                self.seed, self.step
            );
            self.last.iter().for_each(|line| eprintln!("  {line}"));
        }
    }
}

/// A request that was answered under a key, for sending it again.
pub enum Answered {
    Report {
        shelter: ShelterId,
        key: u64,
        draft: Box<ReportDraft>,
        answer: String,
    },
    Hold {
        officer: usize,
        case: usize,
        shelter: ShelterId,
        from_date: Option<NaiveDate>,
        key: u64,
        answer: String,
    },
    Booking {
        shelter: ShelterId,
        key: u64,
        body: Box<RawMovements>,
        answer: String,
    },
    Referral {
        officer: usize,
        key: u64,
        search: Box<Search>,
        answer: String,
    },
}

pub fn key_of(number: u64, body: &[u8]) -> Key {
    Key::new(format!("k{number}"), "route", body)
}

pub struct Rota {
    pub id: ScheduleId,
    /// The newest local day whose digest is made.
    pub last: i64,
    pub recipients: Vec<(RecipientId, String)>,
}

pub struct Made {
    pub id: DigestId,
    pub parts: Vec<Part>,
    pub to: Vec<String>,
}

pub struct World {
    pub land: Land,
    pub truth: Truth,
    pub random: Random,
    pub trail: Trail,
    pub answered: Option<Answered>,
    pub keys: u64,
    pub rotas: Vec<Rota>,
    pub made: Vec<Made>,
    /// What the board showed at moments now past.
    pub shown: Vec<(Moment, Availability)>,
    /// How many audit entries there must be.
    pub entries: u64,
    pub last_report: Option<ReportId>,
    pub refused: usize,
    pub changed: usize,
}

/// The local day (Dushanbe, five hours ahead of UTC all year) whose 08:30 has come, counted from 1970.
pub fn digest_day(now: Moment) -> i64 {
    (now + Duration::hours(5) - Duration::minutes(8 * 60 + 30))
        .timestamp_millis()
        .div_euclid(86_400_000)
}

pub fn day_key(day: i64) -> String {
    DateTime::from_timestamp(day * 86_400, 0)
        .unwrap()
        .date_naive()
        .to_string()
}

impl World {
    pub async fn new(database: Database, seed: u64) -> Self {
        let land = Land::new(database).await;
        let houses = land.shelters.iter().map(|shelter| House {
            shelter: shelter.clone(),
            reports: Vec::new(),
            stock: std::collections::BTreeMap::new(),
        });
        let truth = Truth {
            houses: houses.collect(),
            ..Truth::default()
        };
        let mut world = Self {
            truth,
            random: Random::new(seed),
            trail: Trail {
                seed,
                step: 0,
                last: VecDeque::new(),
            },
            answered: None,
            keys: 0,
            rotas: Vec::new(),
            made: Vec::new(),
            shown: Vec::new(),
            entries: 0,
            last_report: None,
            refused: 0,
            changed: 0,
            land,
        };
        for region in [None, Some("TJ-SU".to_owned())] {
            world.add_rota(region).await;
        }
        world.entries = world.land.services.verify_audit().await.unwrap().entries;
        world
    }

    async fn add_rota(&mut self, region: Option<String>) {
        let (services, admin) = (&self.land.services, &self.land.admin);
        let draft = ScheduleDraft {
            region: region.clone(),
            ..ScheduleDraft::daily(&format!("Daily {region:?}"), NaiveTime::from_hms_opt(8, 30, 0).unwrap())
        };
        let id = add_schedule(services, admin, draft).await;
        let rota = Rota {
            id,
            last: digest_day(services.now()),
            recipients: Vec::new(),
        };
        self.rotas.push(rota);
        for language in ["en", "tg"] {
            let at = self.rotas.len() - 1;
            self.add_recipient(at, language).await;
        }
    }

    pub async fn add_recipient(&mut self, rota: usize, language: &str) {
        self.keys += 1;
        let email = format!("reader{}@demo.example", self.keys);
        let row = Recipient::named(self.rotas[rota].id, &email, "Reader", language);
        let row = active_reader(&self.land.services, row).await;
        self.rotas[rota].recipients.push((row.id, email));
    }

    pub fn now(&self) -> Moment {
        self.land.now()
    }

    pub fn shelter(&self, house: usize) -> ShelterId {
        self.truth.houses[house].shelter.id
    }

    pub fn manager(&self, house: usize) -> &Actor {
        self.land.manager_of(self.shelter(house))
    }

    /// A key nobody has used, half of the time.
    pub fn once<T>(&mut self, print: fn(&T) -> String) -> Once<T> {
        self.keys += 1;
        let key = self.random.percent(50).then(|| key_of(self.keys, b"body"));
        Once { key, print }
    }

    pub fn note(&mut self, what: impl Into<String>) {
        let now = self.now();
        self.trail.note(now, &what.into());
    }

    /// What the service answered, and what it ought to have: both in one word.
    pub fn agree(&mut self, what: &str, answer: &str, ought: &str) {
        self.note(format!("{what} → {answer}"));
        if ought == "ok" {
            self.changed += 1;
        } else {
            self.refused += 1;
        }
        assert_eq!(answer, ought, "{what}");
    }
}
