//! When this node tells the others, listens to them and looks for what nobody told of. It may be broken off at any point: what
//! was not heard is found by the next look, at the next start by drawing the whole board.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use super::{Jobs, tell};
use crate::clock::Stopwatch;
use crate::services::errors::Refused;

/// Between looks, and before another try of what failed.
const PAUSE: Duration = Duration::from_secs(1);
/// A look takes at most this part of the time: one of very many shelters comes less often.
const SHARE: u32 = 20;
/// After this long without a word is asked whether the line still stands, and an answer is waited for so long.
const SILENCE: Duration = Duration::from_secs(10);
const PATIENCE: Duration = Duration::from_secs(10);

impl Jobs {
    /// Until told to stop; on SQLite there is nobody else.
    pub async fn keep_in_touch(&self, mut stop: watch::Receiver<bool>) {
        if !self.services.is_one_of_many() || *stop.borrow() {
            return;
        }
        tokio::select! {
            () = self.keep_telling() => {}
            () = self.keep_listening() => {}
            () = self.keep_following() => {}
            () = self.keep_looking() => {}
            _ = stop.changed() => {}
        }
    }

    async fn keep_telling(&self) {
        loop {
            let word = self.services.to_tell().await;
            if tell("telling nodes", within(self.services.tell_other_nodes(word)).await).is_none() {
                sleep(PAUSE).await;
            }
        }
    }

    async fn keep_listening(&self) {
        loop {
            tell("listening to nodes", self.listen().await);
            sleep(PAUSE).await;
        }
    }

    /// Listens until the line is cut.
    async fn listen(&self) -> Result<(), Refused> {
        let mut ear = within(self.services.open_ear()).await?;
        loop {
            match timeout(SILENCE, ear.hear()).await {
                Ok(word) => match word? {
                    Some(word) => self.services.hear_node(&word),
                    None => return Ok(()),
                },
                Err(_) => within(async { Ok(ear.listen().await?) }).await?,
            }
        }
    }

    async fn keep_following(&self) {
        loop {
            let word = self.services.heard().await;
            if tell("following nodes", within(self.services.follow_other_nodes(word)).await).is_none() {
                sleep(PAUSE).await;
            }
        }
    }

    async fn keep_looking(&self) {
        loop {
            // Not by the clock: set forward an hour, it would have nobody look for a day.
            let watch = Stopwatch::start();
            tell("looking for changes", within(self.services.look_round()).await);
            sleep(PAUSE.max(watch.elapsed() * SHARE)).await;
        }
    }
}

/// A line that was cut without a word is not waited for.
async fn within<T>(step: impl Future<Output = Result<T, Refused>>) -> Result<T, Refused> {
    timeout(PATIENCE, step).await.unwrap_or(Err(Refused::Unavailable))
}
