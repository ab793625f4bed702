//! Invented instances to measure plans by: shelters strewn over a country of 700 by 350 km, of every item three in ten
//! with some to spare and three in ten in need of some. It must not know how plans are made.

use super::super::demo::random::Random;
use super::{Grid, Instance, Need, Spare, Tariff};

/// Grams of the packs, over and over.
const PACKS: [i64; 10] = [50_000, 25_000, 10_000, 5_000, 1_200, 2_400, 600, 1_000, 8_000, 20_000];
/// Roads by straight lines, in tenths.
const DETOUR: i64 = 14;

/// The instance of a seed: the same on every machine.
pub fn sample(seed: u64, shelters: usize, items: usize) -> Instance {
    let mut random = Random::new(seed, 20);
    let places: Vec<(i64, i64)> = (0..shelters)
        .map(|_| (random.between(0, 700_000), random.between(0, 350_000)))
        .collect();
    let mut metres = Grid::new(shelters, shelters);
    for (from, a) in places.iter().enumerate() {
        for (to, b) in places.iter().enumerate() {
            let straight = ((a.0 - b.0).pow(2) + (a.1 - b.1).pow(2)).isqrt();
            metres.put(from, to, straight * DETOUR / 10);
        }
    }
    let (mut spare, mut need) = (Vec::new(), Vec::new());
    for item in 0..items {
        for shelter in 0..shelters {
            match random.below(10) {
                0..=2 => {
                    let packs = random.between(1, 20);
                    let expiring = if random.chance(0.25) {
                        random.between(1, packs)
                    } else {
                        0
                    };
                    spare.push(Spare {
                        shelter,
                        item,
                        packs,
                        expiring,
                        bonus_minor: 500,
                    });
                }
                3..=5 => need.push(Need {
                    shelter,
                    item,
                    critical: random.between(0, 4),
                    low: random.between(1, 12),
                }),
                _ => {}
            }
        }
    }
    Instance {
        shelters,
        pack_grams: PACKS.iter().copied().cycle().take(items).collect(),
        metres,
        tariff: Tariff {
            journey_minor: 20_000,
            tonne_km_minor: 300,
            vehicle_grams: None,
        },
        spare,
        need,
    }
}
