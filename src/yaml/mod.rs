//! YAML as kustomize reads and prints it; knows nothing of Kubernetes.
//!
//! Text is read into a [`Doc`]: a flat table of nodes whose scalars are spans of the source wherever the text
//! allows it. The same table is what transformers change and what the printer reads; there is no other tree.

pub(crate) mod anchors;
pub(crate) mod chars;
pub(crate) mod compatibility;
#[cfg(test)]
mod differential;
pub(crate) mod emit;
pub(crate) mod fast;
pub(crate) mod json;
pub(crate) mod node;
mod number;
pub(crate) mod order;
pub(crate) mod parse;
#[cfg(any(test, fuzzing))]
pub(crate) mod readers;
pub(crate) mod reencode;
pub(crate) mod scalar;
mod scan;
#[cfg(test)]
mod show;
pub(crate) mod source;
pub(crate) mod split;
pub(crate) mod style;
mod verbatim;
pub(crate) mod write;

pub(crate) use emit::{Options, print, print_with};
pub(crate) use node::{Doc, NodeId, NodeKind, Style, Tag};
pub(crate) use scalar::{Dialect, Value};
pub(crate) use source::{Mark, Marked, Source};
