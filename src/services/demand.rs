//! Demand, unmet need and answering over whole closed months, for the Committee. Every count of people is what was published
//! when the months were closed; nothing is counted here.

use std::collections::BTreeSet;

use chrono::NaiveDate;

use super::Services;
use super::errors::Refused;
use super::figures::Span;
use crate::domain::holds::DeclineReason;
use crate::domain::id::Moment;
use crate::domain::people::{Answering, Figure, Published};
use crate::domain::suppression::Cell;

/// What is published of some months, together and one by one.
#[derive(Debug, Clone)]
pub struct Demand {
    pub as_of: Moment,
    pub total: Published,
    pub months: Vec<Published>,
    /// Every region of the country pack in its order, then an unknown one as the empty text if anything is said of it.
    pub regions: Vec<String>,
}

/// How shelters answered in some months.
#[derive(Debug, Clone)]
pub struct Response {
    pub from: NaiveDate,
    pub to: NaiveDate,
    pub asked: Cell,
    pub answered: Cell,
    /// Of those asked, to a hundredth; `None` where the counts are not said.
    pub unanswered_share: Option<f64>,
    pub answering: Answering,
    pub declines: Vec<(DeclineReason, Cell)>,
}

impl Services {
    /// Demand of the whole closed months among these days; the last three if not said.
    ///
    /// # Errors
    /// `Invalid` (`from`, `to`), see [`Services::months_within`].
    pub async fn demand_of(&self, from: Option<NaiveDate>, to: Option<NaiveDate>) -> Result<Demand, Refused> {
        let span = self.months_within(from, to)?;
        let total = self.total(span).await?;
        let known = self.pack.regions.iter().map(|region| region.code.clone());
        let foreign = total
            .regions()
            .into_iter()
            .filter(|code| self.pack.region(code).is_none());
        Ok(Demand {
            as_of: self.now(),
            months: self.by_month(span).await?,
            regions: known.chain(foreign).collect(),
            total,
        })
    }

    /// How shelters answered in the whole closed months among these days; the last three if not said. Of one region only
    /// how soon: counts are of the whole country.
    ///
    /// # Errors
    /// `Invalid` (`from`, `to`, `region`).
    pub async fn response(
        &self,
        from: Option<NaiveDate>,
        to: Option<NaiveDate>,
        region: Option<&str>,
    ) -> Result<Response, Refused> {
        if let Some(code) = region.filter(|code| self.pack.region(code).is_none()) {
            return Err(Refused::invalid(
                "region",
                "unknown_value",
                format!("no region {code:?}"),
            ));
        }
        let span = self.months_within(from, to)?;
        let said = self.total(span).await?;
        let of_country = |cell: Cell| if region.is_none() { cell } else { Cell::Withheld };
        let [asked, answered, unanswered] =
            [Figure::Asked, Figure::Answered, Figure::Unanswered].map(|figure| of_country(said.cell(&figure)));
        Ok(Response {
            from: said.from,
            to: said.to,
            asked,
            answered,
            unanswered_share: asked
                .exact()
                .zip(unanswered.exact())
                .and_then(|(all, some)| share(some, all)),
            answering: self.answering_in(span, region).await?,
            declines: if region.is_none() { said.declines() } else { Vec::new() },
        })
    }

    /// How soon shelters answered, in every region of the country pack, or in one.
    async fn answering_in(&self, span: Span, region: Option<&str>) -> Result<Answering, Refused> {
        let mut minutes = self.minutes(span).await?;
        let wanted: BTreeSet<&str> = (self.pack.regions.iter().map(|region| region.code.as_str()))
            .filter(|code| region.is_none_or(|only| only == *code))
            .collect();
        if region.is_some() {
            minutes.retain(|code, _| wanted.contains(code.as_str()));
        }
        let mut answering = Answering::of(&minutes);
        answering.regions.retain(|code, _| wanted.contains(code.as_str()));
        for code in wanted {
            answering.regions.entry(code.to_owned()).or_default();
        }
        Ok(answering)
    }

    async fn total(&self, span: Span) -> Result<Published, Refused> {
        let found = self.published(span).await?;
        found.ok_or_else(|| Refused::Unexpected("closed months without figures".to_owned()))
    }
}

/// To a hundredth; `None` of nothing.
fn share(some: u64, all: u64) -> Option<f64> {
    let hundredths = (some * 100 + all / 2).checked_div(all)?;
    u32::try_from(hundredths)
        .ok()
        .map(|hundredths| f64::from(hundredths) / 100.0)
}
