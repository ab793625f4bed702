//! The law of the house, read from the sources: who may import whom, who may name which library, who may ask for the
//! time. ARCHITECTURE.md says it in words. Each rule is also shown to catch what it forbids, in `architecture/proof.rs`.
#![cfg(test)]

#[path = "architecture/proof.rs"]
mod proof;
#[path = "architecture/scanner.rs"]
mod scanner;

use std::fs;
use std::path::{Path as FilePath, PathBuf};

use scanner::{Path, Token};

/// Imports go down only: a room may name rooms of lower floors.
const FLOORS: &[(&str, u8)] = &[
    ("domain", 0),
    ("clock", 1),
    ("ids", 1),
    ("machine", 1),
    ("mail", 1),
    ("config", 1),
    ("pack", 1),
    ("push", 1),
    ("sheets", 1),
    ("sms", 1),
    ("web", 1),
    ("store", 2),
    ("letters", 3),
    ("services", 3),
    ("http", 4),
    ("jobs", 4),
    ("app", 5),
    ("cli", 5),
    ("main", 5),
    ("lib", 5),
];

/// The few imports that stay on one floor.
const SIDEWAYS: &[(&str, &str)] = &[
    ("services", "letters"),
    ("cli", "app"),
    ("main", "cli"),
    ("main", "app"),
];

/// What a room must not know although it lies below.
const NEVER: &[(&str, &[&str])] = &[
    ("http", &["store", "mail", "push", "web", "jobs"]),
    ("jobs", &["http"]),
    ("letters", &["clock", "ids", "mail", "config", "pack", "store"]),
];

/// Libraries that belong to some rooms alone.
const LIBRARY_OF: &[(&[&str], &[&str])] = &[
    (
        &[
            "sea_orm",
            "sea_orm_migration",
            "sea_query",
            "sqlx",
            "entity",
            "migration",
        ],
        &["store"],
    ),
    (
        &[
            "actix_web",
            "actix_http",
            "actix_rt",
            "actix_service",
            "actix_multipart",
        ],
        &["http", "app", "main"],
    ),
    // Composing a message is rendering; sending it is not (see OUTSIDE_WORLD).
    (&["lettre"], &["mail", "letters"]),
    (&["mrml", "resvg"], &["letters"]),
    (&["totp_rs"], &["domain"]),
    (&["webauthn_rs"], &["services"]),
    (&["qrcodegen"], &["http"]),
    (&["rustls", "webpki_roots"], &["web"]),
    (&["p256", "aes_gcm", "hkdf"], &["push"]),
    (&["calamine", "rust_xlsxwriter", "zip"], &["sheets"]),
    (&["clap", "indicatif"], &["cli", "main"]),
];

/// Libraries that some rooms must not name, though no single room owns them.
const FOREIGN: &[(&str, &[&str])] = &[
    ("services", &["cron"]),
    ("http", &["cron"]),
    ("domain", IMPURE),
    ("letters", IMPURE),
    ("entity", &["panoh", "migration", "sea_orm_migration"]),
    ("migration", &["panoh", "entity"]),
];

const IMPURE: &[&str] = &[
    "tokio",
    "futures",
    "tracing",
    "log",
    "rand",
    "getrandom",
    "reqwest",
    "rust_embed",
    "tempfile",
];

/// What pure rooms must not name. Their tests may read a file or start a thread.
const OUTSIDE_WORLD: &[&[&str]] = &[
    &["std", "fs"],
    &["std", "net"],
    &["std", "env"],
    &["std", "process"],
    &["std", "thread"],
    &["std", "time", "SystemTime"],
    &["std", "time", "Instant"],
    &["lettre", "transport"],
    &["lettre", "Transport"],
    &["lettre", "AsyncTransport"],
    &["lettre", "SmtpTransport"],
    &["lettre", "AsyncSmtpTransport"],
    &["lettre", "FileTransport"],
];

const PURE: &[&str] = &["domain", "letters"];

/// Who else may ask for the time or for randomness, beside `clock.rs` and `ids.rs`: file, word, reason.
const EXCEPTIONS: &[(&str, &str, &str)] = &[(
    "src/mail/smtp.rs",
    "now",
    "how long a connection has idled: no rule, row or letter depends on it",
)];

const LONGEST_FILE: usize = 400;

#[test]
fn the_sources_keep_the_law() {
    let root = FilePath::new(env!("CARGO_MANIFEST_DIR"));
    let mut broken = Vec::new();
    let mut read = 0;
    for folder in ["src", "entity/src", "migration/src", "tests", "benches"] {
        for file in rust_files(&root.join(folder)) {
            let source = fs::read_to_string(&file).unwrap();
            let name = file.strip_prefix(root).unwrap().to_string_lossy().replace('\\', "/");
            broken.extend(violations(&name, &source));
            read += 1;
        }
    }
    assert!(read > 10, "only {read} files found: the test reads the wrong folder");
    assert!(
        broken.is_empty(),
        "{} breaches of the law:\n{}",
        broken.len(),
        broken.join("\n")
    );
}

fn rust_files(folder: &FilePath) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() && path.file_name().is_some_and(|name| name != "node_modules") {
            found.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// Everything wrong with one file, each as `file:line: what`.
fn violations(file: &str, source: &str) -> Vec<String> {
    let tokens = scanner::tokens(source);
    let module = module_of(file);
    let paths = scanner::paths(&tokens, &module);
    let mut found = Vec::new();
    manners(source, &tokens, &mut found);
    if let Some(room) = room_of(file, &module) {
        for path in &paths {
            found.extend(import(&room, path).into_iter().map(|what| (path.line, what)));
            found.extend(library(&room, path).into_iter().map(|what| (path.line, what)));
            found.extend(time_and_chance(file, path).into_iter().map(|what| (path.line, what)));
        }
        if PURE.contains(&room.as_str()) {
            let waits = tokens
                .iter()
                .filter(|token| matches!(token.text.as_str(), "async" | "await"));
            found.extend(waits.map(|token| (token.line, format!("{room} is pure and must not be {}", token.text))));
        }
    }
    found.sort();
    found.dedup();
    found
        .into_iter()
        .map(|(line, what)| format!("{file}:{line}: {what}"))
        .collect()
}

/// `src/http/holds.rs` is the module `http::holds`.
fn module_of(file: &str) -> Vec<String> {
    let inner = file
        .split_once("src/")
        .map_or(file, |(_, inner)| inner)
        .trim_end_matches(".rs");
    let parts = inner.split('/').filter(|part| !matches!(*part, "mod" | "lib" | "main"));
    parts.map(str::to_owned).collect()
}

/// The room a file lies in; tests and benches lie in none.
fn room_of(file: &str, module: &[String]) -> Option<String> {
    match file.split('/').next()? {
        "src" if module.is_empty() => Some(file.trim_start_matches("src/").trim_end_matches(".rs").to_owned()),
        "src" => module.first().cloned(),
        part @ ("entity" | "migration") => Some(part.to_owned()),
        _ => None,
    }
}

fn floor(room: &str) -> Option<u8> {
    FLOORS.iter().find(|(name, _)| *name == room).map(|(_, floor)| *floor)
}

fn import(room: &str, path: &Path) -> Option<String> {
    let mut segments = path.segments.iter().map(String::as_str);
    let within_crate = match segments.next()? {
        "crate" => true,
        "panoh" => room == "main",
        _ => false,
    };
    if !within_crate || matches!(room, "entity" | "migration") {
        return None;
    }
    let target = segments.next()?;
    let Some(own) = floor(room) else {
        return Some(format!(
            "the room {room} stands on no floor: give it one in tests/architecture.rs"
        ));
    };
    let Some(other) = floor(target) else {
        // Names of the root itself, reached by `crate::` or `super::` from a top-level file, are no rooms.
        return (path.imported || path.segments.len() > 2).then(|| format!("{target} is no room with a floor"));
    };
    if target == room {
        return None;
    }
    if NEVER.iter().any(|(who, what)| *who == room && what.contains(&target)) {
        return Some(format!("{room} must never know {target}"));
    }
    if other > own {
        return Some(format!(
            "{room} (floor {own}) imports {target} (floor {other}): imports go down only"
        ));
    }
    if other == own && !SIDEWAYS.contains(&(room, target)) {
        return Some(format!("{room} imports {target} on its own floor"));
    }
    None
}

fn library(room: &str, path: &Path) -> Option<String> {
    let first = path.segments.first()?.as_str();
    if path.segments.len() < 2 && !path.imported {
        return None;
    }
    let own_crate = matches!(room, "entity" | "migration");
    for (libraries, rooms) in LIBRARY_OF {
        if libraries.contains(&first) && !rooms.contains(&room) && !own_crate {
            return Some(format!("{room} names {first}, which belongs to {}", rooms.join(", ")));
        }
    }
    if FOREIGN.iter().any(|(who, what)| *who == room && what.contains(&first)) {
        return Some(format!("{room} must not name {first}"));
    }
    let begins_with =
        |parts: &&&[&str]| path.segments.len() >= parts.len() && path.segments.iter().zip(**parts).all(|(a, b)| a == b);
    let outside = PURE.contains(&room) && !path.in_tests && OUTSIDE_WORLD.iter().any(|parts| begins_with(&parts));
    outside.then(|| format!("{room} is pure and must not name {}", path.segments.join("::")))
}

/// Time comes from `clock.rs`, ids and randomness from `ids.rs`: tests set the one and count the other.
fn time_and_chance(file: &str, path: &Path) -> Option<String> {
    let segments: Vec<&str> = path.segments.iter().map(String::as_str).collect();
    let (home, word) = match segments.as_slice() {
        [.., "Utc" | "Local" | "SystemTime" | "Instant", "now"] => ("src/clock.rs", "now"),
        [.., "Uuid", made @ ("now_v7" | "new_v4" | "now_v1" | "now_v6")] => ("src/ids.rs", *made),
        [first @ ("getrandom" | "rand"), ..] if segments.len() > 1 || path.imported => ("src/ids.rs", *first),
        [.., source @ ("OsRng" | "SysRng" | "thread_rng")] => ("src/ids.rs", *source),
        _ => return None,
    };
    let excused = EXCEPTIONS
        .iter()
        .any(|(where_, what, _)| *where_ == file && *what == word);
    (file != home && !excused).then(|| format!("{} outside {home}", segments.join("::")))
}

/// What holds for every file alike.
fn manners(source: &str, tokens: &[Token], found: &mut Vec<(usize, String)>) {
    if !source.trim_start().starts_with("//!") {
        found.push((1, "no head comment (`//!`) that says what this file is for".to_owned()));
    }
    let lines = source.lines().count();
    if lines > LONGEST_FILE {
        found.push((lines, format!("{lines} lines: divide it (at most {LONGEST_FILE})")));
    }
    let text = |at: usize| tokens.get(at).map_or("", |token| token.text.as_str());
    for (at, token) in tokens.iter().enumerate() {
        match token.text.as_str() {
            "allow" if text(at + 1) == "(" && at >= 2 && text(at - 1) == "[" && matches!(text(at - 2), "#" | "!") => {
                found.push((token.line, "`#[allow]`: say `#[expect(…, reason = \"…\")]`".to_owned()));
            }
            word @ ("todo" | "unimplemented") if text(at + 1) == "!" => {
                found.push((token.line, format!("`{word}!` left behind")));
            }
            _ => {}
        }
    }
}
