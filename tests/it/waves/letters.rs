//! Notices: whom they reach, in whose language, that they say nothing, and that none comes too late.

use mail_parser::MessageParser;
use panoh::domain::holds::HoldEvent;
use panoh::jobs::Jobs;
use panoh::mail::{Mailer, Memory};
use panoh::store::{accounts, letters};

use super::Scene;
use crate::harness::{Harness, on_both};

/// Sends what waits, and says who got it.
async fn delivered(scene: &Scene, mail: &Memory) -> Vec<String> {
    let before = mail.sent().len();
    let jobs = Jobs {
        services: scene.services().clone(),
        mailer: Mailer::Memory(mail.clone()),
        pusher: crate::harness::pusher(),
        sms: panoh::sms::Sender::Memory(panoh::sms::Memory::default()),
    };
    while jobs.deliver_next().await.unwrap() {}
    let mut to: Vec<String> = mail.sent()[before..].iter().map(|sent| sent.to.clone()).collect();
    to.sort();
    to
}

fn address(actor: &panoh::domain::accounts::Actor) -> String {
    format!("{}@demo.example", actor.user_id)
}

on_both! {
    async fn each_is_written_to_once_in_their_language_and_told_nothing(h: Harness) {
        let scene = Scene::new(h.database, 3).await;
        let mail = Memory::default();
        let tx = scene.services().store.begin().await.unwrap();
        for ((_, manager), language) in scene.houses.iter().zip(["tg", "ru", "en"]) {
            accounts::set_language(&tx, manager.user_id, language).await.unwrap();
        }
        tx.commit().await.unwrap();
        let (referral, ids) = scene.wave(3).await;
        let code = scene.services().referral(&scene.officer, referral).await.unwrap().referral.code;
        let mut managers: Vec<String> = scene.houses.iter().map(|(_, manager)| address(manager)).collect();
        managers.sort();
        assert_eq!(delivered(&scene, &mail).await, managers);
        assert_eq!(delivered(&scene, &mail).await, [""; 0], "once");
        let mut languages = Vec::new();
        let mut subjects = std::collections::BTreeSet::new();
        for sent in mail.sent() {
            let letter = MessageParser::default().parse(&sent.raw).unwrap();
            let (text, html) = (letter.body_text(0).unwrap().to_string(), letter.body_html(0).unwrap().to_string());
            let language = letter.header_raw("Content-Language").unwrap().trim().to_owned();
            let subject = letter.subject().unwrap().to_owned();
            assert_eq!(letter.to().unwrap().as_list().unwrap().len(), 1);
            let whole = format!("{subject}{text}{html}");
            for secret in [code.as_str(), "WAVE-", "House", "TJ-DU", "CRISIS", &referral.to_string(), &ids[0].to_string()] {
                assert!(!whole.contains(secret), "{secret} in {whole}");
            }
            assert_eq!((text.matches("http").count(), html.matches("http").count()), (1, 1), "one link");
            let words = format!("{subject}{text}").replace("http://127.0.0.1:8080/", "").replace("Panoh", "");
            assert!(!words.chars().any(|c| c.is_ascii_digit()), "{words}");
            if language != "en" {
                assert!(!words.chars().any(|c| c.is_ascii_alphabetic()), "{language}: {words}");
            }
            subjects.insert(subject);
            languages.push(language);
        }
        languages.sort();
        assert_eq!((languages, subjects.len()), (vec!["en".to_owned(), "ru".to_owned(), "tg".to_owned()], 3));
        // The officer hears of the acceptance, the others that it is settled.
        scene.go(ids[1], HoldEvent::Accept).await.unwrap();
        let winner = address(scene.manager_of(ids[1]).await);
        let mut ought: Vec<String> = managers.into_iter().filter(|who| *who != winner).collect();
        ought.push(address(&scene.officer));
        ought.sort();
        assert_eq!(delivered(&scene, &mail).await, ought);
    }

    async fn what_is_overtaken_is_dropped(h: Harness) {
        let scene = Scene::new(h.database, 2).await;
        let mail = Memory::default();
        let (_, ids) = scene.wave(2).await;
        scene.go(ids[0], HoldEvent::Accept).await.unwrap();
        // Nobody had been written to: neither that they are asked, nor that they need not answer.
        assert_eq!(delivered(&scene, &mail).await, [address(&scene.officer)]);
        let states = |letters: Vec<panoh::domain::outbox::Letter>| letters.into_iter().map(|l| l.state).collect::<Vec<_>>();
        let store = &scene.services().store;
        assert_eq!(states(letters::of_hold(store, ids[1]).await.unwrap()), ["dropped", "dropped"]);
        let mut first = states(letters::of_hold(store, ids[0]).await.unwrap());
        first.sort();
        assert_eq!(first, ["dropped", "sent"]);
        // A reminder whose hold has run out, and an end that a new wave has overtaken.
        scene.go(ids[0], HoldEvent::Release).await.unwrap();
        delivered(&scene, &mail).await;
        let (referral, again) = scene.wave(1).await;
        delivered(&scene, &mail).await;
        scene.pass(20);
        scene.services().escalate_due().await.unwrap();
        scene.pass(40);
        scene.services().expire_due().await.unwrap();
        // Who let its time pass is not asked again for her.
        let next = scene.ask(referral, 1).await.unwrap();
        let asked = address(scene.manager_of(next[0]).await);
        assert_ne!(asked, address(scene.manager_of(again[0]).await));
        assert_eq!(delivered(&scene, &mail).await, [asked], "only the new asking");
    }

    async fn operators_are_told_by_mail(h: Harness) {
        let scene = Scene::new(h.database, 1).await;
        let mail = Memory::default();
        scene.wave(1).await;
        delivered(&scene, &mail).await;
        scene.pass(45);
        scene.services().escalate_due().await.unwrap();
        let mut ought = vec![address(&scene.houses[0].1), address(&scene.land.admin)];
        ought.sort();
        assert_eq!(delivered(&scene, &mail).await, ought, "the reminder and the operator's");
    }
}
