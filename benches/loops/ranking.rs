//! Ranking alone, in memory and on one thread: an answer from the index beside one pass over as many rooms, and beside
//! the plain ranking that the index has to agree with.

use std::collections::BTreeSet;
use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{NaiveTime, TimeDelta, TimeZone, Utc};
use panoh::domain::availability::ShelterView;
use panoh::domain::chance::{ChanceModel, Record};
use panoh::domain::geography::Travel;
use panoh::domain::household::{AgeBand, Child, Household, Need, Search, Sex, Urgency};
use panoh::domain::id::{HoldId, Moment, OrganisationId, RoomId, ShelterId};
use panoh::domain::ranking::{Asked, Candidate, Context, Index, Ranking, Row, rank};
use panoh::domain::rooms::{ActiveClaim, Occupancy, Room, RoomKind, RoomView};
use panoh::domain::scarcity::Prices;
use panoh::domain::shelters::{AdmissionRules, LocationPolicy, Shelter, ShelterKind};
use serde_json::json;
use uuid::Uuid;

use crate::Outcome;
use crate::table::Table;

const ROOMS: usize = 10;
const DISTRICTS: usize = 68;
const WANTED: usize = 10;

/// Prints one table; fails if the index and the plain ranking differ.
pub fn run(sizes: &[u32], measured: Duration, table: &mut Table) -> Outcome<()> {
    table.section("ranking in memory", 0);
    table.line(&format!(
        "  one thread, {WANTED} best of all shelters of {ROOMS} rooms, microseconds (median)\n"
    ));
    table.line("| shelters | household | index | plain | one pass | ratio | places | misfits |");
    table.line("|---|---|---|---|---|---|---|---|");
    for size in sizes {
        let rows: Vec<Row> = (0..*size).map(row).collect();
        let index = Index::new(rows.clone(), Arc::default(), Arc::default(), now());
        let cells = cells(&rows);
        let pass = median(measured / 20, || black_box(one_pass(black_box(&cells), 3)));
        for (name, search) in searches() {
            let asked = Asked {
                search: &search,
                now: now(),
                local_now: now().naive_utc(),
                limit: WANTED,
                except: &[],
            };
            let said = index.rank(&asked, way);
            if said != plain(&rows, &search) {
                return Err(format!("{name}: the index says something else than the ranking").into());
            }
            let ours = median(measured / 5, || black_box(index.rank(black_box(&asked), way)));
            let slow = median(measured / 20, || black_box(plain(&rows, black_box(&search))));
            let (ratio, places) = (ours / pass, said.suggestions.len());
            let misfits = said.misfit_counts.iter().map(|(_, shelters)| shelters).max();
            let misfits = misfits.unwrap_or(&0);
            table.told(
                &format!("| {size} | {name} | {ours:.1} | {slow:.1} | {pass:.1} | {ratio:.1} | {places} | {misfits} |"),
                json!({ "name": format!("{size} shelters, {name}"), "us": ours, "one_pass_us": pass, "ratio": ratio }),
            );
        }
        let mut turn = 0;
        let redraw = median(measured / 20, || {
            turn += 7;
            let again = rows.get(turn % rows.len()).map(|row| Row {
                view: Arc::new(ShelterView::clone(&row.view)),
                ..row.clone()
            });
            black_box(index.redrawn(again.into_iter().collect(), now()))
        });
        table.told(
            &format!("| {size} | one shelter drawn again | {redraw:.1} | | | | | |"),
            json!({ "name": format!("{size}: one shelter drawn again"), "us": redraw }),
        );
    }
    Ok(())
}

/// Microseconds.
fn median<T>(measured: Duration, mut work: impl FnMut() -> T) -> f64 {
    let mut times = Vec::new();
    let started = Instant::now();
    while started.elapsed() < measured || times.len() < 5 {
        let begun = Instant::now();
        black_box(work());
        times.push(begun.elapsed().as_secs_f64() * 1e6);
    }
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied().unwrap_or_default()
}

fn plain(rows: &[Row], search: &Search) -> Ranking {
    let (chances, prices) = (ChanceModel::default(), Prices::default());
    let context = Context {
        now: now(),
        local_now: now().naive_utc(),
        chances: &chances,
        prices: &prices,
    };
    let candidates: Vec<Candidate<'_>> = rows
        .iter()
        .map(|row| Candidate {
            view: &row.view,
            travel: way(&row.view.shelter.district),
            answer_minutes: row.answer_minutes,
            record: row.record,
        })
        .collect();
    rank(search, &candidates, &context, WANTED)
}

/// The limit: each room looked at once, nothing asked but beds and cots.
#[derive(Clone, Copy)]
struct Cell {
    beds: u16,
    cots: u16,
    private: bool,
}

fn cells(rows: &[Row]) -> Vec<Cell> {
    let rooms = rows.iter().flat_map(|row| &row.view.rooms);
    let cell = |view: &RoomView| {
        let count = view.count(now());
        Cell {
            beds: count.free as u16,
            cots: count.free_cots as u16,
            private: view.room.kind == RoomKind::Private,
        }
    };
    rooms.map(cell).collect()
}

fn one_pass(cells: &[Cell], beds: u16) -> usize {
    cells
        .iter()
        .filter(|cell| cell.beds >= beds && cell.private && cell.cots < 9)
        .count()
}

fn now() -> Moment {
    Utc.with_ymd_and_hms(2026, 11, 22, 8, 0, 0).single().unwrap_or_default()
}

fn way(district: &str) -> Travel {
    let at: u32 = district.trim_start_matches('D').parse().unwrap_or(0);
    Travel {
        km: f64::from(at * 9),
        minutes: f64::from(at * 37 % 540),
        by_road: true,
    }
}

/// The same on every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, sides: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    fn percent(&mut self, chance: u64) -> bool {
        self.below(100) < chance
    }
}

/// A house three quarters full: most rooms for a family each, some shared, holds in a few.
fn row(number: u32) -> Row {
    let mut dice = Dice(u64::from(number) * 97 + 1);
    let rooms: Vec<RoomView> = (0..ROOMS).map(|at| room(&mut dice, number, at)).collect();
    let admits = [
        Need::Pregnancy,
        Need::Newborn,
        Need::Trafficking,
        Need::OlderWoman,
        Need::NoDocuments,
    ];
    let shelter = Shelter {
        id: ShelterId(Uuid::from_u128(u128::from(number))),
        code: format!("TJ-{number:05}"),
        name: format!("House {number}"),
        organisation_id: OrganisationId(Uuid::nil()),
        district: format!("D{}", dice.below(DISTRICTS as u64)),
        region: format!("R{}", dice.below(5)),
        kind: ShelterKind::Crisis,
        location_policy: LocationPolicy::Confidential,
        sector: None,
        intake: dice
            .percent(30)
            .then(|| (NaiveTime::from_hms_opt(7, 0, 0).unwrap_or_default(), NaiveTime::MIN)),
        longest_stay_days: None,
        languages: BTreeSet::from(["tg".to_owned(), if dice.percent(50) { "ru" } else { "uz" }.to_owned()]),
        services: [Need::Psychosocial, Need::Legal]
            .into_iter()
            .filter(|_| dice.percent(50))
            .collect(),
        rules: AdmissionRules {
            boys_max_age: dice.percent(60).then_some(14),
            boys_shared_room_max_age: 10,
            max_children: None,
            infants_share_bed: dice.percent(50),
            admits_without_children: dice.percent(90),
            admits_women: true,
            admits: admits.into_iter().filter(|_| dice.percent(85)).collect(),
        },
        report_due: NaiveTime::MIN,
        report_interval_hours: 24,
        canary: false,
        rooms: rooms.iter().map(|view| view.room.clone()).collect(),
        version: 1,
    };
    Row {
        view: Arc::new(ShelterView {
            shelter,
            rooms,
            observed_at: dice
                .percent(98)
                .then(|| now() - TimeDelta::minutes(dice.below(3_000) as i64)),
            operating: dice.percent(98),
        }),
        answer_minutes: 8.0 + dice.below(60) as f64,
        record: Record::default(),
    }
}

fn room(dice: &mut Dice, shelter: u32, at: usize) -> RoomView {
    let id = u128::from(shelter) << 16 | at as u128;
    let kind = match dice.below(20) {
        0..=13 => RoomKind::Private,
        14..=18 => RoomKind::Shared,
        _ => RoomKind::Block,
    };
    let beds = 1 + dice.below(6) as u16;
    let room = Room {
        id: RoomId(Uuid::from_u128(id)),
        label: at.to_string(),
        kind,
        beds,
        cots: dice.below(3) as u16,
        step_free: dice.percent(15),
        sleeps: (kind == RoomKind::Block).then_some(4),
    };
    let taken = if dice.percent(75) {
        beds - dice.below(u64::from(beds)).min(1) as u16
    } else {
        0
    };
    let mut view = RoomView::new(
        room,
        Occupancy {
            occupied_beds: taken,
            ..Occupancy::default()
        },
    );
    if taken > 0 && dice.percent(20) {
        view.planned_exit = Some((now() + TimeDelta::days(dice.below(20) as i64)).date_naive());
    }
    if dice.percent(5) {
        view.claims.push(ActiveClaim {
            hold_id: HoldId(Uuid::from_u128(id)),
            beds: 1,
            cots: 0,
            expires_at: now() + TimeDelta::minutes(20),
            starts_at: None,
        });
    }
    view
}

fn searches() -> Vec<(&'static str, Search)> {
    let child = |age, sex| Child { age, sex };
    let of = |children: Vec<Child>, needs: &[Need], rooms_apart_ok| {
        Household::new(vec![AgeBand::From18To59], children).map(|household| Search {
            household,
            needs: needs.iter().copied().collect(),
            languages: BTreeSet::from(["tg".to_owned()]),
            from_district: "D1".to_owned(),
            avoid_districts: BTreeSet::from(["D7".to_owned()]),
            excluded: Default::default(),
            urgency: Urgency::Now,
            earliest_date: None,
            rooms_apart_ok,
        })
    };
    let two = || vec![child(7, Sex::Male), child(1, Sex::Female)];
    let five = || {
        vec![
            child(16, Sex::Male),
            child(12, Sex::Male),
            child(9, Sex::Female),
            child(5, Sex::Female),
            child(3, Sex::Male),
        ]
    };
    let all = [
        ("a woman", of(vec![], &[Need::Legal], false)),
        ("and a boy and a baby", of(two(), &[Need::Psychosocial], false)),
        ("six, step-free, a boy of 16", of(five(), &[Need::StepFree], false)),
        ("six, rooms apart", of(five(), &[], true)),
    ];
    all.into_iter()
        .filter_map(|(name, search)| Some((name, search.ok()?)))
        .collect()
}
