//! Everybody at once, on two nodes: of all steps that meet exactly one goes through, and no unit is made or lost, also when
//! people hang up in the middle.

use futures::future::join_all;
use panoh::domain::accounts::{Actor, Role, ShelterScope};
use panoh::domain::id::{ShelterId, TransferId};
use panoh::domain::transfers::{Arrival, CancelReason, Difference, RawLine, Sending, TransferState};
use panoh::services::Services;
use panoh::services::errors::Refused;
use panoh::services::transfers::{Act, TransferView, TransferWish};
use panoh::store::{stock, transfers, views};

use super::Scene;
use crate::harness::{Harness, on_both};
use crate::model::land::{actor, once, word};
use crate::model::random::Random;

struct People {
    admin: Actor,
    donor: Actor,
    recipient: Actor,
}

impl People {
    async fn of(scene: &Scene<'_>) -> Self {
        let services = &scene.h.services;
        let (from, to) = (scene.c.shelter.id, scene.c.other_shelter.id);
        Self {
            admin: actor(services, Role::Admin, None, Vec::new()).await,
            donor: actor(services, Role::Manager, None, vec![from]).await,
            recipient: actor(services, Role::Manager, None, vec![to]).await,
        }
    }
}

fn print(view: &TransferView) -> String {
    view.transfer.id.to_string()
}

async fn approved(scene: &Scene<'_>, people: &People, units: i64) -> TransferId {
    let services = &scene.h.services;
    let wish = TransferWish {
        from: scene.c.shelter.id,
        to: scene.c.other_shelter.id,
        due_on: scene.day(1),
        lines: vec![RawLine {
            item: scene.soap.clone(),
            quantity: units,
            packs: 0,
            request: None,
        }],
    };
    let id = services
        .propose_transfer(&people.admin, wish, once(print))
        .await
        .unwrap();
    let id = TransferId(id.parse().unwrap());
    services
        .move_transfer(&people.admin, id, Act::Approve, once(print))
        .await
        .unwrap();
    id
}

fn sending(scene: &Scene<'_>, units: i64) -> Act {
    Act::Dispatch(vec![Sending {
        item: scene.soap.clone(),
        units,
        lots: Default::default(),
    }])
}

fn arrival(scene: &Scene<'_>, units: i64, sent: i64) -> Act {
    Act::Receive(vec![Arrival {
        item: scene.soap.clone(),
        units,
        difference: (units < sent).then_some(Difference::Lost),
    }])
}

/// All at once, half on each node; what became of each.
async fn at_once(nodes: &[Services; 2], id: TransferId, acts: Vec<(Actor, Act)>) -> Vec<Result<String, Refused>> {
    let all = acts.into_iter().enumerate().map(|(at, (who, act))| {
        let node = nodes[at % 2].clone();
        tokio::spawn(async move { node.move_transfer(&who, id, act, once(print)).await })
    });
    join_all(all).await.into_iter().map(|answer| answer.unwrap()).collect()
}

/// Soap in the world: on the shelves, on its way, and missing. Under both shelters' locks, since a step whose caller is gone
/// may still be about to end.
async fn in_the_world(scene: &Scene<'_>) -> i64 {
    let ends = [scene.c.shelter.id, scene.c.other_shelter.id];
    let tx = scene.h.services.store.begin().await.unwrap();
    let mut units = 0;
    for shelter in ends {
        views::lock(&tx, shelter).await.unwrap();
    }
    for shelter in ends {
        let rows = stock::of_items(&tx, shelter, &[&scene.soap]).await.unwrap();
        units += rows.get(&scene.soap).map_or(0, |row| row.on_hand);
    }
    for row in transfers::page(&tx, &ShelterScope::All, &[], None, 10_000)
        .await
        .unwrap()
    {
        for line in &row.lines {
            units += match row.state() {
                TransferState::Dispatched => line.sent.as_ref().unwrap().units,
                _ => line.missing(),
            };
        }
    }
    tx.rollback().await.unwrap();
    units
}

/// What the movements say of one shelter since it counted must be what is on its shelf.
async fn booked(scene: &Scene<'_>, shelter: ShelterId) -> i64 {
    let tx = scene.h.services.store.begin().await.unwrap();
    let moved = stock::moved(&tx, shelter, &[&scene.soap], None).await.unwrap();
    tx.rollback().await.unwrap();
    moved.get(&scene.soap).copied().unwrap_or(0)
}

on_both! {
    async fn of_all_steps_that_meet_one_goes_through(h: Harness) {
        let scene = Scene::new(&h).await;
        let people = People::of(&scene).await;
        let nodes = [h.services.clone(), h.another_node().await];
        let (admin, donor, recipient) = (&people.admin, &people.donor, &people.recipient);
        for round in 0..12 {
            let id = approved(&scene, &people, 3).await;
            let cancel = || Act::Cancel(CancelReason::NotNeeded);
            let mut acts = vec![
                (donor.clone(), sending(&scene, 3)), (donor.clone(), sending(&scene, 2)), (admin.clone(), cancel()),
                (recipient.clone(), cancel()), (donor.clone(), sending(&scene, 1)),
            ];
            acts.rotate_left(round % 5);
            let answers = at_once(&nodes, id, acts).await;
            let row = h.services.transfer(admin, id).await.unwrap().transfer;
            let won = answers.iter().filter(|answer| answer.is_ok()).count();
            if row.state() == TransferState::Cancelled {
                // Sent and turned back by nobody: a cancellation won alone.
                assert_eq!(won, 1, "{answers:?}");
            } else {
                assert_eq!((won, row.state()), (1, TransferState::Dispatched), "{answers:?}");
            }
            for lost in answers.iter().filter_map(|answer| answer.as_ref().err()) {
                let word = word(lost);
                assert!(word == "wrong_state" || word == "not_your_side", "{lost:?}");
            }
            assert_eq!(in_the_world(&scene).await, 100);
            let Some(sent) = row.lines[0].sent.as_ref().map(|sent| sent.units) else { continue };
            let back = Act::Cancel(CancelReason::TurnedBack);
            let mut acts = vec![(recipient.clone(), arrival(&scene, sent, sent)), (donor.clone(), back), (recipient.clone(), arrival(&scene, 0, sent))];
            acts.rotate_left(round % 3);
            let answers = at_once(&nodes, id, acts).await;
            assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1, "{answers:?}");
            assert_eq!(in_the_world(&scene).await, 100);
        }
        assert_eq!(booked(&scene, scene.c.shelter.id).await, scene.on_hand().await.0 - 100);
        assert_eq!(booked(&scene, scene.c.other_shelter.id).await, scene.on_hand().await.1);
    }

    async fn one_shelf_does_not_give_the_same_units_twice(h: Harness) {
        let scene = Scene::new(&h).await;
        let people = People::of(&scene).await;
        let nodes = [h.services.clone(), h.another_node().await];
        let mut ids = Vec::new();
        for _ in 0..6 {
            ids.push(approved(&scene, &people, 40).await);
        }
        let all = ids.iter().enumerate().map(|(at, id)| {
            let (node, who, act, id) = (nodes[at % 2].clone(), people.donor.clone(), sending(&scene, 40), *id);
            tokio::spawn(async move { node.move_transfer(&who, id, act, once(print)).await })
        });
        let answers: Vec<_> = join_all(all).await.into_iter().map(|answer| answer.unwrap()).collect();
        assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 2, "{answers:?}");
        for lost in answers.into_iter().filter_map(Result::err) {
            let Refused::Invalid(errors) = lost else { panic!("{lost:?}") };
            assert_eq!((errors[0].field.as_str(), errors[0].code), ("lines[0].quantity", "not_enough"));
        }
        assert_eq!((scene.on_hand().await, in_the_world(&scene).await), ((20, 0), 100));
    }

    async fn nothing_is_lost_when_people_hang_up(h: Harness) {
        let scene = Scene::new(&h).await;
        let people = People::of(&scene).await;
        let nodes = [h.services.clone(), h.another_node().await];
        let mut random = Random::new(7);
        for _ in 0..40 {
            let id = approved(&scene, &people, 5).await;
            let acts = [
                (people.donor.clone(), sending(&scene, random.within(1, 5))),
                (people.recipient.clone(), arrival(&scene, 1, 5)),
                (people.donor.clone(), Act::Cancel(CancelReason::TurnedBack)),
            ];
            let mut tasks = Vec::new();
            for (at, (who, act)) in acts.into_iter().enumerate() {
                let node = nodes[at % 2].clone();
                tasks.push(tokio::spawn(async move { node.move_transfer(&who, id, act, once(print)).await }));
                for _ in 0..random.within(0, 60) {
                    tokio::task::yield_now().await;
                }
            }
            for _ in 0..random.within(0, 600) {
                tokio::task::yield_now().await;
            }
            // Whoever has not finished is gone in the middle of whatever it was.
            tasks.iter().for_each(|task| task.abort());
            join_all(tasks).await;
            assert_eq!(in_the_world(&scene).await, 100);
        }
        assert_eq!(booked(&scene, scene.c.shelter.id).await, scene.on_hand().await.0 - 100);
    }
}
