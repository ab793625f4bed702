//! Writers that share a commit: what one sees of another, when each is told, and that nobody is told of what is not stored.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;

use futures::future::{join_all, poll_fn};
use sea_orm::ConnectionTrait;
use tempfile::TempDir;

use super::super::{Reads, Store, StoreError, Tx};

async fn open() -> (Store, TempDir) {
    let folder = TempDir::new().unwrap();
    let store = Store::connect(&format!("sqlite:{}/x.db", folder.path().display()))
        .await
        .unwrap();
    let made = store
        .db
        .execute_unprepared("CREATE TABLE word (word TEXT PRIMARY KEY)")
        .await;
    made.unwrap();
    (store, folder)
}

async fn write(tx: &Tx, word: &str) {
    let sql = format!("INSERT INTO word VALUES ('{word}')");
    tx.connection().execute_unprepared(&sql).await.unwrap();
}

async fn words(db: &impl Reads) -> Vec<String> {
    let sql = "SELECT word FROM word ORDER BY word".to_owned();
    let asked = sea_orm::Statement::from_string(sea_orm::DbBackend::Sqlite, sql);
    let rows = db.connection().query_all_raw(asked).await.unwrap();
    rows.iter().map(|row| row.try_get("", "word").unwrap()).collect()
}

/// Asks the future once.
async fn poll<F: Future>(future: &mut Pin<Box<F>>) -> Option<F::Output> {
    poll_fn(|cx| {
        Poll::Ready(match future.as_mut().poll(cx) {
            Poll::Ready(output) => Some(output),
            Poll::Pending => None,
        })
    })
    .await
}

/// One has written "a", and commits while another waits for the turn: what they are told, and the other's transaction.
async fn two(store: &Store) -> (impl Future<Output = Result<(), StoreError>>, Tx) {
    let a = store.begin_together().await.unwrap();
    write(&a, "a").await;
    let mut next = Box::pin(store.begin_together());
    assert!(poll(&mut next).await.is_none(), "one writes at a time");
    let told = tokio::spawn(a.commit());
    let b = next.await.unwrap();
    (async { told.await.unwrap() }, b)
}

#[tokio::test]
async fn nobody_is_told_before_the_commit_that_carries_them_all() {
    let (store, _folder) = open().await;
    let (told, b) = two(&store).await;
    let mut told = Box::pin(told);
    assert_eq!(words(&b).await, ["a"], "the next sees what was written");
    assert!(poll(&mut told).await.is_none());
    assert!(words(&store).await.is_empty(), "and nobody else does yet");
    write(&b, "b").await;
    b.commit().await.unwrap();
    told.await.unwrap();
    assert_eq!(words(&store).await, ["a", "b"]);
}

#[tokio::test]
async fn what_one_undoes_takes_nothing_from_the_others() {
    let (store, _folder) = open().await;
    for aloud in [true, false] {
        let (told, b) = two(&store).await;
        write(&b, "b").await;
        match aloud {
            true => b.rollback().await.unwrap(),
            false => drop(b),
        }
        told.await.unwrap();
        assert_eq!(words(&store).await, ["a"]);
        store.db.execute_unprepared("DELETE FROM word").await.unwrap();
    }
}

#[tokio::test]
async fn who_undoes_hears_first_whether_what_it_saw_is_stored() {
    let (store, _folder) = open().await;
    let (told, b) = two(&store).await;
    assert_eq!(words(&b).await, ["a"]);
    b.rollback().await.unwrap();
    assert_eq!(words(&store).await, ["a"]);
    told.await.unwrap();
}

#[tokio::test]
async fn who_writes_alone_sees_only_what_is_stored() {
    let (store, _folder) = open().await;
    let a = store.begin_together().await.unwrap();
    write(&a, "a").await;
    let mut alone = Box::pin(store.begin());
    assert!(poll(&mut alone).await.is_none());
    let told = tokio::spawn(a.commit());
    let alone = alone.await.unwrap();
    assert_eq!(words(&store).await, ["a"], "committed before the turn is given");
    told.await.unwrap().unwrap();
    alone.rollback().await.unwrap();
}

#[tokio::test]
async fn a_commit_waits_for_nobody_who_has_gone() {
    let (store, _folder) = open().await;
    let a = store.begin_together().await.unwrap();
    write(&a, "a").await;
    let mut next = Box::pin(store.begin_together());
    assert!(poll(&mut next).await.is_none());
    let mut told = Box::pin(a.commit());
    assert!(poll(&mut told).await.is_none());
    drop(next);
    told.await.unwrap();
    assert_eq!(words(&store).await, ["a"]);
}

/// SQLite undoes a whole transaction by itself when the disk is full.
#[tokio::test]
async fn nobody_is_told_that_something_is_stored_that_was_undone_behind_their_backs() {
    let (store, _folder) = open().await;
    let (told, b) = two(&store).await;
    b.connection().execute_unprepared("ROLLBACK").await.unwrap();
    // Whoever comes next writes in a transaction that has nothing of the first.
    let _ = b.commit().await;
    assert!(matches!(told.await, Err(StoreError::Unavailable(_))));
    assert!(words(&store).await.is_empty());
    let after = store.begin_together().await.unwrap();
    write(&after, "c").await;
    after.commit().await.unwrap();
    assert_eq!(words(&store).await, ["c"], "and writing goes on");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crowd_is_all_stored_with_fewer_commits() {
    const WRITERS: usize = 200;
    let (store, folder) = open().await;
    let done = Arc::new(AtomicUsize::new(0));
    let writers = (0..WRITERS).map(|n| {
        let (store, done) = (store.clone(), Arc::clone(&done));
        tokio::spawn(async move {
            let tx = store.begin_together().await.unwrap();
            write(&tx, &format!("w{n:03}")).await;
            // Every fifth changes its mind, every seventh is cut off.
            match n {
                n if n % 5 == 0 => tx.rollback().await.unwrap(),
                n if n % 7 == 0 => drop(tx),
                _ => {
                    tx.commit().await.unwrap();
                    done.fetch_add(1, Ordering::SeqCst);
                }
            }
        })
    });
    join_all(writers.collect::<Vec<_>>()).await;
    let stored = words(&store).await;
    assert_eq!(stored.len(), done.load(Ordering::SeqCst));
    assert_eq!(stored.len(), (0..WRITERS).filter(|n| n % 5 != 0 && n % 7 != 0).count());
    // Each commit is at least one page in the log, in frames of 4,120 bytes.
    let log = std::fs::metadata(folder.path().join("x.db-wal")).unwrap().len();
    assert!(
        log < 4_120 * WRITERS as u64 / 4,
        "{log} bytes of log: every writer had a commit of its own"
    );
}
