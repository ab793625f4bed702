//! Reminders of the daily report, from the minute it is due to the digest that names who is silent.

mod course;
mod digest;
mod push;
mod ways;

use chrono::{DateTime, NaiveDateTime, TimeZone, Utc};
use mail_parser::MessageParser;
use panoh::domain::id::ShelterId;
use panoh::domain::outbox::Letter;
use panoh::jobs::Jobs;
use panoh::store::letters;
use serde_json::json;

use crate::harness::Harness;
use crate::harness::client::Person;
use crate::harness::country::Country;

/// That minute on a wall in Dushanbe, in November 2026.
pub fn at(day: u32, time: &str) -> DateTime<Utc> {
    let wall = NaiveDateTime::parse_from_str(&format!("2026-11-{day:02} {time}"), "%Y-%m-%d %H:%M").unwrap();
    chrono_tz::Asia::Dushanbe.from_local_datetime(&wall).unwrap().to_utc()
}

/// The country on the 21st: both shelters have reported, at ten.
pub async fn country(h: &Harness) -> Country {
    h.clock.set(at(21, "10:00"));
    let country = h.country().await;
    h.report_all_empty(&country).await;
    country
}

/// Reports a shelter as it is, at the clock's time.
pub async fn report(h: &Harness, who: &Person, country: &Country) {
    let shelter = if who.user.id == country.manager.user.id {
        &country.shelter
    } else {
        &country.other_shelter
    };
    let person = h.signed_in(&who.user).await;
    let key = format!("report-{}", h.services.ids.uuid(h.services.now()));
    let path = format!("/api/v1/shelters/{}/reports", shelter.id);
    person.post_once(&path, &key, &h.report(shelter, &[])).await.expect(201);
}

/// Sets the clock, takes the steps that are due and sends what waits; who got mail by that, in order.
pub async fn turn(h: &Harness, jobs: &Jobs, day: u32, time: &str) -> Vec<String> {
    h.clock.set(at(day, time));
    let before = h.mail.sent().len();
    jobs.remind_due().await.unwrap();
    while jobs.deliver_next().await.unwrap() {}
    let mut to: Vec<String> = h.mail.sent()[before..].iter().map(|sent| sent.to.clone()).collect();
    to.sort();
    to
}

/// The last letter to this address: language, subject, text.
pub fn last_to(h: &Harness, address: &str) -> (String, String, String) {
    let sent = h.mail.sent();
    let raw = &sent.iter().rev().find(|sent| sent.to == address).unwrap().raw;
    let letter = MessageParser::default().parse(raw).unwrap();
    let language = letter.header_raw("Content-Language").unwrap().trim().to_owned();
    (
        language,
        letter.subject().unwrap().to_owned(),
        letter.body_text(0).unwrap().into_owned(),
    )
}

/// Every letter about a shelter, by any way.
pub async fn of_shelter(h: &Harness, shelter: ShelterId) -> Vec<Letter> {
    letters::of_shelter(&h.services.store, shelter).await.unwrap()
}

/// How the administrator sees a shelter stand: when it last reported, how often it was reminded, whether operators know.
pub async fn standing(h: &Harness, country: &Country, code: &str) -> (u64, bool) {
    let admin = h.signed_in(&country.admin.user).await;
    let list = admin.get("/api/v1/shelters").await.expect(200);
    let row = list["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|row| row["code"] == json!(code))
        .unwrap()
        .clone();
    assert!(row["last_report_at"].is_string(), "{row}");
    (
        row["reminders"].as_u64().unwrap(),
        row["operators_told"].as_bool().unwrap(),
    )
}
