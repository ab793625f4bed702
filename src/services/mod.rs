//! Use cases, each in the same order: authorise → transaction → read → ask the domain → write, audit, outbox → commit.
//! This room knows which letter follows which event; it does not know status codes, columns, SMTP or cron.

pub mod access;
mod alerts;
pub mod audit;
pub mod availability;
pub mod balance;
pub mod board;
pub mod by_hand;
pub mod catalogue;
pub mod check;
mod dates;
pub mod days;
pub mod demand;
pub mod demo;
pub mod digest_input;
mod digest_people;
mod digest_trend;
mod digest_words;
pub mod digests;
pub mod errors;
pub mod escalation;
pub mod figures;
pub mod glossary;
pub mod holds;
pub mod imports;
mod learning;
pub mod metrics;
pub mod movements;
pub mod moves;
pub mod naming;
mod notices;
pub mod once;
pub mod outbox;
pub mod outlook;
pub mod overdue;
mod pace;
pub mod people;
pub mod phones;
pub mod placement;
mod plan_apply;
pub mod plans;
pub mod pushes;
pub mod recipients;
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
pub mod troubles;
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
use crate::letters::Signer;
use crate::push::Hosts;
use crate::store::Store;
use access::Sessions;
use board::Board;
use metrics::Meter;
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
    /// Counts what this node does.
    pub meter: Arc<Meter>,
    /// Address of the web app, for the one link in a letter.
    link_base: Arc<str>,
    /// Sender of letters.
    mail_from: Arc<str>,
    /// Signs them, where a key is configured.
    signer: Option<Signer>,
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
            meter: Arc::new(Meter::new()),
            link_base: setup.link_base.into(),
            mail_from: setup.mail_from.into(),
            signer: None,
        }
    }

    /// The same, its letters signed from now on.
    #[must_use]
    pub fn signed_by(self, signer: Option<Signer>) -> Self {
        Self { signer, ..self }
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
