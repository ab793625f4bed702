//! Of a wave exactly one is accepted, whoever comes at the same instant, and nobody waits for anybody for ever.

use std::time::Duration as Wait;

use chrono::Duration;
use futures::future::join_all;
use panoh::domain::holds::{HoldEvent, HoldState, ReleaseReason};
use panoh::domain::outbox::NoticeKind;
use panoh::services::Event;
use panoh::services::errors::Refused;
use panoh::store::letters;

use super::{Scene, ending};
use crate::harness::{Database, Harness, on_both};
use crate::model::land::{once, print_receipt, word};
use crate::races::{assert_sound, report_of};

on_both! {
    async fn the_first_acceptance_releases_the_others_and_all_are_told(h: Harness) {
        let scene = Scene::new(h.database, 3).await;
        let (referral, ids) = scene.wave(3).await;
        let mut watch = scene.services().watch();
        scene.pass(3);
        assert_eq!(scene.go(ids[1], HoldEvent::Accept).await.unwrap(), HoldState::Accepted);
        let states = scene.states(&ids).await;
        assert_eq!(states, [HoldState::Released, HoldState::Accepted, HoldState::Released]);
        for id in [ids[0], ids[2]] {
            let row = scene.row(id).await;
            assert_eq!(row.reason, Some(ReleaseReason::PlacedElsewhere.to_string()));
            assert_eq!((row.ended_at, row.next_step_at), (Some(scene.land.now()), None));
            assert_eq!(word(&scene.go(id, HoldEvent::Accept).await.unwrap_err()), "hold_ended");
            let told = letters::of_hold(&scene.services().store, id).await.unwrap();
            assert_eq!(told.len(), 2, "asked, and that it is settled");
        }
        let mut heard = Vec::new();
        while let Ok(event) = watch.try_recv() {
            if let Event::Hold(hold) = event {
                let (id, state) = (hold.id, hold.state);
                heard.push((id, state));
            }
        }
        heard.sort();
        assert_eq!(heard, [(ids[0], states[0]), (ids[1], states[1]), (ids[2], states[2])]);
        let board = scene.services().board.current();
        let held: Vec<u32> =
            scene.houses.iter().map(|(row, _)| board.get(row.id).unwrap().count(scene.land.now()).held).collect();
        assert_eq!(held.iter().sum::<u32>(), 1, "beds of the others are free again on the board");
        assert_eq!(
            scene.timeline(referral).await,
            ["opened", "wave_asked", "asked", "asked", "asked", "accepted", "released", "released"]
        );
        assert_sound(scene.services()).await;
    }

    async fn when_all_have_ended_it_is_open_again_and_the_officer_is_told(h: Harness) {
        let scene = Scene::new(h.database, 3).await;
        let (referral, ids) = scene.wave(3).await;
        scene.go(ids[0], HoldEvent::Decline).await.unwrap();
        scene.pass(60);
        assert_eq!(scene.services().expire_due().await.unwrap(), 2);
        let mut kinds = Vec::new();
        for id in &ids {
            for letter in letters::of_hold(&scene.services().store, *id).await.unwrap() {
                let panoh::domain::outbox::Of::Notice(notice) = letter.of else { panic!("a notice") };
                if !matches!(notice.kind, NoticeKind::Asked) {
                    kinds.push(notice.kind);
                }
            }
        }
        kinds.sort();
        assert_eq!(kinds, [NoticeKind::Answered, NoticeKind::AllEnded], "once for the answer, once for the end");
        // Who said no or nothing is asked again once it has reported anew.
        let again = scene.ask(referral, 3).await;
        assert!(matches!(again, Err(Refused::NoBedLeft { .. })), "{again:?}");
        scene.pass(1);
        for (shelter, manager) in &scene.houses[..2] {
            let draft = report_of(shelter, &[0], scene.land.now());
            scene.services().report(manager, shelter.id, draft, once(print_receipt)).await.unwrap();
        }
        assert_eq!(scene.ask(referral, 3).await.unwrap().len(), 2);
        assert_sound(scene.services()).await;
    }
}

/// All managers accept at one instant: one yes, the others are too late.
async fn one_winner(database: Database) {
    let scene = Scene::new(database, 3).await;
    for race in 0..20 {
        let (_, ids) = scene.wave(3).await;
        let mut tasks = Vec::new();
        for id in ids.clone() {
            let (services, manager) = (scene.services().clone(), scene.manager_of(id).await.clone());
            tasks.push(tokio::spawn(async move {
                services
                    .move_hold(&manager, id, HoldEvent::Accept, ending(HoldEvent::Accept))
                    .await
            }));
        }
        let mut words: Vec<String> = join_all(tasks)
            .await
            .into_iter()
            .map(|answer| {
                answer
                    .unwrap()
                    .map_or_else(|refused| word(&refused), |view| view.state.to_string())
            })
            .collect();
        words.sort();
        assert_eq!(words, ["accepted", "hold_ended", "hold_ended"], "race {race}");
        let won = ids[scene
            .states(&ids)
            .await
            .iter()
            .position(|state| *state == HoldState::Accepted)
            .unwrap()];
        scene.go(won, HoldEvent::Release).await.unwrap();
    }
    assert_sound(scene.services()).await;
}

/// Everything that touches a wave or its shelters, at once and again and again: each ends, in time and in a known way.
async fn nobody_waits_for_ever(database: Database) {
    let scene = Scene::new(database, 4).await;
    for race in 0..20 {
        let (_, ids) = scene.wave(3).await;
        // Half the time at the deadline, half the time when the next shelter is to be asked.
        let wait = Duration::minutes(if race % 2 == 0 { 60 } else { 30 });
        scene.services().clock.advance(wait - Duration::milliseconds(1));
        let mut tasks = Vec::new();
        let events = [
            HoldEvent::Accept,
            HoldEvent::Decline,
            HoldEvent::Accept,
            HoldEvent::Release,
        ];
        for (at, event) in events.into_iter().enumerate() {
            let id = ids[at % 3];
            let actor = match event {
                HoldEvent::Release => scene.officer.clone(),
                _ => scene.manager_of(id).await.clone(),
            };
            let services = scene.services().clone();
            tasks.push(tokio::spawn(async move {
                let answer = services.move_hold(&actor, id, event, ending(event)).await;
                answer.map_or_else(|refused| word(&refused), |view| view.state.to_string())
            }));
        }
        for (shelter, manager) in scene.houses.iter().cloned() {
            let services = scene.services().clone();
            tasks.push(tokio::spawn(async move {
                let draft = report_of(&shelter, &[0], services.now());
                services
                    .report(&manager, shelter.id, draft, once(print_receipt))
                    .await
                    .unwrap();
                "reported".to_owned()
            }));
        }
        for expires in [true, false, true] {
            let services = scene.services().clone();
            tasks.push(tokio::spawn(async move {
                let done = if expires {
                    services.expire_due().await
                } else {
                    services.escalate_due().await
                };
                done.map_or_else(|refused| word(&refused), |_| "swept".to_owned())
            }));
        }
        scene.services().clock.advance(Duration::milliseconds(1));
        let all = tokio::time::timeout(Wait::from_secs(30), join_all(tasks))
            .await
            .expect("nobody waits for ever");
        let words: Vec<String> = all.into_iter().map(Result::unwrap).collect();
        let known = ["accepted", "declined", "released", "reported", "swept"];
        assert!(
            words
                .iter()
                .all(|word| known.contains(&word.as_str()) || word.starts_with("hold_")),
            "race {race}: {words:?}"
        );
        assert!(
            words.iter().filter(|word| *word == "accepted").count() <= 1,
            "race {race}: {words:?}"
        );
        scene.pass(24 * 60);
        scene.services().expire_due().await.unwrap();
        for (shelter, manager) in &scene.houses {
            let draft = report_of(shelter, &[0], scene.land.now());
            scene
                .services()
                .report(manager, shelter.id, draft, once(print_receipt))
                .await
                .unwrap();
        }
    }
    assert_sound(scene.services()).await;
}

fn on_threads(future: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(4)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(future);
}

#[test]
fn one_winner_sqlite() {
    on_threads(one_winner(Database::Sqlite));
}

#[test]
fn one_winner_postgres() {
    on_threads(one_winner(Database::Postgres));
}

#[test]
fn nobody_waits_for_ever_sqlite() {
    on_threads(nobody_waits_for_ever(Database::Sqlite));
}

#[test]
fn nobody_waits_for_ever_postgres() {
    on_threads(nobody_waits_for_ever(Database::Postgres));
}
