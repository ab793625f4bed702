//! Reports as they are kept: append-only, with the rooms' sizes of their time.

use chrono::NaiveDate;

use super::id::{Moment, ReportId, RoomId, ShelterId, UserId};
use super::reports::Channel;
use super::rooms::{Held, Occupancy, Room, count};

#[derive(Debug, Clone)]
pub struct Report {
    pub id: ReportId,
    pub shelter_id: ShelterId,
    pub user_id: Option<UserId>,
    pub reported_by: String,
    pub channel: Channel,
    pub observed_at: Moment,
    pub received_at: Moment,
    /// What decides which report is newest: `observed_at`, or `received_at` under a suspect clock.
    pub ordered_at: Moment,
    pub day: NaiveDate,
    pub clock_suspect: bool,
    pub applied: bool,
    pub operating: bool,
    pub sums: Sums,
    pub note: Option<String>,
    pub lines: Vec<Line>,
}

impl Report {
    /// From when its figures count as seen: never later than they came, whatever the sender's clock said.
    pub fn seen_at(&self) -> Moment {
        self.observed_at.min(self.received_at)
    }

    /// Whether the two say different figures of any room that both have, or of taking people in. Planned exits and notes
    /// are no figures.
    pub fn differs_from(&self, other: &Self) -> bool {
        let changed = |line: &Line| {
            let twin = other.lines.iter().find(|twin| twin.room_id == line.room_id);
            twin.is_some_and(|twin| twin.state != line.state)
        };
        self.operating != other.operating || self.lines.iter().any(changed)
    }
}

/// A report's rooms in sum, holds left aside: what trends are drawn from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sums {
    pub beds: u32,
    pub occupied: u32,
    pub free: u32,
}

impl Sums {
    /// Adds up the lines, each by its room as large as it was then. A shelter that does not operate has no free bed.
    pub fn of(rooms: &[Room], lines: &[Line], operating: bool) -> Self {
        let mut sums = Self::default();
        for line in lines {
            let Some(room) = rooms.iter().find(|room| room.id == line.room_id) else {
                continue;
            };
            let then = Room {
                beds: line.beds,
                cots: line.cots,
                ..room.clone()
            };
            let counted = count(&then, &line.state, Held::default());
            sums.beds += counted.beds;
            sums.occupied += counted.occupied;
            sums.free += if operating { counted.free } else { 0 };
        }
        sums
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub room_id: RoomId,
    /// The room's size at that time.
    pub beds: u16,
    pub cots: u16,
    pub state: Occupancy,
    pub planned_exit: Option<NaiveDate>,
}

/// The newest applied report of a shelter, as its head row says.
#[derive(Debug, Clone, Default)]
pub struct Head {
    pub report_id: Option<ReportId>,
    pub observed_at: Option<Moment>,
    pub ordered_at: Option<Moment>,
    pub reported_by: Option<String>,
    pub operating: bool,
}

/// Which audit entries are asked for: all of what is given holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Of these objects only, whatever else is asked for: how far the reader's rights go.
    pub objects: Option<Vec<String>>,
    pub action: Option<String>,
    pub actor: Option<UserId>,
    pub object_type: Option<String>,
    pub object: Option<String>,
    /// Not before.
    pub from: Option<Moment>,
    /// Before.
    pub to: Option<Moment>,
    /// Older than this entry: where the page before ended.
    pub before: Option<Place>,
}

/// An audit entry's place among all: by time, and at one time by stream and number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    pub at: Moment,
    pub stream: u16,
    pub seq: i64,
}

/// An audit entry with its place in the chain.
#[derive(Debug, Clone)]
pub struct Chained {
    pub entry: super::audit::Entry,
    pub prev: super::audit::Link,
    pub hash: super::audit::Link,
}
