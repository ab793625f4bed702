//! The unmet ledger: which single change to the country would have placed how many of those who found no place.
//! It must not know who asks, from when to when, or how it is shown.
//!
//! A household counts if its reasons lie in what there is (no capacity, an admission rule, distance) and its shape fits
//! nowhere in the country as it stands now. If the way was too far, "nowhere" means nowhere in its own region. A change
//! is counted by fitting those shapes again with the change made, by the same exact fit, each household by itself and
//! each change alone: how long each would have stayed is not known, so the number says how many would have found an
//! open door, not how many could have slept there at once.
//!
//! A new room stands in a shelter and lives by its rules: of a region the count is that of the shelter where it would
//! help most. Where a region has no shelter that takes people in, a new one is thought of that admits everybody. New
//! rooms count for those who set out from that region, since hardly anybody is helped by a room elsewhere.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use strum::IntoEnumIterator;
use uuid::Uuid;

use super::availability::ShelterView;
use super::cases::Referral;
use super::fit;
use super::holds::UnmetReason;
use super::household::{Need, Search, Sex};
use super::id::{Moment, RoomId};
use super::rooms::{Occupancy, Room, RoomKind, RoomView};
use super::shelters::AdmissionRules;

/// Somebody who found no place, for reasons that lie in what there is.
#[derive(Debug, Clone, PartialEq)]
pub struct Unplaced {
    pub search: Search,
    /// Region of the district from which she set out; `None` if the country pack does not know it.
    pub region: Option<String>,
    /// The way was too far: only her own region is of use.
    pub near: bool,
}

impl Unplaced {
    /// `None` if the reasons lie elsewhere: her own choice, her safety, nobody answered.
    pub fn of(referral: &Referral, region: Option<String>) -> Option<Self> {
        use UnmetReason::{AdmissionRule, Distance, NoCapacity};
        let has = |reason| referral.unmet_reasons.contains(&reason);
        let counts = has(NoCapacity) || has(AdmissionRule) || has(Distance);
        counts.then(|| Self {
            search: referral.search.clone(),
            region,
            near: has(Distance),
        })
    }

    fn may_go_to(&self, view: &ShelterView) -> bool {
        !self.near || self.region.as_deref() == Some(view.shelter.region.as_str())
    }
}

/// One change to the country.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Change {
    /// Boys up to this age admitted in every shelter.
    BoysAdmitted { age: u8 },
    /// One more private room of three beds and a cot in this region.
    FamilyRoom { region: String },
    /// This need admitted in every shelter.
    NeedAdmitted { need: Need },
    /// One more bed in a shared room in this region.
    SingleBed { region: String },
    /// The same family room without steps.
    StepFreeFamilyRoom { region: String },
}

impl Change {
    pub fn code(&self) -> &'static str {
        match self {
            Self::BoysAdmitted { .. } => "boys_admitted",
            Self::FamilyRoom { .. } => "family_room",
            Self::NeedAdmitted { .. } => "need_admitted",
            Self::SingleBed { .. } => "single_bed",
            Self::StepFreeFamilyRoom { .. } => "step_free_family_room",
        }
    }

    /// Where its room is.
    pub fn region(&self) -> Option<&str> {
        match self {
            Self::FamilyRoom { region } | Self::SingleBed { region } | Self::StepFreeFamilyRoom { region } => {
                Some(region)
            }
            Self::BoysAdmitted { .. } | Self::NeedAdmitted { .. } => None,
        }
    }

    /// All changes there may be in a country of these regions, in ladders: each rung places everybody whom the one below
    /// it places.
    pub fn ladders(regions: &BTreeSet<String>) -> Vec<Vec<Self>> {
        let boys = BOYS_TO.map(|age| Self::BoysAdmitted { age }).to_vec();
        let needs = admissible().map(|need| vec![Self::NeedAdmitted { need }]);
        let rooms = regions
            .iter()
            .filter(|region| !region.is_empty())
            .cloned()
            .map(|region| {
                vec![
                    Self::SingleBed { region: region.clone() },
                    Self::FamilyRoom { region: region.clone() },
                    Self::StepFreeFamilyRoom { region },
                ]
            });
        [boys].into_iter().chain(needs).chain(rooms).collect()
    }
}

/// The code and what it is about: `family_room:TJ-SU`, `boys_admitted:16`, `need_admitted:pets`.
impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let code = self.code();
        match self {
            Self::BoysAdmitted { age } => write!(f, "{code}:{age}"),
            Self::NeedAdmitted { need } => write!(f, "{code}:{need}"),
            Self::FamilyRoom { region } | Self::SingleBed { region } | Self::StepFreeFamilyRoom { region } => {
                write!(f, "{code}:{region}")
            }
        }
    }
}

/// The text names no change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no such change")]
pub struct NoChange;

impl FromStr for Change {
    type Err = NoChange;

    fn from_str(text: &str) -> Result<Self, NoChange> {
        let (code, about) = text.split_once(':').ok_or(NoChange)?;
        let region = about.to_owned();
        match code {
            "boys_admitted" => about
                .parse()
                .map(|age| Self::BoysAdmitted { age })
                .map_err(|_| NoChange),
            "need_admitted" => about
                .parse()
                .map(|need| Self::NeedAdmitted { need })
                .map_err(|_| NoChange),
            "family_room" => Ok(Self::FamilyRoom { region }),
            "single_bed" => Ok(Self::SingleBed { region }),
            "step_free_family_room" => Ok(Self::StepFreeFamilyRoom { region }),
            _ => Err(NoChange),
        }
    }
}

/// Needs that a shelter may come to admit by changing a rule.
fn admissible() -> impl Iterator<Item = Need> {
    Need::iter().filter(|need| !need.is_service() && *need != Need::StepFree)
}

/// Ages in whole years to which boys might be admitted.
const BOYS_TO: [u8; 2] = [16, 17];

/// How many each change would have placed, none that would have placed nobody; in the order of [`Change`].
pub fn changes(unplaced: &[Unplaced], country: &[&ShelterView], regions: &[String], now: Moment) -> Vec<(Change, u64)> {
    let open: Vec<&ShelterView> = country.iter().copied().filter(|view| takes_in(view)).collect();
    let left = left_over(unplaced, &open, now);
    let mut found = BTreeMap::new();
    for age in BOYS_TO {
        let placed = by_rule(&left, &open, now, |rules| admit_boys(rules, age), has_boy);
        found.insert(Change::BoysAdmitted { age }, placed);
    }
    for need in admissible() {
        let asks = |search: &Search| search.admission_needs().any(|asked| asked == need);
        let placed = by_rule(&left, &open, now, |rules| admit(rules, need), asks);
        found.insert(Change::NeedAdmitted { need }, placed);
    }
    for region in regions {
        let from_here: Vec<&(Unplaced, u64)> = left
            .iter()
            .filter(|(who, _)| who.region.as_ref() == Some(region))
            .collect();
        let rooms = [
            (Change::FamilyRoom { region: region.clone() }, family_room(false)),
            (Change::SingleBed { region: region.clone() }, single_bed()),
            (Change::StepFreeFamilyRoom { region: region.clone() }, family_room(true)),
        ];
        for (change, room) in rooms {
            found.insert(change, by_room(&from_here, &open, region, &room, now));
        }
    }
    found.into_iter().filter(|(_, placed)| *placed > 0).collect()
}

fn takes_in(view: &ShelterView) -> bool {
    view.operating && view.observed_at.is_some()
}

/// Shapes that fit nowhere now, like ones together with how many there are.
fn left_over(unplaced: &[Unplaced], open: &[&ShelterView], now: Moment) -> Vec<(Unplaced, u64)> {
    let mut shapes: Vec<(Unplaced, u64)> = Vec::new();
    for who in unplaced {
        let like = |(other, _): &&mut (Unplaced, u64)| is_like(other, who);
        match shapes.iter_mut().find(like) {
            Some((_, count)) => *count += 1,
            None => shapes.push((who.clone(), 1)),
        }
    }
    let fits = |who: &Unplaced, view: &ShelterView| {
        who.may_go_to(view) && fit::place(&view.shelter.rules, &view.rooms, &who.search, now).is_some()
    };
    shapes.retain(|(who, _)| !open.iter().any(|view| fits(who, view)));
    shapes
}

/// Whether any change does to one what it does to the other.
fn is_like(one: &Unplaced, other: &Unplaced) -> bool {
    let (a, b) = (&one.search, &other.search);
    (one.near, &one.region, a.rooms_apart_ok) == (other.near, &other.region, b.rooms_apart_ok)
        && a.household == b.household
        && a.needs == b.needs
}

/// How many of those whom the rule concerns fit somewhere once every shelter has the new rule.
fn by_rule(
    left: &[(Unplaced, u64)],
    open: &[&ShelterView],
    now: Moment,
    change: impl Fn(&AdmissionRules) -> Option<AdmissionRules>,
    concerns: impl Fn(&Search) -> bool,
) -> u64 {
    let changed: Vec<(&ShelterView, AdmissionRules)> = open
        .iter()
        .filter_map(|view| Some((*view, change(&view.shelter.rules)?)))
        .collect();
    let fits = |who: &Unplaced| {
        concerns(&who.search)
            && changed
                .iter()
                .any(|(view, rules)| who.may_go_to(view) && fit::place(rules, &view.rooms, &who.search, now).is_some())
    };
    left.iter().filter(|(who, _)| fits(who)).map(|(_, count)| count).sum()
}

/// `None` where boys of that age are admitted already.
fn admit_boys(rules: &AdmissionRules, age: u8) -> Option<AdmissionRules> {
    rules.boys_max_age.filter(|max| *max < age).map(|_| AdmissionRules {
        boys_max_age: Some(age),
        ..rules.clone()
    })
}

fn admit(rules: &AdmissionRules, need: Need) -> Option<AdmissionRules> {
    let mut changed = rules.clone();
    changed.admits.insert(need).then_some(changed)
}

fn has_boy(search: &Search) -> bool {
    search.household.children().iter().any(|child| child.sex == Sex::Male)
}

/// How many would fit with one more room in the shelter of the region where it helps most.
fn by_room(left: &[&(Unplaced, u64)], open: &[&ShelterView], region: &str, room: &RoomView, now: Moment) -> u64 {
    let count = |rules: &AdmissionRules, rooms: &[RoomView]| {
        let fits = |who: &Unplaced| {
            // Whoever sleeps in one room and did not fit before fits now if the new room takes her.
            let rooms = if who.search.rooms_apart_ok {
                rooms
            } else {
                std::slice::from_ref(room)
            };
            fit::place(rules, rooms, &who.search, now).is_some()
        };
        left.iter()
            .filter(|(who, _)| fits(who))
            .map(|(_, count)| count)
            .sum::<u64>()
    };
    if left.is_empty() {
        return 0;
    }
    let here = open.iter().filter(|view| view.shelter.region == region);
    let best = here
        .map(|view| {
            let mut rooms = view.rooms.clone();
            rooms.push(room.clone());
            count(&view.shelter.rules, &rooms)
        })
        .max();
    best.unwrap_or_else(|| count(&open_to_all(), std::slice::from_ref(room)))
}

fn open_to_all() -> AdmissionRules {
    AdmissionRules {
        boys_max_age: None,
        boys_shared_room_max_age: super::household::MAX_CHILD_AGE,
        max_children: None,
        infants_share_bed: true,
        admits_without_children: true,
        admits_women: true,
        admits: Need::iter().filter(|need| !need.is_service()).collect(),
    }
}

fn family_room(step_free: bool) -> RoomView {
    new_room(RoomKind::Private, 3, 1, step_free)
}

fn single_bed() -> RoomView {
    new_room(RoomKind::Shared, 1, 0, false)
}

fn new_room(kind: RoomKind, beds: u16, cots: u16, step_free: bool) -> RoomView {
    let room = Room {
        id: RoomId(Uuid::nil()),
        label: String::new(),
        kind,
        beds,
        cots,
        step_free,
        sleeps: None,
    };
    RoomView::new(room, Occupancy::default())
}

#[cfg(test)]
mod tests;
