//! What the clock does while nobody answers: reminded, the next asked, the operator told, each once and never after an
//! answer, by the policy that was kept with the hold. And what an officer may do against the clock.

use chrono::Duration;
use panoh::domain::holds::{HoldEvent, HoldState};
use panoh::domain::outbox::{NoticeKind, Of};
use panoh::services::once::Once;
use panoh::store::{events, letters};

use super::Scene;
use crate::harness::{Harness, on_both};
use crate::model::land::{once, print_hold, word};
use crate::model::world::key_of;
use crate::races::{assert_sound, hold, woman_with};

async fn notices(scene: &Scene, id: panoh::domain::id::HoldId) -> Vec<NoticeKind> {
    let letters = letters::of_hold(&scene.services().store, id).await.unwrap();
    let kinds = letters.into_iter().filter_map(|letter| match letter.of {
        Of::Notice(notice) => Some(notice.kind),
        Of::Digest(_) => None,
    });
    kinds.collect()
}

on_both! {
    async fn reminded_then_the_next_then_the_operator(h: Harness) {
        let scene = Scene::new(h.database, 4).await;
        let services = scene.services();
        let (referral, ids) = scene.wave(2).await;
        scene.pass(19);
        assert_eq!(services.escalate_due().await.unwrap(), 0);
        scene.pass(1);
        assert_eq!(services.escalate_due().await.unwrap(), 2, "both are reminded");
        assert_eq!(services.escalate_due().await.unwrap(), 0, "once");
        scene.pass(10);
        assert_eq!(services.escalate_due().await.unwrap(), 2);
        let asked = services.referral(&scene.officer, referral).await.unwrap().holds;
        assert_eq!(asked.len(), 3, "one more for the wave, not for each of it");
        let third = asked.iter().find(|view| !ids.contains(&view.hold.id)).unwrap().hold.clone();
        assert_eq!((third.wave_id, third.expires_at), (asked[0].hold.wave_id, scene.land.now() + Duration::minutes(60)));
        assert!(services.hold_of(&scene.officer, third.id).await.unwrap().extensions_left == 2);
        scene.pass(15);
        assert_eq!(services.escalate_due().await.unwrap(), 2);
        let admins = [notices(&scene, ids[0]).await, notices(&scene, ids[1]).await].concat();
        assert_eq!(admins.iter().filter(|kind| **kind == NoticeKind::Operator).count(), 1);
        assert_eq!(
            scene.timeline(referral).await,
            ["opened", "wave_asked", "asked", "asked", "reminded", "reminded", "next_asked", "asked", "operator_told"]
        );
        // The third has steps of its own, but asks nobody further and wakes the operator no second time.
        scene.pass(15);
        assert_eq!(services.expire_due().await.unwrap(), 2);
        scene.pass(29);
        services.escalate_due().await.unwrap();
        let told = scene.timeline(referral).await;
        assert_eq!(told[9..], ["expired", "expired", "reminded"]);
        assert_eq!(scene.go(third.id, HoldEvent::Accept).await.unwrap(), HoldState::Accepted);
        assert_sound(services).await;
    }

    async fn nothing_follows_an_answer(h: Harness) {
        let scene = Scene::new(h.database, 3).await;
        let services = scene.services();
        let (first, ids) = scene.wave(2).await;
        scene.go(ids[0], HoldEvent::Accept).await.unwrap();
        let (second, declined) = scene.wave(1).await;
        scene.go(declined[0], HoldEvent::Decline).await.unwrap();
        let before = [scene.timeline(first).await, scene.timeline(second).await];
        scene.pass(59);
        assert_eq!(services.escalate_due().await.unwrap(), 0);
        assert_eq!([scene.timeline(first).await, scene.timeline(second).await], before);
        // Nor a deadline that nobody has written down yet.
        let (third, _) = scene.wave(1).await;
        scene.pass(60);
        assert_eq!(services.escalate_due().await.unwrap(), 0);
        assert_eq!(scene.timeline(third).await, ["opened", "wave_asked", "asked"]);
    }

    async fn steps_missed_are_taken_in_order_and_none_is_lost(h: Harness) {
        let scene = Scene::new(h.database, 1).await;
        let (referral, _) = scene.wave(1).await;
        scene.pass(59);
        assert_eq!(scene.services().escalate_due().await.unwrap(), 3);
        let told = scene.timeline(referral).await;
        assert_eq!(told[..3], ["opened", "wave_asked", "asked"]);
        // All at one instant, told in the order of their kinds.
        assert_eq!(told[3..], ["next_asked", "reminded", "operator_told"]);
        let events = events::of_referral(&scene.services().store, referral).await.unwrap();
        assert_eq!(events[3].detail.reason.as_deref(), Some("no_bed_left"), "nobody else fits, and that is told");
    }

    async fn a_policy_is_the_one_it_was_asked_under(h: Harness) {
        let scene = Scene::new(h.database, 2).await;
        let services = scene.services();
        // As if it had been asked under other defaults than today's.
        let id = hold(services, &scene.officer, woman_with(&[]), scene.houses[0].0.id).await.unwrap();
        let row = scene.row(id).await;
        let kept = serde_json::json!({"ask_minutes": 60, "arrive_hours": 3, "remind_after": 7, "next_after": null, "operator_after": null});
        let due = (row.asked_at + Duration::minutes(7)).timestamp_millis();
        crate::checks::Raw(scene.land.url.clone())
            .run(&format!("UPDATE hold SET policy = '{kept}', next_step_at = {due}"))
            .await;
        scene.pass(6);
        assert_eq!(services.escalate_due().await.unwrap(), 0);
        scene.pass(1);
        assert_eq!(services.escalate_due().await.unwrap(), 1);
        scene.pass(52);
        assert_eq!(services.escalate_due().await.unwrap(), 0, "no step that today's policy would take");
        assert_eq!(scene.timeline(row.referral_id).await, ["opened", "asked", "reminded"]);
        scene.go(id, HoldEvent::Accept).await.unwrap();
        let row = scene.row(id).await;
        assert!(row.expires_at - scene.land.now() < Duration::hours(4), "three hours to arrive, and the way");
    }

    async fn a_hold_is_prolonged_twice_and_before_its_end(h: Harness) {
        let scene = Scene::new(h.database, 1).await;
        let services = scene.services();
        let (referral, ids) = scene.wave(1).await;
        let (id, asked_at) = (ids[0], scene.land.now());
        let keyed = || Once { key: Some(key_of(1, b"{}")), print: print_hold };
        let extend = async || services.extend_hold(&scene.officer, id, once(print_hold)).await;
        services.extend_hold(&scene.officer, id, keyed()).await.unwrap();
        services.extend_hold(&scene.officer, id, keyed()).await.unwrap();
        assert_eq!(scene.row(id).await.expires_at, asked_at + Duration::minutes(120), "the same key prolongs once");
        assert_eq!(word(&services.extend_hold(&scene.land.officers[1], id, once(print_hold)).await.unwrap_err()), "not_found");
        scene.pass(119);
        scene.go(id, HoldEvent::Accept).await.unwrap();
        let accepted_until = scene.row(id).await.expires_at;
        scene.pass(1);
        extend().await.unwrap();
        assert_eq!(scene.row(id).await.expires_at, accepted_until + Duration::hours(6));
        assert_eq!(word(&extend().await.unwrap_err()), "hold_extensions_spent");
        let view = services.hold_of(&scene.officer, id).await.unwrap();
        assert_eq!(view.extensions_left, 0);
        assert_eq!(scene.timeline(referral).await[3..], ["extended", "accepted", "extended"]);
        let (_, ids) = scene.wave(1).await;
        scene.pass(60);
        let late = services.extend_hold(&scene.officer, ids[0], once(print_hold)).await;
        assert_eq!(word(&late.unwrap_err()), "hold_expired");
        services.expire_due().await.unwrap();
        let late = services.extend_hold(&scene.officer, ids[0], once(print_hold)).await;
        assert_eq!(word(&late.unwrap_err()), "hold_ended");
        assert_sound(services).await;
    }

    async fn a_report_that_takes_its_beds_is_in_the_timeline(h: Harness) {
        let scene = Scene::new(h.database, 1).await;
        let (referral, ids) = scene.wave(1).await;
        scene.pass(1);
        let (shelter, manager) = &scene.houses[0];
        for _ in 0..2 {
            let draft = crate::races::report_of(shelter, &[4], scene.land.now());
            scene.services().report(manager, shelter.id, draft, once(crate::model::land::print_receipt)).await.unwrap();
            scene.pass(1);
        }
        assert_eq!(scene.timeline(referral).await, ["opened", "wave_asked", "asked", "at_risk"], "told once");
        let theirs = scene.services().hold_timeline(manager, ids[0]).await.unwrap();
        assert_eq!(theirs.len(), 2);
    }
}
