//! The kustomization file: its fields as types, and how it is read.

pub(crate) mod decode;
pub(crate) mod entries;
pub(crate) mod fix;
pub(crate) mod locate;
pub(crate) mod read;
pub(crate) mod schema;
#[cfg(test)]
mod tests;
pub(crate) mod types;

pub(crate) use locate::locate;
pub(crate) use read::{decode, read, read_configuration, read_replacements_file};
pub(crate) use types::*;
