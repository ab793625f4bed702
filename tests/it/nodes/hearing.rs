//! What one node commits is on the board of another and reaches those who watch there: by a word, and without it by looking.

use std::time::Duration;

use futures::{FutureExt, StreamExt};
use panoh::domain::holds::HoldEvent;
use panoh::domain::id::ShelterId;
use panoh::http::server;
use panoh::jobs::Jobs;
use panoh::services::{Event, Services};
use serde_json::{Value, json};
use tokio::sync::broadcast::Receiver;
use tokio::sync::watch;

use super::until;
use crate::harness::client::{Http, Person};
use crate::harness::country::{Country, search};
use crate::harness::{Database, Harness, postgres, state};
use crate::races::assert_sound;
use crate::waves::Scene;

fn held(node: &Services, shelter: ShelterId) -> u32 {
    node.board.current().get(shelter).unwrap().count(node.now()).held
}

/// The holds that were told of since, each with its state.
fn told(events: &mut Receiver<Event>) -> Vec<(String, String)> {
    let mut all = Vec::new();
    while let Ok(event) = events.try_recv() {
        if let Event::Hold(hold) = event {
            all.push((hold.id.to_string(), hold.state.to_string()));
        }
    }
    all.sort();
    all.dedup();
    all
}

/// Hands all that `from` has to say to `to`, over the database.
async fn pass_on(from: &Services, to: &Services, ear: &mut panoh::store::nodes::Ear) {
    while let Some(word) = from.to_tell().now_or_never() {
        from.tell_other_nodes(word).await.unwrap();
        let text = ear.hear().await.unwrap().unwrap();
        from.hear_node(&text);
        to.hear_node(&text);
    }
    while let Some(word) = to.heard().now_or_never() {
        to.follow_other_nodes(word).await.unwrap();
    }
}

#[actix_web::test]
async fn a_word_carries_what_changed_and_no_node_listens_to_itself() {
    let scene = Scene::new(Database::Postgres, 2).await;
    let (a, b) = (scene.services(), scene.land.another_node().await);
    let mut ear = b.open_ear().await.unwrap();
    // What was told while the scene was set up.
    while let Some(word) = a.to_tell().now_or_never() {
        drop(word);
    }
    let (mut events, before) = (b.watch(), b.board.current().version);
    let (_, ids) = scene.wave(2).await;
    let shelters = [&scene.houses[0].0, &scene.houses[1].0].map(|house| house.id);
    assert_eq!(shelters.map(|id| held(&b, id)), [0, 0], "nobody told it yet");
    pass_on(a, &b, &mut ear).await;
    assert_eq!(shelters.map(|id| held(&b, id)), [1, 1]);
    assert!(b.board.current().version > before);
    assert!(a.heard().now_or_never().is_none(), "its own word is no news to it");
    assert_eq!(told(&mut events).len(), 2);
    // The others of the wave are let go without their shelter's lock: that is told too.
    scene.go(ids[0], HoldEvent::Accept).await.unwrap();
    pass_on(a, &b, &mut ear).await;
    assert_eq!(shelters.map(|id| held(&b, id)).iter().sum::<u32>(), 1);
    let states: Vec<String> = told(&mut events).into_iter().map(|(_, state)| state).collect();
    assert!(
        states.contains(&"accepted".to_owned()) && states.contains(&"released".to_owned()),
        "{states:?}"
    );
    assert!(b.to_tell().now_or_never().is_none(), "what is heard is not told again");
    // What another version says is a reason to look, not to fail.
    b.hear_node("something else");
    b.follow_other_nodes(b.heard().await).await.unwrap();
}

#[actix_web::test]
async fn what_nobody_was_told_of_is_found_by_looking() {
    let scene = Scene::new(Database::Postgres, 2).await;
    let (a, b) = (scene.services(), scene.land.another_node().await);
    assert_eq!(b.look_round().await.unwrap(), 0, "just drawn");
    assert_eq!(a.look_round().await.unwrap(), 0, "its own commits it has drawn itself");
    let shelters = [&scene.houses[0].0, &scene.houses[1].0].map(|house| house.id);
    let mut events = b.watch();
    let (_, ids) = scene.wave(2).await;
    assert_eq!(b.look_round().await.unwrap(), 2);
    assert_eq!(shelters.map(|id| held(&b, id)), [1, 1]);
    assert_eq!(
        told(&mut events).len(),
        2,
        "whoever watches hears of the holds all the same"
    );
    assert_eq!(b.look_round().await.unwrap(), 0);
    // Of the one that is let go only its end shows: its shelter's version stands.
    scene.go(ids[1], HoldEvent::Accept).await.unwrap();
    assert_eq!(b.look_round().await.unwrap(), 2);
    let theirs = |node: &Services| shelters.map(|id| node.board.current().get(id).cloned());
    assert_eq!(theirs(&b), theirs(a));
    // A clock that is an hour wrong changes nothing.
    let version = b.board.current().version;
    scene.pass(-60);
    scene.go(ids[1], HoldEvent::Release).await.unwrap();
    assert_eq!(b.look_round().await.unwrap(), 1);
    assert!(b.board.current().version > version);
    assert_eq!(a.look_round().await.unwrap(), 0);
    assert_sound(&b).await;
}

/// Two nodes at work on one database, the second behind a socket.
struct Pair {
    h: Harness,
    c: Country,
    b: Services,
    /// The officer at the second node, and somebody of the Committee, who sees numbers.
    there: Person,
    looks: Person,
    stop: watch::Sender<bool>,
}

impl Pair {
    async fn at_work() -> Self {
        let h = Harness::start(Database::Postgres).await;
        let c = h.country().await;
        h.report_all_empty(&c).await;
        let b = h.another_node().await;
        let (stop, stopped) = watch::channel(false);
        for services in [h.services.clone(), b.clone()] {
            let jobs = Jobs {
                services,
                ..h.jobs.clone()
            };
            let stopped = stopped.clone();
            // On the runtime itself: what listens has to end inside of one.
            tokio::spawn(async move { jobs.keep_in_touch(stopped).await });
        }
        let there = Person {
            http: Http::of(state(&b)).await,
            ..c.officer.clone()
        };
        let looks = Person {
            http: there.http.clone(),
            ..c.committee.clone()
        };
        let pair = Self {
            h,
            c,
            b,
            there,
            looks,
            stop,
        };
        until("both listen", async || pair.listeners().len() == 2).await;
        pair
    }

    /// The connections that listen, by process.
    fn listeners(&self) -> Vec<String> {
        let name = self.h.database_url.rsplit('/').next().unwrap();
        let sql = format!("SELECT pid FROM pg_stat_activity WHERE datname = '{name}' AND query LIKE 'LISTEN%'");
        postgres::run(&sql).lines().map(str::to_owned).collect()
    }

    /// Holds a place at the first node; its path.
    async fn hold(&self) -> String {
        let officer = &self.c.officer;
        let referral = officer.post("/api/v1/referrals", &search(&[])).await.expect(201);
        let path = format!("/api/v1/referrals/{}/holds", referral["id"].as_str().unwrap());
        let body = json!({"shelter_id": self.c.shelter.id});
        let hold = officer
            .post_once(&path, &format!("hold-{}", referral["code"].as_str().unwrap()), &body)
            .await
            .expect(201);
        format!("/api/v1/holds/{}", hold["id"].as_str().unwrap())
    }

    /// How many are held in the country, as the second node says.
    async fn held_there(&self) -> u64 {
        self.looks.get("/api/v1/availability").await.expect(200)["national"]["held"]
            .as_u64()
            .unwrap()
    }
}

impl Drop for Pair {
    fn drop(&mut self) {
        self.stop.send_replace(true);
    }
}

#[actix_web::test]
async fn a_hold_at_one_node_is_seen_and_heard_at_another_also_after_the_line_was_cut() {
    let pair = Pair::at_work().await;
    // Somebody watches at the second node.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let url = format!("http://{}/api/v1/availability/stream", listener.local_addr().unwrap());
    let serving = server::server(listener, state(&pair.b), 1).unwrap();
    let handle = serving.handle();
    actix_web::rt::spawn(serving);
    let request = panoh::web::client().unwrap().get(url).bearer_auth(&pair.there.token);
    let mut stream = request.send().await.unwrap().bytes_stream();

    let path = pair.hold().await;
    until("the second node shows it", async || pair.held_there().await == 1).await;
    let mut heard = String::new();
    while !heard.contains("event: hold") {
        let bytes = tokio::time::timeout(Duration::from_secs(20), stream.next()).await;
        heard.push_str(std::str::from_utf8(&bytes.expect("an event").unwrap().unwrap()).unwrap());
    }
    assert!(heard.contains(path.rsplit('/').next().unwrap()), "{heard}");
    let suggestions = pair.there.post("/api/v1/suggestions", &search(&[])).await.expect(200);
    assert!(suggestions.to_string().contains("TJ-DU-01"), "{suggestions}");

    // Both lines are cut: what is committed meanwhile is found, and both listen again.
    let cut = pair.listeners();
    postgres::run(&format!(
        "SELECT pg_terminate_backend(pid) FROM unnest(ARRAY[{}]) AS pid",
        cut.join(",")
    ));
    pair.hold().await;
    until("found without a word", async || pair.held_there().await == 2).await;
    let again = async || {
        let now = pair.listeners();
        now.len() == 2 && now.iter().all(|pid| !cut.contains(pid))
    };
    until("both listen again", again).await;
    pair.hold().await;
    until("and go on", async || pair.held_there().await == 3).await;
    let other: Value = pair.c.committee.get("/api/v1/availability").await.expect(200);
    assert_eq!(other["national"]["held"], 3);
    drop(handle.stop(false));
}
