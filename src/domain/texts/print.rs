//! Messages in their plainest spelling: what `parse` reads back, and what replies show as an example.

use super::{Beds, Book, Message};
use crate::domain::availability::ShelterView;

/// The message as one could type it.
pub fn print(message: &Message, book: &Book) -> String {
    let several = book.houses.len() > 1;
    let (house, mut parts) = match message {
        Message::Help { house } => (*house, vec!["?".to_owned()]),
        Message::Report { house, beds, stock } => {
            let label = |room: usize| {
                let of = book.houses.get(*house);
                of.and_then(|of| of.rooms.get(room)).cloned().unwrap_or_default()
            };
            let mut parts = match beds {
                Beds::Untold => Vec::new(),
                Beds::Same => vec!["=".to_owned()],
                Beds::All(beds) => beds.iter().map(ToString::to_string).collect(),
                Beds::Some(rooms) => rooms
                    .iter()
                    .map(|(room, beds)| format!("{}:{beds}", label(*room)))
                    .collect(),
            };
            parts.extend(stock.iter().map(|(item, on_hand)| format!("{item} {on_hand}")));
            (Some(*house), parts)
        }
    };
    let code = house
        .and_then(|house| book.houses.get(house))
        .filter(|_| several)
        .map(|house| house.code.clone());
    if let Some(code) = code {
        parts.insert(0, code);
    }
    parts.join(" ")
}

/// Most rooms shown one by one in an example.
const SHOWN: usize = 12;

/// A message she could send of this shelter: the figures on record, or half of each room where there are none.
pub fn example(view: &ShelterView, house: usize, book: &Book) -> String {
    let known = view.observed_at.is_some();
    let beds: Vec<u16> = view
        .rooms
        .iter()
        .map(|room| {
            if known {
                room.state.occupied_beds
            } else {
                room.room.beds.div_ceil(2)
            }
        })
        .collect();
    let beds = if beds.len() > SHOWN {
        Beds::Some(beds.into_iter().enumerate().take(2).collect())
    } else {
        Beds::All(beds)
    };
    let message = Message::Report {
        house,
        beds,
        stock: Vec::new(),
    };
    print(&message, book)
}
