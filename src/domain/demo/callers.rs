//! Who calls and what stands free in an invented country: what plans and rankings are measured on.
//! It must not know how either is made.

use std::collections::BTreeSet;

use super::super::availability::ShelterView;
use super::super::household::{Need, Search};
use super::super::rooms::{ActiveClaim, Occupancy, RoomView};
use super::households::Family;
use super::random::Random;
use super::{CALLERS, Demo};

impl Demo {
    /// The shelter of this position as it stands at the moment the demo is made for, claims of running holds included.
    #[must_use]
    pub fn view(&self, position: usize) -> Option<ShelterView> {
        let shelter = &self.shelters.get(position)?.shelter;
        let history = self.history(position);
        let rooms = shelter.rooms.iter().map(|room| {
            let line = history.current.iter().find(|line| line.room_id == room.id);
            let mut view = RoomView::new(room.clone(), line.map_or_else(Occupancy::default, |line| line.state));
            let running = history
                .holds
                .iter()
                .filter(|hold| hold.is_active(self.now) && hold.shelter_id == shelter.id);
            for hold in running {
                let here = hold.lines.iter().filter(|line| line.room_id == room.id);
                view.claims.extend(here.map(|line| ActiveClaim {
                    hold_id: hold.id,
                    beds: line.beds,
                    cots: line.cots,
                    expires_at: hold.expires_at,
                    starts_at: hold.starts_at,
                }));
            }
            view
        });
        let newest = history.reports.last();
        Some(ShelterView {
            rooms: rooms.collect(),
            observed_at: newest.map(|report| report.observed_at),
            operating: newest.is_none_or(|report| report.operating),
            shelter: shelter.clone(),
        })
    }

    /// Households that look for a place at that moment: from anywhere in the country, or from its first `districts`
    /// districts only, as after an earthquake. One in twelve needs step-free rooms.
    #[must_use]
    pub fn callers(&self, count: usize, districts: Option<usize>) -> Vec<Search> {
        let mut random = Random::new(self.seed, CALLERS);
        let most = districts
            .unwrap_or(self.districts.len())
            .clamp(1, self.districts.len().max(1));
        let from = self.districts.get(..most).unwrap_or(&self.districts);
        let asked = BTreeSet::from([
            Need::Pregnancy,
            Need::Trafficking,
            Need::MentalHealth,
            Need::NoDocuments,
        ]);
        let mut callers = Vec::with_capacity(count);
        while callers.len() < count {
            let Some(district) = random.pick(from).cloned() else {
                break;
            };
            let drawn = Family::drawn(&mut random).search(&asked, &district, &mut random);
            let step_free = random.below(12) == 0;
            callers.extend(drawn.map(|mut search| {
                if step_free {
                    search.needs.insert(Need::StepFree);
                }
                search
            }));
        }
        callers
    }
}
