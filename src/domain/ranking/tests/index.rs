//! The index says what `rank` says, whatever has happened since it was drawn.

use std::sync::Arc;

use chrono::TimeDelta;
use proptest::prelude::*;
use uuid::Uuid;

use super::super::super::availability::tests::at;
use super::super::super::exclusion::Excluded;
use super::super::super::fit::Relaxation;
use super::super::super::holds::may_start;
use super::super::super::household::Search;
use super::super::super::id::OrganisationId;
use super::super::*;
use super::country::{any_prices, any_question, any_row, any_rows, candidates, way};

fn indexed(index: &Index, search: &Search, minutes: i64, limit: usize) -> Ranking {
    let asked = Asked {
        search,
        now: at(minutes),
        local_now: at(minutes).naive_utc(),
        limit,
        except: &[],
    };
    index.rank(&asked, way)
}

fn plain(rows: &[Row], prices: &Prices, search: &Search, minutes: i64, limit: usize) -> Ranking {
    let context = Context {
        now: at(minutes),
        local_now: at(minutes).naive_utc(),
        chances: &ChanceModel::default(),
        prices,
    };
    rank(search, &candidates(rows), &context, limit)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn an_index_is_the_ranking(
        rows in any_rows(12), prices in any_prices(), search in any_question(),
        later in prop::sample::select(vec![-10i64, 0, 4, 5, 30, 600]),
        limit in prop::sample::select(vec![0usize, 1, 3, 10, usize::MAX]),
    ) {
        let index = Index::new(rows.clone(), Arc::default(), Arc::new(prices.clone()), at(0));
        prop_assert_eq!(indexed(&index, &search, later, limit), plain(&rows, &prices, &search, later, limit));
    }

    #[test]
    fn a_redrawn_index_is_a_new_one(
        rows in any_rows(6), (changed, new) in (any_row(2), any_row(9)), appears in any::<bool>(),
        search in any_question(), later in prop::sample::select(vec![0i64, 2, 4, 5]),
    ) {
        let index = Index::new(rows.clone(), Arc::default(), Arc::default(), at(0));
        let mut drawn = vec![changed];
        drawn.extend(appears.then_some(new));
        let redrawn = index.redrawn(drawn.clone(), at(2));
        let rows: Vec<Row> = rows
            .into_iter()
            .filter(|row| drawn.iter().all(|new| new.view.shelter.id != row.view.shelter.id))
            .chain(drawn.iter().cloned())
            .collect();
        prop_assert_eq!(redrawn.rows().len(), rows.len());
        let asked = plain(&rows, &Prices::default(), &search, later, 10);
        prop_assert_eq!(indexed(&redrawn, &search, later, 10), asked);
        let known = redrawn.get(drawn[0].view.shelter.id).unwrap();
        prop_assert!(Arc::ptr_eq(&known.view, &drawn[0].view));
    }

    #[test]
    fn a_shelter_left_out_changes_nothing_else(rows in any_rows(6), search in any_question()) {
        let Some(first) = rows.first().cloned() else { return Ok(()) };
        let index = Index::new(rows.clone(), Arc::default(), Arc::default(), at(0));
        let asked = Asked {
            search: &search,
            now: at(0),
            local_now: at(0).naive_utc(),
            limit: 10,
            except: &[first.view.shelter.id],
        };
        prop_assert_eq!(index.rank(&asked, way), plain(&rows[1..], &Prices::default(), &search, 0, 10));
    }

    #[test]
    fn an_office_that_is_kept_out_is_as_if_it_had_no_shelters(rows in any_rows(6), search in any_question(), named in 0usize..6) {
        let office = OrganisationId(Uuid::from_u128(5));
        let mut rows = rows;
        for row in rows.iter_mut().skip(named) {
            Arc::make_mut(&mut row.view).shelter.organisation_id = office;
        }
        let kept = Search { excluded: Excluded::new([office]), ..search.clone() };
        let without = plain(&rows[..named.min(rows.len())], &Prices::default(), &search, 0, 10);
        prop_assert_eq!(&plain(&rows, &Prices::default(), &kept, 0, 10), &without);
        let index = Index::new(rows, Arc::default(), Arc::default(), at(0));
        prop_assert_eq!(indexed(&index, &kept, 0, 10), without);
    }

    #[test]
    fn every_shelter_counts_once_for_each_of_its_reasons(rows in any_rows(6), search in any_question()) {
        let ranking = plain(&rows, &Prices::default(), &search, 0, 10);
        let mut counts = std::collections::BTreeMap::new();
        for reason in ranking.misfits.iter().flat_map(|misfit| &misfit.reasons) {
            *counts.entry(*reason).or_insert(0u32) += 1;
        }
        prop_assert_eq!(ranking.misfit_counts, counts.into_iter().collect::<Vec<_>>());
    }

    #[test]
    fn a_relaxation_makes_it_fit_and_no_smaller_one_does(rows in any_rows(4), search in any_question()) {
        for misfit in plain(&rows, &Prices::default(), &search, 0, 10).misfits {
            let row = rows.iter().find(|row| row.view.shelter.id == misfit.shelter_id).unwrap();
            let view = &row.view;
            let fits = |relaxation: &Relaxation| {
                let (rules, rooms, search) = relaxation.apply(&view.shelter.rules, &view.rooms, &search, at(0).date_naive());
                let mut relaxed = ShelterView::clone(view);
                (relaxed.shelter.rules, relaxed.rooms) = (rules.into_owned(), rooms.into_owned());
                let row = Row { view: Arc::new(relaxed), ..row.clone() };
                let found = plain(&[row], &Prices::default(), &search, 0, 1).suggestions.pop();
                found.filter(|found| *relaxation != Relaxation::TwoRooms || found.rooms.len() <= 2 && units(found) <= 2)
            };
            let all = in_order(&search, view);
            let chosen = misfit.relaxation.as_ref().map_or(all.len(), |chosen| {
                all.iter().position(|other| other == chosen).expect("one of them")
            });
            if misfit.relaxation.is_some() {
                prop_assert!(fits(&all[chosen]).is_some(), "{:?}", all[chosen]);
            }
            for smaller in &all[..chosen] {
                prop_assert!(fits(smaller).is_none(), "{:?} before {:?}", smaller, misfit.relaxation);
            }
        }
    }
}

fn units(found: &Suggestion) -> u32 {
    let rooms = found.rooms.iter();
    rooms
        .map(|room| {
            if room.kind == RoomKind::Block {
                u32::from(room.beds)
            } else {
                1
            }
        })
        .sum()
}

/// Every relaxation that could be thought of for this household and house, the smallest first.
fn in_order(search: &Search, view: &ShelterView) -> Vec<Relaxation> {
    use super::super::super::household::{Need, Sex};
    let mut all = Vec::new();
    if !search.rooms_apart_ok {
        all.push(Relaxation::TwoRooms);
    }
    let boys = search
        .household
        .children()
        .iter()
        .filter(|child| child.sex == Sex::Male);
    if let Some(age) = boys.map(|child| child.age).max() {
        all.push(Relaxation::BoyAdmitted { age });
        all.push(Relaxation::SharedRoom);
    }
    let mut dates: Vec<_> = view.rooms.iter().filter_map(|room| room.planned_exit).collect();
    let tomorrow = at(0).date_naive() + TimeDelta::days(1);
    dates.retain(|date| *date >= at(0).date_naive());
    dates.iter_mut().for_each(|date| *date = tomorrow.max(*date));
    dates.retain(|date| may_start(*date, at(0).date_naive()));
    dates.sort_unstable();
    dates.dedup();
    all.extend(dates.into_iter().map(|date| Relaxation::FromDate { date }));
    for need in [Need::StepFree, Need::Pets] {
        if search.needs.contains(&need) {
            all.push(Relaxation::WithoutNeed { need });
        }
    }
    let districts = [view.shelter.district.clone()].into();
    if search.avoid_districts.contains(&view.shelter.district) {
        all.push(Relaxation::WiderArea { districts });
    }
    all
}
