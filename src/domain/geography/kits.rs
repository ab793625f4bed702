//! `kits.csv`: bills of items. A kit is an item of the catalogue that is a set, and each line says how many units of
//! another item are in one of it.

use super::error::{PackError, PackFault, PackFile, list};
use super::items::{Item, ItemUnit};
use super::table::{Row, Table};

/// What is in one set of an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kit {
    /// Code of the item that it is.
    pub code: String,
    /// Item code and whole units, at least 1; in the table's order, each item once.
    pub lines: Vec<(String, i64)>,
    /// Where the bill is from.
    pub source: String,
}

const COLUMNS: [&str; 5] = ["kit", "item", "quantity", "source", "note"];
/// Most units of an item in a kit.
const MOST: i64 = 10_000;

pub(super) fn read(text: &str, items: &[Item]) -> Result<Vec<Kit>, PackError> {
    let table = Table::read(PackFile::Kits, text, &COLUMNS.map(str::to_owned))?;
    let mut kits: Vec<Kit> = Vec::new();
    for row in &table.rows {
        let code = known(row, "kit", items, |item| item.unit == ItemUnit::Set)?;
        let item = known(row, "item", items, |_| true)?;
        let quantity = row.needed_number("quantity", 1, MOST)?;
        let source = row.text("source")?;
        let at = match kits.iter().position(|kit| kit.code == code) {
            Some(at) => at,
            None => {
                kits.push(Kit {
                    code: code.clone(),
                    lines: Vec::new(),
                    source: source.to_owned(),
                });
                kits.len() - 1
            }
        };
        let Some(kit) = kits.get_mut(at) else { continue };
        if kit.lines.iter().any(|(other, _)| *other == item) {
            let (what, value) = ("item of this kit", item);
            return Err(row.error("item", PackFault::Duplicate { what, value }));
        }
        kit.lines.push((item, quantity));
    }
    // A kit within a kit would have to be taken apart twice.
    for row in &table.rows {
        if kits.iter().any(|kit| Some(kit.code.as_str()) == row.optional("item")) {
            return Err(row.error("item", PackFault::NotBlank("a kit is in no other kit")));
        }
    }
    Ok(kits)
}

/// The code of a cell, if it is that of a fitting item.
fn known(row: &Row, column: &'static str, items: &[Item], fits: impl Fn(&Item) -> bool) -> Result<String, PackError> {
    let value = row.text(column)?.to_owned();
    let mut fitting = items.iter().filter(|item| fits(item)).map(|item| item.code.as_str());
    if fitting.clone().any(|code| code == value) {
        return Ok(value);
    }
    let what = if column == "kit" { "item that is a set" } else { "item" };
    let known = list(fitting.by_ref());
    Err(row.error(column, PackFault::Unknown { what, value, known }))
}
