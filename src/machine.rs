//! What the machine says of this process and of its disks: memory, processor time, open files, free room. It must not know
//! what any of it is used for.

use std::path::Path;
use std::process::{Command, Stdio};

/// Ticks of the processor's clock a second, as Linux shows them to every program.
const TICKS: u64 = 100;

/// What this process uses. What the machine does not tell is zero.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Usage {
    /// Of memory, resident.
    pub memory_bytes: u64,
    pub cpu_seconds: f64,
    /// Since 1970.
    pub started_at_seconds: u64,
    pub open_files: u64,
    pub most_files: u64,
}

impl Usage {
    /// As Linux tells it under `/proc`.
    pub fn now() -> Self {
        let read = |file: &str| std::fs::read_to_string(file).unwrap_or_default();
        let ticks = Ticks::of(&read("/proc/self/stat"));
        let booted = word_after(&read("/proc/stat"), "btime");
        Self {
            memory_bytes: word_after(&read("/proc/self/status"), "VmRSS:") * 1024,
            cpu_seconds: seconds(ticks.used),
            started_at_seconds: booted + ticks.started / TICKS,
            open_files: std::fs::read_dir("/proc/self/fd").map_or(0, |all| all.count() as u64),
            most_files: word_after(&read("/proc/self/limits"), "Max open files"),
        }
    }
}

fn seconds(ticks: u64) -> f64 {
    u32::try_from(ticks).map_or(f64::MAX, f64::from) / 100.0
}

/// The number that follows this word at the beginning of a line; 0 where there is none.
fn word_after(text: &str, word: &str) -> u64 {
    let line = text.lines().find_map(|line| line.strip_prefix(word));
    let number = line.and_then(|rest| rest.split_whitespace().next());
    number.and_then(|number| number.parse().ok()).unwrap_or(0)
}

/// From `/proc/self/stat`: processor time used, and when the process started after the machine did.
struct Ticks {
    used: u64,
    started: u64,
}

impl Ticks {
    fn of(stat: &str) -> Self {
        // The program's name may hold spaces and brackets: the fields are counted from its end, the third of all.
        let fields: Vec<&str> = stat
            .rsplit_once(')')
            .map_or("", |(_, rest)| rest)
            .split_whitespace()
            .collect();
        let field = |number: usize| fields.get(number - 3).and_then(|text| text.parse().ok()).unwrap_or(0);
        Self {
            used: field(14) + field(15),
            started: field(22),
        }
    }
}

/// Bytes that are free on the disk of this path; `None` where `df` does not say.
pub fn free_bytes(path: &Path) -> Option<u64> {
    let output = Command::new("df")
        .arg("-Pk")
        .arg(path)
        .stdin(Stdio::null())
        .output()
        .ok()?;
    if !output.status.success() {
        return None;
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let free: u64 = text.lines().nth(1)?.split_whitespace().nth(3)?.parse().ok()?;
    Some(free * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_this_process_uses() {
        let used = Usage::now();
        assert!(used.memory_bytes > 1_000_000, "{used:?}");
        assert!(used.open_files > 2 && used.most_files >= used.open_files, "{used:?}");
        assert!(used.started_at_seconds > 1_700_000_000, "{used:?}");
    }

    #[test]
    fn a_name_with_brackets_is_no_trouble() {
        let stat = "7 (a) b) S 1 7 7 0 -1 4194560 1 0 0 0 150 50 0 0 20 0 1 0 12300 1000 20";
        let ticks = Ticks::of(stat);
        assert_eq!((ticks.used, ticks.started), (200, 12_300));
        assert_eq!(Ticks::of("").used, 0);
    }

    #[test]
    fn there_is_room_somewhere() {
        assert!(free_bytes(Path::new("/")).is_some());
        assert_eq!(free_bytes(Path::new("/no/such/place")), None);
    }
}
