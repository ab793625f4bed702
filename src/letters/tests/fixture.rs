//! A country's names and an address for letters in tests.

use chrono::{TimeZone, Utc};

use crate::domain::digests::{compose, sample};
use crate::letters::{Envelope, Names, Rendered, languages, render};

/// Names as the pack has them, or hostile ones.
pub(super) struct Pack {
    pub(super) hostile: Option<String>,
}

impl Names for Pack {
    fn region(&self, code: &str, language: &str) -> Option<String> {
        if let Some(name) = &self.hostile {
            return Some(name.clone());
        }
        let name = match (code, language) {
            ("TJ-DU", "tg") => "Шаҳри Душанбе",
            ("TJ-DU", "ru") => "Душанбе",
            ("TJ-DU", _) => "Dushanbe",
            ("TJ-SU", "tg") => "Вилояти Суғд",
            ("TJ-SU", "ru") => "Согдийская область",
            ("TJ-SU", _) => "Sughd",
            ("TJ-KT", "tg") => "Вилояти Хатлон",
            ("TJ-KT", "ru") => "Хатлонская область",
            ("TJ-KT", _) => "Khatlon",
            ("TJ-RA", "tg") => "Ноҳияҳои тобеи ҷумҳурӣ",
            ("TJ-RA", "ru") => "Районы республиканского подчинения",
            ("TJ-RA", _) => "Districts of Republican Subordination",
            ("TJ-GB", "tg") => "Вилояти Мухтори Кӯҳистони Бадахшон",
            ("TJ-GB", "ru") => "Горно-Бадахшанская автономная область",
            ("TJ-GB", _) => "Gorno-Badakhshan Autonomous Region",
            _ => return None,
        };
        Some(name.to_owned())
    }

    fn item(&self, code: &str, language: &str) -> Option<String> {
        if let Some(name) = &self.hostile {
            return Some(name.clone());
        }
        let name = match (code, language) {
            ("soap_bar", "tg") => "Собун, дона",
            ("soap_bar", "ru") => "Мыло, кусок",
            ("soap_bar", _) => "Soap, bar",
            ("infant_formula", "tg") => "Хӯроки кӯдакона",
            ("infant_formula", "ru") => "Детская смесь",
            ("infant_formula", _) => "Infant formula",
            ("blanket", "tg") => "Кӯрпа",
            ("blanket", "ru") => "Одеяло",
            ("blanket", _) => "Blanket",
            _ => return None,
        };
        Some(name.to_owned())
    }
}

pub(super) const PACK: Pack = Pack { hostile: None };
pub(super) const LINK: &str = "https://panoh.example/";

pub(super) fn envelope() -> Envelope {
    Envelope {
        from_name: "Panoh".into(),
        from_email: "digest@panoh.example".into(),
        to_name: "Саидова Н.".into(),
        to_email: "n.saidova@gov.example".into(),
        message_id: "0199aa00-0000-7000-8000-000000000001@panoh.example".into(),
        date: Utc.with_ymd_and_hms(2026, 11, 22, 3, 30, 7).unwrap(),
        day: "2026-11-22".parse().unwrap(),
        list_id: "digest.panoh.example".into(),
        unsubscribe_url: Some("https://panoh.example/unsubscribe/abc".into()),
    }
}

pub(super) fn languages_each(mut test: impl FnMut(&str, &Rendered)) {
    for language in languages() {
        test(
            language,
            &render(&compose(&sample::input()), language, &PACK, LINK).unwrap(),
        );
    }
}
