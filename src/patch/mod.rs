//! Patches: which text is one, which objects it selects, and how it changes them.

mod apply;
mod comments;
mod irregular_list;
pub mod json6902;
mod json_tree;
mod list;
mod prepare;
pub mod selector;
pub mod strategic;

pub use prepare::{Prepared, Texts};
pub use selector::Target;
