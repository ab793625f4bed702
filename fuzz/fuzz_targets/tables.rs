//! Somebody's table, CSV or XLSX by its first byte: never more than the bounds say, a table of ours reads as what was
//! written, and no cell of it is a formula.
#![no_main]

use libfuzzer_sys::fuzz_target;
use panoh::domain::naming::table;
use panoh::sheets::{Cell, Format, MOST_ROWS, read, write};

fuzz_target!(|data: &[u8]| {
    let Some((kind, file)) = data.split_first() else { return };
    let format = if kind % 4 == 0 { Format::Xlsx } else { Format::Csv };
    let Ok(rows) = read(format, file) else { return };
    assert!(rows.len() <= MOST_ROWS);
    for row in &rows {
        assert!(row.len() <= 50);
        assert!(row.iter().all(|cell| cell.chars().count() <= 500));
    }
    for row in table::rows(&rows) {
        assert!((1..=rows.len()).contains(&row.number), "row {} of {}", row.number, rows.len());
    }
    back(&rows);
});

fn back(rows: &[Vec<String>]) {
    let cells: Vec<Vec<Cell>> =
        rows.iter().map(|row| row.iter().map(|text| Cell::Text(text.clone())).collect()).collect();
    let file = write(Format::Csv, &cells).expect("what was read can be written");
    for record in csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(&file[3..]).records() {
        for cell in &record.expect("our own table") {
            assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']), "{cell:?}");
        }
    }
    // Which sign separates is told by what is oftenest: of a foreign table only one by commas comes back as it was.
    if rows.iter().flatten().any(|cell| cell.contains([';', '\t'])) {
        return;
    }
    let again = read(Format::Csv, &file).expect("our own table");
    assert_eq!(filled(&again), filled(rows), "{}", String::from_utf8_lossy(&file));
}

/// Rows with their places, without what is empty.
fn filled(rows: &[Vec<String>]) -> Vec<(usize, usize, &str)> {
    let cells = rows.iter().enumerate().flat_map(|(down, row)| {
        row.iter().enumerate().map(move |(across, cell)| (down, across, cell.as_str()))
    });
    cells.filter(|(.., cell)| !cell.is_empty()).collect()
}
