//! One event is one line in the log: what comes from outside cannot begin another, nor steer a terminal.

use std::io::{self, Write};

/// Writes each event as one line: whatever would break it, or act on a terminal, is written out as an escape.
pub struct OneLine<W: Write>(W);

impl<W: Write> OneLine<W> {
    pub fn to(out: W) -> Self {
        Self(out)
    }
}

impl<W: Write> Write for OneLine<W> {
    /// One event with its line end, as the subscriber writes it.
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let (line, end) = match event.split_last() {
            Some((b'\n', line)) => (line, "\n"),
            _ => (event, ""),
        };
        let text = String::from_utf8_lossy(line);
        let mut clean = String::with_capacity(event.len());
        for c in text.chars() {
            match c {
                // The subscriber's own colours.
                '\u{1b}' => clean.push(c),
                c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}') => {
                    clean.extend(c.escape_default());
                }
                c => clean.push(c),
            }
        }
        clean.push_str(end);
        self.0.write_all(clean.as_bytes())?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_one_line() {
        let mut out = Vec::new();
        OneLine::to(&mut out)
            .write_all("refused by \"a\r\nERROR all is lost\u{2028}\u{85}x\"\n".as_bytes())
            .unwrap();
        let text = String::from_utf8(out).unwrap();
        assert_eq!(text, "refused by \"a\\r\\nERROR all is lost\\u{2028}\\u{85}x\"\n");
    }
}
