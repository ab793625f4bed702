//! Referrals that never came to a hold: some drawn like all others, and some that the data file tells, so that what the
//! country lacks is not left to chance.

use std::collections::BTreeSet;

use chrono::Duration;

use super::super::cases::Referral;
use super::super::holds::{Outcome, UnmetReason};
use super::super::household::{AgeBand, Need};
use super::data::{UnplacedData, children};
use super::households::Family;
use super::placements::referral;
use super::random::Random;
use super::{Demo, DemoError, Wish};

/// Households that lack the same.
#[derive(Debug, Clone)]
pub(super) struct Lacking {
    districts: Vec<String>,
    families: Vec<Family>,
    needs: BTreeSet<Need>,
    reasons: Vec<UnmetReason>,
    waiting: usize,
}

pub(super) fn lacking(told: &[UnplacedData], wish: &Wish<'_>) -> Result<Vec<Lacking>, DemoError> {
    told.iter().map(|group| lacking_of(group, wish)).collect()
}

fn lacking_of(told: &UnplacedData, wish: &Wish<'_>) -> Result<Lacking, DemoError> {
    let known = |district: &String| wish.districts.iter().any(|(code, _)| code == district);
    if let Some(unknown) = told.districts.iter().find(|district| !known(district)) {
        let detail = format!("the country pack has no {unknown}");
        return Err(DemoError::new("unplaced.districts", detail));
    }
    let family = |text: &String| {
        let adults = vec![AgeBand::From18To59];
        children(text).map(|children| Family { adults, children })
    };
    let reason = |text: &String| {
        let fault = |_| DemoError::new("unplaced.reasons", format!("{text:?} is no reason"));
        text.parse().map_err(fault)
    };
    Ok(Lacking {
        districts: told.districts.clone(),
        families: told.children.iter().map(family).collect::<Result<_, _>>()?,
        needs: told.needs.clone(),
        reasons: told.reasons.iter().map(reason).collect::<Result<_, _>>()?,
        waiting: told.waiting,
    })
}

/// Closed without a place for mixed reasons, a few withdrawn, two still looked at.
pub(super) fn unplaced(demo: &Demo, random: &mut Random) -> Vec<Referral> {
    let admits = Need::Pregnancy;
    let admits = [admits, Need::Trafficking, Need::MentalHealth, Need::NoDocuments]
        .into_iter()
        .collect();
    let count = 26 * (1 + demo.shelters.len() / 100);
    let mixed = [
        vec![UnmetReason::NoCapacity],
        vec![UnmetReason::NoCapacity, UnmetReason::Distance],
        vec![UnmetReason::AdmissionRule],
        vec![UnmetReason::NoCapacity],
        vec![UnmetReason::HerChoice],
        vec![UnmetReason::NoAnswer],
        vec![UnmetReason::Safety],
        vec![UnmetReason::Distance],
        vec![UnmetReason::AdmissionRule, UnmetReason::NoCapacity],
    ];
    let mut rows = Vec::with_capacity(count);
    for position in 0..count {
        let family = Family::drawn(random);
        let Some(district) = random.pick(&demo.districts).cloned() else {
            break;
        };
        let Some(search) = family.search(&admits, &district, random) else {
            continue;
        };
        let open = position < 2;
        let created_at = demo.now
            - Duration::minutes(if open {
                random.between(5, 50)
            } else {
                random.between(300, 29 * 1440)
            });
        let closed_at = created_at + Duration::minutes(random.between(40, 290));
        let end = match (open, position % 12) {
            (true, _) => (None, None, Vec::new()),
            (false, 11) => (Some(closed_at), Some(Outcome::Withdrawn), Vec::new()),
            (false, _) => {
                let reasons = mixed.get(position % mixed.len()).cloned().unwrap_or_default();
                (Some(closed_at), Some(Outcome::Unmet), reasons)
            }
        };
        rows.extend(referral(demo, search, created_at, end, random));
    }
    for group in &demo.lacking {
        rows.extend(told(demo, group, random));
    }
    rows
}

/// Those who wait have come today, the others in the past month.
fn told(demo: &Demo, group: &Lacking, random: &mut Random) -> Vec<Referral> {
    let mut rows = Vec::with_capacity(group.families.len());
    let turns = group.families.iter().zip(group.districts.iter().cycle());
    for (position, (family, district)) in turns.enumerate() {
        let Some(mut search) = family.search(&BTreeSet::new(), district, random) else {
            continue;
        };
        search.needs.extend(&group.needs);
        search.rooms_apart_ok = false;
        let waits = position < group.waiting;
        let longest = if waits { 600 } else { 29 * 1440 };
        let created_at = demo.now - Duration::minutes(random.between(300, longest));
        let later = created_at + Duration::minutes(random.between(20, 290));
        let end = if waits {
            (None, None, Vec::new())
        } else {
            (Some(later), Some(Outcome::Unmet), group.reasons.clone())
        };
        rows.extend(referral(demo, search, created_at, end, random).map(|row| Referral {
            waiting_since: waits.then_some(later),
            ..row
        }));
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::super::super::ledger::{Unplaced, changes};
    use super::super::super::suppression::K;
    use super::super::tests::{demo_at, districts, now};
    use super::super::{Referral, SHELTERS};
    use super::*;

    #[test]
    fn the_ledger_of_the_demo_has_something_to_show() {
        let districts = districts();
        let mut regions: Vec<String> = districts.iter().map(|(_, region)| region.clone()).collect();
        regions.dedup();
        for seed in 0..8 {
            let demo = demo_at(seed, SHELTERS, now());
            let unmet: Vec<Referral> = (0..SHELTERS)
                .flat_map(|position| demo.history(position).referrals)
                .chain(demo.unplaced())
                .filter(|row| row.outcome == Some(Outcome::Unmet))
                .collect();
            let region = |row: &Referral| {
                let found = districts.iter().find(|(code, _)| *code == row.search.from_district);
                found.map(|(_, region)| region.clone())
            };
            let unplaced: Vec<_> = unmet.iter().filter_map(|row| Unplaced::of(row, region(row))).collect();
            let views: Vec<_> = (0..SHELTERS).filter_map(|position| demo.view(position)).collect();
            let found = changes(&unplaced, &views.iter().collect::<Vec<_>>(), &regions, demo.now);
            let large = found.iter().filter(|(_, placed)| *placed >= K);
            assert!(large.count() >= 3, "seed {seed}: {found:?}");
        }
    }

    #[test]
    fn some_wait_for_a_place() {
        let demo = demo_at(1, SHELTERS, now());
        let waiting: Vec<_> = demo
            .unplaced()
            .into_iter()
            .filter(|row| row.waiting_since.is_some())
            .collect();
        assert!(waiting.len() >= 2);
        assert!(
            waiting
                .iter()
                .all(|row| row.closed_at.is_none() && row.waiting_since.unwrap() < demo.now)
        );
    }
}
