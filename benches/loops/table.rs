//! Prints figures as they come, and remembers them for the ratios, the growth and the JSON document.

use serde_json::{Value, json};

use crate::load::Figures;
use crate::{Outcome, kept};

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

    /// What has a shape of its own: a line, and what is kept of it.
    pub fn told(&mut self, line: &str, kept: Value) {
        self.line(line);
        self.keep(kept);
    }

    fn keep(&mut self, mut row: Value) {
        if let Some(fields) = row.as_object_mut() {
            fields.insert("section".to_owned(), json!(self.section));
            self.all.push(row);
        }
    }

    pub fn fact(&mut self, name: &str, value: f64, unit: &str) {
        self.line(&format!("  {name:<44} {value:>19.1} {unit}"));
        self.keep(json!({ "name": name, "value": value, "unit": unit }));
    }

    /// A fact that is a cost: its growth is told.
    pub fn cost(&mut self, name: &str, value: f64, unit: &str) {
        self.fact(name, value, unit);
        self.grows(name, value);
    }

    /// The limit of a rate among the facts.
    pub fn rate(&mut self, name: &str, ours: f64, limit: f64, unit: &str) {
        self.line(&format!("  {name:<44} {ours:>19.0} {unit:<32} {:.2}", ours / limit));
        self.keep(json!({ "name": name, "per_second": ours, "limit": limit, "ratio": ours / limit }));
    }

    /// Work of ours that a limit follows.
    pub fn work(&mut self, name: &str, clients: u32, figures: &Figures) {
        self.print(name, clients, figures, None);
        self.last = Some((name.to_owned(), figures.per_second()));
        self.grows(name, figures.per_second().recip());
    }

    /// A limit of the work before it: the ratio says how near we come.
    pub fn beside(&mut self, name: &str, clients: u32, figures: &Figures) {
        let of = self
            .last
            .as_ref()
            .map(|(work, ours)| (work.clone(), ours / figures.per_second()));
        self.print(&format!("  beside: {name}"), clients, figures, of);
    }

    /// What one costs at this size, to be set beside other sizes in the same kind of database.
    fn grows(&mut self, name: &str, cost: f64) {
        if self.size > 0 {
            let (_, kind) = self.section.split_once(", ").unwrap_or_default();
            self.by_size.push((format!("{name}, {kind}"), self.size, cost));
            if let Some(fields) = self.all.last_mut().and_then(Value::as_object_mut) {
                fields.insert("cost".to_owned(), json!(cost));
            }
        }
    }

    pub fn plain(&mut self, name: &str, clients: u32, figures: &Figures) {
        self.print(name, clients, figures, None);
    }

    fn print(&mut self, name: &str, clients: u32, figures: &Figures, beside: Option<(String, f64)>) {
        let (of, ratio) = beside.unzip();
        let (p50, p99) = (figures.within_ms(0.5), figures.within_ms(0.99));
        let told = ratio.map(|ratio| format!("{ratio:.2}")).unwrap_or_default();
        self.line(&format!(
            "  {name:<44} {clients:>7} {:>11.0} {p50:>9.2} {p99:>9.2} {:>9}   {told}",
            figures.per_second(),
            figures.requests()
        ));
        self.keep(json!({
            "name": name.trim(), "clients": clients, "per_second": figures.per_second(), "p50_ms": p50, "p99_ms": p99,
            "count": figures.requests(), "of": of, "ratio": ratio,
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
                    "  {work:<58} {smaller} → {size} shelters (× {shelters:.1}): cost × {cost:.2}"
                ));
            }
        }
    }

    #[expect(clippy::print_stdout, reason = "a benchmark speaks on its output")]
    pub fn line(&self, text: &str) {
        if self.aloud {
            println!("{text}");
        }
    }

    #[expect(clippy::print_stdout, reason = "a benchmark speaks on its output")]
    pub fn finish(self, circumstances: &Value) -> Outcome<()> {
        kept::keep(circumstances, &self.all)?;
        if !self.aloud {
            println!("{}", serde_json::to_string_pretty(&self.all)?);
        }
        Ok(())
    }
}
