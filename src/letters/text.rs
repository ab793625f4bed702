//! The plain-text part of a letter: a page of its own for readers of text, not the HTML with its tags taken out. The
//! same numbers, lines of at most 76 characters.

use super::html::{GLOSSARY, visible};
use super::view::{Block, Headline, Line, Lines, Rows, Table, TrendView, View};

/// Two less than promised, for the dot that stays with its line.
const WIDTH: usize = 74;

pub(super) fn text(view: &View) -> String {
    let mut page = Page::default();
    page.line(&view.title);
    page.line(&format!("{} · {}", view.place, view.period));
    page.line(&view.as_of);
    if let Some(delayed) = &view.delayed {
        page.gap();
        page.line(&format!("! {delayed}"));
    }
    for block in view.cards.iter().flatten() {
        match block {
            Block::Headline(said) => headline(&mut page, said),
            Block::Normal(said) | Block::Lines(said) => page.lines(said, ""),
            Block::Bullets(said) => page.lines(said, "- "),
            Block::Rows(said) => page.rows(said),
            Block::Trend(said) => trend(&mut page, said),
            Block::Table(said) => table(&mut page, said),
        }
    }
    page.gap();
    page.line(&view.button);
    page.unbroken(&view.link);
    page.line(&view.glossary);
    page.unbroken(&format!("{}{GLOSSARY}", view.link));
    page.gap();
    page.unbroken("-- ");
    view.footer.iter().for_each(|line| page.line(line));
    page.out
}

/// The text with one more link below it.
pub(super) fn with_link(text: &str, words: &str, url: &str) -> String {
    let mut page = Page { out: text.to_owned() };
    page.line(words);
    page.unbroken(url);
    page.out
}

fn headline(page: &mut Page, headline: &Headline) {
    let changed = |text: &str, change: &Option<String>| match change {
        Some(change) => format!("{text} ({change})"),
        None => text.to_owned(),
    };
    page.gap();
    page.line(&changed(
        &format!("{} {}", headline.number, headline.label),
        &headline.change,
    ));
    page.line(&changed(&headline.free, &headline.free_change));
    page.line(&headline.note);
}

fn trend(page: &mut Page, trend: &TrendView) {
    page.heading(&trend.heading);
    page.line(&trend.finding);
    page.line(&trend.table);
    for (day, numbers) in &trend.rows {
        page.indented(&format!("{} {day}: {}", trend.from, numbers.join(", ")), "  ");
    }
}

fn table(page: &mut Page, table: &Table) {
    page.heading(&table.heading);
    for line in table.lines.iter().chain(&table.total) {
        let Line {
            name,
            state,
            cells,
            detail,
        } = line;
        let pairs: Vec<String> = (table.columns.iter().zip(cells))
            .map(|(label, cell)| format!("{label} {cell}"))
            .collect();
        let pairs = pairs.join(" · ");
        match (state, table.is_narrow()) {
            (_, true) => page.indented(&format!("- {name}: {pairs}"), ""),
            (Some((state, _)), false) => page.line(&format!("{name} — {state}")),
            (None, false) => page.line(name),
        }
        if !table.is_narrow() && !cells.is_empty() {
            page.indented(&pairs, "  ");
        }
        detail.iter().for_each(|line| page.indented(line, "  "));
    }
    table.notes.iter().for_each(|note| page.line(note));
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
