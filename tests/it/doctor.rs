//! `panoh doctor` names what is amiss and what to do, and makes nothing.

use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;

use panoh::clock::Clock;
use serde_json::Value;

use crate::backup::{folder_with_key, lay_key, program, told};
use crate::checks::Raw;
use crate::harness::{Database, Harness, on_both};

/// What it says of each thing, and whether anything is at fault.
fn look(h: &Harness, settings: &[(&str, &str)]) -> (Vec<Value>, bool) {
    let mut command = program(&h.database_url, h.dir.path(), &["doctor", "--json"]);
    command.envs(settings.iter().copied());
    let output = command.output().unwrap();
    let found: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    for row in &found {
        assert_eq!(
            row["todo"].is_null(),
            row["state"] == "ok",
            "what is amiss has a remedy: {row}"
        );
    }
    (found, output.status.success())
}

#[track_caller]
fn state<'a>(found: &'a [Value], name: &str) -> &'a str {
    let row = found.iter().find(|row| row["name"] == name);
    row.unwrap_or_else(|| panic!("nothing of {name}: {found:?}"))["state"]
        .as_str()
        .unwrap()
}

on_both! {
    async fn each_thing_that_is_amiss_is_named(h: Harness) {
        h.clock.set(Clock::System.now());
        h.country().await;
        lay_key(h.dir.path(), 7);
        let mail = TcpListener::bind("127.0.0.1:0").unwrap();
        let there = format!("smtp://{}", mail.local_addr().unwrap());
        let settings = [("PANOH_MAIL", there.as_str()), ("PANOH_ANCHOR_TO", "a@out.example,b@out.example")];
        let (found, fine) = look(&h, &settings);
        // The tests' PostgreSQL does without the disk, and says so.
        let durable = if h.database == Database::Sqlite { "ok" } else { "fault" };
        assert_eq!((state(&found, "durability"), fine), (durable, h.database == Database::Sqlite), "{found:?}");
        for name in ["settings", "key file", "database", "migrations", "clock", "sealed rows", "letters", "time zone", "mail"] {
            assert_eq!(state(&found, name), "ok", "{found:?}");
        }
        assert_eq!((state(&found, "backup"), state(&found, "public_url")), ("warning", "warning"));
        told(program(&h.database_url, h.dir.path(), &["backup", h.dir.path().join("kept").to_str().unwrap()])).unwrap();
        assert_eq!(state(&look(&h, &settings).0, "backup"), "ok");

        drop(mail);
        let (found, _) = look(&h, &[settings[0], ("PANOH_PUBLIC_URL", "http://panoh.invalid")]);
        assert_eq!((state(&found, "mail"), state(&found, "settings"), state(&found, "public_url")), ("warning", "warning", "fault"));
        assert_eq!(state(&look(&h, &[("PANOH_PUBLIC_URL", "https://panoh.invalid")]).0, "public_url"), "warning");
        assert_eq!(state(&look(&h, &[("PANOH_PUBLIC_URL", "panoh")]).0, "public_url"), "fault");
        assert_eq!(state(&look(&h, &[("PANOH_PACK", "/no/such/pack")]).0, "time zone"), "fault");

        let raw = Raw(h.database_url.clone());
        h.services.ask_reset("officer@nur.example");
        h.jobs.answer_resets().await.unwrap();
        assert_eq!(state(&look(&h, &[]).0, "letters"), "ok", "it waits, and not for long");
        raw.run("UPDATE letter SET created_at = created_at - 1200000").await;
        assert_eq!(state(&look(&h, &[]).0, "letters"), "warning");
        raw.run("UPDATE letter SET state = 'dead'").await;
        assert_eq!(state(&look(&h, &[]).0, "letters"), "warning", "given up");
        h.clock.set(Clock::System.now() + chrono::Duration::minutes(10));
        h.services.end_everything("a clock that runs ahead").await.unwrap();
        let (found, fine) = look(&h, &[]);
        assert_eq!((state(&found, "clock"), fine), ("fault", false));

        lay_key(h.dir.path(), 8);
        raw.run(&format!("INSERT INTO shelter_confidential (shelter_id, key_id, nonce, ciphertext, version, updated_at) SELECT id, 'another', {0}, {0}, 1, 1 FROM shelter",
            if h.database == Database::Sqlite { "x'00'" } else { "'\\x00'::bytea" })).await;
        assert_eq!(state(&look(&h, &[]).0, "sealed rows"), "fault");
        std::fs::set_permissions(h.dir.path().join("panoh.key"), std::fs::Permissions::from_mode(0o644)).unwrap();
        assert_eq!(state(&look(&h, &[]).0, "key file"), "fault");
        raw.run("INSERT INTO seaql_migrations (version, applied_at) VALUES ('m29991231_000001_later', 1)").await;
        assert_eq!(state(&look(&h, &[]).0, "migrations"), "fault");
    }
}

#[test]
fn where_nothing_is_nothing_is_made() {
    let folder = folder_with_key();
    std::fs::remove_file(folder.path().join("panoh.key")).unwrap();
    let url = format!("sqlite:{}", folder.path().join("panoh.db").display());
    let refused = told(program(&url, folder.path(), &["doctor"])).unwrap_err();
    assert!(refused.contains("2 faults"), "{refused}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    std::fs::write(
        folder.path().join("panoh.db"),
        "no database at all, whatever it is called",
    )
    .unwrap();
    assert!(told(program(&url, folder.path(), &["doctor"])).is_err());
}
