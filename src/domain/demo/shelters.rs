//! The demo's shelters: those the data file tells one by one, then as many more as are wished for.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveTime;

use super::super::accounts::Organisation;
use super::super::household::Need;
use super::super::id::{Moment, UserId};
use super::super::rooms::{Room, RoomKind};
use super::super::shelters::{AdmissionRules, LocationPolicy, Shelter, ShelterKind};
use super::data::{self, Data, Mood, RoomData, ShelterData};
use super::random::Random;
use super::{DemoConfidential, DemoError, DemoShelter, Wish, people};

pub(super) fn shelters(
    data: &Data,
    wish: &Wish<'_>,
    organisations: &[Organisation],
    random: &mut Random,
    at: Moment,
) -> Result<Vec<DemoShelter>, DemoError> {
    let operators: Vec<&Organisation> = organisations.iter().filter(|row| row.operates).collect();
    let mut numbers: BTreeMap<&str, u32> = BTreeMap::new();
    let mut rows = Vec::with_capacity(wish.shelters);
    for position in 0..wish.shelters {
        let told = match data.shelters.get(position) {
            Some(told) => told.clone(),
            None => drawn(data, wish, &operators, position, random)?,
        };
        let (district, region) = wish
            .districts
            .iter()
            .find(|(code, _)| *code == told.district)
            .ok_or_else(|| {
                DemoError::new(
                    "shelters.district",
                    format!("the country pack has no {}", told.district),
                )
            })?;
        let organisation = operators
            .iter()
            .find(|row| row.code == told.organisation)
            .ok_or_else(|| DemoError::new("shelters.organisation", format!("no operator {}", told.organisation)))?;
        let number = numbers.entry(region).or_insert(0);
        *number += 1;
        let rooms = told
            .rooms
            .iter()
            .map(|text| data::room(text))
            .collect::<Result<Vec<_>, _>>()?;
        rows.push(DemoShelter {
            shelter: Shelter {
                id: random.uuid(at).into(),
                code: format!("{region}-{number:02}"),
                name: told.name.clone(),
                organisation_id: organisation.id,
                district: district.clone(),
                region: region.clone(),
                kind: told.kind,
                location_policy: LocationPolicy::Confidential,
                sector: None,
                intake: intake(&told)?,
                longest_stay_days: told.longest_stay_days,
                languages: told.languages.clone(),
                services: told.services.clone(),
                rules: rules(&told),
                report_due: NaiveTime::from_hms_opt(9, 0, 0).unwrap_or_default(),
                report_interval_hours: 24,
                canary: false,
                rooms: rooms
                    .iter()
                    .enumerate()
                    .map(|(index, room)| room_of(index, room, random, at))
                    .collect(),
                version: 1,
            },
            mood: told.mood,
            // Named when the accounts are made.
            manager: UserId(uuid::Uuid::nil()),
            manager_name: String::new(),
            confidential: DemoConfidential {
                address: data.places.address.replace("{number}", &(position + 1).to_string()),
                contact_name: people::name(data, random),
                contact_phone: data.places.phone.replace("{number}", &format!("{:04}", position + 1)),
                meeting_point: data
                    .places
                    .meeting_point
                    .replace("{number}", &(position % 9 + 1).to_string()),
            },
        });
    }
    Ok(rows)
}

fn intake(told: &ShelterData) -> Result<Option<(NaiveTime, NaiveTime)>, DemoError> {
    let Some([from, to]) = &told.intake else {
        return Ok(None);
    };
    Ok(Some((data::time(from)?, data::time(to)?)))
}

fn rules(told: &ShelterData) -> AdmissionRules {
    AdmissionRules {
        boys_max_age: told.boys_max_age,
        boys_shared_room_max_age: told.boys_max_age.unwrap_or(17).min(8),
        max_children: (told.kind == ShelterKind::SupportRoom).then_some(3),
        infants_share_bed: told.kind != ShelterKind::LongStay,
        admits_without_children: told.admits_without_children,
        admits_women: true,
        admits: told.admits.clone(),
    }
}

fn room_of(index: usize, room: &RoomData, random: &mut Random, at: Moment) -> Room {
    Room {
        id: random.uuid(at).into(),
        label: if room.kind == RoomKind::Block {
            format!("{}–{}", index + 1, room.beds)
        } else {
            (index + 1).to_string()
        },
        kind: room.kind,
        beds: room.beds,
        cots: room.cots,
        step_free: room.step_free,
        sleeps: room.sleeps,
    }
}

/// A shelter beyond those of the data file.
fn drawn(
    data: &Data,
    wish: &Wish<'_>,
    operators: &[&Organisation],
    position: usize,
    random: &mut Random,
) -> Result<ShelterData, DemoError> {
    let missing = |key: &str| DemoError::new(key, "the list is empty");
    let voice = random.below(data.more.patterns.len());
    let pattern = data.more.patterns.get(voice).ok_or_else(|| missing("more.patterns"))?;
    let words = data.more.words.get(voice).ok_or_else(|| missing("more.words"))?;
    let word = random.pick(words).ok_or_else(|| missing("more.words"))?;
    let (district, _) = random.pick(wish.districts).ok_or_else(|| missing("districts"))?;
    let organisation = random.pick(operators).ok_or_else(|| missing("organisations"))?;
    let kinds = [
        ShelterKind::Crisis,
        ShelterKind::Crisis,
        ShelterKind::LongStay,
        ShelterKind::SupportRoom,
    ];
    let admissions = [
        Need::Pregnancy,
        Need::Newborn,
        Need::Trafficking,
        Need::OlderWoman,
        Need::MentalHealth,
        Need::NoDocuments,
    ];
    let services = [
        Need::Psychosocial,
        Need::Legal,
        Need::Medical,
        Need::Childcare,
        Need::Education,
    ];
    let mut some = |needs: &[Need], share: f64| -> BTreeSet<Need> {
        needs.iter().copied().filter(|_| random.chance(share)).collect()
    };
    let (admits, services) = (some(&admissions, 0.7), some(&services, 0.5));
    let tongues = ["tg", "ru", "uz"];
    let mut languages: BTreeSet<String> = tongues
        .iter()
        .filter(|_| random.chance(0.5))
        .map(|tongue| (*tongue).to_owned())
        .collect();
    languages.insert("tg".to_owned());
    Ok(ShelterData {
        district: district.clone(),
        name: pattern
            .replace("{word}", word)
            .replace("{number}", &(position + 1).to_string()),
        kind: random.pick(&kinds).copied().unwrap_or(ShelterKind::Crisis),
        organisation: organisation.code.clone(),
        rooms: data.more.rooms.clone(),
        boys_max_age: random
            .chance(0.6)
            .then(|| u8::try_from(random.between(8, 16)).unwrap_or(12)),
        admits_without_children: random.chance(0.9),
        admits,
        services,
        languages,
        longest_stay_days: None,
        intake: None,
        mood: match random.below(20) {
            0 => Mood::Silent,
            1 => Mood::Aging,
            2 => Mood::Shortage,
            3 | 4 => Mood::Low,
            _ => Mood::Ordinary,
        },
    })
}
