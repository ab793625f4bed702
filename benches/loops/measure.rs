//! What is answered from memory, beside a bare route with the same bytes.

use std::fs;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use crate::Outcome;
use crate::bare::{self, BareServer, ReportRows};
use crate::load::{self, Figures, Load, Pace};
use crate::postgres;
use crate::program::{Answer, Program};
use crate::table::Table;
use crate::writes;

const AVAILABILITY: &str = "/api/v1/availability";
const SUGGESTIONS: &str = "/api/v1/suggestions";
/// The pace at which the slowest hundredth of answers is judged.
const STEADY: u32 = 1000;

pub struct Setting {
    pub clients: u32,
    pub measured: Duration,
}

impl Setting {
    pub fn load(&self, address: std::net::SocketAddr, pace: Pace) -> Load {
        Load {
            address,
            connections: self.clients,
            pace,
            warm_up: self.measured / 5,
            measured: self.measured,
        }
    }
}

/// The same request over and over.
struct Repeated {
    method: &'static str,
    path: &'static str,
    headers: Vec<String>,
    body: Option<Value>,
}

impl Repeated {
    async fn run(&self, load: Load) -> Outcome<Figures> {
        let mut bytes = Vec::new();
        let body = self.body.as_ref().map(Value::to_string).unwrap_or_default();
        load::request(self.method, self.path, &self.headers, &body, &mut bytes);
        load::run(load, move |_, into: &mut Vec<u8>| into.extend_from_slice(&bytes))
            .await?
            .all_answered(&[200])
    }

    /// At full speed, then beside a bare route that answers the same bytes, then at a steady pace.
    async fn beside_bare(
        &self,
        work: &str,
        setting: &Setting,
        program: &Program,
        dir: &Path,
        table: &mut Table,
    ) -> Outcome<()> {
        let answer = program
            .fetch(self.method, self.path, &self.headers, self.body.as_ref())
            .await?;
        let ours = self.run(setting.load(program.address, Pace::Unbounded)).await?;
        table.work(work, setting.clients, &ours);
        let bare = start_bare(&answer, dir)?;
        let limit = self.run(setting.load(bare.address, Pace::Unbounded)).await?;
        table.beside("bare route, the same bytes", setting.clients, &limit);
        table.fact("  in it: size of the answer", answer.bytes.len() as f64, "bytes");
        drop(bare);
        // At twice the pace it can keep nothing is learnt but the length of the queue.
        let pace = STEADY.min(ours.per_second() as u32 / 2).max(1);
        let steady = self.run(setting.load(program.address, Pace::PerSecond(pace))).await?;
        table.plain(&format!("{work}, at a fixed pace"), setting.clients, &steady);
        table.fact("  in it: the pace", f64::from(pace), "/s");
        Ok(())
    }
}

fn start_bare(answer: &Answer, dir: &Path) -> Outcome<BareServer> {
    let file = dir.join("answer");
    fs::write(&file, &answer.bytes)?;
    BareServer::start(&file, &answer.content_type)
}

pub async fn availability(setting: &Setting, program: &Program, dir: &Path, table: &mut Table) -> Outcome<()> {
    let headers = vec![program.sign_in("committee").await?];
    let asked = Repeated {
        method: "GET",
        path: AVAILABILITY,
        headers,
        body: None,
    };
    asked
        .beside_bare("national availability", setting, program, dir, table)
        .await
}

/// A woman with a boy and a baby, as an officer asks for them.
pub async fn search(program: &Program) -> Outcome<Value> {
    let geography = program.ask("GET", "/api/v1/geography", &[], None).await?;
    let district = geography
        .pointer("/districts/0/code")
        .ok_or("the country pack has no district")?;
    Ok(json!({
        "household": {
            "adults": [{ "age_band": "18_59" }],
            "children": [{ "age": 7, "sex": "male" }, { "age": 1, "sex": "female" }],
        },
        "needs": ["psychosocial"], "languages": ["tg"], "from_district": district, "avoid_districts": [],
        "urgency": "now", "earliest_date": null, "rooms_apart_ok": false,
    }))
}

pub async fn suggestions(setting: &Setting, program: &Program, dir: &Path, table: &mut Table) -> Outcome<()> {
    let mut household = search(program).await?;
    if let Some(fields) = household.as_object_mut() {
        fields.insert("limit".to_owned(), json!(10));
    }
    let headers = vec![program.sign_in("officer").await?];
    let asked = Repeated {
        method: "POST",
        path: SUGGESTIONS,
        headers,
        body: Some(household),
    };
    asked
        .beside_bare("suggestions, ranked with reasons", setting, program, dir, table)
        .await
}

/// The limits by themselves: small and larger answers, and a report of ten rooms and twenty items.
pub async fn bare_alone(setting: &Setting, dir: &Path, table: &mut Table) -> Outcome<()> {
    table.section("the limits alone", 0);
    for size in [200, 4_000, 20_000] {
        let bare = start_bare(
            &Answer {
                content_type: "application/json".to_owned(),
                bytes: vec![b'0'; size],
            },
            dir,
        )?;
        let asked = Repeated {
            method: "GET",
            path: "/",
            headers: Vec::new(),
            body: None,
        };
        let full = asked.run(setting.load(bare.address, Pace::Unbounded)).await?;
        table.plain(&format!("bare route, {size} bytes"), setting.clients, &full);
        let steady = asked.run(setting.load(bare.address, Pace::PerSecond(STEADY))).await?;
        table.plain(
            &format!("bare route, {size} bytes, at {STEADY}/s"),
            setting.clients,
            &steady,
        );
    }
    let rows = ReportRows {
        rooms: 10,
        items: writes::ITEMS,
    };
    let sqlite = bare::sqlite_reports(dir, rows, setting.clients, setting.measured).await?;
    table.plain("bare report, SQLite (WAL, FULL)", setting.clients, &sqlite);
    writes::make_durable()?;
    let database = postgres::create_database();
    let postgres = bare::postgres_reports(database.url(), rows, setting.clients, setting.measured).await?;
    table.plain("bare report, PostgreSQL (fsync on)", setting.clients, &postgres);
    Ok(())
}
