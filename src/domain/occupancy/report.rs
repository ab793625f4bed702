//! The account of an import: what was read, what was refused and why, what was odd and kept.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::{Code, Finding, NeedRow, OccupancyRow, Urgency};

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ImportReport {
    /// Lines read, the header not counted.
    pub rows: u64,
    /// Lines whose figures are in the database now and were not before.
    pub stored: u64,
    /// Lines that say what the database already knew.
    pub unchanged: u64,
    pub refused_rows: u64,
    /// One entry for each fault; a line may have several.
    pub refused: Vec<Finding>,
    /// Oddities of lines that were kept.
    pub adjusted: Vec<Finding>,
    /// How often each code stands in `refused` and `adjusted`.
    pub counts: BTreeMap<Code, u64>,
    /// Text cells whose doubled or trailing spaces were folded.
    pub folded_texts: u64,
    /// Shelters, rooms and reports written by this run.
    pub shelters: u64,
    pub rooms: u64,
    pub reports: u64,
    /// Reports among them that say a shelter was not operating.
    pub not_operating: u64,
}

impl ImportReport {
    pub(super) fn refuse(&mut self, line: u64, findings: Vec<Finding>) {
        self.refused_rows += 1;
        for mut finding in findings {
            finding.line = line;
            *self.counts.entry(finding.code).or_insert(0) += 1;
            self.refused.push(finding);
        }
    }

    pub(super) fn accept(&mut self, line: u64, row: &mut OccupancyRow) {
        self.folded_texts += u64::from(row.folded_texts);
        for note in &mut row.notes {
            note.line = line;
            *self.counts.entry(note.code).or_insert(0) += 1;
            self.adjusted.push(note.clone());
        }
    }
}

/// The account of the companion files that say what shelters lack.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct NeedsReport {
    pub rows: u64,
    /// Lines read and understood, by how urgent they are.
    pub by_urgency: BTreeMap<Urgency, u64>,
    /// Understood lines of shelters that the import of the table refused, so that the database does not have them.
    pub of_unknown_shelters: u64,
    /// Shelters with an urgent need.
    pub shelters_urgent: u64,
    /// Understood lines that say how many are asked for.
    pub with_quantity: u64,
    /// What is asked for most often as urgent: the source's own names, the ten commonest.
    pub most_urgent: Vec<(String, u64)>,
    pub refused: Vec<Finding>,
    #[serde(skip)]
    urgent: BTreeMap<String, u64>,
    #[serde(skip)]
    shelters: BTreeSet<String>,
}

impl NeedsReport {
    /// Takes one line, read or refused.
    pub fn take(&mut self, line: u64, row: Result<NeedRow, Vec<Finding>>, known: impl Fn(&NeedRow) -> bool) {
        self.rows += 1;
        let row = match row {
            Ok(row) => row,
            Err(findings) => {
                self.refused
                    .extend(findings.into_iter().map(|finding| Finding { line, ..finding }));
                return;
            }
        };
        *self.by_urgency.entry(row.urgency).or_insert(0) += 1;
        self.with_quantity += u64::from(row.quantity.is_some());
        self.of_unknown_shelters += u64::from(!known(&row));
        if row.urgency == Urgency::Urgent {
            *self.urgent.entry(row.item).or_insert(0) += 1;
            self.shelters.insert(row.shelter_code);
        }
    }

    /// Adds up what only the whole file can tell.
    #[must_use]
    pub fn finished(mut self) -> Self {
        let mut items: Vec<(String, u64)> = std::mem::take(&mut self.urgent).into_iter().collect();
        // The sort is stable: of equally common ones the first by name.
        items.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        items.truncate(10);
        self.most_urgent = items;
        self.shelters_urgent = std::mem::take(&mut self.shelters).len() as u64;
        self
    }
}
