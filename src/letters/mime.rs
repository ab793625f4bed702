//! A rendered letter and its address become the bytes that travel. Built again from the same letter they are the same
//! bytes: boundaries come from the Message-ID, the date is the letter's. What could break a header is refused or removed.

use chrono::NaiveDate;
use lettre::message::header::{
    ContentDisposition, ContentId, ContentTransferEncoding, ContentType, HeaderName, HeaderValue,
};
use lettre::message::{Body, Mailbox, Message, MultiPart, SinglePart};
use sha2::{Digest, Sha256};

use super::html::visible;
use super::words::Words;
use super::{Attached, CHART_ID, LetterError, Rendered, Signer, html, text};
use crate::domain::id::Moment;
use crate::sheets::Format;

/// Who writes to whom, and under which identity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    pub from_name: String,
    pub from_email: String,
    pub to_name: String,
    pub to_email: String,
    /// Without angle brackets, made from the letter's id: `0198…@panoh.example`.
    pub message_id: String,
    /// When the letter was made, not when it is sent.
    pub date: Moment,
    /// The local day of that, for the names of the files that travel with it.
    pub day: NaiveDate,
    /// Without angle brackets: `digest.panoh.example`.
    pub list_id: String,
    /// https address that takes the recipient off the list by one POST (RFC 8058).
    pub unsubscribe_url: Option<String>,
}

/// The letter as RFC 5322 text, ready for `mail`; signed, if there is somebody to sign it. All but the signature is the
/// same whenever the letter is built: that says when it was signed.
pub fn mime(letter: &Rendered, envelope: &Envelope, signer: Option<&Signer>) -> Result<Vec<u8>, LetterError> {
    let message_id = token("message_id", &envelope.message_id)?;
    if !(0..=253_402_300_799).contains(&envelope.date.timestamp()) {
        return Err(LetterError::Header { field: "date" });
    }
    let mut message = Message::builder()
        .from(mailbox("from_email", &envelope.from_name, &envelope.from_email)?)
        .to(mailbox("to_email", &envelope.to_name, &envelope.to_email)?)
        .subject(clean(&letter.subject))
        .date(envelope.date.into())
        .message_id(Some(format!("<{message_id}>")))
        .raw_header(raw("Auto-Submitted", "auto-generated".to_owned()))
        .raw_header(raw("Content-Language", token("language", &letter.language)?.to_owned()))
        .raw_header(raw("List-Id", format!("<{}>", token("list_id", &envelope.list_id)?)));
    if let Some(url) = &envelope.unsubscribe_url {
        message = message
            .raw_header(raw("List-Unsubscribe", format!("<{}>", token("unsubscribe_url", url)?)))
            .raw_header(raw("List-Unsubscribe-Post", "List-Unsubscribe=One-Click".to_owned()));
    }
    let (page, words) = with_way_out(letter, envelope.unsubscribe_url.as_deref());
    let alternative = MultiPart::builder()
        .header(multipart("alternative", "", message_id)?)
        .singlepart(SinglePart::plain(words))
        .singlepart(SinglePart::html(page));
    let shown = match &letter.chart_png {
        None => alternative,
        Some(png) => MultiPart::builder()
            .header(multipart("related", "type=\"multipart/alternative\"; ", message_id)?)
            .multipart(alternative)
            .singlepart(picture(png)?),
    };
    let mut message = if letter.files.is_empty() {
        message.multipart(shown)?
    } else {
        let whole = MultiPart::builder()
            .header(multipart("mixed", "", message_id)?)
            .multipart(shown);
        let files = letter.files.iter().map(|file| attachment(file, envelope.day));
        message.multipart(
            files
                .into_iter()
                .try_fold(whole, |whole, file| Ok::<_, LetterError>(whole.singlepart(file?)))?,
        )?
    };
    if let Some(signer) = signer {
        signer.sign(&mut message);
    }
    Ok(message.formatted())
}

/// Page and text with the reader's own link to leave by, where there is one: it differs from letter to letter, and so
/// cannot be frozen with the words that all readers share.
fn with_way_out(letter: &Rendered, url: Option<&str>) -> (String, String) {
    let words = url.and_then(|url| Some((url, Words::of(&letter.language)?.say("footer.unsubscribe", &[]))));
    match words {
        None => (letter.html.clone(), letter.text.clone()),
        Some((url, words)) => {
            let (address, anchor) = (html::escape(url), html::ANCHOR);
            let link = format!(
                r#"<br /><a href="{address}" style="{anchor}">{}</a>"#,
                html::escape(&words)
            );
            (
                letter.html.replacen(html::LEAVE, &link, 1),
                text::with_link(&letter.text, &words, url),
            )
        }
    }
}

/// A table, its name neutral and without a letter beyond ASCII.
fn attachment(file: &Attached, day: NaiveDate) -> Result<SinglePart, LetterError> {
    let kind =
        ContentType::parse(file.format.media_type()).map_err(|_| LetterError::Header { field: "content_type" })?;
    let ending = match file.format {
        Format::Csv => "csv",
        Format::Xlsx => "xlsx",
    };
    // Base64 whatever is in it: a table's line ends are its own.
    let body = Body::new_with_encoding(file.bytes.clone(), ContentTransferEncoding::Base64).map_err(|_| {
        LetterError::Header {
            field: "content_transfer_encoding",
        }
    })?;
    Ok(SinglePart::builder()
        .header(kind)
        .header(ContentDisposition::attachment(&format!("panoh-{day}.{ending}")))
        .body(body))
}

fn picture(png: &[u8]) -> Result<SinglePart, LetterError> {
    let kind = ContentType::parse("image/png").map_err(|_| LetterError::Header { field: "content_type" })?;
    Ok(SinglePart::builder()
        .header(kind)
        .header(ContentDisposition::inline_with_name("chart.png"))
        .header(ContentId::from(format!("<{CHART_ID}>")))
        .body(png.to_vec()))
}

/// A multipart type whose boundary no line of a letter can be, and which is the same whenever this letter is built.
fn multipart(kind: &str, parameters: &str, message_id: &str) -> Result<ContentType, LetterError> {
    let digest = Sha256::new()
        .chain_update(kind)
        .chain_update([0])
        .chain_update(message_id)
        .finalize();
    let boundary: String = hex::encode(digest).chars().take(32).collect();
    ContentType::parse(&format!(
        "multipart/{kind}; {parameters}boundary=\"=_panoh_{boundary}\""
    ))
    .map_err(|_| LetterError::Header { field: "content_type" })
}

fn mailbox(field: &'static str, name: &str, email: &str) -> Result<Mailbox, LetterError> {
    let address = email.parse().map_err(|_| LetterError::Header { field })?;
    let name = clean(name);
    Ok(Mailbox::new((!name.is_empty()).then_some(name), address))
}

/// A name as one line of visible text: lettre panics on line breaks and NUL in a display name.
fn clean(text: &str) -> String {
    let spaced: String = text.chars().map(visible).collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What stands in a header as it is: visible ASCII without angle brackets, in one piece.
fn token<'a>(field: &'static str, text: &'a str) -> Result<&'a str, LetterError> {
    let fits = !text.is_empty()
        && text.len() <= 900
        && text
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'<' | b'>'));
    if fits {
        Ok(text)
    } else {
        Err(LetterError::Header { field })
    }
}

/// A header whose value `token` has checked; lettre would fold or encode what may not be.
fn raw(name: &'static str, value: String) -> HeaderValue {
    HeaderValue::dangerous_new_pre_encoded(HeaderName::new_from_ascii_str(name), value.clone(), value)
}
