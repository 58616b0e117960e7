//! What is said of a text that is not YAML: go-yaml's words, the place to edit, and what is usually wrong there.

use super::super::scan::Fail;
use super::super::source::Source;
use crate::diag::{Error, ErrorKind};
use crate::limits::narrow;
use std::sync::Arc;

/// The error of a failure: placed where it was noticed, or where the construct began if that is the end of the text.
pub(super) fn error(source: &Arc<Source>, fail: &Fail) -> Error {
    let e = Error::new(ErrorKind::Syntax, fail.message.clone());
    let e = hint(fail, source).into_iter().fold(e, Error::hint);
    let place = |at: usize| source.location(narrow(at));
    match fail.context {
        None => e.at(place(fail.at)),
        Some((what, begin)) if fail.at >= source.text.trim_end().len() => e.label(place(begin), what),
        Some((_, begin)) if begin == fail.at => e.at(place(fail.at)),
        Some((what, begin)) => e.at(place(fail.at)).label(place(begin), what),
    }
}

/// What is usually wrong where the reader says this.
const HINTS: [(&str, &str); 6] = [
    ("mapping values are not allowed", "quote strings that contain `: `, or begin the mapping on a new line"),
    (
        "could not find expected ':'",
        "look for a key without `:`, or for wrong indentation, on the lines above",
    ),
    ("did not find expected key", "look for wrong indentation and for open quotes on the lines above"),
    ("did not find expected '-' indicator", "indent the entries of a list alike, and begin each with `- `"),
    (
        "did not find expected ',' or",
        "look for an open bracket, and quote strings that contain brackets or commas",
    ),
    ("block sequence entries are not allowed", "begin a list on a new line, or write it as `[a, b]`"),
];

fn hint(fail: &Fail, source: &Source) -> Option<&'static str> {
    if fail.message.starts_with("found character that cannot start") {
        return match source.text.as_bytes().get(fail.at)? {
            b'\t' => Some("indent with spaces, not tabs"),
            b'@' | b'`' | b'%' => Some("quote strings that begin with this character"),
            _ => None,
        };
    }
    HINTS.iter().find(|(message, _)| fail.message.starts_with(message)).map(|(_, hint)| *hint)
}
