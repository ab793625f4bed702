//! The course of a day without a report: when each step comes, what ends it, and that each comes once.

use chrono::NaiveTime;
use panoh::domain::accounts::{Actor, Role};
use panoh::domain::logbook::Wanted;
use panoh::domain::outbox::{NoticeKind, Of};
use panoh::domain::rooms::RoomKind;
use panoh::mail::MailFailure;
use panoh::services::people::UserDraft;
use panoh::store::reminders;

use super::{at, country, last_to, of_shelter, report, standing, turn};
use crate::harness::country::room;
use crate::harness::{Harness, on_both};

const NOBODY: [&str; 0] = [];

on_both! {
    async fn a_day_without_a_report_step_by_step(h: Harness) {
        let c = country(&h).await;
        assert_eq!(turn(&h, &h.jobs, 21, "23:00").await, NOBODY, "the report of the day has come");
        assert_eq!(turn(&h, &h.jobs, 22, "08:59").await, NOBODY);
        let both = ["manager@mehr.example", "manager@nur.example"];
        assert_eq!(turn(&h, &h.jobs, 22, "09:00").await, both);
        assert_eq!(standing(&h, &c, "TJ-DU-01").await, (1, false));
        let (language, subject, text) = last_to(&h, both[0]);
        assert_eq!((language.as_str(), subject.as_str()), ("ru", "Panoh: для вас есть сообщение"));
        assert!(text.starts_with("Ежедневный отчёт ещё не поступил."), "{text}");
        for time in ["09:00", "09:01", "10:30", "11:59"] {
            assert_eq!(turn(&h, &h.jobs, 22, time).await, NOBODY, "{time}");
        }
        // One of them reports; the other is reminded once more.
        report(&h, &c.manager, &c).await;
        assert_eq!(standing(&h, &c, "TJ-DU-01").await, (0, false));
        assert_eq!(turn(&h, &h.jobs, 22, "12:00").await, both[..1]);
        assert_eq!(turn(&h, &h.jobs, 22, "14:59").await, NOBODY);
        assert_eq!(turn(&h, &h.jobs, 22, "15:00").await, ["admin@example.tj"]);
        let (_, _, text) = last_to(&h, "admin@example.tj");
        assert!(!text.contains("TJ-") && text.contains("несмотря на напоминания"), "{text}");
        assert_eq!(standing(&h, &c, "TJ-SU-01").await, (2, true));
        for time in ["15:01", "19:59", "23:59"] {
            assert_eq!(turn(&h, &h.jobs, 22, time).await, NOBODY, "{time}");
        }
        // The next day begins anew, for both.
        assert_eq!(turn(&h, &h.jobs, 23, "08:00").await, NOBODY);
        assert_eq!(turn(&h, &h.jobs, 23, "09:00").await, both);
        // On record, each step once.
        let log = h.services.audit_log(&actor(&c.admin), Wanted::default(), 500).await.unwrap().rows;
        let steps = |action: &str| log.iter().filter(|row| row.entry.action == action).count();
        assert_eq!((steps("report.remind"), steps("report.tell_operators")), (5, 1));
        assert!(h.services.verify_audit().await.unwrap().intact);
        assert!(h.services.check().await.unwrap().iter().all(|check| check.broken == 0));
    }

    async fn the_night_is_quiet_and_nothing_is_heaped_after_a_day_down(h: Harness) {
        let c = country(&h).await;
        h.clock.set(at(21, "12:00"));
        let mut row = c.shelter.clone();
        row.report_due = NaiveTime::from_hms_opt(21, 30, 0).unwrap();
        h.services.change_shelter(&Actor { role: Role::Admin, ..actor(&c.admin) }, row, &[]).await.unwrap();
        report(&h, &c.other_manager, &c).await;
        for (day, time) in [(22, "08:00"), (22, "20:00"), (22, "21:30"), (22, "23:59"), (23, "07:59")] {
            let told = turn(&h, &h.jobs, day, time).await;
            assert!(!told.contains(&"manager@nur.example".to_owned()), "{day} {time}");
        }
        assert_eq!(turn(&h, &h.jobs, 23, "08:00").await, ["manager@nur.example"], "in the morning, of the evening's report");
        // Down for two days: of all that was missed one reminder comes, when its turn has come.
        assert!(turn(&h, &h.jobs, 25, "16:00").await.iter().filter(|to| *to == "manager@nur.example").count() <= 1);
        let of_the_day = of_shelter(&h, c.shelter.id).await.len();
        assert!(of_the_day <= 2, "{of_the_day}");
    }

    async fn two_nodes_at_once_send_once(h: Harness) {
        let c = country(&h).await;
        let other = h.another_node().await;
        for (time, letters) in [("09:00", 2), ("12:00", 4), ("15:00", 5)] {
            h.clock.set(at(22, time));
            let (here, there) = tokio::join!(h.services.remind_due(), other.remind_due());
            assert_eq!(here.unwrap() + there.unwrap(), 2, "{time}");
            let about_both = of_shelter(&h, c.shelter.id).await.len() + of_shelter(&h, c.other_shelter.id).await.len();
            // Of the operators each node that took a step may have written; the shelters are told once.
            assert!(about_both == letters || time == "15:00" && about_both == letters + 1, "{time}: {about_both}");
        }
    }

    async fn a_node_whose_board_is_old_asks_the_database_first(h: Harness) {
        let c = country(&h).await;
        let other = h.another_node().await;
        h.clock.set(at(22, "08:30"));
        report(&h, &c.manager, &c).await;
        report(&h, &c.other_manager, &c).await;
        h.clock.set(at(22, "09:00"));
        assert_eq!(other.remind_due().await.unwrap(), 0, "its board has not heard of them");
        assert_eq!(of_shelter(&h, c.shelter.id).await.len(), 0);
    }

    async fn what_a_report_has_overtaken_is_dropped(h: Harness) {
        let c = country(&h).await;
        h.clock.set(at(22, "09:00"));
        assert_eq!(h.services.remind_due().await.unwrap(), 2);
        // Before anything is sent one reports, and the mail server refuses for now.
        report(&h, &c.manager, &c).await;
        h.mail.fail_next(MailFailure::passing("451 later"));
        while h.jobs.deliver_next().await.unwrap() {}
        let states = async |shelter| {
            let letters = of_shelter(&h, shelter).await;
            letters.into_iter().map(|letter| letter.state).collect::<Vec<_>>()
        };
        assert_eq!(states(c.shelter.id).await, ["dropped"]);
        assert_eq!(states(c.other_shelter.id).await, ["queued"]);
        // The server is down until the hours have ended: nobody is reminded at night.
        h.clock.set(at(22, "20:30"));
        while h.jobs.deliver_next().await.unwrap() {}
        assert_eq!(states(c.other_shelter.id).await, ["dropped"]);
        assert_eq!(h.mail.sent().len(), 0);
    }

    async fn operators_are_not_told_of_what_has_come(h: Harness) {
        let c = country(&h).await;
        for time in ["09:00", "12:00"] {
            turn(&h, &h.jobs, 22, time).await;
        }
        h.clock.set(at(22, "15:00"));
        assert_eq!(h.services.remind_due().await.unwrap(), 2);
        let told = async || {
            let mut all = of_shelter(&h, c.shelter.id).await;
            all.extend(of_shelter(&h, c.other_shelter.id).await);
            let of_operators = all.into_iter().filter(|letter| matches!(&letter.of, Of::Notice(n) if n.kind == NoticeKind::ReportOverdue));
            of_operators.map(|letter| (letter.address, letter.state)).collect::<Vec<_>>()
        };
        let admin = "admin@example.tj".to_owned();
        assert_eq!(told().await, [(admin.clone(), "queued".to_owned())], "one letter however many are silent");
        // One of the two reports: there is still somebody silent. Both: nobody is.
        report(&h, &c.manager, &c).await;
        h.mail.fail_next(MailFailure::passing("451 later"));
        while h.jobs.deliver_next().await.unwrap() {}
        assert_eq!(told().await, [(admin.clone(), "queued".to_owned())]);
        report(&h, &c.other_manager, &c).await;
        h.clock.set(at(22, "15:10"));
        while h.jobs.deliver_next().await.unwrap() {}
        assert_eq!(told().await, [(admin, "dropped".to_owned())]);
    }

    async fn nobody_is_reminded_of_a_shelter_that_nobody_runs_and_the_disabled_get_nothing(h: Harness) {
        let c = country(&h).await;
        h.shelter("TJ-DU-99", &c.nur, "TJ-DU-01", vec![room("one", RoomKind::Shared, 4, 0)]).await;
        let draft = UserDraft {
            email: String::new(),
            name: "gone".to_owned(),
            role: Role::Manager,
            organisation_id: Some(c.nur.id),
            shelters: vec![c.shelter.id],
            language: "tg".to_owned(),
            disabled: true,
        };
        h.services.change_user(&actor(&c.admin), c.manager.user.id, draft).await.unwrap();
        assert_eq!(turn(&h, &h.jobs, 22, "09:00").await, ["manager@mehr.example"]);
        // Its manager is gone, but somebody is to know that it is silent.
        report(&h, &c.other_manager, &c).await;
        turn(&h, &h.jobs, 22, "12:00").await;
        assert_eq!(turn(&h, &h.jobs, 22, "15:00").await, ["admin@example.tj"]);
        let taken = reminders::since(&h.services.store, "2026-11-22".parse().unwrap()).await.unwrap();
        assert_eq!((taken.len(), taken[&c.shelter.id].len(), taken[&c.other_shelter.id].len()), (2, 3, 1));
    }

    async fn a_look_without_anybody_silent_asks_the_database_nothing(h: Harness) {
        use std::sync::atomic::Ordering;
        let c = country(&h).await;
        h.clock.set(at(22, "08:30"));
        report(&h, &c.manager, &c).await;
        report(&h, &c.other_manager, &c).await;
        h.clock.set(at(22, "09:00"));
        let before = h.statements.load(Ordering::SeqCst);
        assert_eq!(h.jobs.remind_due().await.unwrap(), 0);
        assert_eq!(h.statements.load(Ordering::SeqCst), before);
        // And once a minute whatever there is.
        h.clock.set(at(23, "09:00"));
        assert_eq!(h.jobs.remind_due().await.unwrap(), 2);
        let before = h.statements.load(Ordering::SeqCst);
        assert_eq!(h.jobs.remind_due().await.unwrap(), 0);
        assert_eq!(h.statements.load(Ordering::SeqCst), before);
    }

    async fn what_is_old_is_forgotten(h: Harness) {
        country(&h).await;
        turn(&h, &h.jobs, 22, "09:00").await;
        assert_eq!(h.services.forget_old_reminders().await.unwrap(), 0);
        h.clock.set(at(22, "09:00") + chrono::Days::new(63));
        assert_eq!(h.services.forget_old_reminders().await.unwrap(), 2);
    }
}

fn actor(person: &crate::harness::client::Person) -> Actor {
    Actor {
        user_id: person.user.id,
        role: person.user.role,
        name: person.user.name.clone(),
        organisation_id: person.user.organisation_id,
        shelters: person.user.shelters.clone(),
        origin: String::new(),
        by: panoh::domain::accounts::Bearer::Nothing,
    }
}
