//! What a pack is refused for, and that the message says where.

mod tables;

use super::Invented;

/// Changes one place in one file and returns what the reader says.
fn told(file: fn(&mut Invented) -> &mut String, from: &str, to: &str) -> String {
    let mut files = Invented::new();
    let text = file(&mut files);
    assert_eq!(text.matches(from).count(), 1, "`{from}` must stand once");
    *text = text.replace(from, to);
    files
        .read()
        .map(|_| "accepted".to_owned())
        .unwrap_or_else(|e| e.to_string())
}

fn check(file: fn(&mut Invented) -> &mut String, cases: &[(&str, &str, &str)]) {
    for (from, to, expected) in cases {
        let said = told(file, from, to);
        assert!(
            said.starts_with(expected),
            "`{from}` → `{to}`\n expected: {expected}\n said:     {said}"
        );
    }
}

#[test]
fn in_the_settings() {
    check(
        |f| &mut f.pack_toml,
        &[
            (
                "format = 1",
                "format = 2",
                "pack.toml, column format: 2 is outside 1 to 1",
            ),
            ("format = 1", "format = ", "pack.toml, line 1, column 10: "),
            (
                "[supplies]",
                "colour = 1\n[supplies]",
                "pack.toml, line 12, column 1: unknown field `colour`",
            ),
            (
                "inhabitants = 5000\n",
                "",
                "pack.toml, line 7, column 1: missing field `inhabitants`",
            ),
            (
                "\"18_59\"",
                "\"grown\"",
                "pack.toml, line 8, column 11: unknown variant `grown`",
            ),
            ("\"XQ\"", "\"xq\"", "pack.toml, column country: `xq` is no country code"),
            (
                "\"eo\", ",
                "\"EO\", ",
                "pack.toml, column languages: `EO` is no known language",
            ),
            (
                "\"eo\", ",
                "\"la\", ",
                "pack.toml, column languages: the language `la` stands twice",
            ),
            (
                "default_language = \"la\"",
                "default_language = \"fr\"",
                "pack.toml, column default_language: `fr` is no known language; known are `eo`, `la`",
            ),
            (
                "Pacific/Chatham",
                "Pacific/Nowhere",
                "pack.toml, column time_zone: `Pacific/Nowhere` is no known time zone",
            ),
            (
                "[\"Invented\"]",
                "[\" \"]",
                "pack.toml, column attribution: a value is needed",
            ),
            (
                "age = 3",
                "age = 18",
                "pack.toml, column family_place.children.age: 18 is outside 0 to 17",
            ),
            (
                "inhabitants = 5000",
                "inhabitants = 0",
                "pack.toml, column family_place.inhabitants: 0 is outside",
            ),
            (
                "low_below_days = 5",
                "low_below_days = 1",
                "pack.toml, column supplies.low_below_days: 1 is outside 2",
            ),
            (
                "surplus_above_days = 60",
                "surplus_above_days = 4",
                "pack.toml, column supplies.surplus_above_days: 4",
            ),
            (
                "currency = \"XTS\"",
                "currency = \"somoni\"",
                "pack.toml, column supplies.currency: `somoni` is no known currency",
            ),
            (
                "infant = 250",
                "infant = 1001",
                "pack.toml, column supplies.residents_per_mille.infant: 1001 is outside",
            ),
            (
                "infant = 250",
                "resident = 250",
                "pack.toml, column supplies.residents_per_mille.resident: ",
            ),
            (
                "from = \"09:00\"",
                "from = \"9 am\"",
                "pack.toml, column reminders.from: `9 am` is no time such as 08:00",
            ),
            (
                "to = \"12:00\"",
                "to = \"08:00\"",
                "pack.toml, column reminders.to, in minutes after reminders.from: -60 is outside 60 to 1440",
            ),
            (
                "second_after_minutes = 60",
                "second_after_minutes = 5",
                "pack.toml, column reminders.second_after_minutes: 5 is outside 15 to 179",
            ),
            (
                "tell_operators_after_minutes = 120",
                "tell_operators_after_minutes = 60",
                "pack.toml, column reminders.tell_operators_after_minutes: 60 is outside 61 to 179",
            ),
            (
                "tell_operators_after_minutes = 120",
                "tell_operators_after_minutes = 180",
                "pack.toml, column reminders.tell_operators_after_minutes: 180 is outside 61 to 179",
            ),
            (
                "\"steep\"",
                "\"flat\"",
                "pack.toml, column travel.terrain.code: the terrain `flat` stands twice",
            ),
            (
                "ratio = 1.5",
                "ratio = 0.9",
                "pack.toml, column travel.terrain.ratio: 0.9 is outside 1 to 10",
            ),
            (
                "ratio = 1.5",
                "ratio = nan",
                "pack.toml, column travel.terrain.ratio: NaN is outside 1 to 10",
            ),
            (
                "speed_kmh = 60",
                "speed_kmh = 0",
                "pack.toml, column travel.terrain.speed_kmh: 0 is outside",
            ),
            (
                "longest_leg_km = 60",
                "longest_leg_km = -1",
                "pack.toml, column travel.longest_leg_km: -1 is outside",
            ),
        ],
    );
}

#[test]
fn in_the_shapes() {
    check(
        |f| &mut f.regions_geojson,
        &[
            (
                "{\"type\":\"FeatureCollection\"",
                "[",
                "regions.geojson, line 1, column ",
            ),
            (
                "\"code\":\"W\"",
                "\"code\":\"N\"",
                "regions.geojson, column N: `N` is no known region; known are `W`, `E`",
            ),
            (
                "\"code\":\"W\"",
                "\"name\":\"W\"",
                "regions.geojson, line 2, column 43: missing field `code`",
            ),
            (
                "\"code\":\"W\"",
                "\"code\":\"E\"",
                "regions.geojson, column E: the region `E` stands twice",
            ),
            ("\"Polygon\"", "\"Point\"", "regions.geojson, line 2, column "),
            (
                "[9,1],[9,-1]",
                "[9,1],[9,-2]",
                "regions.geojson, column W: a shape must be a Polygon or a MultiPolygon of closed",
            ),
            (
                "[[[9,-1],[11,-1],[11,1],[9,1],[9,-1]]]",
                "[[[9,-1],[11,-1],[9,-1]]]",
                "regions.geojson, column W: a shape",
            ),
            ("[11,1],[9,1]", "[11,91],[9,1]", "regions.geojson, column W: a shape"),
            ("[11,1],[9,1]", "[11],[9,1]", "regions.geojson, column W: a shape"),
        ],
    );
    let mut files = Invented::new();
    let first = files.regions_geojson.lines().nth(1).unwrap().to_owned() + "\n";
    files.regions_geojson = files.regions_geojson.replace(&first, "");
    assert_eq!(
        files.read().unwrap_err().to_string(),
        "regions.geojson: the region `W` has no shape"
    );
}
