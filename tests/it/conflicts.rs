//! Two people report on one shelter and one has not seen what the other said: both reports are kept, time decides which is
//! in force, and the second to arrive is told of the first.

use chrono::Duration;
use panoh::domain::accounts::Role;
use panoh::domain::id::Moment;
use serde_json::{Value, json};

use crate::harness::client::Person;
use crate::harness::country::Country;
use crate::harness::{Harness, on_both};

struct Scene {
    h: Harness,
    c: Country,
    colleague: Person,
    /// The report that both have on their screens.
    seen: Value,
}

impl Scene {
    async fn set(h: Harness) -> Self {
        let c = h.country().await;
        let colleague = h
            .person(Role::Manager, "zarina@nur.example", Some(&c.nur), &[c.shelter.id])
            .await;
        let body = h.report(&c.shelter, &[1, 2]);
        c.manager
            .post_once(&c.path("/reports"), "first-0001", &body)
            .await
            .expect(201);
        let seen = c.manager.get(&c.path("/state")).await.expect(200)["report_id"].clone();
        assert!(seen.is_string());
        Self { h, c, colleague, seen }
    }

    async fn report(&self, who: &Person, key: &str, occupied: &[u16], at: Moment, seen: &Value) -> Value {
        let mut body = self.h.report(&self.c.shelter, occupied);
        body["observed_at"] = json!(at);
        body["based_on"] = seen.clone();
        who.post_once(&self.c.path("/reports"), key, &body).await.expect(201)
    }

    async fn in_force(&self) -> (Value, Vec<u64>) {
        let state = self.c.manager.get(&self.c.path("/state")).await.expect(200);
        let taken = state["rooms"]
            .as_array()
            .unwrap()
            .iter()
            .map(|room| room["occupied_beds"].as_u64().unwrap());
        (state["report_id"].clone(), taken.collect())
    }
}

on_both! {
    async fn an_older_edit_that_comes_late_is_told_of_the_newer_value(h: Harness) {
        let scene = Scene::set(h).await;
        let nine = scene.h.services.now();
        scene.h.clock.advance(Duration::minutes(40));
        let newer = scene.report(&scene.colleague, "theirs-001", &[3, 2], scene.h.services.now(), &scene.seen).await;
        assert_eq!(newer.get("conflict"), None, "she had seen the one before");
        let at = nine + Duration::minutes(20);
        let late = scene.report(&scene.c.manager, "offline-01", &[2, 2], at, &scene.seen).await;
        assert_eq!(late["applied"], false);
        let other = &late["conflict"];
        assert_eq!((&other["report_id"], &other["reported_by"]), (&newer["id"], &json!("zarina")), "{other}");
        assert_eq!(other["rooms"][0]["label"], "kabud");
        assert_eq!((&other["rooms"][0]["occupied_beds"], &other["rooms"][1]["occupied_beds"]), (&json!(3), &json!(2)));
        assert_eq!(scene.in_force().await, (newer["id"].clone(), vec![3, 2]));
        // The same once more is the same answer; both reports are in the history, and no third.
        assert_eq!(scene.report(&scene.c.manager, "offline-01", &[2, 2], at, &scene.seen).await, late);
        let kept = scene.c.manager.get(&scene.c.path("/reports")).await.expect(200);
        assert_eq!(kept["items"].as_array().unwrap().len(), 3);
    }

    async fn a_later_edit_on_an_old_sheet_is_in_force_and_told_of_what_it_overtook(h: Harness) {
        let scene = Scene::set(h).await;
        scene.h.clock.advance(Duration::minutes(20));
        let theirs = scene.report(&scene.colleague, "theirs-001", &[1, 4], scene.h.services.now(), &scene.seen).await;
        scene.h.clock.advance(Duration::minutes(20));
        let mine = scene.report(&scene.c.manager, "offline-01", &[2, 2], scene.h.services.now(), &scene.seen).await;
        assert_eq!((&mine["applied"], &mine["conflict"]["report_id"]), (&json!(true), &theirs["id"]));
        assert_eq!(scene.in_force().await, (mine["id"].clone(), vec![2, 2]));
        // She chooses theirs: a report made on what is in force now.
        let chosen = scene.report(&scene.c.manager, "chosen-001", &[1, 4], scene.h.services.now(), &mine["id"]).await;
        assert_eq!((chosen.get("conflict"), &chosen["applied"]), (None, &json!(true)));
        assert_eq!(scene.in_force().await.1, [1, 4]);
    }

    async fn who_says_the_same_or_names_no_sheet_is_told_nothing(h: Harness) {
        let scene = Scene::set(h).await;
        scene.h.clock.advance(Duration::minutes(20));
        scene.report(&scene.colleague, "theirs-001", &[2, 2], scene.h.services.now(), &scene.seen).await;
        let same = scene.report(&scene.c.manager, "same-00001", &[2, 2], scene.h.services.now(), &scene.seen).await;
        assert_eq!(same.get("conflict"), None);
        let unnamed = scene.report(&scene.c.manager, "unnamed-01", &[0, 2], scene.h.services.now(), &Value::Null).await;
        assert_eq!(unnamed.get("conflict"), None);
        // Closing the house is a difference too, even where every number is alike.
        let mut closed = scene.h.report(&scene.c.shelter, &[0, 2]);
        closed["operating"] = json!(false);
        closed["based_on"] = scene.seen.clone();
        let closed = scene.c.manager.post_once(&scene.c.path("/reports"), "closed-001", &closed).await.expect(201);
        assert_eq!(closed["conflict"]["operating"], true);
        // What is no id is a fault of the field, as everywhere.
        let mut odd = scene.h.report(&scene.c.shelter, &[0, 2]);
        odd["based_on"] = json!("yesterday's");
        let refused = scene.c.manager.post_once(&scene.c.path("/reports"), "odd-000001", &odd).await;
        assert_eq!((refused.status, refused.faults()[0].0.as_str()), (422, "based_on"), "{}", refused.text());
    }
}
