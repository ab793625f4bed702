//! The page of a letter: a digest's view laid out with MJML, so that it holds in the mail programs people have. Light
//! only, styles inline, nothing fetched from anywhere, one column that needs no sideways scroll at 320 pixels.

use std::fmt::Write;

use mrml::prelude::render::RenderOptions;

use super::view::{Block, Headline, Line, Lines, Rows, Table, Tone, TrendView, View};
use super::{CHART_ID, LetterError, chart};

// The colours of the web app's light theme.
const INK: &str = "#1d2527";
const SOFT: &str = "#5b6669";
const LINE: &str = "#e2ddd3";
const PAPER: &str = "#faf8f4";
const TEAL: &str = "#0d5f63";
/// The line above a line of a table.
const RULE: &str = "border-top:1px solid #e2ddd3;";
/// A link among words.
pub(super) const ANCHOR: &str = "color:#0d5f63;text-decoration:underline;";
const CELL: &str = "padding:5px 0 5px 8px;white-space:nowrap;";

/// MJML prints attribute values as Rust would print a string, which is wrong for spaces and quotes of other scripts. What
/// is not ours therefore enters an attribute after the layout, for these marks; `escape` lets no text contain one.
const LINK_MARK: &str = "__link__";
const GLOSSARY_MARK: &str = "__glossary__";
const ALT_MARK: &str = "__alt__";

const LEAVE_MARK: &str = "__leave__";
/// Where the page of one letter gets its reader's own link to leave by; a comment in every other.
pub(super) const LEAVE: &str = "<!-- leave -->";
/// Below the address of the app: what each figure means.
pub(super) const GLOSSARY: &str = "glossary";

pub(super) fn html(view: &View) -> Result<String, LetterError> {
    let failed = |what: &dyn std::fmt::Display| LetterError::Layout(what.to_string());
    let page = mrml::parse(mjml(view)).map_err(|error| failed(&error))?;
    let options = RenderOptions {
        disable_comments: true,
        social_icon_origin: None,
        // No font of the list would be fetched even if a style named it.
        fonts: Default::default(),
    };
    let html = page.element.render(&options).map_err(|error| failed(&error))?;
    let alt = view.alt().map(escape);
    Ok(html
        .replace(LINK_MARK, &escape(&view.link))
        .replace(GLOSSARY_MARK, &escape(&format!("{}{GLOSSARY}", view.link)))
        .replace(ALT_MARK, &alt.unwrap_or_default())
        .replace(LEAVE_MARK, LEAVE))
}

/// Makes text safe between tags and in quoted attributes. Characters that are no text (controls, and those that turn
/// the direction of writing to make one thing look like another) become spaces.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '_' => out.push_str("&#95;"),
            c => out.push(visible(c)),
        }
    }
    out
}

/// The character, or a space if it is one that must not be printed.
pub(super) fn visible(c: char) -> char {
    match c {
        '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' => ' ',
        '\u{fff0}'..='\u{ffff}' => ' ',
        c if c.is_control() => ' ',
        c => c,
    }
}

// Writing into a String cannot fail; `let _` says so, here and below.
fn mjml(view: &View) -> String {
    let mut body = String::with_capacity(16_000);
    head_lines(&mut body, view);
    for blocks in &view.cards {
        let inner: Vec<String> = blocks.iter().map(block).collect();
        card(&mut body, &inner.join(r#"<mj-spacer height="10px" />"#));
    }
    let _ = write!(
        body,
        r##"<mj-section padding="20px 12px 8px"><mj-column><mj-button href="{LINK_MARK}" background-color="{TEAL}" color="#ffffff" border-radius="12px" font-size="16px" font-weight="600" inner-padding="16px 24px" padding="0">{}</mj-button></mj-column></mj-section>"##,
        escape(&view.button)
    );
    let footer: Vec<String> = view.footer.iter().map(|line| escape(line)).collect();
    let _ = write!(
        body,
        r#"<mj-section padding="12px 12px 32px"><mj-column><mj-text color="{SOFT}" font-size="13px" line-height="1.7"><a href="{GLOSSARY_MARK}" style="{ANCHOR}">{}</a><br />{}{LEAVE_MARK}</mj-text></mj-column></mj-section>"#,
        escape(&view.glossary),
        footer.join("<br />")
    );
    format!(
        r#"<mjml lang="{}"><mj-head><mj-title>{}</mj-title><mj-preview>{}</mj-preview><mj-attributes><mj-all font-family="-apple-system,'Segoe UI',Roboto,Arial,sans-serif" /><mj-text color="{INK}" font-size="15px" line-height="1.45" padding="0 16px" /><mj-table color="{INK}" font-size="14px" line-height="1.35" padding="0 16px" /></mj-attributes><mj-style>:root {{ color-scheme: light only; }} table {{ font-variant-numeric: tabular-nums; }} h1, h2, div, li, td {{ text-wrap: pretty; }}</mj-style><mj-raw><meta name="color-scheme" content="light only" /><meta name="supported-color-schemes" content="light" /><meta name="format-detection" content="telephone=no,date=no,address=no,email=no" /></mj-raw></mj-head><mj-body background-color="{PAPER}" width="600px">{body}</mj-body></mjml>"#,
        escape(&view.language),
        escape(&view.title),
        escape(&view.preview),
    )
}

fn block(block: &Block) -> String {
    match block {
        Block::Headline(said) => headline(said),
        Block::Normal(said) => normal(said),
        Block::Bullets(said) => bulleted(said),
        Block::Lines(said) => plain(said),
        Block::Rows(said) => rows(said),
        Block::Trend(said) => trend_block(said),
        Block::Table(said) => table(said),
    }
}

/// What stands on the paper above the cards.
fn head_lines(out: &mut String, view: &View) {
    let _ = write!(
        out,
        r#"<mj-section padding="28px 12px 12px"><mj-column><mj-text font-size="22px" font-weight="650" line-height="1.25"><h1 style="margin:0;font-size:22px;">{}</h1></mj-text><mj-text font-size="16px" padding="2px 16px 0">{} · {}</mj-text><mj-text color="{SOFT}" font-size="13px" padding="2px 16px 0">{}</mj-text>"#,
        escape(&view.title),
        escape(&view.place),
        escape(&view.period),
        escape(&view.as_of)
    );
    if let Some(delayed) = &view.delayed {
        let _ = write!(
            out,
            r##"<mj-text color="#7a4d00" font-size="14px" font-weight="600" padding="10px 16px 0">{}</mj-text>"##,
            escape(delayed)
        );
    }
    out.push_str("</mj-column></mj-section>");
}

fn card(out: &mut String, inner: &str) {
    let _ = write!(
        out,
        r##"<mj-section padding="6px 12px"><mj-column background-color="#ffffff" border="1px solid {LINE}" border-radius="12px">{inner}<mj-spacer height="16px" /></mj-column></mj-section>"##
    );
}

fn heading(text: &str) -> String {
    format!(
        r#"<mj-text padding="14px 16px 6px"><h2 style="margin:0;font-size:16px;">{}</h2></mj-text>"#,
        escape(text)
    )
}

fn soft(text: &str) -> String {
    format!(
        r#"<mj-text color="{SOFT}" font-size="13px" padding="6px 16px 0">{}</mj-text>"#,
        escape(text)
    )
}

fn headline(headline: &Headline) -> String {
    let change = |change: &Option<String>| {
        change.as_ref().map_or_else(String::new, |text| {
            format!(r#"<mj-text color="{SOFT}" font-size="14px">{}</mj-text>"#, escape(text))
        })
    };
    format!(
        r#"<mj-text padding="16px 16px 0" color="{TEAL}" font-size="44px" font-weight="700" line-height="1.1">{}</mj-text><mj-text font-size="17px" font-weight="600">{}</mj-text>{}<mj-text padding="12px 16px 0" font-size="17px" font-weight="600">{}</mj-text>{}{}"#,
        escape(&headline.number),
        escape(&headline.label),
        change(&headline.change),
        escape(&headline.free),
        change(&headline.free_change),
        soft(&headline.note)
    )
}

/// A tick says it as well as the colour does.
fn normal(lines: &Lines) -> String {
    let mut out = format!(
        r##"<mj-text padding="14px 16px 6px" color="#236a3f"><h2 style="margin:0;font-size:18px;">✓ {}</h2></mj-text>"##,
        escape(&lines.heading)
    );
    said(&mut out, lines);
    out
}

fn bulleted(lines: &Lines) -> String {
    let mut out = heading(&lines.heading);
    let items: String = (lines.lines.iter())
        .map(|line| format!(r#"<li style="margin:0 0 6px;">{}</li>"#, escape(line)))
        .collect();
    let _ = write!(
        out,
        r#"<mj-text><ul style="margin:0;padding:0 0 0 18px;">{items}</ul></mj-text>"#
    );
    notes(&mut out, &lines.notes);
    out
}

fn plain(lines: &Lines) -> String {
    let mut out = heading(&lines.heading);
    said(&mut out, lines);
    out
}

fn said(out: &mut String, lines: &Lines) {
    let _ = write!(out, "<mj-text>{}</mj-text>", broken(&lines.lines));
    notes(out, &lines.notes);
}

fn notes(out: &mut String, notes: &[String]) {
    if !notes.is_empty() {
        let _ = write!(
            out,
            r#"<mj-text color="{SOFT}" font-size="13px" padding="6px 16px 0">{}</mj-text>"#,
            broken(notes)
        );
    }
}

/// Each on a line of its own.
fn broken(lines: &[String]) -> String {
    let lines: Vec<String> = lines.iter().map(|line| escape(line)).collect();
    lines.join("<br />")
}

fn trend_block(trend: &TrendView) -> String {
    let mut out = heading(&trend.heading);
    let _ = write!(
        out,
        r#"<mj-text padding="0 16px 8px">{}</mj-text><mj-image src="cid:{CHART_ID}" alt="{ALT_MARK}" width="{}px" padding="0 3px" /><mj-table font-size="12px" padding="8px 16px 0"><caption style="caption-side:top;text-align:left;color:{SOFT};font-size:13px;padding:0 0 4px;">{}</caption>"#,
        escape(&trend.finding),
        chart::WIDTH,
        escape(&trend.table)
    );
    for (day, numbers) in &trend.rows {
        let _ = write!(
            out,
            r#"<tr><th scope="row" style="padding:3px 0;text-align:left;font-weight:400;color:{SOFT};">{}</th>"#,
            escape(day)
        );
        for number in numbers {
            let _ = write!(
                out,
                r#"<td align="right" style="padding:3px 0 3px 4px;">{}</td>"#,
                escape(number)
            );
        }
        out.push_str("</tr>");
    }
    out.push_str("</mj-table>");
    out
}

fn table(table: &Table) -> String {
    let mut out = heading(&table.heading);
    if !table.lines.is_empty() {
        match table.is_narrow() {
            true => narrow(&mut out, table),
            false => stacked(&mut out, table),
        }
    }
    notes(&mut out, &table.notes);
    out
}

/// A name above its numbers.
fn stacked(out: &mut String, table: &Table) {
    out.push_str(r#"<mj-table table-layout="fixed" font-size="16px"><tr>"#);
    for column in &table.columns {
        let _ = write!(
            out,
            r#"<th scope="col" style="padding:0 2px 6px 0;text-align:left;font-size:11px;font-weight:600;color:{SOFT};vertical-align:bottom;">{}</th>"#,
            escape(column)
        );
    }
    out.push_str("</tr>");
    for line in table.lines.iter().chain(&table.total) {
        stacked_line(out, line, table.columns.len());
    }
    out.push_str("</mj-table>");
}

fn stacked_line(out: &mut String, line: &Line, columns: usize) {
    let state = (line.state.as_ref()).map_or_else(String::new, |(text, tone)| chip(text, *tone));
    let _ = write!(
        out,
        r#"<tr><th colspan="{columns}" scope="rowgroup" style="padding:10px 0 2px;text-align:left;font-weight:600;font-size:15px;border-top:1px solid {LINE};">{}{state}</th></tr>"#,
        escape(&line.name)
    );
    if !line.cells.is_empty() {
        out.push_str("<tr>");
        // The last of a line keeps its distance from the next.
        let below = if line.detail.is_empty() { 10 } else { 2 };
        for cell in &line.cells {
            let _ = write!(out, r#"<td style="padding:2px 4px {below}px 0;">{}</td>"#, escape(cell));
        }
        out.push_str("</tr>");
    }
    details(out, line, columns, "2px 0 10px");
}

/// A name beside its numbers.
fn narrow(out: &mut String, table: &Table) {
    let head = format!("font-size:12px;font-weight:600;color:{SOFT};vertical-align:bottom;");
    let _ = write!(
        out,
        r#"<mj-table><tr><th scope="col" style="padding:5px 0;text-align:left;{head}">{}</th>"#,
        escape(&table.head)
    );
    for column in &table.columns {
        let _ = write!(
            out,
            r#"<th scope="col" style="padding:5px 0 5px 8px;text-align:right;white-space:nowrap;{head}">{}</th>"#,
            escape(column)
        );
    }
    out.push_str("</tr>");
    for line in table.lines.iter().chain(&table.total) {
        let _ = write!(
            out,
            r#"<tr><th scope="row" align="left" style="padding:6px 0;font-weight:400;{RULE}">{}</th>"#,
            escape(&line.name)
        );
        for (i, cell) in line.cells.iter().enumerate() {
            let weight = if i == 0 { "font-weight:600;" } else { "" };
            let _ = write!(
                out,
                r#"<td align="right" style="{CELL}{RULE}{weight}">{}</td>"#,
                escape(cell)
            );
        }
        out.push_str("</tr>");
        details(out, line, table.columns.len() + 1, "0 0 6px");
    }
    out.push_str("</mj-table>");
}

/// As wide as the letter: beside the numbers there is no room for it on a telephone.
fn details(out: &mut String, line: &Line, columns: usize, padding: &str) {
    if line.detail.is_empty() {
        return;
    }
    let said: Vec<String> = line.detail.iter().map(|detail| escape(detail)).collect();
    let _ = write!(
        out,
        r#"<tr><td colspan="{columns}" style="padding:{padding};color:{SOFT};font-size:12px;">{}</td></tr>"#,
        said.join("<br />")
    );
}

/// Shape, word and colour of a state.
fn chip(text: &str, tone: Tone) -> String {
    let (colour, ground) = match tone {
        Tone::Free => ("#236a3f", "#e4f2e9"),
        Tone::Few => ("#7a4d00", "#fbf0da"),
        Tone::Full => ("#a3243b", "#fae6e9"),
        Tone::Silent => ("#4f595c", "#ecebe7"),
    };
    format!(
        r#" <span style="display:inline-block;white-space:nowrap;border-radius:10px;padding:1px 8px;font-size:12px;font-weight:600;color:{colour};background:{ground};">{}</span>"#,
        escape(text)
    )
}

fn rows(rows: &Rows) -> String {
    let mut out = heading(&rows.heading);
    if !rows.rows.is_empty() {
        out.push_str("<mj-table>");
        for (label, value) in &rows.rows {
            let _ = write!(
                out,
                r#"<tr><th scope="row" align="left" style="padding:5px 0;font-weight:400;">{}</th><td align="right" style="{CELL}font-weight:600;">{}</td></tr>"#,
                escape(label),
                escape(value)
            );
        }
        out.push_str("</mj-table>");
    }
    notes(&mut out, &rows.notes);
    out
}
