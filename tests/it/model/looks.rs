//! Looks: what the service answers beside what ought to be true, from one shelter's rooms to the whole country and past.

use std::collections::BTreeMap;

use panoh::domain::availability::Counts;
use panoh::domain::digests::Content;
use panoh::domain::geography::Pack;
use panoh::domain::holds::HoldState;
use panoh::domain::household::Search;
use panoh::domain::id::{Moment, RecipientId};
use panoh::letters;

use super::random::DISTRICTS;
use super::truth::{Sum, local_date};
use super::world::{Made, World, day_key, digest_day};

/// Names as the letters ask for them.
struct Names<'a>(&'a Pack);

impl letters::Names for Names<'_> {
    fn region(&self, code: &str, language: &str) -> Option<String> {
        self.0
            .region(code)
            .map(|region| region.names.in_language(language).to_owned())
    }

    fn item(&self, code: &str, language: &str) -> Option<String> {
        self.0
            .item(code)
            .map(|item| item.names.in_language(language).to_owned())
    }
}

fn told(counts: &Counts) -> Sum {
    let n = |n: u64| i64::try_from(n).unwrap();
    Sum {
        beds: n(counts.beds),
        free: n(counts.free),
        occupied: n(counts.occupied),
        held: n(counts.held),
        enclosed: n(counts.enclosed),
        out: n(counts.out_of_service),
        over: n(counts.over_capacity),
        free_cots: 0,
    }
}

impl World {
    /// One shelter on the board, room by room.
    pub fn look_at(&self, house: usize) {
        let (board, now) = (self.land.services.board.current(), self.now());
        let view = board.get(self.shelter(house)).expect("on the board");
        for (at, room) in view.rooms.iter().enumerate() {
            let (count, ought) = (room.count(now), self.truth.room(house, at, now));
            let said = Sum {
                free_cots: i64::from(count.free_cots),
                ..told(&Counts::from(count))
            };
            assert_eq!(said, ought, "room {at} of {house}");
            assert_eq!(
                said.beds + said.over,
                said.free + said.occupied + said.held + said.enclosed + said.out
            );
        }
    }

    pub fn look_at_some(&mut self) {
        let house = self.random.below(self.truth.houses.len());
        self.look_at(house);
    }

    /// The whole picture: the country, its regions, who is how fresh.
    pub fn look_at_all(&mut self) {
        let now = self.now();
        let picture = self.land.services.availability();
        let all = &picture.availability;
        let mut regions: BTreeMap<String, Sum> = BTreeMap::new();
        let (mut country, mut ages) = (Sum::default(), [0; 4]);
        for house in 0..self.truth.houses.len() {
            let one = Sum {
                free_cots: 0,
                ..self.truth.house(house, now)
            };
            for sum in [
                &mut country,
                regions
                    .entry(self.truth.houses[house].shelter.region.clone())
                    .or_default(),
            ] {
                *sum = added(sum, &one);
            }
            ages[self.truth.age(house, now)] += 1;
        }
        let said: BTreeMap<String, Sum> = all
            .regions
            .iter()
            .map(|(code, totals)| (code.clone(), told(&totals.counts)))
            .collect();
        assert_eq!(told(&all.national.counts), country, "the country");
        assert_eq!(said, regions, "by region");
        let fresh = &all.national.shelters;
        assert_eq!([fresh.fresh, fresh.aging, fresh.stale, fresh.silent], ages, "freshness");
        if self.random.percent(10) {
            self.shown.push((now, all.clone()));
        }
    }

    /// The shelter as its own people see it, read from the database.
    pub async fn look_inside(&mut self) {
        let house = self.random.below(self.truth.houses.len());
        let (now, id) = (self.now(), self.shelter(house));
        let state = self.land.services.state(self.manager(house), id).await.unwrap();
        let count = state.view.count(now);
        let ought = (0..self.truth.houses[house].shelter.rooms.len()).map(|room| self.truth.room(house, room, now));
        let ought = ought.fold(Sum::default(), |sum, room| added(&sum, &room));
        let operating = self.truth.newest(house, now).is_none_or(|told| told.operating);
        assert_eq!(
            (i64::from(count.occupied), i64::from(count.held)),
            (ought.occupied, ought.held)
        );
        assert_eq!(
            i64::from(count.free),
            if operating { ought.free } else { 0 },
            "free in {house}"
        );
        let mut open: Vec<_> = Vec::new();
        for (at, stay) in self.truth.stays.iter().enumerate() {
            if stay.house == house && stay.is_open(now) {
                open.push((stay.id, stay.state, self.truth.at_risk(at, now)));
            }
        }
        let mut said: Vec<_> = state
            .holds
            .iter()
            .map(|view| (view.hold.id, view.state, view.at_risk))
            .collect();
        open.sort_by_key(|row| row.0);
        said.sort_by_key(|row| row.0);
        assert_eq!(said, open, "holds of {house}");
        let stock: Vec<_> = state
            .stock
            .iter()
            .map(|view| (view.stock.item.clone(), view.stock.on_hand))
            .collect();
        assert_eq!(stock, self.truth.on_hand(house), "stock of {house}");
        for row in &state.stock {
            let way = (row.way.coming, row.way.promised);
            assert_eq!(
                way,
                self.truth.way(house, &row.stock.item),
                "coming to {house} and promised"
            );
        }
    }

    /// A hold as both sides see it.
    pub async fn look_at_hold(&mut self) {
        let Some(at) = self.some_stay() else { return };
        let (stay, now) = (&self.truth.stays[at], self.now());
        let officer = self.truth.cases[stay.case].officer;
        for actor in [&self.land.officers[officer], self.manager(stay.house)] {
            let view = self.land.services.hold_of(actor, stay.id).await.unwrap();
            assert_eq!(
                (view.state, view.at_risk),
                (stay.seen_at(now), self.truth.at_risk(at, now)),
                "hold {at}"
            );
            assert_eq!(
                (view.hold.expires_at, view.hold.ended_at),
                (stay.expires_at, stay.ended_at),
                "hold {at}"
            );
        }
        let stranger = self
            .land
            .services
            .hold_of(&self.land.officers[1 - officer], stay.id)
            .await;
        assert!(stranger.is_err(), "a foreign hold is not there");
    }

    pub async fn look_at_case(&mut self) {
        let Some(at) = self.some_case() else { return };
        let (case, now) = (&self.truth.cases[at], self.now());
        let view = self
            .land
            .services
            .referral(&self.land.officers[case.officer], case.id)
            .await
            .unwrap();
        assert_eq!(view.referral.outcome, case.outcome, "referral {at}");
        let mut ought: Vec<_> = self
            .truth
            .stays
            .iter()
            .filter(|stay| stay.case == at)
            .map(|stay| (stay.id, stay.seen_at(now)))
            .collect();
        ought.reverse();
        let said: Vec<_> = view.holds.iter().map(|hold| (hold.hold.id, hold.state)).collect();
        assert_eq!(said, ought, "holds of referral {at}");
        let open = self
            .truth
            .stays
            .iter()
            .filter(|stay| stay.case == at && stay.is_open(now));
        let open: Vec<_> = open.map(|stay| (stay.wave, stay.state)).collect();
        let accepted = open.iter().filter(|(_, state)| *state == HoldState::Accepted).count();
        assert!(
            open.len() <= 1 || accepted == 0 && open.iter().all(|(wave, _)| wave.is_some() && *wave == open[0].0),
            "one place for a household, or one wave: {open:?}"
        );
    }

    /// Suggestions are the shelters that fit and no others.
    pub fn suggest(&mut self) {
        let mut search: Search = super::random::search(&mut self.random, local_date(self.land.now()));
        if self.random.percent(30) {
            search
                .avoid_districts
                .insert(DISTRICTS[self.random.below(DISTRICTS.len())].to_owned());
        }
        let now = self.now();
        let (_, ranking) = self.land.services.suggest(&search, 50).unwrap();
        let mut ought: Vec<_> = (0..self.truth.houses.len())
            .filter(|house| {
                !search
                    .avoid_districts
                    .contains(&self.truth.houses[*house].shelter.district)
            })
            .filter(|house| self.truth.fits(*house, &search, now))
            .map(|house| self.shelter(house))
            .collect();
        let mut said: Vec<_> = ranking
            .suggestions
            .iter()
            .map(|suggestion| suggestion.shelter_id)
            .collect();
        ought.sort();
        said.sort();
        assert_eq!(said, ought, "suggestions for {search:?}");
        assert_eq!(ranking.misfits.len(), self.truth.houses.len() - ought.len());
        assert!(
            ranking.misfits.iter().all(|misfit| !misfit.reasons.is_empty()),
            "a misfit says why"
        );
    }

    /// Makes the digests that are due, one for a schedule and day; now and then the readers change.
    pub async fn digests(&mut self) {
        let (now, day) = (self.now(), digest_day(self.now()));
        // Drawing a letter is dear: some days pass while the service is down, as it were, and get none.
        if self.rotas.iter().any(|rota| rota.last < day) && self.random.percent(90) {
            return;
        }
        let due: Vec<usize> = (0..self.rotas.len()).filter(|at| self.rotas[*at].last < day).collect();
        let made = self.land.services.run_due().await.unwrap();
        self.note(format!("digests: {made}"));
        assert_eq!(made, due.len(), "digests made");
        self.entries += made as u64;
        if made == 0 {
            return;
        }
        let newest = self.land.services.digests(None, made as u64).await.unwrap();
        for at in due {
            self.rotas[at].last = day;
            let rota = &self.rotas[at];
            let view = newest
                .iter()
                .find(|view| view.digest.schedule_id == rota.id)
                .expect("made just now");
            assert_eq!((view.digest.period.clone(), view.digest.as_of), (day_key(day), now));
            let (id, content) = (view.digest.id, view.digest.content.clone());
            let mut parts = Vec::new();
            for language in ["tg", "ru", "en"] {
                parts.push(self.land.services.digest(id, language).await.unwrap().part);
            }
            let mut to: Vec<String> = rota.recipients.iter().map(|(_, email)| email.clone()).collect();
            to.sort();
            // Nothing is sent here: who has an older letter still waiting gets this one instead, and an entry says so.
            let had = |email: &&String| self.made.iter().any(|made| made.to.contains(*email));
            self.entries += to.iter().filter(had).count() as u64;
            self.rendered_again(&content, &parts[self.trail.step % 3]);
            self.made.push(Made { id, parts, to });
        }
        self.change_readers().await;
    }

    fn rendered_again(&self, content: &str, part: &panoh::domain::outbox::Part) {
        let content: Content = serde_json::from_str(content).unwrap();
        let link = "http://127.0.0.1:8080/";
        let again = letters::render(&content, &part.language, &Names(&self.land.services.pack), link).unwrap();
        assert_eq!(
            (&again.html, &again.text, &again.subject),
            (&part.html, &part.text, &part.subject)
        );
        assert_eq!(
            again.chart_png.unwrap_or_default(),
            part.chart,
            "the chart, byte for byte"
        );
    }

    async fn change_readers(&mut self) {
        let rota = self.random.below(self.rotas.len());
        if self.rotas[rota].recipients.len() > 3 {
            let (id, _): (RecipientId, _) = self.rotas[rota].recipients.remove(0);
            let schedule = self.rotas[rota].id;
            self.land
                .services
                .remove_recipient(&self.land.admin, schedule, id)
                .await
                .unwrap();
            self.entries += 1;
        } else {
            self.add_recipient(rota, "ru").await;
        }
    }

    /// An older digest: word for word as it was made, and a letter for each who was a reader then.
    pub async fn look_at_digest(&mut self) {
        let Some(made) = self.random.pick(&self.made) else {
            return;
        };
        for part in &made.parts {
            let now = self.land.services.digest(made.id, &part.language).await.unwrap();
            assert_eq!(&now.part, part, "a digest never changes");
            let to: Vec<String> = now.letters.iter().map(|letter| letter.address.clone()).collect();
            assert_eq!(to, made.to, "one letter for each reader");
        }
    }

    /// Everything: past moments as the board showed them, every check by name, the audit entry by entry.
    pub async fn look_back(&mut self, moments: usize) {
        let now = self.now();
        for house in 0..self.truth.houses.len() {
            self.look_at(house);
        }
        let mut shown: Vec<(Moment, _)> = std::mem::take(&mut self.shown);
        for _ in 0..moments.min(shown.len()) {
            let (at, then) = shown.swap_remove(self.random.below(shown.len()));
            assert_eq!(
                self.land.services.availability_at(at).await.unwrap(),
                then,
                "the board at {at:?}, seen at {now:?}"
            );
        }
        self.shown = shown;
        self.look_at_balance().await;
        for check in self.land.services.check().await.unwrap() {
            assert_eq!(check.broken, 0, "{check:?}");
            if check.name == "audit_chain" {
                assert_eq!(
                    check.looked_at, self.entries,
                    "an entry for each change and none beside"
                );
            }
        }
    }
}

fn added(a: &Sum, b: &Sum) -> Sum {
    Sum {
        beds: a.beds + b.beds,
        free: a.free + b.free,
        occupied: a.occupied + b.occupied,
        held: a.held + b.held,
        enclosed: a.enclosed + b.enclosed,
        out: a.out + b.out,
        over: a.over + b.over,
        free_cots: a.free_cots + b.free_cots,
    }
}
