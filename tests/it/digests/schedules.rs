//! Schedules of every rhythm over HTTP: written, shown before they are kept, changed, paused and at their end.

use chrono::Duration;
use panoh::domain::accounts::Role;
use panoh::domain::id::Moment;
use serde_json::{Value, json};

use super::stage::sql_at;
use crate::harness::client::Person;
use crate::harness::{Harness, on_both};

const SCHEDULES: &str = "/api/v1/digest-schedules";
const NEXT: &str = "/api/v1/digest-schedules/next";

fn moment(text: &str) -> Moment {
    text.parse().unwrap()
}

fn draft(cadence: &str, more: &Value) -> Value {
    let mut body = json!({"name": "Digest", "cadence": cadence});
    if cadence != "cron" {
        body["time"] = json!("08:30");
    }
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

async fn admin(h: &Harness) -> Person {
    h.person(Role::Admin, "admin@example.tj", None, &[]).await
}

/// Turns every hour until then, as the job would; the keys of what was made meanwhile.
async fn made_until(h: &Harness, end: &str) -> Vec<String> {
    let before = keys(h).await;
    while h.clock.now() < moment(end) {
        h.clock.advance(Duration::hours(1));
        h.jobs.run_due().await.unwrap();
    }
    keys(h).await.into_iter().filter(|key| !before.contains(key)).collect()
}

async fn keys(h: &Harness) -> Vec<String> {
    sql_at(&h.database_url, "SELECT period FROM digest ORDER BY created_at, period")
        .await
        .concat()
}

on_both! {
    async fn the_next_three_are_shown_before_anything_is_kept(h: Harness) {
        // Sunday 22 November 2026.
        let admin = admin(&h).await;
        for (cadence, more, at, from, to) in [
            ("daily", json!({}), "2026-11-23T03:30:00Z", "2026-11-22", "2026-11-22"),
            ("weekly", json!({"weekday": "wednesday"}), "2026-11-25T03:30:00Z", "2026-11-18", "2026-11-24"),
            ("monthly", json!({"day": 5}), "2026-12-05T03:30:00Z", "2026-11-01", "2026-11-30"),
            ("first_working_day", json!({}), "2026-12-01T03:30:00Z", "2026-11-01", "2026-11-30"),
            ("quarterly", json!({}), "2027-01-01T03:30:00Z", "2026-10-01", "2026-12-31"),
            ("half_yearly", json!({"day": 10, "zone": "Europe/Berlin"}), "2027-01-10T07:30:00Z", "2026-07-01", "2026-12-31"),
            ("cron", json!({"cron": "15 7 * * tue,fri"}), "2026-11-24T02:15:00Z", "2026-11-20", "2026-11-23"),
        ] {
            let body = draft(cadence, &more);
            let next = admin.post(NEXT, &body).await.expect(200)["next_sends"].clone();
            assert_eq!(next[0], json!({"at": at, "covers": {"from": from, "to": to}}), "{cadence}");
            assert_eq!(next.as_array().unwrap().len(), 3);
            let kept = admin.post(SCHEDULES, &body).await.expect(201);
            let sends: Vec<&Value> = next.as_array().unwrap().iter().map(|send| &send["at"]).collect();
            assert_eq!(kept["next_sends"].as_array().unwrap().iter().collect::<Vec<_>>(), sends, "{cadence}");
            for field in ["weekday", "day", "cron"] {
                let given = more.get(field).cloned().unwrap_or(Value::Null);
                let wanted = if field == "day" && cadence == "quarterly" { json!(1) } else { given };
                assert_eq!(kept[field], wanted, "{cadence} {field}");
            }
            assert_eq!((&kept["time"], &kept["overdue"]), (&if cadence == "cron" { json!(null) } else { json!("08:30") }, &Value::Null));
            let read = admin.get(&format!("{SCHEDULES}/{}", kept["id"].as_str().unwrap())).await.expect(200);
            assert_eq!(read, kept);
        }
        assert_eq!(admin.get(SCHEDULES).await.expect(200)["items"].as_array().unwrap().len(), 7, "what is shown is not kept");
    }

    async fn a_field_that_does_not_belong_or_never_comes_is_named(h: Harness) {
        let admin = admin(&h).await;
        for (cadence, more, field, code) in [
            ("daily", json!({"weekday": "monday"}), "weekday", "not_of_cadence"),
            ("weekly", json!({}), "weekday", "required"),
            ("weekly", json!({"weekday": "monday", "day": 3}), "day", "not_of_cadence"),
            ("monthly", json!({"day": 29}), "day", "out_of_range"),
            ("monthly", json!({"day": 0}), "day", "out_of_range"),
            ("monthly", json!({"cron": "0 8 * * mon"}), "cron", "not_of_cadence"),
            ("daily", json!({"time": null}), "time", "required"),
            ("daily", json!({"time": "25:00"}), "time", "malformed"),
            ("cron", json!({}), "cron", "required"),
            ("cron", json!({"cron": "0 8 * * mon", "time": "08:30"}), "time", "not_of_cadence"),
            ("cron", json!({"cron": "* 8 * * mon"}), "cron", "malformed"),
            ("cron", json!({"cron": "0 8 * * 1"}), "cron", "malformed"),
            ("cron", json!({"cron": "0 8 1 * mon"}), "cron", "ambiguous"),
            ("cron", json!({"cron": "0 8 30 2 *"}), "cron", "never"),
            ("daily", json!({"expires_on": "2026-11-22"}), "expires_on", "never"),
            ("daily", json!({"zone": "Mars/Olympus"}), "zone", "unknown"),
            ("daily", json!({"region": "XX"}), "region", "unknown"),
        ] {
            for path in [NEXT, SCHEDULES] {
                let answer = admin.post(path, &draft(cadence, &more)).await;
                assert_eq!((answer.status, answer.faults()), (422, vec![(field.to_owned(), code.to_owned())]), "{cadence} {more}");
            }
        }
        assert_eq!(admin.get(SCHEDULES).await.expect(200)["items"], json!([]));
    }

    async fn each_sends_on_its_days(h: Harness) {
        let admin = admin(&h).await;
        for (cadence, more) in [
            ("weekly", json!({"weekday": "monday"})),
            ("monthly", json!({"day": 3})),
            ("first_working_day", json!({})),
            ("cron", json!({"cron": "0 8,20 1 * *"})),
        ] {
            admin.post(SCHEDULES, &draft(cadence, &more)).await.expect(201);
        }
        let made = made_until(&h, "2027-01-06T00:00:00Z").await;
        let weekly = ["2026-11-23", "2026-11-30", "2026-12-07", "2026-12-14", "2026-12-21", "2026-12-28", "2027-01-04"];
        let cron = ["2026-12-01T08:00", "2026-12-01T20:00", "2027-01-01T08:00", "2027-01-01T20:00"];
        // Of January the first working day is Monday the 4th, beside the weekly one.
        let mut expected: Vec<&str> = weekly.into_iter().chain(cron).collect();
        expected.extend(["2026-12-01", "2026-12-03", "2027-01-03", "2027-01-04"]);
        expected.sort_unstable();
        let mut made: Vec<&str> = made.iter().map(String::as_str).collect();
        made.sort_unstable();
        assert_eq!(made, expected);
    }

    async fn what_passes_while_a_schedule_sleeps_is_not_made_up_for(h: Harness) {
        let admin = admin(&h).await;
        let kept = admin.post(SCHEDULES, &draft("daily", &json!({}))).await.expect(201);
        let path = format!("{SCHEDULES}/{}", kept["id"].as_str().unwrap());
        assert_eq!(made_until(&h, "2026-11-23T06:00:00Z").await, ["2026-11-23"]);
        let admin = h.signed_in(&admin.user).await;
        let asleep = admin.put_at(&path, 1, &draft("daily", &json!({"active": false}))).await.expect(200);
        assert_eq!(asleep["next_sends"], json!([]));
        assert_eq!(made_until(&h, "2026-11-26T06:00:00Z").await, Vec::<String>::new());
        let admin = h.signed_in(&admin.user).await;
        admin.put_at(&path, 2, &draft("daily", &json!({}))).await.expect(200);
        assert_eq!(h.jobs.run_due().await.unwrap(), 0, "today's hour had passed when it woke up");
        assert_eq!(made_until(&h, "2026-11-27T06:00:00Z").await, ["2026-11-27"]);
        // Another rhythm: its slot of this week has passed, and the next comes.
        let admin = h.signed_in(&admin.user).await;
        admin.put_at(&path, 3, &draft("weekly", &json!({"weekday": "friday", "time": "09:00"}))).await.expect(200);
        assert_eq!(made_until(&h, "2026-12-05T06:00:00Z").await, ["2026-12-04"]);
        // A new name is no new rhythm: what is late is made all the same.
        let admin = h.signed_in(&admin.user).await;
        h.clock.set(moment("2026-12-11T04:00:00Z"));
        let admin = h.signed_in(&admin.user).await;
        admin.put_at(&path, 4, &draft("weekly", &json!({"weekday": "friday", "time": "09:00", "name": "Other"}))).await.expect(200);
        assert_eq!(h.jobs.run_due().await.unwrap(), 1);
    }

    async fn on_its_last_day_it_sends_and_then_no_more(h: Harness) {
        let admin = admin(&h).await;
        let body = draft("daily", &json!({"expires_on": "2026-11-24", "attach_csv": true, "attach_xlsx": true}));
        let kept = admin.post(SCHEDULES, &body).await.expect(201);
        assert_eq!(kept["next_sends"].as_array().unwrap().len(), 2);
        assert_eq!((&kept["attach_csv"], &kept["attach_xlsx"], &kept["expires_on"]), (&json!(true), &json!(true), &json!("2026-11-24")));
        assert_eq!(made_until(&h, "2026-11-28T00:00:00Z").await, ["2026-11-23", "2026-11-24"]);
        assert_eq!(h.services.troubles().await.unwrap(), [], "an end is no trouble");
    }

    async fn added_once_and_changed_by_who_read_it_last(h: Harness) {
        let admin = admin(&h).await;
        let body = draft("daily", &json!({}));
        let kept = admin.post_once(SCHEDULES, "schedule-one", &body).await.expect(201);
        assert_eq!(admin.post_once(SCHEDULES, "schedule-one", &body).await.expect(201), kept);
        assert_eq!(admin.get(SCHEDULES).await.expect(200)["items"].as_array().unwrap().len(), 1);
        let path = format!("{SCHEDULES}/{}", kept["id"].as_str().unwrap());
        admin.put_at(&path, 1, &body).await.expect(200);
        assert_eq!(admin.put_at(&path, 1, &body).await.code(), "stale");
    }
}
