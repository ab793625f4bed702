//! The demo keeps its promises for any seed, and its own sums agree.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use chrono::{Duration, TimeZone, Utc};
use strum::IntoEnumIterator;

use super::*;
use crate::domain::holds::{HoldState, Outcome};
use crate::domain::id::{RoomId, ShelterId};
use crate::domain::rooms::{Held, RoomKind, count};
use crate::domain::stock::MovementKind;
use crate::domain::usage::{Course, Nights, learn};

/// Districts of the five regions that the data file names, and some more.
pub(super) fn districts() -> Vec<(String, String)> {
    let counts = [("TJ-SU", 18), ("TJ-KT", 25), ("TJ-GB", 8), ("TJ-RA", 13), ("TJ-DU", 4)];
    let all = counts.iter().flat_map(|(region, count)| {
        (1..=*count).map(move |number| (format!("{region}-{number:02}"), (*region).to_owned()))
    });
    all.collect()
}

fn items() -> Vec<DemoItem> {
    let rates = [
        ("flour", 0.25),
        ("rice", 0.1),
        ("soap", 0.083),
        ("diapers", 0.8),
        ("pads", 0.17),
        ("oil", 0.027),
    ];
    let known = rates.map(|(code, rate)| DemoItem {
        code: code.to_owned(),
        per_person_per_day: Some(rate),
        pack_size: 12,
    });
    let counted = ["tea", "towel", "mattress", "coal", "shampoo", "blanket"];
    let counted = counted.map(|code| DemoItem {
        code: code.to_owned(),
        per_person_per_day: None,
        pack_size: 1,
    });
    known.into_iter().chain(counted).collect()
}

pub(super) fn now() -> Moment {
    Utc.with_ymd_and_hms(2026, 11, 22, 6, 30, 0).unwrap()
}

pub(super) fn demo_at(seed: u64, shelters: usize, now: Moment) -> Demo {
    let (districts, items) = (districts(), items());
    let zone = chrono_tz::Asia::Dushanbe;
    Demo::plan(&Wish {
        seed,
        shelters,
        now,
        zone,
        districts: &districts,
        items: &items,
    })
    .unwrap()
}

fn histories(demo: &Demo) -> Vec<History> {
    (0..demo.shelters.len())
        .map(|position| demo.history(position))
        .collect()
}

#[test]
fn the_same_seed_makes_the_same_country() {
    let (one, two, other) = (demo_at(7, 30, now()), demo_at(7, 30, now()), demo_at(8, 30, now()));
    assert_eq!((&one.shelters, &one.users), (&two.shelters, &two.users));
    let told = |demo: &Demo| format!("{:?} {:?}", histories(demo), demo.unplaced());
    assert_eq!(told(&one), told(&two));
    assert_ne!(told(&one), told(&other));
    // A shelter's history does not hang on how many others are asked for, or in which order.
    let larger = demo_at(7, 60, now());
    assert_eq!(
        one.shelters[..24].iter().map(|s| &s.shelter.code).collect::<Vec<_>>(),
        larger.shelters[..24]
            .iter()
            .map(|s| &s.shelter.code)
            .collect::<Vec<_>>()
    );
}

#[test]
fn the_country_is_as_told() {
    let demo = demo_at(1, SHELTERS, now());
    assert_eq!(demo.shelters.len(), 24);
    let regions: BTreeSet<&str> = demo.shelters.iter().map(|row| row.shelter.region.as_str()).collect();
    assert_eq!(regions.len(), 5);
    assert_eq!(demo.shelters[0].shelter.code, "TJ-SU-01");
    let codes: HashSet<&str> = demo.shelters.iter().map(|row| row.shelter.code.as_str()).collect();
    assert_eq!(codes.len(), 24);
    let kinds: HashSet<_> = demo.shelters.iter().map(|row| row.shelter.kind).collect();
    assert_eq!(kinds.len(), 4);
    let rooms = || demo.shelters.iter().flat_map(|row| &row.shelter.rooms);
    assert!(RoomKind::iter().all(|kind| rooms().any(|room| room.kind == kind)));
    assert!(rooms().any(|room| room.step_free) && rooms().any(|room| room.cots > 0));
    let plainly = ["намоиш", "пример", "demo"];
    assert!(
        demo.shelters
            .iter()
            .all(|row| plainly.iter().any(|word| row.shelter.name.contains(word)))
    );
    let silent = demo.shelters.iter().filter(|row| row.mood == Mood::Silent).count();
    let short = demo.shelters.iter().filter(|row| row.mood == Mood::Shortage).count();
    assert_eq!((silent, short), (1, 1));

    let roles = |role| demo.users.iter().filter(|user| user.role == role).collect::<Vec<_>>();
    assert_eq!(
        (
            roles(Role::Admin).len(),
            roles(Role::Committee).len(),
            roles(Role::Officer).len()
        ),
        (2, 1, 3)
    );
    let organisations: HashSet<_> = roles(Role::Officer)
        .iter()
        .map(|user| user.organisation_id.unwrap())
        .collect();
    assert!(organisations.len() >= 2);
    let run: Vec<ShelterId> = roles(Role::Manager)
        .iter()
        .flat_map(|user| user.shelters.clone())
        .collect();
    assert_eq!(
        (run.len(), run.iter().collect::<HashSet<_>>().len()),
        (24, 24),
        "each shelter has one manager"
    );
    assert!(roles(Role::Manager).iter().any(|user| user.shelters.len() == 2));
    let emails: HashSet<&str> = demo.users.iter().map(|user| user.email.as_str()).collect();
    assert_eq!(emails.len(), demo.users.len());
    assert!(PASSWORD.chars().count() >= 15);
    assert_eq!(roles(Role::Admin).len(), 2, "one names a reader, the other approves");
    let cadences: Vec<_> = demo.digests.iter().map(|digest| digest.cadence).collect();
    assert_eq!(cadences, [Cadence::Daily, Cadence::Weekly, Cadence::HalfYearly]);
    for digest in &demo.digests {
        assert!(digest.cadence.check(digest.rule.clone(), Some(digest.time)).is_ok());
        let languages = digest.recipients.iter().filter(|reader| !reader.waits);
        let languages: Vec<_> = languages.map(|reader| reader.language.as_str()).collect();
        assert_eq!(languages, ["tg", "ru", "en"]);
    }
}

#[test]
fn any_seed_and_hour_has_holds_in_every_state() {
    for seed in 0..12 {
        let now = now() + Duration::hours(i64::try_from(seed).unwrap() * 2);
        let demo = demo_at(seed, SHELTERS, now);
        let mut states: BTreeMap<HoldState, usize> = BTreeMap::new();
        for hold in histories(&demo).iter().flat_map(|history| &history.holds) {
            *states.entry(hold.state).or_default() += 1;
        }
        assert!(
            HoldState::iter().all(|state| states.contains_key(&state)),
            "seed {seed}: {states:?}"
        );
        let unmet = demo
            .unplaced()
            .iter()
            .filter(|row| row.outcome == Some(Outcome::Unmet))
            .count();
        assert!(unmet >= 12, "{unmet}");
        let reasons: HashSet<_> = demo.unplaced().into_iter().flat_map(|row| row.unmet_reasons).collect();
        assert!(reasons.len() >= 5);
    }
}

#[test]
fn no_room_is_ever_given_twice() {
    for seed in [1, 2, 3] {
        let demo = demo_at(seed, 60, now());
        for (position, history) in histories(&demo).iter().enumerate() {
            let rooms = &demo.shelters[position].shelter.rooms;
            for report in &history.reports {
                for (room, line) in rooms.iter().zip(&report.lines) {
                    let counted = count(room, &line.state, Held::default());
                    assert_eq!((line.room_id, counted.over_capacity), (room.id, 0));
                    assert!(line.state.occupied_cots <= room.cots);
                }
            }
            let open = history
                .holds
                .iter()
                .filter(|hold| hold.state.is_active(demo.now, hold.expires_at))
                // Whoever is to come later has no bed yet.
                .filter(|hold| hold.starts_at.is_none());
            let mut held: BTreeMap<RoomId, Held> = BTreeMap::new();
            for claim in open.flat_map(|hold| &hold.lines) {
                let sum = held.entry(claim.room_id).or_default();
                sum.beds += claim.beds;
                sum.cots += claim.cots;
            }
            for (room, line) in rooms.iter().zip(&history.current) {
                let held = held.get(&room.id).copied().unwrap_or_default();
                assert!(line.state.occupied_beds + line.state.out_of_service_beds + held.beds <= room.beds);
                let households = u16::from(line.state.occupied_beds > 0) + u16::from(held.beds > 0);
                assert!(
                    room.kind != RoomKind::Private || households < 2,
                    "a private room houses or holds one"
                );
            }
        }
    }
}

#[test]
fn times_stand_in_order() {
    let demo = demo_at(5, 40, now());
    let histories = histories(&demo);
    let referrals: BTreeMap<_, _> = histories
        .iter()
        .flat_map(|h| &h.referrals)
        .map(|row| (row.id, row))
        .collect();
    for (position, history) in histories.iter().enumerate() {
        for hold in &history.holds {
            let referral = referrals[&hold.referral_id];
            assert!(referral.created_at <= hold.asked_at && hold.asked_at < hold.expires_at);
            assert!(hold.accepted_at.is_none_or(|at| hold.asked_at < at && at < demo.now));
            assert!(
                hold.ended_at
                    .is_none_or(|at| hold.asked_at < at && at <= hold.expires_at && at <= demo.now)
            );
            assert_eq!(hold.state.is_terminal(), hold.ended_at.is_some());
            assert_eq!(
                hold.state.seen(demo.now, hold.expires_at),
                hold.state,
                "nothing lies about its deadline"
            );
            let says_why = matches!(hold.state, HoldState::Declined | HoldState::Released);
            assert_eq!(hold.reason.is_some(), says_why);
            assert!(
                referral
                    .closed_at
                    .is_none_or(|at| at <= demo.now && at > referral.created_at)
            );
            assert!(hold.ended_at.is_some() || referral.closed_at.is_none());
        }
        assert!(history.reports.is_sorted_by_key(|report| report.observed_at));
        assert!(history.reports.len() >= 20, "{position}: {}", history.reports.len());
        for report in &history.reports {
            assert!(report.observed_at <= report.received_at && report.received_at <= demo.now);
        }
        let age = demo.now - history.reports.last().unwrap().observed_at;
        match demo.shelters[position].mood {
            Mood::Silent => assert!(age > Duration::hours(72)),
            Mood::Aging => assert!(age > Duration::hours(24) && age < Duration::hours(48)),
            _ => assert!(age < Duration::hours(20)),
        }
    }
}

#[test]
fn a_wave_is_running_and_every_case_has_its_timeline() {
    for seed in [1, 5, 9] {
        let demo = demo_at(seed, SHELTERS, now());
        let histories = histories(&demo);
        let mut waves: BTreeMap<_, usize> = BTreeMap::new();
        for hold in histories.iter().flat_map(|history| &history.holds) {
            *waves.entry(hold.wave_id.unwrap()).or_default() += 1;
        }
        assert!(waves.values().any(|holds| *holds >= 2), "seed {seed}");
        let events: Vec<_> = histories.iter().flat_map(|history| &history.events).collect();
        let ids: HashSet<_> = events.iter().map(|event| event.id).collect();
        assert_eq!(ids.len(), events.len());
        let told: HashSet<_> = events.iter().map(|event| event.referral_id).collect();
        assert!(
            histories
                .iter()
                .flat_map(|history| &history.referrals)
                .all(|row| told.contains(&row.id))
        );
        assert!(events.iter().all(|event| event.at <= demo.now));
    }
}

#[test]
fn a_shortage_is_short_and_beds_are_neither_empty_nor_full() {
    for seed in 0..6 {
        let demo = demo_at(seed, SHELTERS, now());
        let histories = histories(&demo);
        let (mut beds, mut taken) = (0, 0);
        for (row, history) in demo.shelters.iter().zip(&histories) {
            beds += row.shelter.rooms.iter().map(|room| u32::from(room.beds)).sum::<u32>();
            let occupied = history
                .current
                .iter()
                .map(|line| u32::from(line.state.occupied_beds))
                .sum::<u32>();
            taken += occupied;
            let last = history.supplies.counts.last().unwrap().1.observed_at;
            let items: Vec<_> = history
                .supplies
                .counts
                .iter()
                .map(|(_, count)| count)
                .filter(|count| count.observed_at == last)
                .collect();
            assert_eq!(items.len(), 10);
            if row.mood == Mood::Shortage {
                for (count, rate) in [(items[0], 0.083), (items[1], 0.8)] {
                    assert!(["soap", "diapers"].contains(&count.item.as_str()));
                    let days = count.on_hand as f64 / (rate * f64::from(occupied.max(1)));
                    assert!(days < 3.0, "{}: {days} days for {occupied}", count.item);
                }
            }
        }
        let share = f64::from(taken) / f64::from(beds);
        assert!((0.4..0.92).contains(&share), "seed {seed}: {taken} of {beds}");
    }
}

#[test]
fn what_came_and_went_is_in_whole_packs_and_teaches_a_use_near_the_plan() {
    let demo = demo_at(5, SHELTERS, now());
    let mut learned = 0;
    for (row, history) in demo.shelters.iter().zip(histories(&demo)) {
        let slept = history
            .reports
            .iter()
            .map(|report| (report.observed_at, report.sums.occupied));
        let nights = Nights::new(slept);
        let moves = &history.supplies.movements;
        assert!(
            moves
                .iter()
                .all(|row| row.kind != MovementKind::Receipt || row.change % 12 == 0)
        );
        for (_, stock) in &history.supplies.counts {
            assert!(stock.on_hand >= 0 && stock.lots.units() <= stock.on_hand && stock.minimum <= stock.on_hand);
        }
        let soap = history.supplies.counts.iter().filter(|row| row.1.item == "soap");
        let counts = soap.filter_map(|row| row.1.counted);
        let moved = moves.iter().filter(|row| row.item == "soap");
        let course = Course::new(counts, moved.map(|row| (row.moved_at, row.kind, row.change)), &nights);
        let Some(said) = learn(&course, Some(83_000.0), demo.now) else {
            continue;
        };
        learned += 1;
        assert!((30_000..200_000).contains(&said.rate), "{}: {said:?}", row.shelter.code);
    }
    assert!(learned > SHELTERS / 2);
}

#[test]
fn many_shelters_have_ten_rooms_each() {
    let demo = demo_at(1, 400, now());
    assert_eq!(demo.shelters.len(), 400);
    assert!(demo.shelters[24..].iter().all(|row| row.shelter.rooms.len() == 10));
    let codes: HashSet<&str> = demo.shelters.iter().map(|row| row.shelter.code.as_str()).collect();
    let rooms: HashSet<RoomId> = demo
        .shelters
        .iter()
        .flat_map(|row| &row.shelter.rooms)
        .map(|room| room.id)
        .collect();
    assert_eq!(
        (codes.len(), rooms.len()),
        (400, demo.shelters.iter().map(|row| row.shelter.rooms.len()).sum())
    );
    assert!(demo.history(399).reports.len() >= 20 && demo.history(400).reports.is_empty());
}

#[test]
fn a_country_without_the_districts_says_so() {
    let wish = Wish {
        seed: 1,
        shelters: 1,
        now: now(),
        zone: chrono_tz::UTC,
        districts: &[("XX-01".to_owned(), "XX".to_owned())],
        items: &[],
    };
    assert_eq!(Demo::plan(&wish).unwrap_err().key, "shelters.district");
}
