//! Holds that start on a later date: what suggestions offer is what a hold takes, nothing is promised twice, and on the
//! day it is a hold like any other.

use chrono::{Days, Duration, NaiveDate, TimeZone, Utc};
use panoh::domain::accounts::Actor;
use panoh::domain::fit::Relaxation;
use panoh::domain::holds::{HoldEvent, HoldState};
use panoh::domain::household::{Search, Urgency};
use panoh::domain::id::HoldId;
use panoh::domain::rooms::RoomKind;
use panoh::domain::shelters::Shelter;
use panoh::services::errors::Refused;
use panoh::services::holds::{Ending, HoldView};
use panoh::services::reports::ReportDraft;

use crate::harness::{Database, Harness, on_both};
use crate::model::land::{Land, asking, once, only, print_hold, print_receipt, room, word};
use crate::races::{assert_sound, house, refer, report_of, woman_with};

/// A house with one private room of three and a shared one of four, all taken.
struct Full {
    land: Land,
    shelter: Shelter,
    manager: Actor,
    officer: Actor,
}

impl Full {
    async fn new(database: Database) -> Self {
        let land = Land::new(database).await;
        let rooms = vec![
            room("private", RoomKind::Private, 3, 0),
            room("shared", RoomKind::Shared, 4, 0),
        ];
        let (shelter, manager) = house(&land, "FULL", rooms).await;
        let officer = land.officers[0].clone();
        let full = Self {
            land,
            shelter,
            manager,
            officer,
        };
        full.report(&[3, 4], &[]).await;
        full
    }

    /// Today where the country is, and so many days on.
    fn day(&self, ahead: u64) -> NaiveDate {
        (self.land.now() + Duration::hours(5)).date_naive() + Days::new(ahead)
    }

    fn pass(&self, hours: i64) {
        self.land.services.clock.advance(Duration::hours(hours));
    }

    /// Occupied beds, and which rooms are to be empty when.
    async fn report(&self, occupied: &[i64], exits: &[(usize, NaiveDate)]) {
        self.land.services.clock.advance(Duration::minutes(1));
        let now = self.land.now();
        let draft = ReportDraft {
            planned_exits: exits
                .iter()
                .map(|(room, date)| (self.shelter.rooms[*room].id, *date))
                .collect(),
            ..report_of(&self.shelter, occupied, now)
        };
        let services = &self.land.services;
        services
            .report(&self.manager, self.shelter.id, draft, once(print_receipt))
            .await
            .unwrap();
    }

    async fn ask(&self, search: Search, from: Option<NaiveDate>) -> Result<HoldView, Refused> {
        let services = &self.land.services;
        let referral = refer(services, &self.officer, search).await;
        let place = asking(self.shelter.id, from);
        let answer = services
            .ask(&self.officer, referral, place, once(print_hold), only)
            .await?;
        services.hold_of(&self.officer, HoldId(answer.parse().unwrap())).await
    }

    async fn go(&self, hold: &HoldView, event: HoldEvent) -> Result<HoldView, Refused> {
        let services = &self.land.services;
        services.clock.advance(Duration::seconds(1));
        services
            .move_hold(&self.manager, hold.hold.id, event, Ending::default())
            .await
    }

    async fn at_risk(&self, hold: &HoldView) -> [bool; 2] {
        let services = &self.land.services;
        let mut seen = [false; 2];
        for (seen, actor) in seen.iter_mut().zip([&self.officer, &self.manager]) {
            *seen = services.hold_of(actor, hold.hold.id).await.unwrap().at_risk;
        }
        seen
    }

    /// Free, occupied, held, enclosed and over capacity.
    fn beds(&self) -> [u32; 5] {
        let board = self.land.services.board.current();
        let count = board.get(self.shelter.id).unwrap().count(self.land.now());
        [
            count.free,
            count.occupied,
            count.held,
            count.enclosed,
            count.over_capacity,
        ]
    }
}

on_both! {
    async fn what_is_offered_for_a_date_is_what_a_hold_takes(h: Harness) {
        let full = Full::new(h.database).await;
        let services = &full.land.services;
        full.report(&[3, 4], &[(0, full.day(2))]).await;
        let search = woman_with(&[7, 9]);
        let (_, ranking) = services.suggest(&search, 5).unwrap();
        assert!(ranking.suggestions.is_empty());
        let offered = ranking.misfits.iter().find(|misfit| misfit.shelter_id == full.shelter.id).unwrap().relaxation.clone();
        assert_eq!(offered, Some(Relaxation::FromDate { date: full.day(2) }));
        assert_eq!(word(&full.ask(search.clone(), None).await.unwrap_err()), "no_bed_left");
        assert_eq!(word(&full.ask(search.clone(), Some(full.day(1))).await.unwrap_err()), "no_bed_left");
        let asked_at = full.land.now();
        let hold = full.ask(search.clone(), Some(full.day(2))).await.unwrap();
        assert_eq!(hold.hold.starts_on, Some(full.day(2)));
        assert_eq!(hold.hold.expires_at, asked_at + Duration::hours(1), "answered as soon as any other");
        // Midnight in Dushanbe, twelve hours to arrive, no way at all: the same district.
        let accepted = full.go(&hold, HoldEvent::Accept).await.unwrap();
        let midnight = Utc.with_ymd_and_hms(2026, 11, 23, 19, 0, 0).unwrap();
        assert_eq!(accepted.hold.starts_at, Some(midnight));
        let road = accepted.hold.expires_at - midnight - Duration::hours(12);
        assert!(road >= Duration::zero() && road < Duration::hours(2), "{road}");
        assert_sound(services).await;
    }

    async fn a_bed_is_promised_once_and_kept_as_it_empties(h: Harness) {
        let full = Full::new(h.database).await;
        full.report(&[3, 4], &[(0, full.day(2)), (1, full.day(3))]).await;
        let from = |days| Some(full.day(days));
        let family = full.ask(woman_with(&[7, 9]), from(2)).await.unwrap();
        assert_eq!(word(&full.ask(woman_with(&[7, 9]), from(2)).await.unwrap_err()), "no_bed_left");
        let three = full.ask(woman_with(&[7, 9]), from(3)).await.unwrap();
        assert_eq!(word(&full.ask(woman_with(&[7]), from(3)).await.unwrap_err()), "no_bed_left");
        full.ask(woman_with(&[]), from(4)).await.unwrap();
        assert_eq!(full.beds(), [0, 7, 0, 0, 0], "all of it is slept in");
        // They leave before their day: the beds are kept, and for nobody else.
        full.report(&[0, 2], &[]).await;
        assert_eq!(full.beds(), [0, 2, 5, 0, 0]);
        assert_eq!(word(&full.ask(woman_with(&[]), None).await.unwrap_err()), "no_bed_left");
        assert_eq!(full.at_risk(&family).await, [false; 2]);
        assert_sound(&full.land.services).await;
        // A promise given back is a bed for somebody.
        full.go(&three, HoldEvent::Decline).await.unwrap();
        assert_eq!(full.beds(), [1, 2, 4, 0, 0]);
        full.ask(woman_with(&[]), None).await.unwrap();
        assert_sound(&full.land.services).await;
    }

    async fn on_its_day_it_is_a_hold_like_any_other(h: Harness) {
        let full = Full::new(h.database).await;
        full.report(&[3, 4], &[(0, full.day(1))]).await;
        let hold = full.ask(Search { urgency: Urgency::Planned, ..woman_with(&[7, 9]) }, Some(full.day(1))).await.unwrap();
        full.go(&hold, HoldEvent::Accept).await.unwrap();
        assert_eq!((full.at_risk(&hold).await, full.beds()), ([false; 2], [0, 7, 0, 0, 0]));
        assert_eq!(word(&full.go(&hold, HoldEvent::Arrive).await.unwrap_err()), "hold_too_early");
        // The picture changes by itself at midnight and not before.
        let picture = |full: &Full| full.land.services.availability().availability.national.counts.held;
        full.land.services.clock.set(Utc.with_ymd_and_hms(2026, 11, 22, 18, 59, 59).unwrap());
        assert_eq!((picture(&full), full.at_risk(&hold).await), (0, [false; 2]));
        full.land.services.clock.set(Utc.with_ymd_and_hms(2026, 11, 22, 19, 0, 0).unwrap());
        assert_eq!((picture(&full), full.at_risk(&hold).await), (3, [true; 2]), "they are still there");
        assert_eq!(full.beds(), [0, 7, 3, 0, 3]);
        full.report(&[0, 4], &[]).await;
        assert_eq!((full.at_risk(&hold).await, full.beds()), ([false; 2], [0, 4, 3, 0, 0]));
        assert_eq!(full.go(&hold, HoldEvent::Arrive).await.unwrap().state, HoldState::Arrived);
        assert_eq!(full.beds(), [0, 7, 0, 0, 0]);
        assert_sound(&full.land.services).await;
    }

    async fn she_may_come_early_when_the_beds_are_there(h: Harness) {
        let full = Full::new(h.database).await;
        full.report(&[3, 4], &[(0, full.day(3)), (1, full.day(3))]).await;
        let hold = full.ask(woman_with(&[7, 9]), Some(full.day(3))).await.unwrap();
        let rest = full.ask(woman_with(&[12, 9]), Some(full.day(3))).await.unwrap();
        full.go(&hold, HoldEvent::Accept).await.unwrap();
        full.go(&rest, HoldEvent::Accept).await.unwrap();
        full.pass(24);
        full.report(&[2, 0], &[(0, full.day(2))]).await;
        let before = full.beds();
        assert_eq!(before, [1, 2, 4, 0, 0]);
        let gone: Vec<_> = [&hold, &rest].into_iter().collect();
        let mut came = 0;
        for hold in gone {
            match full.go(hold, HoldEvent::Arrive).await {
                Ok(view) => came += usize::from(view.state == HoldState::Arrived),
                Err(refused) => assert_eq!(word(&refused), "hold_too_early"),
            }
        }
        assert_eq!((came, full.beds()), (1, [1, 5, 1, 0, 0]), "the shared room is empty, the private one is not");
        assert_sound(&full.land.services).await;
    }

    async fn only_a_date_that_lies_ahead_and_not_too_far(h: Harness) {
        let full = Full::new(h.database).await;
        full.report(&[0, 4], &[]).await;
        // One o'clock at night in Dushanbe, and still yesterday in London.
        full.land.services.clock.set(Utc.with_ymd_and_hms(2026, 11, 22, 20, 0, 0).unwrap());
        let today = NaiveDate::from_ymd_opt(2026, 11, 23).unwrap();
        for date in [today - Days::new(1), today, today + Days::new(61), NaiveDate::MAX] {
            let refused = full.ask(woman_with(&[]), Some(date)).await.unwrap_err();
            let Refused::Invalid(errors) = refused else { panic!("{date}: {refused}") };
            assert_eq!((errors[0].field.as_str(), errors[0].code), ("from_date", "out_of_range"));
        }
        let hold = full.ask(woman_with(&[]), Some(today + Days::new(60))).await.unwrap();
        full.go(&hold, HoldEvent::Decline).await.unwrap();
        full.ask(woman_with(&[]), Some(today + Days::new(1))).await.unwrap();
    }

    async fn a_search_for_a_later_date_is_answered_as_of_it(h: Harness) {
        let full = Full::new(h.database).await;
        let services = &full.land.services;
        full.report(&[3, 4], &[(0, full.day(2)), (1, full.day(9))]).await;
        let from = |days| Search { earliest_date: Some(full.day(days)), ..woman_with(&[7, 9]) };
        let found = |days| services.suggest(&from(days), 5).unwrap().1.suggestions.len();
        assert_eq!([found(0), found(1), found(2), found(9)], [0, 0, 1, 1]);
        let hold = full.ask(from(2), None).await.unwrap();
        assert_eq!(hold.hold.starts_on, Some(full.day(2)), "the hold starts on her date");
        assert_eq!(found(2), 0);
        let later = full.ask(from(3), Some(full.day(9))).await.unwrap();
        assert_eq!(later.hold.starts_on, Some(full.day(9)), "a date asked for goes first");
        assert_eq!(word(&full.ask(from(61), None).await.unwrap_err()), "invalid");
        assert_sound(services).await;
    }

    async fn who_has_come_since_is_not_due_to_leave(h: Harness) {
        let full = Full::new(h.database).await;
        full.report(&[3, 2], &[(1, full.day(2))]).await;
        let hold = full.ask(woman_with(&[]), None).await.unwrap();
        full.go(&hold, HoldEvent::Accept).await.unwrap();
        full.pass(1);
        full.go(&hold, HoldEvent::Arrive).await.unwrap();
        assert_eq!(word(&full.ask(woman_with(&[7, 9]), Some(full.day(2))).await.unwrap_err()), "no_bed_left");
        // Seen before she came, told after: the room is due to empty of those who were there then.
        let draft = ReportDraft {
            planned_exits: vec![(full.shelter.rooms[1].id, full.day(2))],
            ..report_of(&full.shelter, &[3, 2], full.land.now() - Duration::minutes(30))
        };
        let services = &full.land.services;
        services.report(&full.manager, full.shelter.id, draft, once(print_receipt)).await.unwrap();
        assert_eq!(word(&full.ask(woman_with(&[7, 9]), Some(full.day(2))).await.unwrap_err()), "no_bed_left");
        assert_sound(services).await;
    }
}
