//! Each shape read, each proof accepted and forged, each declaration that cannot be taken.

use super::*;

const SECRET: &str = "a secret of enough letters";

fn settings(preset: &str) -> Settings {
    Settings {
        name: preset.to_owned(),
        preset: Some(preset.to_owned()),
        secret: Some(SECRET.to_owned()),
        ..Settings::default()
    }
}

fn request(url: &str, headers: &[(&str, &str)], body: &[u8]) -> Request {
    Request {
        url: url.to_owned(),
        query: url.split_once('?').map_or("", |(_, query)| query).to_owned(),
        headers: headers
            .iter()
            .map(|(name, value)| (name.to_lowercase(), (*value).to_owned()))
            .collect(),
        body: body.to_vec(),
    }
}

/// The example of Twilio's own documentation and libraries.
#[test]
fn twilio_signs_as_it_says_it_does() {
    let gateway = |secret: &str| Gateway {
        secret: secret.to_owned(),
        ..Gateway::new(settings("twilio")).unwrap()
    };
    let form = |number: &str| {
        format!("To=%2B18005551212&Digits=1234&From={number}&CallSid=CA1234567890ABCDE&Caller={number}")
            .replace('+', "%2B")
    };
    let call = |number: &str, signature: &str| {
        let headers = [
            ("Content-Type", "application/x-www-form-urlencoded"),
            ("X-Twilio-Signature", signature),
        ];
        request(
            "https://mycompany.com/myapp.php?foo=1&bar=2",
            &headers,
            form(number).as_bytes(),
        )
    };
    assert!(gateway("12345").proves(&call("+14158675309", "RSOYDt4T1cUTdK1PDd93/VVr8B8=")));
    assert!(gateway("12345").proves(&call("+14158675310", "GvWf1cFY/Q7PnoempGyD5oXAezc=")));
    assert!(!gateway("12345").proves(&call("+14158675311", "GvWf1cFY/Q7PnoempGyD5oXAezc=")));
    assert!(!gateway("12346").proves(&call("+14158675310", "GvWf1cFY/Q7PnoempGyD5oXAezc=")));
    for forged in ["", "=", "GvWf1cFY", "not base64 at all"] {
        assert!(!gateway("12345").proves(&call("+14158675310", forged)), "{forged}");
    }
}

#[test]
fn kannel_writes_words_as_a_body() {
    let gateway = Gateway::new(settings("kannel")).unwrap();
    let url = "https://panoh.example/api/v1/channels/sms?id=7&secret=a+secret+of+enough+letters";
    let latin = [
        ("X-Kannel-From", "+992900000001"),
        ("Content-Type", "text/plain; charset=ISO-8859-1"),
    ];
    let read = gateway.read(&request(url, &latin, b"5 7")).unwrap();
    assert_eq!(
        (read.id.as_str(), read.from.as_str(), read.text.as_str()),
        ("7", "+992900000001", "5 7")
    );
    let wide: Vec<u8> = "ҳамон 👍".encode_utf16().flat_map(u16::to_be_bytes).collect();
    let headers = [
        ("x-kannel-from", "992900000001"),
        ("content-type", "text/plain; charset=\"UTF-16BE\""),
    ];
    assert_eq!(gateway.read(&request(url, &headers, &wide)).unwrap().text, "ҳамон 👍");
    let odd = gateway.read(&request(url, &headers, &wide[..3])).unwrap().text;
    assert!(odd.ends_with('\u{FFFD}'));
    assert!(gateway.proves(&request(url, &latin, b"")));
    for wrong in [
        "?id=7",
        "?id=7&secret=",
        "?id=7&secret=a+secret+of+enough+letter",
        "?id=7&SECRET=a+secret+of+enough+letters",
    ] {
        assert!(!gateway.proves(&request(wrong, &latin, b"")), "{wrong}");
    }
}

#[test]
fn rapidpro_writes_json() {
    let gateway = Gateway::new(settings("rapidpro")).unwrap();
    let headers = [
        ("Content-Type", "application/json; charset=utf-8"),
        ("Authorization", SECRET),
    ];
    let body = br#"{"contact": {"urn": "tel:+992900000001"}, "input": {"uuid": "u-1", "text": "5 7"}, "results": {}}"#;
    let read = gateway.read(&request("https://x/?", &headers, body)).unwrap();
    assert_eq!(
        (read.id.as_str(), read.from.as_str(), read.text.as_str()),
        ("u-1", "tel:+992900000001", "5 7")
    );
    assert!(gateway.proves(&request("https://x/", &headers, body)));
    assert!(!gateway.proves(&request("https://x/", &headers[..1], body)));
    let read = |body: &[u8]| gateway.read(&request("https://x/", &headers, body)).unwrap_err();
    assert_eq!(read(b"{"), Unread::Malformed);
    assert_eq!(read(b"{}"), Unread::Missing("message_id"));
    assert_eq!(read(br#"{"input": {"uuid": {}}}"#), Unread::Invalid("message_id"));
    assert_eq!(
        read(br#"{"input": {"uuid": "a\u0000"}}"#),
        Unread::Invalid("message_id")
    );
    assert_eq!(read(br#"{"input": {"uuid": 5}}"#), Unread::Missing("from"));
    let plain = [("Content-Type", "text/plain")];
    let refused = gateway.read(&request("https://x/", &plain, b"")).unwrap_err();
    assert_eq!(refused, Unread::Type("application/json"));
}

#[test]
fn a_body_may_be_signed() {
    let own = Settings {
        proof: Some("hmac_sha256:X-Signature".to_owned()),
        ..settings("rapidpro")
    };
    let gateway = Gateway::new(own).unwrap();
    // printf '{"a":1}' | openssl dgst -sha256 -hmac 'a secret of enough letters'
    let good = "b250580b0c9e837c4afca0e5698026f92f1aa54fe11253daa475ec305d55b2df";
    let proves =
        |signature: &str, body: &[u8]| gateway.proves(&request("https://x/", &[("X-Signature", signature)], body));
    assert!(proves(good, b"{\"a\":1}") && proves(&format!("sha256={good}"), b"{\"a\":1}"));
    assert!(!proves(good, b"{\"a\":2}"));
    for forged in ["", "zz", &good[..62]] {
        assert!(!proves(forged, b"{\"a\":1}"), "{forged}");
    }
}

#[test]
fn replies_in_each_shape() {
    let answer = |reply: &str, text: Option<&str>| {
        let own = Settings {
            reply: Some(reply.to_owned()),
            ..settings("kannel")
        };
        Gateway::new(own).unwrap().answer(text).1
    };
    assert_eq!(answer("text", Some("a<b")), "a<b");
    assert_eq!(answer("text", None), "");
    let head = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>";
    assert_eq!(
        answer("twiml", Some("a<&b")),
        format!("{head}<Response><Message>a&lt;&amp;b</Message></Response>")
    );
    assert_eq!(answer("twiml", None), format!("{head}<Response></Response>"));
    assert_eq!(answer("json:reply", Some("a")), "{\"reply\":\"a\"}");
    assert_eq!(answer("json:reply", None), "{\"reply\":null}");
}

#[test]
fn declarations_that_cannot_be_taken() {
    let told = |change: &dyn Fn(&mut Settings)| {
        let mut own = settings("kannel");
        change(&mut own);
        Gateway::new(own).unwrap_err()
    };
    assert!(told(&|own| own.secret = None).contains("kannel: secret"));
    assert!(told(&|own| own.secret = Some("short".into())).contains("16 characters"));
    assert!(told(&|own| own.preset = Some("other".into())).contains("preset"));
    assert!(told(&|own| own.preset = None).contains("is missing"));
    assert!(told(&|own| own.from = Some("from".into())).contains("query:NAME"));
    assert!(told(&|own| own.proof = Some("json:/a".into())).contains("proof"));
    assert!(told(&|own| own.reply = Some("send".into())).contains("send"));
    assert!(told(&|own| own.reply = Some("json:".into())).contains("reply"));
    assert!(told(&|own| own.name = "a b".into()).contains("name"));
    assert!(!format!("{:?}", Gateway::new(settings("kannel")).unwrap()).contains(SECRET));
}
