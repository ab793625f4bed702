//! What a household asks of rooms, counted by kind of child, and the test whether given rooms can answer it.
//! It must not know shelters, codes or reasons.
//!
//! Once it is said how many grown-ups sleep in which room, each room takes children up to sums per group of kinds
//! (so many beds, so many places for infants): a polymatroid. Children can be spread over the rooms exactly if for
//! every set of kinds the rooms together take as many as there are (Edmonds' theorem on sums of polymatroids, which
//! also promises whole children). There are six kinds, so at most 64 sets: no search.

use super::super::household::{Child, Search, Sex};
use super::super::shelters::AdmissionRules;
use super::{ALONE_FROM, Tolls};

/// Kinds of children, as positions and as bits: infants, small (2 to 6), big (7 and more), each "tied" (a boy who
/// may sleep in private rooms only) or free.
pub const KINDS: usize = 6;
/// A set of kinds, one bit each.
pub type KindSet = u8;
const INFANTS: KindSet = 0b00_00_11;
const BIG: KindSet = 0b11_00_00;
const FREE: KindSet = 0b10_10_10;
const ALL: KindSet = 0b11_11_11;

/// How many children of each kind.
pub type Children = [u32; KINDS];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Demand {
    pub grown_ups: u32,
    pub children: Children,
    /// One infant per grown-up may do without a cot.
    pub infants_share: bool,
    /// Only step-free rooms will do.
    pub step_free: bool,
    /// What it pays for taking rooms that others wait for.
    pub tolls: Tolls,
}

impl Demand {
    pub fn of(rules: &AdmissionRules, search: &Search) -> Self {
        let mut children = Children::default();
        for child in search.household.children() {
            let kind = kind_of(*child, rules.boys_shared_room_max_age);
            if let Some(count) = children.get_mut(kind) {
                *count += 1;
            }
        }
        Self {
            grown_ups: u32::try_from(search.household.adults().len()).unwrap_or(u32::MAX),
            children,
            infants_share: rules.infants_share_bed,
            step_free: search.needs_step_free(),
            tolls: Tolls::default(),
        }
    }

    /// The same, with what rooms that others wait for cost.
    pub fn with(tolls: Tolls, rules: &AdmissionRules, search: &Search) -> Self {
        Self {
            tolls: tolls.asked_of(search, rules),
            ..Self::of(rules, search)
        }
    }

    pub fn infants(&self) -> u32 {
        of_kinds(&self.children, INFANTS)
    }

    /// Everybody who needs a bed.
    pub fn beds(&self) -> u32 {
        self.grown_ups + of_kinds(&self.children, ALL & !INFANTS)
    }

    pub fn persons(&self) -> u32 {
        self.beds() + self.infants()
    }

    /// Whether somebody may not sleep in a shared room.
    pub fn has_tied(&self) -> bool {
        of_kinds(&self.children, ALL & !FREE) > 0
    }

    /// The same household if its boys might sleep in shared rooms.
    pub fn untied(self) -> Self {
        let [a, b, c, d, e, f] = self.children;
        Self {
            children: [0, a + b, 0, c + d, 0, e + f],
            ..self
        }
    }

    /// The same household if its infants needed no place at all.
    pub fn without_infants(self) -> Self {
        let [_, _, c, d, e, f] = self.children;
        Self {
            children: [0, 0, c, d, e, f],
            ..self
        }
    }
}

fn kind_of(child: Child, boys_shared_room_max_age: u8) -> usize {
    let free = usize::from(child.sex == Sex::Female || child.age <= boys_shared_room_max_age);
    let group = if child.is_infant() {
        0
    } else if child.age < ALONE_FROM {
        2
    } else {
        4
    };
    group + free
}

pub fn of_kinds(children: &Children, set: KindSet) -> u32 {
    children
        .iter()
        .enumerate()
        .filter(|(kind, _)| set & (1 << kind) != 0)
        .map(|(_, count)| count)
        .sum()
}

/// What is left in one room for children, once the grown-ups in it are settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Berth {
    accepts: KindSet,
    beds: u32,
    infants: u32,
    /// Beds and infants count against `beds` together (a block unit).
    joint: bool,
}

impl Berth {
    /// `None` if the grown-ups themselves do not fit, or if nobody may sleep there without one of them.
    pub fn new(whole: bool, joint: bool, beds: u32, cots: u32, grown_ups: u32, infants_share: bool) -> Option<Self> {
        let accepts = match (whole, grown_ups > 0) {
            (true, true) => ALL,
            (true, false) => BIG,
            (false, true) => FREE,
            (false, false) => return None,
        };
        let sharing = if infants_share { grown_ups } else { 0 };
        Some(Self {
            accepts,
            beds: beds.checked_sub(grown_ups)?,
            infants: cots + sharing,
            joint,
        })
    }

    /// Most children of these kinds that find a place here.
    fn takes(&self, set: KindSet) -> u32 {
        let here = set & self.accepts;
        let beds = if here & !INFANTS != 0 || (self.joint && here != 0) {
            self.beds
        } else {
            0
        };
        let infants = if here & INFANTS != 0 && !self.joint {
            self.infants
        } else {
            0
        };
        beds + infants
    }

    /// This berth with one child of this kind in it, or `None` if it takes none.
    fn with(self, kind: usize) -> Option<Self> {
        let set = 1 << kind;
        if self.accepts & set == 0 {
            None
        } else if set & INFANTS != 0 && !self.joint {
            Some(Self {
                infants: self.infants.checked_sub(1)?,
                ..self
            })
        } else {
            Some(Self {
                beds: self.beds.checked_sub(1)?,
                ..self
            })
        }
    }
}

/// Most of these children that the berths can take together.
pub fn most<'a>(children: &Children, berths: impl Iterator<Item = &'a Berth> + Clone) -> u32 {
    let present = (0..KINDS).filter(|kind| children.get(*kind).is_some_and(|count| *count > 0));
    let present: KindSet = present.fold(0, |set, kind| set | 1 << kind);
    let mut set = present;
    let mut least = u32::MAX;
    loop {
        let inside: u32 = berths.clone().map(|berth| berth.takes(set)).sum();
        least = least.min(inside + of_kinds(children, present & !set));
        if set == 0 {
            return least;
        }
        set = (set - 1) & present;
    }
}

/// Puts all children into the berths, as many as possible into the first, then the second, and so on; the answer
/// says for each berth how many sleep in beds and how many are infants. `None` if they do not fit.
pub fn spread(children: &Children, berths: &[Berth]) -> Option<Vec<(u32, u32)>> {
    let mut left = *children;
    let mut loads = Vec::with_capacity(berths.len());
    for (at, berth) in berths.iter().enumerate() {
        let rest = berths.get(at + 1..).unwrap_or_default();
        let mut here = *berth;
        let mut load = (0, 0);
        for kind in 0..KINDS {
            while let Some((fuller, fewer)) = move_one(&left, here, kind, rest) {
                (here, left) = (fuller, fewer);
                let count = if (1 << kind) & INFANTS != 0 {
                    &mut load.1
                } else {
                    &mut load.0
                };
                *count += 1;
            }
        }
        loads.push(load);
    }
    (of_kinds(&left, ALL) == 0).then_some(loads)
}

/// One child of this kind into this berth, provided the others still find a place here or in the rest.
fn move_one(left: &Children, berth: Berth, kind: usize, rest: &[Berth]) -> Option<(Berth, Children)> {
    let fuller = berth.with(kind)?;
    let mut fewer = *left;
    let count = fewer.get_mut(kind)?;
    *count = count.checked_sub(1)?;
    let all = of_kinds(&fewer, ALL);
    (most(&fewer, std::iter::once(&fuller).chain(rest)) == all).then_some((fuller, fewer))
}
