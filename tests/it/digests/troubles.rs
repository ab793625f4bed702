//! What keeps a digest from its readers is on the administrators' screens, and in their mail once: within a quarter of an
//! hour, whatever it was that failed.

use chrono::{Duration, NaiveTime};
use panoh::domain::accounts::Role;
use panoh::domain::id::{Moment, ScheduleId};
use panoh::domain::readers::Recipient;
use panoh::mail::MailFailure;
use panoh::services::schedules::ScheduleDraft;
use serde_json::{Value, json};

use super::stage::{admin, deliver_all, dushanbe, sql_at};
use crate::harness::readers::{active_reader, add_schedule};
use crate::harness::{Harness, on_both};

/// Two administrators and a schedule for 08:30 with one reader.
async fn office(h: &Harness) -> ScheduleId {
    h.clock.set(dushanbe(7, 0, 0));
    for email in ["first@example.tj", "second@example.tj"] {
        h.person(Role::Admin, email, None, &[]).await;
    }
    let schedule = add_schedule(
        &h.services,
        &admin(),
        ScheduleDraft::daily("Daily", NaiveTime::from_hms_opt(8, 30, 0).unwrap()),
    )
    .await;
    active_reader(&h.services, Recipient::named(schedule, "nina@gov.example", "", "ru")).await;
    schedule
}

async fn troubles(h: &Harness) -> Value {
    let user = panoh::store::accounts::operators(&h.services.store)
        .await
        .unwrap()
        .remove(0);
    let list = h.signed_in(&user).await.get("/api/v1/troubles").await.expect(200);
    list["items"].clone()
}

/// Looks every minute from one time to another, as the job does; at which of them somebody was told.
async fn alarms(h: &Harness, from: Moment, until: Moment) -> Vec<Moment> {
    let mut told = Vec::new();
    let mut now = from;
    while now <= until {
        h.clock.set(now);
        drop(h.jobs.run_due().await);
        if h.jobs.alarm_due().await.unwrap() > 0 {
            told.push(now);
        }
        now += Duration::minutes(1);
    }
    told
}

async fn mailed(h: &Harness) -> Vec<String> {
    let before = h.mail.sent().len();
    deliver_all(&h.jobs).await;
    h.mail.sent().into_iter().skip(before).map(|letter| letter.to).collect()
}

on_both! {
    async fn a_run_that_fails_is_told_once_and_within_a_quarter_of_an_hour(h: Harness) {
        let schedule = office(&h).await;
        // A figure that no version wrote: the digest's input cannot be read, and every try fails.
        sql_at(&h.database_url, "UPDATE digest_recipient SET state = 'lost'").await;
        let told = alarms(&h, dushanbe(8, 25, 0), dushanbe(10, 0, 0)).await;
        assert_eq!(told, [dushanbe(8, 40, 0)], "ten minutes after the slot, and once");
        assert_eq!(mailed(&h).await, ["first@example.tj", "second@example.tj"]);
        let trouble = &troubles(&h).await;
        assert_eq!(trouble, &json!([{"code": "digest_overdue", "schedule_id": schedule.to_string(), "schedule_name": "Daily",
            "period": "2026-11-22", "digest_id": null, "count": null, "since": dushanbe(8, 30, 0)}]));
        let admin = h.services.schedule(schedule).await.unwrap();
        assert_eq!(h.services.schedule_view(admin).overdue, Some(("2026-11-22".to_owned(), dushanbe(8, 30, 0))));
        // Mended: it is made late, and there is nothing to tell.
        sql_at(&h.database_url, "UPDATE digest_recipient SET state = 'active'").await;
        assert_eq!(h.jobs.run_due().await.unwrap(), 1);
        assert_eq!((troubles(&h).await, h.jobs.alarm_due().await.unwrap()), (json!([]), 0));
        assert_eq!(mailed(&h).await, ["nina@gov.example"]);
    }

    async fn a_schedule_that_nobody_can_read_is_told_of_and_holds_up_no_other(h: Harness) {
        let poisoned = office(&h).await;
        add_schedule(&h.services, &admin(), ScheduleDraft::daily("Other", NaiveTime::from_hms_opt(8, 30, 0).unwrap())).await;
        for poison in ["cadence = 'sometimes'", "zone = 'Mars/Olympus'", "rule = 'nonsense'"] {
            let before = sql_at(&h.database_url, "SELECT cadence, zone FROM digest_schedule WHERE name = 'Daily'").await.remove(0);
            sql_at(&h.database_url, &format!("UPDATE digest_schedule SET {poison} WHERE name = 'Daily'")).await;
            let start = h.clock.now();
            let told = alarms(&h, start + Duration::days(1), start + Duration::days(1) + Duration::hours(2)).await;
            assert_eq!(told.len(), 1, "{poison}");
            assert_eq!(mailed(&h).await, ["first@example.tj", "second@example.tj"]);
            let all = troubles(&h).await;
            assert_eq!((all.as_array().unwrap().len(), &all[0]["schedule_id"]), (1, &json!(poisoned.to_string())), "{poison}: {all}");
            sql_at(&h.database_url, &format!("UPDATE digest_schedule SET cadence = '{}', zone = '{}', rule = NULL WHERE name = 'Daily'", before[0], before[1])).await;
        }
        let made = sql_at(&h.database_url, "SELECT DISTINCT s.name FROM digest d JOIN digest_schedule s ON s.id = d.schedule_id").await.concat();
        assert_eq!(made, ["Other"]);
    }

    async fn letters_refused_for_good_are_told_once(h: Harness) {
        office(&h).await;
        h.mail.refuse("nina@gov.example", MailFailure { permanent: true, uncertain: false, answer: "550 no such mailbox".to_owned() });
        h.clock.set(dushanbe(8, 30, 0));
        assert_eq!(h.jobs.run_due().await.unwrap(), 1);
        assert_eq!(h.jobs.alarm_due().await.unwrap(), 0);
        assert_eq!(mailed(&h).await, Vec::<String>::new());
        assert_eq!((h.jobs.alarm_due().await.unwrap(), h.jobs.alarm_due().await.unwrap()), (1, 0));
        let all = troubles(&h).await;
        assert_eq!((&all[0]["code"], &all[0]["count"], &all[0]["period"]), (&json!("letters_dead"), &json!(1), &json!("2026-11-22")));
        assert_eq!(mailed(&h).await, ["first@example.tj", "second@example.tj"]);
        h.clock.advance(Duration::days(6));
        assert_eq!(h.jobs.run_due().await.unwrap(), 1);
        let codes: Vec<Value> = troubles(&h).await.as_array().unwrap().iter().map(|row| row["period"].clone()).collect();
        assert_eq!(codes, Vec::<Value>::new(), "nobody needs that letter any more");
    }

    async fn letters_that_wait_too_long_are_on_the_screen(h: Harness) {
        office(&h).await;
        h.clock.set(dushanbe(8, 30, 0));
        assert_eq!(h.jobs.run_due().await.unwrap(), 1);
        h.clock.set(dushanbe(8, 44, 59));
        assert_eq!(troubles(&h).await, json!([]));
        h.clock.set(dushanbe(8, 45, 0));
        let all = troubles(&h).await;
        assert_eq!((&all[0]["code"], &all[0]["count"], &all[0]["since"]), (&json!("letters_waiting"), &json!(1), &json!(dushanbe(8, 30, 0))));
        assert_eq!(mailed(&h).await, ["nina@gov.example"]);
        assert_eq!(troubles(&h).await, json!([]));
    }

    async fn three_nodes_tell_once(h: Harness) {
        office(&h).await;
        sql_at(&h.database_url, "UPDATE digest_recipient SET state = 'lost'").await;
        h.clock.set(dushanbe(8, 45, 0));
        let (second, third) = (h.another_node().await, h.another_node().await);
        let told = futures::join!(h.services.alarm_due(), second.alarm_due(), third.alarm_due());
        let told: usize = [told.0, told.1, told.2].into_iter().map(|told| told.unwrap_or(0)).sum();
        assert_eq!(told, 1);
        assert_eq!(mailed(&h).await.len(), 2);
    }

    async fn what_a_power_cut_made_late_is_made_and_not_told(h: Harness) {
        office(&h).await;
        h.clock.set(dushanbe(8, 30, 0) + Duration::days(3));
        // A start: the turn comes first.
        h.jobs.turn().await;
        while h.jobs.deliver_next().await.unwrap() {}
        assert_eq!((h.jobs.alarm_due().await.unwrap(), troubles(&h).await), (0, json!([])));
        assert_eq!(h.mail.sent().len(), 1);
    }
}
