//! Whether the time of an answer tells who has an account: two hundred wrong sign-ins and two hundred requests for a new
//! password, each with an address that has an account and with one that has none, by turns.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::Outcome;
use crate::program::Program;
use crate::table::Table;

const SAMPLES: usize = 200;
/// Wrong sign-ins before a right one: the sixth would make the account wait.
const FREE: usize = 4;
/// How far from one half the share of pairs may lie in which the account took longer: three standard deviations.
const LEEWAY: f64 = 0.106;

/// # Errors
/// When the time tells.
pub async fn whether_time_tells(dir: &Path, table: &mut Table) -> Outcome<()> {
    table.section("whether time tells who has an account", 0);
    let program = Program::start(dir, 50, None)?;
    let account = program.account("officer")?.clone();
    let known = account
        .get("email")
        .and_then(Value::as_str)
        .ok_or("no address")?
        .to_owned();
    let mut sign_ins = Vec::new();
    let mut resets = Vec::new();
    for n in 0..SAMPLES {
        if n % FREE == 0 {
            program.sign_in("officer").await?;
        }
        let unknown = format!("{n}{known}");
        let mut pair = [Duration::ZERO; 2];
        // Who goes first changes from pair to pair.
        for which in [n % 2, 1 - n % 2] {
            let email = if which == 0 { &known } else { &unknown };
            let body = json!({ "email": email, "password": "not the password at all" });
            let took = timed(&program, "/api/v1/session", &body, "401").await?;
            if let Some(place) = pair.get_mut(which) {
                *place = took;
            }
        }
        sign_ins.push(pair);
    }
    for n in 0..SAMPLES {
        let unknown = format!("{n}{known}");
        let mut pair = [Duration::ZERO; 2];
        for which in [n % 2, 1 - n % 2] {
            let email = if which == 0 { &known } else { &unknown };
            let took = timed(&program, "/api/v1/resets", &json!({ "email": email }), "").await?;
            if let Some(place) = pair.get_mut(which) {
                *place = took;
            }
        }
        resets.push(pair);
    }
    judge("sign-in", &sign_ins, table)?;
    judge("new password", &resets, table)
}

/// How long the answer took; a refusal must have this status.
async fn timed(program: &Program, path: &str, body: &Value, refused: &str) -> Outcome<Duration> {
    let begin = Instant::now();
    let answer = program.fetch("POST", path, &[], Some(body)).await;
    let took = begin.elapsed();
    match answer {
        Ok(_) if refused.is_empty() => Ok(took),
        Err(error) if !refused.is_empty() && error.to_string().contains(refused) => Ok(took),
        Ok(_) => Err(format!("{path} was not refused").into()),
        Err(error) => Err(error),
    }
}

fn judge(name: &str, pairs: &[[Duration; 2]], table: &mut Table) -> Outcome<()> {
    let of = |which: usize| {
        let mut all: Vec<f64> = pairs
            .iter()
            .filter_map(|pair| pair.get(which))
            .map(|took| took.as_secs_f64() * 1000.0)
            .collect();
        all.sort_by(f64::total_cmp);
        all.get(all.len() / 2).copied().unwrap_or(0.0)
    };
    let longer = pairs.iter().filter(|[known, unknown]| known > unknown).count();
    let share = longer as f64 / pairs.len().max(1) as f64;
    table.fact(&format!("{name}, has an account, median"), of(0), "ms");
    table.fact(&format!("{name}, has none, median"), of(1), "ms");
    table.fact(&format!("{name}, the account took longer"), share * 100.0, "% of pairs");
    if (share - 0.5).abs() > LEEWAY {
        return Err(format!("{name}: the time of the answer tells who has an account").into());
    }
    Ok(())
}
