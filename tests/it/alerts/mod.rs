//! Alerts between digests: what is chosen, who is told of what and when, and that it is told once.

use chrono::Duration;
use futures::future::join_all;
use panoh::domain::accounts::Actor;
use panoh::domain::logbook::Wanted;
use serde_json::{Value, json};

use crate::harness::client::Person;
use crate::harness::country::{Country, search};
use crate::harness::{Harness, on_both};

const PATH: &str = "/api/v1/me/alerts";

/// Somebody chooses for the first time.
async fn choose(person: &Person, choice: &Value) {
    person.put_at(PATH, 0, choice).await.expect(200);
}

/// Looks once and sends; who got a letter, in the order of their addresses, with its sentence.
async fn look(h: &Harness) -> Vec<(String, String)> {
    h.services.alert_due().await.unwrap();
    send(h).await
}

async fn send(h: &Harness) -> Vec<(String, String)> {
    let before = h.mail.sent().len();
    while h.jobs.deliver_next().await.unwrap() {}
    let mut told: Vec<_> = h.mail.sent().into_iter().skip(before).collect();
    told.sort_by(|a, b| a.to.cmp(&b.to));
    let words = told.into_iter().map(|letter| {
        let parsed = mail_parser::MessageParser::default().parse(&letter.raw).unwrap();
        let text = parsed.body_text(0).unwrap().lines().next().unwrap().to_owned();
        (letter.to, text)
    });
    words.collect()
}

async fn report(h: &Harness, person: &Person, shelter: &panoh::domain::shelters::Shelter, occupied: &[u16]) {
    let person = h.signed_in(&person.user).await;
    let key = format!("report-{}", h.services.ids.uuid(h.services.now()));
    let path = format!("/api/v1/shelters/{}/reports", shelter.id);
    person
        .post_once(&path, &key, &h.report(shelter, occupied))
        .await
        .expect(201);
}

async fn all_report(h: &Harness, c: &Country) {
    report(h, &c.manager, &c.shelter, &[]).await;
    report(h, &c.other_manager, &c.other_shelter, &[]).await;
}

fn to(told: &[(String, String)]) -> Vec<&str> {
    told.iter().map(|(to, _)| to.as_str()).collect()
}

const SILENT: &str = "Одно из убежищ не отчитывается двое суток или дольше.";
const NO_PLACE: &str = "В одной из областей не осталось мест для семьи.";
const UNANSWERED: &str = "Убежище не ответило вовремя, а другого места у семьи нет.";

on_both! {
    async fn a_choice_is_ones_own_and_strictly_read(h: Harness) {
        let c = h.country().await;
        let none = c.committee.get(PATH).await.expect(200);
        assert_eq!((&none["kinds"], &none["version"]), (&json!([]), &json!(0)));
        assert_eq!(none["offered"], json!(["no_family_place", "critical_supply", "silent"]));
        let offered = c.admin.get(PATH).await.expect(200)["offered"].clone();
        assert_eq!(offered, json!(["no_family_place", "hold_unanswered", "critical_supply", "silent"]));
        let choice = json!({"kinds": ["silent"], "region": "TJ-SU", "quiet_from": "21:00", "quiet_until": "07:00"});
        let kept = c.committee.put_at(PATH, 0, &choice).await.expect(200);
        assert_eq!(kept["version"], 1);
        assert_eq!(c.committee.get(PATH).await.expect(200), kept);
        assert_eq!(c.admin.get(PATH).await.expect(200)["version"], 0, "another person's is their own");
        for version in [0, 2] {
            assert_eq!(c.committee.put_at(PATH, version, &choice).await.status, 412);
        }
        assert_eq!(c.committee.put(PATH, &choice).await.status, 428);
        for (field, code, wrong) in [
            ("kinds", "not_open", json!({"kinds": ["hold_unanswered"]})),
            ("kinds", "duplicate", json!({"kinds": ["silent", "silent"]})),
            ("kinds[0]", "unknown_value", json!({"kinds": ["noise"]})),
            ("region", "unknown", json!({"kinds": [], "region": "TJ-XX"})),
            ("quiet_until", "missing", json!({"kinds": [], "quiet_from": "21:00"})),
            ("quiet_from", "missing", json!({"kinds": [], "quiet_until": "21:00"})),
            ("quiet_until", "out_of_range", json!({"kinds": [], "quiet_from": "21:00", "quiet_until": "21:00"})),
            ("quiet_from", "malformed", json!({"kinds": [], "quiet_from": "25:00", "quiet_until": "07:00"})),
            ("loud", "unknown_field", json!({"kinds": [], "loud": true})),
        ] {
            let told = c.committee.put_at(PATH, 1, &wrong).await;
            assert_eq!((told.status, told.faults()), (422, vec![(field.to_owned(), code.to_owned())]), "{wrong}");
        }
        let cleared = c.committee.put_at(PATH, 1, &json!({"kinds": []})).await.expect(200);
        assert_eq!((&cleared["region"], &cleared["quiet_from"], &cleared["version"]), (&Value::Null, &Value::Null, &json!(2)));
        for other in [&c.manager, &c.officer] {
            assert_eq!(other.get(PATH).await.status, 403);
        }
        let log = h.services.audit_log(&actor(&c.admin), Wanted::default(), 100).await.unwrap().rows;
        assert_eq!(log.iter().filter(|row| row.entry.action == "alerts.choose").count(), 2);
    }

    async fn nobody_is_told_who_did_not_choose(h: Harness) {
        let c = h.country().await;
        all_report(&h, &c).await;
        choose(&c.committee, &json!({"kinds": []})).await;
        h.clock.advance(Duration::days(4));
        assert!(look(&h).await.is_empty());
    }

    async fn a_silent_shelter_is_told_once_until_it_reports_and_falls_silent_again(h: Harness) {
        let c = h.country().await;
        all_report(&h, &c).await;
        choose(&c.committee, &json!({"kinds": ["silent"]})).await;
        choose(&c.admin, &json!({"kinds": ["silent"], "region": c.other_shelter.region})).await;
        h.clock.advance(Duration::hours(48) - Duration::milliseconds(1));
        assert!(look(&h).await.is_empty());
        report(&h, &c.other_manager, &c.other_shelter, &[]).await;
        h.clock.advance(Duration::milliseconds(1));
        assert_eq!(look(&h).await, [("committee@example.tj".to_owned(), SILENT.to_owned())]);
        for _ in 0..3 {
            assert!(look(&h).await.is_empty(), "told once");
            h.clock.advance(Duration::hours(15));
        }
        h.clock.advance(Duration::hours(3));
        // The other one too: another region, so another event; of the first nobody is told again.
        assert_eq!(to(&look(&h).await), ["admin@example.tj", "committee@example.tj"]);
        all_report(&h, &c).await;
        assert!(look(&h).await.is_empty());
        h.clock.advance(Duration::hours(49));
        assert_eq!(to(&look(&h).await), ["admin@example.tj", "committee@example.tj"], "both at once are one letter");
        let log = h.services.audit_log(&actor(&c.admin), Wanted::default(), 500).await.unwrap().rows;
        assert!(log.iter().filter(|row| row.entry.action == "alert.tell").count() >= 5);
        assert!(h.services.verify_audit().await.unwrap().intact);
    }

    async fn nodes_that_look_at_once_tell_once(h: Harness) {
        let c = h.country().await;
        all_report(&h, &c).await;
        for person in [&c.committee, &c.admin] {
            choose(person, &json!({"kinds": ["silent", "no_family_place"]})).await;
        }
        h.clock.advance(Duration::hours(60));
        let nodes = [h.another_node().await, h.another_node().await, h.services.clone()];
        let looks = join_all(nodes.iter().flat_map(|node| [node.alert_due(), node.alert_due()])).await;
        assert_eq!(looks.into_iter().map(Result::unwrap).sum::<usize>(), 2);
        assert_eq!(to(&send(&h).await), ["admin@example.tj", "committee@example.tj"]);
    }

    async fn a_board_that_is_late_tells_nothing_that_is_not_so(h: Harness) {
        let c = h.country().await;
        all_report(&h, &c).await;
        choose(&c.committee, &json!({"kinds": ["silent"]})).await;
        h.clock.advance(Duration::hours(47));
        let late = h.another_node().await;
        all_report(&h, &c).await;
        h.clock.advance(Duration::hours(2));
        assert_eq!(late.alert_due().await.unwrap(), 0);
    }

    async fn quiet_hours_put_off_what_stands_still(h: Harness) {
        let c = h.country().await;
        choose(&c.committee, &json!({"kinds": ["no_family_place"], "quiet_from": "21:00", "quiet_until": "07:00"})).await;
        // Half past eleven in the morning; then ten in the evening.
        all_report(&h, &c).await;
        h.clock.advance(Duration::minutes(630));
        report(&h, &c.manager, &c.shelter, &[3, 6]).await;
        assert!(look(&h).await.is_empty());
        h.clock.advance(Duration::hours(9) - Duration::milliseconds(1));
        assert!(look(&h).await.is_empty(), "not before seven");
        h.clock.advance(Duration::milliseconds(1));
        assert_eq!(look(&h).await, [("committee@example.tj".to_owned(), NO_PLACE.to_owned())]);
    }

    async fn a_letter_that_is_overtaken_is_dropped(h: Harness) {
        let c = h.country().await;
        all_report(&h, &c).await;
        choose(&c.committee, &json!({"kinds": ["no_family_place"]})).await;
        report(&h, &c.manager, &c.shelter, &[3, 6]).await;
        assert_eq!(h.services.alert_due().await.unwrap(), 1);
        h.clock.advance(Duration::minutes(1));
        report(&h, &c.manager, &c.shelter, &[]).await;
        assert_eq!(h.services.alert_due().await.unwrap(), 0, "it is over");
        assert!(send(&h).await.is_empty());
        // Full again on the same day: that is known. The day after it is no news either while it lasts.
        h.clock.advance(Duration::minutes(1));
        report(&h, &c.manager, &c.shelter, &[3, 6]).await;
        assert_eq!(h.services.alert_due().await.unwrap(), 0);
        h.clock.advance(Duration::hours(20));
        assert_eq!(h.services.alert_due().await.unwrap(), 0);
    }

    async fn a_request_that_nobody_answered_is_for_administrators(h: Harness) {
        let c = h.country().await;
        all_report(&h, &c).await;
        choose(&c.admin, &json!({"kinds": ["hold_unanswered"]})).await;
        let opened = c.officer.post_once("/api/v1/referrals", "key-open-1", &search(&[4])).await.expect(201);
        let holds = format!("/api/v1/referrals/{}/holds", opened["id"].as_str().unwrap());
        let asked = c.officer.post_once(&holds, "key-hold-1", &json!({"shelter_id": c.shelter.id})).await;
        assert_eq!(asked.status, 201, "{}", asked.text());
        assert!(h.services.alert_due().await.unwrap() == 0);
        h.clock.advance(Duration::hours(25));
        h.services.expire_due().await.unwrap();
        let told = look(&h).await;
        let of_this: Vec<_> = told.iter().filter(|(_, text)| text == UNANSWERED).collect();
        assert_eq!(of_this, [&("admin@example.tj".to_owned(), UNANSWERED.to_owned())], "{told:?}");
        assert!(look(&h).await.is_empty());
    }

    async fn what_was_over_long_ago_is_forgotten(h: Harness) {
        let c = h.country().await;
        all_report(&h, &c).await;
        choose(&c.committee, &json!({"kinds": ["silent"]})).await;
        h.clock.advance(Duration::hours(49));
        look(&h).await;
        all_report(&h, &c).await;
        look(&h).await;
        h.clock.advance(Duration::days(30));
        assert_eq!(h.services.forget_old_alerts().await.unwrap(), 0);
        h.clock.advance(Duration::milliseconds(1));
        assert_eq!(h.services.forget_old_alerts().await.unwrap(), 2);
    }
}

fn actor(person: &Person) -> Actor {
    Actor {
        user_id: person.user.id,
        role: person.user.role,
        name: person.user.name.clone(),
        organisation_id: None,
        shelters: Vec::new(),
        origin: "test".to_owned(),
        by: panoh::domain::accounts::Bearer::Nothing,
    }
}
