//! `panoh check` names whatever is broken behind the service's back: each of its checks can fail.

use chrono::Duration;
use panoh::domain::holds::HoldEvent;
use panoh::domain::stock::RawCount;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};
use uuid::Uuid;

use crate::harness::{Harness, on_both};
use crate::holds::Scene;
use crate::races::{assert_sound, hold, woman_with};

on_both! {
    async fn each_check_names_what_is_broken(h: Harness) {
        let scene = Scene::new(h.database).await;
        let services = &scene.land.services;
        let other = hold(services, &scene.officer, woman_with(&[]), scene.shelter.id).await.unwrap();
        services.count(&scene.manager, scene.shelter.id, &[RawCount::units("flour", 50)]).await.unwrap();
        a_digest(&scene).await;
        assert_sound(services).await;
        let raw = Raw(scene.land.url.clone());
        let [shared, private] = [0, 1].map(|at| raw.id(scene.shelter.rooms[at].id.0));
        let (first, other) = (raw.id(scene.id.0), raw.id(other.0));
        let twin = raw.id(Uuid::from_u128(7));
        let mended = [
            ("no_bed_is_promised_twice", "room SET beds = ", "2", "3", &private),
            ("a_later_start_has_its_instant", "hold SET starts_on = ", "'2026-12-01'", "NULL", &first),
            ("a_hold_ends_once", "hold SET state = ", "'released'", "'accepted', accepted_at = 1", &first),
            ("an_acceptance_has_its_time", "hold SET accepted_at = ", "NULL", "1", &first),
            ("a_hold_claims_what_its_lines_say", "hold SET beds = ", "9", "3", &first),
            ("state_follows_the_newest_report", "room_state SET occupied_beds = ", "1", "0", &private),
        ];
        for (name, what, wrong, right, id) in mended {
            let key = if what.starts_with("room_state") { "room_id" } else { "id" };
            raw.run(&format!("UPDATE {what}{wrong} WHERE {key} = {id}")).await;
            assert_eq!(broken(&scene).await, [name]);
            raw.run(&format!("UPDATE {what}{right} WHERE {key} = {id}")).await;
            assert_sound(services).await;
        }
        // A hold that is still to start counts in full.
        let later = format!("hold SET starts_on = '2200-01-01', starts_at = 7258118400000 WHERE id = {first}");
        raw.run(&format!("UPDATE {later}; UPDATE room SET beds = 2 WHERE id = {private}")).await;
        assert_eq!(broken(&scene).await, ["no_bed_is_promised_twice"]);
        raw.run(&format!("UPDATE hold SET starts_on = NULL, starts_at = NULL; UPDATE room SET beds = 3 WHERE id = {private}"))
            .await;
        raw.run(&format!("UPDATE hold_line SET room_id = {private} WHERE hold_id = {other}")).await;
        assert!(broken(&scene).await.contains(&"one_household_in_a_private_room"));
        raw.run(&format!("UPDATE hold_line SET room_id = {shared} WHERE hold_id = {other}")).await;
        // What the database itself refuses has to be let through first.
        raw.run(raw.either(
            "PRAGMA ignore_check_constraints = ON; UPDATE stock SET on_hand = -1",
            "ALTER TABLE stock DROP CONSTRAINT stock_on_hand_check; UPDATE stock SET on_hand = -1",
        )).await;
        let shelves = ["stock_is_never_negative", "stock_follows_counts_and_movements", "dated_units_are_on_the_shelf"];
        assert_eq!(broken(&scene).await, shelves);
        raw.run("UPDATE stock SET on_hand = 49").await;
        assert_eq!(broken(&scene).await, shelves[1..2]);
        raw.run(r#"UPDATE stock SET on_hand = 50, lots = '[{"expires_on":"2027-01-01","units":51}]'"#).await;
        assert_eq!(broken(&scene).await, shelves[2..]);
        raw.run("UPDATE stock SET lots = '[]'").await;
        goods_that_nobody_sent(&scene, &raw).await;
        raw.run(&format!(
            "DROP INDEX uq_letter_digest_id_address; INSERT INTO letter (id, digest_id, via, address, name, language, state, \
             attempts, next_attempt_at, created_at) SELECT {twin}, digest_id, via, address, name, language, state, attempts, \
             next_attempt_at, created_at FROM letter WHERE digest_id IS NOT NULL"
        )).await;
        assert_eq!(broken(&scene).await, ["one_letter_for_a_recipient"]);
        raw.run(&format!(
            "DELETE FROM letter WHERE id = {twin}; DROP INDEX uq_digest_schedule_id_period; \
             INSERT INTO digest (id, schedule_id, period, as_of, content, delayed, created_at) \
             SELECT {twin}, schedule_id, period, as_of, content, delayed, created_at FROM digest"
        )).await;
        assert_eq!(broken(&scene).await, ["one_run_for_a_period"]);
        raw.run(&format!("DELETE FROM digest WHERE id = {twin}")).await;
        raw.run(raw.either("DROP TRIGGER audit_no_update", "DROP TRIGGER audit_append_only ON audit")).await;
        raw.run("UPDATE audit SET detail = 'x' WHERE seq = 3").await;
        assert_eq!(broken(&scene).await, ["audit_chain"]);
        assert_eq!(services.verify_audit().await.unwrap().first_broken.map(|broken| broken.seq), Some(3));
    }

    async fn holds_of_one_referral_are_one_wave_and_one_place(h: Harness) {
        let scene = Scene::new(h.database).await;
        let other = hold(&scene.land.services, &scene.officer, woman_with(&[]), scene.shelter.id).await.unwrap();
        let raw = Raw(scene.land.url.clone());
        let (first, other) = (raw.id(scene.id.0), raw.id(other.0));
        let same = format!("referral_id = (SELECT referral_id FROM hold WHERE id = {first})");
        raw.run(&format!("UPDATE hold SET {same} WHERE id = {other}")).await;
        assert_eq!(broken(&scene).await, ["holds_asked_together_share_one_wave"]);
        raw.run(&format!("UPDATE hold SET wave_id = {first}")).await;
        assert_sound(&scene.land.services).await;
        raw.run("UPDATE hold SET state = 'accepted', accepted_at = asked_at").await;
        assert_eq!(broken(&scene).await, ["one_accepted_hold_for_a_referral"]);
    }
}

async fn broken(scene: &Scene) -> Vec<&'static str> {
    let checks = scene.land.services.check().await.unwrap();
    checks
        .into_iter()
        .filter(|check| check.broken > 0)
        .map(|check| check.name)
        .collect()
}

/// A transfer on its way, of which no shelf knows; then the shelf does, and then another one says that it has it.
async fn goods_that_nobody_sent(scene: &Scene, raw: &Raw) {
    let (id, movement) = (raw.id(Uuid::from_u128(8)), raw.id(Uuid::from_u128(9)));
    let [from, to] = [0, 1].map(|at| raw.id(scene.land.shelters[at].id.0));
    let user = raw.id(scene.manager.user_id.0);
    raw.run(&format!(
        "INSERT INTO transfer (id, code, from_shelter, to_shelter, state, due_on, created_by, created_at, dispatched_at, told, \
         version) VALUES ({id}, 'T', {from}, {to}, 'dispatched', '2026-12-01', {user}, 1, 1, 0, 1); \
         INSERT INTO transfer_line (transfer_id, item, quantity, dispatched, lots) VALUES ({id}, 'oil', 5, 3, '[]')"
    ))
    .await;
    assert_eq!(broken(scene).await, ["transfers_are_conserved"]);
    let booked = |id: &str, shelter: &str, kind: &str, change: i64, transfer: &str| {
        format!(
            "INSERT INTO stock_movement (id, shelter_id, item, kind, change, transfer_id, moved_at, recorded_at) \
             VALUES ({id}, {shelter}, 'oil', '{kind}', {change}, {transfer}, 1, 1)"
        )
    };
    let receipt = booked(&raw.id(Uuid::from_u128(10)), &from, "receipt", 3, "NULL");
    let shelf = format!("INSERT INTO stock (shelter_id, item, on_hand, observed_at) VALUES ({from}, 'oil', 0, 1)");
    raw.run(&format!(
        "{receipt}; {}; {shelf}",
        booked(&movement, &from, "transfer_out", -3, &id)
    ))
    .await;
    assert_sound(&scene.land.services).await;
    let stray = booked(&raw.id(Uuid::from_u128(11)), &to, "transfer_in", 3, &id);
    raw.run(&format!(
        "{stray}; INSERT INTO stock (shelter_id, item, on_hand, observed_at) VALUES ({to}, 'oil', 3, 1)"
    ))
    .await;
    assert_eq!(
        broken(scene).await,
        ["transfers_are_conserved"],
        "it is still on its way"
    );
    raw.run(&format!(
        "UPDATE transfer SET state = 'received', ended_at = 2; UPDATE transfer_line SET received = {}",
        3
    ))
    .await;
    assert_sound(&scene.land.services).await;
}

/// A schedule with one reader, and its first digest; the clock goes on by a day and the holds with it.
async fn a_digest(scene: &Scene) {
    use chrono::NaiveTime;

    use panoh::domain::outbox::Recipient;
    use panoh::services::schedules::ScheduleDraft;

    use crate::harness::readers::{active_reader, add_schedule};
    let (services, admin) = (&scene.land.services, &scene.land.admin);
    scene.plainly(HoldEvent::Accept).await;
    let draft = ScheduleDraft::daily("Daily", NaiveTime::from_hms_opt(8, 30, 0).unwrap());
    let schedule_id = add_schedule(services, admin, draft).await;
    let reader = Recipient::named(schedule_id, "reader@demo.example", "Reader", "en");
    active_reader(services, reader).await;
    let now = services.now();
    services.clock.set(now + Duration::hours(24));
    assert_eq!(services.run_due().await.unwrap(), 1);
    // Back again, so that the holds still claim what they claim.
    services.clock.set(now + Duration::minutes(1));
}

/// Statements behind the service's back.
pub struct Raw(pub String);

impl Raw {
    fn either<'a>(&self, sqlite: &'a str, postgres: &'a str) -> &'a str {
        if self.0.starts_with("postgres:") {
            postgres
        } else {
            sqlite
        }
    }

    fn id(&self, id: Uuid) -> String {
        if self.0.starts_with("postgres:") {
            format!("'{id}'::uuid")
        } else {
            format!("x'{}'", id.simple())
        }
    }

    pub async fn run(&self, sql: &str) {
        let sql = sqlx::raw_sql(AssertSqlSafe(sql.to_owned()));
        if self.0.starts_with("postgres:") {
            let mut db = self
                .0
                .parse::<sqlx::postgres::PgConnectOptions>()
                .unwrap()
                .connect()
                .await
                .unwrap();
            sql.execute(&mut db).await.unwrap();
            db.close().await.unwrap();
        } else {
            let mut db = self
                .0
                .parse::<sqlx::sqlite::SqliteConnectOptions>()
                .unwrap()
                .connect()
                .await
                .unwrap();
            sql.execute(&mut db).await.unwrap();
            db.close().await.unwrap();
        }
    }
}
