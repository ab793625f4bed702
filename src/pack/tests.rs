//! The pack inside the program: that Tajikistan's data arrive whole, and that what is known of its roads holds.

use std::path::Path;

use super::{EMBEDDED, LoadError, load};
use crate::domain::geography::{District, ItemUnit, Pack, straight_km};
use crate::domain::language::fold;

mod names;

fn pack() -> Pack {
    load(None).unwrap()
}

/// The Committee's four districts of the capital share its known roads.
const CAPITAL: [&str; 4] = ["TJ-DU-01", "TJ-DU-02", "TJ-DU-03", "TJ-DU-04"];
const KHUJAND: &str = "TJ-SU-01";
const KHORUGH: &str = "TJ-GB-01";

#[test]
fn five_regions_and_sixty_eight_districts() {
    let pack = pack();
    assert_eq!((pack.regions.len(), pack.districts.len()), (5, 68));
    let count = |region| pack.districts_of(region).count();
    assert_eq!(
        ["TJ-SU", "TJ-KT", "TJ-GB", "TJ-RA", "TJ-DU"].map(count),
        [18, 25, 8, 13, 4]
    );
    assert_eq!(pack.time_zone, chrono_tz::Asia::Dushanbe);
    assert_eq!(pack.languages, ["tg", "ru", "en"]);
    assert!(
        pack.attribution
            .iter()
            .any(|a| a.contains("OpenStreetMap") && a.contains("ODbL"))
    );
    assert!(
        pack.attribution
            .iter()
            .any(|a| a.contains("GeoNames") && a.contains("CC BY 4.0"))
    );
}

#[test]
fn every_place_and_item_has_its_own_name_in_each_language() {
    let pack = pack();
    let places = pack
        .regions
        .iter()
        .map(|r| &r.names)
        .chain(pack.districts.iter().map(|d| &d.names));
    for names in places
        .chain(pack.items.iter().map(|i| &i.names))
        .chain([&pack.country.names])
    {
        assert_eq!(names.iter().map(|(l, _)| l).collect::<Vec<_>>(), ["tg", "ru", "en"]);
        assert!(names.iter().all(|(_, name)| !name.trim().is_empty()), "{names:?}");
        assert!(
            names.in_language("en").chars().all(|c| c.is_ascii() || c == '–'),
            "{names:?}"
        );
        let cyrillic = |l| {
            names
                .in_language(l)
                .chars()
                .any(|c| ('\u{400}'..'\u{500}').contains(&c))
        };
        assert!(cyrillic("tg") && cyrillic("ru"), "{names:?}");
        // Letters that Russian does not have give away a mix-up of columns.
        assert!(
            !names.in_language("ru").chars().any(|c| "ғӣқӯҳҷҒӢҚӮҲҶ".contains(c)),
            "{names:?}"
        );
        // Letters that Tajik gave up, and those of the legacy fonts.
        assert!(
            !names
                .in_language("tg")
                .chars()
                .any(|c| "цщыьЦЩЫЬўќњљѓЎЌЊЉЃ".contains(c)),
            "{names:?}"
        );
    }
    assert_eq!(pack.district(KHUJAND).unwrap().names.in_language("tg"), "Хуҷанд");
    for language in ["tg", "ru", "en"] {
        let mut names: Vec<&str> = pack.districts.iter().map(|d| d.names.in_language(language)).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), 68, "two districts share a name in {language}");
    }
}

#[test]
fn population_adds_up_as_the_yearbook_rounds() {
    let pack = pack();
    let regions: u64 = pack.regions.iter().map(|r| r.population.unwrap()).sum();
    assert_eq!(Some(regions), pack.country.population);
    for region in &pack.regions {
        let parts: Vec<Option<u64>> = pack.districts_of(&region.code).map(|d| d.population).collect();
        if region.code == "TJ-DU" {
            assert_eq!(parts, [None; 4], "the yearbook does not split the capital");
        } else {
            let sum: u64 = parts.iter().map(|p| p.unwrap()).sum();
            assert!(sum.abs_diff(region.population.unwrap()) <= 200, "{}", region.code);
        }
    }
}

#[test]
fn centres_lie_where_the_distances_say() {
    // A sample of the table of straight lines that came with the data.
    const SAMPLE: &str = "TJ-DU-01,TJ-SU-01,207.3 TJ-DU-02,TJ-SU-04,154.5 TJ-SU-01,TJ-KT-01,281.6 \
        TJ-SU-03,TJ-GB-01,344.1 TJ-SU-07,TJ-KT-23,274.7 TJ-SU-11,TJ-RA-03,169.3 TJ-SU-16,TJ-KT-17,366.0 \
        TJ-KT-03,TJ-KT-23,98.9 TJ-KT-09,TJ-KT-17,97.9 TJ-KT-24,TJ-RA-11,314.0 TJ-RA-11,TJ-RA-12,146.5";
    let pack = pack();
    for line in SAMPLE.split_whitespace() {
        let [from, to, km] = line.split(',').collect::<Vec<_>>().try_into().unwrap();
        let centre = |code| pack.district(code).unwrap().centre;
        let straight = straight_km(centre(from), centre(to));
        assert!(
            (straight - km.parse::<f64>().unwrap()).abs() <= 0.06,
            "{line}: {straight}"
        );
    }
}

#[test]
fn the_map_is_small_and_stays_in_its_box() {
    let pack = pack();
    let bytes: usize = pack.regions.iter().map(|r| r.shape.len()).sum();
    assert!(bytes <= 8_192, "{bytes} bytes");
    for region in &pack.regions {
        let rings = rings(&region.shape);
        let exclaves = if region.code == "TJ-SU" {
            3
        } else {
            1 + usize::from(region.code == "TJ-RA")
        };
        assert_eq!(
            rings.len(),
            exclaves,
            "{}: exclaves and the hole for the capital are kept",
            region.code
        );
        for ring in &rings {
            assert!(ring.len() >= 4, "{ring:?}");
            assert!(ring.windows(2).all(|pair| pair[0] != pair[1]), "a point stands twice");
            assert!(
                ring.iter()
                    .all(|(x, y)| (0..=1000).contains(x) && (0..=pack.map.height as i32).contains(y))
            );
        }
        let (x, y) = pack.map.place(region.centre);
        assert!((0.0..=1000.0).contains(&x) && (0.0..=f64::from(pack.map.height)).contains(&y));
    }
    // The hole in the districts around it is the capital itself, the same points the other way round.
    let mut hole = rings(&pack.region("TJ-RA").unwrap().shape).pop().unwrap();
    let mut capital = rings(&pack.region("TJ-DU").unwrap().shape).pop().unwrap();
    hole.sort_unstable();
    capital.sort_unstable();
    assert_eq!(hole, capital);
}

/// The points of a path of the kind `M1 2l3-4 5 6Z`.
fn rings(path: &str) -> Vec<Vec<(i32, i32)>> {
    let read = |ring: &str| {
        let text = ring.trim_start_matches('M').replace('-', " -").replace('l', " ");
        let numbers: Vec<i32> = text.split_whitespace().map(|n| n.parse().unwrap()).collect();
        let mut at = (0, 0);
        let steps = numbers.chunks_exact(2).map(|step| {
            at = (at.0 + step[0], at.1 + step[1]);
            at
        });
        steps.collect()
    };
    path.split('Z').filter(|ring| !ring.is_empty()).map(read).collect()
}

#[test]
fn known_roads_are_told_as_known() {
    let pack = pack();
    for capital in CAPITAL {
        let north = pack.travel(capital, KHUJAND, 5).unwrap();
        assert!(north.by_road && (north.km - 290.0).abs() < 1.0, "{north:?}");
        assert!((5.0..=6.0).contains(&(north.minutes / 60.0)), "{north:?}");
        let rasht = pack.travel("TJ-RA-08", capital, 1).unwrap();
        assert!(rasht.by_road && rasht.minutes == 240.0, "{rasht:?}");
    }
    // The two shelters' own road, seven hours and two passes; and a place that no fact mentions.
    assert_eq!(pack.travel(KHUJAND, "TJ-KT-01", 6).unwrap().minutes, 420.0);
    assert!(!pack.travel(KHUJAND, "TJ-SU-06", 6).unwrap().by_road);
    let across_town = pack.travel("TJ-DU-01", "TJ-DU-04", 6).unwrap();
    assert_eq!((across_town.km, across_town.minutes), (5.0, 20.0));
}

#[test]
fn winter_closes_the_northern_road_to_khorugh() {
    let pack = pack();
    for capital in CAPITAL {
        for month in 1..=12 {
            let way = pack.travel(capital, KHORUGH, month).unwrap();
            let (km, low, high) = if month <= 4 {
                (600.0, 17.0, 20.0)
            } else {
                (550.0, 14.0, 17.0)
            };
            assert!(way.by_road && way.km == km, "month {month}: {way:?}");
            assert!((low..=high).contains(&(way.minutes / 60.0)), "month {month}: {way:?}");
        }
    }
    // The pass is the nearest way from Tavildara to Qal'ai Khumb; in February there is none but round by the south.
    let over_the_pass = |month| pack.travel("TJ-RA-10", "TJ-GB-03", month).unwrap().minutes / 60.0;
    assert!(over_the_pass(7) < 5.0 && over_the_pass(2) > 12.0);
}

#[test]
fn a_range_is_not_crossed_as_the_crow_flies() {
    let pack = pack();
    // Tursunzoda and Panjakent are 120 km apart with the Hisor range between them: the way is through the capital.
    let way = pack.travel("TJ-RA-04", "TJ-SU-08", 7).unwrap();
    assert!(way.km > 280.0 && way.minutes > 6.0 * 60.0, "{way:?}");
}

#[test]
fn ways_are_symmetric_sane_and_keep_the_triangle() {
    let pack = pack();
    let all: Vec<_> = pack
        .districts
        .iter()
        .map(|d| (d, pack.district_index(&d.code).unwrap()))
        .collect();
    for month in [2, 7] {
        for (a, ia) in &all {
            for (b, ib) in &all {
                let way = pack.travel_between(*ia, *ib, month).unwrap();
                assert_eq!(Some(way), pack.travel_between(*ib, *ia, month), "{} {}", a.code, b.code);
                let straight = straight_km(a.centre, b.centre);
                assert!(
                    way.km >= straight * 0.98,
                    "{} {}: {way:?}, {straight} straight",
                    a.code,
                    b.code
                );
                let speed = way.km / (way.minutes / 60.0);
                assert!((10.0..=90.0).contains(&speed), "{} {}: {way:?}", a.code, b.code);
                for (c, ic) in &all {
                    let one = pack.travel_between(*ia, *ic, month).unwrap().minutes;
                    let two = pack.travel_between(*ic, *ib, month).unwrap().minutes;
                    // Whole minutes: each of the three may be half a minute off.
                    let slack = if a.code == b.code { f64::INFINITY } else { 2.0 };
                    assert!(way.minutes <= one + two + slack, "{} {} {}", a.code, c.code, b.code);
                }
            }
        }
    }
}

/// The districts that a search for `typed` leaves over, as the browser's `matches` finds them.
fn found(pack: &Pack, typed: &str) -> Vec<String> {
    let typed = fold(typed);
    let called = |district: &&District| {
        let names = district.names.iter().map(|(_, name)| name);
        let mut all = names.chain(district.old_names.iter().map(String::as_str));
        all.any(|name| fold(name).contains(&typed))
    };
    let codes = pack.districts.iter().filter(called).map(|d| d.code.clone());
    codes.collect()
}

#[test]
fn every_way_of_typing_a_place_finds_what_its_name_finds() {
    let pack = pack();
    let mut pairs = 0;
    for line in include_str!("../../data/packs/tj/search_fixture.csv").lines().skip(1) {
        let (name, typed) = line.split_once(',').unwrap();
        let wanted = found(&pack, name);
        assert_eq!(wanted.len(), 1, "{name}: {wanted:?}");
        assert_eq!(found(&pack, typed), wanted, "{typed} for {name}");
        pairs += 1;
    }
    assert_eq!(pairs, 42);
}

#[test]
fn a_place_is_found_by_what_it_was_called() {
    let pack = pack();
    for (typed, code) in [
        ("Ленинабад", "TJ-SU-01"),
        ("leninobod", "TJ-SU-01"),
        ("ура-тюбе", "TJ-SU-04"),
        ("Курган Тюбе", "TJ-KT-01"),
        ("Garm", "TJ-RA-08"),
        ("джиргаталь", "TJ-RA-06"),
        ("Кофарнихон", "TJ-RA-01"),
    ] {
        assert_eq!(found(&pack, typed), [code], "{typed}");
    }
}

#[test]
fn items_are_honest_about_their_figures() {
    let pack = pack();
    assert!((45..=60).contains(&pack.items.len()));
    for item in &pack.items {
        let in_kilograms = item.unit == ItemUnit::Kg;
        assert!(!in_kilograms || item.weight_grams == 1000, "{}", item.code);
        assert!(!item.how_seen.is_empty(), "{}", item.code);
        if let Some(rate) = item.per_person_per_day {
            assert!(
                !item.basis.is_empty() && !item.source.is_empty(),
                "{}: a figure needs its source",
                item.code
            );
            assert!((0.001..=5.0).contains(&rate.units_per_day()), "{}: {rate:?}", item.code);
        }
    }
    let per_day = |code| pack.item(code).unwrap().per_person_per_day.unwrap().units_per_day();
    let cereals: f64 = ["flour", "rice", "pasta"].into_iter().map(per_day).sum();
    assert!((cereals - 0.4).abs() < 1e-9);
    // 250 g of soap a month in bars of 100 g.
    assert!((per_day("soap") * 30.0 - 2.5).abs() < 1e-9);
    assert!(pack.item("infant_formula").unwrap().per_person_per_day.is_none());
}

/// The bill of a kit is the only source of its weight.
#[test]
fn a_kit_weighs_what_is_in_it() {
    let pack = pack();
    assert_eq!(pack.kits.len(), 2);
    for kit in &pack.kits {
        let weigh = |(item, n): &(String, i64)| pack.item(item).unwrap().weight_grams * u64::try_from(*n).unwrap();
        let sum: u64 = kit.lines.iter().map(weigh).sum();
        assert_eq!(pack.item(&kit.code).unwrap().weight_grams, sum, "{}", kit.code);
    }
}

#[test]
fn a_folder_is_read_like_the_embedded_pack() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("pack.toml", EMBEDDED.pack_toml);
    write("areas.csv", EMBEDDED.areas);
    write("regions.geojson", EMBEDDED.regions_geojson);
    write("roads.csv", EMBEDDED.roads);
    write("old_names.csv", EMBEDDED.old_names);
    let missing = load(Some(folder.path())).unwrap_err();
    assert!(missing.to_string().contains("items.csv"), "{missing}");
    write("items.csv", EMBEDDED.items);
    let missing = load(Some(folder.path())).unwrap_err();
    assert!(missing.to_string().contains("kits.csv"), "{missing}");
    write("kits.csv", EMBEDDED.kits);
    assert_eq!(load(Some(folder.path())).unwrap().districts.len(), 68);
    write(
        "areas.csv",
        &EMBEDDED.areas.replace("2,TJ-SU-02,TJ-SU", "2,TJ-SU-01,TJ-SU"),
    );
    let refused = load(Some(folder.path())).unwrap_err().to_string();
    assert_eq!(
        refused,
        "the country pack is refused: areas.csv, line 9, column code: the code `TJ-SU-01` stands twice"
    );
    assert!(matches!(
        load(Some(Path::new("data/packs/tj"))),
        Err(LoadError::NotAbsolute(_))
    ));
}
