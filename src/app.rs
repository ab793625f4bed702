//! Wires the house: configuration → clock, ids, mail → store → services → http and jobs. The only room that knows all.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use actix_web::dev::ServerHandle;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use zeroize::Zeroizing;

use crate::clock::Clock;
use crate::config::{Config, Secret, SmsGateway};
use crate::domain::geography::Pack;
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
        vault: Vault::new(&key(&config.key_file())?),
        link_base: config.public_url.trim_end_matches('/').to_owned(),
        mail_from: config.mail_from.clone(),
        push_hosts: Hosts::new(&config.push_hosts)?,
    })
    .signed_by(signer(config)?);
    services.reload_catalogue().await?;
    services.redraw_board().await?;
    Ok(services)
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

/// The key of the confidential fields; made at first start, readable by its owner alone.
fn key(file: &Path) -> Result<Zeroizing<[u8; 32]>, Fault> {
    let told = |why: String| -> Fault { format!("key file {}: {why}", file.display()).into() };
    if !file.exists() {
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder).map_err(|e| told(e.to_string()))?;
        }
        let fresh = Zeroizing::new(hex::encode(Ids::System.secret()));
        let mut made = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(file)
            .map_err(|e| told(e.to_string()))?;
        made.write_all(fresh.as_bytes())
            .and_then(|()| made.sync_all())
            .map_err(|e| told(e.to_string()))?;
    }
    let text = Zeroizing::new(fs::read_to_string(file).map_err(|e| told(e.to_string()))?);
    let mut key = Zeroizing::new([0; 32]);
    hex::decode_to_slice(text.trim(), key.as_mut_slice()).map_err(|_| told("not 64 hexadecimal digits".to_owned()))?;
    Ok(key)
}

/// The way out for letters: `folder:PATH`, `smtp://`, `smtp+starttls://` or `smtps://`.
pub fn mailer(setting: &str) -> Result<Mailer, Fault> {
    if let Some(folder) = setting.strip_prefix("folder:") {
        return Ok(Mailer::Folder(PathBuf::from(folder)));
    }
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
    let settings = SmtpSettings {
        host: host.to_owned(),
        port,
        tls,
        user: account.map(|(user, _)| user.to_owned()),
        password: account.map(|(_, password)| password.to_owned()),
        hello: None,
        ca_pem: None,
    };
    Ok(Mailer::Smtp(Smtp::new(settings, Timeouts::default())?))
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

/// A server that is listening and its jobs, until they are told to stop.
pub struct Running {
    pub address: SocketAddr,
    server: actix_web::dev::Server,
    metrics: Option<(SocketAddr, ServerHandle)>,
    jobs: tokio::task::JoinHandle<()>,
    stop: watch::Sender<bool>,
}

/// Starts serving and working.
pub fn start(
    services: Services,
    mailer: Mailer,
    sms: Gateways,
    listen: &str,
    workers: usize,
) -> Result<Running, Fault> {
    let (listener, address) = bind(listen)?;
    let state = State {
        services: services.clone(),
        openapi: docs::openapi().into(),
        patience: Patience::default(),
        sms: sms.clone(),
    };
    let server = server::server(listener, state, workers)?;
    let (stop, stopped) = watch::channel(false);
    let jobs = tokio::spawn(jobs(services, mailer, sms.sender)?.run(stopped));
    Ok(Running {
        address,
        server,
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

    /// Serves until SIGTERM or SIGINT; then finishes what was accepted and the letter under way.
    pub async fn until_told(self) -> Result<(), Fault> {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let handle = self.server.handle();
        let stop = self.stop;
        let waiting = tokio::spawn(async move {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            tracing::info!("stopping");
            stop.send_replace(true);
            handle.stop(true).await;
            if let Some((_, metrics)) = self.metrics {
                metrics.stop(false).await;
            }
        });
        self.server.await?;
        waiting.await?;
        self.jobs.await?;
        Ok(())
    }
}
