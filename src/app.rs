//! Wires the house: configuration → clock, ids, mail → store → services → http and jobs. The only room that knows all.

pub mod keys;

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use zeroize::Zeroizing;

use crate::clock::Clock;
use crate::config::{Config, Secret, SmsGateway};
use crate::domain::factors::SecondFactor;
use crate::domain::geography::Pack;
use crate::domain::retention::Retention;
use crate::http::limits::Limits;
use crate::http::{Patience, State, docs, metrics, server};
use crate::ids::Ids;
use crate::jobs::Jobs;
use crate::letters::Signer;
use crate::mail::{Mailer, Smtp, SmtpSettings, Timeouts, Tls};
use crate::push::{Hosts, Pusher};
use crate::services::seal::Vault;
use crate::services::{Services, Setup};
use crate::sms::{Gateway, Gateways, Http, SendSettings, Sender, Settings};
use crate::store::Store;

pub type Fault = Box<dyn std::error::Error + Send + Sync>;

/// The services, on an open and migrated database, with their board drawn.
pub async fn services(config: &Config) -> Result<Services, Fault> {
    let store = Store::connect(&config.database_url()).await?;
    if store.is_sqlite() {
        store.migrate().await?;
    } else {
        let pending = store.pending_migrations().await?;
        if !pending.is_empty() {
            return Err(format!("the database lacks {}: run `panoh migrate` first", pending.join(", ")).into());
        }
    }
    let services = Services::new(Setup {
        store,
        clock: Clock::System,
        ids: Ids::System,
        pack: Arc::new(crate::pack::load(config.pack.as_deref())?),
        vault: vault(config)?,
        link_base: config.public_url.trim_end_matches('/').to_owned(),
        mail_from: config.mail_from.clone(),
        push_hosts: Hosts::new(&config.push_hosts)?,
        second_factor: config.second_factor,
    })
    .signed_by(signer(config)?)
    .keeping(retention(config)?)
    .with_quotas(config.quotas)
    .anchored_to(&config.anchor_to);
    services.reload_catalogue().await?;
    services.redraw_board().await?;
    Ok(services)
}

/// For how long cases are kept.
fn retention(config: &Config) -> Result<Retention, Fault> {
    let (least, most) = (Retention::SHORTEST, Retention::LONGEST);
    Retention::of_days(config.retention_days).ok_or_else(|| format!("retention_days: {least} to {most}").into())
}

/// Who signs letters, where the configuration names a key.
fn signer(config: &Config) -> Result<Option<Signer>, Fault> {
    let Some(dkim) = &config.mail_dkim else {
        return Ok(None);
    };
    let told =
        |why: &dyn std::fmt::Display| -> Fault { format!("mail_dkim: {}: {why}", dkim.key_file.display()).into() };
    let key = Zeroizing::new(fs::read_to_string(&dkim.key_file).map_err(|e| told(&e))?);
    let signer = Signer::new(&dkim.domain, &dkim.selector, &key).map_err(|e| told(&e))?;
    Ok(Some(signer))
}

/// The country pack that the configuration names.
pub fn pack(config: &Config) -> Result<Pack, Fault> {
    Ok(crate::pack::load(config.pack.as_deref())?)
}

/// The vault of the key file, which is made at first start and looked at again for newer keys.
fn vault(config: &Config) -> Result<Vault, Fault> {
    let file = config.key_file();
    keys::load(&file)?;
    let source = move || keys::read(&file).map_err(|fault| fault.to_string());
    Ok(Vault::of(Arc::new(source))?)
}

/// The start of the service that its database belongs to, kept beside the key. A database that was restored from a backup
/// belongs to an earlier one: what it would bring back to life is ended. Of PostgreSQL nothing is kept, since other nodes
/// go on meanwhile; `panoh restore` does there what has to be done.
pub struct Epoch {
    services: Services,
    file: PathBuf,
}

impl Epoch {
    /// Looks whether the database was restored, and begins a new start; `None` where none is kept.
    pub async fn begin(services: &Services, config: &Config) -> Result<Option<Self>, Fault> {
        if !services.store.is_sqlite() {
            return Ok(None);
        }
        let epoch = Self {
            services: services.clone(),
            file: config.key_file().with_extension("start"),
        };
        let (kept, coming) = (epoch.read(&epoch.file)?, epoch.read(&epoch.coming())?);
        if services.is_restored(kept.as_deref(), coming.as_deref()).await? {
            let ended = services.settle_restored().await?;
            tracing::warn!(
                ended,
                "the database was restored: sessions, links and unsent letters are ended, digests of the past are not made"
            );
        }
        epoch.renew().await?;
        Ok(Some(epoch))
    }

    /// Names a new start, so that what is copied from now on is told from what was copied before. It is written down before
    /// the database has it, so that a service killed between the two knows its own database again.
    pub async fn renew(&self) -> Result<(), Fault> {
        let (name, coming) = (self.services.new_start(), self.coming());
        let mut written = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&coming)
            .map_err(|e| self.told(&e))?;
        let done = written.write_all(name.as_bytes()).and_then(|()| written.sync_all());
        done.map_err(|e| self.told(&e))?;
        self.services.name_start(&name).await?;
        fs::rename(&coming, &self.file).map_err(|e| self.told(&e))
    }

    fn coming(&self) -> PathBuf {
        self.file.with_extension("start.new")
    }

    fn read(&self, file: &Path) -> Result<Option<String>, Fault> {
        match fs::read_to_string(file) {
            Ok(text) => Ok(Some(text.trim().to_owned())),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(self.told(&e)),
        }
    }

    fn told(&self, why: &std::io::Error) -> Fault {
        format!("{}: {why}", self.file.display()).into()
    }
}

/// The way out for letters: `folder:PATH`, `smtp://`, `smtp+starttls://` or `smtps://`.
pub fn mailer(setting: &str) -> Result<Mailer, Fault> {
    match setting.strip_prefix("folder:") {
        Some(folder) => Ok(Mailer::Folder(PathBuf::from(folder))),
        None => Ok(Mailer::Smtp(Smtp::new(mail_server(setting)?, Timeouts::default())?)),
    }
}

/// The mail server that a setting names.
pub fn mail_server(setting: &str) -> Result<SmtpSettings, Fault> {
    let (scheme, rest) = setting
        .split_once("://")
        .ok_or("mail: folder:PATH or smtps://user:password@host:port")?;
    let tls = match scheme {
        "smtp" => Tls::None,
        "smtp+starttls" => Tls::Starttls,
        "smtps" => Tls::Implicit,
        other => return Err(format!("mail: no way out is called {other}").into()),
    };
    let (account, place) = match rest.rsplit_once('@') {
        Some((account, place)) => (account.split_once(':'), place),
        None => (None, rest),
    };
    let (host, port) = match place.trim_end_matches('/').rsplit_once(':') {
        Some((host, port)) => (host, Some(port.parse().map_err(|_| "mail: the port is no number")?)),
        None => (place, None),
    };
    Ok(SmtpSettings {
        host: host.to_owned(),
        port,
        tls,
        user: account.map(|(user, _)| user.to_owned()),
        password: account.map(|(_, password)| password.to_owned()),
        hello: None,
        ca_pem: None,
    })
}

/// What does by itself what is due.
pub fn jobs(services: Services, mailer: Mailer, sms: Sender) -> Result<Jobs, Fault> {
    Ok(Jobs {
        services,
        mailer,
        sms,
        pusher: Pusher::new(crate::web::client()?),
    })
}

/// The gateways for text messages that are declared, and the way out through them.
pub fn gateways(config: &Config) -> Result<Gateways, Fault> {
    let (mut all, mut ways) = (Vec::<Gateway>::new(), Vec::new());
    for declared in &config.sms_gateways {
        let settings = gateway_settings(declared);
        if let Some(send) = settings.send.clone() {
            ways.push((declared.name.clone(), send));
        }
        if all.iter().any(|other| other.name == declared.name) {
            return Err(format!("sms_gateways: {} is declared twice", declared.name).into());
        }
        all.push(Gateway::new(settings)?);
    }
    let sender = Http::new(crate::web::client()?, ways)?;
    Ok(Gateways::new(all, Sender::Http(Arc::new(sender))))
}

fn gateway_settings(declared: &SmsGateway) -> Settings {
    let plain = |secret: &Option<Secret>| secret.as_ref().map(|secret| secret.reveal().to_owned());
    let all = |secrets: &std::collections::BTreeMap<String, Secret>| {
        let plain = |(name, secret): (&String, &Secret)| (name.clone(), secret.reveal().to_owned());
        secrets.iter().map(plain).collect()
    };
    Settings {
        name: declared.name.clone(),
        preset: declared.preset.clone(),
        message_id: declared.message_id.clone(),
        from: declared.from.clone(),
        text: declared.text.clone(),
        proof: declared.proof.clone(),
        secret: plain(&declared.secret),
        reply: declared.reply.clone(),
        numbers: declared.numbers.clone(),
        send: declared.send.as_ref().map(|send| SendSettings {
            url: send.url.clone(),
            method: send.method.clone(),
            query: all(&send.query),
            form: all(&send.form),
            json: send.json.clone(),
            headers: all(&send.headers),
            user: send.user.clone(),
            password: plain(&send.password),
            bearer: plain(&send.bearer),
        }),
    }
}

/// For how long letters under way are waited for once every request is answered, which takes twenty seconds at most.
const LONGEST_STOP: Duration = Duration::from_secs(40);

/// A server that is listening and its jobs, until they are told to stop.
pub struct Running {
    pub address: SocketAddr,
    server: actix_web::dev::Server,
    /// Listened for from the first connection on: before, the word to stop would end the process at once.
    told: [Signal; 2],
    services: Services,
    metrics: Option<(SocketAddr, ServerHandle)>,
    jobs: tokio::task::JoinHandle<()>,
    stop: watch::Sender<bool>,
}

/// Starts serving and working.
pub fn start(services: Services, mailer: Mailer, sms: Gateways, config: &Config) -> Result<Running, Fault> {
    let told = [signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?];
    let (listener, address) = bind(&config.listen)?;
    if services.second_factor == SecondFactor::Off && !address.ip().is_loopback() {
        return Err(format!("second_factor = \"off\" is for this machine alone: {address} is open to others").into());
    }
    let state = State {
        services: services.clone(),
        openapi: docs::openapi().into(),
        patience: Patience::default(),
        sms: sms.clone(),
        limits: Arc::new(Limits::new(config.rates, &config.trusted_proxies)),
    };
    let server = server::server(listener, state, config.workers)?;
    let (stop, stopped) = watch::channel(false);
    let jobs = tokio::spawn(jobs(services.clone(), mailer, sms.sender)?.run(stopped));
    Ok(Running {
        address,
        server,
        told,
        services,
        metrics: None,
        jobs,
        stop,
    })
}

fn bind(listen: &str) -> Result<(TcpListener, SocketAddr), Fault> {
    let listener = TcpListener::bind(listen).map_err(|e| format!("{listen}: {e}"))?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}

impl Running {
    /// Serves the figures of this node at an address of their own. They ask for nobody's sign-in.
    pub fn with_metrics(mut self, services: &Services, listen: &str) -> Result<Self, Fault> {
        let (listener, address) = bind(listen)?;
        let server = metrics::server(listener, services.clone())?;
        self.metrics = Some((address, server.handle()));
        tokio::spawn(server);
        Ok(self)
    }

    pub fn metrics_address(&self) -> Option<SocketAddr> {
        self.metrics.as_ref().map(|(address, _)| *address)
    }

    /// Serves until SIGTERM or SIGINT; then finishes what was accepted and the letters under way, within `LONGEST_STOP`.
    pub async fn until_told(self) -> Result<(), Fault> {
        let [mut terminate, mut interrupt] = self.told;
        let handle = self.server.handle();
        let (stop, services, jobs) = (self.stop, self.services, self.jobs);
        let waiting = tokio::spawn(async move {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            tracing::info!("stopping");
            stop.send_replace(true);
            // The word to stop is given at once; what is returned waits until all is answered.
            let answered = handle.stop(true);
            services.say_goodbye();
            answered.await;
            if let Some((_, metrics)) = self.metrics {
                metrics.stop(false).await;
            }
        });
        self.server.await?;
        waiting.await?;
        match tokio::time::timeout(LONGEST_STOP, jobs).await {
            Ok(done) => done?,
            // A mail server may take ten minutes over a letter. Its lease runs out, and it is sent again.
            Err(_) => tracing::warn!("a letter under way was given up; it is sent again"),
        }
        tracing::info!("stopped");
        Ok(())
    }
}
