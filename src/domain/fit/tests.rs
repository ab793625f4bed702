//! Fit against brute force (each person to each room), and by example.

mod brute;
mod examples;

use std::collections::BTreeSet;

use chrono::{TimeZone, Utc};
use proptest::prelude::*;
use uuid::Uuid;

use super::super::household::{AgeBand, Child, Household, Need, Search, Sex, Urgency};
use super::super::id::{HoldId, Moment, RoomId};
use super::super::rooms::{ActiveClaim, Occupancy, Room, RoomKind, RoomView};
use super::super::shelters::AdmissionRules;

fn now() -> Moment {
    Utc.with_ymd_and_hms(2026, 11, 22, 8, 0, 0).unwrap()
}

fn rules() -> AdmissionRules {
    use strum::IntoEnumIterator;
    AdmissionRules {
        boys_max_age: Some(14),
        boys_shared_room_max_age: 10,
        max_children: Some(5),
        infants_share_bed: true,
        admits_without_children: true,
        admits_women: true,
        admits: Need::iter().filter(|need| !need.is_service()).collect(),
    }
}

fn room(number: u128, kind: RoomKind, beds: u16) -> RoomView {
    let id = RoomId(Uuid::from_u128(number));
    let sleeps = (kind == RoomKind::Block).then_some(4);
    let room = Room {
        id,
        label: number.to_string(),
        kind,
        beds,
        cots: 0,
        step_free: false,
        sleeps,
    };
    RoomView::new(room, Occupancy::default())
}

fn taken(mut view: RoomView, occupied_beds: u16) -> RoomView {
    view.state.occupied_beds = occupied_beds;
    view
}

fn with_cots(mut view: RoomView, cots: u16) -> RoomView {
    view.room.cots = cots;
    view
}

fn step_free(mut view: RoomView) -> RoomView {
    view.room.step_free = true;
    view
}

fn girl(age: u8) -> Child {
    Child { age, sex: Sex::Female }
}

fn boy(age: u8) -> Child {
    Child { age, sex: Sex::Male }
}

/// A woman and these children.
fn search(children: &[Child]) -> Search {
    family(1, children)
}

fn family(adults: usize, children: &[Child]) -> Search {
    Search {
        household: Household::new(vec![AgeBand::From18To59; adults], children.to_vec()).unwrap(),
        needs: BTreeSet::new(),
        languages: BTreeSet::new(),
        from_district: "D".into(),
        avoid_districts: BTreeSet::new(),
        excluded: Default::default(),
        urgency: Urgency::Now,
        earliest_date: None,
        rooms_apart_ok: false,
    }
}

fn apart(search: Search) -> Search {
    Search {
        rooms_apart_ok: true,
        ..search
    }
}

fn any_view(number: u128) -> impl Strategy<Value = RoomView> {
    let kinds = prop::sample::select(vec![RoomKind::Private, RoomKind::Shared, RoomKind::Block]);
    (
        kinds,
        0u16..5,
        0u16..3,
        any::<bool>(),
        1u8..5,
        prop::sample::select(vec![0u16, 0, 0, 1, 2]),
        0u16..2,
        0u16..2,
    )
        .prop_map(move |(kind, beds, cots, step_free, sleeps, occupied_beds, out, held)| {
            let mut view = room(number, kind, beds);
            view.room.sleeps = (kind == RoomKind::Block).then_some(sleeps);
            (view.room.cots, view.room.step_free) = (cots, step_free);
            (view.state.occupied_beds, view.state.out_of_service_beds) = (occupied_beds, out);
            let expires_at = now() + chrono::TimeDelta::minutes(if out == 0 { 5 } else { 0 });
            let hold_id = HoldId(Uuid::from_u128(number));
            if kind != RoomKind::Private {
                view.claims = vec![ActiveClaim {
                    hold_id,
                    beds: held,
                    cots: 0,
                    expires_at,
                    starts_at: None,
                }];
            }
            view
        })
}

pub fn any_rooms(most: u128) -> impl Strategy<Value = Vec<RoomView>> {
    (0..=most).prop_flat_map(|number| (1..=number).map(any_view).collect::<Vec<_>>())
}

pub fn any_search() -> impl Strategy<Value = Search> {
    let child = (prop::sample::select(vec![0u8, 1, 1, 3, 6, 7, 9, 12, 15]), any::<bool>());
    let children = prop::collection::vec(
        child.prop_map(|(age, male)| if male { boy(age) } else { girl(age) }),
        0..5,
    );
    (
        1usize..3,
        children,
        any::<bool>(),
        prop::bool::weighted(0.2),
        prop::bool::weighted(0.2),
    )
        .prop_map(|(adults, children, rooms_apart_ok, step_free, pets)| {
            let mut search = Search {
                rooms_apart_ok,
                ..family(adults, &children)
            };
            search.needs.extend(step_free.then_some(Need::StepFree));
            search.needs.extend(pets.then_some(Need::Pets));
            search
        })
}

pub fn any_rules() -> impl Strategy<Value = AdmissionRules> {
    let boys_max_age = prop::option::weighted(0.4, 3u8..18);
    (boys_max_age, 0u8..14, any::<bool>(), prop::bool::weighted(0.9)).prop_map(
        |(boys_max_age, boys_shared_room_max_age, infants_share_bed, pets)| {
            let mut rules = AdmissionRules {
                boys_max_age,
                boys_shared_room_max_age,
                infants_share_bed,
                ..rules()
            };
            if !pets {
                rules.admits.remove(&Need::Pets);
            }
            rules
        },
    )
}
