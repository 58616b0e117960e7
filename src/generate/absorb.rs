//! How generated objects meet those that are there: create, merge, replace.
//!
//! The other object is looked for under every id it has or had. What stays of it on merge and replace are name,
//! namespace, labels, annotations and what kustomize remembers; all other fields are the new object's, and on merge
//! `data` and `binaryData` are laid over the old ones; the `stringData` of a Secret joins its `data` before.

use super::text::{base64_lines, key_node, string_node};
use crate::compat::Compat;
use crate::diag::{Error, ErrorKind, Result};
use crate::kube::Gvk;
use crate::resource::{Behavior, ResMap, Resource, internal};
use crate::yaml::{Doc, Mark, NodeId, NodeKind, Tag};
use std::collections::BTreeMap;

/// Adds a generated object as its behavior says.
pub(crate) fn absorb(resources: &mut ResMap, generated: Resource, compat: Compat) -> Result<()> {
    let found = resources.find_any(generated.id());
    let fail = |kind: ErrorKind, message: String| {
        Error::new(kind, message).at(generated.doc().location(generated.root()))
    };
    let behavior = generated.behavior;
    match (found.as_slice(), behavior) {
        ([], Behavior::Merge | Behavior::Replace) => {
            let verb = internal::behavior_text(behavior);
            Err(fail(
                ErrorKind::NotFound,
                format!("nothing to {verb}: no resource has the id {}", generated.id()),
            )
            .hint("name a resource of `resources` or of an earlier generator, with its namespace"))
        }
        ([], _) => resources.append(generated).map(drop),
        ([slot], Behavior::Merge | Behavior::Replace) => resources.edit(*slot, |old| {
            let mut new = generated;
            lay_over(old, &mut new, behavior == Behavior::Merge, compat)?;
            if new.id() != old.id() {
                let verb = internal::behavior_text(behavior);
                let message = format!("nothing to {verb}: {} became {}", new.id(), old.id());
                return Err(Error::new(ErrorKind::NotFound, message)
                    .at(new.doc().location(new.root()))
                    .label(old.doc().location(old.root()), "this resource had the id, and has another now")
                    .hint("merge before its type is changed"));
            }
            *old = new;
            Ok(())
        }),
        ([slot], _) => {
            let error = fail(
                ErrorKind::Conflict,
                format!(
                    "{} is there already, and `behavior` is neither `merge` nor `replace`",
                    generated.id()
                ),
            );
            Err(at_others(error, resources, &[*slot]).hint("set `behavior`, or choose another name"))
        }
        (many, _) => {
            let message =
                format!("{} resources have or had the id {}, expected one", many.len(), generated.id());
            Err(at_others(fail(ErrorKind::Conflict, message), resources, many))
        }
    }
}

/// Points to the objects in these slots.
fn at_others(error: Error, resources: &ResMap, slots: &[usize]) -> Error {
    slots.iter().filter_map(|slot| resources.get(*slot)).fold(error, |error, other| {
        error.label(other.doc().location(other.root()), format!("{} is here", other.id()))
    })
}

/// Puts into the new object what it takes from the old one.
fn lay_over(old: &Resource, new: &mut Resource, merge: bool, compat: Compat) -> Result<()> {
    let encoded = match merge && compat >= Compat::V5_8_2 && *old.gvk() == Gvk::new("v1", "Secret") {
        true => encoded_string_data(old.doc())?,
        false => Entries::new(),
    };
    let labels = merged(old, new, "labels");
    let annotations = merged(old, new, "annotations");
    new.edit(|doc| {
        let root = doc.root();
        let metadata = doc.get_or_make_map(root, "metadata");
        set_texts(doc, metadata, "labels", &labels);
        set_texts(doc, metadata, "annotations", &annotations);
        for (field, text) in [("name", old.name()), ("namespace", old.namespace())] {
            if text.is_empty() {
                doc.remove(metadata, field);
                continue;
            }
            // The style of a field that is there stays; the type is found anew.
            let style = doc.get(metadata, field).map(|n| doc.style(n));
            let value = string_node(doc, text);
            doc.set_tag(value, Tag::Unset, false);
            if let Some(style) = style {
                doc.set_style(value, style);
            }
            doc.set(metadata, field, value);
        }
        for field in ["data", "binaryData"] {
            if merge {
                let mut all = texts(old.doc(), old.doc().get(old.root(), field), true);
                all.extend(encoded.clone().into_iter().filter(|_| field == "data"));
                all.extend(texts(doc, doc.get(root, field), true));
                set_texts(doc, root, field, &all);
            }
        }
    });
    new.previous = old.previous.clone();
    new.prefixes = old.prefixes.clone();
    new.suffixes = old.suffixes.clone();
    new.referred_by = old.referred_by.clone();
    new.vars = old.vars.clone();
    new.behavior = old.behavior;
    new.needs_hash &= old.needs_hash;
    new.from_helm = old.from_helm;
    new.allow_name_change = old.allow_name_change;
    new.allow_kind_change = old.allow_kind_change;
    if merge && old.origin.is_some() || new.origin.is_none() {
        new.origin = old.origin.clone();
    }
    if new.transformations.is_empty() {
        new.transformations = old.transformations.clone();
    }
    Ok(())
}

/// The `stringData` of a Secret as the API server would put it into `data`.
fn encoded_string_data(doc: &Doc) -> Result<Entries> {
    let followed = |node: NodeId| match doc.kind(node) {
        NodeKind::Alias => doc.children(node).first().copied().unwrap_or(node),
        _ => node,
    };
    let wrong = |node: NodeId, what: &str, expected: &str| {
        let message = format!("{what} of a Secret that is merged into must be {expected}");
        Err(Error::new(ErrorKind::Resource, message).at(doc.location(node)))
    };
    let Some(map) = doc.get(doc.root(), "stringData").map(followed).filter(|n| !doc.is_null(*n)) else {
        return Ok(Entries::new());
    };
    if doc.kind(map) != NodeKind::Map {
        return wrong(map, "`stringData`", "a mapping");
    }
    let mut entries = Entries::new();
    for (key, value) in doc.pairs(map) {
        let value = followed(value);
        if doc.kind(value) != NodeKind::Scalar {
            return wrong(value, &format!("`stringData.{}`", doc.text(key)), "a string");
        }
        let text = if doc.is_null(value) { "" } else { doc.text(value) };
        entries.insert(doc.text(key).to_owned(), (base64_lines(text.as_bytes()), doc.mark(value)));
    }
    Ok(entries)
}

/// Texts by key, and where they came from.
type Entries = BTreeMap<String, (String, Option<Mark>)>;

/// The entries of a map as texts. `null_is_empty`: otherwise a null is its own text.
fn texts(doc: &Doc, map: Option<NodeId>, null_is_empty: bool) -> Entries {
    let Some(map) = map else { return BTreeMap::new() };
    let text = |n: NodeId| if null_is_empty && doc.is_null(n) { "" } else { doc.text(n) }.to_owned();
    doc.pairs(map).map(|(k, v)| (text(k), (text(v), doc.mark(v)))).collect()
}

/// Labels or annotations of both, the new ones over the old ones. Of kustomize's own annotations the old ones count.
fn merged(old: &Resource, new: &Resource, field: &str) -> Entries {
    let of = |res: &Resource| texts(res.doc(), res.doc().get_path(res.root(), &["metadata", field]), false);
    let own = |key: &str| field == "annotations" && internal::is_stripped(key);
    let mut all = of(old);
    all.extend(of(new).into_iter().filter(|(key, _)| !own(key)));
    all
}

/// Sets a field to a map of texts; an empty one is removed.
fn set_texts(doc: &mut Doc, parent: NodeId, field: &str, all: &Entries) {
    doc.remove(parent, field);
    if all.is_empty() {
        return;
    }
    let mut children = Vec::with_capacity(2 * all.len());
    for (key, (value, mark)) in all {
        let (key, value) = (key_node(doc, key), string_node(doc, value));
        if let Some(mark) = mark {
            doc.set_mark(value, mark);
        }
        children.extend([key, value]);
    }
    let map = doc.map();
    doc.append(map, &children);
    doc.set(parent, field, map);
}

#[cfg(test)]
mod tests {
    use super::super::configmap::tests::{args, show, texts as literals};
    use super::*;
    use crate::generate::config_map;
    use std::sync::Arc;

    fn make(behavior: &str, list: &[&str]) -> Resource {
        let mut a = args();
        (a.behavior, a.literals) = (behavior.into(), literals(list));
        config_map(&a, None, &mut |_| Ok(Arc::default())).unwrap()
    }

    #[test]
    fn merge_lays_data_over_what_is_there() {
        let mut map = ResMap::new();
        absorb(&mut map, make("", &["a=1", "b=1"]), Compat::DEFAULT).unwrap();
        absorb(&mut map, make("merge", &["a=2", "c=2"]), Compat::DEFAULT).unwrap();
        let res = map.iter().next().unwrap();
        assert_eq!(
            show(res),
            "{apiVersion: v1, kind: ConfigMap, metadata: {name: conf, annotations: \
             {internal.config.kubernetes.io/generatorBehavior: unspecified}}, data: {a: 2, b: 1, c: 2}}"
        );
        absorb(&mut map, make("replace", &["z=3"]), Compat::DEFAULT).unwrap();
        assert!(map.iter().all(|r| show(r).ends_with("data: {z: 3}}")));
        assert_eq!(map.len(), 1);
    }

    #[test]
    fn the_old_name_and_what_is_remembered_stay() {
        let mut map = ResMap::new();
        let mut old = make("", &["a=1"]);
        old.store_previous_id();
        old.prefixes.push("p-".into());
        old.needs_hash = false;
        old.edit(|doc| {
            let meta = doc.get(doc.root(), "metadata").unwrap();
            doc.set_string(meta, "name", "p-conf");
            doc.set_string(meta, "namespace", "default");
        });
        map.append(old).unwrap();
        absorb(&mut map, make("merge", &["b=2"]), Compat::DEFAULT).unwrap();
        let res = map.iter().next().unwrap();
        assert_eq!((res.name(), res.namespace(), res.needs_hash), ("p-conf", "default", false));
        assert_eq!(res.original_id().name, "conf");
        assert_eq!(res.prefixes, ["p-"]);
        assert!(show(res).ends_with("data: {a: 1, b: 2}}"));
    }

    #[test]
    fn behaviors_that_cannot_be_followed_are_errors() {
        let mut map = ResMap::new();
        let error = absorb(&mut map, make("merge", &[]), Compat::DEFAULT).unwrap_err();
        assert_eq!(
            error.message(),
            "nothing to merge: no resource has the id ConfigMap.v1.[noGrp]/conf.[noNs]"
        );
        absorb(&mut map, make("create", &[]), Compat::DEFAULT).unwrap();
        for behavior in ["", "create", "bogus"] {
            let error = absorb(&mut map, make(behavior, &[]), Compat::DEFAULT).unwrap_err();
            assert!(error.message().contains("`behavior` is neither"), "{error}");
            assert!(!error.labels().is_empty());
        }
        let mut other = make("", &[]);
        other.store_previous_id();
        other.edit(|doc| {
            let meta = doc.get(doc.root(), "metadata").unwrap();
            doc.set_string(meta, "name", "other");
        });
        map.append(other).unwrap();
        let error = absorb(&mut map, make("merge", &[]), Compat::DEFAULT).unwrap_err();
        assert!(error.message().starts_with("2 resources have or had the id"), "{error}");
    }
}
