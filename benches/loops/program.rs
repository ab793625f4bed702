//! The program as people run it: `panoh demo` in a process of its own, asked over HTTP. Nothing of its inside is known here.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::Outcome;

/// In which Linux counts processor time, a second, on every machine there is.
const TICKS: f64 = 100.0;

pub struct Program {
    pub address: SocketAddr,
    pub accounts: Vec<Value>,
    /// From the start of the process until it said that it is ready.
    pub ready_after: Duration,
    process: Child,
    /// Kept open: the program must not die of a closed pipe.
    _output: ChildStdout,
}

impl Program {
    pub fn start(dir: &Path, shelters: u32, database: Option<&str>) -> Outcome<Self> {
        let begin = Instant::now();
        // What one person may do in a day is not what is measured.
        let config = dir.join("panoh.toml");
        fs::write(&config, "[quotas]\nsearches = 1000000000\nholds = 1000000000\n")?;
        let mut command = binary();
        command
            .arg("--config")
            .arg(&config)
            .args(["demo", "--port", "0", "--json", "--shelters"])
            .arg(shelters.to_string())
            .arg("--dir")
            .arg(dir);
        if let Some(url) = database {
            command.args(["--database", url]);
        }
        let log = fs::File::create(dir.join("program.log"))?;
        let mut process = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()?;
        let mut output = process.stdout.take().ok_or("no output")?;
        let told = match first_document(&mut output) {
            Ok(told) => told,
            Err(error) => {
                let _ = process.kill();
                let _ = process.wait();
                let log = fs::read_to_string(dir.join("program.log")).unwrap_or_default();
                return Err(format!("panoh demo did not start: {error}\n{log}").into());
            }
        };
        let ready_after = begin.elapsed();
        let url = told
            .get("url")
            .and_then(Value::as_str)
            .ok_or("no url in what panoh demo prints")?;
        let address = url.trim_start_matches("http://").trim_end_matches('/').parse()?;
        let accounts = told
            .get("accounts")
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default();
        Ok(Self {
            address,
            accounts,
            ready_after,
            process,
            _output: output,
        })
    }

    /// Resident memory in MB, as the system counts it.
    pub fn memory_mb(&self) -> Outcome<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id()))?;
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .ok_or("no VmRSS")?;
        let kilobytes: f64 = line.trim().trim_end_matches("kB").trim().parse()?;
        Ok(kilobytes / 1024.0)
    }

    /// Processor seconds used so far, in its own code and in the system's for it.
    pub fn cpu_seconds(&self) -> Outcome<f64> {
        let told = fs::read_to_string(format!("/proc/{}/stat", self.process.id()))?;
        // The name in brackets may hold anything; the fields are counted from behind it.
        let (_, fields) = told.rsplit_once(')').ok_or("no name in stat")?;
        let used = fields.split_whitespace().skip(11).take(2);
        let ticks: f64 = used.map(str::parse::<f64>).sum::<Result<f64, _>>()?;
        Ok(ticks / TICKS)
    }

    pub fn accounts_of(&self, role: &str) -> impl Iterator<Item = &Value> {
        let wanted = move |account: &&Value| account.get("role").and_then(Value::as_str) == Some(role);
        self.accounts.iter().filter(wanted)
    }

    pub fn account(&self, role: &str) -> Outcome<&Value> {
        let first = self.accounts_of(role).next();
        first.ok_or_else(|| format!("the demo has no {role}").into())
    }

    /// The header with which this role's requests are signed.
    pub async fn sign_in(&self, role: &str) -> Outcome<String> {
        self.sign_in_as(self.account(role)?).await
    }

    pub async fn sign_in_as(&self, account: &Value) -> Outcome<String> {
        let body = json!({ "email": account.get("email"), "password": account.get("password") });
        let answer = self.ask("POST", "/api/v1/session", &[], Some(&body)).await?;
        let token = answer
            .get("token")
            .and_then(Value::as_str)
            .ok_or("the session has no token")?;
        Ok(format!("Authorization: Bearer {token}"))
    }

    /// One request outside the measurement; an answer that is no success is an error.
    pub async fn ask(&self, method: &str, path: &str, headers: &[String], body: Option<&Value>) -> Outcome<Value> {
        let bytes = self.fetch(method, path, headers, body).await?.bytes;
        Ok(if bytes.is_empty() {
            Value::Null
        } else {
            serde_json::from_slice(&bytes)?
        })
    }

    /// The same, as it came.
    pub async fn fetch(&self, method: &str, path: &str, headers: &[String], body: Option<&Value>) -> Outcome<Answer> {
        let url = format!("http://{}{path}", self.address);
        let mut request = panoh::web::client()?.request(method.parse()?, url);
        for header in headers {
            let (name, value) = header.split_once(": ").ok_or("a header needs a name and a value")?;
            request = request.header(name, value);
        }
        if let Some(body) = body {
            request = request
                .header("Content-Type", "application/json")
                .body(body.to_string());
        }
        let answer = request.send().await?;
        let status = answer.status();
        let content_type = answer
            .headers()
            .get("content-type")
            .map(|value| value.to_str().map(str::to_owned))
            .transpose()?;
        let bytes = answer.bytes().await?.to_vec();
        if !status.is_success() {
            let told = String::from_utf8_lossy(&bytes);
            return Err(format!("{method} {path} was answered {status}: {told}").into());
        }
        Ok(Answer {
            content_type: content_type.unwrap_or_default(),
            bytes,
        })
    }

    /// How long after a start on an existing database the first request is answered.
    pub fn first_answer_after(dir: &Path, shelters: u32) -> Outcome<Duration> {
        let begin = Instant::now();
        let program = Self::start(dir, shelters, None)?;
        let mut stream = TcpStream::connect(program.address)?;
        stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        if answer.starts_with(b"HTTP/1.1 200") {
            Ok(begin.elapsed())
        } else {
            Err("not healthy after the start".into())
        }
    }
}

/// The program under measurement: the one just built, or another one named in the environment.
fn binary() -> Command {
    Command::new(std::env::var_os("BENCH_PROGRAM").unwrap_or_else(|| env!("CARGO_BIN_EXE_panoh").into()))
}

/// Runs a command of the program to its end: the last document that it printed, and how long it took.
pub fn run(dir: &Path, arguments: &[&str]) -> Outcome<(Value, Duration)> {
    run_in(dir, arguments, &[])
}

/// The same, with more of a configuration.
pub fn run_in(dir: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Outcome<(Value, Duration)> {
    let begin = Instant::now();
    let mut command = binary();
    command.envs(environment.iter().copied());
    let done = command.arg("--data-dir").arg(dir).args(arguments).output()?;
    let took = begin.elapsed();
    if done.status.success() {
        let documents = serde_json::Deserializer::from_slice(&done.stdout).into_iter();
        Ok((documents.last().ok_or("it printed nothing")??, took))
    } else {
        Err(format!("panoh {arguments:?}: {}", String::from_utf8_lossy(&done.stderr)).into())
    }
}

pub struct Answer {
    pub content_type: String,
    pub bytes: Vec<u8>,
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The JSON document that the program prints when it is ready, on one line or on many.
fn first_document(output: &mut ChildStdout) -> Outcome<Value> {
    let mut printed = Vec::new();
    let mut piece = [0; 4096];
    loop {
        let count = output.read(&mut piece)?;
        if count == 0 {
            return Err("it ended before it was ready".into());
        }
        printed.extend_from_slice(piece.get(..count).unwrap_or_default());
        if let Ok(document) = serde_json::from_slice(&printed) {
            return Ok(document);
        }
    }
}
