//! The waiting list: told once when a place appears, in the order of the list, never two for one place, by one node.

use chrono::{Days, Duration};
use panoh::domain::accounts::Actor;
use panoh::domain::holds::{HoldEvent, Outcome, UnmetReason};
use panoh::domain::household::{Search, Urgency};
use panoh::domain::id::{HoldId, ReferralId};
use panoh::domain::outbox::{Letter, NoticeKind, Of};
use panoh::domain::rooms::RoomKind;
use panoh::domain::shelters::Shelter;
use panoh::jobs::Jobs;
use panoh::mail::{Mailer, Memory};
use panoh::services::placement::ReferralView;
use panoh::services::reports::ReportDraft;
use panoh::services::{Event, Services};
use panoh::store::{accounts, letters};
use serde_json::json;

use crate::harness::country::search;
use crate::harness::{Database, Harness, on_both};
use crate::model::land::{Land, once, print_hold, print_receipt, room, word};
use crate::races::{assert_sound, hold, house, refer, report_of, woman_with};
use crate::waves::ending;

/// A full house with one shared room of four.
struct Line {
    land: Land,
    shelter: Shelter,
    manager: Actor,
    officer: Actor,
}

impl Line {
    async fn new(database: Database) -> Self {
        let land = Land::new(database).await;
        let (shelter, manager) = house(&land, "LINE", vec![room("shared", RoomKind::Shared, 4, 0)]).await;
        let officer = land.officers[0].clone();
        let line = Self {
            land,
            shelter,
            manager,
            officer,
        };
        line.report(4).await;
        line
    }

    fn services(&self) -> &Services {
        &self.land.services
    }

    async fn report(&self, occupied: i64) {
        self.services().clock.advance(Duration::minutes(1));
        let draft = report_of(&self.shelter, &[occupied], self.land.now());
        self.services()
            .report(&self.manager, self.shelter.id, draft, once(print_receipt))
            .await
            .unwrap();
    }

    async fn waits(&self, search: Search) -> ReferralId {
        self.services().clock.advance(Duration::minutes(1));
        let id = refer(self.services(), &self.officer, search).await;
        self.services().wait(&self.officer, id).await.unwrap();
        id
    }

    async fn see(&self, id: ReferralId) -> ReferralView {
        self.services().referral(&self.officer, id).await.unwrap()
    }

    /// Who of these has been told of a place that is there.
    async fn told<const N: usize>(&self, all: [ReferralId; N]) -> [bool; N] {
        let mut told = [false; N];
        for (told, id) in told.iter_mut().zip(all) {
            *told = self.see(id).await.referral.place_found.is_some();
        }
        told
    }

    async fn look(&self) -> usize {
        self.services().tell_waiting().await.unwrap()
    }

    /// Reports so many beds taken, and looks.
    async fn turn(&self, occupied: i64) -> usize {
        self.report(occupied).await;
        self.look().await
    }

    async fn letters(&self, id: ReferralId) -> Vec<Letter> {
        letters::of_referral(&self.services().store, id).await.unwrap()
    }

    async fn states(&self, id: ReferralId) -> Vec<String> {
        self.letters(id).await.into_iter().map(|letter| letter.state).collect()
    }

    async fn deliver(&self, mail: &Memory) {
        let jobs = Jobs {
            services: self.services().clone(),
            mailer: Mailer::Memory(mail.clone()),
            pusher: crate::harness::pusher(),
            sms: panoh::sms::Sender::Memory(panoh::sms::Memory::default()),
        };
        while jobs.deliver_next().await.unwrap() {}
    }
}

async fn referral_of(services: &Services, id: HoldId) -> ReferralId {
    panoh::store::holds::any(&services.store, id)
        .await
        .unwrap()
        .unwrap()
        .referral_id
}

on_both! {
    async fn places_go_down_the_line_and_each_is_told_once(h: Harness) {
        let line = Line::new(h.database).await;
        let soon = |urgency| Search { urgency, ..woman_with(&[]) };
        let patient = line.waits(soon(Urgency::ThisWeek)).await;
        let first = line.waits(soon(Urgency::Now)).await;
        let second = line.waits(soon(Urgency::Now)).await;
        let family = line.waits(woman_with(&[7, 9, 12])).await;
        let all = [first, second, patient, family];
        let mut events = line.services().watch();
        assert_eq!(line.look().await, 0);
        line.report(2).await;
        assert_eq!((line.look().await, line.told(all).await), (2, [true, true, false, false]));
        assert_eq!(line.look().await, 0, "nothing has changed");
        line.report(2).await;
        assert_eq!(line.look().await, 0, "the board has, but not for her");
        let mut heard = Vec::new();
        while let Ok(event) = events.try_recv() {
            if let Event::Place(case) = event {
                let (referral, organisation) = (case.id, case.organisation_id);
                assert_eq!(Some(organisation), line.officer.organisation_id);
                heard.push(referral);
            }
        }
        assert_eq!(heard, [first, second]);
        let view = line.see(first).await;
        assert_eq!(view.place_code.as_deref(), Some("LINE"));
        assert!(view.holds.is_empty() && view.referral.waiting_since.is_some(), "nothing is held for her");
        // A third bed is for the patient one, a whole room for nobody: three of its beds are spoken for in this look.
        line.report(1).await;
        assert_eq!((line.look().await, line.told(all).await), (1, [true, true, true, false]));
        assert_sound(line.services()).await;
    }

    async fn a_place_that_has_gone_is_told_of_when_it_comes_again(h: Harness) {
        let line = Line::new(h.database).await;
        let id = line.waits(woman_with(&[])).await;
        line.report(3).await;
        assert_eq!((line.look().await, line.told([id]).await), (1, [true]));
        line.report(4).await;
        assert_eq!((line.look().await, line.told([id]).await), (0, [false]));
        assert!(line.see(id).await.referral.waiting_since.is_some(), "she waits on");
        line.report(3).await;
        assert_eq!((line.look().await, line.told([id]).await), (1, [true]));
        assert_sound(line.services()).await;
    }

    async fn her_officer_is_written_to_at_each_appearance(h: Harness) {
        let line = Line::new(h.database).await;
        let mail = Memory::default();
        let tx = line.services().store.begin().await.unwrap();
        accounts::set_language(&tx, line.officer.user_id, "tg").await.unwrap();
        tx.commit().await.unwrap();
        let (id, behind) = (line.waits(woman_with(&[])).await, line.waits(woman_with(&[])).await);
        assert_eq!((line.turn(3).await, line.turn(3).await), (1, 0));
        let queued = line.letters(id).await;
        assert_eq!(queued.len(), 1, "one letter, and none for the next look");
        let (letter, officer) = (&queued[0], format!("{}@demo.example", line.officer.user_id));
        assert_eq!((letter.address.as_str(), letter.language.as_str(), letter.state.as_str()), (&*officer, "tg", "queued"));
        let Of::Notice(notice) = &letter.of else { panic!("a notice") };
        assert_eq!(notice.kind, NoticeKind::PlaceFound);
        let code = line.see(id).await.referral.code;
        for secret in [code.as_str(), "LINE", "TJ-DU", &id.to_string(), &line.shelter.id.to_string()] {
            assert!(!format!("{}{}{}", notice.subject, notice.html, notice.text).contains(secret), "{secret}");
        }
        line.deliver(&mail).await;
        assert_eq!(mail.sent().iter().map(|sent| sent.to.clone()).collect::<Vec<_>>(), [officer]);
        // Gone before the second letter went out; and come again, so that only the third is true.
        assert_eq!((line.turn(4).await, line.turn(3).await, line.turn(4).await), (0, 1, 0));
        line.deliver(&mail).await;
        assert_eq!(line.states(id).await, ["sent", "dropped"]);
        assert_eq!((line.turn(3).await, line.turn(4).await, line.turn(3).await), (1, 0, 1));
        line.deliver(&mail).await;
        assert_eq!(line.states(id).await, ["sent", "dropped", "dropped", "sent"]);
        assert_eq!((line.turn(4).await, line.turn(3).await), (0, 1));
        line.services().stop_waiting(&line.officer, id).await.unwrap();
        line.deliver(&mail).await;
        assert_eq!((line.states(id).await.last().unwrap().as_str(), mail.sent().len()), ("dropped", 2));
        assert_eq!(line.states(behind).await, [""; 0], "there was never a second place");
        assert_sound(line.services()).await;
    }

    async fn a_shelter_that_turned_her_down_is_no_place_for_her(h: Harness) {
        let line = Line::new(h.database).await;
        let services = line.services();
        line.report(3).await;
        let asked = hold(services, &line.officer, woman_with(&[]), line.shelter.id).await.unwrap();
        services.move_hold(&line.manager, asked, HoldEvent::Decline, ending(HoldEvent::Decline)).await.unwrap();
        let id = referral_of(services, asked).await;
        services.wait(&line.officer, id).await.unwrap();
        assert_eq!((line.look().await, line.told([id]).await), (0, [false]));
        // Whoever was not turned down there is told, and another shelter is one for her.
        let other = line.waits(woman_with(&[])).await;
        assert_eq!((line.look().await, line.told([id, other]).await), (1, [false, true]));
        house(&line.land, "NEXT", vec![room("shared", RoomKind::Shared, 1, 0)]).await;
        assert_eq!((line.look().await, line.told([id, other]).await), (1, [true, true]));
        assert_eq!(line.see(id).await.place_code.as_deref(), Some("NEXT"));
        assert_eq!((line.letters(id).await.len(), line.letters(other).await.len()), (1, 1));
        assert_sound(services).await;
    }

    async fn a_hold_or_the_end_takes_off_the_list(h: Harness) {
        let line = Line::new(h.database).await;
        let services = line.services();
        let (held, closed, left) = (
            line.waits(woman_with(&[])).await, line.waits(woman_with(&[])).await, line.waits(woman_with(&[])).await,
        );
        let since = line.see(held).await.referral.waiting_since;
        services.clock.advance(Duration::minutes(5));
        services.wait(&line.officer, held).await.unwrap();
        assert_eq!(line.see(held).await.referral.waiting_since, since, "asking again does not lose her turn");
        line.report(1).await;
        assert_eq!(line.look().await, 3);
        services.hold(&line.officer, held, line.shelter.id, once(print_hold)).await.unwrap();
        services.close_referral(&line.officer, closed, Outcome::Unmet, vec![UnmetReason::HerChoice]).await.unwrap();
        services.stop_waiting(&line.officer, left).await.unwrap();
        for id in [held, closed, left] {
            let row = line.see(id).await.referral;
            assert_eq!((row.waiting_since, row.place_found), (None, None));
        }
        assert_eq!(word(&services.wait(&line.officer, held).await.unwrap_err()), "hold_active");
        assert_eq!(word(&services.wait(&line.officer, closed).await.unwrap_err()), "referral_closed");
        assert_eq!(word(&services.stop_waiting(&line.officer, closed).await.unwrap_err()), "referral_closed");
        services.stop_waiting(&line.officer, left).await.unwrap();
        assert_eq!(word(&services.wait(&line.land.officers[1], left).await.unwrap_err()), "not_found");
        assert_eq!(line.look().await, 0);
        assert_sound(services).await;
    }

    async fn who_waits_for_a_later_date_is_told_of_rooms_that_empty(h: Harness) {
        let line = Line::new(h.database).await;
        let today = (line.land.now() + Duration::hours(5)).date_naive();
        let from = |days| Search { earliest_date: Some(today + Days::new(days)), ..woman_with(&[7, 9]) };
        let (early, late) = (line.waits(from(2)).await, line.waits(from(4)).await);
        assert_eq!(line.look().await, 0);
        line.services().clock.advance(Duration::minutes(1));
        let draft = ReportDraft {
            planned_exits: vec![(line.shelter.rooms[0].id, today + Days::new(3))],
            ..report_of(&line.shelter, &[4], line.land.now())
        };
        line.services().report(&line.manager, line.shelter.id, draft, once(print_receipt)).await.unwrap();
        assert_eq!((line.look().await, line.told([early, late]).await), (1, [false, true]));
        let row = line.see(late).await.referral;
        let hold = line.services().hold(&line.officer, late, line.shelter.id, once(print_hold)).await;
        assert!(row.place_found.is_some() && hold.is_ok(), "what she was told of is there");
        assert_sound(line.services()).await;
    }

    async fn one_node_tells_and_a_board_behind_takes_nothing_back(h: Harness) {
        let country = h.country().await;
        let mut waiting = Vec::new();
        for _ in 0..3 {
            let referral = country.officer.post("/api/v1/referrals", &search(&[])).await.expect(201);
            let path = format!("/api/v1/referrals/{}/wait", referral["id"].as_str().unwrap());
            country.officer.post(&path, &json!({})).await.expect(200);
            waiting.push(path);
        }
        let (behind, other) = (h.another_node().await, h.another_node().await);
        behind.tell_waiting().await.unwrap();
        h.report_all_empty(&country).await;
        other.redraw_board().await.unwrap();
        let (a, b) = futures::join!(h.services.tell_waiting(), other.tell_waiting());
        assert_eq!(a.unwrap() + b.unwrap(), 3, "each is told once, by either");
        // This node has not heard of the reports yet, and is made to look.
        let id = waiting[0].split('/').nth(4).unwrap().parse().unwrap();
        let actor = h.services.authenticate(&country.officer.token).await.unwrap();
        behind.wait(&actor, ReferralId(id)).await.unwrap();
        assert_eq!(behind.tell_waiting().await.unwrap(), 0);
        for path in &waiting {
            let referral = country.officer.get(path.trim_end_matches("/wait")).await.expect(200);
            assert!(referral["place_found"]["shelter_code"].is_string(), "{referral}");
        }
        let again = country.officer.send("DELETE", &waiting[0], &[], b"").await.expect(200);
        assert!(again["waiting_since"].is_null() && again["place_found"].is_null());
    }
}
