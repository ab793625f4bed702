//! Draws that the simulated country is made of: households, their needs and stays, waiting times. Every share is a
//! constant with its source; docs/PLACEMENT.md ("Simulation") tells them together. It must not know shelters.

use std::collections::BTreeSet;

use super::super::demo::random::Random;
use super::super::household::{AgeBand, Child, Household, Need, Search, Sex, Urgency};

/// Children per household, as shares of 0 to 5: 62 % have children, and over all households the mean is 1.3.
pub const CHILDREN: [f64; 6] = [0.38, 0.2232, 0.2108, 0.1116, 0.0558, 0.0186];

/// Shares of households with an admission need that ages do not imply. Planning figures.
const NEEDS: [(Need, f64); 7] = [
    (Need::StepFree, 0.05),
    (Need::Pregnancy, 0.08),
    (Need::MentalHealth, 0.15),
    (Need::NoDocuments, 0.10),
    (Need::SubstanceUse, 0.03),
    (Need::Trafficking, 0.03),
    (Need::Pets, 0.02),
];
/// Services wished for, each by itself: as the demo country has them.
const SERVICES: [Need; 5] = [
    Need::Psychosocial,
    Need::Legal,
    Need::Medical,
    Need::Childcare,
    Need::Education,
];
const SERVICE_SHARE: f64 = 0.25;
/// Women of sixty and more, and girls who come without a grown-up.
const OVER_60: f64 = 0.06;
const UNDER_18: f64 = 0.04;
/// A boy above this age is a need of its own: few shelters take him.
const GROWN_BOY: u8 = 14;
/// So many children need a large room.
const LARGE_FAMILY: usize = 4;

/// Standard normal (Box and Muller).
pub fn normal(random: &mut Random) -> f64 {
    let radius = (-2.0 * (1.0 - random.unit()).ln()).sqrt();
    radius * (std::f64::consts::TAU * random.unit()).cos()
}

/// Log-normal by its median and the standard deviation of its logarithm.
pub fn log_normal(random: &mut Random, median: f64, sigma: f64) -> f64 {
    median * (sigma * normal(random)).exp()
}

/// Log-normal by its mean.
pub fn log_normal_of_mean(random: &mut Random, mean: f64, sigma: f64) -> f64 {
    log_normal(random, mean * (-sigma * sigma / 2.0).exp(), sigma)
}

/// A position of `weights`, in proportion to them.
pub fn weighted(random: &mut Random, weights: &[f64]) -> usize {
    let mut rest = random.unit() * weights.iter().sum::<f64>();
    for (at, weight) in weights.iter().enumerate() {
        if rest < *weight {
            return at;
        }
        rest -= weight;
    }
    weights.len().saturating_sub(1)
}

fn household(random: &mut Random) -> (Vec<AgeBand>, Vec<Child>) {
    let roll = random.unit();
    let band = if roll < UNDER_18 {
        AgeBand::Under18
    } else if roll < UNDER_18 + OVER_60 {
        AgeBand::Over60
    } else {
        AgeBand::From18To59
    };
    // The number of children is drawn for all alike, so that the mean is what it says; a girl's are infants.
    let count = weighted(random, &CHILDREN);
    let oldest = if band == AgeBand::Under18 { 1 } else { 17 };
    let children = (0..count).map(|_| {
        // Young children come more often than grown boys and girls.
        let age = random.between(0, oldest).min(random.between(0, 17));
        let sex = if random.chance(0.5) { Sex::Female } else { Sex::Male };
        Child {
            age: u8::try_from(age).unwrap_or(0),
            sex,
        }
    });
    (vec![band], children.collect())
}

/// A household's search from `district`. `None` never happens: what is drawn is within a household's bounds.
pub fn search(random: &mut Random, district: &str) -> Option<Search> {
    let (adults, children) = household(random);
    let mut needs = BTreeSet::new();
    needs.extend(
        NEEDS
            .iter()
            .filter(|(_, share)| random.chance(*share))
            .map(|(need, _)| *need),
    );
    needs.extend(SERVICES.iter().copied().filter(|_| random.chance(SERVICE_SHARE)));
    let tongue = ["tg", "ru", "uz"].get(weighted(random, &[0.6, 0.2, 0.2])).copied();
    let urgency = if random.chance(2.0 / 3.0) {
        Urgency::Now
    } else {
        Urgency::Today
    };
    // One in five flees from somebody near by and must leave the district.
    let avoided = random.chance(0.2).then(|| district.to_owned());
    Some(Search {
        household: Household::new(adults, children).ok()?,
        needs,
        languages: BTreeSet::from([tongue.unwrap_or("tg").to_owned()]),
        from_district: district.to_owned(),
        avoid_districts: avoided.into_iter().collect(),
        excluded: Default::default(),
        urgency,
        earliest_date: None,
        rooms_apart_ok: false,
    })
}

/// The same of somebody who stands at a door: she avoids nothing that she has come to.
pub fn at_the_door(random: &mut Random, district: &str) -> Option<Search> {
    let mut search = search(random, district)?;
    search.avoid_districts.clear();
    Some(search)
}

/// How many special needs: admission needs (those the ages imply included), a boy over 14, four children or more.
pub fn special_needs(search: &Search) -> usize {
    let needs: BTreeSet<Need> = search.admission_needs().collect();
    let children = search.household.children();
    let grown_boy = children
        .iter()
        .any(|child| child.sex == Sex::Male && child.age > GROWN_BOY);
    needs.len() + usize::from(grown_boy) + usize::from(children.len() >= LARGE_FAMILY)
}
