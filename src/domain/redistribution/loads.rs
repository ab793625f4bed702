//! A plan while it is being made: what each journey carries, what is left on the shelves and what the whole costs.
//! Every change books its cost, and what was changed since a mark can be taken back. It must not know what to change.

use std::collections::{BTreeMap, BTreeSet};

use super::Line;
use super::grid::Grid;
use super::market::Market;

/// What goes from one donor to one shelter.
#[derive(Debug, Clone)]
pub struct Journey {
    pub from: usize,
    /// Items and packs, at least one of each.
    pub lines: Vec<(usize, i64)>,
    pub grams: i64,
}

#[derive(Debug, Clone)]
pub struct Loads<'m, 'a> {
    pub market: &'m Market<'a>,
    /// For each shelter, the journeys to it.
    to: Vec<Vec<Journey>>,
    /// By shelter and item: packs still to spare, and packs that it gets.
    left: Grid,
    got: Grid,
    /// In thousandths of the minor unit, less what is saved from expiring.
    cost: i64,
    mark: Mark,
}

/// How things were.
#[derive(Debug, Clone, Default)]
struct Mark {
    to: BTreeMap<usize, Vec<Journey>>,
    /// Donors that have had packs taken back.
    freed: BTreeSet<usize>,
    cost: i64,
}

impl<'m, 'a> Loads<'m, 'a> {
    pub fn new(market: &'m Market<'a>) -> Self {
        let (shelters, items) = (market.instance.shelters, market.instance.pack_grams.len());
        Self {
            market,
            to: vec![Vec::new(); shelters],
            left: market.spare.clone(),
            got: Grid::new(shelters, items),
            cost: 0,
            mark: Mark::default(),
        }
    }

    pub fn of(market: &'m Market<'a>, lines: &[Line]) -> Self {
        let mut loads = Self::new(market);
        for line in lines {
            loads.put(line.from, line.to, line.item, line.packs);
        }
        loads
    }

    pub fn cost(&self) -> i64 {
        self.cost
    }

    pub fn left(&self, donor: usize, item: usize) -> i64 {
        self.left.at(donor, item)
    }

    /// Packs that a shelter must still get.
    pub fn lacks(&self, taker: usize, item: usize) -> i64 {
        (self.market.must.at(taker, item) - self.got.at(taker, item)).max(0)
    }

    /// Packs that it could still use.
    pub fn room(&self, taker: usize, item: usize) -> i64 {
        self.market.most.at(taker, item) - self.got.at(taker, item)
    }

    pub fn to(&self, taker: usize) -> &[Journey] {
        self.to.get(taker).map_or(&[], Vec::as_slice)
    }

    pub fn grams(&self, from: usize, to: usize) -> i64 {
        let journey = self.to(to).iter().find(|journey| journey.from == from);
        journey.map_or(0, |journey| journey.grams)
    }

    /// Packs still to spare at a donor, by item.
    pub fn shelf(&self, donor: usize) -> &[i64] {
        self.left.row(donor)
    }

    /// What sending so many packs more saves from expiring.
    pub fn saves(&self, from: usize, item: usize, packs: i64) -> i64 {
        let market = self.market;
        if market.expiring.at(from, item) == 0 {
            return 0;
        }
        let sent = market.spare.at(from, item) - self.left.at(from, item);
        market.saved(from, item, sent + packs) - market.saved(from, item, sent)
    }

    /// Sends packs; fewer than 0 takes them back. The caller has seen that they are there and of use.
    pub fn put(&mut self, from: usize, to: usize, item: usize, packs: i64) {
        if packs == 0 {
            return;
        }
        self.remember(to);
        if packs < 0 {
            self.mark.freed.insert(from);
        }
        self.cost += self.market.haul(item, from, to) * packs - self.saves(from, item, packs);
        self.left.add(from, item, -packs);
        self.got.add(to, item, packs);
        let grams = self.market.grams(item) * packs;
        let Some(journeys) = self.to.get_mut(to) else { return };
        let at = journeys
            .iter()
            .position(|journey| journey.from == from)
            .unwrap_or_else(|| {
                journeys.push(Journey {
                    from,
                    lines: Vec::new(),
                    grams: 0,
                });
                journeys.len() - 1
            });
        let Some(journey) = journeys.get_mut(at) else { return };
        let vehicles = self.market.vehicles(journey.grams + grams) - self.market.vehicles(journey.grams);
        self.cost += self.market.journey * vehicles;
        journey.grams += grams;
        match journey.lines.iter_mut().find(|(of, _)| *of == item) {
            Some(line) => line.1 += packs,
            None => journey.lines.push((item, packs)),
        }
        journey.lines.retain(|(_, packs)| *packs != 0);
        if journey.lines.is_empty() {
            journeys.swap_remove(at);
        }
    }

    /// Takes back all that one journey carries.
    pub fn cancel(&mut self, from: usize, to: usize) {
        let journey = self.to(to).iter().find(|journey| journey.from == from);
        for (item, packs) in journey.map(|journey| journey.lines.clone()).unwrap_or_default() {
            self.put(from, to, item, -packs);
        }
    }

    /// From here on changes can be taken back.
    pub fn mark(&mut self) {
        self.mark.to.clear();
        self.mark.freed.clear();
        self.mark.cost = self.cost;
    }

    fn remember(&mut self, to: usize) {
        if let Some(journeys) = self.to.get(to) {
            self.mark.to.entry(to).or_insert_with(|| journeys.clone());
        }
    }

    /// Takes back what was changed since the mark.
    pub fn undo(&mut self) {
        for (to, before) in std::mem::take(&mut self.mark.to) {
            let Some(journeys) = self.to.get_mut(to) else { continue };
            let now = std::mem::replace(journeys, before);
            for (sign, some) in [(-1, &now), (1, &*journeys)] {
                for journey in some {
                    for (item, packs) in &journey.lines {
                        self.left.add(journey.from, *item, -sign * packs);
                        self.got.add(to, *item, sign * packs);
                    }
                }
            }
        }
        self.cost = self.mark.cost;
    }

    /// Donors that have had packs taken back since the mark.
    pub fn freed(&self) -> Vec<usize> {
        self.mark.freed.iter().copied().collect()
    }

    pub fn lines(&self) -> Vec<Line> {
        let mut lines: Vec<Line> = Vec::new();
        for (to, journeys) in self.to.iter().enumerate() {
            for journey in journeys {
                lines.extend(journey.lines.iter().map(|(item, packs)| Line {
                    from: journey.from,
                    to,
                    item: *item,
                    packs: *packs,
                }));
            }
        }
        lines.sort_unstable_by_key(|line| (line.from, line.to, line.item));
        lines
    }
}
