//! A country made by hand in which the answer is known, and any country in which each change is really made.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::super::availability::tests::{at, room, shelter};
use super::super::household::{AgeBand, Child, Household, Urgency};
use super::*;

fn search(children: &[(u8, Sex)], needs: &[Need]) -> Search {
    let children = children
        .iter()
        .map(|(age, sex)| Child { age: *age, sex: *sex })
        .collect();
    Search {
        household: Household::new(vec![AgeBand::From18To59], children).unwrap(),
        needs: needs.iter().copied().collect(),
        languages: BTreeSet::new(),
        from_district: "D1".into(),
        avoid_districts: BTreeSet::new(),
        excluded: Default::default(),
        urgency: Urgency::Now,
        earliest_date: None,
        rooms_apart_ok: false,
    }
}

fn many(count: usize, search: Search, region: &str, near: bool) -> Vec<Unplaced> {
    let who = Unplaced {
        search,
        region: Some(region.to_owned()),
        near,
    };
    vec![who; count]
}

/// A full house open to all in R1; in R0 one with a free room of three that takes boys to twelve and no pets.
fn country() -> Vec<ShelterView> {
    let full = shelter(1, vec![room(1, RoomKind::Private, 3, 3)]);
    let mut strict = shelter(2, vec![room(2, RoomKind::Private, 3, 0)]);
    strict.shelter.rules.boys_max_age = Some(12);
    strict.shelter.rules.admits.remove(&Need::Pets);
    vec![full, strict]
}

fn in_region(change: fn(String) -> Change, region: &str) -> Change {
    change(region.to_owned())
}

const FAMILY: fn(String) -> Change = |region| Change::FamilyRoom { region };
const SINGLE: fn(String) -> Change = |region| Change::SingleBed { region };
const STEP_FREE: fn(String) -> Change = |region| Change::StepFreeFamilyRoom { region };

#[test]
fn the_hand_made_country_has_a_known_answer() {
    let (girls, boy) = ([(7, Sex::Female), (9, Sex::Female)], |age| [(age, Sex::Male)]);
    let unplaced = [
        many(6, search(&girls, &[]), "R1", true),
        many(5, search(&girls, &[Need::StepFree]), "R1", true),
        many(7, search(&[], &[]), "R1", true),
        // Too far for nobody: she fits in R0, and no change is needed.
        many(9, search(&girls, &[]), "R1", false),
        many(8, search(&boy(15), &[]), "R0", false),
        many(5, search(&boy(17), &[]), "R0", false),
        many(5, search(&girls, &[Need::Pets]), "R0", false),
        many(4, search(&[], &[]), "R2", true),
    ]
    .concat();
    let views = country();
    let views: Vec<&ShelterView> = views.iter().collect();
    let regions = ["R0", "R1", "R2"].map(str::to_owned);
    let found = changes(&unplaced, &views, &regions, at(0));
    let ought = [
        (Change::BoysAdmitted { age: 16 }, 8),
        (Change::BoysAdmitted { age: 17 }, 13),
        (in_region(FAMILY, "R1"), 13),
        (in_region(FAMILY, "R2"), 4),
        (Change::NeedAdmitted { need: Need::Pets }, 5),
        (in_region(SINGLE, "R1"), 7),
        (in_region(SINGLE, "R2"), 4),
        (in_region(STEP_FREE, "R1"), 18),
        (in_region(STEP_FREE, "R2"), 4),
    ];
    assert_eq!(found, ought);
}

#[test]
fn only_reasons_that_lie_in_what_there_is_count() {
    use UnmetReason::*;
    let of = |reasons: &[UnmetReason]| {
        let row = Referral {
            unmet_reasons: reasons.to_vec(),
            ..referral()
        };
        Unplaced::of(&row, None).map(|who| who.near)
    };
    assert_eq!(of(&[NoCapacity]), Some(false));
    assert_eq!(of(&[HerChoice, Distance]), Some(true));
    assert_eq!(of(&[AdmissionRule, Other]), Some(false));
    assert_eq!(of(&[HerChoice, Safety, NoAnswer, Other]), None);
}

fn referral() -> Referral {
    use super::super::id::{OrganisationId, ReferralId, UserId};
    Referral {
        id: ReferralId(Uuid::nil()),
        code: "K7M2".into(),
        organisation_id: OrganisationId(Uuid::nil()),
        user_id: UserId(Uuid::nil()),
        search: search(&[], &[]),
        created_at: at(0),
        closed_at: Some(at(60)),
        outcome: None,
        unmet_reasons: Vec::new(),
        waiting_since: None,
        place_found: None,
    }
}

fn any_unplaced() -> impl Strategy<Value = Unplaced> {
    let needs = prop::sample::subsequence(vec![Need::StepFree, Need::Pets, Need::Trafficking, Need::Legal], 0..3);
    let child = (0u8..18, any::<bool>()).prop_map(|(age, boy)| (age, if boy { Sex::Male } else { Sex::Female }));
    let children = prop::collection::vec(child, 0..4);
    let region = prop::option::weighted(0.9, prop::sample::select(vec!["R0", "R1", "R2"]));
    (children, needs, region, any::<bool>(), any::<bool>()).prop_map(|(children, needs, region, near, apart)| {
        Unplaced {
            search: Search {
                rooms_apart_ok: apart,
                ..search(&children, &needs)
            },
            region: region.map(str::to_owned),
            near,
        }
    })
}

fn any_shelter(number: u128) -> impl Strategy<Value = ShelterView> {
    let kinds = prop::sample::select(vec![RoomKind::Private, RoomKind::Shared, RoomKind::Block]);
    let rooms = prop::collection::vec((kinds, 1u16..4, 0u16..4, any::<bool>()), 1..3);
    let rules = (
        prop::option::of(3u8..18),
        any::<bool>(),
        any::<bool>(),
        prop::option::of(0u8..3),
    );
    (rooms, rules, prop::bool::weighted(0.9)).prop_map(move |(rooms, (boys, pets, trafficking, most), operating)| {
        let room = |(at, (kind, beds, occupied, step_free)): (usize, (RoomKind, u16, u16, bool))| {
            let mut view = room(number * 10 + at as u128, kind, beds, occupied.min(beds));
            view.room.step_free = step_free;
            view
        };
        let mut view = shelter(number, rooms.into_iter().enumerate().map(room).collect());
        view.operating = operating;
        let rules = &mut view.shelter.rules;
        (rules.boys_max_age, rules.max_children) = (boys, most);
        for (admitted, need) in [(pets, Need::Pets), (trafficking, Need::Trafficking)] {
            if !admitted {
                rules.admits.remove(&need);
            }
        }
        view
    })
}

/// How many of them fit somewhere, asked one by one and shelter by shelter.
fn placed(unplaced: &[Unplaced], country: &[ShelterView]) -> usize {
    let fits = |who: &Unplaced, view: &ShelterView| {
        let reach = !who.near || who.region.as_ref() == Some(&view.shelter.region);
        let open = view.operating && view.observed_at.is_some();
        reach && open && fit::fit(&view.shelter.rules, &view.rooms, &who.search, at(0)).is_ok()
    };
    unplaced
        .iter()
        .filter(|who| country.iter().any(|view| fits(who, view)))
        .count()
}

/// The country with the change really made, in each way in which it can be made.
fn made(change: &Change, country: &[ShelterView]) -> Vec<Vec<ShelterView>> {
    let everywhere = |alter: &dyn Fn(&mut AdmissionRules)| {
        let mut country = country.to_vec();
        country.iter_mut().for_each(|view| alter(&mut view.shelter.rules));
        vec![country]
    };
    let (region, room) = match change {
        Change::BoysAdmitted { age } => {
            return everywhere(&|rules| rules.boys_max_age = rules.boys_max_age.map(|max| max.max(*age)));
        }
        Change::NeedAdmitted { need } => {
            return everywhere(&|rules| {
                rules.admits.insert(*need);
            });
        }
        Change::FamilyRoom { region } => (region, family_room(false)),
        Change::StepFreeFamilyRoom { region } => (region, family_room(true)),
        Change::SingleBed { region } => (region, single_bed()),
    };
    let here = |view: &ShelterView| &view.shelter.region == region && view.operating;
    let mut ways: Vec<Vec<ShelterView>> = Vec::new();
    for at in 0..country.len() {
        let mut with = country.to_vec();
        if here(&with[at]) {
            with[at].rooms.push(room.clone());
            ways.push(with);
        }
    }
    if ways.is_empty() {
        let mut new = shelter(99, vec![room]);
        new.shelter.region.clone_from(region);
        new.shelter.rules.boys_shared_room_max_age = 17;
        ways.push(country.iter().cloned().chain([new]).collect());
    }
    ways
}

proptest! {
    /// Applying a change really places as many more of those from that region (of rules: from anywhere) as it says, and
    /// a change that is not named places nobody more.
    #[test]
    fn a_change_does_what_it_says(
        unplaced in prop::collection::vec(any_unplaced(), 0..12),
        country in (any_shelter(1), any_shelter(2), any_shelter(3)).prop_map(|(a, b, c)| vec![a, b, c]),
    ) {
        let views: Vec<&ShelterView> = country.iter().collect();
        let regions = ["R0", "R1", "R2"].map(str::to_owned);
        let found = changes(&unplaced, &views, &regions, at(0));
        prop_assert!(found.iter().all(|(_, placed)| *placed > 0));
        let mut all: Vec<Change> = BOYS_TO.map(|age| Change::BoysAdmitted { age }).to_vec();
        all.extend(regions.iter().flat_map(|region| [FAMILY, SINGLE, STEP_FREE].map(|change| change(region.clone()))));
        all.extend([Need::Pets, Need::Trafficking, Need::Newborn].map(|need| Change::NeedAdmitted { need }));
        for change in all {
            let concerned: Vec<Unplaced> = unplaced
                .iter()
                .filter(|who| change.region().is_none_or(|region| who.region.as_deref() == Some(region)))
                .cloned()
                .collect();
            let before = placed(&concerned, &country);
            let ways = made(&change, &country);
            let most = ways.iter().map(|country| placed(&concerned, country) - before).max().unwrap();
            let said = found.iter().find(|(other, _)| *other == change).map_or(0, |(_, placed)| *placed);
            prop_assert_eq!(said, most as u64, "{:?}", change);
        }
    }
}
