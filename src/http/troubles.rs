//! What keeps digests from their readers, for the banner on the administrator's pages.

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
    /// `letters_waiting`: letters of any kind have waited for longer than fifteen minutes.
    pub code: String,
    pub schedule_id: Option<Uuid>,
    pub schedule_name: Option<String>,
    pub period: Option<String>,
    pub digest_id: Option<Uuid>,
    /// Letters.
    pub count: Option<u64>,
    pub since: DateTime<Utc>,
}

impl From<Trouble> for TroubleOut {
    fn from(row: Trouble) -> Self {
        let (schedule_id, schedule_name) = row.schedule.map(|(id, name)| (id.0, name)).unzip();
        Self {
            code: row.code.to_string(),
            schedule_id,
            schedule_name,
            period: row.period,
            digest_id: row.digest.map(|id| id.0),
            count: row.count,
            since: row.since,
        }
    }
}

/// Everything that is wrong with digests and letters now; nothing if all is well.
#[utoipa::path(get, path = "/api/v1/troubles", tag = "digests",
    responses((status = 200, body = Page<TroubleOut>), (status = "4XX", body = super::problem::Problem)))]
pub async fn list(state: web::Data<State>) -> Result<web::Json<Page<TroubleOut>>, Problem> {
    let rows = state.services.troubles().await?;
    Ok(web::Json(Page::whole(rows.into_iter().map(TroubleOut::from).collect())))
}
