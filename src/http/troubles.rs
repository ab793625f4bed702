//! What administrators need to know, for the banner on their pages.

use actix_web::web;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::State;
use super::parse::Page;
use super::problem::Problem;
use crate::services::troubles::Trouble;

#[derive(Debug, Serialize, ToSchema)]
pub struct TroubleOut {
    /// `digest_overdue`: its hour has passed and it was not made; `letters_dead`: letters of it were refused for good;
    /// `letters_waiting`: letters of any kind have waited for longer than fifteen minutes; `quota_near` and `quota_reached`:
    /// somebody has nearly used up today's quota, or has; `canary_touched`: somebody asked for a shelter that is none, within
    /// a week; `audit_broken`: the last walk over the audit found that it does not hold; `sign_in_attack`: ten passwords or
    /// more were guessed wrong of somebody's account, or many from one network address, within a day.
    pub code: String,
    pub schedule_id: Option<Uuid>,
    pub schedule_name: Option<String>,
    pub period: Option<String>,
    pub digest_id: Option<Uuid>,
    /// Whose quota, who asked, or whose password is guessed at; none where nobody has that account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Of what the quota is: `searches`, `holds`, `handovers` or `confidential_reads`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quota: Option<String>,
    /// Letters, or how often somebody did it.
    pub count: Option<u64>,
    pub since: DateTime<Utc>,
}

impl From<Trouble> for TroubleOut {
    fn from(row: Trouble) -> Self {
        let (schedule_id, schedule_name) = row.schedule.map(|(id, name)| (id.0, name)).unzip();
        let (user_id, name) = row.user.map(|(id, name)| (id.0, name)).unzip();
        Self {
            code: row.code.to_string(),
            user_id,
            name,
            quota: row.quota.map(|kind| kind.to_string()),
            schedule_id,
            schedule_name,
            period: row.period,
            digest_id: row.digest.map(|id| id.0),
            count: row.count,
            since: row.since,
        }
    }
}

/// Everything that administrators need to know now; nothing if all is well.
#[utoipa::path(get, path = "/api/v1/troubles", tag = "digests",
    responses((status = 200, body = Page<TroubleOut>), (status = "4XX", body = super::problem::Problem)))]
pub async fn list(state: web::Data<State>) -> Result<web::Json<Page<TroubleOut>>, Problem> {
    let rows = state.services.troubles().await?;
    Ok(web::Json(Page::whole(rows.into_iter().map(TroubleOut::from).collect())))
}
