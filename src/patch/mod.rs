//! Patches: which text is one, which objects it selects, and how it changes them.

pub mod json6902;
mod json_tree;
pub mod labels;
mod list;
pub mod selector;
pub mod strategic;

pub use json6902::JsonPatch;
pub use labels::LabelSelector;
pub use selector::Target;
pub use strategic::{Outcome, merge};
