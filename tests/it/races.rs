//! Many at once: fifty clients for ten beds, twenty households for one room, and everybody at the deadline. Each race has
//! exactly one outcome that adds up.

use std::collections::BTreeSet;

use chrono::Duration;
use futures::future::join_all;
use panoh::domain::accounts::{Actor, Role};
use panoh::domain::holds::{DeclineReason, HoldEvent, HoldState, ReleaseReason};
use panoh::domain::household::{AgeBand, Child, Household, Search, Sex, Urgency};
use panoh::domain::id::{HoldId, ReferralId, ShelterId};
use panoh::domain::reports::{Channel, RawLine};
use panoh::domain::rooms::RoomKind;
use panoh::domain::shelters::Shelter;
use panoh::services::Services;
use panoh::services::errors::Refused;
use panoh::services::holds::Ending;
use panoh::services::reports::ReportDraft;
use serde_json::json;

use crate::harness::country::search;
use crate::harness::{Database, Harness, on_both};
use crate::model::land::{Land, once, open_rules, plan, print_hold, print_receipt, print_referral, room, word};
use crate::model::random::Random;

pub fn woman_with(ages: &[u8]) -> Search {
    let children = ages
        .iter()
        .map(|age| Child {
            age: *age,
            sex: Sex::Female,
        })
        .collect();
    Search {
        household: Household::new(vec![AgeBand::From18To59], children).unwrap(),
        needs: BTreeSet::new(),
        languages: BTreeSet::new(),
        from_district: "TJ-DU-01".to_owned(),
        avoid_districts: BTreeSet::new(),
        excluded: Default::default(),
        urgency: Urgency::Now,
        earliest_date: None,
        rooms_apart_ok: false,
    }
}

pub async fn refer(services: &Services, officer: &Actor, search: Search) -> ReferralId {
    ReferralId(
        services
            .refer(officer, search, once(print_referral))
            .await
            .unwrap()
            .parse()
            .unwrap(),
    )
}

pub async fn hold(services: &Services, officer: &Actor, search: Search, shelter: ShelterId) -> Result<HoldId, Refused> {
    let referral = refer(services, officer, search).await;
    let answer = services.hold(officer, referral, shelter, once(print_hold)).await?;
    Ok(HoldId(answer.parse().unwrap()))
}

pub fn report_of(shelter: &Shelter, occupied: &[i64], at: panoh::domain::id::Moment) -> ReportDraft {
    let lines = shelter.rooms.iter().zip(occupied).map(|(room, beds)| RawLine {
        room_id: room.id,
        occupied_beds: *beds,
        occupied_cots: 0,
        out_of_service_beds: 0,
        out_of_service_reason: None,
    });
    ReportDraft {
        channel: Channel::Web,
        observed_at: at,
        operating: true,
        rooms: lines.collect(),
        stock: Vec::new(),
        planned_exits: Vec::new(),
        note: None,
        based_on: None,
    }
}

/// A new shelter with these rooms, reported empty, and who runs it.
pub async fn house(land: &Land, code: &str, rooms: Vec<panoh::domain::rooms::Room>) -> (Shelter, Actor) {
    let services = &land.services;
    let of = land.shelters[0].organisation_id;
    let shelter = services
        .add_shelter(&land.admin, plan(of, code, "TJ-DU-01", open_rules(), rooms))
        .await
        .unwrap();
    let manager = crate::model::land::actor(services, Role::Manager, Some(of), vec![shelter.id]).await;
    let empty = vec![0; shelter.rooms.len()];
    let draft = report_of(&shelter, &empty, services.now());
    services
        .report(&manager, shelter.id, draft, once(print_receipt))
        .await
        .unwrap();
    (shelter, manager)
}

pub async fn assert_sound(services: &Services) {
    for check in services.check().await.unwrap() {
        assert_eq!(check.broken, 0, "{check:?}");
    }
}

/// How many got a place. Everybody else is told `no_bed_left` with the other shelter to go to.
async fn race(
    nodes: &[Services],
    officers: &[Actor],
    search: Search,
    shelter: ShelterId,
    other: ShelterId,
    n: usize,
) -> usize {
    let mut referrals = Vec::new();
    for at in 0..n {
        referrals.push(refer(&nodes[0], &officers[at % 2], search.clone()).await);
    }
    let all = referrals.into_iter().enumerate().map(|(at, referral)| {
        let (node, officer) = (nodes[at % nodes.len()].clone(), officers[at % 2].clone());
        tokio::spawn(async move { node.hold(&officer, referral, shelter, once(print_hold)).await })
    });
    let mut held = 0;
    for answer in join_all(all).await {
        match answer.unwrap() {
            Ok(_) => held += 1,
            Err(Refused::NoBedLeft { next }) => {
                assert!(
                    next.iter().any(|suggestion| suggestion.shelter_id == other),
                    "somewhere else to go"
                );
            }
            Err(trouble) => panic!("{trouble:?}"),
        }
    }
    held
}

async fn ten_beds(database: Database) {
    let land = Land::new(database).await;
    let services = &land.services;
    let (wide, _) = house(&land, "WIDE", vec![room("1", RoomKind::Shared, 40, 0)]).await;
    let (ten, _) = house(
        &land,
        "TEN",
        vec![room("1", RoomKind::Shared, 6, 0), room("2", RoomKind::Shared, 4, 0)],
    )
    .await;
    let nodes = [services.clone()];
    assert_eq!(
        race(&nodes, &land.officers, woman_with(&[]), ten.id, wide.id, 50).await,
        10
    );
    let view = services.board.current();
    let count = view.get(ten.id).unwrap().count(services.now());
    assert_eq!((count.held, count.free, count.over_capacity), (10, 0, 0));
    // One private room: whoever comes first closes it for all others, however many beds are left in it.
    let (one, _) = house(&land, "ONE", vec![room("1", RoomKind::Private, 5, 1)]).await;
    assert_eq!(
        race(&nodes, &land.officers, woman_with(&[7]), one.id, wide.id, 20).await,
        1
    );
    let count = services.board.current().get(one.id).unwrap().count(services.now());
    assert_eq!((count.held, count.enclosed, count.free), (2, 3, 0));
    assert_sound(services).await;
}

/// Events that meet at a deadline, and who may send them.
const AT_THE_DEADLINE: [HoldEvent; 4] = [
    HoldEvent::Accept,
    HoldEvent::Decline,
    HoldEvent::Release,
    HoldEvent::Arrive,
];

async fn around_the_deadline(database: Database, races: usize) {
    let land = Land::new(database).await;
    let services = &land.services;
    let (shelter, manager) = house(&land, "DEADLINE", vec![room("1", RoomKind::Shared, 3, 0)]).await;
    let mut random = Random::new(2);
    let mut ends = std::collections::BTreeMap::new();
    for race in 0..races {
        let fresh = report_of(&shelter, &[0], services.now());
        services
            .report(&manager, shelter.id, fresh, once(print_receipt))
            .await
            .unwrap();
        let id = hold(services, &land.officers[0], woman_with(&[]), shelter.id)
            .await
            .unwrap();
        let accepted = random.percent(50);
        if accepted {
            services
                .move_hold(&manager, id, HoldEvent::Accept, Ending::default())
                .await
                .unwrap();
        }
        let deadline = services.hold_of(&manager, id).await.unwrap().hold.expires_at;
        let beside = random.within(-1, 1);
        services.clock.set(deadline + Duration::milliseconds(beside));
        let mut events: Vec<HoldEvent> = AT_THE_DEADLINE.into_iter().filter(|_| random.percent(80)).collect();
        let turn = random.below(events.len().max(1));
        let turn = turn.min(events.len());
        events.rotate_left(turn);
        let tasks = events.into_iter().map(|event| {
            let (services, manager, officer) = (services.clone(), manager.clone(), land.officers[0].clone());
            let ending = Ending {
                decline: (event == HoldEvent::Decline).then_some(DeclineReason::Full),
                release: (event == HoldEvent::Release).then_some(ReleaseReason::HerChoice),
                note: None,
            };
            tokio::spawn(async move {
                let actor = if event == HoldEvent::Release { officer } else { manager };
                services
                    .move_hold(&actor, id, event, ending)
                    .await
                    .map(|view| view.state)
            })
        });
        let sweeper = services.clone();
        let sweep = tokio::spawn(async move { sweeper.expire_due().await.unwrap() });
        // The clock goes on while they are at it, in half of the races.
        let ticking = services.clock.clone();
        let tick = random.percent(50);
        let tasks: Vec<_> = tasks.collect();
        tokio::task::yield_now().await;
        if tick {
            ticking.advance(Duration::milliseconds(1));
        }
        let answers: Vec<_> = join_all(tasks).await.into_iter().map(Result::unwrap).collect();
        let swept = sweep.await.unwrap();
        let won: Vec<HoldState> = answers
            .iter()
            .filter_map(|answer| answer.as_ref().ok().copied())
            .collect();
        let terminal = won.iter().filter(|state| state.is_terminal()).count() + swept;
        assert!(terminal <= 1, "race {race}: {won:?}, swept {swept}");
        for refused in answers.iter().filter_map(|answer| answer.as_ref().err()) {
            assert!(word(refused).starts_with("hold_"), "{refused:?}");
        }
        // Whatever happened, the row says the same, and its beds are given back once.
        let view = services.hold_of(&manager, id).await.unwrap();
        let now = services.now();
        assert_eq!(view.hold.state.is_terminal(), terminal == 1, "race {race}");
        if beside >= 0 {
            assert!(
                won.is_empty(),
                "race {race}: nobody wins after the deadline but the sweeper: {won:?}"
            );
        }
        if let Some(end) = won.iter().find(|state| state.is_terminal()) {
            assert_eq!(view.hold.state, *end);
        }
        let count = services.board.current().get(shelter.id).unwrap().count(now);
        let (occupied, held) = match view.state {
            HoldState::Arrived => (1, 0),
            HoldState::Asked | HoldState::Accepted => (0, 1),
            _ => (0, 0),
        };
        assert_eq!(
            (count.occupied, count.held, count.free),
            (occupied, held, 3 - occupied - held),
            "race {race}: {:?}",
            view.state
        );
        *ends.entry(view.state.to_string()).or_insert(0) += 1;
        services.clock.advance(Duration::hours(40));
        services.expire_due().await.unwrap();
    }
    eprintln!("{database:?}: {races} races around the deadline ended {ends:?}");
    assert!(ends.len() >= 4, "every kind of end came about: {ends:?}");
    assert_sound(services).await;
}

/// What tasks need to run truly beside each other.
pub fn on_threads(future: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(4)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(future);
}

#[test]
fn ten_beds_for_fifty_sqlite() {
    on_threads(ten_beds(Database::Sqlite));
}

#[test]
fn ten_beds_for_fifty_postgres() {
    on_threads(ten_beds(Database::Postgres));
}

#[test]
fn one_winner_at_the_deadline_sqlite() {
    on_threads(around_the_deadline(Database::Sqlite, 1_000));
}

#[test]
fn one_winner_at_the_deadline_postgres() {
    on_threads(around_the_deadline(Database::Postgres, 1_000));
}

on_both! {
    async fn ten_beds_through_the_door(h: Harness) {
        let country = h.country().await;
        h.report_all_empty(&country).await;
        let rooms = vec![crate::harness::country::room("1", RoomKind::Shared, 10, 0)];
        let ten = h.shelter("TJ-DU-10", &country.nur, "TJ-DU-01", rooms).await;
        let manager = h.person(Role::Manager, "ten@nur.example", Some(&country.nur), &[ten.id]).await;
        let path = format!("/api/v1/shelters/{}/reports", ten.id);
        manager.post_once(&path, "first-report", &h.report(&ten, &[])).await.expect(201);
        let mut paths = Vec::new();
        for _ in 0..50 {
            let referral = country.officer.post("/api/v1/referrals", &search(&[])).await.expect(201);
            paths.push(format!("/api/v1/referrals/{}/holds", referral["id"].as_str().unwrap()));
        }
        let serving = h.serve();
        let client = panoh::web::client().unwrap();
        let body = json!({"shelter_id": ten.id});
        let all = paths.iter().enumerate().map(|(at, path)| {
            let request = client.post(serving.url(path)).bearer_auth(&country.officer.token);
            let request = request.header("Idempotency-Key", format!("hold-number-{at}")).json(&body);
            actix_web::rt::spawn(async move {
                let answer = request.send().await.unwrap();
                (answer.status().as_u16(), answer.json::<serde_json::Value>().await.unwrap())
            })
        });
        let answers: Vec<_> = join_all(all).await.into_iter().map(Result::unwrap).collect();
        let held = answers.iter().filter(|(status, _)| *status == 201).count();
        let refused = answers.iter().filter(|(status, body)| {
            *status == 409 && body["code"] == "no_bed_left" && !body["suggestions"].as_array().unwrap().is_empty()
        });
        assert_eq!((held, refused.count()), (10, 40), "{answers:?}");
        let state = manager.get(&format!("/api/v1/shelters/{}/state", ten.id)).await.expect(200);
        assert_eq!((&state["totals"]["held"], &state["totals"]["free"]), (&json!(10), &json!(0)));
        assert_sound(&h.services).await;
    }
}
