//! How near learned use comes to the truth on invented histories, beside simpler ways: the planning figure alone, the
//! last span alone, the plain mean over all spans. It must not know how anything is printed.

use serde::Serialize;

use super::super::demo::random::Random;
use super::super::simulation::statistics::{mean, quantile};
use super::learn::learn;
use super::worlds::{Story, World, story};

pub use super::worlds::WORLDS;

/// The histories of one world, and how well each way did.
#[derive(Debug, Clone, Serialize)]
pub struct Tried {
    #[serde(flatten)]
    pub world: World,
    pub histories: usize,
    /// Spans between two counts, on average.
    pub spans: f64,
    pub learned: Error,
    pub planning_figure: Error,
    pub last_span: Error,
    pub plain_mean: Error,
    /// Share of histories in which the truth lies within the 90 % interval.
    pub covered: f64,
    /// The interval's upper end over its lower one, in half of the histories at most.
    pub width: f64,
}

/// How far from the truth, as a share of it.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Error {
    pub mean: f64,
    pub median: f64,
    /// Nine in ten are no farther off.
    pub ninth_decile: f64,
}

impl Error {
    fn of(mut off: Vec<f64>) -> Self {
        Self {
            mean: mean(off.iter().copied()),
            median: quantile(&mut off, 0.5),
            ninth_decile: quantile(&mut off, 0.9),
        }
    }
}

/// Draws `histories` of a world and learns from each.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "rates are far below 2^53")]
pub fn try_out(world: World, histories: usize, seed: u64) -> Tried {
    let mut ways: [Vec<f64>; 4] = Default::default();
    let (mut covered, mut widths, mut spans) = (0_usize, Vec::new(), 0);
    for at in 0..histories {
        let story = story(&world, &mut Random::new(seed, at as u64));
        spans += story.course.spans();
        let learned = learn(&story.course, Some(story.figure * 1e6), story.now);
        let (rate, low, high) = learned.map_or((story.figure, 0.0, f64::INFINITY), |learned| {
            (
                learned.rate as f64 / 1e6,
                learned.low as f64 / 1e6,
                learned.high as f64 / 1e6,
            )
        });
        covered += usize::from((low..=high).contains(&story.truth));
        widths.push(high / low);
        let said = [rate, story.figure, last_span(&story), plain_mean(&story)];
        for (way, rate) in ways.iter_mut().zip(said) {
            way.push((rate - story.truth).abs() / story.truth);
        }
    }
    let [learned, figure, last, all] = ways.map(Error::of);
    Tried {
        world,
        histories,
        spans: spans as f64 / histories.max(1) as f64,
        learned,
        planning_figure: figure,
        last_span: last,
        plain_mean: all,
        covered: covered as f64 / histories.max(1) as f64,
        width: quantile(&mut widths, 0.5),
    }
}

/// Use of the last span over its nights; the figure where there is none.
fn last_span(story: &Story) -> f64 {
    let last = story.course.steps().rfind(|step| step.1 > 0.0);
    last.map_or(story.figure, |(used, nights)| used.max(0.0) / nights)
}

fn plain_mean(story: &Story) -> f64 {
    let (used, nights) = story
        .course
        .steps()
        .fold((0.0, 0.0), |sum, step| (sum.0 + step.0, sum.1 + step.1));
    if nights > 0.0 {
        used.max(0.0) / nights
    } else {
        story.figure
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn learned_use_is_nearer_than_the_simpler_ways_where_things_go_wrong() {
        for world in WORLDS {
            let tried = try_out(world, 60, 7);
            let simple = [tried.planning_figure, tried.last_span].map(|error| error.mean);
            assert!(simple.iter().all(|simple| tried.learned.mean < *simple), "{tried:?}");
            if world.wrong + world.unwritten > 0.0 {
                assert!(tried.learned.mean < tried.plain_mean.mean, "{tried:?}");
            }
            assert!(tried.covered > 0.7, "{tried:?}");
        }
    }

    #[test]
    fn the_same_seed_draws_the_same_histories() {
        let error = |seed| try_out(WORLDS[5], 5, seed).learned.mean;
        assert!((error(3) - error(3)).abs() < f64::EPSILON);
        assert!((error(3) - error(4)).abs() > f64::EPSILON);
    }
}
