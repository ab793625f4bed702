//! The plain-text part of a letter: a page of its own for readers of text, not the HTML with its tags taken out. The
//! same numbers, lines of at most 76 characters.

use super::html::visible;
use super::view::{Lines, Region, Rows, View};

/// Two less than promised, for the dot that stays with its line.
const WIDTH: usize = 74;

pub(super) fn text(view: &View) -> String {
    let mut page = Page::default();
    page.line(&view.title);
    page.line(&format!("{} · {}", view.place, view.date));
    page.line(&view.as_of);
    if let Some(delayed) = &view.delayed {
        page.gap();
        page.line(&format!("! {delayed}"));
    }
    page.gap();
    let changed = |text: &str, change: &Option<String>| match change {
        Some(change) => format!("{text} ({change})"),
        None => text.to_owned(),
    };
    let headline = &view.headline;
    page.line(&changed(
        &format!("{} {}", headline.number, headline.label),
        &headline.change,
    ));
    page.line(&changed(&headline.free, &headline.free_change));
    page.line(&headline.note);
    page.lines(&view.exceptions, "- ");
    trend(&mut page, view);
    regions(&mut page, view);
    page.rows(&view.beds);
    page.lines(&view.reporting, "");
    for block in [&view.demand, &view.unmet].into_iter().flatten() {
        page.rows(block);
    }
    supplies(&mut page, view);
    if let Some(standard) = &view.standard {
        page.rows(standard);
    }
    page.lines(&view.quality, "");
    page.gap();
    page.line(&view.button);
    page.unbroken(&view.link);
    page.gap();
    page.unbroken("-- ");
    view.footer.iter().for_each(|line| page.line(line));
    page.out
}

fn trend(page: &mut Page, view: &View) {
    let Some(trend) = &view.trend else { return };
    page.heading(&trend.heading);
    page.line(&trend.finding);
    page.line(&trend.table);
    for (day, numbers) in &trend.weeks {
        page.indented(&format!("{} {day}: {}", trend.from, numbers.join(", ")), "  ");
    }
}

fn regions(page: &mut Page, view: &View) {
    page.heading(&view.regions.heading);
    let columns = &view.regions.columns;
    for Region {
        name,
        state,
        cells,
        detail,
    } in view.regions.rows.iter().chain(&view.regions.total)
    {
        match state {
            Some((state, _)) => page.line(&format!("{name} — {state}")),
            None => page.line(name),
        }
        if !cells.is_empty() {
            let pairs: Vec<String> = columns
                .iter()
                .zip(cells)
                .map(|(label, cell)| format!("{label} {cell}"))
                .collect();
            page.indented(&pairs.join(" · "), "  ");
        }
        if !detail.is_empty() {
            page.indented(detail, "  ");
        }
    }
}

fn supplies(page: &mut Page, view: &View) {
    let supplies = &view.supplies;
    page.heading(&supplies.heading);
    for row in &supplies.rows {
        let numbers = format!("{} {}, {} {}", supplies.critical, row.critical, supplies.low, row.low);
        page.indented(&format!("- {}: {numbers} ({})", row.name, row.regions), "");
        row.lasts.iter().for_each(|line| page.indented(line, "  "));
    }
    supplies.notes.iter().for_each(|note| page.line(note));
}

#[derive(Default)]
struct Page {
    out: String,
}

impl Page {
    fn gap(&mut self) {
        self.out.push('\n');
    }

    fn heading(&mut self, text: &str) {
        self.gap();
        self.line(&text.to_uppercase());
    }

    fn line(&mut self, text: &str) {
        self.indented(text, "");
    }

    /// An address keeps its one line however long it is.
    fn unbroken(&mut self, text: &str) {
        self.out.extend(text.chars().map(visible));
        self.gap();
    }

    /// Words of `text`, broken into lines that begin with `indent`, and after a bullet two columns further in.
    fn indented(&mut self, text: &str, indent: &str) {
        let clean: String = text.chars().map(visible).collect();
        let hanging = if clean.starts_with("- ") {
            format!("{indent}  ")
        } else {
            indent.to_owned()
        };
        let mut width = indent.len();
        self.out.push_str(indent);
        for (i, word) in clean.split(' ').filter(|word| !word.is_empty()).enumerate() {
            let length = word.chars().count();
            // A dot or a dash between two things stays with the first.
            let may_break = !matches!(word, "·" | "—");
            if i > 0 && may_break && width + 1 + length > WIDTH {
                self.gap();
                self.out.push_str(&hanging);
                width = hanging.len();
            } else if i > 0 {
                self.out.push(' ');
                width += 1;
            }
            self.out.push_str(word);
            width += length;
        }
        self.gap();
    }

    fn lines(&mut self, lines: &Lines, bullet: &str) {
        self.heading(&lines.heading);
        for line in &lines.lines {
            self.line(&format!("{bullet}{line}"));
        }
        lines.notes.iter().for_each(|note| self.line(note));
    }

    fn rows(&mut self, rows: &Rows) {
        self.heading(&rows.heading);
        for (label, value) in &rows.rows {
            self.line(&format!("{label}: {value}"));
        }
        rows.notes.iter().for_each(|note| self.line(note));
    }
}
