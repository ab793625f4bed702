//! Use cases, each in the same order: authorise → transaction → read → ask the domain → write, audit, outbox → commit.
//! This room knows which letter follows which event; it does not know status codes, columns, SMTP or cron.

pub mod access;
mod alerts;
pub mod anchors;
pub mod approvals;
mod attempts;
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
pub mod devices;
pub mod digest_input;
mod digest_people;
mod digest_trend;
mod digest_words;
pub mod digests;
pub mod epoch;
pub mod errors;
pub mod escalation;
pub mod factors;
pub mod figures;
pub mod glossary;
pub mod holds;
pub mod imports;
mod learning;
pub mod metrics;
pub mod movements;
pub mod moves;
pub mod naming;
pub mod nodes;
mod notices;
pub mod once;
pub mod outbox;
pub mod outlook;
pub mod overdue;
mod pace;
pub mod passwords;
pub mod people;
pub mod phones;
pub mod placement;
mod plan_apply;
pub mod plans;
pub mod purge;
pub mod pushes;
mod quotas;
pub mod recipients;
pub mod reminders;
pub mod reports;
pub mod requests;
pub mod rotate;
mod scarcity;
pub mod schedules;
pub mod seal;
pub mod sessions;
pub mod shelters;
mod shelves;
pub mod sign_in;
pub mod starts;
pub mod state;
pub mod statistics;
pub mod stock;
pub mod supplies;
mod telling;
pub mod texts;
pub mod tickets;
pub mod timeline;
pub mod tokens;
mod transfer_apply;
pub mod transfer_plans;
pub mod transfers;
pub mod troubles;
pub mod usage;
pub mod waiting;
pub mod waves;

use std::sync::Arc;

use arc_swap::ArcSwap;
use tokio::sync::{Semaphore, broadcast};

use crate::clock::Clock;
use crate::domain::cases::{Hold, Referral};
use crate::domain::catalogue::Catalogue;
use crate::domain::factors::SecondFactor;
use crate::domain::geography::Pack;
use crate::domain::id::Moment;
use crate::domain::quotas::Quotas;
use crate::domain::retention::Retention;
use crate::ids::Ids;
use crate::letters::Signer;
use crate::push::Hosts;
use crate::store::Store;
use access::Sessions;
use board::Board;
use factors::passkeys::relying_party;
use metrics::Meter;
use nodes::Nodes;
use pace::{Denials, Line, Strangers};
use passwords::Hashing;
use quotas::Searches;
use reminders::Watch;
use seal::Vault;
use tokens::Programs;
use waiting::Lookout;
use webauthn_rs::Webauthn;

/// Something that happened after a commit, for those who watch.
#[derive(Debug, Clone)]
pub enum Event {
    /// The board changed; its new version.
    Availability(u64),
    /// A hold moved: as it stands now.
    Hold(Arc<Hold>),
    /// A place has been found for somebody who waits.
    Place(Arc<Referral>),
    /// The node stops: nothing more will be told.
    Over,
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
    programs: Arc<Programs>,
    /// Where passwords are hashed.
    pub hashing: Arc<Hashing>,
    events: broadcast::Sender<Event>,
    nodes: Arc<Nodes>,
    lookout: Arc<Lookout>,
    watch: Arc<Watch>,
    /// The push services that browsers may name.
    push_hosts: Arc<Hosts>,
    strangers: Arc<Strangers>,
    /// For how long cases are kept.
    retention: Retention,
    denials: Arc<Denials>,
    /// How much of what one person has in a day.
    quotas: Quotas,
    searches: Arc<Searches>,
    /// One walk over the audit at a time.
    walking: Arc<Semaphore>,
    /// People outside who are sent the audit's anchors.
    anchor_to: Arc<[String]>,
    /// Whether those who see the most must have a second factor.
    pub second_factor: SecondFactor,
    /// Checks what passkeys sign, where there can be any.
    passkeys: Option<Arc<Webauthn>>,
    /// Who asked for a new password since the last turn.
    resets: Arc<Line>,
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
    pub second_factor: SecondFactor,
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
            sessions: Arc::default(),
            programs: Arc::default(),
            hashing: Arc::default(),
            events: broadcast::channel(256).0,
            nodes: Arc::new(Nodes::new()),
            lookout: Arc::default(),
            watch: Arc::default(),
            push_hosts: Arc::new(setup.push_hosts),
            strangers: Arc::default(),
            retention: Retention::default(),
            denials: Arc::default(),
            quotas: Quotas::default(),
            searches: Arc::default(),
            walking: Arc::new(Semaphore::new(1)),
            anchor_to: Arc::default(),
            second_factor: setup.second_factor,
            passkeys: relying_party(&setup.link_base).map(Arc::new),
            resets: Arc::default(),
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

    /// The same, cases kept for so long from now on.
    #[must_use]
    pub fn keeping(self, retention: Retention) -> Self {
        Self { retention, ..self }
    }

    /// The same with other quotas.
    #[must_use]
    pub fn with_quotas(self, quotas: Quotas) -> Self {
        Self { quotas, ..self }
    }

    /// The same, the audit's anchors sent to these mail addresses each day.
    #[must_use]
    pub fn anchored_to(self, addresses: &[String]) -> Self {
        Self {
            anchor_to: addresses.into(),
            ..self
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

    /// Tells everybody who watches that this node stops.
    pub fn say_goodbye(&self) {
        self.say(Event::Over);
    }

    /// Tells those who watch, at this node and at the others, of a commit of this node.
    fn tell(&self, event: Event) {
        self.tell_nodes_what(&event);
        self.say(event);
    }

    /// Tells those who watch at this node.
    fn say(&self, event: Event) {
        self.meter.event(&event, self.now());
        // Nobody watching is no trouble.
        drop(self.events.send(event));
    }

    fn is_watched(&self) -> bool {
        self.events.receiver_count() > 0
    }
}
