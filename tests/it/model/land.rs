//! A small country to try things in: six unlike shelters, two organisations, the people who work there. The other tests
//! of placement stand on it too. It knows nothing of the model.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use chrono::{NaiveDate, NaiveTime, TimeZone, Utc};
use panoh::clock::Clock;
use panoh::domain::accounts::{Actor, Organisation, Role, User};
use panoh::domain::household::Need;
use panoh::domain::id::{Moment, OrganisationId, RoomId, ShelterId, UserId};
use panoh::domain::quotas::Quotas;
use panoh::domain::rooms::{Room, RoomKind};
use panoh::domain::shelters::{AdmissionRules, LocationPolicy, Shelter, ShelterKind};
use panoh::ids::Ids;
use panoh::services::errors::Refused;
use panoh::services::holds::HoldView;
use panoh::services::once::Once;
use panoh::services::placement::ReferralView;
use panoh::services::reports::Receipt;
use panoh::services::seal::Vault;
use panoh::services::waves::{Asking, WaveView, Whom};
use panoh::services::{Services, Setup};
use panoh::store::{Store, accounts};
use tempfile::TempDir;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::harness::{Database, postgres};

pub fn beginning() -> Moment {
    Utc.with_ymd_and_hms(2026, 11, 22, 3, 0, 0).unwrap()
}

pub struct Land {
    pub services: Services,
    pub admin: Actor,
    /// Of two organisations.
    pub officers: [Actor; 2],
    /// The first runs shelters 0 to 2, the second the others.
    pub managers: [Actor; 2],
    pub shelters: Vec<Shelter>,
    /// For statements that go behind the service's back.
    pub url: String,
    _ground: (TempDir, Option<postgres::PrivateDatabase>),
}

impl Land {
    pub async fn new(database: Database) -> Self {
        // In memory where the machine has such a folder: a test's database need not survive a power cut.
        let memory = Path::new("/dev/shm");
        let dir = if memory.is_dir() {
            tempfile::tempdir_in(memory)
        } else {
            tempfile::tempdir()
        }
        .unwrap();
        let postgres = (database == Database::Postgres).then(postgres::create_database);
        let url = match &postgres {
            Some(created) => created.url().to_owned(),
            None => format!("sqlite://{}?mode=rwc", dir.path().join("panoh.db").display()),
        };
        let store = Store::connect(&url).await.unwrap();
        store.migrate().await.unwrap();
        let services = on(store, Clock::set_to(beginning()), Ids::counted());
        settle(services, url, (dir, postgres)).await
    }

    /// Another node on the same database, with the same clock and the same ids, and a board of its own.
    pub async fn another_node(&self) -> Services {
        let store = Store::connect(&self.url).await.unwrap();
        let services = on(store, self.services.clock.clone(), self.services.ids.clone());
        services.redraw_board().await.unwrap();
        services
    }

    pub fn now(&self) -> Moment {
        self.services.now()
    }

    /// Who runs this shelter.
    pub fn manager_of(&self, shelter: ShelterId) -> &Actor {
        self.managers
            .iter()
            .find(|actor| actor.shelters.contains(&shelter))
            .unwrap()
    }
}

fn on(store: Store, clock: Clock, ids: Ids) -> Services {
    Services::new(Setup {
        store,
        clock,
        ids,
        pack: Arc::new(panoh::pack::load(None).unwrap()),
        vault: Vault::new(&Zeroizing::new([7; 32])),
        link_base: "http://127.0.0.1:8080".to_owned(),
        mail_from: "panoh@demo.example".to_owned(),
        push_hosts: crate::harness::push_hosts(),
        second_factor: panoh::domain::factors::SecondFactor::Off,
    })
    .with_quotas(plenty())
}

/// The world asks for more in an hour than people do in a day; a handover stays what it is.
fn plenty() -> Quotas {
    Quotas {
        searches: u32::MAX,
        holds: u32::MAX,
        ..Quotas::default()
    }
}

async fn settle(services: Services, url: String, ground: (TempDir, Option<postgres::PrivateDatabase>)) -> Land {
    let admin = actor(&services, Role::Admin, None, Vec::new()).await;
    let mut organisations = Vec::new();
    for code in ["CRISIS", "HOTLINE"] {
        let row = Organisation {
            id: OrganisationId(Uuid::nil()),
            code: code.to_owned(),
            name: code.to_owned(),
            operates: true,
            refers: true,
        };
        organisations.push(services.add_organisation(&admin, row).await.unwrap().id);
    }
    let mut shelters = Vec::new();
    for plan in plans(organisations[0]) {
        shelters.push(services.add_shelter(&admin, plan).await.unwrap());
    }
    let ids: Vec<ShelterId> = shelters.iter().map(|row| row.id).collect();
    let mut officers = Vec::new();
    let mut managers = Vec::new();
    for (at, organisation) in organisations.iter().enumerate() {
        officers.push(actor(&services, Role::Officer, Some(*organisation), Vec::new()).await);
        let own = ids[at * 3..at * 3 + 3].to_vec();
        managers.push(actor(&services, Role::Manager, Some(*organisation), own).await);
    }
    Land {
        services,
        admin,
        officers: officers.try_into().unwrap(),
        managers: managers.try_into().unwrap(),
        shelters,
        url,
        _ground: ground,
    }
}

/// Somebody whose account is there, without the second that hashing a password takes.
pub async fn actor(
    services: &Services,
    role: Role,
    organisation_id: Option<OrganisationId>,
    shelters: Vec<ShelterId>,
) -> Actor {
    let id = UserId(services.ids.uuid(services.now()));
    let user = User {
        id,
        email: format!("{id}@demo.example"),
        name: role.to_string(),
        role,
        organisation_id,
        language: "ru".to_owned(),
        disabled: false,
        shelters: shelters.clone(),
    };
    let tx = services.store.begin().await.unwrap();
    accounts::insert_user(&tx, &user, "nobody signs in", services.now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    Actor {
        user_id: id,
        role,
        name: role.to_string(),
        organisation_id,
        shelters,
        origin: "test".to_owned(),
        by: panoh::domain::accounts::Bearer::Nothing,
    }
}

pub fn open_rules() -> AdmissionRules {
    AdmissionRules {
        boys_max_age: None,
        boys_shared_room_max_age: 10,
        max_children: None,
        infants_share_bed: true,
        admits_without_children: true,
        admits_women: true,
        admits: every_need(),
    }
}

fn every_need() -> BTreeSet<Need> {
    use Need::{MentalHealth, Newborn, NoDocuments, OlderWoman, Pets, Pregnancy, SubstanceUse, Trafficking};
    BTreeSet::from([
        Pregnancy,
        Newborn,
        Trafficking,
        OlderWoman,
        MentalHealth,
        SubstanceUse,
        NoDocuments,
        Pets,
    ])
}

pub fn room(label: &str, kind: RoomKind, beds: u16, cots: u16) -> Room {
    Room {
        id: RoomId(Uuid::nil()),
        label: label.to_owned(),
        kind,
        beds,
        cots,
        step_free: false,
        sleeps: (kind == RoomKind::Block).then_some(4),
    }
}

pub fn plan(
    organisation: OrganisationId,
    code: &str,
    district: &str,
    rules: AdmissionRules,
    rooms: Vec<Room>,
) -> Shelter {
    Shelter {
        id: ShelterId(Uuid::nil()),
        code: code.to_owned(),
        name: format!("House {code}"),
        organisation_id: organisation,
        district: district.to_owned(),
        region: String::new(),
        kind: ShelterKind::Crisis,
        location_policy: LocationPolicy::Confidential,
        sector: None,
        intake: None,
        longest_stay_days: None,
        languages: BTreeSet::from(["tg".to_owned()]),
        services: BTreeSet::from([Need::Medical]),
        rules,
        report_due: NaiveTime::from_hms_opt(9, 0, 0).unwrap(),
        report_interval_hours: 24,
        canary: false,
        rooms,
        version: 0,
    }
}

fn plans(organisation: OrganisationId) -> Vec<Shelter> {
    use RoomKind::{Block, Private, Shared};
    let shelter = |code, district, rules, rooms| plan(organisation, code, district, rules, rooms);
    let step_free = |room| Room {
        step_free: true,
        ..room
    };
    vec![
        shelter(
            "TJ-DU-01",
            "TJ-DU-01",
            open_rules(),
            vec![room("1", Private, 3, 1), room("2", Shared, 6, 2)],
        ),
        shelter(
            "TJ-SU-01",
            "TJ-SU-01",
            AdmissionRules {
                boys_max_age: Some(12),
                ..open_rules()
            },
            vec![room("1", Shared, 10, 0)],
        ),
        shelter(
            "TJ-SU-02",
            "TJ-SU-04",
            open_rules(),
            vec![step_free(room("1", Private, 2, 1)), room("2", Private, 4, 1)],
        ),
        Shelter {
            report_interval_hours: 12,
            canary: false,
            ..shelter(
                "TJ-KT-01",
                "TJ-KT-02",
                open_rules(),
                vec![room("1", Block, 4, 0), room("2", Shared, 3, 1)],
            )
        },
        shelter(
            "TJ-KT-02",
            "TJ-KT-05",
            AdmissionRules {
                max_children: Some(2),
                infants_share_bed: false,
                boys_shared_room_max_age: 6,
                admits: BTreeSet::from([Need::Newborn, Need::Pregnancy]),
                ..open_rules()
            },
            vec![
                room("1", Private, 2, 1),
                room("2", Shared, 4, 1),
                step_free(room("3", Shared, 2, 0)),
            ],
        ),
        shelter(
            "TJ-RA-01",
            "TJ-RA-03",
            AdmissionRules {
                admits_without_children: false,
                ..open_rules()
            },
            vec![room("1", Shared, 5, 1)],
        ),
    ]
}

/// Answers printed as little as a test needs of them.
pub fn print_referral(view: &ReferralView) -> String {
    view.referral.id.to_string()
}

pub fn print_hold(view: &HoldView) -> String {
    view.hold.id.to_string()
}

pub fn print_wave(view: &WaveView) -> String {
    let ids: Vec<String> = view.holds.iter().map(|hold| hold.hold.id.to_string()).collect();
    ids.join(" ")
}

pub fn print_receipt(receipt: &Receipt) -> String {
    format!("{} {}", receipt.id, receipt.applied)
}

/// Asks one shelter, at once or from a later date.
pub fn asking(shelter: ShelterId, from_date: Option<NaiveDate>) -> Asking {
    Asking {
        from_date,
        ..Asking::of(Whom::Shelter(shelter))
    }
}

/// The one hold of a wave of one.
pub fn only(mut wave: WaveView) -> Option<HoldView> {
    wave.holds.pop()
}

pub fn once<T>(print: fn(&T) -> String) -> Once<T> {
    Once { key: None, print }
}

/// The refusal as one word: its code, or what kind it is.
pub fn word(refused: &Refused) -> String {
    match refused {
        Refused::Conflict { code, .. } => (*code).to_owned(),
        Refused::NoBedLeft { .. } => "no_bed_left".to_owned(),
        Refused::NotFound => "not_found".to_owned(),
        Refused::Invalid(_) => "invalid".to_owned(),
        Refused::KeyReused => "key_reused".to_owned(),
        Refused::TooManyAttempts => "too_many_attempts".to_owned(),
        Refused::QuotaReached { .. } => "quota_reached".to_owned(),
        Refused::Stale => "stale".to_owned(),
        other => panic!("refused by trouble: {other:?}"),
    }
}
