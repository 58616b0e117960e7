//! `import kfdef`: the KfDef of the former Kubeflow operator as kustomizations.
//!
//! A KfDef lists applications, each a directory of a repository of manifests with overlays and parameters. kfctl merged
//! them into generated directories; here every application becomes a kustomization that names its base and overlays as
//! resources or components, and sets its parameters in the ConfigMaps that the manifests themselves generate for them.
//! What a name means is looked up in the manifests; what they do not have is reported and left out.

mod convert;
mod find;
mod print;
mod read;

pub(crate) use convert::{Request, import};
