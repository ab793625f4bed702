//! Browsers from which somebody signed in before. Being known gives no right; it keeps a flood of guesses by strangers from
//! shutting the owner out.

use serde_json::json;

use super::Services;
use super::access::{TOKEN_PREFIX, token_hash};
use super::audit::entry;
use super::errors::Refused;
use super::sign_in::Attempt;
use crate::domain::accounts::{Actor, DEVICE_LASTS, Device, MOST_DEVICES, User};
use crate::domain::id::{DeviceId, Moment};
use crate::store::{Tx, audit, devices};

/// A device of one's own, as one sees it.
pub struct DeviceView {
    pub device: Device,
    /// Whether the request comes from it.
    pub current: bool,
}

impl Services {
    /// The browser this person signed in from before, if the token that came is one of hers.
    pub(super) async fn device_of(
        &self,
        user: Option<&User>,
        token: Option<&str>,
        now: Moment,
    ) -> Result<Option<Device>, Refused> {
        match (user, token.filter(|token| token.starts_with(TOKEN_PREFIX))) {
            (Some(user), Some(token)) => Ok(devices::find(&self.store, user.id, &token_hash(token), now).await?),
            _ => Ok(None),
        }
    }

    /// Knows the browser from now on, or for longer; the token it is to keep. A token that nobody gave out is not taken over.
    pub(super) async fn know_device(
        &self,
        tx: &Tx,
        user: &User,
        known: Option<Device>,
        attempt: &Attempt,
        now: Moment,
    ) -> Result<Option<String>, Refused> {
        if !attempt.from_browser {
            return Ok(None);
        }
        let expires_at = now + DEVICE_LASTS;
        if let (Some(known), Some(token)) = (known, &attempt.device) {
            let renewed = Device {
                client: attempt.client.clone(),
                last_used_at: now,
                expires_at,
                ..known
            };
            devices::renew(tx, &renewed).await?;
            return Ok(Some(token.clone()));
        }
        // Somebody else of the house has signed in from it: it keeps its token.
        let token = match &attempt.device {
            Some(token) if devices::is_known(tx, &token_hash(token)).await? => token.clone(),
            _ => self.new_token(),
        };
        let of_before = devices::of_user(tx, user.id, now).await?;
        let too_many: Vec<DeviceId> = of_before
            .iter()
            .skip(MOST_DEVICES - 1)
            .map(|device| device.id)
            .collect();
        devices::remove(tx, user.id, &too_many).await?;
        let row = Device {
            id: DeviceId(self.ids.uuid(now)),
            user_id: user.id,
            client: attempt.client.clone(),
            created_at: now,
            last_used_at: now,
            expires_at,
        };
        // One of hers that was known too long ago still has its row.
        devices::forget_token(tx, user.id, &token_hash(&token)).await?;
        devices::insert(tx, &row, &token_hash(&token)).await?;
        Ok(Some(token))
    }

    /// The actor's browsers; `token` is what the request brought.
    pub async fn devices(&self, actor: &Actor, token: Option<&str>) -> Result<Vec<DeviceView>, Refused> {
        let now = self.now();
        let rows = devices::of_user(&self.store, actor.user_id, now).await?;
        let current = match token {
            Some(token) => devices::find(&self.store, actor.user_id, &token_hash(token), now).await?,
            None => None,
        };
        let current = current.map(|device| device.id);
        let view = |device: Device| DeviceView {
            current: current == Some(device.id),
            device,
        };
        Ok(rows.into_iter().map(view).collect())
    }

    /// Knows a browser no more. Sessions from it go on: they are ended in their own list.
    pub async fn forget_device(&self, actor: &Actor, id: DeviceId) -> Result<(), Refused> {
        let tx = self.store.begin().await?;
        if devices::remove(&tx, actor.user_id, &[id]).await? == 0 {
            return Err(Refused::NotFound);
        }
        let object = ("device", id.to_string());
        let told = entry(Some(actor), self.now(), "device.forget", object, json!(null));
        audit::append(&tx, vec![told]).await?;
        Ok(tx.commit().await?)
    }
}
