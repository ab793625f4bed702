//! Closing periods: people are counted once over each calendar month, quarter and half-year when it is over, and
//! what may be said of it is frozen with the counts. Everything that is said of people is read here. It must not know
//! how it is shown.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike, Duration, NaiveDate};

use super::Services;
use super::errors::Refused;
use crate::domain::availability::ShelterView;
use crate::domain::calendar::local_date;
use crate::domain::cases::Referral;
use crate::domain::holds::Outcome;
use crate::domain::id::{Moment, ReferralId};
use crate::domain::ledger::{Change, Unplaced, changes};
use crate::domain::people::{Block, Counted, Figure, Published, publish};
use crate::store::period_figures::{self, Answer, Cases, Kept};
use crate::store::tally::{self, Tally};
use crate::store::{Tx, referrals};

/// A period is closed so long after its end, when what was under way then is written and all nodes' clocks have passed it.
const SETTLING: Duration = Duration::minutes(10);
/// Most months that are read at once.
const MOST_MONTHS: u32 = 24;
/// Months that are read if nobody says which.
const USUAL_MONTHS: u32 = 3;
/// Nobody was counted before; a year of other than four digits has no month as it is written.
const EARLIEST_YEAR: i32 = 1000;
/// Months that are closed by themselves.
const KEPT_UP: u32 = 13;

/// Whole closed months, from the first to the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    pub first: NaiveDate,
    pub last: NaiveDate,
}

impl Services {
    /// What is published of the newest `months` closed months that were over on the local day `upto`; `None` if there is no
    /// such month.
    ///
    /// # Errors
    /// The database's.
    pub async fn people(&self, upto: NaiveDate, months: u32) -> Result<Option<Published>, Refused> {
        let Some(span) = self.closed_months(upto, months) else {
            return Ok(None);
        };
        self.published(span).await
    }

    /// The newest so many months that were over when `upto` began and are settled now.
    pub(super) fn closed_months(&self, upto: NaiveDate, months: u32) -> Option<Span> {
        let settled = local_date(self.pack.time_zone, self.now() - SETTLING);
        let last = Block::month_before(upto.min(settled))?;
        let back = chrono::Months::new(months.clamp(1, MOST_MONTHS) - 1);
        let first = last.from().checked_sub_months(back)?;
        Some(Span { first, last: last.to() })
    }

    /// The months in which the days from `from` to `to` lie, as far as they are over; the newest one if none of them is, and
    /// the last three if nothing is said.
    ///
    /// # Errors
    /// `Invalid` (`from`, `to`): the wrong way round, more than 24 months, or beyond the calendar.
    pub fn months_within(&self, from: Option<NaiveDate>, to: Option<NaiveDate>) -> Result<Span, Refused> {
        if let (Some(from), Some(to)) = (from, to)
            && from > to
        {
            return Err(Refused::invalid("to", "out_of_range", "not before from"));
        }
        let none = || Refused::invalid("from", "out_of_range", "beyond the calendar");
        let newest = self.closed_months(NaiveDate::MAX, 1).ok_or_else(none)?;
        let last = to.map_or(newest.last, |to| Block::month_of(to).to().min(newest.last));
        let usual = || last.checked_sub_months(chrono::Months::new(USUAL_MONTHS - 1));
        let first = Block::month_of(from.or_else(usual).ok_or_else(none)?.min(last)).from();
        if first.year() < EARLIEST_YEAR {
            return Err(none());
        }
        let longest = first.checked_add_months(chrono::Months::new(MOST_MONTHS));
        if longest.is_none_or(|end| end <= last) {
            return Err(Refused::invalid(
                "from",
                "out_of_range",
                format!("at most {MOST_MONTHS} months before to"),
            ));
        }
        Ok(Span { first, last })
    }

    /// What is published of whole closed months together: of the longest blocks that they are made of.
    pub(super) async fn published(&self, span: Span) -> Result<Option<Published>, Refused> {
        let blocks = Block::covering(span.first, span.last);
        let kept = self.kept(&blocks).await?;
        let parts: Vec<Published> = blocks
            .iter()
            .filter_map(|block| Some(kept.get(block)?.1.clone()))
            .collect();
        Ok(Published::together(&parts))
    }

    /// What is published of each of these months.
    pub(super) async fn by_month(&self, span: Span) -> Result<Vec<Published>, Refused> {
        let months = months(span);
        let kept = self.kept(&months).await?;
        Ok(months
            .iter()
            .filter_map(|month| Some(kept.get(month)?.1.clone()))
            .collect())
    }

    /// Minutes from each question to its answer in these months, by the shelter's region.
    pub(super) async fn minutes(&self, span: Span) -> Result<BTreeMap<String, Vec<u32>>, Refused> {
        let kept = self.kept(&Block::covering(span.first, span.last)).await?;
        Ok(Counted::sum(kept.values().map(|(counted, _)| counted)).minutes)
    }

    /// Closes what is over and not closed yet, a year back and a month.
    ///
    /// # Errors
    /// The database's.
    pub async fn close_months(&self) -> Result<(), Refused> {
        let Some(span) = self.closed_months(NaiveDate::MAX, KEPT_UP) else {
            return Ok(());
        };
        let mut blocks: BTreeSet<Block> = months(span).into_iter().collect();
        blocks.extend(Block::covering(span.first, span.last).into_iter().flat_map(Block::nest));
        self.kept(&Vec::from_iter(blocks)).await.map(drop)
    }

    /// These blocks, all of them over, closed if nobody has done so.
    async fn kept(&self, blocks: &[Block]) -> Result<BTreeMap<Block, Kept>, Refused> {
        let nested: BTreeSet<Block> = blocks.iter().flat_map(|block| block.nest()).collect();
        let mut nested = Vec::from_iter(nested);
        let mut kept = period_figures::of(&self.store, &nested).await?;
        // The short ones first: a longer one looks at what is published of them.
        nested.sort_by_key(|block| (block.months(), block.from()));
        for block in nested {
            if !kept.contains_key(&block) {
                let closed = self.close_block(block, &kept).await?;
                kept.insert(block, closed);
            }
        }
        kept.retain(|block, _| blocks.contains(block));
        Ok(kept)
    }

    /// Counts and publishes a block; if another node has done so meanwhile, what that one published stands.
    async fn close_block(&self, block: Block, kept: &BTreeMap<Block, Kept>) -> Result<Kept, Refused> {
        let counted = if block.months() == 1 {
            self.counted(block).await?
        } else {
            let inner = block.inner();
            Counted::sum(inner.iter().filter_map(|part| Some(&kept.get(part)?.0)))
        };
        let before = kept.iter().map(|(block, kept)| (*block, kept.1.clone())).collect();
        let mine = tokio::task::spawn_blocking(move || {
            let published = publish(block, &counted, &before);
            (counted, published)
        });
        let mine = mine.await.map_err(|fault| Refused::Unexpected(fault.to_string()))?;
        let tx = self.store.begin().await?;
        if period_figures::close(&tx, block, &mine, self.now()).await? {
            tx.commit().await?;
            return Ok(mine);
        }
        drop(tx);
        let theirs = period_figures::of(&self.store, &[block]).await?.remove(&block);
        theirs.ok_or_else(|| Refused::Unexpected(format!("{block} is closed and not there")))
    }

    /// Everything of a month, at one moment: of the cases that are there, and what is kept of those that are gone.
    async fn counted(&self, month: Block) -> Result<Counted, Refused> {
        let tx = self.store.snapshot().await?;
        let there = self.counted_of(&tx, Cases::All, month).await?;
        let gone = tally::of(&tx, Tally::People, "", &month.to_string()).await?;
        drop(tx);
        let there = self.with_changes(there).await?;
        Ok(Counted::sum([&there, &gone.unwrap_or_default()]))
    }

    /// Adds what a month that is not closed yet counts of these cases to what is kept of it. The purge holds its lock.
    pub(super) async fn tally_month(&self, tx: &Tx, ids: &[ReferralId], month: Block) -> Result<(), Refused> {
        let counted = self.counted_of(tx, Cases::Of(ids), month).await?;
        let counted = self.with_changes(counted).await?;
        let before = tally::of(tx, Tally::People, "", &month.to_string()).await?;
        let sum = Counted::sum([&before.unwrap_or_default(), &counted]);
        Ok(tally::put(tx, Tally::People, "", &month.to_string(), &sum).await?)
    }

    /// What these cases count in a month, and those of them that found no place in it.
    async fn counted_of(&self, tx: &Tx, cases: Cases<'_>, month: Block) -> Result<(Counted, Vec<Referral>), Refused> {
        let (from, to) = (self.begins(month.from())?, self.ends(month.to())?);
        let mut counted = Counted::default();
        // Every region has its count, or one that is left out would tell of itself and of the others.
        for region in &self.pack.regions {
            counted.add(Figure::OpenedIn(region.code.clone()), 0);
        }
        for district in period_figures::opened(tx, cases, from, to).await? {
            counted.add(Figure::Opened, 1);
            counted.add(Figure::OpenedIn(self.region_of(&district)), 1);
        }
        for outcome in period_figures::outcomes(tx, cases, from, to).await? {
            let figure = match outcome {
                Outcome::Placed => Figure::Placed,
                Outcome::Unmet => Figure::Unmet,
                Outcome::Withdrawn => Figure::Other,
            };
            counted.add(figure, 1);
        }
        let unmet = referrals::unmet(tx, cases, from, to).await?;
        for row in &unmet {
            counted.add(Figure::UnmetIn(self.region_of(&row.search.from_district)), 1);
            for reason in row.unmet_reasons.iter().collect::<BTreeSet<_>>() {
                counted.add(Figure::Reason(*reason), 1);
            }
        }
        self.answers(tx, cases, (from, to), &mut counted).await?;
        Ok((counted, unmet))
    }

    async fn with_changes(&self, (mut counted, unmet): (Counted, Vec<Referral>)) -> Result<Counted, Refused> {
        for (change, placed) in self.helpful(&unmet).await? {
            counted.add(Figure::Change(change), placed);
        }
        Ok(counted)
    }

    async fn answers(
        &self,
        tx: &Tx,
        cases: Cases<'_>,
        (from, to): (Moment, Moment),
        counted: &mut Counted,
    ) -> Result<(), Refused> {
        let regions = period_figures::regions(tx).await?;
        for (shelter, answer) in period_figures::answers(tx, cases, from, to).await? {
            counted.add(Figure::Asked, 1);
            let (figure, minutes) = match answer {
                Answer::RanOut => {
                    counted.add(Figure::Unanswered, 1);
                    continue;
                }
                Answer::Accepted(minutes) => (Figure::Accepted, minutes),
                Answer::Declined(minutes, reason) => (Figure::Declined(reason), minutes),
            };
            counted.add(Figure::Answered, 1);
            counted.add(figure, 1);
            let region = regions.get(&shelter).cloned().unwrap_or_default();
            counted.minutes.entry(region).or_default().push(minutes);
        }
        Ok(())
    }

    /// The region of a district; the empty text if the country pack does not know it.
    fn region_of(&self, district: &str) -> String {
        self.pack
            .region_of(district)
            .map(|region| region.code.clone())
            .unwrap_or_default()
    }

    /// What each change to the country as it is now would have done for them. Away from those who answer requests: fitting
    /// every shape into every shelter takes a while.
    async fn helpful(&self, unmet: &[Referral]) -> Result<Vec<(Change, u64)>, Refused> {
        let region = |row: &Referral| Some(self.region_of(&row.search.from_district)).filter(|code| !code.is_empty());
        let unplaced: Vec<Unplaced> = unmet.iter().filter_map(|row| Unplaced::of(row, region(row))).collect();
        let regions: Vec<String> = self.pack.regions.iter().map(|region| region.code.clone()).collect();
        let (board, now) = (self.board.current(), self.now());
        let worked_out = tokio::task::spawn_blocking(move || {
            let country: Vec<&ShelterView> = board.views().collect();
            changes(&unplaced, &country, &regions, now)
        });
        worked_out.await.map_err(|fault| Refused::Unexpected(fault.to_string()))
    }
}

fn months(span: Span) -> Vec<Block> {
    let blocks = Block::covering(span.first, span.last);
    let nested = blocks.into_iter().flat_map(Block::nest);
    nested.filter(|block| block.months() == 1).collect()
}
