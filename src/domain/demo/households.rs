//! Households as they come: mostly a woman with one to three children, often a woman alone.

use std::collections::BTreeSet;

use super::super::household::{AgeBand, Child, Household, Need, Search, Sex, Urgency};
use super::super::shelters::AdmissionRules;
use super::random::Random;

/// A household's shape before it is asked where it may sleep.
#[derive(Debug, Clone)]
pub(super) struct Family {
    pub adults: Vec<AgeBand>,
    pub children: Vec<Child>,
}

impl Family {
    pub(super) fn drawn(random: &mut Random) -> Self {
        let roll = random.unit();
        let (band, most) = if roll < 0.05 {
            (AgeBand::Under18, 1)
        } else if roll < 0.12 {
            (AgeBand::Over60, 0)
        } else {
            (AgeBand::From18To59, 5)
        };
        let children = match random.unit() {
            x if x < 0.30 => 0,
            x if x < 0.58 => 1,
            x if x < 0.83 => 2,
            x if x < 0.95 => 3,
            _ => 4,
        };
        let oldest = if band == AgeBand::Under18 { 1 } else { 17 };
        let children = (0..children.min(most))
            .map(|_| {
                // Young children come more often than grown boys and girls.
                let age = random.between(0, oldest).min(random.between(0, 17));
                let sex = if random.chance(0.5) { Sex::Female } else { Sex::Male };
                Child {
                    age: u8::try_from(age).unwrap_or(0),
                    sex,
                }
            })
            .collect();
        let mut adults = vec![band];
        if random.chance(0.03) {
            adults.push(AgeBand::Over60);
        }
        Self { adults, children }
    }

    fn infants(&self) -> u16 {
        u16::try_from(self.children.iter().filter(|child| child.age < 2).count()).unwrap_or(u16::MAX)
    }

    pub(super) fn persons(&self) -> u16 {
        u16::try_from(self.adults.len() + self.children.len()).unwrap_or(u16::MAX)
    }

    /// Beds for everybody of two years and more, and how many infants there are.
    pub(super) fn beds_and_infants(&self) -> (u16, u16) {
        (self.persons() - self.infants(), self.infants())
    }

    fn oldest_boy(&self) -> Option<u8> {
        self.children
            .iter()
            .filter(|child| child.sex == Sex::Male)
            .map(|child| child.age)
            .max()
    }

    pub(super) fn needs_private(&self, rules: &AdmissionRules) -> bool {
        self.oldest_boy()
            .is_some_and(|age| age > rules.boys_shared_room_max_age)
    }

    /// Whether the rules let it in, its ages' own needs included.
    pub(super) fn admitted(&self, rules: &AdmissionRules) -> bool {
        let children = u8::try_from(self.children.len()).unwrap_or(u8::MAX);
        rules.admits_women
            && (rules.admits_without_children || children > 0)
            && rules.max_children.is_none_or(|most| children <= most)
            && rules
                .boys_max_age
                .is_none_or(|most| self.oldest_boy().is_none_or(|age| age <= most))
            && self.implied().iter().all(|need| rules.admits.contains(need))
    }

    fn implied(&self) -> BTreeSet<Need> {
        let newborn = self
            .children
            .iter()
            .any(|child| child.age == 0)
            .then_some(Need::Newborn);
        let older = self.adults.contains(&AgeBand::Over60).then_some(Need::OlderWoman);
        newborn.into_iter().chain(older).collect()
    }

    /// The search an officer makes for it. Admission needs stay within `admits`.
    pub(super) fn search(&self, admits: &BTreeSet<Need>, district: &str, random: &mut Random) -> Option<Search> {
        let asked = [
            Need::Pregnancy,
            Need::Trafficking,
            Need::MentalHealth,
            Need::NoDocuments,
        ];
        let wishes = [
            Need::Psychosocial,
            Need::Legal,
            Need::Medical,
            Need::Childcare,
            Need::Education,
        ];
        let mut needs = BTreeSet::new();
        needs.extend(
            asked
                .into_iter()
                .filter(|need| admits.contains(need) && random.chance(0.08)),
        );
        needs.extend(wishes.into_iter().filter(|_| random.chance(0.25)));
        let tongues = ["tg", "tg", "tg", "ru", "uz"];
        let urgency = match random.unit() {
            x if x < 0.5 => Urgency::Now,
            x if x < 0.8 => Urgency::Today,
            x if x < 0.95 => Urgency::ThisWeek,
            _ => Urgency::Planned,
        };
        Some(Search {
            household: Household::new(self.adults.clone(), self.children.clone()).ok()?,
            needs,
            languages: BTreeSet::from([random.pick(&tongues).copied().unwrap_or("tg").to_owned()]),
            from_district: district.to_owned(),
            avoid_districts: BTreeSet::new(),
            excluded: Default::default(),
            urgency,
            earliest_date: None,
            rooms_apart_ok: self.persons() > 3 && random.chance(0.3),
        })
    }
}
