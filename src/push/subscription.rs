//! A browser's subscription as it gives it to us, and to which push services we are willing to talk. The address comes from
//! the browser's side, so it is held against a list: else anybody signed in could have us call any machine we can reach.

use base64::Engine;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use base64::engine::{DecodePaddingMode, general_purpose};
use p256::PublicKey;
use reqwest::Url;
use serde::{Deserialize, Serialize};

/// Longest address taken, in bytes; push services' own are below 500.
const LONGEST_ENDPOINT: usize = 1000;

/// Browsers leave the padding out; some libraries do not.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Host names of push services: `push.example`, or `*.push.example` for all below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hosts(Vec<String>);

impl Hosts {
    /// # Errors
    /// The first entry that is no host name.
    pub fn new(names: &[String]) -> Result<Self, String> {
        for name in names {
            let host = name.strip_prefix("*.").unwrap_or(name);
            let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '-');
            let ours = host.contains('.') && !host.starts_with('.') && !host.ends_with('.') && host.chars().all(plain);
            // An address of numbers is no name of a push service.
            if !ours || host.chars().all(|c| c.is_ascii_digit() || c == '.') {
                return Err(format!("push_hosts: {name} is no host name in small letters"));
            }
        }
        Ok(Self(names.to_vec()))
    }

    fn contain(&self, host: &str) -> bool {
        self.0.iter().any(|name| match name.strip_prefix('*') {
            Some(below) => host.strip_suffix(below).is_some_and(|first| !first.is_empty()),
            None => host == name,
        })
    }
}

/// What of a subscription cannot be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    #[error("an https address of at most {LONGEST_ENDPOINT} bytes, without a port or a password")]
    Endpoint,
    #[error("not a push service that this house talks to")]
    Host,
    #[error("65 bytes in base64url: an uncompressed point of the curve P-256")]
    Key,
    #[error("16 bytes in base64url")]
    Auth,
}

/// A checked subscription. Serialised it is as the browser gives it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subscription {
    pub endpoint: String,
    /// The browser's public key, 65 bytes.
    pub(super) p256dh: Vec<u8>,
    /// The secret it shares with us, 16 bytes.
    pub(super) auth: Vec<u8>,
}

impl Subscription {
    /// # Errors
    /// Everything that is wrong with it.
    pub fn parse(endpoint: &str, p256dh: &str, auth: &str, hosts: &Hosts) -> Result<Self, Vec<Fault>> {
        let mut faults = Vec::new();
        let checked = check_endpoint(endpoint, hosts).map_err(|fault| faults.push(fault));
        let key = BASE64.decode(p256dh).ok().filter(|key| is_point(key));
        if key.is_none() {
            faults.push(Fault::Key);
        }
        let secret = BASE64.decode(auth).ok().filter(|secret| secret.len() == 16);
        if secret.is_none() {
            faults.push(Fault::Auth);
        }
        match (checked, key, secret) {
            (Ok(()), Some(p256dh), Some(auth)) => Ok(Self {
                endpoint: endpoint.to_owned(),
                p256dh,
                auth,
            }),
            _ => Err(faults),
        }
    }

    /// Whether we (still) talk to its push service.
    pub fn is_allowed(&self, hosts: &Hosts) -> bool {
        check_endpoint(&self.endpoint, hosts).is_ok()
    }

    /// Scheme and host of its push service: whom what we sign is for.
    pub fn origin(&self) -> String {
        Url::parse(&self.endpoint).map_or_else(|_| String::new(), |url| url.origin().ascii_serialization())
    }
}

fn is_point(key: &[u8]) -> bool {
    key.len() == 65 && key.first() == Some(&4) && PublicKey::from_sec1_bytes(key).is_ok()
}

fn check_endpoint(endpoint: &str, hosts: &Hosts) -> Result<(), Fault> {
    if endpoint.len() > LONGEST_ENDPOINT || !endpoint.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(Fault::Endpoint);
    }
    let url = Url::parse(endpoint).map_err(|_| Fault::Endpoint)?;
    let plain = url.scheme() == "https" && url.port().is_none() && url.username().is_empty();
    if !plain || url.password().is_some() || url.fragment().is_some() {
        return Err(Fault::Endpoint);
    }
    match url.domain() {
        Some(host) if hosts.contain(host) => Ok(()),
        _ => Err(Fault::Host),
    }
}

/// Bytes as browsers and JSON web tokens write them.
pub(super) fn base64url(bytes: &[u8]) -> String {
    general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    // The receiver of RFC 8291, appendix A.
    const KEY: &str = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";
    const AUTH: &str = "BTBZMqHH6r4Tts7J_aSIgg";

    fn hosts() -> Hosts {
        Hosts::new(&["push.example".to_owned(), "*.notify.example".to_owned()]).unwrap()
    }

    fn faults(endpoint: &str, key: &str, auth: &str) -> Vec<Fault> {
        Subscription::parse(endpoint, key, auth, &hosts())
            .err()
            .unwrap_or_default()
    }

    #[test]
    fn only_https_to_push_services_of_the_list() {
        for good in [
            "https://push.example/send/abc?x=1",
            "https://a.b.notify.example/",
            "https://PUSH.example:443/x",
        ] {
            assert_eq!(faults(good, KEY, AUTH), [], "{good}");
        }
        for bad in [
            "",
            "push.example",
            "http://push.example/",
            "https://push.example:8443/",
            "https://u@push.example/",
            "https://u:p@push.example/",
            "https://push.example/#x",
            "https://push.example/\n",
            "ftp://push.example/",
            "file:///etc/passwd",
            &format!("https://push.example/{}", "x".repeat(1000)),
        ] {
            assert_eq!(faults(bad, KEY, AUTH), [Fault::Endpoint], "{bad}");
        }
        for other in [
            "https://127.0.0.1/",
            "https://[::1]/",
            "https://localhost/",
            "https://2130706433/",
            "https://notify.example/",
            "https://push.example.org/",
            "https://evilpush.example/",
            "https://xnotify.example/",
            "https://push.example./",
        ] {
            assert_eq!(faults(other, KEY, AUTH), [Fault::Host], "{other}");
        }
    }

    #[test]
    fn keys_are_a_point_and_sixteen_bytes_and_all_faults_are_told() {
        let whole = "https://push.example/1";
        assert_eq!(faults(whole, &format!("{KEY}="), &format!("{AUTH}==")), []);
        let off_the_curve = base64url(&[4; 65]);
        let compressed = base64url(&[2; 33]);
        for bad in [
            "",
            "x",
            "*",
            &KEY[1..],
            &off_the_curve,
            &compressed,
            &base64url(&[0; 65]),
        ] {
            assert_eq!(faults(whole, bad, AUTH), [Fault::Key], "{bad}");
        }
        for bad in ["", "BTBZ", "BTBZMqHH6r4Tts7J_aSIgggg", "*"] {
            assert_eq!(faults(whole, KEY, bad), [Fault::Auth], "{bad}");
        }
        assert_eq!(faults("x", "", ""), [Fault::Endpoint, Fault::Key, Fault::Auth]);
    }

    #[test]
    fn a_list_names_hosts() {
        for bad in [
            "",
            "localhost",
            "https://push.example",
            "10.0.0.1",
            "*",
            "*.",
            "Push.example",
            "push.example/",
            ".example",
        ] {
            assert!(Hosts::new(&[bad.to_owned()]).is_err(), "{bad}");
        }
    }
}
