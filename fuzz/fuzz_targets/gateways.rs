//! What gateways for text messages send: nobody proves to be one without its secret, and what is read is in bounds.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use panoh::sms::{Gateway, Request, Settings};

static GATEWAYS: LazyLock<Vec<Gateway>> = LazyLock::new(|| {
    let of = |preset: &str| Settings {
        name: preset.to_owned(),
        preset: Some(preset.to_owned()),
        secret: Some("a secret that nobody guesses".to_owned()),
        numbers: vec!["+992900000000".to_owned()],
        reply: Some("text".to_owned()),
        ..Settings::default()
    };
    ["kannel", "rapidpro", "twilio"].map(|name| Gateway::new(of(name)).expect("a preset")).into()
});
const TYPES: [&str; 5] = [
    "application/json",
    "application/x-www-form-urlencoded",
    "text/plain; charset=utf-16be",
    "text/plain; charset=iso-8859-1",
    "",
];

fuzz_target!(|data: &[u8]| {
    let Some((kind, rest)) = data.split_first() else { return };
    let mut parts = rest.splitn(3, |byte| *byte == b'\n');
    let mut text = || String::from_utf8_lossy(parts.next().unwrap_or_default()).into_owned();
    let (query, header) = (text(), text());
    let request = Request {
        url: format!("https://panoh.example/api/v1/channels/sms/g?{query}"),
        query,
        headers: vec![
            ("content-type".to_owned(), TYPES[usize::from(*kind) % TYPES.len()].to_owned()),
            ("x-kannel-from".to_owned(), header.clone()),
            ("authorization".to_owned(), header.clone()),
            ("x-twilio-signature".to_owned(), header),
        ],
        body: parts.next().unwrap_or_default().to_vec(),
    };
    for gateway in &*GATEWAYS {
        assert!(!gateway.proves(&request));
        if let Ok(message) = gateway.read(&request) {
            for name in [&message.id, &message.from] {
                assert!((1..=200).contains(&name.chars().count()) && !name.chars().any(char::is_control));
            }
            panoh::domain::texts::lex(&message.text);
        }
    }
});
