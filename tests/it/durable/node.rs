//! The program that is built, as a process on the database of a harness: killed, and started again at the same address.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::harness::Harness;

/// Nothing that one person may do in a day is counted, and nobody is too quick.
const SETTINGS: &str = r#"
second_factor = "off"
workers = 1
[rates]
per_address = 0
per_account = 0
[quotas]
searches = 1_000_000
holds = 1_000_000
handovers = 1_000_000
confidential_reads = 1_000_000
"#;

pub struct Node {
    database_url: String,
    folder: PathBuf,
    port: u16,
    process: Option<Child>,
}

impl Node {
    /// Not running yet. Its people are the harness's: it has the same key.
    pub fn on(h: &Harness) -> Self {
        let folder = h.dir.path().join("node");
        std::fs::create_dir_all(&folder).unwrap();
        let key = folder.join("panoh.key");
        let text = hex::encode(h.keys.lock().unwrap()[0].as_slice());
        std::fs::write(&key, text).unwrap();
        std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).unwrap();
        std::fs::write(folder.join("panoh.toml"), SETTINGS).unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        Self {
            database_url: h.database_url.clone(),
            folder,
            port,
            process: None,
        }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_panoh"));
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("PANOH_")) {
            command.env_remove(name);
        }
        command
            .env("PANOH_CONFIG", self.folder.join("panoh.toml"))
            .env("PANOH_DATABASE_URL", &self.database_url)
            .env("PANOH_DATA_DIR", &self.folder)
            .env("PANOH_KEY_FILE", self.folder.join("panoh.key"))
            .env("PANOH_MAIL", format!("folder:{}", self.folder.join("mail").display()))
            .stdin(Stdio::null());
        command
    }

    /// Starts it; what is returned waits until it says that it serves.
    pub fn start(&mut self) -> impl FnOnce() + Send + use<> {
        assert!(self.process.is_none(), "it runs");
        let mut child = self
            .command()
            .args(["serve", "--listen", &format!("127.0.0.1:{}", self.port)])
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap())
            .lines()
            .map_while(Result::ok);
        self.process = Some(child);
        move || {
            let mut said = Vec::new();
            let serves = log.by_ref().any(|line| {
                let serves = line.contains("serving");
                said.push(line);
                serves
            });
            assert!(serves, "the node did not start:\n{}", said.join("\n"));
            // Whatever else it says is read, so that it never waits for a reader.
            std::thread::spawn(move || log.for_each(drop));
        }
    }

    /// Starts it and waits until it says that it serves.
    pub async fn serve(&mut self) {
        let serving = self.start();
        actix_web::rt::task::spawn_blocking(serving).await.unwrap();
    }

    /// As `kill -9` does.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.process.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// Tells it to finish what it has in hand, and waits until it has.
    pub fn stop(&mut self) {
        let mut child = self.process.take().unwrap();
        let told = Command::new("kill")
            .args(["-TERM", &child.id().to_string()])
            .status()
            .unwrap();
        assert!(told.success() && child.wait().unwrap().success(), "it stops in peace");
    }

    /// A command of the program on the same database: whether it went well, and what it said.
    pub fn run(&self, arguments: &[&str]) -> (bool, String) {
        let output = self.command().args(arguments).output().unwrap();
        let said = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8_lossy(&said).into_owned())
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Waits until the world has come so far; how long it took. Nothing tells us, so we look.
pub async fn until(what: &str, patience: Duration, mut so_far: impl AsyncFnMut() -> bool) -> Duration {
    let begin = std::time::Instant::now();
    while !so_far().await {
        assert!(begin.elapsed() < patience, "{what}: not within {patience:?}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    begin.elapsed()
}
