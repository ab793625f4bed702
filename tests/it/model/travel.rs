//! Steps of those who send supplies to each other, and what ought to be on its way: a plain list of transfers.

use chrono::TimeDelta;
use panoh::domain::accounts::Actor;
use panoh::domain::id::TransferId;
use panoh::domain::stock::Lots;
use panoh::domain::transfers::{Arrival, CancelReason, Difference, RawLine, Sending, TransferState, TransferStep};
use panoh::services::transfers::{Act, TransferView, TransferWish};

use super::goods::Event;
use super::houses::ITEMS;
use super::land::word;
use super::truth::{Truth, local_date};
use super::world::World;

/// A transfer; each line an item with what was agreed, sent and received of it.
#[derive(Debug)]
pub struct Journey {
    pub id: TransferId,
    pub from: usize,
    pub to: usize,
    pub state: TransferState,
    pub lines: Vec<Cargo>,
}

#[derive(Debug, Clone)]
pub struct Cargo {
    pub item: &'static str,
    pub agreed: i64,
    pub sent: i64,
    pub received: i64,
}

impl Journey {
    fn units(&self, item: &str, of: impl Fn(&Cargo) -> i64) -> i64 {
        self.lines.iter().filter(|cargo| cargo.item == item).map(of).sum()
    }
}

impl Truth {
    /// Of an item: on its way to a shelter, and agreed to leave it.
    pub fn way(&self, house: usize, item: &str) -> (i64, i64) {
        let sent = |journey: &&Journey| journey.to == house && journey.state == TransferState::Dispatched;
        let agreed = |journey: &&Journey| journey.from == house && journey.state == TransferState::Approved;
        let coming = self
            .journeys
            .iter()
            .filter(sent)
            .map(|journey| journey.units(item, |cargo| cargo.sent));
        let promised = self
            .journeys
            .iter()
            .filter(agreed)
            .map(|journey| journey.units(item, |cargo| cargo.agreed));
        (coming.sum(), promised.sum())
    }

    /// Of an item in the whole country: on its way, and sent but not among what was received.
    pub fn carried(&self, item: &str) -> (i64, i64) {
        let of = |state: TransferState| self.journeys.iter().filter(move |journey| journey.state == state);
        let transit = of(TransferState::Dispatched).map(|journey| journey.units(item, |cargo| cargo.sent));
        let missing =
            of(TransferState::Received).map(|journey| journey.units(item, |cargo| cargo.sent - cargo.received));
        (transit.sum(), missing.sum())
    }
}

fn print_transfer(view: &TransferView) -> String {
    view.transfer.id.to_string()
}

/// Whether this end of a transfer may take this step in this state; the refusal as its word if not.
fn allowed(step: TransferStep, state: TransferState, admin: bool, donor: bool, recipient: bool) -> &'static str {
    use TransferState::{Approved, Dispatched, Proposed};
    let theirs = match (step, state) {
        (TransferStep::Approve, Proposed) => admin,
        (TransferStep::Dispatch, Approved) | (TransferStep::Cancel, Dispatched) => donor,
        (TransferStep::Receive, Dispatched) => recipient,
        (TransferStep::Cancel, Proposed | Approved) => admin || donor || recipient,
        _ => return "wrong_state",
    };
    if theirs { "ok" } else { "not_your_side" }
}

impl World {
    pub async fn propose(&mut self) {
        let houses = self.truth.houses.len();
        let from = self.random.below(houses);
        let to = self.random.below(houses);
        let mut items: Vec<&'static str> = (0..=self.random.below(2))
            .map(|_| ITEMS[self.random.below(ITEMS.len())])
            .collect();
        items.dedup();
        let lines: Vec<Cargo> = (items.into_iter())
            .map(|item| Cargo {
                item,
                agreed: self.random.within(1, 100),
                sent: 0,
                received: 0,
            })
            .collect();
        let operator = self.random.percent(60);
        let stranger = !operator && self.random.percent(10);
        let actor = match operator {
            true => self.land.admin.clone(),
            false => self.land.managers[usize::from(from >= 3) ^ usize::from(stranger)].clone(),
        };
        let ought = if stranger || from == to { "invalid" } else { "ok" };
        let wish = TransferWish {
            from: self.shelter(from),
            to: self.shelter(to),
            due_on: local_date(self.now()) + TimeDelta::days(self.random.within(0, 9)),
            lines: (lines.iter())
                .map(|cargo| RawLine {
                    item: cargo.item.to_owned(),
                    quantity: cargo.agreed,
                    packs: 0,
                    request: None,
                })
                .collect(),
        };
        let once = self.once(print_transfer);
        let answer = self.land.services.propose_transfer(&actor, wish, once).await;
        let said = answer.as_ref().map_or_else(word, |_| "ok".to_owned());
        self.agree(&format!("transfer of {lines:?} from {from} to {to}"), &said, ought);
        let Ok(answer) = answer else { return };
        self.entries += 1;
        self.truth.journeys.push(Journey {
            id: TransferId(answer.parse().unwrap()),
            from,
            to,
            state: TransferState::Proposed,
            lines,
        });
    }

    /// Somebody takes a step with one of the newer transfers: mostly the one whose turn it is, by the one whose it is.
    pub async fn travel(&mut self) {
        let all = self.truth.journeys.len();
        if all == 0 {
            return;
        }
        let at = all - 1 - self.random.below(all.min(12));
        let (id, from, to, state) = {
            let journey = &self.truth.journeys[at];
            (journey.id, journey.from, journey.to, journey.state)
        };
        use TransferStep::{Approve, Cancel, Dispatch, Receive};
        let next = match state {
            TransferState::Proposed => Approve,
            TransferState::Approved => Dispatch,
            _ => Receive,
        };
        let step = if self.random.percent(75) {
            next
        } else {
            [Approve, Dispatch, Receive, Cancel][self.random.below(4)]
        };
        let actor = match (self.random.percent(85), step) {
            (true, Approve) => self.land.admin.clone(),
            (true, Receive) => self.manager(to).clone(),
            (true, _) => self.manager(from).clone(),
            _ => [&self.land.admin, &self.land.managers[0], &self.land.managers[1]][self.random.below(3)].clone(),
        };
        let own = |house: usize| actor.shelters.contains(&self.shelter(house));
        let admin = actor.shelters.is_empty();
        let mut ought = match admin || own(from) || own(to) {
            true => allowed(step, state, admin, own(from), own(to)),
            false => "not_found",
        };
        let (act, units) = self.act(at, step);
        if ought == "ok" && !self.is_right(at, step, &units) {
            ought = "invalid";
        }
        let once = self.once(print_transfer);
        let answer = self.move_by(&actor, id, act, once).await;
        self.agree(
            &format!("{step} of {:?}: {units:?}", self.truth.journeys[at]),
            &answer,
            ought,
        );
        if answer == "ok" {
            self.entries += 1;
            self.moved(at, step, &units);
        }
    }

    async fn move_by(
        &self,
        actor: &Actor,
        id: TransferId,
        act: Act,
        once: panoh::services::once::Once<TransferView>,
    ) -> String {
        let answer = self.land.services.move_transfer(actor, id, act, once).await;
        answer.map_or_else(|refused| word(&refused), |_| "ok".to_owned())
    }

    /// A step and the units of each line that it tells of.
    fn act(&mut self, at: usize, step: TransferStep) -> (Act, Vec<i64>) {
        let random = &mut self.random;
        let lines = &self.truth.journeys[at].lines;
        let mut told = |most: i64| match random.below(10) {
            0 => most + 1,
            1..=5 => most,
            _ => random.within(0, most),
        };
        match step {
            TransferStep::Approve => (Act::Approve, Vec::new()),
            TransferStep::Cancel => (Act::Cancel(CancelReason::Other), Vec::new()),
            TransferStep::Dispatch => {
                let units: Vec<i64> = lines.iter().map(|cargo| told(cargo.agreed)).collect();
                let sending = lines.iter().zip(&units).map(|(cargo, units)| Sending {
                    item: cargo.item.to_owned(),
                    units: *units,
                    lots: Lots::default(),
                });
                (Act::Dispatch(sending.collect()), units)
            }
            TransferStep::Receive => {
                let units: Vec<i64> = lines.iter().map(|cargo| told(cargo.sent)).collect();
                let arrived = lines.iter().zip(&units).map(|(cargo, units)| Arrival {
                    item: cargo.item.to_owned(),
                    units: *units,
                    difference: (*units < cargo.sent).then_some(Difference::Lost),
                });
                (Act::Receive(arrived.collect()), units)
            }
        }
    }

    /// Whether the figures can be: nothing more than was agreed and is there, or than was sent.
    fn is_right(&self, at: usize, step: TransferStep, units: &[i64]) -> bool {
        let journey = &self.truth.journeys[at];
        let mut lines = journey.lines.iter().zip(units);
        match step {
            TransferStep::Approve | TransferStep::Cancel => true,
            TransferStep::Receive => lines.all(|(cargo, units)| *units <= cargo.sent),
            TransferStep::Dispatch => {
                let shelves = &self.truth.houses[journey.from].stock;
                let there = |item: &str| shelves.get(item).map_or(0, super::goods::Shelf::on_hand);
                units.iter().any(|units| *units > 0)
                    && lines.all(|(cargo, units)| *units <= cargo.agreed && *units <= there(cargo.item))
            }
        }
    }

    fn moved(&mut self, at: usize, step: TransferStep, units: &[i64]) {
        let now = self.now();
        let journey = &mut self.truth.journeys[at];
        let (from, to) = (journey.from, journey.to);
        let mut changes: Vec<(usize, &'static str, i64)> = Vec::new();
        match step {
            TransferStep::Approve => journey.state = TransferState::Approved,
            TransferStep::Dispatch => {
                journey.state = TransferState::Dispatched;
                for (cargo, units) in journey.lines.iter_mut().zip(units) {
                    cargo.sent = *units;
                    changes.push((from, cargo.item, -units));
                }
            }
            TransferStep::Receive => {
                journey.state = TransferState::Received;
                for (cargo, units) in journey.lines.iter_mut().zip(units) {
                    cargo.received = *units;
                    changes.push((to, cargo.item, *units));
                }
            }
            TransferStep::Cancel => {
                journey.state = TransferState::Cancelled;
                changes.extend(journey.lines.iter().map(|cargo| (from, cargo.item, cargo.sent)));
            }
        }
        for (house, item, change) in changes.into_iter().filter(|change| change.2 != 0) {
            self.truth.shelf(house, item).push(now, Event::Moved(change));
        }
    }
}
