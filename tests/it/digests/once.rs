//! One run of a period, one letter of a run for each reader, whoever races, dies or sleeps.

use std::collections::BTreeSet;

use chrono::Duration;
use futures::future::join_all;
use panoh::services::errors::Refused;
use panoh::services::outbox::{LEASE, Parcel, Said};

use super::page::{Page, parse};
use super::stage::{Stage, ZONE, admin, deliver_all, dushanbe};
use crate::harness::{Harness, on_both};

on_both! {
    async fn nodes_that_race_make_one_run_and_send_each_letter_once(h: Harness) {
        let stage = Stage::open(h, dushanbe(7, 0, 0));
        let schedule = stage.committee().await;
        for n in 0..17 {
            stage.recipient(schedule.id, &format!("reader{n}@gov.example"), "", ["tg", "ru", "en"][n % 3]).await;
        }
        let nodes = [stage.another_node().await, stage.another_node().await, stage.jobs.clone()];
        for day in 0..3 {
            stage.clock().set(dushanbe(8, 30, 0) + Duration::days(day));
            let made = join_all(nodes.iter().flat_map(|node| [node.run_due(), node.run_due()])).await;
            assert_eq!(made.into_iter().map(Result::unwrap).sum::<usize>(), 1);
            let steps = join_all(nodes.iter().map(deliver_all)).await;
            assert_eq!(steps.iter().sum::<usize>(), 20, "{steps:?}");
        }
        let runs = stage.sql("SELECT CAST(COUNT(*) AS text), CAST(COUNT(DISTINCT period) AS text) FROM digest").await;
        assert_eq!(runs, [["3", "3"]]);
        let arrived = stage.server.arrived();
        let ids: BTreeSet<String> = arrived.iter().map(|l| parse(&l.raw).message_id().unwrap().to_owned()).collect();
        assert_eq!((arrived.len(), ids.len()), (60, 60));
        assert!(arrived.iter().all(|letter| letter.to.len() == 1));
        assert!(stage.services().verify_audit().await.unwrap().intact);
    }

    async fn killed_between_making_and_sending(h: Harness) {
        let stage = Stage::open(h, dushanbe(7, 0, 0));
        stage.committee().await;
        stage.clock().set(dushanbe(8, 30, 0));
        let dying = stage.another_node().await;
        assert_eq!(dying.run_due().await.unwrap(), 1);
        // It has one letter in its hands when it goes.
        let in_hand = dying.services.next_letter().await.unwrap().unwrap();
        let Parcel::Mail { raw: in_hand, .. } = in_hand.parcel else { panic!("a letter by mail") };
        drop(dying);
        let other = stage.another_node().await;
        assert_eq!((other.run_due().await.unwrap(), deliver_all(&other).await), (0, 2));
        assert_eq!(stage.server.arrived().len(), 2);
        stage.clock().set(dushanbe(8, 30, 0) + LEASE - Duration::milliseconds(1));
        assert_eq!(deliver_all(&other).await, 0, "the lease still runs");
        stage.clock().advance(Duration::milliseconds(1));
        assert_eq!(deliver_all(&other).await, 1);
        let arrived = stage.server.arrived();
        assert_eq!(arrived.len(), 3);
        assert_eq!(arrived[2].raw, in_hand, "the letter that was in hand, to the byte");
        assert!(stage.letters().await.iter().all(|letter| letter.state == "sent"));
    }

    async fn a_lost_lease_sends_the_same_letter_again_and_settles_once(h: Harness) {
        let stage = Stage::open(h, dushanbe(7, 0, 0));
        let schedule = stage.schedule((8, 30), ZONE).await;
        stage.recipient(schedule.id, "anna@gov.example", "Anna", "en").await;
        stage.clock().set(dushanbe(8, 30, 0));
        stage.jobs.run_due().await.unwrap();
        let slow = stage.another_node().await;
        let leased = slow.services.next_letter().await.unwrap().unwrap();
        let Parcel::Mail { from, to, raw } = &leased.parcel else { panic!("a letter by mail") };
        let answer = slow.mailer.send(from, to, raw).await.unwrap();
        // It sleeps past its lease before it can write down that the letter is out.
        stage.clock().advance(LEASE + Duration::seconds(1));
        assert_eq!(deliver_all(&stage.jobs).await, 1);
        let arrived = stage.server.arrived();
        assert_eq!(arrived.len(), 2);
        assert_eq!(arrived[0], arrived[1], "same Message-ID, same bytes");
        let late = slow.services.letter_said(&leased, Said::Taken(answer.text)).await;
        assert!(late.is_err(), "what it says no longer counts");
        let letters = stage.letters().await;
        assert_eq!((letters[0].state.as_str(), letters[0].attempts), ("sent", 2));
        assert_eq!(deliver_all(&stage.jobs).await, 0);
    }

    async fn days_asleep_are_made_up_by_the_newest_alone(h: Harness) {
        let stage = Stage::open(h, dushanbe(7, 0, 0));
        let schedule = stage.committee().await;
        stage.clock().set(dushanbe(8, 30, 0));
        assert_eq!(stage.jobs.run_due().await.unwrap(), 1);
        deliver_all(&stage.jobs).await;
        // The power comes back on the fourth day, after that day's hour.
        stage.clock().set(dushanbe(11, 12, 0) + Duration::days(4));
        assert_eq!(stage.jobs.run_due().await.unwrap(), 1);
        assert_eq!(stage.jobs.run_due().await.unwrap(), 0);
        assert_eq!(deliver_all(&stage.jobs).await, 3);
        let digests = stage.services().digests(None, 10).await.unwrap();
        let periods: Vec<_> = digests.iter().map(|row| (row.digest.period.as_str(), row.digest.delayed)).collect();
        assert_eq!(periods, [("2026-11-26", true), ("2026-11-22", false)]);
        let part = stage.services().digest(digests[0].digest.id, "en").await.unwrap().part;
        assert!(part.text.contains("! Sent late. Figures as of 26 November 2026, 11:12."), "{}", part.text);
        // The day after it is on time again; and before its hour nothing is due.
        stage.clock().set(dushanbe(8, 29, 59) + Duration::days(5));
        assert_eq!(stage.jobs.run_due().await.unwrap(), 0);
        stage.clock().advance(Duration::seconds(1));
        assert_eq!(stage.jobs.run_due().await.unwrap(), 1);
        assert_eq!(stage.services().schedule(schedule.id).await.unwrap().last_period.as_deref(), Some("2026-11-27"));
    }

    async fn a_schedule_made_after_todays_hour_begins_tomorrow(h: Harness) {
        let stage = Stage::open(h, dushanbe(9, 0, 0));
        let late = stage.committee().await;
        assert_eq!(stage.services().next_sends(&late)[0], dushanbe(8, 30, 0) + Duration::days(1));
        assert_eq!(stage.jobs.run_due().await.unwrap(), 0);
        let early = stage.schedule((9, 1), ZONE).await;
        assert_eq!(stage.services().next_sends(&early)[0], dushanbe(9, 1, 0));
        stage.clock().set(dushanbe(9, 1, 0));
        assert_eq!(stage.jobs.run_due().await.unwrap(), 1);
        stage.clock().set(dushanbe(8, 30, 0) + Duration::days(1));
        assert_eq!(stage.jobs.run_due().await.unwrap(), 1);
        let periods = stage.sql("SELECT period FROM digest ORDER BY created_at").await;
        assert_eq!(periods, [["2026-11-22"], ["2026-11-23"]]);
    }

    async fn one_letter_goes_again_and_is_the_same(h: Harness) {
        let stage = Stage::open(h, dushanbe(7, 0, 0));
        stage.committee().await;
        stage.clock().set(dushanbe(8, 30, 0));
        stage.jobs.run_due().await.unwrap();
        deliver_all(&stage.jobs).await;
        let digest = stage.services().digests(None, 1).await.unwrap()[0].digest.id;
        let letters = stage.letters().await;
        let (one, others) = letters.split_first().unwrap();
        stage.clock().advance(Duration::hours(5));
        stage.services().resend(&admin(), digest, one.id).await.unwrap();
        assert_eq!(deliver_all(&stage.jobs).await, 1);
        let arrived = stage.server.arrived();
        assert_eq!(arrived.len(), 4);
        let first = arrived.iter().position(|letter| letter.to == [one.address.clone()]).unwrap();
        assert_eq!(arrived[3], arrived[first], "the digest put together again is the same to the byte");
        let after = stage.letters().await;
        assert_eq!(after[0].attempts, 2);
        assert_eq!(&after[1..], others);
        let elsewhere = panoh::domain::id::DigestId(uuid::Uuid::from_u128(9));
        assert!(matches!(stage.services().resend(&admin(), elsewhere, one.id).await, Err(Refused::NotFound)));
    }

    async fn what_is_frozen_does_not_change_with_the_country(h: Harness) {
        let stage = Stage::open(h, dushanbe(7, 0, 0));
        stage.committee().await;
        stage.clock().set(dushanbe(8, 30, 0));
        stage.jobs.run_due().await.unwrap();
        // Sent only after the whole country has come in.
        let demo = stage.services().demo_plan(3, 5).unwrap();
        stage.services().seed_demo(&demo, |_| {}).await.unwrap();
        deliver_all(&stage.jobs).await;
        for letter in stage.server.arrived() {
            let text = Page::text_of(&parse(&letter.raw));
            assert!(text.contains("2026") && !text.contains("TJ-"), "no shelter that came later: {text}");
        }
        let digest = stage.services().digests(None, 1).await.unwrap().remove(0).digest;
        let content: serde_json::Value = serde_json::from_str(&digest.content).unwrap();
        assert_eq!(content["totals"]["beds"], 0);
    }
}
