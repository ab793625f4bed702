//! Between columns and domain types: moments, days, codes and JSON sets.

use std::str::FromStr;

use chrono::{DateTime, NaiveDate, NaiveTime, Timelike};
use sea_orm::{ColumnTrait, Condition};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::StoreError;
use crate::domain::accounts::CaseScope;
use crate::domain::id::Moment;

pub fn millis(moment: Moment) -> i64 {
    moment.timestamp_millis()
}

pub fn moment(millis: i64) -> Moment {
    DateTime::from_timestamp_millis(millis).unwrap_or_default()
}

pub fn day(table: &'static str, column: &'static str, text: &str) -> Result<NaiveDate, StoreError> {
    NaiveDate::parse_from_str(text, "%Y-%m-%d").map_err(|_| unreadable(table, column, text))
}

/// Minutes of the day: how hours are stored.
pub fn minutes(time: NaiveTime) -> i32 {
    i32::try_from(time.num_seconds_from_midnight() / 60).unwrap_or(0)
}

pub fn time(minutes: i32) -> NaiveTime {
    let seconds = u32::try_from(minutes).unwrap_or(0) * 60;
    NaiveTime::from_num_seconds_from_midnight_opt(seconds, 0).unwrap_or_default()
}

pub fn code<T: FromStr>(table: &'static str, column: &'static str, text: &str) -> Result<T, StoreError> {
    text.parse().map_err(|_| unreadable(table, column, text))
}

pub fn code_opt<T: FromStr>(
    table: &'static str,
    column: &'static str,
    text: Option<&str>,
) -> Result<Option<T>, StoreError> {
    text.map(|text| code(table, column, text)).transpose()
}

pub fn json<T: DeserializeOwned>(table: &'static str, column: &'static str, text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|_| unreadable(table, column, text))
}

pub fn to_json<T: Serialize>(value: &T) -> String {
    // Sets, shapes and codes always serialise; an empty text would be caught as unreadable on the way back.
    serde_json::to_string(value).unwrap_or_default()
}

/// A count from its column: the CHECK constraints keep it in range.
pub fn count(value: i32) -> u16 {
    u16::try_from(value.max(0)).unwrap_or(u16::MAX)
}

pub fn unreadable(table: &'static str, column: &'static str, value: &str) -> StoreError {
    StoreError::Unreadable {
        table,
        column,
        value: value.chars().take(40).collect(),
    }
}

/// The condition that a case is not kept from whoever has this scope: [`Excluded::may_know`], said in SQL. Ids are stored
/// as JSON texts of 36 characters, so that one is never part of another.
///
/// [`Excluded::may_know`]: crate::domain::exclusion::Excluded::may_know
pub fn known_to(scope: &CaseScope, excluded: impl ColumnTrait, officer: impl ColumnTrait) -> Condition {
    let (Some(office), hers) = scope.hidden_from() else {
        return Condition::all();
    };
    let not_named = Condition::any().add(excluded.not_like(format!("%{office}%")));
    Condition::all().add(match hers {
        Some(id) => not_named.add(officer.eq(id.0)),
        None => not_named,
    })
}
