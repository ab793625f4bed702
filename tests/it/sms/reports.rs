//! What becomes of messages from a connected telephone.

use chrono::Duration;
use futures::future::join_all;
use serde_json::json;

use super::{HERS, Line, STRANGE};
use crate::digests::stage::sql_at;
use crate::harness::{Harness, on_both};
use crate::races::assert_sound;

on_both! {
    async fn a_report_by_text_is_a_report_like_any_other(h: Harness) {
        let line = Line::open(&h).await;
        let free = |picture: &serde_json::Value| picture["national"]["free"].as_i64();
        let before = line.country.admin.get("/api/v1/availability").await.expect(200);
        let reply = line.says(HERS, " 2,\u{200b} 4 soap40").await.unwrap();
        assert_eq!(reply, "Принято 11:31. Комната kabud: 2; комната sabz: 4. Занято 6 из 9, свободно 2. Туалетное мыло: 40.");
        assert!(!reply.contains("Shelter") && !reply.contains(&line.country.shelter.code));
        assert_eq!(line.occupied().await, [2, 4]);
        let state = line.state().await;
        assert_eq!((&state["reported_by"], &state["freshness"]), (&json!("manager"), &json!("fresh")));
        let newest = line.history(line.country.shelter.id).await.remove(0);
        assert_eq!((&newest["channel"], &newest["reported_by"], &newest["applied"]), (&json!("sms"), &json!("manager"), &json!(true)));
        let stock = line.country.manager.get(&line.country.path("/stock")).await.expect(200);
        assert_eq!((&stock["items"][0]["item"], &stock["items"][0]["on_hand"]), (&json!("soap"), &json!(40)));
        let after = line.country.admin.get("/api/v1/availability").await.expect(200);
        assert!(free(&after) < free(&before), "the board shows it: {after}");
        assert_eq!((line.recorded("text.receive").await, line.recorded("phone.connect").await), (2, 1));
        assert!(line.recorded("report.receive").await >= 3);
        assert_sound(&h.services).await;
        assert!(h.services.verify_audit().await.unwrap().intact);
    }

    async fn nothing_changed_keeps_all_that_was_said(h: Harness) {
        let line = Line::open(&h).await;
        let c = &line.country;
        let mut body = h.report(&c.shelter, &[2, 3]);
        let leaves = (h.services.now() + Duration::days(2)).date_naive();
        body["rooms"][0]["occupied_cots"] = json!(1);
        body["rooms"][1]["out_of_service_beds"] = json!(2);
        body["rooms"][1]["out_of_service_reason"] = json!("repair");
        body["planned_exits"] = json!([{"room_id": c.shelter.rooms[0].id, "date": leaves}]);
        c.manager.post_once(&c.path("/reports"), "whole-report", &body).await.expect(201);
        line.later(60 * 23);
        let said = line.says(HERS, "ҳамон").await.unwrap();
        assert_eq!(said, "Принято 10:31, без изменений. Комната kabud: 2; комната sabz: 3. Занято 5 из 9, свободно 1.");
        let history = line.history(c.shelter.id).await;
        assert_eq!(history[0]["lines"], history[1]["lines"]);
        assert_eq!(history[0]["lines"][0]["planned_exit"], json!(leaves));
        // One room emptied: its cots and its exit go, the beds in repair stay.
        line.says(HERS, "kabud: 0").await.unwrap();
        let newest = line.history(c.shelter.id).await.remove(0);
        let first = &newest["lines"][0];
        assert_eq!((&first["occupied_beds"], &first["occupied_cots"], &first["planned_exit"]), (&json!(0), &json!(0), &json!(null)));
        assert_eq!(newest["lines"][1]["out_of_service_beds"], json!(2));
        assert_eq!(line.occupied().await, [0, 3]);
    }

    async fn the_same_message_twice_is_one_report(h: Harness) {
        let line = Line::open(&h).await;
        let before = line.history(line.country.shelter.id).await.len();
        let all = join_all((0..20).map(|_| line.message("one-id", HERS, "2 4"))).await;
        let first = all[0].expect(200);
        assert!(first["reply"].as_str().unwrap().contains("Занято 6"));
        for answer in &all {
            assert_eq!((answer.status, answer.json()), (200, first.clone()));
        }
        line.later(30);
        assert_eq!(line.message("one-id", HERS, "2,4!").await.expect(200), first, "the same words, typed otherwise");
        assert_eq!(line.history(line.country.shelter.id).await.len(), before + 1);
        // The same id for something else is a gateway's mistake, and is told to it.
        let reused = line.message("one-id", HERS, "3 4").await;
        assert_eq!(reused.faults(), [("Idempotency-Key".to_owned(), "key_reused".to_owned())]);
        // Twenty different messages at once are twenty reports, one after the other.
        line.later(120);
        let ids: Vec<String> = (0..10).map(|n| format!("id-{n}")).collect();
        let all = join_all(ids.iter().map(|id| line.message(id, HERS, "2 4"))).await;
        assert!(all.iter().all(|answer| answer.status == 200));
        assert_eq!(line.history(line.country.shelter.id).await.len(), before + 11);
        assert_sound(&h.services).await;
    }

    async fn an_unusual_number_is_asked_about_once(h: Harness) {
        let line = Line::open(&h).await;
        line.says(HERS, "2 4").await.unwrap();
        let asked = line.says(HERS, "2 40").await.unwrap();
        assert_eq!(asked, "Комната sabz: 40, а было 4. Если верно, пришлите это сообщение ещё раз.");
        assert_eq!(line.occupied().await, [2, 4], "nothing is stored yet");
        // Too late, and after another message, it is asked anew.
        line.later(16);
        assert_eq!(line.says(HERS, "2 40").await.unwrap(), asked);
        line.says(HERS, "?").await.unwrap();
        assert_eq!(line.says(HERS, "2 40").await.unwrap(), asked);
        line.later(14);
        let taken = line.says(HERS, "  2 , ４０ ").await.unwrap();
        assert!(taken.starts_with("Принято") && taken.contains("Больше, чем мест: sabz"), "{taken}");
        assert_eq!(line.occupied().await, [2, 40]);
    }

    async fn what_is_not_understood_is_not_stored(h: Harness) {
        let line = Line::open(&h).await;
        line.says(HERS, "2 4").await.unwrap();
        let before = line.history(line.country.shelter.id).await.len();
        for (text, told) in [
            ("5", "Чисел 1, комнат 2."),
            ("5 7 1", "Чисел 3, комнат 2."),
            ("хрень 5", "Непонятно: «хрень»."),
            ("2 /4", "Непонятно: «/»."),
            ("2 99999", "Слишком большое число: 99999."),
            ("", "В сообщении нет чисел."),
            ("2 4 мыло 3", "Что именно: Туалетное мыло, Хозяйственное мыло?"),
            ("soap", "Туалетное мыло: сколько?"),
            ("= 2 4", "Либо все комнаты, либо = и отдельные комнаты."),
        ] {
            let reply = line.says(HERS, text).await.unwrap();
            assert_eq!(reply, format!("Не принято. {told} Пример: 2 4"), "{text}");
        }
        assert_eq!(line.history(line.country.shelter.id).await.len(), before);
        let help = line.says(HERS, "кумак").await.unwrap();
        assert_eq!(help, "Записано (22 ноября, 11:31): Комнаты: 2 4. Занято 6 из 9, свободно 2. Без изменений: =. Все комнаты: 2 4. Одна комната: kabud:2. Запасы: название и число.");
        // Supplies alone are counted, and are no report.
        let counted = line.says(HERS, "soap 12").await.unwrap();
        assert!(counted.contains("Туалетное мыло: 12.") && counted.contains("О местах не сказано"), "{counted}");
        assert_eq!(line.history(line.country.shelter.id).await.len(), before);
        assert_eq!(line.recorded("stock.count").await, 1);
    }

    async fn before_the_first_report_every_room_is_told(h: Harness) {
        let country = h.country().await;
        let line = Line { h: &h, country };
        line.connect(&line.country.manager, HERS).await;
        for text in ["=", "sabz 4"] {
            let reply = line.says(HERS, text).await.unwrap();
            assert_eq!(reply, "Не принято. Отчёта ещё не было: напишите число для каждой комнаты. Пример: 2 3");
        }
        assert!(line.says(HERS, "?").await.unwrap().starts_with("Пока ничего не записано."));
        assert!(line.says(HERS, "kabud 1 sabz 60").await.unwrap().starts_with("Принято"), "nothing is unusual where nothing is known");
    }

    async fn in_her_own_language_and_alphabet(h: Harness) {
        let line = Line::open(&h).await;
        for (language, text, reply) in [
            ("tg", "Ҳамон", "Қабул шуд 11:31, бетағйир. Утоқи kabud: 0; утоқи sabz: 0. Банд 0 аз 9, холӣ 9."),
            ("tg", "Кабуд 2, сабз ۴", "Қабул шуд 11:31. Утоқи kabud: 2; утоқи sabz: 4. Банд 6 аз 9, холӣ 2."),
            ("en", "betaghyir", "Taken 11:31, unchanged. Room kabud: 2; room sabz: 4. 6 of 9 occupied, 2 free."),
            ("ru", "без изменений", "Принято 11:31, без изменений. Комната kabud: 2; комната sabz: 4. Занято 6 из 9, свободно 2."),
        ] {
            assert_eq!(line.country.manager.put("/api/v1/me/language", &json!({"language": language})).await.status, 204);
            assert_eq!(line.says(HERS, text).await.unwrap(), reply);
        }
    }

    async fn of_several_shelters_one_is_named(h: Harness) {
        let line = Line::open(&h).await;
        let (own, other) = (line.country.shelter.id, line.country.other_shelter.id);
        let both = h.person(panoh::domain::accounts::Role::Manager, "both@nur.example", Some(&line.country.nur), &[own, other]).await;
        let number = "+992900000002";
        line.connect(&both, number).await;
        let which = line.says(number, "2 4").await.unwrap();
        assert_eq!(which, "Не принято. Сначала напишите код: TJ-DU-01, TJ-SU-01. Пример: TJ-DU-01 0 0");
        let taken = line.says(number, "су-01 1 2").await.unwrap();
        assert!(taken.starts_with("TJ-SU-01. Принято") && taken.contains("комната xona: 2"), "{taken}");
        assert_eq!(line.occupied().await, [0, 0]);
        line.says(number, "DU01 =").await.unwrap();
        assert_eq!(line.history(other).await[0]["channel"], "sms");
        assert_eq!(line.history(own).await[0]["channel"], "sms");
        // Only her own shelters: of the manager's there is one, and the other's code means nothing.
        let foreign = line.says(HERS, "SU-01 1 2").await.unwrap();
        assert!(foreign.starts_with("Не принято."), "{foreign}");
    }

    async fn too_many_are_told_once(h: Harness) {
        let line = Line::open(&h).await;
        line.later(61);
        for n in 0..20 {
            assert!(line.says(HERS, "?").await.is_some(), "{n}");
        }
        let before = line.history(line.country.shelter.id).await.len();
        assert_eq!(line.says(HERS, "2 4").await.unwrap(), "Слишком много сообщений. Напишите через час.");
        for _ in 0..45 {
            assert_eq!(line.says(HERS, "2 4").await, None);
        }
        assert_eq!(line.history(line.country.shelter.id).await.len(), before);
        line.later(60);
        assert!(line.says(HERS, "2 4").await.unwrap().starts_with("Принято"));
    }

    async fn a_hold_robbed_by_text_is_at_risk(h: Harness) {
        let line = Line::open(&h).await;
        let c = &line.country;
        let referral = c.officer.post("/api/v1/referrals", &crate::harness::country::search(&[7])).await.expect(201);
        let path = format!("/api/v1/referrals/{}/holds", referral["id"].as_str().unwrap());
        c.officer.post_once(&path, "hold-by-text", &json!({"shelter_id": c.shelter.id})).await.expect(201);
        let reply = line.says(HERS, "3 4").await.unwrap();
        let reply = if reply.contains("а было") { line.says(HERS, "3 4").await.unwrap() } else { reply };
        let full = line.says(HERS, "3 6").await.unwrap();
        assert!(reply.starts_with("Принято"), "{reply}");
        assert!(full.contains("Забронированного места больше нет"), "{full}");
        assert_sound(&h.services).await;
    }

    async fn words_are_never_kept(h: Harness) {
        let line = Line::open(&h).await;
        line.says(HERS, "салом мунира 2 4").await.unwrap();
        line.says(HERS, "soap 40 мунира").await.unwrap();
        line.says(STRANGE, "салом мунира").await.ok_or(()).unwrap_err();
        let listed = if h.database_url.starts_with("postgres:") {
            "SELECT CAST(table_name AS text) FROM information_schema.tables WHERE table_schema = 'public'"
        } else {
            "SELECT name FROM sqlite_master WHERE type = 'table'"
        };
        let mut seen = 0;
        for table in sql_at(&h.database_url, listed).await {
            let table = &table[0];
            let columns = if h.database_url.starts_with("postgres:") {
                format!("SELECT CAST(column_name AS text) FROM information_schema.columns WHERE table_name = '{table}'")
            } else {
                format!("SELECT name FROM pragma_table_info('{table}')")
            };
            for column in sql_at(&h.database_url, &columns).await {
                let name = &column[0];
                let all = if h.database_url.starts_with("postgres:") {
                    format!("SELECT CAST(\"{name}\" AS text) FROM \"{table}\"")
                } else {
                    format!("SELECT CASE typeof(\"{name}\") WHEN 'blob' THEN hex(\"{name}\") ELSE CAST(\"{name}\" AS text) END FROM \"{table}\"")
                };
                for value in sql_at(&h.database_url, &all).await {
                    seen += 1;
                    let value = value[0].as_str();
                    for word in ["мунира", "салом", "900000001", "900000009", "2 4"] {
                        // The reply shows her an example of her own rooms.
                        let shown = word == "2 4" && value.contains("Пример: ");
                        let as_bytes = value.to_lowercase().contains(&hex::encode(word));
                        assert!(shown || !value.contains(word) && !as_bytes, "{table}.{name}: {value}");
                    }
                }
            }
        }
        assert!(seen > 500, "{seen}");
    }

    async fn after_thirty_days_nothing_is_left(h: Harness) {
        let line = Line::open(&h).await;
        line.says(HERS, "2 4").await.unwrap();
        let count = async || sql_at(&h.database_url, "SELECT CAST(count(*) AS text) FROM inbound_text").await[0][0].clone();
        assert_eq!(count().await, "2");
        line.later(60 * 24 * 29);
        h.jobs.keep_house().await.unwrap();
        assert_eq!(count().await, "2");
        line.later(60 * 24 + 60);
        h.jobs.keep_house().await.unwrap();
        assert_eq!(count().await, "0");
    }
}
