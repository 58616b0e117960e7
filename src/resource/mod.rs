//! Objects on their way through a build, and the table that holds them.

mod resmap;
#[allow(clippy::module_inception)]
mod resource;

pub use resmap::ResMap;
pub use resource::{Behavior, Origin, PreviousId, Resource};
//! Resources: documents with a kind and a name.

pub mod annotations;
