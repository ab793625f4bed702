//! Words planted in addresses, contacts and telephone numbers: no route tells them, but the two that are for them, no letter
//! and no file of the database.

use std::io::Read;
use std::path::PathBuf;

use panoh::http::matrix::{MATRIX, PREFIX};
use panoh::sheets;
use serde_json::{Value, json};

use crate::digests::stage::deliver_all;
use crate::harness::client::Answer;
use crate::harness::{Harness, on_both};
use crate::purge::files::{files_with, folder};
use crate::sms::{HERS, connect};
use crate::stage::{Stage, document};

const ADDRESS: &str = "Zarafshontobaplanted";
const CONTACT: [&str; 3] = ["Gulnoraplanted", "918 77 66 55", "Fawworaplanted"];
/// What no route and no letter tells anybody. Of a number its owner sees the last two digits.
const NEVER: [&str; 2] = [ADDRESS, "900000001"];

/// What a reader could find in an answer: tables of XLSX are unpacked, and lines of mail joined.
fn readable(answer: &Answer) -> String {
    if answer.header("content-type") != Some(sheets::XLSX) {
        return answer.text();
    }
    let mut parts = zip::ZipArchive::new(std::io::Cursor::new(&answer.body)).unwrap();
    let mut text = String::new();
    for at in 0..parts.len() {
        parts.by_index(at).unwrap().read_to_string(&mut text).unwrap();
    }
    text
}

/// Every GET of the document with its plain call, and one in each format it has.
fn calls(stage: &Stage) -> Vec<(&'static str, String)> {
    let document = document();
    let mut all = Vec::new();
    for row in MATRIX.iter().filter(|row| row.method == "GET") {
        let path = stage.path(row.path);
        let told = &document["paths"][format!("{PREFIX}{}", row.path)]["get"]["parameters"];
        let formats = told
            .as_array()
            .is_some_and(|all| all.iter().any(|one| one["name"] == "format"));
        for format in ["csv", "xlsx"]
            .into_iter()
            .filter(|_| formats && !path.contains("format="))
        {
            let mark = if path.contains('?') { '&' } else { '?' };
            all.push((row.path, format!("{path}{mark}format={format}")));
        }
        all.push((row.path, path));
    }
    all
}

on_both! {
    async fn no_answer_letter_or_file_tells_an_address_or_a_contact(h: Harness) {
        let stage = Stage::set(&h).await;
        let c = &stage.country;
        for (person, shelter) in [(&c.manager, &c.shelter), (&c.other_manager, &c.other_shelter)] {
            let body = json!({"address": format!("Kuchai {ADDRESS} 5"), "contact_name": CONTACT[0],
                "contact_phone": format!("+992 {}", CONTACT[1]), "meeting_point": format!("by the {}", CONTACT[2])});
            person.put(&format!("{PREFIX}/shelters/{}/confidential", shelter.id), &body).await.expect(204);
        }
        connect(&h, &c.manager, HERS).await;
        let accept = format!("{PREFIX}/holds/{}/accept", stage.hold);
        c.manager.post_once(&accept, "accept-the-stage", &json!({})).await.expect(200);

        let (mut answered, mut told) = (0, Vec::new());
        for (route, path) in calls(&stage) {
            let mut answers = vec![h.http.send("GET", &path, &[], b"").await];
            for person in c.everybody() {
                answers.push(person.get(&path).await);
            }
            for answer in answers {
                answered += usize::from(answer.status == 200);
                let text = readable(&answer);
                let hers = route == "/shelters/{id}/confidential" && answer.status == 200;
                let handover = route == "/holds/{id}/handover" && answer.status == 200;
                for word in NEVER.into_iter().chain(CONTACT) {
                    if text.contains(word) {
                        let contact = CONTACT.contains(&word);
                        assert!(hers || handover && contact, "{path} tells {word}: {text:.300}");
                        told.push((route, word));
                    }
                }
            }
        }
        assert!(answered > 150, "{answered} answers: the walk proves little");
        // The walk finds words where they are.
        assert_eq!(told.iter().filter(|(route, _)| route.ends_with("/confidential")).count(), 4, "{told:?}");
        assert_eq!(told.iter().filter(|(route, _)| route.ends_with("/handover")).count(), 3, "{told:?}");

        let preview: Value = json!({"schedule_id": stage.schedule, "language": "en"});
        let preview = c.admin.post(&format!("{PREFIX}/digests/preview"), &preview).await.text();
        h.clock.advance(chrono::Duration::days(1));
        h.jobs.turn().await;
        h.jobs.alert_due().await.unwrap();
        assert!(deliver_all(&h.jobs).await > 0);
        let letters: Vec<String> = (h.mail.sent().iter())
            .map(|letter| String::from_utf8_lossy(&letter.raw).replace("=\r\n", ""))
            .chain([preview])
            .collect();
        assert!(letters.len() > 3);
        for word in NEVER.into_iter().chain(CONTACT) {
            assert!(letters.iter().all(|letter| !letter.contains(word)), "a letter tells {word}");
            assert_eq!(files_with(&folder(&h), word.as_bytes()), Vec::<PathBuf>::new(), "{word} is not sealed");
        }
    }
}
