//! BED-1: sixty-four clients ask for and give back the same few beds, at one node and at three; what they saw has one order that
//! explains it, and no bed was given twice. `OPERATIONS` for each client: 200 in `make soak`.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use futures::future::join_all;
use panoh::domain::accounts::Actor;
use panoh::domain::holds::HoldEvent;
use panoh::domain::id::{HoldId, RoomId};
use panoh::domain::rooms::RoomKind;
use panoh::domain::shelters::Shelter;
use panoh::services::Services;
use panoh::services::errors::Refused;
use panoh::store::holds;

use super::history::{Operation, Saw, faults};
use crate::harness::Database;
use crate::model::land::{Land, once, print_hold, room};
use crate::model::random::Random;
use crate::races::{assert_sound, house, on_threads, refer, woman_with};
use crate::waves::ending;

const CLIENTS: usize = 64;

/// What all clients share.
struct Race {
    nodes: Vec<Services>,
    officers: [Actor; 2],
    shelters: Vec<Shelter>,
    /// Rooms by a number of ours.
    rooms: BTreeMap<RoomId, u32>,
    begin: Instant,
    holds: AtomicU32,
    history: Mutex<Vec<Operation>>,
}

impl Race {
    fn note(&self, asked: u128, saw: Saw) {
        let answered = self.begin.elapsed().as_nanos();
        self.history.lock().unwrap().push(Operation { asked, answered, saw });
    }

    /// One client: asks for a bed somewhere; what it has it gives back sooner or later, perhaps at another node.
    async fn client(self: Arc<Self>, number: usize, operations: usize) {
        let mut random = Random::new(u64::try_from(number).unwrap());
        let officer = &self.officers[number % 2];
        let mut mine: Vec<(u32, HoldId)> = Vec::new();
        for _ in 0..operations {
            let node = &self.nodes[random.below(self.nodes.len())];
            if !mine.is_empty() && random.percent(50) {
                let (hold, id) = mine.swap_remove(random.below(mine.len()));
                let asked = self.begin.elapsed().as_nanos();
                node.move_hold(officer, id, HoldEvent::Release, ending(HoldEvent::Release))
                    .await
                    .unwrap();
                self.note(asked, Saw::Ended { hold });
                continue;
            }
            let shelter = &self.shelters[random.below(self.shelters.len())];
            let referral = refer(node, officer, woman_with(&[])).await;
            let asked = self.begin.elapsed().as_nanos();
            match node.hold(officer, referral, shelter.id, once(print_hold)).await {
                Ok(answer) => {
                    let hold = self.holds.fetch_add(1, Ordering::SeqCst);
                    let id = HoldId(answer.parse().unwrap());
                    let answered = self.begin.elapsed().as_nanos();
                    let row = holds::any(&node.store, id).await.unwrap().unwrap();
                    let beds = row
                        .lines
                        .iter()
                        .map(|line| (self.rooms[&line.room_id], u32::from(line.beds)));
                    let saw = Saw::Granted {
                        hold,
                        beds: beds.collect(),
                    };
                    self.history.lock().unwrap().push(Operation { asked, answered, saw });
                    mine.push((hold, id));
                }
                Err(Refused::NoBedLeft { .. }) => {
                    let rooms = shelter.rooms.iter().map(|room| self.rooms[&room.id]).collect();
                    self.note(asked, Saw::Refused { rooms, wanted: 1 });
                }
                Err(trouble) => panic!("{trouble:?}"),
            }
        }
    }
}

async fn race(database: Database, nodes: usize) {
    let operations: usize = std::env::var("OPERATIONS").map_or(12, |n| n.parse().unwrap());
    let land = Land::new(database).await;
    let (few, _) = house(
        &land,
        "FEW",
        vec![room("1", RoomKind::Shared, 2, 0), room("2", RoomKind::Shared, 3, 0)],
    )
    .await;
    let (one, _) = house(&land, "ONE", vec![room("1", RoomKind::Shared, 1, 0)]).await;
    let shelters = vec![few, one];
    let all = || shelters.iter().flat_map(|shelter| &shelter.rooms);
    let beds: BTreeMap<u32, u32> = (0..).zip(all().map(|room| u32::from(room.beds))).collect();
    let mut race = Race {
        rooms: all().map(|room| room.id).zip(0..).collect(),
        nodes: vec![land.services.clone()],
        officers: land.officers.clone(),
        shelters,
        begin: Instant::now(),
        holds: AtomicU32::new(0),
        history: Mutex::default(),
    };
    while race.nodes.len() < nodes {
        race.nodes.push(land.another_node().await);
    }
    let race = Arc::new(race);
    let clients = (0..CLIENTS).map(|number| tokio::spawn(Arc::clone(&race).client(number, operations)));
    for done in join_all(clients).await {
        done.unwrap();
    }
    let history = race.history.lock().unwrap().clone();
    let count = |wanted: fn(&Saw) -> bool| history.iter().filter(|operation| wanted(&operation.saw)).count();
    let granted = count(|saw| matches!(saw, Saw::Granted { .. }));
    let refused = count(|saw| matches!(saw, Saw::Refused { .. }));
    println!(
        "{database:?}, {nodes} nodes: {CLIENTS} clients, {} operations, {granted} granted, {refused} refused, {:.1} s",
        history.len(),
        race.begin.elapsed().as_secs_f32()
    );
    assert!(granted > 12 && refused > CLIENTS, "the beds were fought for");
    let faults = faults(&beds, &history);
    assert!(faults.is_empty(), "{faults:#?}");
    for node in &race.nodes {
        node.redraw_board().await.unwrap();
    }
    assert_sound(&land.services).await;
}

#[test]
fn no_bed_is_given_twice_sqlite() {
    on_threads(race(Database::Sqlite, 1));
}

#[test]
fn no_bed_is_given_twice_postgres() {
    on_threads(race(Database::Postgres, 1));
}

#[test]
fn no_bed_is_given_twice_three_nodes() {
    on_threads(race(Database::Postgres, 3));
}
