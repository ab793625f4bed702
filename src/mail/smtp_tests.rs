//! Delivery over a real socket to a server that misbehaves in every way a server does (EML-2).

#[path = "../../tests/support/smtp.rs"]
mod server;

use std::time::Duration;

use super::{Mailer, Smtp, SmtpSettings, Timeouts, Tls};
use server::{Act, At, SmtpServer};

const RAW: &[u8] = b"From: a@panoh.example\r\nMessage-ID: <1@panoh.example>\r\n\r\nHello\r\n.dotted line\r\n";

fn settings(server: &SmtpServer) -> SmtpSettings {
    SmtpSettings {
        host: server.address.ip().to_string(),
        port: Some(server.address.port()),
        tls: Tls::None,
        user: None,
        password: None,
        hello: Some("client.test".into()),
        ca_pem: None,
    }
}

fn mailer(server: &SmtpServer) -> Mailer {
    let short = Duration::from_millis(300);
    let timeouts = Timeouts {
        connect: short,
        command: short,
        letter: short,
    };
    Mailer::Smtp(Smtp::new(settings(server), timeouts).unwrap())
}

#[tokio::test]
async fn a_letter_arrives_byte_for_byte_and_the_connection_serves_the_next() {
    let server = SmtpServer::start().await;
    let mailer = mailer(&server);
    for n in 1..=3 {
        let answer = mailer.send("a@panoh.example", "b@gov.example", RAW).await.unwrap();
        assert!(answer.text.contains(&format!("kept as {n}")), "{answer:?}");
    }
    let received = server.received();
    assert_eq!(received.len(), 3);
    for letter in received {
        assert_eq!(
            (letter.from.as_str(), letter.to.as_slice()),
            ("a@panoh.example", &["b@gov.example".to_owned()][..])
        );
        assert_eq!(letter.raw, RAW);
    }
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn letters_sent_at_once_go_on_connections_of_their_own_which_serve_the_next() {
    let server = SmtpServer::start().await;
    server.pace(Duration::from_millis(50));
    let mailer = mailer(&server);
    for _ in 0..3 {
        let send = || mailer.send("a@panoh.example", "b@gov.example", RAW);
        let (a, b, c) = tokio::join!(send(), send(), send());
        assert!(a.is_ok() && b.is_ok() && c.is_ok());
    }
    assert_eq!((server.received().len(), server.connections()), (9, 3));
}

#[tokio::test]
async fn everything_but_a_refusal_of_the_letter_is_tried_again() {
    let places = [At::Greeting, At::Ehlo, At::Mail, At::Rcpt, At::Data, At::Dot];
    for at in places {
        for act in [
            Act::Say("451 4.3.0 later"),
            Act::Say("421 4.3.2 closing"),
            Act::HangUp,
            Act::Stall,
        ] {
            let server = SmtpServer::start().await;
            server.next(at, act.clone());
            let mailer = mailer(&server);
            let failure = mailer.send("a@panoh.example", "b@gov.example", RAW).await.unwrap_err();
            assert!(!failure.permanent, "{at:?} {act:?}: {failure:?}");
            let unanswered = matches!(act, Act::HangUp | Act::Stall) && at == At::Dot;
            assert_eq!(failure.uncertain, unanswered, "{at:?} {act:?}");
            assert_eq!(server.received().len(), 0);
            mailer.send("a@panoh.example", "b@gov.example", RAW).await.unwrap();
            assert_eq!(server.received().len(), 1, "{at:?} {act:?}");
        }
    }
}

#[tokio::test]
async fn a_refusal_of_the_letter_is_final_and_keeps_the_servers_words() {
    for at in [At::Mail, At::Rcpt, At::Data, At::Dot] {
        let server = SmtpServer::start().await;
        server.next(at, Act::Say("550 5.1.1 no such mailbox"));
        let mailer = mailer(&server);
        let failure = mailer.send("a@panoh.example", "b@gov.example", RAW).await.unwrap_err();
        assert!(failure.permanent && !failure.uncertain, "{at:?} {failure:?}");
        assert!(
            failure.answer.contains("no such mailbox") && failure.answer.contains("550"),
            "{failure}"
        );
        mailer.send("a@panoh.example", "c@gov.example", RAW).await.unwrap();
    }
}

#[tokio::test]
async fn a_server_that_refuses_everybody_refuses_no_letter() {
    for at in [At::Greeting, At::Ehlo] {
        let server = SmtpServer::start().await;
        server.next(at, Act::Say("554 5.3.2 not today"));
        let failure = mailer(&server)
            .send("a@panoh.example", "b@gov.example", RAW)
            .await
            .unwrap_err();
        assert!(!failure.permanent, "{at:?} {failure:?}");
    }
}

#[tokio::test]
async fn a_lost_answer_is_uncertain() {
    let server = SmtpServer::start().await;
    server.next(At::Dot, Act::KeepAndHangUp);
    let failure = mailer(&server)
        .send("a@panoh.example", "b@gov.example", RAW)
        .await
        .unwrap_err();
    assert!(failure.uncertain && !failure.permanent);
    assert_eq!(server.received().len(), 1);
}

#[tokio::test]
async fn a_connection_the_server_let_go_is_replaced_unnoticed() {
    let server = SmtpServer::start().await;
    let mailer = mailer(&server);
    mailer.send("a@panoh.example", "b@gov.example", RAW).await.unwrap();
    server.next(At::Mail, Act::HangUp);
    mailer.send("a@panoh.example", "b@gov.example", RAW).await.unwrap();
    server.next(At::Mail, Act::Say("421 4.4.2 idle too long"));
    mailer.send("a@panoh.example", "b@gov.example", RAW).await.unwrap();
    assert_eq!((server.received().len(), server.connections()), (3, 3));
}

#[tokio::test]
async fn nobody_listening_is_tried_again() {
    let server = SmtpServer::start().await;
    let settings = settings(&server);
    drop(server);
    tokio::time::sleep(Duration::from_millis(20)).await;
    let mailer = Mailer::Smtp(Smtp::new(settings, Timeouts::default()).unwrap());
    let failure = mailer.send("a@panoh.example", "b@gov.example", RAW).await.unwrap_err();
    assert!(
        !failure.permanent && failure.answer.starts_with("connecting"),
        "{failure}"
    );
}

#[tokio::test]
async fn hostile_addresses_never_reach_the_server() {
    let server = SmtpServer::start().await;
    let mailer = mailer(&server);
    for address in [
        "",
        "a",
        "a@b>\r\nRCPT TO:<c@d",
        "a@b\r\nDATA",
        "a b@c.d",
        "a@b@c",
        "\0@b.c",
    ] {
        let failure = mailer.send("a@panoh.example", address, RAW).await.unwrap_err();
        assert!(failure.permanent, "{address:?}");
    }
    assert_eq!(server.connections(), 0);
}

#[test]
fn nothing_goes_over_a_network_in_the_clear() {
    let plain = |host: &str| SmtpSettings {
        host: host.into(),
        port: None,
        tls: Tls::None,
        user: None,
        password: None,
        hello: None,
        ca_pem: None,
    };
    assert!(Smtp::new(plain("mail.gov.example"), Timeouts::default()).is_err());
    assert!(Smtp::new(plain("10.0.0.4"), Timeouts::default()).is_err());
    assert!(Smtp::new(plain("::1"), Timeouts::default()).is_ok());
    let half = SmtpSettings {
        user: Some("u".into()),
        ..plain("localhost")
    };
    assert!(Smtp::new(half, Timeouts::default()).is_err());
    let secret = SmtpSettings {
        user: Some("somebody".into()),
        password: Some("hunter2".into()),
        ..plain("localhost")
    };
    let printed = format!("{:?}", Smtp::new(secret, Timeouts::default()).unwrap());
    assert!(!printed.contains("hunter2") && !printed.contains("somebody"));
}
