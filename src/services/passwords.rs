//! Hashing passwords: argon2id off the async threads, two at once on a node, and a short queue before them, so that a
//! flood of sign-ins starves nobody else. What a password must be like is the domain's to say.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash, phc::Salt};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::Semaphore;
use unicode_normalization::UnicodeNormalization;

use super::Services;
use super::errors::Refused;
use crate::domain::accounts::{PASSWORD_MIN_CHARS, User, check_length};
use crate::domain::errors::FieldError;
use crate::ids::Ids;

/// Hashes at once on one node.
const AT_ONCE: usize = 2;
/// Most that are hashed or wait for it; a hash takes about a fifth of a second.
const MOST_WAITING: usize = 40;

/// A hash nobody's password has: what an unknown address, or an account without a password, is checked against.
const NOBODYS: &str =
    "$argon2id$v=19$m=65536,t=3,p=1$c29tZXNhbHRzb21lc2FsdA$Jg8jBJj7ej0KMV7BRJuSo0lE3BOBVdv3mXWrC3kVb3w";

/// The places in which passwords are hashed, and the queue before them.
pub struct Hashing {
    places: Arc<Semaphore>,
    queue: Arc<Semaphore>,
    done: AtomicU64,
    running: Arc<AtomicU64>,
    most: Arc<AtomicU64>,
}

impl Default for Hashing {
    fn default() -> Self {
        Self {
            places: Arc::new(Semaphore::new(AT_ONCE)),
            queue: Arc::new(Semaphore::new(MOST_WAITING)),
            done: AtomicU64::default(),
            running: Arc::default(),
            most: Arc::default(),
        }
    }
}

impl Hashing {
    /// Hashes made and checked so far.
    pub fn done(&self) -> u64 {
        self.done.load(Ordering::Relaxed)
    }

    /// Most that ever ran at once.
    pub fn most_at_once(&self) -> u64 {
        self.most.load(Ordering::Relaxed)
    }

    /// Runs this when a place is free; refuses at once when too many wait already.
    pub(super) async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Refused> {
        let unexpected = |e: &dyn std::error::Error| Refused::Unexpected(e.to_string());
        let queued = Arc::clone(&self.queue).try_acquire_owned().map_err(|_| Refused::Busy)?;
        let place = Arc::clone(&self.places)
            .acquire_owned()
            .await
            .map_err(|e| unexpected(&e))?;
        self.done.fetch_add(1, Ordering::Relaxed);
        // Counted where they run, so that it would show if there were more places than there may be.
        let (running, most) = (Arc::clone(&self.running), Arc::clone(&self.most));
        let work = move || {
            // Held by the work and not by who waits for it: who goes away makes no room before it is done.
            let _held = (queued, place);
            most.fetch_max(running.fetch_add(1, Ordering::Relaxed) + 1, Ordering::Relaxed);
            let result = work();
            running.fetch_sub(1, Ordering::Relaxed);
            result
        };
        tokio::task::spawn_blocking(work).await.map_err(|e| unexpected(&e))
    }
}

fn argon2() -> Argon2<'static> {
    // OWASP's figures for interactive sign-in: 64 MiB, three passes, one lane.
    let params = Params::new(65_536, 3, 1, None).unwrap_or_default();
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

/// Hashes a password for keeping. Slow by intent: call it off the async threads.
pub fn hash_password(ids: &Ids, password: &str) -> Result<String, Refused> {
    let normal: String = password.nfkc().collect();
    let secret = ids.secret();
    let salt = secret.get(..16).unwrap_or(&secret);
    let salt = Salt::new(salt).map_err(|e| Refused::Unexpected(e.to_string()))?;
    argon2()
        .hash_password_with_salt(normal.as_bytes(), &salt)
        .map(|hash| hash.to_string())
        .map_err(|e| Refused::Unexpected(e.to_string()))
}

fn matches(password: &str, stored: &str) -> bool {
    let normal: String = password.nfkc().collect();
    PasswordHash::new(stored).is_ok_and(|hash| argon2().verify_password(normal.as_bytes(), &hash).is_ok())
}

/// Words that are in no English list of common passwords: the program's name, and keys in a row. Places come from the pack.
const COMMON: [&str; 12] = [
    "panoh",
    "паноҳ",
    "панох",
    "пароль",
    "парол",
    "parol",
    "привет",
    "йцукен",
    "фывапрол",
    "qwerty",
    "админ",
    "admin",
];

/// Checks a new password of somebody who goes by these words (her name, her address) in a country of these places.
fn check_password<'a>(
    password: &str,
    own: &[&'a str],
    places: impl Iterator<Item = &'a str>,
    shortest: usize,
) -> Result<(), FieldError> {
    let normal: String = password.nfkc().collect();
    check_length(normal.chars().count(), shortest)?;
    let parts = own.iter().flat_map(|words| words.split(['@', '.', '_', '-', ' ']));
    let names = own
        .iter()
        .copied()
        .chain(parts)
        .chain(places.flat_map(str::split_whitespace));
    let names: BTreeSet<String> = names.map(str::to_lowercase).collect();
    let known: Vec<&str> = names.iter().map(String::as_str).chain(COMMON).collect();
    let lower = normal.to_lowercase();
    // Eight characters at random are no more than the middle of the scale; beside a second factor they are enough.
    let least = match shortest < PASSWORD_MIN_CHARS {
        true => zxcvbn::Score::Two,
        false => zxcvbn::Score::Three,
    };
    if is_made_of(&lower, &known) || zxcvbn::zxcvbn(&lower, &known).score() < least {
        let detail = "it would soon be guessed: choose another";
        return Err(FieldError::new("password", "too_common", detail));
    }
    Ok(())
}

/// Whether next to nothing is left of a password without these words: three of them in a row pass for strong elsewhere.
fn is_made_of(password: &str, words: &[&str]) -> bool {
    let mut long: Vec<&&str> = words.iter().filter(|word| word.chars().count() >= 3).collect();
    long.sort_by_key(|word| std::cmp::Reverse(word.len()));
    let rest = long
        .into_iter()
        .fold(password.to_owned(), |rest, word| rest.replace(*word, ""));
    rest.chars().filter(|c| c.is_alphanumeric()).count() < 4
}

impl Services {
    /// Checks a new password of this account.
    ///
    /// # Errors
    /// `Invalid` of the field `password`: `too_short`, `too_long`, or `too_common` when it would soon be guessed.
    pub(super) fn check_password(&self, password: &str, user: &User) -> Result<(), Refused> {
        let shortest = self.shortest_password(user.role);
        check_password(password, &[&user.name, &user.email], self.pack.place_names(), shortest)
            .map_err(|fault| Refused::Invalid(vec![fault]))
    }

    pub(super) async fn hash(&self, password: String) -> Result<String, Refused> {
        let ids = self.ids.clone();
        self.hashing.run(move || hash_password(&ids, &password)).await?
    }

    /// Whether this is the password of the stored hash; where there is none the same work is done for nothing.
    pub(super) async fn password_matches(&self, password: &str, stored: Option<&str>) -> Result<bool, Refused> {
        let password = password.to_owned();
        let stored = stored.filter(|hash| !hash.is_empty()).unwrap_or(NOBODYS).to_owned();
        self.hashing.run(move || matches(&password, &stored)).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(password: &str, shortest: usize) -> Option<&'static str> {
        let own = ["Нигора Каримова", "n.karimova@mehr.example"];
        let places = ["Хуҷанд", "Ноҳияи Варзоб", "Khujand"].into_iter();
        check_password(password, &own, places, shortest)
            .err()
            .map(|fault| fault.code)
    }

    #[test]
    fn long_enough_not_too_long_and_not_what_everybody_takes() {
        for (password, shortest, expected) in [
            ("fourteen signs", 15, Some("too_short")),
            ("a long walk by the Varzob", 15, None),
            ("seven 7", 8, Some("too_short")),
            ("vN4#kq9z", 8, None),
            ("password", 8, Some("too_common")),
            ("Password123456789", 15, Some("too_common")),
            ("aaaaaaaaaaaaaaaaaaaa", 15, Some("too_common")),
            ("qwertyuiopasdfghjkl", 15, Some("too_common")),
            ("парольпарольпароль", 15, Some("too_common")),
            ("каримованигоракаримова", 15, Some("too_common")),
            ("n.karimova@mehr.example", 15, Some("too_common")),
            ("хуҷанд варзоб 7", 15, Some("too_common")),
            ("panohpanohpanoh", 15, Some("too_common")),
            (&"ab".repeat(65), 15, Some("too_long")),
        ] {
            assert_eq!(refusal(password, shortest), expected, "{password}");
        }
        let longest: String = ('а'..='я').cycle().step_by(7).take(128).collect();
        assert_eq!(refusal(&longest, 15), None);
    }

    #[test]
    fn the_same_letters_typed_another_way_are_the_same_password() {
        let hash = hash_password(&Ids::counted(), "Cafe\u{301} by the Varzob").unwrap();
        assert!(matches("Caf\u{e9} by the Varzob", &hash));
        assert!(!matches("Cafe by the Varzob", &hash));
    }

    #[test]
    fn nobodys_hash_takes_the_same_work() {
        let hash = PasswordHash::new(NOBODYS).unwrap();
        let ours = hash_password(&Ids::counted(), "x").unwrap();
        let ours = PasswordHash::new(&ours).unwrap();
        assert_eq!((hash.algorithm, &hash.params), (ours.algorithm, &ours.params));
        assert_eq!(hash.hash.map(|h| h.len()), ours.hash.map(|h| h.len()));
        assert_eq!(hash.params.get_decimal("m"), Some(65_536));
    }
}
