//! What comes to a shelter's stock and what leaves it, as the shelter books it. Transfers book theirs themselves.

use serde_json::json;

use super::Services;
use super::audit::entry;
use super::errors::Refused;
use super::once::{Once, Turn};
use super::stock::StockView;
use crate::domain::accounts::Actor;
use crate::domain::id::{MovementId, ShelterId};
use crate::domain::stock::{Booked, Change, RawMovements};
use crate::store::{audit, movements, shelters, views};

/// What a booking leaves of the items in it.
pub struct Moved {
    pub stock: Vec<StockView>,
}

impl Services {
    /// Books a receipt, an issue or a write-off, all lines or none, and tells what it leaves of the items in it.
    ///
    /// # Errors
    /// `Invalid`: faults by field, `not_enough` where more is to leave than is on hand.
    pub async fn book_stock(
        &self,
        actor: &Actor,
        id: ShelterId,
        said: &RawMovements,
        once: Once<Moved>,
    ) -> Result<String, Refused> {
        if !actor.own_shelters().covers(id) {
            return Err(Refused::NotFound);
        }
        let codes = said.lines.iter().filter_map(|line| line.item.as_deref());
        let catalogue = self.catalogue_with(codes).await?;
        let parsed = said.parse(&catalogue).map_err(Refused::Invalid)?;
        let (lines, changes): (Vec<usize>, Vec<Change>) = parsed.into_iter().unzip();
        let tx = self.store.begin().await?;
        let claimed = match once.claim(&tx, actor, self.now()).await? {
            Turn::Again(answer) => return Ok(answer),
            Turn::First(claimed) => claimed,
        };
        views::lock(&tx, id).await?.ok_or(Refused::NotFound)?;
        let now = self.now();
        let field = |at: usize| format!("lines[{}].quantity", lines.get(at).copied().unwrap_or(at));
        let who = (id, Some(actor.user_id));
        let left = self.move_lines(&tx, who, &changes, field, now).await?;
        let view = views::one(&tx, id, now).await?.ok_or(Refused::NotFound)?;
        let moved = Moved {
            stock: self.stock_views_of(&tx, left, &view, now).await?,
        };
        let answer = claimed.keep(&tx, &moved).await?;
        let detail = json!({"kind": said.booking, "items": moved.stock.len()});
        let record = entry(Some(actor), now, "stock.move", ("shelter", id.to_string()), detail);
        audit::append(&tx, vec![record]).await?;
        tx.commit().await?;
        Ok(answer)
    }

    /// One page of what came and went, the newest first: of the own shelters, or for an administrator.
    pub async fn movements(
        &self,
        actor: &Actor,
        id: ShelterId,
        before: Option<MovementId>,
        limit: u64,
    ) -> Result<Vec<Booked>, Refused> {
        if shelters::get(&self.store, &actor.shelter_scope(), id).await?.is_none() {
            return Err(Refused::NotFound);
        }
        Ok(movements::page(&self.store, id, before, limit).await?)
    }
}
