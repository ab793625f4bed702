//! What a manager types: read in bounds, and the same again when it is printed in its plainest spelling.
#![no_main]

use std::collections::BTreeSet;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use panoh::domain::catalogue::Catalogue as Known;
use panoh::domain::texts::{Beds, Book, Catalogue, House, Message, canonical, lex, number, only_digits, parse, print};

/// Someone who runs one shelter, and someone who runs three.
static BOOKS: LazyLock<[Book; 2]> = LazyLock::new(|| {
    let pack = panoh::pack::load(None).expect("the pack inside");
    let items = Catalogue::of(&Known::of(&pack, &[]));
    let house = |code: &str, rooms: &[&str]| House {
        code: code.to_owned(),
        rooms: rooms.iter().map(|room| (*room).to_owned()).collect(),
        stocked: vec!["soap".to_owned()],
    };
    let one = house("TJ-DU-01", &["1", "2"]);
    let three = vec![one.clone(), house("TJ-SU-01", &["kabud", "sabz", "xona 3"]), house("TJ-SU-12", &["1"])];
    [Book { houses: vec![one], items: items.clone() }, Book { houses: three, items }]
});

fuzz_target!(|text: &str| {
    for book in &*BOOKS {
        let Ok(message) = parse(text, book) else { continue };
        bounded(&message, book);
        let printed = print(&message, book);
        assert_eq!(parse(&printed, book).as_ref(), Ok(&message), "printed as {printed:?}");
    }
    let plain = canonical(text);
    // A longer one is cut off where it is too long, and that may be elsewhere.
    if plain.chars().count() <= 1_600 && text.chars().count() <= 1_600 {
        assert_eq!(canonical(&plain), plain);
    }
    assert!(lex(text).len() <= 1_601);
    if let Some(digits) = number(text) {
        assert_eq!(number(&format!("+{digits}")).as_ref(), Some(&digits));
    }
    if let Some(code) = only_digits(text, 8) {
        assert!(code.len() == 8 && code.bytes().all(|byte| byte.is_ascii_digit()));
    }
});

fn bounded(message: &Message, book: &Book) {
    let Message::Report { house, beds, stock } = message else { return };
    let rooms = book.houses[*house].rooms.len();
    match beds {
        Beds::All(all) => assert_eq!(all.len(), rooms),
        Beds::Some(some) => {
            assert!(some.iter().all(|(room, _)| *room < rooms));
            assert!(some.windows(2).all(|pair| pair[0].0 < pair[1].0), "each room once, in order");
        }
        Beds::Same | Beds::Untold => {}
    }
    assert!(stock.iter().all(|(_, count)| *count >= 0));
    let items: BTreeSet<&str> = stock.iter().map(|(item, _)| item.as_str()).collect();
    assert_eq!(items.len(), stock.len(), "each item once");
    assert!(*beds != Beds::Untold || !stock.is_empty(), "it says something");
}
