//! The days are the same for all, nobody is placed in a bed that is not there, and nobody beats hindsight.

use proptest::prelude::*;

use super::super::geography::PackFiles;
use super::super::id::Moment;
use super::super::ranking::{Candidate, Context, rank};
use super::*;
use crate::domain::simulation::learned::Learned;
use crate::domain::simulation::policy::{Look, way};

fn pack() -> Pack {
    Pack::parse(&PackFiles {
        pack_toml: include_str!("../../../data/packs/tj/pack.toml"),
        areas: include_str!("../../../data/packs/tj/areas.csv"),
        regions_geojson: include_str!("../../../data/packs/tj/regions.geojson"),
        roads: include_str!("../../../data/packs/tj/roads.csv"),
        items: include_str!("../../../data/packs/tj/items.csv"),
        kits: include_str!("../../../data/packs/tj/kits.csv"),
        old_names: include_str!("../../../data/packs/tj/old_names.csv"),
    })
    .unwrap()
}

fn small(shelters: usize, days: u32, load: f64) -> Settings {
    Settings {
        shelters,
        days,
        load,
        replications: 2,
        ..Settings::default()
    }
}

#[test]
fn the_same_seed_gives_the_same_report_to_the_last_digit() {
    let (pack, settings) = (pack(), small(5, 6, 1.0));
    let text = |seed| {
        let report = simulate(&Settings { seed, ..settings }, &pack, |_| ()).unwrap();
        serde_json::to_string(&report).unwrap()
    };
    assert_eq!(text(7), text(7));
    assert_ne!(text(7), text(8));
}

#[test]
fn households_are_as_the_sources_say() {
    let mut random = super::super::demo::random::Random::new(3, 3);
    let drawn: Vec<_> = (0..40_000).filter_map(|_| draws::search(&mut random, "D")).collect();
    assert_eq!(drawn.len(), 40_000);
    let children: Vec<usize> = drawn.iter().map(|search| search.household.children().len()).collect();
    let with = children.iter().filter(|count| **count > 0).count() as f64 / 40_000.0;
    let mean = children.iter().sum::<usize>() as f64 / 40_000.0;
    assert!((with - 0.62).abs() < 0.01, "{with}");
    assert!((mean - 1.3).abs() < 0.02, "{mean}");
}

/// Days on which the board is always right and there is room for everybody.
fn quiet(pack: &Pack, shelters: usize, seed: u64) -> World<'_> {
    let mut world = World::draw(&small(shelters, 60, 0.1), pack, seed).unwrap();
    world.residents.clear();
    world.walk_ins.clear();
    for report in &mut world.reports {
        report.wrong = None;
    }
    world
}

#[test]
fn where_there_is_one_shelter_all_policies_place_the_same() {
    let pack = pack();
    let mut placed_at_all = 0;
    for seed in 0..6 {
        let world = quiet(&pack, 1, seed);
        let placed = |policy| -> Vec<(usize, i64)> {
            let outcome = live(&world, policy);
            let rows = outcome
                .placed
                .iter()
                .map(|row| (row.special_needs, (row.km * 10.0) as i64));
            rows.collect()
        };
        let first = placed(Policy::Telephone);
        placed_at_all += first.len();
        for policy in Policy::iter() {
            assert_eq!(placed(policy), first, "{policy}, seed {seed}");
        }
    }
    assert!(placed_at_all > 10, "{placed_at_all}");
}

#[test]
fn one_shelter_more_never_lowers_the_bound() {
    let pack = pack();
    for seed in 0..4 {
        let mut world = World::draw(&small(6, 20, 4.0), &pack, seed).unwrap();
        let mut bounds = Vec::new();
        while !world.houses.is_empty() {
            bounds.push(hindsight(&world).referred);
            world.houses.pop();
        }
        assert!(bounds.windows(2).all(|pair| pair[0] >= pair[1]), "{bounds:?}");
        assert!(bounds.first() > bounds.last());
    }
}

#[test]
fn the_ranking_simulated_is_the_production_ranking() {
    let pack = pack();
    let world = World::draw(&small(24, 5, 1.0), &pack, 5).unwrap();
    let homes: Vec<homes::Home> = world
        .houses
        .iter()
        .map(|row| homes::Home::new(&row.shelter, world.start))
        .collect();
    let learned = Learned::new(homes.len());
    let now: Moment = world.moment(700);
    let open = vec![true; homes.len()];
    let mut seen = 0;
    for (number, referral) in world.referrals.iter().enumerate() {
        let candidates: Vec<Candidate<'_>> = homes
            .iter()
            .enumerate()
            .map(|(house, home)| Candidate {
                view: &home.board,
                travel: way(&world, referral, house, now),
                answer_minutes: learned.usual_answer(),
                record: learned.record(house),
            })
            .collect();
        let context = Context {
            now,
            local_now: now.with_timezone(&pack.time_zone).naive_local(),
            chances: &learned.chances,
            prices: &learned.prices,
        };
        let best = rank(&referral.search, &candidates, &context, 5).suggestions;
        let look = Look {
            world: &world,
            homes: &homes,
            learned: &learned,
            number,
            referral,
            now,
            open: &open,
        };
        for policy in [Policy::OursOneByOne, Policy::Ours] {
            let asked = look.next(policy, false).questions;
            for (question, suggestion) in asked.iter().zip(&best) {
                assert_eq!(homes[question.house].board.shelter.code, suggestion.shelter_code);
                assert_eq!(question.lines, suggestion.allocation.lines);
                seen += 1;
            }
            assert_eq!(asked.is_empty(), best.is_empty());
        }
    }
    assert!(seen > 20, "{seen}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn no_bed_is_given_twice_and_nobody_beats_hindsight(
        seed in 0u64..10_000, shelters in 1usize..7, days in 3u32..20, load in 0.2f64..5.0,
    ) {
        let pack = pack();
        let world = World::draw(&small(shelters, days, load), &pack, seed).unwrap();
        let most = hindsight(&world);
        prop_assert!(most.referred <= world.referrals.len() as f64);
        for policy in Policy::iter() {
            let outcome = live(&world, policy);
            let placed = outcome.placed.len() as f64;
            prop_assert_eq!(outcome.oversold, 0);
            prop_assert!(placed <= most.referred, "{}: {} of {}", policy, placed, most.referred);
            prop_assert!(placed + f64::from(outcome.walked_in) <= most.housed, "{}", policy);
            prop_assert!(outcome.placed.iter().all(|row| (1.0..=1440.0).contains(&row.minutes)));
            prop_assert!(f64::from(outcome.asks) >= placed);
        }
    }
}
