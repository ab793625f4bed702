//! A reader is named by one administrator, approved by another, confirms by a link and leaves by a link.

use chrono::{Duration, NaiveTime};
use mail_parser::{Message, MessageParser};
use panoh::domain::accounts::Role;
use panoh::mail::MailFailure;
use panoh::services::schedules::ScheduleDraft;
use serde_json::{Value, json};

use super::stage::{admin, deliver_all, sql_at};
use crate::harness::client::{Answer, Person};
use crate::harness::readers::add_schedule;
use crate::harness::{Harness, on_both};

/// Two administrators and a schedule for 08:30.
struct Office {
    h: Harness,
    first: Person,
    second: Person,
    readers: String,
}

impl Office {
    async fn open(h: Harness) -> Self {
        let first = h.person(Role::Admin, "first@example.tj", None, &[]).await;
        let second = h.person(Role::Admin, "second@example.tj", None, &[]).await;
        let draft = ScheduleDraft::daily("Daily", NaiveTime::from_hms_opt(8, 30, 0).unwrap());
        let schedule = add_schedule(&h.services, &admin(), draft).await;
        let readers = format!("/api/v1/digest-schedules/{schedule}/recipients");
        Self {
            h,
            first,
            second,
            readers,
        }
    }

    async fn name(&self, email: &str) -> String {
        let body = json!({"email": email, "name": "Нина С.", "language": "ru"});
        let row = self.first.post(&self.readers, &body).await.expect(201);
        row["id"].as_str().unwrap().to_owned()
    }

    async fn approve(&self, who: &Person, id: &str, key: &str) -> Answer {
        who.post_once(&format!("{}/{id}/approve", self.readers), key, &json!({}))
            .await
    }

    async fn row(&self, who: &Person, id: &str) -> Value {
        let list = who.get(&self.readers).await.expect(200);
        let rows = list["items"].as_array().unwrap();
        rows.iter().find(|row| row["id"] == id).cloned().unwrap_or(Value::Null)
    }

    /// Sends what waits, and says to whom letters went since.
    async fn mailed(&self) -> Vec<String> {
        let before = self.h.mail.sent().len();
        deliver_all(&self.h.jobs).await;
        self.h
            .mail
            .sent()
            .into_iter()
            .skip(before)
            .map(|letter| letter.to)
            .collect()
    }

    /// The text of the newest letter to this address.
    fn text_to(&self, address: &str) -> String {
        let sent = self
            .h
            .mail
            .sent()
            .into_iter()
            .rfind(|letter| letter.to == address)
            .unwrap();
        parsed(&sent.raw).body_text(0).unwrap().into_owned()
    }

    /// The digest of the next morning is made; the clock stays there.
    async fn next_morning(&self) {
        self.h.clock.advance(Duration::days(1));
        assert_eq!(self.h.jobs.run_due().await.unwrap(), 1);
    }

    async fn active(&self, email: &str) -> String {
        let id = self.name(email).await;
        self.approve(&self.second, &id, "approve-for-all").await.expect(200);
        self.mailed().await;
        let link = link_in(&self.text_to(email));
        self.h.http.send("POST", &link, &[], b"").await;
        id
    }

    async fn sql(&self, sql: &str) -> Vec<Vec<String>> {
        sql_at(&self.h.database_url, sql).await
    }
}

fn parsed(raw: &[u8]) -> Message<'_> {
    MessageParser::default().parse(raw).unwrap()
}

/// Path and query of the one link in a text.
fn link_in(text: &str) -> String {
    let at = text.find("http://localhost:8080/").unwrap() + "http://localhost:8080".len();
    text[at..].split_whitespace().next().unwrap().to_owned()
}

/// An HTML page that may be seen once, by whoever has its address, and loads nothing.
fn is_page(answer: &Answer, status: u16, language: &str) {
    let text = answer.text();
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (status, Some("text/html; charset=utf-8")),
        "{text}"
    );
    assert!(text.contains(&format!("<html lang=\"{language}\">")), "{text}");
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let policy = answer.header("content-security-policy").unwrap();
    assert!(
        policy.contains("default-src 'none'") && policy.contains("form-action 'self'") && !policy.contains("unsafe")
    );
    assert_eq!(answer.header("referrer-policy"), Some("same-origin"));
}

on_both! {
    async fn it_takes_two_administrators_and_the_reader(h: Harness) {
        let office = Office::open(h).await;
        let id = office.name("nina@gov.example").await;
        let row = office.row(&office.first, &id).await;
        assert_eq!((&row["state"], &row["may_approve"], &row["added_by_name"]), (&json!("waiting_approval"), &json!(false), &json!("first")), "{row}");
        assert_eq!(office.row(&office.second, &id).await["may_approve"], true);
        // The other administrator hears of it, and nobody else.
        assert_eq!(office.mailed().await, ["second@example.tj"]);
        assert!(!office.text_to("second@example.tj").contains("nina"));
        // One cannot do both.
        let refused = office.approve(&office.first, &id, "approve-one").await;
        assert_eq!((refused.status, refused.code().as_str()), (403, "same_person"));
        office.next_morning().await;
        assert_eq!(office.mailed().await, Vec::<String>::new(), "nobody reads yet");
        office.h.clock.advance(Duration::days(-1));

        let approved = office.approve(&office.second, &id, "approve-two").await.expect(200);
        assert_eq!((&approved["state"], &approved["approved_by_name"]), (&json!("waiting_confirmation"), &json!("second")));
        assert_eq!(office.approve(&office.second, &id, "approve-two").await.expect(200), approved, "once");
        assert_eq!(office.approve(&office.second, &id, "approve-three").await.code(), "not_waiting");
        assert_eq!(office.mailed().await, ["nina@gov.example"]);
        let text = office.text_to("nina@gov.example");
        let link = link_in(&text);
        // A look at the page, by a person or by a filter that follows links, changes nothing.
        for _ in 0..2 {
            is_page(&office.h.http.send("GET", &link, &[], b"").await, 200, "ru");
        }
        assert_eq!(office.row(&office.first, &id).await["state"], "waiting_confirmation");
        is_page(&office.h.http.send("POST", &link, &[("content-type", "application/x-www-form-urlencoded")], b"").await, 200, "ru");
        let row = office.row(&office.first, &id).await;
        assert_eq!((&row["state"], &row["confirmed_at"]), (&json!("active"), &json!(office.h.clock.now())));
        is_page(&office.h.http.send("POST", &link, &[], b"").await, 200, "ru");
        assert_eq!(office.sql("SELECT action FROM audit WHERE object_type = 'recipient' ORDER BY seq").await.concat(),
            ["recipient.add", "recipient.approve", "recipient.confirm"]);
        office.h.clock.advance(Duration::days(1));
        office.next_morning().await;
        assert_eq!(office.mailed().await, ["nina@gov.example"]);
        let first = office.h.signed_in(&office.first.user).await;
        let letter = &office.row(&first, &id).await["last_letter"];
        assert_eq!((&letter["state"], letter["sent_at"].is_string(), letter["digest_id"].is_string()), (&json!("sent"), true, true), "{letter}");
    }

    async fn a_link_proves_one_thing_for_one_reader_and_a_time(h: Harness) {
        let office = Office::open(h).await;
        let (id, other) = (office.name("nina@gov.example").await, office.name("anna@gov.example").await);
        for (n, id) in [&id, &other].into_iter().enumerate() {
            office.approve(&office.second, id, &format!("approve-{n}")).await.expect(200);
        }
        office.mailed().await;
        let link = link_in(&office.text_to("nina@gov.example"));
        let (_, proof) = link.split_once("proof=").unwrap();
        let (_, until) = link.split_once("until=").unwrap();
        let until: i64 = until.split('&').next().unwrap().parse().unwrap();
        let flipped = format!("{}{}", &proof[..31], if proof.ends_with('0') { '1' } else { '0' });
        let wrong = [
            link.replace(&id, &other),
            link.replace(&until.to_string(), &(until + 1).to_string()),
            link.replace(proof, &flipped),
            link.replace(proof, &proof[..30]),
            link.replace(proof, ""),
            link.replace(proof, &"0".repeat(64)),
            link.replace(proof, "not hex"),
            link.replace("/confirm", "/unsubscribe").replace("/readers/", "/letters/").replace(&format!("until={until}&"), ""),
        ];
        for path in &wrong {
            for method in ["GET", "POST"] {
                let answer = office.h.http.send(method, &path.replace(' ', "%20"), &[], b"").await;
                assert_eq!((answer.status, answer.code().as_str()), (404, "not_found"), "{method} {path}");
            }
        }
        for bent in [link.replace("until=", "till="), link.replace(&until.to_string(), "soon"), format!("{link}&more=1")] {
            assert_eq!(office.h.http.send("POST", &bent, &[], b"").await.status, 422, "{bent}");
        }
        assert_eq!(office.row(&office.first, &id).await["state"], "waiting_confirmation");
        // Its last second, and the one after.
        office.h.clock.set(chrono::DateTime::from_timestamp(until, 0).unwrap());
        is_page(&office.h.http.send("GET", &link, &[], b"").await, 200, "ru");
        office.h.clock.advance(Duration::seconds(1));
        is_page(&office.h.http.send("POST", &link, &[], b"").await, 410, "ru");
        let first = office.h.signed_in(&office.first.user).await;
        assert_eq!(office.row(&first, &id).await["state"], "waiting_confirmation");
        // Whoever was taken off meanwhile has no page at all.
        first.delete(&format!("{}/{id}", office.readers)).await.expect(204);
        assert_eq!(office.h.http.send("GET", &link, &[], b"").await.status, 404);
    }

    async fn who_leaves_gets_nothing_more_not_even_what_waits(h: Harness) {
        let office = Office::open(h).await;
        let id = office.active("nina@gov.example").await;
        office.next_morning().await;
        office.mailed().await;
        let sent = office.h.mail.sent().pop().unwrap();
        let letter = parsed(&sent.raw);
        assert_eq!(letter.header_raw("List-Unsubscribe-Post").unwrap().trim(), "List-Unsubscribe=One-Click");
        let header = letter.header_raw("List-Unsubscribe").unwrap().trim().trim_matches(['<', '>']).to_owned();
        let link = link_in(&header);
        // The next one waits, because the server is away.
        office.h.clock.advance(Duration::days(1));
        assert_eq!(office.h.jobs.run_due().await.unwrap(), 1);
        office.h.mail.fail_next(MailFailure { permanent: false, uncertain: false, answer: "450 later".to_owned() });
        assert_eq!(office.mailed().await, Vec::<String>::new());

        is_page(&office.h.http.send("GET", &link, &[], b"").await, 200, "ru");
        let first = office.h.signed_in(&office.first.user).await;
        assert_eq!(office.row(&first, &id).await["state"], "active");
        // As a mail program does it: a form, no cookie, no origin.
        let form = [("content-type", "application/x-www-form-urlencoded")];
        for _ in 0..2 {
            is_page(&office.h.http.send("POST", &link, &form, b"List-Unsubscribe=One-Click").await, 200, "ru");
        }
        let row = office.row(&first, &id).await;
        assert_eq!((&row["state"], row["ended_at"].is_string()), (&json!("ended"), true));
        office.h.clock.advance(Duration::hours(3));
        assert_eq!(office.mailed().await, Vec::<String>::new());
        let states = office.sql("SELECT state FROM letter WHERE digest_id IS NOT NULL ORDER BY created_at").await.concat();
        assert_eq!(states, ["sent", "dropped"]);
        office.next_morning().await;
        assert_eq!(office.sql("SELECT state FROM letter WHERE digest_id IS NOT NULL").await.len(), 2, "no letter is made");
        let left = office.sql("SELECT CAST(COUNT(*) AS text) FROM audit WHERE action = 'recipient.leave'").await.concat();
        assert_eq!(left, ["1"]);
        // The confirmation link of before brings nobody back.
        let confirm = office.h.services.confirm_url(id.parse::<uuid::Uuid>().unwrap().into(), office.h.clock.now() + Duration::days(1));
        is_page(&office.h.http.send("POST", &link_in(&confirm), &[], b"").await, 410, "ru");
    }

    async fn who_is_taken_off_gets_nothing_more_and_may_still_press_the_button(h: Harness) {
        let office = Office::open(h).await;
        let id = office.active("nina@gov.example").await;
        office.next_morning().await;
        let first = office.h.signed_in(&office.first.user).await;
        first.delete(&format!("{}/{id}", office.readers)).await.expect(204);
        assert_eq!(office.mailed().await, Vec::<String>::new());
        let newest = office.h.services.digests(None, 1).await.unwrap().remove(0).digest.id;
        let letter = office.h.services.digest(newest, "en").await.unwrap().letters.remove(0);
        let link = office.h.services.unsubscribe_url(&letter).unwrap();
        is_page(&office.h.http.send("POST", &link_in(&link), &[], b"").await, 200, "ru");
        assert_eq!(letter.state, "dropped");
    }

    async fn a_letter_that_asks_is_dropped_when_nobody_waits_for_the_answer(h: Harness) {
        let office = Office::open(h).await;
        let id = office.name("nina@gov.example").await;
        office.approve(&office.second, &id, "approve-one").await.expect(200);
        // Approved before the other administrator was written to; removed before the reader was.
        office.first.delete(&format!("{}/{id}", office.readers)).await.expect(204);
        assert_eq!(office.mailed().await, Vec::<String>::new());
    }

    async fn named_once_whatever_the_line_does(h: Harness) {
        let office = Office::open(h).await;
        let body = json!({"email": "All@Gov.Example", "name": "", "language": "tg", "kind": "group"});
        let row = office.first.post_once(&office.readers, "name-one", &body).await.expect(201);
        assert_eq!((&row["email"], &row["kind"]), (&json!("all@gov.example"), &json!("group")));
        assert_eq!(office.first.post_once(&office.readers, "name-one", &body).await.expect(201), row);
        let again = office.first.post_once(&office.readers, "name-two", &body).await;
        assert_eq!(again.faults(), [("email".to_owned(), "taken".to_owned())]);
        for (field, value) in [("language", "xx"), ("kind", "crowd"), ("email", "no address")] {
            let mut body = body.clone();
            body[field] = json!(value);
            let answer = office.first.post(&office.readers, &body).await;
            assert_eq!((answer.status, answer.faults()[0].0.as_str()), (422, field));
        }
        assert_eq!(office.mailed().await, ["second@example.tj"]);
    }
}
