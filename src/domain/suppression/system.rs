//! What can be told of hidden counts from linear relations: the bounds of each, by linear programming. It must not know
//! what the counts are, nor how they came to be hidden.

use std::collections::BTreeSet;

use good_lp::{Expression, ProblemVariables, Solution, SolverModel, Variable, constraint, microlp, variable};

use super::K;

/// A hidden count is open if it may lie anywhere in a range of this width: three values at least.
const OPEN: f64 = 2.0;
/// How often many counts are moved at once before each is looked at by itself.
const TOGETHER: usize = 8;
/// What the solver may be wrong by.
const SLACK: f64 = 1e-6;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sign {
    Equal,
    AtMost,
}

/// Hidden counts, each times its factor, together against a number.
#[derive(Debug, Clone)]
pub struct Relation {
    pub terms: Vec<(usize, f64)>,
    pub sign: Sign,
    pub number: f64,
}

/// Hidden counts with what is known of each by itself, and what is known of several together.
#[derive(Debug, Clone, Default)]
pub struct System {
    /// More people than are counted anywhere. The solver's numbers are the better the smaller it is.
    pub most: f64,
    /// Lowest and highest; no highest if it is open.
    pub counts: Vec<(f64, Option<f64>)>,
    pub relations: Vec<Relation>,
}

/// Hidden counts that hang together, and the relations between them.
#[derive(Debug, Clone, Default)]
pub struct Part {
    pub counts: Vec<usize>,
    pub relations: Vec<usize>,
}

impl System {
    pub fn count(&mut self, low: f64, high: Option<f64>) -> usize {
        self.counts.push((low, high));
        self.counts.len() - 1
    }

    /// The parts that have nothing to do with each other. Counts in no relation are in none.
    pub fn parts(&self) -> Vec<Part> {
        let mut root: Vec<usize> = (0..self.counts.len()).collect();
        for relation in &self.relations {
            let mut terms = relation.terms.iter().map(|(count, _)| *count);
            let Some(first) = terms.next() else { continue };
            for other in terms {
                let (a, b) = (find(&root, first), find(&root, other));
                if let Some(slot) = root.get_mut(a.max(b)) {
                    *slot = a.min(b);
                }
            }
        }
        let mut parts: Vec<Part> = vec![Part::default(); self.counts.len()];
        for (at, relation) in self.relations.iter().enumerate() {
            if let Some((first, _)) = relation.terms.first()
                && let Some(part) = parts.get_mut(find(&root, *first))
            {
                part.relations.push(at);
            }
        }
        for count in 0..self.counts.len() {
            if let Some(part) = parts.get_mut(find(&root, count)) {
                part.counts.push(count);
            }
        }
        parts.retain(|part| !part.relations.is_empty());
        parts
    }

    /// The counts of a part that can be told to be small, or nearly; all of them if no numbers are like this, or the solver
    /// is at a loss: then nothing is proved.
    ///
    /// `open` are those that are known to be open, and all that are found to be.
    pub fn told(&self, part: &Part, open: &mut BTreeSet<usize>) -> Vec<usize> {
        let Some((seen, told)) = self.look(part, open) else {
            return part.counts.clone();
        };
        let found = part.counts.iter().enumerate().filter(|(at, _)| seen.is_open(*at));
        open.extend(found.map(|(_, count)| *count));
        told
    }

    fn look(&self, part: &Part, open: &BTreeSet<usize>) -> Option<(Seen, Vec<usize>)> {
        let begin = |count: &usize| match open.contains(count) {
            true => (0.0, f64::INFINITY),
            false => (f64::INFINITY, f64::NEG_INFINITY),
        };
        let mut seen = Seen(part.counts.iter().map(begin).collect());
        // Most are found open by looking at many at once.
        for bit in 0..TOGETHER {
            let sign = |at: usize| if at >> (bit / 2) & 1 == bit & 1 { 1.0 } else { -1.0 };
            let aim: Vec<f64> = (0..part.counts.len())
                .map(|at| if seen.is_open(at) { 0.0 } else { sign(at) })
                .collect();
            if aim.iter().all(|one| *one == 0.0) {
                return Some((seen, Vec::new()));
            }
            seen.add(&self.furthest(part, &aim)?);
        }
        let mut told = Vec::new();
        for at in 0..part.counts.len() {
            for sign in [1.0, -1.0] {
                if seen.is_open(at) {
                    break;
                }
                let aim: Vec<f64> = (0..part.counts.len())
                    .map(|other| if other == at { sign } else { 0.0 })
                    .collect();
                seen.add(&self.furthest(part, &aim)?);
            }
            if !seen.is_open(at) && seen.may_be_small(at) {
                told.extend(part.counts.get(at));
            }
        }
        Some((seen, told))
    }

    /// Values of the whole part with which its counts, each times its weight, are as much as can be.
    fn furthest(&self, part: &Part, weights: &[f64]) -> Option<Vec<f64>> {
        let mut problem = ProblemVariables::new();
        let bounds = part.counts.iter().filter_map(|count| self.counts.get(*count));
        let variables: Vec<Variable> = bounds
            .map(|(low, high)| problem.add(variable().min(*low).max(high.unwrap_or(self.most))))
            .collect();
        let mut aim = Expression::from(0.0);
        for (one, weight) in variables.iter().zip(weights).filter(|(_, weight)| **weight != 0.0) {
            aim.add_mul(*weight, *one);
        }
        let mut model = problem.maximise(aim).using(microlp);
        for relation in part.relations.iter().filter_map(|at| self.relations.get(*at)) {
            let mut sum = Expression::from(0.0);
            for (count, factor) in &relation.terms {
                let place = part.counts.binary_search(count).ok()?;
                sum.add_mul(*factor, *variables.get(place)?);
            }
            model = model.with(match relation.sign {
                Sign::Equal => constraint!(sum == relation.number),
                Sign::AtMost => constraint!(sum <= relation.number),
            });
        }
        let solution = model.solve().ok()?;
        Some(variables.iter().map(|one| solution.value(*one)).collect())
    }
}

/// Lowest and highest value that each count of a part has been seen with.
struct Seen(Vec<(f64, f64)>);

impl Seen {
    fn add(&mut self, found: &[f64]) {
        for ((low, high), value) in self.0.iter_mut().zip(found) {
            *low = low.min(*value);
            *high = high.max(*value);
        }
    }

    fn is_open(&self, at: usize) -> bool {
        self.0.get(at).is_some_and(|(low, high)| high - low >= OPEN - SLACK)
    }

    #[expect(clippy::cast_precision_loss, reason = "five")]
    fn may_be_small(&self, at: usize) -> bool {
        let (low, high) = self.0.get(at).copied().unwrap_or_default();
        high >= 1.0 - SLACK && low <= (K - 1) as f64 + SLACK
    }
}

fn find(root: &[usize], mut at: usize) -> usize {
    while let Some(up) = root.get(at).copied().filter(|up| *up != at) {
        at = up;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    fn adds_up(terms: &[usize], number: f64) -> Relation {
        Relation {
            terms: terms.iter().map(|count| (*count, 1.0)).collect(),
            sign: Sign::Equal,
            number,
        }
    }

    #[test]
    fn a_small_count_that_is_told_is_found() {
        let mut system = System {
            most: 1000.0,
            ..System::default()
        };
        let (a, b, c) = (
            system.count(0.0, None),
            system.count(0.0, None),
            system.count(1.0, Some(4.0)),
        );
        system.relations.push(adds_up(&[a, b], 9.0));
        assert_eq!(system.parts().len(), 1, "one count is in no relation");
        assert!(system.told(&system.parts()[0], &mut BTreeSet::new()).is_empty());
        system.relations.push(adds_up(&[a, c], 5.0));
        assert!(
            system.told(&system.parts()[0], &mut BTreeSet::new()).is_empty(),
            "a is 1 to 4"
        );
        system.relations.push(adds_up(&[b, c], 8.0));
        assert_eq!(
            system.told(&system.parts()[0], &mut BTreeSet::new()),
            [a, c],
            "a is 3, c is 2"
        );
    }

    #[test]
    fn a_large_count_may_be_told() {
        let mut system = System {
            most: 1000.0,
            ..System::default()
        };
        let a = system.count(0.0, None);
        system.relations.push(adds_up(&[a], 7.0));
        assert!(system.told(&system.parts()[0], &mut BTreeSet::new()).is_empty());
        system.relations.push(Relation {
            sign: Sign::AtMost,
            ..adds_up(&[a], 6.0)
        });
        assert_eq!(
            system.told(&system.parts()[0], &mut BTreeSet::new()),
            [a],
            "no number is both"
        );
    }
}
