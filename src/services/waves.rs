//! Asking shelters for a place: one, or several at once of which the first to accept has it. Whoever makes a hold does it
//! here, on a referral and on shelters that are locked, with the ranking that suggested the place.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use serde_json::json;

use super::Services;
use super::errors::Refused;
use super::holds::HoldView;
use super::once::{Once, Turn};
use super::starts::Start;
use super::telling::Telling;
use crate::domain::accounts::Actor;
use crate::domain::availability::ShelterView;
use crate::domain::cases::{Hold, Referral};
use crate::domain::escalation::Policy;
use crate::domain::holds::HoldState;
use crate::domain::household::{Search, Urgency};
use crate::domain::id::{HoldId, Moment, ReferralId, ShelterId, UserId, WaveId};
use crate::domain::outbox::NoticeKind;
use crate::domain::quotas::QuotaKind;
use crate::domain::ranking::Suggestion;
use crate::domain::timeline::{Detail, EventKind};
use crate::domain::waves::{Advice, Costs, Prospect, advise, wait_for};
use crate::store::shelters::Which;
use crate::store::{Tx, holds, referrals, views};

/// Shelters looked at beyond those wanted, for when somebody was quicker.
const SPARE: usize = 2;

/// Whom to ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whom {
    Shelter(ShelterId),
    /// The best so many, 1 to 5.
    Wave(u8),
}

/// What an officer asks for.
#[derive(Debug, Clone)]
pub struct Asking {
    pub whom: Whom,
    /// How long they have to answer; `None` for what is usual (one shelter) or advised (a wave).
    pub ask_minutes: Option<u16>,
    /// Districts to avoid: used for this asking and not kept.
    pub avoid: BTreeSet<String>,
    /// The local date from which a place is wanted; `None` for the search's own earliest date or, without one that lies
    /// ahead, at once.
    pub from_date: Option<NaiveDate>,
}

impl Asking {
    pub fn of(whom: Whom) -> Self {
        Self {
            whom,
            ask_minutes: None,
            avoid: BTreeSet::new(),
            from_date: None,
        }
    }
}

/// Holds that were asked together, best first.
#[derive(Debug, Clone)]
pub struct WaveView {
    pub id: WaveId,
    pub answer_by: Moment,
    pub holds: Vec<HoldView>,
}

/// What the holds of one wave have in common.
pub(super) struct Wave<'a> {
    pub(super) id: WaveId,
    pub(super) referral: &'a Referral,
    /// Who is told of the answers.
    pub(super) officer: UserId,
    pub(super) policy: Policy,
    /// From when she wants the place, if not at once.
    pub(super) start: Option<Start>,
}

/// How many to ask for these places, and how long to wait; `None` where there are none.
pub fn advice(suggestions: &[Suggestion], urgency: Urgency) -> Option<Advice> {
    advise(&prospects(suggestions), &Costs::of(urgency))
}

fn prospects(suggestions: &[Suggestion]) -> Vec<Prospect> {
    let prospect = |place: &Suggestion| Prospect {
        chance: place.chance_free,
        answer_minutes: place.answer_minutes,
    };
    suggestions.iter().map(prospect).collect()
}

impl Services {
    /// Asks one shelter: a wave of one.
    ///
    /// # Errors
    /// As [`Services::ask`].
    pub async fn hold(
        &self,
        actor: &Actor,
        referral: ReferralId,
        shelter: ShelterId,
        once: Once<HoldView>,
    ) -> Result<String, Refused> {
        let asking = Asking::of(Whom::Shelter(shelter));
        self.ask(actor, referral, asking, once, |mut wave| wave.holds.pop())
            .await
    }

    /// Asks one shelter or the best few: locks the referral and then the shelters in the order of their ids, fits the
    /// household to the rooms as they are in the database (for a later date, as they are to be then), and claims them, which
    /// ends its waiting. `part` is what the answer shows.
    ///
    /// # Errors
    /// `Invalid` (`from_date`) for a date that does not lie ahead or too far; `NotFound` for a referral that is not the officer's own; `Conflict` when it is closed or holds a place;
    /// `NoBedLeft` with the next places when none of those asked for fits.
    pub async fn ask<T>(
        &self,
        actor: &Actor,
        referral: ReferralId,
        asking: Asking,
        once: Once<T>,
        part: fn(WaveView) -> Option<T>,
    ) -> Result<String, Refused> {
        self.check_districts(&asking.avoid)?;
        let tx = self.store.begin_together().await?;
        let claimed = match once.claim(&tx, actor, self.now()).await? {
            Turn::Again(answer) => {
                tx.rollback().await?;
                return Ok(answer);
            }
            Turn::First(claimed) => claimed,
        };
        if !referrals::lock(&tx, &actor.case_scope(), referral).await? {
            return Err(Refused::NotFound);
        }
        let referral = referrals::get(&tx, &actor.case_scope(), referral)
            .await?
            .ok_or(Refused::NotFound)?;
        let but = self.turned_down(&self.check_free(&tx, &referral).await?, self.now());
        let start = self.start_of(&referral.search, asking.from_date, self.now())?;
        let search = Search {
            avoid_districts: asking.avoid.clone(),
            earliest_date: start.map(|start| start.on),
            ..referral.search.clone()
        };
        let (shelters, most) = match asking.whom {
            Whom::Shelter(id) => (vec![id], 1),
            Whom::Wave(size) => (self.best(&search, usize::from(size) + SPARE, &but), usize::from(size)),
        };
        if let Err(refused) = lock_in_order(&tx, &shelters).await {
            drop(tx);
            if let Whom::Shelter(id) = asking.whom {
                self.asked_in_vain(actor, id).await?;
            }
            return Err(refused);
        }
        let now = self.now();
        let places = self.places(&tx, &search, &shelters, most, now).await?;
        if places.is_empty() {
            drop(tx);
            let next = self.ranking(&search, now, 5, &[shelters, but].concat()).suggestions;
            self.meter.case("no_bed_left");
            return Err(Refused::NoBedLeft { next });
        }
        let wave = Wave {
            id: WaveId(self.ids.uuid(now)),
            referral: &referral,
            officer: actor.user_id,
            policy: policy(&asking, &places, referral.search.urgency),
            start,
        };
        referrals::end_waiting(&tx, referral.id).await?;
        let mut telling = self.telling(now);
        if matches!(asking.whom, Whom::Wave(_)) {
            let detail = Detail {
                size: u8::try_from(places.len()).ok(),
                until: Some(wave.policy.asked_until(now)),
                ..Detail::default()
            };
            telling.case(referral.id, EventKind::WaveAsked, detail);
        }
        let mut made = Vec::new();
        for (place, view) in places {
            let hold = self.make_hold(&tx, &wave, place, Some(actor), &mut telling).await?;
            made.push(Self::hold_view(&tx, &hold, &referral, &view, actor, now).await?);
        }
        let asked = u32::try_from(made.len()).unwrap_or(u32::MAX);
        self.charge(&tx, &mut telling, actor, (QuotaKind::Holds, asked)).await?;
        let view = WaveView {
            id: wave.id,
            answer_by: wave.policy.asked_until(now),
            holds: made,
        };
        let shown = part(view).ok_or_else(|| Refused::Unexpected("a wave without a hold".to_owned()))?;
        let answer = claimed.keep(&tx, &shown).await?;
        self.finish(tx, telling).await?;
        Ok(answer)
    }

    /// Whether anybody may be asked for this referral, which is locked; what it has held before.
    async fn check_free(&self, tx: &Tx, referral: &Referral) -> Result<Vec<Hold>, Refused> {
        if referral.closed_at.is_some() {
            return Err(Refused::conflict("referral_closed", "this referral is closed"));
        }
        let earlier = holds::of_referrals(tx, &[referral.id]).await?;
        let now = self.now();
        if earlier.iter().any(|hold| hold.is_active(now)) {
            return Err(Refused::conflict("hold_active", "this household holds a place already"));
        }
        Ok(earlier)
    }

    /// The best shelters from memory but for those named, in the order of their ids: the order in which they are locked.
    pub(super) fn best(&self, search: &Search, limit: usize, but: &[ShelterId]) -> Vec<ShelterId> {
        let found = self.ranking(search, self.now(), limit, but).suggestions;
        let mut ids: Vec<ShelterId> = found.into_iter().map(|place| place.shelter_id).collect();
        ids.sort_unstable();
        ids
    }

    /// Of these shelters, which are locked, the best that fit by the rows of this transaction, at most `most`.
    pub(super) async fn places(
        &self,
        tx: &Tx,
        search: &Search,
        locked: &[ShelterId],
        most: usize,
        now: Moment,
    ) -> Result<Vec<(Suggestion, ShelterView)>, Refused> {
        if locked.is_empty() {
            return Ok(Vec::new());
        }
        let views = views::load(tx, Which::Ids(locked), now).await?;
        let found = self.decide(search, &views, now, most);
        let with_view = found.into_iter().filter_map(|place| {
            let view = views.iter().find(|view| view.shelter.id == place.shelter_id)?;
            Some((place, view.clone()))
        });
        Ok(with_view.collect())
    }

    /// Makes one asked hold inside this transaction and tells of it. The referral and the shelter must be locked, in this
    /// order, and `place` decided on rows read since ([`Services::places`]).
    pub(super) async fn make_hold(
        &self,
        tx: &Tx,
        wave: &Wave<'_>,
        place: Suggestion,
        actor: Option<&Actor>,
        telling: &mut Telling,
    ) -> Result<Hold, Refused> {
        let now = telling.now;
        let sum = |n: u32| u16::try_from(n).unwrap_or(u16::MAX);
        let hold = Hold {
            id: HoldId(self.ids.uuid(now)),
            referral_id: wave.referral.id,
            wave_id: Some(wave.id),
            shelter_id: place.shelter_id,
            organisation_id: wave.referral.organisation_id,
            user_id: wave.officer,
            state: HoldState::Asked,
            beds: sum(place.allocation.beds()),
            cots: sum(place.allocation.cots()),
            needs_confirmation: place.needs_confirmation,
            asked_at: now,
            expires_at: wave.policy.asked_until(now),
            accepted_at: None,
            ended_at: None,
            reason: None,
            note: None,
            next_step_at: wave.policy.first_step(now),
            policy: wave.policy,
            extensions: 0,
            version: 1,
            starts_on: wave.start.map(|start| start.on),
            starts_at: wave.start.map(|start| start.at),
            excluded: wave.referral.search.excluded.clone(),
            lines: place.allocation.lines,
        };
        holds::insert(tx, &hold).await?;
        // Not how many beds: the record is kept for ever, and how large the household was is not.
        let detail = json!({"shelter": hold.shelter_id, "wave": wave.id});
        telling.on_record(actor, "hold.ask", &hold, detail);
        telling.hold(&hold, EventKind::Asked, Detail::until(hold.expires_at));
        telling.notice(&hold, NoticeKind::Asked);
        telling.moved(&hold);
        Ok(hold)
    }
}

/// Locks shelters in the order of their ids, so that two who want the same never wait for each other.
pub(super) async fn lock_in_order(tx: &Tx, shelters: &[ShelterId]) -> Result<(), Refused> {
    let ordered: BTreeSet<ShelterId> = shelters.iter().copied().collect();
    for shelter in ordered {
        if views::lock(tx, shelter).await?.is_none() {
            return Err(Refused::invalid("shelter_id", "unknown", "no such shelter"));
        }
    }
    Ok(())
}

/// The policy these shelters are asked under. Where districts are to be avoided, nobody is asked later without the
/// officer: they are not kept, and the next shelter might lie in one of them.
fn policy(asking: &Asking, places: &[(Suggestion, ShelterView)], urgency: Urgency) -> Policy {
    let policy = match (asking.ask_minutes, asking.whom) {
        (Some(minutes), _) => Policy::asking(minutes),
        (None, Whom::Shelter(_)) => Policy::of(urgency),
        (None, Whom::Wave(_)) => {
            let places: Vec<Suggestion> = places.iter().map(|(place, _)| place.clone()).collect();
            Policy::asking(wait_for(&prospects(&places), &Costs::of(urgency)))
        }
    };
    if asking.avoid.is_empty() {
        policy
    } else {
        policy.without_next()
    }
}
