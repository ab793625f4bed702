//! Referrals that never came to a hold.

use chrono::Duration;

use super::super::cases::Referral;
use super::super::holds::{Outcome, UnmetReason};
use super::super::household::Need;
use super::Demo;
use super::households::Family;
use super::placements::referral;
use super::random::Random;

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
    rows
}
