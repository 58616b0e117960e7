//! Objects on their way through a build, and the table that holds them.

pub(crate) mod annotations;
pub(crate) mod internal;
pub(crate) mod labels;
pub(crate) mod origin;
pub(crate) mod print;
pub(crate) mod read;
mod resmap;
#[allow(clippy::module_inception)]
mod resource;

pub(crate) use labels::LabelSelector;
pub(crate) use read::{from_docs, from_source};
pub(crate) use resmap::ResMap;
pub(crate) use resource::{Behavior, Origin, PreviousId, Resource};
