//! The distribution that the program carries: the directories `manifests`, `overlays` and `example`.
//!
//! They are part of the program as one piece of bytes ([`embedded`]) that nothing looks at before it is asked for.
//! They can be written out and brought up to date later ([`write()`]), serve in place of directories that are not on disk
//! ([`Trees`]), and the `manifests` may be led to a directory of the user's ([`local`]). [`kfdef`] turns the KfDef of the
//! former Kubeflow operator into kustomizations over them.
//!
//! Kustomize has nothing like it.

pub(crate) mod credentials;
pub(crate) mod embedded;
pub(crate) mod gitops;
pub(crate) mod kfdef;
pub(crate) mod local;
pub(crate) mod profiles;
#[cfg(test)]
mod tests;
pub(crate) mod trees;
pub(crate) mod write;

pub(crate) use embedded::TREES;
pub(crate) use local::Local;
pub(crate) use trees::Trees;
pub(crate) use write::write;
