//! Plans by linear programming (good_lp with microlp). Without a price on journeys each item is a transportation
//! problem of its own, whose corner solutions are whole packs: solved over the short ways, then proved over all of them in
//! whole numbers. A small case with journeys is one integer programme. It must not know of any other way to plan.

use std::collections::BTreeSet;

use good_lp::{Expression, ProblemVariables, Solution, SolverModel, Variable, microlp, variable};

use super::Line;
use super::market::{Market, Trade};

/// Nearest donors of each shelter that are looked at first.
const NEAREST: usize = 12;
/// As many ways of one item are looked at all at once.
const FEW: usize = 1_500;
/// Rounds of adding ways that would make a plan cheaper.
const ROUNDS: usize = 12;
/// Most pairs of shelters in a case that is solved whole.
pub const SMALL: usize = 12;

type Ways = BTreeSet<(usize, usize)>;

/// The cheapest plan if journeys cost nothing; `None` if the solver's numbers do not prove it.
pub fn linear(market: &Market<'_>) -> Option<Vec<Line>> {
    let mut lines = Vec::new();
    for trade in &market.trades {
        lines.extend(cheapest(market, trade)?);
    }
    Some(lines)
}

fn cheapest(market: &Market<'_>, trade: &Trade) -> Option<Vec<Line>> {
    let all = || trade.donors.iter().flat_map(|a| trade.takers.iter().map(|b| (*a, *b)));
    let mut ways: Ways = if trade.donors.len() * trade.takers.len() <= FEW {
        all().collect()
    } else {
        let mut some = Ways::new();
        for taker in &trade.takers {
            some.extend(nearest(market, trade, *taker).into_iter().map(|donor| (donor, *taker)));
        }
        // One donor and one shelter that reach everybody make every such case solvable.
        some.extend(all().filter(|(a, b)| trade.donors.first() == Some(a) || trade.takers.first() == Some(b)));
        some
    };
    for _ in 0..ROUNDS {
        let lines = within(market, trade, &ways)?;
        let prices = Potentials::of(market, trade, &ways, &lines)?;
        let better: Vec<(usize, usize)> = all()
            .filter(|way| !ways.contains(way) && prices.pays(market, trade, *way))
            .collect();
        if better.is_empty() {
            return Some(lines);
        }
        ways.extend(better);
    }
    None
}

fn nearest(market: &Market<'_>, trade: &Trade, taker: usize) -> Vec<usize> {
    let mut donors = trade.donors.clone();
    donors.sort_by_key(|donor| (market.per_gram(*donor, taker), *donor));
    donors.truncate(NEAREST);
    donors
}

/// The cheapest carriage of one item over some ways; `None` if they do not suffice.
pub fn within(market: &Market<'_>, trade: &Trade, ways: &Ways) -> Option<Vec<Line>> {
    let mut model = Model::default();
    let flows = model.trade(market, trade, ways);
    let solved = model.solve()?;
    let lines = flows
        .iter()
        .map(|(way, flow)| line(trade.item, *way, solved.value(*flow)));
    let lines: Vec<Line> = lines.filter(|line| line.packs > 0).collect();
    (lines.iter().map(|line| line.packs).sum::<i64>() == trade.total).then_some(lines)
}

/// The best plan of a case with few pairs, journeys and all; `None` for a larger one.
pub fn whole(market: &Market<'_>) -> Option<Vec<Line>> {
    let mut pairs = Ways::new();
    for trade in &market.trades {
        pairs.extend(trade.donors.iter().flat_map(|a| trade.takers.iter().map(|b| (*a, *b))));
    }
    if pairs.len() > SMALL || market.vehicle.is_some() {
        return None;
    }
    let mut model = Model::default();
    let mut opened = Vec::new();
    for pair in &pairs {
        let open = model.variables.add(variable().binary());
        model.cost += float(market.journey) * open;
        opened.push((*pair, open));
    }
    let mut flows = Vec::new();
    for trade in &market.trades {
        for (way, flow) in model.trade(market, trade, &pairs) {
            let most = market
                .most
                .at(way.1, trade.item)
                .min(market.spare.at(way.0, trade.item));
            if let Some((_, open)) = opened.iter().find(|(pair, _)| *pair == way) {
                model.limits.push((flow - float(most) * *open).leq(0.0));
            }
            flows.push((trade.item, way, flow));
        }
    }
    let solved = model.solve()?;
    let lines = flows
        .iter()
        .map(|(item, way, flow)| line(*item, *way, solved.value(*flow)));
    Some(lines.filter(|line| line.packs > 0).collect())
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "a corner of a transportation problem is whole"
)]
fn line(item: usize, (from, to): (usize, usize), packs: f64) -> Line {
    Line {
        from,
        to,
        item,
        packs: packs.round() as i64,
    }
}

#[expect(clippy::cast_precision_loss, reason = "amounts of one plan are far below 2^53")]
fn float(whole: i64) -> f64 {
    whole as f64
}

#[derive(Default)]
struct Model {
    variables: ProblemVariables,
    cost: Expression,
    limits: Vec<good_lp::Constraint>,
}

impl Model {
    /// Everything about one item but what journeys cost.
    fn trade(&mut self, market: &Market<'_>, trade: &Trade, ways: &Ways) -> Vec<((usize, usize), Variable)> {
        let item = trade.item;
        let mut flows = Vec::new();
        for way in ways {
            let (spare, most) = (market.spare.at(way.0, item), market.most.at(way.1, item));
            if spare > 0 && most > 0 {
                let flow = self.variables.add(variable().min(0));
                self.cost += float(market.haul(item, way.0, way.1)) * flow;
                flows.push((*way, flow));
            }
        }
        let sum = |of: &dyn Fn(&(usize, usize)) -> bool| -> Expression {
            flows.iter().filter(|(way, _)| of(way)).map(|(_, flow)| *flow).sum()
        };
        for donor in &trade.donors {
            let sent = sum(&|way| way.0 == *donor);
            let (soon, bonus) = (market.expiring.at(*donor, item), market.bonus.at(*donor, item));
            if soon > 0 && bonus > 0 {
                let saved = self.variables.add(variable().min(0).max(float(soon)));
                self.cost += -float(bonus) * saved;
                self.limits.push((saved - sent.clone()).leq(0.0));
            }
            self.limits.push(sent.leq(float(market.spare.at(*donor, item))));
        }
        for taker in &trade.takers {
            let (must, most) = (market.must.at(*taker, item), market.most.at(*taker, item));
            let got = sum(&|way| way.1 == *taker);
            if must == most {
                self.limits.push(got.eq(float(must)));
            } else {
                self.limits.push(got.clone().geq(float(must)));
                self.limits.push(got.leq(float(most)));
            }
        }
        self.limits.push(sum(&|_| true).eq(float(trade.total)));
        flows
    }

    fn solve(self) -> Option<impl Solution> {
        let mut problem = self.variables.minimise(self.cost).using(microlp);
        for limit in self.limits {
            problem = problem.with(limit);
        }
        problem.solve().ok()
    }
}

/// What a pack is worth where, read off a plan: along every way that could be used more or less, no step pays. Whole
/// numbers, so a plan that has them is proved.
struct Potentials {
    donor: Vec<i64>,
    taker: Vec<i64>,
}

impl Potentials {
    /// `None` if some cycle of changes would make the plan cheaper.
    fn of(market: &Market<'_>, trade: &Trade, ways: &Ways, lines: &[Line]) -> Option<Self> {
        let (item, shelters) = (trade.item, market.instance.shelters);
        let (hub, sink) = (2 * shelters, 2 * shelters + 1);
        let (mut sent, mut got) = (vec![0; shelters], vec![0; shelters]);
        let mut arcs: Vec<(usize, usize, i64)> = Vec::new();
        for (from, to) in ways {
            arcs.push((*from, shelters + to, market.haul(item, *from, *to)));
        }
        for line in lines {
            arcs.push((shelters + line.to, line.from, -market.haul(item, line.from, line.to)));
            *sent.get_mut(line.from)? += line.packs;
            *got.get_mut(line.to)? += line.packs;
        }
        for donor in &trade.donors {
            let (sent, soon) = (*sent.get(*donor)?, market.expiring.at(*donor, item));
            let cost = |expiring: bool| if expiring { -market.bonus.at(*donor, item) } else { 0 };
            if sent < market.spare.at(*donor, item) {
                arcs.push((hub, *donor, cost(sent < soon)));
            }
            if sent > 0 {
                arcs.push((*donor, hub, -cost(sent <= soon)));
            }
        }
        for taker in &trade.takers {
            let got = *got.get(*taker)?;
            if got < market.most.at(*taker, item) {
                arcs.push((shelters + taker, sink, 0));
            }
            if got > market.must.at(*taker, item) {
                arcs.push((sink, shelters + taker, 0));
            }
        }
        let mut price = vec![0_i64; 2 * shelters + 2];
        for _ in 0..=price.len() {
            let mut still = true;
            for (from, to, cost) in &arcs {
                let through = price.get(*from)? + cost;
                let known = price.get_mut(*to)?;
                if through < *known {
                    (*known, still) = (through, false);
                }
            }
            if still {
                let taker = price.get(shelters..2 * shelters)?.to_vec();
                price.truncate(shelters);
                return Some(Self { donor: price, taker });
            }
        }
        None
    }

    fn pays(&self, market: &Market<'_>, trade: &Trade, (from, to): (usize, usize)) -> bool {
        let (donor, taker) = (self.donor.get(from), self.taker.get(to));
        donor
            .zip(taker)
            .is_none_or(|(donor, taker)| donor + market.haul(trade.item, from, to) < *taker)
    }
}
