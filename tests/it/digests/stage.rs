//! What the digest tests play on: nodes on one database with a clock they share, a mail server, and plain SQL.

use chrono::{NaiveTime, TimeZone, Utc};
use panoh::clock::Clock;
use panoh::domain::accounts::{Actor, Role};
use panoh::domain::id::{Moment, ScheduleId, UserId};
use panoh::domain::outbox::{Letter, StoredSchedule};
use panoh::domain::readers::Recipient;
use panoh::jobs::Jobs;
use panoh::services::Services;
use panoh::services::schedules::ScheduleDraft;
use uuid::Uuid;

use super::server::MailServer;
use crate::harness::Harness;
use crate::harness::readers::{active_reader, add_schedule};

pub const ZONE: &str = "Asia/Dushanbe";

/// 22 November 2026 at this time of day in Dushanbe.
pub fn dushanbe(hour: u32, minute: u32, second: u32) -> Moment {
    Utc.with_ymd_and_hms(2026, 11, 22, hour, minute, second).unwrap() - chrono::Duration::hours(5)
}

pub fn admin() -> Actor {
    Actor {
        user_id: UserId(Uuid::from_u128(1)),
        role: Role::Admin,
        name: "Admin".to_owned(),
        organisation_id: None,
        shelters: Vec::new(),
        origin: "test".to_owned(),
        by: panoh::domain::accounts::Bearer::Nothing,
    }
}

pub struct Stage {
    pub h: Harness,
    pub server: MailServer,
    /// One node, which sends through the server.
    pub jobs: Jobs,
}

impl Stage {
    pub fn open(h: Harness, now: Moment) -> Self {
        h.clock.set(now);
        let server = MailServer::start();
        let jobs = node(h.services.clone(), &server);
        Self { h, server, jobs }
    }

    /// Another node on the same database, with a board of its own.
    pub async fn another_node(&self) -> Jobs {
        node(self.h.another_node().await, &self.server)
    }

    pub fn services(&self) -> &Services {
        &self.h.services
    }

    pub fn clock(&self) -> &Clock {
        &self.h.clock
    }

    pub async fn schedule(&self, at: (u32, u32), zone: &str) -> StoredSchedule {
        let draft = ScheduleDraft {
            zone: Some(zone.to_owned()),
            ..ScheduleDraft::daily(
                &format!("{zone} {at:?}"),
                NaiveTime::from_hms_opt(at.0, at.1, 0).unwrap(),
            )
        };
        self.planned(draft).await
    }

    pub async fn planned(&self, draft: ScheduleDraft) -> StoredSchedule {
        let services = self.services();
        let id = add_schedule(services, &admin(), draft).await;
        services.schedule(id).await.unwrap()
    }

    pub async fn recipient(&self, schedule: ScheduleId, email: &str, name: &str, language: &str) {
        active_reader(self.services(), Recipient::named(schedule, email, name, language)).await;
    }

    /// A schedule for 08:30 in Dushanbe with a reader of each language.
    pub async fn committee(&self) -> StoredSchedule {
        let schedule = self.schedule((8, 30), ZONE).await;
        for (email, name, language) in [
            ("anisa@gov.example", "Аниса \"Н.\" <x@y>", "tg"),
            ("nina@gov.example", "Нина С.", "ru"),
            ("anna@gov.example", "Anna M.", "en"),
        ] {
            self.recipient(schedule.id, email, name, language).await;
        }
        schedule
    }

    /// All letters of the newest digest, by address.
    pub async fn letters(&self) -> Vec<Letter> {
        let digests = self.services().digests(None, 1).await.unwrap();
        self.services()
            .digest(digests[0].digest.id, "en")
            .await
            .unwrap()
            .letters
    }

    /// Cells of a query as text: the database's own answer, past every line of the service.
    pub async fn sql(&self, sql: &str) -> Vec<Vec<String>> {
        sql_at(&self.h.database_url, sql).await
    }

    /// A change behind the service's back.
    pub async fn execute(&self, sql: &str) {
        self.sql(sql).await;
    }

    pub async fn number(&self, sql: &str) -> u64 {
        self.sql(sql).await[0][0].parse().unwrap()
    }
}

/// Sends until nothing is due; how many steps that took.
pub async fn deliver_all(jobs: &Jobs) -> usize {
    let mut steps = 0;
    while jobs.deliver_next().await.unwrap() {
        steps += 1;
    }
    steps
}

fn node(services: Services, server: &MailServer) -> Jobs {
    Jobs {
        services,
        mailer: server.mailer(),
        pusher: crate::harness::pusher(),
        sms: panoh::sms::Sender::Memory(panoh::sms::Memory::default()),
    }
}

/// Every column of `sql` is text. `{id}` is the row's id as 32 hexadecimal digits and `{rules.KEY}` a number among a
/// shelter's rules, in each database's own words.
pub async fn sql_at(url: &str, sql: &str) -> Vec<Vec<String>> {
    use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Row};
    macro_rules! answer {
        ($options:ty, $id:literal, $rule:literal) => {{
            let mut sql = sql.replace("{id}", $id);
            while let Some((before, rest)) = sql.split_once("{rules.") {
                let (key, after) = rest.split_once('}').unwrap();
                sql = format!("{before}{}{after}", $rule.replace("KEY", key));
            }
            let mut connection = url.parse::<$options>().unwrap().connect().await.unwrap();
            let rows = sqlx::query(AssertSqlSafe(sql))
                .fetch_all(&mut connection)
                .await
                .unwrap();
            connection.close().await.unwrap();
            rows.iter()
                .map(|row| {
                    (0..row.len())
                        .map(|at| row.get::<Option<String>, _>(at).unwrap_or_default())
                        .collect()
                })
                .collect()
        }};
    }
    if url.starts_with("postgres:") {
        answer!(
            sqlx::postgres::PgConnectOptions,
            "replace(CAST(id AS text), '-', '')",
            "CAST(CAST(s.rules AS json)->>'KEY' AS integer)"
        )
    } else {
        answer!(
            sqlx::sqlite::SqliteConnectOptions,
            "lower(hex(id))",
            "json_extract(s.rules, '$.KEY')"
        )
    }
}
