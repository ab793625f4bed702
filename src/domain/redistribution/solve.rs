//! An instance from question to answer: which way of planning takes it, how much work it is worth, and what is proved.
//! It must not know how any of them works.

use std::collections::BTreeSet;

use super::bound::bound;
use super::improve::Improver;
use super::loads::Loads;
use super::market::Market;
use super::{Instance, Line, Solution, programme};

/// How many triples of donor, shelter and item the bound looks at, in all its steps, and the most and fewest steps.
const BOUND_WORK: usize = 70_000_000;
const BOUND_STEPS: (usize, usize) = (60, 600);
/// Plans that are tried for each shelter in need; and in all, fewer the more shelters there are, since each takes longer.
const PLANS_EACH: usize = 1_600;
const PLANS_WORK: usize = 40_000_000;

/// The cheapest plan found for an instance, and what is proved of it.
pub fn solve(instance: &Instance) -> Solution {
    solve_within(instance, usize::MAX)
}

/// The same, trying at most so many plans.
pub(super) fn solve_within(instance: &Instance, most_plans: usize) -> Solution {
    let market = Market::new(instance);
    if market.journey == 0
        && let Some(lines) = programme::linear(&market)
    {
        return exact(&market, lines);
    }
    if let Some(lines) = programme::whole(&market) {
        return exact(&market, lines);
    }
    let unguided = bound(&market, 1, 1);
    let known = Improver::new(&market, &unguided.prices).first().cost();
    let bound = bound(&market, known, steps(&market));
    let mut improver = Improver::new(&market, &bound.prices);
    let first = improver.first();
    let takers = improver.takers();
    let plans = (PLANS_EACH * takers).min(PLANS_WORK / (400 + takers)).min(most_plans);
    let plans = u32::try_from(plans).unwrap_or(u32::MAX);
    let best = polish(&market, improver.improve(first, plans).lines());
    let cost = market.cost(&best);
    Solution {
        lines: best,
        cost,
        bound: bound.value.min(cost),
    }
}

fn exact(market: &Market<'_>, mut lines: Vec<Line>) -> Solution {
    lines.sort_unstable_by_key(|line| (line.from, line.to, line.item));
    let cost = market.cost(&lines);
    Solution {
        lines,
        cost,
        bound: cost,
    }
}

fn steps(market: &Market<'_>) -> u32 {
    let triples: usize = market
        .trades
        .iter()
        .map(|trade| trade.donors.len() * trade.takers.len())
        .sum();
    let steps = (BOUND_WORK / triples.max(1)).clamp(BOUND_STEPS.0, BOUND_STEPS.1);
    u32::try_from(steps).unwrap_or(u32::MAX)
}

/// The cheapest carriage over the journeys that a plan makes anyway.
fn polish(market: &Market<'_>, lines: Vec<Line>) -> Vec<Line> {
    let pairs: BTreeSet<(usize, usize)> = lines.iter().map(|line| (line.from, line.to)).collect();
    let mut polished = Vec::new();
    for trade in &market.trades {
        let old = || lines.iter().filter(|line| line.item == trade.item).copied();
        polished.extend(programme::within(market, trade, &pairs).unwrap_or_else(|| old().collect()));
    }
    let polished = Loads::of(market, &polished);
    if polished.cost() < market.cost(&lines) {
        polished.lines()
    } else {
        lines
    }
}
