//! Steps with several shelters at once: waves, what an acceptance does to the rest of one, and holds prolonged.

use chrono::{NaiveDate, TimeDelta};
use panoh::domain::holds::HoldState;
use panoh::domain::id::{HoldId, Moment};
use panoh::services::errors::Refused;
use panoh::services::waves::{Asking, Whom};

use super::land::{once, print_hold, print_wave, word};
use super::truth::{Stay, local_date, midnight};
use super::world::World;

impl World {
    /// As many shelters as fit are asked, up to the number wanted; all of them share one wave and one deadline.
    pub async fn wave(&mut self) {
        let Some(case) = self.some_case() else { return };
        let own = self.truth.cases[case].officer;
        let officer = if self.random.percent(3) { 1 - own } else { own };
        let wanted = 1 + self.random.below(5);
        let now = self.now();
        let search = &self.truth.cases[case].search;
        let on = search.earliest_date.filter(|date| *date > local_date(now));
        let fits: Vec<usize> = (0..self.truth.houses.len())
            .filter(|house| self.truth.fits_on(*house, search, now, on) && !self.truth.turned_down(*house, case, now))
            .collect();
        let ought = if officer != own {
            "not_found"
        } else if self.truth.cases[case].outcome.is_some() {
            "referral_closed"
        } else if self.truth.has_place(case, now) {
            "hold_active"
        } else if on.is_some_and(|on| on > local_date(now) + TimeDelta::days(60)) {
            "invalid"
        } else if fits.is_empty() {
            "no_bed_left"
        } else {
            "ok"
        };
        let mut asking = Asking::of(Whom::Wave(u8::try_from(wanted).unwrap()));
        asking.ask_minutes = self.random.percent(50).then(|| 5 + self.random.below(100) as u16);
        let given = asking.ask_minutes;
        let (actor, id) = (&self.land.officers[officer], self.truth.cases[case].id);
        let answer = self.land.services.ask(actor, id, asking, once(print_wave), Some).await;
        if let Err(Refused::NoBedLeft { next }) = &answer {
            assert!(next.is_empty(), "what fits would have been asked");
        }
        let said = answer.as_ref().map_or_else(word, |_| "ok".to_owned());
        self.agree(&format!("wave of {wanted} for {case} by {officer}"), &said, ought);
        let Ok(answer) = answer else { return };
        let ids: Vec<HoldId> = answer.split(' ').map(|id| HoldId(id.parse().unwrap())).collect();
        assert_eq!(ids.len(), wanted.min(fits.len()), "as many as fit");
        let mut waves = std::collections::BTreeSet::new();
        for id in ids {
            let view = self.land.services.hold_of(&self.land.officers[own], id).await.unwrap();
            let shelters = self.truth.houses.iter();
            let house = shelters
                .map(|house| house.shelter.id)
                .position(|id| id == view.hold.shelter_id);
            let ask = view.hold.expires_at - now;
            assert!(given.is_none_or(|minutes| ask == TimeDelta::minutes(i64::from(minutes))));
            assert!((5..=24 * 60).contains(&ask.num_minutes()), "{ask}");
            waves.insert((view.hold.wave_id, view.hold.expires_at));
            self.claim(id, (case, house.unwrap()), (ask, on), now).await;
            self.entries += 1;
        }
        assert_eq!(waves.len(), 1, "one wave, one deadline");
    }

    /// An acceptance releases everybody else who was asked for her.
    pub fn release_rest(&mut self, winner: usize, now: Moment) {
        if self.truth.stays[winner].state != HoldState::Accepted {
            return;
        }
        let case = self.truth.stays[winner].case;
        for (at, stay) in self.truth.stays.iter_mut().enumerate() {
            if at != winner && stay.case == case && stay.is_open(now) {
                (stay.state, stay.ended_at) = (HoldState::Released, Some(now));
                self.entries += 1;
            }
        }
    }

    pub async fn extend(&mut self) {
        let Some(at) = self.some_stay() else { return };
        let stay = &self.truth.stays[at];
        let own = self.truth.cases[stay.case].officer;
        let officer = if self.random.percent(3) { 1 - own } else { own };
        let (now, id) = (self.now(), stay.id);
        let ought = if officer != own {
            "not_found"
        } else if !matches!(stay.state, HoldState::Asked | HoldState::Accepted) {
            "hold_ended"
        } else if now >= stay.expires_at {
            "hold_expired"
        } else if stay.extended >= 2 {
            "hold_extensions_spent"
        } else {
            "ok"
        };
        let actor = &self.land.officers[officer];
        let answer = self.land.services.extend_hold(actor, id, once(print_hold)).await;
        let said = answer.as_ref().map_or_else(word, |_| "ok".to_owned());
        self.agree(&format!("extend {at} by {officer}"), &said, ought);
        if answer.is_ok() {
            let stay = &mut self.truth.stays[at];
            stay.extended += 1;
            stay.expires_at += match stay.state {
                HoldState::Accepted => TimeDelta::hours(6),
                _ => stay.ask,
            };
            self.entries += 1;
        }
    }

    /// Writes a new hold down after looking at whether what it claims was there to be claimed.
    pub async fn claim(
        &mut self,
        id: HoldId,
        (case, house): (usize, usize),
        (ask, on): (TimeDelta, Option<NaiveDate>),
        now: Moment,
    ) {
        let view = self.land.services.hold_of(self.manager(house), id).await.unwrap();
        let (rooms, search) = (&self.truth.houses[house].shelter.rooms, &self.truth.cases[case].search);
        let mut lines: Vec<(usize, i64, i64)> = Vec::new();
        let (mut beds, mut cots, mut units) = (0, 0, false);
        for line in &view.hold.lines {
            let room = rooms
                .iter()
                .position(|room| room.id == line.room_id)
                .expect("a room of this shelter");
            let sum = self.truth.room_on(house, room, now, on);
            assert!(lines.iter().all(|(other, ..)| *other != room), "one line for a room");
            assert!(
                i64::from(line.beds) <= sum.free && i64::from(line.cots) <= sum.free_cots,
                "{line:?} of {sum:?}"
            );
            units |= rooms[room].sleeps.is_some();
            (beds, cots) = (beds + i64::from(line.beds), cots + i64::from(line.cots));
            lines.push((room, i64::from(line.beds), i64::from(line.cots)));
        }
        let infants = i64::from(search.household.infants());
        let sleepers = i64::from(search.household.persons()) - infants;
        assert!(
            lines.len() == 1 || search.rooms_apart_ok,
            "in one room unless apart is all right"
        );
        assert!(units || beds == sleepers, "a bed for everybody: {beds} of {sleepers}");
        assert!(cots <= infants);
        assert_eq!((i64::from(view.hold.beds), i64::from(view.hold.cots)), (beds, cots));
        let expires_at = now + ask;
        assert_eq!(
            (view.state, view.hold.expires_at, view.at_risk),
            (HoldState::Asked, expires_at, false)
        );
        assert_eq!((view.hold.starts_on, view.hold.starts_at), (on, on.map(midnight)));
        self.truth.stays.push(Stay {
            id,
            case,
            house,
            lines,
            wave: view.hold.wave_id,
            ask,
            extended: 0,
            silent: true,
            state: HoldState::Asked,
            asked_at: now,
            expires_at,
            ended_at: None,
            starts_at: on.map(midnight),
        });
    }
}
