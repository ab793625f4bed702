//! Use cases, each in the same order: authorise → transaction → read → ask the domain → write, audit, outbox → commit.
//! This room knows which letter follows which event; it does not know status codes, columns, SMTP or cron.

pub mod access;
mod alerts;
pub mod audit;
pub mod availability;
pub mod balance;
pub mod board;
pub mod catalogue;
pub mod check;
pub mod demo;
pub mod digest_input;
mod digest_trend;
pub mod digests;
pub mod errors;
pub mod escalation;
pub mod holds;
pub mod imports;
mod learning;
pub mod ledger;
pub mod movements;
pub mod moves;
pub mod naming;
mod notices;
pub mod once;
pub mod outbox;
pub mod overdue;
mod pace;
pub mod people;
pub mod phones;
pub mod placement;
mod plan_apply;
pub mod plans;
pub mod pushes;
pub mod reminders;
pub mod reports;
pub mod requests;
mod scarcity;
pub mod schedules;
pub mod seal;
pub mod shelters;
mod shelves;
pub mod starts;
pub mod state;
pub mod statistics;
pub mod stock;
pub mod supplies;
mod telling;
pub mod texts;
pub mod timeline;
mod transfer_apply;
pub mod transfer_plans;
pub mod transfers;
pub mod usage;
pub mod waiting;
pub mod waves;

use std::sync::Arc;

use arc_swap::ArcSwap;
use tokio::sync::broadcast;

use crate::clock::Clock;
use crate::domain::catalogue::Catalogue;
use crate::domain::geography::Pack;
use crate::domain::holds::HoldState;
use crate::domain::id::{HoldId, Moment, OrganisationId, ReferralId, ShelterId};
use crate::ids::Ids;
use crate::push::Hosts;
use crate::store::Store;
use access::Sessions;
use board::Board;
use pace::Strangers;
use reminders::Watch;
use seal::Vault;
use waiting::Lookout;

/// Something that happened after a commit, for those who watch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The board changed; its new version.
    Availability(u64),
    Hold {
        id: HoldId,
        state: HoldState,
        shelter: ShelterId,
        organisation: OrganisationId,
    },
    /// A place has been found for somebody who waits.
    Place {
        referral: ReferralId,
        organisation: OrganisationId,
    },
}

/// Everything the use cases share. Cheap to clone.
#[derive(Clone)]
pub struct Services {
    pub store: Store,
    pub clock: Clock,
    pub ids: Ids,
    pub pack: Arc<Pack>,
    pub board: Arc<Board>,
    catalogue: Arc<ArcSwap<Catalogue>>,
    vault: Arc<Vault>,
    sessions: Arc<Sessions>,
    events: broadcast::Sender<Event>,
    lookout: Arc<Lookout>,
    watch: Arc<Watch>,
    /// The push services that browsers may name.
    push_hosts: Arc<Hosts>,
    strangers: Arc<Strangers>,
    /// Address of the web app, for the one link in a letter.
    link_base: Arc<str>,
    /// Sender of letters.
    mail_from: Arc<str>,
}

/// What the services need to begin.
pub struct Setup {
    pub store: Store,
    pub clock: Clock,
    pub ids: Ids,
    pub pack: Arc<Pack>,
    pub vault: Vault,
    pub link_base: String,
    pub mail_from: String,
    pub push_hosts: Hosts,
}

impl Services {
    pub fn new(setup: Setup) -> Self {
        Self {
            store: setup.store,
            clock: setup.clock,
            ids: setup.ids,
            board: Arc::new(Board::new(setup.pack.time_zone)),
            catalogue: Arc::new(ArcSwap::from_pointee(Catalogue::of(&setup.pack, &[]))),
            pack: setup.pack,
            vault: Arc::new(setup.vault),
            sessions: Arc::new(Sessions::default()),
            events: broadcast::channel(256).0,
            lookout: Arc::default(),
            watch: Arc::default(),
            push_hosts: Arc::new(setup.push_hosts),
            strangers: Arc::default(),
            link_base: setup.link_base.into(),
            mail_from: setup.mail_from.into(),
        }
    }

    pub fn now(&self) -> Moment {
        self.clock.now()
    }

    /// Address of the service as others call it, without a slash at the end.
    pub fn public_url(&self) -> &str {
        &self.link_base
    }

    /// What happens from now on.
    pub fn watch(&self) -> broadcast::Receiver<Event> {
        self.events.subscribe()
    }

    fn tell(&self, event: Event) {
        // Nobody watching is no trouble.
        drop(self.events.send(event));
    }
}
