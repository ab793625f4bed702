//! Random countries: anything that a board may hold, at instants before and after it was drawn.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{NaiveTime, TimeDelta};
use proptest::prelude::*;

use super::super::super::availability::tests::{at, shelter};
use super::super::super::fit::tests::{any_rooms, any_rules, any_search};
use super::super::super::household::{Need, Search, Urgency};
use super::super::super::scarcity::Kinds;
use super::super::*;

/// A shelter, and how it answers. Overdue and coming exits, holds that end in five minutes, hours, closed houses.
pub fn any_row(number: u128) -> impl Strategy<Value = Row> {
    let hours = prop::option::of((0u32..24, 0u32..24));
    let state = (
        -30i64..6_000,
        prop::bool::weighted(0.9),
        prop::bool::weighted(0.9),
        hours,
    );
    let offers = (any::<bool>(), any::<bool>(), any::<bool>(), -3i64..5);
    (any_rules(), any_rooms(4), state, offers, 0.0f64..200.0).prop_map(
        move |(rules, rooms, (age, reported, operating, hours), (medical, legal, uzbek, exit), answer_minutes)| {
            let mut view = shelter(number, rooms);
            view.shelter.rules = rules;
            for room in view.rooms.iter_mut().filter(|room| room.state.occupied_beds > 0) {
                room.planned_exit = Some(at(0).date_naive() + TimeDelta::days(exit));
            }
            (view.observed_at, view.operating) = (reported.then(|| at(-age)), operating);
            let time = |hour| NaiveTime::from_hms_opt(hour, 0, 0).unwrap();
            view.shelter.intake = hours.map(|(from, to)| (time(from), time(to)));
            view.shelter.services = [(medical, Need::Medical), (legal, Need::Legal)]
                .into_iter()
                .filter_map(|(offered, need)| offered.then_some(need))
                .collect();
            view.shelter.languages.extend(uzbek.then(|| "uz".to_owned()));
            Row {
                view: Arc::new(view),
                answer_minutes,
                record: Record::default(),
            }
        },
    )
}

pub fn any_rows(most: u128) -> impl Strategy<Value = Vec<Row>> {
    (0..=most).prop_flat_map(|number| (1..=number).map(any_row).collect::<Vec<_>>())
}

pub fn any_prices() -> impl Strategy<Value = Prices> {
    let kinds = || prop::collection::btree_map("R[01]", prop::array::uniform4(0u32..30).prop_map(Kinds), 0..3);
    (kinds(), kinds()).prop_map(|(asked, offered): (BTreeMap<_, _>, BTreeMap<_, _>)| Prices::of(&asked, &offered, 30.0))
}

/// A search with wishes, languages and districts to avoid.
pub fn any_question() -> impl Strategy<Value = Search> {
    let wishes = (
        any::<bool>(),
        any::<bool>(),
        prop::option::of(prop::sample::select(vec!["tg", "uz", "ru"])),
    );
    let urgencies = prop::sample::select(vec![Urgency::Now, Urgency::Today, Urgency::ThisWeek, Urgency::Planned]);
    (
        any_search(),
        wishes,
        prop::collection::btree_set(0usize..7, 0..3),
        urgencies,
    )
        .prop_map(|(mut search, (medical, legal, language), avoided, urgency)| {
            search.needs.extend(medical.then_some(Need::Medical));
            search.needs.extend(legal.then_some(Need::Legal));
            search.languages.extend(language.map(str::to_owned));
            search.avoid_districts = avoided.into_iter().map(|district| format!("D{district}")).collect();
            search.urgency = urgency;
            search
        })
}

/// Two of the seven districts are equally far.
pub fn way(district: &str) -> Travel {
    let minutes = [30.0, 200.0, 75.0, 200.0, 480.0, 0.0, 120.0];
    let at = district
        .strip_prefix('D')
        .and_then(|number| number.parse::<usize>().ok());
    Travel {
        km: 10.0,
        minutes: at.and_then(|at| minutes.get(at)).copied().unwrap_or(600.0),
        by_road: true,
    }
}

pub fn candidates(rows: &[Row]) -> Vec<Candidate<'_>> {
    let all = rows.iter().map(|row| Candidate {
        view: &row.view,
        travel: way(&row.view.shelter.district),
        answer_minutes: row.answer_minutes,
        record: row.record,
    });
    all.collect()
}
