//! The model test: random steps through the services beside a plain account of what ought to be true (`truth`), with all
//! that `DOMAIN.md` promises looked at after each step and, now and then, everything at once.
//!
//! `MODEL_STEPS` steps in all on each database (100,000 if it is not set), divided evenly among seeds, [`BESIDE`] of
//! them at a time and none longer than [`LIFE`]: looking at everything costs more the longer a world has lived, and many
//! lives find more than one long one. `MODEL_SEED` runs all of them from that one seed, as a failure printed it.

mod again;
mod cases;
pub mod goods;
mod houses;
pub mod land;
mod looks;
pub mod random;
mod sleeps;
mod travel;
mod truth;
mod waves;
pub mod world;

use std::time::Instant;

use chrono::Duration;
use panoh::domain::holds::HoldEvent;

use crate::harness::Database;
use world::World;

const BESIDE: usize = 4;
const LIFE: usize = 25_000;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| {
        text.parse()
            .unwrap_or_else(|_| panic!("{name} is not a number: {text}"))
    })
}

async fn live(database: Database, seed: u64, steps: usize) {
    let mut world = World::new(database, seed).await;
    for step in 1..=steps {
        world.trail.step = step;
        world.pass_time();
        world.step().await;
        world.look_at_some();
        if step % 10 == 0 {
            world.look_at_all();
        }
        if step % 2_500 == 0 {
            world.look_back(10).await;
        }
    }
    world.look_back(60).await;
    eprintln!(
        "{database:?} seed {seed}: {steps} steps, {} changes, {} refusals, {} referrals, {} holds, {} digests",
        world.changed,
        world.refused,
        world.truth.cases.len(),
        world.truth.stays.len(),
        world.made.len()
    );
}

impl World {
    /// Always at least a millisecond; often a minute; sometimes to the very instant of a deadline or a start, or beside it.
    fn pass_time(&mut self) {
        let now = self.now();
        let random = &mut self.random;
        let millis = match random.below(100) {
            0..=39 => 1,
            40..=94 => random.within(1, 90_000),
            95..=97 => {
                let open = self.truth.stays.iter().rev().take(200).filter(|stay| stay.is_open(now));
                let turns = open.flat_map(|stay| [Some(stay.expires_at), stay.starts_at]).flatten();
                let turns = turns.filter(|turn| *turn > now);
                let ends: Vec<i64> = turns.map(|turn| (turn - now).num_milliseconds()).collect();
                let beside = random.within(-1, 1);
                let soon = ends.into_iter().min().filter(|end| *end < 2 * 3_600_000);
                soon.map_or(1, |end| end + beside).max(1)
            }
            _ => random.within(1, 2 * 3_600_000),
        };
        self.land.services.clock.advance(Duration::milliseconds(millis));
    }

    async fn step(&mut self) {
        match self.random.below(100) {
            0..=6 => self.refer().await,
            7..=15 => self.hold().await,
            16..=18 => self.wave().await,
            19 => self.extend().await,
            20..=25 => self.move_on(HoldEvent::Accept).await,
            26 => self.move_on(HoldEvent::Decline).await,
            27..=31 => self.move_on(HoldEvent::Arrive).await,
            32 => self.move_on(HoldEvent::NoShow).await,
            33..=34 => self.move_on(HoldEvent::Release).await,
            35 => self.sweep().await,
            36..=40 => self.report().await,
            41 => self.count_stock().await,
            42 => self.close().await,
            43 => self.again().await,
            44 => self.digests().await,
            45 => self.look_at_digest().await,
            46..=48 => self.look_inside().await,
            49..=52 => self.look_at_hold().await,
            53..=54 => self.look_at_case().await,
            55..=58 => self.book_stock().await,
            59 => self.propose().await,
            60..=62 => self.travel().await,
            63..=79 => self.suggest(),
            _ => self.look_at_all(),
        }
    }
}

fn lives(database: Database, seed: u64, steps: usize) {
    actix_web::rt::System::new().block_on(live(database, seed, steps));
}

/// Each world on a database of its own, a thread taking the next seed when its last world has ended well.
fn run(database: Database) {
    let steps = usize::try_from(number("MODEL_STEPS").unwrap_or(100_000)).unwrap();
    let begun = Instant::now();
    if let Some(seed) = number("MODEL_SEED") {
        lives(database, seed, steps);
    } else {
        let worlds = steps.div_ceil(LIFE).next_multiple_of(BESIDE);
        let threads = (1..).take(BESIDE).map(|first| {
            std::thread::spawn(move || {
                for seed in (first..).step_by(BESIDE).take(worlds / BESIDE) {
                    lives(database, seed, steps / worlds);
                }
            })
        });
        let ends: Vec<_> = threads
            .collect::<Vec<_>>()
            .into_iter()
            .map(std::thread::JoinHandle::join)
            .collect();
        assert!(
            ends.iter().all(Result::is_ok),
            "see above which world differs from the model"
        );
    }
    let seconds = begun.elapsed().as_secs_f64();
    eprintln!(
        "{database:?}: {steps} steps in {seconds:.1} s, {:.0} a second",
        steps as f64 / seconds
    );
}

#[test]
fn sqlite() {
    run(Database::Sqlite);
}

#[test]
fn postgres() {
    run(Database::Postgres);
}
