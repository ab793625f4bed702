//! What a digest says of people: the closed months it looks back on, or the newest one. It must not count anybody.

use std::collections::BTreeSet;

use chrono::NaiveDate;

use super::Services;
use super::errors::Refused;
use crate::domain::calendar::Span;
use crate::domain::digests::{People, whole_months};
use crate::domain::people::Answering;

impl Services {
    /// The months that the digest looks back on, if they are whole; else the newest that was over when its day began.
    pub(super) async fn digest_people(&self, covers: Span, date: NaiveDate) -> Result<Option<People>, Refused> {
        let (upto, months) = match whole_months(covers) {
            Some(months) => (covers.to.succ_opt().unwrap_or(date), months),
            None => (date, 1),
        };
        let Some(span) = self.closed_months(upto, months) else {
            return Ok(None);
        };
        let Some(whole) = self.published(span).await? else {
            return Ok(None);
        };
        let months = self.by_month(span).await?;
        let answering = Answering::of(&self.minutes(span).await?);
        // In the pack's order, then those of imports; where nobody knows the region there is nothing to call it.
        let of_pack: Vec<String> = self.pack.regions.iter().map(|region| region.code.clone()).collect();
        let mut others: BTreeSet<String> = whole.regions().into_iter().collect();
        others.retain(|code| !code.is_empty() && !of_pack.contains(code));
        let regions: Vec<String> = of_pack.into_iter().chain(others).collect();
        Ok(Some(People::of(&whole, &months, &answering, &regions)))
    }
}
