//! What kustomize knows of Kubernetes: types, scopes, ids, field specs, merge keys.

pub mod fieldspec;
pub mod gvk;
pub mod id;
pub mod scope;

pub use compact_str::CompactString as Str;
pub use fieldspec::{FieldSpec, NameReference, TransformerConfig};
pub use gvk::Gvk;
pub use id::ResId;
