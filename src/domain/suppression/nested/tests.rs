//! Small nests by example and one by one: every pair of months there may be, with everything that is published of them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::super::is_small;
use super::*;

/// A total and what adds up to it.
fn row(children: usize) -> Layout {
    Layout {
        cells: children + 1,
        tables: vec![Table {
            parent: 0,
            children: (1..=children).collect(),
            kind: Kind::AddsUp,
        }],
    }
}

fn with_total(children: &[u64]) -> Vec<u64> {
    [children.iter().sum()]
        .into_iter()
        .chain(children.iter().copied())
        .collect()
}

/// What is published of these periods and then of all of them together.
fn published(children: &[&[u64]]) -> Vec<String> {
    let mut nested = Nested {
        layout: row(children[0].len()),
        past: Vec::new(),
    };
    let mut whole = vec![0; nested.layout.cells];
    for part in children {
        let counts = with_total(part);
        let cells = nested.publish(&counts, &[]);
        nested.past.push(Past {
            cells,
            inner: Vec::new(),
        });
        whole.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
    }
    let parts: Vec<usize> = (0..children.len()).collect();
    let cells = nested.publish(&whole, &parts);
    nested.past.push(Past { cells, inner: parts });
    let text = |past: &Past| past.cells.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    nested.past.iter().map(text).collect()
}

#[test]
fn by_example() {
    // What is known anyway is said; what one month hides the quarter hides too.
    assert_eq!(published(&[&[9, 8], &[7, 6]]), ["17 9 8", "13 7 6", "30 16 14"]);
    assert_eq!(
        published(&[&[9, 3, 8], &[7, 6, 5]]),
        ["20 9 … …", "18 7 6 5", "38 16 … …"]
    );
    // Two months that hide say more together than each by itself.
    assert_eq!(
        published(&[&[9, 3, 8], &[7, 4, 6]]),
        ["20 9 … …", "17 7 … …", "37 16 7 14"]
    );
    // Several small totals are told by their sum, unless it is the least it can be.
    assert_eq!(published(&[&[3, 0], &[3, 0]])[2], "6 6 0");
    assert_eq!(published(&[&[1, 0], &[1, 0]])[2], "<5 … …");
    assert_eq!(published(&[&[4, 0], &[4, 0]])[2], "… … …");
    // Three that are small and make no five together are hardly anything but one each: not even that is said.
    assert_eq!(published(&[&[1, 0], &[1, 0], &[1, 0]])[3], "… … …");
}

/// Whoever knows the method and everything published finds no small count, if all pairs of months are gone through.
/// Counts above the limit are possible too, so that none found among these is proof.
#[test]
fn no_small_count_is_told_by_two_months_and_both_together() {
    const MOST: u64 = 9;
    let months: Vec<[u64; 2]> = (0..=MOST).flat_map(|a| (0..=MOST).map(move |b| [a, b])).collect();
    let layout = row(2);
    let alone = |counts: &[u64]| {
        Nested {
            layout: layout.clone(),
            past: Vec::new(),
        }
        .publish(counts, &[])
    };
    let prints: Vec<Vec<Cell>> = months.iter().map(|month| alone(&with_total(month))).collect();
    let mut whole: HashMap<String, Vec<Cell>> = HashMap::new();
    let mut seen: BTreeMap<String, [BTreeSet<u64>; 6]> = BTreeMap::new();
    let mut small: BTreeMap<String, [bool; 6]> = BTreeMap::new();
    for (first, said) in months.iter().zip(&prints) {
        for (second, said_too) in months.iter().zip(&prints) {
            let sum = with_total(&[first[0] + second[0], first[1] + second[1]]);
            let key = format!("{said:?} {said_too:?} {sum:?}");
            let past = [said, said_too].map(|cells| Past {
                cells: cells.clone(),
                inner: Vec::new(),
            });
            let nested = || Nested {
                layout: layout.clone(),
                past: past.to_vec(),
            };
            let all = whole.entry(key).or_insert_with(|| nested().publish(&sum, &[0, 1]));
            let out = format!("{said:?} {said_too:?} {all:?}");
            let counts = [first[0], first[1], second[0], second[1], sum[1], sum[2]];
            let values = seen.entry(out.clone()).or_default();
            let inside = first.iter().chain(second).all(|count| *count <= MOST - 3);
            let marks = small.entry(out).or_default();
            for ((value, mark), count) in values.iter_mut().zip(marks).zip(counts) {
                value.insert(count);
                *mark = *mark || inside && is_small(count);
            }
        }
    }
    for (out, values) in &seen {
        for (value, mark) in values.iter().zip(small[out]) {
            assert!(!(mark && value.len() == 1), "{out} tells {value:?}");
        }
    }
}
