//! Patches: which text is one, which objects it selects, and how it changes them.

pub mod labels;
pub mod selector;

pub use labels::LabelSelector;
pub use selector::Target;
