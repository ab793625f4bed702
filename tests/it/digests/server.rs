//! The mail server of `tests/support` as a process of its own on loopback: this binary, started again. It takes orders on
//! its standard input, lays what arrives into a folder, and goes when the one who started it goes.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Mutex;

use panoh::mail::{Mailer, Smtp, SmtpSettings, Timeouts, Tls};
use tempfile::TempDir;

use crate::smtp::{Act, At, SmtpServer};

/// Names the folder; without it the test below has nothing to serve.
const FOLDER: &str = "PANOH_TEST_MAIL_FOLDER";
/// Begins each answer, wherever in a line the test runner's own words end.
const VOICE: &str = "mail-server: ";

pub struct MailServer {
    pub port: u16,
    folder: TempDir,
    child: Child,
    talk: Mutex<(ChildStdin, BufReader<ChildStdout>)>,
}

/// A letter as it arrived, with its envelope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrived {
    pub from: String,
    pub to: Vec<String>,
    pub raw: Vec<u8>,
}

impl MailServer {
    pub fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "digests::server::serve", "--ignored", "--nocapture"])
            .env(FOLDER, folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut talk = (
            child.stdin.take().unwrap(),
            BufReader::new(child.stdout.take().unwrap()),
        );
        let port = answer(&mut talk.1).parse().unwrap();
        Self {
            port,
            folder,
            child,
            talk: Mutex::new(talk),
        }
    }

    fn tell(&self, order: &str) -> String {
        let mut talk = self.talk.lock().unwrap();
        writeln!(talk.0, "{order}").unwrap();
        answer(&mut talk.1)
    }

    /// At the next `ehlo`, `mail`, `rcpt`, `data` or `dot` the server does `act`: `hang_up`, `keep_and_hang_up`, or says
    /// what else stands there.
    pub fn next(&self, at: &str, act: &str) {
        assert_eq!(self.tell(&format!("next {at} {act}")), "ok");
    }

    /// Everything that has arrived, in order.
    pub fn arrived(&self) -> Vec<Arrived> {
        let count: usize = self.tell("arrived").parse().unwrap();
        (0..count)
            .map(|n| {
                let file = std::fs::read(self.folder.path().join(n.to_string())).unwrap();
                let mut parts = file.splitn(3, |byte| *byte == b'\n');
                let mut line = || String::from_utf8(parts.next().unwrap().to_vec()).unwrap();
                let (from, to) = (line(), line());
                Arrived {
                    from,
                    to: to.split(' ').map(str::to_owned).collect(),
                    raw: parts.next().unwrap().to_vec(),
                }
            })
            .collect()
    }

    /// How many letters have arrived.
    pub fn count(&self) -> usize {
        self.tell("count").parse().unwrap()
    }

    /// From now on the server takes so many milliseconds over each letter.
    pub fn pace(&self, milliseconds: u64) {
        assert_eq!(self.tell(&format!("pace {milliseconds}")), "ok");
    }

    pub fn mailer(&self) -> Mailer {
        self.mailer_with(Tls::None, Timeouts::default())
    }

    /// A way to the server of its own, without a connection yet.
    pub fn mailer_with(&self, tls: Tls, timeouts: Timeouts) -> Mailer {
        let settings = SmtpSettings {
            host: "127.0.0.1".to_owned(),
            port: Some(self.port),
            tls,
            user: None,
            password: None,
            hello: Some("panoh.test".to_owned()),
            ca_pem: None,
        };
        Mailer::Smtp(Smtp::new(settings, timeouts).unwrap())
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn answer(voice: &mut BufReader<ChildStdout>) -> String {
    loop {
        let mut line = String::new();
        assert!(voice.read_line(&mut line).unwrap() > 0, "the mail server has gone");
        if let Some((_, said)) = line.split_once(VOICE) {
            return said.trim_end().to_owned();
        }
    }
}

fn say(words: impl std::fmt::Display) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{VOICE}{words}").unwrap();
    out.flush().unwrap();
}

#[actix_web::test]
#[ignore = "a mail server that other tests start as a process"]
async fn serve() {
    let Ok(folder) = std::env::var(FOLDER).map(PathBuf::from) else {
        return;
    };
    let server = SmtpServer::start().await;
    say(server.address.port());
    let orders = tokio::task::spawn_blocking(move || {
        for order in std::io::stdin().lines() {
            obey(&order.unwrap(), &server, &folder);
        }
        assert!(server.connections() < 10_000);
    });
    orders.await.unwrap();
}

fn obey(order: &str, server: &SmtpServer, folder: &std::path::Path) {
    if order == "arrived" {
        let letters = server.received();
        for (n, letter) in letters.iter().enumerate() {
            let mut file = format!("{}\n{}\n", letter.from, letter.to.join(" ")).into_bytes();
            file.extend_from_slice(&letter.raw);
            std::fs::write(folder.join(n.to_string()), file).unwrap();
        }
        return say(letters.len());
    }
    if order == "count" {
        return say(server.received().len());
    }
    if let Some(milliseconds) = order.strip_prefix("pace ") {
        server.pace(std::time::Duration::from_millis(milliseconds.parse().unwrap()));
        return say("ok");
    }
    let mut words = order.splitn(3, ' ').skip(1);
    let at = match words.next().unwrap() {
        "greeting" => At::Greeting,
        "ehlo" => At::Ehlo,
        "mail" => At::Mail,
        "rcpt" => At::Rcpt,
        "data" => At::Data,
        "dot" => At::Dot,
        other => panic!("no place is called {other}"),
    };
    let act = match words.next().unwrap() {
        "hang_up" => Act::HangUp,
        "keep_and_hang_up" => Act::KeepAndHangUp,
        "stall" => Act::Stall,
        // Lives as long as the process, which is short.
        answer => Act::Say(Box::leak(answer.to_owned().into_boxed_str())),
    };
    server.next(at, act);
    say("ok");
}
