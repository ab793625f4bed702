//! The demo country in both databases: what is stored is what was drawn, and the service works on it.

use std::collections::HashSet;

use chrono::NaiveDate;
use panoh::domain::accounts::Role;
use panoh::domain::demo::{PASSWORD, SHELTERS};
use panoh::domain::people::Figure;
use panoh::domain::supplies::StockStatus;
use panoh::services::errors::Refused;
use panoh::services::sign_in::Attempt;

use crate::harness::{Harness, on_both};

on_both! {
    async fn the_country_is_stored_as_it_was_drawn(h: Harness) {
        let services = &h.services;
        let demo = services.demo_plan(1, SHELTERS).unwrap();
        let mut told = Vec::new();
        services.seed_demo(&demo, |done| told.push(done)).await.unwrap();
        assert_eq!(told, [24]);

        let picture = services.availability();
        let national = &picture.availability.national;
        let histories: Vec<_> = (0..24).map(|at| demo.history(at)).collect();
        let lines = || histories.iter().flat_map(|history| &history.current);
        assert_eq!(national.counts.beds, lines().map(|line| u64::from(line.beds)).sum::<u64>());
        assert_eq!(national.counts.occupied, lines().map(|line| u64::from(line.state.occupied_beds)).sum::<u64>());
        let active = histories.iter().flat_map(|history| &history.holds).filter(|hold| hold.is_active(demo.now));
        // Held from a later date are full rooms: there is nothing to keep in them yet.
        let active = active.filter(|hold| hold.starts_at.is_none());
        assert_eq!(national.counts.held, active.map(|hold| u64::from(hold.beds)).sum::<u64>());
        assert!(national.counts.held > 0 && national.counts.free > 0 && national.family_places > 0);
        let year = services.demand_of(NaiveDate::from_ymd_opt(2025, 11, 1), None).await.unwrap();
        assert_eq!(year.months.len(), 12);
        let said = year.months.iter().filter(|month| month.cell(&Figure::Unmet).exact().is_some_and(|count| count >= 5));
        assert!(said.count() >= 6 && year.total.reasons().len() >= 3, "{year:?}");
        assert_eq!((national.shelters.total, national.shelters.silent, national.shelters.aging), (24, 1, 1));
        assert_eq!(picture.availability.regions.len(), 5);

        // What is current is what the history tells of this moment.
        let known = services.availability_at(demo.now).await.unwrap();
        assert_eq!(known.national, *national);
        assert!(services.verify_audit().await.unwrap().intact);
        let again = services.seed_demo(&demo, |_| {}).await;
        assert!(matches!(again, Err(Refused::Conflict { code: "not_empty", .. })));
    }

    async fn each_role_signs_in_and_finds_its_work(h: Harness) {
        let services = &h.services;
        let demo = services.demo_plan(7, SHELTERS).unwrap();
        services.seed_demo(&demo, |_| {}).await.unwrap();
        let short = demo.shelters.iter().find(|row| row.mood == panoh::domain::demo::Mood::Shortage).unwrap();
        let mut roles = HashSet::new();
        for user in &demo.users {
            let manages_short = user.id == short.manager;
            if !roles.insert(user.role) && !manages_short {
                continue;
            }
            let signed_in = services.sign_in(&attempt(&user.email)).await.unwrap();
            let actor = services.authenticate(&signed_in.token).await.unwrap();
            assert_eq!(actor.role, user.role);
            if user.role == Role::Manager {
                let state = services.state(&actor, user.shelters[0]).await.unwrap();
                assert_eq!(state.stock.len(), 10);
                let told = services.confidential(&actor, user.shelters[0], "test").await.unwrap();
                assert!(told.address.contains("Намоишӣ"));
            }
            if manages_short {
                let state = services.state(&actor, short.shelter.id).await.unwrap();
                let critical = state.stock.iter().filter(|view| view.cover.status == StockStatus::Critical).count();
                assert!(critical >= 1, "a shortage is short by the service's own reckoning");
            }
        }
        assert_eq!(roles.len(), 4);
        assert_eq!(services.run_due().await.unwrap(), 1, "today's daily one, and no other");
        let schedules = services.schedules().await.unwrap();
        let mut cadences: Vec<_> = schedules.iter().map(|view| (view.row.cadence.as_str(), view.row.at_minute)).collect();
        cadences.sort_unstable();
        assert_eq!(cadences, [("daily", 8 * 60 + 30), ("half_yearly", 9 * 60), ("weekly", 9 * 60)]);
        assert!(schedules.iter().all(|view| view.overdue.is_none() && view.next_sends.len() == 3));
    }

    async fn more_shelters_than_one_transaction_takes(h: Harness) {
        let services = &h.services;
        let demo = services.demo_plan(3, 130).unwrap();
        let mut told = Vec::new();
        services.seed_demo(&demo, |done| told.push(done)).await.unwrap();
        assert_eq!(told, [100, 130]);
        assert_eq!(services.availability().availability.national.shelters.total, 130);
    }
}

fn attempt(email: &str) -> Attempt {
    Attempt {
        email: email.to_owned(),
        password: PASSWORD.to_owned(),
        ..Attempt::default()
    }
}
