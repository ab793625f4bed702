//! The grammar over texts that nobody means well with, and over any text at all.

use proptest::prelude::*;

use super::*;

/// Texts that attack what reads them: each is refused or understood, and none takes long.
#[test]
fn hostile_texts() {
    let long_word = "а".repeat(100_000);
    let long_numbers = "5 ".repeat(100_000);
    let corpus = [
        "\0",
        "5\u{0}7",
        "'; DROP TABLE report; --",
        "<script>alert(1)</script>",
        "{{7*7}} ${7*7} {0} {word}",
        "../../etc/passwd",
        "\u{202e}7 5\u{202c}",
        "5\u{200b}7",
        "-5 -7",
        "5e3 7",
        "0x10 7",
        "5.5 7",
        "٥٧٥٧٥٧٥٧٥٧٥٧٥٧٥٧٥٧٥٧٥٧٥٧",
        "=====================",
        ":::::::",
        "2:2:2:2:2:2",
        "2=2=2=2=2",
        "soap soap soap soap",
        "ъъъ ььь",
        "\u{feff}=",
        "\r\n=\r\n",
        "ﷺ 5 7",
        "𝟓 𝟕",
        "５：７",
        "🔟 5",
        "Ⅳ Ⅶ",
        "五 七",
        "a\u{300}\u{301}\u{302}\u{303}",
        "\u{e0001}\u{e0020}5 7",
        "%00%0a=",
        long_word.as_str(),
        long_numbers.as_str(),
    ];
    for text in corpus {
        for book in [one(), several()] {
            if let Ok(Message::Report { house, beds, stock }) = parse(text, &book) {
                let rooms = book.houses[house].rooms.len();
                match beds {
                    Beds::All(all) => assert_eq!(all.len(), rooms),
                    Beds::Some(some) => assert!(some.iter().all(|(room, _)| *room < rooms)),
                    Beds::Same | Beds::Untold => {}
                }
                assert!(stock.len() <= ITEMS.len());
            }
        }
    }
    assert!(matches!(beds("5e3 7"), Err(What::Unknown { .. })), "no exponents");
    assert!(matches!(beds("𝟓 𝟕"), Ok(Beds::All(_))));
}

fn message() -> impl Strategy<Value = Message> {
    let count = 0u16..=10_000;
    let beds = prop_oneof![
        Just(Beds::Untold),
        Just(Beds::Same),
        prop::collection::vec(count.clone(), 3).prop_map(Beds::All),
        prop::collection::btree_map(0usize..3, count, 1..4).prop_map(|rooms| Beds::Some(rooms.into_iter().collect())),
    ];
    let stock = prop::collection::btree_map(0..ITEMS.len(), 0i64..=10_000_000, 0..4).prop_map(|items| {
        items
            .into_iter()
            .map(|(at, n)| (ITEMS[at].0.to_owned(), n))
            .collect::<Vec<_>>()
    });
    let report = (beds, stock).prop_filter_map("says something", |(beds, stock)| {
        (beds != Beds::Untold || !stock.is_empty()).then_some(Message::Report { house: 1, beds, stock })
    });
    prop_oneof![9 => report, 1 => Just(Message::Help { house: Some(1) })]
}

/// One letter as another keyboard or font writes it.
fn other_spelling(letter: char) -> char {
    match letter {
        'ҷ' => 'љ',
        'ҳ' => 'х',
        'ғ' => 'ѓ',
        'қ' => 'к',
        'ӯ' => 'у',
        'ӣ' => 'и',
        other => other,
    }
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in any::<String>()) {
        drop(parse(&text, &one()));
        drop(parse(&text, &several()));
    }

    #[test]
    fn no_text_of_its_own_words_makes_it_panic(text in "[0-9=:?/ \u{200b}а-яA-Zҷҳғқӯӣ٠-٩]{0,60}") {
        drop(parse(&text, &one()));
        drop(parse(&text, &several()));
    }

    #[test]
    fn what_is_printed_reads_back(message in message()) {
        let printed = print(&message, &several());
        prop_assert_eq!(parse(&printed, &several()), Ok(message), "{}", printed);
    }

    #[test]
    fn case_marks_and_spaces_change_nothing(message in message(), mark in "[\u{200b}\u{200f}\u{feff}👍.,!]", upper in any::<bool>()) {
        let printed = print(&message, &several());
        let spaced = printed.replace(' ', &format!(" {mark} \n\t")).replace(':', " : ");
        let cased = if upper { spaced.to_uppercase() } else { spaced.to_lowercase() };
        prop_assert_eq!(parse(&cased, &several()), Ok(message), "{}", cased);
    }

    #[test]
    fn names_in_any_spelling_are_one(at in 0..ITEMS.len(), language in 0usize..3, n in 0i64..1000) {
        let name = short(ITEMS[at].1[language]);
        let spelled: String = name.to_lowercase().chars().map(other_spelling).collect();
        let wanted = Ok(vec![(ITEMS[at].0.to_owned(), n)]);
        for typed in [name.to_owned(), name.to_uppercase(), spelled, name.replace(' ', "")] {
            prop_assert_eq!(stock(&format!("{typed} {n}")), wanted.clone(), "{}", typed);
        }
    }

    #[test]
    fn the_canonical_text_means_the_same(text in "[0-9=:?, а-яa-z]{0,30}") {
        let (book, typed) = (one(), parse(&text, &one()));
        let again = parse(&canonical(&text), &book);
        prop_assert_eq!(typed.is_ok(), again.is_ok(), "{}", canonical(&text));
    }
}
