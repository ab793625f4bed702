//! Replies in each language: what they say, and that they stay short.

use super::*;

/// Of a pack that names nothing: codes stand for names.
struct NoNames;

impl Names for NoNames {
    fn region(&self, _: &str, _: &str) -> Option<String> {
        None
    }

    fn item(&self, _: &str, _: &str) -> Option<String> {
        None
    }
}

fn at() -> NaiveDateTime {
    chrono::NaiveDate::from_ymd_opt(2026, 11, 22)
        .and_then(|day| day.and_hms_opt(8, 14, 0))
        .unwrap()
}

fn rooms(n: usize) -> Rooms {
    Rooms {
        rooms: (1..=n).map(|label| (label.to_string(), 12)).collect(),
        occupied: 12 * u32::try_from(n).unwrap(),
        beds: 15 * u32::try_from(n).unwrap(),
        free: 3 * u32::try_from(n).unwrap(),
        operating: true,
    }
}

fn taken(rooms: Rooms, stock: &[(String, i64)]) -> Reply<'_> {
    Reply::Taken {
        at: at(),
        code: None,
        same: false,
        rooms,
        stock,
        over: Vec::new(),
        at_risk: false,
        applied: true,
    }
}

#[test]
fn it_reads_well() {
    let stock = [("soap".to_owned(), 40)];
    let said = sms(&taken(rooms(2), &stock), "tg", &NoNames);
    assert_eq!(
        said,
        "Қабул шуд 08:14. Утоқи 1: 12; утоқи 2: 12. Банд 24 аз 30, холӣ 6. soap: 40."
    );
    // A language without words gets the common one.
    assert!(sms(&taken(rooms(2), &stock), "uz", &NoNames).starts_with("Принято 08:14."));
}

#[test]
fn every_reply_fits_into_two_parts() {
    let words = [What::Nothing, What::Twice, What::Mixed, What::NoneBefore];
    let more = [
        What::WhichShelter,
        What::Count { given: 3, wanted: 2 },
        What::Unknown { at: 3 },
        What::TooLarge { at: 3 },
        What::NoNumber {
            item: "dignity_kit".into(),
        },
        What::Ambiguous {
            items: vec!["soap".into(), "laundry_soap".into()],
        },
    ];
    let codes = ["TJ-DU-01".to_owned(), "TJ-SU-01".to_owned()];
    let stock: Vec<(String, i64)> = (0..12).map(|n| (format!("item_number_{n}"), 1_000)).collect();
    for language in languages() {
        let mut replies = vec![
            Reply::TooMany,
            Reply::TooManyPhones,
            Reply::NoRooms,
            Reply::Connected {
                example: Some("TJ-SU-01 12 12".into()),
            },
            Reply::Unusual {
                label: "12",
                beds: 1000,
                usual: 10,
            },
            Reply::Counted {
                at: at(),
                code: Some("TJ-SU-01"),
                stock: &stock,
            },
        ];
        for what in words.iter().chain(&more) {
            replies.push(Reply::Refused {
                what,
                codes: &codes,
                example: Some("12 12".into()),
            });
        }
        for n in [1, 2, 6, 12, 40] {
            replies.push(taken(rooms(n), &stock));
            replies.push(taken(rooms(n), &[]));
        }
        for reply in &replies {
            let said = sms(reply, language, &NoNames);
            let units = said.encode_utf16().count();
            assert!(units <= TWO_PARTS && !said.contains("sms."), "{units}: {said}");
        }
        // Help tells two things: of a small house it takes three parts at most.
        let help = Reply::Help {
            code: None,
            record: Some((at(), rooms(3))),
            all: "12 12 12".into(),
            one: "1:12".into(),
        };
        assert!(sms(&help, language, &NoNames).encode_utf16().count() <= 201);
    }
}
