//! What kustomize knows of Kubernetes: types, scopes, ids, field specs, merge keys.

pub mod config;
pub mod crd;
pub mod defaults;
pub mod fieldspec;
pub mod gvk;
pub mod id;
pub mod list;
pub mod merge_keys;
pub mod openapi;
pub mod order;
pub mod scope;

pub use compact_str::CompactString as Str;
pub use config::TransformerConfig;
pub use crd::read_crd;
pub use fieldspec::{FieldSpec, FieldSpecs, Leaf, NameReference};
pub use gvk::{Gvk, Scope};
pub use id::ResId;
pub use list::List;
pub use merge_keys::{Schema, schema_for};
pub use openapi::{BuiltIn, OpenApi};
pub use scope::Scopes;
