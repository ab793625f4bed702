//! A shelter's rooms and admission rules as they come in and go out.

use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use utoipa::ToSchema;
use uuid::Uuid;

use super::parse::Faults;
use crate::domain::household::Need;
use crate::domain::id::RoomId;
use crate::domain::rooms::{Room, RoomKind};
use crate::domain::shelters::AdmissionRules;

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RulesBody {
    /// Highest age at which a boy is admitted, 0 to 17; without it all boys.
    #[serde(default)]
    pub boys_max_age: Option<u8>,
    /// Boys above this age sleep in private rooms only, 0 to 17.
    pub boys_shared_room_max_age: u8,
    #[serde(default)]
    pub max_children: Option<u8>,
    /// A child under 2 may sleep in the mother's bed when no cot is left.
    pub infants_share_bed: bool,
    pub admits_without_children: bool,
    pub admits_women: bool,
    /// `pregnancy`, `newborn`, `trafficking`, `older_woman`, `mental_health`, `substance_use`, `no_documents`, `pets`.
    #[schema(value_type = Vec<String>)]
    pub admits: Vec<Need>,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RoomBody {
    /// Without an id the room is new.
    #[serde(default)]
    pub id: Option<Uuid>,
    pub label: String,
    /// `private`, `shared` or `block`.
    #[schema(value_type = String)]
    pub kind: RoomKind,
    /// Beds, 0 to 1,000; of a block the number of rooms, up to 10,000.
    pub beds: u16,
    #[serde(default)]
    pub cots: u16,
    #[serde(default)]
    pub step_free: bool,
    /// Of a block only: persons per room, 1 to 20.
    #[serde(default)]
    pub sleeps: Option<u8>,
}

/// Most rooms of one shelter.
const MOST_ROOMS: usize = 200;

pub(super) fn rules(body: RulesBody, faults: &mut Faults) -> AdmissionRules {
    for (at, need) in body.admits.iter().enumerate() {
        if need.is_service() {
            faults.add(
                format!("rules.admits[{at}]"),
                "unknown_value",
                "an admission need, not a service",
            );
        }
    }
    AdmissionRules {
        boys_max_age: body
            .boys_max_age
            .map(|age| faults.within("rules.boys_max_age", age, 0, 17)),
        boys_shared_room_max_age: faults.within("rules.boys_shared_room_max_age", body.boys_shared_room_max_age, 0, 17),
        max_children: body.max_children.map(|n| faults.within("rules.max_children", n, 0, 20)),
        infants_share_bed: body.infants_share_bed,
        admits_without_children: body.admits_without_children,
        admits_women: body.admits_women,
        admits: body.admits.into_iter().collect(),
    }
}

pub(super) fn rooms(bodies: Vec<RoomBody>, faults: &mut Faults) -> Vec<Room> {
    if bodies.len() > MOST_ROOMS {
        faults.add("rooms", "too_many", format!("at most {MOST_ROOMS}"));
        return Vec::new();
    }
    let mut seen = BTreeSet::new();
    (0..)
        .zip(bodies)
        .map(|(at, body): (usize, RoomBody)| {
            let field = |name: &str| format!("rooms[{at}].{name}");
            if body.id.is_some_and(|id| !seen.insert(id)) {
                faults.add(field("id"), "duplicate", "this room is in the list already");
            }
            let most = if body.kind == RoomKind::Block { 10_000 } else { 1_000 };
            match (body.kind, body.sleeps) {
                (RoomKind::Block, None) => faults.add(field("sleeps"), "required", "how many persons a room takes"),
                (RoomKind::Block, Some(n)) => {
                    faults.within(&field("sleeps"), n, 1, 20);
                }
                (_, Some(_)) => faults.add(field("sleeps"), "not_allowed", "of a block only"),
                (_, None) => {}
            }
            Room {
                id: RoomId(body.id.unwrap_or_default()),
                label: faults.text(&field("label"), &body.label, 1, 60),
                kind: body.kind,
                beds: faults.within(&field("beds"), body.beds, 0, most),
                cots: faults.within(&field("cots"), body.cots, 0, 100),
                step_free: body.step_free,
                sleeps: body.sleeps,
            }
        })
        .collect()
}
