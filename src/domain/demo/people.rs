//! Organisations and accounts of the demo.

use super::super::accounts::{Organisation, Role, User};
use super::super::id::{Moment, OrganisationId, UserId};
use super::DemoShelter;
use super::data::Data;
use super::random::Random;

pub(super) fn organisations(data: &Data, random: &mut Random, at: Moment) -> Vec<Organisation> {
    data.organisations
        .iter()
        .map(|row| Organisation {
            id: random.uuid(at).into(),
            code: row.code.clone(),
            name: row.name.clone(),
            operates: row.operates,
            refers: row.refers,
        })
        .collect()
}

pub(super) fn name(data: &Data, random: &mut Random) -> String {
    let given = random.pick(&data.people.given).cloned().unwrap_or_default();
    let initial = random.pick(&data.people.initials).cloned().unwrap_or_default();
    format!("{given} {initial}")
}

/// The accounts, the ones people sign in with first: admin, committee, three officers, then managers, and at last
/// a second admin. Each manager runs one shelter, and every fourth runs two of one organisation.
pub(super) fn users(
    data: &Data,
    organisations: &[Organisation],
    shelters: &mut [DemoShelter],
    random: &mut Random,
    at: Moment,
) -> Vec<User> {
    let mut users = Vec::new();
    let mut add = |role: Role, email: String, organisation: Option<OrganisationId>, language: &str| {
        let user = User {
            id: random.uuid(at).into(),
            name: name(data, random),
            email,
            role,
            organisation_id: organisation,
            disabled: false,
            shelters: Vec::new(),
            language: language.to_owned(),
        };
        users.push(user);
    };
    add(Role::Admin, "admin@demo.example".to_owned(), None, "ru");
    add(Role::Committee, "committee@demo.example".to_owned(), None, "tg");
    let referring: Vec<_> = organisations.iter().filter(|row| row.refers && !row.operates).collect();
    for (at, language) in ["tg", "ru", "en"].into_iter().enumerate() {
        let organisation = referring.get(at % referring.len().max(1)).map(|row| row.id);
        add(
            Role::Officer,
            format!("officer{}@demo.example", at + 1),
            organisation,
            language,
        );
    }
    let mut managers: Vec<User> = Vec::new();
    for (position, row) in shelters.iter_mut().enumerate() {
        let organisation = row.shelter.organisation_id;
        let shared = position % 4 == 3;
        let known = managers
            .iter_mut()
            .rev()
            .take(12)
            .find(|user| shared && user.shelters.len() == 1 && user.organisation_id == Some(organisation));
        if let Some(user) = known {
            user.shelters.push(row.shelter.id);
            (row.manager, row.manager_name) = (user.id, user.name.clone());
            continue;
        }
        let user = User {
            id: UserId(random.uuid(at)),
            name: name(data, random),
            email: format!("manager.{}@demo.example", row.shelter.code.to_lowercase()),
            role: Role::Manager,
            organisation_id: Some(organisation),
            disabled: false,
            shelters: vec![row.shelter.id],
            language: if random.chance(0.7) { "tg" } else { "ru" }.to_owned(),
        };
        (row.manager, row.manager_name) = (user.id, user.name.clone());
        managers.push(user);
    }
    users.extend(managers);
    // A reader of digests takes two administrators.
    users.push(User {
        id: UserId(random.uuid(at)),
        name: name(data, random),
        email: "admin2@demo.example".to_owned(),
        role: Role::Admin,
        organisation_id: None,
        disabled: false,
        shelters: Vec::new(),
        language: "tg".to_owned(),
    });
    users
}
