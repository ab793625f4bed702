//! A small case searched through: branch and bound over every room and every few rooms of one shelter.
//! It must not be asked about a country: it gives up after [`MOST_STEPS`].

use super::super::fit::MAX_ROOMS;
use super::super::household;
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
            let all = rooms.of(shelter);
            let most = if search.rooms_apart_ok { MAX_ROOMS } else { 1 };
            for set in sets(all.len(), usize::try_from(most).unwrap_or(1)) {
                let mut some: Vec<RoomView> = set.iter().filter_map(|at| all.get(*at).cloned()).collect();
                let asked = Asked {
                    household,
                    shelter,
                    travel,
                    search,
                };
                self.ways_in(&asked, &mut some, 0, &mut ways);
            }
        }
        ways.sort_by_key(|way| way.cost);
        ways
    }

    /// Adds the ways to sleep in all of these rooms, with every number of beds and cots left out of the shared ones from
    /// position `at` on: another household may need just those, also where this one would fit into fewer rooms.
    fn ways_in(&mut self, asked: &Asked<'_>, some: &mut Vec<RoomView>, at: usize, ways: &mut Vec<Given>) {
        if self.steps >= MOST_STEPS {
            return;
        }
        let Some(view) = some.get(at) else {
            self.steps += 1;
            let found = self.way(asked, some);
            ways.extend(found.filter(|found| !ways.contains(found)));
            return;
        };
        if view.room.kind != RoomKind::Shared {
            return self.ways_in(asked, some, at + 1, ways);
        }
        let (beds, cots) = (view.room.beds, view.room.cots);
        let free = u16::try_from(view.count(self.problem.now).free).unwrap_or(0);
        let persons = u16::try_from(asked.search.household.persons()).unwrap_or(u16::MAX);
        let fewer_beds = if some.len() > 1 { 1..free.min(persons) } else { 0..0 };
        let fewer_cots = if asked.search.household.infants() > 0 {
            0..cots
        } else {
            0..0
        };
        for keep in std::iter::once(free).chain(fewer_beds.rev()) {
            for cots in std::iter::once(cots).chain(fewer_cots.clone().rev()) {
                if let Some(view) = some.get_mut(at) {
                    (view.room.beds, view.room.cots) = (beds - (free - keep), cots);
                }
                self.ways_in(asked, some, at + 1, ways);
            }
        }
        if let Some(view) = some.get_mut(at) {
            (view.room.beds, view.room.cots) = (beds, cots);
        }
    }

    fn way(&self, asked: &Asked<'_>, some: &[RoomView]) -> Option<Given> {
        let view = self.problem.shelters.get(asked.shelter)?;
        let found = self.problem.place(view, some, asked.search)?;
        (found.allocation.lines.len() == some.len()).then(|| Given {
            household: asked.household,
            shelter: asked.shelter,
            cost: cost(asked.travel, &found),
            allocation: found.allocation,
        })
    }
}

/// A household at the door of a shelter.
struct Asked<'a> {
    household: usize,
    shelter: usize,
    travel: i64,
    search: &'a household::Search,
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
