//! What no plan can beat. It must not change a plan.
//!
//! Weak duality: for any prices of zero or more, the least that households would pay if each chose by itself at these
//! prices, less what all places together are worth at them, is at most what any plan costs. Every shelter counts: a
//! household looks farther as long as the way alone is shorter than the best it has seen.

use super::assign::Seating;
use super::market::Market;

/// Most times that prices are moved.
const ROUNDS: usize = 24;

/// A proved lower bound on the cost of every plan, at the prices that `seating` left behind or at better ones nearby:
/// where shared rooms stay partly empty at a price, prices are moved along a subgradient towards `known`, the cost of a
/// plan (Polyak 1969), until the two are no farther apart than `close`.
pub fn bound(market: &mut Market<'_>, seating: &mut Seating, known: i64, close: i64) -> i64 {
    let mut best = i64::MIN;
    let mut boldness = 1.0;
    for _ in 0..ROUNDS {
        let (bound, slope) = at_prices(market, seating);
        if bound <= best {
            boldness *= 0.6;
        }
        best = best.max(bound);
        let apart = known.saturating_sub(bound);
        if apart <= close {
            break;
        }
        let length: i64 = slope.iter().map(|slope| slope * slope).sum();
        if length == 0 {
            break;
        }
        for (price, slope) in seating.price.iter_mut().zip(&slope) {
            *price = (*price + moved(boldness, apart, *slope, length)).max(0);
        }
    }
    best
}

/// One step of a price. Whatever comes out, the bound stands: it holds at any prices.
#[expect(clippy::cast_precision_loss, reason = "the last digits of a step do not matter")]
fn moved(boldness: f64, apart: i64, slope: i64, length: i64) -> i64 {
    (boldness * apart as f64 * slope as f64 / length as f64) as i64
}

/// The bound at the present prices, and for each pool by how much it is asked for beyond what there is.
fn at_prices(market: &mut Market<'_>, seating: &Seating) -> (i64, Vec<i64>) {
    let mut slope: Vec<i64> = market.pools.iter().map(|pool| -i64::from(pool.capacity())).collect();
    let worth: i64 = slope
        .iter()
        .zip(&seating.price)
        .map(|(slope, price)| slope * price)
        .sum();
    let mut sum = 0_i64;
    for household in 0..market.kind_of.len() {
        let (least, option) = seating.choice(market, household);
        sum += least;
        if let Some(option) = option
            && let Some(slope) = slope.get_mut(option.pool)
        {
            *slope += i64::from(option.beds);
        }
    }
    for (slope, price) in slope.iter_mut().zip(&seating.price) {
        // What costs nothing cannot get cheaper.
        if *price == 0 {
            *slope = (*slope).max(0);
        }
    }
    (sum + worth, slope)
}
