//! Reads a table of daily occupancy into the database: line by line, batch by batch, each batch one transaction with
//! its audit entry. Killed half way, it is simply run again: what is there already is counted as unchanged.
//!
//! What a line means is the map's business (`domain::occupancy`); here it meets what the database knows.

mod needs;
mod places;

use std::collections::{HashMap, HashSet};
use std::io::{BufRead, BufReader, Read};

use chrono::{Duration, NaiveDate};
use serde_json::json;

use super::Services;
use super::audit::entry;
use super::errors::Refused;
use crate::domain::id::{Moment, OrganisationId, ReportId, ShelterId};
use crate::domain::logbook::{Line, Report, Sums};
use crate::domain::occupancy::{ImportReport, Map, OccupancyRow, Reader, line_offset};
use crate::domain::reports::Channel;
use crate::domain::rooms::Occupancy;
use crate::domain::shelters::Shelter;
use crate::store::imports::{Known, heads, known};
use crate::store::shelters::Which;
use crate::store::{Tx, accounts, audit, bulk, reports, shelters};

/// Lines stored in one transaction.
const BATCH: usize = 4000;
/// A table may tell of the coming night, not of more.
const AHEAD: Duration = Duration::hours(24);

/// What goes with a table.
#[derive(Debug, Clone)]
pub struct ImportOptions {
    /// Name of the file, for the audit.
    pub file: String,
    /// The table is only a part of its nights, whatever the map says: shelters that it does not name are left alone.
    pub partial: bool,
}

/// An import under way: what is known so far, so that no batch asks again.
struct Import<'a> {
    services: &'a Services,
    map: &'a Map,
    file: &'a str,
    now: Moment,
    organisations: HashMap<String, OrganisationId>,
    shelters: HashMap<String, Shelter>,
    heads: HashMap<ShelterId, Moment>,
    /// Shelters that were there before: only they can have had arrivals.
    old: HashSet<ShelterId>,
    counts: Counts,
}

#[derive(Debug, Default)]
struct Counts {
    stored: u64,
    unchanged: u64,
    shelters: u64,
    rooms: u64,
    reports: u64,
    not_operating: u64,
}

/// A night at one shelter, about to be stored.
struct Night {
    shelter_id: ShelterId,
    observed_at: Moment,
    day: NaiveDate,
    operating: bool,
    lines: Vec<Line>,
    sums: Sums,
    /// Whether a line of the table says it; an absence is said by none.
    from_line: bool,
}

impl Services {
    /// Imports a table of daily occupancy. `progress` hears the bytes read so far.
    ///
    /// # Errors
    /// `Invalid` naming the column the file lacks; `Unexpected` when the file cannot be read. What was read before
    /// stays stored.
    pub async fn import_occupancy(
        &self,
        map: &Map,
        source: impl Read,
        options: &ImportOptions,
        mut progress: impl FnMut(u64),
    ) -> Result<ImportReport, Refused> {
        let now = self.now();
        let mut source = BufReader::with_capacity(1 << 16, source);
        let offset = line_offset(source.fill_buf().map_err(unreadable)?);
        let mut table = csv::ReaderBuilder::new().flexible(true).from_reader(source);
        let names = table.headers().map_err(unreadable)?.clone();
        let header = map
            .header(&names)
            .map_err(|fault| Refused::invalid(fault.key.clone(), "missing_column", fault.to_string()))?;
        let mut reader = Reader::new(map, header, now + AHEAD);
        let mut import = Import::begin(self, map, &options.file, now).await?;
        let mut record = csv::StringRecord::new();
        let mut batch = Vec::with_capacity(BATCH);
        loop {
            let line = table.position().line() + offset;
            match table.read_record(&mut record) {
                Ok(false) => break,
                Ok(true) => {
                    let line = record.position().map_or(line, |at| at.line() + offset);
                    batch.extend(reader.line(line, &record));
                }
                Err(error) if error.is_io_error() => return Err(unreadable(error)),
                Err(error) => reader.unreadable(line, &error.to_string()),
            }
            if batch.len() >= BATCH {
                import.store(&batch).await?;
                batch.clear();
                progress(table.position().byte());
            }
        }
        import.store(&batch).await?;
        if map.complete_nights && !options.partial {
            import.absences(&reader).await?;
        }
        progress(table.position().byte());
        self.refresh(Which::All).await?;
        Ok(import.report(reader))
    }
}

fn unreadable(error: impl std::fmt::Display) -> Refused {
    Refused::Unexpected(format!("the table cannot be read: {error}"))
}

impl<'a> Import<'a> {
    async fn begin(services: &'a Services, map: &'a Map, file: &'a str, now: Moment) -> Result<Self, Refused> {
        let store = &services.store;
        let all = shelters::list(store, &crate::domain::accounts::ShelterScope::All, Which::All).await?;
        let organisations = accounts::organisations(store).await?;
        Ok(Self {
            services,
            map,
            file,
            now,
            organisations: organisations.into_iter().map(|row| (row.code, row.id)).collect(),
            old: all.iter().map(|row| row.id).collect(),
            shelters: all.into_iter().map(|row| (row.code.clone(), row)).collect(),
            heads: heads(store).await?,
            counts: Counts::default(),
        })
    }

    fn report(self, reader: Reader<'_>) -> ImportReport {
        let Counts {
            stored,
            unchanged,
            shelters,
            rooms,
            reports,
            not_operating,
        } = self.counts;
        ImportReport {
            stored,
            unchanged,
            shelters,
            rooms,
            reports,
            not_operating,
            ..reader.report
        }
    }

    async fn store(&mut self, rows: &[OccupancyRow]) -> Result<(), Refused> {
        if rows.is_empty() {
            return Ok(());
        }
        let tx = self.services.store.begin().await?;
        let placed = self.place(&tx, rows).await?;
        let mut nights = Vec::with_capacity(rows.len());
        for (row, changed) in rows.iter().zip(placed) {
            let Some(shelter) = self.shelters.get(&row.shelter.code) else {
                continue;
            };
            if row.is_report() {
                nights.push(night_of(row, shelter));
            } else if changed {
                self.counts.stored += 1;
            } else {
                self.counts.unchanged += 1;
            }
        }
        self.write(&tx, nights).await?;
        self.told(&tx, rows.len()).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Shelters of this source that the table does not name on nights it tells of did not operate then: no beds.
    async fn absences(&mut self, reader: &Reader<'_>) -> Result<(), Refused> {
        let prefix = self.map.code_prefix();
        let same_source = |code: &&String| !prefix.is_empty() && code.starts_with(prefix);
        let also: Vec<String> = self.shelters.keys().filter(same_source).cloned().collect();
        for part in reader.nights.absences(also).chunks(BATCH) {
            let nights = part.iter().filter_map(|absence| {
                let shelter = self.shelters.get(&absence.code)?;
                let nothing = |room: &crate::domain::rooms::Room| Line {
                    room_id: room.id,
                    beds: 0,
                    cots: 0,
                    state: Occupancy::default(),
                    planned_exit: None,
                };
                Some(Night {
                    shelter_id: shelter.id,
                    observed_at: absence.observed_at,
                    day: absence.night,
                    operating: false,
                    lines: shelter.rooms.iter().map(nothing).collect(),
                    sums: Sums::default(),
                    from_line: false,
                })
            });
            let nights: Vec<Night> = nights.collect();
            let tx = self.services.store.begin().await?;
            self.write(&tx, nights).await?;
            self.told(&tx, part.len()).await?;
            tx.commit().await?;
        }
        Ok(())
    }

    /// Stores the nights that say something new, and makes the newest of each shelter its current state.
    async fn write(&mut self, tx: &Tx, nights: Vec<Night>) -> Result<(), Refused> {
        let times = || nights.iter().map(|night| night.observed_at);
        let (Some(from), Some(to)) = (times().min(), times().max()) else {
            return Ok(());
        };
        let before = known(tx, from, to).await?;
        let mut rows = Vec::with_capacity(nights.len());
        let mut newest: HashMap<ShelterId, usize> = HashMap::new();
        for night in nights {
            let same = before
                .get(&(night.shelter_id, night.observed_at))
                .is_some_and(|known| says_the_same(known, &night));
            if same {
                self.counts.unchanged += u64::from(night.from_line);
                continue;
            }
            self.counts.stored += u64::from(night.from_line);
            self.counts.reports += 1;
            self.counts.not_operating += u64::from(!night.operating);
            let applied = self
                .heads
                .get(&night.shelter_id)
                .is_none_or(|head| *head <= night.observed_at);
            if applied {
                self.heads.insert(night.shelter_id, night.observed_at);
                newest.insert(night.shelter_id, rows.len());
            }
            rows.push(self.row(night, applied));
        }
        if let Some(first_day) = rows.iter().map(|row| row.day).min() {
            self.services.reopen_days(tx, first_day).await?;
        }
        bulk::insert_reports(tx, &rows).await?;
        let current: Vec<Report> = newest.into_values().filter_map(|at| rows.get(at).cloned()).collect();
        self.make_current(tx, current).await
    }

    fn row(&self, night: Night, applied: bool) -> Report {
        Report {
            id: ReportId(self.services.ids.uuid(self.now)),
            shelter_id: night.shelter_id,
            user_id: None,
            reported_by: self.map.name.chars().take(120).collect(),
            channel: Channel::Import,
            observed_at: night.observed_at,
            received_at: self.now,
            ordered_at: night.observed_at,
            day: night.day,
            clock_suspect: false,
            applied,
            operating: night.operating,
            sums: night.sums,
            note: None,
            lines: night.lines,
        }
    }

    async fn make_current(&mut self, tx: &Tx, mut rows: Vec<Report>) -> Result<(), Refused> {
        let mut sizes = Vec::new();
        for row in &rows {
            sizes.extend(row.lines.iter().map(|line| (line.room_id, line.beds, line.cots)));
        }
        for row in rows.iter_mut().filter(|row| self.old.contains(&row.shelter_id)) {
            let arrived = reports::arrivals_since(tx, row.shelter_id, row.observed_at).await?;
            for line in &mut row.lines {
                if let Some(taken) = arrived.get(&line.room_id) {
                    line.state.occupied_beds = line.state.occupied_beds.saturating_add(taken.beds);
                    line.state.occupied_cots = line.state.occupied_cots.saturating_add(taken.cots);
                }
            }
        }
        self.resize(tx, &sizes).await?;
        bulk::set_current(tx, &rows).await?;
        Ok(())
    }

    async fn told(&self, tx: &Tx, lines: usize) -> Result<(), Refused> {
        let detail = json!({"file": self.file, "map": self.map.name, "lines": lines});
        let object = ("import", self.file.to_owned());
        audit::append(tx, vec![entry(None, self.now, "import.occupancy", object, detail)]).await?;
        Ok(())
    }
}

fn night_of(row: &OccupancyRow, shelter: &Shelter) -> Night {
    let line = |room: &crate::domain::rooms::Room| {
        let told = row.rooms.iter().find(|told| told.label == room.label);
        Line {
            room_id: room.id,
            // A room that the line does not speak of has no beds that night.
            beds: told.map_or(0, |told| told.beds),
            cots: 0,
            state: told.map_or(Occupancy::default(), |told| Occupancy {
                occupied_beds: told.occupied.unwrap_or(0),
                out_of_service_beds: told.out_of_service,
                ..Occupancy::default()
            }),
            planned_exit: None,
        }
    };
    let lines: Vec<Line> = shelter.rooms.iter().map(line).collect();
    Night {
        shelter_id: shelter.id,
        observed_at: row.observed_at,
        day: row.night,
        operating: row.operating,
        sums: Sums::of(&shelter.rooms, &lines, row.operating),
        lines,
        from_line: true,
    }
}

/// Rooms that came later have no line in an older report; one without beds says the same.
fn says_the_same(known: &Known, night: &Night) -> bool {
    let empty = |line: &Line| line.beds == 0 && line.state == Occupancy::default();
    let beyond = |lines: &[Line], others: &[Line]| {
        lines
            .iter()
            .filter(|line| !empty(line))
            .all(|line| others.contains(line))
    };
    known.operating == night.operating && beyond(&known.lines, &night.lines) && beyond(&night.lines, &known.lines)
}
