//! The digest names by code who did not report, after the reminders have had their chance.

use super::{at, country, report, turn};
use crate::harness::{Harness, on_both};

on_both! {
    async fn who_is_silent_is_named_when_reminding_has_ended(h: Harness) {
        let c = country(&h).await;
        let named = async |day: u32, time: &str| {
            h.clock.set(at(day, time));
            let (content, letter) = h.services.preview_at(h.clock.now(), None, "en").await.unwrap();
            let codes: Vec<String> = content.reporting.silent.iter().map(|row| row.code.clone()).collect();
            for code in &codes {
                assert!(letter.text.contains(code) && letter.html.contains(code), "{code}");
            }
            let said = format!("{} of 2 shelters have reported.", 2 - codes.len());
            assert!(letter.text.contains(&said) && letter.html.contains(&said), "{said} {}", letter.text);
            (codes, content.quality.silent)
        };
        let nobody: Vec<String> = Vec::new();
        assert_eq!(named(22, "08:30").await, (nobody.clone(), 0));
        turn(&h, &h.jobs, 22, "09:00").await;
        turn(&h, &h.jobs, 22, "12:00").await;
        assert_eq!(named(22, "14:59").await, (nobody.clone(), 0), "they may still report");
        report(&h, &c.manager, &c).await;
        assert_eq!(named(22, "15:00").await, (vec!["TJ-SU-01".to_owned()], 0), "named, though its figures are young enough");
        assert_eq!(named(23, "08:30").await.0, ["TJ-SU-01"]);
        // Late is late, and no longer silent.
        report(&h, &c.other_manager, &c).await;
        assert_eq!(named(23, "08:31").await.0, nobody);
        assert_eq!(named(23, "15:00").await.0, ["TJ-DU-01"]);
    }
}
