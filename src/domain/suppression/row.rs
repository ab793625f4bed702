//! One row of counts that is printed with its total, and one ladder of counts of which each contains the one before. It must
//! not know anything that is printed beside it.
//!
//! When hiding the small counts of a row would give a hidden one away (one hidden count is the total less the others;
//! several ones or several fours add up to a telling sum), the smallest printed counts are hidden too, all equal ones
//! together. All that is hidden is printed alike. Because the method looks at values only and never at positions, any
//! rearrangement of the hidden values would have been printed the same; and there are at least two different ones among
//! them.

use serde::Serialize;

use super::{Cell, K, is_small};

/// A row of counts as it may be printed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Row {
    pub cells: Vec<Cell>,
    /// The only total that may be printed beside these cells.
    pub total: Cell,
}

/// Hides what must not be printed in a row of counts that is printed with its total.
pub fn suppress(counts: &[u64]) -> Row {
    let sum = counts.iter().fold(0u64, |sum, count| sum.saturating_add(*count));
    let total = Cell::alone(sum);
    if is_safe(counts) {
        return Row {
            cells: counts
                .iter()
                .map(|count| {
                    if is_small(*count) {
                        Cell::Withheld
                    } else {
                        Cell::Exact(*count)
                    }
                })
                .collect(),
            total,
        };
    }
    // The next smallest that is not nothing; nothing itself only if there is nothing else to hide.
    let rest = || counts.iter().copied().filter(|count| !is_small(*count));
    let also = rest().filter(|count| *count > 0).min().or_else(|| rest().min());
    let hide = |count: &u64| {
        if is_small(*count) || Some(*count) == also {
            Cell::Withheld
        } else {
            Cell::Exact(*count)
        }
    };
    let cells: Vec<Cell> = counts.iter().map(hide).collect();
    // With no exact count left to hide behind, the total itself would tell of five ones. It is then always withheld,
    // whatever the counts are, so that withholding it tells nothing either.
    let none_left = cells.iter().all(|cell| *cell == Cell::Withheld);
    let total = if none_left && total != Cell::Below {
        Cell::Withheld
    } else {
        total
    };
    Row { cells, total }
}

/// Hides what must not be printed of a ladder of counts, each of which contains the one before it, under a roof that
/// contains them all: no small count, and none between two that are printed. Whether the roof is printed makes no
/// difference, so that hiding it never shows more.
pub fn climb(counts: &[u64], roof: u64) -> Vec<Cell> {
    let mut told = 0;
    let over = |count: &u64| is_small(roof.saturating_sub(*count));
    let mut cells = Vec::with_capacity(counts.len());
    for count in counts {
        if is_small(*count) || is_small(count.saturating_sub(told)) || over(count) {
            cells.push(Cell::Withheld);
        } else {
            told = *count;
            cells.push(Cell::Exact(*count));
        }
    }
    cells
}

/// Whether hiding the small counts is enough: none is hidden, or several whose sum leaves each of them open and is not
/// itself a small count (the total tells it).
fn is_safe(counts: &[u64]) -> bool {
    let small = counts.iter().copied().filter(|count| is_small(*count));
    let (number, sum) = small.fold((0u64, 0u64), |(number, sum), count| (number + 1, sum + count));
    number == 0 || (number >= 2 && sum >= K && sum > number && sum < number * (K - 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::{BTreeMap, BTreeSet};

    fn printed(counts: &[u64]) -> String {
        let table = suppress(counts);
        let cells: Vec<_> = table.cells.iter().map(ToString::to_string).collect();
        format!("{} = {}", cells.join(" "), table.total)
    }

    #[test]
    fn by_example() {
        assert_eq!(printed(&[12, 7, 0]), "12 7 0 = 19");
        assert_eq!(printed(&[12, 7, 3, 0]), "12 … … 0 = 22");
        assert_eq!(printed(&[12, 2, 3, 0]), "12 … … 0 = 17");
        assert_eq!(printed(&[12, 1, 1, 9]), "12 … … … = 23");
        assert_eq!(printed(&[12, 4, 4, 9, 9]), "12 … … … … = 38");
        assert_eq!(printed(&[3, 0, 0]), "… … … = <5");
        assert_eq!(printed(&[1, 1, 1, 1, 1]), "… … … … … = …");
        assert_eq!(printed(&[3]), "… = <5");
        assert_eq!(printed(&[]), " = 0");
        assert_eq!(
            serde_json::to_string(&suppress(&[9, 2, 3]).cells).unwrap(),
            r#"[9,"…","…"]"#
        );
    }

    /// All tables of `width` counts up to `most`.
    fn tables(width: u32, most: u64) -> impl Iterator<Item = Vec<u64>> {
        let base = most + 1;
        (0..base.pow(width)).map(move |n| (0..width).map(|place| n / base.pow(place) % base).collect())
    }

    /// Somebody who knows the method, the printed table and its total can never tell one hidden small count.
    /// Counts above `most` are only possible worlds too, so a finding over bounded tables would be no proof of a
    /// leak, but none found is a proof of none.
    fn no_small_count_can_be_told(width: u32, most: u64) {
        let mut worlds: BTreeMap<String, Vec<BTreeSet<u64>>> = BTreeMap::new();
        for counts in tables(width, most) {
            let values = worlds
                .entry(printed(&counts))
                .or_insert_with(|| vec![BTreeSet::new(); counts.len()]);
            values.iter_mut().zip(&counts).for_each(|(seen, count)| {
                seen.insert(*count);
            });
        }
        for (print, values) in worlds {
            for seen in values {
                let told = seen.len() == 1 && seen.iter().all(|count| is_small(*count));
                assert!(!told, "{print} tells {seen:?}");
            }
        }
    }

    #[test]
    fn nothing_small_can_be_told_from_any_table() {
        no_small_count_can_be_told(1, 40);
        no_small_count_can_be_told(2, 30);
        no_small_count_can_be_told(3, 20);
        no_small_count_can_be_told(4, 10);
        no_small_count_can_be_told(5, 7);
    }

    proptest! {
        #[test]
        fn no_small_count_is_ever_printed_and_no_lone_cell_hidden(counts in prop::collection::vec(0u64..30, 1..12)) {
            let table = suppress(&counts);
            let hidden = table.cells.iter().filter(|cell| !matches!(cell, Cell::Exact(_))).count();
            for (cell, count) in table.cells.iter().zip(&counts) {
                match cell {
                    Cell::Exact(shown) => prop_assert!(shown == count && !is_small(*count)),
                    Cell::Below => prop_assert!(is_small(*count)),
                    Cell::Withheld => {}
                }
            }
            prop_assert!(hidden != 1 || matches!(table.total, Cell::Below | Cell::Withheld));
        }

        /// Whatever the counts: nothing under five is shown, nor comes out between two rungs or against the roof.
        #[test]
        fn nothing_small_comes_out_of_a_ladder(mut counts in prop::collection::vec(0u64..40, 1..5), rest in 0u64..9) {
            counts.sort_unstable();
            let roof = counts.last().unwrap() + rest;
            let exact: Vec<u64> = climb(&counts, roof).into_iter().filter_map(Cell::exact).collect();
            for (at, upper) in exact.iter().enumerate() {
                prop_assert!(!is_small(*upper) && !is_small(roof - upper));
                for lower in exact.iter().take(at) {
                    prop_assert!(!is_small(upper - lower));
                }
            }
        }

        #[test]
        fn positions_do_not_matter(counts in prop::collection::vec(0u64..9, 1..8), turn in 0usize..8) {
            let mut turned = counts.clone();
            turned.rotate_left(turn % counts.len());
            let mut cells = suppress(&counts).cells;
            cells.rotate_left(turn % counts.len());
            prop_assert_eq!(suppress(&turned).cells, cells);
        }
    }
}
