//! The notes of `buildMetadata` as the texts that kustomize keeps in annotations.

use super::internal::{ORIGIN, TRANSFORMATIONS};
use super::{Origin, Resource};
use crate::text::go;
use crate::yaml::{self, NodeKind};
use std::sync::Arc;

/// A note as the YAML text that kustomize writes.
pub(crate) fn text(note: &Origin) -> String {
    let mut out = String::new();
    write(&mut out, note, "");
    out
}

/// Notes as the YAML list that kustomize writes.
pub(crate) fn list(notes: &[Arc<Origin>]) -> String {
    let mut out = String::new();
    for note in notes {
        if !note.raw.is_empty() {
            out.push_str(&note.raw);
            continue;
        }
        let start = out.len();
        write(&mut out, note, "  ");
        if out.len() == start {
            out.push_str("- {}\n");
        } else {
            out.replace_range(start..start + 2, "- ");
        }
    }
    out
}

/// The annotations that hold the notes of an object.
pub(crate) fn annotations(res: &Resource) -> Vec<(&'static str, String)> {
    let mut all = vec![];
    all.extend(res.origin.as_ref().map(|origin| (ORIGIN, text(origin))));
    all.extend((!res.transformations.is_empty()).then(|| (TRANSFORMATIONS, list(&res.transformations))));
    all
}

/// Takes the notes of an object from its annotations, where [`annotations`] had put them as `shown`: they may have
/// been removed, or others may stand in their place.
pub(crate) fn take(res: &mut Resource, shown: &[(&'static str, String)]) {
    let found = |res: &mut Resource, key: &str| {
        let doc = res.doc();
        let map = doc.get_path(doc.root(), &["metadata", "annotations"])?;
        let value = doc.get(map, key).filter(|_| doc.kind(map) == NodeKind::Map)?;
        let text = doc.text(value).to_owned();
        res.edit(|doc| doc.remove(map, key));
        Some(text)
    };
    for key in [ORIGIN, TRANSFORMATIONS] {
        let text = found(res, key);
        if text.as_ref() == shown.iter().find(|(name, _)| *name == key).map(|(_, text)| text) {
            continue;
        }
        let note = text.map(|raw| Arc::new(Origin { raw, ..Origin::default() }));
        match key {
            ORIGIN => res.origin = note,
            _ => res.transformations = note.into_iter().collect(),
        }
    }
}

fn write(out: &mut String, note: &Origin, indent: &str) {
    if !note.raw.is_empty() {
        out.push_str(&note.raw);
        return;
    }
    let mut line = |indent: &str, name: &str, value: &str| {
        if !value.is_empty() {
            out.push_str(&format!("{indent}{name}: {}\n", scalar(value)));
        }
    };
    line(indent, "path", &note.path);
    line(indent, "repo", &note.repo);
    line(indent, "ref", &note.reference);
    line(indent, "configuredIn", &note.configured_in);
    if let Some(by) = &note.configured_by {
        let inner = format!("{indent}  ");
        out.push_str(&format!("{indent}configuredBy:\n"));
        let mut line = |name: &str, value: &str| {
            if !value.is_empty() {
                out.push_str(&format!("{inner}{name}: {}\n", scalar(value)));
            }
        };
        line("apiVersion", &by.gvk.api_version());
        line("kind", &by.gvk.kind);
        line("name", &by.name);
        line("namespace", &by.namespace);
    }
}

/// A text as a YAML scalar: bare where it reads back as itself.
fn scalar(text: &str) -> String {
    let bare = yaml::scalar::resolve(text, yaml::Dialect::V2) == yaml::Tag::Str
        && text.chars().all(|c| c.is_alphanumeric() || "/._-@+=~".contains(c) || c == ':')
        && !text.ends_with(':')
        && !text.starts_with(['-', '@', '=', ':']);
    if bare { text.to_owned() } else { go::quote(text) }
}
