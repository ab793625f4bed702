//! An SMTP server that does as it is told: it takes letters over a real socket and keeps them, and at a given verb it
//! refuses, hangs up or falls silent. For tests of everything that sends mail. Knows tokio only.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// Where in the conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum At {
    Greeting,
    Ehlo,
    Mail,
    Rcpt,
    Data,
    /// The whole letter has arrived.
    Dot,
}

/// What happens there instead of the usual.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// Answers so: `451 4.3.0 later`.
    Say(&'static str),
    /// Closes the connection without a word.
    HangUp,
    /// Says nothing until the client goes away.
    Stall,
    /// At the dot: keeps the letter and closes the connection without an answer.
    KeepAndHangUp,
}

/// A letter as it arrived, dots unstuffed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    pub from: String,
    pub to: Vec<String>,
    pub raw: Vec<u8>,
}

#[derive(Default)]
struct State {
    received: Vec<Received>,
    script: VecDeque<(At, Act)>,
    connections: usize,
    pace: Duration,
}

pub struct SmtpServer {
    pub address: SocketAddr,
    state: Arc<Mutex<State>>,
    task: JoinHandle<()>,
}

impl Drop for SmtpServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl SmtpServer {
    pub async fn start() -> SmtpServer {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(Mutex::new(State::default()));
        let shared = Arc::clone(&state);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                shared.lock().unwrap().connections += 1;
                let shared = Arc::clone(&shared);
                tokio::spawn(async move {
                    // A client that hangs up is no fault of the server.
                    let _ = talk(stream, &shared).await;
                });
            }
        });
        SmtpServer { address, state, task }
    }

    /// At the next time the conversation comes there, this happens. Several wait in line.
    pub fn next(&self, at: At, act: Act) -> &Self {
        self.state.lock().unwrap().script.push_back((at, act));
        self
    }

    pub fn received(&self) -> Vec<Received> {
        self.state.lock().unwrap().received.clone()
    }

    /// From now on so long passes between the end of a letter and the answer.
    pub fn pace(&self, pace: Duration) {
        self.state.lock().unwrap().pace = pace;
    }

    pub fn connections(&self) -> usize {
        self.state.lock().unwrap().connections
    }
}

type Stream = BufReader<TcpStream>;

/// Does what the script says for this place; `true` if the conversation goes on as usual.
async fn scripted(at: At, stream: &mut Stream, state: &Mutex<State>) -> std::io::Result<bool> {
    let act = {
        let mut state = state.lock().unwrap();
        match state.script.front() {
            Some((place, _)) if *place == at => state.script.pop_front().map(|(_, act)| act),
            _ => None,
        }
    };
    let closed = || std::io::Error::from(std::io::ErrorKind::ConnectionAborted);
    match act {
        None => Ok(true),
        Some(Act::Say(answer)) => {
            say(stream, answer).await?;
            Ok(false)
        }
        Some(Act::HangUp | Act::KeepAndHangUp) => Err(closed()),
        Some(Act::Stall) => {
            let mut rest = String::new();
            while stream.read_line(&mut rest).await? > 0 {
                rest.clear();
            }
            Err(closed())
        }
    }
}

async fn say(stream: &mut Stream, line: &str) -> std::io::Result<()> {
    stream.get_mut().write_all(format!("{line}\r\n").as_bytes()).await
}

async fn talk(stream: TcpStream, state: &Mutex<State>) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    if scripted(At::Greeting, &mut stream, state).await? {
        say(&mut stream, "220 test.invalid ESMTP").await?;
    }
    let (mut from, mut to) = (String::new(), Vec::new());
    let mut line = String::new();
    loop {
        line.clear();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let verb = line.trim_end().to_ascii_uppercase();
        let path = || {
            line.split_once('<')
                .and_then(|(_, rest)| rest.split_once('>'))
                .map(|(path, _)| path.to_owned())
        };
        if verb.starts_with("EHLO") {
            if scripted(At::Ehlo, &mut stream, state).await? {
                say(&mut stream, "250-test.invalid\r\n250-8BITMIME\r\n250 SMTPUTF8").await?;
            }
        } else if verb.starts_with("MAIL") {
            (from, to) = (path().unwrap_or_default(), Vec::new());
            if scripted(At::Mail, &mut stream, state).await? {
                say(&mut stream, "250 2.1.0 sender ok").await?;
            }
        } else if verb.starts_with("RCPT") {
            let recipient = path().unwrap_or_default();
            if scripted(At::Rcpt, &mut stream, state).await? {
                to.push(recipient);
                say(&mut stream, "250 2.1.5 recipient ok").await?;
            }
        } else if verb == "DATA" {
            if scripted(At::Data, &mut stream, state).await? {
                say(&mut stream, "354 go on").await?;
                let raw = letter(&mut stream).await?;
                take(
                    Received {
                        from: from.clone(),
                        to: to.clone(),
                        raw,
                    },
                    &mut stream,
                    state,
                )
                .await?;
            }
        } else if verb == "QUIT" {
            return say(&mut stream, "221 bye").await;
        } else {
            say(&mut stream, "250 ok").await?;
        }
    }
}

async fn take(letter: Received, stream: &mut Stream, state: &Mutex<State>) -> std::io::Result<()> {
    let pace = state.lock().unwrap().pace;
    if !pace.is_zero() {
        tokio::time::sleep(pace).await;
    }
    let kept = {
        let mut state = state.lock().unwrap();
        let keeps = match state.script.front() {
            Some((At::Dot, act)) => *act == Act::KeepAndHangUp,
            _ => true,
        };
        if keeps {
            state.received.push(letter);
        }
        state.received.len()
    };
    if scripted(At::Dot, stream, state).await? {
        say(stream, &format!("250 2.0.0 kept as {kept}")).await?;
    }
    Ok(())
}

async fn letter(stream: &mut Stream) -> std::io::Result<Vec<u8>> {
    let (mut raw, mut line) = (Vec::new(), Vec::new());
    loop {
        line.clear();
        if stream.read_until(b'\n', &mut line).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        if line == b".\r\n" {
            return Ok(raw);
        }
        raw.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
    }
}
