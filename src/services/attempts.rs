//! Failed sign-ins, counted in the database, so that neither a restart nor another node forgets. A try is counted before
//! the password is looked at and taken back when it succeeds: many at once are as many failures. What nobody has an account
//! for is counted like what somebody has.

use chrono::Duration;
use serde_json::json;

use super::Services;
use super::errors::Refused;
use crate::domain::accounts::Device;
use crate::domain::id::{Moment, UserId};
use crate::domain::outbox::NoticeKind;
use crate::domain::sign_in::{ATTACK, FROM_ADDRESS, Patience, Tries, WITH_ACCOUNT, network};
use crate::store::{Tx, accounts, failures};

/// How long administrators see that somebody guessed at passwords.
const TOLD_FOR: Duration = Duration::hours(24);

/// A try that was counted as a failure before it was one.
pub(super) struct Counted {
    /// The account, as strangers or one browser try it.
    account: (String, Moment),
    /// The network address, where it is somebody's.
    address: Option<(String, Moment)>,
}

/// Somebody guesses at passwords.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attack {
    /// Whose account it is; none where nobody has it, or where an address tries many.
    pub user: Option<(UserId, String)>,
    pub failures: u32,
    pub last_at: Moment,
}

impl Services {
    /// Counts a try with this address of mail.
    ///
    /// # Errors
    /// `Wait` when it is too early; then nothing is counted.
    pub(super) async fn count_attempt(
        &self,
        email: &str,
        device: Option<&Device>,
        origin: &str,
        now: Moment,
    ) -> Result<Counted, Refused> {
        let account = match device {
            Some(device) => self.subject("device", &device.id.to_string()),
            None => self.subject("account", email),
        };
        let tx = self.store.begin().await?;
        let tries = take(&tx, &account, WITH_ACCOUNT, now).await?;
        // From a browser that is known an address says nothing more: others may be guessing from behind it.
        let address = match network(origin).filter(|_| device.is_none()) {
            None => None,
            Some(address) => {
                let address = self.subject("address", &address);
                let from = take(&tx, &address, FROM_ADDRESS, now).await?;
                Some((address, from))
            }
        };
        let is_attack = tries.failures == ATTACK
            || address
                .as_ref()
                .is_some_and(|(_, from)| from.failures == FROM_ADDRESS.free + 1);
        let counted = Counted {
            account: (account, tries.wait_until),
            address: address.map(|(subject, from)| (subject, from.wait_until)),
        };
        match is_attack && device.is_none() {
            true => self.tell_attack(tx, now).await?,
            false => tx.commit().await?,
        }
        Ok(counted)
    }

    /// Once a day, however many accounts are tried.
    async fn tell_attack(&self, tx: Tx, now: Moment) -> Result<(), Refused> {
        let mut telling = self.telling(now);
        if self.alarm(&tx, &mut telling, NoticeKind::SignInAttack).await? {
            let day = self.today(now).to_string();
            telling.entry(None, "session.attack", ("country", day), json!(null));
        }
        self.finish(tx, telling).await
    }

    /// It was the owner: what strangers or this browser failed before is forgotten, of the address only this try.
    pub(super) async fn forget_attempts(&self, tx: &Tx, counted: &Counted) -> Result<(), Refused> {
        failures::forget(tx, &counted.account.0).await?;
        if let Some((subject, wait_until)) = &counted.address {
            failures::take_back(tx, subject, *wait_until).await?;
        }
        Ok(())
    }

    /// It was neither right nor wrong.
    pub(super) async fn take_back_attempt(&self, counted: &Counted) -> Result<(), Refused> {
        let tx = self.store.begin().await?;
        for (subject, wait_until) in [Some(&counted.account), counted.address.as_ref()].into_iter().flatten() {
            failures::take_back(&tx, subject, *wait_until).await?;
        }
        Ok(tx.commit().await?)
    }

    /// The owner has a new password by her mail: strangers begin anew.
    pub(super) async fn forget_strangers(&self, tx: &Tx, email: &str) -> Result<(), Refused> {
        Ok(failures::forget(tx, &self.subject("account", email)).await?)
    }

    /// Counts a wrong proof by somebody who is signed in, such as the password of today when a new one is chosen.
    pub(super) async fn count_own(&self, user: UserId, now: Moment) -> Result<Counted, Refused> {
        let subject = self.subject("own", &user.to_string());
        let tx = self.store.begin().await?;
        let tries = take(&tx, &subject, WITH_ACCOUNT, now).await?;
        tx.commit().await?;
        Ok(Counted {
            account: (subject, tries.wait_until),
            address: None,
        })
    }

    /// Who is being guessed at, for the administrators.
    pub async fn attacks(&self) -> Result<Vec<Attack>, Refused> {
        let found = failures::attacked(&self.store, ATTACK, self.now() - TOLD_FOR).await?;
        if found.is_empty() {
            return Ok(Vec::new());
        }
        let users = accounts::users(&self.store).await?;
        let attack = |(subject, tries): (String, Tries)| {
            let whose = users
                .iter()
                .find(|user| self.subject("account", &user.email) == subject);
            Attack {
                user: whose.map(|user| (user.id, user.name.clone())),
                failures: tries.failures,
                last_at: tries.last_at,
            }
        };
        Ok(found.into_iter().map(attack).collect())
    }

    /// By what a subject is found without being readable.
    fn subject(&self, kind: &str, of: &str) -> String {
        self.vault.hash("sign-in", format!("{kind}:{of}").as_bytes())
    }
}

async fn take(tx: &Tx, subject: &str, patience: Patience, now: Moment) -> Result<Tries, Refused> {
    let before = failures::lock(tx, subject, now).await?;
    let tries = before.another(patience, now).map_err(Refused::Wait)?;
    failures::keep(tx, subject, &tries).await?;
    Ok(tries)
}
