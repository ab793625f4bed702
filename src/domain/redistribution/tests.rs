//! Plans beside an exhaustive search written apart, and what every plan must keep.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::market::Market;
use super::solve::solve_within;
use super::*;

/// The least cost over all ways to cover as much as can be covered, found by trying every number of packs on every way.
fn exhaustive(instance: &Instance) -> Option<i64> {
    let ways: Vec<(usize, usize, usize)> = instance
        .spare
        .iter()
        .flat_map(|spare| {
            let needs = instance.need.iter().filter(|need| need.item == spare.item);
            needs.map(|need| (spare.shelter, need.shelter, spare.item))
        })
        .collect();
    let mut best: BTreeMap<(i64, i64), i64> = BTreeMap::new();
    try_all(instance, &ways, &mut Vec::new(), &mut best);
    // Most critical packs first, then most packs, then least cost.
    best.into_iter().next_back().map(|(_, cost)| cost)
}

fn try_all(
    instance: &Instance,
    ways: &[(usize, usize, usize)],
    lines: &mut Vec<Line>,
    best: &mut BTreeMap<(i64, i64), i64>,
) {
    let Some(((from, to, item), rest)) = ways.split_first() else {
        let mut covered = (0, 0);
        for need in &instance.need {
            let got: i64 = lines
                .iter()
                .filter(|l| l.to == need.shelter && l.item == need.item)
                .map(|l| l.packs)
                .sum();
            covered.0 += got.min(need.critical);
            covered.1 += got;
        }
        let cost = price(instance, lines);
        let known = best.entry(covered).or_insert(cost);
        *known = cost.min(*known);
        return;
    };
    let sent: i64 = lines
        .iter()
        .filter(|l| l.from == *from && l.item == *item)
        .map(|l| l.packs)
        .sum();
    let got: i64 = lines
        .iter()
        .filter(|l| l.to == *to && l.item == *item)
        .map(|l| l.packs)
        .sum();
    let spare = instance
        .spare
        .iter()
        .find(|s| s.shelter == *from && s.item == *item)
        .unwrap();
    let need = instance
        .need
        .iter()
        .find(|n| n.shelter == *to && n.item == *item)
        .unwrap();
    for packs in 0..=(spare.packs - sent).min(need.critical + need.low - got) {
        lines.push(Line {
            from: *from,
            to: *to,
            item: *item,
            packs,
        });
        try_all(instance, rest, lines, best);
        lines.pop();
    }
}

fn price(instance: &Instance, lines: &[Line]) -> i64 {
    let mut cost = 0;
    let mut pairs: BTreeMap<(usize, usize), i64> = BTreeMap::new();
    for line in lines.iter().filter(|line| line.packs > 0) {
        let each =
            instance.metres.at(line.from, line.to) * instance.tariff.tonne_km_minor * instance.pack_grams[line.item];
        cost += each / 1_000_000 * line.packs;
        *pairs.entry((line.from, line.to)).or_default() += instance.pack_grams[line.item] * line.packs;
    }
    let vehicles = |grams: i64| {
        instance
            .tariff
            .vehicle_grams
            .map_or(1, |limit| (grams + limit - 1) / limit)
    };
    cost += pairs
        .values()
        .map(|grams| vehicles(*grams) * instance.tariff.journey_minor * 1_000)
        .sum::<i64>();
    for spare in &instance.spare {
        let sent: i64 = lines
            .iter()
            .filter(|l| l.from == spare.shelter && l.item == spare.item)
            .map(|l| l.packs)
            .sum();
        cost -= spare.bonus_minor * 1_000 * sent.min(spare.expiring);
    }
    cost
}

/// Everything that any plan must keep.
fn check(instance: &Instance, solution: &Solution) -> Result<(), TestCaseError> {
    let market = Market::new(instance);
    for trade in &market.trades {
        let lines = || solution.lines.iter().filter(|line| line.item == trade.item);
        prop_assert_eq!(lines().map(|line| line.packs).sum::<i64>(), trade.total);
        for shelter in 0..instance.shelters {
            let sent: i64 = lines().filter(|line| line.from == shelter).map(|line| line.packs).sum();
            let got: i64 = lines().filter(|line| line.to == shelter).map(|line| line.packs).sum();
            prop_assert!(sent <= market.spare.at(shelter, trade.item));
            prop_assert!(got >= market.must.at(shelter, trade.item) && got <= market.most.at(shelter, trade.item));
        }
    }
    prop_assert!(solution.lines.iter().all(|line| line.packs > 0));
    prop_assert_eq!(solution.cost, price(instance, &solution.lines));
    prop_assert!(solution.bound <= solution.cost);
    Ok(())
}

/// Shelters 0 and 1 give, 2 to 4 get; some of two items.
fn small(vehicles: bool) -> impl Strategy<Value = Instance> {
    let spare = proptest::collection::vec((0..4i64, 0..3i64), 4);
    let need = proptest::collection::vec((0..2i64, 0..2i64), 6);
    let metres = proptest::collection::vec(1_000..400_000i64, 25);
    let limit = if vehicles {
        (40_000..90_000i64).prop_map(Some).boxed()
    } else {
        Just(None).boxed()
    };
    (
        spare,
        need,
        metres,
        prop_oneof![Just(0), 0..30_000i64],
        0..400i64,
        limit,
    )
        .prop_map(|(spare, need, metres, journey_minor, tonne_km_minor, vehicle_grams)| {
            let mut grid = Grid::new(5, 5);
            for (at, metres) in metres.into_iter().enumerate() {
                grid.put(at / 5, at % 5, metres);
            }
            let spare = spare.into_iter().enumerate().map(|(at, (packs, expiring))| Spare {
                shelter: at / 2,
                item: at % 2,
                packs,
                expiring: expiring.min(packs),
                bonus_minor: 700,
            });
            let need = need.into_iter().enumerate().map(|(at, (critical, low))| Need {
                shelter: 2 + at / 2,
                item: at % 2,
                critical,
                low,
            });
            Instance {
                shelters: 5,
                pack_grams: vec![25_000, 1_200],
                metres: grid,
                tariff: Tariff {
                    journey_minor,
                    tonne_km_minor,
                    vehicle_grams,
                },
                spare: spare.collect(),
                need: need.collect(),
            }
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn small_cases_cost_what_exhaustive_search_finds(instance in small(false)) {
        let solution = solve(&instance);
        check(&instance, &solution)?;
        prop_assert_eq!(Some(solution.cost), exhaustive(&instance).or(Some(0)));
        prop_assert_eq!(solution.bound, solution.cost);
    }

    #[test]
    fn no_plan_beats_the_bound_with_a_limit_of_the_vehicle(instance in small(true)) {
        let solution = solve_within(&instance, 1_000);
        check(&instance, &solution)?;
        prop_assert!(exhaustive(&instance).is_none_or(|least| solution.bound <= least && least <= solution.cost));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn larger_cases_cover_all_they_can_and_come_out_the_same_again(seed in any::<u64>(), journey in prop_oneof![Just(0), Just(15_000i64)]) {
        let mut instance = sample(seed, 24, 4);
        instance.tariff.journey_minor = journey;
        let solution = solve_within(&instance, 300);
        check(&instance, &solution)?;
        prop_assert_eq!(&solution, &solve_within(&instance, 300));
        prop_assert!(journey > 0 || solution.bound == solution.cost);
    }
}

#[test]
fn journeys_are_shared_where_that_is_cheaper() {
    // Two donors, one near for each item and one farther off that has both.
    let mut metres = Grid::new(3, 3);
    metres.put(0, 2, 10_000);
    metres.put(1, 2, 60_000);
    let spare = |shelter, item| Spare {
        shelter,
        item,
        packs: 5,
        expiring: 0,
        bonus_minor: 0,
    };
    let need = |item| Need {
        shelter: 2,
        item,
        critical: 2,
        low: 1,
    };
    let mut instance = Instance {
        shelters: 3,
        pack_grams: vec![1_000, 1_000],
        metres,
        tariff: Tariff {
            journey_minor: 0,
            tonne_km_minor: 300,
            vehicle_grams: None,
        },
        spare: vec![spare(0, 0), spare(1, 0), spare(1, 1)],
        need: vec![need(0), need(1)],
    };
    let line = |from, item| Line {
        from,
        to: 2,
        item,
        packs: 3,
    };
    assert_eq!(solve(&instance).lines, [line(0, 0), line(1, 1)]);
    instance.tariff.journey_minor = 20_000;
    assert_eq!(solve(&instance).lines, [line(1, 0), line(1, 1)]);
}

#[test]
fn nothing_to_give_or_nobody_in_need_is_an_empty_plan() {
    let mut instance = sample(1, 10, 2);
    instance.need.clear();
    assert_eq!(
        solve(&instance),
        Solution {
            lines: Vec::new(),
            cost: 0,
            bound: 0
        }
    );
}
