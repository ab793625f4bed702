//! The catalogue of items and kits, and what operators add to it and change.

use std::collections::BTreeMap;

use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use super::State;
use super::access::SignedIn;
use super::body::Body;
use super::geography::names_of;
use super::parse::{Faults, Page, if_match};
use super::problem::Problem;
use super::shelters::etag;
use crate::domain::catalogue::{Catalogue, Change, Planning, Said};
use crate::domain::geography::{Item, ItemCategory, ItemUnit, SupplyThresholds};

/// Days of cover at which a stock's status changes.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ThresholdsBody {
    /// Critical below this many days, 1 to 365.
    pub critical_below_days: u32,
    /// Low below this many, at least as many.
    pub low_below_days: u32,
    /// Surplus above this many, at least as many and at most 3650.
    pub surplus_above_days: u32,
}

impl From<SupplyThresholds> for ThresholdsBody {
    fn from(limits: SupplyThresholds) -> Self {
        Self {
            critical_below_days: limits.critical_below_days,
            low_below_days: limits.low_below_days,
            surplus_above_days: limits.surplus_above_days,
        }
    }
}

impl From<ThresholdsBody> for SupplyThresholds {
    fn from(body: ThresholdsBody) -> Self {
        Self {
            critical_below_days: body.critical_below_days,
            low_below_days: body.low_below_days,
            surplus_above_days: body.surplus_above_days,
        }
    }
}

/// A planning figure, exactly: what one resident uses in some days.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanningBody {
    /// Thousandths of the item's unit, 1 to 100,000,000.
    pub quantity_milli: u64,
    /// 1 to 3650.
    pub days: u64,
}

impl From<PlanningBody> for Planning {
    fn from(body: PlanningBody) -> Self {
        Self {
            quantity_milli: body.quantity_milli,
            days: body.days,
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ItemOut {
    pub code: String,
    /// By language code.
    pub names: BTreeMap<String, String>,
    /// `kg`, `litre`, `piece` or `set`.
    pub unit: String,
    /// Units in one whole pack.
    pub pack_size: u32,
    pub category: String,
    /// Of one unit.
    pub weight_grams: u64,
    /// Code in the item list of the Red Cross and Red Crescent.
    pub ifrc_code: Option<String>,
    /// Planning figure, units per person and day; `null` for things that last.
    pub per_person_per_day: Option<f64>,
    /// The same figure exactly.
    pub planning: Option<PlanningBody>,
    pub thresholds: ThresholdsBody,
    /// Of one whole pack, in the smallest units of the currency, at most 999,999,999.
    pub price_minor: Option<i64>,
    /// Not counted any more.
    pub retired: bool,
    /// Added by operators: the country pack does not have it.
    pub own: bool,
    /// What operators have set: `weight_grams`, `planning`, `thresholds`, `price_minor`.
    pub changed: Vec<&'static str>,
    /// For If-Match; 0 if operators have changed nothing.
    pub version: i64,
    /// What the figure means.
    pub basis: Option<String>,
    pub source: Option<String>,
    /// How sure the figure is.
    pub how_seen: Option<String>,
}

fn item_out(item: &Item, catalogue: &Catalogue) -> ItemOut {
    let plain = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let changed = catalogue.said(&item.code).map_or_else(Vec::new, |said| {
        let set = [
            ("weight_grams", said.weight_grams.is_some()),
            ("planning", said.planning.is_some()),
            ("thresholds", said.thresholds.is_some()),
            ("price_minor", said.price_minor.is_some()),
        ];
        set.into_iter().filter_map(|(name, set)| set.then_some(name)).collect()
    });
    ItemOut {
        code: item.code.clone(),
        names: names_of(&item.names),
        unit: item.unit.to_string(),
        pack_size: item.pack_size,
        category: item.category.to_string(),
        weight_grams: item.weight_grams,
        ifrc_code: item.ifrc_code.clone(),
        per_person_per_day: item.per_person_per_day.map(|rate| rate.units_per_day()),
        planning: item.per_person_per_day.map(|rate| PlanningBody {
            quantity_milli: rate.milli_units,
            days: rate.days,
        }),
        thresholds: item.thresholds.into(),
        price_minor: item.price_minor,
        retired: item.retired,
        own: item.own,
        changed,
        version: item.version,
        basis: plain(&item.basis),
        source: plain(&item.source),
        how_seen: plain(&item.how_seen),
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ItemsOut {
    pub items: Vec<ItemOut>,
    pub next_cursor: Option<String>,
    /// ISO 4217 code of the currency that prices are in.
    pub currency: String,
}

/// The catalogue of supply items, those not counted any more among them.
#[utoipa::path(get, path = "/api/v1/items", tag = "reference", responses((status = 200, body = ItemsOut), (status = "4XX", body = super::problem::Problem)))]
pub async fn list(state: web::Data<State>) -> web::Json<ItemsOut> {
    let catalogue = state.services.catalogue();
    web::Json(ItemsOut {
        items: catalogue
            .items()
            .iter()
            .map(|item| item_out(item, &catalogue))
            .collect(),
        next_cursor: None,
        currency: state.services.pack.currency.clone(),
    })
}

#[derive(Debug, Serialize, ToSchema)]
pub struct KitLine {
    pub item: String,
    /// Whole units in one kit.
    pub quantity: i64,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct KitOut {
    /// Item code of the set that it is.
    pub code: String,
    /// By language code.
    pub names: BTreeMap<String, String>,
    pub lines: Vec<KitLine>,
    pub source: String,
}

/// What is in the sets whose contents are known.
#[utoipa::path(get, path = "/api/v1/kits", tag = "reference", responses((status = 200, body = Page<KitOut>), (status = "4XX", body = super::problem::Problem)))]
pub async fn kits(state: web::Data<State>) -> web::Json<Page<KitOut>> {
    let catalogue = state.services.catalogue();
    let kits = catalogue.kits().iter().map(|kit| KitOut {
        code: kit.code.clone(),
        names: catalogue
            .item(&kit.code)
            .map(|item| names_of(&item.names))
            .unwrap_or_default(),
        lines: (kit.lines.iter())
            .map(|(item, quantity)| KitLine {
                item: item.clone(),
                quantity: *quantity,
            })
            .collect(),
        source: kit.source.clone(),
    });
    web::Json(Page::whole(kits.collect()))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewItemBody {
    /// 2 to 40 small Latin letters, digits and `_`, a letter first. Never changes.
    pub code: String,
    /// A name of at most 80 characters in each language of the country pack.
    pub names: BTreeMap<String, String>,
    #[schema(value_type = String)]
    pub unit: ItemUnit,
    /// 1 to 100,000.
    pub pack_size: u32,
    #[schema(value_type = String)]
    pub category: ItemCategory,
    /// Of one unit, 1 to 1,000,000.
    pub weight_grams: u64,
    #[serde(default)]
    pub planning: Option<PlanningBody>,
    #[serde(default)]
    pub thresholds: Option<ThresholdsBody>,
    #[serde(default)]
    pub price_minor: Option<i64>,
    #[serde(default)]
    pub source: Option<String>,
}

fn names_in(faults: &mut Faults, names: BTreeMap<String, String>) -> BTreeMap<String, String> {
    let mut name = |(language, name): (String, String)| {
        let name = faults.text(&format!("names.{language}"), &name, 1, 80);
        (language, name)
    };
    names.into_iter().map(&mut name).collect()
}

/// Add an item that the country pack does not have.
#[utoipa::path(post, path = "/api/v1/items", tag = "reference", request_body = NewItemBody,
    responses((status = 201, body = ItemOut), (status = "4XX", body = super::problem::Problem)))]
pub async fn add(state: web::Data<State>, who: SignedIn, body: Body<NewItemBody>) -> Result<HttpResponse, Problem> {
    let body = body.value;
    let mut faults = Faults::default();
    let said = Said {
        names: Some(names_in(&mut faults, body.names)),
        unit: Some(body.unit),
        pack_size: Some(body.pack_size),
        category: Some(body.category),
        weight_grams: Some(body.weight_grams),
        planning: body.planning.map(Planning::from),
        thresholds: body.thresholds.map(SupplyThresholds::from),
        price_minor: body.price_minor,
        source: body.source.map(|source| faults.text("source", &source, 1, 200)),
    };
    faults.done()?;
    let item = state.services.add_item(&who.0, body.code, said).await?;
    let out = item_out(&item, &state.services.catalogue());
    Ok(HttpResponse::Created().insert_header(etag(item.version)).json(out))
}

/// What is left out stays; `null` goes back to what the country pack says.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ItemBody {
    /// Of items that operators have added; the country pack names the others.
    #[serde(default)]
    pub names: Option<BTreeMap<String, String>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<u64>)]
    pub weight_grams: Option<Option<u64>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<PlanningBody>)]
    pub planning: Option<Option<PlanningBody>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<ThresholdsBody>)]
    pub thresholds: Option<Option<ThresholdsBody>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<i64>)]
    pub price_minor: Option<Option<i64>>,
    /// `true`: not counted any more; `false`: counted again.
    #[serde(default)]
    pub retired: Option<bool>,
}

/// Tells `null` from a field that is left out.
fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(from: D) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(from).map(Some)
}

/// Change what operators say of an item, retire it or take it back. An item is never deleted.
#[utoipa::path(put, path = "/api/v1/items/{id}", tag = "reference", request_body = ItemBody,
    params(("id" = String, Path, description = "item code"), ("If-Match" = String, Header, description = "the version read, quoted")),
    responses((status = 200, body = ItemOut), (status = "4XX", body = super::problem::Problem)))]
pub async fn change(
    state: web::Data<State>,
    who: SignedIn,
    path: web::Path<String>,
    request: HttpRequest,
    body: Body<ItemBody>,
) -> Result<HttpResponse, Problem> {
    let code = path.into_inner();
    // What does not exist is told before what may not be done to it.
    if state
        .services
        .catalogue_with([code.as_str()])
        .await?
        .item(&code)
        .is_none()
    {
        return Err(Problem::not_found());
    }
    let version = if_match(&request)?;
    let body = body.value;
    let mut faults = Faults::default();
    let change = Change {
        names: body.names.map(|names| names_in(&mut faults, names)),
        weight_grams: body.weight_grams,
        planning: body.planning.map(|inner| inner.map(Planning::from)),
        thresholds: body.thresholds.map(|inner| inner.map(SupplyThresholds::from)),
        price_minor: body.price_minor,
        retired: body.retired,
    };
    faults.done()?;
    let item = state.services.change_item(&who.0, &code, version, change).await?;
    let out = item_out(&item, &state.services.catalogue());
    Ok(HttpResponse::Ok().insert_header(etag(item.version)).json(out))
}
