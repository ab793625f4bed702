//! By which ways a notice goes, in whose language, and that phones and browsers get less than mail.

use entity::phone;
use panoh::domain::id::UserId;
use panoh::domain::outbox::{Letter, NoticeKind, Of, Via};
use panoh::store::{Reads, Store, accounts, letters};
use sea_orm::{ActiveValue::Set, EntityTrait};
use serde_json::json;
use uuid::Uuid;

use super::{at, country, of_shelter, standing, turn};
use crate::harness::country::search;
use crate::harness::{Harness, on_both};
use crate::push_service::Browser;
use crate::sms::{HERS, connect, says};

/// A telephone of hers, connected or still waiting for its code.
async fn phone(store: &Store, of: UserId, number: u128, connected: bool) -> Uuid {
    let id = Uuid::from_u128(number);
    let now = at(21, "10:00").timestamp_millis();
    let given = |text: &str| Set(connected.then(|| text.to_owned()));
    let row = phone::ActiveModel {
        id: Set(id),
        user_id: Set(of.0),
        code_hash: Set((!connected).then(|| format!("hash {number}"))),
        code_until: Set((!connected).then_some(now)),
        number_hash: given(&format!("number {number}")),
        key_id: given("key"),
        nonce: Set(connected.then(|| vec![0; 24])),
        number: Set(connected.then(|| vec![0; 9])),
        gateway: given("test"),
        created_at: Set(now),
        connected_at: Set(connected.then_some(now)),
    };
    phone::Entity::insert(row)
        .exec_without_returning(store.connection())
        .await
        .unwrap();
    id
}

fn sketch(letter: &Letter) -> (Via, String, String) {
    (letter.via, letter.address.clone(), letter.language.clone())
}

fn notice(letter: &Letter) -> &panoh::domain::outbox::Notice {
    match &letter.of {
        Of::Notice(notice) => notice,
        Of::Digest(_) => panic!("a digest"),
    }
}

on_both! {
    async fn to_each_phone_and_browser_beside_the_mail(h: Harness) {
        let c = country(&h).await;
        let store = &h.services.store;
        let hers = phone(store, c.manager.user.id, 1, true).await;
        phone(store, c.manager.user.id, 2, false).await;
        let other = phone(store, c.other_manager.user.id, 3, true).await;
        // An administrator's phone is no way to her: nothing goes to operators but mail.
        phone(store, c.admin.user.id, 4, true).await;
        let added = c.manager.post("/api/v1/me/push", &Browser::new(1).subscription()).await.expect(201);
        let tx = store.begin().await.unwrap();
        accounts::set_language(&tx, c.manager.user.id, "tg").await.unwrap();
        accounts::set_language(&tx, c.other_manager.user.id, "xx").await.unwrap();
        tx.commit().await.unwrap();
        h.clock.set(at(22, "09:00"));
        h.services.remind_due().await.unwrap();
        let rows = of_shelter(&h, c.shelter.id).await;
        let ought = [
            (Via::Mail, "manager@nur.example".to_owned(), "tg".to_owned()),
            (Via::Sms, hers.to_string(), "tg".to_owned()),
            (Via::Push, added["id"].as_str().unwrap().to_owned(), "tg".to_owned()),
        ];
        assert_eq!(rows.iter().map(sketch).collect::<Vec<_>>(), ought);
        for row in &rows[1..] {
            let notice = notice(row);
            assert_eq!((notice.kind, notice.subject.as_str(), notice.html.as_str()), (NoticeKind::ReportDue, "", ""));
            assert!(!notice.text.contains("http"), "{}", notice.text);
        }
        assert_eq!(notice(&rows[1]).text, "Panoh: ҳисоботи ҳаррӯза нест. Агар бетағйир бошад, = фиристед");
        assert_eq!(notice(&rows[2]).text, "Ҳисоботи ҳаррӯза ҳанӯз нарасидааст.");
        // A language without letters: the common one.
        let rows = of_shelter(&h, c.other_shelter.id).await;
        assert_eq!(rows.iter().map(|row| (row.via, row.language.as_str())).collect::<Vec<_>>(), [(Via::Mail, "ru"), (Via::Sms, "ru")]);
        assert_eq!(rows[1].address, other.to_string());
        for time in ["12:00", "15:00"] {
            h.clock.set(at(22, time));
            h.services.remind_due().await.unwrap();
        }
        let overdue: Vec<Letter> = of_shelter(&h, c.shelter.id).await.into_iter()
            .chain(of_shelter(&h, c.other_shelter.id).await)
            .filter(|row| notice(row).kind == NoticeKind::ReportOverdue).collect();
        assert_eq!(overdue.iter().map(sketch).collect::<Vec<_>>(), [(Via::Mail, "admin@example.tj".to_owned(), "ru".to_owned())]);
    }

    async fn a_text_message_reminds_and_an_equals_sign_answers_it(h: Harness) {
        let c = country(&h).await;
        connect(&h, &c.manager, HERS).await;
        let before = h.texts.sent().len();
        turn(&h, &h.jobs, 22, "09:00").await;
        let texts: Vec<(String, String)> = h.texts.sent()[before..].iter().map(|sent| (sent.number.clone(), sent.text.clone())).collect();
        let said = "Panoh: нет ежедневного отчёта. Если всё по-прежнему, ответьте =";
        assert_eq!(texts, [(HERS.trim_start_matches('+').to_owned(), said.to_owned())]);
        // Her answer is the report, and ends the reminding.
        assert!(says(&h, HERS, "=").await.is_some());
        assert_eq!(standing(&h, &c, "TJ-DU-01").await, (0, false));
        assert_eq!(turn(&h, &h.jobs, 22, "12:00").await, ["manager@mehr.example"]);
        let about = of_shelter(&h, c.shelter.id).await;
        assert!(about.iter().all(|row| row.state == "sent"), "{about:?}");
    }

    async fn what_is_asked_of_her_goes_to_her_phone_and_what_is_settled_not(h: Harness) {
        let c = country(&h).await;
        let store = &h.services.store;
        phone(store, c.manager.user.id, 1, true).await;
        c.manager.post("/api/v1/me/push", &Browser::new(1).subscription()).await.expect(201);
        let referral = c.officer.post("/api/v1/referrals", &search(&[])).await.expect(201);
        let path = format!("/api/v1/referrals/{}/holds", referral["id"].as_str().unwrap());
        let hold = c.officer.post_once(&path, "hold-0001", &json!({"shelter_id": c.shelter.id})).await.expect(201);
        let id = hold["id"].as_str().unwrap();
        let ways = async || {
            let rows = letters::of_hold(store, id.parse::<Uuid>().unwrap().into()).await.unwrap();
            let mut ways: Vec<(NoticeKind, Via)> = rows.iter().map(|row| (notice(row).kind, row.via)).collect();
            ways.sort();
            ways
        };
        let asked = [Via::Mail, Via::Sms, Via::Push].map(|via| (NoticeKind::Asked, via));
        assert_eq!(ways().await, asked);
        c.officer.post(&format!("/api/v1/holds/{id}/release"), &json!({"reason": "her_choice"})).await.expect(200);
        let settled = [Via::Mail, Via::Push].map(|via| (NoticeKind::Settled, via));
        assert_eq!(ways().await, [&asked[..], &settled].concat());
    }
}
