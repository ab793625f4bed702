//! One figure for everything, in minutes, so that a long road, an old report, a missing interpreter and a large room
//! taken by one woman can be weighed against each other; and the few parts of it worth telling.
//! It must not know the other candidates.

use chrono::{NaiveDateTime, NaiveTime, TimeDelta};
use serde::Serialize;
use strum::{Display, EnumIter, IntoStaticStr};

use super::super::fit::{MINUTES_PER_PLACE, Placement};
use super::super::household::{Search, Urgency};
use super::Candidate;

/// Minutes lost when the place turns out to be taken: another shelter asked and another way gone. The way gone in vain
/// comes on top.
const FAILED_TRY: f64 = 180.0;
/// Minutes until a shelter has looked into its rooms and said that the place is free.
const CONFIRMING: f64 = 30.0;
/// What a placement takes from others counts up to this many minutes.
const MOST_TAKEN: f64 = 120.0;
/// Each room beyond the first. Not less than the most that is taken, so that a better fit never scores worse.
const PER_ROOM_APART: f64 = MOST_TAKEN;
/// No language in common weighs as much as this many services.
const LANGUAGE: f64 = 2.0;
/// What an average place has; better or worse than this is a reason worth telling.
const USUAL_CHANCE: f64 = 0.5;
const USUAL_ANSWER: f64 = 30.0;
const USUAL_TRAVEL: f64 = 180.0;
/// A reason of weight 1 is worth this many minutes.
const FULL_WEIGHT: f64 = 240.0;
const MOST_REASONS: usize = 4;

/// Why a shelter stands where it stands. Good ones weigh above 0, bad ones below.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, EnumIter, IntoStaticStr, Display)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum ReasonCode {
    LikelyFree,
    MayBeTaken,
    AnswersQuickly,
    AnswersSlowly,
    Near,
    Far,
    AllServicesMatched,
    ServicesMissing,
    LanguageSpoken,
    LanguageMissing,
    /// She takes nothing that others would miss.
    FitsExactly,
    /// Beds or cots stay empty around her.
    TakesLargeRoom,
    /// A step-free room that she does not need.
    TakesStepFreeRoom,
    /// A room of a kind that others wait for.
    TakesScarcePlace,
    /// The shelter looks into its rooms before anybody travels.
    ConfirmFirst,
    RoomsApart,
    WaitsForIntake,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Reason {
    pub code: ReasonCode,
    /// -1.0..=1.0, in steps of 0.01; never 0.
    pub weight: f64,
}

/// Thousandths of a minute, least first.
pub type Score = i64;

/// A fit, weighed. All figures but `chance` in minutes.
#[derive(Debug, Clone, PartialEq)]
pub struct Weighed {
    pub chance: f64,
    answer: f64,
    travel: f64,
    course: Course,
    wish: f64,
    services: (u32, u32),
    language: Option<bool>,
    /// Places lost to others, and what rooms cost that others wait for.
    loss: f64,
    toll: f64,
    apart: f64,
    step_free: bool,
}

/// The way to bed, in minutes but for `confirm`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Course {
    /// Whether the shelter confirms before anybody travels.
    pub confirm: bool,
    intake_wait: f64,
    /// What it costs to find the place taken.
    failure: f64,
    pub expected: f64,
}

/// Takes the quicker of two courses: travel on the answer, and go the way in vain if the place is taken; or let the
/// shelter confirm first, and only ask again. Where it must confirm there is no choice. Never longer for a better chance.
pub fn course(way: Way, chance: f64, must_confirm: bool, local_now: NaiveDateTime) -> Course {
    let with = |confirm: bool| {
        let (looking, in_vain) = if confirm { (CONFIRMING, 0.0) } else { (0.0, way.travel) };
        let on_the_way = way.answer + looking + way.travel;
        let intake_wait = wait_for_intake(way.intake, local_now, on_the_way);
        let failure = FAILED_TRY + in_vain;
        Course {
            confirm,
            intake_wait,
            failure,
            expected: on_the_way + intake_wait + (1.0 - chance) * failure,
        }
    };
    let (confirmed, at_once) = (with(true), with(false));
    if must_confirm || confirmed.expected < at_once.expected {
        confirmed
    } else {
        at_once
    }
}

/// What lies between asking and the door.
#[derive(Debug, Clone, Copy)]
pub struct Way {
    pub answer: f64,
    pub travel: f64,
    pub intake: Option<(NaiveTime, NaiveTime)>,
}

impl Way {
    pub fn to(candidate: &Candidate<'_>) -> Self {
        Self {
            answer: candidate.answer_minutes.max(0.0),
            travel: candidate.travel.minutes.max(0.0),
            intake: candidate.view.shelter.intake,
        }
    }
}

pub fn weigh(
    search: &Search,
    candidate: &Candidate<'_>,
    placement: &Placement,
    (chance, must_confirm): (f64, bool),
    local_now: NaiveDateTime,
) -> Weighed {
    let shelter = &candidate.view.shelter;
    let way = Way::to(candidate);
    let (mut matched, mut missing) = (0, 0);
    for service in search.services() {
        *if shelter.services.contains(&service) {
            &mut matched
        } else {
            &mut missing
        } += 1;
    }
    let (loss, toll) = taken(placement);
    Weighed {
        chance,
        answer: way.answer,
        travel: way.travel,
        course: course(way, chance, must_confirm, local_now),
        wish: wish_minutes(search.urgency),
        services: (matched, missing),
        language: (!search.languages.is_empty()).then(|| !search.languages.is_disjoint(&shelter.languages)),
        loss,
        toll,
        apart: f64::from(placement.rooms.saturating_sub(1)) * PER_ROOM_APART,
        step_free: placement.needless_step_free,
    }
}

/// What others lose, together at most [`MOST_TAKEN`]: places, and the price of the kind of room. The sum follows the order
/// in which `fit` prefers rooms.
fn taken(placement: &Placement) -> (f64, f64) {
    let toll = f64::from(placement.toll);
    let both = (f64::from(placement.loss) * f64::from(MINUTES_PER_PLACE) + toll).min(MOST_TAKEN);
    let toll = toll.min(both.max(0.0));
    (both - toll, toll)
}

/// Minutes by which wishes that stay open count against a place.
pub fn unmet_wishes(urgency: Urgency, services_missing: u32, unheard: bool) -> f64 {
    let unheard = if unheard { LANGUAGE } else { 0.0 };
    (f64::from(services_missing) + unheard) * wish_minutes(urgency)
}

/// Thousandths, rounded, so that no last bit of a sum decides an order; even a year of minutes stays far below 2^53.
pub fn thousandths(minutes: f64) -> Score {
    (minutes * 1_000.0).round() as i64
}

/// What one service on the spot is worth: the less it presses, the more it weighs against the road.
fn wish_minutes(urgency: Urgency) -> f64 {
    match urgency {
        Urgency::Now => 20.0,
        Urgency::Today => 40.0,
        Urgency::ThisWeek => 80.0,
        Urgency::Planned => 160.0,
    }
}

/// Minutes between arriving and the doors opening. The hours may run over midnight; equal ends mean at any hour.
fn wait_for_intake(intake: Option<(NaiveTime, NaiveTime)>, local_now: NaiveDateTime, on_the_way: f64) -> f64 {
    let Some((from, to)) = intake else { return 0.0 };
    // A journey of more than a year is cut short: only the time of day matters here.
    let arrival = (local_now + TimeDelta::seconds((on_the_way.min(500_000.0) * 60.0) as i64)).time();
    let open = if from <= to {
        from <= arrival && arrival < to
    } else {
        arrival >= from || arrival < to
    };
    if from == to || open {
        return 0.0;
    }
    let seconds = (from - arrival).num_seconds().rem_euclid(24 * 60 * 60);
    // Below a day.
    seconds as f64 / 60.0
}

impl Weighed {
    /// Until she can expect to sleep safely.
    pub fn expected_minutes(&self) -> f64 {
        self.course.expected
    }

    /// Whether the shelter is to confirm before anybody travels.
    pub fn needs_confirmation(&self) -> bool {
        self.course.confirm
    }

    pub fn score(&self, urgency: Urgency) -> Score {
        let wishes = unmet_wishes(urgency, self.services.1, self.language == Some(false));
        thousandths(self.expected_minutes() + wishes + self.loss + self.toll + self.apart)
    }

    /// The weightiest few parts, as better or worse than usual.
    pub fn reasons(&self) -> Vec<Reason> {
        use ReasonCode as Code;
        let (matched, missing) = self.services;
        let either = |minutes: f64, good, bad| (if minutes >= 0.0 { good } else { bad }, minutes);
        let services = match (matched, missing) {
            (0, 0) => (Code::AllServicesMatched, 0.0),
            (_, 0) => (Code::AllServicesMatched, f64::from(matched) * self.wish),
            (_, _) => (Code::ServicesMissing, f64::from(missing) * -self.wish),
        };
        let language = self.language.map_or(0.0, |spoken| if spoken { 1.0 } else { -1.0 }) * LANGUAGE * self.wish;
        let taken = match (self.loss > 0.0, self.step_free) {
            (false, _) if self.toll > 0.0 => (Code::FitsExactly, 0.0),
            (false, _) => (Code::FitsExactly, f64::from(MINUTES_PER_PLACE)),
            (true, true) => (Code::TakesStepFreeRoom, -self.loss),
            (true, false) => (Code::TakesLargeRoom, -self.loss),
        };
        let confirming = if self.course.confirm { -CONFIRMING } else { 0.0 };
        let parts = [
            either(
                (self.chance - USUAL_CHANCE) * self.course.failure,
                Code::LikelyFree,
                Code::MayBeTaken,
            ),
            (Code::ConfirmFirst, confirming),
            either(USUAL_ANSWER - self.answer, Code::AnswersQuickly, Code::AnswersSlowly),
            either(USUAL_TRAVEL - self.travel, Code::Near, Code::Far),
            services,
            either(language, Code::LanguageSpoken, Code::LanguageMissing),
            taken,
            (Code::TakesScarcePlace, -self.toll),
            (Code::RoomsApart, -self.apart),
            (Code::WaitsForIntake, -self.course.intake_wait),
        ];
        let hundredths = |minutes: f64| (minutes / FULL_WEIGHT * 100.0).round().clamp(-100.0, 100.0) as i32;
        let mut weights: Vec<(i32, ReasonCode)> = parts
            .into_iter()
            .map(|(code, minutes)| (hundredths(minutes), code))
            .collect();
        weights.retain(|(weight, _)| *weight != 0);
        weights.sort_by_key(|(weight, code)| (-weight.abs(), *code));
        weights.truncate(MOST_REASONS);
        weights
            .into_iter()
            .map(|(weight, code)| Reason {
                code,
                weight: f64::from(weight) / 100.0,
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::NaiveDate;

    #[test]
    fn doors_that_are_closed_cost_the_wait() {
        let at = |hour| {
            NaiveDate::from_ymd_opt(2026, 11, 22)
                .unwrap()
                .and_hms_opt(hour, 0, 0)
                .unwrap()
        };
        let hours = |from, to| {
            let time = |hour| NaiveTime::from_hms_opt(hour, 0, 0).unwrap();
            Some((time(from), time(to)))
        };
        assert_eq!(wait_for_intake(None, at(3), 0.0), 0.0);
        assert_eq!(wait_for_intake(hours(8, 20), at(7), 30.0), 30.0);
        assert_eq!(wait_for_intake(hours(8, 20), at(7), 90.0), 0.0);
        assert_eq!(wait_for_intake(hours(8, 20), at(20), 0.0), 12.0 * 60.0);
        assert_eq!(wait_for_intake(hours(20, 6), at(23), 0.0), 0.0);
        assert_eq!(wait_for_intake(hours(20, 6), at(4), 60.0), 0.0);
        assert_eq!(wait_for_intake(hours(20, 6), at(6), 0.0), 14.0 * 60.0);
        assert_eq!(wait_for_intake(hours(9, 9), at(3), 0.0), 0.0);
        assert!(wait_for_intake(hours(8, 20), at(3), f64::MAX).is_finite());
    }
}
