//! `items.csv`: what shelters count, and how much of it a resident uses. Stock and days of cover are the rules of
//! another room.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use strum::{Display, EnumIter, EnumString, IntoStaticStr};

use super::error::{PackError, PackFault, PackFile, list};
use super::names::{Names, column};
use super::settings::{EVERYBODY, Settings, SupplyThresholds};
use super::table::{Row, Table};

/// What one of an item is. A closed list, since screens print it in words.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter, EnumString, IntoStaticStr, Display,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum ItemUnit {
    Kg,
    Litre,
    Piece,
    Set,
}

#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    EnumIter,
    EnumString,
    IntoStaticStr,
    Display,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum ItemCategory {
    Food,
    Water,
    Hygiene,
    Infant,
    Health,
    Bedding,
    Clothing,
    Education,
    Heating,
    Other,
}

/// An exact amount per resident and day: `milli_units ÷ (1000 × days)` units, in lowest terms.
///
/// 250 g of soap a month for one of three residents has no finite decimal; the fraction keeps sums exact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DailyRate {
    /// Thousandths of the item's unit that one resident uses in `days` days; at least 1.
    pub milli_units: u64,
    /// At least 1.
    pub days: u64,
}

impl DailyRate {
    /// `quantity_milli` in `days` days for `per_mille` of a thousand residents; `None` if that is nothing.
    pub fn new(quantity_milli: u64, days: u64, per_mille: u64) -> Option<Self> {
        let (above, below) = (quantity_milli.checked_mul(per_mille)?, days.checked_mul(1000)?);
        let divisor = gcd(above, below);
        (above > 0 && below > 0).then(|| Self {
            milli_units: above / divisor,
            days: below / divisor,
        })
    }

    /// Thousandths of a unit that `persons` use in a day, rounded once, to the nearest.
    #[must_use]
    pub fn daily_use_milli(self, persons: u32) -> u64 {
        // In 128 bits: no figure and no number of persons overflows.
        let (milli_units, days) = (u128::from(self.milli_units), u128::from(self.days));
        let rounded = (milli_units * u128::from(persons) + days / 2) / days;
        u64::try_from(rounded).unwrap_or(u64::MAX)
    }

    /// Units per resident and day, for print and for the wire.
    #[must_use]
    pub fn units_per_day(self) -> f64 {
        self.milli_units as f64 / 1000.0 / self.days as f64
    }
}

fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// A thing that shelters count.
#[derive(Debug, Clone)]
pub struct Item {
    pub code: String,
    pub names: Names,
    pub unit: ItemUnit,
    /// Units in one whole pack; transfers go in whole packs. At least 1.
    pub pack_size: u32,
    pub category: ItemCategory,
    /// Of one unit, in grams; at least 1.
    pub weight_grams: u64,
    /// What the weight rests on.
    pub weight_basis: String,
    /// Code in the item list of the Red Cross and Red Crescent, where that names this very thing.
    pub ifrc_code: Option<String>,
    /// The planning figure; `None` for things that last, or for which no figure was found.
    pub per_person_per_day: Option<DailyRate>,
    /// The pack's thresholds, or the item's own.
    pub thresholds: SupplyThresholds,
    /// Of one whole pack, in the smallest units of the pack's currency; set by operators.
    pub price_minor: Option<i64>,
    /// Not counted any more; history still names it.
    pub retired: bool,
    /// Added by operators: the country pack does not have it.
    pub own: bool,
    /// Goes up with each change that operators make; 0 if they made none.
    pub version: i64,
    /// What the figure means, where it is from, and whether its source was seen.
    pub basis: String,
    pub source: String,
    pub url: String,
    pub how_seen: String,
}

/// A tonne: nobody counts heavier things.
pub const MOST_GRAMS: u64 = 1_000_000;
/// Most units in a pack.
pub const MOST_PACK: u32 = 100_000;
/// Largest planning figure, in thousandths of a unit, and its longest span in days.
pub const MOST_MILLI: u64 = 100_000_000;
pub const MOST_DAYS: u64 = 3650;

const COLUMNS: [&str; 17] = [
    "code",
    "unit",
    "pack_size",
    "category",
    "weight_grams",
    "weight_basis",
    "ifrc_code",
    "quantity_milli",
    "days",
    "for_whom",
    "critical_below_days",
    "low_below_days",
    "surplus_above_days",
    "basis",
    "source",
    "url",
    "how_seen",
];

pub(super) fn read(text: &str, settings: &Settings, languages: &[Arc<str>]) -> Result<Vec<Item>, PackError> {
    let columns: Vec<String> = COLUMNS
        .iter()
        .map(|c| (*c).to_owned())
        .chain(languages.iter().map(|l| column(l)))
        .collect();
    let table = Table::read(PackFile::Items, text, &columns)?;
    let mut seen = BTreeSet::new();
    let mut items = Vec::with_capacity(table.rows.len());
    for row in &table.rows {
        let item = read_item(row, settings, languages)?;
        if !seen.insert(item.code.clone()) {
            return Err(row.error(
                "code",
                PackFault::Duplicate {
                    what: "item",
                    value: item.code,
                },
            ));
        }
        items.push(item);
    }
    Ok(items)
}

fn read_item(row: &Row, settings: &Settings, languages: &[Arc<str>]) -> Result<Item, PackError> {
    let plain = |column| row.optional(column).unwrap_or_default().to_owned();
    Ok(Item {
        code: row.text("code")?.to_owned(),
        names: Names::read(row, languages)?,
        unit: row.word("unit", "unit")?,
        pack_size: row.needed_number("pack_size", 1, MOST_PACK)?,
        category: row.word("category", "category")?,
        weight_grams: row.needed_number("weight_grams", 1, MOST_GRAMS)?,
        weight_basis: row.text("weight_basis")?.to_owned(),
        ifrc_code: row.optional("ifrc_code").map(str::to_owned),
        per_person_per_day: rate(row, settings)?,
        thresholds: thresholds(row, settings.supplies)?,
        price_minor: None,
        retired: false,
        own: false,
        version: 0,
        basis: plain("basis"),
        source: plain("source"),
        url: plain("url"),
        how_seen: row.text("how_seen")?.to_owned(),
    })
}

fn rate(row: &Row, settings: &Settings) -> Result<Option<DailyRate>, PackError> {
    let Some(quantity) = row.number("quantity_milli", 1, MOST_MILLI)? else {
        row.blank("days", "there is no quantity")?;
        row.blank("for_whom", "there is no quantity")?;
        return Ok(None);
    };
    let days = row.needed_number("days", 1, MOST_DAYS)?;
    let group = row.text("for_whom")?;
    let share = if group == EVERYBODY {
        Some(&1000)
    } else {
        settings.residents_per_mille.get(group)
    };
    let share = share.ok_or_else(|| {
        let known = list(std::iter::once(EVERYBODY).chain(settings.residents_per_mille.keys().map(String::as_str)));
        row.error(
            "for_whom",
            PackFault::Unknown {
                what: "group of residents",
                value: group.to_owned(),
                known,
            },
        )
    })?;
    Ok(DailyRate::new(quantity, days, u64::from(*share)))
}

fn thresholds(row: &Row, pack: SupplyThresholds) -> Result<SupplyThresholds, PackError> {
    let critical = row
        .number("critical_below_days", 1, 365)?
        .unwrap_or(pack.critical_below_days);
    let low = row
        .number("low_below_days", critical, 365)?
        .unwrap_or(pack.low_below_days.max(critical));
    let surplus = row
        .number("surplus_above_days", low, 3650)?
        .unwrap_or(pack.surplus_above_days.max(low));
    Ok(SupplyThresholds {
        critical_below_days: critical,
        low_below_days: low,
        surplus_above_days: surplus,
    })
}
