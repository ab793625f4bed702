//! How good probabilities were, once the outcomes are known.

use std::collections::BTreeMap;

use serde::Serialize;

use super::evaluate::Case;

/// Probabilities are held this far from 0 and 1 for the log loss, which one certain error would make infinite.
pub const CLIP: f64 = 0.001;
/// A decile with fewer cases says nothing of calibration.
pub const CASES_OF_A_DECILE: usize = 100;

/// Both are 0 at best.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Score {
    pub cases: usize,
    /// Mean square of probability less outcome. Brier, *Monthly Weather Review* 78 (1950) 1-3.
    pub brier: f64,
    /// Mean of -ln of the probability given to what came, clipped at [`CLIP`].
    pub log_loss: f64,
}

impl Score {
    pub fn of(answers: impl Iterator<Item = (f64, bool)>) -> Self {
        let (mut cases, mut brier, mut log_loss) = (0, 0.0, 0.0);
        for (chance, free) in answers {
            let missed = chance - f64::from(u8::from(free));
            let given = if free { chance } else { 1.0 - chance };
            cases += 1;
            brier += missed * missed;
            log_loss -= given.clamp(CLIP, 1.0 - CLIP).ln();
        }
        let n = cases.max(1) as f64;
        Self {
            cases,
            brier: brier / n,
            log_loss: log_loss / n,
        }
    }
}

/// The cases to which a probability within a tenth was given.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Decile {
    /// Lower end, a multiple of 0.1.
    pub from: f64,
    pub cases: usize,
    pub mean_chance: f64,
    /// Share in which the places were still free.
    pub observed: f64,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Scores {
    #[serde(flatten)]
    pub all: Score,
    pub calibration: Vec<Decile>,
    /// The farthest that a decile with enough cases lies from what was observed, in points of a hundred.
    pub worst_decile_points: f64,
    pub by_age: BTreeMap<u32, Score>,
    pub by_need: BTreeMap<u32, Score>,
}

impl Scores {
    pub fn of(cases: &[Case], chance: impl Fn(&Case) -> f64) -> Self {
        let answers: Vec<(&Case, f64)> = cases.iter().map(|case| (case, chance(case))).collect();
        let of = |keep: &dyn Fn(&Case) -> bool| {
            let kept = answers.iter().filter(|(case, _)| keep(case));
            Score::of(kept.map(|(case, chance)| (*chance, case.free)))
        };
        let by = |key: fn(&Case) -> u32| -> BTreeMap<u32, Score> {
            let keys: std::collections::BTreeSet<u32> = cases.iter().map(key).collect();
            keys.into_iter()
                .map(|one| (one, of(&|case| key(case) == one)))
                .collect()
        };
        let calibration = calibration(&answers);
        let off = calibration
            .iter()
            .filter(|decile| decile.cases >= CASES_OF_A_DECILE)
            .map(|decile| (decile.mean_chance - decile.observed).abs() * 100.0);
        Self {
            all: of(&|_| true),
            worst_decile_points: off.fold(0.0, f64::max),
            calibration,
            by_age: by(|case| case.age),
            by_need: by(|case| case.need),
        }
    }
}

fn calibration(answers: &[(&Case, f64)]) -> Vec<Decile> {
    (0..10u32)
        .filter_map(|tenth| {
            let inside = answers
                .iter()
                .filter(|(_, chance)| ((chance * 10.0).floor() as u32).min(9) == tenth);
            let (mut cases, mut sum, mut free) = (0, 0.0, 0.0);
            for (case, chance) in inside {
                cases += 1;
                sum += chance;
                free += f64::from(u8::from(case.free));
            }
            (cases > 0).then(|| Decile {
                from: f64::from(tenth) / 10.0,
                cases,
                mean_chance: sum / cases as f64,
                observed: free / cases as f64,
            })
        })
        .collect()
}
