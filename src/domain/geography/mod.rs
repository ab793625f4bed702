//! The country pack: places, names, map, ways and supply items of one country, read from the text of its files.
//! Nothing here knows a country by name. Where the files come from is `crate::pack`'s business.

mod areas;
mod error;
mod holidays;
mod items;
mod kits;
mod map;
mod names;
mod old_names;
mod roads;
mod settings;
mod simplify;
mod table;
mod travel;

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::Arc;

use chrono_tz::Tz;

pub use areas::{Country, District, Point, Region};
pub use error::{PackError, PackFault, PackFile};
pub use items::{DailyRate, Item, ItemCategory, ItemUnit, MOST_DAYS, MOST_GRAMS, MOST_MILLI, MOST_PACK};
pub use kits::Kit;
pub use map::{MAP_WIDTH, Projection};
pub use names::Names;
pub use settings::{FamilyPlace, SupplyThresholds, Terrain};
pub use travel::{Travel, straight_km};

use super::holidays::Holidays;
use super::reminders::Hours;
use travel::TravelTable;

/// The text of a pack's files.
#[derive(Debug, Clone, Copy)]
pub struct PackFiles<'a> {
    pub pack_toml: &'a str,
    pub areas: &'a str,
    pub regions_geojson: &'a str,
    pub roads: &'a str,
    pub items: &'a str,
    pub kits: &'a str,
    pub old_names: &'a str,
}

/// A district's place in `Pack::districts`: for loops over many pairs, where looking up codes would cost more than
/// the question itself. Good for the pack it came from only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DistrictIndex(usize);

const UNKNOWN_WAY: Travel = Travel {
    km: 500.0,
    minutes: 600.0,
    by_road: false,
};

/// A country, checked and ready to answer.
#[derive(Debug, Clone)]
pub struct Pack {
    pub country: Country,
    /// In the pack's own order.
    pub languages: Vec<String>,
    pub default_language: String,
    pub time_zone: Tz,
    /// To be shown with every map and list of places.
    pub attribution: Vec<String>,
    pub family_place: FamilyPlace,
    pub supplies: SupplyThresholds,
    /// ISO 4217 code of the currency that prices are in.
    pub currency: String,
    /// When shelters are reminded of a report that has not come.
    pub reminders: Hours,
    /// The days on which the country does not work.
    pub holidays: Arc<Holidays>,
    pub terrains: Vec<Terrain>,
    pub regions: Vec<Region>,
    pub districts: Vec<District>,
    pub items: Vec<Item>,
    pub kits: Vec<Kit>,
    pub map: Projection,
    travel: TravelTable,
    district_by_code: HashMap<String, usize>,
    item_by_code: HashMap<String, usize>,
}

impl Pack {
    /// Reads a pack. Takes it whole or refuses it.
    ///
    /// # Errors
    /// The first fault found, with its file, line and column.
    pub fn parse(files: &PackFiles<'_>) -> Result<Self, PackError> {
        let settings = settings::Settings::read(files.pack_toml)?;
        let languages: Vec<Arc<str>> = settings.languages.iter().map(|l| Arc::from(l.as_str())).collect();
        let mut areas = areas::read(files.areas, &settings, &languages)?;
        old_names::read(files.old_names, &mut areas.districts)?;
        let map = map::draw(files.regions_geojson, &mut areas.regions)?;
        let roads = roads::read(files.roads, &settings, &areas)?;
        let travel = TravelTable::build(&areas.districts, &settings, &roads)?;
        let items = items::read(files.items, &settings, &languages)?;
        let kits = kits::read(files.kits, &items)?;
        let district_by_code = areas
            .districts
            .iter()
            .enumerate()
            .map(|(n, d)| (d.code.clone(), n))
            .collect();
        let item_by_code = items.iter().enumerate().map(|(n, i)| (i.code.clone(), n)).collect();
        Ok(Self {
            country: areas.country,
            default_language: settings.languages.first().cloned().unwrap_or_default(),
            languages: settings.languages_as_listed,
            time_zone: settings.time_zone,
            attribution: settings.attribution,
            family_place: settings.family_place,
            supplies: settings.supplies,
            currency: settings.currency,
            reminders: settings.reminders,
            holidays: Arc::new(settings.holidays),
            terrains: settings.terrains,
            regions: areas.regions,
            districts: areas.districts,
            items,
            kits,
            map,
            travel,
            district_by_code,
            item_by_code,
        })
    }

    #[must_use]
    pub fn region(&self, code: &str) -> Option<&Region> {
        self.regions.iter().find(|r| r.code == code)
    }

    #[must_use]
    pub fn district(&self, code: &str) -> Option<&District> {
        self.districts.get(*self.district_by_code.get(code)?)
    }

    #[must_use]
    pub fn district_index(&self, code: &str) -> Option<DistrictIndex> {
        self.district_by_code.get(code).copied().map(DistrictIndex)
    }

    /// The region a district lies in; `None` if there is no such district.
    #[must_use]
    pub fn region_of(&self, district: &str) -> Option<&Region> {
        self.region(&self.district(district)?.region)
    }

    /// The districts of a region, in the pack's order.
    pub fn districts_of<'a>(&'a self, region: &'a str) -> impl Iterator<Item = &'a District> {
        self.districts.iter().filter(move |d| d.region == region)
    }

    /// What the country and its places are called, in every language, by old names too.
    pub fn place_names(&self) -> impl Iterator<Item = &str> {
        let regions = self.regions.iter().map(|region| &region.names);
        let districts = self.districts.iter().map(|district| &district.names);
        let names = std::iter::once(&self.country.names).chain(regions).chain(districts);
        let old = self.districts.iter().flat_map(|district| &district.old_names);
        names
            .flat_map(|names| names.iter().map(|(_, name)| name))
            .chain(old.map(String::as_str))
    }

    #[must_use]
    pub fn item(&self, code: &str) -> Option<&Item> {
        self.items.get(*self.item_by_code.get(code)?)
    }

    /// The quickest way between two districts in a month (1 to 12); `None` if a code or the month does not exist.
    #[must_use]
    pub fn travel(&self, from: &str, to: &str, month: u32) -> Option<Travel> {
        self.travel_between(self.district_index(from)?, self.district_index(to)?, month)
    }

    /// The same for places already looked up.
    #[must_use]
    pub fn travel_between(&self, from: DistrictIndex, to: DistrictIndex, month: u32) -> Option<Travel> {
        self.travel.look_up(from.0, to.0, month)
    }

    /// The way a plan counts with: far and slow where the pack knows one of the two places not.
    #[must_use]
    pub fn way(&self, from: &str, to: &str, month: u32) -> Travel {
        self.way_between(self.district_index(from), self.district_index(to), month)
    }

    /// The same for places already looked up.
    #[must_use]
    pub fn way_between(&self, from: Option<DistrictIndex>, to: Option<DistrictIndex>, month: u32) -> Travel {
        let known = from.zip(to).and_then(|(from, to)| self.travel_between(from, to, month));
        known.unwrap_or(UNKNOWN_WAY)
    }

    /// The SVG `viewBox` of the regions' shapes.
    #[must_use]
    pub fn view_box(&self) -> String {
        format!("0 0 {MAP_WIDTH} {}", self.map.height)
    }
}
