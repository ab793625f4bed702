//! What a database that was brought back from a backup must not bring back: sessions that had ended, links that were used,
//! letters that were sent. The database and a file outside it name the same start of the service, or the one is older.

use serde_json::json;

use super::Services;
use super::audit::entry;
use super::errors::Refused;
use crate::domain::id::Moment;
use crate::store::{Tx, audit, digests, factors, instance, letters, sessions, tickets};

/// Under which name the database keeps which start it belongs to.
const START: &str = "start";

impl Services {
    /// Whether the database belongs to another start than the one on record beside the key, and than the one that was about
    /// to be named when the service was last stopped.
    pub async fn is_restored(&self, kept: Option<&str>, coming: Option<&str>) -> Result<bool, Refused> {
        let stored = instance::get(&self.store, START).await?;
        Ok(stored.as_deref() != kept && (coming.is_none() || stored.as_deref() != coming))
    }

    /// A name for a new start; to be kept beside the key before the database has it.
    pub fn new_start(&self) -> String {
        hex::encode(self.ids.secret())
    }

    /// Names a new start in the database.
    pub async fn name_start(&self, name: &str) -> Result<(), Refused> {
        let tx = self.store.begin().await?;
        instance::put(&tx, START, name).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Ends every session, link and challenge and drops every letter that waits; how many there were in all.
    pub async fn end_everything(&self, why: &str) -> Result<u64, Refused> {
        self.end_all(why, false).await
    }

    /// The same after a restore, and digests whose hour has passed count as made: whether they went out before the database
    /// was lost, nobody can say, and none is to come twice. Whoever misses one sends it by hand.
    pub async fn settle_restored(&self) -> Result<u64, Refused> {
        self.end_all("restored", true).await
    }

    async fn end_all(&self, why: &str, pass_over: bool) -> Result<u64, Refused> {
        let now = self.now();
        let tx = self.store.begin().await?;
        let ended = sessions::revoke_all(&tx, now).await?;
        let links = tickets::end_all(&tx, now).await?;
        let challenges = factors::forget_challenges(&tx).await?;
        let unsent = letters::drop_waiting(&tx, "everything was ended").await?;
        let digests = match pass_over {
            true => self.pass_over_digests(&tx, now).await?,
            false => 0,
        };
        let detail = json!({"why": why, "sessions": ended, "links": links, "challenges": challenges, "letters": unsent,
            "digests": digests});
        let object = ("instance", "all".to_owned());
        audit::append(&tx, vec![entry(None, now, "session.end_all", object, detail)]).await?;
        tx.commit().await?;
        self.rights_changed();
        Ok(ended + links + challenges + unsent)
    }

    /// Notes of every schedule that its newest slot has its run; of how many that was not so. There are a hundred at most.
    async fn pass_over_digests(&self, tx: &Tx, now: Moment) -> Result<u64, Refused> {
        let mut passed = 0;
        for row in digests::schedules(tx).await? {
            let Some(slot) = self.newest_slot(&row, now) else {
                continue;
            };
            if row.last_period.as_ref().is_none_or(|last| *last < slot) {
                digests::set_last_period(tx, row.id, &slot).await?;
                passed += 1;
            }
        }
        Ok(passed)
    }
}
