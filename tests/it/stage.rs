//! A country in which one of everything exists, and a valid call of every route on it. Contract tests bend these calls.

mod entry;
pub mod factors;
mod readers;
mod rights;
mod supplies;

use chrono::Duration;
use panoh::domain::accounts::Role;
use panoh::http::matrix::{PREFIX, Row, Who};
use serde_json::{Value, json};

use crate::harness::Harness;
use crate::harness::client::{Answer, Person};
use crate::harness::country::{Country, search};
use crate::push_service::Browser;
use entry::Entry;
pub use entry::invited;
use factors::Factors;
use readers::Readers;
pub use readers::schedule_body;
use rights::Rights;
use supplies::{Supplies, transfer_plan};

/// The document as it is served.
pub fn document() -> Value {
    serde_json::from_str(&panoh::http::docs::openapi()).unwrap()
}

pub struct Stage {
    pub country: Country,
    /// Of the officer, open, with no hold.
    pub referral: String,
    /// Of the other organisation's officer, with [`Stage::other_hold`].
    pub other_referral: String,
    /// Asked of the first shelter.
    pub hold: String,
    /// Asked of the other shelter by the other organisation.
    pub other_hold: String,
    pub schedule: String,
    pub recipient: String,
    pub digest: String,
    /// A draft that places one household.
    pub plan: String,
    pub transfer_plan: String,
    pub letter: String,
    /// A reader who was approved and has not confirmed, and what its link proves.
    pub asked: String,
    confirm: String,
    /// What the link in [`Stage::letter`] proves.
    leave: String,
    /// The manager's.
    pub browser: String,
    /// A telephone of the manager's that waits for its code.
    pub phone: String,
    pub other_phone: String,
    /// Of the manager's shelter, open.
    pub request: String,
    /// Of the other manager's, likewise.
    pub other_request: String,
    /// Proposed from the manager's shelter to the other.
    pub transfer: String,
    /// Approved, likewise; what it wants is on the shelf.
    pub outgoing: String,
    /// On its way to the manager's shelter.
    pub incoming: String,
    /// Somebody whose account may be changed.
    pub spare: Person,
    rights: Rights,
    factors: Factors,
    pub entry: Entry,
}

fn id_of(json: &Value) -> String {
    json["id"].as_str().unwrap().to_owned()
}

impl Stage {
    pub async fn set(h: &Harness) -> Self {
        let country = h.country().await;
        h.report_all_empty(&country).await;
        let referral = id_of(
            &country
                .officer
                .post("/api/v1/referrals", &search(&[7]))
                .await
                .expect(201),
        );
        let hold = held(&country.officer, &country.shelter.id.to_string(), "1").await.1;
        let (other_referral, other_hold) =
            held(&country.other_officer, &country.other_shelter.id.to_string(), "2").await;
        let readers = Readers::set(h, &country).await;
        let plan = id_of(
            &country
                .admin
                .post("/api/v1/plans/placement", &placement())
                .await
                .expect(201),
        );
        country
            .admin
            .post("/api/v1/items", &own_item("nappy_cream"))
            .await
            .expect(201);
        let transfer_plan = transfer_plan(&country, h.clock.now()).await;
        let browser = country
            .manager
            .post("/api/v1/me/push", &Browser::new(1).subscription())
            .await;
        let no_alerts = json!({"kinds": []});
        country
            .committee
            .put_at("/api/v1/me/alerts", 0, &no_alerts)
            .await
            .expect(200);
        let phone = id_of(&country.manager.post("/api/v1/me/phones", &json!({})).await.expect(201));
        let other_phone = id_of(
            &country
                .other_manager
                .post("/api/v1/me/phones", &json!({}))
                .await
                .expect(201),
        );
        let supplies = Supplies::set(h, &country).await;
        let entry = Entry::set(h, &country.manager).await;
        let spare = h.person(Role::Committee, "spare@example.tj", None, &[]).await;
        let rights = Rights::set(&country, &readers.second).await;
        Self {
            country,
            referral,
            other_referral,
            hold,
            other_hold,
            schedule: readers.schedule,
            recipient: readers.recipient,
            digest: readers.digest,
            plan,
            transfer_plan,
            letter: readers.letter,
            asked: readers.asked,
            confirm: readers.confirm,
            leave: readers.leave,
            browser: id_of(&browser.expect(201)),
            phone,
            other_phone,
            request: supplies.requests[0].clone(),
            other_request: supplies.requests[1].clone(),
            transfer: supplies.transfers[0].clone(),
            outgoing: supplies.transfers[1].clone(),
            incoming: supplies.transfers[2].clone(),
            spare,
            rights,
            factors: Factors::set(h).await,
            entry,
        }
    }

    /// The id that stands in a route's path.
    pub fn id(&self, path: &str) -> String {
        if let Some(id) = self.factors.id(path).or_else(|| self.entry.id(path)) {
            return id;
        }
        match path.split('/').nth(1).unwrap_or_default() {
            "items" => "nappy_cream".to_owned(),
            "shelters" => self.country.shelter.id.to_string(),
            "referrals" => self.referral.clone(),
            "holds" => self.hold.clone(),
            "digest-schedules" => self.schedule.clone(),
            "digests" => self.digest.clone(),
            "readers" => self.asked.clone(),
            "letters" => self.letter.clone(),
            "plans" if path.starts_with("/plans/transfers") => self.transfer_plan.clone(),
            "plans" => self.plan.clone(),
            "supply-requests" => self.request.clone(),
            "transfers" if path.ends_with("/dispatch") => self.outgoing.clone(),
            "transfers" if path.ends_with("/receive") => self.incoming.clone(),
            "transfers" => self.transfer.clone(),
            "users" => self.spare.user.id.to_string(),
            "approvals" | "tokens" => self.rights.id(path),
            "me" if path.starts_with("/me/push") => self.browser.clone(),
            "me" => self.phone.clone(),
            other => panic!("no id is known for {other}"),
        }
    }

    /// The path of a call, with `id` in the place of the route's.
    pub fn path_with(&self, path: &str, id: &str) -> String {
        let query = if path.ends_with("/confidential") || path.ends_with("/handover") {
            "?reason=asked%20by%20phone"
        } else {
            ""
        };
        let query = match path {
            "/channels/sms" => "?gateway=plain&secret=a-secret-of-enough-letters",
            "/digests/{id}/export" => "?format=csv",
            "/shelters/{id}/stock/export" => &format!("?approval={}", self.rights.export),
            "/readers/{id}/confirm" => &self.confirm,
            "/letters/{id}/unsubscribe" => &self.leave,
            _ => query,
        };
        let filled = path.replace("{id}", id).replace("{recipient}", &self.recipient);
        format!("{PREFIX}{filled}{query}")
    }

    pub fn path(&self, path: &str) -> String {
        match path.contains("{id}") {
            true => self.path_with(path, &self.id(path)),
            false => self.path_with(path, ""),
        }
    }

    /// A body the route takes. `None` for routes without one.
    pub fn body(&self, h: &Harness, method: &str, path: &str) -> Option<Value> {
        let (c, now) = (&self.country, h.services.now());
        if let Some(body) = self.factors.body(h, path).or_else(|| self.entry.body(method, path)) {
            return Some(body);
        }
        let body = match (method, path) {
            ("PUT", "/me/language") => json!({"language": "tg"}),
            ("POST", "/me/push") => Browser::new(2).subscription(),
            ("POST", "/me/phones") => json!({}),
            ("PUT", "/me/alerts") => {
                json!({"kinds": ["silent", "no_family_place"], "region": null, "quiet_from": "21:00", "quiet_until": "07:00"})
            }
            // Of a number that is not connected: nothing happens, and nobody is told so.
            ("POST", "/channels/sms") => json!({"id": "stage-1", "from": "+992900000001", "text": "5 7"}),
            ("POST", "/items/match") => json!({"names": ["3 мешка муки 50 кг", "собун"]}),
            ("POST", "/items/names") => json!({"name": "мука в/с", "item": "flour"}),
            ("POST", "/items") => own_item("water_filter"),
            ("PUT", "/items/{id}") => {
                json!({"names": {"tg": "Малҳами кӯдак", "ru": "Детский крем", "en": "Baby cream"},
                "weight_grams": 90, "planning": {"quantity_milli": 500, "days": 7}, "thresholds": {"critical_below_days": 2,
                "low_below_days": 5, "surplus_above_days": 40}, "price_minor": 2050, "retired": false})
            }
            ("POST", "/shelters") => self.shelter_body("TJ-GB-07"),
            ("PUT", "/shelters/{id}") => self.shelter_body("TJ-DU-01"),
            ("PUT", "/shelters/{id}/confidential") => json!({"address": "Kuchai Rudaki 1", "contact_name": "Zarina",
                "contact_phone": "+992 900 00 00 00", "meeting_point": "by the fountain"}),
            ("POST", "/shelters/{id}/reports") => {
                let mut body = h.report(&c.shelter, &[2, 3]);
                body["rooms"][0]["occupied_cots"] = json!(1);
                body["rooms"][1]["out_of_service_beds"] = json!(1);
                body["rooms"][1]["out_of_service_reason"] = json!("repair");
                body["stock"] = json!([{"item": h.services.pack.items[0].code, "on_hand": 40, "packs": 1}]);
                body["planned_exits"] =
                    json!([{"room_id": c.shelter.rooms[0].id, "date": (now + Duration::days(2)).date_naive()}]);
                body["operating"] = json!(true);
                body["note"] = json!("all is well");
                body
            }
            ("PUT", "/shelters/{id}/stock") => {
                json!({"stock": [{"item": h.services.pack.items[1].code, "on_hand": 7, "packs": 1, "minimum": 2,
                    "lots": [{"expires_on": "2027-05-01", "units": 3}], "sure": true}]})
            }
            ("POST", "/supply-requests") => {
                json!({"shelter_id": c.shelter.id, "item": supplies::item(h), "quantity": 4, "packs": 1,
                "priority": "urgent", "needed_by": (now + Duration::days(2)).date_naive(), "reason": "new_arrivals"})
            }
            ("POST", "/supply-requests/{id}/withdraw" | "/supply-requests/{id}/refuse" | "/transfers/{id}/approve") => {
                json!({})
            }
            ("POST", "/transfers") => json!({"from_shelter": c.shelter.id, "to_shelter": c.other_shelter.id,
                "due_on": (now + Duration::days(3)).date_naive(),
                "lines": [{"item": supplies::item(h), "quantity": 2, "packs": 1, "request_id": self.other_request}]}),
            ("POST", "/transfers/{id}/dispatch") => json!({"lines": [{"item": supplies::item(h), "quantity": 3,
                "lots": [{"expires_on": "2027-05-01", "units": 2}]}]}),
            ("POST", "/transfers/{id}/receive") => {
                json!({"lines": [{"item": supplies::item(h), "quantity": 2, "difference": "damaged"}]})
            }
            ("POST", "/transfers/{id}/cancel") => json!({"reason": "cannot_spare"}),
            ("POST", "/shelters/{id}/movements") => json!({"kind": "receipt", "source": "donation", "lines":
                [{"item": h.services.pack.items[2].code, "quantity": 5, "packs": 2, "expires_on": "2027-05-01"}]}),
            ("POST", "/suggestions" | "/referrals") => json!({
                "household": {"adults": [{"age_band": "18_59"}], "children": [{"age": 7, "sex": "female"}]},
                "needs": ["no_documents", "legal"], "languages": ["tg"], "from_district": "TJ-DU-01",
                "avoid_districts": ["TJ-SU-01"], "exclude_organisations": [c.other_officer.user.organisation_id], "urgency": "today", "earliest_date": now.date_naive(),
                "rooms_apart_ok": true, "limit": 5}),
            ("POST", "/referrals/{id}/holds") => {
                json!({"shelter_id": c.shelter.id, "ask_minutes": 60, "avoid_districts": ["TJ-SU-01"]})
            }
            ("POST", "/plans/placement") => placement(),
            ("PUT", "/plans/{id}") => json!({"assignments": [{"household": 0, "shelter_id": c.other_shelter.id}]}),
            ("POST", "/plans/transfers") => {
                json!({"items": ["flour"], "regions": ["TJ-DU", "TJ-SU"], "target_days": 10,
                "next_delivery_days": 20, "journey_minor": 15_000, "km_tonne_minor": 250, "vehicle_kg": 1500})
            }
            ("PUT", "/plans/transfers/{id}") => json!({"lines": [{"from": c.other_shelter.id, "to": c.shelter.id,
                "item": "flour", "packs": 1}]}),
            ("POST", "/plans/transfers/{id}/apply") => json!({"due_on": now.date_naive() + chrono::Days::new(2)}),
            ("POST", "/plans/{id}/apply") => json!({"organisation_id": c.nur.id}),
            ("POST", "/referrals/{id}/wait") => json!({}),
            ("POST", "/referrals/{id}/close") => json!({"outcome": "unmet", "reasons": ["no_capacity"]}),
            ("POST", "/holds/{id}/accept" | "/holds/{id}/arrive" | "/holds/{id}/no_show" | "/holds/{id}/extend") => {
                json!({})
            }
            ("POST", "/holds/{id}/decline") => json!({"reason": "full", "note": "no room tonight"}),
            ("POST", "/holds/{id}/release") => json!({"reason": "her_choice"}),
            ("POST" | "PUT", "/digest-schedules" | "/digest-schedules/{id}" | "/digest-schedules/next") => {
                schedule_body()
            }
            ("POST", "/digest-schedules/{id}/test") => json!({"language": "en"}),
            ("POST", "/digest-schedules/{id}/send" | "/digest-schedules/{id}/recipients/{recipient}/approve") => {
                json!({})
            }
            ("POST", "/digest-schedules/{id}/recipients") => {
                json!({"email": "deputy@example.tj", "name": "Deputy", "language": "ru"})
            }
            ("POST", "/digests/preview") => json!({"schedule_id": self.schedule, "language": "en"}),
            // What either of the two roles may ask for.
            ("POST", "/approvals") => json!({"kind": "export", "what": format!("digest:{}", self.digest)}),
            ("POST", "/digests/{id}/resend") => json!({"letter_id": self.letter}),
            ("POST", "/audit/verify") => json!({}),
            ("POST", "/organisations") => json!({"code": "SAB", "name": "Sabo", "operates": true, "refers": false}),
            _ => return rights::body(c, method, path),
        };
        Some(body)
    }

    fn shelter_body(&self, code: &str) -> Value {
        let mut body = json!({
            "code": code, "name": "Orzu", "organisation_id": self.country.nur.id, "district": "TJ-DU-01",
            "kind": "crisis", "location_policy": "confidential", "intake_from": "08:00", "intake_to": "20:00",
            "longest_stay_days": 90, "languages": ["tg"], "services": ["legal"],
            "rules": {"boys_max_age": 14, "boys_shared_room_max_age": 10, "max_children": 5, "infants_share_bed": true,
                "admits_without_children": true, "admits_women": true, "admits": ["pregnancy"]},
            "report_due": "09:00", "report_interval_hours": 24, "canary": false,
            "rooms": [{"label": "sang", "kind": "block", "beds": 2, "cots": 1, "step_free": false, "sleeps": 3}]});
        if code == self.country.shelter.code {
            for room in &self.country.shelter.rooms {
                let row = json!({"id": room.id, "label": room.label, "kind": room.kind, "beds": room.beds, "cots": room.cots});
                body["rooms"].as_array_mut().unwrap().push(row);
            }
        }
        body
    }

    /// Somebody whom the row admits and who may use the id that stands in its path.
    pub fn user_of(&self, row: &Row) -> &Person {
        match (self.factors.user_of(row.path), row.who) {
            (Some(person), _) => person,
            // Her sessions end with it.
            _ if row.path == "/me/password" => &self.country.other_officer,
            (None, Who::Anybody) => &self.spare,
            (None, Who::Only(roles)) => self.country.of(roles[0]),
        }
    }

    /// Calls a route as somebody, with every header it could want.
    pub async fn call(&self, h: &Harness, who: &Person, method: &str, path: &str, body: &[u8]) -> Answer {
        let key = format!("key-{}", h.services.ids.uuid(h.services.now()));
        let mut headers = vec![("idempotency-key", key.as_str()), ("if-match", "\"1\"")];
        if matches!(method, "POST" | "PUT") {
            headers.push(("content-type", "application/json"));
        }
        who.send(method, path, &headers, body).await
    }
}

/// One household to be placed.
fn placement() -> Value {
    json!({"households": [{"label": "bus 1", "household": {"adults": [{"age_band": "18_59"}], "children": [{"age": 3, "sex": "female"}]},
        "needs": ["legal"], "languages": ["tg"], "from_district": "TJ-DU-01", "urgency": "today",
        "rooms_apart_ok": false}], "empty_shelter": null, "waiting": false})
}

/// A referral and a hold of it on a shelter.
async fn held(officer: &Person, shelter: &str, key: &str) -> (String, String) {
    let referral = id_of(&officer.post("/api/v1/referrals", &search(&[])).await.expect(201));
    let path = format!("/api/v1/referrals/{referral}/holds");
    let hold = officer
        .post_once(&path, &format!("held-000{key}"), &json!({"shelter_id": shelter}))
        .await;
    (referral, id_of(&hold.expect(201)))
}

/// An item that operators add, by a name that no other has.
fn own_item(code: &str) -> Value {
    json!({"code": code, "names": {"tg": format!("{code} тоҷикӣ"), "ru": format!("{code} русский"), "en": format!("{code} English")},
        "unit": "piece", "pack_size": 12, "category": "infant", "weight_grams": 80,
        "planning": {"quantity_milli": 1000, "days": 30}, "thresholds": {"critical_below_days": 3, "low_below_days": 7,
        "surplus_above_days": 30}, "price_minor": 1999, "source": "the operators"})
}
