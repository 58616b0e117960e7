//! Transformers: what the fields of a kustomization file do to the objects gathered so far.
//!
//! Each is a plain function over a [`crate::resource::ResMap`]. The same function serves a field of the
//! kustomization file, with the field specs of the layer's configuration, and the builtin plugin of that name, with field specs
//! of its own. Nothing here decides on the order of the steps.

pub(crate) mod annotations;
pub(crate) mod hash;
mod hash_tree;
pub(crate) mod images;
pub(crate) mod labels;
pub(crate) mod name_affix;
pub(crate) mod namespace;
mod pairs;
pub(crate) mod replicas;
pub(crate) mod sort;
mod specs;
pub(crate) mod value_add;
mod write;

#[cfg(test)]
mod tests;
