//! Conservation: whoever does what at once, and however often it is cut off half way, no unit is made or lost.
//!
//! Several people count, book, and send supplies to each other at the same time on one database. Many of their requests die at
//! a random point, as if the program had stopped there: the transaction is dropped, or its answer never arrives. On
//! PostgreSQL there are two nodes and connections are cut as well. Who was cut off asks again under the same key until an
//! answer comes. In the end every shelf holds what the answers say, to the unit; at any moment between, the books agree.
//!
//! `CONSERVATION_SEEDS` says how many times on each database (4 if it is not set); a failure names its seed.

mod books;

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use books::{add_up, look};
use chrono::Duration;
use futures::future::join_all;
use panoh::domain::accounts::Actor;
use panoh::domain::id::{ShelterId, TransferId};
use panoh::domain::stock::{Booking, RawCount, RawLine, RawMovements};
use panoh::domain::transfers::{
    Arrival, CancelReason, Difference, RawLine as Wanted, Sending, Transfer, TransferState,
};
use panoh::services::Services;
use panoh::services::errors::Refused;
use panoh::services::once::{Key, Once};
use panoh::services::transfers::{Act, TransferView, TransferWish};

use crate::harness::{Database, postgres};
use crate::model::goods::print_moved;
use crate::model::land::Land;
use crate::model::random::Random;
use crate::races::{assert_sound, on_threads};

/// Never counted after the beginning: what is there must follow from what was answered.
const EXACT: [&str; 2] = ["soap", "flour"];
const COUNTED: [&str; 2] = ["rice", "oil"];
const AT_FIRST: i64 = 200;
const PEOPLE: usize = 6;
const DEEDS: usize = 40;

/// What dies after so many steps of its work.
struct Mortal<F> {
    work: Option<Pin<Box<F>>>,
    steps: usize,
}

impl<F: Future> Future for Mortal<F> {
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if self.steps == 0 {
            self.work = None;
        }
        self.steps = self.steps.saturating_sub(1);
        match &mut self.work {
            Some(work) => work.as_mut().poll(context).map(Some),
            None => Poll::Ready(None),
        }
    }
}

/// What is shared by all who are at work.
struct Scene {
    nodes: Vec<Services>,
    admin: Actor,
    managers: [Actor; 2],
    shelters: Vec<ShelterId>,
    transfers: Mutex<Vec<TransferId>>,
    /// What was answered to have come or gone, by shelter and item.
    booked: Mutex<BTreeMap<(ShelterId, String), i64>>,
    /// How often somebody was cut off and asked again.
    cut: Mutex<usize>,
}

/// One person at work.
struct Person {
    scene: Arc<Scene>,
    random: Random,
    name: String,
    keys: usize,
}

impl Person {
    fn node(&mut self) -> Services {
        let at = self.random.below(self.scene.nodes.len());
        self.scene.nodes[at].clone()
    }

    fn manager(&self, shelter: usize) -> Actor {
        self.scene.managers[shelter / 3].clone()
    }

    fn key(&mut self) -> Key {
        self.keys += 1;
        Key::new(format!("{}-{}", self.name, self.keys), "route", b"body")
    }

    /// Asks until there is an answer; `None` if it was refused.
    async fn insist<T, F: Future<Output = Result<T, Refused>>>(&mut self, ask: impl Fn(Services) -> F) -> Option<T> {
        for attempt in 0.. {
            let steps = match attempt {
                0..=5 if self.random.percent(70) => self.random.below(30),
                _ => usize::MAX,
            };
            let work = Some(Box::pin(ask(self.node())));
            match (Mortal { work, steps }).await {
                Some(Ok(answer)) => return Some(answer),
                Some(Err(Refused::Invalid(_) | Refused::Conflict { .. })) => return None,
                None => {}
                Some(Err(trouble)) => assert!(is_of_the_line(&trouble) && attempt < 200, "{trouble:?}"),
            }
            *self.scene.cut.lock().unwrap() += 1;
        }
        None
    }

    async fn work(mut self) {
        for _ in 0..DEEDS {
            if self.random.percent(30) {
                let millis = self.random.within(0, 5_000);
                self.scene.nodes[0].clock.advance(Duration::milliseconds(millis));
            }
            match self.random.below(10) {
                0 => self.count().await,
                1..=3 => self.book().await,
                4..=5 => self.propose().await,
                _ => self.move_on().await,
            }
        }
    }

    fn item(&mut self) -> &'static str {
        let all = [EXACT, COUNTED].concat();
        all[self.random.below(all.len())]
    }

    /// Has no key: cut off, it may or may not have been taken.
    async fn count(&mut self) {
        let shelter = self.random.below(self.scene.shelters.len());
        let (manager, id) = (self.manager(shelter), self.scene.shelters[shelter]);
        let counts = [RawCount {
            sure: true,
            ..RawCount::units(COUNTED[self.random.below(2)], self.random.within(0, 300))
        }];
        self.insist(async |node: Services| node.count(&manager, id, &counts).await)
            .await;
    }

    async fn book(&mut self) {
        let shelter = self.random.below(self.scene.shelters.len());
        let (manager, id) = (self.manager(shelter), self.scene.shelters[shelter]);
        let booking = [Booking::Receipt, Booking::Issue, Booking::WriteOff][self.random.below(3)];
        let (sign, source) = match booking {
            Booking::Receipt => (1, Some("donation")),
            Booking::Issue => (-1, None),
            Booking::WriteOff => (-1, Some("lost")),
        };
        let lines: Vec<(&str, i64)> = (0..=self.random.below(2))
            .map(|_| (self.item(), self.random.within(1, 80)))
            .collect();
        let body = RawMovements {
            booking,
            source: source.map(str::to_owned),
            lines: lines.iter().map(|(item, units)| line(item, *units)).collect(),
        };
        let key = self.key();
        let once = || Once {
            key: Some(key.clone()),
            print: print_moved,
        };
        let answer = self
            .insist(async |node: Services| node.book_stock(&manager, id, &body, once()).await)
            .await;
        if answer.is_some() {
            let mut booked = self.scene.booked.lock().unwrap();
            for (item, units) in lines {
                *booked.entry((id, item.to_owned())).or_default() += sign * units;
            }
        }
    }

    async fn propose(&mut self) {
        let from = self.random.below(self.scene.shelters.len());
        let to = (from + 1 + self.random.below(self.scene.shelters.len() - 1)) % self.scene.shelters.len();
        let actor = if self.random.percent(50) {
            self.scene.admin.clone()
        } else {
            self.manager(from)
        };
        let mut items: Vec<&str> = vec![self.item(), self.item()];
        items.dedup();
        let lines: Vec<Wanted> = (items.into_iter())
            .map(|item| Wanted {
                item: item.to_owned(),
                quantity: self.random.within(1, 60),
                packs: 0,
                request: None,
            })
            .collect();
        let wish = TransferWish {
            from: self.scene.shelters[from],
            to: self.scene.shelters[to],
            due_on: self.scene.nodes[0].now().date_naive() + Duration::days(3),
            lines,
        };
        let key = self.key();
        let once = || Once {
            key: Some(key.clone()),
            print: print_transfer,
        };
        let made = self
            .insist(async |node: Services| node.propose_transfer(&actor, wish.clone(), once()).await)
            .await;
        let id = TransferId(made.expect("nothing is wrong with it").parse().unwrap());
        self.scene.transfers.lock().unwrap().push(id);
    }

    /// Somebody takes some step with one of the newer transfers, whether or not its turn has come.
    async fn move_on(&mut self) {
        let id = {
            let all = self.scene.transfers.lock().unwrap();
            let newer = &all[all.len().saturating_sub(10)..];
            match self.random.pick(newer) {
                Some(id) => *id,
                None => return,
            }
        };
        let admin = self.scene.admin.clone();
        let seen = self
            .insist(async |node: Services| node.transfer(&admin, id).await)
            .await;
        let seen = seen.expect("it is there").transfer;
        let (actor, act) = self.act(&seen);
        let key = self.key();
        let once = || Once {
            key: Some(key.clone()),
            print: print_transfer,
        };
        self.insist(async |node: Services| node.move_transfer(&actor, id, act.clone(), once()).await)
            .await;
    }

    fn act(&mut self, seen: &Transfer) -> (Actor, Act) {
        let at = |id: ShelterId| self.scene.shelters.iter().position(|known| *known == id).unwrap();
        let (donor, recipient) = (self.manager(at(seen.from)), self.manager(at(seen.to)));
        if self.random.percent(12) {
            return (donor, Act::Cancel(CancelReason::TurnedBack));
        }
        match seen.state() {
            TransferState::Proposed => (self.scene.admin.clone(), Act::Approve),
            TransferState::Approved => {
                let sending = seen.lines.iter().map(|line| Sending {
                    item: line.item.clone(),
                    units: self.random.within(0, line.quantity),
                    lots: panoh::domain::stock::Lots::default(),
                });
                (donor, Act::Dispatch(sending.collect()))
            }
            _ => {
                let arrived = seen.lines.iter().map(|line| {
                    let sent = line.sent.as_ref().map_or(line.quantity, |sent| sent.units);
                    let units = if self.random.percent(60) {
                        sent
                    } else {
                        self.random.within(0, sent)
                    };
                    Arrival {
                        item: line.item.clone(),
                        units,
                        difference: (units < sent).then_some(Difference::Lost),
                    }
                });
                (recipient, Act::Receive(arrived.collect()))
            }
        }
    }
}

fn line(item: &str, quantity: i64) -> RawLine {
    RawLine {
        item: Some(item.to_owned()),
        kit: None,
        quantity,
        packs: 0,
        expires_on: None,
    }
}

fn print_transfer(view: &TransferView) -> String {
    view.transfer.id.to_string()
}

/// The database was not there for a moment: whoever asks again is answered.
fn is_of_the_line(trouble: &Refused) -> bool {
    matches!(trouble, Refused::Unavailable)
}

async fn begin(land: &Land, database: Database) -> Arc<Scene> {
    let nodes = match database {
        Database::Sqlite => vec![land.services.clone()],
        Database::Postgres => vec![land.services.clone(), land.another_node().await],
    };
    let shelters: Vec<ShelterId> = land.shelters.iter().map(|shelter| shelter.id).collect();
    for shelter in &shelters {
        let counts = [EXACT, COUNTED]
            .concat()
            .into_iter()
            .map(|item| RawCount::units(item, AT_FIRST));
        let counts: Vec<RawCount> = counts.collect();
        land.services
            .count(land.manager_of(*shelter), *shelter, &counts)
            .await
            .unwrap();
    }
    land.services.clock.advance(Duration::seconds(1));
    Arc::new(Scene {
        nodes,
        admin: land.admin.clone(),
        managers: land.managers.clone(),
        shelters,
        transfers: Mutex::default(),
        booked: Mutex::default(),
        cut: Mutex::default(),
    })
}

async fn conserve(database: Database, seed: u64) {
    let land = Land::new(database).await;
    let scene = begin(&land, database).await;
    let people = (0..PEOPLE).map(|at| {
        let person = Person {
            scene: Arc::clone(&scene),
            random: Random::new(seed * 1_000 + at as u64),
            name: format!("person-{at}"),
            keys: 0,
        };
        tokio::spawn(person.work())
    });
    let people = tokio::spawn(join_all(people.collect::<Vec<_>>()));
    for turn in 1.. {
        if people.is_finished() {
            break;
        }
        look(&scene.nodes[0]).await;
        if database == Database::Postgres && turn % 3 == 0 {
            cut_connections(&land.url).await;
        }
    }
    for person in people.await.unwrap() {
        person.unwrap_or_else(|_| panic!("seed {seed}: see above"));
    }
    eprintln!("{database:?}, seed {seed}:");
    // Read by a node that was not there: nothing is only in somebody's memory.
    let fresh = land.another_node().await;
    add_up(&fresh, &scene).await;
    assert_sound(&fresh).await;
    for row in fresh.supply_balance(None, None).await.unwrap().items {
        assert!(row.closes(), "seed {seed}: {row:?}");
    }
}

/// Ends one in four of the connections to this database, whatever they are at.
async fn cut_connections(url: &str) {
    let name = url.rsplit('/').next().unwrap().to_owned();
    let sql =
        format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}' AND random() < 0.25");
    tokio::task::spawn_blocking(move || postgres::run(&sql)).await.unwrap();
}

fn run(database: Database) {
    let seeds = std::env::var("CONSERVATION_SEEDS").map_or(4, |text| text.parse().unwrap());
    for seed in 1..=seeds {
        on_threads(conserve(database, seed));
    }
}

#[test]
fn no_unit_is_made_or_lost_sqlite() {
    run(Database::Sqlite);
}

#[test]
fn no_unit_is_made_or_lost_postgres() {
    run(Database::Postgres);
}
