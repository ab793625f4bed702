//! HUD, British Columbia and Rio Grande do Sul: every line is kept or refused with a reason, and the sums agree with
//! sums made without our code.

use std::collections::{BTreeMap, BTreeSet};

use super::super::{Code, Items, Map, OccupancyRow, Urgency};
use super::{BC, HUD, RIO_GRANDE, read, sample};
use crate::domain::household::Need;

fn beds(rows: &[OccupancyRow]) -> u64 {
    rows.iter()
        .flat_map(|row| &row.rooms)
        .map(|room| u64::from(room.beds))
        .sum()
}

fn by_code(rows: &[(Code, u64)]) -> BTreeMap<Code, u64> {
    rows.iter().copied().collect()
}

#[test]
fn hud_keeps_projects_that_look_alike_and_refuses_those_for_others() {
    let table = sample("hud_hic/hud_hic_2020_sample3000.csv");
    let map = Map::parse(HUD).unwrap();
    let (rows, reader) = read(&map, &table);
    let families = csv::Reader::from_reader(table.as_bytes())
        .records()
        .map(|record| record.unwrap()[5].parse::<f64>().unwrap_or(0.0) as u64)
        .filter(|beds| *beds > 0)
        .collect::<Vec<_>>();
    assert_eq!((rows.len(), beds(&rows)), (families.len(), families.iter().sum()));
    assert_eq!(rows.len() as u64 + reader.report.refused_rows, 3000);
    let codes: BTreeSet<&str> = rows.iter().map(|row| row.shelter.code.as_str()).collect();
    assert_eq!(codes.len(), rows.len(), "each line its own shelter");
    assert!(
        rows.iter().any(|row| row.shelter.code.ends_with("-2")),
        "some lines do repeat"
    );
    assert!(rows.iter().all(|row| !row.is_report()));

    // The same file turned upside down gives the same shelters.
    let (head, body) = table.split_once('\n').unwrap();
    let mut lines: Vec<&str> = body.lines().collect();
    lines.reverse();
    let (again, _) = read(&map, &format!("{head}\n{}\n", lines.join("\n")));
    assert_eq!(codes, again.iter().map(|row| row.shelter.code.as_str()).collect());
}

#[test]
fn british_columbia_is_an_inventory_without_a_key() {
    let map = Map::parse(BC).unwrap();
    let (rows, reader) = read(&map, &sample("crd_bc/shelter_list.csv"));
    assert_eq!((rows.len(), beds(&rows), reader.report.refused.len()), (11, 491, 0));
    assert_eq!(rows[0].rooms.iter().map(|room| room.beds).collect::<Vec<_>>(), [25, 25]);
    let sectors: BTreeMap<_, usize> = rows.iter().fold(BTreeMap::new(), |mut sectors, row| {
        *sectors.entry(row.shelter.sector.clone().unwrap()).or_default() += 1;
        sectors
    });
    assert_eq!(
        sectors,
        BTreeMap::from([("All".to_owned(), 9), ("Women".to_owned(), 1), ("Youth".to_owned(), 1)])
    );
    assert!(
        rows.iter()
            .all(|row| !row.is_report() && row.shelter.code.len() == "BC-".len() + 10)
    );
    assert_eq!(
        rows[2].shelter.operator_code, rows[3].shelter.operator_code,
        "one operator, two houses"
    );
}

#[test]
fn rio_grande_do_sul_is_taken_as_it_was_typed() {
    let map = Map::parse(RIO_GRANDE).unwrap();
    let (rows, reader) = read(&map, &sample("sosrs_brazil/shelters.csv"));
    assert_eq!(
        reader.report.counts,
        by_code(&[
            (Code::CapacityMissing, 293),
            (Code::NoPlaces, 174),
            (Code::OverCapacity, 32),
            (Code::Unusual, 81 + 20),
        ])
    );
    assert_eq!(rows.len() as u64 + reader.report.refused_rows, 776);
    let mirabal = rows.iter().find(|row| row.shelter.code == "RS-480").unwrap();
    assert_eq!((mirabal.rooms[0].beds, mirabal.rooms[0].occupied), (45, Some(325)));
    assert!(
        mirabal
            .notes
            .iter()
            .any(|note| note.code == Code::Unusual && note.value == "325" && note.line == 481)
    );
    assert!(
        mirabal.notes.iter().any(|note| note.code == Code::OverCapacity),
        "{:?}",
        mirabal.notes
    );
    assert_eq!(mirabal.shelter.district, "BR-RS/Porto Alegre");
    assert!(rows.iter().any(|row| row.shelter.district == "BR-RS/unknown"));
    assert!(
        rows.iter().any(|row| !row.operating),
        "closed shelters stay known as closed"
    );
    assert!(
        rows.iter().any(|row| row.operating && !row.is_report()),
        "some do not say who is there"
    );
    let with_pets = rows.iter().find(|row| row.shelter.also_admits == [Need::Pets]).unwrap();
    assert!(map.rules_for(&with_pets.shelter).unwrap().admits.contains(&Need::Pets));
    assert!(
        map.rules_for(&with_pets.shelter)
            .unwrap()
            .admits
            .contains(&Need::Newborn)
    );
}

#[test]
fn rio_grande_do_sul_says_what_it_lacks() {
    let map = Map::parse(RIO_GRANDE).unwrap();
    let needs = map.needs.as_ref().unwrap();
    let mut items = Items::default();
    let text = sample(&format!("sosrs_brazil/{}", needs.items_file));
    let mut csv = csv::Reader::from_reader(text.as_bytes());
    let header = needs.items_header(csv.headers().unwrap()).unwrap();
    csv.records()
        .for_each(|record| needs.item(&mut items, &header, &record.unwrap()));
    let text = sample(&format!("sosrs_brazil/{}", needs.file));
    let mut csv = csv::Reader::from_reader(text.as_bytes());
    let header = needs.header(csv.headers().unwrap()).unwrap();
    let mut urgencies: BTreeMap<Urgency, usize> = BTreeMap::new();
    let mut quantities = 0;
    for record in csv.records() {
        let need = needs.row(&items, &header, &record.unwrap()).unwrap();
        *urgencies.entry(need.urgency).or_default() += 1;
        quantities += usize::from(need.quantity.is_some());
        assert!(need.shelter_code.starts_with("RS-") && !need.item.is_empty() && !need.item.contains("  "));
    }
    let expected = [
        (Urgency::UnderControl, 1032),
        (Urgency::Remaining, 152),
        (Urgency::Needed, 3453),
        (Urgency::Urgent, 2781),
    ];
    assert_eq!(urgencies, BTreeMap::from(expected));
    assert_eq!(quantities, 599);
}
