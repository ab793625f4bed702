//! Letters about transfers, and what the clock does while one has not arrived: each step once, on two nodes.

use chrono::Duration;
use panoh::domain::id::Moment;
use panoh::domain::outbox::{Letter, NoticeKind, Of};
use panoh::store::letters;
use serde_json::json;

use super::Scene;
use crate::harness::{Harness, on_both};

const MANAGER: &str = "manager@nur.example";
const OTHER: &str = "manager@mehr.example";
const OPERATOR: &str = "admin@example.tj";

/// Sends what waits; who got it, in order.
async fn delivered(h: &Harness) -> Vec<String> {
    let before = h.mail.sent().len();
    while h.jobs.deliver_next().await.unwrap() {}
    let mut to: Vec<String> = h.mail.sent()[before..].iter().map(|sent| sent.to.clone()).collect();
    to.sort();
    to
}

/// Notices of supplies about both shelters.
async fn kinds(scene: &Scene<'_>) -> Vec<(NoticeKind, String)> {
    let mut all: Vec<Letter> = Vec::new();
    for shelter in [scene.c.shelter.id, scene.c.other_shelter.id] {
        all.extend(letters::of_shelter(&scene.h.services.store, shelter).await.unwrap());
    }
    let kinds = all.into_iter().filter_map(|letter| match letter.of {
        Of::Notice(notice) if notice.kind.is_of_transfer() => Some((notice.kind, letter.state)),
        _ => None,
    });
    kinds.collect()
}

/// So many minutes after midnight in Dushanbe, `days` after the first day of tests.
fn at(days: i64, minutes: i64) -> Moment {
    let midnight = crate::harness::start_of_tests() - Duration::minutes(11 * 60 + 30);
    midnight + Duration::days(days) + Duration::minutes(minutes)
}

on_both! {
    async fn who_is_next_is_written_to(h: Harness) {
        let scene = Scene::new(&h).await;
        let id = scene.approve(5).await;
        assert_eq!(delivered(&h).await, [MANAGER]);
        scene.step(&scene.c.manager, &id, "dispatch", &scene.soap(5)).await.expect(200);
        assert_eq!(delivered(&h).await, [OTHER]);
        scene.step(&scene.c.other_manager, &id, "receive", &scene.soap(5)).await.expect(200);
        assert_eq!(delivered(&h).await, [""; 0]);
        // What is settled before its letter has gone is not written of.
        let quick = scene.dispatch(5).await;
        scene.step(&scene.c.manager, &quick, "cancel", &json!({"reason": "turned_back"})).await.expect(200);
        assert_eq!(delivered(&h).await, [""; 0]);
        let dropped = kinds(&scene).await.into_iter().filter(|(_, state)| state == "dropped").count();
        assert_eq!(dropped, 2);
    }

    async fn both_ends_on_the_day_and_the_operators_two_days_later_once_each(h: Harness) {
        let scene = Scene::new(&h).await;
        let other = h.another_node().await;
        // Three: promised, on its way, and one that nobody has decided on.
        scene.approve(5).await;
        let sent = scene.dispatch(5).await;
        scene.propose(5).await;
        delivered(&h).await;
        let turn = async |now: Moment| {
            h.clock.set(now);
            let (a, b) = tokio::join!(h.services.chase_due(), other.chase_due());
            let taken = a.unwrap() + b.unwrap();
            (taken, delivered(&h).await)
        };
        let none = || (0, Vec::<String>::new());
        assert_eq!(turn(at(1, 12 * 60)).await, none());
        assert_eq!(turn(at(2, 7 * 60 + 59)).await, none(), "nobody is woken");
        let (taken, to) = turn(at(2, 8 * 60)).await;
        assert_eq!(taken, 2);
        let ends: std::collections::BTreeSet<&str> = to.iter().map(String::as_str).collect();
        assert_eq!(ends, [MANAGER, OTHER].into(), "{to:?}");
        assert_eq!(turn(at(2, 8 * 60 + 1)).await, none(), "once");
        assert_eq!(scene.get(&h.signed_in(&scene.c.manager.user).await, &sent).await.expect(200)["overdue"], json!(false));
        assert_eq!(turn(at(3, 12 * 60)).await, none());
        let admin = h.signed_in(&scene.c.admin.user).await;
        assert_eq!(scene.get(&admin, &sent).await.expect(200)["overdue"], json!(true));
        // One has arrived meanwhile.
        let recipient = h.signed_in(&scene.c.other_manager.user).await;
        scene.step(&recipient, &sent, "receive", &scene.soap(5)).await.expect(200);
        let (taken, to) = turn(at(4, 12 * 60)).await;
        assert_eq!((taken, to), (1, vec![OPERATOR.to_owned()]));
        assert_eq!(turn(at(9, 12 * 60)).await, none());
        let told = h.services.audit_log(&panoh::domain::accounts::Actor {
            user_id: scene.c.admin.user.id, role: panoh::domain::accounts::Role::Admin, name: String::new(),
            organisation_id: None, shelters: Vec::new(), origin: String::new(), by: panoh::domain::accounts::Bearer::Nothing,
        }, panoh::domain::logbook::Wanted::default(), 50).await.unwrap().rows;
        let count = |action: &str| told.iter().filter(|row| row.entry.action == action).count();
        assert_eq!((count("transfer.remind"), count("transfer.tell_operators")), (2, 1));
    }

    async fn steps_missed_are_taken_in_order(h: Harness) {
        let scene = Scene::new(&h).await;
        scene.approve(5).await;
        delivered(&h).await;
        h.clock.set(at(8, 12 * 60));
        assert_eq!(h.services.chase_due().await.unwrap(), 2);
        assert_eq!(delivered(&h).await, [OPERATOR, OTHER, MANAGER]);
    }
}
