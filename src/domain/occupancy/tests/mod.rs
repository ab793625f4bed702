//! The maps on the real tables, and single faults one by one.

mod faults;
mod samples;
mod toronto;

use chrono::{TimeZone, Utc};

use super::{Map, OccupancyRow, Reader, line_offset};

pub(super) const TORONTO: &str = include_str!("../../../../data/maps/toronto.toml");
pub(super) const HUD: &str = include_str!("../../../../data/maps/hud.toml");
pub(super) const BC: &str = include_str!("../../../../data/maps/bc.toml");
pub(super) const RIO_GRANDE: &str = include_str!("../../../../data/maps/rio_grande_do_sul.toml");

/// Reads a whole table the way the importer does.
pub(super) fn read<'m>(map: &'m Map, table: &str) -> (Vec<OccupancyRow>, Reader<'m>) {
    let mut csv = csv::ReaderBuilder::new().flexible(true).from_reader(table.as_bytes());
    let header = map.header(csv.headers().unwrap()).unwrap();
    let mut reader = Reader::new(map, header, Utc.with_ymd_and_hms(2027, 1, 1, 0, 0, 0).unwrap());
    let mut record = csv::StringRecord::new();
    let mut rows = Vec::new();
    while csv.read_record(&mut record).unwrap() {
        let line = record.position().unwrap().line() + line_offset(table.as_bytes());
        rows.extend(reader.line(line, &record));
    }
    (rows, reader)
}

pub(super) fn sample(path: &str) -> String {
    std::fs::read_to_string(format!("{}/data/samples/{path}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}
