//! Telephones of those who report: connected by a code that is sent from them, so that nobody types a number and nobody
//! connects one that is not in her hand. A number is kept sealed; it is found by its keyed hash.

use serde_json::json;
use zeroize::Zeroizing;

use super::Services;
use super::access::actor_of;
use super::audit::entry;
use super::errors::Refused;
use super::outbox::Parcel;
use super::telling::Telling;
use crate::domain::accounts::{Actor, User};
use crate::domain::id::{Moment, PhoneId};
use crate::domain::outbox::{Letter, Of};
use crate::domain::texts::{CODE_FOR, KEPT_FOR, MOST_PHONES};
use crate::store::phones::{Connection, Phone};
use crate::store::{Tx, accounts, audit, phones, texts};

/// A telephone as its owner sees it.
#[derive(Debug, Clone)]
pub struct PhoneView {
    pub id: PhoneId,
    /// The last two digits of its number, once it is connected.
    pub ending: Option<String>,
    pub created_at: Moment,
    pub connected_at: Option<Moment>,
    /// While its code is waited for: until when.
    pub code_until: Option<Moment>,
}

/// A code to be sent from the telephone that is to be connected. It is shown once.
pub struct PhoneCode {
    pub id: PhoneId,
    pub code: String,
    pub until: Moment,
}

impl Services {
    /// The actor's telephones that are connected or may still be.
    pub async fn phones(&self, actor: &Actor) -> Result<Vec<PhoneView>, Refused> {
        let now = self.now();
        let rows = phones::of_user(&self.store, actor.user_id).await?;
        let live = rows.into_iter().filter(|phone| is_live(phone, now));
        live.map(|phone| self.phone_view(&phone)).collect()
    }

    fn phone_view(&self, phone: &Phone) -> Result<PhoneView, Refused> {
        let last_two = |number: &str| number.get(number.len().saturating_sub(2)..).unwrap_or("").to_owned();
        let ending = self.number_of(phone)?.map(|number| last_two(&number));
        Ok(PhoneView {
            id: phone.id,
            ending,
            created_at: phone.created_at,
            connected_at: phone.connected_at,
            code_until: phone.code_until,
        })
    }

    /// The bare digits of a connected telephone.
    pub(super) fn number_of(&self, phone: &Phone) -> Result<Option<Zeroizing<String>>, Refused> {
        let Some(sealed) = &phone.number else { return Ok(None) };
        let plain = self.vault.open(phone.id.0, sealed)?;
        let text = std::str::from_utf8(&plain).map_err(|_| Refused::Unexpected("a number is no text".to_owned()))?;
        Ok(Some(Zeroizing::new(text.to_owned())))
    }

    /// Makes a code with which a telephone of the actor's can be connected within fifteen minutes.
    ///
    /// # Errors
    /// `Conflict` with `too_many_phones` or `too_many_codes` where there are three already.
    pub async fn add_phone(&self, actor: &Actor) -> Result<PhoneCode, Refused> {
        let now = self.now();
        let made = PhoneCode {
            id: PhoneId(self.ids.uuid(now)),
            code: self.ids.digits(),
            until: now + CODE_FOR,
        };
        let tx = self.store.begin().await?;
        phones::forget_codes(&tx, Some(actor.user_id), now).await?;
        let own = phones::of_user(&tx, actor.user_id).await?;
        let connected = own.iter().filter(|phone| phone.connected_at.is_some()).count();
        if connected >= MOST_PHONES {
            return Err(Refused::conflict(
                "too_many_phones",
                format!("at most {MOST_PHONES} telephones: remove one first"),
            ));
        }
        if own.len() - connected >= MOST_PHONES {
            return Err(Refused::conflict(
                "too_many_codes",
                format!("{MOST_PHONES} codes wait already: send one, remove one, or wait"),
            ));
        }
        phones::insert(
            &tx,
            made.id,
            actor.user_id,
            &self.code_hash(&made.code),
            made.until,
            now,
        )
        .await?;
        let told = entry(
            Some(actor),
            now,
            "phone.code",
            ("phone", made.id.to_string()),
            json!(null),
        );
        audit::append(&tx, vec![told]).await?;
        tx.commit().await?;
        Ok(made)
    }

    /// Forgets a telephone, connected or waiting.
    pub async fn remove_phone(&self, actor: &Actor, id: PhoneId) -> Result<(), Refused> {
        let now = self.now();
        let tx = self.store.begin().await?;
        if !phones::delete(&tx, actor.user_id, id).await? {
            return Err(Refused::NotFound);
        }
        let told = entry(Some(actor), now, "phone.remove", ("phone", id.to_string()), json!(null));
        audit::append(&tx, vec![told]).await?;
        tx.commit().await?;
        Ok(())
    }

    /// A code for the account of this address, made by an operator at the machine itself.
    ///
    /// # Errors
    /// `NotFound` if no manager who may sign in has the address; else as [`Services::add_phone`].
    pub async fn add_phone_of(&self, email: &str) -> Result<PhoneCode, Refused> {
        let found = accounts::credentials(&self.store, &email.trim().to_lowercase()).await?;
        let user = found
            .map(|found| found.user)
            .filter(User::may_report)
            .ok_or(Refused::NotFound)?;
        let mut actor = actor_of(&user);
        actor.origin = "cli".to_owned();
        self.add_phone(&actor).await
    }

    pub(super) fn code_hash(&self, code: &str) -> String {
        self.vault.hash("phone code", code.as_bytes())
    }

    /// By what a telephone is found.
    pub(super) fn number_hash(&self, number: &[u8]) -> String {
        self.vault.hash("phone number", number)
    }

    /// The hash of a number under each key, the newest first.
    pub(super) fn number_hashes(&self, number: &str) -> Vec<String> {
        self.vault.hashes("phone number", number.as_bytes())
    }

    /// Connects the telephone whose code came from this number. Whoever had the number before has it no longer. `false` if
    /// another message was quicker with the code.
    pub(super) async fn connect_phone(
        &self,
        tx: &Tx,
        phone: &Phone,
        actor: &Actor,
        with: (&str, &str, &str),
        telling: &mut Telling,
    ) -> Result<bool, Refused> {
        let (code, number, gateway) = with;
        let number_hash = self.number_hash(number.as_bytes());
        if let Some(former) = phones::by_number(tx, &self.number_hashes(number)).await? {
            phones::delete(tx, former.user_id, former.id).await?;
            let detail = json!({"user": former.user_id, "to": phone.id});
            telling.entry(Some(actor), "phone.moved", ("phone", former.id.to_string()), detail);
        }
        let connection = Connection {
            code_hash: &self.code_hash(code),
            number_hash: &number_hash,
            number: self.vault.seal(&self.ids, phone.id.0, number.as_bytes())?,
            gateway,
        };
        let done = phones::connect(tx, phone.id, connection, telling.now).await?;
        let detail = json!({"gateway": gateway});
        telling.entry(Some(actor), "phone.connect", ("phone", phone.id.to_string()), detail);
        Ok(done)
    }

    /// A letter that goes as a text message. `None` if the telephone is gone or its owner reports no longer.
    pub(super) async fn text_to_phone(&self, letter: &Letter) -> Result<Option<Parcel>, Refused> {
        let Of::Notice(notice) = &letter.of else {
            return Err(Refused::Unexpected("only notices go as text messages".to_owned()));
        };
        let unfit = |_| Refused::Unexpected("no id of a telephone".to_owned());
        let id: uuid::Uuid = letter.address.parse().map_err(unfit)?;
        let Some(phone) = phones::get(&self.store, PhoneId(id)).await? else {
            return Ok(None);
        };
        let owner = accounts::user(&self.store, phone.user_id).await?;
        let number = self.number_of(&phone)?;
        Ok(number
            .filter(|_| owner.is_some_and(|owner| owner.may_report()))
            .map(|number| Parcel::Sms {
                gateway: phone.gateway.clone().unwrap_or_default(),
                number: number.to_string(),
                text: notice.text.clone(),
            }))
    }

    /// Forgets messages of more than thirty days ago and codes that nobody sent.
    pub async fn forget_old_texts(&self) -> Result<u64, Refused> {
        let now = self.now();
        let tx = self.store.begin().await?;
        let gone = texts::purge(&tx, now - KEPT_FOR).await? + phones::forget_codes(&tx, None, now).await?;
        tx.commit().await?;
        Ok(gone)
    }
}

/// Connected, or its code can still be sent.
pub(super) fn is_live(phone: &Phone, now: Moment) -> bool {
    phone.connected_at.is_some() || phone.code_until.is_some_and(|until| now < until)
}
