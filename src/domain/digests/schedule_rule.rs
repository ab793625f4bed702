//! How often a digest is made, and what that needs beside the hour: which fields belong together, and the cron expression
//! they come to. When that falls in the world is `schedule`'s business.

use std::str::FromStr;

use chrono::{NaiveTime, Timelike};
use serde::{Deserialize, Serialize};

use crate::domain::calendar::DayOfWeek;
use crate::domain::codes::codes;
use crate::domain::errors::FieldError;

codes! {
    Cadence {
        Daily,
        Weekly,
        Monthly,
        /// The first day of the month on which the country works.
        FirstWorkingDay,
        /// January, April, July and October.
        Quarterly,
        /// January and July.
        HalfYearly,
        /// A line of five fields.
        Cron,
    }
}

/// What a cadence needs beside the hour.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Rule {
    /// Of a weekly digest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weekday: Option<DayOfWeek>,
    /// Of a monthly, quarterly or half-yearly one: day of the month after the period, 1 to 28.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub day: Option<u8>,
    /// Minute, hours, days of the month, months, weekdays by name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cron: Option<String>,
}

/// Days that every month has.
pub const LAST_DAY: u8 = 28;
/// Longest cron line, in bytes.
const LONGEST_LINE: usize = 120;
const LINE: &str =
    "five fields such as `0 8 * * mon,thu`: one minute, hours, days of the month, months, weekdays by name";

impl Cadence {
    /// The rule with its defaults, if it is what this cadence needs. `at` is the local time of day.
    ///
    /// # Errors
    /// Every field that is missing, out of range, or does not belong to this cadence.
    pub fn check(self, rule: Rule, at: Option<NaiveTime>) -> Result<Rule, Vec<FieldError>> {
        let mut faults = Vec::new();
        let mut only = |field: &str, given: bool, wanted: bool| {
            if given && !wanted {
                let detail = format!("a digest that is {self} has none");
                faults.push(FieldError::new(field, "not_of_cadence", detail));
            }
        };
        only("time", at.is_some(), self != Self::Cron);
        only("weekday", rule.weekday.is_some(), self == Self::Weekly);
        only("day", rule.day.is_some(), self.has_day());
        only("cron", rule.cron.is_some(), self == Self::Cron);
        let mut needed = |field: &str, given: bool, wanted: bool, detail: &str| {
            if wanted && !given {
                faults.push(FieldError::new(field, "required", detail));
            }
        };
        needed("time", at.is_some(), self != Self::Cron, "an hour such as 08:30");
        needed(
            "weekday",
            rule.weekday.is_some(),
            self == Self::Weekly,
            "monday to sunday",
        );
        needed("cron", rule.cron.is_some(), self == Self::Cron, LINE);
        if rule.day.is_some_and(|day| !(1..=LAST_DAY).contains(&day)) {
            faults.push(FieldError::new("day", "out_of_range", "1 to 28, which every month has"));
        }
        let line = (rule.cron.as_deref().filter(|_| self == Self::Cron)).map(plain_line);
        let cron = match line {
            Some(Ok(line)) => Some(line),
            Some(Err((code, detail))) => {
                faults.push(FieldError::new("cron", code, detail));
                None
            }
            None => None,
        };
        if faults.is_empty() {
            let day = self.has_day().then(|| rule.day.unwrap_or(1));
            Ok(Rule { day, cron, ..rule })
        } else {
            Err(faults)
        }
    }

    /// Whether it has a day of the month.
    fn has_day(self) -> bool {
        matches!(self, Self::Monthly | Self::Quarterly | Self::HalfYearly)
    }

    /// As a cron expression of six fields: second minute hour day month weekday. `None` for a rule that [`Cadence::check`]
    /// refuses. Of the first working day it names every day: which one that is, no such line can say.
    pub fn expression(self, rule: &Rule, at: NaiveTime) -> Option<String> {
        let (minute, hour, day) = (at.minute(), at.hour(), rule.day.unwrap_or(1));
        Some(match self {
            Self::Daily | Self::FirstWorkingDay => format!("0 {minute} {hour} * * *"),
            Self::Weekly => format!("0 {minute} {hour} * * {}", rule.weekday?),
            Self::Monthly => format!("0 {minute} {hour} {day} * *"),
            Self::Quarterly => format!("0 {minute} {hour} {day} 1,4,7,10 *"),
            Self::HalfYearly => format!("0 {minute} {hour} {day} 1,7 *"),
            Self::Cron => format!("0 {}", rule.cron.as_deref()?),
        })
    }
}

/// The line in small letters with single spaces, if it is one that means the same to everybody: a single minute, so that
/// digests are at least an hour apart; weekdays by name, since 0, 1 and 7 are other days in other programs; and days of
/// the month or weekdays but not both, since programs differ in whether both or either must match.
fn plain_line(line: &str) -> Result<String, (&'static str, &'static str)> {
    if line.len() > LONGEST_LINE {
        return Err(("too_long", LINE));
    }
    let line = line.to_ascii_lowercase();
    let fields: Vec<&str> = line.split_ascii_whitespace().collect();
    let [minute, hour, day, month, weekday] = fields[..] else {
        return Err(("malformed", LINE));
    };
    let made_of = |field: &str, letters: bool, digits: bool| {
        field.bytes().all(|byte| {
            matches!(byte, b'*' | b',' | b'-')
                || (digits && (byte.is_ascii_digit() || byte == b'/'))
                || (letters && byte.is_ascii_lowercase())
        })
    };
    if !minute.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(("malformed", "the minute is one number: at most one digest an hour"));
    }
    if !made_of(weekday, true, false) {
        return Err(("malformed", "weekdays by name, such as mon,thu or mon-fri"));
    }
    if !(made_of(hour, false, true) && made_of(day, false, true) && made_of(month, true, true)) {
        return Err(("malformed", LINE));
    }
    if day != "*" && weekday != "*" {
        return Err(("ambiguous", "days of the month or weekdays, not both"));
    }
    let plain = fields.join(" ");
    match cron::Schedule::from_str(&format!("0 {plain}")) {
        Ok(_) => Ok(plain),
        Err(_) => Err(("malformed", LINE)),
    }
}
