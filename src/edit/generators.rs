//! What the commands do to `configMapGenerator` and `secretGenerator`.

#![expect(
    clippy::indexing_slicing,
    reason = "places are those of items that were found in the same list, or just put there"
)]

use super::arguments::literal;
use super::deprecated::is_on;
use super::file::KustomizationFile;
use super::tree::{Node, Shape};
use crate::diag::{Error, ErrorKind, Result};
use crate::generate::{self, Load};
use crate::kustomization::GeneratorArgs;
use rustc_hash::FxHashMap;

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sort {
    /// `configMapGenerator`
    ConfigMap,
    /// `secretGenerator`
    Secret,
}

impl Sort {
    /// The field.
    pub(crate) fn field(self) -> &'static str {
        match self {
            Self::ConfigMap => "configMapGenerator",
            Self::Secret => "secretGenerator",
        }
    }

    /// The word for messages.
    pub(crate) fn noun(self) -> &'static str {
        match self {
            Self::ConfigMap => "configmap",
            Self::Secret => "secret",
        }
    }
}

/// What is added to an entry.
#[derive(Debug, Clone, Default)]
pub(crate) struct Additions {
    /// `name`
    pub(crate) name: String,
    /// `namespace`
    pub(crate) namespace: String,
    /// `literals`
    pub(crate) literals: Vec<String>,
    /// `files`
    pub(crate) files: Vec<String>,
    /// `envs`
    pub(crate) env: String,
    /// `options.disableNameSuffixHash`
    pub(crate) disable_hash: bool,
    /// `behavior`
    pub(crate) behavior: String,
    /// `type`, for new entries
    pub(crate) secret_type: String,
}

fn same_namespace(a: &str, b: &str) -> bool {
    let real = |n: &'_ str| if n.is_empty() { "default".to_owned() } else { n.to_owned() };
    real(a) == real(b)
}

fn find(root: &Node, sort: Sort, name: &str, namespace: &str) -> Option<usize> {
    let fits = |e: &Node| e.get_text("name") == name && same_namespace(e.get_text("namespace"), namespace);
    root.get_items(sort.field()).iter().position(fits)
}

/// Adds to the entry of this name and namespace, made if absent. Gives its place.
pub(crate) fn add(root: &mut Node, sort: Sort, more: &Additions) -> usize {
    let found = find(root, sort, &more.name, &more.namespace);
    let items = root.field_mut(sort.field()).items_mut();
    let at = found.unwrap_or_else(|| {
        let fields = [("name", &more.name), ("namespace", &more.namespace), ("type", &more.secret_type)];
        items.push(Node::fields(fields.map(|(field, text)| (field, text.as_str()))));
        items.len() - 1
    });
    let entry = &mut items[at];
    for (field, texts) in [("literals", &more.literals), ("files", &more.files)] {
        if !texts.is_empty() {
            entry.field_mut(field).items_mut().extend(texts.iter().map(|t| Node::from(t.as_str())));
        }
    }
    if !more.env.is_empty() {
        entry.field_mut("envs").items_mut().push(more.env.as_str().into());
    }
    if more.disable_hash {
        let only = Node::map(vec![super::tree::Entry::new("disableNameSuffixHash", Node::plain("true"))]);
        entry.field_mut("options").put(only);
    }
    entry_text(entry, "behavior", &more.behavior);
    copy_options(root, sort, at);
    at
}

fn entry_text(entry: &mut Node, field: &str, text: &str) {
    if !text.is_empty() {
        entry.set_text(field, text);
    }
}

/// Copies `generatorOptions` into the options of an entry, as kustomize does when it touches one.
fn copy_options(root: &mut Node, sort: Sort, at: usize) {
    let Some(global) = root.get("generatorOptions").cloned() else { return };
    let options = root.field_mut(sort.field()).items_mut()[at].field_mut("options");
    if options.shape != Shape::Map {
        options.put(Node::map(vec![]));
    }
    for field in ["labels", "annotations"] {
        let Some(pairs) = global.get(field).filter(|m| !m.is_empty()) else { continue };
        for pair in pairs.entries() {
            let own = options.field_mut(field);
            if own.key(&pair.key).is_none() {
                own.set_key(&pair.key, pair.value.text());
            }
        }
    }
    for field in ["disableNameSuffixHash", "immutable"] {
        let on = |n: &Node| n.get(field).is_some_and(|n| is_on(n.text()));
        if on(&global) && !on(options) {
            options.field_mut(field).put(Node::plain("true"));
        }
    }
}

/// Changes literals of an entry, all of which must be there, and its namespace. Gives its place.
pub(crate) fn set(
    root: &mut Node,
    sort: Sort,
    name: &str,
    namespace: &str,
    literals: &[String],
    new_namespace: &str,
) -> Result<usize> {
    let Some(at) = find(root, sort, name, namespace) else {
        let message = format!("there is no {} `{name}` in `{}`", sort.noun(), sort.field());
        let error = Error::new(ErrorKind::NotFound, message);
        let elsewhere = root.get_items(sort.field()).iter().find(|e| e.get_text("name") == name);
        return Err(match elsewhere.map(|e| e.get_text("namespace").to_owned()) {
            Some(space) => error.hint(format!("pass `--namespace {space}` for the one in that namespace")),
            None => error,
        });
    };
    let entry = &mut root.field_mut(sort.field()).items_mut()[at];
    if !literals.is_empty() {
        let known = entry.get_items("literals");
        let mut keys = FxHashMap::default();
        for (place, item) in known.iter().enumerate() {
            keys.entry(literal(item.text())?.0.to_owned()).or_insert(place);
        }
        for text in literals {
            let (key, _) = literal(text)?;
            let Some(place) = keys.get(key).copied() else {
                let message = format!("`{name}` has no literal with the key `{key}`");
                let hint = format!("use `edit add {}` to add one", sort.noun());
                return Err(Error::new(ErrorKind::NotFound, message).hint(hint));
            };
            entry.field_mut("literals").items_mut()[place].put(text.as_str().into());
        }
    }
    entry_text(entry, "namespace", new_namespace);
    copy_options(root, sort, at);
    Ok(at)
}

/// Removes the entries of these names in this namespace; gives the names that were not there.
pub(crate) fn remove(root: &mut Node, sort: Sort, names: &[String], namespace: &str) -> Result<Vec<String>> {
    let items = root.get_items(sort.field());
    let here = |e: &Node| same_namespace(e.get_text("namespace"), namespace);
    let missing: Vec<String> = names
        .iter()
        .filter(|n| !items.iter().any(|e| here(e) && e.get_text("name") == **n))
        .cloned()
        .collect();
    if missing.len() == names.len() {
        let message = format!("none of these is in `{}`: {}", sort.field(), names.join(", "));
        return Err(Error::new(ErrorKind::NotFound, message));
    }
    let gone = |e: &&Node| here(e) && names.iter().any(|n| e.get_text("name") == n);
    let kept: Vec<Node> = items.iter().filter(|e| !gone(e)).cloned().collect();
    super::fields::keep_items(root, sort.field(), kept);
    Ok(missing)
}

/// Builds an entry of the changed file, so that what cannot be built is not written.
pub(crate) fn try_entry(file: &KustomizationFile, sort: Sort, at: usize, load: &mut Load<'_>) -> Result<()> {
    let (changed, _) = file.changed()?;
    let options = changed.generator_options.as_ref();
    let entries: &[GeneratorArgs] = match sort {
        Sort::ConfigMap => &changed.config_map_generator,
        Sort::Secret => &changed.secret_generator,
    };
    let Some(entry) = entries.get(at) else { return Ok(()) };
    let built = match sort {
        Sort::ConfigMap => generate::config_map(entry, options, load),
        Sort::Secret => generate::secret(entry, options, load),
    };
    built.map(drop).map_err(|e| e.during(format!("trying the {} `{}`", sort.noun(), entry.name)))
}
