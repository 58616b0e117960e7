//! The OpenAPI document that `openapi.path` of a kustomization file names.
//!
//! The document is kept as it was read; types are found by an index of their group, version and kind, and schemas
//! are followed in place. Types get their scope from the document's paths: one with `namespaces/{namespace}` makes
//! its type namespaced. Parts that are not of the form that OpenAPI wants are passed over where they matter to
//! nothing; kustomize crashes over some of them.

use super::gvk::{Gvk, Scope};
use crate::diag::{Error, ErrorKind, Result};
use crate::text::{percent, pointer};
use crate::yaml::{Doc, NodeId, NodeKind};
use rustc_hash::{FxHashMap, FxHashSet};
use smallvec::SmallVec;

/// Where a type is named.
const TYPE: &str = "x-kubernetes-group-version-kind";
/// How a list is patched: texts divided by commas, of which `merge` matters.
const STRATEGY: &str = "x-kubernetes-patch-strategy";
/// The key of a list's items.
const MERGE_KEY: &str = "x-kubernetes-patch-merge-key";
/// The keys of a list's items; they come before the merge key.
const MAP_KEYS: &str = "x-kubernetes-list-map-keys";
/// How many references to references are followed: more can only go round in a circle.
const MOST_REFS: usize = 100;

/// The keys by which the items of a list are told apart.
pub(crate) type Keys<'a> = SmallVec<[&'a str; 2]>;

/// What becomes of the built-in types beside a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum BuiltIn {
    /// The document takes their place.
    #[default]
    Gone,
    /// They were in use before the document was met: its types are laid over them.
    Under,
    /// They were wanted, but not in use yet, before the document was met: they are laid over its types.
    Over,
}

/// Where a schema was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Found {
    /// In the document.
    Here(NodeId),
    /// Among the built-in definitions, by this name.
    BuiltIn(String),
}

/// An OpenAPI document of the user.
#[derive(Debug)]
pub(crate) struct OpenApi {
    doc: Doc,
    definitions: FxHashMap<String, NodeId>,
    /// By kind and `apiVersion`.
    types: FxHashMap<(String, String), NodeId>,
    /// By kind and `apiVersion`.
    scopes: FxHashMap<(String, String), Scope>,
    /// What became of the built-in types.
    pub(crate) built_in: BuiltIn,
}

impl OpenApi {
    /// Takes a document in, read by the rules of YAML 1.1 or as JSON.
    pub(crate) fn read(mut doc: Doc) -> Result<Self> {
        let root = doc.root();
        if doc.has_no_nodes() || doc.kind(root) != NodeKind::Map {
            let at = doc.source().path.clone();
            let error = Error::new(ErrorKind::Config, "expected an OpenAPI document, found no mapping");
            return Err(error.at(crate::diag::Location::file(at)));
        }
        keep_last(&mut doc, root, &mut FxHashSet::default());
        let definitions: FxHashMap<_, _> = match doc.get(root, "definitions") {
            Some(all) => doc.pairs(all).map(|(k, v)| (doc.text(k).to_owned(), v)).collect(),
            None => FxHashMap::default(),
        };
        let mut types = FxHashMap::default();
        for (_, definition) in doc.get(root, "definitions").into_iter().flat_map(|all| doc.pairs(all)) {
            let Some(list) = doc.get(definition, TYPE) else { continue };
            for named in doc.items(list) {
                if let Some(key) = type_key(&doc, *named) {
                    types.insert(key, definition);
                }
            }
        }
        let mut scopes = FxHashMap::default();
        for (path, methods) in doc.get(root, "paths").into_iter().flat_map(|all| doc.pairs(all)) {
            let key = doc.get_path(methods, &["get", TYPE]).and_then(|named| type_key(&doc, named));
            let Some(key) = key.filter(|_| doc.text(path).starts_with('/')) else { continue };
            if doc.text(path).contains("namespaces/{namespace}") {
                scopes.insert(key, Scope::Namespaced);
            } else {
                scopes.entry(key).or_insert(Scope::Cluster);
            }
        }
        Ok(Self { doc, definitions, types, scopes, built_in: BuiltIn::Gone })
    }

    /// The scope that the paths of the document give to a type.
    pub(crate) fn scope(&self, gvk: &Gvk) -> Option<Scope> {
        self.scopes.get(&(gvk.kind.to_string(), gvk.api_version())).copied()
    }

    /// The definition of a type.
    pub(super) fn definition(&self, api_version: &str, kind: &str) -> Option<NodeId> {
        self.types.get(&(kind.to_owned(), api_version.to_owned())).copied()
    }

    /// The definition of a name.
    pub(super) fn named(&self, name: &str) -> Option<Found> {
        self.resolve(*self.definitions.get(name)?)
    }

    /// The document itself as a schema.
    pub(super) fn whole(&self) -> Option<Found> {
        self.resolve(self.doc.root())
    }

    /// The schema of a property, or that of additional ones.
    pub(super) fn field(&self, schema: NodeId, name: &str) -> Option<Found> {
        let property = self.doc.get(schema, "properties").and_then(|all| self.doc.get(all, name));
        let found = property.or_else(|| self.doc.get(schema, "additionalProperties"))?;
        self.resolve(found)
    }

    /// The schema of the items of a list.
    pub(super) fn items(&self, schema: NodeId) -> Option<Found> {
        let kind = self.doc.get(schema, "type")?;
        let kind = match self.doc.items(kind) {
            [] => kind,
            [only] => *only,
            _ => return None,
        };
        if self.doc.text(kind) != "array" {
            return None;
        }
        self.resolve(self.doc.get(schema, "items")?)
    }

    /// Returns whether a list is merged, and by which keys.
    pub(super) fn patch_strategy(&self, schema: NodeId) -> (bool, Keys<'_>) {
        let text = |key| self.doc.get(schema, key).map(|n| self.doc.text(n));
        if !text(STRATEGY).is_some_and(|s| s.split(',').any(|s| s == "merge")) {
            return (false, Keys::new());
        }
        let keys = match self.doc.get(schema, MAP_KEYS) {
            Some(list) => self.doc.items(list).iter().map(|k| self.doc.text(*k)).collect(),
            None => text(MERGE_KEY).into_iter().collect(),
        };
        (true, keys)
    }

    /// Follows references until there is none.
    fn resolve(&self, schema: NodeId) -> Option<Found> {
        let mut schema = schema;
        for _ in 0..MOST_REFS {
            if self.doc.kind(schema) != NodeKind::Map {
                return None;
            }
            match self.doc.get(schema, "$ref").map(|r| self.doc.text(r)) {
                None | Some("") => return Some(Found::Here(schema)),
                Some(reference) => match self.built_in_name(reference) {
                    Some(name) => return Some(Found::BuiltIn(name)),
                    None => schema = self.target(reference)?,
                },
            }
        }
        None
    }

    /// The built-in definition that a reference points to, where there are any.
    fn built_in_name(&self, reference: &str) -> Option<String> {
        let name = pointer::unescape(&percent::unescape(reference.strip_prefix("#/definitions/")?));
        let is_own = self.definitions.contains_key(&name);
        let counts = match self.built_in {
            BuiltIn::Gone => false,
            BuiltIn::Under => !is_own,
            BuiltIn::Over => true,
        };
        (counts && name.starts_with("io.k8s.") && !name.contains('/')).then_some(name)
    }

    /// What a reference points to: `#/definitions/NAME`, and names below it.
    fn target(&self, reference: &str) -> Option<NodeId> {
        let (_, path) = reference.split_once('#')?;
        let path = percent::unescape(path);
        let mut names = path.strip_prefix("/definitions/")?.split('/').map(pointer::unescape);
        let definition = *self.definitions.get(&names.next()?)?;
        names.try_fold(definition, |node, name| self.doc.get(node, &name))
    }
}

/// Leaves the last of several entries of one key in each mapping, as they are when the document becomes JSON.
fn keep_last(doc: &mut Doc, node: NodeId, seen: &mut FxHashSet<NodeId>) {
    if doc.kind(node) == NodeKind::Scalar || !seen.insert(node) {
        return;
    }
    let last: FxHashMap<&str, usize> =
        doc.pairs(node).enumerate().map(|(i, (k, _))| (doc.text(k), i)).collect();
    if last.len() < doc.pairs(node).len() {
        let stays = |i: usize, key: NodeId| last.get(doc.text(key)) == Some(&i);
        let entries = doc.pairs(node).enumerate().filter(|(i, (key, _))| stays(*i, *key));
        let children: Vec<NodeId> = entries.flat_map(|(_, (key, value))| [key, value]).collect();
        doc.set_children(node, &children);
    }
    let mut i = 0;
    while let Some(kid) = doc.child(node, i) {
        keep_last(doc, kid, seen);
        i += 1;
    }
}

/// Kind and `apiVersion` of a mapping with `group`, `version` and `kind`.
fn type_key(doc: &Doc, node: NodeId) -> Option<(String, String)> {
    let text = |key| doc.get(node, key).filter(|n| !doc.is_null(*n)).map(|n| doc.text(n));
    let (version, kind) = (text("version")?, text("kind")?);
    let api_version = match text("group") {
        None | Some("") => version.to_owned(),
        Some(group) => format!("{group}/{version}"),
    };
    Some((kind.to_owned(), api_version))
}
