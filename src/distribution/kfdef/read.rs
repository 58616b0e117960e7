//! The KfDef as types.
//!
//! Names that become directories and paths that lead into the manifests are checked here.

use crate::diag::{Code, Error, ErrorKind, Finding, Findings, Location, Result};
use crate::yaml::{self, Doc, NodeId, Source, split};
use rustc_hash::FxHashMap;
use std::path::{Component, Path};
use std::sync::Arc;

/// A text and where it stands.
#[derive(Debug, Clone)]
pub(super) struct Named {
    /// The text.
    pub(crate) text: String,
    /// Its place.
    pub(crate) at: Location,
}

/// A KfDef.
#[derive(Debug, Clone)]
pub(super) struct KfDef {
    /// `metadata.name`, empty if it has none.
    pub(crate) name: Named,
    /// `spec.applications`
    pub(crate) applications: Vec<Application>,
    /// `spec.repos`
    pub(crate) repos: Vec<Repo>,
}

/// An entry of `spec.applications`.
#[derive(Debug, Clone)]
pub(super) struct Application {
    /// `name`
    pub(crate) name: Named,
    /// `kustomizeConfig.overlays`
    pub(crate) overlays: Vec<Named>,
    /// `kustomizeConfig.parameters`
    pub(crate) parameters: Vec<Parameter>,
    /// `kustomizeConfig.repoRef.name` and `.path`, cleaned
    pub(crate) repo_ref: Option<(Named, Named)>,
}

/// A parameter of an application.
#[derive(Debug, Clone)]
pub(super) struct Parameter {
    /// `name`
    pub(crate) name: Named,
    /// `value`, empty if it has none
    pub(crate) value: String,
}

/// An entry of `spec.repos`.
#[derive(Debug, Clone)]
pub(super) struct Repo {
    /// `name`
    pub(crate) name: Named,
    /// `path`: where the user keeps a copy; empty if none
    pub(crate) path: Named,
}

const GROUP: &str = "kfdef.apps.kubeflow.org/";

/// Versions whose applications look alike.
const VERSIONS: [&str; 2] = ["v1", "v1beta1"];

/// Reads the one KfDef of a file. Fields that nothing is made of become findings.
pub(super) fn read(source: &Arc<Source>, findings: &Findings) -> Result<KfDef> {
    let docs = split::read_all(source)?;
    let mut found = docs.iter().filter(|doc| is_kfdef(doc));
    let Some(doc) = found.next() else {
        let error = match docs.first() {
            Some(doc) => {
                let kind = text(doc, doc.root(), "kind")
                    .map_or("a document without `kind`".into(), |k| format!("`{k}`"));
                Error::new(ErrorKind::Config, format!("expected a KfDef, found {kind}")).at(at(
                    doc,
                    doc.root(),
                    "kind",
                ))
            }
            None => Error::new(ErrorKind::Config, "expected a KfDef, found an empty file")
                .at(Location::file(source.path.clone())),
        };
        return Err(error.hint(format!("a KfDef begins with `apiVersion: {GROUP}v1` and `kind: KfDef`")));
    };
    if let Some(second) = found.next() {
        return Err(Error::new(ErrorKind::Config, "the file holds more than one KfDef, expected one")
            .at(second.location(second.root()))
            .hint("split the file"));
    }
    decode(doc, findings)
}

fn is_kfdef(doc: &Doc) -> bool {
    let has = |key, holds: fn(&str) -> bool| text(doc, doc.root(), key).is_some_and(|value| holds(&value));
    has("apiVersion", |v| v.starts_with(GROUP)) && has("kind", |k| k == "KfDef")
}

fn decode(doc: &Doc, findings: &Findings) -> Result<KfDef> {
    let root = doc.root();
    let version = text(doc, root, "apiVersion").unwrap_or_default();
    if !VERSIONS.iter().any(|v| version.strip_prefix(GROUP) == Some(v)) {
        let message = format!("expected `apiVersion: {GROUP}v1` or `v1beta1`, found `{version}`");
        return Err(Error::new(ErrorKind::Config, message)
            .at(at(doc, root, "apiVersion"))
            .hint("earlier versions name their applications in another form: write them as v1"));
    }
    let Some(spec) = mapping(doc, root, "spec")? else {
        return Err(Error::new(ErrorKind::Config, "the KfDef has no `spec`")
            .at(doc.location(root))
            .hint("list its applications in `spec.applications`"));
    };
    let unused = |map: NodeId, known: &[&str]| unused(doc, map, known, findings);
    unused(spec, &["applications", "repos", "version"]);
    let metadata = mapping(doc, root, "metadata")?.unwrap_or(root);
    let name = if metadata == root { None } else { text(doc, metadata, "name") };
    let mut kfdef = KfDef {
        name: Named { text: name.unwrap_or_default(), at: at(doc, metadata, "name") },
        applications: vec![],
        repos: vec![],
    };
    for entry in list(doc, spec, "repos")? {
        unused(entry, &["name", "uri", "path"]);
        let path = text(doc, entry, "path").unwrap_or_default();
        let path = path.strip_prefix("file://").unwrap_or(&path).to_owned();
        kfdef.repos.push(Repo {
            name: required(doc, entry, "name")?,
            path: Named { text: path, at: at(doc, entry, "path") },
        });
    }
    let mut known: FxHashMap<String, Location> = FxHashMap::default();
    for entry in list(doc, spec, "applications")? {
        unused(entry, &["name", "kustomizeConfig"]);
        let name = required(doc, entry, "name")?;
        if !is_directory_name(&name.text) {
            let message = format!("`{}` cannot be the name of an application", name.text);
            return Err(Error::new(ErrorKind::Config, message)
                .at(name.at)
                .hint("use letters, digits, `-`, `_` and `.`"));
        }
        if let Some(first) = known.insert(name.text.clone(), name.at.clone()) {
            let message = format!("the application `{}` is there twice", name.text);
            return Err(Error::new(ErrorKind::Conflict, message)
                .at(name.at)
                .label(first, "the first one")
                .hint("rename one of the two, or remove it"));
        }
        kfdef.applications.push(application(doc, entry, name, &unused)?);
    }
    if kfdef.applications.is_empty() {
        return Err(Error::new(ErrorKind::Config, "the KfDef names no applications")
            .at(at(doc, spec, "applications"))
            .hint("list them in `spec.applications`"));
    }
    Ok(kfdef)
}

fn application(
    doc: &Doc,
    entry: NodeId,
    name: Named,
    unused: &dyn Fn(NodeId, &[&str]),
) -> Result<Application> {
    let mut app = Application { name, overlays: vec![], parameters: vec![], repo_ref: None };
    let Some(config) = mapping(doc, entry, "kustomizeConfig")? else { return Ok(app) };
    unused(config, &["overlays", "parameters", "repoRef"]);
    for item in list(doc, config, "overlays")? {
        if doc.kind(item) != yaml::NodeKind::Scalar || doc.text(item).is_empty() {
            return Err(
                Error::new(ErrorKind::Config, "expected the name of an overlay").at(doc.location(item))
            );
        }
        let overlay = Named { text: doc.text(item).to_owned(), at: doc.location(item) };
        app.overlays.push(inside(overlay)?);
    }
    for item in list(doc, config, "parameters")? {
        unused(item, &["name", "value"]);
        let value = text(doc, item, "value").unwrap_or_default();
        app.parameters.push(Parameter { name: required(doc, item, "name")?, value });
    }
    if let Some(repo) = mapping(doc, config, "repoRef")? {
        unused(repo, &["name", "path"]);
        app.repo_ref = Some((required(doc, repo, "name")?, inside(required(doc, repo, "path")?)?));
    }
    Ok(app)
}

/// A path that stays below its directory, without `.` and doubled slashes.
fn inside(path: Named) -> Result<Named> {
    let mut parts = Vec::new();
    for part in Path::new(&path.text).components() {
        match part {
            Component::Normal(part) => parts.push(part.to_string_lossy()),
            Component::CurDir => {}
            _ => {
                let message = format!("`{}` must be a directory of the manifests", path.text);
                return Err(Error::new(ErrorKind::Restricted, message)
                    .at(path.at)
                    .hint("paths begin at the top of the repository"));
            }
        }
    }
    if parts.is_empty() || path.text.contains(char::is_control) {
        return Err(Error::new(ErrorKind::Config, format!("`{}` is not a path", path.text)).at(path.at));
    }
    Ok(Named { text: parts.join("/"), at: path.at })
}

/// Returns whether a name can be that of a directory, on any system and without surprises in a shell.
pub(super) fn is_directory_name(name: &str) -> bool {
    !name.starts_with(['.', '-'])
        && !name.is_empty()
        && name.len() <= 253
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
}

/// Fields that nothing is made of.
fn unused(doc: &Doc, map: NodeId, known: &[&str], findings: &Findings) {
    if doc.kind(map) != yaml::NodeKind::Map {
        return;
    }
    for (key, _) in doc.pairs(map).filter(|(key, _)| !known.contains(&doc.text(*key))) {
        let message = format!("field `{}` is not imported", doc.text(key));
        findings.add(Finding::new(Code::Skipped, message).at(doc.location(key)));
    }
}

/// A mapping; `None` where there is nothing.
fn mapping(doc: &Doc, map: NodeId, key: &str) -> Result<Option<NodeId>> {
    match doc.get(map, key).filter(|n| !doc.is_null(*n)) {
        Some(node) if doc.kind(node) != yaml::NodeKind::Map => {
            Err(Error::new(ErrorKind::Config, format!("expected `{key}` to be a mapping"))
                .at(doc.location(node)))
        }
        found => Ok(found),
    }
}

fn list(doc: &Doc, map: NodeId, key: &str) -> Result<Vec<NodeId>> {
    match doc.get(map, key).filter(|n| !doc.is_null(*n)) {
        None => Ok(vec![]),
        Some(node) if doc.kind(node) == yaml::NodeKind::Seq => Ok(doc.items(node).to_vec()),
        Some(node) => {
            Err(Error::new(ErrorKind::Config, format!("expected `{key}` to be a list"))
                .at(doc.location(node)))
        }
    }
}

/// A scalar as text; a null is none.
fn text(doc: &Doc, map: NodeId, key: &str) -> Option<String> {
    if doc.kind(map) != yaml::NodeKind::Map {
        return None;
    }
    let node = doc.get(map, key).filter(|n| doc.kind(*n) == yaml::NodeKind::Scalar && !doc.is_null(*n))?;
    Some(doc.text(node).to_owned())
}

fn required(doc: &Doc, map: NodeId, key: &str) -> Result<Named> {
    match text(doc, map, key).filter(|t| !t.is_empty()) {
        Some(text) => Ok(Named { text, at: at(doc, map, key) }),
        None => {
            Err(Error::new(ErrorKind::Config, format!("expected a string in `{key}`")).at(at(doc, map, key)))
        }
    }
}

/// The place of a value, or of the mapping that lacks it.
fn at(doc: &Doc, map: NodeId, key: &str) -> Location {
    let value = if doc.kind(map) == yaml::NodeKind::Map { doc.get(map, key) } else { None };
    doc.location(value.unwrap_or(map))
}
