//! Real tables through the importer into both databases: any night's availability is what the table itself adds up
//! to, and a second import changes nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;

use chrono::{DateTime, Duration, NaiveDate, TimeZone, Utc};
use panoh::domain::availability::Counts;
use panoh::domain::freshness::Freshness;
use panoh::domain::household::{AgeBand, Child, Household, Search, Sex, Urgency};
use panoh::domain::id::Moment;
use panoh::domain::occupancy::{self, Code, ImportReport, Map};
use panoh::services::Services;
use panoh::services::imports::ImportOptions;

use crate::harness::{Harness, on_both};

const TORONTO: &str = "toronto/dsosoc_2023-01-01_to_2023-04-04_raw.csv";

fn now() -> Moment {
    Utc.with_ymd_and_hms(2026, 11, 22, 6, 0, 0).unwrap()
}

fn services(h: &Harness) -> &Services {
    h.clock.set(now());
    &h.services
}

fn data(path: &str) -> String {
    format!("{}/data/{path}", env!("CARGO_MANIFEST_DIR"))
}

fn map(name: &str) -> Map {
    Map::parse(&std::fs::read_to_string(data(&format!("maps/{name}.toml"))).unwrap()).unwrap()
}

async fn import(services: &Services, map: &Map, table: &str, partial: bool) -> ImportReport {
    let options = ImportOptions {
        file: table.to_owned(),
        partial,
    };
    let file = File::open(data(&format!("samples/{table}"))).unwrap();
    services.import_occupancy(map, file, &options, |_| {}).await.unwrap()
}

/// beds, occupied, out of service, free, over capacity by night and sector, added up straight from the columns.
fn plainly(table: &str) -> BTreeMap<NaiveDate, BTreeMap<String, [u64; 5]>> {
    let mut nights: BTreeMap<NaiveDate, BTreeMap<String, [u64; 5]>> = BTreeMap::new();
    for record in csv::Reader::from_path(data(&format!("samples/{table}")))
        .unwrap()
        .records()
    {
        let record = record.unwrap();
        let first = if record[19].starts_with("Bed") { 20 } else { 25 };
        let number = |at: usize| record[at].parse::<f64>().unwrap() as i64;
        let (actual, occupied) = (number(first), number(first + 2));
        let (unoccupied, unavailable) = (number(first + 3), number(first + 4).max(0));
        let sums = [
            actual + unavailable,
            occupied,
            unavailable,
            unoccupied.max(0),
            (-unoccupied).max(0),
        ];
        let night = nights.entry(record[1].parse().unwrap()).or_default();
        for sector in [&record[14], "all"] {
            let total = night.entry(sector.to_owned()).or_default();
            total
                .iter_mut()
                .zip(sums)
                .for_each(|(total, add)| *total += u64::try_from(add).unwrap());
        }
    }
    nights
}

fn told(counts: &Counts) -> [u64; 5] {
    assert_eq!((counts.held, counts.enclosed), (0, 0));
    [
        counts.beds,
        counts.occupied,
        counts.out_of_service,
        counts.free,
        counts.over_capacity,
    ]
}

/// 23:00 in Toronto, where summer time began on 12 March 2023.
fn end_of(night: NaiveDate) -> DateTime<Utc> {
    let summer = night >= NaiveDate::from_ymd_opt(2023, 3, 12).unwrap();
    let hours = if summer { 27 } else { 28 };
    night.and_hms_opt(0, 0, 0).unwrap().and_utc() + Duration::hours(hours)
}

on_both! {
    async fn any_night_of_toronto_adds_up_as_the_table(h: Harness) {
        let services = services(&h);
        let map = map("toronto");
        let report = import(services, &map, TORONTO, false).await;
        assert_eq!((report.rows, report.stored, report.unchanged), (12_897, 12_897, 0));
        assert_eq!((report.refused.len(), report.shelters, report.rooms), (0, 142, 142));
        assert_eq!((report.reports, report.not_operating), (142 * 94, 142 * 94 - 12_897));
        assert_eq!(report.counts.get(&Code::OverCapacity), Some(&32));

        let nights = plainly(TORONTO);
        assert_eq!(nights.len(), 94);
        let mut yesterday = [0; 5];
        for (night, expected) in &nights {
            let availability = services.availability_at(end_of(*night)).await.unwrap();
            let mut ours: BTreeMap<String, [u64; 5]> = availability
                .by_sector
                .iter()
                .map(|sector| (sector.sector.clone(), told(&sector.counts)))
                .collect();
            ours.insert("all".to_owned(), told(&availability.national.counts));
            assert_eq!(&ours, expected, "{night}");
            // A second before, it is still the night before (and before the first night, nothing).
            let earlier = services.availability_at(end_of(*night) - Duration::seconds(1)).await.unwrap();
            assert_eq!(told(&earlier.national.counts), yesterday, "{night}");
            yesterday = expected["all"];
        }
        // What is current is the last night.
        let last = nights.last_key_value().unwrap().1["all"];
        assert_eq!(told(&services.availability().availability.national.counts), last);
        assert_eq!(services.availability().availability.silent.len(), 142, "three years old");

        let again = import(services, &map, TORONTO, false).await;
        assert_eq!((again.rows, again.stored, again.unchanged), (12_897, 0, 12_897));
        assert_eq!((again.shelters, again.rooms, again.reports), (0, 0, 0));
        assert!(services.verify_audit().await.unwrap().intact);
    }

    async fn suggestions_work_on_the_imported_country(h: Harness) {
        let services = services(&h);
        import(services, &map("toronto"), TORONTO, false).await;
        // The hour after the last night was told.
        services.clock.set(end_of(NaiveDate::from_ymd_opt(2023, 4, 4).unwrap()) + Duration::hours(1));
        let search = |children: Vec<Child>| Search {
            household: Household::new(vec![AgeBand::From18To59], children).unwrap(),
            needs: BTreeSet::new(),
            languages: BTreeSet::new(),
            from_district: "TJ-DU-01".to_owned(),
            avoid_districts: BTreeSet::new(),
            excluded: Default::default(),
            urgency: Urgency::Now,
            earliest_date: None,
            rooms_apart_ok: false,
        };
        let snapshot = services.board.current();
        for (children, sectors) in [
            (vec![], vec!["Women", "Mixed Adult"]),
            (vec![Child { age: 7, sex: Sex::Female }, Child { age: 1, sex: Sex::Male }], vec!["Families"]),
        ] {
            let (_, ranking) = services.suggest(&search(children), 50).unwrap();
            assert!(!ranking.suggestions.is_empty());
            for suggestion in &ranking.suggestions {
                let shelter = &snapshot.get(suggestion.shelter_id).unwrap().shelter;
                assert!(sectors.contains(&shelter.sector.as_deref().unwrap()), "{:?}", shelter.sector);
                assert_eq!(suggestion.freshness, Freshness::Fresh);
            }
            assert!(ranking.misfits.iter().all(|misfit| !misfit.reasons.is_empty()));
            assert!(ranking.suggestions.len() + ranking.misfits.len() > 20);
        }
    }

    async fn a_later_table_takes_over_and_an_earlier_one_does_not(h: Harness) {
        let services = services(&h);
        let map = map("toronto");
        let edge = "toronto/toronto_edge_cases_2024-08-08_to_13.csv";
        let report = import(services, &map, edge, true).await;
        assert_eq!((report.stored, report.shelters, report.reports), (42, 7, 42));
        let current = services.availability().availability.national.counts;
        let whole = import(services, &map, TORONTO, true).await;
        assert_eq!((whole.stored, whole.unchanged), (12_897, 0));
        // The seven are still as in August 2024; the others as they were last told.
        let sums = plainly(edge)[&NaiveDate::from_ymd_opt(2024, 8, 13).unwrap()]["all"];
        assert_eq!(told(&current), sums);
        let later = services.availability_at(Utc.with_ymd_and_hms(2024, 8, 14, 4, 0, 0).unwrap()).await.unwrap();
        assert!(later.national.counts.beds > current.beds);
        let again = import(services, &map, edge, true).await;
        assert_eq!((again.stored, again.unchanged, again.reports), (0, 42, 0));
    }

    async fn a_corrected_table_replaces_the_night(h: Harness) {
        let services = services(&h);
        let map = map("toronto");
        let table = std::fs::read_to_string(data("samples/toronto/toronto_edge_cases_2024-08-08_to_13.csv")).unwrap();
        let options = ImportOptions { file: "table.csv".to_owned(), partial: true };
        services.import_occupancy(&map, table.as_bytes(), &options, |_| {}).await.unwrap();
        let at = Utc.with_ymd_and_hms(2024, 8, 14, 3, 0, 0).unwrap();
        let before = services.availability_at(at).await.unwrap().national.counts;
        services.clock.advance(Duration::minutes(1));
        // Nellie's reports one resident fewer on 13 August.
        let from = "12,Bed Based Capacity,12.0,12.0,12.0,0.0,0.0,,,,,,100.0,";
        let to = "11,Bed Based Capacity,12.0,12.0,11.0,1.0,0.0,,,,,,91.67,";
        let at_line = table.rfind(from).unwrap();
        let corrected = format!("{}{to}{}", &table[..at_line], &table[at_line + from.len()..]);
        let report = services.import_occupancy(&map, corrected.as_bytes(), &options, |_| {}).await.unwrap();
        assert_eq!((report.stored, report.unchanged, report.reports), (1, 41, 1));
        let after = services.availability_at(at).await.unwrap().national.counts;
        assert_eq!((after.occupied + 1, after.free), (before.occupied, before.free + 1));
        assert_eq!(services.availability().availability.national.counts, after);
    }

    async fn inventories_make_rooms_and_no_reports(h: Harness) {
        let services = services(&h);
        for (map_name, table, shelters) in [
            ("bc", "crd_bc/shelter_list.csv", 11),
            ("hud", "hud_hic/hud_hic_2020_sample3000.csv", 1478),
        ] {
            let map = map(map_name);
            let report = import(services, &map, table, false).await;
            assert_eq!((report.shelters, report.stored, report.reports), (shelters, shelters, 0));
            assert_eq!(report.rows, report.stored + report.refused_rows);
            let again = import(services, &map, table, false).await;
            assert_eq!((again.unchanged, again.stored, again.shelters), (shelters, 0, 0));
        }
        let counts = services.availability().availability.national.counts;
        assert_eq!(counts, Counts::default(), "of a shelter that never reported nothing is known");
        assert_eq!(services.availability().availability.national.shelters.silent, 1489);
    }

    async fn a_flood_is_taken_as_it_was_typed(h: Harness) {
        let services = services(&h);
        let map = map("rio_grande_do_sul");
        let report = import(services, &map, "sosrs_brazil/shelters.csv", false).await;
        assert_eq!((report.rows, report.refused_rows, report.stored), (776, 467, 309));
        let availability = services.availability().availability.clone();
        assert_eq!(availability.regions.len(), 1);
        assert!(availability.regions.contains_key("BR-RS"));
        let again = import(services, &map, "sosrs_brazil/shelters.csv", false).await;
        assert_eq!((again.unchanged, again.stored, again.reports), (309, 0, 0));

        let open = |file: &str| File::open(data(&format!("samples/sosrs_brazil/{file}"))).unwrap();
        let words = map.needs.as_ref().unwrap();
        let needs = services.read_needs(&map, open(&words.items_file), open(&words.file)).await.unwrap().unwrap();
        assert_eq!((needs.rows, needs.refused.len(), needs.with_quantity), (7418, 0, 599));
        assert_eq!(needs.by_urgency[&occupancy::Urgency::Urgent], 2781);
        assert!(needs.shelters_urgent > 100 && needs.of_unknown_shelters > 0 && needs.most_urgent.len() == 10);
    }
}

#[actix_web::test]
async fn a_table_without_a_column_is_refused_by_its_name() {
    let h = Harness::start(crate::harness::Database::Sqlite).await;
    let services = services(&h);
    let options = ImportOptions {
        file: "x.csv".to_owned(),
        partial: false,
    };
    let refused = services
        .import_occupancy(&map("toronto"), "a,b\n1,2\n".as_bytes(), &options, |_| {})
        .await;
    let panoh::services::errors::Refused::Invalid(errors) = refused.unwrap_err() else {
        panic!("refused otherwise")
    };
    assert_eq!(
        (errors[0].field.as_str(), errors[0].code),
        ("OCCUPANCY_DATE", "missing_column")
    );
}
