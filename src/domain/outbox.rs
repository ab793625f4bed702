//! Schedules, frozen digests, notices and their letters as they are kept.

use chrono::NaiveDate;
use strum::{Display, EnumIter, EnumString, IntoEnumIterator, IntoStaticStr};

use super::alerts::AlertKind;
use super::cases::{Hold, Referral};
use super::codes::codes;
use super::holds::HoldState;
use super::id::{DigestId, HoldId, LetterId, Moment, RecipientId, ReferralId, ScheduleId, ShelterId, TicketId, UserId};
pub use super::readers::{Recipient, RecipientKind, RecipientState};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredSchedule {
    pub id: ScheduleId,
    pub name: String,
    pub cadence: String,
    /// A [`super::digests::Rule`] as JSON; unread, so that one that nobody can read holds up no other schedule.
    pub rule: Option<String>,
    /// Minute of the local day, 0..=1439.
    pub at_minute: u16,
    pub zone: String,
    pub region: Option<String>,
    /// Whether it sends at all; one that rests keeps its readers.
    pub active: bool,
    /// The last local day on which it sends.
    pub expires_on: Option<NaiveDate>,
    /// Tables that travel with each letter.
    pub attach: Attach,
    /// The newest period a run was made for.
    pub last_period: Option<String>,
    /// The newest period of whose trouble the administrators were told.
    pub alarmed_period: Option<String>,
    pub version: i64,
    pub created_at: Moment,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Attach {
    pub csv: bool,
    pub xlsx: bool,
}

codes! {
    /// Why a digest was made.
    DigestKind {
        /// Its time had come.
        Due,
        /// An administrator sent it to all readers at once.
        Now,
        /// An administrator sent it to nobody but themselves.
        Test,
    }
}

#[derive(Debug, Clone)]
pub struct Digest {
    pub id: DigestId,
    pub schedule_id: ScheduleId,
    pub period: String,
    pub as_of: Moment,
    /// The frozen numbers, as JSON.
    pub content: String,
    pub delayed: bool,
    pub kind: DigestKind,
    pub made_by: Option<UserId>,
    pub created_at: Moment,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    pub language: String,
    pub subject: String,
    pub html: String,
    pub text: String,
    pub chart: Vec<u8>,
    pub chart_alt: String,
    /// The tables that travel with it, if the schedule wants them.
    pub csv: Option<String>,
    pub xlsx: Option<Vec<u8>>,
}

/// What a notice is about. It never says more than this.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, EnumIter, EnumString, IntoStaticStr, Display)]
#[strum(serialize_all = "snake_case")]
pub enum NoticeKind {
    /// To those who run the shelter: somebody waits for their answer.
    Asked,
    Reminded,
    /// To the same: what they were asked or kept is settled without them.
    Settled,
    /// To the officer: a shelter has answered.
    Answered,
    /// To the officer: a shelter let its time pass, others may still answer.
    RanOut,
    /// To the officer: nothing is asked or held any more, the referral is open.
    AllEnded,
    /// To the operators: nobody has answered for too long.
    Operator,
    /// To the officer: there is a place for a household that waits for one.
    PlaceFound,
    /// To those who run the shelter: the day's report has not come.
    ReportDue,
    /// To the operators: it has not come in spite of reminders.
    ReportOverdue,
    /// To those who run the donor: a transfer is approved and to be sent.
    TransferApproved,
    /// To those who run the recipient: it is on its way.
    TransferDispatched,
    /// To both ends: its day has come and it has not.
    TransferDue,
    /// To the operators: its day has passed.
    TransferOverdue,
    /// To those who chose to be told: see `alerts`.
    NoFamilyPlace,
    HoldUnanswered,
    SuppliesCritical,
    ShelterSilent,
    /// To the other operators: a reader of a digest waits for their approval.
    ReaderWaits,
    /// To the other operators: something that takes two waits for one of them.
    ApprovalWaits,
    /// To the reader: whether she wants the digest.
    ReaderConfirms,
    /// To the operators: the hour of a digest has passed, and it was not made.
    DigestOverdue,
    /// To the operators: letters of a digest were refused for good.
    LettersDead,
    /// To the operators: somebody has nearly used up what one person may do in a day, or has.
    QuotaNear,
    QuotaReached,
    /// To the operators: somebody asked for a shelter that is none.
    CanaryTouched,
    /// To the operators: the audit does not hold any more.
    AuditBroken,
    /// To people outside: the audit's newest anchor.
    Anchored,
    /// To who has a new account: the link to choose a password by.
    Invited,
    /// To who forgot the password, likewise.
    ResetAsked,
    /// To its owner: the password is another one.
    PasswordChanged,
    /// To the operators: somebody guesses at passwords.
    SignInAttack,
    /// To the owner of an account, who shall know if it was somebody else.
    FactorAdded,
    FactorRemoved,
    RecoveryCodeUsed,
}

impl NoticeKind {
    /// The ways it goes. Only what wants an answer of those who run a shelter lights up a phone, and only what is worth
    /// its price goes as a text message.
    pub fn ways(self) -> &'static [Via] {
        match self {
            Self::Asked | Self::Reminded | Self::ReportDue => &[Via::Mail, Via::Sms, Via::Push],
            Self::Settled => &[Via::Mail, Via::Push],
            _ => &[Via::Mail],
        }
    }

    pub fn of_alert(kind: AlertKind) -> Self {
        match kind {
            AlertKind::NoFamilyPlace => Self::NoFamilyPlace,
            AlertKind::HoldUnanswered => Self::HoldUnanswered,
            AlertKind::CriticalSupply => Self::SuppliesCritical,
            AlertKind::Silent => Self::ShelterSilent,
        }
    }

    /// The kind of trouble that it tells of to those who chose to hear of it.
    pub fn alert(self) -> Option<AlertKind> {
        AlertKind::iter().find(|kind| Self::of_alert(*kind) == self)
    }

    /// Whether it is about supplies on their way.
    pub fn is_of_transfer(self) -> bool {
        use NoticeKind::{TransferApproved, TransferDispatched, TransferDue, TransferOverdue};
        matches!(
            self,
            TransferApproved | TransferDispatched | TransferDue | TransferOverdue
        )
    }

    /// Whether somebody waits for the answer this minute.
    pub fn is_urgent(self) -> bool {
        matches!(self, Self::Asked | Self::Reminded)
    }
}

/// What a notice is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About {
    Hold(HoldId),
    Referral(ReferralId),
    /// Its report of the day, or its supplies.
    Shelter(ShelterId),
    /// Somebody's place on a list of readers.
    Recipient(RecipientId),
    /// A link to choose a password by.
    Ticket(TicketId),
    /// The country as a whole, or the service.
    Country,
}

/// How a letter reaches its reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, EnumIter, EnumString, IntoStaticStr, Display)]
#[strum(serialize_all = "snake_case")]
pub enum Via {
    Mail,
    /// A text message: it carries the notice's text alone.
    Sms,
    /// A notification of the web app, likewise.
    Push,
}

/// A notice's words, frozen when it was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    pub about: About,
    pub kind: NoticeKind,
    pub subject: String,
    pub html: String,
    pub text: String,
}

/// What a letter carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Of {
    /// Its words are the digest's part in the letter's language.
    Digest(DigestId),
    Notice(Box<Notice>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    pub id: LetterId,
    pub of: Of,
    /// The reader of a schedule whom it is for.
    pub recipient: Option<RecipientId>,
    pub via: Via,
    /// A mail address, or the id of the phone or the subscription.
    pub address: String,
    pub name: String,
    pub language: String,
    /// `queued`, `sent`, `dead` or `dropped`.
    pub state: String,
    pub attempts: u32,
    pub answer: Option<String>,
    pub sent_at: Option<Moment>,
    pub created_at: Moment,
}

impl Letter {
    /// The digest it carries.
    pub fn digest(&self) -> Option<DigestId> {
        match self.of {
            Of::Digest(id) => Some(id),
            Of::Notice(_) => None,
        }
    }
}

/// What became of a leased letter.
pub enum Delivery {
    Sent {
        answer: String,
    },
    Retry {
        answer: String,
        at: Moment,
    },
    Dead {
        answer: String,
    },
    /// What it says is no longer so; it is not sent.
    Dropped,
}

/// Whether a notice is overtaken by what has happened since it was made, and so is better not sent. `hold` is the one it
/// is about, `all` are the holds of its referral, `closed` whether that has ended.
pub fn overtaken(kind: NoticeKind, hold: &Hold, all: &[Hold], closed: bool, now: Moment) -> bool {
    let waits = |hold: &Hold| hold.state == HoldState::Asked && hold.is_active(now);
    match kind {
        NoticeKind::Asked | NoticeKind::Reminded => !waits(hold),
        NoticeKind::Operator => !all.iter().any(waits),
        NoticeKind::AllEnded => closed || all.iter().any(|hold| hold.is_active(now)),
        NoticeKind::Answered | NoticeKind::RanOut => closed,
        NoticeKind::Settled => false,
        // Of a hold there is no such notice: see [`place_gone`], `reminders`, `transfers`, `readers`, `alerts` and `tickets`.
        NoticeKind::PlaceFound
        | NoticeKind::ReportDue
        | NoticeKind::ReportOverdue
        | NoticeKind::NoFamilyPlace
        | NoticeKind::HoldUnanswered
        | NoticeKind::SuppliesCritical
        | NoticeKind::ShelterSilent
        | NoticeKind::TransferApproved
        | NoticeKind::TransferDispatched
        | NoticeKind::TransferDue
        | NoticeKind::TransferOverdue
        | NoticeKind::ReaderWaits
        | NoticeKind::ApprovalWaits
        | NoticeKind::ReaderConfirms
        | NoticeKind::DigestOverdue
        | NoticeKind::LettersDead
        | NoticeKind::QuotaNear
        | NoticeKind::QuotaReached
        | NoticeKind::CanaryTouched
        | NoticeKind::AuditBroken
        | NoticeKind::Anchored
        | NoticeKind::Invited
        | NoticeKind::ResetAsked
        | NoticeKind::PasswordChanged
        | NoticeKind::SignInAttack
        | NoticeKind::FactorAdded
        | NoticeKind::FactorRemoved
        | NoticeKind::RecoveryCodeUsed => true,
    }
}

/// Whether a notice of `told_at` that a place was found is overtaken: she waits no longer, the place has gone, or a later
/// one has a notice of its own.
pub fn place_gone(referral: &Referral, told_at: Moment) -> bool {
    referral.waiting_since.is_none() || referral.place_found.is_none_or(|place| place.at > told_at)
}
