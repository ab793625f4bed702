//! Places by use: how many households of one shape could be placed at this moment, each shape counted by itself.
//! It must not know how rooms are filled: it asks `fit`.

use std::ops::{Add, AddAssign};
use std::sync::LazyLock;

use serde::Serialize;
use strum::{Display, EnumIter, IntoEnumIterator, IntoStaticStr};

use super::super::fit;
use super::super::household::{AgeBand, Child, Household, Need, Search, Sex, Urgency};
use super::super::id::Moment;
use super::ShelterView;

/// The children of the counted families, in the order in which they are added to a woman between 18 and 59:
/// a family of three, the family place of the per-capita standard, has a girl of 7 and a boy of 4. Nobody in them
/// needs a cot, and the boys are young enough for most houses' shared rooms.
pub const FAMILY_CHILDREN: [Child; 4] = [
    Child {
        age: 7,
        sex: Sex::Female,
    },
    Child { age: 4, sex: Sex::Male },
    Child {
        age: 10,
        sex: Sex::Female,
    },
    Child { age: 2, sex: Sex::Male },
];

/// The counted shapes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumIter, IntoStaticStr, Display)]
#[strum(serialize_all = "snake_case")]
pub enum Use {
    SingleWomen,
    #[strum(serialize = "family_2")]
    Family2,
    #[strum(serialize = "family_3")]
    Family3,
    #[strum(serialize = "family_4")]
    Family4,
    /// Five persons: whoever takes more counts here too.
    #[strum(serialize = "family_5_plus")]
    Family5Plus,
    /// A woman alone who needs step-free rooms.
    StepFree,
}

impl Use {
    /// The household that is placed to count this use.
    fn search(self) -> Option<Search> {
        let children = match self {
            Self::SingleWomen | Self::StepFree => 0,
            Self::Family2 => 1,
            Self::Family3 => 2,
            Self::Family4 => 3,
            Self::Family5Plus => 4,
        };
        let children = FAMILY_CHILDREN.into_iter().take(children).collect();
        let household = Household::new(vec![AgeBand::From18To59], children).ok()?;
        Some(Search {
            household,
            needs: (self == Self::StepFree).then_some(Need::StepFree).into_iter().collect(),
            languages: Default::default(),
            from_district: String::new(),
            avoid_districts: Default::default(),
            excluded: Default::default(),
            urgency: Urgency::Now,
            earliest_date: None,
            rooms_apart_ok: false,
        })
    }
}

static SEARCHES: LazyLock<Vec<(Use, Search)>> =
    LazyLock::new(|| Use::iter().filter_map(|shape| Some((shape, shape.search()?))).collect());

/// Households of each shape, each counted as if the others were not there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct PlacesByUse {
    pub single_women: u64,
    pub family_2: u64,
    pub family_3: u64,
    pub family_4: u64,
    pub family_5_plus: u64,
    pub step_free: u64,
}

impl PlacesByUse {
    /// None in a shelter that is closed or has never reported.
    pub fn of(view: &ShelterView, now: Moment) -> Self {
        let mut places = Self::default();
        if view.operating && view.observed_at.is_some() {
            for (shape, search) in SEARCHES.iter() {
                *places.slot(*shape) = u64::from(fit::places(&view.shelter.rules, &view.rooms, search, now));
            }
        }
        places
    }

    /// Places for the family of the per-capita standard: a woman and two children.
    pub fn family_places(&self) -> u64 {
        self.family_3
    }

    /// Family places if nobody slept here: every room in service empty and nothing held. What the per-capita standard is
    /// measured with, whoever has a place now.
    pub fn family_capacity(view: &ShelterView, now: Moment) -> u64 {
        let Some((_, family)) = SEARCHES.iter().find(|(shape, _)| *shape == Use::Family3) else {
            return 0;
        };
        let mut empty = view.rooms.clone();
        for room in &mut empty {
            room.claims.clear();
            room.state.occupied_beds = 0;
            room.state.occupied_cots = 0;
        }
        u64::from(fit::places(&view.shelter.rules, &empty, family, now))
    }

    fn slot(&mut self, shape: Use) -> &mut u64 {
        match shape {
            Use::SingleWomen => &mut self.single_women,
            Use::Family2 => &mut self.family_2,
            Use::Family3 => &mut self.family_3,
            Use::Family4 => &mut self.family_4,
            Use::Family5Plus => &mut self.family_5_plus,
            Use::StepFree => &mut self.step_free,
        }
    }
}

impl Add for PlacesByUse {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            single_women: self.single_women + other.single_women,
            family_2: self.family_2 + other.family_2,
            family_3: self.family_3 + other.family_3,
            family_4: self.family_4 + other.family_4,
            family_5_plus: self.family_5_plus + other.family_5_plus,
            step_free: self.step_free + other.step_free,
        }
    }
}

impl AddAssign for PlacesByUse {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::id::HoldId;
    use super::super::super::rooms::{ActiveClaim, RoomKind, RoomView};
    use super::super::tests::{at, room, shelter};
    use super::*;
    use proptest::prelude::*;
    use uuid::Uuid;

    #[test]
    fn sixteen_of_twenty_taken_may_be_four_women_and_no_family() {
        let rooms = (1..=4).map(|number| room(number, RoomKind::Shared, 5, 4)).collect();
        let places = PlacesByUse::of(&shelter(1, rooms), at(0));
        assert_eq!(
            (places.single_women, places.family_2, places.family_places()),
            (4, 0, 0)
        );
    }

    #[test]
    fn a_closed_or_unheard_house_has_no_places() {
        let mut view = shelter(1, vec![room(1, RoomKind::Block, 9, 2)]);
        assert_eq!(PlacesByUse::of(&view, at(0)).family_4, 7);
        assert_eq!(PlacesByUse::of(&view, at(0)).family_5_plus, 0);
        view.operating = false;
        assert_eq!(PlacesByUse::of(&view, at(0)), PlacesByUse::default());
        (view.operating, view.observed_at) = (true, None);
        assert_eq!(PlacesByUse::of(&view, at(0)), PlacesByUse::default());
    }

    /// Places households one after the other, as real holds would, until none fits.
    fn one_by_one(view: &ShelterView, search: &Search) -> u64 {
        let mut rooms: Vec<RoomView> = view.rooms.clone();
        let mut placed = 0;
        while let Ok(allocation) = fit::fit(&view.shelter.rules, &rooms, search, at(0)) {
            for line in allocation.lines {
                let taken = rooms.iter_mut().find(|view| view.room.id == line.room_id).unwrap();
                let hold_id = HoldId(Uuid::nil());
                taken.claims.push(ActiveClaim {
                    hold_id,
                    beds: line.beds,
                    cots: line.cots,
                    expires_at: at(1),
                    starts_at: None,
                });
            }
            placed += 1;
        }
        placed
    }

    proptest! {
        #[test]
        fn counting_equals_placing_one_after_the_other(
            rooms in prop::collection::vec((0usize..3, 0u16..8, 0u16..8, any::<bool>()), 0..6),
            boys_shared in 0u8..6,
        ) {
            let kinds = [RoomKind::Private, RoomKind::Shared, RoomKind::Block];
            let rooms = rooms.into_iter().zip(1..).map(|((kind, beds, occupied, step_free), number)| {
                let mut view = room(number, kinds[kind], beds, occupied);
                view.room.step_free = step_free;
                view
            });
            let mut view = shelter(1, rooms.collect());
            view.shelter.rules.boys_shared_room_max_age = boys_shared;
            let mut places = PlacesByUse::of(&view, at(0));
            prop_assert_eq!(SEARCHES.len(), 6);
            for (shape, search) in SEARCHES.iter() {
                prop_assert_eq!(*places.slot(*shape), one_by_one(&view, search), "{}", shape);
            }
        }
    }
}
