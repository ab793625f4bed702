//! Where the threshold for names comes from: the pack's own items as they should be found, the pack's own places as what is
//! no item. Nothing that the matcher is measured on has a part in it.

use super::pack;
use crate::domain::geography::Pack;
use crate::domain::naming::{Matcher, THRESHOLD, strip};

/// Names and codes of all items.
fn named(pack: &Pack) -> Vec<(&str, &str)> {
    let names = pack.items.iter().flat_map(|item| {
        let code = item.code.as_str();
        item.names
            .iter()
            .map(move |(_, name)| (code, name))
            .chain([(code, code)])
    });
    names.collect()
}

/// A name with each single mistake: a letter left out, doubled, swapped with the next, or mistyped.
fn mistyped(name: &str) -> Vec<String> {
    let letters: Vec<char> = strip(name).text.chars().collect();
    let mut all = Vec::new();
    for at in (0..letters.len()).filter(|at| letters.len() >= 4 && letters[*at].is_alphabetic()) {
        let mut bent = [letters.clone(), letters.clone(), letters.clone(), letters.clone()];
        bent[0].remove(at);
        bent[1].insert(at, letters[at]);
        bent[2].swap(at, (at + 1).min(letters.len() - 1));
        bent[3][at] = 'о';
        all.extend(bent.map(|letters| letters.into_iter().collect::<String>()));
    }
    all
}

/// Of a thousand names of places, how many are taken for an item.
fn places_taken(pack: &Pack, matcher: &Matcher, least: u16) -> usize {
    let districts = pack.districts.iter().flat_map(|row| row.names.iter());
    let names: Vec<&str> = districts
        .chain(pack.regions.iter().flat_map(|row| row.names.iter()))
        .map(|(_, name)| name)
        .collect();
    let taken = names
        .iter()
        .filter(|name| !matcher.guesses(name, least).is_empty())
        .count();
    taken * 1000 / names.len()
}

#[test]
fn the_threshold_is_the_lowest_that_takes_hardly_any_place_for_an_item() {
    let pack = pack();
    let matcher = Matcher::new(named(&pack));
    assert!(places_taken(&pack, &matcher, THRESHOLD) < 10);
    assert!(places_taken(&pack, &matcher, THRESHOLD - 50) >= 10);
}

#[test]
fn an_item_with_one_letter_mistyped_is_found() {
    let pack = pack();
    let matcher = Matcher::new(named(&pack));
    let (mut tried, mut right, mut wrong) = (0, 0, 0);
    for (item, name) in named(&pack) {
        for typed in mistyped(name) {
            let first = matcher.proposals(&typed).into_iter().next();
            tried += 1;
            right += usize::from(first.as_ref().is_some_and(|guess| guess.item == item));
            wrong += usize::from(first.is_some_and(|guess| guess.item != item));
        }
    }
    assert!(tried > 5_000, "{tried}");
    assert!(right * 1000 >= tried * 940, "{right} of {tried}");
    assert!(wrong * 1000 <= tried * 3, "{wrong} of {tried}");
}

#[test]
fn an_item_is_found_by_its_very_name_in_any_language_and_keyboard() {
    let pack = pack();
    let matcher = Matcher::new(named(&pack));
    for (item, name) in named(&pack) {
        let best = matcher.proposals(name);
        let same: Vec<&str> = best
            .iter()
            .filter(|guess| guess.score == 1000)
            .map(|guess| guess.item.as_str())
            .collect();
        assert_eq!(same, [item], "{name}");
    }
    for (typed, item) in [
        ("sobuni dastu ruy", "soap"),
        ("Собуни дасту руй 100г х 12", "soap"),
        ("3 мешка муки 50 кг", "flour"),
        ("макароны", "pasta"),
        ("туалетная бумага, 12 рулонов", "toilet_paper"),
        ("zubnaya pasta", "toothpaste"),
        ("подгузники №4 (40 шт.)", "diapers"),
    ] {
        let first = matcher.proposals(typed).into_iter().next();
        assert_eq!(first.map(|guess| guess.item).as_deref(), Some(item), "{typed}");
    }
    assert_eq!(matcher.proposals("гитара"), []);
    assert_eq!(matcher.proposals("12"), []);
}
