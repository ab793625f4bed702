//! A small case searched through: branch and bound over every room and every few rooms of one shelter.
//! It must not be asked about a country: it gives up after [`MOST_STEPS`].

use super::super::fit::{Allocation, MAX_ROOMS};
use super::super::rooms::{RoomKind, RoomView};
use super::market::{Market, cost};
use super::settle::Rooms;
use super::{Given, Problem};

/// Most households and rooms of a case worth beginning.
const MOST_HOUSEHOLDS: usize = 8;
const MOST_ROOMS: usize = 24;
/// Most allocations tried.
const MOST_STEPS: u32 = 60_000;

struct Search<'a, 'p> {
    problem: &'a Problem<'p>,
    market: &'a Market<'p>,
    /// The least each household can cost from this position of the order on.
    rest: Vec<i64>,
    best: i64,
    found: Option<Vec<Given>>,
    steps: u32,
}

/// The least cost of all, and a plan of that cost if it is below `known`. `None` if the case is too large.
pub fn search(problem: &Problem<'_>, market: &Market<'_>, known: i64) -> Option<(Option<Vec<Given>>, i64)> {
    let rooms: usize = problem.shelters.iter().map(|view| view.rooms.len()).sum();
    if problem.households.len() > MOST_HOUSEHOLDS || rooms > MOST_ROOMS {
        return None;
    }
    let mut search = Search {
        problem,
        market,
        rest: vec![0],
        best: known,
        found: None,
        steps: 0,
    };
    let empty = Rooms::new(problem);
    for household in market.order.iter().rev() {
        let penalty = market.penalty.get(*household).copied().unwrap_or(0);
        let own = search
            .ways(*household, &empty)
            .first()
            .map_or(penalty, |way| way.cost.min(penalty));
        search.rest.push(search.rest.last().copied().unwrap_or(0) + own);
    }
    search.rest.reverse();
    search.descend(0, 0, &mut Vec::new(), &empty);
    (search.steps < MOST_STEPS).then_some((search.found, search.best))
}

impl Search<'_, '_> {
    fn descend(&mut self, at: usize, spent: i64, given: &mut Vec<Given>, rooms: &Rooms<'_>) {
        let ahead = self.rest.get(at).copied().unwrap_or(0);
        if spent.saturating_add(ahead) >= self.best || self.steps >= MOST_STEPS {
            return;
        }
        let Some(household) = self.market.order.get(at).copied() else {
            self.best = spent;
            self.found = Some(given.clone());
            return;
        };
        for way in self.ways(household, rooms) {
            let mut after = rooms.clone();
            let (shelter, cost) = (way.shelter, way.cost);
            if let Some(taken) = after.give(household, shelter, way.allocation, cost) {
                given.push(taken);
                self.descend(at + 1, spent + cost, given, &after);
                given.pop();
            }
        }
        let penalty = self.market.penalty.get(household).copied().unwrap_or(0);
        self.descend(at + 1, spent + penalty, given, rooms);
    }

    /// Everywhere this household could sleep in what is left, the cheapest first.
    fn ways(&mut self, household: usize, rooms: &Rooms<'_>) -> Vec<Given> {
        let (Some(search), Some(kind)) = (
            self.problem.households.get(household),
            self.market.kind_of.get(household),
        ) else {
            return Vec::new();
        };
        let mut ways: Vec<Given> = Vec::new();
        for (travel, shelter) in self.market.shelters(*kind) {
            let Some(view) = self.problem.shelters.get(shelter) else {
                continue;
            };
            let all = rooms.of(shelter);
            let most = if search.rooms_apart_ok { MAX_ROOMS } else { 1 };
            for set in sets(all.len(), usize::try_from(most).unwrap_or(1)) {
                let mut some: Vec<RoomView> = set.iter().filter_map(|at| all.get(*at).cloned()).collect();
                loop {
                    self.steps += 1;
                    let found = self.problem.place(view, &some, search);
                    let Some(found) = found.filter(|found| found.allocation.lines.len() == set.len()) else {
                        break;
                    };
                    let (cost, cots) = (cost(travel, &found), shared_cots(&some, &found.allocation));
                    ways.push(Given {
                        household,
                        shelter,
                        allocation: found.allocation,
                        cost,
                    });
                    // Another may need the cots of a shared room more.
                    if cots == 0 {
                        break;
                    }
                    for view in some.iter_mut().filter(|view| view.room.kind == RoomKind::Shared) {
                        view.room.cots = view.room.cots.saturating_sub(1);
                    }
                }
            }
        }
        ways.sort_by_key(|way| way.cost);
        ways
    }
}

fn shared_cots(rooms: &[RoomView], allocation: &Allocation) -> u16 {
    let shared = rooms.iter().filter(|view| view.room.kind == RoomKind::Shared);
    let lines = shared.flat_map(|view| allocation.lines.iter().filter(|line| line.room_id == view.room.id));
    lines.map(|line| line.cots).sum()
}

/// Every set of one to `most` of so many rooms.
fn sets(rooms: usize, most: usize) -> Vec<Vec<usize>> {
    let mut sets: Vec<Vec<usize>> = (0..rooms).map(|room| vec![room]).collect();
    let mut from = 0;
    for _ in 1..most {
        let until = sets.len();
        for at in from..until {
            let Some(set) = sets.get(at).cloned() else { continue };
            let last = set.last().copied().unwrap_or(0);
            sets.extend((last + 1..rooms).map(|room| [set.as_slice(), &[room]].concat()));
        }
        from = until;
    }
    sets
}
