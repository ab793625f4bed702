//! Who could sleep where, and what it costs: households of one shape from one district share a row of options, drawn in
//! the order of the way, ring by ring, and only as far as anybody asks. It must not know who sleeps where.
//!
//! All costs are thousandths of a minute in whole numbers, so that sums are exact and the same on every machine.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use super::super::fit::{self, Claim, Demand, MINUTES_PER_PLACE, Placement};
use super::super::household::{Need, Search, Urgency};
use super::super::rooms::RoomKind;
use super::pools::{Pool, of_shelter};
use super::{APART, Given, MOST_TAKEN, Problem};

/// One pool that a household could sleep in.
#[derive(Debug, Clone, Copy)]
pub struct Opt {
    pub pool: usize,
    /// The way, and what is taken from others.
    pub cost: i64,
    /// The way alone.
    pub travel: i64,
    /// Seats (1), or beds of a shared room.
    pub beds: u32,
    /// Cots of a shared room that it cannot do without.
    pub cots: u32,
}

/// Options of all households of one kind, nearest ring first.
#[derive(Debug, Default)]
struct Row {
    options: Vec<Opt>,
    /// How many rings are drawn.
    rings: usize,
}

/// Households alike in all that decides where they may sleep and what it costs.
#[derive(Debug)]
struct Kind {
    search: Search,
    origin: usize,
    row: Row,
    /// Least cost over several rooms, once asked for; the highest number where there is none.
    several: Option<i64>,
}

pub struct Market<'a> {
    problem: &'a Problem<'a>,
    pub pools: Vec<Pool>,
    pub pools_of: Vec<Range<usize>>,
    /// Shelters by district.
    places: Vec<(&'a str, Vec<usize>)>,
    /// For each origin: districts with shelters, nearest first.
    rings: Vec<Vec<(i64, usize)>>,
    kinds: Vec<Kind>,
    /// The kind of each household.
    pub kind_of: Vec<usize>,
    /// What it costs to leave a household without a place.
    pub penalty: Vec<i64>,
    /// Households in an order that their input order does not change.
    pub order: Vec<usize>,
}

/// Minutes to thousandths.
pub fn thousandths(minutes: f64) -> i64 {
    // Beyond a year every way is equally hopeless.
    (minutes.clamp(0.0, 525_600.0) * 1_000.0).round() as i64
}

/// The price of what is taken from others: places beyond one for each person, and rooms that others wait for.
fn taken(loss: i32, toll: u32) -> i64 {
    let minutes = i64::from(loss) * i64::from(MINUTES_PER_PLACE) + i64::from(toll);
    (minutes * 1_000).clamp(0, MOST_TAKEN)
}

/// How hard it is for a household to go without: what is left out first when not all find a place.
fn weight(search: &Search) -> i64 {
    let urgency = match search.urgency {
        Urgency::Now => 6,
        Urgency::Today => 4,
        Urgency::ThisWeek => 2,
        Urgency::Planned => 0,
    };
    let frail = [Need::StepFree, Need::Pregnancy, Need::Newborn, Need::Trafficking];
    let asked = search.admission_needs().any(|need| frail.contains(&need)) || search.needs_step_free();
    let infants = search.household.infants() > 0;
    let children = !search.household.children().is_empty();
    urgency + i64::from(asked) + i64::from(infants) + i64::from(children)
}

impl<'a> Market<'a> {
    pub fn new(problem: &'a Problem<'a>) -> Self {
        let mut pools = Vec::new();
        let mut places: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        let mut sorted: Vec<usize> = (0..problem.shelters.len()).collect();
        sorted.sort_by_key(|at| problem.shelters.get(*at).map(|view| view.shelter.code.as_str()));
        let mut ranges = vec![0..0; problem.shelters.len()];
        for at in sorted {
            let Some(view) = problem.shelters.get(at) else { continue };
            let own = of_shelter(at, view, problem.now);
            if let Some(range) = ranges.get_mut(at) {
                *range = pools.len()..pools.len() + own.len();
            }
            if !own.is_empty() {
                places.entry(&view.shelter.district).or_default().push(at);
            }
            pools.extend(own);
        }
        let places: Vec<(&str, Vec<usize>)> = places.into_iter().collect();
        let mut market = Self {
            problem,
            pools,
            pools_of: ranges,
            places,
            rings: Vec::new(),
            kinds: Vec::new(),
            kind_of: Vec::new(),
            penalty: Vec::new(),
            order: Vec::new(),
        };
        market.sort_households();
        market
    }

    fn sort_households(&mut self) {
        let mut kinds: HashMap<String, usize> = HashMap::new();
        let mut origins: HashMap<&str, usize> = HashMap::new();
        let mut keys = Vec::with_capacity(self.problem.households.len());
        for search in self.problem.households {
            let origin = match origins.get(search.from_district.as_str()) {
                Some(known) => *known,
                None => {
                    let rings = self.rings_from(&search.from_district);
                    self.rings.push(rings);
                    origins.insert(&search.from_district, self.rings.len() - 1);
                    self.rings.len() - 1
                }
            };
            let key = key(search);
            let count = self.kinds.len();
            let kind = *kinds.entry(key.clone()).or_insert(count);
            if kind == count {
                self.kinds.push(Kind {
                    search: search.clone(),
                    origin,
                    row: Row::default(),
                    several: None,
                });
            }
            self.kind_of.push(kind);
            keys.push(key);
        }
        self.weigh();
        let persons = |at: usize| {
            self.problem
                .households
                .get(at)
                .map_or(0, |search| search.household.persons())
        };
        let penalty = |at: usize| self.penalty.get(at).copied().unwrap_or(0);
        let mut order: Vec<usize> = (0..keys.len()).collect();
        order.sort_by(|a, b| {
            (persons(*b), penalty(*b))
                .cmp(&(persons(*a), penalty(*a)))
                .then_with(|| keys.get(*a).cmp(&keys.get(*b)))
        });
        self.order = order;
    }

    /// One household more placed is worth more than anything else that a plan may do, then the weight of those
    /// placed, then minutes: the penalty is that order written as one number.
    fn weigh(&mut self) {
        let farthest = self
            .rings
            .iter()
            .flatten()
            .map(|(travel, _)| *travel)
            .max()
            .unwrap_or(0);
        let most = farthest + 3 * APART + MOST_TAKEN;
        let households = i64::try_from(self.problem.households.len()).unwrap_or(i64::MAX);
        let minutes = most.saturating_mul(households).saturating_add(1);
        let weights: Vec<i64> = self.problem.households.iter().map(weight).collect();
        let all: i64 = weights.iter().sum::<i64>() + 1;
        self.penalty = weights
            .iter()
            .map(|weight| minutes.saturating_mul(all + weight))
            .collect();
    }

    fn rings_from(&self, origin: &str) -> Vec<(i64, usize)> {
        let way = |to: &str| thousandths((self.problem.travel)(origin, to).minutes);
        let mut rings: Vec<(i64, usize)> = self
            .places
            .iter()
            .enumerate()
            .map(|(at, (to, _))| (way(to), at))
            .collect();
        rings.sort_unstable();
        rings
    }

    /// The option at this position of a row, drawn ring by ring; `None` if there is none with a way below `limit`.
    pub fn option(&mut self, kind: usize, at: usize, limit: i64) -> Option<Opt> {
        loop {
            let drawn = self.kinds.get(kind)?.row.options.get(at);
            if let Some(option) = drawn {
                return (option.travel < limit).then_some(*option);
            }
            if self.horizon(kind) >= limit {
                return None;
            }
            self.draw_ring(kind);
        }
    }

    /// What places given outside the seating take of each pool: seats or beds, and cots of shared rooms.
    pub fn taken(&self, given: &[Given]) -> Vec<(usize, u32, u32)> {
        let lines = given
            .iter()
            .flat_map(|one| one.allocation.lines.iter().map(|line| (one.shelter, line)));
        let of_pool = |(shelter, line): (usize, &Claim)| {
            let rooms = &self.problem.shelters.get(shelter)?.rooms;
            let room = rooms.iter().position(|view| view.room.id == line.room_id)?;
            let mut pools = self.pools_of.get(shelter)?.clone();
            let at = pools.find(|at| {
                let pool = self.pools.get(*at);
                pool.is_some_and(|pool| pool.rooms.iter().any(|(known, _)| *known == room))
            })?;
            let pool = self.pools.get(at)?;
            let beds = if pool.kind == RoomKind::Private {
                1
            } else {
                u32::from(line.beds)
            };
            Some((at, beds, u32::from(line.cots)))
        };
        lines.filter_map(of_pool).collect()
    }

    /// A household's shelters with the way to each, nearest first, as far as they admit it.
    pub fn shelters(&self, kind: usize) -> impl Iterator<Item = (i64, usize)> + '_ {
        let kind = self.kinds.get(kind);
        let rings = kind.and_then(|kind| self.rings.get(kind.origin)).into_iter().flatten();
        let near = rings.filter_map(|(travel, place)| Some((*travel, self.places.get(*place)?)));
        let near = near.filter(move |(_, (district, _))| {
            kind.is_some_and(|kind| !kind.search.avoid_districts.contains(*district))
        });
        near.flat_map(|(travel, (_, shelters))| shelters.iter().map(move |shelter| (travel, *shelter)))
    }

    /// What a household costs without a seat: its least over several rooms of one shelter if nobody else were there, or
    /// its penalty. Looked for only if it could be below `limit`, else `limit` or more.
    pub fn outside(&mut self, household: usize, limit: i64) -> i64 {
        let penalty = self.penalty.get(household).copied().unwrap_or(0);
        let kind = self.kind_of.get(household).copied().unwrap_or(0);
        let apart = self.kinds.get(kind).filter(|kind| kind.search.rooms_apart_ok);
        let nearest = apart
            .and_then(|kind| self.rings.get(kind.origin)?.first())
            .map(|(travel, _)| travel + APART);
        let floor = nearest.map_or(penalty, |nearest| nearest.min(penalty));
        if floor >= limit || floor == penalty {
            return floor;
        }
        let known = self.kinds.get(kind).and_then(|kind| kind.several);
        let several = known.unwrap_or_else(|| self.several(kind));
        if let Some(kind) = self.kinds.get_mut(kind) {
            kind.several = Some(several);
        }
        several.min(penalty)
    }

    fn several(&self, kind: usize) -> i64 {
        let mut least = i64::MAX;
        let Some(search) = self
            .kinds
            .get(kind)
            .map(|kind| &kind.search)
            .filter(|search| search.rooms_apart_ok)
        else {
            return least;
        };
        for (travel, at) in self.shelters(kind) {
            if travel + APART >= least {
                break;
            }
            let Some(view) = self.problem.shelters.get(at) else {
                continue;
            };
            let tolls = self.problem.prices.tolls(&view.shelter.region);
            let found = fit::several(tolls, &view.shelter.rules, &view.rooms, search, self.problem.now);
            if let Some(found) = found {
                // Over one room more, places might cost less.
                let more = travel + APART * i64::from(found.rooms);
                least = least.min(cost(travel, &found)).min(more);
            }
        }
        least
    }

    /// The way to the next ring that is not drawn.
    fn horizon(&self, kind: usize) -> i64 {
        let of = |kind: &Kind| {
            self.rings
                .get(kind.origin)?
                .get(kind.row.rings)
                .map(|(travel, _)| *travel)
        };
        self.kinds.get(kind).and_then(of).unwrap_or(i64::MAX)
    }

    fn draw_ring(&mut self, kind: usize) {
        let Some(of) = self.kinds.get_mut(kind) else { return };
        let ring = self.rings.get(of.origin).and_then(|rings| rings.get(of.row.rings));
        of.row.rings += 1;
        let Some((travel, (district, shelters))) = ring.and_then(|(way, at)| Some((*way, self.places.get(*at)?)))
        else {
            return;
        };
        if of.search.avoid_districts.contains(*district) {
            return;
        }
        let from = of.row.options.len();
        for at in shelters {
            let (Some(view), Some(pools)) = (self.problem.shelters.get(*at), self.pools_of.get(*at)) else {
                continue;
            };
            if !fit::admits(&view.shelter.rules, &of.search) {
                continue;
            }
            let tolls = self.problem.prices.tolls(&view.shelter.region);
            let demand = Demand::with(tolls, &view.shelter.rules, &of.search);
            for index in pools.clone() {
                let option = self
                    .pools
                    .get(index)
                    .and_then(|pool| option(pool, index, &demand, travel));
                of.row.options.extend(option);
            }
        }
        if let Some(fresh) = of.row.options.get_mut(from..) {
            fresh.sort_by_key(|option| (option.cost, option.pool));
        }
    }
}

/// What it costs to sleep so: the way, what is taken from others, and rooms apart.
pub fn cost(travel: i64, placement: &Placement) -> i64 {
    travel + taken(placement.loss, placement.toll) + APART * i64::from(placement.rooms.saturating_sub(1))
}

/// The household alone in one room of this pool.
fn option(pool: &Pool, index: usize, demand: &Demand, travel: i64) -> Option<Opt> {
    let offer = pool.offer(demand)?;
    if offer.households(demand) == 0 {
        return None;
    }
    let sharing = if demand.infants_share { demand.grown_ups } else { 0 };
    let places = if pool.shared() {
        demand.persons()
    } else {
        offer.places()
    };
    let loss = i32::try_from(places * offer.weight(demand)).unwrap_or(i32::MAX);
    let beyond = loss.saturating_sub(i32::try_from(demand.persons()).unwrap_or(i32::MAX));
    Some(Opt {
        pool: index,
        cost: travel + taken(beyond, demand.tolls.of(&offer)),
        travel,
        beds: if pool.shared() { demand.beds() } else { 1 },
        cots: if pool.shared() {
            demand.infants().saturating_sub(sharing)
        } else {
            0
        },
    })
}

/// What decides where a household may sleep, and no more.
fn key(search: &Search) -> String {
    let mut adults: Vec<String> = search.household.adults().iter().map(ToString::to_string).collect();
    let mut children: Vec<(u8, String)> = search
        .household
        .children()
        .iter()
        .map(|child| (child.age, child.sex.to_string()))
        .collect();
    adults.sort_unstable();
    children.sort_unstable();
    let mut needs: Vec<Need> = search.admission_needs().collect();
    needs.sort_unstable();
    needs.dedup();
    let (from, avoid, apart) = (&search.from_district, &search.avoid_districts, search.rooms_apart_ok);
    format!("{from} {adults:?} {children:?} {needs:?} {avoid:?} {apart}")
}
