//! The one picture of a digest: free beds day by day, drawn as SVG and made a PNG, because mail programs show no SVG.
//! Opaque white and with fonts of its own, so that it looks the same in every program and on every server.

use std::fmt::Write;
use std::sync::{Arc, OnceLock};

use resvg::tiny_skia::{Color, Pixmap, Transform};
use resvg::usvg::{Options, Tree, fontdb};

use super::LetterError;
use super::words::Words;
use crate::domain::digests::{Trend, TrendPoint};

const REGULAR: &[u8] = include_bytes!("../../data/fonts/panoh-regular.ttf");
const BOLD: &[u8] = include_bytes!("../../data/fonts/panoh-bold.ttf");

/// Width in the letter; the PNG has twice as many pixels.
pub(super) const WIDTH: u32 = 560;
pub(super) const HEIGHT: u32 = 250;
const SCALE: u32 = 2;

/// The field the line is drawn in.
const LEFT: f64 = 60.0;
const RIGHT: f64 = 544.0;
const TOP: f64 = 36.0;
const BOTTOM: f64 = 204.0;

const INK: &str = "#1d2527";
const SOFT: &str = "#5b6669";
const GRID: &str = "#e2ddd3";
const TEAL: &str = "#0d5f63";
const TEAL_SOFT: &str = "#e3f0ef";

// Writing into a String cannot fail; `let _` says so, here and below.
/// The chart of a trend. All text in it comes from numbers and month names.
pub(super) fn svg(trend: &Trend, words: &Words) -> String {
    let scale = Scale::over(trend);
    let mut out = format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="DejaVu Sans" font-size="20">"#
    );
    let path = path(&scale, trend);
    let _ = write!(
        out,
        r#"<path d="{path}L{RIGHT} {BOTTOM}L{LEFT} {BOTTOM}Z" fill="{TEAL_SOFT}"/>"#
    );
    grid(&mut out, &scale, words);
    let _ = write!(
        out,
        r#"<path d="{path}" fill="none" stroke="{TEAL}" stroke-width="3" stroke-linejoin="round" stroke-linecap="round"/>"#
    );
    days(&mut out, &scale, trend, words);
    marks(&mut out, &scale, trend, words);
    out.push_str("</svg>");
    out
}

/// From days and beds to places in the picture.
struct Scale {
    last: f64,
    step: u32,
    top: u32,
}

impl Scale {
    fn over(trend: &Trend) -> Scale {
        let step = step(trend.highest.free);
        Scale {
            last: to_f64(trend.points.len().saturating_sub(1)).max(1.0),
            step,
            top: trend.highest.free.div_ceil(step).max(1).saturating_mul(step),
        }
    }

    fn x(&self, index: usize) -> f64 {
        LEFT + (RIGHT - LEFT) * to_f64(index) / self.last
    }

    fn y(&self, beds: u32) -> f64 {
        BOTTOM - (BOTTOM - TOP) * f64::from(beds) / f64::from(self.top)
    }
}

fn to_f64(n: usize) -> f64 {
    u32::try_from(n).map_or(f64::MAX, f64::from)
}

/// The distance of grid lines: 1, 2 or 5 times a power of ten, two to four of them up to `highest`.
fn step(highest: u32) -> u32 {
    let mut power = 1u32;
    loop {
        for factor in [1, 2, 5] {
            let step = power.saturating_mul(factor);
            if step.saturating_mul(4) >= highest {
                return step;
            }
        }
        power = power.saturating_mul(10);
    }
}

fn grid(out: &mut String, scale: &Scale, words: &Words) {
    let mut beds = 0;
    while beds <= scale.top {
        let y = scale.y(beds);
        let colour = if beds == 0 { SOFT } else { GRID };
        let _ = write!(
            out,
            r#"<path d="M{LEFT} {y:.1}H{RIGHT}" stroke="{colour}"/><text x="{:.1}" y="{:.1}" text-anchor="end" fill="{SOFT}">{}</text>"#,
            LEFT - 8.0,
            y + 7.0,
            words.number(beds)
        );
        let Some(next) = beds.checked_add(scale.step) else {
            return;
        };
        beds = next;
    }
}

/// The course of the line.
fn path(scale: &Scale, trend: &Trend) -> String {
    let mut path = String::new();
    for (i, point) in trend.points.iter().enumerate() {
        let letter = if i == 0 { 'M' } else { 'L' };
        let _ = write!(path, "{letter}{:.1} {:.1}", scale.x(i), scale.y(point.free));
    }
    path
}

/// The first, the middle and the last day under the line.
fn days(out: &mut String, scale: &Scale, trend: &Trend, words: &Words) {
    let last = trend.points.len().saturating_sub(1);
    let mut named = vec![(0, "start"), (last, "end")];
    if last >= 6 {
        named.push((last / 2, "middle"));
    }
    for (index, anchor) in named {
        if let Some(point) = trend.points.get(index) {
            let _ = write!(
                out,
                r#"<text x="{:.1}" y="238" text-anchor="{anchor}" fill="{SOFT}">{}</text>"#,
                scale.x(index),
                words.day(point.date)
            );
        }
    }
}

/// Dots with their numbers: the last day always, the lowest and the highest where they do not crowd it.
fn marks(out: &mut String, scale: &Scale, trend: &Trend, words: &Words) {
    let place = |wanted: &TrendPoint| trend.points.iter().position(|point| point.date == wanted.date);
    let last = trend.points.len().saturating_sub(1);
    let mut taken: Vec<f64> = Vec::new();
    let extremes = [
        (Some(last), true),
        (place(&trend.highest), true),
        (place(&trend.lowest), false),
    ];
    for (place, above) in extremes {
        let Some((i, point)) = place.and_then(|i| Some((i, trend.points.get(i)?))) else {
            continue;
        };
        let (x, y) = (scale.x(i), scale.y(point.free));
        if taken.iter().any(|other| (other - x).abs() < 60.0) {
            continue;
        }
        taken.push(x);
        // Under the lowest point only where there is room above the axis.
        let label_y = if above || y > BOTTOM - 36.0 { y - 12.0 } else { y + 30.0 };
        // Above the line a number may lie on a grid line: white around it keeps it clear.
        let halo = if above {
            r##" stroke="#ffffff" stroke-width="4" stroke-linejoin="round" paint-order="stroke""##
        } else {
            ""
        };
        let anchor = match x {
            x if x > RIGHT - 22.0 => "end",
            x if x < LEFT + 22.0 => "start",
            _ => "middle",
        };
        let _ = write!(
            out,
            r##"<circle cx="{x:.1}" cy="{y:.1}" r="5.5" fill="{TEAL}" stroke="#ffffff" stroke-width="2"/><text x="{x:.1}" y="{label_y:.1}" text-anchor="{anchor}" font-weight="700" font-size="23" fill="{INK}"{halo}>{}</text>"##,
            words.number(point.free)
        );
    }
}

fn fonts() -> Arc<fontdb::Database> {
    static FONTS: OnceLock<Arc<fontdb::Database>> = OnceLock::new();
    Arc::clone(FONTS.get_or_init(|| {
        let mut fonts = fontdb::Database::new();
        fonts.load_font_data(REGULAR.to_vec());
        fonts.load_font_data(BOLD.to_vec());
        Arc::new(fonts)
    }))
}

/// The picture in pixels, opaque.
pub(super) fn png(svg: &str) -> Result<Vec<u8>, LetterError> {
    let failed = |what: &dyn std::fmt::Display| LetterError::Chart(what.to_string());
    let options = Options {
        font_family: "DejaVu Sans".to_owned(),
        fontdb: fonts(),
        ..Options::default()
    };
    let tree = Tree::from_str(svg, &options).map_err(|error| failed(&error))?;
    let mut pixels = Pixmap::new(WIDTH * SCALE, HEIGHT * SCALE).ok_or_else(|| failed(&"no room for its pixels"))?;
    pixels.fill(Color::WHITE);
    resvg::render(&tree, Transform::from_scale(2.0, 2.0), &mut pixels.as_mut());
    pixels.encode_png().map_err(|error| failed(&error))
}
