//! The board packed for asking: who fits is told by a pass over arrays, and of those only as many are weighed as may still
//! be among the best. The answer is the one [`rank`](super::rank) gives over the same shelters, to the last bit.
//!
//! A shelter's figures are packed when it is drawn and good until a hold in it begins or ends; from then on it is looked at
//! room by room, as `rank` does. A shelter that fits has a floor: its score if nothing were taken from others, with the
//! best chance it could have. Shelters are weighed in the order of their floors until the next floor lies above the
//! last score that is still wanted.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::sync::Arc;

use chrono::NaiveDateTime;

use super::super::availability::ShelterView;
use super::super::chance::{ChanceModel, Record};
use super::super::fit::{Cell, Door, MINUTES_PER_PLACE, Party, ReasonSet, Visitor, pack};
use super::super::freshness::age_minutes;
use super::super::geography::Travel;
use super::super::household::Search;
use super::super::id::{Moment, ShelterId};
use super::super::scarcity::Prices;
use super::head::{Head, Names, bit, number, services};
use super::misfits::{MISFITS_SHOWN, Tally, reasons};
use super::score::{self, Score};
use super::ways::{Way, ways};
use super::{Candidate, Context, Fit, Ranking, ranking, weighed};

/// A shelter on the board.
#[derive(Debug, Clone)]
pub struct Row {
    pub view: Arc<ShelterView>,
    /// How long this shelter usually takes to answer, in minutes.
    pub answer_minutes: f64,
    /// What was learned of how its places come and go.
    pub record: Record,
}

/// Where from and when somebody asks.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    pub search: &'a Search,
    pub now: Moment,
    /// `now` on the clocks of the country, for intake hours.
    pub local_now: NaiveDateTime,
    pub limit: usize,
    /// Shelters that are left out.
    pub except: &'a [ShelterId],
}

/// All shelters, by code.
#[derive(Debug, Clone, Default)]
pub struct Index {
    rows: Vec<Row>,
    by_id: Arc<HashMap<ShelterId, usize>>,
    heads: Vec<Head>,
    cells: Vec<Cell>,
    names: Names,
    chances: Arc<ChanceModel>,
    prices: Arc<Prices>,
}

impl Index {
    pub fn new(mut rows: Vec<Row>, chances: Arc<ChanceModel>, prices: Arc<Prices>, now: Moment) -> Self {
        rows.sort_by(|a, b| a.view.shelter.code.cmp(&b.view.shelter.code));
        let ids = rows.iter().map(|row| row.view.shelter.id).zip(0..);
        let mut index = Self {
            by_id: Arc::new(ids.collect()),
            chances,
            prices,
            ..Self::default()
        };
        index.fill(rows, None, now);
        index
    }

    /// The same board with these shelters drawn again: only they are packed.
    #[must_use]
    pub fn redrawn(&self, changed: Vec<Row>, now: Moment) -> Self {
        let mut rows = self.rows.clone();
        let mut moved = false;
        for new in changed {
            let known = self.by_id.get(&new.view.shelter.id).and_then(|at| rows.get_mut(*at));
            if let Some(row) = known {
                moved |= row.view.shelter.code != new.view.shelter.code;
                *row = new;
            } else {
                moved = true;
                rows.push(new);
            }
        }
        if moved {
            return Self::new(rows, Arc::clone(&self.chances), Arc::clone(&self.prices), now);
        }
        let mut index = Self {
            by_id: Arc::clone(&self.by_id),
            names: self.names.clone(),
            chances: Arc::clone(&self.chances),
            prices: Arc::clone(&self.prices),
            ..Self::default()
        };
        index.fill(rows, Some(self), now);
        index
    }

    /// Packs all rows but those that stand in the same place as before.
    fn fill(&mut self, rows: Vec<Row>, before: Option<&Self>, now: Moment) {
        self.heads.reserve(rows.len());
        self.cells.reserve(before.map_or(0, |before| before.cells.len()));
        for (at, row) in rows.iter().enumerate() {
            let from = self.cells.len();
            let kept = before.and_then(|before| before.head_of(at, row));
            let head = if let Some((head, cells)) = kept {
                self.cells.extend_from_slice(cells);
                head
            } else {
                self.head(row, now)
            };
            let cells = (from, self.cells.len());
            self.heads.push(Head { cells, ..head });
        }
        self.rows = rows;
    }

    fn head_of(&self, at: usize, row: &Row) -> Option<(Head, &[Cell])> {
        let (old, head) = (self.rows.get(at)?, self.heads.get(at)?);
        let same = Arc::ptr_eq(&old.view, &row.view) && old.record == row.record;
        (same && old.answer_minutes.to_bits() == row.answer_minutes.to_bits()).then(|| (*head, self.cells_of(head)))
    }

    fn head(&mut self, row: &Row, now: Moment) -> Head {
        let (view, shelter) = (&row.view, &row.view.shelter);
        let stock = pack(&shelter.rules, &view.rooms, now, &mut self.cells);
        let languages = shelter.languages.iter();
        let age = age_minutes(view.observed_at, now).unwrap_or(0.0);
        Head {
            cells: (0, 0),
            stock,
            door: Door::of(&shelter.rules),
            way: (row.answer_minutes, shelter.intake),
            district: number(&mut self.names.districts, &shelter.district),
            operating: view.operating,
            reported: view.observed_at.is_some(),
            services: services(shelter.services.iter().copied()),
            languages: languages
                .map(|code| bit(number(&mut self.names.languages, code)))
                .try_fold(0, |bits, bit| Some(bits | bit?)),
            good: (now, view.next_release(now).unwrap_or(Moment::MAX_UTC)),
            best_chance: self.chances.chance_free(&row.record, stock.units.max(1), 1, age),
        }
    }

    fn cells_of(&self, head: &Head) -> &[Cell] {
        self.cells.get(head.cells.0..head.cells.1).unwrap_or_default()
    }

    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    pub fn get(&self, id: ShelterId) -> Option<&Row> {
        self.rows.get(*self.by_id.get(&id)?)
    }

    /// What the ranking knows beside the shelters; `local_now` is `now` on the clocks of the country.
    pub fn context(&self, now: Moment, local_now: NaiveDateTime) -> Context<'_> {
        Context {
            now,
            local_now,
            chances: &self.chances,
            prices: &self.prices,
        }
    }

    pub fn prices(&self) -> &Prices {
        &self.prices
    }

    /// Of each row, whether it is left out of this question; empty if none is.
    fn left_out(&self, asked: &Asked<'_>) -> Vec<bool> {
        let excluded = &asked.search.excluded;
        if asked.except.is_empty() && excluded.is_empty() {
            return Vec::new();
        }
        let of = |row: &Row| !excluded.may_ask(row.view.shelter.organisation_id);
        let mut out: Vec<bool> = self.rows.iter().map(of).collect();
        for at in asked.except.iter().filter_map(|id| self.by_id.get(id)) {
            if let Some(row) = out.get_mut(*at) {
                *row = true;
            }
        }
        out
    }

    /// The best places. `way` says how far it is to a district; it is asked once for each.
    pub fn rank(&self, asked: &Asked<'_>, way: impl Fn(&str) -> Travel) -> Ranking {
        let question = Question::new(self, asked, way);
        let sorted = question.sort();
        let context = &question.context;
        let mut wanted: BinaryHeap<(Score, usize)> = BinaryHeap::with_capacity(asked.limit.min(64) + 1);
        let mut fits: Vec<Fit<'_>> = Vec::with_capacity(asked.limit.min(64) + 1);
        let mut open = BinaryHeap::from(sorted.fits);
        while let Some(Reverse((floor, at))) = open.pop() {
            if wanted.len() >= asked.limit && wanted.peek().is_none_or(|worst| floor > worst.0) {
                break;
            }
            let Some(fit) = question
                .candidate(at)
                .and_then(|it| weighed(asked.search, &it, context))
            else {
                continue;
            };
            wanted.push((fit.score, at));
            if wanted.len() > asked.limit {
                wanted.pop();
            }
            fits.push(fit);
        }
        let mut hidden = sorted.misfits;
        super::keep_best(&mut hidden, MISFITS_SHOWN, |a, b| (a.0, a.1).cmp(&(b.0, b.1)));
        let shown = hidden
            .iter()
            .filter_map(|(_, at, reasons)| Some((question.candidate(*at)?, *reasons)));
        ranking(asked.search, fits, shown.collect(), &sorted.tally, context, asked.limit)
    }
}

/// Shelters sorted into those that fit, each with its floor, and those that do not, each with its place in the order of
/// ways.
struct Sorted {
    fits: Vec<Reverse<(Score, usize)>>,
    misfits: Vec<(usize, usize, ReasonSet)>,
    tally: Tally,
}

/// What is worked out once for each question.
struct Question<'a> {
    index: &'a Index,
    search: &'a Search,
    context: Context<'a>,
    ways: Vec<Way>,
    /// Of each row, whether it is left out; empty if none is.
    except: Vec<bool>,
    visitor: Visitor,
    party: Party,
    services: u32,
    languages: Option<u64>,
}

impl<'a> Question<'a> {
    fn new(index: &'a Index, asked: &Asked<'a>, way: impl Fn(&str) -> Travel) -> Self {
        let search = asked.search;
        let visitor = Visitor::of(search);
        let spoken = index.names.languages.iter().enumerate();
        let languages = spoken
            .filter(|(_, code)| search.languages.contains(*code))
            .filter_map(|(at, _)| bit(at))
            .fold(0, |bits, bit| bits | bit);
        Self {
            index,
            search,
            context: index.context(asked.now, asked.local_now),
            ways: ways(&index.names.districts, search, way),
            except: index.left_out(asked),
            party: Party::of(search, &visitor),
            visitor,
            services: services(search.services()),
            languages: (!search.languages.is_empty()).then_some(languages),
        }
    }

    fn sort(&self) -> Sorted {
        let all = self.index.heads.len();
        let mut sorted = Sorted {
            fits: Vec::with_capacity(all),
            misfits: Vec::with_capacity(all),
            tally: Tally::default(),
        };
        for (at, head) in self.index.heads.iter().enumerate() {
            let Some(way) = self
                .ways
                .get(head.district)
                .filter(|_| self.except.get(at) != Some(&true))
            else {
                continue;
            };
            let reasons = self.reasons(at, head, way);
            if reasons.is_empty() {
                sorted.fits.push(Reverse((self.floor(head, way), at)));
            } else {
                sorted.tally.add(reasons);
                sorted.misfits.push((way.order, at, reasons));
            }
        }
        sorted
    }

    fn reasons(&self, at: usize, head: &Head, way: &Way) -> ReasonSet {
        let rooms = if !head.reported {
            Some(ReasonSet::default())
        } else if head.good(self.context.now) {
            self.party.lacks(&head.stock, self.index.cells_of(head))
        } else {
            None
        };
        match rooms {
            Some(rooms) => head.door.refuses(&self.visitor).or(rooms).or(head.gates(way.avoided)),
            None => self.candidate(at).map_or_else(ReasonSet::default, |candidate| {
                reasons(self.search, &candidate, self.context.now)
            }),
        }
    }

    /// No score of this shelter is lower.
    fn floor(&self, head: &Head, way: &Way) -> Score {
        let course = score::course(
            score::Way {
                answer: head.way.0.max(0.0),
                travel: way.travel.minutes.max(0.0),
                intake: head.way.1,
            },
            if head.good(self.context.now) {
                head.best_chance
            } else {
                1.0
            },
            false,
            self.context.local_now,
        );
        let missing = (self.services & !head.services).count_ones();
        let unheard = self
            .languages
            .zip(head.languages)
            .is_some_and(|(asked, spoken)| asked & spoken == 0);
        let wishes = score::unmet_wishes(self.search.urgency, missing, unheard);
        // A baby in its mother's bed leaves a cot to others; and a last bit may be rounded the other way.
        let babies = f64::from(self.search.household.infants() * MINUTES_PER_PLACE);
        score::thousandths(course.expected + wishes - babies) - 2
    }

    fn candidate(&self, at: usize) -> Option<Candidate<'a>> {
        let (row, head) = (self.index.rows.get(at)?, self.index.heads.get(at)?);
        Some(Candidate {
            view: &row.view,
            travel: self.ways.get(head.district)?.travel,
            answer_minutes: row.answer_minutes,
            record: row.record,
        })
    }
}
