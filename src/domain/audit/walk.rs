//! Walking the audit from end to end: stream by stream each entry against the one before, and against what the anchors say.
//! It must not know where they come from; they are handed in, in order.

use std::collections::BTreeMap;

use thiserror::Error;

use super::{Anchor, Entry, Link, genesis, link};

/// What does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Broken {
    #[error("entry {seq} of stream {stream} is missing or out of order")]
    Missing { stream: u16, seq: i64 },
    #[error("entry {seq} of stream {stream} does not match its link")]
    Link { stream: u16, seq: i64 },
    /// The stream was written anew, with links that match, after it was anchored.
    #[error("entry {seq} of stream {stream}, or one before it, is not the one that was anchored")]
    Rewritten { stream: u16, seq: i64 },
    #[error("anchor {number} is missing, changed or out of order")]
    Anchor { number: i64 },
}

impl Broken {
    /// Stream and number of the first broken entry; `None` where an anchor is what broke.
    pub fn entry(self) -> Option<(u16, i64)> {
        match self {
            Self::Missing { stream, seq } | Self::Link { stream, seq } | Self::Rewritten { stream, seq } => {
                Some((stream, seq))
            }
            Self::Anchor { .. } => None,
        }
    }
}

/// A walk under way: all anchors first, then all entries, then [`Walk::end`].
#[derive(Debug, Default)]
pub struct Walk {
    anchors: i64,
    seal: Link,
    /// Seals of the anchors that are looked for, which people kept outside.
    kept: BTreeMap<i64, Link>,
    /// What anchors say of entries that have not come by yet.
    anchored: BTreeMap<(u16, i64), Link>,
    entries: u64,
    /// Number and hash of each stream's newest entry so far.
    heads: BTreeMap<u16, (i64, Link)>,
}

impl Walk {
    /// A walk that also holds what is stored against anchors that were kept elsewhere.
    pub fn with(kept: &[Anchor]) -> Self {
        let mut walk = Self::default();
        for anchor in kept {
            walk.kept.insert(anchor.number, anchor.seal());
            walk.note(anchor);
        }
        walk
    }

    pub fn anchors(&self) -> i64 {
        self.anchors
    }

    pub fn entries(&self) -> u64 {
        self.entries
    }

    fn note(&mut self, anchor: &Anchor) {
        let said = anchor.heads.iter().map(|head| ((head.stream, head.seq), head.hash));
        self.anchored.extend(said);
    }

    /// The next anchor, with the seal that is stored beside it.
    ///
    /// # Errors
    /// [`Broken::Anchor`] when it does not follow from the one before, or is not the one that somebody kept.
    pub fn anchor(&mut self, anchor: &Anchor, stored: Link) -> Result<(), Broken> {
        let number = self.anchors + 1;
        let kept = self.kept.remove(&number);
        let holds = anchor.number == number && anchor.prev == self.seal && anchor.seal() == stored;
        if !holds || kept.is_some_and(|kept| kept != stored) {
            return Err(Broken::Anchor { number });
        }
        (self.anchors, self.seal) = (number, stored);
        self.note(anchor);
        Ok(())
    }

    /// The next entry by stream and number, with its stored links.
    ///
    /// # Errors
    /// [`Broken`] names the first entry that does not hold.
    pub fn entry(&mut self, entry: &Entry, prev: Link, stored: Link) -> Result<(), Broken> {
        let stream = entry.stream;
        let (before, head) = self.heads.get(&stream).copied().unwrap_or((0, genesis(stream)));
        let seq = before + 1;
        if entry.seq != seq {
            return Err(Broken::Missing { stream, seq });
        }
        if prev != head || link(head, entry) != stored {
            return Err(Broken::Link { stream, seq });
        }
        if self.anchored.remove(&(stream, seq)).is_some_and(|said| said != stored) {
            return Err(Broken::Rewritten { stream, seq });
        }
        self.heads.insert(stream, (seq, stored));
        self.entries += 1;
        Ok(())
    }

    /// Everything has come by.
    ///
    /// # Errors
    /// [`Broken`] when an anchor that somebody kept, or an entry that was anchored, has not: an end was cut off, or a
    /// whole stream removed.
    pub fn end(&self) -> Result<(), Broken> {
        if let Some((number, _)) = self.kept.first_key_value() {
            return Err(Broken::Anchor { number: *number });
        }
        match self.anchored.first_key_value() {
            None => Ok(()),
            Some(((stream, _), _)) => {
                let seq = self.heads.get(stream).map_or(0, |(seq, _)| *seq) + 1;
                Err(Broken::Missing { stream: *stream, seq })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Head, tests::entry};
    use super::*;
    use proptest::prelude::*;

    type Rows = Vec<(Entry, Link, Link)>;

    fn chain(stream: u16, details: &[String]) -> Rows {
        let mut head = genesis(stream);
        let entries = details.iter().zip(1..).map(|(detail, seq)| {
            let entry = entry(stream, seq, detail);
            let prev = head;
            head = link(head, &entry);
            (entry, prev, head)
        });
        entries.collect()
    }

    fn anchor(number: i64, prev: Link, streams: &[&Rows]) -> Anchor {
        let heads = streams.iter().filter_map(|rows| {
            let (entry, _, hash) = rows.last()?;
            Some(Head {
                stream: entry.stream,
                seq: entry.seq,
                hash: *hash,
            })
        });
        Anchor {
            number,
            at: entry(0, 1, "").at,
            prev,
            heads: heads.collect(),
        }
    }

    fn walked(kept: &[Anchor], anchors: &[Anchor], rows: &[&Rows]) -> Result<u64, Broken> {
        let mut walk = Walk::with(kept);
        for anchor in anchors {
            walk.anchor(anchor, anchor.seal())?;
        }
        for (entry, prev, hash) in rows.iter().copied().flatten() {
            walk.entry(entry, *prev, *hash)?;
        }
        walk.end()?;
        Ok(walk.entries())
    }

    fn words(n: usize) -> Vec<String> {
        (0..n).map(|n| n.to_string()).collect()
    }

    #[test]
    fn an_entry_fits_into_no_other_stream() {
        let mut rows = chain(1, &words(2));
        rows.iter_mut().for_each(|row| row.0.stream = 2);
        assert_eq!(walked(&[], &[], &[&rows]), Err(Broken::Link { stream: 2, seq: 1 }));
    }

    #[test]
    fn a_cut_off_end_and_a_removed_stream_show_by_the_anchor() {
        let (one, two) = (chain(0, &words(5)), chain(3, &words(4)));
        let said = anchor(1, [0; 32], &[&one, &two]);
        assert_eq!(walked(&[], std::slice::from_ref(&said), &[&one, &two]), Ok(9));
        let cut = one[..2].to_vec();
        let anchors = std::slice::from_ref(&said);
        assert_eq!(
            walked(&[], anchors, &[&cut, &two]),
            Err(Broken::Missing { stream: 0, seq: 3 })
        );
        assert_eq!(
            walked(&[], anchors, &[&one]),
            Err(Broken::Missing { stream: 3, seq: 1 })
        );
        // Without the anchor nothing is left that could tell.
        assert_eq!(walked(&[], &[], &[&cut]), Ok(2));
    }

    #[test]
    fn what_somebody_kept_tells_of_anchors_that_were_removed_or_made_anew() {
        let (one, other) = (chain(0, &words(5)), chain(0, &["x".to_owned(), "y".to_owned()]));
        let said = anchor(1, [0; 32], &[&one]);
        let kept = std::slice::from_ref(&said);
        assert_eq!(walked(kept, kept, &[&one]), Ok(5));
        assert_eq!(walked(kept, &[], &[&one]), Err(Broken::Anchor { number: 1 }));
        let anew = anchor(1, [0; 32], &[&other]);
        assert_eq!(walked(kept, &[anew], &[&other]), Err(Broken::Anchor { number: 1 }));
    }

    #[test]
    fn a_stream_written_anew_shows_by_the_anchor() {
        let (one, other) = (
            chain(0, &words(3)),
            chain(0, &["x".to_owned(), "y".to_owned(), "z".to_owned()]),
        );
        let said = anchor(1, [0; 32], &[&one]);
        assert_eq!(
            walked(&[], &[said], &[&other]),
            Err(Broken::Rewritten { stream: 0, seq: 3 })
        );
    }

    #[test]
    fn anchors_are_a_chain_too() {
        let one = chain(0, &words(1));
        let first = anchor(1, [0; 32], &[&one]);
        let second = anchor(2, first.seal(), &[&one]);
        assert_eq!(walked(&[], &[first.clone(), second.clone()], &[&one]), Ok(1));
        assert_eq!(
            walked(&[], std::slice::from_ref(&second), &[&one]),
            Err(Broken::Anchor { number: 1 })
        );
        let mut touched = first.clone();
        touched.heads.clear();
        assert_eq!(
            walked(&[], &[touched, second], &[&one]),
            Err(Broken::Anchor { number: 2 })
        );
    }

    proptest! {
        #[test]
        fn the_first_touched_entry_is_named(
            details in prop::collection::vec(".{0,20}", 1..20), at in any::<prop::sample::Index>(), how in 0u8..5,
            anchored in any::<bool>(),
        ) {
            let mut rows = chain(4, &details);
            let anchors: Vec<Anchor> = anchored.then(|| anchor(1, [0; 32], &[&rows])).into_iter().collect();
            prop_assert_eq!(walked(&[], &anchors, &[&rows]), Ok(rows.len() as u64));
            let at = at.index(rows.len());
            match how {
                0 => rows[at].0.detail.push('x'),
                1 => rows[at].2[7] ^= 1,
                2 => rows[at].0.at += chrono::TimeDelta::milliseconds(1),
                3 => { let copy = rows[at].clone(); rows.insert(at, copy); }
                _ => { rows.remove(at); }
            }
            let first = at as i64 + 1;
            match (how, walked(&[], &anchors, &[&rows])) {
                // An end that was cut off before it was anchored is gone.
                (4, Ok(left)) => prop_assert!(!anchored && left as i64 == first - 1),
                (3, Err(broken)) => prop_assert_eq!(broken.entry(), Some((4, first + 1))),
                (_, Err(broken)) => prop_assert_eq!(broken.entry(), Some((4, first))),
                (_, Ok(_)) => prop_assert!(false, "not found"),
            }
        }
    }
}
