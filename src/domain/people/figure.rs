//! What is counted, and how the counts hang together: which ones add up to which.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use strum::IntoEnumIterator;

use super::super::holds::{DeclineReason, UnmetReason};
use super::super::ledger::Change;
use super::super::suppression::{Kind, Layout, Table};

/// One count of people.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Figure {
    /// Referrals opened.
    Opened,
    /// Referrals closed: she arrived; no place was found; any other end.
    Placed,
    Unmet,
    Other,
    /// Referrals opened for households that set out from this region; an unknown one is the empty text.
    OpenedIn(String),
    UnmetIn(String),
    /// A referral closed without a place may have several reasons.
    Reason(UnmetReason),
    /// Shelters asked for a place, by how the asking ended: answered (accepted or declined) or left to run out.
    Asked,
    Answered,
    Unanswered,
    Accepted,
    Declined(DeclineReason),
    /// Of those who found no place, whom one change to the country as it was when the month was closed would have placed.
    Change(Change),
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Opened => f.write_str("opened"),
            Self::Placed => f.write_str("placed"),
            Self::Unmet => f.write_str("unmet"),
            Self::Other => f.write_str("other"),
            Self::OpenedIn(region) => write!(f, "opened:{region}"),
            Self::UnmetIn(region) => write!(f, "unmet:{region}"),
            Self::Reason(reason) => write!(f, "reason:{reason}"),
            Self::Asked => f.write_str("asked"),
            Self::Answered => f.write_str("answered"),
            Self::Unanswered => f.write_str("unanswered"),
            Self::Accepted => f.write_str("accepted"),
            Self::Declined(reason) => write!(f, "declined:{reason}"),
            Self::Change(change) => write!(f, "{change}"),
        }
    }
}

impl Figure {
    /// The region it is about.
    pub fn region(&self) -> Option<&str> {
        match self {
            Self::OpenedIn(region) | Self::UnmetIn(region) => Some(region),
            Self::Change(change) => change.region(),
            _ => None,
        }
    }
}

/// The text names no figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no such figure")]
pub struct NoFigure;

impl FromStr for Figure {
    type Err = NoFigure;

    fn from_str(text: &str) -> Result<Self, NoFigure> {
        let known = match text.split_once(':') {
            None => [
                Self::Opened,
                Self::Placed,
                Self::Unmet,
                Self::Other,
                Self::Asked,
                Self::Answered,
                Self::Unanswered,
                Self::Accepted,
            ]
            .into_iter()
            .find(|figure| figure.to_string() == text),
            Some(("opened", region)) => Some(Self::OpenedIn(region.to_owned())),
            Some(("unmet", region)) => Some(Self::UnmetIn(region.to_owned())),
            Some(("reason", reason)) => reason.parse().ok().map(Self::Reason),
            Some(("declined", reason)) => reason.parse().ok().map(Self::Declined),
            Some(_) => text.parse().ok().map(Self::Change),
        };
        known.ok_or(NoFigure)
    }
}

impl From<Figure> for String {
    fn from(figure: Figure) -> Self {
        figure.to_string()
    }
}

impl TryFrom<String> for Figure {
    type Error = NoFigure;

    fn try_from(text: String) -> Result<Self, NoFigure> {
        text.parse()
    }
}

/// All figures there may be with these regions, and the tables they stand in: by region and by answer they add up to
/// their total; reasons only cover it, for one referral may have several; each rung of a ladder of changes places everybody
/// whom the one below it places.
pub(super) fn layout(regions: &BTreeSet<String>) -> (Vec<Figure>, Layout) {
    let mut figures = vec![
        Figure::Opened,
        Figure::Placed,
        Figure::Unmet,
        Figure::Other,
        Figure::Asked,
    ];
    let mut tables = Vec::new();
    let mut table = |parent: Figure, children: Vec<Figure>, kind: Kind| {
        let Some(parent) = figures.iter().position(|figure| *figure == parent) else {
            return;
        };
        let first = figures.len();
        figures.extend(children);
        let children = (first..figures.len()).collect();
        tables.push(Table { parent, children, kind });
    };
    let by_region = |in_region: fn(String) -> Figure| regions.iter().cloned().map(in_region).collect();
    table(Figure::Opened, by_region(Figure::OpenedIn), Kind::AddsUp);
    table(Figure::Unmet, by_region(Figure::UnmetIn), Kind::AddsUp);
    table(
        Figure::Unmet,
        UnmetReason::iter().map(Figure::Reason).collect(),
        Kind::Covers,
    );
    table(Figure::Asked, vec![Figure::Answered, Figure::Unanswered], Kind::AddsUp);
    let declined = DeclineReason::iter().map(Figure::Declined);
    let answers = [Figure::Accepted].into_iter().chain(declined).collect();
    table(Figure::Answered, answers, Kind::AddsUp);
    for ladder in Change::ladders(regions) {
        // A room is of use to those who set out from its region.
        let region = ladder.first().and_then(Change::region).map(str::to_owned);
        let roof = region.map_or(Figure::Unmet, Figure::UnmetIn);
        table(roof, ladder.into_iter().map(Figure::Change).collect(), Kind::Climbs);
    }
    let cells = figures.len();
    (figures, Layout { cells, tables })
}
