//! A shelter as the placement sees it: where it is, whom it admits, what it offers, when it is due to report.
//! Its address and contacts are not here: they are encrypted and live in a table of their own.

use std::collections::BTreeSet;

use chrono::NaiveTime;
use serde::{Deserialize, Serialize};
use strum::{Display, EnumIter, EnumString, IntoStaticStr};

use super::household::Need;
use super::id::{OrganisationId, ShelterId};
use super::rooms::Room;

#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter, EnumString, IntoStaticStr, Display,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum ShelterKind {
    Crisis,
    LongStay,
    SupportRoom,
    Transitional,
}

#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter, EnumString, IntoStaticStr, Display,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum LocationPolicy {
    Confidential,
    Disclosed,
}

/// Whom the shelter admits. Every rule holds for a fit; each broken rule is a reason of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdmissionRules {
    /// Highest age in years at which a boy is admitted; `None` admits boys up to 17.
    pub boys_max_age: Option<u8>,
    /// Boys above this age sleep in private rooms only.
    pub boys_shared_room_max_age: u8,
    /// Most children in one household; `None` for no limit.
    pub max_children: Option<u8>,
    /// A child under 2 may sleep in the mother's bed when there is no cot (one child per grown-up).
    pub infants_share_bed: bool,
    /// Whether women without children are admitted.
    pub admits_without_children: bool,
    /// Whether women are admitted at all (imported programmes for men are not for her).
    pub admits_women: bool,
    /// Admission needs the shelter can take. `StepFree` is a matter of rooms and is ignored here.
    pub admits: BTreeSet<Need>,
}

/// A shelter with its rooms: the part that changes only when somebody edits the shelter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shelter {
    pub id: ShelterId,
    /// Unique, shown to people: `TJ-SU-01`.
    pub code: String,
    pub name: String,
    pub organisation_id: OrganisationId,
    /// District code of the country pack.
    pub district: String,
    /// Region code the district lies in.
    pub region: String,
    pub kind: ShelterKind,
    pub location_policy: LocationPolicy,
    /// The source's own grouping (Toronto's sector); `None` for shelters entered by hand.
    pub sector: Option<String>,
    /// Local hours in which newcomers are received; `None` means at any hour.
    pub intake: Option<(NaiveTime, NaiveTime)>,
    pub longest_stay_days: Option<u16>,
    /// Language codes spoken, lower case (`tg`, `ru`, `uz`).
    pub languages: BTreeSet<String>,
    /// Service needs that are answered on site.
    pub services: BTreeSet<Need>,
    pub rules: AdmissionRules,
    /// Local time of day at which the daily report is due.
    pub report_due: NaiveTime,
    /// The shelter's reporting rhythm in hours.
    pub report_interval_hours: u16,
    /// There is no such shelter: whoever asks for it is looking for something else. It is one from the first, and stands on
    /// no board and in no list but the administrators'.
    pub canary: bool,
    pub rooms: Vec<Room>,
    /// Counts edits; the ETag.
    pub version: i64,
}
