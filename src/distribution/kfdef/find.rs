//! What the manifests of an application have: its base, its overlays, and where its parameters go.

use crate::compat::Compat;
use crate::diag::{Error, Result};
use crate::generate::{kv, merge_options};
use crate::kustomization::{self, Kustomization, KustomizationKind, Replacement, locate};
use crate::load::{Found, Loader};
use crate::yaml::{Doc, split};
use rustc_hash::FxHashSet;
use std::path::PathBuf;
use std::sync::Arc;

/// A directory with a kustomization file, and all that it leads to.
pub(super) struct Reached {
    /// Where it is from the top of the manifests.
    pub(crate) path: String,
    /// Whether it is a component.
    pub(crate) is_component: bool,
    /// Itself and the directories below it.
    pub(crate) directories: FxHashSet<PathBuf>,
    pub(crate) generators: Vec<Generator>,
    pub(crate) replacements: Vec<Replacement>,
}

/// A generated ConfigMap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Generator {
    pub(crate) name: String,
    pub(crate) namespace: String,
    pub(crate) keys: Vec<String>,
    /// Its name gets no hash.
    pub(crate) plain_name: bool,
}

/// Looks at a directory; an error if it is not there or has no kustomization file.
pub(super) fn reach(loader: &Arc<Loader>, path: &str) -> Result<Reached> {
    let mut reached = Reached {
        path: path.to_owned(),
        is_component: false,
        directories: FxHashSet::default(),
        generators: vec![],
        replacements: vec![],
    };
    let top = read(loader)?;
    reached.is_component = top.kind == KustomizationKind::Component;
    reached.enter(loader, &top)?;
    Ok(reached)
}

impl Reached {
    fn enter(&mut self, loader: &Arc<Loader>, k: &Kustomization) -> Result<()> {
        if !self.directories.insert(loader.root().to_owned()) {
            return Ok(());
        }
        for entry in &k.resources {
            // Files and what is remote have no parameters; what is wrong with them is for the build to say.
            if let Ok(Found::Directory(directory)) = loader.resource(entry) {
                self.enter(&directory, &*read(&directory)?)?;
            }
        }
        for entry in &k.components {
            if let Ok(directory) = loader.enter(entry) {
                self.enter(&directory, &*read(&directory)?)?;
            }
        }
        for args in &k.config_map_generator {
            let data = kv::pairs(args, &mut |entry| loader.file(entry)?.bytes())?;
            let generator = Generator {
                name: args.name.clone(),
                namespace: args.namespace.clone(),
                keys: data.into_keys().collect(),
                plain_name: merge_options(args.options.as_ref(), k.generator_options.as_ref())
                    .disable_name_suffix_hash,
            };
            self.generators.push(generator);
        }
        for field in &k.replacements {
            match &field.path {
                None => self.replacements.push(field.replacement.clone()),
                Some(path) => {
                    let source = loader.file(path)?.text()?;
                    if let Some(doc) = split::read_v2(&source)? {
                        self.replacements.extend(kustomization::read_replacements_file(&Arc::new(doc))?);
                    }
                }
            }
        }
        Ok(())
    }
}

fn read(loader: &Loader) -> Result<Arc<Kustomization>> {
    let during = |e: Error| e.during(format!("looking at `{}`", loader.shown()));
    let source = locate(loader).and_then(|file| file.text()).map_err(during)?;
    let doc: Option<Arc<Doc>> = split::read_v2(&source).map_err(during)?.map(Arc::new);
    kustomization::read(doc.as_ref(), &source, Compat::default()).map(Arc::new).map_err(during)
}

/// Returns whether a field path means this key of a ConfigMap's data.
pub(super) fn is_key(field_path: &str, key: &str) -> bool {
    let Some(rest) = field_path.strip_prefix("data.") else { return false };
    let bare = rest.strip_prefix('[').and_then(|r| r.strip_suffix(']')).unwrap_or(rest);
    bare == key || bare.replace("\\.", ".") == key
}
