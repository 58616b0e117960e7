//! `configMapGenerator` and `secretGenerator`: objects made of texts and files, and how they meet objects that are
//! there already.

mod absorb;
mod configmap;
pub(crate) mod kv;
mod secret;
mod text;

pub(crate) use absorb::absorb;
pub(crate) use configmap::config_map;
pub(crate) use kv::{Load, merge_options};
pub(crate) use secret::secret;
pub(crate) use text::base64_lines;
