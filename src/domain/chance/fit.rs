//! Learns what shelters have in common from the reports of many: the most probable model and offsets together, each case
//! weighing what it weighs in a record. It must not know where the reports come from.
//!
//! The posterior of a logistic regression with normal priors has one summit, and Newton's method climbs it. Offsets meet
//! each other only through the model, so a step solves five equations, however many shelters there are.

use super::record::{CASE_WEIGHT, Case, FAR, History, Seen, VARIANCE};
use super::{ChanceModel, still_free};

/// Standard deviation of each of the five figures around the planning figures: so wide that a few weeks of reports
/// outweigh it, while a country with hardly any keeps its feet.
const PRIOR_SPREAD: f64 = 2.0;
/// Several times what it takes to settle.
const STEPS: usize = 25;
/// A step that moves no figure of the model by more than this is the last.
const SETTLED: f64 = 1e-7;
/// More cases than this cost time and teach nothing; then every second, third ... shelter is left out.
const ENOUGH_CASES: usize = 400_000;

const FIGURES: usize = 5;
type Vector = [f64; FIGURES];
type Matrix = [Vector; FIGURES];

/// Learns the model from the reports of each shelter, oldest first. Without any case it is the default.
#[must_use]
pub fn learn<'a>(shelters: impl Iterator<Item = &'a [Seen]>) -> ChanceModel {
    let shelters: Vec<&[Seen]> = shelters.collect();
    let most: usize = shelters.iter().map(|reports| History::most_cases(reports.len())).sum();
    let every = most.div_ceil(ENOUGH_CASES).max(1);
    let mut groups: Vec<Group> = shelters.into_iter().step_by(every).map(Group::new).collect();
    let mut model = ChanceModel::default();
    for _ in 0..STEPS {
        let (next, moved) = step(&model, &mut groups);
        model = next;
        if moved < SETTLED {
            break;
        }
    }
    model
}

/// The cases of one shelter and its offset so far.
struct Group {
    cases: Vec<Case>,
    offset: f64,
}

impl Group {
    fn new(reports: &[Seen]) -> Self {
        let (mut history, mut cases) = (History::default(), Vec::new());
        for seen in reports {
            history.settle(*seen, &mut cases);
        }
        Self { cases, offset: 0.0 }
    }
}

/// Slope and curvature of the logarithm of the posterior around one point.
#[derive(Clone, Copy)]
struct Hill {
    slope: Vector,
    curve: Matrix,
}

/// The same for the offset of one shelter, and how it hangs together with the model.
struct Own {
    slope: f64,
    curve: f64,
    cross: Vector,
}

/// One Newton step for the model and all offsets, and the farthest that a figure of the model moved.
fn step(model: &ChanceModel, groups: &mut [Group]) -> (ChanceModel, f64) {
    let mut hill = prior(model);
    let own: Vec<Own> = groups.iter().map(|group| weigh(model, group, &mut hill)).collect();
    // What is left for the model once each offset follows it.
    for one in &own {
        add(&mut hill.slope, &one.cross, -one.slope / one.curve);
        add_square(&mut hill.curve, &one.cross, -1.0 / one.curve);
    }
    let by = solve(&hill.curve, hill.slope);
    for (group, one) in groups.iter_mut().zip(&own) {
        let move_by = (one.slope - dot(&one.cross, &by)) / one.curve;
        group.offset = (group.offset + move_by).clamp(-FAR, FAR);
    }
    let mut figures = model.figures();
    add(&mut figures, &by, 1.0);
    (
        ChanceModel::of(figures),
        by.iter().fold(0.0, |most: f64, one| most.max(one.abs())),
    )
}

fn prior(model: &ChanceModel) -> Hill {
    let precision = 1.0 / (PRIOR_SPREAD * PRIOR_SPREAD);
    let mut slope = ChanceModel::default().figures();
    add(&mut slope, &model.figures(), -1.0);
    let mut curve = Matrix::default();
    for (at, row) in curve.iter_mut().enumerate() {
        if let Some(own) = row.get_mut(at) {
            *own = precision;
        }
    }
    Hill {
        slope: slope.map(|away| away * precision),
        curve,
    }
}

/// Adds a shelter's cases to the hill and returns its own part.
fn weigh(model: &ChanceModel, group: &Group, hill: &mut Hill) -> Own {
    let mut own = Own {
        slope: -group.offset / VARIANCE,
        curve: 1.0 / VARIANCE,
        cross: Vector::default(),
    };
    for case in &group.cases {
        let chance = still_free(model.fixed(case) + group.offset);
        let slope = CASE_WEIGHT * (f64::from(u8::from(case.free)) - chance);
        let curve = CASE_WEIGHT * chance * (1.0 - chance);
        let inputs = inputs(case);
        own.slope += slope;
        own.curve += curve;
        add(&mut own.cross, &inputs, curve);
        add(&mut hill.slope, &inputs, slope);
        add_square(&mut hill.curve, &inputs, curve);
    }
    own
}

/// What each figure of the model is multiplied by.
fn inputs(case: &Case) -> Vector {
    let beyond_a_day = case.ln_days.max(0.0);
    [1.0, case.ln_spare, -beyond_a_day, -case.ln_need, -case.ln_places]
}

impl ChanceModel {
    fn figures(&self) -> Vector {
        [self.base, self.spare, self.age, self.need, self.places]
    }

    /// Figures that would turn the order of chances around are held at 0.
    fn of([base, spare, age, need, places]: Vector) -> Self {
        Self {
            base,
            spare: spare.max(0.0),
            age: age.max(0.0),
            need: need.max(0.0),
            places,
        }
    }
}

fn dot(a: &Vector, b: &Vector) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn add(to: &mut Vector, what: &Vector, times: f64) {
    for (to, what) in to.iter_mut().zip(what) {
        *to += times * what;
    }
}

fn add_square(to: &mut Matrix, what: &Vector, times: f64) {
    for (row, one) in to.iter_mut().zip(what) {
        add(row, what, times * one);
    }
}

/// Solves `curve * x = slope` by conjugate gradients, which are exact after as many steps as there are figures; twice as
/// many make up for rounding.
fn solve(curve: &Matrix, slope: Vector) -> Vector {
    let (mut x, mut left, mut way) = (Vector::default(), slope, slope);
    let mut size = dot(&left, &left);
    for _ in 0..2 * FIGURES {
        let bent = curve.each_ref().map(|row| dot(row, &way));
        let steep = dot(&way, &bent);
        if size <= f64::MIN_POSITIVE || steep <= f64::MIN_POSITIVE {
            break;
        }
        let by = size / steep;
        add(&mut x, &way, by);
        add(&mut left, &bent, -by);
        let next = dot(&left, &left);
        let mut turned = left;
        add(&mut turned, &way, next / size);
        (way, size) = (turned, next);
    }
    x
}
