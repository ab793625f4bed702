//! From exact counts to what is published of a block. It must not know where either is kept.

use std::collections::{BTreeMap, BTreeSet};

use super::super::suppression::{Cell, Nested, Past};
use super::figure::layout;
use super::{Block, Counted, Figure, Published};

/// What may be published of a block: once, and then never again otherwise. `published` says what has been published of
/// each block that lies in it ([`Block::nest`]); one that is left out is taken to say nothing.
pub fn publish(block: Block, counted: &Counted, published: &BTreeMap<Block, Published>) -> Published {
    let mut regions: BTreeSet<String> = BTreeSet::new();
    let before = published.values().flat_map(|past| past.cells.keys());
    regions.extend(
        counted
            .figures
            .keys()
            .chain(before)
            .filter_map(|figure| figure.region().map(str::to_owned)),
    );
    let (figures, layout) = layout(&regions);
    let mut places: BTreeMap<Block, usize> = BTreeMap::new();
    let mut past = Vec::new();
    for inside in block.nest() {
        if inside == block {
            break;
        }
        let cells = figures.iter().map(|figure| match published.get(&inside) {
            Some(published) => published.cell(figure),
            None => Cell::Withheld,
        });
        let inner = inside.inner().into_iter().filter_map(|part| places.get(&part).copied());
        past.push(Past {
            cells: cells.collect(),
            inner: inner.collect(),
        });
        places.insert(inside, past.len() - 1);
    }
    let inner: Vec<usize> = block
        .inner()
        .iter()
        .filter_map(|part| places.get(part).copied())
        .collect();
    let counts: Vec<u64> = figures.iter().map(|figure| counted.count(figure)).collect();
    let cells = Nested { layout, past }.publish(&counts, &inner);
    let said: BTreeMap<Figure, Cell> = figures
        .into_iter()
        .zip(cells)
        .filter(|(_, cell)| *cell != Cell::Exact(0))
        .collect();
    Published::of(block, said)
}
