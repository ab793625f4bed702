//! Several nodes on one PostgreSQL: what one commits the others show, and no bed is given twice, whichever node is asked.

mod hearing;
mod history;
mod linear;

use std::time::{Duration, Instant};

/// Waits until this is so. Nothing tells us, so we look; long past what it takes on a slow machine.
async fn until(what: &str, mut so: impl AsyncFnMut() -> bool) {
    let begin = Instant::now();
    while !so().await {
        assert!(begin.elapsed() < Duration::from_secs(20), "never: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
