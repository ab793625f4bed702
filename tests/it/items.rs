//! The catalogue as operators keep it, names that are matched with it, and stock as a table.

use panoh::domain::accounts::{Actor, Role};
use serde_json::{Value, json};

use crate::harness::client::Answer;
use crate::harness::country::Country;
use crate::harness::{Harness, on_both};

const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

fn filter(code: &str, name: &str) -> Value {
    json!({"code": code, "names": {"tg": format!("{name} тоҷ"), "ru": format!("{name} рус"), "en": format!("{name} eng")},
        "unit": "piece", "pack_size": 6, "category": "water", "weight_grams": 800, "price_minor": 4500})
}

async fn item(c: &Country, code: &str) -> Value {
    let all = c.officer.get("/api/v1/items").await.expect(200);
    all["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|item| item["code"] == code)
        .cloned()
        .unwrap_or(Value::Null)
}

fn actor(c: &Country) -> Actor {
    Actor {
        user_id: c.admin.user.id,
        role: Role::Admin,
        name: "admin".to_owned(),
        organisation_id: None,
        shelters: Vec::new(),
        origin: "test".to_owned(),
        by: panoh::domain::accounts::Bearer::Nothing,
    }
}

async fn table(c: &Country, kind: &str, bytes: &[u8]) -> Answer {
    c.manager
        .send("POST", &c.path("/stock/read"), &[("content-type", kind)], bytes)
        .await
}

async fn counted(c: &Country, item: &str, on_hand: i64) -> Answer {
    c.manager
        .put(
            &c.path("/stock"),
            &json!({"stock": [{"item": item, "on_hand": on_hand}]}),
        )
        .await
}

on_both! {
    async fn an_item_is_added_changed_and_retired_and_never_gone(h: Harness) {
        let c = h.country().await;
        assert_eq!(counted(&c, "water_filter", 3).await.status, 422);
        let made = c.admin.post("/api/v1/items", &filter("water_filter", "Филтр")).await;
        assert_eq!(made.header("etag"), Some("\"1\""));
        assert_eq!(made.expect(201)["own"], true);
        let again = c.admin.post("/api/v1/items", &filter("water_filter", "Дигар")).await;
        assert_eq!((again.status, again.faults()), (422, vec![("code".to_owned(), "taken".to_owned())]));
        let of_pack = c.admin.post("/api/v1/items", &filter("soap", "Дигар")).await;
        assert_eq!(of_pack.faults(), [("code".to_owned(), "taken".to_owned())]);
        let same_name = c.admin.post("/api/v1/items", &filter("filter_two", "филтр")).await;
        assert_eq!(same_name.faults().len(), 3, "{}", same_name.text());
        counted(&c, "water_filter", 3).await.expect(200);

        let path = "/api/v1/items/water_filter";
        let cheaper = c.admin.put_at(path, 1, &json!({"price_minor": 4000, "planning": {"quantity_milli": 1000, "days": 90}})).await.expect(200);
        assert_eq!((&cheaper["price_minor"], &cheaper["version"], &cheaper["weight_grams"]), (&json!(4000), &json!(2), &json!(800)));
        assert_eq!(c.admin.put_at(path, 1, &json!({"price_minor": 1})).await.status, 412);
        assert_eq!(c.admin.put(path, &json!({"price_minor": 1})).await.status, 428);
        let weightless = c.admin.put_at(path, 2, &json!({"weight_grams": null})).await;
        assert_eq!(weightless.faults(), [("weight_grams".to_owned(), "required".to_owned())]);
        assert_eq!(c.admin.put_at(path, 2, &json!({"retired": true})).await.expect(200)["retired"], true);
        // What was counted is still named and may be counted down.
        assert_eq!(item(&c, "water_filter").await["retired"], true);
        counted(&c, "water_filter", 1).await.expect(200);
        assert_eq!(c.admin.delete(path).await.status, 405);
        let log = c.admin.get("/api/v1/audit").await.text();
        assert!(log.contains("item.create") && log.contains("item.change"));
    }

    async fn what_the_pack_says_is_changed_and_comes_back(h: Harness) {
        let c = h.country().await;
        let before = item(&c, "soap").await;
        assert_eq!((&before["version"], &before["changed"]), (&json!(0), &json!([])));
        let path = "/api/v1/items/soap";
        let limits = json!({"critical_below_days": 5, "low_below_days": 10, "surplus_above_days": 60});
        let ours = c.admin.put_at(path, 0, &json!({"planning": {"quantity_milli": 3000, "days": 30}, "thresholds": limits})).await.expect(200);
        assert_eq!((&ours["per_person_per_day"], &ours["thresholds"]), (&json!(0.1), &limits));
        assert_eq!(ours["changed"], json!(["planning", "thresholds"]));
        assert_eq!(c.admin.put_at(path, 0, &json!({"price_minor": 1})).await.status, 412);
        let named = c.admin.put_at(path, 1, &json!({"names": {"tg": "Собуни нав", "ru": "Новое мыло", "en": "New soap"}})).await;
        assert_eq!(named.faults(), [("names".to_owned(), "not_allowed".to_owned())]);
        let disordered = json!({"thresholds": {"critical_below_days": 9, "low_below_days": 5, "surplus_above_days": 4}});
        let disordered = c.admin.put_at(path, 1, &disordered).await;
        let fields: Vec<String> = disordered.faults().into_iter().map(|(field, _)| field).collect();
        assert_eq!(fields, ["thresholds.low_below_days", "thresholds.surplus_above_days"]);
        let back = c.admin.put_at(path, 1, &json!({"planning": null, "thresholds": null})).await.expect(200);
        assert_eq!((&back["planning"], &back["thresholds"], &back["version"]), (&before["planning"], &before["thresholds"], &json!(2)));
    }

    async fn another_node_learns_of_it(h: Harness) {
        let c = h.country().await;
        let other = h.another_node().await;
        c.admin.post("/api/v1/items", &filter("water_filter", "Филтр")).await.expect(201);
        assert!(other.catalogue().item("water_filter").is_none());
        // Asked for by its code it is looked up; a change is found by the next look of the jobs.
        assert!(other.catalogue_with(["water_filter"]).await.unwrap().item("water_filter").is_some());
        c.admin.put_at("/api/v1/items/water_filter", 1, &json!({"price_minor": 7})).await.expect(200);
        assert_eq!(other.catalogue().item("water_filter").unwrap().price_minor, Some(4500));
        other.reload_catalogue().await.unwrap();
        assert_eq!(other.catalogue().item("water_filter").unwrap().price_minor, Some(7));
        // Two nodes change what nobody has changed yet: one of them had read what no longer holds.
        let (change, admin) = (|| panoh::domain::catalogue::Change { retired: Some(true), ..Default::default() }, actor(&c));
        let (one, two) = tokio::join!(h.services.change_item(&admin, "tea", 0, change()), other.change_item(&admin, "tea", 0, change()));
        assert_eq!(usize::from(one.is_ok()) + usize::from(two.is_ok()), 1, "{one:?} {two:?}");
    }

    async fn a_kit_is_told_with_what_is_in_it(h: Harness) {
        let c = h.country().await;
        let kits = c.manager.get("/api/v1/kits").await.expect(200);
        let family = &kits["items"][0];
        assert_eq!((&family["code"], &family["names"]["ru"]), (&json!("family_kit"), &json!("Семейный набор")));
        assert!(family["lines"].as_array().unwrap().contains(&json!({"item": "blanket", "quantity": 3})));
    }

    async fn a_spelling_once_confirmed_counts_for_everybody(h: Harness) {
        let c = h.country().await;
        let asked = json!({"names": ["3 мешка муки 50 кг", "Пемолюкс 400 г", "40 шт собун", "12"]});
        let answer = c.manager.post("/api/v1/items/match", &asked).await.expect(200);
        let names = &answer["names"];
        assert_eq!((&names[0]["text"], &names[0]["best"][0]["item"], &names[0]["quantity"]), (&json!("муки"), &json!("flour"), &Value::Null));
        assert_eq!((&names[1]["text"], &names[1]["best"], &names[1]["confirmed"]), (&json!("Пемолюкс"), &json!([]), &Value::Null));
        assert_eq!((&names[2]["quantity"], &names[2]["unit"]), (&json!(40), &json!("piece")));
        assert_eq!(names[3]["best"], json!([]));
        let confirm = |name: &'static str, item: &'static str| json!({"name": name, "item": item});
        assert_eq!(c.manager.post("/api/v1/items/names", &confirm("Пемолюкс 400 г", "disinfectant")).await.status, 204);
        let again = c.other_manager.post("/api/v1/items/match", &json!({"names": ["ПЕМОЛЮКС, 2 уп", "пемолюс"]})).await.expect(200);
        assert_eq!(again["names"][0]["confirmed"], "disinfectant");
        // One that is spelt nearly so is proposed.
        assert_eq!((&again["names"][1]["confirmed"], &again["names"][1]["best"][0]["item"]), (&Value::Null, &json!("disinfectant")));
        assert_eq!(c.admin.post("/api/v1/items/names", &confirm("пемолюкс", "laundry_soap")).await.status, 204);
        let now = c.manager.post("/api/v1/items/match", &json!({"names": ["пемолюкс"]})).await.expect(200);
        assert_eq!(now["names"][0]["confirmed"], "laundry_soap");
        for (body, fault) in [(confirm("№ 12", "soap"), ("name", "too_short")), (confirm("x", "gold"), ("item", "unknown"))] {
            assert_eq!(c.manager.post("/api/v1/items/names", &body).await.faults(), [(fault.0.to_owned(), fault.1.to_owned())]);
        }
        // A retired item is proposed no more.
        c.admin.put_at("/api/v1/items/laundry_soap", 0, &json!({"retired": true})).await.expect(200);
        let gone = c.manager.post("/api/v1/items/match", &json!({"names": ["пемолюкс", "хозяйственное мыло"]})).await.expect(200);
        assert!(!gone.to_string().contains("laundry_soap"), "{gone}");
    }

    async fn stock_goes_out_as_a_table_and_comes_back(h: Harness) {
        let c = h.country().await;
        c.admin.post("/api/v1/items", &filter("water_filter", "=cmd|")).await.expect(201);
        counted(&c, "soap", 40).await.expect(200);
        counted(&c, "water_filter", 3).await.expect(200);
        for (format, kind) in [("csv", "text/csv"), ("xlsx", XLSX)] {
            let out = c.manager.get(&c.path(&format!("/stock/export?format={format}"))).await;
            assert_eq!(out.status, 200);
            assert!(out.header("content-type").unwrap().starts_with(kind));
            assert!(out.header("content-disposition").unwrap().starts_with("attachment"));
            if format == "csv" {
                assert!(out.text().contains("'=cmd| рус"), "{}", out.text());
            }
            let back = table(&c, kind, &out.body).await.expect(200);
            let lines: Vec<(&Value, &Value, &Value)> = back["lines"].as_array().unwrap().iter().map(|line| (&line["item"], &line["quantity"], &line["problem"])).collect();
            assert_eq!(lines, [(&json!("soap"), &json!(40), &Value::Null), (&json!("water_filter"), &json!(3), &Value::Null)]);
        }
        assert_eq!(c.admin.get(&c.path("/stock/export")).await.code(), "approval_needed", "not her own shelter");
        assert_eq!(c.other_manager.get(&c.path("/stock/export")).await.status, 404);
        assert_eq!(c.manager.get(&c.path("/stock/export?format=pdf")).await.faults(), [("format".to_owned(), "unknown_value".to_owned())]);
    }

    async fn somebody_s_table_is_read_and_nothing_is_stored(h: Harness) {
        let c = h.country().await;
        let sheet = "Склад\nНаименование;Ед.;Кол-во\nРис;кг;1 200\nМыло туалетное;шт;40\nРис;кг;5\nМука;шт;7\nЧай;;1,5\nСоль;;\nГитара;;1\n";
        let read = table(&c, "text/csv; charset=utf-8", sheet.as_bytes()).await.expect(200);
        let told: Vec<String> = read["lines"].as_array().unwrap().iter()
            .map(|line| format!("{} {} {} {}", line["row"], line["item"], line["quantity"], line["problem"]).replace('"', "")).collect();
        assert_eq!(told, ["3 rice 1200 null", "4 soap 40 null", "5 rice 5 twice", "6 flour 7 other_unit", "7 tea null not_whole", "8 null null no_quantity", "9 null 1 null"]);
        assert_eq!(read["lines"][1]["best"][0], json!({"item": "soap", "score": 1000}));
        assert_eq!(c.manager.get(&c.path("/stock")).await.expect(200)["items"], json!([]));
        for (kind, bytes, status, fault) in [
            ("application/json", &b"{}"[..], 415, ""),
            ("text/csv", &[0xd1, 0xee][..], 422, "not_utf8"),
            (XLSX, &b"PK\x03\x04nonsense"[..], 422, "unreadable"),
            ("text/csv", &[b'\n'; 1_048_577][..], 413, ""),
            ("text/csv", &b"x,1\n".repeat(2_001)[..], 422, "too_large"),
        ] {
            let answer = table(&c, kind, bytes).await;
            let faults: Vec<(String, String)> = if fault.is_empty() { Vec::new() } else { vec![("file".to_owned(), fault.to_owned())] };
            assert_eq!((answer.status, answer.faults()), (status, faults), "{kind}");
        }
        let foreign = c.other_manager.send("POST", &c.path("/stock/read"), &[("content-type", "text/csv")], b"x,1").await;
        assert_eq!(foreign.status, 404);
    }
}
