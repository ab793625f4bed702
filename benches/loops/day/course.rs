//! What everybody does from eight in the morning to six in the evening, and when. An hour of that day is a tenth of the
//! time measured; each thing is due at its time whether or not the program has kept up.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use chrono::SecondsFormat;
use serde_json::{Value, json};
use tokio::sync::Notify;
use tokio::task::JoinSet;

use super::door::{Call, Door};
use super::people::{People, signing_in, text};
use crate::Outcome;
use crate::load;
use crate::writes::{list, now, room_line};

/// Hours of the day.
pub const HOURS: u32 = 10;
/// A third of the shelters is asked for a place that day, one in twenty managers signs in anew.
const SHELTERS_TO_A_CASE: usize = 3;
const MANAGERS_TO_A_SIGN_IN: usize = 20;
/// Cases begin until half past five.
const LAST_CASE: f64 = 9.5;
/// Between one step of a case and the next, in hours.
const THINKS: f64 = 1.0 / 30.0;
/// Shelters that an officer tries one after the other.
const TRIES: usize = 5;
/// A dashboard that was told of a change looks again, at most this often. Not compressed: it is the page's own pace.
const LOOKS_EVERY: Duration = Duration::from_secs(1);
/// What a reader opens once an hour.
const STATISTICS: [(&str, &str); 6] = [
    ("GET /statistics/occupancy", "/api/v1/statistics/occupancy"),
    ("GET /statistics/forecast", "/api/v1/statistics/forecast"),
    ("GET /statistics/demand", "/api/v1/statistics/demand"),
    ("GET /statistics/response", "/api/v1/statistics/response"),
    ("GET /supplies", "/api/v1/supplies"),
    ("GET /statistics/unmet", "/api/v1/statistics/unmet"),
];
/// How often an administrator looks whether anything is wrong, in a day.
const LOOKS_OF_ADMIN: u32 = 40;

pub struct Day {
    pub door: Arc<Door>,
    pub people: People,
    pub begins: Instant,
    pub hour: Duration,
    /// Codes of all districts and of the items that are counted.
    pub districts: Vec<String>,
    pub items: Vec<String>,
    /// How late our own timer woke somebody, in microseconds.
    pub lateness: std::sync::Mutex<Vec<u32>>,
}

impl Day {
    /// Everybody begins; the set is empty when the day is over for all.
    pub fn begin(self: &Arc<Self>) -> JoinSet<()> {
        let mut all = JoinSet::new();
        let count = self.people.shelters.len();
        let share = |n: usize, of: usize| (n as f64 + 0.5) / of.max(1) as f64;
        for at in 0..count {
            let (day, when) = (Arc::clone(self), share(at, count));
            all.spawn(async move { day.reports(at, when).await });
            // After the morning every second shelter reports once more, when somebody has come or gone.
            if at % 2 == 0 {
                let (day, when) = (Arc::clone(self), 1.0 + share(at, count) * 9.0);
                all.spawn(async move { day.reports(at, when).await });
            }
        }
        let cases = count.div_ceil(SHELTERS_TO_A_CASE);
        for n in 0..cases {
            let (day, when) = (Arc::clone(self), share(n, cases) * LAST_CASE);
            all.spawn(async move { day.case(n, when).await.unwrap_or_default() });
        }
        let sign_ins = self.people.addresses.len().div_ceil(MANAGERS_TO_A_SIGN_IN);
        for n in 0..sign_ins {
            let (day, when) = (Arc::clone(self), share(n, sign_ins) * f64::from(HOURS));
            all.spawn(async move { day.signs_in(n, when).await });
        }
        for at in 0..self.people.readers.len() {
            let told = Arc::new(Notify::new());
            let (day, news) = (Arc::clone(self), Arc::clone(&told));
            all.spawn(async move { day.listens(at, &news).await });
            let day = Arc::clone(self);
            all.spawn(async move { day.watches(at, &told).await });
            let day = Arc::clone(self);
            all.spawn(async move { day.reads(at).await });
        }
        let day = Arc::clone(self);
        all.spawn(async move { day.administers().await });
        all
    }

    pub fn ends(&self) -> Instant {
        self.begins + self.hour * HOURS
    }

    fn at(&self, hours: f64) -> Instant {
        self.begins + self.hour.mul_f64(hours)
    }

    /// Waits until this is due, and tells from when it counts: from when it was due if somebody came late to it for having
    /// been kept waiting, from now if only our timer was late.
    async fn wait(&self, due: Instant) -> Instant {
        if due <= Instant::now() {
            return due;
        }
        tokio::time::sleep_until(due.into()).await;
        let late = u32::try_from(due.elapsed().as_micros()).unwrap_or(u32::MAX);
        if let Ok(mut all) = self.lateness.lock() {
            all.push(late);
        }
        Instant::now()
    }

    async fn get(&self, route: &'static str, path: String, signed: &str, due: Instant) -> Option<Value> {
        let call = Call {
            route,
            signed,
            method: "GET",
            path,
            body: None,
            expected: &[200],
        };
        self.door.ask(call, due).await.map(|(_, body)| body)
    }

    /// A manager opens her page and reports what she sees there, rooms and supplies.
    async fn reports(&self, at: usize, when: f64) {
        let Some((shelter, signed)) = self.people.shelters.get(at) else {
            return;
        };
        let due = self.wait(self.at(when)).await;
        let path = format!("/api/v1/shelters/{shelter}/state");
        let Some(state) = self.get("GET /shelters/{id}/state", path, signed, due).await else {
            return;
        };
        let rooms: Vec<Value> = list(&state, "rooms").iter().map(room_line).collect();
        let stock: Vec<Value> = (self.items.iter())
            .map(|item| json!({ "item": item, "on_hand": 30 + at % 20 }))
            .collect();
        let body = json!({
            "observed_at": now().to_rfc3339_opts(SecondsFormat::Millis, true), "rooms": rooms, "stock": stock,
            "planned_exits": [], "note": null, "based_on": state.get("report_id"),
        });
        let call = Call {
            route: "POST /shelters/{id}/reports",
            signed,
            method: "POST",
            path: format!("/api/v1/shelters/{shelter}/reports"),
            body: Some(body),
            expected: &[201],
        };
        self.door.ask(call, Instant::now()).await;
    }

    /// One household: searched for, opened, a place asked, answered, and she arrives. `None` where it ends before.
    async fn case(&self, n: usize, when: f64) -> Option<()> {
        let officer = self.people.officers.get(n % self.people.officers.len().max(1))?;
        let due = self.wait(self.at(when)).await;
        let search = self.household(n)?;
        let post = |route: &'static str, path: &str, body: &Value, expected: &'static [u16]| Call {
            route,
            signed: officer,
            method: "POST",
            path: path.to_owned(),
            body: Some(body.clone()),
            expected,
        };
        let call = post("POST /suggestions", "/api/v1/suggestions", &search, &[200]);
        let (_, found) = self.door.ask(call, due).await?;
        let mut places = list(&found, "suggestions")
            .iter()
            .map(|row| text(row, "shelter_id").to_owned());
        let due = self.thinks().await;
        let call = post("POST /referrals", "/api/v1/referrals", &search, &[201]);
        let (_, referral) = self.door.ask(call, due).await?;
        let path = format!("/api/v1/referrals/{}", text(&referral, "id"));
        // One in five is turned down by the first shelter that was asked.
        let mut turned_down = n % 5 != 4;
        loop {
            let mut placed = None;
            for shelter in places.by_ref().take(TRIES) {
                let due = self.thinks().await;
                let asked = json!({ "shelter_id": shelter });
                let call = post(
                    "POST /referrals/{id}/holds",
                    &format!("{path}/holds"),
                    &asked,
                    &[201, 409],
                );
                if let (201, hold) = self.door.ask(call, due).await? {
                    placed = Some((shelter, text(&hold, "id").to_owned()));
                    break;
                }
            }
            let Some((shelter, hold)) = placed else {
                let due = self.thinks().await;
                let call = post("POST /referrals/{id}/wait", &format!("{path}/wait"), &json!({}), &[200]);
                self.door.ask(call, due).await?;
                return Some(());
            };
            let keeper = self.people.keeper(&shelter)?;
            let accepts = turned_down;
            turned_down = true;
            self.answers(keeper, &hold, accepts).await?;
            if accepts {
                let due = self.thinks().await;
                self.get("GET /referrals/{id}", path.clone(), officer, due).await?;
                let last = if n % 10 == 7 { "no_show" } else { "arrive" };
                return self.moves(keeper, &hold, last, json!({})).await;
            }
        }
    }

    /// A manager looks at what is asked of her, and says yes or no.
    async fn answers(&self, keeper: &str, hold: &str, accepts: bool) -> Option<()> {
        let due = self.thinks().await;
        self.get("GET /holds", "/api/v1/holds?limit=20".to_owned(), keeper, due)
            .await?;
        if accepts {
            self.moves(keeper, hold, "accept", json!({})).await
        } else {
            self.moves(keeper, hold, "decline", json!({ "reason": "staffing" }))
                .await
        }
    }

    async fn moves(&self, keeper: &str, hold: &str, how: &str, body: Value) -> Option<()> {
        let due = self.thinks().await;
        let route = match how {
            "accept" => "POST /holds/{id}/accept",
            "decline" => "POST /holds/{id}/decline",
            "arrive" => "POST /holds/{id}/arrive",
            _ => "POST /holds/{id}/no_show",
        };
        let call = Call {
            route,
            signed: keeper,
            method: "POST",
            path: format!("/api/v1/holds/{hold}/{how}"),
            body: Some(body),
            expected: &[200],
        };
        self.door.ask(call, due).await.map(|_| ())
    }

    /// The time between two steps of a case.
    async fn thinks(&self) -> Instant {
        self.wait(Instant::now() + self.hour.mul_f64(THINKS)).await
    }

    /// Households of five shapes, from every district in turn.
    fn household(&self, n: usize) -> Option<Value> {
        let from = self.districts.get(n % self.districts.len().max(1))?;
        let children = match n % 5 {
            0 => json!([]),
            1 => json!([{ "age": 1, "sex": "female" }]),
            2 => json!([{ "age": 7, "sex": "male" }, { "age": 4, "sex": "female" }]),
            3 => json!([{ "age": 12, "sex": "female" }]),
            _ => json!([{ "age": 9, "sex": "female" }, { "age": 5, "sex": "male" }, { "age": 0, "sex": "male" }]),
        };
        Some(json!({
            "household": { "adults": [{ "age_band": "18_59" }], "children": children },
            "needs": if n.is_multiple_of(4) { json!(["psychosocial"]) } else { json!([]) },
            "languages": [], "from_district": from, "avoid_districts": [],
            "urgency": if n.is_multiple_of(3) { "now" } else { "today" }, "earliest_date": null, "rooms_apart_ok": n.is_multiple_of(2),
        }))
    }

    async fn signs_in(&self, n: usize, when: f64) {
        let Some(email) = self.people.addresses.get(n * MANAGERS_TO_A_SIGN_IN) else {
            return;
        };
        let due = self.wait(self.at(when)).await;
        self.door.ask(signing_in(email, &self.people.password), due).await;
    }

    /// A dashboard's open stream, read to the end of the day.
    async fn listens(&self, at: usize, told: &Notify) {
        let over = tokio::time::sleep_until(self.ends().into());
        tokio::select! {
            () = over => {}
            why = self.hears(at, told) => self.door.trouble(&format!("a stream of events ended: {why:?}")),
        }
    }

    async fn hears(&self, at: usize, told: &Notify) -> Outcome<()> {
        let signed = self.people.readers.get(at).cloned().unwrap_or_default();
        let mut bytes = Vec::new();
        load::request("GET", "/api/v1/availability/stream", &[signed], "", &mut bytes);
        let mut line = self.door.line().await?;
        let status = line.listen(&bytes).await?;
        if status != 200 {
            return Err(format!("a stream was answered {status}").into());
        }
        let mut rest = Vec::new();
        loop {
            let more = line.more().await?;
            if more.is_empty() {
                return Err("the server closed it".into());
            }
            rest.extend(more);
            while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
                let row: Vec<u8> = rest.drain(..=end).collect();
                if row.starts_with(b"event:") {
                    self.door.events.fetch_add(1, Ordering::Relaxed);
                    told.notify_one();
                }
            }
        }
    }

    /// The national page: whenever it was told of a change it asks again, at most once a second.
    async fn watches(&self, at: usize, told: &Notify) {
        let Some(signed) = self.people.readers.get(at) else {
            return;
        };
        let phase = LOOKS_EVERY.mul_f64(at as f64 / self.people.readers.len().max(1) as f64);
        let mut tick = self.begins + phase;
        while tick < self.ends() {
            let due = self.wait(tick).await;
            let path = "/api/v1/availability".to_owned();
            self.get("GET /availability", path, signed, due).await;
            let path = "/api/v1/statistics/standard".to_owned();
            self.get("GET /statistics/standard", path, signed, Instant::now()).await;
            tokio::select! {
                () = told.notified() => {}
                () = tokio::time::sleep_until(self.ends().into()) => return,
            }
            // The next of its ticks: what was changed meanwhile is seen then.
            while tick <= Instant::now() {
                tick += LOOKS_EVERY;
            }
        }
    }

    /// Each figure of the Committee once an hour, spread over the hour.
    async fn reads(&self, at: usize) {
        let Some(signed) = self.people.readers.get(at) else {
            return;
        };
        let own = at as f64 / self.people.readers.len().max(1) as f64;
        for hour in 0..HOURS {
            for (n, (route, path)) in STATISTICS.iter().enumerate() {
                let within = (own + n as f64) / STATISTICS.len() as f64;
                let due = self.wait(self.at(f64::from(hour) + within)).await;
                self.get(route, (*path).to_owned(), signed, due).await;
            }
        }
    }

    async fn administers(&self) {
        for look in 0..LOOKS_OF_ADMIN {
            let when = f64::from(look) / f64::from(LOOKS_OF_ADMIN) * f64::from(HOURS);
            let due = self.wait(self.at(when)).await;
            let (path, admin) = ("/api/v1/troubles".to_owned(), &self.people.admin);
            self.get("GET /troubles", path, admin, due).await;
        }
    }
}
