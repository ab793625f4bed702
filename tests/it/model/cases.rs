//! Steps of those who seek a place and those who answer: referrals, holds and their ends.

use panoh::domain::accounts::Actor;
use panoh::domain::holds::{DeclineReason, HoldEvent, HoldState, Outcome, ReleaseReason, UnmetReason};
use panoh::domain::id::{HoldId, Moment, ReferralId};
use panoh::domain::ranking::Suggestion;
use panoh::services::errors::Refused;
use panoh::services::holds::Ending;
use panoh::services::once::Once;

use super::land::{print_hold, print_referral, word};
use super::random::search;
use super::truth::{Case, Stay, ask_time};
use super::world::{Answered, World, key_of};

impl World {
    pub async fn refer(&mut self) {
        let officer = self.random.below(2);
        let search = search(&mut self.random);
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
        let ought = if officer != own {
            "not_found"
        } else if self.truth.cases[case].outcome.is_some() {
            "referral_closed"
        } else if self.truth.has_place(case, now) {
            "hold_active"
        } else if self.truth.fits(house, &self.truth.cases[case].search, now) {
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
            .hold(&self.land.officers[officer], id, shelter, once)
            .await;
        if let Err(Refused::NoBedLeft { next }) = &answer {
            self.judge_next(case, house, next, now);
        }
        let said = answer.as_ref().map_or_else(word, |_| "ok".to_owned());
        self.agree(&format!("hold for {case} in {house} by {officer}"), &said, ought);
        let Ok(answer) = answer else { return };
        if let Some(key) = key {
            self.answered = Some(Answered::Hold {
                officer,
                case,
                shelter,
                key,
                answer: answer.clone(),
            });
        }
        self.entries += 1;
        self.claim(HoldId(answer.parse().unwrap()), case, house, now).await;
    }

    /// The refusal's suggestions: other shelters, all of which fit, and some if any fits.
    fn judge_next(&self, case: usize, house: usize, next: &[Suggestion], now: Moment) {
        let search = &self.truth.cases[case].search;
        let others: Vec<_> = (0..self.truth.houses.len())
            .filter(|other| *other != house && self.truth.fits(*other, search, now))
            .map(|other| self.shelter(other))
            .collect();
        assert_eq!(next.len(), others.len().min(5), "next best places");
        assert!(
            next.iter().all(|suggestion| others.contains(&suggestion.shelter_id)),
            "one that fits"
        );
    }

    /// Writes a new hold down after looking at whether what it claims was there to be claimed.
    async fn claim(&mut self, id: HoldId, case: usize, house: usize, now: Moment) {
        let view = self.land.services.hold_of(self.manager(house), id).await.unwrap();
        let (rooms, search) = (&self.truth.houses[house].shelter.rooms, &self.truth.cases[case].search);
        let mut lines: Vec<(usize, i64, i64)> = Vec::new();
        let (mut beds, mut cots, mut units) = (0, 0, false);
        for line in &view.hold.lines {
            let room = rooms
                .iter()
                .position(|room| room.id == line.room_id)
                .expect("a room of this shelter");
            let sum = self.truth.room(house, room, now);
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
        let expires_at = now + ask_time(search.urgency);
        assert_eq!(
            (view.state, view.hold.expires_at, view.at_risk),
            (HoldState::Asked, expires_at, false)
        );
        self.truth.stays.push(Stay {
            id,
            case,
            house,
            lines,
            state: HoldState::Asked,
            asked_at: now,
            expires_at,
            ended_at: None,
        });
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
            let local = now.with_timezone(&self.land.services.pack.time_zone);
            let to = &self.truth.houses[stay.house].shelter.district;
            let way = self
                .land
                .services
                .pack
                .travel(&case.search.from_district, to, local.month());
            let minutes = way.map_or(600.0, |way| way.minutes).ceil() as i64;
            stay.expires_at = now + Duration::hours(12) + Duration::minutes(minutes);
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

    /// Sends the last request with a key again: the same answer and nothing changed; another body is refused.
    pub async fn again(&mut self) {
        let Some(answered) = self.answered.take() else { return };
        let services = &self.land.services;
        let (same, differs, answer) = match &answered {
            Answered::Report {
                shelter,
                key,
                draft,
                answer,
            } => {
                let manager = self.land.manager_of(*shelter);
                let once = |key| Once {
                    key: Some(key),
                    print: super::land::print_receipt,
                };
                (
                    services
                        .report(manager, *shelter, (**draft).clone(), once(key_of(*key, b"body")))
                        .await,
                    services
                        .report(
                            manager,
                            *shelter,
                            (**draft).clone(),
                            once(key_of(*key, b"another body")),
                        )
                        .await,
                    answer,
                )
            }
            Answered::Hold {
                officer,
                case,
                shelter,
                key,
                answer,
            } => {
                let (actor, id) = (&self.land.officers[*officer], self.truth.cases[*case].id);
                let once = |key| Once {
                    key: Some(key),
                    print: print_hold,
                };
                (
                    services.hold(actor, id, *shelter, once(key_of(*key, b"body"))).await,
                    services
                        .hold(actor, id, *shelter, once(key_of(*key, b"another body")))
                        .await,
                    answer,
                )
            }
            Answered::Referral {
                officer,
                key,
                search,
                answer,
            } => {
                let actor = &self.land.officers[*officer];
                let once = |key| Once {
                    key: Some(key),
                    print: print_referral,
                };
                (
                    services
                        .refer(actor, (**search).clone(), once(key_of(*key, b"body")))
                        .await,
                    services
                        .refer(actor, (**search).clone(), once(key_of(*key, b"another body")))
                        .await,
                    answer,
                )
            }
        };
        assert_eq!(&same.unwrap(), answer, "the answer of the first time");
        assert_eq!(word(&differs.unwrap_err()), "key_reused");
        self.note("the same again");
        self.answered = Some(answered);
    }
}
