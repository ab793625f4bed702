//! The districts of the board as seen from where she is, looked up once for each question. It must not know shelters.

use super::super::geography::Travel;
use super::super::household::Search;

/// A district as seen from where she is.
pub struct Way {
    pub travel: Travel,
    pub avoided: bool,
    /// How many districts are nearer.
    pub order: usize,
}

pub fn ways(districts: &[String], search: &Search, way: impl Fn(&str) -> Travel) -> Vec<Way> {
    let mut ways: Vec<Way> = districts
        .iter()
        .map(|code| Way {
            travel: way(code),
            avoided: search.avoid_districts.contains(code),
            order: 0,
        })
        .collect();
    let mut minutes: Vec<f64> = ways.iter().map(|way| way.travel.minutes).collect();
    minutes.sort_by(f64::total_cmp);
    for way in &mut ways {
        way.order = minutes.partition_point(|other| other.total_cmp(&way.travel.minutes).is_lt());
    }
    ways
}
