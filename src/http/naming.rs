//! Typed names of items: what they may mean, and what somebody confirms that one means.

use actix_web::{HttpResponse, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::State;
use super::access::SignedIn;
use super::body::Body;
use super::parse::Faults;
use super::problem::Problem;
use crate::domain::naming::Guess;

/// Most names of one question.
const MOST_NAMES: usize = 500;
/// Longest name, in characters.
const LONGEST_NAME: usize = 200;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MatchBody {
    /// As people typed them, 1 to 500.
    pub names: Vec<String>,
}

/// An item that a name may mean.
#[derive(Debug, Serialize, ToSchema)]
pub struct GuessOut {
    pub item: String,
    /// Likeness, 0 to 1000; 1000 if the words are the same.
    pub score: u16,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct MatchOut {
    pub name: String,
    /// Without numbers and units.
    pub text: String,
    /// The number it speaks of, where that is plain.
    pub quantity: Option<i64>,
    /// Of that number: `kg`, `litre`, `piece` or `set`.
    pub unit: Option<String>,
    /// The likeliest first, at most three.
    pub best: Vec<GuessOut>,
    /// The item that somebody has confirmed this spelling to mean.
    pub confirmed: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct MatchesOut {
    /// In the order of the question.
    pub names: Vec<MatchOut>,
}

pub(super) fn guesses(best: &[Guess]) -> Vec<GuessOut> {
    let out = |guess: &Guess| GuessOut {
        item: guess.item.clone(),
        score: guess.score,
    };
    best.iter().map(out).collect()
}

/// What typed names may mean. Nothing is stored.
#[utoipa::path(post, path = "/api/v1/items/match", tag = "reference", request_body = MatchBody,
    responses((status = 200, body = MatchesOut), (status = "4XX", body = super::problem::Problem)))]
pub async fn match_names(state: web::Data<State>, body: Body<MatchBody>) -> Result<web::Json<MatchesOut>, Problem> {
    let names = body.value.names;
    let mut faults = Faults::default();
    faults.within("names", names.len(), 1, MOST_NAMES);
    let names: Vec<String> = (names.iter().enumerate())
        .map(|(at, name)| faults.text(&format!("names[{at}]"), name, 1, LONGEST_NAME))
        .collect();
    faults.done()?;
    let asked: Vec<&str> = names.iter().map(String::as_str).collect();
    let matched = state.services.match_names(&asked).await?;
    let out = names.iter().zip(&matched).map(|(name, matched)| MatchOut {
        name: name.clone(),
        text: matched.text.clone(),
        quantity: matched.quantity.map(|quantity| quantity.number),
        unit: matched
            .quantity
            .and_then(|quantity| quantity.unit)
            .map(|unit| unit.to_string()),
        best: guesses(&matched.best),
        confirmed: matched.confirmed.clone(),
    });
    Ok(web::Json(MatchesOut { names: out.collect() }))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NameBody {
    /// As it was typed; numbers and units in it do not count.
    pub name: String,
    /// Item code.
    pub item: String,
}

/// Confirm what a typed name means, for everybody from now on.
#[utoipa::path(post, path = "/api/v1/items/names", tag = "reference", request_body = NameBody,
    responses((status = 204), (status = "4XX", body = super::problem::Problem)))]
pub async fn confirm(state: web::Data<State>, who: SignedIn, body: Body<NameBody>) -> Result<HttpResponse, Problem> {
    let mut faults = Faults::default();
    let name = faults.text("name", &body.value.name, 1, LONGEST_NAME);
    faults.done()?;
    state.services.confirm_name(&who.0, &name, &body.value.item).await?;
    Ok(HttpResponse::NoContent().finish())
}
