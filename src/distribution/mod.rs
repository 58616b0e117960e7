//! The distribution that the program carries: the directories `manifests`, `overlays` and `example`.
//!
//! They are part of the program as one piece of bytes ([`embedded`]) that nothing looks at before it is asked for.
//! They can be written out and brought up to date later ([`write()`]), serve in place of directories that are not on disk
//! ([`Trees`]), and the `manifests` may be led to a directory of the user's ([`local`]). [`kfdef`] turns the KfDef of the
//! former Kubeflow operator into kustomizations over them.
//!
//! Kustomize has nothing like it.

pub mod credentials;
pub mod embedded;
pub mod gitops;
pub mod kfdef;
pub mod local;
pub mod profiles;
#[cfg(test)]
mod tests;
pub mod trees;
pub mod write;

pub use embedded::TREES;
pub use local::Local;
pub use trees::Trees;
pub use write::write;
