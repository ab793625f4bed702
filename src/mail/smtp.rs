//! Delivery to an SMTP server through lettre's connection, step by step: each step has its own time limit (lettre's
//! asynchronous transport limits the connecting only, and a stalled server would hold a letter for ever), and only an
//! answer to the letter itself can refuse it for good.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Quit, Rcpt};
use lettre::transport::smtp::extension::{ClientId, Extension, MailBodyParameter, MailParameter};
use lettre::transport::smtp::response::Response;
use lettre::{Address, transport::smtp::Error};
use serde::Deserialize;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

use super::{Answer, MailFailure, one_line};

/// A sending ends before this, whatever the server does; a lease on a letter must be longer.
pub const LONGEST_DELIVERY: Duration = Duration::from_secs(25 * 60);
/// A connection is used again only while the server is sure to keep it open.
const IDLE: Duration = Duration::from_secs(20);

/// The step after which the server may have the letter.
const LETTER: &str = "letter";

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tls {
    /// TLS from the first byte (port 465).
    #[default]
    Implicit,
    /// Plain, then STARTTLS, which the server must offer (port 587).
    Starttls,
    /// No TLS; to this machine only.
    None,
}

/// Where and how to hand letters over.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SmtpSettings {
    pub host: String,
    /// Default: 465, 587 or 25, after `tls`.
    #[serde(default)]
    pub port: Option<u16>,
    #[serde(default)]
    pub tls: Tls,
    #[serde(default)]
    pub user: Option<String>,
    #[serde(default)]
    pub password: Option<String>,
    /// Name said in EHLO; default: this machine's.
    #[serde(default)]
    pub hello: Option<String>,
    /// A certificate (PEM) to trust beside the usual ones, for a server of one's own.
    #[serde(default)]
    pub ca_pem: Option<String>,
}

impl SmtpSettings {
    /// The port that is called.
    pub fn port(&self) -> u16 {
        self.port.unwrap_or(match self.tls {
            Tls::Implicit => 465,
            Tls::Starttls => 587,
            Tls::None => 25,
        })
    }
}

impl std::fmt::Debug for SmtpSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SmtpSettings")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("tls", &self.tls)
            .field("user", &self.user.as_ref().map(|_| "…"))
            .field("password", &self.password.as_ref().map(|_| "…"))
            .finish_non_exhaustive()
    }
}

/// How long each step may take. From MAIL on the default is what RFC 5321, 4.5.3.2, asks for at least; a server that
/// does not even greet within a minute is better tried again later.
#[derive(Debug, Clone, Copy)]
pub struct Timeouts {
    /// Connecting, TLS, greeting, EHLO, sign-in: each.
    pub connect: Duration,
    /// MAIL, RCPT, DATA: each.
    pub command: Duration,
    /// The letter and the answer after its last dot.
    pub letter: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(60),
            command: Duration::from_secs(5 * 60),
            letter: Duration::from_secs(13 * 60),
        }
    }
}

/// A server to hand letters to; clones share the idle connections.
#[derive(Clone)]
pub struct Smtp {
    server: Arc<Server>,
}

struct Server {
    settings: SmtpSettings,
    port: u16,
    tls: Option<TlsParameters>,
    hello: ClientId,
    timeouts: Timeouts,
    /// The one used last is the last.
    idle: Mutex<Vec<(AsyncSmtpConnection, Instant)>>,
}

impl std::fmt::Debug for Smtp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Smtp")
            .field("settings", &self.server.settings)
            .finish_non_exhaustive()
    }
}

impl Smtp {
    /// Refuses settings that would send letters or a password over the network in the clear.
    pub fn new(settings: SmtpSettings, timeouts: Timeouts) -> Result<Self, String> {
        if settings.tls == Tls::None && !is_loopback(&settings.host) {
            return Err(format!(
                "mail to {} must use TLS: plain SMTP is for this machine only",
                settings.host
            ));
        }
        if settings.user.is_some() != settings.password.is_some() {
            return Err("mail: user and password go together".to_owned());
        }
        let tls = match settings.tls {
            Tls::None => None,
            Tls::Implicit | Tls::Starttls => Some(tls_parameters(&settings)?),
        };
        let port = settings.port();
        let hello = settings.hello.clone().map_or_else(ClientId::default, ClientId::Domain);
        Ok(Self {
            server: Arc::new(Server {
                settings,
                port,
                tls,
                hello,
                timeouts,
                idle: Mutex::default(),
            }),
        })
    }

    pub(super) async fn send(&self, from: &str, to: &str, raw: &[u8]) -> Result<Answer, MailFailure> {
        match timeout(LONGEST_DELIVERY, self.deliver(from, to, raw)).await {
            Ok(result) => result,
            Err(_) => Err(MailFailure {
                uncertain: true,
                ..MailFailure::passing("the server took too long over every step")
            }),
        }
    }

    async fn deliver(&self, from: &str, to: &str, raw: &[u8]) -> Result<Answer, MailFailure> {
        let address = |what: &str, text: &str| {
            text.parse::<Address>()
                .map_err(|_| MailFailure::permanent(format!("the {what}'s address is not one")))
        };
        let (from, to) = (address("sender", from)?, address("recipient", to)?);
        while let Some(mut used) = self.server.take_idle().await {
            match self.server.deliver(&mut used, &from, &to, raw).await {
                // The server had let go of the connection; nothing of the letter went out yet.
                Err(failure) if failure.lost_connection => {}
                result => return self.server.finish(used, result).await,
            }
        }
        let mut fresh = self.server.connect().await?;
        let result = self.server.deliver(&mut fresh, &from, &to, raw).await;
        self.server.finish(fresh, result).await
    }
}

/// A failure, and whether the connection died before the letter itself was on its way.
struct Failure {
    failure: MailFailure,
    lost_connection: bool,
    /// The server answered: it is there, and may be told that we leave.
    answered: bool,
}

impl Server {
    async fn take_idle(&self) -> Option<AsyncSmtpConnection> {
        let mut idle = self.idle.lock().await;
        // Those that have idled too long are let go of.
        idle.retain(|(_, since)| since.elapsed() < IDLE);
        idle.pop().map(|(connection, _)| connection)
    }

    /// Whatever goes wrong here is about the server or the settings, never about the letter: all of it is retried, a
    /// wrong password too, for the letters must survive until somebody mends it.
    async fn connect(&self) -> Result<AsyncSmtpConnection, MailFailure> {
        let limit = self.timeouts.connect;
        let server = (self.settings.host.as_str(), self.port);
        let wrapped = match self.settings.tls {
            Tls::Implicit => self.tls.clone(),
            Tls::Starttls | Tls::None => None,
        };
        let connecting = AsyncSmtpConnection::connect_tokio1(server, Some(limit), &self.hello, wrapped, None);
        let mut connection = self.setting_up("connecting", connecting).await?;
        if let (Tls::Starttls, Some(tls)) = (self.settings.tls, &self.tls) {
            self.setting_up("STARTTLS", connection.starttls(tls.clone(), &self.hello))
                .await?;
        }
        if let (Some(user), Some(password)) = (&self.settings.user, &self.settings.password) {
            let credentials = Credentials::new(user.clone(), password.clone());
            self.setting_up("sign-in", connection.auth(DEFAULT_MECHANISMS, &credentials))
                .await?;
        }
        Ok(connection)
    }

    async fn setting_up<T>(&self, what: &str, step: impl Future<Output = Result<T, Error>>) -> Result<T, MailFailure> {
        match timeout(self.timeouts.connect, step).await {
            Ok(Ok(done)) => Ok(done),
            Ok(Err(error)) => Err(MailFailure::passing(format!("{what}: {error}"))),
            Err(_) => Err(MailFailure::passing(format!("{what}: no answer in time"))),
        }
    }

    async fn deliver(
        &self,
        connection: &mut AsyncSmtpConnection,
        from: &Address,
        to: &Address,
        raw: &[u8],
    ) -> Result<Answer, Failure> {
        let options = mail_options(connection, from, to, raw).map_err(|failure| Failure {
            failure,
            lost_connection: false,
            answered: true,
        })?;
        let limit = self.timeouts.command;
        step(
            "MAIL",
            limit,
            connection.command(Mail::new(Some(from.clone()), options)),
        )
        .await?;
        step("RCPT", limit, connection.command(Rcpt::new(to.clone(), Vec::new()))).await?;
        step("DATA", limit, connection.command(Data)).await?;
        // lettre ends the last line itself.
        let body = raw.strip_suffix(b"\r\n").unwrap_or(raw);
        let answer = step(LETTER, self.timeouts.letter, connection.message(body)).await?;
        Ok(Answer {
            text: one_line(&format!(
                "{} {}",
                answer.code(),
                answer.message().collect::<Vec<_>>().join(" ")
            )),
        })
    }

    /// Keeps the connection for the next letter, or takes leave of it.
    async fn finish(
        &self,
        connection: AsyncSmtpConnection,
        result: Result<Answer, Failure>,
    ) -> Result<Answer, MailFailure> {
        match result {
            Ok(answer) => {
                self.idle.lock().await.push((connection, Instant::now()));
                Ok(answer)
            }
            Err(failure) => {
                if failure.answered {
                    // What it says to our leaving changes nothing.
                    let mut connection = connection;
                    let _ = timeout(Duration::from_secs(2), connection.command(Quit)).await;
                }
                Err(failure.failure)
            }
        }
    }
}

async fn step(
    what: &str,
    limit: Duration,
    step: impl Future<Output = Result<Response, Error>>,
) -> Result<Response, Failure> {
    match timeout(limit, step).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(error)) => {
            let status = error.status();
            Err(Failure {
                // 421 says that the server is closing down, whatever the step was: like a lost line. Once the letter is
                // out, though, it goes again only as a retry that is counted.
                lost_connection: what != LETTER && status.is_none_or(|code| code.to_string() == "421"),
                answered: status.is_some(),
                failure: MailFailure {
                    permanent: error.is_permanent(),
                    uncertain: what == LETTER && status.is_none(),
                    answer: one_line(&format!("{what}: {error}")),
                },
            })
        }
        Err(_) => Err(Failure {
            lost_connection: false,
            answered: false,
            failure: MailFailure {
                uncertain: what == LETTER,
                ..MailFailure::passing(format!("{what}: no answer in time"))
            },
        }),
    }
}

/// What the letter asks of the server beyond plain ASCII.
fn mail_options(
    connection: &AsyncSmtpConnection,
    from: &Address,
    to: &Address,
    raw: &[u8],
) -> Result<Vec<MailParameter>, MailFailure> {
    let can = |extension| connection.server_info().supports_feature(extension);
    let mut options = Vec::new();
    if !<Address as AsRef<str>>::as_ref(from).is_ascii() || !<Address as AsRef<str>>::as_ref(to).is_ascii() {
        if !can(Extension::SmtpUtfEight) {
            return Err(MailFailure::permanent("the server takes no addresses beyond ASCII"));
        }
        options.push(MailParameter::SmtpUtfEight);
    }
    if !raw.is_ascii() && can(Extension::EightBitMime) {
        options.push(MailParameter::Body(MailBodyParameter::EightBitMime));
    }
    Ok(options)
}

fn tls_parameters(settings: &SmtpSettings) -> Result<TlsParameters, String> {
    let mut builder = TlsParameters::builder(settings.host.clone());
    if let Some(pem) = &settings.ca_pem {
        let certificate = Certificate::from_pem(pem.as_bytes()).map_err(|error| format!("mail: ca_pem: {error}"))?;
        builder = builder.add_root_certificate(certificate);
    }
    builder.build().map_err(|error| format!("mail: TLS: {error}"))
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}
