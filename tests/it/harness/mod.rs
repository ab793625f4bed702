//! What an integration test stands on: the whole service in this process, on a database of its own of either kind, with
//! a clock that the test moves and mail that goes nowhere. Dropping it removes all of it.
//! It must not skip: a test that finds no PostgreSQL fails.

pub mod client;
pub mod country;
pub mod gateways;
pub mod postgres;
pub mod readers;

use std::net::TcpListener;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{TimeZone, Utc};
use panoh::clock::Clock;
use panoh::domain::accounts::{Actor, Bearer};
use panoh::domain::factors::SecondFactor;
use panoh::domain::id::Moment;
use panoh::http::{Patience, State, docs, server};
use panoh::ids::Ids;
use panoh::jobs::Jobs;
use panoh::mail::{Mailer, Memory};
use panoh::push::{Hosts, Pusher};
use panoh::services::seal::{Secret, Vault};
use panoh::services::{Services, Setup};
use panoh::sms;
use panoh::store::Store;
use tempfile::TempDir;
use zeroize::Zeroizing;

use client::Http;

/// The keys of a test's nodes.
pub type Keys = Arc<Mutex<Vec<Secret>>>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Database {
    Sqlite,
    Postgres,
}

/// Everything one test owns.
pub struct Harness {
    pub database: Database,
    pub database_url: String,
    pub services: Services,
    pub clock: Clock,
    pub jobs: Jobs,
    /// The box that letters end in.
    pub mail: Memory,
    /// The box that text messages end in.
    pub texts: sms::Memory,
    /// SQL statements so far, of this node.
    pub statements: Arc<AtomicUsize>,
    /// The door, in this process: middleware and all, without a socket.
    pub http: Http,
    /// What stands in the key file, newest first.
    pub keys: Keys,
    /// For whatever the test writes: the SQLite file, letters, exports.
    pub dir: TempDir,
    /// Held so that the database is dropped with the harness; last, after its connections.
    _postgres: Option<postgres::PrivateDatabase>,
}

/// Half past eleven in the morning in Dushanbe.
pub fn start_of_tests() -> Moment {
    Utc.with_ymd_and_hms(2026, 11, 22, 6, 30, 0).unwrap()
}

impl Harness {
    /// A migrated, empty database and a service on it.
    pub async fn start(database: Database) -> Self {
        let dir = tempfile::tempdir().expect("a folder for the test");
        let postgres = match database {
            Database::Sqlite => None,
            Database::Postgres => Some(postgres::from_template("migrated", migrated).await),
        };
        let database_url = match &postgres {
            Some(created) => created.url().to_owned(),
            // A file, not `sqlite::memory:`, which would give each pooled connection a database of its own.
            None => format!("sqlite://{}?mode=rwc", dir.path().join("panoh.db").display()),
        };
        Self::on(database, database_url, dir, postgres).await
    }

    /// A service on a cluster of the test's own.
    pub async fn start_on(cluster: &postgres::OwnCluster) -> Self {
        migrated(cluster.url()).await;
        let dir = tempfile::tempdir().expect("a folder for the test");
        Self::on(Database::Postgres, cluster.url(), dir, None).await
    }

    /// A service on a database file at this place.
    pub async fn start_in(folder: &Path) -> Self {
        let url = format!("sqlite://{}?mode=rwc", folder.join("panoh.db").display());
        let dir = tempfile::tempdir().expect("a folder for the test");
        Self::on(Database::Sqlite, url, dir, None).await
    }

    async fn on(
        database: Database,
        database_url: String,
        dir: TempDir,
        postgres: Option<postgres::PrivateDatabase>,
    ) -> Self {
        let mut store = Store::connect(&database_url).await.unwrap();
        let statements = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&statements);
        store.on_statement(move || {
            count.fetch_add(1, Ordering::SeqCst);
        });
        if database == Database::Sqlite {
            store.migrate().await.unwrap();
        }
        let clock = Clock::set_to(start_of_tests());
        let keys: Keys = Arc::new(Mutex::new(vec![Zeroizing::new([7; 32])]));
        let services = on(store, clock.clone(), Ids::counted(), &keys, Doorway::default());
        services.reload_catalogue().await.unwrap();
        services.redraw_board().await.unwrap();
        let mail = Memory::default();
        let texts = sms::Memory::default();
        Self {
            http: Http::with(&services, gateways::gateways(sms::Sender::Memory(texts.clone()))).await,
            jobs: Jobs {
                services: services.clone(),
                mailer: Mailer::Memory(mail.clone()),
                pusher: pusher(),
                sms: sms::Sender::Memory(texts.clone()),
            },
            database,
            database_url,
            services,
            clock,
            mail,
            texts,
            statements,
            keys,
            dir,
            _postgres: postgres,
        }
    }

    /// Another node on the same database, with the same clock and the same ids, and a board and sessions of its own.
    pub async fn another_node(&self) -> Services {
        self.node(Doorway::default()).await
    }

    /// The same, entered as this says.
    pub async fn node(&self, doorway: Doorway) -> Services {
        self.node_on(&self.database_url, doorway).await
    }

    /// A node on another database, such as a copy of this one.
    pub async fn node_on(&self, url: &str, doorway: Doorway) -> Services {
        let store = Store::connect(url).await.unwrap();
        let services = on(
            store,
            self.clock.clone(),
            self.services.ids.clone(),
            &self.keys,
            doorway,
        );
        services.reload_catalogue().await.unwrap();
        services.redraw_board().await.unwrap();
        services
    }

    /// The service on a real socket, for what only a socket shows.
    pub fn serve(&self) -> Serving {
        self.serve_with(state(&self.services).patience)
    }

    /// The same, waiting for clients as long as this says.
    pub fn serve_with(&self, patience: Patience) -> Serving {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let state = State {
            patience,
            ..state(&self.services)
        };
        let server = server::server(listener, state, 1).unwrap();
        let handle = server.handle();
        actix_web::rt::spawn(server);
        Serving { address, handle }
    }
}

/// Somebody as the services know her.
pub fn actor(person: &client::Person) -> Actor {
    let user = &person.user;
    Actor {
        user_id: user.id,
        role: user.role,
        name: user.name.clone(),
        organisation_id: user.organisation_id,
        shelters: user.shelters.clone(),
        origin: "test".to_owned(),
        by: Bearer::Nothing,
    }
}

/// A listening server; stops when dropped.
pub struct Serving {
    pub address: std::net::SocketAddr,
    handle: actix_web::dev::ServerHandle,
}

impl Serving {
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        drop(self.handle.stop(false));
    }
}

async fn migrated(url: String) {
    let store = Store::connect(&url).await.unwrap();
    store.migrate().await.unwrap();
    store.close().await;
}

/// The one push service that tests' browsers use.
pub fn push_hosts() -> Hosts {
    Hosts::new(&["push.example".to_owned()]).unwrap()
}

/// A way out to push services that leads nowhere: nothing may answer at port 9 of this machine.
pub fn pusher() -> Pusher {
    Pusher::new(panoh::web::client().unwrap()).standing_for_all("http://127.0.0.1:9".parse().unwrap())
}

/// The address of the web app, one at which there are passkeys.
pub const PUBLIC_URL: &str = "http://localhost:8080";

/// How people come in.
pub struct Doorway {
    pub second_factor: SecondFactor,
    pub public_url: &'static str,
}

impl Default for Doorway {
    /// By a password.
    fn default() -> Self {
        Self {
            second_factor: SecondFactor::Off,
            public_url: PUBLIC_URL,
        }
    }
}

fn on(store: Store, clock: Clock, ids: Ids, keys: &Keys, doorway: Doorway) -> Services {
    let keys = Arc::clone(keys);
    let source = move || Ok(keys.lock().unwrap().clone());
    Services::new(Setup {
        store,
        clock,
        ids,
        pack: Arc::new(panoh::pack::load(None).unwrap()),
        vault: Vault::of(Arc::new(source)).unwrap(),
        link_base: doorway.public_url.to_owned(),
        mail_from: "panoh@demo.example".to_owned(),
        push_hosts: crate::harness::push_hosts(),
        second_factor: doorway.second_factor,
    })
}

pub fn state(services: &Services) -> State {
    state_with(
        services,
        gateways::gateways(sms::Sender::Memory(sms::Memory::default())),
    )
}

fn state_with(services: &Services, sms: sms::Gateways) -> State {
    State {
        sms,
        services: services.clone(),
        openapi: docs::openapi().into(),
        limits: Arc::default(),
        patience: Patience {
            head: Duration::from_millis(400),
            body: Duration::from_millis(400),
            request: Duration::from_secs(60),
            reader: Duration::from_secs(1),
        },
    }
}

/// Runs a test on SQLite and on PostgreSQL: it appears as `name::sqlite` and `name::postgres`.
///
/// ```ignore
/// on_both!(async fn a_bed_is_held(h: Harness) { … });
/// ```
macro_rules! on_both {
    ($($(#[$meta:meta])* async fn $name:ident($harness:ident: Harness) $body:block)+) => {$(
        mod $name {
            use super::*;

            async fn run($harness: Harness) $body

            $(#[$meta])*
            #[actix_web::test]
            async fn sqlite() {
                run($crate::harness::Harness::start($crate::harness::Database::Sqlite).await).await;
            }

            $(#[$meta])*
            #[actix_web::test]
            async fn postgres() {
                run($crate::harness::Harness::start($crate::harness::Database::Postgres).await).await;
            }
        }
    )+};
}
pub(crate) use on_both;
