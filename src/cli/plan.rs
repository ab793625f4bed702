//! `panoh plan`: places for many households at once, from the database; and the bar of timings and bounds.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use chrono::Datelike;
use clap::{Args, Subcommand};
use serde::{Deserialize, Serialize};

use super::plan_transfers::{self, TransfersArgs};
use super::transfers_bench::{self, TransfersBenchArgs};
use super::{say, say_json};
use crate::app::{self, Fault};
use crate::clock::Clock;
use crate::config::Config;
use crate::domain::availability::ShelterView;
use crate::domain::demo::{Demo, Wish};
use crate::domain::geography::Pack;
use crate::domain::household::Search;
use crate::domain::id::Moment;
use crate::domain::plans::{self, Draft, Problem};
use crate::domain::scarcity::Prices;
use crate::http::placement::{PlacementBody, PlanHouseholdBody};
use crate::services::Services;

#[derive(Subcommand)]
pub enum PlanCommand {
    /// Plan places for many households at once; nothing is stored or held
    Placement {
        /// JSON: the body of `POST /plans/placement`, or a list of its households. CSV: label, adults (18_59), children
        /// (7f;4m), needs, languages, from_district, urgency, rooms_apart_ok
        #[arg(long, value_name = "FILE")]
        households: PathBuf,
        /// Code of a shelter that is to be emptied
        #[arg(long, value_name = "CODE")]
        empty: Option<String>,
        /// Also the open referrals without a place
        #[arg(long)]
        waiting: bool,
        #[arg(long)]
        json: bool,
    },
    /// Plan in an invented country and print the time taken and the proved bound
    Bench(BenchArgs),
    /// Plan who sends what to whom; nothing is stored or approved
    Transfers(TransfersArgs),
    /// Plan transfers in invented countries and print the time taken and the proved bound
    TransfersBench(TransfersBenchArgs),
}

#[derive(Args)]
pub struct BenchArgs {
    #[arg(long, default_value_t = 2000, value_parser = clap::value_parser!(u32).range(1..=2000))]
    households: u32,
    #[arg(long, default_value_t = 5000, value_parser = clap::value_parser!(u32).range(1..=50_000))]
    shelters: u32,
    /// All households come from so many districts, as after an earthquake; without it from the whole country
    #[arg(long)]
    districts: Option<u32>,
    #[arg(long, default_value_t = 1)]
    seed: u64,
    #[arg(long)]
    json: bool,
}

pub async fn run(command: PlanCommand, config: &Config) -> Result<(), Fault> {
    match command {
        PlanCommand::Placement {
            households,
            empty,
            waiting,
            json,
        } => {
            let services = app::services(config).await?;
            let mut body = read(&households)?;
            body.waiting |= waiting;
            if let Some(code) = empty {
                body.empty_shelter = Some(shelter_of(&services, &code)?);
            }
            let wish = body.parse().map_err(|problem| told(&problem))?;
            print(&services.draft_plan(wish).await?, json)
        }
        PlanCommand::Bench(args) => bench(&args, &app::pack(config)?),
        PlanCommand::Transfers(args) => plan_transfers::run(args, config).await,
        PlanCommand::TransfersBench(args) => transfers_bench::bench(&args),
    }
}

fn shelter_of(services: &Services, code: &str) -> Result<uuid::Uuid, Fault> {
    let board = services.board.current();
    let found = board.views().find(|view| view.shelter.code == code);
    found
        .map(|view| view.shelter.id.0)
        .ok_or_else(|| format!("no shelter {code}").into())
}

pub(super) fn told(problem: &crate::http::problem::Problem) -> Fault {
    let faults: Vec<String> = problem
        .errors
        .iter()
        .map(|e| format!("{}: {}", e.field, e.detail))
        .collect();
    faults.join("; ").into()
}

fn read(file: &Path) -> Result<PlacementBody, Fault> {
    if file.extension().is_some_and(|kind| kind.eq_ignore_ascii_case("csv")) {
        return Ok(PlacementBody::of(read_csv(file)?));
    }
    let text = std::fs::read_to_string(file)?;
    if text.trim_start().starts_with('[') {
        return Ok(PlacementBody::of(serde_json::from_str(&text)?));
    }
    Ok(serde_json::from_str(&text)?)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CsvRow {
    #[serde(default)]
    label: Option<String>,
    /// Age bands, semicolons between.
    adults: String,
    /// Ages with `f` or `m`, semicolons between.
    #[serde(default)]
    children: String,
    #[serde(default)]
    needs: String,
    #[serde(default)]
    languages: String,
    from_district: String,
    #[serde(default)]
    urgency: Option<String>,
    #[serde(default)]
    rooms_apart_ok: Option<bool>,
}

fn read_csv(file: &Path) -> Result<Vec<PlanHouseholdBody>, Fault> {
    let mut reader = csv::Reader::from_path(file)?;
    let rows = reader.deserialize::<CsvRow>().enumerate().map(|(at, row)| {
        let body = row.map_err(Fault::from).and_then(of_row);
        body.map_err(|fault| format!("row {}: {fault}", at + 2).into())
    });
    rows.collect()
}

fn of_row(row: CsvRow) -> Result<PlanHouseholdBody, Fault> {
    let parts = |text: &str| -> Vec<String> {
        text.split(';')
            .map(str::trim)
            .filter(|part| !part.is_empty())
            .map(str::to_owned)
            .collect()
    };
    let child = |text: &String| {
        let sex = match text.chars().next_back() {
            Some('f') => "female",
            Some('m') => "male",
            _ => return Err(Fault::from(format!("children: {text:?} is no child such as 7f"))),
        };
        let age = text.trim_end_matches(['f', 'm']).parse::<u8>();
        let age = age.map_err(|_| format!("children: {text:?} is no child such as 7f"))?;
        Ok(serde_json::json!({"age": age, "sex": sex}))
    };
    let children: Vec<serde_json::Value> = parts(&row.children).iter().map(child).collect::<Result<_, Fault>>()?;
    let adults: Vec<serde_json::Value> = parts(&row.adults)
        .into_iter()
        .map(|band| serde_json::json!({"age_band": band}))
        .collect();
    let body = serde_json::json!({
        "label": row.label.filter(|label| !label.is_empty()),
        "household": {"adults": adults, "children": children},
        "needs": parts(&row.needs), "languages": parts(&row.languages), "from_district": row.from_district,
        "urgency": row.urgency.filter(|code| !code.is_empty()).unwrap_or_else(|| "now".to_owned()),
        "rooms_apart_ok": row.rooms_apart_ok.unwrap_or(false),
    });
    serde_path_to_error::deserialize(body).map_err(|fault| format!("{}: {}", fault.path(), fault.inner()).into())
}

fn print(draft: &Draft, json: bool) -> Result<(), Fault> {
    if json {
        return say_json(&crate::http::plans::DraftOut::from(draft));
    }
    let label = |at: usize| draft.seekers.get(at).map_or("", |seeker| seeker.label.as_str());
    say(&format!(
        "{:<21}{:<12}{:<12}{:>8}{:>9}{:>6}{:>6}{:>7}",
        "", "shelter", "district", "km", "minutes", "beds", "cots", "rooms"
    ))?;
    for one in &draft.assignments {
        say(&format!(
            "{:<21}{:<12}{:<12}{:>8.1}{:>9.0}{:>6}{:>6}{:>7}",
            label(one.household),
            one.shelter_code,
            one.district,
            one.distance_km,
            one.minutes,
            one.allocation.beds(),
            one.allocation.cots(),
            one.allocation.lines.len()
        ))?;
    }
    for one in &draft.unplaced {
        let reasons: Vec<String> = one
            .reasons
            .iter()
            .map(|(reason, shelters)| format!("{reason} {shelters}"))
            .collect();
        say(&format!("{:<21}no place: {}", label(one.household), reasons.join(", ")))?;
    }
    say(&format!(
        "{} of {} placed, {} km, within {:.3} % of the proved bound",
        draft.assignments.len(),
        draft.seekers.len(),
        draft.total_km(),
        draft.gap() * 100.0
    ))
}

/// The invented country is that of one moment, so that the same seed is the same case.
const BENCH_DAY: &str = "2026-11-22T08:00:00Z";

/// One line of the bench.
#[derive(Serialize)]
struct Measured {
    households: usize,
    shelters: usize,
    rooms: usize,
    placed: usize,
    unplaced: usize,
    /// Minutes of those placed, with what they take from others.
    minutes: i64,
    /// The least minutes proved, where as many are placed.
    bound: i64,
    gap: f64,
    milliseconds: i64,
}

/// The country and its households are made first; what is measured is the plan alone.
fn bench(args: &BenchArgs, pack: &Pack) -> Result<(), Fault> {
    let now: Moment = BENCH_DAY.parse()?;
    let districts: Vec<(String, String)> = pack
        .districts
        .iter()
        .map(|row| (row.code.clone(), row.region.clone()))
        .collect();
    let wish = Wish {
        seed: args.seed,
        shelters: usize::try_from(args.shelters)?,
        now,
        zone: pack.time_zone,
        districts: &districts,
        items: &[],
    };
    let demo = Demo::plan(&wish)?;
    let views: Vec<ShelterView> = (0..demo.shelters.len()).filter_map(|at| demo.view(at)).collect();
    let shelters: Vec<&ShelterView> = views.iter().collect();
    let near = args.districts.map(usize::try_from).transpose()?;
    let all = demo.callers(usize::try_from(args.households)?, near);
    let sizes: BTreeSet<usize> = [20, 200, all.len()]
        .into_iter()
        .filter(|size| *size <= all.len())
        .collect();
    let travel = |from: &str, to: &str| pack.way(from, to, now.month());
    let prices = Prices::default();
    if !args.json {
        say(&format!(
            "{:>10}{:>10}{:>8}{:>8}{:>10}{:>10}{:>10}{:>9}{:>8}",
            "households", "shelters", "rooms", "placed", "unplaced", "minutes", "bound", "gap %", "ms"
        ))?;
    }
    for size in sizes {
        let households: &[Search] = all.get(..size).unwrap_or_default();
        let problem = Problem {
            households,
            shelters: &shelters,
            travel: &travel,
            prices: &prices,
            now,
        };
        let began = Clock::System.now();
        let plan = plans::plan(&problem);
        let milliseconds = (Clock::System.now() - began).num_milliseconds();
        let measured = Measured {
            households: size,
            shelters: shelters.len(),
            rooms: views.iter().map(|view| view.rooms.len()).sum(),
            placed: plan.given.len(),
            unplaced: plan.unplaced.len(),
            minutes: plan.minutes / 1000,
            bound: (plan.bound - (plan.objective - plan.minutes)) / 1000,
            gap: plan.gap(),
            milliseconds,
        };
        tell(&measured, args.json)?;
    }
    Ok(())
}

fn tell(m: &Measured, json: bool) -> Result<(), Fault> {
    if json {
        return say_json(m);
    }
    say(&format!(
        "{:>10}{:>10}{:>8}{:>8}{:>10}{:>10}{:>10}{:>9.3}{:>8}",
        m.households,
        m.shelters,
        m.rooms,
        m.placed,
        m.unplaced,
        m.minutes,
        m.bound,
        m.gap * 100.0,
        m.milliseconds
    ))
}
