//! Stock of shelters through the door: what is counted, and what comes and goes between two counts.

mod balance;
mod conservation;
mod counts;
mod movements;

use serde_json::Value;

use crate::harness::client::Person;
use crate::harness::country::Country;

/// An item of a shelter's stock as its manager reads it.
pub async fn of(who: &Person, country: &Country, item: &str) -> Value {
    let all = who.get(&country.path("/stock")).await.expect(200);
    let items = all["items"].as_array().unwrap();
    items
        .iter()
        .find(|row| row["item"] == item)
        .cloned()
        .unwrap_or_default()
}
