//! The whole way: a lively country, a schedule, a mail server in a process of its own, and letters whose every number
//! is what the database says.

use chrono::Duration;
use panoh::domain::demo::SHELTERS;

use super::figures::{beds, missing, reported, shortages, unmet_in_october};
use super::page::{Page, parse, raw_header};
use super::stage::{Stage, deliver_all, dushanbe};
use crate::harness::{Harness, on_both};

/// The demo country at 07:00, without a schedule of its own.
async fn lively(h: Harness) -> Stage {
    enliven(Stage::open(h, dushanbe(7, 0, 0))).await
}

async fn enliven(stage: Stage) -> Stage {
    let services = stage.services();
    let demo = services.demo_plan(1, SHELTERS).unwrap();
    services.seed_demo(&demo, |_| {}).await.unwrap();
    stage.execute("UPDATE digest_schedule SET active = FALSE").await;
    stage
}

on_both! {
    async fn letters_arrive_and_say_what_the_database_says(h: Harness) {
        let stage = lively(h).await;
        stage.committee().await;
        stage.clock().set(dushanbe(8, 29, 59));
        assert_eq!((stage.jobs.run_due().await.unwrap(), deliver_all(&stage.jobs).await), (0, 0));
        let now = dushanbe(8, 30, 20);
        stage.clock().set(now);
        assert_eq!(stage.jobs.run_due().await.unwrap(), 1);
        assert_eq!(deliver_all(&stage.jobs).await, 3);
        assert_eq!((stage.jobs.run_due().await.unwrap(), deliver_all(&stage.jobs).await), (0, 0));

        let ids = stage.sql("SELECT {id}, address, language FROM letter ORDER BY address").await;
        let mut arrived = stage.server.arrived();
        arrived.sort_by(|a, b| a.to.cmp(&b.to));
        assert_eq!(arrived.len(), 3);
        let mut pages = Vec::new();
        for (letter, row) in arrived.iter().zip(&ids) {
            assert_eq!((letter.from.as_str(), &letter.to), ("panoh@demo.example", &vec![row[1].clone()]));
            let message = parse(&letter.raw);
            let uuid = uuid::Uuid::parse_str(&row[0]).unwrap();
            assert_eq!(message.message_id().unwrap(), format!("{uuid}@demo.example"));
            assert_eq!(message.date().unwrap().to_timestamp(), now.timestamp());
            assert_eq!(raw_header(&message, "Auto-Submitted"), "auto-generated");
            assert_eq!(raw_header(&message, "List-Id"), "<digest.demo.example>");
            assert_eq!(raw_header(&message, "Content-Language"), row[2]);
            let (to, from) = (message.to().unwrap(), message.from().unwrap());
            assert_eq!((to.iter().count(), to.first().unwrap().address()), (1, Some(row[1].as_str())));
            assert_eq!(from.first().unwrap().address(), Some("panoh@demo.example"));
            assert!(message.cc().is_none() && message.bcc().is_none());
            assert!(!message.subject().unwrap().contains(|c: char| c.is_ascii_digit()), "no number on a locked screen");
            assert!(letter.raw.len() < 300_000, "{}", letter.raw.len());
            let page = Page::of(&message);
            assert!(page.html.len() < 60_000, "{}", page.html.len());
            assert!(page.html.contains(&format!("lang=\"{}\"", row[2])));
            assert!(page.chart.starts_with(b"\x89PNG"));
            for tongue in ["src=\"http", "@import", "<script", "url("] {
                assert!(!page.html.contains(tongue), "nothing is fetched: {tongue}");
            }
            pages.push((row[2].clone(), message.subject().unwrap().to_owned(), page));
        }
        let names: Vec<_> = arrived.iter().map(|letter| parse(&letter.raw).to().unwrap().first().unwrap().name().unwrap().to_owned()).collect();
        assert_eq!(names, ["Аниса \"Н.\" <x@y>", "Anna M.", "Нина С."]);
        check_numbers(&stage, &pages).await;
        assert!(stage.services().verify_audit().await.unwrap().intact);
    }

    async fn the_next_day_has_the_same_subject_and_tells_the_change(h: Harness) {
        let stage = lively(h).await;
        stage.committee().await;
        stage.clock().set(dushanbe(8, 31, 0));
        stage.jobs.run_due().await.unwrap();
        deliver_all(&stage.jobs).await;
        let before = beds(&stage, stage.clock().now()).await[""];
        stage.clock().advance(Duration::days(1));
        let after = beds(&stage, stage.clock().now()).await[""];
        assert!(after.free > before.free && after.held == 0, "every hold has run out by itself");
        stage.jobs.run_due().await.unwrap();
        deliver_all(&stage.jobs).await;
        let arrived = stage.server.arrived();
        assert_eq!(arrived.len(), 6);
        let english: Vec<_> = arrived.iter().filter(|letter| letter.to == ["anna@gov.example"]).map(|l| parse(&l.raw)).collect();
        assert_eq!(english[0].subject(), english[1].subject());
        let words = Page::of(&english[1]).words();
        let change = format!("{} of {} beds free (▲ {} since 22 November)", after.free, after.beds, after.free - before.free);
        assert!(words.contains(&change), "{change}: {words}");
        let (silent, all) = missing(&stage, stage.clock().now()).await;
        let said = format!("{} of {all} shelters have reported.", all - silent.len() as u64);
        assert!(words.contains(&said), "{said}: {words}");
    }

    async fn a_preview_changes_nothing_and_says_what_the_letter_will(h: Harness) {
        let stage = lively(h).await;
        let schedule = stage.committee().await;
        stage.clock().set(dushanbe(8, 30, 20));
        let counts = "SELECT CAST((SELECT COUNT(*) FROM digest) AS text), CAST((SELECT COUNT(*) FROM letter) AS text), \
                      CAST((SELECT COUNT(*) FROM audit) AS text), (SELECT last_period FROM digest_schedule WHERE active)";
        let before = stage.sql(counts).await;
        let mut previews = Vec::new();
        for language in ["tg", "ru", "en"] {
            previews.push(stage.services().preview(schedule.id, language).await.unwrap());
            let (_, again) = stage.services().preview_at(stage.clock().now(), None, language).await.unwrap();
            assert_eq!(again.text, previews.last().unwrap().text, "the past of this moment is this moment");
        }
        assert_eq!(stage.sql(counts).await, before);
        assert_eq!(deliver_all(&stage.jobs).await, 0);
        stage.jobs.run_due().await.unwrap();
        let digest = stage.services().digests(None, 1).await.unwrap()[0].digest.id;
        for preview in previews {
            let kept = stage.services().digest(digest, &preview.language).await.unwrap().part;
            assert_eq!((kept.text, kept.html), (preview.text, preview.html));
            assert_eq!(Some(kept.chart), preview.chart_png);
        }
    }

    async fn each_day_of_the_trend_means_what_that_days_evening_was(h: Harness) {
        let stage = lively(h).await;
        let services = stage.services();
        let (content, _) = services.preview_at(stage.clock().now(), None, "en").await.unwrap();
        let points = content.trend.unwrap().points;
        assert_eq!(points.len(), 30);
        assert_eq!(points[29].free, content.totals.free);
        for point in &points[..29] {
            let evening = services.availability_at(point.date).await.unwrap().national.counts.free;
            assert_eq!(u64::from(point.free), evening, "{}", point.date);
        }
    }

    async fn figures_that_another_node_has_committed_are_in_the_letter(h: Harness) {
        let stage = Stage::open(h, dushanbe(7, 0, 0));
        let other = stage.another_node().await;
        let stage = enliven(stage).await;
        stage.committee().await;
        assert_eq!(other.services.availability().availability.national.counts.beds, 0, "a board drawn too early");
        stage.clock().set(dushanbe(8, 30, 20));
        assert_eq!(other.run_due().await.unwrap(), 1);
        let digest = stage.services().digests(None, 1).await.unwrap().remove(0).digest;
        let content: serde_json::Value = serde_json::from_str(&digest.content).unwrap();
        assert_eq!(content["totals"]["free"], beds(&stage, stage.clock().now()).await[""].free);
    }
}

async fn check_numbers(stage: &Stage, pages: &[(String, String, Page)]) {
    let now = stage.clock().now();
    let pack = &stage.services().pack;
    let (_, _, english) = pages.iter().find(|(language, _, _)| language == "en").unwrap();
    let (words, seen) = (english.words(), english.seen());
    let known = beds(stage, now).await;
    let fresh = reported(stage, now).await;
    let all = known[""];
    assert!(all.held > 0 && all.enclosed > 0 && all.family_places > 0, "{all:?}");
    let has = |what: String| assert!(words.contains(&what), "{what:?} not in\n{}", english.text);
    has(format!(
        "{} family places free {} of {} beds free",
        all.family_places, all.free, all.beds
    ));
    has(format!(
        "Beds in all: {} Occupied: {} On hold: {} Empty in taken rooms: {} Out of service: {} Free: {}",
        all.beds, all.occupied, all.held, all.enclosed, all.out_of_service, all.free
    ));
    assert_eq!(
        all.beds + all.over_capacity,
        all.free + all.occupied + all.held + all.enclosed + all.out_of_service
    );
    assert_eq!(words.contains("People beyond capacity"), all.over_capacity > 0);
    let (silent, all_shelters) = missing(stage, now).await;
    has(format!(
        "{} of {all_shelters} shelters have reported.",
        all_shelters - silent.len() as u64
    ));
    assert!(!silent.is_empty(), "somebody is silent in this country");
    // By code, in each language and in both parts.
    for (language, _, page) in pages {
        for code in &silent {
            assert!(
                page.text.contains(code) && page.html.contains(code),
                "{language}: {code} is not named"
            );
        }
    }
    let table = seen.split_once(" Regions ").unwrap().1;
    for region in &pack.regions {
        let (sum, name) = (known[&region.code], region.names.in_language("en"));
        let cells = [sum.beds, sum.occupied, sum.free, sum.family_places];
        let part = words
            .split_once("REGIONS")
            .unwrap()
            .1
            .split_once(&format!("{name} — "))
            .unwrap()
            .1;
        let (fresh, of) = fresh[&region.code];
        let mut details: Vec<String> = [
            ("on hold", sum.held),
            ("empty in taken rooms", sum.enclosed),
            ("out of service", sum.out_of_service),
            ("beyond capacity", sum.over_capacity),
        ]
        .into_iter()
        .filter(|(_, n)| *n > 0)
        .map(|(label, n)| format!("{label} {n}"))
        .collect();
        details.push(format!("up to date {fresh} of {of}"));
        let line = format!(
            "Beds {} · Occupied {} · Free {} · For families {} {}",
            cells[0],
            cells[1],
            cells[2],
            cells[3],
            details.join(" · ")
        );
        assert!(
            part.split_once("Beds ")
                .is_some_and(|(_, rest)| format!("Beds {rest}").starts_with(&line)),
            "{name}: {line}\n{part}"
        );
        let row = format!(" {} {} {} {} ", cells[0], cells[1], cells[2], cells[3]);
        let html = table.split_once(name).unwrap().1;
        assert!(
            html.find(&row).is_some_and(|at| at < 40),
            "{name}: {row} not beside it in the page: {html}"
        );
    }
    for (item, (critical, low)) in shortages(stage, stage.services()).await {
        let name = pack.item(&item).unwrap().names.in_language("en");
        if words.contains(&format!("- {name}: Critical")) {
            has(format!("- {name}: Critical {critical} · Low {low} "));
        } else {
            has("more item".to_owned());
        }
    }
    let (closed, reasons) = unmet_in_october(stage).await;
    assert!(closed >= 5, "the demo closes referrals without a place: {closed}");
    has(format!("Closed without a place: {closed}"));
    // Reasons by themselves only from five on; none of the others is anywhere in the section.
    let section = words
        .split_once("WHY THERE WAS NO PLACE: OCTOBER 2026")
        .unwrap()
        .1
        .split_once("SUPPLIES")
        .unwrap()
        .0;
    for (reason, label) in [
        ("no_capacity", "No suitable place free"),
        ("admission_rule", "Admission rule"),
        ("distance", "Too far"),
        ("no_answer", "No answer in time"),
        ("her_choice", "Her own choice"),
        ("safety", "Safety"),
        ("other", "Another reason"),
    ] {
        let count = reasons.get(reason).copied().unwrap_or(0);
        if let Some((_, rest)) = section.split_once(&format!("{label}: ")) {
            let said = rest.split(' ').next().unwrap();
            match said.parse::<u64>() {
                Ok(said) => assert!(said == count && count >= 5, "{reason}: {said} of {count}"),
                Err(_) => assert!(said == "<5" || said == "…", "{reason}: {said} of {count}"),
            }
        }
    }
    // Three languages, one set of numbers, in whatever order a language puts them.
    let numbers = pages.iter().map(|(_, _, page)| {
        let mut numbers = page.numbers();
        numbers.sort_unstable();
        numbers
    });
    let numbers: Vec<_> = numbers.collect();
    assert!(numbers[0].len() > 100);
    assert_eq!(numbers[0], numbers[1]);
    assert_eq!(numbers[1], numbers[2]);
}
