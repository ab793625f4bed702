//! PostgreSQL's own programs: found, called, and heard. Passwords go by the environment, never by the command line, which
//! others on the machine can read.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use reqwest::Url;

use crate::app::Fault;

/// What libpq takes in an address; whatever else stands there is for our own driver.
const UNDERSTOOD: [&str; 6] = ["sslmode", "sslrootcert", "sslcert", "sslkey", "host", "port"];
/// Of what a program says, the last lines are told.
const TOLD: usize = 6;

/// An address without its password, and the password.
pub struct Address {
    pub plain: String,
    password: Option<String>,
}

impl Address {
    /// # Errors
    /// An address that cannot be read.
    pub fn of(url: &str) -> Result<Self, Fault> {
        let mut url = Url::parse(url).map_err(|e| format!("database_url: {e}"))?;
        let password = url.password().map(decoded);
        url.set_password(None).map_err(|()| "database_url: no host in it")?;
        let understood: Vec<(String, String)> = url
            .query_pairs()
            .filter(|(name, _)| UNDERSTOOD.contains(&name.as_ref()))
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
            .collect();
        url.set_query(None);
        if !understood.is_empty() {
            url.query_pairs_mut().extend_pairs(understood);
        }
        Ok(Self {
            plain: url.into(),
            password,
        })
    }

    /// Where it leads, for people: without the account.
    pub fn place(&self) -> String {
        let Ok(url) = Url::parse(&self.plain) else {
            return "PostgreSQL".to_owned();
        };
        format!("{}{}", url.host_str().unwrap_or("this machine"), url.path())
    }
}

/// What stands behind `%40` in a password.
fn decoded(text: &str) -> String {
    let pairs = format!("p={}", text.replace('+', "%2B").replace('&', "%26"));
    let read = form_urlencoded::parse(pairs.as_bytes()).next();
    read.map(|(_, value)| value.into_owned()).unwrap_or_default()
}

/// One of PostgreSQL's programs: the newest of Debian's folders, which reads every older server, else what PATH offers.
pub fn find(name: &str) -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let debian = versions.filter_map(|entry| {
        let version = entry.file_name().to_str()?.parse::<u32>().ok()?;
        Some((version, entry.path().join("bin").join(name)))
    });
    let newest = debian.filter(|(_, path)| path.exists()).max().map(|(_, path)| path);
    let in_path = || {
        let folders = std::env::var_os("PATH")?;
        std::env::split_paths(&folders)
            .map(|folder| folder.join(name))
            .find(|path| path.exists())
    };
    newest.or_else(in_path)
}

/// Runs one to its end; what it prints.
///
/// # Errors
/// A program that is not there, or that failed: with its last words.
pub async fn run<A: AsRef<OsStr>>(name: &'static str, to: Option<&Address>, arguments: &[A]) -> Result<String, Fault> {
    let program = find(name).ok_or_else(|| {
        format!("{name} is not on this machine: install PostgreSQL's client programs of the server's version or a newer one (Debian: postgresql-client)")
    })?;
    let mut command = Command::new(&program);
    command.args(arguments).stdin(Stdio::null());
    if let Some(address) = to {
        command.arg("--dbname").arg(&address.plain);
        if let Some(password) = &address.password {
            command.env("PGPASSWORD", password);
        }
    }
    let output = tokio::task::spawn_blocking(move || command.output()).await?;
    let output = output.map_err(|e| format!("{}: {e}", program.display()))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let lines: Vec<&str> = said.lines().filter(|line| !line.trim().is_empty()).collect();
    let last = lines
        .get(lines.len().saturating_sub(TOLD)..)
        .unwrap_or_default()
        .join("; ");
    Err(format!("{name}: {last}").into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_taken_out_of_the_address() {
        let address = Address::of(
            "postgres://panoh:a%40b+c%26d@db.example:5433/panoh?sslmode=require&statement-cache-capacity=0",
        );
        let address = address.unwrap();
        assert_eq!(address.password.as_deref(), Some("a@b+c&d"));
        assert_eq!(address.plain, "postgres://panoh@db.example:5433/panoh?sslmode=require");
        assert_eq!(address.place(), "db.example/panoh");
        let bare = Address::of("postgres://panoh@127.0.0.1:5432/x").unwrap();
        assert_eq!(
            (bare.plain.as_str(), bare.password),
            ("postgres://panoh@127.0.0.1:5432/x", None)
        );
    }
}
