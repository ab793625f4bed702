//! What a change of a case has to tell, gathered while it is made: its timeline, the notices and the audit entries are
//! written in its own transaction; the board and those who watch hear of it after the commit.

use serde_json::Value;

use super::Services;
use super::audit::entry;
use super::errors::Refused;
use super::notices::{Note, To};
use crate::domain::accounts::Actor;
use crate::domain::alerts::AlertKind;
use crate::domain::audit::Entry;
use crate::domain::cases::{Hold, Referral};
use crate::domain::id::{EventId, Moment, RecipientId, ReferralId, ShelterId, UserId};
use crate::domain::outbox::{About, NoticeKind};
use crate::domain::reports::Channel;
use crate::domain::timeline::{CaseEvent, Detail, EventKind};
use crate::ids::Ids;
use crate::store::shelters::Which;
use crate::store::{Tx, audit, events};

pub(super) struct Telling {
    pub(super) now: Moment,
    ids: Ids,
    events: Vec<CaseEvent>,
    notices: Vec<Note>,
    entries: Vec<Entry>,
    moved: Vec<Hold>,
    reports: Vec<Channel>,
}

impl Telling {
    /// Something that concerns the referral as a whole.
    pub(super) fn case(&mut self, referral: ReferralId, kind: EventKind, detail: Detail) {
        self.event(referral, None, None, kind, detail);
    }

    /// Something that both sides of this hold read.
    pub(super) fn hold(&mut self, hold: &Hold, kind: EventKind, detail: Detail) {
        self.event(hold.referral_id, Some(hold), Some(hold.shelter_id), kind, detail);
    }

    /// Something about a shelter that is not for the shelter to read.
    pub(super) fn about(&mut self, referral: ReferralId, shelter: ShelterId, kind: EventKind, detail: Detail) {
        self.event(referral, None, Some(shelter), kind, detail);
    }

    fn event(
        &mut self,
        referral_id: ReferralId,
        hold: Option<&Hold>,
        shelter_id: Option<ShelterId>,
        kind: EventKind,
        detail: Detail,
    ) {
        self.events.push(CaseEvent {
            id: EventId(self.ids.uuid(self.now)),
            referral_id,
            hold_id: hold.map(|hold| hold.id),
            shelter_id,
            at: self.now,
            kind,
            detail,
        });
    }

    pub(super) fn notice(&mut self, hold: &Hold, kind: NoticeKind) {
        self.notices.push(Note {
            about: About::Hold(hold.id),
            kind,
            to: To::of(hold, kind).who_may_know(&hold.excluded, hold.user_id),
        });
    }

    /// To the officer who opened the referral.
    pub(super) fn notice_of_place(&mut self, referral: &Referral) {
        self.notices.push(Note {
            about: About::Referral(referral.id),
            kind: NoticeKind::PlaceFound,
            to: To::Person(referral.user_id),
        });
    }

    /// To those who run a shelter, about supplies that go or come.
    pub(super) fn notice_of_transfer(&mut self, shelter: ShelterId, kind: NoticeKind) {
        self.notice_of_shelter(shelter, kind, To::ManagersOf(shelter));
    }

    /// To somebody who chose to be told.
    pub(super) fn notice_of_alert(&mut self, user: UserId, kind: AlertKind) {
        self.notices.push(Note {
            about: About::Country,
            kind: NoticeKind::of_alert(kind),
            to: To::Person(user),
        });
    }

    /// About a shelter's report of the day, or its supplies.
    pub(super) fn notice_of_shelter(&mut self, shelter: ShelterId, kind: NoticeKind, to: To) {
        self.notices.push(Note {
            about: About::Shelter(shelter),
            kind,
            to,
        });
    }

    /// About somebody's place on a list of readers.
    pub(super) fn notice_of_reader(&mut self, reader: RecipientId, kind: NoticeKind, to: To) {
        let about = About::Recipient(reader);
        self.notices.push(Note { about, kind, to });
    }

    /// To somebody, about her own account.
    pub(super) fn notice_to_person(&mut self, user: UserId, kind: NoticeKind) {
        self.notices.push(Note {
            about: About::Country,
            kind,
            to: To::Person(user),
        });
    }

    /// To the operators, about the service itself.
    pub(super) fn notice_of_trouble(&mut self, kind: NoticeKind) {
        self.notices.push(Note {
            about: About::Country,
            kind,
            to: To::Operators,
        });
    }

    /// To the administrators but the one who asks, each of whom may answer.
    pub(super) fn notice_of_approval(&mut self, asked_by: UserId) {
        self.notices.push(Note {
            about: About::Country,
            kind: NoticeKind::ApprovalWaits,
            to: To::OtherOperators(asked_by),
        });
    }

    /// An audit entry about a hold; without an actor it is the system's.
    pub(super) fn on_record(&mut self, actor: Option<&Actor>, action: &str, hold: &Hold, detail: Value) {
        self.entry(actor, action, ("hold", hold.id.to_string()), detail);
    }

    pub(super) fn entry(&mut self, actor: Option<&Actor>, action: &str, object: (&str, String), detail: Value) {
        self.entries.push(entry(actor, self.now, action, object, detail));
    }

    /// An entry that is made already.
    pub(super) fn add(&mut self, entry: Entry) {
        self.entries.push(entry);
    }

    /// A report was taken, this way.
    pub(super) fn report(&mut self, channel: Channel) {
        self.reports.push(channel);
    }

    /// A hold that both sides are to look at again, as it stands now.
    pub(super) fn moved(&mut self, hold: &Hold) {
        self.moved.push(hold.clone());
    }
}

impl Services {
    pub(super) fn telling(&self, now: Moment) -> Telling {
        Telling {
            now,
            ids: self.ids.clone(),
            events: Vec::new(),
            notices: Vec::new(),
            entries: Vec::new(),
            moved: Vec::new(),
            reports: Vec::new(),
        }
    }

    /// Writes all that is to be told, the audit last since each of its streams has one writer at a time, commits, and says it aloud.
    pub(super) async fn finish(&self, tx: Tx, telling: Telling) -> Result<(), Refused> {
        events::insert(&tx, &telling.events).await?;
        for note in &telling.notices {
            self.write_notices(&tx, note, telling.now).await?;
        }
        audit::append(&tx, telling.entries).await?;
        tx.commit().await?;
        telling.events.iter().for_each(|event| self.meter.case(event.kind));
        telling.reports.iter().for_each(|channel| self.meter.report(channel));
        if !telling.moved.is_empty() {
            let mut shelters: Vec<ShelterId> = telling.moved.iter().map(|hold| hold.shelter_id).collect();
            shelters.sort_unstable();
            shelters.dedup();
            self.refresh(Which::Ids(&shelters)).await?;
        }
        for hold in &telling.moved {
            self.tell_hold(hold);
        }
        Ok(())
    }
}
