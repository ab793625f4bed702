//! Steps of those who run shelters: reports of every sort.

use chrono::{Duration, NaiveDate};
use panoh::domain::id::{Moment, ReportId};
use panoh::domain::reports::{Channel, RawLine};
use panoh::domain::rooms::{OutOfServiceReason, RoomKind};
use panoh::services::reports::ReportDraft;

use super::goods::{Event, raw_counts};
use super::land::{print_receipt, word};
use super::random::Random;
use super::truth::{Seen, Told, local_date, order_of};
use super::world::{Answered, World};

pub const ITEMS: [&str; 4] = ["flour", "rice", "oil", "sugar"];

impl World {
    /// Mostly now; sometimes long ago, a little ahead, or by a clock that cannot be believed.
    fn observed(&mut self, now: Moment) -> Moment {
        let random = &mut self.random;
        let back = match random.below(20) {
            0..=9 => 0,
            10..=13 => random.within(1, 30 * 60_000),
            14..=16 => random.within(1, 72 * 3_600_000),
            17 => random.within(72 * 3_600_000 + 1, 400 * 86_400_000),
            18 => -random.within(1, 600_000),
            _ => -random.within(600_001, 400 * 86_400_000),
        };
        now - Duration::milliseconds(back)
    }

    fn line(&mut self, house: usize, room: usize) -> (RawLine, Seen) {
        let plan = &self.truth.houses[house].shelter.rooms[room];
        let (kind, beds, cots, room_id) = (plan.kind, i64::from(plan.beds), i64::from(plan.cots), plan.id);
        let random = &mut self.random;
        let lived_in = random.percent(if kind == RoomKind::Private { 30 } else { 60 });
        let mut seen = Seen::default();
        if lived_in {
            seen.occupied = random.within(0, beds);
            seen.occupied_cots = random.within(0, cots);
        }
        if random.percent(6) {
            seen.occupied = beds + random.within(1, 4);
        }
        if random.percent(12) {
            seen.out = random.within(0, beds);
        }
        let raw = RawLine {
            room_id,
            occupied_beds: seen.occupied,
            occupied_cots: seen.occupied_cots,
            out_of_service_beds: seen.out,
            out_of_service_reason: (seen.out > 0).then_some(OutOfServiceReason::Repair),
        };
        (raw, seen)
    }

    /// Some of those who live there are to leave in the next days.
    fn exits(&mut self, seen: &[Seen], now: Moment) -> Vec<Option<NaiveDate>> {
        let leaves = |random: &mut Random, seen: &Seen| {
            let known = seen.occupied > 0 && random.percent(40);
            known.then(|| local_date(now) + Duration::days(random.within(0, 4)))
        };
        seen.iter().map(|seen| leaves(&mut self.random, seen)).collect()
    }

    pub fn counts(&mut self) -> Vec<(String, i64)> {
        let items = ITEMS.iter().filter(|_| self.random.percent(40));
        let items: Vec<&str> = items.copied().collect();
        items
            .into_iter()
            .map(|item| (item.to_owned(), self.random.within(0, 400)))
            .collect()
    }

    pub async fn report(&mut self) {
        let house = self.random.below(self.truth.houses.len());
        let now = self.now();
        let observed_at = self.observed(now);
        let operating = !self.random.percent(5);
        let mut ought = "ok";
        let (mut rooms, mut seen) = (Vec::new(), Vec::new());
        for room in 0..self.truth.houses[house].shelter.rooms.len() {
            let (raw, line) = self.line(house, room);
            if self.random.percent(if operating { 1 } else { 40 }) {
                seen.push(Seen::default());
                if operating {
                    ought = "invalid";
                }
            } else {
                rooms.push(raw);
                seen.push(line);
            }
        }
        if self.random.percent(3)
            && let Some(line) = rooms.first_mut()
        {
            line.occupied_beds = [-1, i64::MIN, i64::MAX, 1_000_000_000][self.random.below(4)];
            ought = "invalid";
        }
        let stock = self.counts();
        let exits = self.exits(&seen, now);
        let plan = &self.truth.houses[house].shelter.rooms;
        let planned_exits = plan
            .iter()
            .zip(&exits)
            .filter_map(|(room, exit)| Some((room.id, (*exit)?)))
            .collect();
        let stranger = self.random.percent(2);
        let draft = ReportDraft {
            channel: Channel::Api,
            observed_at,
            operating,
            rooms,
            stock: raw_counts(&stock, false),
            planned_exits,
            note: None,
            based_on: None,
        };
        let manager = &self.land.managers[usize::from(house >= 3) ^ usize::from(stranger)].clone();
        let ought = if stranger { "not_found" } else { ought };
        let once = self.once(print_receipt);
        let key = once.key.is_some().then_some(self.keys);
        let (shelter, order) = (self.shelter(house), order_of(observed_at, now));
        let current = self.truth.newest(house, now).map(|told| told.order);
        let answer = self.land.services.report(manager, shelter, draft.clone(), once).await;
        let said = answer.as_ref().map_or_else(word, |_| "ok".to_owned());
        self.agree(
            &format!("report of {house}, observed {observed_at:?}, {:?}", draft.rooms),
            &said,
            ought,
        );
        let Ok(answer) = answer else { return };
        let applied = current.is_none_or(|current| order >= current);
        let (id, told_applied) = answer.split_once(' ').unwrap();
        assert_eq!(told_applied, applied.to_string(), "whether the report is current now");
        self.last_report = Some(ReportId(id.parse().unwrap()));
        if let Some(key) = key {
            let draft = Box::new(draft);
            self.answered = Some(Answered::Report {
                shelter,
                key,
                draft,
                answer,
            });
        }
        self.entries += 1;
        for (item, units) in stock {
            self.truth.shelf(house, &item).push(order, Event::Counted(units));
        }
        self.truth.houses[house].reports.push(Told {
            observed_at: observed_at.min(now),
            received_at: now,
            order,
            operating,
            rooms: seen,
            exits,
        });
    }
}
