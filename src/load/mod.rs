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

pub(crate) mod fetch;
pub(crate) mod file;
pub(crate) mod files;
pub(crate) mod loader;
pub(crate) mod moved;
mod place;
pub(crate) mod stand_in;
#[cfg(test)]
mod tests;

pub(crate) use fetch::Named;
pub use fetch::{Fetch, NoFetch, RepoSpec};
pub(crate) use file::File;
pub(crate) use files::{Files, Options};
pub(crate) use loader::{Found, Loader};
pub(crate) use place::{local_repository, read, work_tree};
pub(crate) use stand_in::{Mount, StandIn, StandIns};
