//! A name in each language of the pack. Knows no language by itself.

use std::sync::Arc;

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::error::PackError;
use super::table::Row;

/// A name in every language the pack declares, the default language first. Serialises as `{"tg": "…", "ru": "…"}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names(Vec<(Arc<str>, String)>);

impl Names {
    /// Reads `name_<language>` of a row for each language.
    pub(super) fn read(row: &Row, languages: &[Arc<str>]) -> Result<Self, PackError> {
        let read = |language: &Arc<str>| Ok((Arc::clone(language), row.text(&column(language))?.to_owned()));
        languages.iter().map(read).collect::<Result<_, _>>().map(Self)
    }

    /// A name in each of these languages, the default one first.
    pub fn new<'a>(names: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let own = |(language, name): (&str, &str)| (Arc::from(language), name.to_owned());
        Self(names.into_iter().map(own).collect())
    }

    /// The name in `language`, or in the pack's default language if the pack does not have that one.
    #[must_use]
    pub fn in_language(&self, language: &str) -> &str {
        let own = self.0.iter().find(|(l, _)| l.as_ref() == language);
        own.or(self.0.first()).map_or("", |(_, name)| name)
    }

    /// Language and name, the default language first.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(language, name)| (language.as_ref(), name.as_str()))
    }
}

impl Serialize for Names {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (language, name) in self.iter() {
            map.serialize_entry(language, name)?;
        }
        map.end()
    }
}

/// The column that holds the names of a language.
pub(super) fn column(language: &str) -> String {
    format!("name_{language}")
}
