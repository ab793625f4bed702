//! A typed name without its numbers and units: "3 мешка муки 50 кг" is about "муки". It must not know what the words name.

use std::collections::HashMap;
use std::sync::OnceLock;

use super::super::geography::ItemUnit;
use super::super::language::fold;

/// What a unit says of the number before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    /// Of this unit.
    Of(ItemUnit),
    /// A measure in which nothing is counted: grams, centimetres, volts.
    Measure,
    /// So many packs, bags or boxes of something.
    Container,
}

const KG: &[&str] = &[
    "kg",
    "kgs",
    "kilo",
    "kilos",
    "kilogram",
    "kilograms",
    "кг",
    "кило",
    "килограмм",
    "килограмма",
    "килограммов",
];
const LITRE: &[&str] = &[
    "l",
    "lt",
    "ltr",
    "litre",
    "litres",
    "liter",
    "liters",
    "л",
    "литр",
    "литра",
    "литров",
];
const PIECE: &[&str] = &[
    "pc",
    "pcs",
    "piece",
    "pieces",
    "шт",
    "штук",
    "штуки",
    "штука",
    "дона",
    "адад",
];
const SET: &[&str] = &["set", "sets", "компл", "комплект", "комплекта", "комплектов", "маҷмӯъ"];
const MEASURE: &[&str] = &[
    "g",
    "gr",
    "gram",
    "grams",
    "г",
    "гр",
    "грамм",
    "граммов",
    "mg",
    "мг",
    "ml",
    "мл",
    "mm",
    "мм",
    "cm",
    "см",
    "m",
    "м",
    "v",
    "w",
    "вт",
];
const CONTAINER: &[&str] = &[
    "pack",
    "packs",
    "packet",
    "packets",
    "bag",
    "bags",
    "box",
    "boxes",
    "bottle",
    "bottles",
    "can",
    "cans",
    "roll",
    "rolls",
    "пачка",
    "пачки",
    "пачек",
    "уп",
    "упак",
    "упаковка",
    "упаковки",
    "упаковок",
    "мешок",
    "мешка",
    "мешков",
    "коробка",
    "коробки",
    "коробок",
    "бутылка",
    "бутылки",
    "бутылок",
    "рулон",
    "рулона",
    "рулонов",
    "халта",
    "қуттӣ",
    "баста",
    "шиша",
];
/// Longest sign that is taken for a measure when it touches a number: `110v`, `x2`.
const TOUCHING: usize = 2;
/// Most units that a name can speak of.
const MOST: i64 = 10_000_000;

fn units() -> &'static HashMap<String, Unit> {
    static ALL: OnceLock<HashMap<String, Unit>> = OnceLock::new();
    ALL.get_or_init(|| {
        let of = |words: &'static [&str], unit: Unit| words.iter().map(move |word| (fold(word), unit));
        of(CONTAINER, Unit::Container)
            .chain(of(MEASURE, Unit::Measure))
            .chain(of(KG, Unit::Of(ItemUnit::Kg)))
            .chain(of(LITRE, Unit::Of(ItemUnit::Litre)))
            .chain(of(PIECE, Unit::Of(ItemUnit::Piece)))
            .chain(of(SET, Unit::Of(ItemUnit::Set)))
            .collect()
    })
}

/// Whether a folded word may follow the count of an item without changing it.
pub fn is_unit(folded: &str) -> bool {
    matches!(units().get(folded), Some(Unit::Of(unit)) if *unit != ItemUnit::Set)
}

/// The unit that a cell of its own names; `None` if it is none that is counted.
pub fn unit_of(text: &str) -> Option<ItemUnit> {
    match units().get(&fold(text)) {
        Some(Unit::Of(unit)) => Some(*unit),
        _ => None,
    }
}

/// A name, and how many it speaks of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stripped {
    /// As it was typed, without numbers and units; the whole of it if nothing else is there.
    pub text: String,
    pub quantity: Option<Quantity>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quantity {
    /// Whole, at least 1.
    pub number: i64,
    /// `None` if it is not said.
    pub unit: Option<ItemUnit>,
}

#[derive(Debug, PartialEq)]
enum Part {
    /// `None` if it is no whole number that can be counted.
    Number(Option<i64>),
    Word(String),
}

/// A part, and whether it touches the one before.
type Placed = (Part, bool);

fn parts(name: &str) -> Vec<Placed> {
    let mut found: Vec<Placed> = Vec::new();
    let mut rest = name.trim_start();
    let mut touching = false;
    while let Some(first) = rest.chars().next() {
        let (end, part) = if first.is_ascii_digit() {
            let end = number_end(rest);
            let digits = rest.get(..end).unwrap_or_default();
            let number = digits.parse().ok().filter(|n| (1..=MOST).contains(n));
            (end, Some(Part::Number(number)))
        } else if first.is_alphanumeric() {
            let inner = |c: char| {
                c.is_alphanumeric() && !c.is_ascii_digit() || matches!(c, '\'' | '’' | 'ʼ' | '\u{300}'..='\u{36F}')
            };
            let end = rest.find(|c| !inner(c)).unwrap_or(rest.len());
            (end, Some(Part::Word(rest.get(..end).unwrap_or_default().to_owned())))
        } else {
            (first.len_utf8(), None)
        };
        let is_part = part.is_some();
        found.extend(part.map(|part| (part, touching)));
        touching = is_part;
        rest = rest.get(end..).unwrap_or_default();
    }
    found
}

/// Where a number ends: a point or comma belongs to it if a digit follows.
fn number_end(text: &str) -> usize {
    let mut end = 0;
    let mut letters = text.char_indices().peekable();
    while let Some((at, letter)) = letters.next() {
        let goes_on = letter.is_ascii_digit()
            || matches!(letter, '.' | ',') && letters.peek().is_some_and(|(_, next)| next.is_ascii_digit());
        if !goes_on {
            break;
        }
        end = at + letter.len_utf8();
    }
    end
}

/// Takes numbers and units off a typed name.
pub fn strip(name: &str) -> Stripped {
    let parts = parts(name);
    let mut kept: Vec<&str> = Vec::new();
    for (at, (part, touches)) in parts.iter().enumerate() {
        let Part::Word(word) = part else { continue };
        let before = at.checked_sub(1).and_then(|before| parts.get(before));
        let after_number = matches!(before, Some((Part::Number(_), _)));
        let before_number = matches!(parts.get(at + 1), Some((Part::Number(_), true)));
        let sign = (after_number && *touches || before_number) && word.chars().count() <= TOUCHING;
        let unit = match units().get(&fold(word)) {
            Some(Unit::Container | Unit::Of(ItemUnit::Set)) => after_number,
            Some(_) => true,
            None => false,
        };
        if !unit && !sign {
            kept.push(word);
        }
    }
    let text = if kept.is_empty() {
        name.trim().to_owned()
    } else {
        kept.join(" ")
    };
    Stripped {
        text,
        quantity: quantity(&parts),
    }
}

/// The only number of a name, if it stands first or counts kilograms, litres, pieces or sets.
fn quantity(parts: &[Placed]) -> Option<Quantity> {
    let mut numbers = parts.iter().enumerate().filter_map(|(at, (part, _))| match part {
        Part::Number(number) => Some((at, *number)),
        Part::Word(_) => None,
    });
    let (at, number) = numbers.next().filter(|_| numbers.next().is_none())?;
    let number = number?;
    let (unit, touches) = match parts.get(at + 1) {
        Some((Part::Word(word), touches)) => (units().get(&fold(word)), *touches),
        _ => (None, false),
    };
    let unit = match unit {
        Some(Unit::Of(unit)) => Some(*unit),
        Some(Unit::Measure | Unit::Container) => return None,
        None if at == 0 && !touches => None,
        None => return None,
    };
    Some(Quantity { number, unit })
}

/// The words of a name, folded, with a blank between: what spellings are kept and compared by.
pub fn key(text: &str) -> String {
    let words = text.split(|c: char| !c.is_alphanumeric() && !matches!(c, '\'' | '’' | 'ʼ' | '\u{300}'..='\u{36F}'));
    let words: Vec<String> = words.map(fold).filter(|word| !word.is_empty()).collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_and_units_go() {
        for (typed, text) in [
            ("3 мешка муки 50 кг", "муки"),
            ("Собуни дасту рӯй, 100 г", "Собуни дасту рӯй"),
            ("Геладейра 110v", "Геладейра"),
            ("7 Kg De Guisado", "De Guisado"),
            ("подгузники №4 (40 шт.)", "подгузники"),
            ("Мешки для мусора 30х40", "Мешки для мусора"),
            ("рис1,5кг", "рис"),
            ("Ёмкость для воды, 10–20 л", "Ёмкость для воды"),
            ("5 комплектов белья", "белья"),
            ("Комплект белья", "Комплект белья"),
            ("100", "100"),
            ("", ""),
        ] {
            assert_eq!(strip(typed).text, text, "{typed}");
        }
    }

    #[test]
    fn a_number_is_a_quantity_only_if_it_says_so() {
        let of = |number, unit| Some(Quantity { number, unit });
        for (typed, quantity) in [
            ("100 тарелок", of(100, None)),
            ("Рис 25 кг", of(25, Some(ItemUnit::Kg))),
            ("рис25кг", of(25, Some(ItemUnit::Kg))),
            ("40 шт подгузники", of(40, Some(ItemUnit::Piece))),
            ("Мыло 100 г", None),
            ("3 мешка муки", None),
            ("Подгузники 4", None),
            ("1,5 кг риса", None),
            ("2 по 5 кг", None),
            ("110v", None),
            ("0 кг риса", None),
            ("99999999999999999999 кг риса", None),
        ] {
            assert_eq!(strip(typed).quantity, quantity, "{typed}");
        }
    }

    #[test]
    fn a_key_is_the_same_for_any_way_of_typing() {
        for typed in [
            "Собуни дасту рӯй",
            "собуни  дасту руй",
            "SOBUNI dastu ruy!",
            "Собуни-дасту-рӯй",
        ] {
            assert_eq!(key(typed), "собуни дасту руи", "{typed}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_stripped_and_stripping_again_changes_no_word(text in "\\PC{0,60}") {
            let once = strip(&text);
            prop_assert!(once.text.chars().count() <= text.chars().count());
            prop_assert!(!key(&text).is_empty() || key(&once.text).is_empty());
        }
    }
}
