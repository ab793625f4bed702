//! The glossary of the figures, for anybody: letters link to it.

use actix_web::{HttpRequest, web};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::State;
use super::parse::query;
use super::problem::Problem;
use crate::services::glossary::{Term, glossary};

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct GlossaryQuery {
    /// `tg`, `ru` or `en`; the country's own if left out.
    pub language: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct TermOut {
    /// Anchor of the term: `/glossary#code`.
    pub code: String,
    pub name: String,
    pub definition: String,
    pub unit: String,
    pub formula: Option<String>,
    pub source: String,
}

impl From<&Term> for TermOut {
    fn from(term: &Term) -> Self {
        Self {
            code: term.code.clone(),
            name: term.name.clone(),
            definition: term.definition.clone(),
            unit: term.unit.clone(),
            formula: term.formula.clone(),
            source: term.source.clone(),
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub struct GlossaryOut {
    pub language: String,
    pub terms: Vec<TermOut>,
}

/// What each figure means, its unit and how it is worked out.
#[utoipa::path(get, path = "/api/v1/glossary", tag = "statistics", params(GlossaryQuery),
    responses((status = 200, body = GlossaryOut), (status = "4XX", body = super::problem::Problem)))]
pub async fn get(state: web::Data<State>, request: HttpRequest) -> Result<web::Json<GlossaryOut>, Problem> {
    let asked: GlossaryQuery = query(&request)?;
    let language = asked
        .language
        .unwrap_or_else(|| state.services.pack.default_language.clone());
    let terms = glossary(&language).ok_or_else(|| Problem::field("language", "unknown", "tg, ru or en"))?;
    Ok(web::Json(GlossaryOut {
        terms: terms.iter().map(TermOut::from).collect(),
        language,
    }))
}
