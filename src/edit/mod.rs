//! Editing a kustomization file without disturbing it.
//!
//! Kustomize decodes the file, changes the structures and writes all of them again, which loses comments after values,
//! quotes, indentation and the order of keys. Here a command changes a [`tree`] whose nodes know where they stand, and
//! only the lines that differ are written. For a file that is in kustomize's own form the result is the same, byte for
//! byte.

pub mod arguments;
pub mod deprecated;
mod emit;
pub mod fields;
pub mod file;
pub mod fix;
pub mod generators;
pub mod glob;
mod layout;
mod line_edits;
pub mod patches;
mod spelling;
#[cfg(test)]
mod tests;
pub mod tree;
pub mod vars;

pub use file::KustomizationFile;
pub use tree::Node;
