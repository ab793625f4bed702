//! What the replications come to: a row for each policy, the paired differences, and how like the real country the days
//! were. It must not know how they were lived.

use serde::Serialize;

use super::days::Outcome;
use super::statistics::{Estimate, mean, quantile};
use super::world::PATIENCE;
use super::{Policy, Replication, Settings};

/// One policy.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    pub policy: Policy,
    /// Shares are 0.0..=1.0. Of referrals.
    pub placed: Estimate,
    /// Minutes from the asking for help to a house's yes, over those placed.
    pub minutes: Estimate,
    pub median_minutes: Estimate,
    pub p90_minutes: Estimate,
    /// The same over all referrals; one that is not placed counts as the whole time for which it was looked for.
    pub minutes_of_all: Estimate,
    /// ... to an open door, over those placed.
    pub safe_minutes: Estimate,
    /// Questions to houses in all, over placements.
    pub asks: Estimate,
    pub km: Estimate,
    /// Of the wishes of those placed (services, a language in common), the share that the house meets.
    pub wishes: Estimate,
    /// Share placed of those with two or more special needs.
    pub placed_needy: Estimate,
    /// Households housed, from the door as well, over the most that hindsight could have housed.
    pub of_hindsight: Estimate,
    /// Referrals placed over the most that hindsight could have placed if it might send away everybody at the doors.
    pub of_hindsight_referred: Estimate,
    /// Shares of all households at the doors that found room.
    pub walked_in: Estimate,
}

/// The whole way of working against the best of the others, by one measure: the mean of the differences on the same days.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Versus {
    pub measure: &'static str,
    /// The policy not ours with the best mean.
    pub best: Policy,
    /// Ours less the best, in the measure's unit.
    pub difference: Estimate,
    /// Ours over the best, less 1.
    pub relative: Estimate,
}

/// How the nights compare with nights that were counted (Toronto's programmes for women and families).
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Likeness {
    pub occupancy: f64,
    /// Share of houses and nights without a free bed.
    pub full: f64,
    /// Share of houses with a free bed that have one so many nights later: 1, 3 and 7.
    pub still_free: [f64; 3],
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    pub seed: u64,
    pub days: u32,
    pub replications: u32,
    pub shelters: usize,
    pub load: f64,
    /// Means over replications.
    pub referrals: f64,
    pub needy: f64,
    pub walk_ins: f64,
    pub hindsight_housed: f64,
    pub hindsight_referred: f64,
    /// Share of referrals that hindsight places at most.
    pub hindsight_share: Estimate,
    pub policies: Vec<Row>,
    pub versus: Vec<Versus>,
    pub likeness: Likeness,
    /// Beds given twice; 0, or the simulation is wrong.
    pub oversold: u32,
}

/// A figure of one policy in one replication.
type Figure = fn(&Replication, &Outcome) -> f64;

fn over(part: usize, whole: u32) -> f64 {
    part as f64 / f64::from(whole)
}

fn placed(days: &Replication, outcome: &Outcome) -> f64 {
    over(outcome.placed.len(), days.referrals)
}

fn minutes(_: &Replication, outcome: &Outcome) -> f64 {
    mean(outcome.placed.iter().map(|row| row.minutes))
}

fn minutes_at(outcome: &Outcome, share: f64) -> f64 {
    let mut all: Vec<f64> = outcome.placed.iter().map(|row| row.minutes).collect();
    quantile(&mut all, share)
}

fn median_minutes(_: &Replication, outcome: &Outcome) -> f64 {
    minutes_at(outcome, 0.5)
}

fn p90_minutes(_: &Replication, outcome: &Outcome) -> f64 {
    minutes_at(outcome, 0.9)
}

fn minutes_of_all(days: &Replication, outcome: &Outcome) -> f64 {
    let placed: f64 = outcome.placed.iter().map(|row| row.minutes).sum();
    let unplaced = f64::from(days.referrals) - outcome.placed.len() as f64;
    (placed + unplaced * PATIENCE as f64) / f64::from(days.referrals)
}

fn safe_minutes(_: &Replication, outcome: &Outcome) -> f64 {
    mean(outcome.placed.iter().map(|row| row.safe_minutes))
}

fn asks(_: &Replication, outcome: &Outcome) -> f64 {
    f64::from(outcome.asks) / outcome.placed.len() as f64
}

fn km(_: &Replication, outcome: &Outcome) -> f64 {
    mean(outcome.placed.iter().map(|row| row.km))
}

fn wishes(_: &Replication, outcome: &Outcome) -> f64 {
    let wishes = outcome.placed.iter().map(|row| row.wishes);
    let (met, all) = wishes.fold((0, 0), |sum, row| (sum.0 + row.0, sum.1 + row.1));
    f64::from(met) / f64::from(all)
}

fn placed_needy(days: &Replication, outcome: &Outcome) -> f64 {
    over(
        outcome.placed.iter().filter(|row| row.special_needs >= 2).count(),
        days.needy,
    )
}

fn of_hindsight(days: &Replication, outcome: &Outcome) -> f64 {
    (outcome.placed.len() as f64 + f64::from(outcome.walked_in)) / days.hindsight.housed
}

/// Measures in which ours is set against the best of the others, and whether more is better.
const MEASURES: [(&str, Figure, bool); 11] = [
    ("placed", placed, true),
    ("minutes", minutes, false),
    ("median_minutes", median_minutes, false),
    ("p90_minutes", p90_minutes, false),
    ("minutes_of_all", minutes_of_all, false),
    ("safe_minutes", safe_minutes, false),
    ("asks", asks, false),
    ("km", km, false),
    ("wishes", wishes, true),
    ("placed_needy", placed_needy, true),
    ("of_hindsight", of_hindsight, true),
];

pub fn summarise(settings: &Settings, replications: &[Replication]) -> Report {
    use strum::IntoEnumIterator;
    let average = |figure: fn(&Replication) -> f64| mean(replications.iter().map(figure));
    Report {
        seed: settings.seed,
        days: settings.days,
        replications: settings.replications,
        shelters: settings.shelters,
        load: settings.load,
        referrals: average(|days| f64::from(days.referrals)),
        needy: average(|days| f64::from(days.needy)),
        walk_ins: average(|days| f64::from(days.walk_ins)),
        hindsight_housed: average(|days| days.hindsight.housed),
        hindsight_referred: average(|days| days.hindsight.referred),
        hindsight_share: Estimate::of(
            replications
                .iter()
                .map(|d| d.hindsight.referred / f64::from(d.referrals)),
        ),
        policies: Policy::iter().map(|policy| row(policy, replications)).collect(),
        versus: MEASURES
            .iter()
            .filter_map(|(measure, figure, more)| versus(measure, *figure, *more, replications))
            .collect(),
        likeness: likeness(replications),
        oversold: replications
            .iter()
            .flat_map(|days| days.outcomes.iter().map(|(_, outcome)| outcome.oversold))
            .sum(),
    }
}

/// The figure of a policy in each replication.
fn figures<'a>(
    policy: Policy,
    replications: &'a [Replication],
    figure: impl Fn(&Replication, &Outcome) -> f64 + 'a,
) -> impl Iterator<Item = f64> + 'a {
    replications.iter().filter_map(move |days| {
        let (_, outcome) = days.outcomes.iter().find(|(at, _)| *at == policy)?;
        Some(figure(days, outcome))
    })
}

fn row(policy: Policy, replications: &[Replication]) -> Row {
    let of = |figure: Figure| Estimate::of(figures(policy, replications, figure));
    Row {
        policy,
        placed: of(placed),
        minutes: of(minutes),
        median_minutes: of(median_minutes),
        p90_minutes: of(p90_minutes),
        minutes_of_all: of(minutes_of_all),
        safe_minutes: of(safe_minutes),
        asks: of(asks),
        km: of(km),
        wishes: of(wishes),
        placed_needy: of(placed_needy),
        of_hindsight: of(of_hindsight),
        of_hindsight_referred: of(|days, outcome| outcome.placed.len() as f64 / days.hindsight.referred),
        walked_in: of(|days, outcome| f64::from(outcome.walked_in) / f64::from(days.walk_ins)),
    }
}

fn versus(measure: &'static str, figure: Figure, more: bool, replications: &[Replication]) -> Option<Versus> {
    use strum::IntoEnumIterator;
    let others = Policy::iter().filter(|policy| !policy.is_ours());
    let best = others.max_by(|a, b| {
        let [a, b] = [a, b].map(|policy| mean(figures(*policy, replications, figure)));
        if more { a.total_cmp(&b) } else { b.total_cmp(&a) }
    })?;
    let pairs: Vec<(f64, f64)> = figures(Policy::Ours, replications, figure)
        .zip(figures(best, replications, figure))
        .collect();
    Some(Versus {
        measure,
        best,
        difference: Estimate::of(pairs.iter().map(|(ours, best)| ours - best)),
        relative: Estimate::of(pairs.iter().map(|(ours, best)| ours / best - 1.0)),
    })
}

/// Over the nights under our policy.
fn likeness(replications: &[Replication]) -> Likeness {
    let lived = || {
        let ours = replications.iter().flat_map(|days| &days.outcomes);
        ours.filter(|(policy, _)| *policy == Policy::Ours)
            .map(|(_, outcome)| outcome)
    };
    let share = |hits: Vec<bool>| {
        over(
            hits.iter().filter(|hit| **hit).count(),
            u32::try_from(hits.len()).unwrap_or(1),
        )
    };
    let later = |nights: usize| {
        let pairs = lived().flat_map(move |outcome| outcome.nights.iter().zip(outcome.nights.iter().skip(nights)));
        let houses = pairs.flat_map(|(now, then)| now.iter().zip(then));
        share(houses.filter(|(now, _)| **now > 0).map(|(_, then)| *then > 0).collect())
    };
    Likeness {
        occupancy: mean(lived().map(|outcome| outcome.occupancy)),
        full: share(
            lived()
                .flat_map(|outcome| outcome.nights.iter().flatten().map(|free| *free == 0))
                .collect(),
        ),
        still_free: [1, 3, 7].map(later),
    }
}
