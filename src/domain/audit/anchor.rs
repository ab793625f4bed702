//! An anchor: the newest entry of every stream at one moment, bound to the anchor before. Its text is what is kept, what is
//! hashed, and what is sent to people outside, so that anybody can check it with a SHA-256 program and a pencil.
//! It must not know who is sent it.

use std::fmt::Write;

use sha2::{Digest, Sha256};

use super::Link;
use crate::domain::id::Moment;

/// The first line of an anchor's text: a change of the text needs a new one.
const FORM: &str = "panoh-anchor-1";

/// The newest entry of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Head {
    pub stream: u16,
    pub seq: i64,
    pub hash: Link,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Anchor {
    /// 1 for the first, then one more each time.
    pub number: i64,
    /// Millisecond precision.
    pub at: Moment,
    /// Seal of the anchor before; zeros for the first.
    pub prev: Link,
    /// By stream; a stream without entries has none.
    pub heads: Vec<Head>,
}

impl Anchor {
    /// The lines that are hashed, each ended by a line feed.
    pub fn text(&self) -> String {
        let mut text = format!(
            "{FORM}\nnumber {}\nat {}\nafter {}\n",
            self.number,
            self.at.timestamp_millis(),
            hex::encode(self.prev)
        );
        for head in &self.heads {
            // Writing to a text does not fail.
            let _ = writeln!(text, "head {} {} {}", head.stream, head.seq, hex::encode(head.hash));
        }
        text
    }

    /// SHA-256 of its text: what the next one is bound to.
    pub fn seal(&self) -> Link {
        Sha256::digest(self.text().as_bytes()).into()
    }

    /// The text with its seal, as it is sent.
    pub fn sealed_text(&self) -> String {
        format!("{}seal {}\n", self.text(), hex::encode(self.seal()))
    }

    /// Reads an anchor out of whatever a person kept: a letter, its quotation, or the lines alone. Lines before, after and
    /// between that are none of an anchor's are passed over.
    ///
    /// `None` if there is none, if a line of it cannot be read, or if the seal is not that of the lines.
    pub fn read(kept: &str) -> Option<Self> {
        let mut lines = kept
            .lines()
            .map(|line| line.trim_start_matches(['>', ' ', '\t']).trim_end())
            .skip_while(|line| *line != FORM);
        lines.next()?;
        let mut anchor = Self {
            number: 0,
            at: Moment::default(),
            prev: [0; 32],
            heads: Vec::new(),
        };
        for line in lines {
            match line.split_once(' ') {
                Some(("number", number)) => anchor.number = number.parse().ok()?,
                Some(("at", at)) => anchor.at = chrono::DateTime::from_timestamp_millis(at.parse().ok()?)?,
                Some(("after", prev)) => anchor.prev = link_of(prev)?,
                Some(("head", head)) => anchor.heads.push(head_of(head)?),
                Some(("seal", seal)) => return (link_of(seal)? == anchor.seal()).then_some(anchor),
                _ => {}
            }
        }
        None
    }
}

fn head_of(text: &str) -> Option<Head> {
    let mut words = text.split(' ');
    Some(Head {
        stream: words.next()?.parse().ok()?,
        seq: words.next()?.parse().ok()?,
        hash: link_of(words.next()?)?,
    })
}

fn link_of(text: &str) -> Option<Link> {
    let mut link = [0; 32];
    hex::decode_to_slice(text, &mut link).ok()?;
    Some(link)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn anchors() -> impl Strategy<Value = Anchor> {
        let head =
            (0u16..16, 1i64..1_000_000, any::<Link>()).prop_map(|(stream, seq, hash)| Head { stream, seq, hash });
        let parts = (
            1i64..10_000,
            0i64..4_000_000_000_000,
            any::<Link>(),
            prop::collection::vec(head, 0..16),
        );
        parts.prop_map(|(number, at, prev, heads)| Anchor {
            number,
            at: chrono::DateTime::from_timestamp_millis(at).unwrap(),
            prev,
            heads,
        })
    }

    #[test]
    fn the_text_is_pinned() {
        let anchor = Anchor {
            number: 3,
            at: chrono::DateTime::from_timestamp_millis(1_763_900_000_123).unwrap(),
            prev: [1; 32],
            heads: vec![Head {
                stream: 2,
                seq: 40,
                hash: [0xab; 32],
            }],
        };
        let wanted = format!(
            "panoh-anchor-1\nnumber 3\nat 1763900000123\nafter {}\nhead 2 40 {}\n",
            "01".repeat(32),
            "ab".repeat(32)
        );
        assert_eq!(anchor.text(), wanted);
    }

    proptest! {
        #[test]
        fn what_is_sent_reads_back_out_of_any_letter(anchor in anchors(), quoted in any::<bool>()) {
            let mark = if quoted { "> " } else { "" };
            let lines: String = anchor.sealed_text().lines().map(|line| format!("{mark}{line}\r\n")).collect();
            let letter = format!("Dear friend,\r\n\r\n{lines}\r\nseal of a letter\r\n");
            prop_assert_eq!(Anchor::read(&letter), Some(anchor));
        }

        #[test]
        fn a_touched_text_is_refused(anchor in anchors(), at in any::<prop::sample::Index>()) {
            let mut text = anchor.sealed_text().into_bytes();
            let at = at.index(text.len());
            text[at] = if text[at] == b'7' { b'8' } else { b'7' };
            let read = Anchor::read(&String::from_utf8(text).unwrap());
            prop_assert!(read.is_none_or(|read| read == anchor));
        }
    }
}
