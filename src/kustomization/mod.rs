//! The kustomization file: its fields as types, and how it is read.

pub mod decode;
pub mod entries;
pub mod fix;
pub mod locate;
pub mod read;
pub mod schema;
#[cfg(test)]
mod tests;
pub mod types;

pub use locate::locate;
pub use read::{decode, read, read_configuration, read_replacements_file};
pub use types::*;
