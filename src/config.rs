//! Configuration: a TOML file, then `PANOH_*` in the environment, then flags; each later one wins. An unknown key is
//! refused. Secrets never print.

mod gateways;
mod network;

pub use gateways::{SmsGateway, SmsSend};
pub use network::Network;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::domain::factors::SecondFactor;
use crate::domain::quotas::Quotas;

#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("{file}: {cause}")]
    File { file: PathBuf, cause: String },
    #[error("{0}")]
    Value(String),
}

/// A text that must not reach a log.
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

/// `[mail_dkim]`: whose letters they are, and with which key that is shown.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MailDkim {
    /// The domain of the sender's address, or one above it.
    pub domain: String,
    /// Under which name the public key stands in the DNS: `SELECTOR._domainkey.DOMAIN`.
    pub selector: String,
    /// The private key in PEM: RSA, or Ed25519.
    pub key_file: PathBuf,
}

/// Requests a second; five seconds' worth may come at once. 0 is as many as they like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Rates {
    /// Of one network address. A whole office may stand behind one.
    pub per_address: u32,
    /// Of one account.
    pub per_account: u32,
}

impl Rates {
    pub fn none() -> Self {
        Self {
            per_address: 0,
            per_account: 0,
        }
    }
}

impl Default for Rates {
    fn default() -> Self {
        Self {
            per_address: 100,
            per_account: 20,
        }
    }
}

/// Everything that can be set. Each key is also an environment variable: `PANOH_LISTEN` sets `listen`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Folder of the database, the key and the mail folder, unless they are named otherwise.
    pub data_dir: PathBuf,
    /// `sqlite:PATH` or `postgres://…`; without it `sqlite:DATA_DIR/panoh.db`.
    pub database_url: Option<Secret>,
    /// Address and port to serve on.
    pub listen: String,
    /// Address and port of `/metrics`, for a monitoring system on the same private network; off unless set.
    pub metrics_listen: Option<String>,
    /// Address of the web app as people reach it, for links in letters.
    pub public_url: String,
    /// A country pack's folder; without it Tajikistan, which is built in.
    pub pack: Option<PathBuf>,
    /// 32 random bytes in hexadecimal that seal confidential fields; made at first start. Keep it outside backups of
    /// the database.
    pub key_file: Option<PathBuf>,
    /// `folder:PATH`, `smtp://HOST:PORT`, `smtp+starttls://USER:PASSWORD@HOST:PORT` or `smtps://USER:PASSWORD@HOST:PORT`.
    pub mail: Option<Secret>,
    /// Sender of letters.
    pub mail_from: String,
    /// The key that signs letters for the sender's domain (DKIM). In the file only.
    pub mail_dkim: Option<MailDkim>,
    /// Push services that browsers may name for their notifications: hosts, or `*.` and all below it.
    pub push_hosts: Vec<String>,
    /// Gateways for text messages; docs/SMS.md says how they are declared. In the file only.
    pub sms_gateways: Vec<SmsGateway>,
    /// For how many days at most a case is kept after it was closed: 7 to 90.
    pub retention_days: u8,
    /// Proxies whose word about a client's address is taken (`X-Forwarded-For` or `Forwarded`): addresses, or networks such as
    /// `10.0.0.0/8`. Without any, the address is the one that connected.
    pub trusted_proxies: Vec<Network>,
    /// How much one client may ask at once. In the file only.
    pub rates: Rates,
    /// How much one person may do in a day. In the file only.
    pub quotas: Quotas,
    /// Mail addresses of people outside, two or more, who are sent the audit's anchor each day.
    pub anchor_to: Vec<String>,
    /// `required`: administrators, officers and the committee sign in with a second factor; `off` is taken only where
    /// nobody but this machine is listened to.
    pub second_factor: SecondFactor,
    /// Threads that answer requests.
    pub workers: usize,
    /// `text` or `json`.
    pub log_format: String,
    /// What is logged, such as `info` or `panoh=debug`.
    pub log: String,
}

/// The push services of Chrome, Firefox, Safari and Edge.
const PUSH_HOSTS: [&str; 5] = [
    "fcm.googleapis.com",
    "updates.push.services.mozilla.com",
    "*.push.services.mozilla.com",
    "web.push.apple.com",
    "*.notify.windows.com",
];

impl Default for Config {
    fn default() -> Self {
        Self {
            data_dir: PathBuf::from("/var/lib/panoh"),
            database_url: None,
            listen: "127.0.0.1:8080".to_owned(),
            metrics_listen: None,
            public_url: "http://127.0.0.1:8080".to_owned(),
            pack: None,
            key_file: None,
            mail: None,
            mail_from: "panoh@localhost.localdomain".to_owned(),
            mail_dkim: None,
            push_hosts: PUSH_HOSTS.map(str::to_owned).to_vec(),
            sms_gateways: Vec::new(),
            retention_days: 30,
            trusted_proxies: Vec::new(),
            rates: Rates::default(),
            quotas: Quotas::default(),
            anchor_to: Vec::new(),
            second_factor: SecondFactor::Required,
            workers: 2,
            log_format: "text".to_owned(),
            log: "info".to_owned(),
        }
    }
}

impl Config {
    /// Reads the file (if one is named) and what the environment says.
    pub fn read(file: Option<&Path>, environment: impl Iterator<Item = (String, String)>) -> Result<Self, ConfigError> {
        let mut table = match file {
            None => toml::Table::new(),
            Some(file) => {
                let told = |cause: String| ConfigError::File {
                    file: file.to_owned(),
                    cause,
                };
                let text = std::fs::read_to_string(file).map_err(|e| told(e.to_string()))?;
                text.parse().map_err(|e: toml::de::Error| told(e.to_string()))?
            }
        };
        for (key, value) in from_environment(environment) {
            table.insert(key, value);
        }
        let config: Self = table
            .try_into()
            .map_err(|e: toml::de::Error| ConfigError::Value(e.to_string()))?;
        if config.anchor_to.len() == 1 {
            let why = "anchor_to: nobody, or two people or more: one alone could be talked into silence";
            return Err(ConfigError::Value(why.to_owned()));
        }
        if config.workers == 0 || config.workers > 256 {
            return Err(ConfigError::Value("workers: 1 to 256".to_owned()));
        }
        Ok(config)
    }

    pub fn database_url(&self) -> String {
        match &self.database_url {
            Some(url) => url.reveal().to_owned(),
            None => format!("sqlite:{}", self.data_dir.join("panoh.db").display()),
        }
    }

    pub fn key_file(&self) -> PathBuf {
        self.key_file.clone().unwrap_or_else(|| self.data_dir.join("panoh.key"))
    }

    pub fn mail(&self) -> String {
        match &self.mail {
            Some(mail) => mail.reveal().to_owned(),
            None => format!("folder:{}", self.data_dir.join("mail").display()),
        }
    }
}

/// `PANOH_LISTEN=…` as `listen = "…"`; numbers as numbers, lists by commas. `PANOH_CONFIG` names the file and is no key.
fn from_environment(all: impl Iterator<Item = (String, String)>) -> BTreeMap<String, toml::Value> {
    all.filter_map(|(name, value)| {
        let key = name.strip_prefix("PANOH_")?.to_lowercase();
        let value = match (key.as_str(), value.parse::<i64>()) {
            ("config", _) => return None,
            ("workers" | "retention_days", Ok(n)) => toml::Value::Integer(n),
            ("push_hosts" | "trusted_proxies" | "anchor_to", _) => value
                .split(',')
                .map(|part| part.trim().to_owned())
                .collect::<Vec<_>>()
                .into(),
            _ => toml::Value::String(value),
        };
        Some((key, value))
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<Config, ConfigError> {
        Config::read(None, pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())))
    }

    #[test]
    fn the_environment_sets_keys_and_an_unknown_one_is_refused() {
        let config = read(&[
            ("PANOH_LISTEN", "0.0.0.0:80"),
            ("PANOH_WORKERS", "4"),
            ("PANOH_PUSH_HOSTS", "push.example, *.push.example"),
            ("PANOH_TRUSTED_PROXIES", "10.0.0.0/8, 192.0.2.1"),
            ("HOME", "/root"),
        ])
        .unwrap();
        assert_eq!((config.listen.as_str(), config.workers), ("0.0.0.0:80", 4));
        assert_eq!(config.push_hosts, ["push.example", "*.push.example"]);
        assert_eq!(config.trusted_proxies.len(), 2);
        assert!(read(&[("PANOH_TRUSTED_PROXIES", "my.proxy")]).is_err());
        let refused = read(&[("PANOH_LISTNE", "x")]).unwrap_err().to_string();
        assert!(refused.contains("listne"), "{refused}");
        assert!(read(&[("PANOH_WORKERS", "0")]).is_err());
        assert_eq!(config.second_factor, SecondFactor::Required);
        assert_eq!(
            read(&[("PANOH_SECOND_FACTOR", "off")]).unwrap().second_factor,
            SecondFactor::Off
        );
        assert!(read(&[("PANOH_SECOND_FACTOR", "no")]).is_err());
    }

    #[test]
    fn the_signing_key_is_named_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("panoh.toml");
        let read = |text: &str| {
            std::fs::write(&file, text).unwrap();
            Config::read(Some(&file), std::iter::empty())
        };
        let config = read("[mail_dkim]\ndomain = 'panoh.example'\nselector = 's1'\nkey_file = '/k.pem'\n").unwrap();
        assert_eq!(config.mail_dkim.unwrap().selector, "s1");
        assert!(read("[mail_dkim]\ndomain = 'panoh.example'\n").is_err());
    }

    #[test]
    fn secrets_do_not_print() {
        let config = read(&[("PANOH_DATABASE_URL", "postgres://u:hunter2@h/db")]).unwrap();
        assert!(!format!("{config:?}").contains("hunter2"));
        assert_eq!(config.database_url(), "postgres://u:hunter2@h/db");
    }
}
