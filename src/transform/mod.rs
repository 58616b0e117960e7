//! Transformers: what the fields of a kustomization file do to the objects gathered so far.
//!
//! Each is a plain function over a [`crate::resource::ResMap`]. The same function serves a field of the
//! kustomization file, with the field specs of the layer's configuration, and the builtin plugin of that name, with field specs
//! of its own. Nothing here decides on the order of the steps.

pub mod annotations;
pub mod hash;
mod hash_tree;
pub mod images;
pub mod labels;
pub mod name_affix;
pub mod namespace;
mod pairs;
pub mod replicas;
pub mod sort;
mod specs;
pub mod value_add;
mod write;

#[cfg(test)]
mod tests;
