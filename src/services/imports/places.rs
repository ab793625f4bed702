//! The shelters, rooms and operators a table speaks of: made when first seen, afterwards left as an administrator may
//! have edited them, except that a place once hidden stays hidden and a room once seen stays known.

use std::collections::{BTreeMap, BTreeSet};

use super::super::errors::Refused;
use super::Import;
use crate::domain::accounts::Organisation;
use crate::domain::id::{OrganisationId, RoomId, ShelterId};
use crate::domain::occupancy::{OccupancyRow, RoomRow};
use crate::domain::rooms::Room;
use crate::domain::shelters::{LocationPolicy, Shelter};
use crate::store::{Tx, accounts, bulk, shelters};

impl Import<'_> {
    /// Makes and mends what the rows speak of; says for each row whether that changed anything.
    pub(super) async fn place(&mut self, tx: &Tx, rows: &[OccupancyRow]) -> Result<Vec<bool>, Refused> {
        let mut new: BTreeSet<String> = BTreeSet::new();
        let mut edited: BTreeMap<String, Shelter> = BTreeMap::new();
        let mut changed = Vec::with_capacity(rows.len());
        for row in rows {
            let organisation = self.operator(tx, row).await?;
            let code = &row.shelter.code;
            let Some(known) = self.shelters.get(code) else {
                let made = self.made(row, organisation)?;
                new.insert(code.clone());
                self.counts.shelters += 1;
                self.counts.rooms += made.rooms.len() as u64;
                self.shelters.insert(code.clone(), made);
                changed.push(true);
                continue;
            };
            let Some(mended) = self.mended(known, row) else {
                changed.push(false);
                continue;
            };
            if !new.contains(code) {
                edited.entry(code.clone()).or_insert_with(|| known.clone());
            }
            self.counts.rooms += (mended.rooms.len() - known.rooms.len()) as u64;
            self.shelters.insert(code.clone(), mended);
            changed.push(true);
        }
        let made: Vec<Shelter> = new.iter().filter_map(|code| self.shelters.get(code).cloned()).collect();
        bulk::insert_shelters(tx, &made, self.now).await?;
        for (code, before) in edited {
            if let Some(row) = self.shelters.get_mut(&code) {
                shelters::update(tx, &before, row, self.now).await?;
                row.version += 1;
            }
        }
        Ok(changed)
    }

    async fn operator(&mut self, tx: &Tx, row: &OccupancyRow) -> Result<OrganisationId, Refused> {
        let code = &row.shelter.operator_code;
        if let Some(id) = self.organisations.get(code) {
            return Ok(*id);
        }
        let made = Organisation {
            id: OrganisationId(self.services.ids.uuid(self.now)),
            code: code.clone(),
            name: row.shelter.operator_name.clone(),
            operates: true,
            refers: false,
        };
        accounts::insert_organisation(tx, &made, self.now).await?;
        self.organisations.insert(code.clone(), made.id);
        Ok(made.id)
    }

    fn made(&self, row: &OccupancyRow, organisation_id: OrganisationId) -> Result<Shelter, Refused> {
        let told = &row.shelter;
        let unknown = || Refused::Unexpected(format!("the map has no rules for sector {:?}", told.sector));
        Ok(Shelter {
            id: ShelterId(self.services.ids.uuid(self.now)),
            code: told.code.clone(),
            name: told.name.clone(),
            organisation_id,
            district: told.district.clone(),
            region: told.region.clone(),
            kind: told.kind,
            location_policy: told.location_policy,
            sector: told.sector.clone(),
            intake: None,
            longest_stay_days: None,
            languages: self.map.languages.clone(),
            services: BTreeSet::new(),
            rules: self.map.rules_for(told).ok_or_else(unknown)?,
            report_due: self.map.report_due,
            report_interval_hours: self.map.report_interval_hours,
            canary: false,
            rooms: row.rooms.iter().map(|room| self.room(room)).collect(),
            version: 1,
        })
    }

    fn room(&self, told: &RoomRow) -> Room {
        Room {
            id: RoomId(self.services.ids.uuid(self.now)),
            label: told.label.clone(),
            kind: told.kind,
            beds: told.beds,
            cots: 0,
            step_free: false,
            sleeps: told.sleeps,
        }
    }

    /// The shelter as this row would have it, if that differs. A report's own sizes are set with its state.
    fn mended(&self, known: &Shelter, row: &OccupancyRow) -> Option<Shelter> {
        let hidden = row.shelter.location_policy == LocationPolicy::Confidential
            && known.location_policy == LocationPolicy::Disclosed;
        let named = |room: &RoomRow| known.rooms.iter().find(|old| old.label == room.label);
        let more: Vec<Room> = row
            .rooms
            .iter()
            .filter(|room| named(room).is_none())
            .map(|room| self.room(room))
            .collect();
        let resized = !row.is_report()
            && row
                .rooms
                .iter()
                .any(|room| named(room).is_some_and(|old| old.beds != room.beds));
        if !hidden && more.is_empty() && !resized {
            return None;
        }
        let mut mended = known.clone();
        if hidden {
            mended.location_policy = LocationPolicy::Confidential;
        }
        if resized {
            for room in &mut mended.rooms {
                if let Some(told) = row.rooms.iter().find(|told| told.label == room.label) {
                    room.beds = told.beds;
                }
            }
        }
        mended.rooms.extend(more);
        Some(mended)
    }

    /// Sets rooms' sizes where they differ from what is known.
    pub(super) async fn resize(&mut self, tx: &Tx, sizes: &[(RoomId, u16, u16)]) -> Result<(), Refused> {
        let wanted: BTreeMap<RoomId, (u16, u16)> = sizes.iter().map(|(id, beds, cots)| (*id, (*beds, *cots))).collect();
        let mut differing = Vec::new();
        for room in self.shelters.values_mut().flat_map(|shelter| &mut shelter.rooms) {
            if let Some((beds, cots)) = wanted.get(&room.id)
                && (room.beds, room.cots) != (*beds, *cots)
            {
                (room.beds, room.cots) = (*beds, *cots);
                differing.push((room.id, *beds, *cots));
            }
        }
        bulk::resize_rooms(tx, &differing).await?;
        Ok(())
    }
}
