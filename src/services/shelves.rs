//! Every shelf as a plan looks at it: what is on it, how fast it is used, what is promised, on its way and asked for. Read
//! whole, in five statements however many shelters there are.

use std::collections::{BTreeMap, HashMap};

use super::Services;
use super::errors::Refused;
use crate::domain::accounts::ShelterScope;
use crate::domain::availability::ShelterView;
use crate::domain::catalogue::Catalogue;
use crate::domain::geography::Item;
use crate::domain::id::{Moment, ShelterId, SupplyRequestId};
use crate::domain::redistribution::{DailyUse, Shelf};
use crate::domain::requests::{Answered, Priority, RequestState, SupplyRequest};
use crate::domain::stock::Stock;
use crate::domain::usage::{Basis, Use};
use crate::store::shelters::Which;
use crate::store::transfers::OnTheWay;
use crate::store::{Reads, requests, stock, transfers, views};

/// Most open requests that a plan looks at, the newest first.
const MOST_REQUESTS: u64 = 20_000;

pub(super) struct Shelves {
    catalogue: std::sync::Arc<Catalogue>,
    views: Vec<ShelterView>,
    stock: BTreeMap<ShelterId, Vec<Stock>>,
    on_the_way: BTreeMap<(ShelterId, String), OnTheWay>,
    /// Open ones, the oldest first.
    requests: Vec<SupplyRequest>,
    answered: HashMap<SupplyRequestId, Answered>,
    now: Moment,
}

impl Services {
    /// All shelves, or those of some shelters.
    pub(super) async fn shelves_to_plan(
        &self,
        db: &impl Reads,
        only: Option<&[ShelterId]>,
        now: Moment,
    ) -> Result<Shelves, Refused> {
        let (which, scope) = match only {
            Some(ids) => (Which::Ids(ids), ShelterScope::Only(ids.to_vec())),
            None => (Which::All, ShelterScope::All),
        };
        let views = views::load(db, which, now).await?;
        let rows = match only {
            Some(ids) => stock::of_shelters(db, ids).await?,
            None => stock::all(db).await?,
        };
        let on_the_way = transfers::on_the_way(db, which).await?;
        let mut requests = requests::page(db, &scope, &[RequestState::Open], None, MOST_REQUESTS).await?;
        requests.sort_by_key(|request| (request.created_at, request.id));
        let ids: Vec<SupplyRequestId> = requests.iter().map(|request| request.id).collect();
        let answered = transfers::answered(db, &ids).await?;
        let mut stock: BTreeMap<ShelterId, Vec<Stock>> = BTreeMap::new();
        for row in rows {
            stock.entry(row.shelter_id).or_default().push(row);
        }
        for request in &requests {
            let shelves = stock.entry(request.shelter).or_default();
            if !shelves.iter().any(|row| row.item == request.item) {
                shelves.push(Stock::unknown(request.shelter, &request.item, now));
            }
        }
        Ok(Shelves {
            catalogue: self.catalogue(),
            views,
            stock,
            on_the_way,
            requests,
            answered,
            now,
        })
    }
}

impl Shelves {
    pub(super) fn views(&self) -> &[ShelterView] {
        &self.views
    }

    /// The shelves of one shelter, as far as the catalogue knows what is on them.
    pub(super) fn of(&self, view: &ShelterView) -> Vec<Shelf<'_>> {
        let id = view.shelter.id;
        let counted = view.count(self.now);
        let (beds, persons) = (counted.occupied, counted.occupied + counted.occupied_cots);
        let asked = self.asked_by(id);
        let rows = self.stock.get(&id).map_or(&[][..], Vec::as_slice);
        let shelf = |row| {
            let stock: &Stock = row;
            let item = self.catalogue.item(&stock.item)?;
            let way = self
                .on_the_way
                .get(&(id, stock.item.clone()))
                .copied()
                .unwrap_or_default();
            let (asked_urgently, asked) = asked.get(stock.item.as_str()).copied().unwrap_or((0, 0));
            Some(Shelf {
                stock,
                daily_use: daily_use(stock, item, beds, persons),
                pack_size: i64::from(item.pack_size.max(1)),
                thresholds: item.thresholds.into(),
                coming: way.coming + way.expected,
                promised: way.promised,
                asked_urgently,
                asked,
            })
        };
        rows.iter().filter_map(shelf).collect()
    }

    /// What a shelter asks for beyond what transfers have done for it: urgently, and in all.
    fn asked_by(&self, shelter: ShelterId) -> BTreeMap<&str, (i64, i64)> {
        let mut asked: BTreeMap<&str, (i64, i64)> = BTreeMap::new();
        for request in self.requests.iter().filter(|request| request.shelter == shelter) {
            let done = self.answered.get(&request.id).copied().unwrap_or_default();
            let open = (request.quantity - done.promised - done.received).max(0);
            let sum = asked.entry(&request.item).or_default();
            sum.1 += open;
            if request.priority == Priority::Urgent {
                sum.0 += open;
            }
        }
        asked
    }

    /// The oldest open request of each shelter for each item.
    pub(super) fn oldest_requests(&self) -> BTreeMap<(ShelterId, &str), SupplyRequestId> {
        let mut oldest = BTreeMap::new();
        for request in &self.requests {
            oldest
                .entry((request.shelter, request.item.as_str()))
                .or_insert(request.id);
        }
        oldest
    }
}

/// As the stock page shows it; of a planning figure nothing says how much more it may be.
fn daily_use(stock: &Stock, item: &Item, beds: u32, persons: u32) -> Option<DailyUse> {
    let of_use = Use::of(stock.learned.as_ref(), item.per_person_per_day, beds, persons);
    let micro = |milli: i64| u64::try_from(milli).unwrap_or(0).saturating_mul(1_000);
    let high = of_use.between.map_or(of_use.milli, |(_, high)| high.max(of_use.milli));
    (of_use.basis != Basis::None).then(|| DailyUse {
        expected: micro(of_use.milli),
        high: micro(high),
    })
}
