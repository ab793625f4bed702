//! Tables as people send them, and tables that mean harm.

use std::io::Write;

use proptest::prelude::*;

use super::*;

fn text(rows: &[Vec<Cell>]) -> Vec<Vec<String>> {
    let cell = |cell: &Cell| match cell {
        Cell::Text(text) => text.clone(),
        Cell::Number(number) => number.to_string(),
        Cell::Tenths(tenths) => format!("{}.{}", tenths / 10, (tenths % 10).abs()),
    };
    rows.iter().map(|row| row.iter().map(cell).collect()).collect()
}

fn packed(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut file = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in parts {
        file.start_file(*name, zip::write::SimpleFileOptions::default())
            .unwrap();
        file.write_all(bytes).unwrap();
    }
    file.finish().unwrap().into_inner()
}

#[test]
fn what_is_written_reads_back() {
    let rows = vec![
        vec!["item".into(), "Ном".into(), "on_hand".into()],
        vec!["soap".into(), "Собуни дасту рӯй, 100 г".into(), Cell::Number(40)],
        vec!["=1+1".into(), "'=1+1".into(), Cell::Number(-3)],
        vec!["it's".into(), "'quoted'".into(), Cell::Number(9_007_199_254_740_991)],
    ];
    for format in [Format::Csv, Format::Xlsx] {
        assert_eq!(
            read(format, &write(format, &rows).unwrap()).unwrap(),
            text(&rows),
            "{format:?}"
        );
    }
}

#[test]
fn no_formula_is_written() {
    let formulas = [
        "=1+1",
        "+1",
        "-1",
        "@SUM(1)",
        "\t=1",
        "\r=1",
        "＝1",
        "=HYPERLINK(\"http://x\")",
        "'=1",
    ];
    let rows: Vec<Vec<Cell>> = formulas.iter().map(|text| vec![(*text).into()]).collect();
    let csv = write(Format::Csv, &rows).unwrap();
    let mut table = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(csv.get(3..).unwrap());
    let cells: Vec<String> = table
        .records()
        .map(|row| row.unwrap().get(0).unwrap().to_owned())
        .collect();
    assert_eq!(cells.len(), formulas.len());
    assert!(cells.iter().all(|cell| !begins_formula(cell)), "{cells:?}");
    for text in formulas {
        assert!(neutral(text).starts_with('\''), "{text}");
    }
    let xlsx = write(Format::Xlsx, &rows).unwrap();
    let mut parts = zip::ZipArchive::new(Cursor::new(xlsx)).unwrap();
    let mut sheet = String::new();
    parts
        .by_name("xl/worksheets/sheet1.xml")
        .unwrap()
        .read_to_string(&mut sheet)
        .unwrap();
    assert!(!sheet.contains("<f>") && !sheet.contains("<f "), "{sheet}");
}

#[test]
fn tables_of_others_are_read_as_they_come() {
    for (bytes, rows) in [
        ("a;b\r\nсобун;40\r\n", vec![vec!["a", "b"], vec!["собун", "40"]]),
        (
            "\u{feff}a,b\n\n\"x, y\",2\n",
            vec![vec!["a", "b"], vec![], vec!["x, y", "2"]],
        ),
        // Lines within a cell are no rows, as spreadsheets count them.
        (
            "a,b\r\n\"one\r\ntwo\",1\r\n\r\nx,2\r\n",
            vec![vec!["a", "b"], vec!["one\r\ntwo", "1"], vec![], vec!["x", "2"]],
        ),
        ("\n\na,b", vec![vec![], vec![], vec!["a", "b"]]),
        (
            "Title\na;b,c\n1;2",
            vec![vec!["Title"], vec!["a", "b,c"], vec!["1", "2"]],
        ),
        ("a\tb\n1\t2", vec![vec!["a", "b"], vec!["1", "2"]]),
        ("", vec![]),
        ("only", vec![vec!["only"]]),
    ] {
        assert_eq!(read(Format::Csv, bytes.as_bytes()).unwrap(), rows, "{bytes:?}");
    }
    assert_eq!(read(Format::Csv, &[0xd1, 0xee, 0xe1]), Err(SheetFault::NotUtf8));
    let long = "x\n".repeat(MOST_ROWS + 1);
    assert_eq!(read(Format::Csv, long.as_bytes()), Err(SheetFault::TooLarge));
}

#[test]
fn a_small_file_that_says_very_much_is_refused() {
    let zeros = vec![b' '; usize::try_from(MOST_UNPACKED).unwrap() + 1];
    let bomb = packed(&[("xl/worksheets/sheet1.xml", &zeros)]);
    assert!(bomb.len() < MOST_BYTES);
    assert_eq!(read(Format::Xlsx, &bomb), Err(SheetFault::TooLarge));
    let many: Vec<String> = (0..=MOST_PARTS).map(|n| n.to_string()).collect();
    let many: Vec<(&str, &[u8])> = many.iter().map(|name| (name.as_str(), &b""[..])).collect();
    assert_eq!(read(Format::Xlsx, &packed(&many)), Err(SheetFault::TooLarge));
}

#[test]
fn a_cell_at_the_far_end_lays_out_nothing() {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    sheet.write_string(0, 0, "a").unwrap();
    sheet.write_string(0, 16_383, "far right").unwrap();
    let right = book.save_to_buffer().unwrap();
    assert_eq!(read(Format::Xlsx, &right).unwrap(), [["a"]]);
    book.add_worksheet();
    let mut book = Workbook::new();
    book.add_worksheet().write_string(1_048_575, 0, "far down").unwrap();
    assert_eq!(
        read(Format::Xlsx, &book.save_to_buffer().unwrap()),
        Err(SheetFault::TooLarge)
    );
}

proptest! {
    #[test]
    fn nothing_neutral_begins_a_formula_and_it_is_given_back(cell in "[=+\\-@'\t\r ＝a-c]{0,6}") {
        let safe = neutral(&cell);
        prop_assert!(!begins_formula(&safe));
        prop_assert_eq!(plain(&safe), cell);
    }

    #[test]
    fn any_bytes_are_answered(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        drop(read(Format::Csv, &bytes));
        prop_assert!(read(Format::Xlsx, &bytes).is_err());
    }
}
