//! Sending letters, several at once, beside everything else that happens by itself: a mail server that keeps one letter
//! waiting keeps no other and no job. Knows how many; not what a letter says.

use std::time::Duration;

use futures::FutureExt;
use futures::stream::{FuturesUnordered, StreamExt};
use tokio::sync::watch;

use super::{Jobs, TICK, tell};
use crate::services::errors::Refused;
use crate::services::outbox::{Leased, Said};

/// Letters under way at once, each on a connection of its own. Mail servers allow about ten to one client.
pub const SENDERS: usize = 8;
/// While letters are under way and more may be taken, how long until the next look for more.
const LOOK: Duration = Duration::from_millis(500);

impl Jobs {
    /// Sends one letter if one is due; `false` if none is.
    pub async fn deliver_next(&self) -> Result<bool, Refused> {
        let Some(leased) = self.services.next_letters(1).await?.pop() else {
            return Ok(false);
        };
        let sent = self.carry(leased).await;
        self.services.letters_said(vec![sent]).await?;
        Ok(true)
    }

    /// Sends until nothing is due and nothing under way; how many deliveries were tried. Told to stop it takes no more and
    /// finishes what is under way. An answer is written down at once, together with those that came at the same moment.
    pub async fn deliver_due(&self, stop: &watch::Receiver<bool>) -> usize {
        let mut under_way = FuturesUnordered::new();
        let mut tried = 0;
        loop {
            let free = SENDERS - under_way.len();
            // Taken in halves: one at a time would cost a write each.
            if free * 2 >= SENDERS && !*stop.borrow() {
                let most = u64::try_from(free).unwrap_or(1);
                let taken = tell("letters", self.services.next_letters(most).await);
                under_way.extend(taken.into_iter().flatten().map(|leased| self.carry(leased)));
            }
            if under_way.is_empty() {
                return tried;
            }
            let Ok(Some(first)) = tokio::time::timeout(LOOK, under_way.next()).await else {
                continue;
            };
            let mut answered = vec![first];
            while let Some(Some(next)) = under_way.next().now_or_never() {
                answered.push(next);
            }
            tried += answered.len();
            tell("letters", self.services.letters_said(answered).await);
        }
    }

    async fn carry(&self, leased: Leased) -> (Leased, Said) {
        let said = self.hand_over(&leased.parcel).await;
        (leased, said)
    }

    /// Sends what is due until told to stop.
    pub(super) async fn keep_delivering(&self, mut stop: watch::Receiver<bool>) {
        while !*stop.borrow() {
            self.deliver_due(&stop.clone()).await;
            drop(tokio::time::timeout(TICK, stop.changed()).await);
        }
    }
}
