//! Clients that write without pause. What is not answered, or refused for the machine's sake, they ask again under the same
//! key until it is, as a phone does; what was answered they keep.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use panoh::clock::Clock;
use panoh::domain::accounts::Role;
use panoh::domain::rooms::RoomKind;
use panoh::domain::shelters::Shelter;
use panoh::ids::Ids;
use reqwest::Client;
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use super::history::{Told, What};
use super::node::Node;
use crate::harness::Harness;
use crate::harness::client::Person;
use crate::harness::country::{room, search};

/// Houses that are fought over, of so many beds each, and behind them one in which people arrive.
pub const HOUSES: usize = 2;
pub const BEDS: u16 = 3;
const ROOMY: u16 = 5_000;
/// Clients that seek places, and that report and book goods.
const OFFICERS: usize = 5;
const REPORTERS: usize = 3;
/// No try is longer.
const PATIENCE: Duration = Duration::from_secs(20);

struct House {
    shelter: Shelter,
    manager: String,
}

pub struct World {
    /// Those to hold places in, then those to report of.
    houses: Vec<House>,
    officers: Vec<Person>,
}

impl World {
    pub async fn found(h: &Harness) -> Self {
        h.clock.set(Clock::System.now());
        let of = h.organisation("NUR").await;
        let mut houses = Vec::new();
        for at in 0..=HOUSES + REPORTERS {
            let beds = if at == HOUSES { ROOMY } else { BEDS };
            let rooms = vec![room("yak", RoomKind::Shared, beds, 0)];
            let shelter = h.shelter(&format!("TJ-DU-0{at}"), &of, "TJ-DU-01", rooms).await;
            let email = format!("manager{at}@nur.example");
            let manager = h.person(Role::Manager, &email, Some(&of), &[shelter.id]).await;
            let path = format!("/api/v1/shelters/{}/reports", shelter.id);
            manager
                .post_once(&path, &format!("first-report-{at}"), &h.report(&shelter, &[]))
                .await
                .expect(201);
            houses.push(House {
                manager: manager.token,
                shelter,
            });
        }
        let mut officers = Vec::new();
        for at in 0..OFFICERS {
            let email = format!("officer{at}@nur.example");
            officers.push(h.person(Role::Officer, &email, Some(&of), &[]).await);
        }
        Self { houses, officers }
    }

    /// Sets all clients to work.
    pub fn work(&self, node: &Node) -> Clients {
        let shared = Shared {
            client: panoh::web::client().unwrap(),
            base: node.url(""),
            begin: Instant::now(),
            told: Arc::default(),
            stop: Arc::default(),
            started: Arc::default(),
        };
        let path = |at: usize| format!("/api/v1/shelters/{}", self.houses[at].shelter.id);
        let mut tasks = Vec::new();
        for at in HOUSES + 1..self.houses.len() {
            let (house, path) = (&self.houses[at], path(at));
            let (token, room) = (house.manager.clone(), json!(house.shelter.rooms[0].id));
            tasks.push(tokio::spawn(report(shared.clone(), at, token, path, room)));
        }
        let doors: Vec<(String, String)> = self.houses[..=HOUSES]
            .iter()
            .map(|house| (house.shelter.id.0.to_string(), house.manager.clone()))
            .collect();
        for (at, officer) in self.officers.iter().enumerate() {
            tasks.push(tokio::spawn(place(
                shared.clone(),
                at,
                officer.token.clone(),
                doors.clone(),
            )));
        }
        Clients { shared, tasks }
    }
}

/// Clients at work.
pub struct Clients {
    shared: Shared,
    tasks: Vec<JoinHandle<()>>,
}

impl Clients {
    pub fn answered(&self) -> usize {
        self.shared.told.lock().unwrap().len()
    }

    /// A process is started: what was done before it, it did not do.
    pub fn starts_anew(&self) {
        let now = Clock::System.now().timestamp_millis();
        self.shared.started.store(now, Ordering::SeqCst);
    }

    /// Lets each finish what it asked for.
    pub async fn rest(self) -> Vec<Told> {
        self.shared.stop.store(true, Ordering::SeqCst);
        for task in self.tasks {
            task.await.unwrap();
        }
        let told = self.shared.told.lock().unwrap();
        told.clone()
    }
}

#[derive(Clone)]
struct Shared {
    client: Client,
    base: String,
    begin: Instant,
    told: Arc<Mutex<Vec<Told>>>,
    stop: Arc<AtomicBool>,
    started: Arc<AtomicI64>,
}

struct Call<'a> {
    token: &'a str,
    path: &'a str,
    body: Value,
}

impl Shared {
    fn stopped(&self) -> bool {
        self.stop.load(Ordering::SeqCst)
    }

    /// Asks until it is answered, keeps what was told, and returns the answer.
    async fn ask(&self, what: What, house: usize, hold: &str, call: Call<'_>) -> (bool, Value) {
        let key = Ids::System.uuid(Clock::System.now()).to_string();
        let asked = self.begin.elapsed();
        let mut tries = 0;
        let (status, answer) = loop {
            tries += 1;
            match self.once("POST", &call, &key).await {
                Some((500, answer)) => panic!("{} {}: {answer}", call.path, call.body),
                Some((status, answer)) if status < 500 => break (status, answer),
                _ => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        };
        let mut done = status < 300;
        // A step has no key: asked again after it was taken, it is refused. Then the hold tells.
        if status == 409 && tries > 1 && !matches!(what, What::Hold | What::Refer) {
            done = self.stands(&what, hold, call.token).await;
        }
        assert!(
            done || (status, &what) == (409, &What::Hold),
            "{what:?} {status} {answer} {tries}"
        );
        let made = |name: &str| answer[name].as_str().unwrap_or_default().to_owned();
        let at = answer["asked_at"].as_str().or(answer["received_at"].as_str());
        let at = at.and_then(|at| at.parse::<chrono::DateTime<chrono::Utc>>().ok());
        let told = Told {
            hold: if what == What::Hold {
                made("id")
            } else {
                hold.to_owned()
            },
            what,
            house,
            asked,
            answered: self.begin.elapsed(),
            done,
            tries,
            found: tries > 1 && at.is_some_and(|at| at.timestamp_millis() < self.started.load(Ordering::SeqCst)),
        };
        self.told.lock().unwrap().push(told);
        (done, answer)
    }

    /// Status and body; `None` if nobody answered.
    async fn once(&self, method: &str, call: &Call<'_>, key: &str) -> Option<(u16, Value)> {
        let request = self
            .client
            .request(method.parse().unwrap(), format!("{}{}", self.base, call.path))
            .timeout(PATIENCE)
            .bearer_auth(call.token);
        let request = match method {
            "GET" => request,
            _ => request
                .header("content-type", "application/json")
                .header("idempotency-key", key)
                .body(call.body.to_string()),
        };
        let answer = request.send().await.ok()?;
        let status = answer.status().as_u16();
        let retry = answer.headers().contains_key("retry-after");
        assert!(status != 503 || retry, "a 503 says when to come again");
        // An answer that was cut off is none.
        let body = answer.bytes().await.ok()?;
        Some((status, serde_json::from_slice(&body).ok()?))
    }

    /// Whether the hold is where the step leads.
    async fn stands(&self, what: &What, hold: &str, token: &str) -> bool {
        let path = format!("/api/v1/holds/{hold}");
        let call = Call {
            token,
            path: &path,
            body: Value::Null,
        };
        loop {
            match self.once("GET", &call, "").await {
                Some((200, answer)) => return answer["state"] == state_after(what),
                _ => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
    }
}

/// The state of a hold after what was last done to it.
pub fn state_after(what: &What) -> &'static str {
    match what {
        What::Accept => "accepted",
        What::Release => "released",
        What::Decline => "declined",
        What::Arrive => "arrived",
        _ => "asked",
    }
}

/// Reports and books goods by turns.
async fn report(shared: Shared, house: usize, token: String, path: String, room: Value) {
    for turn in 0_u32.. {
        if shared.stopped() {
            return;
        }
        let rooms = json!([{"room_id": room, "occupied_beds": turn % (u32::from(BEDS) + 1)}]);
        let call = Call {
            token: &token,
            path: &format!("{path}/reports"),
            body: json!({"observed_at": Clock::System.now(), "rooms": rooms}),
        };
        shared.ask(What::Report, house, "", call).await;
        let units = 1 + turn % 9;
        let lines = json!([{"item": "rice", "quantity": units}]);
        let call = Call {
            token: &token,
            path: &format!("{path}/movements"),
            body: json!({"kind": "receipt", "source": "donation", "lines": lines}),
        };
        shared.ask(What::Receipt(units), house, "", call).await;
    }
}

/// Seeks a place for one woman after the other; every fourth arrives.
async fn place(shared: Shared, seed: usize, token: String, doors: Vec<(String, String)>) {
    for turn in seed.. {
        if shared.stopped() {
            return;
        }
        let house = if turn % 4 == 0 { HOUSES } else { turn % HOUSES };
        let (shelter, manager) = &doors[house];
        let call = Call {
            token: &token,
            path: "/api/v1/referrals",
            body: search(&[]),
        };
        let (_, referral) = shared.ask(What::Refer, house, "", call).await;
        let call = Call {
            token: &token,
            path: &format!("/api/v1/referrals/{}/holds", referral["id"].as_str().unwrap()),
            body: json!({"shelter_id": shelter}),
        };
        let (held, answer) = shared.ask(What::Hold, house, "", call).await;
        if !held {
            continue;
        }
        let hold = answer["id"].as_str().unwrap();
        let step = async |what: What, token: &str, body: Value| {
            let verb = match what {
                What::Accept => "accept",
                What::Arrive => "arrive",
                What::Decline => "decline",
                _ => "release",
            };
            let path = format!("/api/v1/holds/{hold}/{verb}");
            let call = Call {
                token,
                path: &path,
                body,
            };
            shared.ask(what, house, hold, call).await;
        };
        if turn % 5 == 0 {
            step(What::Decline, manager, json!({"reason": "staffing"})).await;
            continue;
        }
        step(What::Accept, manager, json!({})).await;
        if house == HOUSES {
            step(What::Arrive, manager, json!({})).await;
        } else {
            step(What::Release, &token, json!({"reason": "her_choice"})).await;
        }
    }
}
