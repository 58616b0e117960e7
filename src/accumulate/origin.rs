//! `buildMetadata`: where objects came from and what worked on them.

use crate::kube::{Gvk, ResId};
use crate::load::Loader;
use crate::load::files::clean;
use crate::resource::Origin as Note;
use crate::text::go;
use crate::yaml;
use std::path::Path;

/// Where a folder stands, seen from the folder that is built, or from its repository.
#[derive(Debug, Clone, Default)]
pub(super) struct Origin {
    path: String,
    repo: String,
    reference: String,
}

impl Origin {
    /// The origin of a folder that this one names.
    pub fn enter(&self, entry: &str, loader: &Loader) -> Self {
        match loader.repository().filter(|(repository, _)| repository.raw == entry) {
            Some((repository, _)) => Self {
                path: join("", &repository.path),
                repo: repository.url.clone(),
                reference: repository.reference.clone(),
            },
            None => Self { path: join(&self.path, entry), ..self.clone() },
        }
    }

    /// The note for the objects of a file.
    pub fn of_file(&self, entry: &str) -> Note {
        Note {
            path: join(&self.path, entry),
            repo: self.repo.clone(),
            reference: self.reference.clone(),
            ..Note::default()
        }
    }

    /// The note of a builtin generator or transformer that a field of the kustomization file set up.
    pub fn of_builtin(&self, file_name: &str, kind: &str) -> Note {
        let by = ResId { gvk: Gvk::new("builtin", kind), ..ResId::default() };
        self.configured(join(&self.path, file_name), by)
    }

    /// The note of a plugin, from the origin of its configuration.
    pub fn of_plugin(config: &Note, id: &ResId) -> Note {
        Note {
            path: String::new(),
            configured_in: config.path.clone(),
            configured_by: Some(id.clone()),
            ..config.clone()
        }
    }

    fn configured(&self, configured_in: String, by: ResId) -> Note {
        Note {
            path: String::new(),
            repo: self.repo.clone(),
            reference: self.reference.clone(),
            configured_in,
            configured_by: Some(by),
        }
    }
}

/// Go's `filepath.Join`.
fn join(a: &str, b: &str) -> String {
    let parts = [a, b].into_iter().filter(|part| !part.is_empty());
    clean(Path::new(&parts.collect::<Vec<_>>().join("/"))).to_string_lossy().into_owned()
}

/// A note as the YAML text that kustomize writes.
pub(super) fn text(note: &Note) -> String {
    let mut out = String::new();
    write(&mut out, note, "");
    out
}

/// Notes as the YAML list that kustomize writes.
pub(super) fn list(notes: &[std::sync::Arc<Note>]) -> String {
    let mut out = String::new();
    for note in notes {
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

fn write(out: &mut String, note: &Note, indent: &str) {
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
