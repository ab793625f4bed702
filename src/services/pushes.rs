//! Browsers that show notifications: adding and removing one's own, and making what goes to them. Their addresses are
//! sealed; whoever knows one can write to that browser.

use serde_json::json;
use uuid::Uuid;

use super::Services;
use super::audit::entry;
use super::errors::Refused;
use super::once::{Once, Turn};
use crate::domain::accounts::Actor;
use crate::domain::errors::FieldError;
use crate::domain::id::Moment;
use crate::domain::outbox::{Letter, Of};
use crate::push::{Fault, Push, Subscription, Vapid, seal};
use crate::store::ways::{self, Browser};
use crate::store::{Tx, accounts, audit};

/// Most browsers of one person.
pub const MOST_BROWSERS: u64 = 5;
/// Every notification is made as long as this, in bytes: longer than any sentence of ours.
const ALIKE: usize = 640;

/// Under which name endpoints are hashed.
const ENDPOINT: &str = "push: endpoint";

/// A subscription as a browser gives it.
#[derive(Debug, Clone)]
pub struct BrowserDraft {
    pub endpoint: String,
    pub p256dh: String,
    pub auth: String,
}

impl Services {
    /// The browsers of the signed-in person, and the public key that another subscribes under.
    pub async fn browsers(&self, actor: &Actor) -> Result<(String, Vec<Browser>), Refused> {
        let key = self.vapid()?.public;
        Ok((key, ways::browsers(&self.store, actor.user_id).await?))
    }

    /// Adds the browser she sits at. Known already, nothing changes; if somebody else was signed in at it before, it is
    /// hers from now on.
    ///
    /// # Errors
    /// `Invalid`, by field; `Conflict` (`too_many_browsers`).
    pub async fn add_browser(&self, actor: &Actor, draft: &BrowserDraft, once: Once<Uuid>) -> Result<String, Refused> {
        let subscription = Subscription::parse(&draft.endpoint, &draft.p256dh, &draft.auth, &self.push_hosts)
            .map_err(|faults| Refused::Invalid(faults.into_iter().map(told).collect()))?;
        let now = self.now();
        let tx = self.store.begin().await?;
        let claimed = match once.claim(&tx, actor, now).await? {
            Turn::Again(answer) => return Ok(answer),
            Turn::First(claimed) => claimed,
        };
        let id = self.keep_browser(&tx, actor, &subscription, now).await?;
        let answer = claimed.keep(&tx, &id).await?;
        tx.commit().await?;
        Ok(answer)
    }

    async fn keep_browser(
        &self,
        tx: &Tx,
        actor: &Actor,
        subscription: &Subscription,
        now: Moment,
    ) -> Result<Uuid, Refused> {
        let plain = serde_json::to_vec(subscription).map_err(|e| Refused::Unexpected(e.to_string()))?;
        let hashes = self.vault.hashes(ENDPOINT, subscription.endpoint.as_bytes());
        if let Some((known, sealed)) = ways::browser_at(tx, &hashes).await? {
            // The same address with other keys cannot be read by what was kept.
            let same = self.vault.open(known.id, &sealed).is_ok_and(|kept| *kept == plain);
            if same && known.user_id == actor.user_id {
                return Ok(known.id);
            }
            ways::remove_browser(tx, known.id, None).await?;
        }
        if ways::count_browsers(tx, actor.user_id).await? >= MOST_BROWSERS {
            let detail = format!("at most {MOST_BROWSERS} browsers; remove one first");
            return Err(Refused::conflict("too_many_browsers", detail));
        }
        let row = Browser {
            id: self.ids.uuid(now),
            user_id: actor.user_id,
            created_at: now,
        };
        let sealed = self.vault.seal(&self.ids, row.id, &plain)?;
        ways::insert_browser(tx, row, &self.endpoint_hash(&subscription.endpoint), sealed).await?;
        let told = entry(
            Some(actor),
            now,
            "push.add",
            ("browser", row.id.to_string()),
            json!(null),
        );
        audit::append(tx, vec![told]).await?;
        Ok(row.id)
    }

    /// Removes one of her own browsers.
    pub async fn remove_browser(&self, actor: &Actor, id: Uuid) -> Result<(), Refused> {
        let tx = self.store.begin().await?;
        if !ways::remove_browser(&tx, id, Some(actor.user_id)).await? {
            return Err(Refused::NotFound);
        }
        let told = entry(
            Some(actor),
            self.now(),
            "push.remove",
            ("browser", id.to_string()),
            json!(null),
        );
        audit::append(&tx, vec![told]).await?;
        tx.commit().await?;
        Ok(())
    }

    /// A notification, sealed for the browser it goes to. `None` if that browser is gone or its owner reports no longer.
    pub(super) async fn push(&self, letter: &Letter) -> Result<Option<Push>, Refused> {
        let unfit = |why: &str| Refused::Unexpected(why.to_owned());
        let Of::Notice(notice) = &letter.of else {
            return Err(unfit("a digest does not go to a browser"));
        };
        let id: Uuid = letter.address.parse().map_err(|_| unfit("no id of a browser"))?;
        let Some((browser, sealed)) = ways::browser(&self.store, id).await? else {
            return Ok(None);
        };
        let owner = accounts::user(&self.store, browser.user_id).await?;
        if !owner.is_some_and(|owner| owner.may_report()) {
            return Ok(None);
        }
        let plain = self.vault.open(browser.id, &sealed)?;
        let to: Subscription = serde_json::from_slice(&plain).map_err(|e| Refused::Unexpected(e.to_string()))?;
        if !to.is_allowed(&self.push_hosts) {
            return Err(unfit("its push service is not on the list any more"));
        }
        let text = json!({"text": notice.text}).to_string();
        let salt: [u8; 32] = self.ids.secret();
        let salt = salt.first_chunk().ok_or_else(|| unfit("no salt"))?;
        // A secret that is no private key is drawn once in four thousand million times.
        let body = (0..3).find_map(|_| seal(&to, text.as_bytes(), ALIKE, &self.ids.secret(), salt));
        let topic = self.vault.derive("push: topic", notice.kind.to_string().as_bytes());
        let origin = to.origin();
        Ok(Some(Push {
            authorization: self.vapid()?.authorization(&origin, &self.mail_from, self.now()),
            endpoint: to.endpoint,
            // At most 32 letters; the push service learns from it only which messages are alike.
            topic: hex::encode(topic.first_chunk::<12>().ok_or_else(|| unfit("no topic"))?),
            urgent: notice.kind.is_urgent(),
            body: body.ok_or_else(|| unfit("it cannot be sealed"))?,
        }))
    }

    /// By what a browser's subscription is found.
    pub(super) fn endpoint_hash(&self, endpoint: &str) -> String {
        self.vault.hash(ENDPOINT, endpoint.as_bytes())
    }

    /// The key under which browsers subscribe to this installation, from the oldest key of the key file: a browser takes
    /// nothing from another.
    fn vapid(&self) -> Result<Vapid, Refused> {
        (0..=u8::MAX)
            .find_map(|turn| Vapid::new(&self.vault.derive_lasting("push: VAPID", &[turn])))
            .ok_or_else(|| Refused::Unexpected("no key for push services".to_owned()))
    }
}

fn told(fault: Fault) -> FieldError {
    let (field, code) = match fault {
        Fault::Endpoint => ("endpoint", "malformed"),
        Fault::Host => ("endpoint", "not_allowed"),
        Fault::Key => ("keys.p256dh", "malformed"),
        Fault::Auth => ("keys.auth", "malformed"),
    };
    FieldError::new(field, code, fault.to_string())
}
