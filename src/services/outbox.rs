//! Delivery of letters, leased a few at a time and settled as they are answered. A letter is sent by whoever holds its
//! lease, and again only when the server's answer was lost: then with the same Message-ID.

use chrono::Duration;
use serde_json::{Value, json};
use uuid::Uuid;

use super::Services;
use super::audit::entry;
use super::digest_words::rendered_of;
use super::errors::Refused;
use crate::clock::Clock;
use crate::domain::audit::Entry;
use crate::domain::calendar;
use crate::domain::id::{LetterId, Moment};
use crate::domain::outbox::{About, Delivery, Digest, DigestKind, Letter, Of, Via};
use crate::letters::{Envelope, Rendered, mime};
use crate::push::Push;
use crate::store::leases::{self, LeaseClock, Outcome};
use crate::store::{Tx, audit, digests, ways};

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
    /// Takes at most `most` letters that are due, with their bytes put together from what was frozen. None if none is due.
    pub async fn next_letters(&self, most: u64) -> Result<Vec<Leased>, Refused> {
        loop {
            let now = self.now();
            if !leases::any_free(&self.store, now, self.lease_clock()).await? {
                return Ok(Vec::new());
            }
            let owner = self.ids.uuid(now);
            let tx = self.store.begin().await?;
            let taken = leases::take(&tx, owner, most, now, self.lease_clock(), LEASE).await?;
            tx.commit().await?;
            if taken.is_empty() {
                // Others are at it.
                return Ok(Vec::new());
            }
            let (mut ready, mut unfit) = (Vec::new(), Vec::new());
            for letter in taken {
                match self.prepare(&letter, now).await {
                    Ok(Ok(parcel)) => ready.push(Leased { letter, parcel, owner }),
                    Ok(Err(delivery)) => unfit.push((letter, owner, delivery)),
                    // The database, not the letter: it comes again when its lease is over.
                    Err(error) => tracing::error!(letter = %letter.id, %error, "letter not read"),
                }
            }
            self.settle(unfit, now).await?;
            if !ready.is_empty() {
                return Ok(ready);
            }
        }
    }

    /// The clock by which leases run: the database's, so that nodes whose clocks differ agree.
    fn lease_clock(&self) -> LeaseClock {
        match &self.clock {
            Clock::System => LeaseClock::Database,
            Clock::Set(_) => LeaseClock::Set(self.now()),
        }
    }

    /// What is handed over, or what becomes of the letter instead. An error is the database's, not the letter's.
    async fn prepare(&self, letter: &Letter, now: Moment) -> Result<Result<Parcel, Delivery>, Refused> {
        let is_unwanted = match &letter.of {
            Of::Notice(notice) => self.is_overtaken(letter, notice, now).await?,
            Of::Digest(_) => self.has_left(letter).await?,
        };
        if is_unwanted {
            return Ok(Err(Delivery::Dropped));
        }
        match self.put_together(letter).await {
            Ok(Some(parcel)) => Ok(Ok(parcel)),
            Ok(None) => Ok(Err(Delivery::Dropped)),
            Err(Refused::Unexpected(why)) => {
                // It will never go together: it must not block those behind it, and is not forgotten.
                tracing::error!(letter = %letter.id, %why, "letter cannot be put together");
                Ok(Err(Delivery::Dead { answer: why }))
            }
            Err(other) => Err(other),
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
            day: calendar::local_date(self.pack.time_zone, letter.created_at),
            list_id: format!("{list}.{host}"),
            unsubscribe_url: self.unsubscribe_url(letter),
        };
        let raw = mime(&words, &envelope, self.signer.as_ref()).map_err(|e| Refused::Unexpected(e.to_string()))?;
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
                let fill = |words: &str| match notice.about {
                    About::Ticket(id) => self.with_link(words, id),
                    _ => words.to_owned(),
                };
                let words = Rendered {
                    language: letter.language.clone(),
                    subject: notice.subject.clone(),
                    html: fill(&notice.html),
                    text: fill(&notice.text),
                    chart_png: None,
                    alt: None,
                    files: Vec::new(),
                };
                Ok((words, "notice"))
            }
        }
    }

    /// Writes down what became of leased letters, in one transaction.
    ///
    /// # Errors
    /// `Stale` if a lease was lost meanwhile: what is said of that letter no longer counts; of the others it does.
    pub async fn letters_said(&self, all: Vec<(Leased, Said)>) -> Result<(), Refused> {
        let now = self.now();
        let mut settled = Vec::new();
        for (leased, said) in all {
            let letter = leased.letter;
            if matches!(said, Said::Gone(_)) {
                self.forget_browser(&letter, now).await?;
            }
            let delivery = match said {
                Said::Taken(answer) => Delivery::Sent { answer },
                Said::Refused(answer) | Said::Gone(answer) => Delivery::Dead { answer },
                Said::Failed(answer) if now - letter.created_at >= GIVE_UP => Delivery::Dead { answer },
                Said::Failed(answer) => Delivery::Retry {
                    answer,
                    at: now + wait_after(&letter),
                },
            };
            settled.push((letter, leased.owner, delivery));
        }
        self.settle(settled, now).await
    }

    /// Nothing will ever reach this browser again.
    async fn forget_browser(&self, letter: &Letter, now: Moment) -> Result<(), Refused> {
        let Ok(id) = letter.address.parse() else {
            return Ok(());
        };
        let tx = self.store.begin().await?;
        if ways::remove_browser(&tx, id, None).await? {
            let told = entry(None, now, "push.gone", ("browser", letter.address.clone()), json!(null));
            audit::append(&tx, vec![told]).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    async fn settle(&self, all: Vec<(Letter, Uuid, Delivery)>, now: Moment) -> Result<(), Refused> {
        if all.is_empty() {
            return Ok(());
        }
        let outcomes = all.iter().map(|(letter, owner, delivery)| Outcome {
            id: letter.id,
            owner: *owner,
            delivery,
        });
        let outcomes: Vec<Outcome<'_>> = outcomes.collect();
        let tx = self.store.begin().await?;
        let ours = leases::settle(&tx, &outcomes, now).await?;
        let kept = all.iter().filter(|(letter, ..)| ours.contains(&letter.id));
        let kept: Vec<_> = kept.collect();
        let entries = kept.iter().map(|(letter, _, delivery)| {
            let object = ("letter", letter.id.to_string());
            entry(None, now, action_of(delivery), object, detail_of(letter))
        });
        audit::append(&tx, entries.collect()).await?;
        tx.commit().await?;
        for (.., delivery) in &kept {
            self.meter.letter(action_of(delivery));
        }
        if kept.len() < all.len() {
            return Err(Refused::Stale);
        }
        Ok(())
    }

    /// Drops what older digests of its schedule have not yet said to the readers of this one, as part of its transaction:
    /// the newest says more. What is to be entered in the audit.
    pub(super) async fn supersede(&self, tx: &Tx, digest: &Digest) -> Result<Vec<Entry>, Refused> {
        if digest.kind != DigestKind::Due {
            return Ok(Vec::new());
        }
        let answer = format!("superseded by the digest of {}", digest.period);
        let dropped = leases::supersede(tx, digest.schedule_id, digest.id, &answer).await?;
        let told = |id: LetterId| {
            let detail = json!({"superseded_by": digest.id});
            entry(
                None,
                digest.created_at,
                "letter.dropped",
                ("letter", id.to_string()),
                detail,
            )
        };
        Ok(dropped.into_iter().map(told).collect())
    }
}

fn action_of(delivery: &Delivery) -> &'static str {
    match delivery {
        Delivery::Sent { .. } => "letter.sent",
        Delivery::Retry { .. } => "letter.retry",
        Delivery::Dead { .. } => "letter.dead",
        Delivery::Dropped => "letter.dropped",
    }
}

/// What the audit keeps of a letter: neither who reads it nor what it says.
fn detail_of(letter: &Letter) -> Value {
    let attempt = letter.attempts;
    let notice = match &letter.of {
        Of::Digest(digest) => return json!({"digest": digest, "attempt": attempt}),
        Of::Notice(notice) => notice,
    };
    let kind = notice.kind.to_string();
    match notice.about {
        About::Hold(id) => json!({"hold": id, "notice": kind, "attempt": attempt}),
        About::Referral(id) => json!({"referral": id, "notice": kind, "attempt": attempt}),
        About::Shelter(id) => json!({"shelter": id, "notice": kind, "attempt": attempt}),
        About::Recipient(id) => json!({"recipient": id, "notice": kind, "attempt": attempt}),
        About::Ticket(id) => json!({"ticket": id, "notice": kind, "attempt": attempt}),
        About::Country => json!({"notice": kind, "attempt": attempt}),
    }
}

/// The next wait, ±20 % by the letter's own id, so that letters which failed together do not come back together.
fn wait_after(letter: &Letter) -> Duration {
    let at = usize::try_from(letter.attempts.saturating_sub(1)).unwrap_or(usize::MAX);
    let minutes = WAITS.get(at).or(WAITS.last()).copied().unwrap_or(180);
    let spread = i64::from(letter.id.0.as_bytes().last().copied().unwrap_or(0)) % 41 - 20;
    Duration::seconds(minutes * 60 * (100 + spread) / 100)
}
