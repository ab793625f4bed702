//! The door for gateways: their shapes over a real socket, their proofs, and what is not a gateway's.

use base64::Engine;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::json;
use sha1::Sha1;
use sha2::Sha256;

use super::{HERS, Line, STRANGE};
use crate::harness::gateways::SECRET;
use crate::harness::{Harness, on_both};

const PATH: &str = "/api/v1/channels/sms";
const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

/// A path, headers and a body.
type Call<'a> = (String, Vec<(&'a str, &'a str)>, String);

/// What Twilio would sign: fields sorted by name.
fn twilio(url: &str, fields: &[(&str, &str)]) -> String {
    let mut sorted = fields.to_vec();
    sorted.sort_unstable();
    let all: String = sorted.iter().map(|(name, value)| format!("{name}{value}")).collect();
    let mac = Hmac::<Sha1>::new_from_slice(SECRET.as_bytes()).unwrap();
    let signed = mac.chain_update(url).chain_update(all).finalize().into_bytes();
    base64::engine::general_purpose::STANDARD.encode(signed)
}

fn form(fields: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish()
}

on_both! {
    async fn each_gateway_in_its_own_shape(h: Harness) {
        let line = Line::open(&h).await;
        let serving = h.serve();
        let client = panoh::web::client().unwrap();
        let post = async |path: &str, headers: &[(&str, &str)], body: Vec<u8>| {
            let mut request = client.post(serving.url(path)).body(body);
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            let answer = request.send().await.unwrap();
            let kind = answer.headers()["content-type"].to_str().unwrap().to_owned();
            (answer.status().as_u16(), kind, answer.text().await.unwrap())
        };
        let reply = "Принято 11:31. Комната kabud: 2; комната sabz: 4. Занято 6 из 9, свободно 2.";

        let wide: Vec<u8> = "Кабуд 2, сабз ۴".encode_utf16().flat_map(u16::to_be_bytes).collect();
        let kannel = format!("{PATH}?gateway=kannel&id=k-1&secret={SECRET}");
        let headers = [("x-kannel-from", HERS), ("content-type", "text/plain; charset=UTF-16BE")];
        let answer = post(&kannel, &headers, wide).await;
        assert_eq!(answer, (200, "text/plain; charset=utf-8".to_owned(), reply.to_owned()));

        let body = json!({"contact": {"urn": format!("tel:{HERS}"), "name": "x"}, "input": {"uuid": "r-1", "text": "2 4"}, "results": {}});
        let headers = [("authorization", SECRET), ("content-type", "application/json")];
        let answer = post(&format!("{PATH}?gateway=rapidpro"), &headers, body.to_string().into_bytes()).await;
        assert_eq!(answer, (200, "application/json".to_owned(), json!({"text": reply}).to_string()));

        let fields = [("MessageSid", "SM1"), ("From", HERS), ("Body", "2 4"), ("To", "+992440000001"), ("NumMedia", "0")];
        let path = format!("{PATH}?gateway=twilio");
        let signature = twilio(&format!("http://localhost:8080{path}"), &fields);
        let headers = [FORM, ("x-twilio-signature", signature.as_str())];
        let (status, kind, text) = post(&path, &headers, form(&fields).into_bytes()).await;
        let twiml = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response><Message>{reply}</Message></Response>");
        assert_eq!((status, kind.as_str(), text), (200, "text/xml; charset=utf-8", twiml));
        let gateways: Vec<String> = line.history(line.country.shelter.id).await.iter().map(|report| report["channel"].to_string()).collect();
        assert_eq!(gateways.iter().filter(|channel| channel.contains("sms")).count(), 3);

        // To who is not known: empty in every shape.
        let unknown = [("MessageSid", "SM2"), ("From", STRANGE), ("Body", "2 4")];
        let signature = twilio(&format!("http://localhost:8080{path}"), &unknown);
        let headers = [FORM, ("x-twilio-signature", signature.as_str())];
        assert!(post(&path, &headers, form(&unknown).into_bytes()).await.2.ends_with("<Response></Response>"));
        let headers = [("x-kannel-from", STRANGE), ("content-type", "text/plain")];
        assert_eq!(post(&format!("{PATH}?gateway=kannel&id=k-2&secret={SECRET}"), &headers, b"2 4".to_vec()).await.2, "");
    }

    async fn who_does_not_prove_itself_is_refused_and_on_record(h: Harness) {
        let line = Line::open(&h).await;
        let before = line.history(line.country.shelter.id).await.len();
        let body = json!({"id": "f-1", "from": HERS, "text": "2 4"}).to_string();
        let json_type = ("content-type", "application/json");
        let mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
        let good = hex::encode(mac.chain_update(&body).finalize().into_bytes());
        let fields = [("MessageSid", "SM1"), ("From", HERS), ("Body", "2 4")];
        let of_other_url = twilio("http://localhost:8080/api/v1/channels/sms?gateway=other", &fields);
        let forged: Vec<Call> = vec![
            (PATH.to_owned(), vec![json_type], body.clone()),
            (format!("{PATH}?gateway=nobody&secret={SECRET}"), vec![json_type], body.clone()),
            (format!("{PATH}?gateway=plain"), vec![json_type], body.clone()),
            (format!("{PATH}?gateway=plain&secret="), vec![json_type], body.clone()),
            (format!("{PATH}?gateway=plain&secret={SECRET}x"), vec![json_type], body.clone()),
            (format!("{PATH}?gateway=signed"), vec![json_type], body.clone()),
            (format!("{PATH}?gateway=signed"), vec![json_type, ("x-signature", &good)], body.replace("2 4", "2 5")),
            (format!("{PATH}?gateway=twilio"), vec![FORM, ("x-twilio-signature", &of_other_url)], form(&fields)),
            (format!("{PATH}?gateway=twilio"), vec![FORM], form(&fields)),
            (format!("{PATH}?gateway=rapidpro"), vec![json_type, ("authorization", "wrong")], body.clone()),
        ];
        let tried = forged.len();
        for (path, headers, body) in forged {
            let answer = h.http.send("POST", &path, &headers, body.as_bytes()).await;
            assert_eq!((answer.status, answer.code().as_str()), (403, "wrong_proof"), "{path}");
        }
        assert_eq!(line.recorded("text.forged").await, tried);
        assert_eq!(line.history(line.country.shelter.id).await.len(), before);
        // As many an hour are put on record as tell of it; a flood is not.
        for _ in 0..70 {
            h.http.send("POST", &format!("{PATH}?gateway=plain"), &[json_type], body.as_bytes()).await;
        }
        assert!(line.recorded("text.forged").await <= 30 + tried);
        // A page in a browser is no gateway.
        let page = [json_type, ("origin", "https://evil.example"), ("x-signature", good.as_str())];
        assert_eq!(h.http.send("POST", &format!("{PATH}?gateway=signed"), &page, body.as_bytes()).await.code(), "cross_origin");
        let fine = [json_type, ("x-signature", good.as_str())];
        assert_eq!(h.http.send("POST", &format!("{PATH}?gateway=signed"), &fine, body.as_bytes()).await.status, 200);
        assert_eq!(line.history(line.country.shelter.id).await.len(), before + 1);
    }

    async fn bodies_that_are_not_as_declared(h: Harness) {
        let line = Line::open(&h).await;
        let path = format!("{PATH}?gateway=plain&secret={SECRET}");
        let post = async |kind: &str, body: &[u8]| h.http.send("POST", &path, &[("content-type", kind)], body).await;
        for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""] {
            assert_eq!(post(kind, b"{}").await.status, 415, "{kind}");
        }
        let deep = format!("{}{}", "[".repeat(20_000), "]".repeat(20_000));
        for broken in ["", "{", "nonsense", "{} {}", deep.as_str(), "\u{feff}{}", "{\"id\": NaN}"] {
            assert_eq!(post("application/json", broken.as_bytes()).await.status, 400, "{broken:.20}");
        }
        let long = "x".repeat(201);
        for (body, field) in [
            (json!({}), "message_id"),
            (json!([]), "message_id"),
            (json!({"id": null, "from": HERS, "text": "="}), "message_id"),
            (json!({"id": {}, "from": HERS, "text": "="}), "message_id"),
            (json!({"id": "", "from": HERS, "text": "="}), "message_id"),
            (json!({"id": long, "from": HERS, "text": "="}), "message_id"),
            (json!({"id": "a\u{0}b", "from": HERS, "text": "="}), "message_id"),
            (json!({"id": "1", "text": "="}), "from"),
            (json!({"id": "1", "from": "a\nb", "text": "="}), "from"),
            (json!({"id": "1", "from": [HERS], "text": "="}), "from"),
            (json!({"id": "1", "from": HERS}), "text"),
            (json!({"id": "1", "from": HERS, "text": {"a": 1}}), "text"),
        ] {
            let answer = post("application/json", body.to_string().as_bytes()).await;
            assert_eq!((answer.status, answer.faults()[0].0.as_str()), (422, field), "{body}");
        }
        let large = json!({"id": "1", "from": HERS, "text": "x".repeat(65 * 1024)}).to_string();
        assert_eq!(post("application/json", large.as_bytes()).await.status, 413);
        // Texts that nobody means well with are refused in words, never with a fault of ours.
        for text in ["\u{0}", "'; DROP TABLE report; --", "\u{202e}=", &"5 ".repeat(9_000), "ﷺ", "{0} {1} {word}"] {
            let reply = line.says(HERS, text).await;
            assert!(reply.is_some_and(|reply| reply.starts_with("Не принято") || reply.starts_with("Принято")), "{text:.20}");
        }
        assert_eq!(h.http.send("GET", &path, &[], b"").await.code(), "method_not_allowed");
    }
}

/// A body that drips is not waited for.
#[actix_web::test]
async fn a_slow_body_is_given_up() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let h = Harness::start(crate::harness::Database::Sqlite).await;
    let serving = h.serve();
    let mut stream = tokio::net::TcpStream::connect(serving.address).await.unwrap();
    let head = format!(
        "POST {PATH}?gateway=plain&secret={SECRET} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{{"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    assert!(String::from_utf8_lossy(&answer).starts_with("HTTP/1.1 408"));
}
