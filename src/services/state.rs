//! A shelter as those who run it see it now. It must not know how reports are taken.

use super::Services;
use super::errors::Refused;
use super::holds::HoldView;
use super::stock::StockView;
use crate::domain::accounts::Actor;
use crate::domain::availability::ShelterView;
use crate::domain::freshness::{Freshness, freshness};
use crate::domain::id::{Moment, ReportId, ShelterId};
use crate::domain::reminders::Rhythm;
use crate::store::{holds, reports, views};

/// A shelter as those who run it see it.
pub struct ShelterState {
    pub view: ShelterView,
    pub now: Moment,
    pub freshness: Freshness,
    /// The newest report in force.
    pub report_id: Option<ReportId>,
    pub reported_by: Option<String>,
    /// When the next report is due.
    pub due_at: Moment,
    pub holds: Vec<HoldView>,
    pub stock: Vec<StockView>,
}

impl Services {
    /// The shelter now: rooms, holds to answer, stock, and when the next report is due.
    pub async fn state(&self, actor: &Actor, id: ShelterId) -> Result<ShelterState, Refused> {
        if !actor.own_shelters().covers(id) {
            return Err(Refused::NotFound);
        }
        let now = self.now();
        let view = views::one(&self.store, id, now).await?.ok_or(Refused::NotFound)?;
        let head = reports::head(&self.store, id).await?;
        let scope = actor.case_scope();
        let mut rows = holds::active_of(&self.store, id, now).await?;
        rows.retain(|hold| scope.covers_hold(hold));
        let holds = self.hold_views(rows, actor, now).await?;
        let stock = self.stock_views(&view, now).await?;
        let rhythm = Rhythm::of(&view.shelter, self.pack.time_zone);
        Ok(ShelterState {
            freshness: freshness(view.observed_at, view.shelter.report_interval_hours, now),
            report_id: head.report_id,
            reported_by: head.reported_by,
            due_at: rhythm.next_due(view.observed_at, now).unwrap_or(now),
            holds,
            stock,
            view,
            now,
        })
    }
}
