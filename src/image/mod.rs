//! The images of rendered objects: which there are, where they stand, and where they are to be pulled from.
//!
//! kustomize's `images` reaches the containers of workloads. Images also stand in arguments, environment variables,
//! custom resources, and in YAML, JSON, templates and source code within ConfigMaps; some stand nowhere as a text, but are
//! joined from parts. [`find()`] finds all of them by rules that are data (`rules.toml`).

pub(crate) mod component;
mod compose;
mod container;
pub(crate) mod credentials;
mod embedded;
mod find;
mod hit;
pub(crate) mod list;
pub(crate) mod lock;
pub(crate) mod map;
mod paths;
pub(crate) mod plan;
mod reference;
pub(crate) mod registry;
pub(crate) mod rewrite;
mod rules;
mod schema;
mod source;
mod text;
mod trail;

pub(crate) use find::{Found, find};
pub(crate) use hit::{Hit, Pulled, object};
pub(crate) use lock::Lock;
pub(crate) use map::Map;
pub(crate) use reference::Reference;
pub(crate) use rewrite::Rewrite;
pub(crate) use rules::{Rules, UserRule};
