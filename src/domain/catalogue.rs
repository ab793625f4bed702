//! The catalogue of supplies: the country pack's items with what operators have added and changed. Stock is another
//! room's subject.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};

use super::errors::FieldError;
use super::geography::{
    DailyRate, Item, ItemCategory, ItemUnit, Kit, MOST_DAYS, MOST_GRAMS, MOST_MILLI, MOST_PACK, Names, Pack,
    SupplyThresholds,
};
use super::id::Moment;
use super::language::fold;

/// All items, those that are counted no more among them: history names them.
#[derive(Debug, Clone, Default)]
pub struct Catalogue {
    items: Vec<Item>,
    by_code: HashMap<String, usize>,
    kits: Vec<Kit>,
    written: BTreeMap<String, Said>,
    edition: i64,
}

/// A planning figure as operators write it: for everybody who sleeps there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Planning {
    /// Thousandths of the item's unit that one resident uses in `days` days.
    pub quantity_milli: u64,
    pub days: u64,
}

impl Planning {
    fn rate(self) -> Option<DailyRate> {
        DailyRate::new(self.quantity_milli, self.days, 1000)
    }
}

/// What operators say of an item: of one of their own everything it needs, of one of the pack's what they changed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Said {
    /// In each language of the pack. Their own items only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub names: Option<BTreeMap<String, String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<ItemUnit>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pack_size: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<ItemCategory>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight_grams: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub planning: Option<Planning>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thresholds: Option<SupplyThresholds>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price_minor: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
}

/// A change of what operators say: the outer `None` leaves it, the inner one takes it back.
#[derive(Debug, Clone, Default)]
pub struct Change {
    pub names: Option<BTreeMap<String, String>>,
    pub weight_grams: Option<Option<u64>>,
    pub planning: Option<Option<Planning>>,
    pub thresholds: Option<Option<SupplyThresholds>>,
    pub price_minor: Option<Option<i64>>,
    pub retired: Option<bool>,
}

/// What is stored of an item beside the pack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    pub code: String,
    pub said: Said,
    /// Since when it is counted no more.
    pub retired_at: Option<Moment>,
    /// 1 when it was first written, one more with each change.
    pub version: i64,
}

/// Dearest pack, in the smallest units of the currency.
pub const MOST_PRICE: i64 = 999_999_999;

impl Catalogue {
    /// The pack's items in its order, then the operators' own by code.
    pub fn of(pack: &Pack, written: &[Written]) -> Self {
        let mut items = pack.items.clone();
        for row in written {
            match items.iter_mut().find(|item| item.code == row.code) {
                Some(item) => row.change(item),
                None => items.extend(row.own(pack)),
            }
        }
        let by_code = (items.iter().enumerate())
            .map(|(at, item)| (item.code.clone(), at))
            .collect();
        Self {
            items,
            by_code,
            kits: pack.kits.clone(),
            written: written.iter().map(|row| (row.code.clone(), row.said.clone())).collect(),
            edition: Self::edition_of(written),
        }
    }

    pub fn item(&self, code: &str) -> Option<&Item> {
        self.items.get(*self.by_code.get(code)?)
    }

    pub fn items(&self) -> &[Item] {
        &self.items
    }

    /// What is in one set of an item, if its bill is known.
    pub fn kit(&self, code: &str) -> Option<&Kit> {
        self.kits.iter().find(|kit| kit.code == code)
    }

    pub fn kits(&self) -> &[Kit] {
        &self.kits
    }

    /// What operators say of an item.
    pub fn said(&self, code: &str) -> Option<&Said> {
        self.written.get(code)
    }

    /// Goes up with every change, since nothing that is written goes away: tells the newer of two copies.
    pub fn edition(&self) -> i64 {
        self.edition
    }

    pub fn edition_of(written: &[Written]) -> i64 {
        written.iter().map(|row| row.version).sum()
    }
}

impl Written {
    /// Its words over those of the pack.
    fn change(&self, item: &mut Item) {
        let said = &self.said;
        if let Some(grams) = said.weight_grams {
            item.weight_grams = grams;
            item.weight_basis.clear();
        }
        if let Some(planning) = said.planning {
            item.per_person_per_day = planning.rate();
        }
        if let Some(thresholds) = said.thresholds {
            item.thresholds = thresholds;
        }
        item.price_minor = said.price_minor;
        item.retired = self.retired_at.is_some();
        item.version = self.version;
    }

    /// An item that the pack does not have; `None` if what it needs was never said.
    fn own(&self, pack: &Pack) -> Option<Item> {
        let said = &self.said;
        let names = said.names.as_ref()?;
        // The default language first, as in the pack.
        let languages = std::iter::once(&pack.default_language)
            .chain(pack.languages.iter().filter(|code| **code != pack.default_language));
        let names = languages.filter_map(|code| Some((code.as_str(), names.get(code)?.as_str())));
        Some(Item {
            code: self.code.clone(),
            names: Names::new(names),
            unit: said.unit?,
            pack_size: said.pack_size?,
            category: said.category?,
            weight_grams: said.weight_grams?,
            weight_basis: String::new(),
            ifrc_code: None,
            per_person_per_day: said.planning.and_then(Planning::rate),
            thresholds: said.thresholds.unwrap_or(pack.supplies),
            price_minor: said.price_minor,
            retired: self.retired_at.is_some(),
            own: true,
            version: self.version,
            basis: String::new(),
            source: said.source.clone().unwrap_or_default(),
            url: String::new(),
            how_seen: String::new(),
        })
    }
}

impl Change {
    /// What is said after it.
    #[must_use]
    pub fn over(self, mut said: Said) -> Said {
        said.names = self.names.or(said.names);
        said.weight_grams = self.weight_grams.unwrap_or(said.weight_grams);
        said.planning = self.planning.unwrap_or(said.planning);
        said.thresholds = self.thresholds.unwrap_or(said.thresholds);
        said.price_minor = self.price_minor.unwrap_or(said.price_minor);
        said
    }
}

/// Whether a code may name an item: small Latin letters, digits and `_`, beginning with a letter.
pub fn is_code(code: &str) -> bool {
    code.starts_with(|first: char| first.is_ascii_lowercase())
        && (2..=40).contains(&code.len())
        && code
            .bytes()
            .all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == b'_')
}

/// What is wrong with what operators say of an item; `own` if the pack does not have it.
pub fn faults(said: &Said, own: bool, code: &str, catalogue: &Catalogue, pack: &Pack) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let mut within = |field: &str, value: u64, most: u64| {
        if !(1..=most).contains(&value) {
            errors.push(FieldError::new(field, "out_of_range", format!("1 to {most}")));
        }
    };
    if let Some(size) = said.pack_size {
        within("pack_size", size.into(), MOST_PACK.into());
    }
    if let Some(grams) = said.weight_grams {
        within("weight_grams", grams, MOST_GRAMS);
    }
    if let Some(planning) = said.planning {
        within("planning.quantity_milli", planning.quantity_milli, MOST_MILLI);
        within("planning.days", planning.days, MOST_DAYS);
    }
    if let Some(limits) = said.thresholds {
        let (critical, low, surplus) = (
            limits.critical_below_days,
            limits.low_below_days,
            limits.surplus_above_days,
        );
        let mut ordered = |field: &str, value: u32, low: u32, high: u32| {
            if !(low..=high).contains(&value) {
                let field = format!("thresholds.{field}");
                errors.push(FieldError::new(field, "out_of_range", format!("{low} to {high}")));
            }
        };
        ordered("critical_below_days", critical, 1, 365);
        ordered("low_below_days", low, critical, 365);
        ordered("surplus_above_days", surplus, low, 3650);
    }
    if said.price_minor.is_some_and(|price| !(0..=MOST_PRICE).contains(&price)) {
        let range = format!("0 to {MOST_PRICE}");
        errors.push(FieldError::new("price_minor", "out_of_range", range));
    }
    if own && said.weight_grams.is_none() {
        errors.push(FieldError::new(
            "weight_grams",
            "required",
            "nothing else says what it weighs",
        ));
    }
    match &said.names {
        Some(names) if own => errors.extend(name_faults(names, code, catalogue, pack)),
        Some(_) => errors.push(FieldError::new(
            "names",
            "not_allowed",
            "the country pack names this item",
        )),
        None => {}
    }
    errors
}

/// An item has a name in each language, and no other item that is counted has the same.
fn name_faults(names: &BTreeMap<String, String>, code: &str, catalogue: &Catalogue, pack: &Pack) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let field = |language: &str| format!("names.{language}");
    for language in &pack.languages {
        let Some(name) = names.get(language) else {
            errors.push(FieldError::new(field(language), "required", "a name in each language"));
            continue;
        };
        let folded = fold(name);
        if folded.is_empty() {
            errors.push(FieldError::new(field(language), "required", "letters or digits"));
        }
        let mut others = catalogue
            .items()
            .iter()
            .filter(|item| item.code != code && !item.retired);
        if others.any(|item| fold(item.names.in_language(language)) == folded) {
            errors.push(FieldError::new(field(language), "taken", "another item has this name"));
        }
    }
    for language in names.keys().filter(|language| !pack.languages.contains(language)) {
        let said = "not a language of this country pack";
        errors.push(FieldError::new(field(language), "unknown", said));
    }
    errors
}
