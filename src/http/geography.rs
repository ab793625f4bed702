//! The country: regions, districts, names, map shapes.

use std::collections::BTreeMap;

use actix_web::web;
use serde::Serialize;
use utoipa::ToSchema;

use super::State;
use crate::domain::geography::{Names, Point};

#[derive(Debug, Serialize, ToSchema)]
pub struct PointOut {
    pub lat: f64,
    pub lon: f64,
}

impl From<Point> for PointOut {
    fn from(point: Point) -> Self {
        Self {
            lat: point.lat,
            lon: point.lon,
        }
    }
}

/// A place in the drawing of `view_box`: x to the right, y downwards.
#[derive(Debug, Serialize, ToSchema)]
pub struct DotOut {
    pub x: f64,
    pub y: f64,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct CountryOut {
    pub code: String,
    pub names: BTreeMap<String, String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct RegionOut {
    pub code: String,
    pub names: BTreeMap<String, String>,
    pub centre: PointOut,
    pub population: Option<u64>,
    /// SVG path in the view box.
    pub shape: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct DistrictOut {
    pub code: String,
    pub region: String,
    pub names: BTreeMap<String, String>,
    /// What else people call it; to be searched, not shown.
    pub old_names: Vec<String>,
    pub centre: PointOut,
    /// The centre in the drawing, to a tenth.
    pub dot: DotOut,
    pub population: Option<u64>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct GeographyOut {
    pub country: CountryOut,
    pub time_zone: String,
    /// In the pack's order.
    pub languages: Vec<String>,
    pub view_box: String,
    /// Inhabitants for whom one family place is planned.
    pub inhabitants_per_family_place: u32,
    pub regions: Vec<RegionOut>,
    pub districts: Vec<DistrictOut>,
    /// To be shown with every map.
    pub attribution: Vec<String>,
}

pub(super) fn names_of(names: &Names) -> BTreeMap<String, String> {
    names
        .iter()
        .map(|(language, name)| (language.to_owned(), name.to_owned()))
        .collect()
}

fn dot_of((x, y): (f64, f64)) -> DotOut {
    let tenth = |n: f64| (n * 10.0).round() / 10.0;
    DotOut {
        x: tenth(x),
        y: tenth(y),
    }
}

/// Regions and districts of the country pack.
#[utoipa::path(get, path = "/api/v1/geography", tag = "reference", responses((status = 200, body = GeographyOut)))]
pub async fn get(state: web::Data<State>) -> web::Json<GeographyOut> {
    let pack = &state.services.pack;
    web::Json(GeographyOut {
        country: CountryOut {
            code: pack.country.code.clone(),
            names: names_of(&pack.country.names),
        },
        time_zone: pack.time_zone.name().to_owned(),
        languages: pack.languages.clone(),
        view_box: pack.view_box(),
        inhabitants_per_family_place: pack.family_place.inhabitants,
        regions: pack
            .regions
            .iter()
            .map(|region| RegionOut {
                code: region.code.clone(),
                names: names_of(&region.names),
                centre: region.centre.into(),
                population: region.population,
                shape: region.shape.clone(),
            })
            .collect(),
        districts: pack
            .districts
            .iter()
            .map(|district| DistrictOut {
                code: district.code.clone(),
                region: district.region.clone(),
                names: names_of(&district.names),
                old_names: district.old_names.clone(),
                centre: district.centre.into(),
                dot: dot_of(pack.map.place(district.centre)),
                population: district.population,
            })
            .collect(),
        attribution: pack.attribution.clone(),
    })
}
