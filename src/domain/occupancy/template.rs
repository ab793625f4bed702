//! Texts made from columns: `TOR-{PROGRAM_ID}`, `CA-ON/{LOCATION_CITY|unknown}`, `{#a,b}` (a short digest of
//! columns, for sources without a key), `{#*}` (of the whole line), `{nth}` (the how-manieth line with the same
//! text so far, for sources whose lines may look alike). Knows no file.

use sha2::{Digest, Sha256};

use super::map::{Columns, MapError};
use super::{Fields, fold_spaces};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    Text(String),
    /// A column and what stands for a blank cell; `None` makes a blank a fault.
    Column {
        slot: usize,
        blank: Option<String>,
    },
    /// The first ten hexadecimal digits of SHA-256 over the named columns, or over all when empty.
    Digest(Vec<usize>),
    Nth,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Template {
    pieces: Vec<Piece>,
}

/// Why a template could not be filled: the slot that was blank.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct BlankSlot(pub(super) usize);

impl Template {
    pub(super) fn parse(text: &str, key: &str, columns: &mut Columns) -> Result<Self, MapError> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            if !before.is_empty() {
                pieces.push(Piece::Text(before.to_owned()));
            }
            let Some((inner, tail)) = after.split_once('}') else {
                return Err(MapError::new(key, "`{` without `}`"));
            };
            pieces.push(Self::piece(inner, key, columns)?);
            rest = tail;
        }
        if !rest.is_empty() {
            pieces.push(Piece::Text(rest.to_owned()));
        }
        if pieces.is_empty() {
            return Err(MapError::new(key, "the text is empty"));
        }
        Ok(Self { pieces })
    }

    fn piece(inner: &str, key: &str, columns: &mut Columns) -> Result<Piece, MapError> {
        if inner == "nth" {
            return Ok(Piece::Nth);
        }
        if let Some(list) = inner.strip_prefix('#') {
            let slots = match list {
                "*" => Vec::new(),
                _ => list.split(',').map(|name| columns.slot(name.trim())).collect(),
            };
            return Ok(Piece::Digest(slots));
        }
        let (name, blank) = match inner.split_once('|') {
            Some((name, blank)) => (name, Some(blank.to_owned())),
            None => (inner, None),
        };
        if name.is_empty() {
            return Err(MapError::new(key, "`{}` names no column"));
        }
        Ok(Piece::Column {
            slot: columns.slot(name),
            blank,
        })
    }

    /// The fixed text before the first column.
    pub(super) fn prefix(&self) -> &str {
        match self.pieces.first() {
            Some(Piece::Text(text)) => text,
            _ => "",
        }
    }

    pub(super) fn has_nth(&self) -> bool {
        self.pieces.contains(&Piece::Nth)
    }

    /// The first column named, if any: the one a fault of the finished text points at.
    pub(super) fn first_column(&self) -> Option<usize> {
        self.pieces.iter().find_map(|piece| match piece {
            Piece::Column { slot, .. } => Some(*slot),
            Piece::Digest(slots) => slots.first().copied(),
            _ => None,
        })
    }

    /// Fills the template. `cell` gives a trimmed cell by slot, empty when blank. `{nth}` is left as it is: only
    /// the reader, who has seen the earlier lines, can count.
    ///
    /// Returns the text and how many cells had spaces folded.
    pub(super) fn fill<'r, R: Fields + ?Sized>(
        &self,
        record: &'r R,
        cell: impl Fn(usize) -> &'r str,
        raw: impl Fn(usize) -> &'r str,
    ) -> Result<(String, u16), BlankSlot> {
        let mut text = String::with_capacity(48);
        let mut folds = 0;
        for piece in &self.pieces {
            match piece {
                Piece::Text(fixed) => text.push_str(fixed),
                Piece::Nth => text.push_str("{nth}"),
                Piece::Digest(slots) => text.push_str(&digest(record, slots, &cell)),
                Piece::Column { slot, blank } => {
                    let value = cell(*slot);
                    if value.is_empty() {
                        text.push_str(blank.as_deref().ok_or(BlankSlot(*slot))?);
                        continue;
                    }
                    let (folded, changed) = fold_spaces(raw(*slot));
                    folds += u16::from(changed);
                    text.push_str(&folded);
                }
            }
        }
        Ok((text, folds))
    }
}

fn digest<'r, R: Fields + ?Sized>(record: &'r R, slots: &[usize], cell: &impl Fn(usize) -> &'r str) -> String {
    let mut hash = Sha256::new();
    let mut put = |value: &str| {
        hash.update(value.trim().as_bytes());
        hash.update([0x1f]);
    };
    if slots.is_empty() {
        (0..record.width()).for_each(|index| put(record.field(index).unwrap_or_default()));
    } else {
        slots.iter().for_each(|slot| put(cell(*slot)));
    }
    let mut text = hex::encode(hash.finalize());
    text.truncate(10);
    text
}
