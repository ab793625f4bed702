//! Thirty days of free beds, each day at its end, so that the last point and those before it mean the same.

use std::collections::HashMap;

use chrono::{Days, NaiveDate, NaiveTime};

use super::Services;
use super::errors::Refused;
use crate::domain::availability::{Counts, ShelterView};
use crate::domain::calendar;
use crate::domain::digests::DayPoint;
use crate::domain::id::{Moment, RoomId};
use crate::domain::rooms::{Room, RoomKind};
use crate::store::{history, holds};

/// Days before the digest's own.
const DAYS_BEFORE: u64 = 29;

impl Services {
    /// The days before `date` as their reports and the holds of their evenings say, and `date` itself as it stands in
    /// `now`. Who arrived after a day's report is taken from the report of the next.
    pub(super) async fn trend(
        &self,
        date: NaiveDate,
        scope: Option<&str>,
        views: &[&ShelterView],
        now: &Counts,
    ) -> Result<Vec<DayPoint>, Refused> {
        let from = date.checked_sub_days(Days::new(DAYS_BEFORE)).unwrap_or(date);
        let days = history::daily(&self.store, from, date, scope).await?;
        let ends: HashMap<NaiveDate, Moment> = days.keys().filter_map(|day| Some((*day, self.end_of(*day)?))).collect();
        let rooms: HashMap<RoomId, &Room> = (views.iter())
            .flat_map(|view| &view.rooms)
            .map(|view| (view.room.id, &view.room))
            .collect();
        let spans = match (ends.values().min(), ends.values().max()) {
            (Some(first), Some(last)) => holds::spans(&self.store, *first, *last).await?,
            _ => Vec::new(),
        };
        let small = |n: i64| u32::try_from(n.max(0)).unwrap_or(u32::MAX);
        let mut points: Vec<DayPoint> = days
            .into_iter()
            .filter(|(day, _)| *day < date)
            .map(|(date, sum)| {
                let held: i64 = (spans.iter())
                    .filter(|span| {
                        ends.get(&date)
                            .is_some_and(|end| span.from <= *end && *end < span.until)
                    })
                    .filter_map(|span| Some((span, rooms.get(&span.room)?)))
                    // A private room that is held for somebody is free for nobody else.
                    .map(|(span, room)| {
                        i64::from(if room.kind == RoomKind::Private {
                            room.beds
                        } else {
                            span.beds
                        })
                    })
                    .sum();
                DayPoint {
                    date,
                    beds: small(sum.beds),
                    occupied: small(sum.occupied),
                    free: small(sum.free - held),
                }
            })
            .collect();
        let cut = |n: u64| u32::try_from(n).unwrap_or(u32::MAX);
        points.push(DayPoint {
            date,
            beds: cut(now.beds),
            occupied: cut(now.occupied),
            free: cut(now.free),
        });
        Ok(points)
    }

    /// The instant at which a day of the reports ends.
    fn end_of(&self, day: NaiveDate) -> Option<Moment> {
        calendar::instant(self.pack.time_zone, day.succ_opt()?.and_time(NaiveTime::MIN))
    }
}
