//! Steps of those who seek a place and those who answer: referrals, holds and their ends.

use chrono::{NaiveDate, TimeDelta};
use panoh::domain::accounts::Actor;
use panoh::domain::holds::{DeclineReason, HoldEvent, HoldState, Outcome, ReleaseReason, UnmetReason};
use panoh::domain::id::{HoldId, Moment, ReferralId};
use panoh::domain::ranking::Suggestion;
use panoh::services::errors::Refused;
use panoh::services::holds::Ending;

use super::land::{asking, only, print_hold, print_referral, word};
use super::random::search;
use super::truth::{Case, ask_time, local_date};
use super::world::{Answered, World};

impl World {
    pub async fn refer(&mut self) {
        let officer = self.random.below(2);
        let today = local_date(self.now());
        let search = search(&mut self.random, today);
        let once = self.once(print_referral);
        let key = once.key.is_some().then_some(self.keys);
        let answer = self
            .land
            .services
            .refer(&self.land.officers[officer], search.clone(), once)
            .await
            .unwrap();
        if let Some(key) = key {
            let search = Box::new(search.clone());
            self.answered = Some(Answered::Referral {
                officer,
                key,
                search,
                answer: answer.clone(),
            });
        }
        self.truth.cases.push(Case {
            id: ReferralId(answer.parse().unwrap()),
            officer,
            search,
            outcome: None,
        });
        self.entries += 1;
        self.agree(
            &format!("refer {} by {officer}", self.truth.cases.len() - 1),
            "ok",
            "ok",
        );
    }

    /// One of the newest, mostly; any one now and then.
    pub fn some_case(&mut self) -> Option<usize> {
        let all = self.truth.cases.len();
        let span = if self.random.percent(90) { all.min(40) } else { all };
        (all > 0).then(|| all - 1 - self.random.below(span))
    }

    pub async fn hold(&mut self) {
        let Some(case) = self.some_case() else { return };
        let house = self.random.below(self.truth.houses.len());
        let own = self.truth.cases[case].officer;
        let officer = if self.random.percent(3) { 1 - own } else { own };
        let now = self.now();
        let from_date = self.some_start(now);
        let ahead = |date: &NaiveDate| *date > local_date(now);
        let on = from_date.or(self.truth.cases[case].search.earliest_date.filter(ahead));
        let ought = if officer != own {
            "not_found"
        } else if self.truth.cases[case].outcome.is_some() {
            "referral_closed"
        } else if self.truth.has_place(case, now) {
            "hold_active"
        } else if on.is_some_and(|on| !ahead(&on) || on > local_date(now) + TimeDelta::days(60)) {
            "invalid"
        } else if self.truth.fits_on(house, &self.truth.cases[case].search, now, on) {
            "ok"
        } else {
            "no_bed_left"
        };
        let once = self.once(print_hold);
        let key = once.key.is_some().then_some(self.keys);
        let (id, shelter) = (self.truth.cases[case].id, self.shelter(house));
        let answer = self
            .land
            .services
            .ask(&self.land.officers[officer], id, asking(shelter, from_date), once, only)
            .await;
        if let Err(Refused::NoBedLeft { next }) = &answer {
            self.judge_next((case, house), next, on, now);
        }
        let said = answer.as_ref().map_or_else(word, |_| "ok".to_owned());
        self.agree(
            &format!("hold for {case} in {house} from {on:?} by {officer}"),
            &said,
            ought,
        );
        let Ok(answer) = answer else { return };
        if let Some(key) = key {
            self.answered = Some(Answered::Hold {
                officer,
                case,
                shelter,
                from_date,
                key,
                answer: answer.clone(),
            });
        }
        self.entries += 1;
        let ask = ask_time(self.truth.cases[case].search.urgency);
        self.claim(HoldId(answer.parse().unwrap()), (case, house), (ask, on), now)
            .await;
    }

    /// Mostly none; else one of the next days, now and then one that cannot be.
    fn some_start(&mut self, now: Moment) -> Option<NaiveDate> {
        let days = match self.random.below(20) {
            0..=12 => return None,
            13..=18 => self.random.within(1, 5),
            _ => [-1, 0, 60, 61][self.random.below(4)],
        };
        Some(local_date(now) + TimeDelta::days(days))
    }

    /// The refusal's suggestions: other shelters, all of which fit, and some if any fits.
    fn judge_next(&self, (case, house): (usize, usize), next: &[Suggestion], on: Option<NaiveDate>, now: Moment) {
        let search = &self.truth.cases[case].search;
        let others: Vec<_> = (0..self.truth.houses.len())
            .filter(|other| *other != house && self.truth.fits_on(*other, search, now, on))
            .filter(|other| !self.truth.turned_down(*other, case, now))
            .map(|other| self.shelter(other))
            .collect();
        assert_eq!(next.len(), others.len().min(5), "next best places");
        assert!(
            next.iter().all(|suggestion| others.contains(&suggestion.shelter_id)),
            "one that fits"
        );
    }

    /// One that is open, mostly; any one now and then.
    pub fn some_stay(&mut self) -> Option<usize> {
        let now = self.now();
        let all = self.truth.stays.len();
        if self.random.percent(88) {
            let from = all.saturating_sub(200);
            let open: Vec<usize> = (from..all).filter(|at| self.truth.stays[*at].is_open(now)).collect();
            self.random.pick(&open).copied()
        } else {
            (all > 0).then(|| self.random.below(all))
        }
    }

    pub async fn move_on(&mut self, event: HoldEvent) {
        let Some(at) = self.some_stay() else { return };
        let (house, case) = (self.truth.stays[at].house, self.truth.stays[at].case);
        let own = self.truth.cases[case].officer;
        let by_officer = event == HoldEvent::Release && self.random.percent(80);
        let stranger = self.random.percent(3);
        let actor: Actor = if by_officer {
            self.land.officers[if stranger { 1 - own } else { own }].clone()
        } else {
            self.land.managers[usize::from(house >= 3) ^ usize::from(stranger)].clone()
        };
        let now = self.now();
        let (ought, next) = self.ought(at, event, stranger, now);
        let ending = Ending {
            decline: (event == HoldEvent::Decline).then_some(DeclineReason::Full),
            release: (event == HoldEvent::Release).then_some(ReleaseReason::HerChoice),
            note: None,
        };
        let before = self.truth.house(house, now);
        let answer = self
            .land
            .services
            .move_hold(&actor, self.truth.stays[at].id, event, ending)
            .await;
        let said = answer.as_ref().map_or_else(word, |_| "ok".to_owned());
        self.agree(&format!("{event} {at} (of {case} in {house})"), &said, ought);
        let Ok(view) = answer else { return };
        self.entries += 1;
        assert_eq!(view.state, next);
        self.settle(at, next, now);
        self.release_rest(at, now);
        assert_eq!(view.hold.expires_at, self.truth.stays[at].expires_at);
        assert_eq!(view.hold.ended_at, self.truth.stays[at].ended_at);
        if next == HoldState::Arrived {
            let after = self.truth.house(house, now);
            assert_eq!(
                (after.free, after.free_cots),
                (before.free, before.free_cots),
                "arrival frees and takes nothing"
            );
        }
    }

    /// What should become of it, in one word, and the state after a yes.
    fn ought(&self, at: usize, event: HoldEvent, stranger: bool, now: Moment) -> (&'static str, HoldState) {
        let stay = &self.truth.stays[at];
        let next = match event {
            HoldEvent::Accept => HoldState::Accepted,
            HoldEvent::Decline => HoldState::Declined,
            HoldEvent::Arrive => HoldState::Arrived,
            HoldEvent::NoShow => HoldState::NoShow,
            HoldEvent::Release => HoldState::Released,
            HoldEvent::Expire => HoldState::Expired,
        };
        let answers = matches!(event, HoldEvent::Accept | HoldEvent::Decline);
        let ends = matches!(event, HoldEvent::Arrive | HoldEvent::NoShow);
        let ought = if stranger {
            "not_found"
        } else if !matches!(stay.state, HoldState::Asked | HoldState::Accepted) {
            "hold_ended"
        } else if now >= stay.expires_at {
            "hold_expired"
        } else if answers && stay.state == HoldState::Accepted {
            "hold_already_accepted"
        } else if ends && stay.state == HoldState::Asked {
            "hold_not_accepted"
        } else if event == HoldEvent::Accept && self.truth.at_risk(at, now) {
            "hold_at_risk"
        } else if event == HoldEvent::Arrive && stay.is_ahead(now) && !self.truth.could_come(at, now) {
            "hold_too_early"
        } else {
            "ok"
        };
        (ought, next)
    }

    fn settle(&mut self, at: usize, next: HoldState, now: Moment) {
        use chrono::{Datelike, Duration};
        let stay = &mut self.truth.stays[at];
        stay.state = next;
        let case = &mut self.truth.cases[stay.case];
        if next == HoldState::Accepted {
            stay.silent = false;
            let local = now.with_timezone(&self.land.services.pack.time_zone);
            let to = &self.truth.houses[stay.house].shelter.district;
            let way = self
                .land
                .services
                .pack
                .travel(&case.search.from_district, to, local.month());
            let minutes = way.map_or(600.0, |way| way.minutes).ceil() as i64;
            let from = stay.starts_at.map_or(now, |start| start.max(now));
            stay.expires_at = from + Duration::hours(12) + Duration::minutes(minutes);
        } else {
            stay.ended_at = Some(now);
        }
        if next == HoldState::Arrived && case.outcome.is_none() {
            case.outcome = Some(Outcome::Placed);
        }
    }

    pub async fn sweep(&mut self) {
        let now = self.now();
        let ended = self.land.services.expire_due().await.unwrap();
        let mut ought = 0;
        for stay in &mut self.truth.stays {
            if matches!(stay.state, HoldState::Asked | HoldState::Accepted) && now >= stay.expires_at {
                (stay.state, stay.ended_at) = (HoldState::Expired, Some(stay.expires_at));
                ought += 1;
            }
        }
        self.entries += ought as u64;
        self.note(format!("sweep: {ended}"));
        assert_eq!(ended, ought, "holds swept");
    }

    pub async fn close(&mut self) {
        let Some(case) = self.some_case() else { return };
        let own = self.truth.cases[case].officer;
        let stranger = self.random.percent(5);
        let ought = if stranger {
            "not_found"
        } else if self.truth.has_place(case, self.now()) {
            "hold_active"
        } else if self.truth.cases[case].outcome.is_some() {
            "referral_closed"
        } else {
            "ok"
        };
        let actor = &self.land.officers[if stranger { 1 - own } else { own }];
        let id = self.truth.cases[case].id;
        let answer = self
            .land
            .services
            .close_referral(actor, id, Outcome::Unmet, vec![UnmetReason::NoCapacity])
            .await;
        let said = answer.as_ref().map_or_else(word, |_| "ok".to_owned());
        self.agree(&format!("close {case}"), &said, ought);
        if answer.is_ok() {
            self.truth.cases[case].outcome = Some(Outcome::Unmet);
            self.entries += 1;
        }
    }
}
