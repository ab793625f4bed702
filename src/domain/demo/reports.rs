//! The daily reports: one each day near the due time, a few late, a few forgotten, some typed offline and received
//! hours later.

use chrono::{Duration, TimeZone, Utc};

use super::super::id::Moment;
use super::super::logbook::{Line, Report, Sums};
use super::super::reports::Channel;
use super::super::rooms::RoomKind;
use super::random::Random;
use super::stays::Past;
use super::{DAYS, Demo, DemoShelter, Mood};

pub(super) fn reports(demo: &Demo, shelter: &DemoShelter, past: &Past, random: &mut Random) -> Vec<Report> {
    let last = last_report(demo, shelter, random);
    let mut times = Vec::new();
    for back in 1..DAYS {
        let Some(due) = due(demo, shelter, demo.now - Duration::days(back)) else {
            continue;
        };
        let at = due + lateness(random);
        // One in twenty-five is forgotten; one that would crowd the newest report was the newest report.
        if !random.chance(0.04) && at < last - Duration::hours(10) {
            times.push(at);
        }
    }
    times.push(last);
    times.sort_unstable();
    times.dedup();
    times
        .iter()
        .map(|at| report(demo, shelter, past, *at, random))
        .collect()
}

fn due(demo: &Demo, shelter: &DemoShelter, day: Moment) -> Option<Moment> {
    let local = day
        .with_timezone(&demo.zone)
        .date_naive()
        .and_time(shelter.shelter.report_due);
    demo.zone
        .from_local_datetime(&local)
        .earliest()
        .map(|at| at.with_timezone(&Utc))
}

fn lateness(random: &mut Random) -> Duration {
    let minutes = random.between(-55, 30) + random.between(0, 25);
    Duration::minutes(if random.chance(0.06) {
        minutes + random.between(90, 300)
    } else {
        minutes
    })
}

/// When the shelter reported last: as its mood says, otherwise recently enough to be fresh for some hours more.
fn last_report(demo: &Demo, shelter: &DemoShelter, random: &mut Random) -> Moment {
    match shelter.mood {
        Mood::Silent => demo.now - Duration::hours(96) - Duration::minutes(random.between(1, 90)),
        Mood::Aging => demo.now - Duration::hours(34) - Duration::minutes(random.between(1, 90)),
        _ => {
            let newest = (0..2)
                .filter_map(|back| due(demo, shelter, demo.now - Duration::days(back)))
                .map(|due| due + Duration::minutes(random.between(-55, 30)))
                .find(|at| *at <= demo.now - Duration::minutes(2));
            match newest {
                Some(at) if at > demo.now - Duration::hours(18) => at,
                _ => demo.now - Duration::minutes(random.between(4, 85)),
            }
        }
    }
}

fn report(demo: &Demo, shelter: &DemoShelter, past: &Past, at: Moment, random: &mut Random) -> Report {
    let wait = if random.chance(0.03) {
        random.between(60, 400)
    } else {
        random.between(0, 2)
    };
    let received_at = (at + Duration::minutes(wait)).min(demo.now);
    let lines = shelter.shelter.rooms.iter().enumerate().map(|(index, room)| Line {
        room_id: room.id,
        beds: room.beds,
        cots: room.cots,
        state: past.state(index, at),
        planned_exit: (room.kind == RoomKind::Private)
            .then(|| {
                past.stays
                    .iter()
                    .find(|stay| stay.room == index && stay.from <= at && at < stay.until)
            })
            .flatten()
            .filter(|stay| stay.until - at < Duration::days(8))
            .map(|stay| stay.until.with_timezone(&demo.zone).date_naive()),
    });
    let lines: Vec<Line> = lines.collect();
    Report {
        sums: Sums::of(&shelter.shelter.rooms, &lines, true),
        lines,
        id: random.uuid(received_at).into(),
        shelter_id: shelter.shelter.id,
        user_id: Some(shelter.manager),
        channel: Channel::Web,
        ordered_at: at,
        clock_suspect: false,
        applied: true,
        operating: true,
        note: None,
        reported_by: shelter.manager_name.clone(),
        observed_at: at,
        received_at,
        day: at.with_timezone(&demo.zone).date_naive(),
    }
}
