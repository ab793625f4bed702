//! Shelters as an administrator keeps them, and their confidential data as only those who run them see it.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::Services;
use super::audit::entry;
use super::errors::Refused;
use super::people::taken;
use crate::domain::accounts::{Actor, ShelterScope};
use crate::domain::errors::FieldError;
use crate::domain::id::{Moment, RoomId, ShelterId};
use crate::domain::quotas::QuotaKind;
use crate::domain::rooms::{Held, Room, RoomView};
use crate::domain::shelters::Shelter;
use crate::store::shelters::Which;
use crate::store::{Tx, accounts, audit, confidential, shelters, views};

/// What only those who run the shelter, and a household's officer after acceptance, may learn. Encrypted at rest.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confidential {
    pub address: String,
    pub contact_name: String,
    pub contact_phone: String,
    pub meeting_point: String,
}

impl Services {
    /// One page of the shelters the actor keeps or runs, by code.
    pub async fn shelters(&self, actor: &Actor, after: Option<&str>, limit: u64) -> Result<Vec<Shelter>, Refused> {
        Ok(shelters::page(&self.store, &actor.shelter_scope(), after, limit).await?)
    }

    pub async fn shelter(&self, actor: &Actor, id: ShelterId) -> Result<Shelter, Refused> {
        shelters::get(&self.store, &actor.shelter_scope(), id)
            .await?
            .ok_or(Refused::NotFound)
    }

    /// Adds a shelter; ids of it and of its rooms are given here.
    pub async fn add_shelter(&self, actor: &Actor, mut row: Shelter) -> Result<Shelter, Refused> {
        let now = self.now();
        row.id = ShelterId(self.ids.uuid(now));
        row.version = 1;
        for room in &mut row.rooms {
            room.id = RoomId(self.ids.uuid(now));
        }
        self.place_shelter(&mut row).await?;
        let tx = self.store.begin().await?;
        shelters::insert(&tx, &row, now).await.map_err(|e| taken(e, "code"))?;
        let told = entry(
            Some(actor),
            now,
            "shelter.create",
            ("shelter", row.id.to_string()),
            json!({"code": row.code}),
        );
        audit::append(&tx, vec![told]).await?;
        tx.commit().await?;
        if !row.canary {
            self.refresh(Which::Ids(&[row.id])).await?;
        }
        Ok(row)
    }

    /// Edits a shelter. A room without an id is new; a room left out is retired, unless somebody is in it. `Stale` when
    /// it was edited since `row.version`.
    pub async fn change_shelter(
        &self,
        actor: &Actor,
        mut row: Shelter,
        new_rooms: &[usize],
    ) -> Result<Shelter, Refused> {
        let now = self.now();
        for at in new_rooms {
            if let Some(room) = row.rooms.get_mut(*at) {
                room.id = RoomId(self.ids.uuid(now));
            }
        }
        self.place_shelter(&mut row).await?;
        let tx = self.store.begin().await?;
        let (before, inside) = before_change(&tx, &row, now).await?;
        if before.version != row.version {
            return Err(Refused::Stale);
        }
        for (at, room) in row.rooms.iter().enumerate() {
            let known = before.rooms.iter().any(|old| old.id == room.id);
            if !known && !new_rooms.contains(&at) {
                return Err(Refused::invalid(
                    format!("rooms[{at}].id"),
                    "unknown",
                    "no such room in this shelter",
                ));
            }
        }
        for old in &inside {
            let new = row.rooms.iter().find(|room| room.id == old.room.id);
            if takes_from_those_inside(old, new, now) {
                return Err(Refused::conflict(
                    "room_in_use",
                    format!("room {} houses or holds somebody", old.room.label),
                ));
            }
        }
        shelters::update(&tx, &before, &row, now)
            .await
            .map_err(|e| taken(e, "code"))?;
        let told = entry(
            Some(actor),
            now,
            "shelter.change",
            ("shelter", row.id.to_string()),
            json!({"version": row.version + 1}),
        );
        audit::append(&tx, vec![told]).await?;
        tx.commit().await?;
        row.version += 1;
        if !row.canary {
            self.refresh(Which::Ids(&[row.id])).await?;
        }
        Ok(row)
    }

    /// Puts the shelter into its region and makes sure its organisation and district exist.
    async fn place_shelter(&self, row: &mut Shelter) -> Result<(), Refused> {
        let mut errors = Vec::new();
        match self.pack.region_of(&row.district) {
            Some(region) => row.region.clone_from(&region.code),
            None => errors.push(FieldError::new(
                "district",
                "unknown",
                "not a district of this country pack",
            )),
        }
        match accounts::organisation(&self.store, row.organisation_id).await? {
            Some(organisation) if organisation.operates => {}
            Some(_) => {
                errors.push(FieldError::new(
                    "organisation_id",
                    "not_allowed",
                    "this organisation operates no shelters",
                ));
            }
            None => errors.push(FieldError::new("organisation_id", "unknown", "no such organisation")),
        }
        if errors.is_empty() {
            Ok(())
        } else {
            Err(Refused::Invalid(errors))
        }
    }

    /// Reads address and contacts for a stated reason, so often a day; the reading itself is on record before anything is
    /// shown.
    pub async fn confidential(&self, actor: &Actor, id: ShelterId, reason: &str) -> Result<Confidential, Refused> {
        if !actor.own_shelters().covers(id) {
            return Err(Refused::NotFound);
        }
        let found = self.open_confidential(id).await?;
        let tx = self.store.begin().await?;
        let mut telling = self.telling(self.now());
        let kind = QuotaKind::ConfidentialReads;
        self.charge(&tx, &mut telling, actor, (kind, 1)).await?;
        let detail = json!({"reason": reason});
        telling.entry(Some(actor), "confidential.read", ("shelter", id.to_string()), detail);
        self.finish(tx, telling).await?;
        Ok(found)
    }

    pub(super) async fn open_confidential(&self, id: ShelterId) -> Result<Confidential, Refused> {
        let Some(sealed) = confidential::get(&self.store, id).await? else {
            return Ok(Confidential::default());
        };
        let plain = self.vault.open(id.0, &sealed)?;
        serde_json::from_slice(&plain).map_err(|_| Refused::Unexpected("a sealed row does not read".to_owned()))
    }

    pub async fn set_confidential(&self, actor: &Actor, id: ShelterId, what: &Confidential) -> Result<(), Refused> {
        if !actor.own_shelters().covers(id) {
            return Err(Refused::NotFound);
        }
        let plain = serde_json::to_vec(what).map_err(|e| Refused::Unexpected(e.to_string()))?;
        let sealed = self.vault.seal(&self.ids, id.0, &plain)?;
        let now = self.now();
        let tx = self.store.begin().await?;
        confidential::put(&tx, id, sealed, now).await?;
        let told = entry(
            Some(actor),
            now,
            "confidential.write",
            ("shelter", id.to_string()),
            json!(null),
        );
        audit::append(&tx, vec![told]).await?;
        tx.commit().await?;
        Ok(())
    }
}

/// The shelter as it stands, under its lock, with what is in its rooms. In a canary there is nobody, and no lock either.
async fn before_change(tx: &Tx, row: &Shelter, now: Moment) -> Result<(Shelter, Vec<RoomView>), Refused> {
    if row.canary {
        let before = shelters::get(tx, &ShelterScope::All, row.id).await?;
        return Ok((before.ok_or(Refused::NotFound)?, Vec::new()));
    }
    if views::lock(tx, row.id).await?.is_none() {
        return Err(Refused::NotFound);
    }
    let view = views::one(tx, row.id, now).await?.ok_or(Refused::NotFound)?;
    Ok((view.shelter, view.rooms))
}

/// Whether an edit would retire a room that houses or holds somebody, make it another kind of room under them, or leave
/// it smaller than what is promised in it. (More people than beds is real life and no reason.)
fn takes_from_those_inside(old: &RoomView, new: Option<&Room>, now: Moment) -> bool {
    let held = old.claimed(now);
    let in_use = old.state.occupied_beds > 0 || old.state.occupied_cots > 0 || held != Held::default();
    match new {
        None => in_use,
        Some(new) => in_use && new.kind != old.room.kind || held.beds > new.beds || held.cots > new.cots,
    }
}
