//! What an older digest had yet to say is dropped when the next one is made.

use chrono::Duration;
use panoh::services::outbox::Said;

use super::stage::{Stage, ZONE, admin, deliver_all, dushanbe};
use crate::harness::{Harness, on_both};

/// A digest of the 22nd that could not be sent to any of its three readers.
async fn unsent(h: Harness) -> Stage {
    let stage = Stage::open(h, dushanbe(7, 0, 0));
    let schedule = stage.schedule((8, 30), ZONE).await;
    for n in 0..3 {
        stage
            .recipient(schedule.id, &format!("reader{n}@gov.example"), "Reader", "en")
            .await;
        stage.server.next("mail", "451 4.3.0 later");
    }
    stage.clock().set(dushanbe(8, 30, 0));
    stage.jobs.run_due().await.unwrap();
    assert_eq!(deliver_all(&stage.jobs).await, 3);
    stage
}

/// State and answer of each letter, by digest and address.
async fn letters(stage: &Stage) -> Vec<Vec<String>> {
    stage
        .sql("SELECT d.period, l.state, l.answer FROM letter l JOIN digest d ON d.id = l.digest_id ORDER BY d.period, l.address")
        .await
}

on_both! {
    async fn the_newest_goes_out_alone(h: Harness) {
        let stage = unsent(h).await;
        stage.clock().set(dushanbe(8, 30, 0) + Duration::days(1));
        assert_eq!(stage.jobs.run_due().await.unwrap(), 1);
        let rows = letters(&stage).await;
        for row in &rows[..3] {
            assert_eq!(row[..], ["2026-11-22", "dropped", "superseded by the digest of 2026-11-23"]);
        }
        assert_eq!(deliver_all(&stage.jobs).await, 3);
        assert_eq!(stage.server.count(), 3);
        assert!(letters(&stage).await[3..].iter().all(|row| row[1] == "sent"));
        let told = stage.sql("SELECT CAST(COUNT(*) AS text) FROM audit WHERE action = 'letter.dropped' AND detail LIKE '%superseded_by%'").await;
        assert_eq!(told, [["3"]]);
        assert!(stage.services().verify_audit().await.unwrap().intact);
        // By hand an old one still goes.
        let old = stage.services().digests(None, 10).await.unwrap()[1].digest.id;
        let letter = stage.services().digest(old, "en").await.unwrap().letters[0].id;
        stage.services().resend(&admin(), old, letter).await.unwrap();
        assert_eq!(deliver_all(&stage.jobs).await, 1);
        assert_eq!(stage.server.count(), 4);
    }

    async fn who_does_not_get_the_newer_one_keeps_the_older(h: Harness) {
        let stage = unsent(h).await;
        stage.execute("DELETE FROM digest_recipient WHERE email = 'reader1@gov.example'").await;
        stage.clock().set(dushanbe(8, 30, 0) + Duration::days(1));
        stage.jobs.run_due().await.unwrap();
        let states: Vec<String> = letters(&stage).await.into_iter().map(|row| row[1].clone()).collect();
        assert_eq!(states, ["dropped", "queued", "dropped", "queued", "queued"]);
    }

    async fn one_in_hand_may_still_arrive_and_is_not_tried_again(h: Harness) {
        let stage = unsent(h).await;
        stage.clock().set(dushanbe(8, 29, 59) + Duration::days(1));
        let mut in_hand = stage.services().next_letters(2).await.unwrap();
        assert_eq!(in_hand.len(), 2);
        stage.clock().advance(Duration::seconds(1));
        assert_eq!(stage.jobs.run_due().await.unwrap(), 1);
        let said = [Said::Failed("451 later".to_owned()), Said::Taken("250 kept".to_owned())];
        let said: Vec<_> = in_hand.drain(..).zip(said).collect();
        stage.services().letters_said(said).await.unwrap();
        let mut states: Vec<String> = letters(&stage).await[..3].iter().map(|row| row[1].clone()).collect();
        states.sort();
        assert_eq!(states, ["dropped", "dropped", "sent"]);
        stage.clock().advance(Duration::hours(6));
        assert_eq!(deliver_all(&stage.jobs).await, 3, "the new ones alone");
    }
}
