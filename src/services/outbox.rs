//! Delivery of letters, one leased step at a time. A letter is sent by whoever holds its lease, and again only when the
//! server's answer was lost: then with the same Message-ID.

use chrono::Duration;
use serde_json::json;
use uuid::Uuid;

use super::Services;
use super::audit::entry;
use super::digests::rendered_of;
use super::errors::Refused;
use crate::domain::id::Moment;
use crate::domain::outbox::{About, Delivery, Letter, Of, Via};
use crate::letters::{Envelope, Rendered, mime};
use crate::push::Push;
use crate::store::{audit, digests, letters, ways};

/// A letter leased to this node, ready to send.
pub struct Leased {
    pub letter: Letter,
    pub parcel: Parcel,
    owner: Uuid,
}

/// What is handed over, by the way it goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Parcel {
    /// RFC 5322 text from one address to another.
    Mail {
        from: String,
        to: String,
        raw: Vec<u8>,
    },
    /// Words to a number of bare digits, through the gateway its owner last wrote by.
    Sms {
        gateway: String,
        number: String,
        text: String,
    },
    Push(Push),
}

/// What the other side said.
pub enum Said {
    Taken(String),
    /// Refused for good: no other try would change it.
    Refused(String),
    /// Nothing will ever reach this browser again.
    Gone(String),
    /// Anything else, a lost answer included.
    Failed(String),
}

/// How long one delivery may take before another node may try: longer than the longest SMTP conversation.
pub const LEASE: Duration = Duration::minutes(60);
/// Waits between tries, in minutes; the last one repeats.
const WAITS: [i64; 8] = [1, 5, 15, 30, 60, 120, 180, 180];
/// After this long a letter is dead: the next digest says more than an old one.
const GIVE_UP: Duration = Duration::days(5);

impl Services {
    /// Takes the next letter that is due, with its bytes put together from what was frozen.
    pub async fn next_letter(&self) -> Result<Option<Leased>, Refused> {
        loop {
            let now = self.now();
            let owner = self.ids.uuid(now);
            let Some(letter) = letters::lease(&self.store, owner, now, now + LEASE).await? else {
                return Ok(None);
            };
            if let Of::Notice(notice) = &letter.of
                && self.is_overtaken(&letter, notice, now).await?
            {
                self.settle(&letter, owner, Delivery::Dropped, now).await?;
                continue;
            }
            match self.put_together(&letter).await {
                Ok(Some(parcel)) => {
                    return Ok(Some(Leased { letter, parcel, owner }));
                }
                Ok(None) => self.settle(&letter, owner, Delivery::Dropped, now).await?,
                Err(Refused::Unexpected(why)) => {
                    // It will never go together: it must not block those behind it, and is not forgotten.
                    tracing::error!(letter = %letter.id, %why, "letter cannot be put together");
                    self.settle(&letter, owner, Delivery::Dead { answer: why }, now).await?;
                }
                // The database, not the letter: it comes again when its lease is over.
                Err(other) => return Err(other),
            }
        }
    }

    /// `None` if its way has ended since it was written.
    async fn put_together(&self, letter: &Letter) -> Result<Option<Parcel>, Refused> {
        match letter.via {
            Via::Mail => self.mail(letter).await.map(Some),
            Via::Sms => self.text_to_phone(letter).await,
            Via::Push => Ok(self.push(letter).await?.map(Parcel::Push)),
        }
    }

    async fn mail(&self, letter: &Letter) -> Result<Parcel, Refused> {
        let (words, list) = self.words_of(letter).await?;
        let host = self.mail_from.rsplit_once('@').map_or("panoh.local", |(_, host)| host);
        let envelope = Envelope {
            from_name: "Panoh".to_owned(),
            from_email: self.mail_from.to_string(),
            to_name: letter.name.clone(),
            to_email: letter.address.clone(),
            message_id: format!("{}@{host}", letter.id),
            date: letter.created_at,
            list_id: format!("{list}.{host}"),
            unsubscribe_url: None,
        };
        let raw = mime(&words, &envelope).map_err(|e| Refused::Unexpected(e.to_string()))?;
        Ok(Parcel::Mail {
            from: self.mail_from.to_string(),
            to: letter.address.clone(),
            raw,
        })
    }

    /// The frozen words of a letter, and which list of letters it belongs to.
    async fn words_of(&self, letter: &Letter) -> Result<(Rendered, &'static str), Refused> {
        match &letter.of {
            Of::Digest(digest) => {
                let part = digests::part(&self.store, *digest, &letter.language)
                    .await?
                    .ok_or_else(|| Refused::Unexpected(format!("digest not written in {}", letter.language)))?;
                Ok((rendered_of(part), "digest"))
            }
            Of::Notice(notice) => {
                let words = Rendered {
                    language: letter.language.clone(),
                    subject: notice.subject.clone(),
                    html: notice.html.clone(),
                    text: notice.text.clone(),
                    chart_png: None,
                    alt: None,
                };
                Ok((words, "notice"))
            }
        }
    }

    /// Writes down what became of a leased letter.
    pub async fn letter_said(&self, leased: &Leased, said: Said) -> Result<(), Refused> {
        let now = self.now();
        let letter = &leased.letter;
        let gone = matches!(said, Said::Gone(_));
        let delivery = match said {
            Said::Taken(answer) => Delivery::Sent { answer },
            Said::Refused(answer) | Said::Gone(answer) => Delivery::Dead { answer },
            Said::Failed(answer) if now - letter.created_at >= GIVE_UP => Delivery::Dead { answer },
            Said::Failed(answer) => Delivery::Retry {
                answer,
                at: now + wait_after(letter),
            },
        };
        if gone && let Ok(id) = letter.address.parse() {
            let tx = self.store.begin().await?;
            if ways::remove_browser(&tx, id, None).await? {
                let told = entry(None, now, "push.gone", ("browser", letter.address.clone()), json!(null));
                audit::append(&tx, vec![told]).await?;
            }
            tx.commit().await?;
        }
        self.settle(letter, leased.owner, delivery, now).await
    }

    async fn settle(&self, letter: &Letter, owner: Uuid, delivery: Delivery, now: Moment) -> Result<(), Refused> {
        let action = match &delivery {
            Delivery::Sent { .. } => "letter.sent",
            Delivery::Retry { .. } => "letter.retry",
            Delivery::Dead { .. } => "letter.dead",
            Delivery::Dropped => "letter.dropped",
        };
        let tx = self.store.begin().await?;
        letters::settle(&tx, letter.id, owner, &delivery, now).await?;
        let detail = match &letter.of {
            Of::Digest(digest) => json!({"digest": digest, "attempt": letter.attempts}),
            Of::Notice(notice) => {
                let kind = notice.kind.to_string();
                match notice.about {
                    About::Hold(id) => json!({"hold": id, "notice": kind, "attempt": letter.attempts}),
                    About::Referral(id) => json!({"referral": id, "notice": kind, "attempt": letter.attempts}),
                    About::Shelter(id) => json!({"shelter": id, "notice": kind, "attempt": letter.attempts}),
                }
            }
        };
        audit::append(
            &tx,
            vec![entry(None, now, action, ("letter", letter.id.to_string()), detail)],
        )
        .await?;
        tx.commit().await?;
        Ok(())
    }
}

/// The next wait, ±20 % by the letter's own id, so that letters which failed together do not come back together.
fn wait_after(letter: &Letter) -> Duration {
    let at = usize::try_from(letter.attempts.saturating_sub(1)).unwrap_or(usize::MAX);
    let minutes = WAITS.get(at).or(WAITS.last()).copied().unwrap_or(180);
    let spread = i64::from(letter.id.0.as_bytes().last().copied().unwrap_or(0)) % 41 - 20;
    Duration::seconds(minutes * 60 * (100 + spread) / 100)
}
