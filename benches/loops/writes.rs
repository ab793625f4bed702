//! What is written: reports, referrals and holds, each beside a bare transaction of the same rows.

use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};

use crate::bare::ReportRows;
use crate::load::{self, Figures, Pace};
use crate::measure::{self, Setting};
use crate::program::Program;
use crate::table::Table;
use crate::{Outcome, postgres};

/// Items counted in a measured report.
pub const ITEMS: usize = 20;
/// A hold writes itself and its room, an audit entry and its key.
pub const HOLD_ROWS: ReportRows = ReportRows { rooms: 1, items: 0 };
/// Shelters among which they are asked: those that suit best.
pub const SUITED: u32 = 50;
/// Most holds asked for in one measurement.
const HOLDS: usize = 600;

/// A header under which the n-th request of its kind is one effect.
fn key(kind: u8, begin: DateTime<Utc>, n: u64) -> String {
    format!(
        "Idempotency-Key: {:08x}-00{kind:02x}-4000-8000-{n:012x}",
        begin.timestamp()
    )
}

/// Most managers who report at once, each for one shelter.
const MANAGERS: usize = 16;

/// What one manager sends again and again.
#[derive(Clone)]
struct Reporter {
    header: String,
    path: String,
    body: String,
    rooms: usize,
    items: usize,
}

impl Reporter {
    async fn of(program: &Program, account: &Value) -> Outcome<Self> {
        let shelter = account.pointer("/shelter_ids/0").and_then(Value::as_str);
        let shelter = shelter.ok_or("a manager of the demo has no shelter")?;
        let header = program.sign_in_as(account).await?;
        let signed = std::slice::from_ref(&header);
        let state = format!("/api/v1/shelters/{shelter}/state");
        let state = program.ask("GET", &state, signed, None).await?;
        let items = program.ask("GET", "/api/v1/items", signed, None).await?;
        let rooms: Vec<Value> = list(&state, "rooms").iter().map(room_line).collect();
        let counted = list(&items, "items").iter().take(ITEMS);
        let stock: Vec<Value> = counted
            .map(|item| json!({ "item": item.get("code"), "on_hand": 40 }))
            .collect();
        let (rows, counts) = (rooms.len(), stock.len());
        let body =
            json!({ "observed_at": "@observed_at", "rooms": rooms, "stock": stock, "planned_exits": [], "note": null });
        Ok(Self {
            header,
            path: format!("/api/v1/shelters/{shelter}/reports"),
            body: body.to_string(),
            rooms: rows,
            items: counts,
        })
    }
}

/// Reports of several shelters in turn, with all their rooms and a count of supplies; tells how many rows one of them
/// writes.
pub async fn reports(setting: &Setting, program: &Program, table: &mut Table) -> Outcome<ReportRows> {
    let mut reporters = Vec::new();
    for account in program.accounts_of("manager").take(MANAGERS) {
        reporters.push(Reporter::of(program, account).await?);
    }
    let rooms: usize = reporters.iter().map(|reporter| reporter.rooms).sum();
    let rows = ReportRows {
        rooms: rooms.div_ceil(reporters.len().max(1)),
        items: reporters.first().ok_or("the demo has no manager")?.items,
    };
    let shelters = reporters.len();
    let begin = now();
    let write = move |n: u64, into: &mut Vec<u8>| {
        let turn = usize::try_from(n).unwrap_or(0) % reporters.len().max(1);
        let Some(reporter) = reporters.get(turn) else { return };
        // Each report a millisecond newer than the one before, with a key of its own.
        let observed_at = begin + chrono::Duration::milliseconds(i64::try_from(n).unwrap_or(0));
        let body = reporter.body.replace(
            "@observed_at",
            &observed_at.to_rfc3339_opts(SecondsFormat::Millis, true),
        );
        let headers = [reporter.header.clone(), key(0, begin, n)];
        load::request("POST", &reporter.path, &headers, &body, into);
    };
    let figures = load::run(setting.load(program.address, Pace::Unbounded), write)
        .await?
        .all_answered(&[201])?;
    table.work("report of all rooms and supplies", setting.clients, &figures);
    for (name, count) in [
        ("rooms", rows.rooms),
        ("items", rows.items),
        ("shelters in turn", shelters),
    ] {
        table.fact(&format!("  in it: {name}"), count as f64, "");
    }
    Ok(rows)
}

/// Referrals opened as fast as they go, then a hold asked for each of them, over the shelters that suit best until
/// those are full: what is measured is the decision, a place or the next best instead.
pub async fn holds(setting: &Setting, program: &Program, table: &mut Table) -> Outcome<()> {
    let header = program.sign_in("officer").await?;
    let search = measure::search(program).await?;
    let begin = now();
    let open = {
        let (header, search) = (header.clone(), search.to_string());
        move |n: u64, into: &mut Vec<u8>| {
            load::request(
                "POST",
                "/api/v1/referrals",
                &[header.clone(), key(1, begin, n)],
                &search,
                into,
            );
        }
    };
    let figures = load::run(setting.load(program.address, Pace::Unbounded), open)
        .await?
        .all_answered(&[201])?;
    table.plain("referral opened", setting.clients, &figures);
    let referrals = open_referrals(program, &header).await?;
    let shelters = suited(program, &header, search).await?;
    let count = referrals.len();
    let ask = move |n: u64, into: &mut Vec<u8>| {
        let n = usize::try_from(n).unwrap_or(usize::MAX);
        let (Some(referral), Some(shelter)) = (referrals.get(n), shelters.get(n % shelters.len().max(1))) else {
            return;
        };
        let path = format!("/api/v1/referrals/{referral}/holds");
        let body = json!({ "shelter_id": shelter }).to_string();
        let headers = [header.clone(), key(2, begin, n as u64)];
        load::request("POST", &path, &headers, &body, into);
    };
    let mut load = setting.load(program.address, Pace::Unbounded);
    load.warm_up = Duration::ZERO;
    let figures: Figures = load::run(load, ask).await?.all_answered(&[201, 409])?;
    let placed = figures.answered(201);
    if placed == 0 {
        return Err(format!("none of {count} holds found a place").into());
    }
    let asked = placed + figures.answered(409);
    table.fact(
        "holds placed, of those asked",
        placed as f64 / asked as f64 * 100.0,
        "%",
    );
    table.work("hold asked", setting.clients, &figures);
    Ok(())
}

/// Referrals of the own organisation that are open and hold nothing, at most [`HOLDS`].
async fn open_referrals(program: &Program, header: &str) -> Outcome<Vec<String>> {
    let signed = [header.to_owned()];
    let (mut ids, mut cursor) = (Vec::new(), None::<String>);
    while ids.len() < HOLDS {
        let after = cursor.map(|cursor| format!("&cursor={cursor}")).unwrap_or_default();
        let path = format!("/api/v1/referrals?limit=50{after}");
        let page = program.ask("GET", &path, &signed, None).await?;
        for row in list(&page, "items") {
            let free = row.get("closed_at").is_none_or(Value::is_null) && list(row, "holds").is_empty();
            ids.extend(
                row.get("id")
                    .and_then(Value::as_str)
                    .filter(|_| free)
                    .map(str::to_owned),
            );
        }
        cursor = page.get("next_cursor").and_then(Value::as_str).map(str::to_owned);
        if cursor.is_none() {
            break;
        }
    }
    ids.truncate(HOLDS);
    Ok(ids)
}

/// The shelters that suit best.
async fn suited(program: &Program, header: &str, mut search: Value) -> Outcome<Vec<String>> {
    if let Some(fields) = search.as_object_mut() {
        fields.insert("limit".to_owned(), json!(SUITED));
    }
    let told = program
        .ask("POST", "/api/v1/suggestions", &[header.to_owned()], Some(&search))
        .await?;
    let ids = list(&told, "suggestions")
        .iter()
        .filter_map(|row| row.get("shelter_id")?.as_str());
    Ok(ids.map(str::to_owned).collect())
}

pub fn room_line(room: &Value) -> Value {
    let mut line = serde_json::Map::new();
    for field in [
        "room_id",
        "occupied_beds",
        "occupied_cots",
        "out_of_service_beds",
        "out_of_service_reason",
    ] {
        line.insert(field.to_owned(), room.get(field).cloned().unwrap_or_default());
    }
    Value::Object(line)
}

/// The list in a field, or the answer itself where it is a list.
pub fn list<'a>(answer: &'a Value, field: &str) -> &'a [Value] {
    answer
        .get(field)
        .unwrap_or(answer)
        .as_array()
        .map_or(&[], Vec::as_slice)
}

#[expect(clippy::disallowed_methods, reason = "a measurement reports what is true now")]
pub fn now() -> DateTime<Utc> {
    Utc::now()
}

/// What the tests turn off and a service never does.
const AS_IN_SERVICE: [&str; 4] = ["fsync", "full_page_writes", "synchronous_commit", "autovacuum"];

/// Turns on what the tests turn off: each commit reaches the disk, and tables are kept tidy.
pub fn make_durable() -> Outcome<()> {
    for name in AS_IN_SERVICE {
        postgres::run(&format!("ALTER SYSTEM SET {name} = on"));
    }
    postgres::run("SELECT pg_reload_conf()");
    for name in AS_IN_SERVICE {
        // The settings are read again within moments, and every new connection says whether they have been.
        let set = (0..50).any(|_| {
            let on = postgres::run(&format!("SHOW {name}")).trim() == "on";
            if !on {
                std::thread::sleep(Duration::from_millis(20));
            }
            on
        });
        if !set {
            return Err(format!("PostgreSQL keeps {name} off").into());
        }
    }
    Ok(())
}

/// What autovacuum has long done in a database that is in service, and not in the first minute of one just filled: without
/// it the planner believes the tables to be small.
pub async fn gather_statistics(url: &str) -> Outcome<()> {
    let mut database = PgConnection::connect(url).await?;
    sqlx::query("ANALYZE").execute(&mut database).await?;
    database.close().await?;
    Ok(())
}
