//! What the rows of somebody's table say: which column names things and which counts them is found by the head line, or
//! by what stands there. It must not know files or items.

use super::super::codes::codes;
use super::super::geography::ItemUnit;
use super::strip::{key, strip, unit_of};

codes! {
    /// Why a row cannot be taken as it is.
    RowFault {
        /// No number, or none that can be told for sure.
        NoQuantity,
        /// A half of something, or a number that may be thousands.
        NotWhole,
        OutOfRange,
        /// It counts in another unit than the item.
        OtherUnit,
        /// An earlier row is about the same item.
        Twice,
    }
}

/// One row that names something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Counted from 1, the head line included, as spreadsheets show it.
    pub number: usize,
    pub name: String,
    /// What stands in a column of codes.
    pub code: Option<String>,
    /// Whole, 0 or more.
    pub quantity: Result<i64, RowFault>,
    pub unit: Option<ItemUnit>,
}

/// Largest count that is taken, in units.
const MOST: i64 = 10_000_000;
/// The head line is among the first so many rows.
const HEAD_WITHIN: usize = 10;

const CODE: &[&str] = &["item", "code", "код", "рамз"];
const NAME: &[&str] = &[
    "name",
    "item name",
    "goods",
    "product",
    "description",
    "наименование",
    "название",
    "товар",
    "предмет",
    "ном",
    "номи ашё",
    "номи мол",
    "ашё",
    "мол",
];
const QUANTITY: &[&str] = &[
    "on hand",
    "on_hand",
    "quantity",
    "qty",
    "count",
    "amount",
    "number",
    "количество",
    "кол-во",
    "кол во",
    "колво",
    "остаток",
    "в наличии",
    "наличие",
    "миқдор",
    "шумора",
    "бақия",
    "мавҷуд",
];
const UNIT: &[&str] = &[
    "unit",
    "units",
    "ед",
    "ед изм",
    "единица",
    "единица измерения",
    "воҳид",
    "воҳиди ченак",
    "ченак",
];

#[derive(Debug, Clone, Copy, Default)]
struct Columns {
    code: Option<usize>,
    name: Option<usize>,
    quantity: Option<usize>,
    unit: Option<usize>,
}

/// The rows that name something.
pub fn rows(table: &[Vec<String>]) -> Vec<Row> {
    let head = table
        .iter()
        .take(HEAD_WITHIN)
        .position(|row| columns(row).quantity.is_some());
    let columns = head
        .and_then(|at| table.get(at))
        .map(|row| columns(row))
        .unwrap_or_default();
    let below = head.map_or(0, |at| at + 1);
    let numbered = table.iter().enumerate().skip(below);
    numbered.filter_map(|(at, cells)| row(at + 1, cells, columns)).collect()
}

/// Which column is which; only a line that names a thing and its count is a head line.
fn columns(row: &[String]) -> Columns {
    let at = |words: &[&str]| {
        let is = |cell: &String| {
            let cell = key(cell);
            !cell.is_empty() && words.iter().any(|word| key(word) == cell)
        };
        row.iter().position(is)
    };
    // A column in the reader's own language is as good as any: an export of ours names an item in each.
    let name = at(NAME).or_else(|| {
        row.iter()
            .position(|cell| cell.trim().to_lowercase().starts_with("name_"))
    });
    let found = Columns {
        code: at(CODE),
        name,
        quantity: at(QUANTITY),
        unit: at(UNIT),
    };
    match found.quantity.is_some() && (found.code.is_some() || found.name.is_some()) {
        true => found,
        false => Columns::default(),
    }
}

fn row(number: usize, cells: &[String], columns: Columns) -> Option<Row> {
    let cell = |at: Option<usize>| {
        at.and_then(|at| cells.get(at))
            .map(|cell| cell.trim())
            .filter(|cell| !cell.is_empty())
    };
    let has_letters = |cell: &&str| cell.chars().any(char::is_alphabetic);
    let code = cell(columns.code).map(str::to_owned);
    let plain = || cells.iter().map(|cell| cell.trim());
    let named = match columns.quantity {
        Some(_) => cell(columns.name).or(code.as_deref()),
        None => plain().find(has_letters),
    }?;
    let stripped = strip(named);
    let counted = match columns.quantity {
        Some(_) => cell(columns.quantity),
        None => plain().find(|cell| !cell.is_empty() && !has_letters(cell) && cell.chars().any(char::is_numeric)),
    };
    let inside = stripped.quantity;
    let quantity = match counted {
        Some(text) => whole(text),
        None => inside.map(|quantity| quantity.number).ok_or(RowFault::NoQuantity),
    };
    Some(Row {
        number,
        name: named.to_owned(),
        code,
        quantity,
        unit: match cell(columns.unit) {
            Some(text) => unit_of(text),
            None if counted.is_none() => inside.and_then(|quantity| quantity.unit),
            None => None,
        },
    })
}

/// A whole number as people write it: `1 200`, `8.0`. Three digits after a point or a comma may be thousands or a part: who
/// wrote them is asked.
fn whole(text: &str) -> Result<i64, RowFault> {
    let digits: String = text
        .chars()
        .filter(|c| !c.is_whitespace() && !matches!(c, '\'' | '’'))
        .collect();
    let (units, part) = digits.split_once(['.', ',']).unwrap_or((&digits, ""));
    if part.chars().any(|digit| digit != '0') || part.len() == 3 {
        return Err(RowFault::NotWhole);
    }
    if units.is_empty()
        || !units
            .trim_start_matches('-')
            .bytes()
            .all(|digit| digit.is_ascii_digit())
    {
        return Err(RowFault::NoQuantity);
    }
    let number: i64 = units.parse().map_err(|_| RowFault::OutOfRange)?;
    (0..=MOST)
        .contains(&number)
        .then_some(number)
        .ok_or(RowFault::OutOfRange)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Vec<(usize, String, Result<i64, RowFault>)> {
        let table: Vec<Vec<String>> = text
            .lines()
            .map(|line| line.split('|').map(|cell| cell.trim().to_owned()).collect())
            .collect();
        rows(&table)
            .into_iter()
            .map(|row| (row.number, row.name, row.quantity))
            .collect()
    }

    fn said(number: usize, name: &str, quantity: i64) -> (usize, String, Result<i64, RowFault>) {
        (number, name.to_owned(), Ok(quantity))
    }

    #[test]
    fn columns_are_found_by_their_names() {
        let table =
            "Склад 3\n\n№ | Наименование | Ед. изм. | Кол-во\n1 | Мыло | шт | 40\n2 | Рис | кг | 1 200\n | Итого | | 5";
        assert_eq!(
            read(table),
            [said(4, "Мыло", 40), said(5, "Рис", 1200), said(6, "Итого", 5)]
        );
        assert_eq!(
            read("item | name_tg | on_hand\nsoap | Собун | 8"),
            [said(2, "Собун", 8)]
        );
        assert_eq!(read("Ном | Миқдор\nОрд | 7"), [said(2, "Орд", 7)]);
    }

    #[test]
    fn without_a_head_line_the_text_is_the_name_and_the_number_the_count() {
        assert_eq!(
            read("мыло | 40\nрис 25 кг\n12 | соль"),
            [said(1, "мыло", 40), said(2, "рис 25 кг", 25), said(3, "соль", 12)]
        );
        assert_eq!(read("мыло"), [(1, "мыло".to_owned(), Err(RowFault::NoQuantity))]);
        assert_eq!(read("12 | 14\n | "), []);
    }

    #[test]
    fn only_plain_whole_numbers_count() {
        use RowFault::{NoQuantity, NotWhole, OutOfRange};
        for (typed, number) in [
            ("8", Ok(8)),
            ("0", Ok(0)),
            ("8.0", Ok(8)),
            ("8,00", Ok(8)),
            ("1 200", Ok(1200)),
            ("10000000", Ok(10_000_000)),
            ("10000001", Err(OutOfRange)),
            ("-3", Err(OutOfRange)),
            ("99999999999999999999", Err(OutOfRange)),
            ("1,5", Err(NotWhole)),
            ("1,000", Err(NotWhole)),
            ("1.200", Err(NotWhole)),
            ("много", Err(NoQuantity)),
            ("1e9", Err(NoQuantity)),
            ("--1", Err(OutOfRange)),
        ] {
            assert_eq!(whole(typed), number, "{typed}");
        }
    }

    proptest! {
        #[test]
        fn any_table_is_read(table in proptest::collection::vec(proptest::collection::vec("\\PC{0,8}", 0..4), 0..6)) {
            for row in rows(&table) {
                prop_assert!(!row.name.is_empty() && row.number <= table.len());
                prop_assert!(row.quantity.is_err() || row.quantity.is_ok_and(|n| (0..=MOST).contains(&n)));
            }
        }
    }
}
