//! Holds from a later date: a full room is due to empty, and somebody is promised it from that day on.

use chrono::{Duration, NaiveTime};

use super::super::calendar::{instant, local_date};
use super::super::holds::HoldState;
use super::super::household::Urgency;
use super::super::logbook::Line;
use super::super::rooms::Occupancy;
use super::course::Course;
use super::placements::Desk;

impl Desk<'_> {
    /// One household for the first full room of this shelter that is due to empty after tomorrow, if one is.
    pub(super) fn promise_what_empties(&mut self, current: &[Line]) {
        let (now, zone) = (self.demo.now, self.demo.zone);
        let today = local_date(zone, now);
        let full = |line: &Line| line.state.occupied_beds + line.state.out_of_service_beds == line.beds;
        let due = current.iter().enumerate().find_map(|(room, line)| {
            let exit = line
                .planned_exit
                .filter(|exit| (*exit - today).num_days() > 1 && full(line))?;
            Some((room, exit))
        });
        let Some((room, exit)) = due else { return };
        let Some(starts_at) = instant(zone, exit.and_time(NaiveTime::MIN)) else {
            return;
        };
        // Every other room is as good as full: she is to have the one that empties.
        let states: Vec<Occupancy> = current
            .iter()
            .enumerate()
            .map(|(at, line)| Occupancy {
                occupied_beds: if at == room { 0 } else { line.beds },
                occupied_cots: 0,
                ..line.state
            })
            .collect();
        let Some((family, claim)) = self.somebody(&states, &[]) else {
            return;
        };
        let asked_at = now - Duration::minutes(self.random.between(90, 400));
        let course = Course {
            state: HoldState::Accepted,
            asked_at,
            expires_at: starts_at + Duration::hours(15),
            accepted_at: Some(asked_at + Duration::minutes(self.random.between(5, 50))),
            ended_at: None,
            reason: None,
        };
        let Some(mut referral) = self.refer(&family, asked_at, (None, None, Vec::new())) else {
            return;
        };
        referral.search.earliest_date = Some(exit);
        referral.search.urgency = Urgency::Planned;
        self.hold(self.position, &referral, claim, course);
        if let Some(row) = self.referrals.last_mut() {
            *row = referral;
        }
        if let Some(hold) = self.holds.last_mut() {
            (hold.starts_on, hold.starts_at) = (Some(exit), Some(starts_at));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::SHELTERS;
    use super::super::tests::{demo_at, now};

    #[test]
    fn a_room_due_to_empty_is_held_from_that_day() {
        for seed in 0..12 {
            let demo = demo_at(seed, SHELTERS, now());
            let mut ahead = 0;
            for position in 0..SHELTERS {
                let history = demo.history(position);
                for hold in history.holds.iter().filter(|hold| hold.starts_at.is_some()) {
                    let line = history
                        .current
                        .iter()
                        .find(|line| line.room_id == hold.lines[0].room_id)
                        .unwrap();
                    let referral = history.referrals.iter().find(|row| row.id == hold.referral_id).unwrap();
                    assert_eq!(
                        (line.planned_exit, referral.search.earliest_date),
                        (hold.starts_on, hold.starts_on)
                    );
                    assert!(hold.starts_at > Some(demo.now) && hold.expires_at > hold.starts_at.unwrap());
                    assert!(hold.is_active(demo.now) && hold.lines[0].beds <= line.beds);
                    ahead += 1;
                }
            }
            assert!(ahead > 0, "seed {seed}");
        }
    }
}
