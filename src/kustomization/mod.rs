//! The kustomization file: its fields as types, and how it is read.

pub mod types;

pub use types::*;
