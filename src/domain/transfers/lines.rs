//! The items of a transfer: what was agreed, what left the donor's shelf of it and what arrived, each at most the one
//! before. It must not know the transfer's state.

use crate::domain::catalogue::Catalogue;
use crate::domain::codes::codes;
use crate::domain::errors::FieldError;
use crate::domain::id::SupplyRequestId;
use crate::domain::stock::{Lot, Lots, Stock};
use crate::domain::supplies::MAX_ON_HAND;

codes! {
    /// Why less arrived than was sent.
    Difference { Lost, Damaged, Miscounted, NotLoaded, Other }
}

/// Most items of one transfer.
pub const MOST_LINES: usize = 100;

/// One item of a transfer; quantities are whole units.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub item: String,
    /// What was agreed, at least 1.
    pub quantity: i64,
    /// The request of the recipient that it answers.
    pub request: Option<SupplyRequestId>,
    /// `None` before dispatch.
    pub sent: Option<Sent>,
}

/// What left the donor's shelf of one item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// From 0 to what was agreed.
    pub units: i64,
    /// Those among them with a date of expiry.
    pub lots: Lots,
    /// `None` until it is received.
    pub arrived: Option<Arrived>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrived {
    /// From 0 to what was sent.
    pub units: i64,
    /// There if and only if less arrived than was sent.
    pub difference: Option<Difference>,
}

impl Line {
    pub fn agreed(item: impl Into<String>, quantity: i64, request: Option<SupplyRequestId>) -> Self {
        Self {
            item: item.into(),
            quantity,
            request,
            sent: None,
        }
    }

    /// Units that were sent and will not arrive any more.
    pub fn missing(&self) -> i64 {
        let sent = self.sent.as_ref();
        sent.and_then(|sent| Some(sent.units - sent.arrived?.units))
            .unwrap_or(0)
    }
}

/// An item that is to be transferred, as somebody gives it: whole packs and single units.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawLine {
    pub item: String,
    /// Units beside the packs.
    pub quantity: i64,
    pub packs: i64,
    pub request: Option<SupplyRequestId>,
}

impl Line {
    /// All faults at once, each by its field under `lines`.
    ///
    /// # Errors
    /// `unknown`, `duplicate`, `out_of_range`.
    pub fn parse(raw: &[RawLine], catalogue: &Catalogue) -> Result<Vec<Self>, Vec<FieldError>> {
        let mut errors = Vec::new();
        check_length(raw.len(), &mut errors);
        let mut lines: Vec<Self> = Vec::with_capacity(raw.len().min(MOST_LINES));
        for (at, line) in raw.iter().take(MOST_LINES).enumerate() {
            let field = |name: &str| format!("lines[{at}].{name}");
            if lines.iter().any(|other| other.item == line.item) {
                errors.push(FieldError::new(field("item"), "duplicate", "named twice"));
            }
            let units = in_units(field, &line.item, (line.packs, line.quantity), catalogue, &mut errors);
            lines.push(Self::agreed(&line.item, units, line.request));
        }
        if errors.is_empty() { Ok(lines) } else { Err(errors) }
    }
}

fn check_length(n: usize, errors: &mut Vec<FieldError>) {
    if !(1..=MOST_LINES).contains(&n) {
        errors.push(FieldError::new(
            "lines",
            "out_of_range",
            format!("1 to {MOST_LINES} items"),
        ));
    }
}

/// Packs and single units of an item as units, exactly: at least one. Faults are told by the names of their fields.
pub fn in_units(
    field: impl Fn(&str) -> String,
    item: &str,
    (packs, quantity): (i64, i64),
    catalogue: &Catalogue,
    errors: &mut Vec<FieldError>,
) -> i64 {
    let known = catalogue.item(item);
    if known.is_none() {
        errors.push(FieldError::new(
            field("item"),
            "unknown",
            "not an item of the catalogue",
        ));
    }
    let before = errors.len();
    for (name, n) in [("packs", packs), ("quantity", quantity)] {
        if !(0..=MAX_ON_HAND).contains(&n) {
            errors.push(FieldError::new(
                field(name),
                "out_of_range",
                format!("0 to {MAX_ON_HAND}"),
            ));
        }
    }
    let pack = known.map_or(1, |item| i64::from(item.pack_size));
    let units = packs
        .checked_mul(pack)
        .and_then(|of_packs| of_packs.checked_add(quantity));
    match units {
        Some(units) if (1..=MAX_ON_HAND).contains(&units) => units,
        _ => {
            if errors.len() == before {
                let detail = format!("1 to {MAX_ON_HAND} units in all");
                errors.push(FieldError::new(field("quantity"), "out_of_range", detail));
            }
            0
        }
    }
}

/// What is wrong with what is told of a step, whatever the transfer: known items, and units that can be.
pub fn check_told<'a>(told: impl ExactSizeIterator<Item = (&'a str, i64)>, catalogue: &Catalogue) -> Vec<FieldError> {
    let mut errors = Vec::new();
    check_length(told.len(), &mut errors);
    for (at, (item, units)) in told.take(MOST_LINES).enumerate() {
        let field = |name: &str| format!("lines[{at}].{name}");
        if catalogue.item(item).is_none() {
            errors.push(FieldError::new(
                field("item"),
                "unknown",
                "not an item of the catalogue",
            ));
        }
        if !(0..=MAX_ON_HAND).contains(&units) {
            errors.push(FieldError::new(
                field("quantity"),
                "out_of_range",
                format!("0 to {MAX_ON_HAND}"),
            ));
        }
    }
    errors
}

/// What is sent of one item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sending {
    pub item: String,
    /// From 0 up.
    pub units: i64,
    /// Those with a date that are among them; the rest is what would expire first.
    pub lots: Lots,
}

/// What arrived of one item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrival {
    pub item: String,
    /// From 0 up.
    pub units: i64,
    pub difference: Option<Difference>,
}

/// What was told of each line, in the order of the lines: each item once, none that is not of the transfer.
pub(super) fn told_of<'a, T>(
    lines: &[Line],
    told: &'a [T],
    item: impl Fn(&T) -> &String,
    errors: &mut Vec<FieldError>,
) -> Vec<(usize, &'a T)> {
    for (at, one) in told.iter().enumerate() {
        let field = || format!("lines[{at}].item");
        if !lines.iter().any(|line| line.item == *item(one)) {
            errors.push(FieldError::new(field(), "unknown", "not an item of this transfer"));
        } else if told.iter().take(at).any(|other| item(other) == item(one)) {
            errors.push(FieldError::new(field(), "duplicate", "told twice"));
        }
    }
    let of_line = |line: &Line| told.iter().enumerate().find(|(_, one)| *item(one) == line.item);
    for line in lines.iter().filter(|line| of_line(line).is_none()) {
        errors.push(FieldError::new(
            "lines",
            "required",
            format!("nothing is said of {}", line.item),
        ));
    }
    if errors.is_empty() {
        lines.iter().filter_map(of_line).collect()
    } else {
        Vec::new()
    }
}

/// What leaves the shelf of one item.
pub(super) fn leaving(line: &Line, one: &Sending, shelf: Option<&Stock>, at: usize) -> Result<Sent, Vec<FieldError>> {
    let (on_hand, dated) = shelf.map_or((0, Lots::default()), |shelf| (shelf.on_hand, shelf.lots.clone()));
    let field = |name: &str| format!("lines[{at}].{name}");
    let mut errors = Vec::new();
    if one.units > line.quantity {
        let detail = format!("{} agreed", line.quantity);
        errors.push(FieldError::new(field("quantity"), "out_of_range", detail));
    } else if one.units > on_hand {
        errors.push(FieldError::new(
            field("quantity"),
            "not_enough",
            format!("{on_hand} on hand"),
        ));
    }
    if one.lots.units() > one.units {
        errors.push(FieldError::new(
            field("lots"),
            "too_many",
            "more with a date than are sent",
        ));
    }
    let named = |lot: &Lot| one.lots.iter().find(|named| named.expires_on == lot.expires_on);
    let mut left = Lots::new(dated.iter().map(|lot| Lot {
        units: lot.units - named(lot).map_or(0, |named| named.units),
        ..*lot
    }));
    if left.units() + one.lots.units() != dated.units() {
        errors.push(FieldError::new(
            field("lots"),
            "not_enough",
            "not so many with this date on hand",
        ));
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    let rest = left.take(one.units - one.lots.units());
    Ok(Sent {
        units: one.units,
        lots: Lots::new(one.lots.iter().chain(rest.iter()).copied()),
        arrived: None,
    })
}

pub(super) fn arriving(sent: i64, one: &Arrival, at: usize) -> Result<Arrived, FieldError> {
    let fault = |name: &str, code, detail: String| Err(FieldError::new(format!("lines[{at}].{name}"), code, detail));
    match one.difference {
        _ if one.units > sent => fault(
            "quantity",
            "out_of_range",
            format!("{sent} sent; what is over is a receipt"),
        ),
        None if one.units < sent => fault("difference", "required", format!("{sent} sent; why are there fewer?")),
        Some(_) if one.units == sent => fault("difference", "not_allowed", "all of it arrived".to_owned()),
        difference => Ok(Arrived {
            units: one.units,
            difference,
        }),
    }
}
