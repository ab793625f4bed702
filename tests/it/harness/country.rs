//! A small country to test in: two organisations that both run a shelter and refer households, and somebody of each role.

use std::collections::BTreeSet;

use chrono::NaiveTime;
use panoh::domain::accounts::{Actor, Organisation, Role, User};
use panoh::domain::household::Need;
use panoh::domain::id::{OrganisationId, RoomId, ShelterId, UserId};
use panoh::domain::rooms::{Room, RoomKind};
use panoh::domain::shelters::{AdmissionRules, LocationPolicy, Shelter, ShelterKind};
use panoh::services::access::Opening;
use panoh::services::passwords::hash_password;
use panoh::store::accounts;
use serde_json::{Value, json};
use tokio::sync::OnceCell;
use uuid::Uuid;

use super::Harness;
use super::client::Person;

/// The password of everybody.
pub const PASSWORD: &str = "a long walk by the Varzob";

/// Hashed once: sixty-four megabytes and three passes are too much for every account of every test.
static HASH: OnceCell<String> = OnceCell::const_new();

pub struct Country {
    pub nur: Organisation,
    /// Run by `nur` in Dushanbe: `kabud` (private, 3 beds, 1 cot), `sabz` (shared, 6 beds, 1 cot, step-free).
    pub shelter: Shelter,
    /// Run by `mehr` in Khujand: `yak` (private, 4 beds, 1 cot), `xona` (a block of 5 rooms for 4 persons each).
    pub other_shelter: Shelter,
    pub manager: Person,
    pub other_manager: Person,
    pub officer: Person,
    pub other_officer: Person,
    pub committee: Person,
    pub admin: Person,
}

impl Country {
    pub fn of(&self, role: Role) -> &Person {
        match role {
            Role::Manager => &self.manager,
            Role::Officer => &self.officer,
            Role::Committee => &self.committee,
            Role::Admin => &self.admin,
        }
    }

    pub fn everybody(&self) -> [&Person; 6] {
        [
            &self.manager,
            &self.other_manager,
            &self.officer,
            &self.other_officer,
            &self.committee,
            &self.admin,
        ]
    }

    /// Path of the first shelter, or of something of it.
    pub fn path(&self, rest: &str) -> String {
        format!("/api/v1/shelters/{}{rest}", self.shelter.id)
    }
}

/// The system itself, at the founding.
fn founder() -> Actor {
    Actor {
        user_id: UserId(Uuid::nil()),
        role: Role::Admin,
        name: "founder".to_owned(),
        organisation_id: None,
        shelters: Vec::new(),
        origin: "test".to_owned(),
        by: panoh::domain::accounts::Bearer::Nothing,
    }
}

impl Harness {
    /// Founds the country in an empty database. Nobody has reported yet.
    pub async fn country(&self) -> Country {
        let nur = self.organisation("NUR").await;
        let mehr = self.organisation("MEHR").await;
        let rooms = vec![
            room("kabud", RoomKind::Private, 3, 1),
            Room {
                step_free: true,
                ..room("sabz", RoomKind::Shared, 6, 1)
            },
        ];
        let shelter = self.shelter("TJ-DU-01", &nur, "TJ-DU-01", rooms).await;
        let block = Room {
            sleeps: Some(4),
            ..room("xona", RoomKind::Block, 5, 0)
        };
        let rooms = vec![room("yak", RoomKind::Private, 4, 1), block];
        let other_shelter = self.shelter("TJ-SU-01", &mehr, "TJ-SU-01", rooms).await;
        Country {
            manager: self
                .person(Role::Manager, "manager@nur.example", Some(&nur), &[shelter.id])
                .await,
            other_manager: self
                .person(Role::Manager, "manager@mehr.example", Some(&mehr), &[other_shelter.id])
                .await,
            officer: self.person(Role::Officer, "officer@nur.example", Some(&nur), &[]).await,
            other_officer: self
                .person(Role::Officer, "officer@mehr.example", Some(&mehr), &[])
                .await,
            committee: self.person(Role::Committee, "committee@example.tj", None, &[]).await,
            admin: self.person(Role::Admin, "admin@example.tj", None, &[]).await,
            nur,
            shelter,
            other_shelter,
        }
    }

    pub async fn organisation(&self, code: &str) -> Organisation {
        let row = Organisation {
            id: OrganisationId(Uuid::nil()),
            code: code.to_owned(),
            name: format!("Organisation {code}"),
            operates: true,
            refers: true,
        };
        self.services.add_organisation(&founder(), row).await.unwrap()
    }

    /// Adds a shelter that admits everybody at any hour.
    pub async fn shelter(&self, code: &str, of: &Organisation, district: &str, rooms: Vec<Room>) -> Shelter {
        let row = Shelter {
            id: ShelterId(Uuid::nil()),
            code: code.to_owned(),
            name: format!("Shelter {code}"),
            organisation_id: of.id,
            district: district.to_owned(),
            region: String::new(),
            kind: ShelterKind::Crisis,
            location_policy: LocationPolicy::Confidential,
            sector: None,
            intake: None,
            longest_stay_days: None,
            languages: BTreeSet::from(["tg".to_owned(), "ru".to_owned()]),
            services: BTreeSet::from([Need::Legal]),
            rules: AdmissionRules {
                boys_max_age: None,
                boys_shared_room_max_age: 12,
                max_children: None,
                infants_share_bed: true,
                admits_without_children: true,
                admits_women: true,
                admits: BTreeSet::from([Need::Pregnancy, Need::Newborn, Need::OlderWoman, Need::NoDocuments]),
            },
            report_due: NaiveTime::from_hms_opt(9, 0, 0).unwrap(),
            report_interval_hours: 24,
            canary: false,
            rooms,
            version: 1,
        };
        self.services.add_shelter(&founder(), row).await.unwrap()
    }

    /// Somebody with an account, signed in. The password is [`PASSWORD`].
    pub async fn person(&self, role: Role, email: &str, of: Option<&Organisation>, shelters: &[ShelterId]) -> Person {
        let hash = HASH
            .get_or_init(async || hash_password(&self.services.ids, PASSWORD).unwrap())
            .await;
        let now = self.services.now();
        let user = User {
            id: UserId(self.services.ids.uuid(now)),
            email: email.to_owned(),
            name: email.split('@').next().unwrap_or(email).to_owned(),
            role,
            organisation_id: of.map(|row| row.id),
            language: "ru".to_owned(),
            disabled: false,
            shelters: shelters.to_vec(),
        };
        let tx = self.services.store.begin().await.unwrap();
        accounts::insert_user(&tx, &user, hash, now).await.unwrap();
        tx.commit().await.unwrap();
        self.signed_in(&user).await
    }

    /// A fresh session of somebody, without the slow proof by password.
    pub async fn signed_in(&self, user: &User) -> Person {
        let opened = self
            .services
            .open_session(user.clone(), &Opening::default(), self.services.now())
            .await
            .unwrap();
        Person {
            user: user.clone(),
            token: opened.token,
            http: self.http.clone(),
        }
    }

    /// A body for `POST /shelters/{id}/reports`: true now, every room as given (occupied beds), rooms left out empty.
    pub fn report(&self, shelter: &Shelter, occupied: &[u16]) -> Value {
        let rooms: Vec<Value> = shelter
            .rooms
            .iter()
            .enumerate()
            .map(|(at, room)| json!({"room_id": room.id, "occupied_beds": occupied.get(at).copied().unwrap_or(0)}))
            .collect();
        json!({"observed_at": self.services.now(), "rooms": rooms})
    }

    /// Reports both shelters empty, so that there is something to suggest.
    pub async fn report_all_empty(&self, country: &Country) {
        for (person, shelter) in [
            (&country.manager, &country.shelter),
            (&country.other_manager, &country.other_shelter),
        ] {
            let path = format!("/api/v1/shelters/{}/reports", shelter.id);
            let key = format!("report-{}", self.services.ids.uuid(self.services.now()));
            person
                .post_once(&path, &key, &self.report(shelter, &[]))
                .await
                .expect(201);
        }
    }
}

pub fn room(label: &str, kind: RoomKind, beds: u16, cots: u16) -> Room {
    Room {
        id: RoomId(Uuid::nil()),
        label: label.to_owned(),
        kind,
        beds,
        cots,
        step_free: false,
        sleeps: None,
    }
}

/// A body for `POST /suggestions` and `POST /referrals`: a woman with children of these ages, from Dushanbe.
pub fn search(ages: &[u8]) -> Value {
    let children: Vec<Value> = ages.iter().map(|age| json!({"age": age, "sex": "female"})).collect();
    json!({"household": {"adults": [{"age_band": "18_59"}], "children": children}, "from_district": "TJ-DU-01"})
}
