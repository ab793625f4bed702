//! The audit chain: each entry is bound to the one before it, so that a changed, lost or slipped-in entry shows.
//! It must not know where entries are stored or what they are about.

use sha2::{Digest, Sha256};
use thiserror::Error;

use super::id::{Moment, UserId};

/// SHA-256 of the entry before and this one.
pub type Link = [u8; 32];

/// What the first entry is bound to.
pub const GENESIS: Link = [0; 32];

/// Who did what to what, when. Details hold codes and ids, never content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// 1 for the first, then one more each time, without a gap.
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

/// The first entry that does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Broken {
    /// The entry stored at this place in the order is not the next number.
    #[error("entry {expected} is missing or out of order: found {found}")]
    Sequence { expected: i64, found: i64 },
    #[error("entry {seq} does not match its link")]
    Link { seq: i64 },
}

impl Broken {
    /// Number of the first broken entry.
    pub fn seq(self) -> i64 {
        match self {
            Self::Sequence { expected, .. } => expected,
            Self::Link { seq } => seq,
        }
    }
}

/// What a sound chain says of itself; written down elsewhere, it shows later whether the end was cut off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verified {
    pub entries: i64,
    pub head: Link,
}

/// Checks entries in the order of `seq`, from the first one.
///
/// # Errors
/// [`Broken`] names the first entry that does not hold.
pub fn verify(entries: impl IntoIterator<Item = (Entry, Link)>) -> Result<Verified, Broken> {
    let start = Verified {
        entries: 0,
        head: GENESIS,
    };
    entries.into_iter().try_fold(start, |so_far, (entry, stored)| {
        let expected = so_far.entries + 1;
        if entry.seq != expected {
            return Err(Broken::Sequence {
                expected,
                found: entry.seq,
            });
        }
        if link(so_far.head, &entry) != stored {
            return Err(Broken::Link { seq: entry.seq });
        }
        Ok(Verified {
            entries: expected,
            head: stored,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{TimeDelta, TimeZone, Utc};
    use proptest::prelude::*;
    use uuid::Uuid;

    fn entry(seq: i64, detail: &str) -> Entry {
        let start = Utc.with_ymd_and_hms(2026, 11, 22, 8, 0, 0).unwrap();
        Entry {
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

    fn chain(details: &[String]) -> Vec<(Entry, Link)> {
        let mut head = GENESIS;
        let entries = details.iter().zip(1..).map(|(detail, seq)| {
            let entry = entry(seq, detail);
            head = link(head, &entry);
            (entry, head)
        });
        entries.collect()
    }

    #[test]
    fn the_link_is_pinned() {
        // Stored chains must verify with every later version: a change here needs a new version of the bytes.
        assert_eq!(hex::encode(link(GENESIS, &entry(1, "{}"))), PINNED);
    }

    const PINNED: &str = "2ff563151665915173a5aea0429d87699652c0792d27cfebf4d8e067833e76fa";

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
        for (number, change) in changes.iter().enumerate() {
            let mut changed = entry(1, "{}");
            change(&mut changed);
            assert_ne!(
                link(GENESIS, &changed),
                link(GENESIS, &entry(1, "{}")),
                "change {number}"
            );
        }
    }

    #[test]
    fn fields_cannot_flow_into_each_other() {
        let (mut one, mut two) = (entry(1, ""), entry(1, ""));
        (one.role, one.action) = ("ab".into(), "c".into());
        (two.role, two.action) = ("a".into(), "bc".into());
        assert_ne!(one.canonical_bytes(), two.canonical_bytes());
    }

    proptest! {
        #[test]
        fn the_first_touched_entry_is_named(
            details in prop::collection::vec(".{0,20}", 1..20), at in any::<prop::sample::Index>(), how in 0u8..5,
        ) {
            let mut entries = chain(&details);
            prop_assert_eq!(verify(entries.clone()).unwrap().entries, entries.len() as i64);
            let at = at.index(entries.len());
            match how {
                0 => entries[at].0.detail.push('x'),
                1 => entries[at].1[7] ^= 1,
                2 => entries[at].0.at += TimeDelta::milliseconds(1),
                3 => { let copy = entries[at].clone(); entries.insert(at, copy); }
                _ => { entries.remove(at); }
            }
            let first = at as i64 + 1;
            match (how, verify(entries)) {
                // A chain whose end is cut off is sound by itself; its head differs from the one noted elsewhere.
                (4, Ok(cut)) => prop_assert_eq!(cut.entries, first - 1),
                (3, Err(broken)) => prop_assert_eq!(broken.seq(), first + 1),
                (_, Err(broken)) => prop_assert_eq!(broken.seq(), first),
                (_, Ok(_)) => prop_assert!(false, "not found"),
            }
        }
    }
}
