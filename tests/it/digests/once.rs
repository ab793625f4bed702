//! One run of a period, one letter of a run for each reader, whoever races, dies or sleeps.

use std::collections::BTreeSet;

use chrono::Duration;
use futures::future::join_all;
use panoh::clock::Clock;
use panoh::domain::id::DigestId;
use panoh::services::errors::Refused;
use panoh::services::outbox::{LEASE, Parcel, Said};
use panoh::store::leases::{self, LeaseClock};
use uuid::Uuid;

use super::page::{Page, parse};
use super::stage::{Stage, ZONE, admin, deliver_all, dushanbe};
use crate::harness::{Harness, on_both};

async fn digest_of(stage: &Stage) -> DigestId {
    stage.services().digests(None, 1).await.unwrap()[0].digest.id
}

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

    async fn nodes_that_send_many_at_once_send_each_letter_once(h: Harness) {
        let stage = Stage::open(h, dushanbe(7, 0, 0));
        let schedule = stage.schedule((8, 30), ZONE).await;
        for n in 0..60 {
            stage.recipient(schedule.id, &format!("reader{n}@gov.example"), "", ["tg", "ru", "en"][n % 3]).await;
        }
        stage.clock().set(dushanbe(8, 30, 0));
        stage.jobs.run_due().await.unwrap();
        // One letter fails in the midst of it, and one server's answer is lost.
        stage.server.next("rcpt", "450 4.2.0 mailbox busy");
        stage.server.next("dot", "keep_and_hang_up");
        let nodes = [stage.another_node().await, stage.another_node().await, stage.jobs.clone()];
        let (_on, stop) = tokio::sync::watch::channel(false);
        let tried = join_all(nodes.iter().map(|node| node.deliver_due(&stop))).await;
        assert_eq!(tried.iter().sum::<usize>(), 60, "{tried:?}");
        let states: Vec<_> = stage.letters().await.into_iter().map(|letter| letter.state).collect();
        assert_eq!(states.iter().filter(|state| *state == "sent").count(), 58);
        stage.clock().advance(Duration::minutes(2));
        assert_eq!(stage.jobs.deliver_due(&stop).await, 2);
        let ids: Vec<String> = stage.server.arrived().iter().map(|l| parse(&l.raw).message_id().unwrap().to_owned()).collect();
        let single: BTreeSet<&String> = ids.iter().collect();
        assert_eq!((ids.len(), single.len()), (61, 60), "the one whose answer was lost came twice");
        let sent = stage.number("SELECT CAST(COUNT(*) AS text) FROM audit WHERE action = 'letter.sent'").await;
        assert_eq!(sent, 60);
        assert!(stage.services().verify_audit().await.unwrap().intact);
        let (_off, stopped) = tokio::sync::watch::channel(true);
        stage.services().resend(&admin(), digest_of(&stage).await, stage.letters().await[0].id).await.unwrap();
        assert_eq!(stage.jobs.deliver_due(&stopped).await, 0, "told to stop, it takes none");
    }

    async fn a_lease_runs_by_the_clock_of_the_database(h: Harness) {
        let stage = Stage::open(h, dushanbe(7, 0, 0));
        let schedule = stage.schedule((8, 30), ZONE).await;
        for n in 0..3 {
            stage.recipient(schedule.id, &format!("reader{n}@gov.example"), "", "en").await;
        }
        stage.clock().set(dushanbe(8, 30, 0));
        stage.jobs.run_due().await.unwrap();
        let store = &stage.services().store;
        let take = async |node: u128, most: u64, now| {
            let tx = store.begin().await.unwrap();
            let owner = Uuid::from_u128(node);
            let taken = leases::take(&tx, owner, most, now, LeaseClock::Database, LEASE).await.unwrap();
            tx.commit().await.unwrap();
            taken.len()
        };
        let before = Clock::System.now();
        assert_eq!(take(1, 2, dushanbe(8, 30, 0)).await, 2);
        let after = Clock::System.now();
        let until = stage.number("SELECT CAST(MIN(lease_until) AS text) FROM letter").await;
        let between = (before + LEASE - Duration::seconds(2)).timestamp_millis()..=(after + LEASE + Duration::seconds(2)).timestamp_millis();
        assert!(between.contains(&i64::try_from(until).unwrap()), "{until} {between:?}");
        // A node whose own clock runs a year ahead takes what is free, and nothing that another has in hand.
        assert_eq!(take(2, 9, dushanbe(8, 30, 0) + Duration::days(365)).await, 1);
        assert_eq!(take(3, 9, dushanbe(8, 30, 0) + Duration::days(365)).await, 0);
        let past = before.timestamp_millis() - 1;
        stage.execute(&format!("UPDATE letter SET lease_until = {past}")).await;
        assert_eq!(take(3, 9, dushanbe(8, 30, 0)).await, 3, "by the database's clock they are over");
    }

    async fn killed_between_making_and_sending(h: Harness) {
        let stage = Stage::open(h, dushanbe(7, 0, 0));
        stage.committee().await;
        stage.clock().set(dushanbe(8, 30, 0));
        let dying = stage.another_node().await;
        assert_eq!(dying.run_due().await.unwrap(), 1);
        // It has one letter in its hands when it goes.
        let in_hand = dying.services.next_letters(1).await.unwrap().remove(0);
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
        let leased = slow.services.next_letters(1).await.unwrap().remove(0);
        let Parcel::Mail { from, to, raw } = &leased.parcel else { panic!("a letter by mail") };
        let answer = slow.mailer.send(from, to, raw).await.unwrap();
        // It sleeps past its lease before it can write down that the letter is out.
        stage.clock().advance(LEASE + Duration::seconds(1));
        assert_eq!(deliver_all(&stage.jobs).await, 1);
        let arrived = stage.server.arrived();
        assert_eq!(arrived.len(), 2);
        assert_eq!(arrived[0], arrived[1], "same Message-ID, same bytes");
        let late = slow.services.letters_said(vec![(leased, Said::Taken(answer.text))]).await;
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
        assert_eq!(stage.services().schedule_view(late.clone()).next_sends[0], dushanbe(8, 30, 0) + Duration::days(1));
        assert_eq!(stage.jobs.run_due().await.unwrap(), 0);
        let early = stage.schedule((9, 1), ZONE).await;
        assert_eq!(stage.services().schedule_view(early.clone()).next_sends[0], dushanbe(9, 1, 0));
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
