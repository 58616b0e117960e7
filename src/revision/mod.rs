//! Revisions of a git repository, read from its object store.
//!
//! There is no checkout, and neither working tree nor index are touched: a [`Tree`] answers for one revision as a
//! directory would. Submodules and Git LFS pointers are named and not followed. Nothing here opens a connection or
//! starts a program.

mod files;
mod repository;
mod tree;

pub(crate) use files::RevisionFiles;
pub(crate) use repository::Repository;
pub(crate) use tree::Revision;
