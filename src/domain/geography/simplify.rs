//! Makes the outlines of neighbouring areas coarser without tearing them apart: a border that two areas share is
//! simplified once, the same for both. Knows integer points only, no places.

use std::collections::{BTreeMap, BTreeSet};

/// A point of the drawing.
pub(super) type Dot = (i32, i32);

/// A closed outline, the first point not repeated at the end.
pub(super) type Ring = Vec<Dot>;

/// Douglas–Peucker on every ring with one tolerance (in units of the drawing). Points where three borders meet stay.
/// A ring that would lose its area keeps all its points.
pub(super) fn simplify(rings: &[Ring], tolerance: f64) -> Vec<Ring> {
    let junctions = junctions(rings);
    rings
        .iter()
        .map(|ring| {
            let coarse = simplify_ring(ring, &junctions, tolerance);
            if coarse.len() < 3 || double_area(&coarse) == 0 {
                ring.clone()
            } else {
                coarse
            }
        })
        .collect()
}

/// Twice the signed area; positive when the ring turns clockwise on a screen (y downwards).
pub(super) fn double_area(ring: &[Dot]) -> i64 {
    let next = ring.iter().cycle().skip(1);
    ring.iter()
        .zip(next)
        .map(|(a, b)| i64::from(a.0) * i64::from(b.1) - i64::from(b.0) * i64::from(a.1))
        .sum()
}

/// Points that have more than two different neighbours over all rings: where borders part.
fn junctions(rings: &[Ring]) -> BTreeSet<Dot> {
    let mut neighbours: BTreeMap<Dot, BTreeSet<Dot>> = BTreeMap::new();
    for ring in rings {
        for (a, b) in ring.iter().zip(ring.iter().cycle().skip(1)) {
            neighbours.entry(*a).or_default().insert(*b);
            neighbours.entry(*b).or_default().insert(*a);
        }
    }
    neighbours
        .into_iter()
        .filter(|(_, near)| near.len() > 2)
        .map(|(dot, _)| dot)
        .collect()
}

fn simplify_ring(ring: &[Dot], junctions: &BTreeSet<Dot>, tolerance: f64) -> Ring {
    // A ring without a junction has no natural beginning; its smallest point is one that both neighbours agree on.
    let start = ring.iter().position(|dot| junctions.contains(dot));
    let smallest = || ring.iter().enumerate().min_by_key(|(_, dot)| **dot).map(|(n, _)| n);
    let Some(start) = start.or_else(smallest) else {
        return Ring::new();
    };
    let mut closed: Vec<Dot> = ring.iter().cycle().skip(start).take(ring.len()).copied().collect();
    closed.extend(closed.first().copied());

    let mut coarse = Ring::new();
    let mut arc: Vec<Dot> = Vec::new();
    for dot in closed {
        arc.push(dot);
        if arc.len() > 1 && (junctions.contains(&dot) || Some(&dot) == arc.first()) {
            let kept = simplify_arc(&arc, tolerance);
            coarse.extend(kept.iter().take(kept.len().saturating_sub(1)));
            arc = vec![dot];
        }
    }
    coarse
}

/// Simplifies a border between two fixed ends, the same whichever way it is walked.
fn simplify_arc(arc: &[Dot], tolerance: f64) -> Vec<Dot> {
    let backwards: Vec<Dot> = arc.iter().rev().copied().collect();
    if backwards.as_slice() < arc {
        let mut kept = douglas_peucker(&backwards, tolerance);
        kept.reverse();
        return kept;
    }
    douglas_peucker(arc, tolerance)
}

fn douglas_peucker(dots: &[Dot], tolerance: f64) -> Vec<Dot> {
    let mut keep: BTreeSet<usize> = BTreeSet::from([0, dots.len().saturating_sub(1)]);
    let mut open = vec![(0, dots.len().saturating_sub(1))];
    while let Some((from, to)) = open.pop() {
        let Some((at, distance)) = farthest(dots, from, to) else {
            continue;
        };
        // The ends of a closed arc are one point: its farthest point must stay, or nothing is left of it.
        if distance > tolerance || dots.get(from) == dots.get(to) {
            keep.insert(at);
            open.push((from, at));
            open.push((at, to));
        }
    }
    keep.into_iter().filter_map(|n| dots.get(n).copied()).collect()
}

/// The point between `from` and `to` (both excluded) that lies farthest from the line between them.
fn farthest(dots: &[Dot], from: usize, to: usize) -> Option<(usize, f64)> {
    let (a, b) = (*dots.get(from)?, *dots.get(to)?);
    let between = dots.get(from + 1..to)?.iter().enumerate();
    let mut best: Option<(usize, f64)> = None;
    for (n, dot) in between {
        let distance = distance(*dot, a, b);
        if best.is_none_or(|(_, so_far)| distance > so_far) {
            best = Some((from + 1 + n, distance));
        }
    }
    best
}

/// Distance of a point from the stretch between `a` and `b`.
fn distance(p: Dot, a: Dot, b: Dot) -> f64 {
    let f = |dot: Dot| (f64::from(dot.0), f64::from(dot.1));
    let ((px, py), (ax, ay), (bx, by)) = (f(p), f(a), f(b));
    let (dx, dy) = (bx - ax, by - ay);
    let length = dx * dx + dy * dy;
    let along = if length > 0.0 {
        (((px - ax) * dx + (py - ay) * dy) / length).clamp(0.0, 1.0)
    } else {
        0.0
    };
    (px - ax - along * dx).hypot(py - ay - along * dy)
}
