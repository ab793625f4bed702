//! From the figures in the database to a letter in somebody's mail server: the digest of the demo country travels over
//! real SMTP, and what arrived is read by another program's parser and held against the database.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, TimeZone, Utc};
use mail_parser::{Message, MessageParser};
use panoh::clock::Clock;
use panoh::domain::demo::SHELTERS;
use panoh::ids::Ids;
use panoh::jobs::Jobs;
use panoh::mail::{Mailer, Smtp, SmtpSettings, Timeouts, Tls};
use panoh::services::seal::Vault;
use panoh::services::{Services, Setup};
use panoh::store::{Store, readers};
use zeroize::Zeroizing;

use crate::digests::stage::sql_at;
use crate::harness::{Harness, on_both};
use crate::smtp::{Act, At, Received, SmtpServer};

struct House {
    jobs: Jobs,
    clock: Clock,
    server: SmtpServer,
}

fn noon() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 22, 6, 30, 0).unwrap()
}

/// The demo country on the morning of 22 November, its mail going to a server of the test.
async fn house(h: &Harness) -> House {
    let store = Store::connect(&h.database_url).await.unwrap();
    store.migrate().await.unwrap();
    let clock = Clock::set_to(noon());
    let services = Services::new(Setup {
        store,
        clock: clock.clone(),
        ids: Ids::counted(),
        pack: Arc::new(panoh::pack::load(None).unwrap()),
        vault: Vault::new(&Zeroizing::new([7; 32])),
        link_base: "http://127.0.0.1:8080".to_owned(),
        mail_from: "panoh@demo.example".to_owned(),
        push_hosts: crate::harness::push_hosts(),
        second_factor: panoh::domain::factors::SecondFactor::Off,
    });
    let demo = services.demo_plan(1, SHELTERS).unwrap();
    services.seed_demo(&demo, |_| {}).await.unwrap();
    // The daily digest alone.
    sql_at(
        &h.database_url,
        "UPDATE digest_schedule SET active = FALSE WHERE cadence <> 'daily'",
    )
    .await;
    let server = SmtpServer::start().await;
    let settings = SmtpSettings {
        host: server.address.ip().to_string(),
        port: Some(server.address.port()),
        tls: Tls::None,
        user: None,
        password: None,
        hello: Some("panoh.test".to_owned()),
        ca_pem: None,
    };
    let short = Duration::from_millis(400);
    let timeouts = Timeouts {
        connect: short,
        command: short,
        letter: short,
    };
    let mailer = Mailer::Smtp(Smtp::new(settings, timeouts).unwrap());
    House {
        jobs: Jobs {
            services,
            mailer,
            pusher: crate::harness::pusher(),
            sms: panoh::sms::Sender::Memory(panoh::sms::Memory::default()),
        },
        clock,
        server,
    }
}

impl House {
    /// Makes what is due and sends what can be sent.
    async fn turn(&self) -> usize {
        let made = self.jobs.run_due().await.unwrap();
        while self.jobs.deliver_next().await.unwrap() {}
        made
    }

    async fn recipients(&self) -> usize {
        let services = &self.jobs.services;
        let schedules = services.schedules().await.unwrap();
        let schedule = schedules.iter().find(|view| view.row.cadence == "daily").unwrap();
        readers::of_schedule(&services.store, schedule.row.id)
            .await
            .unwrap()
            .len()
    }
}

fn parse(letter: &Received) -> Message<'_> {
    MessageParser::default().parse(&letter.raw).unwrap()
}

/// The whole numbers in a text; digits in groups are one.
fn numbers(text: &str) -> Vec<u64> {
    let joined = text.replace('\u{a0}', "");
    let mut out = Vec::new();
    for word in joined.split(|c: char| !c.is_ascii_digit() && c != ',') {
        out.extend(word.replace(',', "").parse::<u64>());
    }
    out
}

fn words_of(html: &str) -> String {
    let body = html.split_once("<body").unwrap().1;
    let texts = body
        .split('<')
        .map(|part| part.split_once('>').map_or("", |(_, text)| text));
    texts.collect::<Vec<_>>().join(" ")
}

on_both! {
    async fn the_numbers_that_arrive_are_those_of_the_database(h: Harness) {
        let house = house(&h).await;
        house.clock.set(Utc.with_ymd_and_hms(2026, 11, 23, 3, 30, 5).unwrap());
        assert_eq!(house.turn().await, 1);
        let received = house.server.received();
        assert_eq!(received.len(), house.recipients().await);
        let known = house.jobs.services.availability_at(house.clock.now()).await.unwrap();
        let mut languages = Vec::new();
        for letter in &received {
            let parsed = parse(letter);
            assert_eq!(letter.to.len(), 1, "one recipient a letter");
            assert_eq!(parsed.to().unwrap().first().unwrap().address().unwrap(), letter.to[0]);
            languages.push(parsed.header_raw("Content-Language").unwrap().trim().to_owned());
            let text = numbers(&parsed.body_text(0).unwrap());
            let html = numbers(&words_of(&parsed.body_html(0).unwrap()));
            for counts in known.regions.values().map(|region| &region.counts).chain([&known.national.counts]) {
                for n in [counts.beds, counts.occupied, counts.free, counts.held, counts.enclosed, counts.out_of_service] {
                    assert!(n == 0 || (text.contains(&n) && html.contains(&n)), "{n} is missing");
                }
            }
            assert!(text.contains(&known.national.family_places) && html.contains(&known.national.family_places));
            assert!(parsed.attachments().count() > 0, "the chart is there");
        }
        languages.sort();
        languages.dedup();
        assert_eq!(languages, ["en", "ru", "tg"]);
        // Nothing more to make or to send.
        assert_eq!(house.turn().await, 0);
        assert_eq!(house.server.received().len(), received.len());
    }

    async fn every_recipient_gets_one_letter_whatever_the_server_does(h: Harness) {
        let house = house(&h).await;
        house.clock.set(Utc.with_ymd_and_hms(2026, 11, 23, 3, 30, 5).unwrap());
        house.server
            .next(At::Greeting, Act::Say("421 4.3.2 not yet"))
            .next(At::Rcpt, Act::Say("451 4.7.1 greylisted"))
            .next(At::Dot, Act::KeepAndHangUp)
            .next(At::Mail, Act::HangUp)
            .next(At::Dot, Act::Stall);
        house.turn().await;
        // The waits between tries pass, some hours in all.
        for _ in 0..12 {
            house.clock.advance(TimeDelta::minutes(40));
            house.turn().await;
        }
        let mut by_recipient: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for letter in house.server.received() {
            let id = parse(&letter).message_id().unwrap().to_owned();
            by_recipient.entry(letter.to[0].clone()).or_default().push(id);
        }
        assert_eq!(by_recipient.len(), house.recipients().await, "none missing");
        let twice: Vec<&Vec<String>> = by_recipient.values().filter(|ids| ids.len() > 1).collect();
        assert_eq!(twice.len(), 1, "one answer was cut");
        assert!(twice.iter().all(|ids| ids.len() == 2 && ids[0] == ids[1]), "the same Message-ID");
    }

    async fn a_refused_letter_is_dead_and_the_others_arrive(h: Harness) {
        let house = house(&h).await;
        house.clock.set(Utc.with_ymd_and_hms(2026, 11, 23, 3, 30, 5).unwrap());
        house.server.next(At::Rcpt, Act::Say("550 5.1.1 no such mailbox"));
        house.turn().await;
        house.clock.advance(TimeDelta::hours(30));
        house.jobs.deliver_next().await.unwrap();
        assert_eq!(house.server.received().len(), house.recipients().await - 1);
        let newest = house.jobs.services.digests(None, 1).await.unwrap().remove(0);
        let detail = house.jobs.services.digest(newest.digest.id, "en").await.unwrap();
        let dead: Vec<_> = detail.letters.iter().filter(|letter| letter.state == "dead").collect();
        assert_eq!(dead.len(), 1);
        assert!(dead[0].answer.as_ref().unwrap().contains("no such mailbox"));
    }

    async fn three_days_down_make_one_late_digest(h: Harness) {
        let house = house(&h).await;
        house.clock.set(Utc.with_ymd_and_hms(2026, 11, 26, 1, 0, 0).unwrap());
        assert_eq!(house.turn().await, 1);
        let received = house.server.received();
        assert_eq!(received.len(), house.recipients().await);
        let english = received.iter().map(parse).find(|m| m.header_raw("Content-Language").unwrap().trim() == "en").unwrap();
        let text = english.body_text(0).unwrap().into_owned();
        assert!(text.contains("25 November 2026"), "the newest period: {text}");
        assert!(text.contains("Sent late. Figures as of 26 November 2026, 06:00."), "{text}");
        assert_eq!(house.turn().await, 0);
    }
}
