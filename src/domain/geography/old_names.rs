//! `old_names.csv`: what districts were called before, and how else they are written. For search only: nothing prints them.

use std::collections::BTreeSet;

use super::areas::District;
use super::error::{PackError, PackFault, PackFile, list};
use super::table::Table;
use crate::domain::language::fold;

const COLUMNS: [&str; 3] = ["code", "name", "note"];

/// Gives each district its old names, in the order of the table. One old name may be that of several districts.
pub(super) fn read(text: &str, districts: &mut [District]) -> Result<(), PackError> {
    let table = Table::read(PackFile::OldNames, text, &COLUMNS.map(str::to_owned))?;
    let mut seen = BTreeSet::new();
    for row in &table.rows {
        let (code, name) = (row.text("code")?, row.text("name")?);
        let folded = fold(name);
        if folded.is_empty() {
            return Err(row.error("name", PackFault::NoLetters(name.to_owned())));
        }
        if !seen.insert((code.to_owned(), folded)) {
            return Err(row.error(
                "name",
                PackFault::Duplicate {
                    what: "name",
                    value: name.to_owned(),
                },
            ));
        }
        match districts.iter_mut().find(|district| district.code == code) {
            Some(district) => district.old_names.push(name.to_owned()),
            None => {
                let known = list(districts.iter().map(|district| &district.code));
                return Err(row.error(
                    "code",
                    PackFault::Unknown {
                        what: "district",
                        value: code.to_owned(),
                        known,
                    },
                ));
            }
        }
    }
    Ok(())
}
