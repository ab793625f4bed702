//! A shelter's daily report, and the history of its reports.

use std::collections::HashMap;

use chrono::NaiveDate;
use serde_json::json;

use super::Services;
use super::errors::Refused;
use super::once::{Once, Turn};
use super::telling::Telling;
use crate::domain::accounts::Actor;
use crate::domain::availability::ShelterView;
use crate::domain::errors::FieldError;
use crate::domain::freshness::{Freshness, freshness};
use crate::domain::id::{Moment, ReportId, RoomId, ShelterId};
use crate::domain::logbook::{Head, Line, Report, Sums};
use crate::domain::reports::{
    Arrival, Channel, Clock, RawLine, ReportLine, Stamp, Warning, WarningCode, local_day, parse_lines, state_after,
    supersedes, warnings,
};
use crate::domain::rooms::Occupancy;
use crate::domain::stock::{Count, RawCount};
use crate::store::shelters::Which;
use crate::store::stock::Counting;
use crate::store::{Tx, reports, shelters, views};

/// A report as it comes in, its numbers not yet judged.
#[derive(Debug, Clone)]
pub struct ReportDraft {
    pub channel: Channel,
    pub observed_at: Moment,
    pub operating: bool,
    pub rooms: Vec<RawLine>,
    pub stock: Vec<RawCount>,
    pub planned_exits: Vec<(RoomId, NaiveDate)>,
    pub note: Option<String>,
    /// The report that was in force when this one was written, as far as its writer knew.
    pub based_on: Option<ReportId>,
}

/// What became of a report.
#[derive(Debug, Clone)]
pub struct Receipt {
    pub id: ReportId,
    pub received_at: Moment,
    /// Whether it is now the current state; a late one is history.
    pub applied: bool,
    pub freshness: Freshness,
    pub warnings: Vec<Warning>,
    /// A report that its writer had not seen, and that says something else.
    pub conflict: Option<Unseen>,
}

/// Another report, for its reader to compare: the rooms' labels beside its lines.
#[derive(Debug, Clone)]
pub struct Unseen {
    pub report: Report,
    pub labels: HashMap<RoomId, String>,
}

impl Services {
    /// Takes a report in one transaction: the report, the state it leads to, stock, audit and the kept answer.
    pub async fn report(
        &self,
        actor: &Actor,
        id: ShelterId,
        draft: ReportDraft,
        once: Once<Receipt>,
    ) -> Result<String, Refused> {
        if !actor.own_shelters().covers(id) {
            return Err(Refused::NotFound);
        }
        self.catalogue_with(draft.stock.iter().map(|count| count.item.as_str()))
            .await?;
        let now = self.now();
        let tx = self.store.begin_together().await?;
        let claimed = match once.claim(&tx, actor, now).await? {
            Turn::Again(answer) => {
                tx.rollback().await?;
                return Ok(answer);
            }
            Turn::First(claimed) => claimed,
        };
        let mut telling = self.telling(now);
        let receipt = self.take_report(&tx, actor, id, draft, &mut telling).await?;
        let answer = claimed.keep(&tx, &receipt).await?;
        self.finish(tx, telling).await?;
        if receipt.applied {
            self.refresh(Which::Ids(&[id])).await?;
        }
        Ok(answer)
    }

    /// Takes a report of one of the actor's own shelters inside a transaction, under the shelter's lock. The board is for the
    /// caller to refresh after the commit, if it is applied.
    pub(super) async fn take_report(
        &self,
        tx: &Tx,
        actor: &Actor,
        id: ShelterId,
        draft: ReportDraft,
        telling: &mut Telling,
    ) -> Result<Receipt, Refused> {
        let now = telling.now;
        let head = views::lock(tx, id).await?.ok_or(Refused::NotFound)?;
        let view = views::under_lock(tx, id, &head, now).await?.ok_or(Refused::NotFound)?;
        let (lines, counts) = self.check_report(&view, &draft, now)?;
        let current = head
            .observed_at
            .zip(head.ordered_at)
            .map(|(observed_at, ordered_at)| Stamp {
                observed_at,
                received_at: ordered_at,
                clock: if observed_at == ordered_at {
                    Clock::Ok
                } else {
                    Clock::Suspect
                },
            });
        let stamp = Stamp::new(draft.observed_at, now);
        let applied = supersedes(current.as_ref(), &stamp);
        let report = self.report_row(actor, &view, &draft, &lines, stamp, applied);
        let conflict = self.unseen(tx, &head, &view, &draft, &report).await?;
        reports::insert(tx, &report).await?;
        let mut warnings = if applied {
            self.apply(tx, &view, &report, &lines, telling).await?
        } else {
            Vec::new()
        };
        let of = Counting {
            shelter: id,
            report: Some(report.id),
            user: Some(actor.user_id),
            observed_at: report.ordered_at,
            received_at: report.received_at,
        };
        let shelves = self.shelves_of(tx, id, &counts).await?;
        let unusual = self.unusual(tx, id, &counts, &shelves, now).await?;
        let unusual = (unusual.into_iter().enumerate()).filter(|(_, unusual)| *unusual);
        warnings.extend(unusual.map(|(at, _)| Warning {
            code: WarningCode::UnusualChange,
            field: format!("stock[{at}].on_hand"),
        }));
        self.put_counts(tx, &of, &counts, shelves).await?;
        let detail = json!({"report": report.id, "applied": applied, "channel": report.channel});
        telling.entry(Some(actor), "report.receive", ("shelter", id.to_string()), detail);
        telling.report(report.channel);
        Ok(Receipt {
            id: report.id,
            received_at: now,
            applied,
            freshness: freshness(
                if applied {
                    Some(report.observed_at)
                } else {
                    view.observed_at
                },
                view.shelter.report_interval_hours,
                now,
            ),
            warnings,
            conflict,
        })
    }

    /// The report in force, if whoever wrote this one had not seen it and its figures differ. Both stay in the history
    /// and time says which is in force; which is right is for people to say.
    async fn unseen(
        &self,
        tx: &Tx,
        head: &Head,
        view: &ShelterView,
        draft: &ReportDraft,
        report: &Report,
    ) -> Result<Option<Unseen>, Refused> {
        let (Some(seen), Some(current)) = (draft.based_on, head.report_id) else {
            return Ok(None);
        };
        if seen == current {
            return Ok(None);
        }
        let other = reports::one(tx, view.shelter.id, current).await?;
        let labels = || {
            view.shelter
                .rooms
                .iter()
                .map(|room| (room.id, room.label.clone()))
                .collect()
        };
        Ok(other.filter(|other| other.differs_from(report)).map(|report| Unseen {
            report,
            labels: labels(),
        }))
    }

    /// All faults of a report at once, each by its field.
    fn check_report(
        &self,
        view: &ShelterView,
        draft: &ReportDraft,
        now: Moment,
    ) -> Result<(Vec<ReportLine>, Vec<Count>), Refused> {
        let (lines, mut errors) = match parse_lines(&draft.rooms, &view.shelter.rooms) {
            Ok(lines) => (lines, Vec::new()),
            Err(errors) => (Vec::new(), errors),
        };
        if draft.operating && errors.is_empty() {
            for room in &view.shelter.rooms {
                if !lines.iter().any(|line| line.room_id == room.id) {
                    let detail = format!("room {} ({}) has no line", room.label, room.id);
                    errors.push(FieldError::new("rooms", "incomplete", detail));
                }
            }
        }
        let counts = Count::parse(&draft.stock, &self.catalogue()).unwrap_or_else(|faults| {
            errors.extend(faults);
            Vec::new()
        });
        // The day on which it was written: what a phone has kept over midnight is still taken.
        let today = local_day(Stamp::new(draft.observed_at, now).effective(), self.pack.time_zone);
        for (at, (room, date)) in draft.planned_exits.iter().enumerate() {
            if !view.shelter.rooms.iter().any(|known| known.id == *room) {
                errors.push(FieldError::new(
                    format!("planned_exits[{at}].room_id"),
                    "unknown",
                    "no such room",
                ));
            }
            if draft.planned_exits.iter().take(at).any(|(other, _)| other == room) {
                errors.push(FieldError::new(
                    format!("planned_exits[{at}].room_id"),
                    "duplicate",
                    "this room has one already",
                ));
            }
            if *date < today || *date > today + chrono::Days::new(366) {
                let detail = "from the day of the report to a year ahead";
                errors.push(FieldError::new(
                    format!("planned_exits[{at}].date"),
                    "out_of_range",
                    detail,
                ));
            }
        }
        if errors.is_empty() {
            Ok((lines, counts))
        } else {
            Err(Refused::Invalid(errors))
        }
    }

    fn report_row(
        &self,
        actor: &Actor,
        view: &ShelterView,
        draft: &ReportDraft,
        lines: &[ReportLine],
        stamp: Stamp,
        applied: bool,
    ) -> Report {
        let sizes: HashMap<RoomId, (u16, u16)> = view
            .shelter
            .rooms
            .iter()
            .map(|room| (room.id, (room.beds, room.cots)))
            .collect();
        // A shelter that is closed may leave rooms out: nobody is in them.
        let empty = view
            .shelter
            .rooms
            .iter()
            .filter(|room| !lines.iter().any(|line| line.room_id == room.id))
            .map(|room| ReportLine {
                room_id: room.id,
                state: Occupancy::default(),
            });
        let lines: Vec<Line> = lines
            .iter()
            .copied()
            .chain(empty)
            .map(|line| {
                let (beds, cots) = sizes.get(&line.room_id).copied().unwrap_or_default();
                let exit = draft.planned_exits.iter().find(|(room, _)| *room == line.room_id);
                Line {
                    room_id: line.room_id,
                    beds,
                    cots,
                    state: line.state,
                    planned_exit: exit.map(|(_, date)| *date),
                }
            })
            .collect();
        Report {
            id: ReportId(self.ids.uuid(stamp.received_at)),
            shelter_id: view.shelter.id,
            user_id: Some(actor.user_id),
            reported_by: actor.name.clone(),
            channel: draft.channel,
            observed_at: stamp.observed_at,
            received_at: stamp.received_at,
            ordered_at: stamp.effective(),
            day: local_day(stamp.effective(), self.pack.time_zone),
            clock_suspect: stamp.clock == Clock::Suspect,
            applied,
            operating: draft.operating,
            note: draft.note.clone(),
            sums: Sums::of(&view.shelter.rooms, &lines, draft.operating),
            lines,
        }
    }

    /// Makes the report current, with whoever arrived after it was true; says what in it wants a second look.
    async fn apply(
        &self,
        tx: &Tx,
        view: &ShelterView,
        report: &Report,
        lines: &[ReportLine],
        telling: &mut Telling,
    ) -> Result<Vec<Warning>, Refused> {
        let now = telling.now;
        let since = reports::arrivals_since(tx, view.shelter.id, report.ordered_at).await?;
        let arrivals: Vec<Arrival> = since
            .iter()
            .map(|(room, taken)| Arrival {
                room_id: *room,
                beds: taken.beds,
                cots: taken.cots,
            })
            .collect();
        let states: Vec<Line> = report
            .lines
            .iter()
            .map(|line| {
                let said = ReportLine {
                    room_id: line.room_id,
                    state: line.state,
                };
                // Who has come since is not due to leave: the room will not be empty on that day.
                let somebody_came = since.contains_key(&line.room_id);
                Line {
                    state: state_after(&said, &arrivals),
                    planned_exit: line.planned_exit.filter(|_| !somebody_came),
                    ..line.clone()
                }
            })
            .collect();
        reports::apply(tx, report, &states).await?;
        let usual: HashMap<RoomId, u16> = view
            .rooms
            .iter()
            .map(|room| (room.room.id, room.state.occupied_beds))
            .collect();
        let mut then = view.rooms.clone();
        for room in &mut then {
            if let Some(line) = states.iter().find(|line| line.room_id == room.room.id) {
                room.state = line.state;
            }
        }
        self.tell_at_risk(tx, view, &then, telling).await?;
        let known = view.observed_at.is_some();
        Ok(warnings(
            lines,
            &then,
            |room| usual.get(&room).copied().filter(|_| known),
            now,
        ))
    }

    /// One page of a shelter's reports, newest first, with its rooms' labels.
    pub async fn report_history(
        &self,
        actor: &Actor,
        id: ShelterId,
        before: Option<Moment>,
        limit: u64,
    ) -> Result<(Vec<Report>, HashMap<RoomId, String>), Refused> {
        if shelters::get(&self.store, &actor.own_shelters(), id).await?.is_none() {
            return Err(Refused::NotFound);
        }
        let labels = reports::room_labels(&self.store, id).await?;
        Ok((reports::page(&self.store, id, before, limit).await?, labels))
    }
}
