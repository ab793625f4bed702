//! What must hold of stock: each shelf is what its counts and movements say, and what travels is conserved to the unit.

use std::collections::HashMap;

use chrono::TimeDelta;

use super::{Check, check};
use crate::domain::id::{Moment, ShelterId};
use crate::services::Services;
use crate::services::errors::Refused;
use crate::store::balance::{self, Carried};
use crate::store::stock;

impl Services {
    pub(super) async fn check_shelves(&self, now: Moment) -> Result<Vec<Check>, Refused> {
        let db = &self.store.snapshot().await?;
        let shelves = stock::all(db).await?;
        // What is booked at this very moment may bear a time a little later.
        let told = stock::known(db, now + TimeDelta::days(1)).await?;
        let mut told: HashMap<(ShelterId, String), i64> = (told.into_iter())
            .map(|row| ((row.shelter_id, row.item), row.on_hand))
            .collect();
        let mut follows: Vec<bool> = Vec::with_capacity(shelves.len());
        for row in &shelves {
            let derived = told.remove(&(row.shelter_id, row.item.clone())).unwrap_or(0);
            follows.push(row.on_hand == derived);
        }
        // Counted or moved, and not on any shelf.
        follows.extend(told.values().map(|_| false));
        Ok(vec![
            check("stock_is_never_negative", shelves.iter().map(|row| row.on_hand >= 0)),
            check("stock_follows_counts_and_movements", follows),
            check(
                "dated_units_are_on_the_shelf",
                shelves
                    .iter()
                    .map(|row| row.lots.units() <= row.on_hand && row.lots.iter().all(|lot| lot.units > 0)),
            ),
            check(
                "transfers_are_conserved",
                balance::carried(db).await?.iter().map(is_conserved),
            ),
        ])
    }
}

/// Whether the shelves at both ends have booked what the transfer says: what left is received, missing, on its way, or back.
fn is_conserved(line: &Carried) -> bool {
    let booked = (line.left, line.arrived, line.returned, line.astray);
    let sent = line.dispatched;
    booked
        == match line.state.as_str() {
            "dispatched" => (sent, 0, 0, 0),
            "received" => (sent, line.received, 0, 0),
            "cancelled" => (sent, 0, sent, 0),
            // Nothing has left yet.
            _ => (0, 0, 0, 0),
        }
        && line.received <= sent
}
