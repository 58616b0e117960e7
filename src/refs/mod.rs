//! References between objects: names, variables, replacements.
//!
//! [`names`] and [`vars`] run once, at the end of a build; [`replacements`] is a step of each kustomization.

mod fieldpath;
mod finder;
#[cfg(test)]
mod fixtures;
pub(crate) mod names;
pub(crate) mod replacements;
pub(crate) mod vars;
