//! `panoh plan transfers`: who sends what to whom, from the database or from a table of one's own.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use chrono::Datelike;
use clap::Args;
use serde::Deserialize;
use uuid::Uuid;

use super::plan::told;
use super::{say, say_json};
use crate::app::{self, Fault};
use crate::clock::Clock;
use crate::config::Config;
use crate::domain::calendar;
use crate::domain::geography::Pack;
use crate::domain::id::ShelterId;
use crate::domain::redistribution::{Good, MOST_PACK_GRAMS, Offer, Place, TransferPlan, Want};
use crate::http::transfer_plans::TransferPlanBody;
use crate::http::transfer_sheet::TransfersOut;
use crate::services::transfer_plans::solve;

/// Most packs in one cell of a table.
const MOST_PACKS: i64 = 1_000_000;

#[derive(Args)]
pub struct TransfersArgs {
    /// CSV instead of the database, one row for each shelter and item: shelter, district, item, pack_grams, spare,
    /// expiring, critical, low, price_minor (quantities in packs; the last column may be empty)
    #[arg(long, value_name = "FILE")]
    table: Option<PathBuf>,
    /// Only these items
    #[arg(long, value_delimiter = ',', value_name = "CODES")]
    items: Vec<String>,
    /// Only shelters of these regions
    #[arg(long, value_delimiter = ',', value_name = "CODES")]
    regions: Vec<String>,
    /// Days of cover that everybody is to have
    #[arg(long, default_value_t = 14)]
    target_days: u16,
    /// Days until shelters are supplied again
    #[arg(long, default_value_t = 30)]
    next_delivery_days: u16,
    /// What each vehicle costs that goes from one shelter to another, in the smallest units of the currency
    #[arg(long, default_value_t = 20_000)]
    journey_minor: i64,
    /// What each tonne and kilometre costs
    #[arg(long, default_value_t = 300)]
    km_tonne_minor: i64,
    /// What a vehicle carries; without it one carries everything
    #[arg(long)]
    vehicle_kg: Option<i64>,
    /// The plan's lines as CSV
    #[arg(long, conflicts_with = "json")]
    csv: bool,
    #[arg(long)]
    json: bool,
}

pub async fn run(args: TransfersArgs, config: &Config) -> Result<(), Fault> {
    let body = TransferPlanBody {
        items: args.items,
        regions: args.regions,
        target_days: args.target_days,
        next_delivery_days: args.next_delivery_days,
        journey_minor: args.journey_minor,
        km_tonne_minor: args.km_tonne_minor,
        vehicle_kg: args.vehicle_kg,
    };
    let settings = body.parse().map_err(|problem| told(&problem))?;
    let plan = match args.table {
        None => app::services(config).await?.draft_transfer_plan(settings).await?,
        Some(file) => {
            let pack = app::pack(config)?;
            let made_on = calendar::local_date(pack.time_zone, Clock::System.now());
            let mut plan = read(&file, &pack)?;
            (plan.settings, plan.made_on) = (settings, made_on);
            solve(&mut plan, &pack, made_on.month());
            plan
        }
    };
    if args.csv {
        return print_csv(&plan);
    }
    let out = TransfersOut::from(&plan);
    if args.json { say_json(&out) } else { print(&out) }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TableRow {
    shelter: String,
    district: String,
    item: String,
    pack_grams: i64,
    #[serde(default)]
    spare: i64,
    #[serde(default)]
    expiring: i64,
    #[serde(default)]
    critical: i64,
    #[serde(default)]
    low: i64,
    #[serde(default)]
    price_minor: Option<i64>,
}

/// A table of needs and spares. Each fault is told with its row and column.
fn read(file: &Path, pack: &Pack) -> Result<TransferPlan, Fault> {
    let mut reader = csv::Reader::from_path(file).map_err(|fault| format!("{}: {fault}", file.display()))?;
    let mut table = Table {
        plan: TransferPlan::default(),
        places: BTreeMap::new(),
        goods: BTreeMap::new(),
    };
    for (at, row) in reader.deserialize::<TableRow>().enumerate() {
        let read = row
            .map_err(|fault| fault.to_string())
            .and_then(|row| table.take(row, pack));
        read.map_err(|fault| format!("row {}: {fault}", at + 2))?;
    }
    Ok(table.plan)
}

struct Table {
    plan: TransferPlan,
    places: BTreeMap<String, usize>,
    goods: BTreeMap<String, usize>,
}

impl Table {
    fn take(&mut self, row: TableRow, pack: &Pack) -> Result<(), String> {
        let district = pack
            .district(&row.district)
            .ok_or("district: not a district of this country pack")?;
        for (column, packs) in [
            ("spare", row.spare),
            ("expiring", row.expiring),
            ("critical", row.critical),
            ("low", row.low),
        ] {
            if !(0..=MOST_PACKS).contains(&packs) {
                return Err(format!("{column}: 0 to {MOST_PACKS}"));
            }
        }
        if !(1..=MOST_PACK_GRAMS).contains(&row.pack_grams) {
            return Err(format!("pack_grams: 1 to {MOST_PACK_GRAMS}"));
        }
        if row.expiring > row.spare {
            return Err("expiring: at most what is spare".to_owned());
        }
        if row.spare > 0 && row.critical + row.low > 0 {
            return Err("spare: a shelter that needs an item gives none of it".to_owned());
        }
        let place = self.place(&row, &district.region)?;
        let good = self.good(&row)?;
        let known = self
            .plan
            .offers
            .iter()
            .any(|offer| (offer.place, offer.good) == (place, good))
            || self
                .plan
                .wants
                .iter()
                .any(|want| (want.place, want.good) == (place, good));
        if known {
            return Err("item: given twice for this shelter".to_owned());
        }
        if row.spare > 0 {
            self.plan.offers.push(Offer {
                place,
                good,
                packs: row.spare,
                expiring: row.expiring,
            });
        } else {
            self.plan.wants.push(Want {
                place,
                good,
                critical: row.critical,
                low: row.low,
            });
        }
        Ok(())
    }

    fn place(&mut self, row: &TableRow, region: &str) -> Result<usize, String> {
        let next = self.plan.places.len();
        let at = *self.places.entry(row.shelter.clone()).or_insert(next);
        if at == next {
            self.plan.places.push(Place {
                shelter: ShelterId(Uuid::from_u128(next as u128)),
                code: row.shelter.clone(),
                district: row.district.clone(),
                region: region.to_owned(),
            });
        }
        let same = self
            .plan
            .places
            .get(at)
            .is_some_and(|place| place.district == row.district);
        if same {
            Ok(at)
        } else {
            Err("district: another than in an earlier row of this shelter".to_owned())
        }
    }

    fn good(&mut self, row: &TableRow) -> Result<usize, String> {
        let next = self.plan.goods.len();
        let at = *self.goods.entry(row.item.clone()).or_insert(next);
        if at == next {
            self.plan.goods.push(Good {
                code: row.item.clone(),
                pack_size: 1,
                pack_grams: row.pack_grams,
                price_minor: row.price_minor,
            });
        }
        let same = self
            .plan
            .goods
            .get(at)
            .is_some_and(|good| good.pack_grams == row.pack_grams);
        if same {
            Ok(at)
        } else {
            Err("pack_grams: another than in an earlier row of this item".to_owned())
        }
    }
}

fn print_csv(plan: &TransferPlan) -> Result<(), Fault> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(["from", "to", "item", "packs", "expiring"])?;
    for journey in TransfersOut::from(plan).journeys {
        for line in journey.lines {
            let (packs, expiring) = (line.packs.to_string(), line.expiring.to_string());
            let cells = [&journey.from.code, &journey.to.code, &line.item, &packs, &expiring];
            writer.write_record(cells.map(|cell| plain(cell)))?;
        }
    }
    say(String::from_utf8(writer.into_inner()?)?.trim_end())
}

/// A cell that a table program does not take for a formula.
fn plain(cell: &str) -> String {
    let formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
    if formula { format!("'{cell}") } else { cell.to_owned() }
}

fn print(out: &TransfersOut) -> Result<(), Fault> {
    say(&format!(
        "{:<12}{:<12}{:>8}{:>7}{:>9}  items in packs",
        "from", "to", "km", "hours", "kg"
    ))?;
    for row in &out.journeys {
        let lines: Vec<String> = row
            .lines
            .iter()
            .map(|line| format!("{} {}", line.packs, line.item))
            .collect();
        say(&format!(
            "{:<12}{:<12}{:>8.1}{:>7.1}{:>9}  {}",
            row.from.code,
            row.to.code,
            row.km,
            row.hours,
            row.weight_kg,
            lines.join(", ")
        ))?;
    }
    for row in &out.purchases {
        let price = row
            .price_minor
            .map_or_else(|| "no price".to_owned(), |price| price.to_string());
        say(&format!(
            "to buy: {} packs of {} for {} ({price})",
            row.packs, row.item, row.shelter_code
        ))?;
    }
    say(&format!(
        "{} of {} packs needed are moved, {} journeys, cost {}",
        out.moved_packs, out.needed_packs, out.cost.journeys, out.cost.total_minor
    ))?;
    match (out.bound_minor, out.bound_gap) {
        (Some(_), Some(0.0)) => say("proved the cheapest"),
        (Some(bound), Some(gap)) => say(&format!(
            "less what is saved from expiring, no plan that brings as much costs less than {bound}: at most {:.1} % from the best",
            gap * 100.0
        )),
        _ => Ok(()),
    }
}
