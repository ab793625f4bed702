//! A whole file, line by line: fills in `{nth}`, refuses a second line for the same shelter and night, remembers
//! which nights were told, and keeps the account of what was read.

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;

use super::super::id::Moment;
use super::map::{Header, Map};
use super::nights::Nights;
use super::report::ImportReport;
use super::{Code, Fields, Finding, OccupancyRow};

#[derive(Debug)]
pub struct Reader<'m> {
    map: &'m Map,
    header: Header,
    seen: HashSet<(String, NaiveDate)>,
    repeats: HashMap<String, u32>,
    latest: Moment,
    pub nights: Nights,
    pub report: ImportReport,
}

impl<'m> Reader<'m> {
    /// `header` comes from [`Map::header`] of the same map. Nights true after `latest` are refused: nobody knows them.
    #[must_use]
    pub fn new(map: &'m Map, header: Header, latest: Moment) -> Self {
        Self {
            map,
            header,
            seen: HashSet::new(),
            repeats: HashMap::new(),
            latest,
            nights: Nights::default(),
            report: ImportReport::default(),
        }
    }

    /// Reads one line; `None` when it was refused, which the report then tells.
    pub fn line<R: Fields + ?Sized>(&mut self, line: u64, record: &R) -> Option<OccupancyRow> {
        self.report.rows += 1;
        match self.map.row(&self.header, record) {
            Ok(row) => self.keep(line, row, record),
            Err(findings) => {
                self.remember_refused(record);
                self.refuse(line, findings);
                None
            }
        }
    }

    /// Tells of a line that could not even be split into cells.
    pub fn unreadable(&mut self, line: u64, what: &str) {
        self.report.rows += 1;
        self.refuse(line, vec![Finding::new("", Code::Unreadable, what)]);
    }

    /// A fault of the line at a column of the map.
    fn fault<R: Fields + ?Sized>(&mut self, line: u64, slot: Option<usize>, code: Code, record: &R) {
        let column = slot.map_or("", |slot| self.map.columns.name(slot));
        let value = slot
            .and_then(|slot| record.field(*self.header.positions.get(slot)?))
            .unwrap_or_default();
        let finding = Finding::new(column, code, value);
        self.refuse(line, vec![finding]);
    }

    fn keep<R: Fields + ?Sized>(&mut self, line: u64, mut row: OccupancyRow, record: &R) -> Option<OccupancyRow> {
        if self.map.code.has_nth() {
            let count = self.repeats.entry(row.shelter.code.clone()).or_insert(0);
            *count += 1;
            row.shelter.code = row.shelter.code.replace("{nth}", &count.to_string());
        }
        if row.observed_at > self.latest {
            self.fault(line, self.map.night_column(), Code::BadDate, record);
            return None;
        }
        if !self.seen.insert((row.shelter.code.clone(), row.night)) {
            self.fault(line, self.map.code.first_column(), Code::Duplicate, record);
            return None;
        }
        self.nights.saw_row(&row);
        self.report.accept(line, &mut row);
        Some(row)
    }

    fn remember_refused<R: Fields + ?Sized>(&mut self, record: &R) {
        if self.map.complete_nights
            && let Some((code, night, at)) = self.map.named(&self.header, record)
        {
            self.nights.saw(&code, night, at);
        }
    }

    fn refuse(&mut self, line: u64, findings: Vec<Finding>) {
        self.report.refuse(line, findings);
    }
}

/// What to add to the csv reader's line numbers so that they are the ones an editor shows. It ends a record at the
/// carriage return, so in files with CR LF each later record seems to begin on the line before.
///
/// `start` is the beginning of the file, at least its first line.
#[must_use]
pub fn line_offset(start: &[u8]) -> u64 {
    let end = start.iter().position(|byte| *byte == b'\n').unwrap_or(0);
    u64::from(end > 0 && start.get(end - 1) == Some(&b'\r'))
}
