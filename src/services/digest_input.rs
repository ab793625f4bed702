//! The figures a digest is made of, read at one instant.

use std::collections::{BTreeSet, HashMap};

use chrono::NaiveDate;

use super::Services;
use super::digest_trend::Evenings;
use super::errors::Refused;
use super::statistics::Shelves;
use crate::domain::availability::{Availability, ShelterView, Totals as BoardTotals};
use crate::domain::calendar::{self, Span, When};
use crate::domain::catalogue::Catalogue;
use crate::domain::digests::{
    Content, DigestInput, Overdue, Period, Previous, RegionInput, Schedule, ShelterCounts, SilentShelter, Supply,
    SupplyCover, Totals, TransferInput,
};
use crate::domain::geography::Pack;
use crate::domain::id::{Moment, ShelterId};
use crate::domain::outbox::Digest;
use crate::domain::reminders::Rhythm;
use crate::domain::transfers::{Transfer, TransferState};
use crate::letters;
use crate::store::transfers;

/// More overdue transfers than these are not counted.
const MOST_OVERDUE: u64 = 500;

/// Names of regions and items, from the country pack and the catalogue.
pub(super) struct Names<'a>(pub &'a Pack, pub &'a Catalogue);

impl letters::Names for Names<'_> {
    fn region(&self, code: &str, language: &str) -> Option<String> {
        self.0
            .region(code)
            .map(|region| region.names.in_language(language).to_owned())
    }

    fn item(&self, code: &str, language: &str) -> Option<String> {
        self.1
            .item(code)
            .map(|item| item.names.in_language(language).to_owned())
    }
}

impl Services {
    /// The figures as they are now. What another node has committed the board in memory may not know yet, and a letter cannot
    /// be taken back: so it is drawn as the database has it first.
    pub(super) async fn digest_input(
        &self,
        schedule: &Schedule,
        period: Period,
        now: Moment,
        previous: Option<&Digest>,
    ) -> Result<DigestInput, Refused> {
        let (_, shelves) = tokio::try_join!(self.look_round(), self.shelves(now))?;
        let (board, evenings) = (self.board.current(), Evenings::OfTheBook);
        let mut input = self
            .figures(schedule, period, now, board.views(), shelves, evenings)
            .await?;
        input.previous = previous.and_then(|digest| {
            let content: Content = serde_json::from_str(&digest.content).ok()?;
            Some(Previous {
                period: content.period,
                totals: content.totals,
            })
        });
        Ok(input)
    }

    /// The figures as they were known at a past moment or on a past day.
    pub(super) async fn digest_input_at(
        &self,
        schedule: &Schedule,
        period: Period,
        when: When,
    ) -> Result<DigestInput, Refused> {
        let (at, views) = self.known_at(when).await?;
        let shelves = self.shelves_at(at).await?;
        let evenings = Evenings::OfOld;
        self.figures(schedule, period, at, views.iter(), shelves, evenings)
            .await
    }

    async fn figures<'a>(
        &self,
        schedule: &Schedule,
        period: Period,
        as_of: Moment,
        views: impl Iterator<Item = &'a ShelterView>,
        shelves: Shelves,
        evenings: Evenings,
    ) -> Result<DigestInput, Refused> {
        let scope = schedule.region.as_deref();
        let views: Vec<&ShelterView> = views
            .filter(|view| scope.is_none_or(|region| view.shelter.region == region))
            .collect();
        let picture = crate::domain::availability::availability(views.iter().copied(), as_of);
        let shelters = picture.national.shelters;
        let covers = schedule.covers(&period);
        Ok(DigestInput {
            as_of,
            cadence: schedule.cadence,
            period: period.date,
            covers,
            zone: schedule.zone,
            scope: schedule.region.clone(),
            delayed: period.is_delayed(as_of),
            regions: self.regions(&picture, scope),
            previous: None,
            expected: shelters.total,
            missing: self.missing(&views, as_of),
            silent: picture
                .silent
                .iter()
                .map(|row| SilentShelter {
                    code: row.shelter_code.clone(),
                    region: row.region.clone(),
                    since: row.observed_at,
                })
                .collect(),
            people: self.digest_people(covers, period.date).await?,
            supplies: self.short_supplies(&views, shelves, scope, as_of),
            transfers: self.moved(&views, covers, as_of).await?,
            series: self
                .trend(covers, period.date, scope, &picture.national, evenings)
                .await?,
            inhabitants_per_place: self.pack.family_place.inhabitants.into(),
        })
    }

    /// The shelters whose report is missing though they were reminded of it.
    fn missing(&self, views: &[&ShelterView], as_of: Moment) -> Vec<SilentShelter> {
        let overdue = |view: &&&ShelterView| {
            let rhythm = Rhythm::of(&view.shelter, self.pack.time_zone);
            self.pack.reminders.is_overdue(&rhythm, view.observed_at, as_of)
        };
        (views.iter())
            .filter(overdue)
            .map(|view| SilentShelter {
                code: view.shelter.code.clone(),
                region: view.shelter.region.clone(),
                since: view.observed_at,
            })
            .collect()
    }

    fn short_supplies(
        &self,
        views: &[&ShelterView],
        shelves: Shelves,
        scope: Option<&str>,
        as_of: Moment,
    ) -> Vec<Supply> {
        let by_id: HashMap<ShelterId, &ShelterView> = views.iter().map(|view| (view.shelter.id, *view)).collect();
        self.shortages_among(shelves, |id| by_id.get(&id).copied(), scope, as_of)
            .into_iter()
            .filter(|short| short.shelters.critical + short.shelters.low > 0)
            .map(|short| Supply {
                critical: short.shelters.critical,
                low: short.shelters.low,
                regions: self.in_order(short.short_regions().cloned().collect()),
                cover: SupplyCover {
                    runs_out_on: short.runs_out_on,
                    days: short.days.map(whole),
                    days_before: short.days_before.map(whole),
                },
                item: short.item,
            })
            .collect()
    }

    /// Transfers of which one end lies here: sent and received in the days looked back on, and overdue as they stand.
    async fn moved(&self, views: &[&ShelterView], covers: Span, as_of: Moment) -> Result<TransferInput, Refused> {
        let by_id: HashMap<ShelterId, &str> = views
            .iter()
            .map(|view| (view.shelter.id, view.shelter.code.as_str()))
            .collect();
        let here = |row: &Transfer| by_id.contains_key(&row.from) || by_id.contains_key(&row.to);
        let (from, until) = (
            self.begin_of(covers.from)?,
            self.begin_of(covers.to.succ_opt().unwrap_or(covers.to))?,
        );
        let rows = transfers::moved(&self.store, from, until).await?;
        let within = |at: Option<Moment>| at.is_some_and(|at| from <= at && at < until);
        let many = |is: fn(&Transfer) -> Option<Moment>| {
            let all = rows.iter().filter(|row| here(row) && within(is(row))).count();
            u32::try_from(all).unwrap_or(u32::MAX)
        };
        let received = |row: &Transfer| row.course.ended_at().filter(|_| row.state() == TransferState::Received);
        let today = calendar::local_date(self.pack.time_zone, as_of);
        let late = transfers::overdue(&self.store, today, MOST_OVERDUE).await?;
        // The other end may lie outside.
        let code = |id: &ShelterId| by_id.get(id).map_or_else(|| "…".to_owned(), |code| (*code).to_owned());
        let late = late.iter().filter(|row| here(row)).map(|row| Overdue {
            code: row.code.clone(),
            from: code(&row.from),
            to: code(&row.to),
            due_on: row.due_on,
        });
        Ok(TransferInput {
            sent: many(|row| row.course.dispatched_at()),
            received: many(received),
            overdue: late.collect(),
        })
    }

    fn begin_of(&self, day: NaiveDate) -> Result<Moment, Refused> {
        let begin = calendar::instant(self.pack.time_zone, day.and_time(chrono::NaiveTime::MIN));
        begin.ok_or_else(|| Refused::Unexpected(format!("{day} lies beyond the calendar")))
    }

    /// Region codes as the sections of a digest have them: in the pack's order, then those of imports.
    fn in_order(&self, mut codes: BTreeSet<String>) -> Vec<String> {
        let of_pack: Vec<String> = (self.pack.regions.iter())
            .filter_map(|region| codes.take(&region.code))
            .collect();
        of_pack.into_iter().chain(codes).collect()
    }

    /// Regions in the pack's order, then those of imports by code; a region without shelters is a line of zeros.
    fn regions(&self, picture: &Availability, scope: Option<&str>) -> Vec<RegionInput> {
        let of_pack = self
            .pack
            .regions
            .iter()
            .map(|region| (region.code.clone(), region.population));
        let foreign = picture
            .regions
            .keys()
            .filter(|code| self.pack.region(code).is_none())
            .map(|code| (code.clone(), None));
        of_pack
            .chain(foreign)
            .filter(|(code, _)| scope.is_none_or(|only| only == code))
            .map(|(region, population)| {
                let known = picture.regions.get(&region).copied().unwrap_or_default();
                RegionInput {
                    totals: totals_of(&known),
                    population,
                    region,
                }
            })
            .collect()
    }
}

/// Whole days, rounded down.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "at least 0, and a longer time is as long"
)]
fn whole(days: f64) -> u32 {
    days as u32
}

fn totals_of(known: &BoardTotals) -> Totals {
    let cut = |n: u64| u32::try_from(n).unwrap_or(u32::MAX);
    let counts = &known.counts;
    Totals {
        beds: cut(counts.beds),
        occupied: cut(counts.occupied),
        held: cut(counts.held),
        enclosed: cut(counts.enclosed),
        out_of_service: cut(counts.out_of_service),
        free: cut(counts.free),
        over_capacity: cut(counts.over_capacity),
        family_places: cut(known.family_places),
        family_capacity: cut(known.family_capacity),
        shelters: ShelterCounts {
            total: known.shelters.total,
            fresh: known.shelters.fresh,
            aging: known.shelters.aging,
            stale: known.shelters.stale,
            silent: known.shelters.silent,
        },
    }
}
