//! How many shelters to ask at once, and how long to wait for an answer.
//!
//! Shelter i answers within t minutes with probability `1 − exp(−t / mᵢ)` (mᵢ: its expected answering time) and accepts,
//! once it answers, with probability `pᵢ` (the chance that its place is still free), each by itself. That nobody of the
//! first k has accepted by t:
//!
//! ```text
//! S(t) = Π (1 − pᵢ (1 − exp(−t / mᵢ)))
//! J(k, T) = ∫₀ᵀ S(t) dt  +  S(T) · failed  +  k · interruption
//! ```
//!
//! `J` is the expected minutes of waiting, those lost when the wave comes to nothing, and the price of interrupting k
//! shelters. A refusal counts as silence: it is known earlier, so what really happens is a little better than `J`.
//!
//! k is the least that minimises `J(k, typical)`: for one and the same T each further shelter is worth less the surer the
//! earlier ones are, so a surer first choice never asks for more shelters, and a costlier interruption neither. (With T
//! chosen anew for each k that would not hold; a test shows that it would gain next to nothing.) T is then the best for this k: the rate of acceptance, −S′/S, only falls,
//! so `J` falls until the rate is below `1 / failed` and rises from there on.
//! It must not know shelters, or who asks them.

use super::escalation::patience;
use super::household::Urgency;

/// Most shelters asked at once.
pub const MOST_SHELTERS: u8 = 5;

/// Minutes.
const TYPICAL_WAIT: u16 = 100;

/// A shelter that might be asked.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Prospect {
    /// 0.0..=1.0: that it accepts when it answers.
    pub chance: f64,
    /// Expected minutes to its answer.
    pub answer_minutes: f64,
}

/// What weighs against what, in minutes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Costs {
    /// Of interrupting one shelter.
    pub interruption: f64,
    /// Of a wave in which nobody accepts: asking again.
    pub failed: f64,
    /// The shortest and the longest time to wait.
    pub shortest: u16,
    pub longest: u16,
}

impl Costs {
    /// Planning figures: an interruption weighs as ten minutes of hers when a place is wanted now, and more the less it
    /// presses; a failed wave loses three hours, as a failed try does in the ranking.
    pub fn of(urgency: Urgency) -> Self {
        let times = patience(urgency);
        Self {
            interruption: 10.0 * f64::from(times),
            failed: 180.0,
            shortest: 15 * times,
            longest: 60 * times,
        }
    }

    /// The wait for which numbers of shelters are compared: near the best one for usual chances and answering times.
    fn typical(&self) -> u16 {
        TYPICAL_WAIT.min(self.longest).max(self.shortest)
    }
}

/// What is advised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Advice {
    /// 1 to [`MOST_SHELTERS`].
    pub size: u8,
    /// How long they have to answer.
    pub ask_minutes: u16,
}

/// The advice for these shelters, best first; of more than [`MOST_SHELTERS`] the rest is not looked at. `None` for none.
pub fn advise(prospects: &[Prospect], costs: &Costs) -> Option<Advice> {
    let all: Vec<Prospect> = prospects.iter().copied().map(sane).collect();
    let sizes = (1..=MOST_SHELTERS).zip(1..=all.len());
    let worth = sizes.filter_map(|(size, n)| {
        let asked = all.get(..n)?;
        Some((size, asked, expected(asked, costs.typical(), costs)))
    });
    // The first of equals: nobody is interrupted for nothing.
    let (size, asked, _) = worth.min_by(|a, b| a.2.total_cmp(&b.2))?;
    Some(Advice {
        size,
        ask_minutes: best_wait(asked, costs),
    })
}

/// The best time to wait for exactly these shelters.
pub fn wait_for(asked: &[Prospect], costs: &Costs) -> u16 {
    let asked: Vec<Prospect> = asked.iter().copied().map(sane).collect();
    best_wait(&asked, costs)
}

/// Figures the model can work with: a chance that is one, a time that passes.
fn sane(prospect: Prospect) -> Prospect {
    let or = |x: f64, least: f64| if x.is_nan() { least } else { x };
    Prospect {
        chance: or(prospect.chance, 0.0).clamp(0.0, 1.0),
        answer_minutes: or(prospect.answer_minutes, 1.0).clamp(1.0, 100_000.0),
    }
}

/// `J` of the head of this file, in minutes.
fn expected(asked: &[Prospect], wait: u16, costs: &Costs) -> f64 {
    let wait = f64::from(wait);
    // At most `MOST_SHELTERS`.
    let interruptions = asked.len() as f64 * costs.interruption;
    waited(asked, 0.0, 1.0, wait) + unanswered(asked, wait) * costs.failed + interruptions
}

/// `S(t)`.
fn unanswered(asked: &[Prospect], t: f64) -> f64 {
    let one = |p: &Prospect| 1.0 - p.chance * (1.0 - (-t / p.answer_minutes).exp());
    asked.iter().map(one).product()
}

/// `∫₀ᵀ S`, multiplied out: each factor `1 − p + p·exp(−t/m)` is either constant or decays, 2⁵ terms at most. `rate` and
/// `weight` are those of the factors already decided.
fn waited(asked: &[Prospect], rate: f64, weight: f64, wait: f64) -> f64 {
    match asked.split_first() {
        None if rate > 0.0 => weight * (1.0 - (-rate * wait).exp()) / rate,
        None => weight * wait,
        Some((first, rest)) => {
            waited(rest, rate, weight * (1.0 - first.chance), wait)
                + waited(rest, rate + 1.0 / first.answer_minutes, weight * first.chance, wait)
        }
    }
}

/// `−S′(t) / S(t)`: acceptances per minute while nobody has accepted yet.
fn rate(asked: &[Prospect], t: f64) -> f64 {
    let one = |p: &Prospect| {
        let open = p.chance * (-t / p.answer_minutes).exp();
        // Nothing is left to wait for: nobody accepts later who would accept surely by now.
        let unanswered = 1.0 - p.chance + open;
        if unanswered > 0.0 {
            open / unanswered / p.answer_minutes
        } else {
            0.0
        }
    };
    asked.iter().map(one).sum()
}

/// The whole minute within the range at which `J` is least; the shorter of equals.
fn best_wait(asked: &[Prospect], costs: &Costs) -> u16 {
    let worth = 1.0 / costs.failed.max(1.0);
    let (mut low, mut high) = (costs.shortest, costs.longest.max(costs.shortest));
    // The first whole minute from which on waiting is not worth while, then the better of it and the one before.
    while low < high {
        let middle = low + (high - low) / 2;
        if rate(asked, f64::from(middle)) > worth {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    let before = low.saturating_sub(1).max(costs.shortest);
    if expected(asked, before, costs) <= expected(asked, low, costs) {
        before
    } else {
        low
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn prospect(chance: f64, answer_minutes: f64) -> Prospect {
        Prospect { chance, answer_minutes }
    }

    fn prospects() -> impl Strategy<Value = Vec<Prospect>> {
        prop::collection::vec((0.0f64..=1.0, 1.0f64..200.0).prop_map(|(p, m)| prospect(p, m)), 1..7)
    }

    fn urgencies() -> impl Strategy<Value = Costs> {
        use Urgency::{Now, Planned, ThisWeek, Today};
        prop::sample::select(vec![Now, Today, ThisWeek, Planned]).prop_map(Costs::of)
    }

    /// `J` by adding up slices of time, without a formula.
    fn by_slices(asked: &[Prospect], wait: u16, costs: &Costs) -> f64 {
        const SLICES: u32 = 4_000;
        let (width, mut sum) = (f64::from(wait) / f64::from(SLICES), 0.0);
        let nobody = |t: f64| {
            let mut product = 1.0;
            for p in asked {
                product *= 1.0 - p.chance * (1.0 - (-t / p.answer_minutes).exp());
            }
            product
        };
        for slice in 0..SLICES {
            sum += nobody((f64::from(slice) + 0.5) * width) * width;
        }
        sum + nobody(f64::from(wait)) * costs.failed + asked.len() as f64 * costs.interruption
    }

    #[test]
    fn one_that_is_sure_is_asked_alone_and_doubtful_ones_together() {
        let now = Costs::of(Urgency::Now);
        assert_eq!(advise(&[], &now), None);
        let sure = advise(&[prospect(0.99, 5.0); 5], &now).unwrap();
        assert_eq!(sure.size, 1);
        let doubtful = advise(&[prospect(0.4, 25.0); 7], &now).unwrap();
        assert_eq!(doubtful.size, 5);
        assert!((15..=60).contains(&doubtful.ask_minutes));
        // What does not press interrupts nobody but the first.
        let planned = advise(&[prospect(0.4, 25.0); 5], &Costs::of(Urgency::Planned)).unwrap();
        assert_eq!(
            planned,
            Advice {
                size: 1,
                ask_minutes: 360
            }
        );
        let odd = [
            prospect(f64::NAN, f64::NAN),
            prospect(-1.0, f64::INFINITY),
            prospect(9.0, -4.0),
        ];
        assert!(advise(&odd, &now).is_some());
    }

    /// Against the best of every pair of k and T, on average over shelters as they are.
    #[test]
    fn choosing_the_number_first_costs_less_than_half_a_percent() {
        use Urgency::{Now, Planned, ThisWeek, Today};
        for costs in [Now, Today, ThisWeek, Planned].map(Costs::of) {
            let (mut ours, mut best) = (0.0, 0.0);
            for case in 0..200u32 {
                let at = |n: u32, of: u32| f64::from((case * 7 + n * 13) * of % 97) / 97.0;
                let all: Vec<Prospect> = (1..=5)
                    .map(|n| prospect(0.2 + 0.78 * at(n, 31), 5.0 + 55.0 * at(n, 17)))
                    .collect();
                let advice = advise(&all, &costs).unwrap();
                ours += expected(&all[..usize::from(advice.size)], advice.ask_minutes, &costs);
                let each = (1..=5).map(|n| expected(&all[..n], best_wait(&all[..n], &costs), &costs));
                best += each.fold(f64::INFINITY, f64::min);
            }
            assert!(ours <= best * 1.005, "{costs:?}: {ours} against {best}");
        }
    }

    proptest! {
        #[test]
        fn the_formula_is_the_sum_over_time(asked in prospects(), wait in 1u16..1_440, costs in urgencies()) {
            let asked = &asked[..asked.len().min(5)];
            let (fast, slow) = (expected(asked, wait, &costs), by_slices(asked, wait, &costs));
            prop_assert!((fast - slow).abs() < 1e-3 * slow + 0.05, "{fast} {slow}");
        }

        #[test]
        fn no_other_number_and_no_other_minute_is_better(all in prospects(), costs in urgencies()) {
            let advice = advise(&all, &costs).unwrap();
            let size = usize::from(advice.size);
            for n in 1..=all.len().min(5) {
                let worth = |n: usize| expected(&all[..n], costs.typical(), &costs);
                let (this, that) = (worth(size), worth(n));
                prop_assert!(this <= that && (this < that || size <= n));
            }
            let best = expected(&all[..size], advice.ask_minutes, &costs);
            for wait in costs.shortest..=costs.longest {
                prop_assert!(best <= expected(&all[..size], wait, &costs) + 1e-6, "{advice:?} or {wait}");
            }
        }

        #[test]
        fn a_surer_first_choice_never_asks_more(all in prospects(), surer in 0.0f64..=1.0, costs in urgencies()) {
            let mut better = all.clone();
            better[0].chance += (1.0 - better[0].chance) * surer;
            prop_assert!(advise(&better, &costs).unwrap().size <= advise(&all, &costs).unwrap().size);
        }

        #[test]
        fn a_costlier_interruption_never_asks_more(all in prospects(), more in 0.0f64..500.0, costs in urgencies()) {
            let dear = Costs { interruption: costs.interruption + more, ..costs };
            prop_assert!(advise(&all, &dear).unwrap().size <= advise(&all, &costs).unwrap().size);
        }

        #[test]
        fn surer_places_are_waited_for_longer(all in prospects(), surer in 0.0f64..=1.0, costs in urgencies()) {
            let asked = &all[..all.len().min(5)];
            let better: Vec<Prospect> =
                asked.iter().map(|p| prospect(p.chance + (1.0 - p.chance) * surer, p.answer_minutes)).collect();
            prop_assert!(wait_for(&better, &costs) + 1 >= wait_for(asked, &costs));
        }
    }
}
