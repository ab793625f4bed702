//! What is published of all counts of a period at once: tables that hang together, and periods that lie in each other,
//! each published once and never again. It must not know what is counted.
//!
//! First each row hides by itself what it must. Then everything that is known of this period and of those in it is one
//! system of linear relations; as long as a hidden count can be told from it, more of what this period prints is hidden,
//! and the system is looked at again. Periods published before are never touched: without this one they tell
//! nothing, and in the end this one may say nothing at all.

use std::collections::BTreeSet;

use super::system::{Relation, Sign, System};
use super::{Cell, K, climb, suppress};

/// How counts hang together with the count above them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Their sum is the parent.
    AddsUp,
    /// None is above the parent, their sum is not below it: whoever is in the parent is in one of them or several.
    Covers,
    /// Each contains the one before, and the parent contains them all.
    Climbs,
}

/// Counts by their place in the [`Layout`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    pub parent: usize,
    pub children: Vec<usize>,
    pub kind: Kind,
}

/// All counts of a period. A table stands after the one in which its parent is a child.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Layout {
    pub cells: usize,
    pub tables: Vec<Table>,
}

/// A period that has been published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Past {
    pub cells: Vec<Cell>,
    /// The shorter periods it is made of, by their place before it.
    pub inner: Vec<usize>,
}

/// The periods that lie in one that is to be published.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Nested {
    pub layout: Layout,
    /// Each after those it is made of.
    pub past: Vec<Past>,
}

impl Nested {
    /// What may be published of a period of these counts, which is made of `inner` (by their place in `past`).
    pub fn publish(&self, counts: &[u64], inner: &[usize]) -> Vec<Cell> {
        let mut hidden = BTreeSet::new();
        // What is open stays so: the more is hidden, the less is known.
        let mut open = BTreeSet::new();
        loop {
            let cells = self.by_rows(counts, inner, &mut hidden);
            let more = self.audit(&cells, counts, inner, &mut open);
            if more.is_empty() {
                return cells;
            }
            hidden.extend(more);
        }
    }

    /// Each row by itself, and besides everything in `hidden`, to which parents are added that their rows would give away.
    pub(super) fn by_rows(&self, counts: &[u64], inner: &[usize], hidden: &mut BTreeSet<usize>) -> Vec<Cell> {
        loop {
            let mut cells: Vec<Cell> = counts.iter().map(|count| Cell::alone(*count)).collect();
            for cell in hidden.iter() {
                self.set(&mut cells, *cell, Cell::Withheld, inner);
            }
            let before = hidden.len();
            for table in &self.layout.tables {
                let row = row(table, counts, &cells);
                for (child, cell) in table.children.iter().zip(row) {
                    let cell = if hidden.contains(child) { Cell::Withheld } else { cell };
                    self.set(&mut cells, *child, cell, inner);
                }
                // With nothing left to hide behind, the total itself would tell of its parts.
                let all_hidden = table
                    .children
                    .iter()
                    .all(|child| cells.get(*child) == Some(&Cell::Withheld));
                let said = cells
                    .get(table.parent)
                    .is_some_and(|cell| cell.exact().is_some_and(|count| count > 0));
                if table.kind == Kind::AddsUp && all_hidden && said && self.known(table.parent, inner).is_none() {
                    hidden.insert(table.parent);
                }
            }
            if hidden.len() == before {
                return cells;
            }
        }
    }

    /// What follows from the shorter periods is said: it is known anyway.
    fn set(&self, cells: &mut [Cell], at: usize, cell: Cell, inner: &[usize]) {
        if let Some(slot) = cells.get_mut(at) {
            *slot = self.known(at, inner).unwrap_or(cell);
        }
    }

    fn known(&self, at: usize, inner: &[usize]) -> Option<Cell> {
        let sum = Cell::sum(inner.iter().map(|part| self.cell(*part, at)));
        (!inner.is_empty() && sum.exact().is_some()).then_some(sum)
    }

    fn cell(&self, past: usize, at: usize) -> Cell {
        let past = self.past.get(past).and_then(|past| past.cells.get(at));
        past.copied().unwrap_or(Cell::Withheld)
    }

    /// Printed counts that are to be hidden too: one for each count that can be told. None if none can.
    fn audit(&self, cells: &[Cell], counts: &[u64], inner: &[usize], open: &mut BTreeSet<Name>) -> Vec<usize> {
        let known = Known::of(self, cells, inner, counts.iter().copied().max().unwrap_or(0));
        let mut found: BTreeSet<usize> = (0..known.names.len())
            .filter(|at| known.names.get(*at).is_some_and(|name| open.contains(name)))
            .collect();
        let mut more = Vec::new();
        for part in known.system.parts() {
            let printed = part.relations.iter().filter_map(|at| known.printed.get(*at)).flatten();
            let may: Vec<usize> = printed
                .copied()
                .filter(|cell| self.known(*cell, inner).is_none())
                .collect();
            // Where this period says nothing, nobody is told more than before.
            if may.is_empty() {
                continue;
            }
            for told in known.system.told(&part, &mut found) {
                let figure = known.names.get(told).and_then(|name| name.figure());
                // The same count over the longer period first, then the smallest, and always one by place.
                let weight = |cell: &usize| (Some(*cell) != figure, counts.get(*cell).copied(), *cell);
                more.extend(may.iter().copied().min_by_key(weight));
            }
        }
        open.extend(found.iter().filter_map(|at| known.names.get(*at).copied()));
        more
    }
}

/// A hidden count, of a period by its place: one of the layout, or how many more a rung of a table holds than the one below.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Name {
    Count(usize, usize),
    Step(usize, usize, usize),
}

impl Name {
    fn figure(self) -> Option<usize> {
        match self {
            Self::Count(_, figure) => Some(figure),
            Self::Step(..) => None,
        }
    }
}

/// What one row prints under its parent.
fn row(table: &Table, counts: &[u64], cells: &[Cell]) -> Vec<Cell> {
    let of = |at: &usize| counts.get(*at).copied().unwrap_or(0);
    let children: Vec<u64> = table.children.iter().map(of).collect();
    let parent = cells.get(table.parent).copied().and_then(Cell::exact);
    match (table.kind, parent) {
        (Kind::Climbs, _) => climb(&children, of(&table.parent)),
        (Kind::AddsUp | Kind::Covers, None) => vec![Cell::Withheld; children.len()],
        (Kind::AddsUp | Kind::Covers, Some(_)) => suppress(&children).cells,
    }
}

/// Everything that is known once this period is published.
#[derive(Default)]
struct Known {
    system: System,
    /// Of each hidden count in the system, which it is.
    names: Vec<Name>,
    /// Of each relation the counts of this period of which it is printed what they are, or that they are small.
    printed: Vec<Vec<usize>>,
}

/// A count in a relation: printed, or hidden in the system.
#[derive(Clone, Copy)]
enum Term {
    Printed(u64, Option<usize>),
    /// With the count of this period that says "<5".
    Hidden(usize, Option<usize>),
}

impl Known {
    fn of(nested: &Nested, cells: &[Cell], inner: &[usize], largest: u64) -> Self {
        let mut known = Self::default();
        known.system.most = number(largest.next_power_of_two().saturating_mul(4).max(256));
        let mut periods: Vec<Vec<Term>> = Vec::new();
        for past in &nested.past {
            let terms = known.terms(periods.len(), &past.cells, false);
            known.tables(periods.len(), &nested.layout, &terms);
            known.in_time(&periods, &past.inner, &terms);
            periods.push(terms);
        }
        let terms = known.terms(periods.len(), cells, true);
        known.tables(periods.len(), &nested.layout, &terms);
        known.in_time(&periods, inner, &terms);
        known
    }

    fn terms(&mut self, period: usize, cells: &[Cell], mine: bool) -> Vec<Term> {
        let mut terms = Vec::with_capacity(cells.len());
        for (at, cell) in cells.iter().enumerate() {
            terms.push(match cell {
                Cell::Exact(count) => Term::Printed(*count, mine.then_some(at)),
                Cell::Below => {
                    let count = self.hidden(1.0, Some(number(K - 1)), Name::Count(period, at));
                    Term::Hidden(count, mine.then_some(at))
                }
                Cell::Withheld => Term::Hidden(self.hidden(0.0, None, Name::Count(period, at)), None),
            });
        }
        terms
    }

    fn hidden(&mut self, low: f64, high: Option<f64>, name: Name) -> usize {
        self.names.push(name);
        self.system.count(low, high)
    }

    fn tables(&mut self, period: usize, layout: &Layout, terms: &[Term]) {
        let term = |at: &usize| terms.get(*at).copied();
        for (at, table) in layout.tables.iter().enumerate() {
            let Some(parent) = term(&table.parent) else { continue };
            let children: Vec<Term> = table.children.iter().filter_map(term).collect();
            let minus = children.iter().map(|child| (*child, -1.0));
            match table.kind {
                Kind::AddsUp => self.relate([(parent, 1.0)].into_iter().chain(minus), Sign::Equal),
                Kind::Covers => {
                    self.relate([(parent, 1.0)].into_iter().chain(minus), Sign::AtMost);
                    for child in &children {
                        self.relate([(*child, 1.0), (parent, -1.0)], Sign::AtMost);
                    }
                }
                Kind::Climbs => {
                    let rungs = children.iter().copied().chain([parent]);
                    let mut below = Term::Printed(0, None);
                    for (step, rung) in rungs.enumerate() {
                        // How many more it contains is a count of people too.
                        if matches!((below, rung), (Term::Hidden(..), _) | (_, Term::Hidden(..))) {
                            let step = Term::Hidden(self.hidden(0.0, None, Name::Step(period, at, step)), None);
                            self.relate([(rung, 1.0), (below, -1.0), (step, -1.0)], Sign::Equal);
                        }
                        below = rung;
                    }
                }
            }
        }
    }

    fn in_time(&mut self, periods: &[Vec<Term>], inner: &[usize], terms: &[Term]) {
        if inner.is_empty() {
            return;
        }
        for (at, whole) in terms.iter().enumerate() {
            let parts = inner.iter().filter_map(|part| periods.get(*part)?.get(at));
            let minus = parts.map(|part| (*part, -1.0));
            self.relate([(*whole, 1.0)].into_iter().chain(minus), Sign::Equal);
        }
    }

    /// The sum of these against nought.
    fn relate(&mut self, terms: impl IntoIterator<Item = (Term, f64)>, sign: Sign) {
        let mut relation = Relation {
            terms: Vec::new(),
            sign,
            number: 0.0,
        };
        let mut printed = Vec::new();
        for (term, factor) in terms {
            match term {
                Term::Hidden(count, cell) => {
                    relation.terms.push((count, factor));
                    printed.extend(cell);
                }
                Term::Printed(count, cell) => {
                    relation.number -= factor * number(count);
                    printed.extend(cell);
                }
            }
        }
        if !relation.terms.is_empty() {
            self.system.relations.push(relation);
            self.printed.push(printed);
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of people are far below 2^52")]
fn number(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests;
