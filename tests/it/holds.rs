//! A hold's whole life through the services with the clock moved by hand, and what reports do to it; `panoh check` is clean
//! after each of these.

use std::collections::BTreeSet;

use chrono::Duration;
use panoh::domain::accounts::Actor;
use panoh::domain::holds::{DeclineReason, HoldEvent, HoldState, Outcome, ReleaseReason, UnmetReason};
use panoh::domain::household::{AgeBand, Child, Household, Search, Sex};
use panoh::domain::id::HoldId;
use panoh::domain::rooms::{RoomCount, RoomKind};
use panoh::domain::shelters::Shelter;
use panoh::services::errors::Refused;
use panoh::services::holds::Ending;
use panoh::services::shelters::Confidential;

use crate::harness::{Database, Harness, on_both};
use crate::model::land::{Land, once, print_hold, print_receipt, room, word};
use crate::model::random::Random;
use crate::races::{assert_sound, hold, house, refer, report_of, woman_with};

/// A shelter with one shared room of six beds and a private one of three, and a hold for a mother of two.
pub struct Scene {
    pub land: Land,
    pub shelter: Shelter,
    pub manager: Actor,
    pub officer: Actor,
    pub id: HoldId,
}

impl Scene {
    pub async fn new(database: Database) -> Self {
        let land = Land::new(database).await;
        let rooms = vec![
            room("shared", RoomKind::Shared, 6, 1),
            room("private", RoomKind::Private, 3, 1),
        ];
        let (shelter, manager) = house(&land, "SCENE", rooms).await;
        let officer = land.officers[0].clone();
        let id = hold(&land.services, &officer, family(), shelter.id).await.unwrap();
        Self {
            land,
            shelter,
            manager,
            officer,
            id,
        }
    }

    fn pass(&self, minutes: i64) {
        self.land.services.clock.advance(Duration::minutes(minutes));
    }

    pub async fn go(&self, event: HoldEvent, ending: Ending) -> Result<HoldState, Refused> {
        let actor = if event == HoldEvent::Release {
            &self.officer
        } else {
            &self.manager
        };
        Ok(self.land.services.move_hold(actor, self.id, event, ending).await?.state)
    }

    pub async fn plainly(&self, event: HoldEvent) -> HoldState {
        self.go(event, Ending::default()).await.unwrap()
    }

    async fn refused(&self, event: HoldEvent) -> String {
        word(&self.go(event, Ending::default()).await.unwrap_err())
    }

    /// The same on the board and in the shelter's own state, or the test ends here.
    pub async fn count(&self) -> RoomCount {
        let (services, now) = (&self.land.services, self.land.now());
        let board = services.board.current().get(self.shelter.id).unwrap().count(now);
        let state = services.state(&self.manager, self.shelter.id).await.unwrap();
        assert_eq!(state.view.count(now), board, "the board and the rows");
        board
    }

    pub async fn report(&self, occupied: &[i64], minutes_ago: i64) -> String {
        let at = self.land.now() - Duration::minutes(minutes_ago);
        let draft = report_of(&self.shelter, occupied, at);
        self.land
            .services
            .report(&self.manager, self.shelter.id, draft, once(print_receipt))
            .await
            .unwrap()
    }

    async fn at_risk(&self) -> [bool; 2] {
        let services = &self.land.services;
        let sees = async |actor| services.hold_of(actor, self.id).await.unwrap().at_risk;
        [sees(&self.officer).await, sees(&self.manager).await]
    }
}

/// A mother with a son of twelve and a girl of four: the private room and no other.
fn family() -> Search {
    let children = vec![
        Child {
            age: 12,
            sex: Sex::Male,
        },
        Child {
            age: 4,
            sex: Sex::Female,
        },
    ];
    let household = Household::new(vec![AgeBand::From18To59], children).unwrap();
    Search {
        household,
        ..woman_with(&[])
    }
}

fn parts(count: RoomCount) -> [u32; 4] {
    [count.free, count.held, count.occupied, count.enclosed]
}

on_both! {
    async fn asked_accepted_arrived(h: Harness) {
        let scene = Scene::new(h.database).await;
        let services = &scene.land.services;
        // Three beds of the private room are hers, whole; the shared room stays for others.
        assert_eq!(parts(scene.count().await), [6, 3, 0, 0]);
        assert_eq!(scene.refused(HoldEvent::Arrive).await, "hold_not_accepted");
        scene.pass(10);
        assert_eq!(scene.plainly(HoldEvent::Accept).await, HoldState::Accepted);
        assert_eq!(scene.refused(HoldEvent::Decline).await, "hold_already_accepted");
        let before = scene.count().await;
        scene.pass(90);
        assert_eq!(scene.plainly(HoldEvent::Arrive).await, HoldState::Arrived);
        let after = scene.count().await;
        assert_eq!((before.free, before.free_cots), (after.free, after.free_cots), "nothing freed, nothing taken");
        assert_eq!(parts(after), [6, 0, 3, 0]);
        let view = services.hold_of(&scene.officer, scene.id).await.unwrap();
        let referral = services.referral(&scene.officer, view.hold.referral_id).await.unwrap().referral;
        assert_eq!((referral.outcome, referral.closed_at), (Some(Outcome::Placed), Some(scene.land.now())));
        for event in [HoldEvent::Accept, HoldEvent::Arrive, HoldEvent::Release, HoldEvent::NoShow] {
            assert_eq!(scene.refused(event).await, "hold_ended");
        }
        assert_sound(services).await;
    }

    async fn every_other_end_gives_back_what_was_held(h: Harness) {
        let scene = Scene::new(h.database).await;
        let services = &scene.land.services;
        let decline = Ending { decline: Some(DeclineReason::Staffing), ..Ending::default() };
        assert_eq!(scene.go(HoldEvent::Decline, decline).await.unwrap(), HoldState::Declined);
        assert_eq!(services.hold_of(&scene.officer, scene.id).await.unwrap().hold.reason.as_deref(), Some("staffing"));
        assert_eq!(parts(scene.count().await), [9, 0, 0, 0]);

        let mut scene = scene;
        for accepted in [false, true] {
            scene.id = hold(&scene.land.services, &scene.officer, family(), scene.shelter.id).await.unwrap();
            if accepted {
                scene.plainly(HoldEvent::Accept).await;
            }
            assert_eq!(parts(scene.count().await), [6, 3, 0, 0]);
            let release = Ending { release: Some(ReleaseReason::FoundElsewhere), ..Ending::default() };
            assert_eq!(scene.go(HoldEvent::Release, release).await.unwrap(), HoldState::Released);
            assert_eq!(parts(scene.count().await), [9, 0, 0, 0]);
        }
        scene.id = hold(&scene.land.services, &scene.officer, family(), scene.shelter.id).await.unwrap();
        assert_eq!(scene.refused(HoldEvent::NoShow).await, "hold_not_accepted");
        scene.plainly(HoldEvent::Accept).await;
        assert_eq!(scene.plainly(HoldEvent::NoShow).await, HoldState::NoShow);
        assert_eq!(parts(scene.count().await), [9, 0, 0, 0]);
        assert_sound(&scene.land.services).await;
    }

    async fn who_turned_a_referral_down_is_not_suggested_for_it_again(h: Harness) {
        let scene = Scene::new(h.database).await;
        let services = &scene.land.services;
        let referral = services.hold_of(&scene.officer, scene.id).await.unwrap().hold.referral_id;
        let (other, _) = house(&scene.land, "OTHER", vec![room("private", RoomKind::Private, 3, 1)]).await;
        let suggested = async || {
            let found = services.suggest_for(&scene.officer, referral, BTreeSet::new(), 50).await.unwrap();
            found.ranking.suggestions.iter().map(|place| place.shelter_id).collect::<Vec<_>>()
        };
        let decline = Ending { decline: Some(DeclineReason::Staffing), ..Ending::default() };
        scene.go(HoldEvent::Decline, decline).await.unwrap();
        let next = suggested().await;
        assert!(!next.contains(&scene.shelter.id) && next.contains(&other.id), "the next best, not the same");
        // Silence is a refusal too, from its deadline on.
        services.hold(&scene.officer, referral, other.id, once(print_hold)).await.unwrap();
        scene.pass(3 * 24 * 60);
        assert!(!suggested().await.contains(&other.id));
        let (_, fresh) = services.suggest(&family(), 50).unwrap();
        assert!(fresh.suggestions.iter().any(|place| place.shelter_id == scene.shelter.id), "others may be sent there");
    }

    async fn at_its_deadline_a_hold_counts_nowhere_swept_or_not(h: Harness) {
        let scene = Scene::new(h.database).await;
        let services = &scene.land.services;
        let deadline = services.hold_of(&scene.manager, scene.id).await.unwrap().hold.expires_at;
        let country = || services.availability().availability.national.counts;
        services.clock.set(deadline - Duration::milliseconds(1));
        assert_eq!((parts(scene.count().await), country().held), ([6, 3, 0, 0], 3));
        assert_eq!(services.expire_due().await.unwrap(), 0);
        services.clock.set(deadline);
        assert_eq!((parts(scene.count().await), country().held), ([9, 0, 0, 0], 0));
        assert!(services.state(&scene.manager, scene.shelter.id).await.unwrap().holds.is_empty());
        assert_eq!(services.hold_of(&scene.officer, scene.id).await.unwrap().state, HoldState::Expired);
        assert_eq!(scene.refused(HoldEvent::Accept).await, "hold_expired");
        let past = services.availability_at(deadline - Duration::milliseconds(1)).await.unwrap();
        assert_eq!((past.national.counts.held, services.availability_at(deadline).await.unwrap().national.counts.held), (3, 0));
        // Another takes the room before anybody has swept; then the sweep ends the one and leaves the other.
        hold(services, &scene.officer, family(), scene.shelter.id).await.unwrap();
        assert_eq!(services.expire_due().await.unwrap(), 1);
        assert_eq!(parts(scene.count().await), [6, 3, 0, 0]);
        let swept = services.hold_of(&scene.officer, scene.id).await.unwrap().hold;
        assert_eq!((swept.state, swept.ended_at), (HoldState::Expired, Some(deadline)));
        assert_sound(services).await;
    }

    async fn a_report_that_takes_its_beds_puts_a_hold_at_risk(h: Harness) {
        let scene = Scene::new(h.database).await;
        assert_eq!(scene.at_risk().await, [false, false]);
        scene.pass(5);
        scene.report(&[0, 2], 0).await;
        assert_eq!(scene.at_risk().await, [true, true], "both sides see it");
        assert_eq!(scene.refused(HoldEvent::Accept).await, "hold_at_risk");
        assert_eq!(parts(scene.count().await)[0], 6, "free is never negative");
        assert_eq!(scene.count().await.over_capacity, 2);
        scene.pass(5);
        scene.report(&[6, 0], 0).await;
        assert_eq!(scene.at_risk().await, [false, false]);
        assert_eq!(scene.plainly(HoldEvent::Accept).await, HoldState::Accepted);
        assert_sound(&scene.land.services).await;
    }

    async fn handover_after_acceptance_five_times_a_day_on_record(h: Harness) {
        let scene = Scene::new(h.database).await;
        let services = &scene.land.services;
        let contact = Confidential {
            address: "12 Rudaki".to_owned(),
            contact_name: "Gulnora".to_owned(),
            contact_phone: "+992 900 00 00 00".to_owned(),
            meeting_point: "the clinic".to_owned(),
        };
        services.set_confidential(&scene.manager, scene.shelter.id, &contact).await.unwrap();
        let ask = || services.handover(&scene.officer, scene.id, "she is on her way");
        assert_eq!(word(&ask().await.unwrap_err()), "hold_not_accepted");
        scene.plainly(HoldEvent::Accept).await;
        let foreign = services.handover(&scene.land.officers[1], scene.id, "curious").await;
        assert_eq!(word(&foreign.unwrap_err()), "not_found");
        let entries = services.verify_audit().await.unwrap().entries;
        // Eight at once and not one after the other: five are answered.
        let answers = futures::future::join_all((0..8).map(|_| ask())).await;
        let given: Vec<_> = answers.iter().filter_map(|answer| answer.as_ref().ok()).collect();
        assert!(given.len() == 5 && given.iter().all(|handover| handover.meeting_point == "the clinic"));
        assert!(answers.iter().filter_map(|a| a.as_ref().err()).all(|e| word(e) == "quota_reached"));
        assert_eq!(services.verify_audit().await.unwrap().entries, entries + 7, "each on record, and that the fourth and the fifth came near the end");
        services.clock.advance(Duration::hours(10));
        assert_eq!(word(&ask().await.unwrap_err()), "quota_reached");
        assert_sound(services).await;
    }

    async fn a_referral_closes_with_reasons_and_not_over_a_held_place(h: Harness) {
        let scene = Scene::new(h.database).await;
        let services = &scene.land.services;
        let referral = services.hold_of(&scene.officer, scene.id).await.unwrap().hold.referral_id;
        let reasons = vec![UnmetReason::NoCapacity, UnmetReason::Distance];
        let close = || services.close_referral(&scene.officer, referral, Outcome::Unmet, reasons.clone());
        assert_eq!(word(&close().await.unwrap_err()), "hold_active");
        scene.plainly(HoldEvent::Release).await;
        let closed = close().await.unwrap().referral;
        assert_eq!((closed.outcome, &closed.unmet_reasons), (Some(Outcome::Unmet), &reasons));
        assert_eq!(word(&close().await.unwrap_err()), "referral_closed");
        let again = services.hold(&scene.officer, referral, scene.shelter.id, once(print_hold)).await;
        assert_eq!(word(&again.unwrap_err()), "referral_closed");
        assert_sound(services).await;
    }

    async fn a_late_report_is_history_and_arrivals_since_are_kept(h: Harness) {
        let scene = Scene::new(h.database).await;
        scene.pass(60 - 1);
        scene.plainly(HoldEvent::Accept).await;
        scene.pass(60);
        scene.plainly(HoldEvent::Arrive).await;
        scene.pass(30);
        // Seen before she came, told after: she is in the house all the same.
        assert!(scene.report(&[2, 0], 45).await.ends_with("true"));
        assert_eq!(parts(scene.count().await), [4, 0, 5, 0]);
        // Older than what is known: nothing changes but the history.
        assert!(scene.report(&[6, 3], 50).await.ends_with("false"));
        assert_eq!(parts(scene.count().await), [4, 0, 5, 0]);
        let history = scene.land.services.report_history(&scene.manager, scene.shelter.id, None, 10).await.unwrap().0;
        assert_eq!(history.iter().map(|row| row.applied).collect::<Vec<_>>(), [true, false, true]);
        // Seen after she came: she is among those it counts.
        assert!(scene.report(&[2, 3], 0).await.ends_with("true"));
        assert_eq!(parts(scene.count().await), [4, 0, 5, 0]);
        assert_sound(&scene.land.services).await;
    }

    async fn a_room_in_use_is_not_retired(h: Harness) {
        let scene = Scene::new(h.database).await;
        let (services, admin) = (&scene.land.services, &scene.land.admin);
        let without = |label: &str| {
            let mut row = scene.shelter.clone();
            row.rooms.retain(|room| room.label != label);
            row
        };
        assert_eq!(word(&services.change_shelter(admin, without("private"), &[]).await.unwrap_err()), "room_in_use");
        let mut smaller = scene.shelter.clone();
        smaller.rooms[1].beds = 2;
        assert_eq!(word(&services.change_shelter(admin, smaller, &[]).await.unwrap_err()), "room_in_use");
        scene.plainly(HoldEvent::Accept).await;
        scene.pass(30);
        scene.plainly(HoldEvent::Arrive).await;
        assert_eq!(word(&services.change_shelter(admin, without("private"), &[]).await.unwrap_err()), "room_in_use");
        services.change_shelter(admin, without("shared"), &[]).await.unwrap();
        assert_eq!(parts(scene.count().await), [0, 0, 3, 0]);
        assert_sound(services).await;
    }

    async fn the_past_is_what_the_board_showed(h: Harness) {
        let scene = Scene::new(h.database).await;
        let services = &scene.land.services;
        let mut random = Random::new(11);
        let mut shown = Vec::new();
        for _ in 0..120 {
            services.clock.advance(Duration::milliseconds(random.within(1, 3_600_000)));
            let family = [vec![], vec![9], vec![7, 4]][random.below(3)].clone();
            let referral = refer(services, &scene.officer, woman_with(&family)).await;
            if let Ok(id) = services.hold(&scene.officer, referral, scene.shelter.id, once(print_hold)).await {
                let id = HoldId(id.parse().unwrap());
                for event in [HoldEvent::Accept, HoldEvent::Arrive, HoldEvent::Release].iter().take(random.below(4)) {
                    services.clock.advance(Duration::milliseconds(random.within(1, 600_000)));
                    let _ = services.move_hold(&scene.manager, id, *event, Ending::default()).await;
                }
            }
            if random.percent(20) {
                services.clock.advance(Duration::milliseconds(1));
                let occupied = [random.within(0, 7), random.within(0, 2)];
                let ago = [0, 0, random.within(1, 300), -random.within(1, 9)][random.below(4)];
                scene.report(&occupied, ago).await;
            }
            // A moment later: between two events, as nearly all moments are.
            services.clock.advance(Duration::milliseconds(1));
            shown.push((services.now(), services.availability().availability.clone()));
        }
        for (at, then) in shown {
            assert_eq!(services.availability_at(at).await.unwrap(), then, "{at:?}");
        }
        assert_sound(services).await;
    }
}
