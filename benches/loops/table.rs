//! Prints figures as they come, and remembers them for the ratios, the growth and the JSON document.

use serde_json::{Value, json};

use crate::Outcome;
use crate::load::Figures;

pub struct Table {
    aloud: bool,
    section: String,
    size: u32,
    all: Vec<Value>,
    /// What the next limit is compared with.
    last: Option<(String, f64)>,
    /// Work, number of shelters, what one costs.
    by_size: Vec<(String, u32, f64)>,
}

impl Table {
    pub fn new(aloud: bool) -> Self {
        Self {
            aloud,
            section: String::new(),
            size: 0,
            all: Vec::new(),
            last: None,
            by_size: Vec::new(),
        }
    }

    /// `size` is the number of shelters by which growth is judged, 0 where it is not.
    pub fn section(&mut self, name: &str, size: u32) {
        name.clone_into(&mut self.section);
        self.size = size;
        self.line(&format!("\n{name}"));
        self.line(&format!(
            "  {:<44} {:>7} {:>11} {:>9} {:>9} {:>9}   {}",
            "", "clients", "per second", "p50 ms", "p99 ms", "count", "ratio"
        ));
    }

    pub fn fact(&mut self, name: &str, value: f64, unit: &str) {
        self.line(&format!("  {name:<44} {value:>19.1} {unit}"));
        self.all
            .push(json!({ "section": self.section, "name": name, "value": value, "unit": unit }));
    }

    /// A fact that is a cost: its growth is told.
    pub fn cost(&mut self, name: &str, value: f64, unit: &str) {
        self.fact(name, value, unit);
        if self.size > 0 {
            self.by_size.push((name.to_owned(), self.size, value));
        }
    }

    /// The limit of a rate among the facts.
    pub fn rate(&mut self, name: &str, ours: f64, limit: f64, unit: &str) {
        self.line(&format!("  {name:<44} {ours:>19.0} {unit:<32} {:.2}", ours / limit));
        self.all.push(json!({
            "section": self.section, "name": name, "per_second": ours, "limit": limit, "ratio": ours / limit,
        }));
    }

    /// Work of ours that a limit follows.
    pub fn work(&mut self, name: &str, clients: u32, figures: &Figures) {
        self.print(name, clients, figures, None);
        self.last = Some((name.to_owned(), figures.per_second()));
        if self.size > 0 {
            self.by_size
                .push((name.to_owned(), self.size, figures.per_second().recip()));
        }
    }

    /// The limit of the work before it: the ratio says how near we come.
    pub fn beside(&mut self, name: &str, clients: u32, figures: &Figures) {
        let ratio = self.last.take().map(|(_, ours)| ours / figures.per_second());
        self.print(&format!("  beside: {name}"), clients, figures, ratio);
    }

    pub fn plain(&mut self, name: &str, clients: u32, figures: &Figures) {
        self.print(name, clients, figures, None);
    }

    fn print(&mut self, name: &str, clients: u32, figures: &Figures, ratio: Option<f64>) {
        let (p50, p99) = (figures.within_ms(0.5), figures.within_ms(0.99));
        let told = ratio.map(|ratio| format!("{ratio:.2}")).unwrap_or_default();
        self.line(&format!(
            "  {name:<44} {clients:>7} {:>11.0} {p50:>9.2} {p99:>9.2} {:>9}   {told}",
            figures.per_second(),
            figures.requests()
        ));
        self.all.push(json!({
            "section": self.section, "name": name.trim(), "clients": clients, "per_second": figures.per_second(),
            "p50_ms": p50, "p99_ms": p99, "count": figures.requests(), "ratio": ratio,
        }));
    }

    /// How the cost of one piece of work grows with the country: 1.0 means not at all, 10.0 with ten times the shelters
    /// means in proportion.
    pub fn growth(&mut self) {
        let measured = std::mem::take(&mut self.by_size);
        self.line("\ngrowth of the cost of one");
        for (n, (work, size, dear)) in measured.iter().enumerate() {
            let before = measured.iter().take(n).rev().find(|(other, _, _)| other == work);
            if let Some((_, smaller, cheap)) = before {
                let (shelters, cost) = (f64::from(*size) / f64::from(*smaller), dear / cheap);
                self.line(&format!(
                    "  {work:<44} {smaller} → {size} shelters (× {shelters:.1}): cost × {cost:.2}"
                ));
                self.all
                    .push(json!({ "section": "growth", "name": work, "from": smaller, "to": size, "cost": cost }));
            }
        }
    }

    #[expect(clippy::print_stdout, reason = "a benchmark speaks on its output")]
    fn line(&self, text: &str) {
        if self.aloud {
            println!("{text}");
        }
    }

    #[expect(clippy::print_stdout, reason = "a benchmark speaks on its output")]
    pub fn finish(self) -> Outcome<()> {
        if !self.aloud {
            println!("{}", serde_json::to_string_pretty(&self.all)?);
        }
        Ok(())
    }
}
