//! `panoh check`: the invariants over what is stored, by name and with counts.

mod shelves;

use std::collections::HashMap;

use serde::Serialize;

use super::Services;
use super::errors::Refused;
use crate::domain::cases::Hold;
use crate::domain::holds::HoldState;
use crate::domain::id::{Moment, ReferralId, RoomId, WaveId};
use crate::domain::rooms::RoomKind;
use crate::store::shelters::Which;
use crate::store::{facts, history, reports, views};

/// One invariant and how it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    pub name: &'static str,
    pub looked_at: u64,
    pub broken: u64,
}

fn check(name: &'static str, results: impl IntoIterator<Item = bool>) -> Check {
    let mut found = Check {
        name,
        looked_at: 0,
        broken: 0,
    };
    for holds in results {
        found.looked_at += 1;
        found.broken += u64::from(!holds);
    }
    found
}

/// What holds of one referral must be to each other.
fn check_cases(all: &[Hold], now: Moment) -> [Check; 2] {
    let mut cases: HashMap<ReferralId, Vec<&Hold>> = HashMap::new();
    for hold in all.iter().filter(|hold| hold.is_active(now)) {
        cases.entry(hold.referral_id).or_default().push(hold);
    }
    let of = |state: HoldState| {
        let holds = move |case: &Vec<&Hold>| {
            case.iter()
                .filter(|hold| hold.state == state)
                .map(|hold| hold.wave_id)
                .collect()
        };
        cases.values().map(holds).collect::<Vec<Vec<Option<WaveId>>>>()
    };
    [
        check(
            "one_accepted_hold_for_a_referral",
            of(HoldState::Accepted).iter().map(|accepted| accepted.len() <= 1),
        ),
        check(
            "holds_asked_together_share_one_wave",
            of(HoldState::Asked).iter().map(|asked| {
                asked.len() <= 1 || asked.iter().all(|wave| wave.is_some() && Some(wave) == asked.first())
            }),
        ),
    ]
}

impl Services {
    /// Looks at everything. Reads only; on a busy database it sees each table at a moment of its own.
    pub async fn check(&self) -> Result<Vec<Check>, Refused> {
        let now = self.now();
        let shown = views::load(&self.store, Which::All, now).await?;
        let rooms = || shown.iter().flat_map(|view| &view.rooms);
        let all_holds = facts::holds(&self.store).await?;
        let mut found = vec![
            check(
                "beds_add_up",
                rooms().map(|room| {
                    let c = room.count(now);
                    c.beds + c.over_capacity == c.free + c.occupied + c.held + c.enclosed + c.out_of_service
                }),
            ),
            check(
                "no_bed_is_promised_twice",
                rooms().map(|room| {
                    let claimed = room.claimed(now);
                    claimed.beds <= room.room.beds && claimed.cots <= room.room.cots
                }),
            ),
            check(
                "one_household_in_a_private_room",
                rooms()
                    .filter(|room| room.room.kind == RoomKind::Private)
                    .map(|room| room.active(now).count() <= 1),
            ),
            check(
                "a_hold_ends_once",
                all_holds
                    .iter()
                    .map(|hold| hold.state.is_terminal() == hold.ended_at.is_some()),
            ),
            check(
                "an_acceptance_has_its_time",
                all_holds
                    .iter()
                    .filter(|hold| matches!(hold.state, HoldState::Accepted | HoldState::Arrived | HoldState::NoShow))
                    .map(|hold| hold.accepted_at.is_some()),
            ),
            check(
                "a_later_start_has_its_instant",
                all_holds
                    .iter()
                    .map(|hold| hold.starts_on.is_some() == hold.starts_at.is_some()),
            ),
            check(
                "a_hold_claims_what_its_lines_say",
                all_holds.iter().map(|hold| {
                    let sum = |of: fn(&crate::domain::fit::Claim) -> u16| hold.lines.iter().map(of).sum::<u16>();
                    sum(|line| line.beds) == hold.beds && sum(|line| line.cots) == hold.cots
                }),
            ),
        ];
        found.extend(check_cases(&all_holds, now));
        found.push(self.check_state(now).await?);
        found.extend(self.check_shelves(now).await?);
        let runs = facts::runs(&self.store).await?;
        found.push(check("one_run_for_a_period", runs.into_values().map(|n| n == 1)));
        let letters = facts::letters(&self.store).await?;
        found.push(check(
            "one_letter_for_a_recipient",
            letters.into_values().map(|n| n == 1),
        ));
        let audit = self.verify_audit().await?;
        found.push(Check {
            name: "audit_chain",
            looked_at: audit.entries,
            broken: u64::from(!audit.intact),
        });
        Ok(found)
    }

    /// The state of each room is what its newest report and the arrivals since say.
    async fn check_state(&self, now: Moment) -> Result<Check, Refused> {
        let kept = views::load(&self.store, Which::All, now).await?;
        // A clock that was set back is behind the newest report: what it says is in force all the same.
        let newest = reports::newest_arrival(&self.store).await?;
        let derived = history::as_of(&self.store, newest.map_or(now, |newest| newest.max(now)), None).await?;
        let told: HashMap<RoomId, _> = derived
            .iter()
            .flat_map(|view| &view.rooms)
            .map(|room| (room.room.id, room.state))
            .collect();
        let rooms = kept
            .iter()
            .filter(|view| view.observed_at.is_some())
            .flat_map(|view| &view.rooms);
        Ok(check(
            "state_follows_the_newest_report",
            rooms.map(|room| told.get(&room.room.id) == Some(&room.state)),
        ))
    }
}
