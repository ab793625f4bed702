//! Closed lists of words: written, read and stored as `snake_case`, in the order in which they stand.

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident { $($(#[$line:meta])* $variant:ident),+ $(,)? })+) => {$(
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
            strum::EnumIter, strum::EnumString, strum::IntoStaticStr, strum::Display,
        )]
        #[serde(rename_all = "snake_case")]
        #[strum(serialize_all = "snake_case")]
        pub enum $name { $($(#[$line])* $variant),+ }
    )+};
}

pub(crate) use codes;
