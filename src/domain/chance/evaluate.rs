//! Scores the model on nights that it has not seen, beside plain references on the same cases. It must not know where
//! the nights come from.
//!
//! A case: a shelter with `free` places on night t, a need of 1, 2 or 4 that fitted, an age of 1 to 7 nights; the outcome
//! is whether at least `need` were free on night t + age. A night the shelter is missing from makes no case. Cases wholly
//! before the split train, cases wholly from it on test; those across it do neither.

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate, NaiveTime};
use serde::Serialize;

use super::super::occupancy::OccupancyRow;
use super::record::NEEDS;
use super::reference::{Exponential, Table};
use super::score::{Score, Scores};
use super::{ChanceModel, History, MINUTES_PER_DAY, Record, Seen, learn};

/// Ages of cases, in nights.
const AGES: std::ops::RangeInclusive<u32> = 1..=7;

/// What was free in a shelter on a night.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Figures {
    pub free: u32,
    /// All places that were open.
    pub places: u32,
}

/// The nights of each shelter.
pub type Nights = BTreeMap<String, BTreeMap<NaiveDate, Figures>>;

/// Adds a line of a table: what was free in its rooms, more taken than open counting as none. A line that does not say who
/// slept there, or that the shelter was closed, adds nothing.
pub fn add(nights: &mut Nights, row: OccupancyRow) {
    if !row.operating {
        return;
    }
    let mut figures = Figures { free: 0, places: 0 };
    for room in &row.rooms {
        let Some(occupied) = room.occupied else { return };
        let open = u32::from(room.beds.saturating_sub(room.out_of_service));
        figures.places += open;
        figures.free += open.saturating_sub(occupied.into());
    }
    nights.entry(row.shelter.code).or_default().insert(row.night, figures);
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    #[error("no two nights of one shelter within a week before {0}: nothing to train on")]
    NothingToTrainOn(NaiveDate),
    #[error("no two nights of one shelter within a week from {0} on: nothing to test on")]
    NothingToTestOn(NaiveDate),
}

/// One question and its answer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Case {
    /// Number of the shelter, in the order of codes.
    pub shelter: usize,
    pub night: NaiveDate,
    pub figures: Figures,
    pub need: u32,
    /// In nights.
    pub age: u32,
    pub free: bool,
}

/// The account of one evaluation.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Evaluation {
    /// Nights before this one trained.
    pub train_until: NaiveDate,
    pub shelters: usize,
    pub train_cases: usize,
    pub test_cases: usize,
    /// Share of test cases in which the places were still free.
    pub base_rate: f64,
    pub model: ChanceModel,
    /// What the service does: the model as trained, each shelter's record learning on from each night up to the report.
    pub learning_on: Scores,
    /// The same with records that stand still at the split.
    pub frozen: Scores,
    pub always_free: Score,
    /// Every place is lost at one rate, the best for the training cases.
    pub exponential: Score,
    /// Shares of the training cases by shelter and margin.
    pub table: Score,
}

/// Trains on the nights before `train_until` and tests on the others.
///
/// # Errors
/// When there is no case to train on, or none to test on.
pub fn evaluate(nights: &Nights, train_until: NaiveDate) -> Result<Evaluation, Unfit> {
    let (train, test) = cases(nights, train_until);
    if train.is_empty() {
        return Err(Unfit::NothingToTrainOn(train_until));
    }
    if test.is_empty() {
        return Err(Unfit::NothingToTestOn(train_until));
    }
    let before: Vec<Vec<Seen>> = nights
        .values()
        .map(|own| {
            own.range(..train_until)
                .map(|(night, one)| seen(*night, *one))
                .collect()
        })
        .collect();
    let model = learn(before.iter().map(Vec::as_slice));
    let frozen: Vec<Record> = before.iter().map(|reports| record(&model, reports)).collect();
    let on = records(nights, &model);
    let ask = |record: &Record, case: &Case| {
        let record = record.with_places(case.figures.places);
        model.chance_free(
            &record,
            case.figures.free,
            case.need,
            f64::from(case.age) * MINUTES_PER_DAY,
        )
    };
    let unknown = Record::default();
    let score = |chance: &dyn Fn(&Case) -> f64| Score::of(test.iter().map(|case| (chance(case), case.free)));
    let (exponential, table) = (Exponential::fit(&train), Table::fit(&train));
    Ok(Evaluation {
        train_until,
        shelters: nights.len(),
        train_cases: train.len(),
        test_cases: test.len(),
        base_rate: test.iter().filter(|case| case.free).count() as f64 / test.len() as f64,
        model,
        learning_on: Scores::of(&test, |case| {
            ask(on.get(&(case.shelter, case.night)).unwrap_or(&unknown), case)
        }),
        frozen: Scores::of(&test, |case| ask(frozen.get(case.shelter).unwrap_or(&unknown), case)),
        always_free: score(&|_| 1.0),
        exponential: score(&|case| exponential.chance(case)),
        table: score(&|case| table.chance(case)),
    })
}

/// Cases wholly before the split, and wholly from it on.
fn cases(nights: &Nights, split: NaiveDate) -> (Vec<Case>, Vec<Case>) {
    let (mut train, mut test) = (Vec::new(), Vec::new());
    for (shelter, own) in nights.values().enumerate() {
        for (night, figures) in own {
            for age in AGES {
                let Some((then, later)) = night
                    .checked_add_days(Days::new(age.into()))
                    .and_then(|then| Some((then, own.get(&then)?)))
                else {
                    continue;
                };
                let to = match (*night < split, then < split) {
                    (true, true) => &mut train,
                    (false, _) => &mut test,
                    (true, false) => continue,
                };
                to.extend(NEEDS.into_iter().filter(|need| figures.free >= *need).map(|need| Case {
                    shelter,
                    night: *night,
                    figures: *figures,
                    need,
                    age,
                    free: later.free >= need,
                }));
            }
        }
    }
    (train, test)
}

fn seen(night: NaiveDate, figures: Figures) -> Seen {
    Seen {
        at: night.and_time(NaiveTime::MIN).and_utc(),
        free: figures.free,
        places: figures.places,
    }
}

fn record(model: &ChanceModel, reports: &[Seen]) -> Record {
    let mut history = History::default();
    for seen in reports {
        history.tell(model, *seen);
    }
    history.record()
}

/// What was known of each shelter once it had reported a night, and not a night more.
pub fn records(nights: &Nights, model: &ChanceModel) -> BTreeMap<(usize, NaiveDate), Record> {
    let mut known = BTreeMap::new();
    for (shelter, own) in nights.values().enumerate() {
        let mut history = History::default();
        for (night, figures) in own {
            history.tell(model, seen(*night, *figures));
            known.insert((shelter, *night), history.record());
        }
    }
    known
}
