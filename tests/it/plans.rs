//! Plans for many households: made, edited, turned into holds all or none, and never more beds than there are.

use futures::future::join;
use serde_json::{Value, json};

use crate::harness::client::Person;
use crate::harness::country::{Country, search};
use crate::harness::{Harness, on_both};
use crate::races::assert_sound;

const PLACEMENT: &str = "/api/v1/plans/placement";

fn seeker(label: &str, ages: &[u8]) -> Value {
    let mut body = search(ages);
    body["label"] = json!(label);
    body
}

async fn open(h: &Harness) -> Country {
    let country = h.country().await;
    h.report_all_empty(&country).await;
    country
}

async fn planned(country: &Country, households: Vec<Value>) -> Value {
    country
        .admin
        .post(PLACEMENT, &json!({"households": households}))
        .await
        .expect(201)
}

fn path(plan: &Value, rest: &str) -> String {
    format!("/api/v1/plans/{}{rest}", plan["id"].as_str().unwrap())
}

async fn count(who: &Person, path: &str) -> usize {
    who.get(path).await.expect(200)["items"].as_array().unwrap().len()
}

/// The fields that tell who goes where.
fn places(plan: &Value) -> Vec<(String, String)> {
    let text = |row: &Value, field: &str| row[field].as_str().unwrap().to_owned();
    let rows = plan["assignments"].as_array().unwrap();
    rows.iter()
        .map(|row| (text(row, "label"), text(row, "shelter_code")))
        .collect()
}

on_both! {
    async fn a_plan_is_made_edited_and_applied(h: Harness) {
        let country = open(&h).await;
        // Three beds of `kabud`, six of `sabz`: all three find a place near.
        let plan = planned(&country, vec![seeker("a", &[7]), seeker("b", &[5, 6, 7]), seeker("c", &[])]).await;
        assert_eq!((&plan["placed"], &plan["households"], &plan["state"]), (&json!(3), &json!(3), &json!("draft")));
        assert_eq!(plan["bound_gap"], json!(0.0));
        assert_eq!(count(&country.admin, "/api/v1/plans").await, 1);
        assert_eq!(count(&country.officer, "/api/v1/referrals").await, 0);

        let to = |household: usize, shelter: Value| json!({"assignments": [{"household": household, "shelter_id": shelter}]});
        let far = json!(country.other_shelter.id);
        let unread = country.admin.put(&path(&plan, ""), &to(0, far.clone())).await;
        assert_eq!(unread.status, 428);
        let edited = country.admin.put_at(&path(&plan, ""), 1, &to(0, far.clone())).await;
        assert_eq!((edited.header("etag"), edited.status), (Some("\"2\""), 200));
        assert_eq!(places(&edited.json())[0], ("a".to_owned(), "TJ-SU-01".to_owned()));
        assert_eq!(country.admin.put_at(&path(&plan, ""), 1, &to(0, Value::Null)).await.status, 412);
        let dropped = country.admin.put_at(&path(&plan, ""), 2, &to(2, Value::Null)).await.expect(200);
        assert_eq!((&dropped["placed"], &dropped["unplaced"][0]["label"]), (&json!(2), &json!("c")));
        let wrong = country.admin.put_at(&path(&plan, ""), 3, &to(9, far.clone())).await;
        assert_eq!(wrong.faults(), [("assignments[0].household".to_owned(), "unknown".to_owned())]);

        let body = json!({"organisation_id": country.nur.id});
        let nobody = country.admin.post_once(&path(&plan, "/apply"), "key-of-apply-0", &json!({})).await;
        assert_eq!(nobody.faults(), [("organisation_id".to_owned(), "required".to_owned())]);
        let applied = country.admin.post_once(&path(&plan, "/apply"), "key-of-apply-1", &body).await;
        assert_eq!((&applied.expect(201)["state"], applied.json()["version"].as_i64()), (&json!("applied"), Some(4)));
        let again = country.admin.post_once(&path(&plan, "/apply"), "key-of-apply-1", &body).await;
        assert_eq!(again.text(), applied.text());
        let twice = country.admin.post_once(&path(&plan, "/apply"), "key-of-apply-2", &body).await;
        assert_eq!((twice.status, twice.code()), (409, "plan_applied".to_owned()));
        assert_eq!(country.admin.put_at(&path(&plan, ""), 4, &to(0, far)).await.code(), "plan_applied");
        // The organisation's officers see the referrals under the codes that the operator reads.
        let seen = country.officer.get("/api/v1/referrals").await.expect(200);
        let mut codes: Vec<&str> = seen["items"].as_array().unwrap().iter().map(|r| r["code"].as_str().unwrap()).collect();
        let answer = applied.json();
        let mut told: Vec<&str> =
            answer["assignments"].as_array().unwrap().iter().map(|a| a["referral_code"].as_str().unwrap()).collect();
        codes.sort_unstable();
        told.sort_unstable();
        assert_eq!(codes, told);
        assert!(seen["items"].as_array().unwrap().iter().all(|r| r["holds"][0]["state"] == "asked"));
        assert_sound(&h.services).await;
    }

    async fn an_edit_that_does_not_fit_is_refused_by_its_field(h: Harness) {
        let country = open(&h).await;
        let plan = planned(&country, vec![seeker("a", &[5, 6]), seeker("b", &[5, 6, 7, 8])]).await;
        let both = |shelter: Value| json!({"assignments": [{"household": 0, "shelter_id": shelter}, {"household": 1, "shelter_id": shelter}]});
        // Two families in `kabud` and `sabz` are possible, a third of five is not.
        let near = country.admin.put_at(&path(&plan, ""), 1, &both(json!(country.shelter.id))).await;
        assert_eq!(near.status, 200, "{}", near.text());
        let more = planned(&country, vec![seeker("a", &[5, 6, 7, 8]), seeker("b", &[5, 6, 7, 8])]).await;
        let refused = country.admin.put_at(&path(&more, ""), 1, &both(json!(country.shelter.id))).await;
        assert_eq!(refused.faults(), [("assignments[1].shelter_id".to_owned(), "does_not_fit".to_owned())]);
        let unknown = country.admin.put_at(&path(&more, ""), 1, &both(json!(country.nur.id))).await;
        assert_eq!(unknown.faults(), [("assignments[0].shelter_id".to_owned(), "unknown".to_owned())]);
        // Nothing of a refused edit is kept.
        assert_eq!(country.admin.get(&path(&more, "")).await.expect(200)["version"], json!(1));
    }

    async fn a_plan_with_one_place_gone_holds_nothing(h: Harness) {
        let country = open(&h).await;
        let plan = planned(&country, vec![seeker("a", &[7, 8]), seeker("b", &[5, 6, 7, 8])]).await;
        assert_eq!(plan["placed"], json!(2));
        // Every bed of Dushanbe is taken before the plan is applied.
        h.clock.advance(chrono::Duration::minutes(1));
        let key = "report-in-between";
        country.manager.post_once(&country.path("/reports"), key, &h.report(&country.shelter, &[3, 6])).await.expect(201);
        let body = json!({"organisation_id": country.nur.id});
        let refused = country.admin.post_once(&path(&plan, "/apply"), "key-of-apply-1", &body).await;
        assert_eq!((refused.status, refused.code()), (409, "plan_outdated".to_owned()));
        let gone: Vec<usize> = plan["assignments"].as_array().unwrap().iter()
            .filter(|row| row["shelter_code"] == "TJ-DU-01").map(|row| row["household"].as_u64().unwrap() as usize).collect();
        assert!(!gone.is_empty());
        let told: Vec<(String, String)> =
            gone.iter().map(|at| (format!("households[{at}]"), "place_gone".to_owned())).collect();
        assert_eq!(refused.faults(), told);
        assert_eq!((count(&country.officer, "/api/v1/referrals").await, count(&country.manager, "/api/v1/holds").await), (0, 0));
        assert_eq!(country.admin.get(&path(&plan, "")).await.expect(200)["state"], json!("draft"));
        assert_sound(&h.services).await;
    }

    async fn a_plan_and_an_officer_never_sell_one_bed_twice(h: Harness) {
        let country = open(&h).await;
        for round in 0..5 {
            let plan = planned(&country, vec![seeker("a", &[7, 8]), seeker("b", &[7, 8, 9, 10]), seeker("c", &[3])]).await;
            let referral = country.officer.post("/api/v1/referrals", &search(&[5, 6])).await.expect(201);
            let hold = format!("/api/v1/referrals/{}/holds", referral["id"].as_str().unwrap());
            let (apply, key, ask) = (path(&plan, "/apply"), format!("key-of-round-{round}"), json!({"shelter_id": country.shelter.id}));
            let body = json!({"organisation_id": country.nur.id});
            let (applied, held) =
                join(country.admin.post_once(&apply, &key, &body), country.officer.post_once(&hold, &key, &ask)).await;
            assert!(matches!(applied.status, 201 | 409), "{}", applied.text());
            assert!(matches!(held.status, 201 | 409), "{}", held.text());
            assert_sound(&h.services).await;
        }
    }

    async fn a_house_is_emptied_and_its_holds_move(h: Harness) {
        let country = open(&h).await;
        let referral = country.officer.post("/api/v1/referrals", &search(&[7])).await.expect(201);
        let hold = format!("/api/v1/referrals/{}/holds", referral["id"].as_str().unwrap());
        let ask = json!({"shelter_id": country.shelter.id});
        country.officer.post_once(&hold, "key-of-the-hold", &ask).await.expect(201);
        let waiting = country.other_officer.post("/api/v1/referrals", &search(&[])).await.expect(201);
        let wish = json!({"households": [seeker("resident", &[4])], "empty_shelter": country.shelter.id, "waiting": true});
        let plan = country.admin.post(PLACEMENT, &wish).await.expect(201);
        assert_eq!((&plan["placed"], &plan["households"]), (&json!(3), &json!(3)));
        assert!(places(&plan).iter().all(|(_, shelter)| shelter == "TJ-SU-01"));
        let back = json!({"assignments": [{"household": 0, "shelter_id": country.shelter.id}]});
        let refused = country.admin.put_at(&path(&plan, ""), 1, &back).await;
        assert_eq!(refused.faults(), [("assignments[0].shelter_id".to_owned(), "to_be_emptied".to_owned())]);

        let body = json!({"organisation_id": country.nur.id});
        country.admin.post_once(&path(&plan, "/apply"), "key-of-apply-1", &body).await.expect(201);
        let moved = country.officer.get(&format!("/api/v1/referrals/{}", referral["id"].as_str().unwrap())).await.expect(200);
        let states: Vec<(&str, &str)> = moved["holds"].as_array().unwrap().iter()
            .map(|hold| (hold["shelter_code"].as_str().unwrap(), hold["state"].as_str().unwrap())).collect();
        assert!(states.contains(&("TJ-SU-01", "asked")) && states.contains(&("TJ-DU-01", "released")), "{states:?}");
        let theirs = country.other_officer.get(&format!("/api/v1/referrals/{}", waiting["id"].as_str().unwrap())).await.expect(200);
        assert_eq!(theirs["holds"][0]["state"], "asked");
        assert_sound(&h.services).await;
    }

    async fn a_wish_is_refused_by_its_field(h: Harness) {
        let country = open(&h).await;
        let post = async |body: Value| country.admin.post(PLACEMENT, &body).await;
        let mut phoned = seeker("call 90012", &[]);
        assert_eq!(post(json!({"households": [phoned]})).await.faults()[0].0, "households[0].label");
        phoned = seeker("a label of more than twenty letters", &[]);
        assert_eq!(post(json!({"households": [phoned]})).await.faults()[0].0, "households[0].label");
        let mut lost = seeker("a", &[]);
        lost["from_district"] = json!("XX-01");
        assert_eq!(post(json!({"households": [seeker("b", &[]), lost]})).await.faults()[0].0, "households[1].from_district");
        assert_eq!(post(json!({"households": [seeker("b", &[19])]})).await.faults()[0].0, "households[0].household.children[0].age");
        assert_eq!(post(json!({})).await.faults(), [("households".to_owned(), "required".to_owned())]);
        assert_eq!(post(json!({"empty_shelter": country.nur.id})).await.faults()[0].0, "empty_shelter");
        let many = vec![seeker("a", &[]); 2001];
        assert_eq!(post(json!({"households": many})).await.faults(), [("households".to_owned(), "too_many".to_owned())]);
        // More than the usual 64 kB are taken here, and a household without a place is explained.
        let answer = post(json!({"households": vec![seeker("a", &[]); 600]})).await.expect(201);
        let left = answer["unplaced"].as_array().unwrap();
        assert_eq!(answer["placed"].as_u64().unwrap() as usize + left.len(), 600);
        assert!(left.iter().all(|one| one["reasons"][0] == json!({"reason": "taken_by_others", "shelters": 2})));
    }
}
