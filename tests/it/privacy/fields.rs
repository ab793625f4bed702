//! What may be said of a household: a closed list of fields, of which two take words, and those take no numbers, no mail
//! addresses and no more than 200 characters.

use std::collections::BTreeSet;

use panoh::http::matrix::PREFIX;
use serde_json::{Value, json};

use crate::harness::country::search;
use crate::harness::{Harness, on_both};
use crate::stage::{Stage, document};

/// Everything that a body about a case may say. A new field comes in here by somebody's hand, or not at all.
const SAID: [&str; 34] = [
    "adults",
    "age",
    "age_band",
    "ask_minutes",
    "assignments",
    "avoid_districts",
    "children",
    "earliest_date",
    "empty_shelter",
    "exclude_organisations",
    "from_date",
    "from_district",
    "household",
    "households",
    "label",
    "languages",
    "limit",
    "minutes",
    "needs",
    "note",
    "organisation_id",
    "outcome",
    "reason",
    "reasons",
    "referral_id",
    "rooms_apart_ok",
    "sex",
    "shelter_id",
    "starts_on",
    "until",
    "urgency",
    "waiting",
    "wave",
    "wait",
];
/// Of these, what takes words of one's own.
const WORDS: [&str; 2] = ["label", "note"];

fn fields(document: &Value, schema: &Value, out: &mut BTreeSet<String>) {
    let schema = match schema["$ref"].as_str() {
        Some(name) => &document["components"]["schemas"][name.rsplit('/').next().unwrap()],
        None => schema,
    };
    for (name, inner) in schema["properties"].as_object().into_iter().flatten() {
        out.insert(name.clone());
        fields(document, inner, out);
    }
    for key in ["items", "additionalProperties"] {
        if schema[key].is_object() {
            fields(document, &schema[key], out);
        }
    }
    for key in ["oneOf", "anyOf", "allOf"] {
        for inner in schema[key].as_array().into_iter().flatten() {
            fields(document, inner, out);
        }
    }
}

fn of_cases(path: &str) -> bool {
    let rest = path.trim_start_matches(PREFIX);
    let about = ["/suggestions", "/referrals", "/holds", "/plans"];
    about.iter().any(|start| rest.starts_with(start)) && !rest.starts_with("/plans/transfers")
}

#[test]
fn nothing_about_a_case_could_hold_who_she_is() {
    let document = document();
    let mut found = BTreeSet::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().values().filter(|_| of_cases(path)) {
            for body in method["requestBody"]["content"].as_object().into_iter().flatten() {
                fields(&document, &body.1["schema"], &mut found);
            }
        }
    }
    assert!(found.len() > 20, "{found:?}");
    let known: BTreeSet<String> = SAID.map(str::to_owned).into();
    assert_eq!(found.difference(&known).collect::<Vec<_>>(), Vec::<&String>::new());
    assert!(WORDS.iter().all(|word| found.contains(*word)));
}

on_both! {
    async fn remarks_take_no_numbers_no_addresses_and_no_stories(h: Harness) {
        let stage = Stage::set(&h).await;
        let c = &stage.country;
        let too_long = "а".repeat(201);
        let refused = [
            ("call 900 12 34 56", "looks_like_a_number"),
            ("9-0-0-1-2", "looks_like_a_number"),
            ("A 1,2,3,4,5", "looks_like_a_number"),
            ("паспорт 4501/22", "looks_like_a_number"),
            ("٩٠٠١٢", "looks_like_a_number"),
            ("９００１２", "looks_like_a_number"),
            ("9 0 _ 0 * 1 # 2", "looks_like_a_number"),
            ("write to zarina@example.tj", "looks_like_an_address"),
            ("zarina ＠ example", "looks_like_an_address"),
            ("telegram @zarina", "looks_like_an_address"),
            (too_long.as_str(), "too_long"),
            ("one\nmore", "control_character"),
            ("r\u{2028}s", "control_character"),
            ("so\u{ad}ft", "control_character"),
        ];
        let household = search(&[])["household"].clone();
        for (words, code) in refused {
            let mut answers = Vec::new();
            let decline = json!({"reason": "full", "note": words});
            answers.push(("note", c.manager.post_once(&format!("{PREFIX}/holds/{}/decline", stage.hold), "decline-it-once", &decline).await));
            let mut report = h.report(&c.shelter, &[]);
            report["note"] = json!(words);
            answers.push(("note", c.manager.post_once(&c.path("/reports"), "report-it-once", &report).await));
            if code != "too_long" {
                let plan = json!({"households": [{"label": words.chars().take(20).collect::<String>(), "household": household, "from_district": "TJ-DU-01"}]});
                if code != "looks_like_an_address" {
                    answers.push(("households[0].label", c.admin.post(&format!("{PREFIX}/plans/placement"), &plan).await));
                }
            }
            let asked: String = words.bytes().map(|byte| format!("%{byte:02x}")).collect();
            answers.push(("reason", c.officer.get(&format!("{PREFIX}/holds/{}/handover?reason={asked}", stage.hold)).await));
            answers.push(("reason", c.manager.get(&c.path(&format!("/confidential?reason={asked}"))).await));
            for (field, answer) in answers {
                assert_eq!(answer.status, 422, "{field} {words}: {}", answer.text());
                assert!(answer.faults().contains(&(field.to_owned(), code.to_owned())), "{field} {words}: {}", answer.text());
            }
        }
        for (at, words) in ["2 rooms are cold, 3 beds", "Room 12: no heating until 10.11", "ҳоло ҷой нест"].into_iter().enumerate() {
            let mut report = h.report(&c.shelter, &[]);
            report["note"] = json!(words);
            let answer = c.manager.post_once(&c.path("/reports"), &format!("a-good-remark-{at}"), &report).await;
            assert_eq!(answer.status, 201, "{words}: {}", answer.text());
        }
    }
}
