//! `localize`: a copy of a kustomization and all that it needs, with remote content fetched into it.
//!
//! A kustomization is written again with its fields in alphabetical order; every path in it is a clean one that leads
//! to the copy. Which fields hold paths, and to what, is the table in [`fields`]; [`mod@write`] goes through a
//! kustomization by that table, and [`walk`] says for each path what is to be copied and how the path is then. The
//! files gather in memory ([`copy`]) and are written to a new directory that gets its name at the very end, so that there
//! is never half a copy. Kustomize makes the destination first, and removes it when something goes wrong.

pub(crate) mod copy;
pub(crate) mod places;
pub(crate) mod plugins;
pub(crate) mod run;
pub(crate) mod walk;
pub(crate) mod write;

pub(crate) use run::{Localized, Request, run};
