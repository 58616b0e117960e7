//! YAML as kustomize reads and prints it; knows nothing of Kubernetes.
//!
//! Text is read into a [`Doc`]: a flat table of nodes whose scalars are spans of the source wherever the text
//! allows it. The same table is what transformers change and what the printer reads; there is no other tree.

pub mod anchors;
pub(crate) mod chars;
pub(crate) mod compatibility;
#[cfg(test)]
mod differential;
pub mod emit;
pub mod fast;
pub mod json;
pub mod node;
mod number;
pub mod order;
pub mod parse;
pub(crate) mod reencode;
pub mod scalar;
mod scan;
#[cfg(test)]
mod show;
pub mod source;
pub mod split;
pub(crate) mod style;
mod verbatim;
pub(crate) mod write;

pub use emit::{Options, print, print_with};
pub use node::{Doc, NodeId, NodeKind, Style, Tag};
pub use scalar::{Dialect, Value};
pub use source::{Mark, Marked, Source};
