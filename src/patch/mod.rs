//! Patches: which text is one, which objects it selects, and how it changes them.

pub mod selector;

pub use selector::Target;
