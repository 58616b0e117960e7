//! Objects on their way through a build, and the table that holds them.

pub mod annotations;
pub mod internal;
pub mod labels;
pub mod origin;
pub mod print;
pub mod read;
mod resmap;
#[allow(clippy::module_inception)]
mod resource;

pub use labels::LabelSelector;
pub use read::from_source;
pub use resmap::ResMap;
pub use resource::{Behavior, Origin, PreviousId, Resource};
