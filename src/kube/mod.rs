//! What kustomize knows of Kubernetes: types, scopes, ids, field specs, merge keys.

pub(crate) mod config;
pub(crate) mod crd;
pub(crate) mod defaults;
pub(crate) mod fieldspec;
pub(crate) mod gvk;
pub(crate) mod id;
pub(crate) mod list;
pub(crate) mod merge_keys;
pub(crate) mod openapi;
pub(crate) mod order;
pub(crate) mod scope;

pub(crate) use compact_str::CompactString as Str;
pub(crate) use config::TransformerConfig;
pub(crate) use crd::read_crd;
pub(crate) use fieldspec::{FieldSpec, FieldSpecs, Leaf, NameReference};
pub(crate) use gvk::{Gvk, Scope};
pub(crate) use id::ResId;
pub(crate) use list::List;
pub(crate) use merge_keys::{Schema, schema_for};
pub(crate) use openapi::{BuiltIn, OpenApi};
pub(crate) use scope::Scopes;
