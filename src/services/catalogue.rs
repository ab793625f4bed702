//! The catalogue as every use case sees it: one immutable copy in memory, swapped when it changes.

use std::sync::Arc;

use super::Services;
use crate::domain::catalogue::Catalogue;

impl Services {
    /// The catalogue as it is now.
    pub fn catalogue(&self) -> Arc<Catalogue> {
        self.catalogue.load_full()
    }
}
