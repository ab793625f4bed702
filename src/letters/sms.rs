//! Replies by text message: what was understood, in the words of who wrote. Short, since each part of seventy letters is
//! paid for; no shelter's name, and its code only where there are several.

#[cfg(test)]
mod tests;

use chrono::NaiveDateTime;

use super::Names;
use super::words::{Words, languages};
use crate::domain::texts::{What, short};

/// Longest reply wanted: two parts of a message in letters that are not Latin, in UTF-16 units.
const TWO_PARTS: usize = 134;
/// The language of a reply to somebody whose own has no words yet.
const COMMON_LANGUAGE: &str = "ru";

/// A shelter's rooms as the reply tells them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rooms {
    /// Label and occupied beds, in the shelter's order.
    pub rooms: Vec<(String, u16)>,
    pub occupied: u32,
    pub beds: u32,
    pub free: u32,
    pub operating: bool,
}

/// What to write to somebody who sent a text message. Times are local.
#[derive(Debug, Clone)]
pub enum Reply<'a> {
    Taken {
        at: NaiveDateTime,
        /// Where she runs several shelters.
        code: Option<&'a str>,
        /// Nothing was told but that nothing changed.
        same: bool,
        rooms: Rooms,
        stock: &'a [(String, i64)],
        /// Labels of rooms with more people than beds.
        over: Vec<String>,
        /// A hold's beds are no longer there.
        at_risk: bool,
        /// It is in force.
        applied: bool,
    },
    /// Supplies alone.
    Counted {
        at: NaiveDateTime,
        code: Option<&'a str>,
        stock: &'a [(String, i64)],
    },
    /// A number far from usual: is it right?
    Unusual {
        label: &'a str,
        beds: u16,
        usual: u16,
    },
    Refused {
        what: &'a What,
        /// Codes of her shelters.
        codes: &'a [String],
        example: Option<String>,
    },
    Help {
        code: Option<&'a str>,
        /// What is on record and since when.
        record: Option<(NaiveDateTime, Rooms)>,
        /// How she would write of all rooms, and of one.
        all: String,
        one: String,
    },
    Connected {
        example: Option<String>,
    },
    /// More than may be sent in an hour.
    TooMany,
    TooManyPhones,
    /// She runs no shelter.
    NoRooms,
}

/// Prints a reply. A word of the message that was not understood stands in it as its position, `{3}`: replies are kept,
/// and words are not.
pub fn sms(reply: &Reply, language: &str, names: &dyn Names) -> String {
    let known = languages().find(|known| *known == language).unwrap_or(COMMON_LANGUAGE);
    let Some(words) = Words::of(known) else {
        return String::new();
    };
    let printer = Printer { words, names };
    match reply {
        Reply::Taken { .. } => printer.taken(reply),
        Reply::Counted { at, code, stock } => {
            let head = printer.coded(*code, &printer.timed("sms.taken", *at));
            let untold = printer.say("sms.beds_untold", &[]);
            let told = |stock: String| join(&[head.clone(), stock, untold.clone()]);
            shortest(told(printer.stock(stock)), || told(printer.counted(stock)))
        }
        Reply::Unusual { label, beds, usual } => {
            let room = capital(&printer.room(label, *beds));
            printer.say("sms.unusual", &[("room", &room), ("usual", &usual.to_string())])
        }
        Reply::Refused { what, codes, example } => {
            let example = example
                .as_ref()
                .map(|example| printer.say("sms.example", &[("example", example)]));
            let why = printer.fault(what, codes);
            let head = printer.say("sms.refused", &[]);
            join(&[head, why, example.unwrap_or_default()])
        }
        Reply::Help { code, record, all, one } => {
            let record = match record {
                None => printer.say("sms.no_record", &[]),
                Some((at, rooms)) => {
                    let day = words.day(at.date());
                    let with = [("date", day.as_str()), ("time", &words.time(*at))];
                    join(&[
                        printer.say("sms.record", &with),
                        printer.numbers(rooms),
                        printer.sum(rooms),
                    ])
                }
            };
            let how = printer.say("sms.how", &[("all", all), ("one", one)]);
            join(&[printer.coded(*code, &record), how])
        }
        Reply::Connected { example } => {
            let head = printer.say("sms.connected", &[]);
            let example = example
                .as_ref()
                .map(|example| printer.say("sms.example", &[("example", example)]));
            join(&[head, example.unwrap_or_default()])
        }
        Reply::TooMany => printer.say("sms.limited", &[]),
        Reply::TooManyPhones => printer.say("sms.too_many_phones", &[]),
        Reply::NoRooms => printer.say("sms.no_rooms", &[]),
    }
}

struct Printer<'a> {
    words: &'static Words,
    names: &'a dyn Names,
}

impl Printer<'_> {
    fn say(&self, key: &str, with: &[(&str, &str)]) -> String {
        self.words.say(key, with)
    }

    fn timed(&self, key: &str, at: NaiveDateTime) -> String {
        self.say(key, &[("time", &self.words.time(at))])
    }

    fn coded(&self, code: Option<&str>, text: &str) -> String {
        code.map_or_else(|| text.to_owned(), |code| format!("{code}. {text}"))
    }

    /// The fullest telling that fits into two parts: rooms by their labels, else their numbers alone, else the sum alone.
    fn taken(&self, reply: &Reply) -> String {
        let Reply::Taken {
            at,
            code,
            same,
            rooms,
            stock,
            over,
            at_risk,
            applied,
        } = reply
        else {
            return String::new();
        };
        let key = if *same { "sms.same" } else { "sms.taken" };
        let head = self.coded(*code, &self.timed(key, *at));
        let mut flags = Vec::new();
        if !*applied {
            flags.push(self.say("sms.late", &[]));
        }
        if !rooms.operating {
            flags.push(self.say("sms.closed", &[]));
        }
        if !over.is_empty() {
            flags.push(self.say("sms.over", &[("rooms", &over.join(", "))]));
        }
        if *at_risk {
            flags.push(self.say("sms.at_risk", &[]));
        }
        let flags = flags.join(" ");
        let told = |of_rooms: String, of_stock: String| {
            join(&[head.clone(), of_rooms, self.sum(rooms), of_stock, flags.clone()])
        };
        let labelled = told(self.labels(rooms), self.stock(stock));
        shortest(labelled, || {
            shortest(told(self.numbers(rooms), self.stock(stock)), || {
                shortest(told(self.numbers(rooms), self.counted(stock)), || {
                    told(String::new(), self.counted(stock))
                })
            })
        })
    }

    fn room(&self, label: &str, beds: u16) -> String {
        self.say("sms.room", &[("label", label), ("n", &beds.to_string())])
    }

    fn labels(&self, rooms: &Rooms) -> String {
        let all: Vec<String> = rooms
            .rooms
            .iter()
            .map(|(label, beds)| self.room(label, *beds))
            .collect();
        capital(&format!("{}.", all.join("; ")))
    }

    fn numbers(&self, rooms: &Rooms) -> String {
        let numbers: Vec<String> = rooms.rooms.iter().map(|(_, beds)| beds.to_string()).collect();
        self.say("sms.rooms", &[("numbers", &numbers.join(" "))])
    }

    fn sum(&self, rooms: &Rooms) -> String {
        let [occupied, beds, free] = [rooms.occupied, rooms.beds, rooms.free].map(|n| n.to_string());
        self.say("sms.sum", &[("occupied", &occupied), ("beds", &beds), ("free", &free)])
    }

    fn item(&self, code: &str) -> String {
        let name = self.names.item(code, &self.words.language);
        name.map_or_else(|| code.to_owned(), |name| short(&name).to_owned())
    }

    fn stock(&self, stock: &[(String, i64)]) -> String {
        if stock.is_empty() {
            return String::new();
        }
        let all: Vec<String> = stock
            .iter()
            .map(|(item, on_hand)| format!("{}: {on_hand}", self.item(item)))
            .collect();
        format!("{}.", all.join(", "))
    }

    fn counted(&self, stock: &[(String, i64)]) -> String {
        match u64::try_from(stock.len()) {
            Ok(0) | Err(_) => String::new(),
            Ok(n) => self.words.count("sms.items", n, &[]),
        }
    }

    fn fault(&self, what: &What, codes: &[String]) -> String {
        /// Most codes or items told; of more, she asks.
        const TOLD: usize = 4;
        let word = |key: &str, at: usize| self.say(key, &[("word", &format!("{{{at}}}"))]);
        match what {
            What::Nothing => self.say("sms.nothing", &[]),
            What::WhichShelter => {
                let codes: Vec<&str> = codes.iter().take(TOLD).map(String::as_str).collect();
                self.say("sms.which", &[("codes", &codes.join(", "))])
            }
            What::Count { given, wanted } => {
                let [given, wanted] = [given, wanted].map(ToString::to_string);
                self.say("sms.count", &[("given", &given), ("wanted", &wanted)])
            }
            What::Unknown { at } => word("sms.unknown", *at),
            What::TooLarge { at } => word("sms.large", *at),
            What::Twice => self.say("sms.twice", &[]),
            What::Ambiguous { items } => {
                let items: Vec<String> = items.iter().take(TOLD).map(|item| self.item(item)).collect();
                self.say("sms.ambiguous", &[("items", &items.join(", "))])
            }
            What::NoNumber { item } => self.say("sms.no_number", &[("item", &self.item(item))]),
            What::Mixed => self.say("sms.mixed", &[]),
            What::NoneBefore => self.say("sms.none_before", &[]),
        }
    }
}

fn join(parts: &[String]) -> String {
    let said: Vec<&str> = parts
        .iter()
        .map(String::as_str)
        .filter(|part| !part.is_empty())
        .collect();
    said.join(" ")
}

/// The text, or if it is too long the other.
fn shortest(text: String, other: impl FnOnce() -> String) -> String {
    if text.encode_utf16().count() <= TWO_PARTS {
        text
    } else {
        other()
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
