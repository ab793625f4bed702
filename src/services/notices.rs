//! Notices: who is written to, and by which ways, when a hold is asked, answered or overdue, when there is a place for who
//! waits, when a report has not come, or when supplies go or come. Their words are frozen with them; whether they are still true is asked again when
//! their turn to be sent has come.

use super::Services;
use super::errors::Refused;
use crate::domain::accounts::User;
use crate::domain::cases::Hold;
use crate::domain::exclusion::Excluded;
use crate::domain::id::{HoldId, LetterId, Moment, RecipientId, ShelterId, UserId};
use crate::domain::outbox::{About, Letter, Notice, NoticeKind, Of, Via, overtaken, place_gone};
use crate::domain::readers::RecipientState;
use crate::letters;
use crate::store::{Reads, Tx, accounts, approvals, holds, letters as outbox, readers, referrals, ways};

/// The language of a letter for somebody whose own has no words yet.
const COMMON_LANGUAGE: &str = "ru";

/// A notice that is to be written.
pub(super) struct Note {
    pub(super) about: About,
    pub(super) kind: NoticeKind,
    pub(super) to: To,
}

/// Whom a notice is for.
pub(super) enum To {
    ManagersOf(ShelterId),
    Person(UserId),
    Operators,
    /// All but this one.
    OtherOperators(UserId),
    /// Those of these who may know of a case that is kept from some offices, and is this officer's.
    WhoMayKnow(Box<Self>, Excluded, UserId),
}

impl To {
    pub(super) fn who_may_know(self, excluded: &Excluded, officer: UserId) -> Self {
        if excluded.is_empty() {
            return self;
        }
        Self::WhoMayKnow(Box::new(self), excluded.clone(), officer)
    }

    pub(super) fn of(hold: &Hold, kind: NoticeKind) -> Self {
        match kind {
            NoticeKind::Asked | NoticeKind::Reminded | NoticeKind::Settled | NoticeKind::ReportDue => {
                Self::ManagersOf(hold.shelter_id)
            }
            NoticeKind::Answered | NoticeKind::RanOut | NoticeKind::AllEnded | NoticeKind::PlaceFound => {
                Self::Person(hold.user_id)
            }
            _ => Self::Operators,
        }
    }
}

impl Services {
    /// Queues a notice for everybody it is for; nobody gets a second one of this kind about the same hold.
    pub(super) async fn write_notices(&self, tx: &Tx, note: &Note, now: Moment) -> Result<(), Refused> {
        let people = addressees(tx, &note.to).await?;
        let ways = match note.kind.ways() {
            [Via::Mail] => Vec::new(),
            _ => {
                let ids: Vec<UserId> = people.iter().map(|person| person.id).collect();
                ways::of_people(tx, &ids).await?
            }
        };
        let mut rows = Vec::new();
        for person in &people {
            rows.push(self.notice_letter(note, person, Via::Mail, person.email.clone(), now)?);
            for (_, via, id) in ways.iter().filter(|(user, ..)| *user == person.id) {
                if note.kind.ways().contains(via) {
                    rows.push(self.notice_letter(note, person, *via, id.to_string(), now)?);
                }
            }
        }
        Ok(outbox::insert_notices(tx, &rows, now).await?)
    }

    fn notice_letter(
        &self,
        note: &Note,
        person: &User,
        via: Via,
        address: String,
        now: Moment,
    ) -> Result<Letter, Refused> {
        let link = format!("{}/", self.link_base);
        self.letter_of_notice(note, (&person.name, &person.language), via, address, &link, now)
    }

    /// A notice to somebody of this name, in her language; whatever goes to a phone is one sentence.
    pub(super) fn letter_of_notice(
        &self,
        note: &Note,
        (name, language): (&str, &str),
        via: Via,
        address: String,
        link: &str,
        now: Moment,
    ) -> Result<Letter, Refused> {
        let known = letters::languages().any(|known| known == language);
        let language = if known { language } else { COMMON_LANGUAGE };
        let words = letters::notice(note.kind, via, language, link).map_err(|e| Refused::Unexpected(e.to_string()))?;
        Ok(Letter {
            id: LetterId(self.ids.uuid(now)),
            recipient: match note.about {
                About::Recipient(id) => Some(id),
                _ => None,
            },
            of: Of::Notice(Box::new(Notice {
                about: note.about,
                kind: note.kind,
                subject: words.subject,
                html: words.html,
                text: words.text,
            })),
            via,
            address,
            name: name.to_owned(),
            language: words.language,
            state: "queued".to_owned(),
            attempts: 0,
            answer: None,
            sent_at: None,
            created_at: now,
        })
    }

    /// Whether what a notice says is no longer so: it is dropped rather than sent late.
    pub(super) async fn is_overtaken(&self, letter: &Letter, notice: &Notice, now: Moment) -> Result<bool, Refused> {
        match notice.about {
            About::Hold(id) => self.is_hold_overtaken(letter, notice.kind, id, now).await,
            About::Referral(id) => {
                let referral = referrals::of_holds(&self.store, &[id]).await?.pop();
                Ok(referral.is_none_or(|referral| place_gone(&referral, letter.created_at)))
            }
            About::Shelter(id) if notice.kind.is_of_transfer() => {
                self.is_transfer_overtaken(letter, notice.kind, id, now).await
            }
            About::Shelter(id) => self.is_reminder_overtaken(letter, notice.kind, id, now).await,
            About::Recipient(id) => self.is_asked_no_more(notice.kind, id).await,
            About::Ticket(id) => self.is_ticket_over(id, now).await,
            About::Country => match notice.kind.alert() {
                Some(kind) => self.is_alert_over(letter, kind).await,
                // It was written at the moment at which its approval was asked for.
                None if notice.kind == NoticeKind::ApprovalWaits => {
                    Ok(!approvals::waits(&self.store, letter.created_at, now).await?)
                }
                None => self.is_trouble_over(notice.kind, now).await,
            },
        }
    }

    /// Whether nobody waits any more for what a notice about a reader asks.
    async fn is_asked_no_more(&self, kind: NoticeKind, id: RecipientId) -> Result<bool, Refused> {
        let waits_for = match kind {
            NoticeKind::ReaderWaits => RecipientState::WaitingApproval,
            _ => RecipientState::WaitingConfirmation,
        };
        let row = readers::find(&self.store, id).await?;
        Ok(row.is_none_or(|row| row.state != waits_for))
    }

    async fn is_hold_overtaken(
        &self,
        letter: &Letter,
        kind: NoticeKind,
        id: HoldId,
        now: Moment,
    ) -> Result<bool, Refused> {
        let Some(hold) = holds::any(&self.store, id).await? else {
            return Ok(true);
        };
        if kind == NoticeKind::Settled {
            // Who never heard of the request need not hear that it is settled.
            let told = outbox::of_hold(&self.store, hold.id).await?;
            return Ok(!told
                .iter()
                .any(|other| other.address == letter.address && other.state == "sent"));
        }
        let all = holds::of_referrals(&self.store, &[hold.referral_id]).await?;
        let closed = referrals::of_holds(&self.store, &[hold.referral_id])
            .await?
            .pop()
            .is_none_or(|referral| referral.closed_at.is_some());
        Ok(overtaken(kind, &hold, &all, closed, now))
    }
}

async fn addressees(db: &impl Reads, to: &To) -> Result<Vec<User>, Refused> {
    let To::WhoMayKnow(of, excluded, officer) = to else {
        return everybody(db, to).await;
    };
    let mut people = everybody(db, of).await?;
    people.retain(|person| excluded.may_know(person.organisation_id, person.id == *officer));
    Ok(people)
}

async fn everybody(db: &impl Reads, to: &To) -> Result<Vec<User>, Refused> {
    Ok(match to {
        To::ManagersOf(shelter) => accounts::managers_of(db, *shelter).await?,
        To::Person(id) => {
            let person = accounts::user(db, *id).await?;
            person.into_iter().filter(|person| !person.disabled).collect()
        }
        To::Operators => accounts::operators(db).await?,
        To::OtherOperators(id) => {
            let all = accounts::operators(db).await?;
            all.into_iter().filter(|person| person.id != *id).collect()
        }
        // Taken apart before.
        To::WhoMayKnow(..) => Vec::new(),
    })
}
