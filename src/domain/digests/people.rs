//! What a digest says of people: figures of closed calendar months as they were published for screens and files too.
//! Nothing is counted, hidden or added up here: each count comes as it may be printed.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::domain::ledger::Change;
use crate::domain::people::{Answering, Figure, Published};
use crate::domain::suppression::Cell;

/// More changes than these are not read.
const MOST_CHANGES: usize = 7;

/// A count of people, as it may be printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Count {
    Exact(u64),
    /// At least one and fewer than this.
    Below(u64),
    /// Hidden so that another cannot be worked out.
    Withheld,
}

impl From<Cell> for Count {
    fn from(cell: Cell) -> Self {
        match cell {
            Cell::Exact(count) => Self::Exact(count),
            Cell::Below => Self::Below(crate::domain::suppression::K),
            Cell::Withheld => Self::Withheld,
        }
    }
}

/// Referrals by what became of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Referrals {
    pub opened: Count,
    pub placed: Count,
    pub unmet: Count,
    /// Withdrawn, or closed for any other reason.
    pub other: Count,
}

/// Figures of one closed month, or of a block of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct People {
    /// First day of the first month, and last day of the last.
    pub from: NaiveDate,
    pub to: NaiveDate,
    pub total: Referrals,
    /// The months of a block, oldest first; none where it is one month.
    pub months: Vec<Month>,
    /// In the pack's order.
    pub regions: Vec<RegionPeople>,
    /// Why nobody could place her, the most frequent first. Of a block, where it is published.
    pub reasons: Vec<ReasonLine>,
    /// What one change would have helped, the most first.
    pub changes: Vec<ChangeLine>,
    pub answers: Option<Answers>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Month {
    /// Its first day.
    pub month: NaiveDate,
    #[serde(flatten)]
    pub referrals: Referrals,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegionPeople {
    pub region: String,
    pub opened: Count,
    pub unmet: Count,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReasonLine {
    pub reason: String,
    pub count: Count,
}

/// One change to the country and how many of those without a place would have found an open door.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeLine {
    /// Code of `ledger::Change`.
    pub change: String,
    pub region: Option<String>,
    pub need: Option<String>,
    /// Whole years.
    pub age: Option<u8>,
    pub count: Count,
}

/// How shelters answered requests for a place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answers {
    pub asked: Count,
    pub answered: Count,
    /// Minutes; `None` of fewer than five answers.
    pub median_minutes: Option<u32>,
    /// Nine of ten answers came within so many minutes.
    pub p90_minutes: Option<u32>,
    /// In the pack's order, those with five answers at least.
    pub regions: Vec<RegionAnswers>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegionAnswers {
    pub region: String,
    pub median_minutes: u32,
}

impl People {
    /// From what is published of a stretch of months, of each of them, and of its answers; `regions` are codes in the
    /// order in which they are said.
    pub fn of(whole: &Published, months: &[Published], answering: &Answering, regions: &[String]) -> Self {
        let count = |figure: Figure| Count::from(whole.cell(&figure));
        let month = |month: &Published| Month {
            month: month.from,
            referrals: referrals(month),
        };
        let region = |code: &String| {
            let (opened, unmet) = whole.region(code);
            RegionPeople {
                region: code.clone(),
                opened: opened.into(),
                unmet: unmet.into(),
            }
        };
        let median = |code: &String| {
            Some(RegionAnswers {
                region: code.clone(),
                median_minutes: (*answering.regions.get(code)?)?,
            })
        };
        let reasons = whole.reasons().into_iter();
        let changes = whole.changes().into_iter();
        Self {
            from: whole.from,
            to: whole.to,
            total: referrals(whole),
            months: if months.len() > 1 {
                months.iter().map(month).collect()
            } else {
                Vec::new()
            },
            regions: regions.iter().map(region).collect(),
            reasons: reasons
                .map(|(reason, cell)| ReasonLine {
                    reason: reason.to_string(),
                    count: cell.into(),
                })
                .collect(),
            changes: changes
                .take(MOST_CHANGES)
                .map(|(change, cell)| line(&change, cell))
                .collect(),
            answers: (whole.cell(&Figure::Asked) != Cell::Exact(0)).then(|| Answers {
                asked: count(Figure::Asked),
                answered: count(Figure::Answered),
                median_minutes: answering.median_minutes,
                p90_minutes: answering.p90_minutes,
                regions: regions.iter().filter_map(median).collect(),
            }),
        }
    }

    /// What a digest of one region says: its own lines of the country's tables and nothing else, so that no other number
    /// of people is out than those of the country.
    pub(super) fn of_region(&self, region: &str) -> Option<Self> {
        let line = self.regions.iter().find(|line| line.region == region)?;
        let median = |answers: &Answers| {
            let own = answers.regions.iter().filter(|line| line.region == region);
            own.cloned().collect::<Vec<_>>()
        };
        let answers = self.answers.as_ref().map(median).filter(|own| !own.is_empty());
        Some(Self {
            months: Vec::new(),
            regions: vec![line.clone()],
            reasons: Vec::new(),
            changes: (self.changes.iter())
                .filter(|line| line.region.as_deref() == Some(region))
                .cloned()
                .collect(),
            answers: answers.map(|regions| Answers {
                asked: Count::Withheld,
                answered: Count::Withheld,
                median_minutes: None,
                p90_minutes: None,
                regions,
            }),
            total: Referrals {
                opened: line.opened,
                placed: Count::Withheld,
                unmet: line.unmet,
                other: Count::Withheld,
            },
            ..self.clone()
        })
    }
}

fn referrals(of: &Published) -> Referrals {
    let count = |figure: Figure| Count::from(of.cell(&figure));
    Referrals {
        opened: count(Figure::Opened),
        placed: count(Figure::Placed),
        unmet: count(Figure::Unmet),
        other: count(Figure::Other),
    }
}

fn line(change: &Change, cell: Cell) -> ChangeLine {
    ChangeLine {
        change: change.code().to_owned(),
        region: change.region().map(str::to_owned),
        need: match change {
            Change::NeedAdmitted { need } => Some(need.to_string()),
            _ => None,
        },
        age: match change {
            Change::BoysAdmitted { age } => Some(*age),
            _ => None,
        },
        count: cell.into(),
    }
}
