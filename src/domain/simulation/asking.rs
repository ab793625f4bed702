//! The officer's side of the days: asking, waiting, taking no for an answer, and asking further. What a house says
//! comes from the truth; it must not reach the policy in any other way.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::super::fit::admits;
use super::super::id::HoldId;
use super::days::{Days, Event};
use super::policy::{Look, Policy, Question};
use super::world::Minute;

/// What came of asking a house.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tried {
    /// Refused her: never again.
    Refused,
    /// Had no room at that moment.
    Full(Minute),
    Silent(Minute),
}

pub(super) struct Ask {
    pub(super) house: usize,
    pub(super) hold: HoldId,
    pub(super) asked_at: Minute,
    pub(super) refuses: bool,
    pub(super) open: bool,
}

#[derive(Default)]
pub(super) struct Case {
    pub(super) closed: bool,
    pub(super) asks: Vec<Ask>,
    /// How many of the asks were there when the last batch was asked.
    pub(super) batch: usize,
    pub(super) again: bool,
    pub(super) tried: BTreeMap<usize, Tried>,
    /// The number of the next turn, and when it comes.
    pub(super) turn: u32,
    pub(super) turn_at: Minute,
}

/// Without an answer, a house is asked again after four hours.
const ASKED_AGAIN: Minute = 240;
impl Days<'_> {
    /// The officer will look again after `after` minutes, whatever was planned before.
    pub(super) fn turn_in(&mut self, referral: usize, now: Minute, after: Minute) {
        let Some(case) = self.cases.get_mut(referral) else {
            return;
        };
        case.turn += 1;
        case.turn_at = now + after;
        let turn = case.turn;
        self.plan(now + after, Event::Turn { referral, turn });
    }

    /// Asks the next house or houses; with `one_more`, one beside those that have not answered yet.
    pub(super) fn ask_further(&mut self, number: usize, now: Minute, later: bool) {
        let world = self.world;
        let (Some(referral), Some(case)) = (world.referrals.get(number), self.cases.get(number)) else {
            return;
        };
        let waiting = case.asks.iter().any(|ask| ask.open);
        let one_more = later && waiting;
        if one_more && !case.again {
            return;
        }
        let open: Vec<bool> = (0..self.homes.len())
            .map(|at| self.may_be_asked(case, at, now))
            .collect();
        let look = Look {
            world,
            homes: &self.homes,
            learned: &self.learned,
            number,
            referral,
            now: world.moment(now),
            open: &open,
        };
        let batch = look.next(self.policy, one_more);
        if batch.questions.is_empty() {
            // Somebody may still answer; then the case is taken up again anyway.
            if !waiting {
                self.turn_in(number, now, self.policy.looks_again());
            }
            return;
        }
        if let Some(case) = self.cases.get_mut(number) {
            // Whoever is asked one after the other is given up for the next one when it says no; a wave is a wave until
            // all of it has answered.
            if batch.again || !one_more {
                case.batch = case.asks.len();
            }
            case.again = batch.again;
        }
        for question in batch.questions {
            self.put(number, question, now, batch.ask_minutes);
        }
        self.turn_in(number, now, batch.next_after);
    }

    fn may_be_asked(&self, case: &Case, house: usize, now: Minute) -> bool {
        if case.asks.iter().any(|ask| ask.open && ask.house == house) {
            return false;
        }
        match case.tried.get(&house) {
            None => true,
            Some(Tried::Refused) => false,
            Some(Tried::Silent(at)) => at + ASKED_AGAIN <= now,
            Some(Tried::Full(at)) if self.policy.rings() && at + ASKED_AGAIN <= now => true,
            Some(Tried::Full(_)) if self.policy == Policy::Telephone => false,
            // The house has said so; only a newer report tells otherwise.
            Some(Tried::Full(at)) => {
                let observed_at = self.homes.get(house).and_then(|home| home.board.observed_at);
                observed_at > Some(self.world.moment(*at))
            }
        }
    }

    fn put(&mut self, referral: usize, question: Question, now: Minute, ask_minutes: Minute) {
        let until = self.world.moment(now + ask_minutes);
        self.number += 1;
        let hold = HoldId(Uuid::from_u128(u128::from(self.number)));
        let Some(case) = self.cases.get_mut(referral) else {
            return;
        };
        let before = case.asks.iter().filter(|ask| ask.house == question.house).count();
        let reply = self.world.reply(referral, question.house, before);
        let ask = case.asks.len();
        case.asks.push(Ask {
            house: question.house,
            hold,
            asked_at: now,
            refuses: reply.refuses,
            open: true,
        });
        self.outcome.asks += 1;
        if let Some(home) = self.homes.get_mut(question.house) {
            home.ask(hold, &question.lines, until);
        }
        match reply.minutes.filter(|minutes| *minutes < ask_minutes) {
            Some(minutes) => self.plan(now + minutes, Event::Answer { referral, ask }),
            None => self.plan(now + ask_minutes, Event::Lapse { referral, ask }),
        }
    }

    pub(super) fn answer(&mut self, number: usize, ask: usize, now: Minute) {
        let moment = self.world.moment(now);
        let (Some(referral), Some(row)) = (
            self.world.referrals.get(number),
            self.cases.get(number).and_then(|case| case.asks.get(ask)),
        ) else {
            return;
        };
        let (house, hold, refuses) = (row.house, row.hold, row.refuses);
        let took = now - row.asked_at;
        if !row.open {
            return;
        }
        self.learned.asked(house, true, took);
        let Some(home) = self.homes.get_mut(house) else { return };
        let admitted = admits(&home.board.shelter.rules, &referral.search);
        if refuses || !admitted {
            return self.no(number, ask, Tried::Refused, now);
        }
        let Some(found) = home.room_for(&referral.search, moment) else {
            return self.no(number, ask, Tried::Full(now), now);
        };
        home.promise(hold, &found, &referral.search, moment);
        if let Some(row) = self.cases.get_mut(number).and_then(|case| case.asks.get_mut(ask)) {
            row.open = false;
        }
        self.close(number);
        self.place(referral, house, hold, found.lines, now);
    }

    pub(super) fn lapse(&mut self, number: usize, ask: usize, now: Minute) {
        let row = self.cases.get(number).and_then(|case| case.asks.get(ask));
        if let Some((house, asked_at)) = row.filter(|row| row.open).map(|row| (row.house, row.asked_at)) {
            self.learned.asked(house, false, now - asked_at);
            self.no(number, ask, Tried::Silent(now), now);
        }
    }

    /// A house has said no or nothing.
    fn no(&mut self, number: usize, ask: usize, how: Tried, now: Minute) {
        let Some(case) = self.cases.get_mut(number) else { return };
        let Some(row) = case.asks.get_mut(ask).filter(|row| row.open) else {
            return;
        };
        row.open = false;
        let (house, hold) = (row.house, row.hold);
        case.tried.insert(house, how);
        let settled = case.asks.iter().skip(case.batch).all(|ask| !ask.open);
        let closed = case.closed;
        if let Some(home) = self.homes.get_mut(house) {
            home.release(hold);
        }
        if settled && !closed {
            self.ask_further(number, now, false);
        }
    }

    /// Nobody is asked any more; who was asked is told.
    pub(super) fn close(&mut self, number: usize) {
        let Some(case) = self.cases.get_mut(number) else { return };
        case.closed = true;
        for row in case.asks.iter_mut().filter(|row| row.open) {
            row.open = false;
            if let Some(home) = self.homes.get_mut(row.house) {
                home.release(row.hold);
            }
        }
    }
}
