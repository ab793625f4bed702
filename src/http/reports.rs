//! A shelter's daily report, and the history of its reports.

use std::collections::HashMap;

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::State;
use super::access::SignedIn;
use super::body::Body;
use super::parse::{Faults, Page, Paging, id, query};
use super::problem::Problem;
use super::referrals::created;
use super::stock::StockLine;
use crate::domain::id::{ReportId, RoomId};
use crate::domain::logbook::Line;
use crate::domain::reports::{Channel, RawLine};
use crate::domain::rooms::OutOfServiceReason;
use crate::domain::stock::RawCount;
use crate::services::once::Once;
use crate::services::reports::{Receipt, ReportDraft, Unseen};

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RoomLineBody {
    pub room_id: Uuid,
    /// 0 to 10,000; more than there are is real life, taken and flagged.
    pub occupied_beds: i64,
    #[serde(default)]
    pub occupied_cots: i64,
    /// At most the room's beds.
    #[serde(default)]
    pub out_of_service_beds: i64,
    /// `repair`, `cleaning`, `infection`, `staffing`, `safety`, `reserved` or `other`; with beds out of service.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub out_of_service_reason: Option<OutOfServiceReason>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlannedExitBody {
    pub room_id: Uuid,
    pub date: NaiveDate,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReportBody {
    /// When this was true. From 72 hours ago to 10 minutes ahead; else the clock is suspect and arrival counts.
    pub observed_at: DateTime<Utc>,
    /// A line for each room.
    pub rooms: Vec<RoomLineBody>,
    #[serde(default)]
    pub stock: Vec<StockLine>,
    #[serde(default)]
    pub planned_exits: Vec<PlannedExitBody>,
    /// Whether the shelter takes people in today.
    #[serde(default = "yes")]
    pub operating: bool,
    /// No names, no numbers; at most 200 characters.
    #[serde(default)]
    pub note: Option<String>,
    /// `report_id` of the state that this was written on. If another report has come since and says something else, the
    /// answer carries it as `conflict`.
    #[serde(default)]
    pub based_on: Option<Uuid>,
}

fn yes() -> bool {
    true
}

/// Most rooms, items or exits in one report.
const MOST_LINES: usize = 500;

impl ReportBody {
    fn parse(self) -> Result<ReportDraft, Problem> {
        let mut faults = Faults::default();
        for (field, n) in [
            ("rooms", self.rooms.len()),
            ("stock", self.stock.len()),
            ("planned_exits", self.planned_exits.len()),
        ] {
            if n > MOST_LINES {
                faults.add(field, "too_many", format!("at most {MOST_LINES}"));
            }
        }
        if !(2000..=2100).contains(&chrono::Datelike::year(&self.observed_at)) {
            faults.add("observed_at", "out_of_range", "a year from 2000 to 2100");
        }
        let note = self
            .note
            .as_deref()
            .map(|note| super::parse::note(&mut faults, "note", note));
        faults.done()?;
        Ok(ReportDraft {
            channel: Channel::Web,
            observed_at: whole_millis(self.observed_at),
            operating: self.operating,
            rooms: self
                .rooms
                .into_iter()
                .map(|line| RawLine {
                    room_id: line.room_id.into(),
                    occupied_beds: line.occupied_beds,
                    occupied_cots: line.occupied_cots,
                    out_of_service_beds: line.out_of_service_beds,
                    out_of_service_reason: line.out_of_service_reason,
                })
                .collect(),
            stock: self.stock.into_iter().map(RawCount::from).collect(),
            planned_exits: self
                .planned_exits
                .into_iter()
                .map(|exit| (exit.room_id.into(), exit.date))
                .collect(),
            note: note.filter(|n| !n.is_empty()),
            based_on: self.based_on.map(ReportId::from),
        })
    }
}

/// The precision a row keeps.
fn whole_millis(moment: DateTime<Utc>) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(moment.timestamp_millis()).unwrap_or(moment)
}

#[derive(Debug, Serialize, ToSchema)]
pub struct WarningOut {
    /// `over_capacity`, `unusual_change` or `hold_at_risk`.
    pub code: String,
    pub field: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ReceiptOut {
    pub id: Uuid,
    pub received_at: DateTime<Utc>,
    /// Whether it is the current state now; a late report is history.
    pub applied: bool,
    pub freshness: String,
    pub warnings: Vec<WarningOut>,
    /// A report that had come unseen and says something else: both are kept, and `applied` says which is in force.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conflict: Option<ConflictOut>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ConflictOut {
    pub report_id: Uuid,
    pub reported_by: String,
    pub observed_at: DateTime<Utc>,
    pub operating: bool,
    pub rooms: Vec<ReportLineOut>,
}

impl From<&Unseen> for ConflictOut {
    fn from(unseen: &Unseen) -> Self {
        let report = &unseen.report;
        Self {
            report_id: report.id.0,
            reported_by: report.reported_by.clone(),
            observed_at: report.observed_at,
            operating: report.operating,
            rooms: print_lines(&report.lines, &unseen.labels),
        }
    }
}

fn print_lines(lines: &[Line], labels: &HashMap<RoomId, String>) -> Vec<ReportLineOut> {
    let print = |line: &Line| ReportLineOut {
        room_id: line.room_id.0,
        label: labels.get(&line.room_id).cloned().unwrap_or_default(),
        beds: line.beds,
        cots: line.cots,
        occupied_beds: line.state.occupied_beds,
        occupied_cots: line.state.occupied_cots,
        out_of_service_beds: line.state.out_of_service_beds,
        out_of_service_reason: line.state.out_of_service_reason.map(|r| r.to_string()),
        planned_exit: line.planned_exit,
    };
    lines.iter().map(print).collect()
}

fn print(receipt: &Receipt) -> String {
    let out = ReceiptOut {
        id: receipt.id.0,
        received_at: receipt.received_at,
        applied: receipt.applied,
        freshness: receipt.freshness.to_string(),
        warnings: receipt
            .warnings
            .iter()
            .map(|w| WarningOut {
                code: w.code.to_string(),
                field: w.field.clone(),
            })
            .collect(),
        conflict: receipt.conflict.as_ref().map(ConflictOut::from),
    };
    serde_json::to_string(&out).unwrap_or_default()
}

/// Report beds and supplies.
#[utoipa::path(post, path = "/api/v1/shelters/{id}/reports", tag = "shelters", request_body = ReportBody,
    params(("id" = Uuid, Path), ("Idempotency-Key" = String, Header, description = "a fresh random key for each new report")),
    responses((status = 201, body = ReceiptOut), (status = "4XX", body = super::problem::Problem)))]
pub async fn receive(
    state: web::Data<State>,
    who: SignedIn,
    path: web::Path<String>,
    request: HttpRequest,
    body: Body<ReportBody>,
) -> Result<HttpResponse, Problem> {
    let shelter = id(&path)?;
    let key = body.required_key()?;
    let mut draft = body.value.parse()?;
    if !request.headers().contains_key("sec-fetch-site") {
        draft.channel = Channel::Api;
    }
    Ok(created(
        state
            .services
            .report(&who.0, shelter, draft, Once { key, print })
            .await?,
    ))
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ReportLineOut {
    pub room_id: Uuid,
    pub label: String,
    /// The room's size at that time.
    pub beds: u16,
    pub cots: u16,
    pub occupied_beds: u16,
    pub occupied_cots: u16,
    pub out_of_service_beds: u16,
    pub out_of_service_reason: Option<String>,
    pub planned_exit: Option<NaiveDate>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ReportOut {
    pub id: Uuid,
    pub observed_at: DateTime<Utc>,
    pub received_at: DateTime<Utc>,
    pub channel: String,
    pub reported_by: String,
    pub applied: bool,
    pub clock_suspect: bool,
    pub operating: bool,
    pub lines: Vec<ReportLineOut>,
    pub note: Option<String>,
    #[serde(skip)]
    ordered_at: DateTime<Utc>,
}

/// A shelter's reports, newest first.
#[utoipa::path(get, path = "/api/v1/shelters/{id}/reports", tag = "shelters", params(("id" = Uuid, Path), Paging),
    responses((status = 200, body = Page<ReportOut>), (status = "4XX", body = super::problem::Problem)))]
pub async fn history(
    state: web::Data<State>,
    who: SignedIn,
    path: web::Path<String>,
    request: HttpRequest,
) -> Result<web::Json<Page<ReportOut>>, Problem> {
    let paging: Paging = query(&request)?;
    let limit = paging.limit()?;
    let (rows, labels) = state
        .services
        .report_history(&who.0, id(&path)?, paging.moment()?, limit)
        .await?;
    let items: Vec<ReportOut> = rows
        .into_iter()
        .map(|row| ReportOut {
            id: row.id.0,
            observed_at: row.observed_at,
            received_at: row.received_at,
            channel: row.channel.to_string(),
            reported_by: row.reported_by,
            applied: row.applied,
            clock_suspect: row.clock_suspect,
            operating: row.operating,
            ordered_at: row.ordered_at,
            note: row.note,
            lines: print_lines(&row.lines, &labels),
        })
        .collect();
    Ok(web::Json(Page::cut(items, limit, |row| {
        row.ordered_at.timestamp_millis().to_string()
    })))
}
