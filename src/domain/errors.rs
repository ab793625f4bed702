//! What is wrong with one field of an input. Parsers return every fault they find, not the first.
//! It must not know about status codes or JSON: `crate::http` prints these.

use serde::Serialize;

/// One fault, named by the path of its field as the client wrote it: `household.children[0].age`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldError {
    pub field: String,
    /// Stable, in lower case: `required`, `out_of_range`, `too_many`, `duplicate`, `unknown`, `not_allowed`.
    pub code: &'static str,
    /// For a programmer who reads the answer; screens print their own text for the code.
    pub detail: String,
}

impl FieldError {
    pub fn new(field: impl Into<String>, code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            code,
            detail: detail.into(),
        }
    }
}

impl std::fmt::Display for FieldError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.field, self.detail)
    }
}
