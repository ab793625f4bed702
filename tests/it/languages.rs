//! Each in her own language: the menu's choice holds for the next letter to that person, and for nobody else's; a digest
//! is written in the language of its recipient, whatever an account with the same address has chosen.

use chrono::Duration;
use mail_parser::MessageParser;
use panoh::domain::id::ScheduleId;
use panoh::domain::language::Language;
use panoh::domain::readers::Recipient;
use serde_json::json;

use crate::harness::country::search;
use crate::harness::readers::active_reader;
use crate::harness::{Harness, on_both};

/// The letters sent since `before`: to whom, in which language by its head, and whether its words are in that language.
async fn delivered(h: &Harness, before: usize) -> Vec<(String, String)> {
    while h.jobs.deliver_next().await.unwrap() {}
    let mut found: Vec<(String, String)> = h.mail.sent()[before..]
        .iter()
        .map(|sent| {
            let letter = MessageParser::default().parse(&sent.raw).unwrap();
            let language = letter.header_raw("Content-Language").unwrap().trim().to_owned();
            let (subject, text) = (letter.subject().unwrap(), letter.body_text(0).unwrap());
            let (tajik, cyrillic) = (text.contains(['ҷ', 'Ҷ', 'ҳ']), subject.contains('а'));
            let ought = match language.as_str() {
                "tg" => (true, true),
                "ru" => (false, true),
                _ => (false, false),
            };
            assert_eq!((tajik, cyrillic), ought, "{language}: {subject}\n{text}");
            let html = letter.body_html(0).unwrap();
            assert!(html.contains(&format!("lang=\"{language}\"")), "{language}");
            (sent.to.clone(), language)
        })
        .collect();
    found.sort();
    found
}

on_both! {
    async fn the_menu_changes_the_next_letter_and_nobody_elses(h: Harness) {
        let c = h.country().await;
        h.report_all_empty(&c).await;
        for (at, language) in ["ru", "tg", "en", "tg"].into_iter().enumerate() {
            let before = h.mail.sent().len();
            c.manager.put("/api/v1/me/language", &json!({"language": language})).await.expect(204);
            let referral = c.officer.post_once("/api/v1/referrals", &format!("referral-{at:08}"), &search(&[])).await.expect(201);
            let path = format!("/api/v1/referrals/{}/holds", referral["id"].as_str().unwrap());
            let hold = c.officer.post_once(&path, &format!("hold-{at:010}"), &json!({"shelter_id": c.shelter.id})).await.expect(201);
            assert_eq!(delivered(&h, before).await, [("manager@nur.example".to_owned(), language.to_owned())]);
            // The officer never touched the menu: her account's language is still Russian.
            let accept = format!("/api/v1/holds/{}/accept", hold["id"].as_str().unwrap());
            c.manager.post(&accept, &json!({})).await.expect(200);
            assert_eq!(delivered(&h, before + 1).await, [("officer@nur.example".to_owned(), "ru".to_owned())]);
        }
    }

    async fn a_digest_is_in_the_language_of_its_recipient(h: Harness) {
        let c = h.country().await;
        h.report_all_empty(&c).await;
        let body = json!({"name": "Each morning", "cadence": "daily", "time": "08:30", "zone": "Asia/Dushanbe", "region": null, "active": true});
        let schedule = c.admin.post("/api/v1/digest-schedules", &body).await.expect(201);
        let schedule = ScheduleId(schedule["id"].as_str().unwrap().parse().unwrap());
        for (email, language) in [("committee@example.tj", "tg"), ("deputy@example.tj", "en"), ("reader@example.tj", "ru")] {
            active_reader(&h.services, Recipient::named(schedule, email, "Reader", language)).await;
        }
        c.committee.put("/api/v1/me/language", &json!({"language": "en"})).await.expect(204);
        let before = h.mail.sent().len();
        h.clock.advance(Duration::days(1));
        assert_eq!(h.jobs.run_due().await.unwrap(), 1);
        let wanted = [("committee@example.tj", "tg"), ("deputy@example.tj", "en"), ("reader@example.tj", "ru")];
        assert_eq!(delivered(&h, before).await, wanted.map(|(to, language)| (to.to_owned(), language.to_owned())));
        // Every letter dates itself as its language does.
        for sent in &h.mail.sent()[before..] {
            let letter = MessageParser::default().parse(&sent.raw).unwrap();
            let (_, language) = wanted.iter().find(|(to, _)| *to == sent.to).unwrap();
            let day = Language::of(language).unwrap().date("2026-11-23".parse().unwrap());
            assert!(letter.body_text(0).unwrap().contains(&day), "{language}: {day}");
        }
    }
}
