//! What people may be told of between digests: a few kinds of trouble, each only to those who chose it, once a day for an
//! event and not in their quiet hours. It must not know who is written to, or how.

use std::collections::BTreeSet;

use chrono::{NaiveDate, NaiveTime, TimeDelta};

use super::accounts::Role;
use super::availability::{ShelterView, Totals};
use super::codes::codes;
use super::id::{HoldId, Moment, ReferralId, UserId};

codes! {
    /// A kind of trouble, the gravest first.
    AlertKind {
        /// A region that has family places has none left.
        NoFamilyPlace,
        /// A shelter's time to answer is over, she has no other place, and nobody else is asked.
        HoldUnanswered,
        /// Supplies of a shelter are about to run out.
        CriticalSupply,
        /// A shelter has not reported for two days.
        Silent,
    }
}

impl AlertKind {
    /// Whether this role may choose it: of single requests only administrators hear.
    pub fn is_open_to(self, role: Role) -> bool {
        match self {
            Self::HoldUnanswered => role == Role::Admin,
            Self::NoFamilyPlace | Self::CriticalSupply | Self::Silent => {
                matches!(role, Role::Committee | Role::Admin)
            }
        }
    }
}

/// A shelter of a daily rhythm is silent after this long.
const SILENT_AFTER: TimeDelta = TimeDelta::hours(48);

/// Hours of the day, on the wall of the country, in which somebody is not written to. They may lie over midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quiet {
    /// From this time on ...
    pub from: NaiveTime,
    /// ... to before this one; never the same, which would be the whole day or nothing.
    pub until: NaiveTime,
}

impl Quiet {
    pub fn contains(&self, time: NaiveTime) -> bool {
        if self.from < self.until {
            (self.from..self.until).contains(&time)
        } else {
            time >= self.from || time < self.until
        }
    }
}

/// What somebody wants to be told of. Nothing, until they choose.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Choice {
    pub kinds: BTreeSet<AlertKind>,
    /// Of this region alone, or of all.
    pub region: Option<String>,
    pub quiet: Option<Quiet>,
    /// 0 before the first choice.
    pub version: i64,
}

/// Somebody who chose, in the role that they have now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chooser {
    pub user: UserId,
    pub role: Role,
    pub choice: Choice,
}

/// A trouble that stands at present.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Situation {
    pub kind: AlertKind,
    /// What it befalls: a region, a shelter, an item of a shelter, a hold.
    pub subject: String,
    /// What a person would call one event: what befalls several subjects of one event is told of once a day.
    pub event: String,
    pub region: String,
}

/// Whether a region has run out of family places. One that never had any is no event.
pub fn of_region(region: &str, totals: &Totals) -> Option<Situation> {
    (totals.family_capacity > 0 && totals.family_places == 0).then(|| Situation {
        kind: AlertKind::NoFamilyPlace,
        subject: region.to_owned(),
        event: region.to_owned(),
        region: region.to_owned(),
    })
}

/// Whether a shelter has fallen silent: for two days, or twice as long as its own rhythm. One that has never reported has
/// not fallen silent.
pub fn of_shelter(view: &ShelterView, now: Moment) -> Option<Situation> {
    let shelter = &view.shelter;
    let patience = SILENT_AFTER.max(TimeDelta::hours(2 * i64::from(shelter.report_interval_hours)));
    (now - view.observed_at? >= patience).then(|| Situation {
        kind: AlertKind::Silent,
        subject: shelter.id.to_string(),
        event: shelter.region.clone(),
        region: shelter.region.clone(),
    })
}

/// An item that is critical in this shelter.
pub fn of_item(view: &ShelterView, item: &str) -> Situation {
    Situation {
        kind: AlertKind::CriticalSupply,
        subject: format!("{} {item}", view.shelter.id),
        event: view.shelter.region.clone(),
        region: view.shelter.region.clone(),
    }
}

/// A hold whose time to answer is over, for a household that has nothing else. Each household is an event of its own.
pub fn of_hold(hold: HoldId, referral: ReferralId, region: &str) -> Situation {
    Situation {
        kind: AlertKind::HoldUnanswered,
        subject: hold.to_string(),
        event: referral.to_string(),
        region: region.to_owned(),
    }
}

/// That somebody was told of a situation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    pub kind: AlertKind,
    pub subject: String,
    pub event: String,
    /// The local day on which.
    pub day: NaiveDate,
    pub at: Moment,
    /// Since when it stands no more.
    pub over_at: Option<Moment>,
}

/// What is to be done for one person.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct News {
    /// To be written down as told.
    pub begun: Vec<Situation>,
    /// Kinds of which a letter goes out. What has begun of others belongs to an event that was told of today.
    pub letters: BTreeSet<AlertKind>,
    /// Were told of and stand no more.
    pub over: Vec<Told>,
    /// Were told of today, were over, and stand again: known already.
    pub again: Vec<Told>,
}

impl News {
    pub fn is_empty(&self) -> bool {
        self.begun.is_empty() && self.over.is_empty() && self.again.is_empty()
    }
}

impl Chooser {
    fn wants(&self, situation: &Situation) -> bool {
        let choice = &self.choice;
        choice.kinds.contains(&situation.kind)
            && situation.kind.is_open_to(self.role)
            && (choice.region.as_ref()).is_none_or(|region| *region == situation.region)
    }

    /// What is new for them: `standing` is what stands now, `told` what they were told of that still stood at the last look,
    /// and all that they were told of `today`. What begins in quiet hours is told after them, if it stands still. What came
    /// and went and came again within a day is told of once.
    pub fn news(&self, standing: &[Situation], told: &[Told], today: NaiveDate, wall: NaiveTime) -> News {
        let wanted: Vec<&Situation> = standing.iter().filter(|situation| self.wants(situation)).collect();
        let is = |told: &Told, situation: &Situation| told.kind == situation.kind && told.subject == situation.subject;
        let mut news = News::default();
        let open = told.iter().filter(|told| told.over_at.is_none());
        news.over = open
            .filter(|told| !wanted.iter().any(|situation| is(told, situation)))
            .cloned()
            .collect();
        let quiet = self.choice.quiet.is_some_and(|quiet| quiet.contains(wall));
        for situation in wanted {
            let known = |told: &&Told| is(told, situation) && (told.over_at.is_none() || told.day == today);
            if let Some(known) = told.iter().find(known) {
                news.again.extend(known.over_at.is_some().then(|| known.clone()));
                continue;
            }
            if quiet {
                continue;
            }
            let of_event = |told: &Told| told.kind == situation.kind && told.event == situation.event;
            if !told.iter().any(|told| told.day == today && of_event(told)) {
                news.letters.insert(situation.kind);
            }
            news.begun.push(situation.clone());
        }
        news
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::super::availability::tests::{at, room, shelter};
    use super::super::rooms::RoomKind;
    use super::*;

    fn chooser(role: Role, kinds: &[AlertKind]) -> Chooser {
        Chooser {
            user: UserId(Uuid::nil()),
            role,
            choice: Choice {
                kinds: kinds.iter().copied().collect(),
                ..Choice::default()
            },
        }
    }

    fn situation(kind: AlertKind, subject: &str, region: &str) -> Situation {
        Situation {
            kind,
            subject: subject.to_owned(),
            event: region.to_owned(),
            region: region.to_owned(),
        }
    }

    fn told(situation: &Situation, day: NaiveDate, over: bool) -> Told {
        Told {
            kind: situation.kind,
            subject: situation.subject.clone(),
            event: situation.event.clone(),
            day,
            at: at(0),
            over_at: over.then(|| at(1)),
        }
    }

    fn hour(hour: u32) -> NaiveTime {
        NaiveTime::from_hms_opt(hour, 0, 0).unwrap()
    }

    fn day(day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 11, day).unwrap()
    }

    #[test]
    fn quiet_hours_may_lie_over_midnight() {
        let night = Quiet {
            from: hour(21),
            until: hour(7),
        };
        let quiet: Vec<u32> = (0..24).filter(|h| night.contains(hour(*h))).collect();
        assert_eq!(quiet, [0, 1, 2, 3, 4, 5, 6, 21, 22, 23]);
        let noon = Quiet {
            from: hour(12),
            until: hour(14),
        };
        let quiet: Vec<u32> = (0..24).filter(|h| noon.contains(hour(*h))).collect();
        assert_eq!(quiet, [12, 13]);
    }

    #[test]
    fn what_stands_is_told_once_until_it_is_over_and_never_twice_a_day() {
        use AlertKind::Silent;
        let who = chooser(Role::Committee, &[Silent]);
        let (a, b) = (situation(Silent, "a", "R1"), situation(Silent, "b", "R1"));
        let first = who.news(&[a.clone(), b.clone()], &[], day(22), hour(9));
        assert_eq!(
            (first.begun.len(), first.letters.len()),
            (2, 1),
            "two shelters, one letter"
        );
        let standing = [told(&a, day(20), false)];
        assert!(
            who.news(std::slice::from_ref(&a), &standing, day(22), hour(9))
                .is_empty()
        );
        let over = who.news(&[], &standing, day(22), hour(9));
        assert_eq!(over.over, standing);
        // It came and went and came today: that is known, and no news tomorrow.
        let gone = [told(&a, day(22), true)];
        let again = who.news(std::slice::from_ref(&a), &gone, day(22), hour(9));
        assert_eq!(
            (again.again.as_slice(), again.begun.len(), again.letters.len()),
            (&gone[..], 0, 0)
        );
        assert_eq!(
            who.news(std::slice::from_ref(&a), &gone, day(23), hour(9))
                .letters
                .len(),
            1
        );
        // Another of the same event is written down and not told of again today; of another region it is.
        let same = who.news(std::slice::from_ref(&b), &gone, day(22), hour(9));
        assert_eq!((same.begun.len(), same.letters.len()), (1, 0));
        let elsewhere = situation(Silent, "c", "R2");
        assert_eq!(who.news(&[elsewhere], &gone, day(22), hour(9)).letters.len(), 1);
    }

    #[test]
    fn quiet_hours_put_off_and_forget_nothing() {
        let mut who = chooser(Role::Admin, &[AlertKind::NoFamilyPlace]);
        who.choice.quiet = Some(Quiet {
            from: hour(21),
            until: hour(7),
        });
        let none_left = [situation(AlertKind::NoFamilyPlace, "R1", "R1")];
        assert!(who.news(&none_left, &[], day(22), hour(23)).is_empty());
        assert_eq!(who.news(&none_left, &[], day(23), hour(7)).letters.len(), 1);
        // That it is over is noted by night too.
        let standing = [told(&none_left[0], day(22), false)];
        assert_eq!(who.news(&[], &standing, day(23), hour(1)).over.len(), 1);
    }

    #[test]
    fn only_what_was_chosen_where_it_was_chosen_and_by_whom_it_may() {
        use AlertKind::{HoldUnanswered, NoFamilyPlace};
        let all = [
            situation(HoldUnanswered, "h", "R1"),
            situation(NoFamilyPlace, "R1", "R1"),
            situation(NoFamilyPlace, "R2", "R2"),
        ];
        let begun = |who: &Chooser| {
            let news = who.news(&all, &[], day(22), hour(9));
            news.begun
                .into_iter()
                .map(|situation| situation.subject)
                .collect::<Vec<_>>()
        };
        let both = [HoldUnanswered, NoFamilyPlace];
        assert_eq!(begun(&chooser(Role::Admin, &both)), ["h", "R1", "R2"]);
        assert_eq!(begun(&chooser(Role::Committee, &both)), ["R1", "R2"]);
        assert!(begun(&chooser(Role::Manager, &both)).is_empty());
        let mut who = chooser(Role::Admin, &both);
        who.choice.region = Some("R2".to_owned());
        assert_eq!(begun(&who), ["R2"]);
        // What was told of and is no longer wanted is over.
        let standing = [told(&all[1], day(20), false)];
        assert_eq!(who.news(&all, &standing, day(22), hour(9)).over, standing);
    }

    #[test]
    fn a_shelter_falls_silent_after_two_days_or_two_of_its_own_rhythm() {
        let mut view = shelter(1, vec![room(1, RoomKind::Shared, 4, 0)]);
        let seen = view.observed_at.unwrap();
        let silent = |view: &ShelterView, hours: i64| of_shelter(view, seen + TimeDelta::hours(hours)).is_some();
        assert_eq!([47, 48].map(|hours| silent(&view, hours)), [false, true]);
        view.shelter.report_interval_hours = 6;
        assert_eq!([47, 48].map(|hours| silent(&view, hours)), [false, true]);
        view.shelter.report_interval_hours = 168;
        assert_eq!([335, 336].map(|hours| silent(&view, hours)), [false, true]);
        view.observed_at = None;
        assert!(!silent(&view, 9000));
    }

    #[test]
    fn a_region_without_family_rooms_has_not_run_out_of_places() {
        let mut totals = Totals::default();
        assert_eq!(of_region("R", &totals), None);
        totals.family_capacity = 3;
        assert!(of_region("R", &totals).is_some());
        totals.family_places = 1;
        assert_eq!(of_region("R", &totals), None);
    }
}
