//! What was promised of each work (`benches/bars.csv`), beside the figure that was kept of it.

use std::fmt::Write;

use serde::Deserialize;

use super::number;
use crate::Outcome;
use crate::kept::Kept;

const BARS: &str = include_str!("../../bars.csv");

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Bound {
    AtLeast,
    AtMost,
}

#[derive(Deserialize)]
struct Bar {
    work: String,
    bound: Bound,
    value: f64,
    unit: String,
    section: String,
    /// The field that names the row, what it says (`*` at its end: how it begins), and the field with the figure.
    key: String,
    row: String,
    figure: String,
}

impl Bar {
    /// Of several rows the worst.
    fn measured(&self, kept: &Kept) -> Option<f64> {
        let figures = kept.figures(&self.section, &self.key, &self.row, &self.figure);
        match self.bound {
            Bound::AtLeast => figures.into_iter().reduce(f64::min),
            Bound::AtMost => figures.into_iter().reduce(f64::max),
        }
    }

    fn met(&self, measured: f64) -> bool {
        match self.bound {
            Bound::AtLeast => measured >= self.value,
            Bound::AtMost => measured <= self.value,
        }
    }

    fn line(&self, kept: &Kept) -> String {
        let sign = match self.bound {
            Bound::AtLeast => "≥",
            Bound::AtMost => "≤",
        };
        let (work, unit, wanted) = (&self.work, &self.unit, number(self.value));
        let told = match self.measured(kept) {
            None => "not measured | ".to_owned(),
            Some(figure) => {
                let met = if self.met(figure) { "met" } else { "**not met**" };
                format!("{} {unit} | {met}", number(figure))
            }
        };
        format!("| {work} | {sign} {wanted} {unit} | {told} |")
    }
}

pub fn table(kept: &Kept) -> Outcome<String> {
    let mut text =
        "| work, at 5,000 shelters where it does not say | wanted | measured | |\n|---|---|---|---|\n".to_owned();
    for bar in csv::Reader::from_reader(BARS.as_bytes()).deserialize() {
        let bar: Bar = bar?;
        writeln!(text, "{}", bar.line(kept))?;
    }
    text.push_str("| SQL statements of one request | 0 from memory, ≤ 3 reads and a transaction for a write | asserted in `tests/it` | |\n");
    Ok(text)
}
