//! Reports by text message: whose telephone it is, whether the message is new, what it says, and what is answered. All of
//! it is one transaction with the report itself. The words are never kept: only a keyed hash of them.

mod meaning;

use serde_json::json;

use super::Services;
use super::access::actor_of;
use super::audit::entry;
use super::digest_input::Names;
use super::errors::Refused;
use super::phones::is_live;
use super::telling::Telling;
use crate::domain::accounts::{Actor, User};
use crate::domain::id::{Moment, ReportId, ShelterId};
use crate::domain::texts::{
    CODE_DIGITS, MOST_PHONES, Outcome, SEEN, Turn, canonical, example, is_confirmed, lex, number, only_digits, turn,
};
use crate::letters::{self, Reply};
use crate::store::phones::Phone;
use crate::store::shelters::Which;
use crate::store::texts::{Earlier, MessageKey};
use crate::store::{Tx, accounts, audit, phones, texts};

/// A message as a gateway told of it; the gateway has proved itself.
#[derive(Debug, Clone)]
pub struct Inbound {
    pub gateway: String,
    pub message_id: String,
    pub from: String,
    pub text: String,
}

/// What to write back.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Written {
    /// The bare digits to write to.
    pub number: String,
    /// `None`: nothing.
    pub text: Option<String>,
    /// This message was answered before: whoever writes replies by a call of its own has written this one.
    pub again: bool,
}

/// A message on its way: of whom, under which id.
struct Arrived<'a> {
    inbound: &'a Inbound,
    number: String,
    actor: Actor,
    language: String,
    /// Under each key, the newest first.
    words_hashes: Vec<String>,
    now: Moment,
}

/// What a message came to.
struct Done {
    outcome: Outcome,
    answer: String,
    report: Option<ReportId>,
    /// A shelter whose state is another now.
    changed: Option<ShelterId>,
}

impl Done {
    fn said(outcome: Outcome, answer: String) -> Self {
        Self {
            outcome,
            answer,
            report: None,
            changed: None,
        }
    }
}

impl Services {
    /// Takes a text message. Whoever is not known, or may not report, is answered nothing, and nothing of the message
    /// is kept.
    ///
    /// # Errors
    /// `KeyReused` where the gateway gave another message the same id; `Unavailable` where it is best sent again.
    pub async fn take_text(&self, inbound: &Inbound) -> Result<Written, Refused> {
        let Some(number) = number(&inbound.from) else {
            return Ok(Written::default());
        };
        // A twin that connected the same telephone a moment before makes the second look find it.
        for _ in 0..3 {
            match self.try_text(inbound, &number).await {
                Ok(None) | Err(Refused::Stale) => {}
                Ok(Some(written)) => return Ok(written),
                Err(Refused::Conflict { .. }) => {}
                Err(other) => return Err(other),
            }
        }
        Err(Refused::Unavailable)
    }

    /// One look; `None` if what it saw had changed before it could act on it.
    async fn try_text(&self, inbound: &Inbound, number: &str) -> Result<Option<Written>, Refused> {
        let now = self.now();
        let number_hashes = self.number_hashes(number);
        let tx = self.store.begin().await?;
        let known = match phones::by_number(&tx, &number_hashes).await? {
            None => None,
            Some(phone) if phones::wrote(&tx, phone.id, &number_hashes, &inbound.gateway).await? => {
                let user = accounts::user(&tx, phone.user_id).await?.filter(User::may_report);
                user.map(|user| (phone, user))
            }
            Some(_) => return Ok(None),
        };
        let code = only_digits(&inbound.text, CODE_DIGITS);
        if let Some(code) = &code
            && (known.is_some() || self.strangers.codes.admit(number, now))
            && let Some(phone) = phones::by_code(&tx, &self.code_hash(code)).await?
            && is_live(&phone, now)
            && let Some(user) = accounts::user(&tx, phone.user_id).await?.filter(User::may_report)
        {
            let arrived = self.arrived(inbound, number, &user, now);
            return self.connected(tx, &arrived, &phone, code).await;
        }
        match known {
            None => Ok(Some(Written::default())),
            Some((phone, user)) => {
                let arrived = self.arrived(inbound, number, &user, now);
                self.of_known(tx, &arrived, &phone).await.map(Some)
            }
        }
    }

    fn arrived<'a>(&self, inbound: &'a Inbound, number: &str, user: &User, now: Moment) -> Arrived<'a> {
        let mut actor = actor_of(user);
        actor.origin = format!("sms:{}", inbound.gateway);
        let words = canonical(&inbound.text);
        Arrived {
            inbound,
            number: number.to_owned(),
            actor,
            language: user.language.clone(),
            words_hashes: self.vault.hashes("text", words.as_bytes()),
            now,
        }
    }

    async fn connected(
        &self,
        tx: Tx,
        arrived: &Arrived<'_>,
        phone: &Phone,
        code: &str,
    ) -> Result<Option<Written>, Refused> {
        let own = phones::of_user(&tx, phone.user_id).await?;
        let mut telling = self.telling(arrived.now);
        let of_others = |other: &&Phone| other.connected_at.is_some();
        if own.iter().filter(of_others).count() >= MOST_PHONES {
            // Which number it was is not looked at: the code is hers, and the answer says nothing else.
            let text = self.print_reply(arrived, &Reply::TooManyPhones);
            return Ok(Some(arrived.written(text, false)));
        }
        let with = (code, arrived.number.as_str(), arrived.inbound.gateway.as_str());
        if !self
            .connect_phone(&tx, phone, &arrived.actor, with, &mut telling)
            .await?
        {
            return Ok(None);
        }
        if texts::claim(&tx, arrived.key(), phone.id, arrived.words_hash(), arrived.now)
            .await?
            .is_some()
        {
            return Err(Refused::KeyReused);
        }
        let (book, views) = self.book(&tx, &arrived.actor, arrived.now).await?;
        let example = views.first().map(|view| example(view, 0, &book));
        let answer = self.print_reply(arrived, &Reply::Connected { example });
        let done = Done::said(Outcome::Connected, answer);
        self.close(tx, arrived, done, telling).await.map(Some)
    }

    async fn of_known(&self, tx: Tx, arrived: &Arrived<'_>, phone: &Phone) -> Result<Written, Refused> {
        let since = arrived.now - chrono::Duration::hours(1);
        let before = texts::recent(&tx, phone.id, since, SEEN as u64).await?;
        let earlier = texts::claim(&tx, arrived.key(), phone.id, arrived.words_hash(), arrived.now).await?;
        if let Some(earlier) = earlier {
            return if earlier.phone_id == phone.id && arrived.said(&earlier) {
                Ok(arrived.written(earlier.answer, true))
            } else {
                Err(Refused::KeyReused)
            };
        }
        let outcomes: Vec<Outcome> = before.iter().map(|row| row.outcome).collect();
        let mut telling = self.telling(arrived.now);
        let done = match turn(&outcomes) {
            Turn::Forget => return Ok(arrived.written(String::new(), false)),
            Turn::Silence => Done::said(Outcome::Limited, String::new()),
            Turn::Tell => Done::said(Outcome::Limited, self.print_reply(arrived, &Reply::TooMany)),
            Turn::Take => {
                let same = |last: &Earlier| arrived.said(last);
                let confirmed = before
                    .first()
                    .is_some_and(|last| is_confirmed(last.outcome, last.received_at, same(last), arrived.now));
                self.understood(&tx, arrived, confirmed, &mut telling).await?
            }
        };
        self.close(tx, arrived, done, telling).await
    }

    /// Writes the answer down, commits, and draws what has changed.
    async fn close(&self, tx: Tx, arrived: &Arrived<'_>, done: Done, mut telling: Telling) -> Result<Written, Refused> {
        texts::settle(&tx, arrived.key(), done.outcome, &done.answer, done.report).await?;
        let detail = json!({"gateway": arrived.inbound.gateway, "outcome": done.outcome.to_string()});
        let object = ("user", arrived.actor.user_id.to_string());
        telling.entry(Some(&arrived.actor), "text.receive", object, detail);
        self.finish(tx, telling).await?;
        if let Some(id) = done.changed {
            self.refresh(Which::Ids(&[id])).await?;
        }
        Ok(arrived.written(done.answer, false))
    }

    fn print_reply(&self, arrived: &Arrived<'_>, reply: &Reply) -> String {
        letters::sms(reply, &arrived.language, &Names(&self.pack, &self.catalogue()))
    }

    fn local(&self, at: Moment) -> chrono::NaiveDateTime {
        at.with_timezone(&self.pack.time_zone).naive_local()
    }

    /// Puts on record that a request did not prove to be a gateway's: so many an hour, the rest is only logged.
    pub async fn gateway_refused(&self, gateway: &str) -> Result<(), Refused> {
        let now = self.now();
        tracing::warn!("a request to the text channel did not prove itself");
        if !self.strangers.forgeries.admit(gateway, now) {
            return Ok(());
        }
        let tx = self.store.begin().await?;
        let told = entry(None, now, "text.forged", ("gateway", gateway.to_owned()), json!(null));
        audit::append(&tx, vec![told]).await?;
        Ok(tx.commit().await?)
    }
}

impl Arrived<'_> {
    fn words_hash(&self) -> &str {
        self.words_hashes.first().map(String::as_str).unwrap_or_default()
    }

    /// Whether an earlier message had the same words.
    fn said(&self, earlier: &Earlier) -> bool {
        self.words_hashes.contains(&earlier.words_hash)
    }

    fn key(&self) -> MessageKey<'_> {
        MessageKey {
            gateway: &self.inbound.gateway,
            id: &self.inbound.message_id,
        }
    }

    fn written(&self, answer: String, again: bool) -> Written {
        Written {
            number: self.number.clone(),
            text: (!answer.is_empty()).then(|| with_word(&answer, &self.inbound.text)),
            again,
        }
    }
}

/// An answer is kept with the position of the word it is about, `{3}`; who wrote the word reads the word.
fn with_word(answer: &str, text: &str) -> String {
    let place = answer.split_once('{').and_then(|(before, rest)| {
        let (at, behind) = rest.split_once('}')?;
        Some((before, at.parse::<usize>().ok()?, behind))
    });
    match place {
        Some((before, at, behind)) => {
            let word = lex(text)
                .into_iter()
                .nth(at)
                .map_or_else(String::new, |lexed| lexed.raw);
            format!("{before}{word}{behind}")
        }
        None => answer.to_owned(),
    }
}
