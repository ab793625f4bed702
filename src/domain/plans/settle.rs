//! From seats in pools to beds in rooms. Each allocation is checked by the exact fit beside those before it; what does
//! not pass is not given. It must not know prices.

use std::collections::HashMap;

use uuid::Uuid;

use super::super::fit::{self, Allocation, Claim, Placement};
use super::super::id::{HoldId, Moment};
use super::super::rooms::{ActiveClaim, RoomView};
use super::assign::Seating;
use super::market::{Market, cost};
use super::{Given, Problem};

/// Rooms as the plan leaves them, copied only where it changes them.
#[derive(Clone)]
pub struct Rooms<'a> {
    problem: &'a Problem<'a>,
    changed: HashMap<usize, Vec<RoomView>>,
}

impl<'a> Rooms<'a> {
    pub fn new(problem: &'a Problem<'a>) -> Self {
        Self {
            problem,
            changed: HashMap::new(),
        }
    }

    pub fn of(&self, shelter: usize) -> &[RoomView] {
        let untouched = || {
            self.problem
                .shelters
                .get(shelter)
                .map_or(&[][..], |view| view.rooms.as_slice())
        };
        self.changed.get(&shelter).map_or_else(untouched, Vec::as_slice)
    }

    /// Gives these beds away if the exact fit agrees.
    pub fn give(&mut self, household: usize, shelter: usize, allocation: Allocation, cost: i64) -> Option<Given> {
        let (view, search) = (
            self.problem.shelters.get(shelter)?,
            self.problem.households.get(household)?,
        );
        fit::verify(
            &allocation,
            &view.shelter.rules,
            self.of(shelter),
            search,
            self.problem.now,
        )
        .ok()?;
        let rooms = self.changed.entry(shelter).or_insert_with(|| view.rooms.clone());
        claim(rooms, &allocation);
        Some(Given {
            household,
            shelter,
            allocation,
            cost,
        })
    }

    /// The cheapest place for one household in what is left, in one room or several.
    pub fn cheapest(&mut self, market: &Market<'_>, household: usize) -> Option<Given> {
        let search = self.problem.households.get(household)?;
        let kind = *market.kind_of.get(household)?;
        let mut best: Option<(i64, usize, Placement)> = None;
        for (travel, at) in market.shelters(kind) {
            if best.as_ref().is_some_and(|best| travel >= best.0) {
                break;
            }
            let Some(view) = self.problem.shelters.get(at) else {
                continue;
            };
            let found = self.problem.place(view, self.of(at), search);
            if let Some(found) = found {
                let cost = cost(travel, &found);
                if best.as_ref().is_none_or(|best| cost < best.0) {
                    best = Some((cost, at, found));
                }
            }
        }
        let (cost, shelter, found) = best?;
        self.give(household, shelter, found.allocation, cost)
    }

    /// Each of these households in turn at its cheapest place, where there is one.
    pub fn place_all(&mut self, market: &Market<'_>, households: &[usize]) -> Vec<Given> {
        households.iter().filter_map(|at| self.cheapest(market, *at)).collect()
    }

    /// Gives each seat a room. Cots that nobody cannot do without go to whoever comes first.
    pub fn settle(&mut self, market: &Market<'_>, seating: &Seating) -> Vec<Given> {
        let mut given = Vec::new();
        for household in &market.order {
            let Some(seat) = seating.seat.get(*household).copied().flatten() else {
                continue;
            };
            let Some(pool) = market.pools.get(seat.pool) else {
                continue;
            };
            let Some(search) = self.problem.households.get(*household) else {
                continue;
            };
            let infants = search.household.infants();
            let spare = if pool.shared() {
                seating.spare_cots(market, seat.pool)
            } else {
                0
            };
            // Fewer cots if somebody else had the spare ones.
            let most = if pool.shared() {
                infants.min(seat.cots + spare)
            } else {
                infants.min(pool.cots)
            };
            let found = (seat.cots..=most).rev().find_map(|cots| {
                pool.rooms.iter().find_map(|(room, _)| {
                    let beds = if pool.joint() {
                        1
                    } else {
                        search.household.persons() - infants
                    };
                    let view = self.problem.shelters.get(pool.shelter)?.rooms.get(*room)?;
                    let line = Claim {
                        room_id: view.room.id,
                        beds: u16::try_from(beds).ok()?,
                        cots: u16::try_from(if pool.joint() { 0 } else { cots }).ok()?,
                    };
                    self.give(*household, pool.shelter, Allocation { lines: vec![line] }, seat.cost)
                })
            });
            given.extend(found);
        }
        given
    }
}

/// Beds of a plan count as held for as long as anybody looks.
pub fn claim(rooms: &mut [RoomView], allocation: &Allocation) {
    for line in &allocation.lines {
        for view in rooms.iter_mut().filter(|view| view.room.id == line.room_id) {
            view.claims.push(ActiveClaim {
                hold_id: HoldId(Uuid::nil()),
                beds: line.beds,
                cots: line.cots,
                expires_at: Moment::MAX_UTC,
                starts_at: None,
            });
        }
    }
}
