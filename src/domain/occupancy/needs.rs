//! What shelters lack, from a companion file: one line says that one shelter needs one item, how urgently, and
//! perhaps how many. The items' names stand in a file of their own.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use strum::{Display, IntoStaticStr};

use super::map::{Columns, Header, MapError};
use super::raw::RawNeeds;
use super::template::Template;
use super::{Code, Fields, Finding, fold_spaces};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, IntoStaticStr, Display)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Urgency {
    UnderControl,
    Remaining,
    Needed,
    Urgent,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NeedRow {
    pub shelter_code: String,
    /// The source's own name of the item, spaces folded.
    pub item: String,
    pub category: Option<String>,
    pub urgency: Urgency,
    /// How many are asked for; `None` where the source gives none or 0 (which it uses for "not said").
    pub quantity: Option<u32>,
}

#[derive(Debug, Clone)]
pub struct NeedsMap {
    /// File names beside the table of shelters.
    pub file: String,
    pub items_file: String,
    columns: Columns,
    shelter: Template,
    item: usize,
    priority: usize,
    quantity: Option<usize>,
    priorities: Vec<(String, Urgency)>,
    item_columns: Columns,
    item_key: usize,
    item_name: usize,
    item_category: Option<usize>,
}

/// The source's items by its own key: name and category.
#[derive(Debug, Clone, Default)]
pub struct Items(HashMap<String, (String, Option<String>)>);

impl NeedsMap {
    pub(super) fn compile(raw: RawNeeds) -> Result<Self, MapError> {
        if raw.priorities.is_empty() {
            return Err(MapError::new("needs.priorities", "no priority is named"));
        }
        let mut columns = Columns::default();
        let mut item_columns = Columns::default();
        Ok(Self {
            shelter: Template::parse(&raw.shelter, "needs.shelter", &mut columns)?,
            item: columns.slot(&raw.item),
            priority: columns.slot(&raw.priority),
            quantity: raw.quantity.map(|name| columns.slot(&name)),
            priorities: raw.priorities.into_iter().collect(),
            item_key: item_columns.slot(&raw.items.key),
            item_name: item_columns.slot(&raw.items.name),
            item_category: raw.items.category.map(|name| item_columns.slot(&name)),
            file: raw.file,
            items_file: raw.items.file,
            columns,
            item_columns,
        })
    }

    /// # Errors
    /// [`MapError`] whose key is the column that the file lacks.
    pub fn header<'h>(&self, header: impl IntoIterator<Item = &'h str>) -> Result<Header, MapError> {
        self.columns.bind(header)
    }

    /// # Errors
    /// [`MapError`] whose key is the column that the file lacks.
    pub fn items_header<'h>(&self, header: impl IntoIterator<Item = &'h str>) -> Result<Header, MapError> {
        self.item_columns.bind(header)
    }

    /// Takes one line of the items' file.
    pub fn item<R: Fields + ?Sized>(&self, items: &mut Items, header: &Header, record: &R) {
        let cell = |slot| cell(header, record, slot);
        let category = self.item_category.map(|slot| fold_spaces(cell(slot)).0.into_owned());
        items.0.insert(
            cell(self.item_key).to_owned(),
            (fold_spaces(cell(self.item_name)).0.into_owned(), category),
        );
    }

    /// Reads one line of the needs' file.
    ///
    /// # Errors
    /// Every fault found in the line.
    pub fn row<R: Fields + ?Sized>(&self, items: &Items, header: &Header, record: &R) -> Result<NeedRow, Vec<Finding>> {
        let cell = |slot| cell(header, record, slot);
        let finding = |slot: usize, code| Finding::new(self.columns.name(slot), code, cell(slot));
        let mut refused = Vec::new();
        let shelter = self
            .shelter
            .fill(record, cell, cell)
            .map_err(|blank| finding(blank.0, Code::Blank));
        let item = items
            .0
            .get(cell(self.item))
            .ok_or_else(|| finding(self.item, Code::UnknownItem));
        let urgency = self
            .priorities
            .iter()
            .find(|(value, _)| value == cell(self.priority))
            .map(|(_, urgency)| *urgency);
        let urgency = urgency.ok_or_else(|| finding(self.priority, Code::UnknownValue));
        let quantity = match self.quantity.map(|slot| (slot, cell(slot))) {
            None | Some((_, "" | "0")) => Ok(None),
            Some((slot, text)) => text
                .parse::<u32>()
                .map(Some)
                .map_err(|_| finding(slot, Code::NotANumber)),
        };
        match (shelter, item, urgency, quantity) {
            (Ok((shelter_code, _)), Ok((item, category)), Ok(urgency), Ok(quantity)) => Ok(NeedRow {
                shelter_code,
                item: item.clone(),
                category: category.clone(),
                urgency,
                quantity,
            }),
            (shelter, item, urgency, quantity) => {
                refused.extend(shelter.err());
                refused.extend(item.err());
                refused.extend(urgency.err());
                refused.extend(quantity.err());
                Err(refused)
            }
        }
    }
}

fn cell<'r, R: Fields + ?Sized>(header: &Header, record: &'r R, slot: usize) -> &'r str {
    header
        .positions
        .get(slot)
        .and_then(|position| record.field(*position))
        .unwrap_or_default()
        .trim()
}
