//! Writers of SQLite take turns, and may share a commit: it is the commit that waits for the disk. Who writes `together`
//! while others wait leaves the transaction open for the next of them, each inside a savepoint of its own, and the last
//! commits for all. Nobody hears that anything is stored before the one commit that carries it has returned.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use sea_orm::{ConnectionTrait, DatabaseTransaction, TransactionTrait};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use super::StoreError;

/// The savepoint around those that share. Were the transaction undone behind their backs (SQLite does so itself when the
/// disk is full), it would be gone with it, and nobody is told of a commit that has nothing of theirs.
const SHARED: &str = "SAVEPOINT together";
const WHOLE: &str = "RELEASE SAVEPOINT together";

/// The one pen of a SQLite database: writers queue here rather than at the file's lock.
pub(super) struct Pen {
    turns: Arc<Semaphore>,
    /// Writers in the queue.
    waiting: AtomicUsize,
    /// Left open by whoever wrote last. Looked at by whoever has the turn.
    open: Mutex<Option<Shared>>,
}

type Told = oneshot::Receiver<Result<(), StoreError>>;

/// A transaction that carries several writers' work, and who wants to hear what becomes of it.
struct Shared {
    tx: DatabaseTransaction,
    members: Vec<oneshot::Sender<Result<(), StoreError>>>,
}

/// The turn to write. It ends when this is dropped; what is shared stays open for the next.
pub(super) struct Turn {
    pen: Arc<Pen>,
    /// Of those before, if this one writes inside theirs.
    shared: Option<Shared>,
    together: bool,
    permit: Option<OwnedSemaphorePermit>,
}

/// One in the queue, for as long as it is there.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn new(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::SeqCst);
        Self(count)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Pen {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            turns: Arc::new(Semaphore::new(1)),
            waiting: AtomicUsize::new(0),
            open: Mutex::default(),
        })
    }

    async fn permit(&self) -> Result<OwnedSemaphorePermit, StoreError> {
        let permit = Arc::clone(&self.turns).acquire_owned().await;
        permit.map_err(|e| StoreError::Unavailable(e.to_string()))
    }

    fn take_open(&self) -> Option<Shared> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn leave_open(&self, shared: Shared) {
        *self.open.lock().unwrap_or_else(PoisonError::into_inner) = Some(shared);
    }

    /// Waits for the turn of one who writes alone (`together` false), on nothing but what is committed, or inside what
    /// others have left open.
    pub(super) async fn turn(self: &Arc<Self>, together: bool) -> Result<Turn, StoreError> {
        let permit = {
            let _waiting = Waiting::new(&self.waiting);
            self.permit().await?
        };
        let mut turn = Turn {
            pen: Arc::clone(self),
            shared: self.take_open(),
            together,
            permit: Some(permit),
        };
        if !together && let Some(shared) = turn.shared.take() {
            shared.close_apart(&mut turn).await?;
        }
        Ok(turn)
    }

    /// Commits what is open when all who are in the queue now have had their turn, if none of them did.
    fn close_later(self: &Arc<Self>) {
        let pen = Arc::clone(self);
        tokio::spawn(async move {
            let Ok(_permit) = pen.permit().await else { return };
            if let Some(shared) = pen.take_open() {
                shared.close().await;
            }
        });
    }
}

impl Shared {
    /// Makes a transaction that one has written in open to others.
    async fn of(tx: DatabaseTransaction) -> Result<Self, StoreError> {
        tx.execute_unprepared(SHARED).await?;
        let members = Vec::new();
        Ok(Self { tx, members })
    }

    /// Commits, and tells everybody.
    async fn close(self) {
        let committed = async {
            self.tx.execute_unprepared(WHOLE).await?;
            self.tx.commit().await
        };
        let outcome = committed.await.map_err(StoreError::from);
        for member in self.members {
            let told = match &outcome {
                Ok(()) => Ok(()),
                Err(error) => Err(StoreError::Unavailable(format!("the shared commit: {error}"))),
            };
            // Who went away does not hear.
            let _ = member.send(told);
        }
    }

    /// The same, to its end even if whoever waits for the turn goes away meanwhile.
    async fn close_apart(self, turn: &mut Turn) -> Result<(), StoreError> {
        let permit = turn.permit.take();
        let closed = tokio::spawn(async move {
            self.close().await;
            permit
        });
        turn.permit = closed.await.map_err(|e| StoreError::Unavailable(e.to_string()))?;
        Ok(())
    }
}

impl Turn {
    /// The transaction inside which this one writes; `None`: one of its own is to be begun.
    pub(super) async fn within(&self) -> Result<Option<DatabaseTransaction>, StoreError> {
        match &self.shared {
            Some(shared) => Ok(Some(shared.tx.begin().await?)),
            None => Ok(None),
        }
    }

    /// Ends a turn whose work is to stay, and waits until it is on the disk.
    pub(super) async fn commit(mut self, tx: DatabaseTransaction) -> Result<(), StoreError> {
        let alone = self.shared.is_none() && (!self.together || self.pen.waiting.load(Ordering::SeqCst) == 0);
        if alone {
            return tx.commit().await.map_err(StoreError::from);
        }
        // To its end even if whoever asked goes away: others' work is in the same transaction.
        let told = tokio::spawn(async move {
            match &self.shared {
                Some(_) => tx.commit().await?,
                None => {
                    self.shared = Some(Shared::of(tx).await?);
                    self.pen.close_later();
                }
            }
            self.join().await
        });
        let told = told.await.map_err(|e| StoreError::Unavailable(e.to_string()))??;
        heard(told).await
    }

    /// Ends a turn whose work is undone, and waits until what it has seen of others is on the disk.
    pub(super) async fn rollback(mut self, tx: DatabaseTransaction) -> Result<(), StoreError> {
        tx.rollback().await?;
        match self.shared.is_some() {
            true => {
                let told = self.join().await?;
                drop(self);
                heard(told).await
            }
            false => Ok(()),
        }
    }

    /// Among those who will hear of the commit. Nobody in the queue: it is made now.
    async fn join(&mut self) -> Result<Told, StoreError> {
        let (member, told) = oneshot::channel();
        let Some(mut shared) = self.shared.take() else {
            // Dropped here, `member` says that nothing was stored.
            return Ok(told);
        };
        shared.members.push(member);
        if self.pen.waiting.load(Ordering::SeqCst) == 0 {
            shared.close_apart(self).await?;
        } else {
            self.shared = Some(shared);
        }
        Ok(told)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Some(shared) = self.shared.take() {
            self.pen.leave_open(shared);
        }
    }
}

async fn heard(told: Told) -> Result<(), StoreError> {
    let gone = |_| StoreError::Unavailable("the shared transaction was dropped".to_owned());
    told.await.map_err(gone)?
}

#[cfg(test)]
mod tests;
