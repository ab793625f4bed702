//! Who can sleep where, as plainly as it can be said: try every person in every room. Written from the rules of
//! `DOMAIN.md`, not from the service's own search.

use panoh::domain::household::{AgeBand, Child, Need, Search, Sex};
use panoh::domain::rooms::RoomKind;
use panoh::domain::shelters::AdmissionRules;

/// What one room has left.
#[derive(Debug, Clone, Copy)]
pub struct Left {
    pub kind: RoomKind,
    pub step_free: bool,
    pub sleeps: i64,
    pub beds: i64,
    pub cots: i64,
}

#[derive(Debug, Clone, Copy, Default)]
struct Guests {
    women: i64,
    in_beds: i64,
    infants: i64,
    small: i64,
    big_boys: i64,
}

pub fn admitted(rules: &AdmissionRules, search: &Search) -> bool {
    let (adults, children) = (search.household.adults(), search.household.children());
    let newborn = children.iter().any(|child| child.age == 0);
    let older = adults.contains(&AgeBand::Over60);
    let asks = |need: Need| {
        search.needs.contains(&need) || (need == Need::Newborn && newborn) || (need == Need::OlderWoman && older)
    };
    let decided = [
        Need::Pregnancy,
        Need::Newborn,
        Need::Trafficking,
        Need::OlderWoman,
        Need::MentalHealth,
        Need::SubstanceUse,
        Need::NoDocuments,
        Need::Pets,
    ];
    rules.admits_women
        && (rules.admits_without_children || !children.is_empty())
        && rules
            .max_children
            .is_none_or(|most| children.len() <= usize::from(most))
        && children
            .iter()
            .all(|child| child.sex == Sex::Female || rules.boys_max_age.is_none_or(|most| child.age <= most))
        && decided
            .into_iter()
            .all(|need| !asks(need) || rules.admits.contains(&need))
}

pub fn fits(rules: &AdmissionRules, rooms: &[Left], search: &Search) -> bool {
    if !admitted(rules, search) {
        return false;
    }
    let mut slots = Vec::new();
    for room in rooms {
        if search.needs.contains(&Need::StepFree) && !room.step_free {
            continue;
        }
        let units = if room.kind == RoomKind::Block {
            room.beds.min(3)
        } else {
            1
        };
        slots.extend((0..units).map(|_| (*room, Guests::default())));
    }
    let most_rooms = if search.rooms_apart_ok { 3 } else { 1 };
    // The women first, so that most dead ends are seen early.
    let mut people: Vec<Option<Child>> = search.household.adults().iter().map(|_| None).collect();
    people.extend(search.household.children().iter().copied().map(Some));
    try_all(rules, &people, &mut slots, most_rooms)
}

fn try_all(rules: &AdmissionRules, people: &[Option<Child>], slots: &mut [(Left, Guests)], most_rooms: usize) -> bool {
    let Some((person, rest)) = people.split_first() else {
        return slots.iter().all(|(room, guests)| is_well(rules, room, guests));
    };
    let used = slots
        .iter()
        .filter(|(_, guests)| guests.in_beds + guests.infants > 0)
        .count();
    for at in 0..slots.len() {
        let before = slots[at].1;
        if before.in_beds + before.infants == 0 && used == most_rooms {
            continue;
        }
        slots[at].1 = with(rules, before, *person);
        if has_beds(&slots[at].0, &slots[at].1) && try_all(rules, rest, slots, most_rooms) {
            return true;
        }
        slots[at].1 = before;
    }
    false
}

fn with(rules: &AdmissionRules, guests: Guests, person: Option<Child>) -> Guests {
    let Some(child) = person else {
        return Guests {
            women: guests.women + 1,
            in_beds: guests.in_beds + 1,
            ..guests
        };
    };
    let infant = i64::from(child.age < 2);
    Guests {
        infants: guests.infants + infant,
        in_beds: guests.in_beds + 1 - infant,
        small: guests.small + i64::from(child.age < 7),
        big_boys: guests.big_boys + i64::from(child.sex == Sex::Male && child.age > rules.boys_shared_room_max_age),
        ..guests
    }
}

fn has_beds(room: &Left, guests: &Guests) -> bool {
    match room.kind {
        RoomKind::Block => guests.in_beds + guests.infants <= room.sleeps,
        RoomKind::Private | RoomKind::Shared => guests.in_beds <= room.beds,
    }
}

fn is_well(rules: &AdmissionRules, room: &Left, guests: &Guests) -> bool {
    let somebody = guests.in_beds + guests.infants > 0;
    if !somebody {
        return true;
    }
    let shared = room.kind == RoomKind::Shared;
    let alone = guests.women == 0;
    let with_mothers = if rules.infants_share_bed { guests.women } else { 0 };
    let infants_lie = room.kind == RoomKind::Block || guests.infants <= room.cots + with_mothers;
    has_beds(room, guests)
        && infants_lie
        && !(alone && (shared || guests.small > 0))
        && !(shared && guests.big_boys > 0)
}
