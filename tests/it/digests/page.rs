//! A letter taken apart by a parser that is not ours, and its words read as a reader would.

use mail_parser::{Message, MessageParser, MimeHeaders, PartType};

pub struct Page {
    pub text: String,
    pub html: String,
    pub chart: Vec<u8>,
}

pub fn parse(raw: &[u8]) -> Message<'_> {
    MessageParser::default().parse(raw).unwrap()
}

pub fn raw_header(message: &Message<'_>, name: &str) -> String {
    let all: Vec<&str> = message
        .headers_raw()
        .filter(|(known, _)| known.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.trim())
        .collect();
    assert_eq!(all.len(), 1, "{name}: once and no more");
    all[0].to_owned()
}

impl Page {
    /// Exactly one text, one page and the chart that the page shows.
    pub fn of(message: &Message<'_>) -> Self {
        assert_eq!((message.text_body_count(), message.html_body_count()), (1, 1));
        let text = message.body_text(0).unwrap().into_owned();
        let html = message.body_html(0).unwrap().into_owned();
        let pictures: Vec<_> = message
            .parts
            .iter()
            .filter(|part| matches!(&part.body, PartType::Binary(_) | PartType::InlineBinary(_)))
            .collect();
        assert_eq!(pictures.len(), 1);
        let kind = pictures[0].content_type().unwrap();
        assert_eq!((kind.ctype(), kind.subtype()), ("image", Some("png")));
        let id = pictures[0].content_id().unwrap();
        assert!(
            html.contains(&format!("cid:{id}")),
            "the page shows the picture that came with it"
        );
        Self {
            text,
            html,
            chart: pictures[0].contents().to_vec(),
        }
    }

    /// The plain text alone, of a letter without a chart too.
    pub fn text_of(message: &Message<'_>) -> String {
        message.body_text(0).unwrap().into_owned()
    }

    /// The plain text on one line.
    pub fn words(&self) -> String {
        flat(&self.text)
    }

    /// What a reader of the page sees, on one line.
    pub fn seen(&self) -> String {
        let body = self.html.split_once("<body").unwrap().1;
        let mut seen = String::new();
        let mut inside = true;
        for c in body.chars() {
            match c {
                '<' => inside = true,
                '>' => {
                    inside = false;
                    seen.push(' ');
                }
                c if !inside => seen.push(c),
                _ => {}
            }
        }
        flat(&seen.replace("&nbsp;", " ").replace("&lt;", "<").replace("&amp;", "&"))
    }

    /// Every number of the plain text in order, its thousands joined; an address, which is each letter's own, has none.
    pub fn numbers(&self) -> Vec<u64> {
        let words: Vec<&str> = self.text.lines().filter(|line| !line.starts_with("http")).collect();
        numbers(&words.join("\n"))
    }
}

fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

pub fn numbers(text: &str) -> Vec<u64> {
    let chars: Vec<char> = text.chars().collect();
    let digit = |at: usize| chars.get(at).is_some_and(char::is_ascii_digit);
    let mut joined = String::new();
    for (at, c) in chars.iter().enumerate() {
        let between = matches!(c, ',' | '\u{a0}') && at > 0 && digit(at - 1);
        let three = (at + 1..at + 4).all(digit) && !digit(at + 4);
        match c {
            c if c.is_ascii_digit() => joined.push(*c),
            _ if between && three => {}
            _ => joined.push(' '),
        }
    }
    joined.split_whitespace().map(|n| n.parse().unwrap()).collect()
}
