//! The grammar by examples in three languages, by properties, and over texts that nobody means well with.

mod random;

use chrono::NaiveDate;

use super::*;
use crate::domain::availability::tests::{room, shelter};
use crate::domain::rooms::{OutOfServiceReason, RoomKind};

const ITEMS: &[(&str, [&str; 3])] = &[
    ("flour", ["Орд", "Мука", "Flour"]),
    (
        "soap",
        [
            "Собуни дасту рӯй, 100 г",
            "Туалетное мыло, 100 г",
            "Bath soap, bar of 100 g",
        ],
    ),
    (
        "laundry_soap",
        [
            "Собуни ҷомашӯӣ, 200 г",
            "Хозяйственное мыло, 200 г",
            "Laundry soap, bar of 200 g",
        ],
    ),
    ("blanket", ["Кӯрпа", "Одеяло", "Blanket"]),
    ("mattress", ["Кӯрпача (матрас)", "Матрас", "Mattress"]),
    ("oil", ["Равғани растанӣ", "Растительное масло", "Vegetable oil"]),
    ("coal", ["Ангишт", "Уголь", "Coal"]),
];

fn catalogue() -> Catalogue {
    Catalogue::from_names(ITEMS.iter().map(|(code, names)| (*code, names.to_vec())))
}

fn house(code: &str, rooms: &[&str]) -> House {
    House {
        code: code.to_owned(),
        rooms: rooms.iter().map(|label| (*label).to_owned()).collect(),
        stocked: Vec::new(),
    }
}

fn one() -> Book {
    Book {
        houses: vec![house("TJ-DU-01", &["1", "2"])],
        items: catalogue(),
    }
}

fn several() -> Book {
    Book {
        houses: vec![
            house("TJ-DU-01", &["1", "2"]),
            house("TJ-SU-01", &["kabud", "sabz", "xona 3"]),
            house("TJ-SU-12", &["1"]),
        ],
        items: catalogue(),
    }
}

fn beds(text: &str) -> Result<Beds, What> {
    match parse(text, &one()) {
        Ok(Message::Report { beds, stock, .. }) if stock.is_empty() => Ok(beds),
        Ok(other) => panic!("{text}: {other:?}"),
        Err(fault) => Err(fault.what),
    }
}

fn stock(text: &str) -> Result<Vec<(String, i64)>, What> {
    match parse(text, &one()) {
        Ok(Message::Report { stock, .. }) => Ok(stock),
        Ok(other) => panic!("{text}: {other:?}"),
        Err(fault) => Err(fault.what),
    }
}

#[test]
fn nothing_changed_in_every_language() {
    for text in [
        "=",
        " = ",
        "＝",
        "same",
        "OK",
        "да",
        "Да!",
        "ок 👍",
        "ҳа",
        "ха",
        "HA",
        "ҳамон",
        "Хамон",
        "hamon",
        "Њамон",
        "бетағйир",
        "бетагйир",
        "betaghyir",
        "Без изменений.",
        "без  изменений",
        "как было",
        "kak bylo",
    ] {
        assert_eq!(beds(text), Ok(Beds::Same), "{text}");
    }
}

#[test]
fn numbers_room_by_room_and_single_rooms() {
    for text in ["5 7", "5,7", "5\n7", "۵ ۷", "Занято: 5 и 7", "банд 5 ва 7", "  5   7  "] {
        assert_eq!(beds(text), Ok(Beds::All(vec![5, 7])), "{text}");
    }
    for text in [
        "2:5",
        "2=5",
        "2 = 5",
        "2: 5",
        "=2:5",
        "2:5 =",
        "ҳамон, 2:5",
        "Утоқи 2: 5",
    ] {
        assert_eq!(beds(text), Ok(Beds::Some(vec![(1, 5)])), "{text}");
    }
    assert_eq!(beds("2:7 1:5"), Ok(Beds::Some(vec![(0, 5), (1, 7)])));
    assert_eq!(beds("Утоқи 1: 5; утоқи 2: 7."), Ok(Beds::Some(vec![(0, 5), (1, 7)])));
    assert_eq!(beds("0 0"), Ok(Beds::All(vec![0, 0])));
}

#[test]
fn labels_are_rooms_too() {
    let said = |text: &str| match parse(text, &several()) {
        Ok(Message::Report { house: 1, beds, .. }) => Ok(beds),
        Ok(other) => panic!("{text}: {other:?}"),
        Err(fault) => Err(fault.what),
    };
    for text in ["SU-01 sabz 5", "su01 сабз: 5", "СУ-01 Сабз=5", "TJ-SU-01 SABZ5"] {
        assert_eq!(said(text), Ok(Beds::Some(vec![(1, 5)])), "{text}");
    }
    assert_eq!(said("SU01 xona 3: 4"), Ok(Beds::Some(vec![(2, 4)])));
    assert_eq!(said("SU01 3: 4"), Ok(Beds::Some(vec![(2, 4)])));
    assert_eq!(said("SU01 1: 4"), Err(What::Unknown { at: 2 }), "no room has a 1");
}

#[test]
fn supplies_by_their_names() {
    let soap = |n| Ok(vec![("soap".to_owned(), n)]);
    for text in [
        "soap 40",
        "Soap: 40",
        "SOAP40",
        "bath soap = 40",
        "собуни дасту рӯй 40 дона",
        "туалетное мыло 40 шт.",
    ] {
        assert_eq!(stock(text), soap(40), "{text}");
    }
    assert_eq!(
        stock("орд 50 кг, уголь 300"),
        Ok(vec![("flour".into(), 50), ("coal".into(), 300)])
    );
    for text in ["собун 40", "sobun40", "мыло 40"] {
        let told = stock(text);
        let both = vec!["soap".to_owned(), "laundry_soap".to_owned()];
        assert_eq!(told, Err(What::Ambiguous { items: both }), "{text}");
    }
    // What she counts is what she means.
    let mut book = one();
    book.houses[0].stocked = vec!["laundry_soap".into(), "flour".into()];
    let told = parse("собун 40", &book).unwrap();
    assert!(matches!(told, Message::Report { stock, .. } if stock == [("laundry_soap".to_owned(), 40)]));
    // A whole name wins over a longer one that begins like it.
    assert_eq!(stock("кӯрпа 3"), Ok(vec![("blanket".into(), 3)]));
    assert_eq!(stock("кӯрпача 3"), Ok(vec![("mattress".into(), 3)]));
    assert_eq!(stock("равған 2 л"), Ok(vec![("oil".into(), 2)]));
}

#[test]
fn all_of_it_in_any_order() {
    let whole = Message::Report {
        house: 0,
        beds: Beds::All(vec![5, 7]),
        stock: vec![("soap".into(), 40)],
    };
    for text in [
        "5 7 soap 40",
        "soap 40 5 7",
        "5 soap:40 7",
        "soap 40 шт 5 7",
        "DU-01 5 7 soap 40",
    ] {
        assert_eq!(parse(text, &one()), Ok(whole.clone()), "{text}");
    }
    assert_eq!(
        parse("да, soap 40", &one()),
        Ok(Message::Report {
            house: 0,
            beds: Beds::Same,
            stock: vec![("soap".into(), 40)]
        })
    );
}

#[test]
fn help_stores_nothing_whatever_else_is_said() {
    for text in ["?", "؟", "help", "Помощь", "кӯмак", "kumak", "5 7 ?"] {
        assert_eq!(parse(text, &one()), Ok(Message::Help { house: Some(0) }), "{text}");
        assert!(
            matches!(parse(text, &several()), Ok(Message::Help { house: None })),
            "{text}"
        );
    }
    assert_eq!(parse("SU-12 ?", &several()), Ok(Message::Help { house: Some(2) }));
}

#[test]
fn of_several_shelters_one_is_named() {
    let of = |text: &str| match parse(text, &several()) {
        Ok(Message::Report { house, .. }) => Ok(house),
        Ok(other) => panic!("{text}: {other:?}"),
        Err(fault) => Err(fault.what),
    };
    assert_eq!(of("TJ-DU-01 5 7"), Ok(0));
    assert_eq!(of("du 01 5 7"), Ok(0));
    assert_eq!(of("DU01 5 7"), Ok(0));
    assert_eq!(of("SU-12 5"), Ok(2));
    assert_eq!(of("су12 ="), Ok(2));
    for text in ["5 7", "=", "01 5 7", "12 5", "SU 5", "XX-01 5 7", "soap 40"] {
        assert_eq!(of(text), Err(What::WhichShelter), "{text}");
    }
}

#[test]
fn what_is_not_meant_is_not_taken() {
    let count = |given| What::Count { given, wanted: 2 };
    for (text, what) in [
        ("5", count(1)),
        ("5 7 3", count(3)),
        ("57", count(1)),
        ("40 soap", What::NoNumber { item: "soap".into() }),
        ("хайр 5 7", What::Unknown { at: 0 }),
        ("свободно 5 7", What::Unknown { at: 0 }),
        ("не да", What::Unknown { at: 0 }),
        ("5/12", What::Unknown { at: 1 }),
        ("5 7 +", What::Unknown { at: 2 }),
        ("3:5", What::Unknown { at: 0 }),
        ("5:", What::Unknown { at: 1 }),
        ("5 10001", What::TooLarge { at: 1 }),
        ("5 99999999999999999999999", What::TooLarge { at: 1 }),
        ("soap 10000001", What::TooLarge { at: 1 }),
        ("2:5 2:6", What::Twice),
        ("soap 4 soap 5", What::Twice),
        ("= 5 7", What::Mixed),
        ("5 7 2:5", What::Mixed),
        ("", What::Nothing),
        ("👍", What::Nothing),
        ("...", What::Nothing),
    ] {
        assert_eq!(parse(text, &one()).unwrap_err().what, what, "{text}");
    }
}

#[test]
fn what_is_left_out_is_as_it_was() {
    let today: NaiveDate = "2026-11-22".parse().unwrap();
    let mut view = shelter(
        1,
        vec![room(1, RoomKind::Private, 3, 2), room(2, RoomKind::Shared, 6, 4)],
    );
    view.rooms[0].state.occupied_cots = 1;
    view.rooms[0].planned_exit = Some(today);
    view.rooms[1].planned_exit = today.pred_opt();
    view.rooms[1].state.out_of_service_beds = 2;
    view.rooms[1].state.out_of_service_reason = Some(OutOfServiceReason::Repair);
    let said = |beds: Beds| figures(&beds, &view, today).unwrap().unwrap();
    let same = said(Beds::Same);
    assert_eq!(same.lines.iter().map(|l| l.occupied_beds).collect::<Vec<_>>(), [2, 4]);
    assert_eq!(same.exits, [(view.rooms[0].room.id, today)], "yesterday's exit is over");
    let emptied = said(Beds::All(vec![0, 9]));
    let first = emptied.lines[0];
    assert_eq!(
        (first.occupied_beds, first.occupied_cots, emptied.exits.len()),
        (0, 0, 0)
    );
    let second = emptied.lines[1];
    assert_eq!(
        (
            second.occupied_beds,
            second.out_of_service_beds,
            second.out_of_service_reason
        ),
        (9, 2, Some(OutOfServiceReason::Repair))
    );
    assert_eq!(said(Beds::Some(vec![(1, 5)])).lines[0].occupied_beds, 2);
    assert_eq!(figures(&Beds::Untold, &view, today), Ok(None));
    assert!(matches!(
        figures(&Beds::All(vec![1]), &view, today),
        Err(What::Count { .. })
    ));
    // A number far off is asked about; what is known of nothing is not unusual, and cannot be left out.
    let found = unusual(&Beds::All(vec![2, 44]), &view).unwrap();
    assert_eq!((found.room, found.beds, found.usual), (1, 44, 4));
    assert_eq!(unusual(&Beds::Same, &view), None);
    view.observed_at = None;
    assert_eq!(unusual(&Beds::All(vec![2, 44]), &view), None);
    assert_eq!(figures(&Beds::Same, &view, today), Err(What::NoneBefore));
    assert_eq!(figures(&Beds::Some(vec![(0, 1)]), &view, today), Err(What::NoneBefore));
    assert!(figures(&Beds::All(vec![1, 2]), &view, today).is_ok());
}

#[test]
fn examples_are_of_her_own_rooms_and_can_be_sent() {
    let mut view = shelter(
        1,
        vec![room(1, RoomKind::Private, 3, 2), room(2, RoomKind::Shared, 6, 4)],
    );
    assert_eq!(example(&view, 0, &one()), "2 4");
    assert_eq!(example(&view, 0, &several()), "TJ-DU-01 2 4");
    view.observed_at = None;
    assert_eq!(example(&view, 0, &one()), "2 3");
    for book in [one(), several()] {
        assert!(parse(&example(&view, 0, &book), &book).is_ok());
    }
}
