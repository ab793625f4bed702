//! Who she is has no field, where she is stands in no answer, and every column that is stored is accounted for.

mod fields;
mod inventory;
mod planted;
