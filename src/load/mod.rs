//! Files and directories of a build: what a kustomization may read, and from where.
//!
//! A [`Loader`] stands at the root of one kustomization and knows the roots that led there. Every path in a
//! kustomization file is relative to its root; links are followed; files must end up in or below the root unless
//! the user allows otherwise; directories may be anywhere but may not hold a root that is being built. What is remote is
//! fetched by whoever implements [`Fetch`]; this module knows neither git nor HTTP.
//!
//! Kustomize resolves every path from the file system's root, component by component, and reads a file anew for
//! every overlay that reaches it. Here resolved directories and read files are kept in [`Files`], which all loaders
//! of a build share.

pub mod fetch;
pub mod file;
pub mod files;
pub mod loader;
pub mod moved;
mod place;
pub mod stand_in;
#[cfg(test)]
mod tests;

pub use fetch::{Fetch, Named, NoFetch, RepoSpec};
pub use file::File;
pub use files::{Files, Options};
pub use loader::{Found, Loader};
pub use place::{local_repository, read, work_tree};
pub use stand_in::{Mount, StandIn, StandIns};
