//! `areas.csv`: the country, its regions (ADM1) and districts (ADM2). Reads and checks them; shapes and ways are
//! other rooms' business.

use std::collections::HashMap;
use std::sync::Arc;

use serde::Serialize;

use super::error::{PackError, PackFault, PackFile, list};
use super::names::{Names, column};
use super::settings::Settings;
use super::table::{Row, Table};

/// A place on the globe, in degrees (WGS 84).
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Point {
    pub lat: f64,
    pub lon: f64,
}

#[derive(Debug, Clone)]
pub struct Country {
    /// ISO 3166-1, two letters.
    pub code: String,
    pub names: Names,
    pub population: Option<u64>,
}

/// A first-level area.
#[derive(Debug, Clone)]
pub struct Region {
    pub code: String,
    pub names: Names,
    pub centre: Point,
    pub population: Option<u64>,
    /// SVG path in the pack's view box; holes run the other way round.
    pub shape: String,
}

/// A second-level area: what a shelter lies in and a referral comes from.
#[derive(Debug, Clone)]
pub struct District {
    pub code: String,
    /// Code of its region.
    pub region: String,
    pub names: Names,
    /// What people call it too, for search alone: names it had, spellings of other times.
    pub old_names: Vec<String>,
    /// Its seat; the region's centre where the pack knows none.
    pub centre: Point,
    /// Whether `centre` is its own and not the region's.
    pub own_centre: bool,
    /// `None` where the statistics do not split a city.
    pub population: Option<u64>,
    /// The valley system it belongs to; estimates never cross from one to another.
    pub basin: String,
    /// Place of its terrain in the pack's list.
    pub(super) terrain: usize,
}

pub(super) struct Areas {
    pub country: Country,
    pub regions: Vec<Region>,
    pub districts: Vec<District>,
}

const COLUMNS: [&str; 9] = [
    "level",
    "code",
    "parent",
    "lat",
    "lon",
    "population",
    "basin",
    "terrain",
    "note",
];

pub(super) fn read(text: &str, settings: &Settings, languages: &[Arc<str>]) -> Result<Areas, PackError> {
    let columns: Vec<String> = COLUMNS
        .iter()
        .map(|c| (*c).to_owned())
        .chain(languages.iter().map(|l| column(l)))
        .collect();
    let table = Table::read(PackFile::Areas, text, &columns)?;
    let mut seen = HashMap::new();
    let (mut country, mut regions, mut districts) = (None, Vec::new(), Vec::new());
    for row in &table.rows {
        let code = row.text("code")?;
        if seen.insert(code.to_owned(), ()).is_some() {
            return Err(row.error(
                "code",
                PackFault::Duplicate {
                    what: "code",
                    value: code.to_owned(),
                },
            ));
        }
        match row.needed_number::<u8>("level", 0, 2)? {
            0 if code == settings.country && country.is_none() => country = Some(read_country(row, languages)?),
            0 => return Err(row.error("code", PackFault::NoCountry(settings.country.clone()))),
            1 => regions.push(read_region(row, settings, languages)?),
            _ => districts.push(read_district(row, settings, languages, &regions)?),
        }
    }
    let nowhere = |fault| PackError::new(PackFile::Areas, None, None, fault);
    let country = country.ok_or_else(|| nowhere(PackFault::NoCountry(settings.country.clone())))?;
    if let Some(empty) = regions.iter().find(|r| !districts.iter().any(|d| d.region == r.code)) {
        return Err(nowhere(PackFault::RegionWithoutDistrict(empty.code.clone())));
    }
    if regions.is_empty() {
        return Err(PackError::new(PackFile::Areas, None, Some("level"), PackFault::Blank));
    }
    Ok(Areas {
        country,
        regions,
        districts,
    })
}

fn read_country(row: &Row, languages: &[Arc<str>]) -> Result<Country, PackError> {
    row.blank("parent", "a country has no parent")?;
    Ok(Country {
        code: row.text("code")?.to_owned(),
        names: Names::read(row, languages)?,
        population: population(row)?,
    })
}

fn read_region(row: &Row, settings: &Settings, languages: &[Arc<str>]) -> Result<Region, PackError> {
    let parent = row.text("parent")?;
    if parent != settings.country {
        let known = list([&settings.country]);
        return Err(row.error(
            "parent",
            PackFault::Unknown {
                what: "country",
                value: parent.to_owned(),
                known,
            },
        ));
    }
    row.blank("basin", "only districts have a basin")?;
    row.blank("terrain", "only districts have a terrain")?;
    Ok(Region {
        code: row.text("code")?.to_owned(),
        names: Names::read(row, languages)?,
        centre: point(row)?.ok_or_else(|| row.error("lat", PackFault::Blank))?,
        population: population(row)?,
        shape: String::new(),
    })
}

fn read_district(
    row: &Row,
    settings: &Settings,
    languages: &[Arc<str>],
    regions: &[Region],
) -> Result<District, PackError> {
    let parent = row.text("parent")?;
    let region = regions.iter().find(|r| r.code == parent).ok_or_else(|| {
        let known = list(regions.iter().map(|r| &r.code)) + " (a region stands above its districts)";
        row.error(
            "parent",
            PackFault::Unknown {
                what: "region",
                value: parent.to_owned(),
                known,
            },
        )
    })?;
    let own = point(row)?;
    Ok(District {
        code: row.text("code")?.to_owned(),
        region: region.code.clone(),
        names: Names::read(row, languages)?,
        old_names: Vec::new(),
        centre: own.unwrap_or(region.centre),
        own_centre: own.is_some(),
        population: population(row)?,
        basin: row.text("basin")?.to_owned(),
        terrain: settings.terrain(row)?.0,
    })
}

fn population(row: &Row) -> Result<Option<u64>, PackError> {
    row.number("population", 0, 10_000_000_000)
}

/// Both halves of a point, or neither.
fn point(row: &Row) -> Result<Option<Point>, PackError> {
    match (row.number("lat", -90.0, 90.0)?, row.number("lon", -180.0, 180.0)?) {
        (Some(lat), Some(lon)) => Ok(Some(Point { lat, lon })),
        (None, None) => Ok(None),
        (None, Some(_)) => Err(row.error("lat", PackFault::Blank)),
        (Some(_), None) => Err(row.error("lon", PackFault::Blank)),
    }
}
