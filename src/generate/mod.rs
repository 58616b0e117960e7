//! `configMapGenerator` and `secretGenerator`: objects made of texts and files, and how they meet objects that are
//! there already.

mod absorb;
mod configmap;
pub mod kv;
mod secret;
mod text;

pub use absorb::absorb;
pub use configmap::config_map;
pub use kv::{Load, merge_options};
pub use secret::secret;
pub use text::base64_lines;
