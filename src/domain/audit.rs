//! The audit: entries in several streams, so that writers need not wait for each other. In a stream each entry is bound to
//! the one before it, so that a changed, lost or slipped-in one shows; an anchor binds the heads of all streams, so that a
//! cut-off end and a removed stream show. It must not know where entries are stored or what they are about.

mod anchor;
mod walk;

pub use anchor::{Anchor, Head};
pub use walk::{Broken, Walk};

use sha2::{Digest, Sha256};

use super::id::{Moment, UserId};

/// SHA-256 of the entry before and this one.
pub type Link = [u8; 32];

/// How many streams there are, numbered from 0. What was written before there were several is the beginning of stream 0.
pub const STREAMS: u16 = 16;

/// What the first entry of a stream is bound to, so that no entry fits into another stream.
pub fn genesis(stream: u16) -> Link {
    match stream {
        0 => [0; 32],
        _ => Sha256::new()
            .chain_update(b"panoh-audit-stream")
            .chain_update(stream.to_be_bytes())
            .finalize()
            .into(),
    }
}

/// Who did what to what, when. Details hold codes and ids, never content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Not among the bytes that are hashed: what the stream's first entry follows says which it is.
    pub stream: u16,
    /// 1 for the stream's first, then one more each time, without a gap.
    pub seq: i64,
    /// Millisecond precision: what is finer is not part of the entry.
    pub at: Moment,
    /// `None` when the system itself acted.
    pub actor_id: Option<UserId>,
    pub role: String,
    /// From where: a network address, `cli`, or nothing when the system itself acted.
    pub origin: String,
    pub action: String,
    pub object_type: String,
    pub object_id: String,
    /// JSON as it was stored, byte for byte.
    pub detail: String,
}

impl Entry {
    /// The bytes that are hashed: a version, the numbers in 8 bytes each (big-endian), then every text as its length
    /// in 8 bytes and its UTF-8; nobody is the empty text. No two different entries have the same bytes.
    pub fn canonical_bytes(&self) -> Vec<u8> {
        let actor = self.actor_id.map(|id| id.to_string()).unwrap_or_default();
        let texts = [
            &actor,
            &self.role,
            &self.origin,
            &self.action,
            &self.object_type,
            &self.object_id,
            &self.detail,
        ];
        let mut bytes = b"panoh-audit-1".to_vec();
        bytes.extend(self.seq.to_be_bytes());
        bytes.extend(self.at.timestamp_millis().to_be_bytes());
        for text in texts {
            bytes.extend((text.len() as u64).to_be_bytes());
            bytes.extend(text.as_bytes());
        }
        bytes
    }
}

/// The link of an entry that follows `prev`.
pub fn link(prev: Link, entry: &Entry) -> Link {
    Sha256::new()
        .chain_update(prev)
        .chain_update(entry.canonical_bytes())
        .finalize()
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{TimeDelta, TimeZone, Utc};
    use uuid::Uuid;

    pub fn entry(stream: u16, seq: i64, detail: &str) -> Entry {
        let start = Utc.with_ymd_and_hms(2026, 11, 22, 8, 0, 0).unwrap();
        Entry {
            stream,
            seq,
            at: start + TimeDelta::seconds(seq),
            actor_id: Some(UserId(Uuid::from_u128(7))),
            role: "manager".into(),
            origin: "192.0.2.7".into(),
            action: "report".into(),
            object_type: "shelter".into(),
            object_id: "s1".into(),
            detail: detail.into(),
        }
    }

    #[test]
    fn the_link_is_pinned() {
        // Stored chains must verify with every later version: a change here needs a new version of the bytes.
        assert_eq!(hex::encode(link(genesis(0), &entry(0, 1, "{}"))), PINNED);
        assert_eq!(hex::encode(genesis(0)), "0".repeat(64));
    }

    const PINNED: &str = "2ff563151665915173a5aea0429d87699652c0792d27cfebf4d8e067833e76fa";

    #[test]
    fn the_entry_before_is_bound() {
        // Whoever changes an entry must make anew every later one of its stream, up to the head that an anchor holds.
        let of = |first: &str| {
            (2..5).fold(link(genesis(0), &entry(0, 1, first)), |prev, seq| {
                link(prev, &entry(0, seq, "{}"))
            })
        };
        assert_ne!(of("{}"), of("[]"));
    }

    #[test]
    fn every_stream_begins_elsewhere() {
        let all: std::collections::BTreeSet<Link> = (0..STREAMS).map(genesis).collect();
        assert_eq!(all.len(), usize::from(STREAMS));
    }

    #[test]
    fn every_field_is_bound() {
        type Change = fn(&mut Entry);
        let changes: [Change; 9] = [
            |entry| entry.seq += 1,
            |entry| entry.at += TimeDelta::milliseconds(1),
            |entry| entry.actor_id = None,
            |entry| entry.role.push('x'),
            |entry| entry.origin.push('x'),
            |entry| entry.action.push('x'),
            |entry| entry.object_type.push('x'),
            |entry| entry.object_id.push('x'),
            |entry| entry.detail.push('x'),
        ];
        let untouched = link(genesis(0), &entry(0, 1, "{}"));
        for (number, change) in changes.iter().enumerate() {
            let mut changed = entry(0, 1, "{}");
            change(&mut changed);
            assert_ne!(link(genesis(0), &changed), untouched, "change {number}");
        }
    }

    #[test]
    fn fields_cannot_flow_into_each_other() {
        let (mut one, mut two) = (entry(0, 1, ""), entry(0, 1, ""));
        (one.role, one.action) = ("ab".into(), "c".into());
        (two.role, two.action) = ("a".into(), "bc".into());
        assert_ne!(one.canonical_bytes(), two.canonical_bytes());
    }
}
