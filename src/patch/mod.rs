//! Patches: which text is one, which objects it selects, and how it changes them.

mod annotations;
mod apply;
mod comments;
mod irregular_list;
pub(crate) mod json6902;
mod json_tree;
mod list;
mod prepare;
pub(crate) mod selector;
pub(crate) mod strategic;

pub(crate) use prepare::{Prepared, Texts};
pub(crate) use selector::Target;
