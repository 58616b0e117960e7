//! The kustomizations below a directory: which are roots, and which of them a change reaches.
//!
//! Nothing is rendered here. The kustomization files are read for what they name: directories lead to one another,
//! and whatever string of a file names a changed path makes the directory affected. That is more than a build would
//! read and never less.

mod affected;
mod graph;
mod select;
mod tree;

pub(crate) use affected::{Affected, Changed, affected};
pub(crate) use graph::Graph;
pub(crate) use select::{Selection, select};
pub(crate) use tree::Tree;
