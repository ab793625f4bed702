//! The grammar of messages: numbers room by room, `room:number`, item and number, `=` and `?`, in any order; before them
//! the shelter's code, or the end of it, where there are several.

use super::super::naming::is_unit;
use super::lex::{Lexed, Token, lex};
use super::vocabulary::Meaning;
use super::{Beds, Book, Fault, House, Message, What};
use crate::domain::reports::MAX_COUNT;
use crate::domain::supplies::MAX_ON_HAND;

/// Most words that one name is made of.
const LONGEST_NAME: usize = 6;

/// Reads a message.
///
/// # Errors
/// The first thing in it that cannot be taken.
pub fn parse(text: &str, book: &Book) -> Result<Message, Fault> {
    let tokens = lex(text);
    let nowhere = |what| Fault { house: None, what };
    if tokens.is_empty() {
        let house = (book.houses.len() == 1).then_some(0);
        return Err(Fault {
            house,
            what: What::Nothing,
        });
    }
    let (house, start) = match which(&tokens, &book.houses) {
        Some(found) => found,
        None if asks(&tokens, book) => return Ok(Message::Help { house: None }),
        None => return Err(nowhere(What::WhichShelter)),
    };
    let Some(of) = book.houses.get(house) else {
        return Err(nowhere(What::WhichShelter));
    };
    let mut reader = Reader {
        tokens: &tokens,
        at: start,
        house: of,
        book,
        said: Said::default(),
    };
    reader
        .read()
        .and_then(|()| reader.said.finish(house, of))
        .map_err(|what| Fault {
            house: Some(house),
            what,
        })
}

/// Whether anywhere in it she asks for help.
fn asks(tokens: &[Lexed], book: &Book) -> bool {
    tokens.iter().any(|lexed| match &lexed.token {
        Token::Ask => true,
        Token::Word(word) => book.items.meaning(word) == Some(Meaning::Help),
        _ => false,
    })
}

/// Which shelter a message is about, and where what it says of it begins. The end of a code counts if it has a letter
/// or is written with a leading zero: `12` alone is a number of beds.
fn which(tokens: &[Lexed], houses: &[House]) -> Option<(usize, usize)> {
    let mut best: Option<(usize, usize)> = None;
    let mut rivals = 0;
    for (house, of) in houses.iter().enumerate() {
        let code = lex(&of.code);
        let length = (0..code.len()).find_map(|from| {
            let tail = code.get(from..)?;
            let tells = tail
                .iter()
                .any(|lexed| matches!(lexed.token, Token::Word(_) | Token::Number { zero: true, .. }));
            (tells && same(tail, tokens.get(..tail.len())?)).then_some(tail.len())
        });
        let Some(length) = length else { continue };
        match best {
            Some((_, longest)) if longest > length => {}
            Some((_, longest)) if longest == length => rivals += 1,
            _ => (best, rivals) = (Some((house, length)), 0),
        }
    }
    match (best, houses.len()) {
        (Some(found), _) if rivals == 0 => Some(found),
        (_, 1) => Some((0, 0)),
        _ => None,
    }
}

fn same(some: &[Lexed], others: &[Lexed]) -> bool {
    some.len() == others.len() && some.iter().zip(others).all(|(one, other)| one.token == other.token)
}

/// What has been read so far.
#[derive(Default)]
struct Said {
    help: bool,
    same: bool,
    list: Vec<u16>,
    rooms: Vec<(usize, u16)>,
    stock: Vec<(String, i64)>,
}

impl Said {
    fn finish(&mut self, house: usize, of: &House) -> Result<Message, What> {
        if self.help {
            return Ok(Message::Help { house: Some(house) });
        }
        self.rooms.sort_unstable();
        let (list, rooms) = (std::mem::take(&mut self.list), std::mem::take(&mut self.rooms));
        let beds = match (list.is_empty(), rooms.is_empty()) {
            (false, true) if !self.same => {
                if list.len() != of.rooms.len() {
                    return Err(What::Count {
                        given: list.len(),
                        wanted: of.rooms.len(),
                    });
                }
                Beds::All(list)
            }
            (false, _) => return Err(What::Mixed),
            (true, false) => Beds::Some(rooms),
            (true, true) if self.same => Beds::Same,
            (true, true) if self.stock.is_empty() => return Err(What::Nothing),
            (true, true) => Beds::Untold,
        };
        Ok(Message::Report {
            house,
            beds,
            stock: std::mem::take(&mut self.stock),
        })
    }
}

struct Reader<'a> {
    tokens: &'a [Lexed],
    at: usize,
    house: &'a House,
    book: &'a Book,
    said: Said,
}

impl<'a> Reader<'a> {
    fn token(&self, at: usize) -> Option<&'a Token> {
        self.tokens.get(at).map(|lexed| &lexed.token)
    }

    fn read(&mut self) -> Result<(), What> {
        while let Some(token) = self.token(self.at) {
            match token {
                Token::Ask => {
                    self.said.help = true;
                    self.at += 1;
                }
                Token::Equal => {
                    self.said.same = true;
                    self.at += 1;
                }
                Token::Colon | Token::Odd => return Err(What::Unknown { at: self.at }),
                Token::Number { .. } | Token::Word(_) if self.room()? => {}
                Token::Number { .. } => {
                    let beds = self.beds(self.at)?;
                    self.said.list.push(beds);
                    self.at += 1;
                }
                Token::Word(_) => self.word()?,
            }
        }
        Ok(())
    }

    /// Position of the number after `at`, an `=` or `:` between allowed or wanted.
    fn number_after(&self, at: usize, sign_wanted: bool) -> Option<usize> {
        let signed = matches!(self.token(at), Some(Token::Equal | Token::Colon));
        let number = at + usize::from(signed);
        (matches!(self.token(number), Some(Token::Number { .. })) && (signed || !sign_wanted)).then_some(number)
    }

    /// Reads `room: number` if it stands here.
    fn room(&mut self) -> Result<bool, What> {
        let named = self.labelled();
        let (room, number) = match named {
            Some(found) => found,
            None => match (self.token(self.at), self.number_after(self.at + 1, true)) {
                (Some(Token::Number { value, .. }), Some(number)) => {
                    let room = self.numbered(*value).ok_or(What::Unknown { at: self.at })?;
                    (room, number)
                }
                _ => return Ok(false),
            },
        };
        let beds = self.beds(number)?;
        if self.said.rooms.iter().any(|(known, _)| *known == room) {
            return Err(What::Twice);
        }
        self.said.rooms.push((room, beds));
        self.at = number + 1;
        Ok(true)
    }

    /// The room whose whole label stands here before a number: the longest such label. A label of digits alone wants a
    /// sign after it, else it would be a count itself.
    fn labelled(&self) -> Option<(usize, usize)> {
        let mut best: Option<(usize, usize, usize)> = None;
        for (room, label) in self.house.rooms.iter().enumerate() {
            let label = lex(label);
            let end = self.at + label.len();
            let here = !label.is_empty() && self.tokens.get(self.at..end).is_some_and(|here| same(&label, here));
            let sign_wanted = !label.iter().any(|lexed| matches!(lexed.token, Token::Word(_)));
            let number = here.then(|| self.number_after(end, sign_wanted)).flatten();
            if let Some(number) = number
                && best.is_none_or(|(_, longest, _)| label.len() > longest)
            {
                best = Some((room, label.len(), number));
            }
        }
        best.map(|(room, _, number)| (room, number))
    }

    /// The one room whose label begins with this number; where no label has any number, the room at this place.
    fn numbered(&self, number: u64) -> Option<usize> {
        let first = |label: &String| {
            lex(label).iter().find_map(|lexed| match lexed.token {
                Token::Number { value, .. } => Some(value),
                _ => None,
            })
        };
        let numbers: Vec<Option<u64>> = self.house.rooms.iter().map(first).collect();
        if numbers.iter().all(Option::is_none) {
            let place = usize::try_from(number).ok()?.checked_sub(1)?;
            return (place < numbers.len()).then_some(place);
        }
        let mut those = numbers
            .iter()
            .enumerate()
            .filter(|(_, own)| **own == Some(number))
            .map(|(room, _)| room);
        let room = those.next()?;
        those.next().is_none().then_some(room)
    }

    fn beds(&self, at: usize) -> Result<u16, What> {
        match self.token(at) {
            Some(Token::Number { value, .. }) if i64::try_from(*value).is_ok_and(|value| value <= MAX_COUNT) => {
                u16::try_from(*value).map_err(|_| What::TooLarge { at })
            }
            _ => Err(What::TooLarge { at }),
        }
    }

    /// Reads the longest run of words from here that means something.
    fn word(&mut self) -> Result<(), What> {
        let words = (self.at..self.at + LONGEST_NAME).map_while(|at| match self.token(at) {
            Some(Token::Word(word)) => Some(word.as_str()),
            _ => None,
        });
        let words: Vec<&str> = words.collect();
        let found = (1..=words.len()).rev().find_map(|length| {
            let joined: String = words.get(..length)?.concat();
            Some((length, self.book.items.meaning(&joined)?))
        });
        let Some((length, meaning)) = found else {
            return Err(What::Unknown { at: self.at });
        };
        let end = self.at + length;
        match meaning {
            Meaning::Same => self.said.same = true,
            Meaning::Help => self.said.help = true,
            Meaning::Filler => {
                self.at = end + usize::from(self.token(end) == Some(&Token::Colon));
                return Ok(());
            }
            Meaning::Items(codes) => return self.item(codes, end),
        }
        self.at = end;
        Ok(())
    }

    fn item(&mut self, codes: Vec<String>, end: usize) -> Result<(), What> {
        let item = match codes.as_slice() {
            [one] => one.clone(),
            several => {
                let mut known = several.iter().filter(|code| self.house.stocked.contains(code));
                match (known.next(), known.next()) {
                    (Some(one), None) => one.clone(),
                    _ => return Err(What::Ambiguous { items: codes }),
                }
            }
        };
        let Some(at) = self.number_after(end, false) else {
            return Err(What::NoNumber { item });
        };
        let on_hand = match self.token(at) {
            Some(Token::Number { value, .. }) => i64::try_from(*value).ok().filter(|value| *value <= MAX_ON_HAND),
            _ => None,
        };
        let on_hand = on_hand.ok_or(What::TooLarge { at })?;
        if self.said.stock.iter().any(|(known, _)| *known == item) {
            return Err(What::Twice);
        }
        self.said.stock.push((item, on_hand));
        let unit = matches!(self.token(at + 1), Some(Token::Word(word)) if is_unit(word));
        self.at = at + 1 + usize::from(unit);
        Ok(())
    }
}
