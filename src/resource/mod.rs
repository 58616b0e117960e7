//! Objects on their way through a build, and the table that holds them.

mod labels;
mod resmap;
#[allow(clippy::module_inception)]
mod resource;

pub use labels::LabelSelector;
pub use resmap::ResMap;
pub use resource::{Behavior, Origin, PreviousId, Resource};
