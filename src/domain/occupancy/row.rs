//! One line of a table through the map. Finds every fault of a line, not the first alone.

use chrono::{DateTime, Duration, NaiveDate, NaiveDateTime, TimeZone, Utc};

use super::super::id::Moment;
use super::super::shelters::{LocationPolicy, ShelterKind};
use super::map::{Equals, Header, Map, Night};
use super::template::{BlankSlot, Template};
use super::{Code, Fields, Finding, OccupancyRow, ShelterRow};

/// Longest names and codes taken over, in characters.
const LONGEST_NAME: usize = 200;
const LONGEST_CODE: usize = 64;

/// One record beside the map, gathering faults and oddities.
pub(super) struct Line<'m, 'r, R: Fields + ?Sized> {
    pub(super) map: &'m Map,
    pub(super) header: &'m Header,
    pub(super) record: &'r R,
    pub(super) refused: Vec<Finding>,
    pub(super) notes: Vec<Finding>,
    pub(super) folds: u16,
}

impl Map {
    /// Reads one line. `{nth}` in the shelter's code is left unfilled and duplicates are not seen: both need the
    /// lines before, which [`super::Reader`] remembers.
    ///
    /// # Errors
    /// Every fault found in the line.
    pub fn row<R: Fields + ?Sized>(&self, header: &Header, record: &R) -> Result<OccupancyRow, Vec<Finding>> {
        if record.width() != header.width {
            return Err(vec![Finding::new(
                "",
                Code::WrongColumnCount,
                &record.width().to_string(),
            )]);
        }
        Line {
            map: self,
            header,
            record,
            refused: Vec::new(),
            notes: Vec::new(),
            folds: 0,
        }
        .read()
    }
}

impl<'r, R: Fields + ?Sized> Line<'_, 'r, R> {
    fn read(mut self) -> Result<OccupancyRow, Vec<Finding>> {
        let when = self.when();
        let (rooms, room_sector) = self.rooms();
        let shelter = self.shelter(room_sector);
        let operating = !self.map.closed_when.as_ref().is_some_and(|equals| self.is(equals));
        match (when, shelter, rooms.is_empty()) {
            (Some((night, observed_at)), Some(shelter), false) if self.refused.is_empty() => Ok(OccupancyRow {
                night,
                observed_at,
                shelter,
                rooms,
                operating,
                notes: self.notes,
                folded_texts: self.folds,
            }),
            _ => Err(self.refused),
        }
    }

    pub(super) fn raw(&self, slot: usize) -> &'r str {
        self.header
            .positions
            .get(slot)
            .and_then(|position| self.record.field(*position))
            .unwrap_or_default()
    }

    /// The trimmed cell; empty when blank by the map's words.
    pub(super) fn cell(&self, slot: usize) -> &'r str {
        let text = self.raw(slot).trim();
        if self.map.blanks.iter().any(|blank| blank == text) {
            ""
        } else {
            text
        }
    }

    pub(super) fn is(&self, equals: &Equals) -> bool {
        self.cell(equals.slot) == equals.value
    }

    fn finding(&self, slot: usize, code: Code) -> Finding {
        Finding::new(self.map.columns.name(slot), code, self.raw(slot))
    }

    pub(super) fn refuse(&mut self, slot: usize, code: Code) {
        let finding = self.finding(slot, code);
        if !self.refused.contains(&finding) {
            self.refused.push(finding);
        }
    }

    pub(super) fn note(&mut self, slot: usize, code: Code) {
        let finding = self.finding(slot, code);
        self.notes.push(finding);
    }

    // When ----------------------------------------------------------------------------------------------------

    fn when(&mut self) -> Option<(NaiveDate, Moment)> {
        let map = self.map;
        match &map.night {
            Night::Fixed(date) => self.at(*date, usize::MAX),
            Night::Instant { slot } => {
                let Ok(instant) = DateTime::parse_from_rfc3339(self.cell(*slot)) else {
                    self.refuse(
                        *slot,
                        if self.cell(*slot).is_empty() {
                            Code::Blank
                        } else {
                            Code::BadDate
                        },
                    );
                    return None;
                };
                let instant = instant.with_timezone(&Utc);
                Some((instant.with_timezone(&map.zone).date_naive(), instant))
            }
            Night::Column { slot, formats } => {
                let text = self.cell(*slot);
                let date = formats.iter().find_map(|format| {
                    NaiveDate::parse_from_str(text, format)
                        .ok()
                        .or_else(|| NaiveDateTime::parse_from_str(text, format).ok().map(|at| at.date()))
                });
                let Some(date) = date else {
                    self.refuse(*slot, if text.is_empty() { Code::Blank } else { Code::BadDate });
                    return None;
                };
                self.at(date, *slot)
            }
        }
    }

    fn at(&mut self, date: NaiveDate, slot: usize) -> Option<(NaiveDate, Moment)> {
        let found = self.map.instant_of(date);
        if found.is_none() {
            self.refuse(slot, Code::BadDate);
        }
        Some((date, found?))
    }

    // Where and whose -----------------------------------------------------------------------------------------

    fn text(&mut self, template: &Template, longest: usize) -> Option<String> {
        let filled = template.fill(self.record, |slot| self.cell(slot), |slot| self.raw(slot));
        match filled {
            Ok((text, folds)) => {
                self.folds += folds;
                if text.chars().count() > longest || text.chars().any(char::is_control) {
                    self.refuse(template.first_column().unwrap_or(usize::MAX), Code::BadText);
                    return None;
                }
                Some(text)
            }
            Err(BlankSlot(slot)) => {
                self.refuse(slot, Code::Blank);
                None
            }
        }
    }

    fn code(&mut self, template: &Template) -> Option<String> {
        let text = self.text(template, LONGEST_CODE)?;
        let allowed = |c: char| c.is_ascii_alphanumeric() || "-_.{}".contains(c);
        if text.chars().all(allowed) {
            return Some(text);
        }
        self.refuse(template.first_column().unwrap_or(usize::MAX), Code::BadCode);
        None
    }

    fn shelter(&mut self, room_sector: Option<String>) -> Option<ShelterRow> {
        let map = self.map;
        let code = self.code(&map.code);
        let name = self.text(&map.shelter_name, LONGEST_NAME);
        let operator_code = self.code(&map.operator_code);
        let operator_name = self.text(&map.operator_name, LONGEST_NAME);
        let region = self.text(&map.region, LONGEST_CODE);
        let district = self.text(&map.district, LONGEST_NAME);
        let sector = self.sector(room_sector);
        let kind = self.kind();
        let also_admits = map
            .admits_when
            .iter()
            .filter(|(_, equals)| self.is(equals))
            .map(|(need, _)| *need)
            .collect();
        let location_policy = match map.disclosed_when {
            Some(slot) if self.cell(slot).is_empty() => {
                self.note(slot, Code::HiddenPlace);
                LocationPolicy::Confidential
            }
            Some(_) => LocationPolicy::Disclosed,
            None => LocationPolicy::Confidential,
        };
        Some(ShelterRow {
            code: code?,
            name: name?,
            operator_code: operator_code?,
            operator_name: operator_name?,
            region: region?,
            district: district?,
            kind: kind?,
            sector: sector?,
            location_policy,
            also_admits,
        })
    }

    fn kind(&mut self) -> Option<ShelterKind> {
        let Some((slot, values)) = &self.map.kinds else {
            return Some(self.map.kind);
        };
        let text = self.cell(*slot);
        let found = values.iter().find(|(value, _)| value == text).map(|(_, kind)| *kind);
        if found.is_none() {
            self.refuse(
                *slot,
                if text.is_empty() {
                    Code::Blank
                } else {
                    Code::UnknownValue
                },
            );
        }
        found
    }

    /// Outer `None`: refused; inner `None`: the map has no sectors.
    fn sector(&mut self, room_sector: Option<String>) -> Option<Option<String>> {
        let Some(template) = &self.map.sector else {
            return Some(room_sector);
        };
        let sector = self.text(template, LONGEST_NAME)?;
        if self.map.known_sector(&sector).is_none() {
            self.refuse(template.first_column().unwrap_or(usize::MAX), Code::UnknownValue);
            return None;
        }
        Some(Some(sector))
    }
}

impl Map {
    /// Which shelter and night a line names, whatever else is wrong with it.
    pub(super) fn named<R: Fields + ?Sized>(&self, header: &Header, record: &R) -> Option<(String, NaiveDate, Moment)> {
        let mut line = Line {
            map: self,
            header,
            record,
            refused: Vec::new(),
            notes: Vec::new(),
            folds: 0,
        };
        let (night, at) = line.when()?;
        Some((line.code(&self.code)?, night, at))
    }

    /// The instant at which a night's figures are true. In an hour the clock skips, one hour later; in one it
    /// repeats, the first.
    #[must_use]
    pub fn instant_of(&self, night: NaiveDate) -> Option<Moment> {
        let local = night.and_time(self.observed_at);
        self.zone
            .from_local_datetime(&local)
            .earliest()
            .or_else(|| self.zone.from_local_datetime(&(local + Duration::hours(1))).earliest())
            .map(|at| at.with_timezone(&Utc))
    }
}
