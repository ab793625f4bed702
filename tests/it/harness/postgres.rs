//! A private PostgreSQL cluster for the process that asks for it: started at the first need, on a free loopback port,
//! gone with the process however that ends. It must not touch a cluster that the machine runs for others.
//!
//! A guardian process starts the cluster and waits on a pipe whose other end only this process holds. When this process
//! is gone (finished, panicked, killed), the pipe closes and the guardian stops the cluster and removes its folder.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use tokio::sync::Mutex;

/// Arguments: folder of the binaries, folder of the cluster, port, settings. Answers one line, `ready` or `failed`; then each
/// line it is given is what `pg_ctl` is to do, answered by `done` or `failed`. Interrupts are for the test process to handle,
/// and one that died while the cluster was starting must not take the guardian along by its broken pipe.
const GUARDIAN: &str = r#"
trap '' INT TERM HUP PIPE
bin=$1 dir=$2 port=$3 settings=$4
cd "$dir" || exit 1
{
    "$bin/initdb" -D data -U panoh -A trust -E UTF8 --locale=C --no-sync --no-instructions &&
    cat >>data/postgresql.conf <<END &&
listen_addresses = '127.0.0.1'
port = $port
unix_socket_directories = '$dir'
max_connections = 200
shared_buffers = 128MB
autovacuum = off
jit = off
$settings
END
    "$bin/pg_ctl" -D data -l log -w -t 60 start
} >setup.log 2>&1 && echo ready || { cat setup.log log 2>/dev/null; echo failed; }
while read -r order; do
    # Unquoted: an order and its options.
    "$bin/pg_ctl" -D data -l log -w -t 60 $order >>orders.log 2>&1 && echo done || echo failed
done
exec >/dev/null 2>&1
"$bin/pg_ctl" -D data -m immediate -w stop
cd / && rm -rf "$dir"
"#;

/// A test's database need not outlive a power cut.
const QUICK: &str = "fsync = off\nsynchronous_commit = off\nfull_page_writes = off";

struct Cluster {
    binaries: PathBuf,
    port: u16,
    /// As long as it is open, the guardian keeps the cluster.
    lifeline: ChildStdin,
    answers: BufReader<ChildStdout>,
    _guardian: Child,
}

/// A cluster of one test's own that keeps what it has promised, and can be stopped.
pub struct OwnCluster(Cluster);

impl OwnCluster {
    pub fn start() -> Self {
        Self(start(&find_or_install(), "").unwrap_or_else(|problem| panic!("no cluster of one's own: {problem}")))
    }

    /// The database that every cluster has.
    pub fn url(&self) -> String {
        format!("postgres://panoh@127.0.0.1:{}/postgres", self.0.port)
    }

    /// What `pg_ctl` is to do: `restart -m immediate` is as if the power had failed. Waits until it is done.
    pub fn order(&mut self, order: &str) {
        let mut said = String::new();
        let asked = writeln!(self.0.lifeline, "{order}");
        let answered = asked.and_then(|()| self.0.answers.read_line(&mut said));
        assert!(
            answered.is_ok() && said.trim() == "done",
            "pg_ctl {order}: {answered:?} {said}"
        );
    }
}

static CLUSTER: OnceLock<Cluster> = OnceLock::new();
static CREATED: AtomicU32 = AtomicU32::new(0);
static TEMPLATES: Mutex<BTreeSet<String>> = Mutex::const_new(BTreeSet::new());

/// A database that is dropped with this value.
pub struct PrivateDatabase {
    name: String,
    url: String,
}

impl PrivateDatabase {
    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for PrivateDatabase {
    fn drop(&mut self) {
        // Nothing to mend if it fails: the whole cluster goes with the process.
        let _ = psql(&format!("DROP DATABASE IF EXISTS \"{}\" WITH (FORCE)", self.name));
    }
}

/// A fresh, empty database.
pub fn create_database() -> PrivateDatabase {
    copy_of("template0")
}

/// A fresh copy of a database that `migrate` filled once per process: much quicker than migrating for each test.
/// `migrate` must have closed its connections when it returns.
pub async fn from_template(template: &str, migrate: impl AsyncFnOnce(String)) -> PrivateDatabase {
    let mut made = TEMPLATES.lock().await;
    if !made.contains(template) {
        // Left by a `migrate` that panicked.
        run(&format!("DROP DATABASE IF EXISTS \"{template}\" WITH (FORCE)"));
        run(&format!("CREATE DATABASE \"{template}\" TEMPLATE template0"));
        migrate(url_of(template)).await;
        made.insert(template.to_owned());
    }
    drop(made);
    copy_of(template)
}

pub fn database_names() -> Vec<String> {
    run("SELECT datname FROM pg_database")
        .lines()
        .map(str::to_owned)
        .collect()
}

fn copy_of(template: &str) -> PrivateDatabase {
    let name = format!("test_{}", CREATED.fetch_add(1, Ordering::Relaxed));
    run(&format!("CREATE DATABASE \"{name}\" TEMPLATE \"{template}\""));
    PrivateDatabase {
        url: url_of(&name),
        name,
    }
}

fn url_of(database: &str) -> String {
    format!("postgres://panoh@127.0.0.1:{}/{database}", cluster().port)
}

/// One statement as the cluster's owner, for what a database's own connection cannot do.
pub fn run(sql: &str) -> String {
    psql(sql).unwrap_or_else(|problem| panic!("PostgreSQL refused {sql:?}: {problem}"))
}

fn psql(sql: &str) -> Result<String, String> {
    let cluster = cluster();
    let output = Command::new(cluster.binaries.join("psql"))
        .args([
            "-X",
            "-q",
            "-A",
            "-t",
            "-h",
            "127.0.0.1",
            "-U",
            "panoh",
            "-d",
            "postgres",
            "-c",
            sql,
        ])
        .env("PGPORT", cluster.port.to_string())
        .stdin(Stdio::null())
        .output()
        .map_err(|error| error.to_string())?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    }
}

fn cluster() -> &'static Cluster {
    CLUSTER.get_or_init(|| {
        let binaries = find_or_install();
        // Another process may take the free port before PostgreSQL does: then another port is tried.
        let mut problems = String::new();
        for _ in 0..3 {
            match start(&binaries, QUICK) {
                Ok(cluster) => return cluster,
                Err(problem) => problems.push_str(&problem),
            }
        }
        panic!("the private PostgreSQL cluster does not start:\n{problems}");
    })
}

fn start(binaries: &Path, settings: &str) -> Result<Cluster, String> {
    let told = |error: std::io::Error| error.to_string();
    let port = TcpListener::bind("127.0.0.1:0")
        .and_then(|socket| socket.local_addr())
        .map_err(told)?
        .port();
    let account = unprivileged_account()?;
    let dir = cluster_folder(account)?;
    let mut guardian = Command::new("/bin/sh");
    guardian
        .args(["-c", GUARDIAN, "guardian"])
        .arg(binaries)
        .arg(&dir)
        .arg(port.to_string())
        .arg(settings);
    guardian
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    // A group of its own, so that what ends the tests' group leaves the guardian to clean up.
    guardian.current_dir(&dir).process_group(0);
    if let Some((user, group)) = account {
        guardian.uid(user).gid(group);
    }
    let mut guardian = guardian.spawn().map_err(told)?;
    let lifeline = guardian.stdin.take().ok_or("the guardian has no lifeline")?;
    let mut answers = BufReader::new(guardian.stdout.take().ok_or("the guardian has no voice")?);
    let mut said = String::new();
    loop {
        let mut line = String::new();
        if answers.read_line(&mut line).map_err(told)? == 0 || line.trim() == "failed" {
            break;
        }
        if line.trim() == "ready" {
            return Ok(Cluster {
                binaries: binaries.to_owned(),
                port,
                lifeline,
                answers,
                _guardian: guardian,
            });
        }
        said.push_str(&line);
    }
    drop(lifeline);
    let _ = guardian.wait();
    Err(said)
}

/// A short path: it also holds the socket, whose path may have 107 bytes at most.
fn cluster_folder(account: Option<(u32, u32)>) -> Result<PathBuf, String> {
    // Root's own temporary folder may be closed to the account that PostgreSQL runs as.
    let parent = if account.is_some() {
        PathBuf::from("/tmp")
    } else {
        std::env::temp_dir()
    };
    let dir = tempfile::Builder::new()
        .prefix("panoh-pg-")
        .permissions(std::fs::Permissions::from_mode(0o700))
        .tempdir_in(parent)
        .map_err(|error| error.to_string())?
        .keep();
    if let Some((user, group)) = account {
        chown(&dir, Some(user), Some(group)).map_err(|error| error.to_string())?;
    }
    Ok(dir)
}

/// PostgreSQL refuses to run as root; another account does then: `postgres`, or `nobody` where that is missing.
fn unprivileged_account() -> Result<Option<(u32, u32)>, String> {
    if id(&["-u"])? != 0 {
        return Ok(None);
    }
    for name in ["postgres", "nobody"] {
        if let (Ok(user), Ok(group)) = (id(&["-u", name]), id(&["-g", name])) {
            return Ok(Some((user, group)));
        }
    }
    Err("running as root, and there is neither an account `postgres` nor `nobody` to run PostgreSQL as".to_owned())
}

fn id(arguments: &[&str]) -> Result<u32, String> {
    let output = Command::new("id")
        .args(arguments)
        .output()
        .map_err(|error| error.to_string())?;
    String::from_utf8_lossy(&output.stdout)
        .trim()
        .parse()
        .map_err(|error| format!("id {arguments:?}: {error}"))
}

fn find_or_install() -> PathBuf {
    if let Some(found) = find() {
        return found;
    }
    let installed = Command::new("scripts/setup.sh")
        .arg("postgresql")
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stdin(Stdio::null())
        .status();
    find().unwrap_or_else(|| {
        panic!("the tests need PostgreSQL's server binaries; as root: apt-get install postgresql (setup said: {installed:?})")
    })
}

/// The newest version under Debian's folder, else what PATH offers.
fn find() -> Option<PathBuf> {
    let complete = |bin: &PathBuf| {
        ["initdb", "postgres", "pg_ctl", "psql"]
            .iter()
            .all(|name| bin.join(name).exists())
    };
    let versions = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let version = entry.file_name().to_str()?.parse::<u32>().ok()?;
            Some((version, entry.path().join("bin")))
        });
    let debian = versions.filter(|(_, bin)| complete(bin)).max().map(|(_, bin)| bin);
    let in_path = || std::env::split_paths(&std::env::var_os("PATH")?).find(complete);
    debian.or_else(in_path)
}
