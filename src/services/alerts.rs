//! Telling people between digests of the trouble they chose to hear of: looked for on the board, made sure of in the
//! database, and each person's letters written with what they were told of and the audit entry in one transaction under the
//! lock of their choice, so that several nodes tell once. A letter names nobody and no place. What counts as trouble, and
//! when it is news, is `domain::alerts`' business.

use std::collections::{BTreeSet, HashMap};

use chrono::{Duration, NaiveDate, NaiveTime};
use serde_json::json;

use super::Services;
use super::audit::entry;
use super::errors::Refused;
use crate::domain::accounts::Actor;
use crate::domain::alerts::{self as rules, AlertKind, Choice, Chooser, Situation};
use crate::domain::availability::{ShelterView, availability};
use crate::domain::calendar;
use crate::domain::errors::FieldError;
use crate::domain::id::{Moment, ShelterId};
use crate::domain::outbox::Letter;
use crate::domain::supplies::StockStatus;
use crate::store::shelters::Which;
use crate::store::{alerts, audit, holds, stock, views};

/// A hold without an answer is news this long.
const UNANSWERED_FOR: Duration = Duration::hours(48);
/// What was over so long ago is forgotten.
const KEPT: Duration = Duration::days(30);

impl Services {
    /// What the actor chose to be told of; nothing, at version 0, before they ever did.
    pub async fn alert_choice(&self, actor: &Actor) -> Result<Choice, Refused> {
        Ok(alerts::choice(&self.store, actor.user_id).await?.unwrap_or_default())
    }

    /// Replaces the choice of `choice.version`.
    ///
    /// # Errors
    /// `Invalid` for a kind that is not open to the role, or a region that there is not; `Stale`.
    pub async fn choose_alerts(&self, actor: &Actor, mut choice: Choice) -> Result<Choice, Refused> {
        let mut errors = Vec::new();
        if let Some(kind) = choice.kinds.iter().find(|kind| !kind.is_open_to(actor.role)) {
            errors.push(FieldError::new(
                "kinds",
                "not_open",
                format!("{kind} is for administrators"),
            ));
        }
        if (choice.region.as_ref()).is_some_and(|region| self.pack.region(region).is_none()) {
            errors.push(FieldError::new(
                "region",
                "unknown",
                "not a region of this country pack",
            ));
        }
        if !errors.is_empty() {
            return Err(Refused::Invalid(errors));
        }
        let tx = self.store.begin().await?;
        alerts::choose(&tx, actor.user_id, &choice).await?;
        let object = ("user", actor.user_id.to_string());
        let told = entry(
            Some(actor),
            self.now(),
            "alerts.choose",
            object,
            json!({"kinds": choice.kinds}),
        );
        audit::append(&tx, vec![told]).await?;
        tx.commit().await?;
        choice.version += 1;
        Ok(choice)
    }

    /// Tells everybody what is new for them; how many letters were written here.
    pub async fn alert_due(&self) -> Result<usize, Refused> {
        let choosers = alerts::choosers(&self.store).await?;
        if choosers.is_empty() {
            return Ok(0);
        }
        let now = self.now();
        let wall = calendar::civil(self.pack.time_zone, now);
        let told = alerts::told(&self.store, None, wall.date()).await?;
        let kinds: BTreeSet<AlertKind> = choosers.iter().flat_map(|who| who.choice.kinds.clone()).collect();
        let board = self.board.current();
        let seen: Vec<&ShelterView> = board.views().collect();
        let seen = self.standing(&kinds, &seen, now).await?;
        let is_news = |who: &Chooser| {
            let told = told.get(&who.user).map_or(&[][..], Vec::as_slice);
            !who.news(&seen, told, wall.date(), wall.time()).is_empty()
        };
        let concerned: Vec<&Chooser> = choosers.iter().filter(|who| is_news(who)).collect();
        if concerned.is_empty() {
            return Ok(0);
        }
        // The board of a node is late with what others have written.
        let views = views::load(&self.store, Which::All, now).await?;
        let views: Vec<&ShelterView> = views.iter().collect();
        let standing = self.standing(&kinds, &views, now).await?;
        let mut written = 0;
        for who in concerned {
            written += self.tell_person(who, &standing, wall.date(), wall.time(), now).await?;
        }
        Ok(written)
    }

    /// What stands of these kinds in these shelters.
    async fn standing(
        &self,
        kinds: &BTreeSet<AlertKind>,
        views: &[&ShelterView],
        now: Moment,
    ) -> Result<Vec<Situation>, Refused> {
        let mut all = Vec::new();
        if kinds.contains(&AlertKind::NoFamilyPlace) {
            let picture = availability(views.iter().copied(), now);
            let regions = picture.regions.iter();
            all.extend(regions.filter_map(|(region, totals)| rules::of_region(region, totals)));
        }
        if kinds.contains(&AlertKind::Silent) {
            all.extend(views.iter().filter_map(|view| rules::of_shelter(view, now)));
        }
        let by_id: HashMap<ShelterId, &ShelterView> = views.iter().map(|view| (view.shelter.id, *view)).collect();
        if kinds.contains(&AlertKind::HoldUnanswered) {
            for (hold, referral, shelter) in holds::unanswered(&self.store, now - UNANSWERED_FOR, now).await? {
                let region = by_id.get(&shelter).map_or("", |view| view.shelter.region.as_str());
                all.push(rules::of_hold(hold, referral, region));
            }
        }
        if kinds.contains(&AlertKind::CriticalSupply) {
            for row in stock::shelves(&self.store).await? {
                let Some(view) = by_id.get(&row.shelter_id) else {
                    continue;
                };
                let (_, outlook) = self.lasts(&row.item, row.on_hand, row.learned.as_ref(), view, now);
                if outlook.cover.status == StockStatus::Critical {
                    all.push(rules::of_item(view, &row.item));
                }
            }
        }
        Ok(all)
    }

    /// Tells one person what is new by what they were told of when it is their turn.
    async fn tell_person(
        &self,
        who: &Chooser,
        standing: &[Situation],
        today: NaiveDate,
        wall: NaiveTime,
        now: Moment,
    ) -> Result<usize, Refused> {
        let tx = self.store.begin().await?;
        if !alerts::lock(&tx, who).await? {
            return Ok(0);
        }
        let told = alerts::told(&tx, Some(who.user), today).await?.remove(&who.user);
        let news = who.news(standing, &told.unwrap_or_default(), today, wall);
        if news.is_empty() {
            return Ok(0);
        }
        alerts::write(&tx, who.user, &news, today, now).await?;
        let mut telling = self.telling(now);
        for kind in &news.letters {
            telling.notice_of_alert(who.user, *kind);
            let of_kind = news.begun.iter().filter(|situation| situation.kind == *kind);
            let detail = json!({"kind": kind, "subjects": of_kind.count()});
            telling.entry(None, "alert.tell", ("user", who.user.to_string()), detail);
        }
        self.finish(tx, telling).await?;
        Ok(news.letters.len())
    }

    /// Whether nothing that this letter told of stands any more.
    pub(super) async fn is_alert_over(&self, letter: &Letter, kind: AlertKind) -> Result<bool, Refused> {
        Ok(!alerts::stands(&self.store, &letter.address, kind, letter.created_at).await?)
    }

    /// Forgets what people were told of long ago.
    pub async fn forget_old_alerts(&self) -> Result<u64, Refused> {
        let tx = self.store.begin().await?;
        let gone = alerts::purge(&tx, self.now() - KEPT).await?;
        tx.commit().await?;
        Ok(gone)
    }
}
