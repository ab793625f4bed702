//! The catalogue as every use case sees it: one immutable copy in memory, swapped when it changes here or, found by the
//! jobs' next look, on another node. Operators' items and changes are written here.

use std::sync::Arc;

use serde_json::json;

use super::Services;
use super::audit::entry;
use super::errors::Refused;
use super::people::taken;
use crate::domain::accounts::Actor;
use crate::domain::catalogue::{self, Catalogue, Change, Said, Written};
use crate::domain::geography::Item;
use crate::store::{StoreError, audit, items};

impl Services {
    /// The catalogue as it is now.
    pub fn catalogue(&self) -> Arc<Catalogue> {
        self.catalogue.load_full()
    }

    /// The catalogue in which these codes are looked up: read again if it does not know one of them, since another
    /// node may have added it a moment ago.
    pub async fn catalogue_with(&self, codes: impl IntoIterator<Item = &str>) -> Result<Arc<Catalogue>, Refused> {
        let known = self.catalogue();
        if codes.into_iter().any(|code| known.item(code).is_none()) {
            self.reload_catalogue().await?;
        }
        Ok(self.catalogue())
    }

    /// Takes over what operators have changed, on whichever node.
    pub async fn reload_catalogue(&self) -> Result<(), Refused> {
        let written = items::all(&self.store).await?;
        if Catalogue::edition_of(&written) == self.catalogue().edition() {
            return Ok(());
        }
        let fresh = Arc::new(Catalogue::of(&self.pack, &written));
        // Of two readings at once the newer stays, whichever ends last.
        self.catalogue.rcu(|known| match known.edition() < fresh.edition() {
            true => Arc::clone(&fresh),
            false => Arc::clone(known),
        });
        Ok(())
    }

    /// Adds an item that the country pack does not have.
    pub async fn add_item(&self, actor: &Actor, code: String, said: Said) -> Result<Item, Refused> {
        if !catalogue::is_code(&code) {
            let wanted = "2 to 40 small Latin letters, digits and _, a letter first";
            return Err(Refused::invalid("code", "malformed", wanted));
        }
        self.reload_catalogue().await?;
        let catalogue = self.catalogue();
        if catalogue.item(&code).is_some() {
            return Err(Refused::invalid("code", "taken", "already in use"));
        }
        let errors = catalogue::faults(&said, true, &code, &catalogue, &self.pack);
        if !errors.is_empty() {
            return Err(Refused::Invalid(errors));
        }
        let row = Written {
            code,
            said,
            retired_at: None,
            version: 1,
        };
        let now = self.now();
        let tx = self.store.begin().await?;
        items::insert(&tx, &row, now).await.map_err(|e| taken(e, "code"))?;
        let told = entry(
            Some(actor),
            now,
            "item.create",
            ("item", row.code.clone()),
            json!(row.said),
        );
        audit::append(&tx, vec![told]).await?;
        tx.commit().await?;
        self.fresh_item(&row.code).await
    }

    /// Changes what operators say of an item, retires it or takes it back.
    pub async fn change_item(&self, actor: &Actor, code: &str, version: i64, change: Change) -> Result<Item, Refused> {
        let catalogue = self.catalogue_with([code]).await?;
        let own = catalogue.item(code).ok_or(Refused::NotFound)?.own;
        let now = self.now();
        let tx = self.store.begin().await?;
        let known = items::one(&tx, code).await?;
        if known.as_ref().map_or(0, |row| row.version) != version {
            return Err(Refused::Stale);
        }
        let first = known.is_none();
        let before = known.unwrap_or_else(|| Written {
            code: code.to_owned(),
            said: Said::default(),
            retired_at: None,
            version: 0,
        });
        let row = Written {
            code: before.code,
            retired_at: match change.retired {
                None => before.retired_at,
                Some(true) => before.retired_at.or(Some(now)),
                Some(false) => None,
            },
            said: change.over(before.said),
            version: before.version + 1,
        };
        let errors = catalogue::faults(&row.said, own, code, &catalogue, &self.pack);
        if !errors.is_empty() {
            return Err(Refused::Invalid(errors));
        }
        let done = match first {
            true => items::insert(&tx, &row, now).await,
            false => items::update(&tx, &row, now).await,
        };
        // Two first changes at once: one of them was not made to what its writer had read.
        done.map_err(|error| match error {
            StoreError::Conflict(_) => Refused::Stale,
            other => other.into(),
        })?;
        let detail = json!({"said": row.said, "retired": row.retired_at.is_some()});
        let told = entry(Some(actor), now, "item.change", ("item", row.code.clone()), detail);
        audit::append(&tx, vec![told]).await?;
        tx.commit().await?;
        self.fresh_item(code).await
    }

    async fn fresh_item(&self, code: &str) -> Result<Item, Refused> {
        self.reload_catalogue().await?;
        self.catalogue().item(code).cloned().ok_or(Refused::NotFound)
    }
}
