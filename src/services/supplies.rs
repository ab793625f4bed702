//! Supplies at risk, shelter by shelter: what runs out where, the first first. A shelter is known to the Committee by its
//! code alone.

use std::collections::BTreeSet;

use super::Services;
use super::errors::Refused;
use super::stock::StockView;
use crate::domain::accounts::{Actor, Role};
use crate::domain::id::ShelterId;
use crate::domain::supplies::StockStatus;
use crate::store::shelters::Which;
use crate::store::stock;
use crate::store::transfers;

/// What is asked for.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    pub statuses: BTreeSet<StockStatus>,
    pub region: Option<String>,
    pub item: Option<String>,
    /// Only what comes after this in the list.
    pub after: Option<Place>,
}

/// Where an item stands in the list: the worst status first, then the fewest tenths of a day, then by item and shelter.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub status: StockStatus,
    pub tenths: i64,
    pub item: String,
    pub shelter_code: String,
}

/// An item of a shelter.
#[derive(Debug, Clone)]
pub struct Risk {
    pub place: Place,
    pub region: String,
    /// Its id and name, for the operators only.
    pub shelter: Option<(ShelterId, String)>,
    pub seen: StockView,
}

impl Services {
    /// At most `limit` of what is asked for.
    pub async fn supplies(&self, actor: &Actor, wanted: &Wanted, limit: usize) -> Result<Vec<Risk>, Refused> {
        let now = self.now();
        let rows = match &wanted.item {
            Some(item) => stock::of_item(&self.store, item).await?,
            None => stock::all(&self.store).await?,
        };
        let board = self.board.current();
        let named = actor.role == Role::Admin;
        let mut found: Vec<Risk> = Vec::new();
        for row in rows {
            let Some(view) = board.get(row.shelter_id) else {
                continue;
            };
            let shelter = &view.shelter;
            if (wanted.region.as_ref()).is_some_and(|only| *only != shelter.region) {
                continue;
            }
            let seen = self.stock_view(row, view, now);
            let place = place(&seen, &shelter.code);
            if wanted.statuses.contains(&place.status) && wanted.after.as_ref().is_none_or(|after| place > *after) {
                found.push(Risk {
                    place,
                    region: shelter.region.clone(),
                    shelter: named.then(|| (shelter.id, shelter.name.clone())),
                    seen,
                });
            }
        }
        found.sort_by(|a, b| a.place.cmp(&b.place));
        found.truncate(limit);
        let ids: BTreeSet<ShelterId> = found.iter().map(|risk| risk.seen.stock.shelter_id).collect();
        let ids: Vec<ShelterId> = ids.into_iter().collect();
        let ways = transfers::on_the_way(&self.store, Which::Ids(&ids)).await?;
        for risk in &mut found {
            let key = (risk.seen.stock.shelter_id, risk.seen.stock.item.clone());
            risk.seen.way = ways.get(&key).copied().unwrap_or_default();
        }
        Ok(found)
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "days are told in whole tenths, and a longer time is as long"
)]
fn place(seen: &StockView, shelter_code: &str) -> Place {
    let days = seen.cover.days.map_or(f64::INFINITY, |days| days * 10.0);
    Place {
        status: seen.cover.status,
        tenths: days.round() as i64,
        item: seen.stock.item.clone(),
        shelter_code: shelter_code.to_owned(),
    }
}
