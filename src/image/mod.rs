//! The images of rendered objects: which there are, where they stand, and where they are to be pulled from.
//!
//! kustomize's `images` reaches the containers of workloads. Images also stand in arguments, environment variables,
//! custom resources, and in YAML, JSON, templates and source code within ConfigMaps; some stand nowhere as a text, but are
//! joined from parts. [`find()`] finds all of them by rules that are data (`rules.toml`).

pub mod component;
mod compose;
mod container;
pub mod credentials;
mod embedded;
mod find;
mod hit;
pub mod list;
pub mod lock;
pub mod map;
mod paths;
pub mod plan;
mod reference;
pub mod registry;
pub mod rewrite;
mod rules;
mod schema;
mod source;
mod text;
mod trail;

pub use find::{Found, find};
pub use hit::{Hit, Pulled, object};
pub use lock::Lock;
pub use map::Map;
pub use reference::Reference;
pub use rewrite::Rewrite;
pub use rules::{Rules, UserRule};
