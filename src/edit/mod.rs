//! Editing a kustomization file without disturbing it.
//!
//! Kustomize decodes the file, changes the structures and writes all of them again, which loses comments after values,
//! quotes, indentation and the order of keys. Here a command changes a [`tree`] whose nodes know where they stand, and
//! only the lines that differ are written. For a file that is in kustomize's own form the result is the same, byte for
//! byte.

pub(crate) mod arguments;
pub(crate) mod deprecated;
mod emit;
pub(crate) mod fields;
pub(crate) mod file;
pub(crate) mod fix;
pub(crate) mod generators;
pub(crate) mod glob;
mod layout;
mod line_edits;
pub(crate) mod patches;
mod spelling;
#[cfg(test)]
mod tests;
pub(crate) mod tree;
pub(crate) mod vars;

pub(crate) use file::KustomizationFile;
pub(crate) use tree::Node;
