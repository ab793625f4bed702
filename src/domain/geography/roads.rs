//! `roads.csv`: what is known of roads between districts. Reads and checks the facts; the ways they make together are
//! found in `travel`.

use std::collections::BTreeSet;

use strum::{Display, EnumIter, EnumString};

use super::areas::Areas;
use super::error::{PackError, PackFault, PackFile};
use super::settings::Settings;
use super::table::{Row, Table};
use super::travel::straight_km;

/// Whether a source says so, or the pack's author worked it out from what sources say of longer roads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumIter, EnumString, Display)]
#[strum(serialize_all = "snake_case")]
enum Basis {
    Stated,
    Derived,
}

/// A road between two districts, passable both ways.
#[derive(Debug, Clone)]
pub(super) struct Road {
    /// Places in the list of districts.
    pub from: usize,
    pub to: usize,
    pub metres: u64,
    pub seconds: u64,
    /// Bit 0 is January.
    pub closed_months: u16,
    pub stated: bool,
}

const COLUMNS: [&str; 9] = [
    "from",
    "to",
    "km",
    "hours",
    "closed_months",
    "terrain",
    "basis",
    "source",
    "note",
];

/// A stated length may fall short of the straight line by this much: points and kilometre posts are never quite the same.
const TOLERANCE: f64 = 0.98;

pub(super) fn read(text: &str, settings: &Settings, areas: &Areas) -> Result<Vec<Road>, PackError> {
    let columns: Vec<String> = COLUMNS.iter().map(|c| (*c).to_owned()).collect();
    let table = Table::read(PackFile::Roads, text, &columns)?;
    let mut seen = BTreeSet::new();
    let mut roads = Vec::new();
    for row in &table.rows {
        let (from, to) = (row.text("from")?, row.text("to")?);
        let closed_months = months(row)?;
        let key = (from.min(to).to_owned(), from.max(to).to_owned(), closed_months);
        if !seen.insert(key) {
            let value = format!("{from} - {to}");
            return Err(row.error(
                "to",
                PackFault::Duplicate {
                    what: "road with the same closed months",
                    value,
                },
            ));
        }
        row.text("source")?;
        for a in ends(row, "from", areas)? {
            for b in ends(row, "to", areas)? {
                roads.push(read_road(row, settings, areas, (a, b), closed_months)?);
            }
        }
    }
    Ok(roads)
}

/// The districts an end stands for: itself, or all of a region that have no centre of their own.
fn ends(row: &Row, column: &str, areas: &Areas) -> Result<Vec<usize>, PackError> {
    let code = row.text(column)?;
    let of_code = |d: &super::District| d.code == code || (d.region == code && !d.own_centre);
    let found: Vec<usize> = areas
        .districts
        .iter()
        .enumerate()
        .filter(|(_, d)| of_code(d))
        .map(|(n, _)| n)
        .collect();
    if found.is_empty() {
        let known = "districts of areas.csv, and regions that have districts without a centre of their own".to_owned();
        return Err(row.error(
            column,
            PackFault::Unknown {
                what: "place",
                value: code.to_owned(),
                known,
            },
        ));
    }
    Ok(found)
}

fn read_road(
    row: &Row,
    settings: &Settings,
    areas: &Areas,
    (from, to): (usize, usize),
    closed_months: u16,
) -> Result<Road, PackError> {
    if from == to {
        return Err(row.error("to", PackFault::SameEnds));
    }
    let (_, land) = settings.terrain(row)?;
    let stated = row.word::<Basis>("basis", "basis")? == Basis::Stated;
    let (km, hours) = (row.number("km", 0.1, 10_000.0)?, row.number("hours", 0.01, 500.0)?);
    if stated && km.is_none() && hours.is_none() {
        return Err(row.error("km", PackFault::NoLength));
    }
    let centres = areas.districts.get(from).zip(areas.districts.get(to));
    let straight = centres.map_or(0.0, |(a, b)| straight_km(a.centre, b.centre));
    if let Some(km) = km.filter(|km| *km < straight * TOLERANCE) {
        let fault = PackFault::ShorterThanStraight {
            stated: km.to_string(),
            straight: format!("{straight:.1}"),
        };
        return Err(row.error("km", fault));
    }
    let km = km.unwrap_or(straight * land.ratio);
    let hours = hours.unwrap_or(km / land.speed_kmh);
    let metres = (km * 1000.0).round() as u64;
    Ok(Road {
        from,
        to,
        metres,
        seconds: (hours * 3600.0).round() as u64,
        closed_months,
        stated,
    })
}

/// `1-4`, `12;1;2`, `11-2` (over the turn of the year), or blank for a road open all year.
fn months(row: &Row) -> Result<u16, PackError> {
    let Some(cell) = row.optional("closed_months") else {
        return Ok(0);
    };
    let bad = || row.error("closed_months", PackFault::BadMonths(cell.to_owned()));
    let month = |text: &str| {
        text.trim()
            .parse::<u16>()
            .ok()
            .filter(|m| (1..=12).contains(m))
            .ok_or_else(bad)
    };
    let mut closed = 0;
    for part in cell.split(';') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (mut at, last) = (month(first)?, month(last)?);
        closed |= 1 << (at - 1);
        while at != last {
            at = at % 12 + 1;
            closed |= 1 << (at - 1);
        }
    }
    Ok(closed)
}
