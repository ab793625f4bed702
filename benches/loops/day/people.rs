//! Who works on that day, and how they come in: every manager, readers and the administrator by the front door with a
//! password, and beside the demo's three officers as many more as the country needs, as programs with a token.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::door::{Call, Door};
use crate::Outcome;
use crate::program::Program;

/// Sign-ins under way at once: the program hashes two passwords at a time.
const AT_ONCE: usize = 4;
/// Managers to one officer.
const MANAGERS_OF_OFFICER: usize = 80;
/// Shelters to one dashboard, and most dashboards.
const SHELTERS_OF_DASHBOARD: usize = 50;
const MOST_DASHBOARDS: usize = 100;
const FEWEST_DASHBOARDS: usize = 10;

pub struct People {
    /// For each shelter its id and who reports for it.
    pub shelters: Vec<(String, Arc<str>)>,
    keeper: HashMap<String, usize>,
    pub managers: usize,
    pub officers: Vec<String>,
    /// One session for each dashboard.
    pub readers: Vec<String>,
    pub admin: String,
    pub addresses: Vec<String>,
    pub password: Value,
}

impl People {
    /// Signs everybody in; at 5,000 shelters that takes minutes, for a password is slow to check.
    pub async fn come(program: &Program, door: &Arc<Door>) -> Outcome<Self> {
        let password = program.account("admin")?.get("password").cloned().unwrap_or_default();
        let admin = program.sign_in("admin").await?;
        let signed = [admin.clone()];
        let known = program.ask("GET", "/api/v1/users", &signed, None).await?;
        let known = known.get("items").and_then(Value::as_array).ok_or("no accounts")?;
        let managers: Vec<&Value> = known.iter().filter(|row| text(row, "role") == "manager").collect();
        let addresses: Vec<String> = managers.iter().map(|row| text(row, "email").to_owned()).collect();
        // First, while the administrator's proof of who she is is fresh.
        let officers = officers(program, known, &signed, addresses.len() / MANAGERS_OF_OFFICER).await?;
        let headers = sign_in(door, &addresses, &password).await?;
        let mut shelters = Vec::new();
        for (row, header) in managers.iter().zip(&headers) {
            let header: Arc<str> = header.as_str().into();
            let own = row.get("shelter_ids").and_then(Value::as_array);
            for id in own.into_iter().flatten().filter_map(Value::as_str) {
                shelters.push((id.to_owned(), Arc::clone(&header)));
            }
        }
        let keeper = shelters.iter().enumerate().map(|(at, (id, _))| (id.clone(), at));
        let dashboards = (shelters.len() / SHELTERS_OF_DASHBOARD).clamp(FEWEST_DASHBOARDS, MOST_DASHBOARDS);
        let reader = text(program.account("committee")?, "email").to_owned();
        Ok(Self {
            keeper: keeper.collect(),
            managers: managers.len(),
            officers,
            readers: sign_in(door, &vec![reader; dashboards], &password).await?,
            shelters,
            admin,
            addresses,
            password,
        })
    }

    /// Who answers for this shelter.
    pub fn keeper(&self, shelter: &str) -> Option<&Arc<str>> {
        let at = self.keeper.get(shelter)?;
        self.shelters.get(*at).map(|(_, header)| header)
    }
}

/// What somebody asks who signs in.
pub fn signing_in(email: &str, password: &Value) -> Call<'static> {
    Call {
        route: "POST /session",
        signed: "",
        method: "POST",
        path: "/api/v1/session".to_owned(),
        body: Some(json!({ "email": email, "password": password })),
        expected: &[200, 201],
    }
}

async fn sign_in(door: &Arc<Door>, addresses: &[String], password: &Value) -> Outcome<Vec<String>> {
    let mut headers = vec![String::new(); addresses.len()];
    let mut waiting = addresses.iter().cloned().enumerate();
    let mut under_way = JoinSet::new();
    loop {
        while under_way.len() < AT_ONCE
            && let Some((at, email)) = waiting.next()
        {
            let (door, password) = (Arc::clone(door), password.clone());
            under_way.spawn(async move { (at, door.ask(signing_in(&email, &password), Instant::now()).await) });
        }
        let Some(done) = under_way.join_next().await else { break };
        let (at, answer) = done?;
        let (_, body) = answer.ok_or_else(|| door.troubles().join("\n"))?;
        if let Some(header) = headers.get_mut(at) {
            *header = format!("Authorization: Bearer {}", text(&body, "token"));
        }
    }
    Ok(headers)
}

/// The demo's own officers, and as many programs beside them as are wanted in all.
async fn officers(program: &Program, known: &[Value], admin: &[String], wanted: usize) -> Outcome<Vec<String>> {
    let people: Vec<&Value> = known.iter().filter(|row| text(row, "role") == "officer").collect();
    let mut officers = Vec::new();
    for account in program.accounts_of("officer") {
        officers.push(program.sign_in_as(account).await?);
    }
    for n in officers.len()..wanted {
        let colleague = people.get(n % people.len().max(1)).ok_or("the demo has no officer")?;
        let token = json!({
            "name": format!("officer {n}"), "role": "officer", "organisation_id": colleague.get("organisation_id"),
            "scopes": ["write:suggestions", "read:referrals", "write:referrals", "read:holds"], "days": 1,
        });
        let made = program.ask("POST", "/api/v1/tokens", admin, Some(&token)).await?;
        officers.push(format!("Authorization: Bearer {}", text(&made, "token")));
    }
    Ok(officers)
}

pub fn text<'a>(row: &'a Value, field: &str) -> &'a str {
    row.get(field).and_then(Value::as_str).unwrap_or_default()
}
