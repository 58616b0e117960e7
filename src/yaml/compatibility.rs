//! What YAML 1.1 makes of texts that YAML 1.2 takes for strings: kyaml's `compatibility.go`.

use super::node::Tag;
use super::parse::parse;
use super::scalar::{Dialect, resolve};
use super::source::Source;

/// Returns whether the older of kustomize's YAML libraries reads it as a string, or not at all. kustomize gives other
/// texts quotes when it sets them as new values, which show when something else takes their place.
pub(crate) fn reads_as_string(text: &str) -> bool {
    let bytes = text.as_bytes();
    let (Some(first), Some(last)) = (bytes.first(), bytes.last()) else { return true };
    if memchr::memchr(b'\n', bytes).is_some() {
        return true;
    }
    let plain = !b"[]{}-?!&*|>'\"%@`#, \t:".contains(first)
        && *last != b':'
        && memchr::memmem::find(bytes, b": ").is_none()
        && memchr::memmem::find(bytes, b":\t").is_none()
        && memchr::memchr(b'#', bytes).is_none();
    if plain {
        return resolve(text.trim_end_matches([' ', '\t']), Dialect::V2) == Tag::Str;
    }
    let source = Source::new("", text.to_owned());
    match parse(&source, 0..text.len(), Dialect::V2) {
        Ok(doc) => doc.is_some_and(|doc| doc.tag(doc.root()) == Tag::Str),
        Err(_) => true,
    }
}
