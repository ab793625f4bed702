//! One shelter's share of the picture, and the picture as nothing but the sum of the shares. A share is good until the
//! shelter is told something new or something in it ends by itself, so that who keeps them adds up and does not count again.
//! It must not know how one room is counted (`rooms`) or one place found (`places`).

use std::collections::BTreeMap;

use super::super::id::Moment;
use super::super::rooms::RoomKind;
use super::ShelterView;
use super::places::PlacesByUse;
use super::totals::{Availability, ByFreshness, ByType, Counts, SectorCounts, SilentShelter, Totals};

/// What one shelter adds to the picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    pub totals: Totals,
    pub by_type: ByType,
    /// The first instant at which it is another by itself; `None` if it never is.
    pub good_until: Option<Moment>,
}

impl Share {
    pub fn of(view: &ShelterView, now: Moment) -> Self {
        let places_by_use = PlacesByUse::of(view, now);
        let mut by_type = ByType::default();
        // Of a shelter that has never reported nothing is known.
        if view.observed_at.is_some() {
            for room in &view.rooms {
                let count = room.count(now);
                let count = if view.operating { count } else { count.closed() };
                let side = if room.room.kind == RoomKind::Block {
                    &mut by_type.room
                } else {
                    &mut by_type.bed
                };
                *side += count.into();
            }
        }
        Self {
            totals: Totals {
                counts: by_type.bed + by_type.room,
                family_places: places_by_use.family_places(),
                family_capacity: PlacesByUse::family_capacity(view, now),
                places_by_use,
                shelters: ByFreshness::one(view.freshness(now)),
            },
            by_type,
            good_until: view.next_change(now),
        }
    }
}

/// Adds up the shelters as they are at `now`. Their order does not matter.
pub fn availability<'a>(views: impl IntoIterator<Item = &'a ShelterView>, now: Moment) -> Availability {
    add_up(views.into_iter().map(|view| (view, Share::of(view, now))))
}

/// Adds up shares, each given with its shelter.
pub fn add_up<'a>(shares: impl IntoIterator<Item = (&'a ShelterView, Share)>) -> Availability {
    let mut all = Availability::default();
    let mut regions: BTreeMap<&str, Totals> = BTreeMap::new();
    let mut sectors: BTreeMap<&str, Counts> = BTreeMap::new();
    for (view, Share { totals, by_type, .. }) in shares {
        let shelter = &view.shelter;
        *regions.entry(&shelter.region).or_default() += totals;
        if let Some(sector) = &shelter.sector {
            *sectors.entry(sector).or_default() += totals.counts;
        }
        all.by_capacity_type += by_type;
        if totals.shelters.silent > 0 {
            all.silent.push(SilentShelter {
                shelter_code: shelter.code.clone(),
                region: shelter.region.clone(),
                observed_at: view.observed_at,
            });
        }
    }
    all.silent.sort_unstable();
    for (region, totals) in regions {
        all.national += totals;
        all.regions.insert(region.to_owned(), totals);
    }
    let by_sector = sectors.into_iter().map(|(sector, counts)| SectorCounts {
        sector: sector.to_owned(),
        counts,
    });
    all.by_sector = by_sector.collect();
    all
}

#[cfg(test)]
mod tests {
    use super::super::tests::{at, room, shelter};
    use super::*;
    use proptest::prelude::*;

    fn views() -> Vec<ShelterView> {
        let mut open = shelter(
            1,
            vec![room(1, RoomKind::Private, 4, 2), room(2, RoomKind::Shared, 6, 1)],
        );
        open.shelter.sector = Some("Women".into());
        let mut closed = shelter(3, vec![room(3, RoomKind::Shared, 5, 2)]);
        closed.operating = false;
        closed.observed_at = Some(at(-60 * 24 * 9));
        let mut unheard = shelter(2, vec![room(4, RoomKind::Shared, 9, 0)]);
        unheard.observed_at = None;
        let mut programme = shelter(4, vec![room(5, RoomKind::Block, 30, 28)]);
        programme.shelter.sector = Some("Families".into());
        vec![open, closed, unheard, programme]
    }

    #[test]
    fn the_whole_picture() {
        let all = availability(&views(), at(0));
        let counts = all.national.counts;
        assert_eq!((counts.beds, counts.free, counts.occupied), (45, 7, 33));
        assert_eq!((counts.enclosed, counts.out_of_service), (2, 3));
        let kept = all.national.shelters;
        assert_eq!((kept.total, kept.fresh, kept.silent), (4, 2, 2));
        assert_eq!(all.regions.keys().collect::<Vec<_>>(), ["R0", "R1"]);
        assert_eq!(all.regions["R1"].counts.beds, 15);
        assert_eq!((all.by_capacity_type.bed.free, all.by_capacity_type.room.free), (5, 2));
        let sectors: Vec<_> = all
            .by_sector
            .iter()
            .map(|row| (row.sector.as_str(), row.counts.free))
            .collect();
        assert_eq!(sectors, [("Families", 2), ("Women", 5)]);
        let silent: Vec<_> = all.silent.iter().map(|row| row.shelter_code.as_str()).collect();
        assert_eq!(silent, ["XX-002", "XX-003"]);
    }

    #[test]
    fn a_share_says_until_when_it_is_good() {
        for view in views() {
            let share = Share::of(&view, at(0));
            assert_eq!(share.good_until, view.next_change(at(0)));
            let later = share.good_until.unwrap_or(at(10_000)) - chrono::TimeDelta::milliseconds(1);
            assert_eq!(Share::of(&view, later), share);
        }
    }

    proptest! {
        #[test]
        fn parts_add_up_and_order_does_not_matter(
            houses in prop::collection::vec((prop::collection::vec((0usize..3, 0u16..30, 0u16..30), 0..4), 0u8..4), 0..8),
        ) {
            let kinds = [RoomKind::Private, RoomKind::Shared, RoomKind::Block];
            let mut views: Vec<_> = houses.into_iter().zip(1u128..).map(|((rooms, state), number)| {
                let rooms = rooms.into_iter().map(|(kind, beds, taken)| room(number, kinds[kind], beds, taken));
                let mut view = shelter(number, rooms.collect());
                view.operating = state != 1;
                view.observed_at = view.observed_at.filter(|_| state != 2);
                view
            }).collect();
            let all = availability(&views, at(0));
            let mut regions = Totals::default();
            all.regions.values().for_each(|part| regions += *part);
            prop_assert_eq!(regions, all.national);
            prop_assert_eq!(all.by_capacity_type.bed + all.by_capacity_type.room, all.national.counts);
            let sum = all.national.counts;
            prop_assert_eq!(
                sum.beds + sum.over_capacity,
                sum.free + sum.occupied + sum.held + sum.enclosed + sum.out_of_service
            );
            views.reverse();
            prop_assert_eq!(availability(&views, at(0)), all);
        }
    }
}
