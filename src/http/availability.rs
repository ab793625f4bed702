//! The national picture: numbers for the Committee, administrators and managers, bands for officers.

use std::sync::Arc;

use actix_web::http::header;
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::State;
use super::access::SignedIn;
use super::problem::Problem;
use crate::domain::accounts::Role;
use crate::domain::availability::{Availability, Band, Counts, Totals};
use crate::services::board::{Picture, Printed};

/// Beds in sum. Always: beds + over_capacity = free + occupied + held + enclosed + out_of_service.
/// A block counts each of its rooms as one.
#[derive(Debug, Serialize, ToSchema)]
pub struct CountsOut {
    pub beds: u64,
    pub free: u64,
    pub occupied: u64,
    pub held: u64,
    /// Unused beds in private rooms that house or hold a household.
    pub enclosed: u64,
    pub out_of_service: u64,
    pub over_capacity: u64,
}

impl From<Counts> for CountsOut {
    fn from(c: Counts) -> Self {
        Self {
            beds: c.beds,
            free: c.free,
            occupied: c.occupied,
            held: c.held,
            enclosed: c.enclosed,
            out_of_service: c.out_of_service,
            over_capacity: c.over_capacity,
        }
    }
}

/// How many households of one shape could be placed now, each shape by itself.
#[derive(Debug, Serialize, ToSchema)]
pub struct PlacesByUseOut {
    pub single_women: u64,
    pub family_2: u64,
    pub family_3: u64,
    pub family_4: u64,
    pub family_5_plus: u64,
    pub step_free: u64,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct FreshnessOut {
    pub total: u32,
    pub fresh: u32,
    pub aging: u32,
    pub stale: u32,
    pub silent: u32,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct TotalsOut {
    #[serde(flatten)]
    pub counts: CountsOut,
    /// Places for a woman and two children.
    pub family_places: u64,
    /// Such places if every room in service stood empty.
    pub family_capacity: u64,
    pub places_by_use: PlacesByUseOut,
    pub shelters: FreshnessOut,
}

impl From<&Totals> for TotalsOut {
    fn from(t: &Totals) -> Self {
        Self {
            counts: t.counts.into(),
            family_places: t.family_places,
            family_capacity: t.family_capacity,
            places_by_use: PlacesByUseOut {
                single_women: t.places_by_use.single_women,
                family_2: t.places_by_use.family_2,
                family_3: t.places_by_use.family_3,
                family_4: t.places_by_use.family_4,
                family_5_plus: t.places_by_use.family_5_plus,
                step_free: t.places_by_use.step_free,
            },
            shelters: freshness(t),
        }
    }
}

fn freshness(t: &Totals) -> FreshnessOut {
    let s = t.shelters;
    FreshnessOut {
        total: s.total,
        fresh: s.fresh,
        aging: s.aging,
        stale: s.stale,
        silent: s.silent,
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub struct RegionTotalsOut {
    pub region: String,
    #[serde(flatten)]
    pub totals: TotalsOut,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct CapacityTypesOut {
    /// Places counted in beds.
    pub bed: CountsOut,
    /// Places counted in rooms.
    pub room: CountsOut,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct SectorOut {
    pub sector: String,
    #[serde(flatten)]
    pub counts: CountsOut,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct SilentOut {
    pub shelter_code: String,
    pub region: String,
    pub observed_at: Option<DateTime<Utc>>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct AvailabilityOut {
    pub as_of: DateTime<Utc>,
    pub version: u64,
    pub national: TotalsOut,
    pub regions: Vec<RegionTotalsOut>,
    pub by_capacity_type: CapacityTypesOut,
    pub by_sector: Vec<SectorOut>,
    /// Shelters that have not reported for more than three of their intervals, or never.
    pub silent: Vec<SilentOut>,
}

impl AvailabilityOut {
    pub fn new(as_of: DateTime<Utc>, version: u64, found: &Availability) -> Self {
        Self {
            as_of,
            version,
            national: TotalsOut::from(&found.national),
            regions: found
                .regions
                .iter()
                .map(|(region, totals)| RegionTotalsOut {
                    region: region.clone(),
                    totals: totals.into(),
                })
                .collect(),
            by_capacity_type: CapacityTypesOut {
                bed: found.by_capacity_type.bed.into(),
                room: found.by_capacity_type.room.into(),
            },
            by_sector: found
                .by_sector
                .iter()
                .map(|s| SectorOut {
                    sector: s.sector.clone(),
                    counts: s.counts.into(),
                })
                .collect(),
            silent: found
                .silent
                .iter()
                .map(|s| SilentOut {
                    shelter_code: s.shelter_code.clone(),
                    region: s.region.clone(),
                    observed_at: s.observed_at,
                })
                .collect(),
        }
    }
}

/// What officers see instead of numbers.
#[derive(Debug, Serialize, ToSchema)]
pub struct BandsOut {
    /// Free beds: `0`, `1_2`, `3_5` or `6_plus`.
    pub band: String,
    /// Family places, likewise.
    pub family_band: String,
    pub shelters: FreshnessOut,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct RegionBandsOut {
    pub region: String,
    #[serde(flatten)]
    pub bands: BandsOut,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct AvailabilityBandsOut {
    pub as_of: DateTime<Utc>,
    pub version: u64,
    pub national: BandsOut,
    pub regions: Vec<RegionBandsOut>,
}

impl From<&Totals> for BandsOut {
    fn from(t: &Totals) -> Self {
        Self {
            band: Band::of(t.counts.free).to_string(),
            family_band: Band::of(t.family_places).to_string(),
            shelters: freshness(t),
        }
    }
}

fn bands(picture: &Picture) -> AvailabilityBandsOut {
    let found = &picture.availability;
    AvailabilityBandsOut {
        as_of: picture.as_of,
        version: picture.version,
        national: BandsOut::from(&found.national),
        regions: found
            .regions
            .iter()
            .map(|(region, totals)| RegionBandsOut {
                region: region.clone(),
                bands: totals.into(),
            })
            .collect(),
    }
}

fn print(picture: &Picture) -> Printed {
    let numbers = AvailabilityOut::new(picture.as_of, picture.version, &picture.availability);
    // Numbers, texts and dates: nothing of which JSON could refuse to speak.
    Printed {
        etag: format!("\"{}-{}\"", picture.version, picture.as_of.timestamp_millis()),
        numbers: serde_json::to_vec(&numbers).unwrap_or_default().into(),
        bands: serde_json::to_vec(&bands(picture)).unwrap_or_default().into(),
    }
}

/// What is answered: numbers, or bands.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
#[expect(
    dead_code,
    clippy::large_enum_variant,
    reason = "says the two shapes to the OpenAPI document"
)]
enum AvailabilityAnswer {
    Numbers(AvailabilityOut),
    Bands(AvailabilityBandsOut),
}

/// National and regional availability. Officers get bands (`AvailabilityBandsOut`) instead of numbers.
#[utoipa::path(get, path = "/api/v1/availability", tag = "availability",
    responses((status = 200, body = AvailabilityAnswer), (status = 304, description = "not changed since the ETag sent"),
        (status = "4XX", body = super::problem::Problem)))]
pub async fn get(state: web::Data<State>, who: SignedIn, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let picture = state.services.availability();
    let printed = picture.printed(print);
    let etag = (header::ETAG, printed.etag.as_str());
    let seen = request.headers().get(header::IF_NONE_MATCH);
    if seen.is_some_and(|seen| seen.as_bytes() == printed.etag.as_bytes()) {
        return Ok(HttpResponse::NotModified().insert_header(etag).finish());
    }
    let body = match who.0.role {
        Role::Officer => &printed.bands,
        _ => &printed.numbers,
    };
    Ok(HttpResponse::Ok()
        .insert_header(etag)
        .content_type("application/json")
        .body(Bytes::from_owner(Arc::clone(body))))
}
