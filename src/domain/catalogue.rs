//! The catalogue of supplies: the country pack's items with what operators have added and changed. Stock is another
//! room's subject.

use std::collections::HashMap;

use super::geography::Item;

/// All items, those that are counted no more among them: history names them.
#[derive(Debug, Clone, Default)]
pub struct Catalogue {
    items: Vec<Item>,
    by_code: HashMap<String, usize>,
}

impl Catalogue {
    pub fn new(items: impl IntoIterator<Item = Item>) -> Self {
        let items: Vec<Item> = items.into_iter().collect();
        let by_code = (items.iter().enumerate())
            .map(|(at, item)| (item.code.clone(), at))
            .collect();
        Self { items, by_code }
    }

    pub fn item(&self, code: &str) -> Option<&Item> {
        self.items.get(*self.by_code.get(code)?)
    }

    pub fn items(&self) -> &[Item] {
        &self.items
    }
}
