//! What is free in the country, now and as it was known.

use std::sync::Arc;

use chrono::Duration;

use super::Services;
use super::board::Picture;
use super::errors::Refused;
use crate::domain::availability::{Availability, ShelterView, availability};
use crate::domain::calendar::When;
use crate::domain::id::Moment;
use crate::store::{history, reports};

/// More than the clocks of nodes that are kept right differ.
const APART: Duration = Duration::minutes(2);

impl Services {
    /// Whether the database answers and lacks no migration.
    pub async fn ready(&self) -> Result<(), Refused> {
        self.store.ping().await?;
        if self.store.pending_migrations().await?.is_empty() {
            Ok(())
        } else {
            Err(Refused::Unavailable)
        }
    }

    /// How far this machine's clock is behind what is stored; `None` if it is not. It was set back, or it was ahead when that
    /// was written: reports of meanwhile seem to come from the future, and newer ones count as older until it has caught up.
    pub async fn clock_behind(&self) -> Result<Option<Duration>, Refused> {
        let newest = reports::newest_arrival(&self.store).await?;
        let behind = newest.map(|newest| newest - self.now());
        Ok(behind.filter(|behind| *behind > APART))
    }

    /// The national picture now.
    pub fn availability(&self) -> Arc<Picture> {
        self.board.picture(self.now())
    }

    /// The national picture as it was known at a past moment, or of a past day: then an imported table answers with
    /// that day's night. A shelter without a report by then counts nowhere.
    pub async fn availability_at(&self, when: impl Into<When>) -> Result<Availability, Refused> {
        let (at, views) = self.known_at(when.into()).await?;
        Ok(availability(&views, at))
    }

    /// The shelters as they were known, and the instant for which that holds.
    pub(super) async fn known_at(&self, when: When) -> Result<(Moment, Vec<ShelterView>), Refused> {
        let at = self.instant(when)?;
        Ok((at, history::as_of(&self.store, at, when.day()).await?))
    }

    /// The instant that is meant; a day means its last second where the country is.
    pub fn instant(&self, when: When) -> Result<Moment, Refused> {
        when.instant(self.pack.time_zone)
            .ok_or_else(|| Refused::invalid("at", "out_of_range", "a day of the calendar"))
    }
}
