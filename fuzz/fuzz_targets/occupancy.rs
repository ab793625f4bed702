//! A table of occupancy through a map: one that comes with the program, or the text before a line `----`. What is taken
//! has rooms, was so by now, and comes once.
#![no_main]

use std::collections::BTreeSet;
use std::sync::LazyLock;

use chrono::{DateTime, Utc};
use libfuzzer_sys::fuzz_target;
use panoh::domain::occupancy::{Map, Reader, SHIPPED};

static MAPS: LazyLock<Vec<Map>> =
    LazyLock::new(|| SHIPPED.iter().map(|(_, text)| Map::parse(text).expect("a map inside")).collect());
const BREAK: &str = "\n----\n";

fuzz_target!(|data: &[u8]| {
    let Some((kind, rest)) = data.split_first() else { return };
    if let Some(map) = MAPS.get(usize::from(*kind % 8)) {
        return table(map, rest);
    }
    let Ok(text) = std::str::from_utf8(rest) else { return };
    let (map, lines) = text.split_once(BREAK).unwrap_or((text, ""));
    match Map::parse(map) {
        Ok(map) => table(&map, lines.as_bytes()),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});

fn table(map: &Map, bytes: &[u8]) {
    let mut csv = csv::ReaderBuilder::new().from_reader(bytes);
    let Ok(head) = csv.headers().cloned() else { return };
    let Ok(header) = map.header(&head) else { return };
    let latest: DateTime<Utc> = DateTime::from_timestamp_millis(1_790_000_000_000).expect("a time");
    let mut reader = Reader::new(map, header, latest);
    let (mut seen, mut lines, mut taken) = (BTreeSet::new(), 0, 0);
    for record in csv.records() {
        lines += 1;
        let Ok(record) = record else {
            reader.unreadable(lines, "broken");
            continue;
        };
        let Some(row) = reader.line(lines, &record) else { continue };
        taken += 1;
        assert!(!row.rooms.is_empty());
        assert!(row.observed_at <= latest);
        assert!(seen.insert((row.shelter.code.clone(), row.night)), "{} twice", row.shelter.code);
        assert!(map.rules_for(&row.shelter).is_some(), "a sector that the map knows");
        assert!(row.shelter.code.starts_with(map.code_prefix()));
        for room in &row.rooms {
            assert!(room.out_of_service <= room.beds, "{room:?}");
        }
    }
    assert_eq!(reader.report.rows, lines);
    assert_eq!(reader.report.refused_rows, lines - taken);
    reader.nights.absences([]);
}
