//! A mail server in trouble: everything is tried again but a refusal of the letter, and no letter waits for another.

use std::collections::BTreeSet;

use chrono::Duration;
use panoh::mail::{Timeouts, Tls};

use super::page::parse;
use super::stage::{Stage, ZONE, admin, deliver_all, dushanbe};
use crate::harness::{Harness, on_both};

async fn due(h: Harness, readers: usize) -> Stage {
    let stage = Stage::open(h, dushanbe(7, 0, 0));
    let schedule = stage.schedule((8, 30), ZONE).await;
    for n in 0..readers {
        stage
            .recipient(schedule.id, &format!("reader{n}@gov.example"), "Reader", "en")
            .await;
    }
    stage.clock().set(dushanbe(8, 30, 0));
    assert_eq!(stage.jobs.run_due().await.unwrap(), 1);
    stage
}

/// How a server fails one letter: where, how, and whether it is refused for good, tried again, or arrives twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ends {
    Retried,
    Dead,
    Twice,
}

const MODES: [(&str, &str, Ends); 13] = [
    ("greeting", "421 4.3.2 busy", Ends::Retried),
    ("greeting", "hang_up", Ends::Retried),
    ("ehlo", "hang_up", Ends::Retried),
    ("mail", "451 4.3.0 later", Ends::Retried),
    ("mail", "stall", Ends::Retried),
    ("rcpt", "450 4.2.0 mailbox busy", Ends::Retried),
    ("rcpt", "550 5.1.1 no such mailbox", Ends::Dead),
    ("rcpt", "hang_up", Ends::Retried),
    ("data", "421 4.3.2 closing", Ends::Retried),
    ("dot", "452 4.2.2 mailbox full", Ends::Retried),
    ("dot", "554 5.7.1 refused", Ends::Dead),
    ("dot", "stall", Ends::Retried),
    ("dot", "keep_and_hang_up", Ends::Twice),
];

/// Patience for servers that fall silent.
fn short() -> Timeouts {
    let short = std::time::Duration::from_millis(400);
    Timeouts {
        connect: short,
        command: short,
        letter: short,
    }
}

on_both! {
    async fn each_way_to_fail_ends_as_it_should_and_touches_no_other_letter(h: Harness) {
        let mut stage = Stage::open(h, dushanbe(7, 0, 0));
        let schedule = stage.schedule((8, 30), ZONE).await;
        for n in 0..3 {
            stage.recipient(schedule.id, &format!("reader{n}@gov.example"), "Reader", "en").await;
        }
        let mut arrived = 0;
        for (day, (at, act, ends)) in (0..).zip(MODES) {
            stage.clock().set(dushanbe(8, 30, 0) + Duration::days(day));
            assert_eq!(stage.jobs.run_due().await.unwrap(), 1);
            stage.jobs.mailer = stage.server.mailer_with(Tls::None, short());
            stage.server.next(at, act);
            assert_eq!(deliver_all(&stage.jobs).await, 3, "{at} {act}");
            let letters = stage.letters().await;
            let hit: Vec<_> = letters.iter().filter(|letter| letter.state != "sent").collect();
            assert_eq!(hit.len(), 1, "{at} {act}: {letters:?}");
            let answer = hit[0].answer.as_deref().unwrap();
            assert!(!answer.is_empty() && !answer.contains(['\r', '\n']), "{answer}");
            stage.clock().advance(Duration::minutes(2));
            let again = deliver_all(&stage.jobs).await;
            let after = stage.letters().await;
            let after = after.iter().find(|letter| letter.id == hit[0].id).unwrap();
            let seen = (hit[0].state.as_str(), again, after.state.as_str(), stage.server.count() - arrived);
            let expected = match ends {
                Ends::Retried => ("queued", 1, "sent", 3),
                Ends::Dead => ("dead", 0, "dead", 2),
                Ends::Twice => ("queued", 1, "sent", 4),
            };
            assert_eq!(seen, expected, "{at} {act}");
            arrived = stage.server.count();
        }
        let all = stage.server.arrived();
        let ids: Vec<_> = all.iter().map(|letter| parse(&letter.raw).message_id().unwrap().to_owned()).collect();
        let single: BTreeSet<&String> = ids.iter().collect();
        assert_eq!(ids.len() - single.len(), 1, "only where the answer was cut");
    }

    async fn without_tls_where_it_is_wanted_nothing_goes_out_and_nothing_is_lost(h: Harness) {
        let mut stage = due(h, 2).await;
        for tls in [Tls::Starttls, Tls::Implicit] {
            stage.jobs.mailer = stage.server.mailer_with(tls, short());
            assert_eq!(deliver_all(&stage.jobs).await, 2, "{tls:?}");
            assert!(stage.letters().await.iter().all(|letter| letter.state == "queued"), "{tls:?}");
            stage.clock().advance(Duration::minutes(10));
        }
        assert_eq!(stage.server.count(), 0);
        stage.jobs.mailer = stage.server.mailer();
        assert_eq!(deliver_all(&stage.jobs).await, 2);
        assert_eq!(stage.server.count(), 2);
    }

    async fn what_may_pass_is_tried_again_ever_later(h: Harness) {
        let stage = due(h, 1).await;
        let troubles = [
            ("rcpt", "450 4.2.0 mailbox busy"),
            ("data", "421 4.3.2 closing"),
            ("mail", "hang_up"),
            ("dot", "451 4.3.0 try later"),
            ("dot", "hang_up"),
            ("greeting", "554 5.3.2 nobody today"),
        ];
        // In minutes, a fifth more or less.
        for (minutes, (at, act)) in [1, 5, 15, 30, 60, 120].into_iter().zip(troubles) {
            stage.server.next(at, act);
            assert_eq!(deliver_all(&stage.jobs).await, 1, "{at} {act}");
            let letter = &stage.letters().await[0];
            assert_eq!(letter.state, "queued", "{at} {act}: {:?}", letter.answer);
            assert!(letter.answer.as_deref().is_some_and(|answer| !answer.contains('\n')));
            let before = stage.clock().now();
            stage.clock().set(before + Duration::seconds(minutes * 48 - 1));
            assert_eq!(deliver_all(&stage.jobs).await, 0, "too early after {at} {act}");
            stage.clock().set(before + Duration::seconds(minutes * 72));
            assert!(stage.server.arrived().is_empty());
        }
        assert_eq!(deliver_all(&stage.jobs).await, 1);
        let letter = &stage.letters().await[0];
        assert_eq!((letter.state.as_str(), letter.attempts), ("sent", 7));
        assert!(letter.answer.as_deref().unwrap().contains("kept as 1"));
        assert_eq!((stage.server.arrived().len(), deliver_all(&stage.jobs).await), (1, 0));
    }

    async fn an_answer_that_is_lost_may_double_a_letter_but_never_its_id(h: Harness) {
        let stage = due(h, 1).await;
        stage.server.next("dot", "keep_and_hang_up");
        assert_eq!(deliver_all(&stage.jobs).await, 1);
        assert_eq!(stage.letters().await[0].state, "queued");
        stage.clock().advance(Duration::minutes(2));
        assert_eq!(deliver_all(&stage.jobs).await, 1);
        let arrived = stage.server.arrived();
        assert_eq!(arrived.len(), 2);
        assert_eq!(arrived[0], arrived[1]);
        assert_eq!(stage.letters().await[0].state, "sent");
    }

    async fn a_refused_letter_is_dead_and_the_others_arrive(h: Harness) {
        let stage = due(h, 5).await;
        stage.server.next("rcpt", "550 5.1.1 no such mailbox");
        assert_eq!(deliver_all(&stage.jobs).await, 5);
        let letters = stage.letters().await;
        let dead: Vec<_> = letters.iter().filter(|letter| letter.state == "dead").collect();
        assert_eq!(dead.len(), 1);
        assert!(dead[0].answer.as_deref().unwrap().contains("no such mailbox"));
        assert_eq!(letters.iter().filter(|letter| letter.state == "sent").count(), 4);
        let view = stage.services().digests(None, 1).await.unwrap().remove(0);
        assert_eq!((view.letters["dead"], view.letters["sent"]), (1, 4));
        stage.clock().advance(Duration::days(10));
        assert_eq!(deliver_all(&stage.jobs).await, 0, "nobody knocks again");
        // But a person may.
        stage.services().resend(&admin(), view.digest.id, dead[0].id).await.unwrap();
        assert_eq!(deliver_all(&stage.jobs).await, 1);
        assert_eq!(stage.server.arrived().len(), 5);
    }

    async fn a_server_that_stays_away_is_given_up_after_five_days(h: Harness) {
        let stage = due(h, 1).await;
        let mut tries = 0;
        while stage.letters().await[0].state == "queued" {
            stage.server.next("mail", "451 4.3.0 later");
            tries += deliver_all(&stage.jobs).await;
            stage.clock().advance(Duration::hours(4));
            assert!(tries < 40);
        }
        let letter = stage.letters().await.remove(0);
        assert_eq!(letter.state, "dead");
        assert!(stage.clock().now() - letter.created_at >= Duration::days(5));
        assert!(tries >= 25, "{tries}");
    }

    async fn a_letter_that_cannot_be_written_holds_up_no_other(h: Harness) {
        let stage = due(h, 3).await;
        stage.execute("UPDATE letter SET language = 'xx' WHERE address = 'reader0@gov.example'").await;
        stage.execute("UPDATE letter SET address = 'no address' WHERE address = 'reader1@gov.example'").await;
        assert_eq!(deliver_all(&stage.jobs).await, 1);
        let states: Vec<_> = stage.letters().await.into_iter().map(|letter| letter.state).collect();
        assert_eq!(states, ["dead", "dead", "sent"]);
    }
}
