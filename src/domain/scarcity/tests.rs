//! Properties of prices: which way they move, and that plenty costs nothing.

use proptest::prelude::*;

use super::super::availability::tests::{at as moment, room, shelter};
use super::super::rooms::RoomKind;
use super::*;

type ByRegion = BTreeMap<String, Kinds>;

fn any_kinds(most: u32) -> impl Strategy<Value = ByRegion> {
    let kinds = prop::array::uniform4(prop_oneof![0u32..6, 0u32..most]).prop_map(Kinds);
    prop::collection::btree_map("R[0-4]", kinds, 0..5)
}

fn all(tolls: Tolls) -> [u32; 4] {
    [tolls.step_free, tolls.four_places, tolls.five_places, tolls.older_boys]
}

fn never_below(more: &Prices, less: &Prices) -> Result<(), TestCaseError> {
    for region in ["R0", "R1", "R2", "R3", "R4", "nowhere"] {
        for (more, less) in all(more.tolls(region)).into_iter().zip(all(less.tolls(region))) {
            prop_assert!(more >= less && f64::from(more) <= MOST, "{region}: {more} {less}");
        }
    }
    Ok(())
}

/// The same regions with as much more of one kind.
fn raised(by_region: &ByRegion, region: usize, kind: usize, by: u32) -> ByRegion {
    let mut raised = by_region.clone();
    if let Some(kinds) = raised.values_mut().nth(region) {
        kinds.0[kind] += by;
    }
    raised
}

#[test]
fn a_last_place_that_is_often_asked_for_is_dear_and_plenty_is_free() {
    let country = |asked: u32, offered: u32| {
        let of = |count: u32| BTreeMap::from([("R1".to_owned(), Kinds([count, 0, 0, 0]))]);
        Prices::of(&of(asked), &of(offered), 30.0).tolls("R1").step_free
    };
    assert_eq!(country(30, 1), 60);
    assert_eq!(country(30, 100), 0);
    assert_eq!(country(0, 1), 0);
    assert!((1..60).contains(&country(30, 16)), "{}", country(30, 16));
}

#[test]
fn a_shortage_at_home_sends_farther_though_the_country_has_plenty() {
    let asked = BTreeMap::from([
        ("R1".to_owned(), Kinds([30, 0, 0, 0])),
        ("R2".to_owned(), Kinds::default()),
    ]);
    let offered = BTreeMap::from([
        ("R1".to_owned(), Kinds([1, 0, 0, 0])),
        ("R2".to_owned(), Kinds([500, 0, 0, 0])),
    ]);
    let prices = Prices::of(&asked, &offered, 30.0);
    assert!(prices.tolls("R1").step_free > 30);
    assert_eq!(prices.tolls("R2").step_free, 0);
    assert_eq!(Prices::default().tolls("R1"), Tolls::default());
}

#[test]
fn places_are_counted_by_the_same_fit() {
    let mut large = room(1, RoomKind::Private, 5, 0);
    large.room.step_free = true;
    let house = shelter(
        1,
        vec![large, room(2, RoomKind::Private, 4, 0), room(3, RoomKind::Shared, 6, 0)],
    );
    // Of the shared room: one family of four, one of five, and no boy of fifteen.
    assert_eq!(Kinds::offered_by(&house, moment(0)), Kinds([1, 3, 2, 2]));
    let closed = ShelterView {
        operating: false,
        ..house
    };
    assert_eq!(Kinds::offered_by(&closed, moment(0)), Kinds::default());
}

#[test]
fn even_a_great_country_is_added_up() {
    assert!((shortage(2_000.0, 2_000.0) - 0.5).abs() < 0.02);
    assert!(shortage(2_000.0, 1_000.0) > 0.999 && shortage(2_000.0, 3_000.0) < 1e-9);
}

proptest! {
    #[test]
    fn more_demand_never_lowers_and_more_supply_never_raises_a_price(
        asked in any_kinds(300), offered in any_kinds(300), days in 1.0f64..90.0,
        region in 0usize..5, kind in 0usize..4, by in 1u32..40,
    ) {
        let usual = Prices::of(&asked, &offered, days);
        never_below(&Prices::of(&raised(&asked, region, kind, by), &offered, days), &usual)?;
        never_below(&usual, &Prices::of(&asked, &raised(&offered, region, kind, by), days))?;
        prop_assert_eq!(Prices::of(&asked, &offered, days), usual);
    }
}
