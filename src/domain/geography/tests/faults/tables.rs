//! Faults of the three tables.

use super::{Invented, check};

#[test]
fn in_the_areas() {
    check(
        |f| &mut f.areas,
        &[
            (
                "terrain,note",
                "terrain,colour",
                "areas.csv, line 1, column colour: this column is not known; known are",
            ),
            (
                "name_la",
                "name_fr",
                "areas.csv, line 1, column name_fr: this column is not known",
            ),
            (
                "terrain,note",
                "terrain,basin",
                "areas.csv, line 1, column basin: this column stands twice",
            ),
            (
                "name_eo,",
                "",
                "areas.csv, line 1, column name_eo: this column is missing",
            ),
            (
                "Unua,Prima,0,10,",
                "Unua,Prima,0,",
                "areas.csv, line 5: 10 cells where the head line has 11",
            ),
            (
                "Unua,Prima",
                ",Prima",
                "areas.csv, line 5, column name_eo: a value is needed",
            ),
            (
                "2,W2,W",
                "2,W1,W",
                "areas.csv, line 6, column code: the code `W1` stands twice",
            ),
            (
                "2,W2,W",
                "2,W2,N",
                "areas.csv, line 6, column parent: `N` is no known region; known are `W`, `E`",
            ),
            ("2,W2,W", "2,W2,", "areas.csv, line 6, column parent: a value is needed"),
            (
                "1,E,XQ",
                "1,E,XX",
                "areas.csv, line 4, column parent: `XX` is no known country; known are `XQ`",
            ),
            (
                "2,W2,W",
                "3,W2,W",
                "areas.csv, line 6, column level: 3 is outside 0 to 2",
            ),
            (
                "0,XQ,",
                "0,XX,",
                "areas.csv, line 2, column code: there must be exactly one row of level 0",
            ),
            (
                "0,XQ,,Insuloj,Insulae,,,900,,,\n",
                "",
                "areas.csv: there must be exactly one row of level 0",
            ),
            ("2,E1,E,", "2,E1,W,", "areas.csv: the region `E` has no district"),
            (
                "0,10.5,",
                "0,181,",
                "areas.csv, line 6, column lon: 181 is outside -180 to 180",
            ),
            (
                "0,10.5,",
                "north,10.5,",
                "areas.csv, line 6, column lat: `north` is not a number",
            ),
            ("0,10.5,", "NaN,10.5,", "areas.csv, line 6, column lat: NaN is outside"),
            ("0,10.5,", ",10.5,", "areas.csv, line 6, column lat: a value is needed"),
            (
                "Oriens,0,12,300",
                "Oriens,,,300",
                "areas.csv, line 4, column lat: a value is needed",
            ),
            (
                "10,400,",
                "10,-4,",
                "areas.csv, line 5, column population: `-4` is not a number",
            ),
            (
                "400,left,flat",
                "400,left,wet",
                "areas.csv, line 5, column terrain: `wet` is no known terrain; known are `flat`",
            ),
            (
                "400,left,",
                "400,,",
                "areas.csv, line 5, column basin: a value is needed",
            ),
            (
                "10.2,600,,,",
                "10.2,600,left,,",
                "areas.csv, line 3, column basin: no value may stand here: only districts",
            ),
        ],
    );
}

#[test]
fn in_the_roads() {
    check(
        |f| &mut f.roads,
        &[
            (
                "W2,E,200",
                "W9,E,200",
                "roads.csv, line 2, column from: `W9` is no known place",
            ),
            // Both districts of W have centres of their own, so its code stands for none.
            (
                "W1,E1,400",
                "E1,W,400",
                "roads.csv, line 3, column to: `W` is no known place",
            ),
            (
                "W1,E1,400",
                "W1,W1,400",
                "roads.csv, line 3, column to: a road needs two different ends",
            ),
            (
                "W2,E,200",
                "W2,E,160",
                "roads.csv, line 2, column km: 160 km is shorter than the straight line of 166.8 km",
            ),
            (
                "200,3,",
                ",,",
                "roads.csv, line 2, column km: a road needs kilometres, or hours",
            ),
            ("200,3,", "200,0,", "roads.csv, line 2, column hours: 0 is outside"),
            (
                "11-2",
                "11-13",
                "roads.csv, line 2, column closed_months: `11-13` is no list of months",
            ),
            (
                "11-2",
                "winter",
                "roads.csv, line 2, column closed_months: `winter` is no list of months",
            ),
            (
                "steep,stated",
                "steep,heard",
                "roads.csv, line 2, column basis: `heard` is no known basis; known are `stated`, `derived`",
            ),
            (
                "steep,stated",
                "soft,stated",
                "roads.csv, line 2, column terrain: `soft` is no known terrain",
            ),
            ("a traveller", "", "roads.csv, line 2, column source: a value is needed"),
            (
                "a map,\n",
                "a map,\nE1,W1,450,,,flat,stated,again,\n",
                "roads.csv, line 4, column to: the road with the same closed months `E1 - W1` stands twice",
            ),
            (
                "W1,E1,400,,,",
                "W1,E1,400,,1,",
                "roads.csv: there is no way from `W1` to `E1` in month 1: add a road",
            ),
        ],
    );
}

#[test]
fn in_the_items() {
    check(
        |f| &mut f.items,
        &[
            (
                "wool,Lano",
                "bread,Lano",
                "items.csv, line 3, column code: the item `bread` stands twice",
            ),
            (
                "Panis,kg",
                "Panis,pound",
                "items.csv, line 2, column unit: `pound` is no known unit; known are `kg`, `litre`",
            ),
            (
                "1,food",
                "1,feast",
                "items.csv, line 2, column category: `feast` is no known category",
            ),
            (
                "kg,1,food",
                "kg,0,food",
                "items.csv, line 2, column pack_size: 0 is outside 1 to",
            ),
            (
                "food,1000",
                "food,0",
                "items.csv, line 2, column weight_grams: 0 is outside 1 to",
            ),
            (
                "1000,by unit",
                "1000,",
                "items.csv, line 2, column weight_basis: a value is needed",
            ),
            (
                "400,1,resident",
                "0.4,1,resident",
                "items.csv, line 2, column quantity_milli: `0.4` is not a number",
            ),
            (
                "400,1,resident",
                "400,,resident",
                "items.csv, line 2, column days: a value is needed",
            ),
            (
                "400,1,resident",
                ",1,resident",
                "items.csv, line 2, column days: no value may stand here",
            ),
            (
                "400,1,resident",
                "400,1,elder",
                "items.csv, line 2, column for_whom: `elder` is no known group of residents; known are `resident`, `infant`",
            ),
            (
                "infant,1,,",
                "infant,9,5,",
                "items.csv, line 3, column low_below_days: 5 is outside 9 to",
            ),
            (
                "400,1,resident,,,,,,,invented",
                "400,1,resident,,,,,,,",
                "items.csv, line 2, column how_seen: a value is needed",
            ),
        ],
    );
}

#[test]
fn in_the_kits() {
    check(
        |f| &mut f.kits,
        &[
            (
                "drum,wool",
                "wool,bread",
                "kits.csv, line 2, column kit: `wool` is no known item that is a set; known are `drum`",
            ),
            (
                "drum,wool",
                "drum,silk",
                "kits.csv, line 2, column item: `silk` is no known item; known are `bread`, `wool`",
            ),
            (
                "drum,wool",
                "drum,drum",
                "kits.csv, line 2, column item: no value may stand here: a kit is in no other kit",
            ),
            (
                "drum,wool",
                "drum,bread",
                "kits.csv, line 3, column item: the item of this kit `bread` stands twice",
            ),
            (
                "wool,2",
                "wool,0",
                "kits.csv, line 2, column quantity: 0 is outside 1 to",
            ),
            (
                "wool,2",
                "wool,0.5",
                "kits.csv, line 2, column quantity: `0.5` is not a number",
            ),
            (
                "wool,2,a drummer",
                "wool,2,",
                "kits.csv, line 2, column source: a value is needed",
            ),
        ],
    );
}

#[test]
fn in_the_old_names() {
    check(
        |f| &mut f.old_names,
        &[
            (
                "code,name,note",
                "code,name",
                "old_names.csv, line 1, column note: this column is missing",
            ),
            (
                "E1,Ost",
                "E7,Ost",
                "old_names.csv, line 3, column code: `E7` is no known district; known are `W1`, `W2`, `E1`",
            ),
            (
                "E1,Ost",
                "E,Ost",
                "old_names.csv, line 3, column code: `E` is no known district",
            ),
            (
                "W2,Ottobad",
                "W2,",
                "old_names.csv, line 2, column name: a value is needed",
            ),
            (
                "Ost-Dorf",
                "---",
                "old_names.csv, line 3, column name: `---` has neither letters nor digits",
            ),
            (
                "Drittstadt",
                "OTTO-BAD",
                "old_names.csv, line 4, column name: the name `OTTO-BAD` stands twice",
            ),
        ],
    );
}

#[test]
fn a_mark_at_the_beginning_and_spaces_do_no_harm() {
    let mut files = Invented::new();
    files.areas = format!("\u{feff}{}", files.areas.replace("2,W2,W,", "2, W2 ,W,"));
    assert_eq!(files.read().unwrap().district("W2").unwrap().code, "W2");
}
