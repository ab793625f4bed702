//! What a chance may never do, whatever was learned.

mod nights;

use chrono::{DateTime, TimeDelta};
use proptest::prelude::*;

use super::super::id::Moment;
use super::*;

fn at(minutes: i64) -> Moment {
    DateTime::UNIX_EPOCH + TimeDelta::minutes(minutes)
}

/// Reports at any distance, in any order of size.
fn reports() -> impl Strategy<Value = Vec<Seen>> {
    let one = (-100i64..5000, 0u32..50, 0u32..500);
    proptest::collection::vec(one, 0..40).prop_map(|steps| {
        let mut now = 0;
        let mut told = Vec::new();
        for (gap, free, places) in steps {
            now += gap;
            told.push(Seen {
                at: at(now),
                free,
                places,
            });
        }
        told
    })
}

/// A model and a record that learned from something.
fn learned() -> impl Strategy<Value = (ChanceModel, Record)> {
    proptest::collection::vec(reports(), 1..5).prop_map(|shelters| {
        let model = learn(shelters.iter().map(Vec::as_slice));
        let mut history = History::default();
        for seen in shelters.iter().flatten() {
            history.tell(&model, *seen);
        }
        (model, history.record())
    })
}

#[test]
fn nothing_known_is_the_planning_figure() {
    let (model, record) = (ChanceModel::default(), Record::default());
    let chance = |free, need, days: f64| model.chance_free(&record, free, need, days * MINUTES_PER_DAY);
    assert!((chance(1, 1, 1.0) - 0.6).abs() < 0.01);
    assert!((chance(1, 1, 1e-3) - 0.999).abs() < 0.001);
    assert!(chance(5, 1, 1.0) > 0.85 && chance(1, 1, 7.0) < 0.4);
    assert_eq!(learn(std::iter::empty()), model);
}

#[test]
fn a_shelter_that_never_fills_is_trusted_and_one_that_always_does_is_not() {
    let model = ChanceModel::default();
    let after = |later: fn(i64) -> u32| {
        let mut history = History::default();
        for night in 0..30 {
            history.tell(
                &model,
                Seen {
                    at: at(night * 1440),
                    free: later(night),
                    places: 20,
                },
            );
        }
        model.chance_free(&history.record(), 1, 1, 2.0 * MINUTES_PER_DAY)
    };
    let (steady, filling) = (after(|_| 1), after(|night| u32::from(night % 5 == 0)));
    assert!(steady > 0.8 && filling < 0.3, "{steady} {filling}");
    assert!(!model.needs_confirmation(Freshness::Fresh, steady) && model.needs_confirmation(Freshness::Fresh, filling));
    assert!(
        model.needs_confirmation(Freshness::Stale, 1.0) && !model.needs_confirmation(Freshness::Aging, CONFIRM_BELOW)
    );
}

proptest! {
    #[test]
    fn a_chance_moves_the_right_way(
        (model, record) in learned(),
        free in 0u32..300, need in 1u32..300, more in 0u32..100, age in 0.0f64..100_000.0, older in 0.0f64..100_000.0,
    ) {
        let chance = |free, need, age| model.chance_free(&record, free, need, age);
        let now = chance(free, need, age);
        prop_assert!((0.0..=1.0).contains(&now));
        prop_assert!(chance(free + more, need, age) >= now - 1e-12);
        prop_assert!(chance(free, need + more, age) <= now + 1e-12);
        prop_assert!(chance(free, need, age + older) <= now + 1e-12);
        prop_assert_eq!(chance(free, need, 0.0), f64::from(u8::from(free >= need)));
    }

    #[test]
    fn absurd_figures_stay_chances(
        (model, record) in learned(), free: u32, need: u32, places: u32,
        age in prop_oneof![any::<f64>(), Just(f64::NAN), Just(f64::INFINITY), Just(f64::MIN), Just(f64::MAX)],
    ) {
        let chance = model.chance_free(&record.with_places(places), free, need, age);
        prop_assert!((0.0..=1.0).contains(&chance), "{chance}");
    }
}
