//! Puts the demo country into an empty database: in bulk, a hundred shelters to a transaction, so that five thousand
//! shelters with thirty days of reports never lie in memory together. What it looks like is `domain::demo`'s business.

use std::collections::BTreeMap;

use chrono::Timelike;
use serde_json::json;

use super::Services;
use super::audit::entry;
use super::errors::Refused;
use super::schedules::kept_rule;
use super::shelters::Confidential;
use crate::domain::accounts::Role;
use crate::domain::demo::{Demo, DemoItem, History, PASSWORD, Supplies, Wish};
use crate::domain::digests::Cadence;
use crate::domain::id::{RecipientId, ScheduleId, UserId};
use crate::domain::logbook::Report;
use crate::domain::outbox::{Attach, Recipient, RecipientState, StoredSchedule};
use crate::domain::people::publish;
use crate::domain::reminders::Rhythm;
use crate::store::shelters::Which;
use crate::store::{Tx, accounts, audit, bulk, confidential, digests, period_figures, readers, reminders};

/// Shelters whose history is stored in one transaction.
const BATCH: usize = 100;

impl Services {
    /// Draws the demo country for this moment from the country pack.
    ///
    /// # Errors
    /// `Unexpected` when the demo's data and the country pack do not go together.
    pub fn demo_plan(&self, seed: u64, shelters: usize) -> Result<Demo, Refused> {
        let districts: Vec<(String, String)> = self
            .pack
            .districts
            .iter()
            .map(|row| (row.code.clone(), row.region.clone()))
            .collect();
        let items = self.pack.items.iter().map(|item| DemoItem {
            code: item.code.clone(),
            per_person_per_day: item.per_person_per_day.map(|rate| rate.units_per_day()),
            pack_size: item.pack_size,
        });
        let items: Vec<DemoItem> = items.collect();
        let (now, zone) = (self.now(), self.pack.time_zone);
        Demo::plan(&Wish {
            seed,
            shelters,
            now,
            zone,
            districts: &districts,
            items: &items,
        })
        .map_err(|fault| Refused::Unexpected(fault.to_string()))
    }

    /// Stores the country. `progress` hears how many shelters are done, history and all.
    ///
    /// # Errors
    /// `Conflict` (`not_empty`) when there are accounts already: a demo never mixes with anything.
    pub async fn seed_demo(&self, demo: &Demo, mut progress: impl FnMut(usize)) -> Result<(), Refused> {
        if self.has_users().await? {
            return Err(Refused::conflict("not_empty", "the database has accounts already"));
        }
        let password = self.hash(PASSWORD.to_owned()).await?;
        let tx = self.store.begin().await?;
        for row in &demo.organisations {
            accounts::insert_organisation(&tx, row, demo.now).await?;
        }
        let shelters: Vec<_> = demo.shelters.iter().map(|row| row.shelter.clone()).collect();
        bulk::insert_shelters(&tx, &shelters, demo.now).await?;
        for row in &demo.users {
            accounts::insert_user(&tx, row, &password, demo.now).await?;
        }
        self.seal_demo(&tx, demo).await?;
        self.schedule_demo(&tx, demo).await?;
        let unplaced = demo.unplaced();
        bulk::insert_referrals(&tx, &unplaced).await?;
        bulk::insert_events(&tx, &demo.told_of(&unplaced)).await?;
        self.count_demo(&tx, demo).await?;
        self.told_demo(&tx, demo, "demo.begin", demo.shelters.len()).await?;
        tx.commit().await?;

        let positions: Vec<usize> = (0..demo.shelters.len()).collect();
        let mut done = 0;
        for part in positions.chunks(BATCH) {
            let tx = self.store.begin().await?;
            let histories: Vec<History> = part.iter().map(|at| demo.history(*at)).collect();
            self.remind_demo(&tx, demo, part, &histories).await?;
            self.histories(&tx, histories).await?;
            self.told_demo(&tx, demo, "demo.history", part.len()).await?;
            tx.commit().await?;
            done += part.len();
            progress(done);
        }
        self.learn_use(None).await?;
        while self.keep_day().await? {}
        self.refresh(Which::All).await
    }

    /// The months of the past year, closed; what is longer is closed when it is read.
    async fn count_demo(&self, tx: &Tx, demo: &Demo) -> Result<(), Refused> {
        for (month, counted) in demo.months() {
            let published = publish(month, &counted, &BTreeMap::new());
            period_figures::close(tx, month, &(counted, published), demo.now).await?;
        }
        Ok(())
    }

    /// Who has not reported lately was reminded of it.
    async fn remind_demo(&self, tx: &Tx, demo: &Demo, part: &[usize], histories: &[History]) -> Result<(), Refused> {
        for (at, history) in part.iter().zip(histories) {
            let (Some(row), Some(newest)) = (demo.shelters.get(*at), history.reports.last()) else {
                continue;
            };
            let rhythm = Rhythm::of(&row.shelter, self.pack.time_zone);
            let taken = (self.pack.reminders).course(&rhythm, newest.observed_at, demo.now);
            reminders::insert(tx, row.shelter.id, &taken).await?;
        }
        Ok(())
    }

    async fn histories(&self, tx: &Tx, histories: Vec<History>) -> Result<(), Refused> {
        let (mut reports, mut current) = (Vec::new(), Vec::new());
        let (mut referrals, mut holds, mut events, mut supplies) =
            (Vec::new(), Vec::new(), Vec::new(), Supplies::default());
        for history in histories {
            if let Some(newest) = history.reports.last() {
                current.push(Report {
                    lines: history.current,
                    ..newest.clone()
                });
            }
            reports.extend(history.reports);
            referrals.extend(history.referrals);
            holds.extend(history.holds);
            events.extend(history.events);
            supplies.counts.extend(history.supplies.counts);
            supplies.movements.extend(history.supplies.movements);
        }
        bulk::insert_reports(tx, &reports).await?;
        bulk::set_current(tx, &current).await?;
        bulk::insert_referrals(tx, &referrals).await?;
        bulk::insert_holds(tx, &holds).await?;
        bulk::insert_events(tx, &events).await?;
        bulk::insert_stock(tx, &supplies.counts).await?;
        bulk::insert_movements(tx, &supplies.movements).await?;
        Ok(())
    }

    async fn seal_demo(&self, tx: &Tx, demo: &Demo) -> Result<(), Refused> {
        for row in &demo.shelters {
            let told = &row.confidential;
            let plain = serde_json::to_vec(&Confidential {
                address: told.address.clone(),
                contact_name: told.contact_name.clone(),
                contact_phone: told.contact_phone.clone(),
                meeting_point: told.meeting_point.clone(),
            })
            .map_err(|fault| Refused::Unexpected(fault.to_string()))?;
            let sealed = self.vault.seal(&self.ids, row.shelter.id.0, &plain)?;
            confidential::put(tx, row.shelter.id, sealed, demo.now).await?;
        }
        Ok(())
    }

    /// The digests. The daily one has made none yet, so that today's is made at once; the others wait for their next day.
    async fn schedule_demo(&self, tx: &Tx, demo: &Demo) -> Result<(), Refused> {
        let admins: Vec<UserId> = (demo.users.iter())
            .filter(|user| user.role == Role::Admin)
            .map(|user| user.id)
            .collect();
        for digest in &demo.digests {
            let minute = digest.time.hour() * 60 + digest.time.minute();
            let mut schedule = StoredSchedule {
                id: ScheduleId(self.ids.uuid(demo.now)),
                name: digest.name.clone(),
                cadence: digest.cadence.to_string(),
                rule: kept_rule(&digest.rule),
                expires_on: None,
                attach: Attach::default(),
                alarmed_period: None,
                at_minute: u16::try_from(minute).unwrap_or(0),
                zone: demo.zone.name().to_owned(),
                region: None,
                active: true,
                last_period: None,
                version: 1,
                created_at: demo.now,
            };
            if digest.cadence != Cadence::Daily {
                schedule.last_period = self.newest_slot(&schedule, demo.now);
            }
            digests::insert_schedule(tx, &schedule).await?;
            for person in &digest.recipients {
                let named = Recipient {
                    id: RecipientId(self.ids.uuid(demo.now)),
                    added_by: admins.first().copied(),
                    created_at: demo.now,
                    ..Recipient::named(schedule.id, &person.email, &person.name, &person.language)
                };
                readers::insert(tx, &if person.waits { named } else { active(named, &admins) }).await?;
            }
        }
        Ok(())
    }

    async fn told_demo(&self, tx: &Tx, demo: &Demo, action: &str, shelters: usize) -> Result<(), Refused> {
        let detail = json!({"seed": demo.seed, "shelters": shelters});
        audit::append(
            tx,
            vec![entry(None, demo.now, action, ("demo", demo.seed.to_string()), detail)],
        )
        .await?;
        Ok(())
    }
}

/// A reader who was approved by the second administrator and has confirmed.
fn active(named: Recipient, admins: &[UserId]) -> Recipient {
    Recipient {
        state: RecipientState::Active,
        approved_by: admins.last().copied(),
        approved_at: Some(named.created_at),
        confirmed_at: Some(named.created_at),
        ..named
    }
}
