//! Toronto's 12,897 lines: totals of every night against totals made without our code, and the facts measured in the
//! file.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{NaiveDate, TimeZone, Utc};

use super::super::{Code, Map, OccupancyRow};
use super::{TORONTO, read, sample};
use crate::domain::rooms::RoomKind;
use crate::domain::shelters::LocationPolicy;

/// beds, occupied, out of service, free, over capacity.
type Sums = [i64; 5];

const FILE: &str = "toronto/dsosoc_2023-01-01_to_2023-04-04_raw.csv";

fn ours(rows: &[OccupancyRow]) -> BTreeMap<(String, String), Sums> {
    let mut totals: BTreeMap<(String, String), Sums> = BTreeMap::new();
    for row in rows {
        let room = &row.rooms[0];
        let (beds, out) = (i64::from(room.beds), i64::from(room.out_of_service));
        let occupied = i64::from(room.occupied.unwrap());
        let base = beds - out - occupied;
        let sums = [beds, occupied, out, base.max(0), (-base).max(0)];
        for sector in [row.shelter.sector.clone().unwrap(), "all".to_owned()] {
            let total = totals.entry((row.night.to_string(), sector)).or_default();
            total.iter_mut().zip(sums).for_each(|(total, add)| *total += add);
        }
    }
    totals
}

/// The same totals by other means: columns by number, figures as floating point, free as the city writes it.
fn plainly(table: &str) -> BTreeMap<(String, String), Sums> {
    let mut totals: BTreeMap<(String, String), Sums> = BTreeMap::new();
    for record in csv::Reader::from_reader(table.as_bytes()).records() {
        let record = record.unwrap();
        let start = if record[19].starts_with("Bed") { 20 } else { 25 };
        let number = |at: usize| record[at].parse::<f64>().unwrap() as i64;
        let (actual, occupied, unoccupied, unavailable) =
            (number(start), number(start + 2), number(start + 3), number(start + 4));
        let out = if unavailable > 0 { unavailable } else { 0 };
        let free = if unoccupied > 0 { unoccupied } else { 0 };
        let sums = [actual + out, occupied, out, free, free - unoccupied];
        for sector in [record[14].to_owned(), "all".to_owned()] {
            let total = totals.entry((record[1].to_owned(), sector)).or_default();
            total.iter_mut().zip(sums).for_each(|(total, add)| *total += add);
        }
    }
    totals
}

#[test]
fn every_night_and_sector_adds_up_as_the_table_itself() {
    let table = sample(FILE);
    let map = Map::parse(TORONTO).unwrap();
    let (rows, reader) = read(&map, &table);
    assert_eq!(rows.len(), 12_897);
    assert_eq!(reader.report.refused, []);
    let (ours, plainly) = (ours(&rows), plainly(&table));
    assert_eq!(ours.len(), 94 * 6, "94 nights, five sectors and all");
    assert_eq!(ours, plainly);
    for [beds, occupied, out, free, over] in ours.into_values() {
        assert_eq!(beds + over, free + occupied + out);
    }
}

#[test]
fn the_oddities_measured_in_the_table_are_told() {
    let map = Map::parse(TORONTO).unwrap();
    let (rows, reader) = read(&map, &sample(FILE));
    let counts = &reader.report.counts;
    assert_eq!(counts.get(&Code::NegativeUnavailable), Some(&94));
    assert_eq!(counts.get(&Code::OverCapacity), Some(&32));
    assert_eq!(counts.get(&Code::HiddenPlace), Some(&382));
    // Of the texts that are taken over; location names, with most of the doubled spaces, are not.
    assert_eq!(reader.report.folded_texts, 94);
    assert!(
        rows.iter()
            .all(|row| !row.shelter.name.contains("  ") && row.shelter.name.trim() == row.shelter.name)
    );
    let confidential = rows
        .iter()
        .filter(|row| row.shelter.location_policy == LocationPolicy::Confidential)
        .count();
    assert_eq!(confidential, 382);
    // Nothing of an address reaches a row, shown by the addresses themselves.
    let table = sample(FILE);
    let addresses: BTreeSet<String> = csv::Reader::from_reader(table.as_bytes())
        .records()
        .map(|record| record.unwrap()[8].trim().to_owned())
        .filter(|address| address.len() > 8)
        .collect();
    // Three programmes carry their address in their public name (`545 Lakeshore Blvd W. Men Respite …` differs in
    // spelling); names are names, so only the other texts are looked at.
    for row in &rows {
        let told = format!("{} {} {}", row.shelter.code, row.shelter.district, row.shelter.region);
        assert!(!addresses.iter().any(|address| told.contains(address.as_str())));
    }
}

#[test]
fn programmes_open_close_and_change_as_the_table_says() {
    let map = Map::parse(TORONTO).unwrap();
    let (rows, reader) = read(&map, &sample(FILE));
    let mut nights: BTreeMap<&str, BTreeSet<NaiveDate>> = BTreeMap::new();
    let mut beds: BTreeMap<&str, BTreeSet<u16>> = BTreeMap::new();
    for row in &rows {
        nights.entry(&row.shelter.code).or_default().insert(row.night);
        beds.entry(&row.shelter.code)
            .or_default()
            .insert(row.rooms[0].beds - row.rooms[0].out_of_service);
    }
    let all: BTreeSet<NaiveDate> = rows.iter().map(|row| row.night).collect();
    let (first, last) = (all.first().unwrap(), all.last().unwrap());
    let gaps: usize = nights
        .values()
        .map(|own| {
            (own.last()
                .unwrap()
                .signed_duration_since(*own.first().unwrap())
                .num_days()
                + 1) as usize
                - own.len()
        })
        .sum();
    let mut seen = [nights.len(), gaps, 0, 0, 0];
    seen[2] = nights.values().filter(|own| own.last() != Some(last)).count();
    seen[3] = nights.values().filter(|own| own.first() != Some(first)).count();
    seen[4] = beds.values().filter(|sizes| sizes.len() > 1).count();
    assert_eq!(
        seen,
        [142, 140, 8, 6, 96],
        "programmes, gaps, ending early, starting late, changing capacity"
    );

    let absences = reader.nights.absences([]);
    assert_eq!(
        absences.len(),
        142 * 94 - 12_897,
        "each programme of each night is there or said to be away"
    );
    assert!(
        absences
            .iter()
            .all(|absence| !nights[absence.code.as_str()].contains(&absence.night))
    );
    assert_eq!(reader.nights.absences(["TOR-1".to_owned()]).len(), absences.len() + 94);
}

#[test]
fn a_night_is_true_at_the_maps_hour_in_the_maps_zone() {
    let map = Map::parse(TORONTO).unwrap();
    let (rows, _) = read(&map, &sample(FILE));
    let of = |date: &str| {
        rows.iter()
            .find(|row| row.night.to_string() == date)
            .unwrap()
            .observed_at
    };
    assert_eq!(of("2023-01-01"), Utc.with_ymd_and_hms(2023, 1, 2, 4, 0, 0).unwrap());
    // Summer time began on 12 March.
    assert_eq!(of("2023-03-12"), Utc.with_ymd_and_hms(2023, 3, 13, 3, 0, 0).unwrap());
}

#[test]
fn programmes_become_shelters_with_their_sectors_rules() {
    let map = Map::parse(TORONTO).unwrap();
    let (rows, _) = read(&map, &sample(FILE));
    let dixon = rows.iter().find(|row| row.shelter.code == "TOR-16892").unwrap();
    assert_eq!(dixon.shelter.name, "COSTI - Hotel Program - Dixon (Refugee Families)");
    assert_eq!(
        (dixon.shelter.region.as_str(), dixon.shelter.district.as_str()),
        ("CA-ON", "CA-ON/Toronto")
    );
    assert_eq!(
        (dixon.shelter.operator_code.as_str(), dixon.rooms[0].kind),
        ("TOR-ORG-24", RoomKind::Block)
    );
    assert_eq!((dixon.rooms[0].beds, dixon.rooms[0].out_of_service), (150, 2));
    let rules = |sector: &str| {
        let row = rows
            .iter()
            .find(|row| row.shelter.sector.as_deref() == Some(sector))
            .unwrap();
        map.rules_for(&row.shelter).unwrap()
    };
    assert!(!rules("Men").admits_women && !rules("Youth").admits_women);
    assert!(rules("Women").admits_women && rules("Families").infants_share_bed);
    assert!(rows.iter().any(|row| row.shelter.district == "CA-ON/unknown"));
}

#[test]
fn the_over_full_nights_of_2024_are_kept() {
    let map = Map::parse(TORONTO).unwrap();
    let (rows, reader) = read(&map, &sample("toronto/toronto_edge_cases_2024-08-08_to_13.csv"));
    assert_eq!((rows.len(), reader.report.refused.len()), (42, 0));
    assert_eq!(reader.report.counts.get(&Code::OverCapacity), Some(&6));
    let over = rows.iter().find(|row| row.shelter.code == "TOR-15131").unwrap();
    assert_eq!(
        (over.rooms[0].beds, over.rooms[0].out_of_service, over.rooms[0].occupied),
        (75, 7, Some(69))
    );
    let hidden = rows.iter().find(|row| row.shelter.code == "TOR-12051").unwrap();
    assert_eq!(hidden.shelter.location_policy, LocationPolicy::Confidential);
}
