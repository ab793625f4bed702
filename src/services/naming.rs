//! Typed names of items: what each may mean, and what somebody has confirmed that one means.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use super::Services;
use super::audit::entry;
use super::errors::Refused;
use crate::domain::accounts::Actor;
use crate::domain::catalogue::Catalogue;
use crate::domain::naming::table::{self, Row, RowFault};
use crate::domain::naming::{Guess, Matcher, Quantity, key, strip};
use crate::store::{audit, items};

/// What a typed name may mean.
#[derive(Debug, Clone)]
pub struct Matched {
    /// The name without numbers and units.
    pub text: String,
    pub quantity: Option<Quantity>,
    /// The likeliest first.
    pub best: Vec<Guess>,
    /// The item that somebody has confirmed this spelling to mean.
    pub confirmed: Option<String>,
}

/// A row of somebody's table, and the item it is about.
#[derive(Debug, Clone)]
pub struct ReadLine {
    pub row: Row,
    /// `None` if it has to be asked which of `best` it is.
    pub item: Option<String>,
    pub best: Vec<Guess>,
    pub problem: Option<RowFault>,
}

impl Services {
    /// What each of these names may mean, by the names of the items that are counted and all confirmed spellings.
    pub async fn match_names(&self, names: &[&str]) -> Result<Vec<Matched>, Refused> {
        let mut spellings = items::names(&self.store).await?;
        let catalogue = self.catalogue_with(spellings.values().map(String::as_str)).await?;
        let counted = |code: &str| catalogue.item(code).is_some_and(|item| !item.retired);
        spellings.retain(|_, item| counted(item));
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        // Many long names take a while; nobody else waits for them.
        tokio::task::spawn_blocking(move || matched(&names, &catalogue, &spellings))
            .await
            .map_err(|error| Refused::Unexpected(error.to_string()))
    }

    /// The rows of somebody's table with the items they are about. Nothing is stored.
    pub async fn read_table(&self, cells: &[Vec<String>]) -> Result<Vec<ReadLine>, Refused> {
        let rows = table::rows(cells);
        let names: Vec<&str> = rows.iter().map(|row| row.name.as_str()).collect();
        let matched = self.match_names(&names).await?;
        let catalogue = self.catalogue();
        let mut seen = BTreeSet::new();
        let mut lines = Vec::with_capacity(rows.len());
        for (row, matched) in rows.into_iter().zip(matched) {
            let by_code = row.code.clone().filter(|code| catalogue.item(code).is_some());
            let item = by_code.or(matched.confirmed).or_else(|| the_very_name(&matched.best));
            let unit = item
                .as_deref()
                .and_then(|code| catalogue.item(code))
                .map(|item| item.unit);
            let problem = match row.quantity {
                Err(fault) => Some(fault),
                Ok(_) if row.unit.is_some() && unit.is_some() && row.unit != unit => Some(RowFault::OtherUnit),
                Ok(_) if item.clone().is_some_and(|item| !seen.insert(item)) => Some(RowFault::Twice),
                Ok(_) => None,
            };
            lines.push(ReadLine {
                row,
                item,
                best: matched.best,
                problem,
            });
        }
        Ok(lines)
    }

    /// Confirms what a spelling means. The last word on it counts.
    pub async fn confirm_name(&self, actor: &Actor, name: &str, item: &str) -> Result<(), Refused> {
        let spelling = key(&strip(name).text);
        // A bare number means nothing by itself.
        if !spelling.chars().any(char::is_alphabetic) {
            return Err(Refused::invalid(
                "name",
                "too_short",
                "letters beside numbers and units",
            ));
        }
        if self.catalogue_with([item]).await?.item(item).is_none() {
            return Err(Refused::invalid("item", "unknown", "not an item of the catalogue"));
        }
        let now = self.now();
        let tx = self.store.begin().await?;
        items::put_name(&tx, &spelling, item, actor.user_id, now).await?;
        // What was typed may be anything: the log names the item alone.
        let told = entry(Some(actor), now, "item.name", ("item", item.to_owned()), json!(null));
        audit::append(&tx, vec![told]).await?;
        tx.commit().await?;
        Ok(())
    }
}

fn matched(names: &[String], catalogue: &Catalogue, spellings: &BTreeMap<String, String>) -> Vec<Matched> {
    let matcher = matcher(catalogue, spellings);
    let match_one = |name: &String| {
        let stripped = strip(name);
        Matched {
            best: matcher.proposals(name),
            confirmed: spellings.get(&key(&stripped.text)).cloned(),
            text: stripped.text,
            quantity: stripped.quantity,
        }
    };
    names.iter().map(match_one).collect()
}

/// The only item whose name is the one that was typed.
fn the_very_name(best: &[Guess]) -> Option<String> {
    let mut same = best.iter().filter(|guess| guess.score == 1000);
    let only = same.next().filter(|_| same.next().is_none())?;
    Some(only.item.clone())
}

fn matcher(catalogue: &Catalogue, spellings: &BTreeMap<String, String>) -> Matcher {
    let counted = catalogue.items().iter().filter(|item| !item.retired);
    let named = counted.flat_map(|item| {
        let names = item.names.iter().map(|(_, name)| name);
        names
            .chain([item.code.as_str()])
            .map(move |name| (item.code.as_str(), name))
    });
    let spelt = spellings.iter().map(|(name, item)| (item.as_str(), name.as_str()));
    Matcher::new(named.chain(spelt))
}
