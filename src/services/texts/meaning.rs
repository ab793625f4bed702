//! What a message says, done: a report, a count of supplies, a question back, or why it was not taken.

use std::collections::HashMap;

use serde_json::json;

use super::{Arrived, Done};
use crate::domain::accounts::Actor;
use crate::domain::availability::ShelterView;
use crate::domain::id::{Moment, ShelterId};
use crate::domain::reports::{Channel, WarningCode, local_day};
use crate::domain::stock::{Count, RawCount};
use crate::domain::texts::{
    Beds, Book, Catalogue, Fault, House, Message, Outcome, What, example, figures, parse, print, unusual,
};
use crate::letters::{Reply, Rooms};
use crate::services::Services;
use crate::services::errors::Refused;
use crate::services::reports::ReportDraft;
use crate::services::telling::Telling;
use crate::store::shelters::Which;
use crate::store::stock::Counting;
use crate::store::{Tx, stock, views};

impl Services {
    /// Reads the message and does what it says.
    pub(super) async fn understood(
        &self,
        tx: &Tx,
        arrived: &Arrived<'_>,
        confirmed: bool,
        telling: &mut Telling,
    ) -> Result<Done, Refused> {
        let (book, views) = self.book(tx, &arrived.actor, arrived.now).await?;
        if views.is_empty() {
            return Ok(Done::said(Outcome::Refused, self.print_reply(arrived, &Reply::NoRooms)));
        }
        let (house, beds, stock) = match parse(&arrived.inbound.text, &book) {
            Ok(Message::Help { house }) => return Ok(self.helped(arrived, &book, &views, house)),
            Ok(Message::Report { house, beds, stock }) => (house, beds, stock),
            Err(fault) => return Ok(self.not_taken(arrived, &book, &views, &fault)),
        };
        let faulty = |what| Fault {
            house: Some(house),
            what,
        };
        let Some(seen) = views.get(house) else {
            return Ok(self.not_taken(arrived, &book, &views, &faulty(What::WhichShelter)));
        };
        let id = seen.shelter.id;
        views::lock(tx, id).await?.ok_or(Refused::NotFound)?;
        let view = views::one(tx, id, arrived.now).await?.ok_or(Refused::NotFound)?;
        if view.shelter.rooms != seen.shelter.rooms {
            // The rooms were changed while it was read: the gateway sends it again.
            return Err(Refused::Stale);
        }
        let figures = match figures(&beds, &view, local_day(arrived.now, self.pack.time_zone)) {
            Ok(figures) => figures,
            Err(what) => return Ok(self.not_taken(arrived, &book, &views, &faulty(what))),
        };
        if let Some(odd) = unusual(&beds, &view).filter(|_| !confirmed) {
            let label = view.shelter.rooms.get(odd.room).map_or("", |room| &room.label);
            let reply = Reply::Unusual {
                label,
                beds: odd.beds,
                usual: odd.usual,
            };
            return Ok(Done::said(Outcome::Asked, self.print_reply(arrived, &reply)));
        }
        let code = (book.houses.len() > 1).then_some(view.shelter.code.as_str());
        let Some(figures) = figures else {
            return self.counted_by_text(tx, arrived, (id, code), &stock, telling).await;
        };
        let draft = ReportDraft {
            channel: Channel::Sms,
            observed_at: arrived.now,
            operating: view.operating,
            rooms: figures.lines,
            stock: raw_counts(&stock),
            planned_exits: figures.exits,
            note: None,
            based_on: None,
        };
        let same = beds == Beds::Same;
        self.reported(tx, arrived, (id, code), draft, same, telling).await
    }

    /// Takes the report, and tells how the shelter stands with it.
    async fn reported(
        &self,
        tx: &Tx,
        arrived: &Arrived<'_>,
        (id, code): (ShelterId, Option<&str>),
        draft: ReportDraft,
        same: bool,
        telling: &mut Telling,
    ) -> Result<Done, Refused> {
        let counted = draft.stock.iter().map(|count| (count.item.clone(), count.on_hand));
        let stock: Vec<(String, i64)> = counted.collect();
        let receipt = self.take_report(tx, &arrived.actor, id, draft, telling).await?;
        let after = views::one(tx, id, arrived.now).await?.ok_or(Refused::NotFound)?;
        let warned = |code| receipt.warnings.iter().any(|warning| warning.code == code);
        let over = after
            .rooms
            .iter()
            .filter(|room| room.count(arrived.now).over_capacity > 0);
        let reply = Reply::Taken {
            at: self.local(arrived.now),
            code,
            same,
            rooms: rooms_of(&after, arrived.now),
            stock: &stock,
            over: over.map(|room| room.room.label.clone()).collect(),
            at_risk: warned(WarningCode::HoldAtRisk),
            applied: receipt.applied,
        };
        Ok(Done {
            outcome: Outcome::Report,
            answer: self.print_reply(arrived, &reply),
            report: Some(receipt.id),
            changed: receipt.applied.then_some(id),
        })
    }

    /// Supplies alone: they are counted, and nothing is said of rooms.
    async fn counted_by_text(
        &self,
        tx: &Tx,
        arrived: &Arrived<'_>,
        (id, code): (ShelterId, Option<&str>),
        counts: &[(String, i64)],
        telling: &mut Telling,
    ) -> Result<Done, Refused> {
        let now = arrived.now;
        views::lock(tx, id).await?.ok_or(Refused::NotFound)?;
        let of = Counting {
            shelter: id,
            report: None,
            user: Some(arrived.actor.user_id),
            observed_at: now,
            received_at: now,
        };
        let counted = Count::parse(&raw_counts(counts), &self.catalogue()).map_err(Refused::Invalid)?;
        let shelves = self.shelves_of(tx, id, &counted).await?;
        self.put_counts(tx, &of, &counted, shelves).await?;
        let detail = json!({"items": counts.len(), "channel": Channel::Sms});
        telling.entry(Some(&arrived.actor), "stock.count", ("shelter", id.to_string()), detail);
        let reply = Reply::Counted {
            at: self.local(now),
            code,
            stock: counts,
        };
        Ok(Done::said(Outcome::Stock, self.print_reply(arrived, &reply)))
    }

    fn helped(&self, arrived: &Arrived<'_>, book: &Book, views: &[ShelterView], house: Option<usize>) -> Done {
        let at = house.unwrap_or(0);
        let Some(view) = views.get(at) else {
            return Done::said(Outcome::Help, String::new());
        };
        let one = match view.rooms.first() {
            Some(room) => print(
                &Message::Report {
                    house: at,
                    beds: Beds::Some(vec![(0, room.state.occupied_beds)]),
                    stock: Vec::new(),
                },
                book,
            ),
            None => "=".to_owned(),
        };
        let record = view
            .observed_at
            .map(|seen| (self.local(seen), rooms_of(view, arrived.now)));
        let reply = Reply::Help {
            code: (views.len() > 1).then_some(view.shelter.code.as_str()),
            record,
            all: example(view, at, book),
            one,
        };
        Done::said(Outcome::Help, self.print_reply(arrived, &reply))
    }

    fn not_taken(&self, arrived: &Arrived<'_>, book: &Book, views: &[ShelterView], fault: &Fault) -> Done {
        let codes: Vec<String> = book.houses.iter().map(|house| house.code.clone()).collect();
        let at = fault.house.unwrap_or(0);
        let reply = Reply::Refused {
            what: &fault.what,
            codes: &codes,
            example: views.get(at).map(|view| example(view, at, book)),
        };
        Done::said(Outcome::Refused, self.print_reply(arrived, &reply))
    }

    /// The shelters of a manager, by their codes, as messages speak of them.
    pub(super) async fn book(&self, tx: &Tx, actor: &Actor, now: Moment) -> Result<(Book, Vec<ShelterView>), Refused> {
        let mut views = if actor.shelters.is_empty() {
            Vec::new()
        } else {
            views::load(tx, Which::Ids(&actor.shelters), now).await?
        };
        views.sort_by(|a, b| a.shelter.code.cmp(&b.shelter.code));
        let mut stocked: HashMap<ShelterId, Vec<String>> = HashMap::new();
        for row in stock::of_shelters(tx, &actor.shelters).await? {
            stocked.entry(row.shelter_id).or_default().push(row.item);
        }
        let houses = views.iter().map(|view| House {
            code: view.shelter.code.clone(),
            rooms: view.rooms.iter().map(|room| room.room.label.clone()).collect(),
            stocked: stocked.remove(&view.shelter.id).unwrap_or_default(),
        });
        let houses = houses.collect();
        let items = Catalogue::of(&self.catalogue());
        Ok((Book { houses, items }, views))
    }
}

fn raw_counts(counts: &[(String, i64)]) -> Vec<RawCount> {
    let raw = |(item, on_hand): &(String, i64)| RawCount::units(item, *on_hand);
    counts.iter().map(raw).collect()
}

fn rooms_of(view: &ShelterView, now: Moment) -> Rooms {
    let sum = view.count(now);
    Rooms {
        rooms: view
            .rooms
            .iter()
            .map(|room| (room.room.label.clone(), room.state.occupied_beds))
            .collect(),
        occupied: sum.occupied,
        beds: sum.beds,
        free: sum.free,
        operating: view.operating,
    }
}
