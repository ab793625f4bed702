//! Counts of people in a digest: none under five is said or can be worked out from what is said. What must be hidden is
//! decided in `suppression`, as for screens and files; here the hidden reasons become one line with their sum.

use super::content::{Count, Unmet, UnmetLine};
use super::input::UnmetInput;
use crate::domain::suppression::{Cell, K, suppress};

/// Counts of people from one up to below this are masked.
pub const SMALLEST_COUNT: u64 = K;

/// A count that stands in no table: nought and the large ones as they are.
pub(super) fn mask(count: u64) -> Count {
    match Cell::alone(count) {
        Cell::Exact(exact) => Count::Exact(exact),
        Cell::Below | Cell::Withheld => Count::Below(SMALLEST_COUNT),
    }
}

pub(super) fn unmet(input: &UnmetInput) -> Unmet {
    let referrals = mask(input.referrals);
    let (reasons, joined) = match referrals {
        Count::Below(_) => (Vec::new(), None),
        Count::Exact(_) => split(&input.reasons),
    };
    Unmet {
        from: input.from,
        to: input.to,
        referrals,
        reasons,
        joined,
    }
}

/// The reasons shown apart, most frequent first, and the sum of the others where it tells nothing of its parts.
fn split(reasons: &[(String, u64)]) -> (Vec<UnmetLine>, Option<u64>) {
    let reasons: Vec<&(String, u64)> = reasons.iter().filter(|(_, count)| *count > 0).collect();
    // Reasons nobody had are not printed, and so stand in the table as one nought, whether they were handed over or not.
    let counts: Vec<u64> = reasons.iter().map(|(_, count)| *count).chain([0]).collect();
    let table = suppress(&counts);
    let mut shown = Vec::new();
    let mut joined = 0u64;
    for ((reason, count), cell) in reasons.iter().zip(&table.cells) {
        match cell {
            Cell::Exact(count) => shown.push(UnmetLine {
                reason: reason.clone(),
                count: *count,
            }),
            Cell::Below | Cell::Withheld => joined = joined.saturating_add(*count),
        }
    }
    shown.sort_by_key(|line| std::cmp::Reverse(line.count));
    // The table may be printed with its total: then the sum of what it hides can be worked out anyway.
    let may_say = matches!(table.total, Cell::Exact(_)) && joined > 0;
    (shown, may_say.then_some(joined))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn reasons(counts: &[u64]) -> Vec<(String, u64)> {
        counts
            .iter()
            .enumerate()
            .map(|(i, count)| (format!("r{i}"), *count))
            .collect()
    }

    #[test]
    fn small_reasons_are_joined() {
        let (shown, joined) = split(&reasons(&[16, 3, 0, 2, 8]));
        assert_eq!(shown.iter().map(|l| l.count).collect::<Vec<_>>(), [16, 8]);
        assert_eq!(joined, Some(5));
    }

    #[test]
    fn a_single_small_reason_takes_the_next_with_it() {
        let (shown, joined) = split(&reasons(&[16, 3, 8]));
        assert_eq!(shown.iter().map(|l| l.count).collect::<Vec<_>>(), [16]);
        assert_eq!(joined, Some(11));
        assert_eq!(split(&reasons(&[3, 5, 5])), (vec![], Some(13)), "equals go together");
        assert_eq!(
            split(&reasons(&[3, 5, 5, 0])),
            (vec![], Some(13)),
            "a reason nobody had"
        );
        let (shown, joined) = split(&reasons(&[1, 5, 2, 9]));
        assert_eq!(shown.iter().map(|l| l.count).collect::<Vec<_>>(), [9]);
        assert_eq!(joined, Some(8), "three together are too few as well");
    }

    #[test]
    fn a_sum_that_gives_its_parts_away_is_not_said() {
        assert_eq!(split(&reasons(&[4, 4])), (vec![], None));
        assert_eq!(split(&reasons(&[3])), (vec![], None));
    }

    proptest! {
        /// Whoever knows the code list, the lines shown, the joined sum and the rule still finds at least two ways in
        /// which the joined counts may have come about, for each of them that is small.
        #[test]
        fn no_small_count_can_be_worked_out(counts in prop::collection::vec(0u64..9, 2..5)) {
            let all = reasons(&counts);
            let said = split(&all);
            for line in &said.0 {
                prop_assert!(line.count >= SMALLEST_COUNT);
            }
            let Some(sum) = said.1 else { return Ok(()) };
            prop_assert!(sum >= SMALLEST_COUNT);
            let hidden: Vec<usize> =
                (0..counts.len()).filter(|i| !said.0.iter().any(|l| l.reason == format!("r{i}"))).collect();
            // Every assignment of the sum to the codes that are not shown, which would have printed the same.
            let mut worlds: Vec<Vec<u64>> = Vec::new();
            assign(&hidden, sum, &mut counts.clone(), &mut |world| {
                if split(&reasons(world)) == said { worlds.push(world.to_vec()); }
            });
            for i in hidden {
                let truth = *counts.get(i).unwrap();
                if (1..SMALLEST_COUNT).contains(&truth) {
                    prop_assert!(worlds.iter().any(|world| *world.get(i).unwrap() != truth), "{counts:?} {said:?}");
                }
            }
        }
    }

    fn assign(slots: &[usize], sum: u64, world: &mut Vec<u64>, found: &mut dyn FnMut(&[u64])) {
        let Some((first, rest)) = slots.split_first() else {
            if sum == 0 {
                found(world);
            }
            return;
        };
        for part in 0..=sum {
            *world.get_mut(*first).unwrap() = part;
            assign(rest, sum - part, world, found);
        }
    }
}
