//! Encrypted addresses and contacts: ciphertext in, ciphertext out.

use entity::shelter_confidential as confidential;
use sea_orm::{ActiveValue::Set, EntityTrait};

use super::convert::millis;
use super::sealed::Sealed;
use super::{Reads, StoreError, Tx};
use crate::domain::id::{Moment, ShelterId};

pub async fn get(db: &impl Reads, id: ShelterId) -> Result<Option<Sealed>, StoreError> {
    let row = confidential::Entity::find_by_id(id.0).one(db.connection()).await?;
    Ok(row.map(|row| Sealed {
        key_id: row.key_id,
        nonce: row.nonce,
        ciphertext: row.ciphertext,
    }))
}

pub async fn put(tx: &Tx, id: ShelterId, sealed: Sealed, now: Moment) -> Result<(), StoreError> {
    confidential::Entity::delete_by_id(id.0).exec(tx.connection()).await?;
    confidential::Entity::insert(confidential::ActiveModel {
        shelter_id: Set(id.0),
        key_id: Set(sealed.key_id),
        nonce: Set(sealed.nonce),
        ciphertext: Set(sealed.ciphertext),
        version: Set(1),
        updated_at: Set(millis(now)),
    })
    .exec_without_returning(tx.connection())
    .await?;
    Ok(())
}
