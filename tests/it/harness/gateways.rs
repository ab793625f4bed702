//! Gateways for text messages as tests declare them: the three presets, one of a JSON shape of its own whose secret stands in
//! the query, one that signs its body, and one that replies by sending.

use panoh::sms::{Gateway, Gateways, SendSettings, Sender, Settings};

/// What every gateway of the tests proves itself with.
pub const SECRET: &str = "a-secret-of-enough-letters";

/// The gateways, replies by sending going through `sender`.
pub fn gateways(sender: Sender) -> Gateways {
    let preset = |name: &str| Settings {
        name: name.to_owned(),
        preset: Some(name.to_owned()),
        secret: Some(SECRET.to_owned()),
        numbers: vec!["+992440000001".to_owned()],
        ..Settings::default()
    };
    let some = |text: &str| Some(text.to_owned());
    let plain = Settings {
        name: "plain".to_owned(),
        preset: None,
        message_id: some("json:/id"),
        from: some("json:/from"),
        text: some("json:/text"),
        proof: some("query:secret"),
        reply: some("json:reply"),
        ..preset("plain")
    };
    let signed = Settings {
        name: "signed".to_owned(),
        proof: some("hmac_sha256:X-Signature"),
        ..plain.clone()
    };
    let sends = Settings {
        name: "sends".to_owned(),
        reply: some("send"),
        send: Some(SendSettings {
            url: "http://127.0.0.1:9/".to_owned(),
            ..SendSettings::default()
        }),
        ..plain.clone()
    };
    let all = [
        preset("kannel"),
        preset("rapidpro"),
        preset("twilio"),
        plain,
        signed,
        sends,
    ];
    Gateways::new(all.into_iter().map(|one| Gateway::new(one).unwrap()).collect(), sender)
}
