//! An instance laid out for solving: who can give and who must get how much, item by item, and what a journey costs.
//! How much of each item moves, and which needs come first, is settled here, before anything is said about cost.

use super::grid::Grid;
use super::{Instance, Line};

/// One item that moves.
#[derive(Debug, Clone)]
pub struct Trade {
    pub item: usize,
    pub donors: Vec<usize>,
    pub takers: Vec<usize>,
    /// Packs that move in any plan: as many as there are to spare, or as many as are needed.
    pub total: i64,
    /// More is needed than there is to spare: everything spare moves, and who goes without is a question of cost.
    pub scarce: bool,
}

/// Money is in thousandths of the minor unit, so that a light pack on a short way costs more than nothing.
#[derive(Debug)]
pub struct Market<'a> {
    pub instance: &'a Instance,
    pub trades: Vec<Trade>,
    /// By shelter and item: packs to spare, how many of them expire soon, and what sending one of those saves.
    pub spare: Grid,
    pub expiring: Grid,
    pub bonus: Grid,
    /// By shelter and item: packs that it gets in any plan, and the most that it can use.
    pub must: Grid,
    pub most: Grid,
    /// For each shelter, the items of which it may get some.
    pub wants: Vec<Vec<usize>>,
    /// What one journey costs.
    pub journey: i64,
    /// What a vehicle carries, in grams; the heaviest pack at least.
    pub vehicle: Option<i64>,
}

impl<'a> Market<'a> {
    pub fn new(instance: &'a Instance) -> Self {
        let (shelters, items) = (instance.shelters, instance.pack_grams.len());
        let grid = || Grid::new(shelters, items);
        let heaviest = instance.pack_grams.iter().copied().max().unwrap_or(1).max(1);
        let (mut spare, mut expiring, mut bonus) = (grid(), grid(), grid());
        for row in &instance.spare {
            spare.add(row.shelter, row.item, row.packs);
            expiring.add(row.shelter, row.item, row.expiring.min(row.packs));
            bonus.add(row.shelter, row.item, row.bonus_minor * 1_000);
        }
        let (mut critical, mut low) = (grid(), grid());
        for row in &instance.need {
            critical.add(row.shelter, row.item, row.critical);
            low.add(row.shelter, row.item, row.low);
        }
        let mut market = Self {
            instance,
            trades: Vec::new(),
            spare,
            expiring,
            bonus,
            must: grid(),
            most: grid(),
            wants: vec![Vec::new(); shelters],
            journey: instance.tariff.journey_minor * 1_000,
            vehicle: (instance.tariff.vehicle_grams).map(|limit| limit.max(heaviest)),
        };
        for item in 0..items {
            market.open(item, &critical, &low);
        }
        market
    }

    /// Coverage comes first, and critical needs before others: where there is too little for all critical ones, nothing
    /// else is met; where there is enough for those, they all are.
    fn open(&mut self, item: usize, critical: &Grid, low: &Grid) {
        let shelters = 0..self.instance.shelters;
        let sum = |grid: &Grid| -> i64 { shelters.clone().map(|shelter| grid.at(shelter, item)).sum() };
        let (spare, urgent, all) = (sum(&self.spare), sum(critical), sum(critical) + sum(low));
        let mut trade = Trade {
            item,
            donors: shelters.clone().filter(|a| self.spare.at(*a, item) > 0).collect(),
            takers: Vec::new(),
            total: spare.min(all),
            scarce: spare < all,
        };
        if trade.total == 0 {
            return;
        }
        for shelter in shelters {
            let (first, second) = (critical.at(shelter, item), low.at(shelter, item));
            let (must, most) = if spare >= all {
                (first + second, first + second)
            } else if spare >= urgent {
                (first, first + second)
            } else {
                (0, first)
            };
            if most > 0 {
                self.must.add(shelter, item, must);
                self.most.add(shelter, item, most);
                trade.takers.push(shelter);
                if let Some(wants) = self.wants.get_mut(shelter) {
                    wants.push(item);
                }
            }
        }
        self.trades.push(trade);
    }

    pub fn grams(&self, item: usize) -> i64 {
        self.instance.pack_grams.get(item).copied().unwrap_or(0)
    }

    /// What carrying one pack costs.
    pub fn haul(&self, item: usize, from: usize, to: usize) -> i64 {
        self.per_gram(from, to) * self.grams(item) / 1_000_000
    }

    /// What carrying a tonne costs, in minor units × metres.
    pub fn per_gram(&self, from: usize, to: usize) -> i64 {
        self.instance.metres.at(from, to) * self.instance.tariff.tonne_km_minor
    }

    /// How many vehicles a load takes.
    pub fn vehicles(&self, grams: i64) -> i64 {
        self.vehicle
            .map_or(i64::from(grams > 0), |limit| (grams + limit - 1) / limit)
    }

    /// Saved when `sent` packs leave a donor.
    pub fn saved(&self, from: usize, item: usize, sent: i64) -> i64 {
        self.bonus.at(from, item) * sent.min(self.expiring.at(from, item))
    }

    /// What a whole plan costs, in thousandths of the minor unit, less what is saved from expiring.
    pub fn cost(&self, lines: &[Line]) -> i64 {
        let mut grams = std::collections::BTreeMap::new();
        let mut sent = std::collections::BTreeMap::new();
        let mut cost = 0;
        for line in lines {
            cost += self.haul(line.item, line.from, line.to) * line.packs;
            *grams.entry((line.from, line.to)).or_insert(0) += self.grams(line.item) * line.packs;
            *sent.entry((line.from, line.item)).or_insert(0) += line.packs;
        }
        cost += grams
            .values()
            .map(|grams| self.vehicles(*grams) * self.journey)
            .sum::<i64>();
        cost - sent
            .iter()
            .map(|((from, item), sent)| self.saved(*from, *item, *sent))
            .sum::<i64>()
    }
}
