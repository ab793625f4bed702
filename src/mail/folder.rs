//! Letters as files: each is whole or not there, and sending it twice leaves one.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::fs;
use tokio::io::AsyncWriteExt;

use super::{Answer, MailFailure, message_id};

/// Tells apart what this process writes at the same time.
static WRITING: AtomicU64 = AtomicU64::new(0);

pub(super) async fn send(folder: &Path, raw: &[u8]) -> Result<Answer, MailFailure> {
    let Some(id) = message_id(raw) else {
        return Err(MailFailure::permanent("the letter has no Message-ID"));
    };
    let name = format!("{}.eml", file_name(id));
    match write(folder, &name, raw).await {
        Ok(()) => Ok(Answer {
            text: format!("written to {name}"),
        }),
        // A full or missing disk mends itself or is mended: never a reason to give a letter up.
        Err(error) => Err(MailFailure::passing(format!("{name} was not written: {error}"))),
    }
}

/// To a file of its own first, onto the disk, then renamed: a power cut leaves the whole letter or none.
async fn write(folder: &Path, name: &str, raw: &[u8]) -> std::io::Result<()> {
    fs::create_dir_all(folder).await?;
    let number = WRITING.fetch_add(1, Ordering::Relaxed);
    let unfinished = folder.join(format!(".{name}.{}.{number}.part", std::process::id()));
    let written = async {
        let mut file = fs::File::create(&unfinished).await?;
        file.write_all(raw).await?;
        file.sync_all().await?;
        fs::rename(&unfinished, folder.join(name)).await?;
        // The new name is on the disk only when the folder is.
        fs::File::open(folder).await?.sync_all().await
    };
    let result = written.await;
    if result.is_err() {
        // Best effort: what is left behind is never taken for a letter.
        let _ = fs::remove_file(&unfinished).await;
    }
    result
}

/// A Message-ID as a file name: nothing in it leads out of the folder.
fn file_name(id: &str) -> String {
    let plain = |c: char| {
        if c.is_ascii_alphanumeric() || matches!(c, '-' | '@' | '.') {
            c
        } else {
            '_'
        }
    };
    let name: String = id.chars().map(plain).take(200).collect();
    match name.strip_prefix('.') {
        Some(rest) => format!("_{rest}"),
        None => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_letter_is_one_whole_file_however_often_it_is_sent() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("not/yet/there");
        let raw = b"From: a@b\r\nMessage-ID: <1-2@panoh.example>\r\n\r\nHello\r\n";
        send(&inner, raw).await.unwrap();
        let answer = send(&inner, raw).await.unwrap();
        assert_eq!(answer.text, "written to 1-2@panoh.example.eml");
        let files: Vec<_> = std::fs::read_dir(&inner)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        assert_eq!(files.len(), 1);
        assert_eq!(std::fs::read(&files[0]).unwrap(), raw);
    }

    #[tokio::test]
    async fn a_message_id_leads_nowhere_else() {
        assert_eq!(file_name("../../etc/passwd"), "_./.._etc_passwd".replace('/', "_"));
        assert_eq!(file_name("a b\\c:d@e"), "a_b_c_d@e");
        let folder = tempfile::tempdir().unwrap();
        let failure = send(folder.path(), b"From: a@b\r\n\r\nMessage-ID: <x@y>\r\n")
            .await
            .unwrap_err();
        assert!(failure.permanent);
    }

    #[tokio::test]
    async fn a_folder_that_cannot_be_is_tried_again() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let failure = send(file.path(), b"Message-ID: <x@y>\r\n\r\n").await.unwrap_err();
        assert!(!failure.permanent, "{failure:?}");
    }
}
