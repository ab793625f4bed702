//! Somebody who reads everything that is ever published of people, knows the method, and has a solver. The attack shares
//! no code with the audit: it writes the relations down anew, over all blocks and all tables at once, in whole numbers.

use std::collections::{BTreeMap, HashMap, HashSet};

use good_lp::{
    Expression, IntoAffineExpression, ProblemVariables, Solution, SolverModel, Variable, constraint, microlp, variable,
};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use strum::IntoEnumIterator;

use super::super::holds::{DeclineReason, UnmetReason};
use super::super::ledger::Change;
use super::super::suppression::{Cell, K};
use super::*;

/// What was published, and what was counted, of each block.
type Papers = BTreeMap<Block, Published>;
type Truth = BTreeMap<Block, Counted>;
/// A way of publishing.
type Method = fn(Block, &Counted, &Papers) -> Published;

fn truth(months: &[Counted], whole: Block) -> Truth {
    let mut all = Truth::new();
    let mut months = months.iter();
    for block in whole.nest() {
        let counted = match block.months() {
            1 => months.next().unwrap().clone(),
            _ => Counted::sum(block.inner().iter().map(|part| &all[part])),
        };
        all.insert(block, counted);
    }
    all
}

/// Everything that comes out while the months pass: each block as soon as it is over.
fn papers(truth: &Truth, whole: Block, method: Method) -> Papers {
    let mut out = Papers::new();
    for block in whole.nest() {
        let inside = block.nest();
        let before = out.iter().filter(|(other, _)| inside.contains(other));
        let before = before.map(|(other, said)| (*other, said.clone())).collect();
        out.insert(block, method(block, &truth[&block], &before));
    }
    out
}

fn regions(count: usize) -> Vec<String> {
    (0..count).map(|at| format!("R{at}")).collect()
}

fn rooms(region: &str) -> [Figure; 3] {
    let region = || region.to_owned();
    [
        Change::SingleBed { region: region() },
        Change::FamilyRoom { region: region() },
        Change::StepFreeFamilyRoom { region: region() },
    ]
    .map(Figure::Change)
}

fn boys() -> [Figure; 2] {
    [16, 17].map(|age| Figure::Change(Change::BoysAdmitted { age }))
}

fn reasons() -> Vec<Figure> {
    UnmetReason::iter().map(Figure::Reason).collect()
}

fn declines() -> Vec<Figure> {
    DeclineReason::iter().map(Figure::Declined).collect()
}

fn figures(regions: &[String]) -> Vec<Figure> {
    use Figure::*;
    let mut all = vec![Opened, Placed, Unmet, Other, Asked, Answered, Unanswered, Accepted];
    all.extend(reasons().into_iter().chain(declines()).chain(boys()));
    for region in regions {
        all.extend([OpenedIn(region.clone()), UnmetIn(region.clone())]);
        all.extend(rooms(region));
    }
    all
}

/// What the reader knows: a variable for each hidden count, and every law between counts.
struct Reader {
    bounds: HashMap<Variable, (f64, f64)>,
    hidden: BTreeMap<(Block, Figure), Variable>,
    /// Each is at least nought, or is nought.
    laws: Vec<(Expression, bool)>,
}

impl Reader {
    fn of(papers: &Papers, regions: &[String]) -> Self {
        let mut names = ProblemVariables::new();
        let mut reader = Self {
            hidden: BTreeMap::new(),
            bounds: HashMap::new(),
            laws: Vec::new(),
        };
        for (block, said) in papers {
            for figure in figures(regions) {
                let bounds = match said.cell(&figure) {
                    Cell::Exact(_) => continue,
                    Cell::Below => (1.0, 4.0),
                    Cell::Withheld => (0.0, 10_000.0),
                };
                let count = names.add(variable());
                reader.bounds.insert(count, bounds);
                reader.hidden.insert((*block, figure), count);
            }
        }
        for block in papers.keys() {
            reader.laws_of(*block, papers, regions);
        }
        reader
    }

    fn count(&self, block: Block, figure: &Figure, papers: &Papers) -> Expression {
        match self.hidden.get(&(block, figure.clone())) {
            Some(count) => Expression::from(*count),
            None => Expression::from(papers[&block].cell(figure).exact().unwrap() as f64),
        }
    }

    fn laws_of(&mut self, block: Block, papers: &Papers, regions: &[String]) {
        let mut laws: Vec<(Expression, bool)> = Vec::new();
        let of = |figure: &Figure| self.count(block, figure, papers);
        let sum = |all: &[Figure]| all.iter().fold(Expression::from(0.0), |sum, figure| sum + of(figure));
        let in_regions = |figure: fn(String) -> Figure| regions.iter().cloned().map(figure).collect::<Vec<_>>();
        laws.push((of(&Figure::Opened) - sum(&in_regions(Figure::OpenedIn)), true));
        laws.push((of(&Figure::Unmet) - sum(&in_regions(Figure::UnmetIn)), true));
        laws.push((sum(&reasons()) - of(&Figure::Unmet), false));
        laws.extend(reasons().iter().map(|reason| (of(&Figure::Unmet) - of(reason), false)));
        laws.push((
            of(&Figure::Asked) - of(&Figure::Answered) - of(&Figure::Unanswered),
            true,
        ));
        laws.push((of(&Figure::Answered) - of(&Figure::Accepted) - sum(&declines()), true));
        let mut ladders = vec![boys().into_iter().chain([Figure::Unmet]).collect::<Vec<_>>()];
        ladders.extend(regions.iter().map(|region| {
            let roof = Figure::UnmetIn(region.clone());
            rooms(region).into_iter().chain([roof]).collect()
        }));
        for ladder in &ladders {
            for rungs in ladder.windows(2) {
                laws.push((of(&rungs[1]) - of(&rungs[0]), false));
            }
        }
        if !block.inner().is_empty() {
            for figure in figures(regions) {
                let parts = block.inner().into_iter().map(|part| self.count(part, &figure, papers));
                laws.push((parts.fold(of(&figure), |left, part| left - part), true));
            }
        }
        laws.retain(|(law, _)| !variables(law).is_empty());
        self.laws.extend(laws);
    }

    /// The hidden counts that hang together with this one, and the laws between them.
    fn around(&self, aim: Variable) -> (HashSet<Variable>, Vec<&(Expression, bool)>) {
        let mut counts = HashSet::from([aim]);
        let mut laws: Vec<Option<&(Expression, bool)>> = self.laws.iter().map(Some).collect();
        let mut taken = Vec::new();
        loop {
            let before = taken.len();
            for slot in &mut laws {
                let Some((law, _)) = slot else { continue };
                let inside: Vec<Variable> = variables(law);
                if inside.iter().any(|count| counts.contains(count)) {
                    counts.extend(inside);
                    taken.extend(slot.take());
                }
            }
            if taken.len() == before {
                return (counts, taken);
            }
        }
    }

    /// Another country of which the same would have been published, as far as the laws go, with this count as large or as
    /// small as can be; only the counts that hang together with it.
    fn furthest(&self, aim: Variable, sign: f64, whole: bool) -> BTreeMap<(Block, Figure), f64> {
        let (counts, laws) = self.around(aim);
        let mut problem = ProblemVariables::new();
        let ours: HashMap<Variable, Variable> = counts
            .into_iter()
            .map(|count| {
                let (low, high) = self.bounds[&count];
                let range = variable().min(low).max(high);
                (count, problem.add(if whole { range.integer() } else { range }))
            })
            .collect();
        let mut model = problem.maximise(ours[&aim] * sign).using(microlp);
        for (law, equal) in laws {
            let sum = law
                .clone()
                .linear_coefficients()
                .fold(Expression::from(law.clone().constant()), |sum, (count, factor)| {
                    sum + ours[&count] * factor
                });
            model = model.with(if *equal {
                constraint!(sum == 0.0)
            } else {
                constraint!(sum >= 0.0)
            });
        }
        let found = model.solve().expect("the truth is one");
        let seen = self
            .hidden
            .iter()
            .filter_map(|(key, count)| Some((key.clone(), found.value(*ours.get(count)?))));
        seen.collect()
    }

    /// A hidden count of 1 to 4 people that cannot be anything else.
    fn pinned(&self, truth: &Truth) -> Option<(Block, Figure)> {
        let small = |(block, figure): &(Block, Figure)| (1..K).contains(&truth[block].count(figure));
        let mut left: Vec<&(Block, Figure)> = self.hidden.keys().filter(|key| small(key)).collect();
        while let Some(key) = left.pop() {
            // First over all numbers: where what comes out is whole, it is an answer, and where it is the truth both
            // ways, there is no other.
            let mut open = false;
            let mut fixed = true;
            for (sign, whole) in [(1.0, false), (-1.0, false), (1.0, true), (-1.0, true)] {
                if open || whole && fixed {
                    break;
                }
                let world = self.furthest(self.hidden[key], sign, whole);
                let differs = |key: &(Block, Figure), by: f64| {
                    let count = truth[&key.0].count(&key.1) as f64;
                    world.get(key).is_some_and(|value| (value - count).abs() > by)
                };
                fixed = fixed && !differs(key, 1e-5);
                if world.values().all(|value| (value - value.round()).abs() < 1e-5) {
                    left.retain(|other| !differs(other, 0.5));
                    open = differs(key, 0.5);
                }
            }
            if !open {
                return Some(key.clone());
            }
        }
        None
    }
}

fn variables(law: &Expression) -> Vec<Variable> {
    law.clone().linear_coefficients().map(|(count, _)| count).collect()
}

/// Opened, unmet, and what each room of a ladder helps beyond the one below, of a region.
type OfRegion = (u64, u64, Vec<u64>);
// Placed, otherwise ended, why without a place, why declined.
type OfCountry = (u64, u64, Vec<u64>, Vec<u64>);

/// Months of a country in which about so many come.
fn months(regions: usize, most: u64, months: usize) -> impl Strategy<Value = Vec<Counted>> {
    let month = move || {
        let region = (0..most, 0..most, prop::collection::vec(0u64..6, 3));
        let of_country = (
            0..most,
            0..most,
            prop::collection::vec(0..most, 7),
            prop::collection::vec(0u64..4, 7),
        );
        (
            prop::collection::vec(region, regions),
            of_country,
            0..most,
            prop::collection::vec(0u64..20, 2),
        )
    };
    let counted = move |(by_region, (placed, other, why, declined), unanswered, boys_placed): (
        Vec<OfRegion>,
        OfCountry,
        u64,
        Vec<u64>,
    )| {
        let mut month = Counted::default();
        for (at, (opened, unmet, helped)) in by_region.into_iter().enumerate() {
            let region = format!("R{at}");
            month.add(Figure::Opened, opened);
            month.add(Figure::OpenedIn(region.clone()), opened);
            month.add(Figure::Unmet, unmet);
            month.add(Figure::UnmetIn(region.clone()), unmet);
            let mut placed = 0;
            for (room, more) in rooms(&region).into_iter().zip(helped) {
                placed = (placed + more).min(unmet);
                month.add(room, placed);
            }
        }
        let unmet = month.count(&Figure::Unmet);
        let mut without = unmet;
        for (reason, count) in reasons().into_iter().zip(why) {
            let count = count.min(unmet);
            without = without.saturating_sub(count);
            month.add(reason, count);
        }
        // Whoever has no reason yet has the first.
        month.add(Figure::Reason(UnmetReason::NoCapacity), 0);
        let first = month.count(&Figure::Reason(UnmetReason::NoCapacity));
        month.add(Figure::Reason(UnmetReason::NoCapacity), without.min(unmet - first));
        let mut helped = 0;
        for (rung, more) in boys().into_iter().zip(boys_placed) {
            helped = (helped + more).min(unmet);
            month.add(rung, helped);
        }
        month.add(Figure::Placed, placed);
        month.add(Figure::Other, other);
        month.add(Figure::Accepted, placed);
        let mut answered = placed;
        for (reason, count) in declines().into_iter().zip(declined) {
            answered += count;
            month.add(reason, count);
        }
        month.add(Figure::Answered, answered);
        month.add(Figure::Unanswered, unanswered);
        month.add(Figure::Asked, answered + unanswered);
        month
    };
    prop::collection::vec(month().prop_map(counted), months)
}

/// How many of so many random countries over these months the reader finds somebody in.
fn attacked(countries: usize, seed: u8, whole: &str, method: Method) -> Vec<String> {
    let whole: Block = whole.parse().unwrap();
    let random = TestRng::from_seed(RngAlgorithm::ChaCha, &[seed; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), random);
    let mut found = Vec::new();
    for country in 0..countries {
        let (regions_many, most) = (2 + country % 4, [3, 6, 12, 30][country / 4 % 4]);
        let drawn = months(regions_many, most, whole.months() as usize)
            .new_tree(&mut runner)
            .unwrap();
        let truth = truth(&drawn.current(), whole);
        let papers = papers(&truth, whole, method);
        for (block, said) in &papers {
            for (figure, cell) in &said.cells {
                let count = truth[block].count(figure);
                match cell {
                    Cell::Exact(said) => assert!(*said == count && !(1..K).contains(said), "{block} {figure}"),
                    Cell::Below => assert!((1..K).contains(&count), "{block} {figure}"),
                    Cell::Withheld => {}
                }
            }
        }
        let reader = Reader::of(&papers, &regions(regions_many));
        if let Some((block, figure)) = reader.pinned(&truth) {
            found.push(format!(
                "country {country}: {figure} of {block} is {}",
                truth[&block].count(&figure)
            ));
        }
    }
    found
}

#[test]
fn nobody_is_found_in_a_thousand_countries() {
    // Single months, quarters and half-years.
    let blocks = [(1, 300, "2026-03"), (2, 680, "2026-Q1"), (3, 20, "2026-H1")];
    let found = blocks
        .into_iter()
        .flat_map(|(seed, countries, whole)| attacked(countries, seed, whole, publish));
    assert_eq!(found.collect::<Vec<_>>(), Vec::<String>::new());
}

/// Each table by itself, as if nothing else were published.
fn forgetful(block: Block, counted: &Counted, _: &Papers) -> Published {
    publish(block, counted, &Papers::new())
}

/// Only what is small is hidden.
fn plain(block: Block, counted: &Counted, _: &Papers) -> Published {
    let cells = counted
        .figures
        .iter()
        .map(|(figure, count)| (figure.clone(), Cell::alone(*count)));
    Published::of(block, cells.collect())
}

/// The attack is worth something: it finds people where a method forgets what it has published, or hides the small only.
#[test]
fn a_broken_method_is_found_out() {
    for (name, method, whole) in [
        ("forgetful", forgetful as Method, "2026-Q1"),
        ("plain", plain, "2026-03"),
    ] {
        let found = attacked(40, 9, whole, method);
        assert!(found.len() >= 5, "{name}: {found:?}");
    }
}
