//! Errors and warnings as data: what is wrong, where to edit, who asked for it, what to do.
//!
//! Everything that can go wrong in the library is an [`Error`]; what kustomize passes over in silence is a
//! [`Finding`]. Both are turned into text by [`render`] alone.

mod error;
mod finding;
mod nearest;
pub mod render;
mod secret;

pub(crate) use error::cause;
pub use error::{Error, ErrorKind, Label, Location, Result};
pub(crate) use finding::Findings;
pub use finding::{Code, Finding};
pub(crate) use nearest::nearest;
pub(crate) use secret::without_secrets;
