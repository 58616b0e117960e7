//! `buildMetadata`: where objects came from and what worked on them.

use crate::kube::{Gvk, ResId};
use crate::load::Loader;
use crate::resource::Origin as Note;
use crate::text::path::clean;
use std::path::Path;

/// Where a directory stands, seen from the directory that is built, or from its repository.
#[derive(Debug, Clone, Default)]
pub(super) struct Origin {
    path: String,
    repo: String,
    reference: String,
}

impl Origin {
    /// The origin of a directory that this one names.
    pub(super) fn enter(&self, entry: &str, loader: &Loader) -> Self {
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
    pub(super) fn of_file(&self, entry: &str) -> Note {
        Note {
            path: join(&self.path, entry),
            repo: self.repo.clone(),
            reference: self.reference.clone(),
            ..Note::default()
        }
    }

    /// The note of a builtin generator or transformer that a field of the kustomization file set up.
    pub(super) fn of_builtin(&self, file_name: &str, kind: &str) -> Note {
        let by = ResId { gvk: Gvk::new("builtin", kind), ..ResId::default() };
        self.configured(join(&self.path, file_name), by)
    }

    /// The note of a plugin, from the origin of its configuration.
    pub(super) fn of_plugin(config: &Note, id: &ResId) -> Note {
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
            raw: String::new(),
        }
    }
}

/// Go's `filepath.Join`.
fn join(a: &str, b: &str) -> String {
    let parts = [a, b].into_iter().filter(|part| !part.is_empty());
    clean(Path::new(&parts.collect::<Vec<_>>().join("/"))).to_string_lossy().into_owned()
}

/// The name of a directory.
pub(super) fn directory_name(root: &Path) -> String {
    root.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default()
}
