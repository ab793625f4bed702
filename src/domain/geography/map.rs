//! `regions.geojson` → one SVG path per region, small enough to travel with the geography on a slow line.
//! Flat drawing: degrees, with the length of a degree of longitude taken at the middle of the country.

use serde::Deserialize;

use super::areas::{Point, Region};
use super::error::{PackError, PackFault, PackFile, list};
use super::simplify::{Dot, Ring, double_area, simplify};

/// Width of the drawing; the height follows from the country.
pub const MAP_WIDTH: u32 = 1000;

/// All shapes together take at most this many bytes (except where a country has too many exclaves to shrink to that).
const MOST_BYTES: usize = 8_000;

#[derive(Deserialize)]
struct Collection {
    features: Vec<Feature>,
}

#[derive(Deserialize)]
struct Feature {
    properties: Properties,
    geometry: Geometry,
}

#[derive(Deserialize)]
struct Properties {
    code: String,
}

type Polygon = Vec<Vec<Vec<f64>>>;

#[derive(Deserialize)]
#[serde(tag = "type", content = "coordinates")]
enum Geometry {
    Polygon(Polygon),
    MultiPolygon(Vec<Polygon>),
}

/// How degrees become points of the drawing.
#[derive(Debug, Clone, Copy)]
pub struct Projection {
    west: f64,
    north: f64,
    /// Units of the drawing in a degree of longitude and of latitude.
    per_lon: f64,
    per_lat: f64,
    pub height: u32,
}

impl Projection {
    /// Fits the box of all points to the width of the drawing.
    fn fitting(points: &[Point]) -> Option<Self> {
        let low = |f: fn(&Point) -> f64| points.iter().map(f).reduce(f64::min);
        let high = |f: fn(&Point) -> f64| points.iter().map(f).reduce(f64::max);
        let (west, east, south, north) = (low(|p| p.lon)?, high(|p| p.lon)?, low(|p| p.lat)?, high(|p| p.lat)?);
        let narrowing = f64::midpoint(south, north).to_radians().cos();
        let per_lon = f64::from(MAP_WIDTH) / (east - west);
        let per_lat = per_lon / narrowing;
        let height = ((north - south) * per_lat).ceil();
        (per_lon.is_finite() && height >= 1.0 && height <= f64::from(MAP_WIDTH) * 20.0).then_some(Self {
            west,
            north,
            per_lon,
            per_lat,
            height: height as u32,
        })
    }

    /// Where a place lies in the drawing: x to the right, y downwards.
    #[must_use]
    pub fn place(&self, point: Point) -> (f64, f64) {
        (
            (point.lon - self.west) * self.per_lon,
            (self.north - point.lat) * self.per_lat,
        )
    }

    fn dot(&self, point: Point) -> Dot {
        let (x, y) = self.place(point);
        (x.round() as i32, y.round() as i32)
    }
}

/// One ring of one region, before and after it is made coarser.
struct Outline {
    region: usize,
    hole: bool,
    points: Vec<Point>,
}

/// Reads the shapes and writes each region's path into it.
pub(super) fn draw(text: &str, regions: &mut [Region]) -> Result<Projection, PackError> {
    let collection: Collection = serde_json::from_str(text).map_err(|e| syntax(&e))?;
    let outlines = outlines(&collection, regions)?;
    let all: Vec<Point> = outlines.iter().flat_map(|o| o.points.iter().copied()).collect();
    let flat = || fault(None, PackFault::BadShape("all points lie on one line".to_owned()));
    let projection = Projection::fitting(&all).ok_or_else(flat)?;
    let rings: Vec<Ring> = outlines.iter().map(|o| ring(o, &projection)).collect();
    let mut tolerance = 0.5;
    let mut paths = paths(&outlines, &rings, regions.len(), tolerance);
    while paths.iter().map(String::len).sum::<usize>() > MOST_BYTES && tolerance < f64::from(MAP_WIDTH) {
        tolerance *= 1.2;
        paths = self::paths(&outlines, &rings, regions.len(), tolerance);
    }
    for (region, path) in regions.iter_mut().zip(paths) {
        region.shape = path;
    }
    Ok(projection)
}

fn outlines(collection: &Collection, regions: &[Region]) -> Result<Vec<Outline>, PackError> {
    let mut outlines: Vec<Outline> = Vec::new();
    for feature in &collection.features {
        let code = &feature.properties.code;
        let region = regions.iter().position(|r| r.code == *code).ok_or_else(|| {
            let known = list(regions.iter().map(|r| &r.code));
            fault(
                Some(code),
                PackFault::Unknown {
                    what: "region",
                    value: code.clone(),
                    known,
                },
            )
        })?;
        if outlines.iter().any(|o| o.region == region) {
            return Err(fault(
                Some(code),
                PackFault::Duplicate {
                    what: "region",
                    value: code.clone(),
                },
            ));
        }
        let polygons = match &feature.geometry {
            Geometry::Polygon(one) => std::slice::from_ref(one),
            Geometry::MultiPolygon(many) => many.as_slice(),
        };
        for polygon in polygons {
            for (n, ring) in polygon.iter().enumerate() {
                let points = points(ring).map_err(|why| fault(Some(code), PackFault::BadShape(why)))?;
                outlines.push(Outline {
                    region,
                    hole: n > 0,
                    points,
                });
            }
        }
    }
    match regions
        .iter()
        .enumerate()
        .find(|(n, _)| !outlines.iter().any(|o| o.region == *n))
    {
        Some((_, region)) => Err(fault(None, PackFault::RegionWithoutShape(region.code.clone()))),
        None => Ok(outlines),
    }
}

fn points(ring: &[Vec<f64>]) -> Result<Vec<Point>, String> {
    let points: Vec<Point> = ring
        .iter()
        .map(|position| match position.as_slice() {
            [lon, lat, ..] if (-360.0..=360.0).contains(lon) && (-90.0..=90.0).contains(lat) => {
                Ok(Point { lat: *lat, lon: *lon })
            }
            other => Err(format!("{other:?} is no place on the globe (longitude, latitude)")),
        })
        .collect::<Result<_, _>>()?;
    if points.len() < 4 {
        return Err(format!("a ring has {} points", points.len()));
    }
    if points.first() != points.last() {
        return Err("a ring does not end where it begins".to_owned());
    }
    Ok(points)
}

/// The outline in whole units, neighbours that fall together merged, outer rings clockwise and holes the other way,
/// so that a hole stays a hole under either fill rule of SVG.
fn ring(outline: &Outline, projection: &Projection) -> Ring {
    let mut ring: Ring = outline.points.iter().map(|p| projection.dot(*p)).collect();
    ring.dedup();
    while ring.len() > 1 && ring.first() == ring.last() {
        ring.pop();
    }
    if double_area(&ring) == 0 && !outline.hole {
        // An exclave smaller than a unit of the drawing stays as the smallest mark.
        let (x, y) = ring.first().copied().unwrap_or_default();
        let (x, y) = (x.min(MAP_WIDTH as i32 - 1), y.min(projection.height as i32 - 1));
        return vec![(x, y), (x + 1, y), (x + 1, y + 1), (x, y + 1)];
    }
    if (double_area(&ring) < 0) != outline.hole {
        ring.reverse();
    }
    ring
}

fn paths(outlines: &[Outline], rings: &[Ring], regions: usize, tolerance: f64) -> Vec<String> {
    let mut paths = vec![String::new(); regions];
    for (outline, ring) in outlines.iter().zip(simplify(rings, tolerance)) {
        if ring.len() >= 3
            && let Some(path) = paths.get_mut(outline.region)
        {
            write_ring(path, &ring);
        }
    }
    paths
}

/// `M706 31l-3 4 5-6Z`: the first point, then steps from point to point, which is shorter.
fn write_ring(path: &mut String, ring: &[Dot]) {
    let mut dots = ring.iter();
    let Some(first) = dots.next() else { return };
    path.push_str(&format!("M{} {}l", first.0, first.1));
    let mut last = *first;
    for (n, dot) in dots.enumerate() {
        let (dx, dy) = (dot.0 - last.0, dot.1 - last.1);
        let gap = |number: i32| if number < 0 { "" } else { " " };
        path.push_str(&format!("{}{dx}{}{dy}", if n == 0 { "" } else { gap(dx) }, gap(dy)));
        last = *dot;
    }
    path.push('Z');
}

fn fault(column: Option<&str>, fault: PackFault) -> PackError {
    PackError::new(PackFile::Shapes, None, column, fault)
}

fn syntax(error: &serde_json::Error) -> PackError {
    let (line, column) = (error.line() as u64, error.column().to_string());
    let text = error.to_string();
    let text = text
        .strip_suffix(&format!(" at line {line} column {column}"))
        .unwrap_or(&text)
        .to_owned();
    PackError::new(PackFile::Shapes, Some(line), Some(&column), PackFault::Syntax(text))
}
