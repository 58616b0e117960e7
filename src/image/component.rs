//! A kustomize Component that rewrites images, for those who build with kustomize.
//!
//! `images` serves the containers that it reaches, as far as the new name depends on the old one alone. Everything else is
//! a JSON 6902 patch of the whole scalar, with a `test` of its old text: if the base changes, the build fails rather than
//! bring the old text back. Names are those before name suffix hashes, which kustomize computes afterwards.

use super::find::find;
use super::hit::{Carrier, Hit, Join};
use super::reference::{Reference, name_length};
use super::rewrite::{Rewrite, refuse_broken};
use crate::diag::{Error, ErrorKind, Findings, Result};
use crate::resource::{ResMap, Resource};
use crate::text::pointer;
use crate::yaml::{Doc, NodeId};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// The files of a Component, and what it cannot do.
#[derive(Debug, Default)]
pub(crate) struct Component {
    /// Names and texts, `kustomization.yaml` among them.
    pub(crate) files: Vec<(String, String)>,
    /// References and places that it rewrites: `Kind/namespace/name path`.
    places: BTreeSet<(String, String)>,
}

/// What a patch replaces: a JSON pointer, the old and the new text.
type Operation = (String, String, String);

/// The Component for the resources of a build before name suffix hashes are computed. Errors: those of [`Rewrite::apply`].
pub(crate) fn component(rewrite: &Rewrite, resources: &ResMap, findings: &Findings) -> Result<Component> {
    let found = find(resources, &rewrite.rules, |_| true);
    refuse_broken(&found, resources)?;
    let images = names(rewrite, &found.hits);
    let (by_name, others): (Vec<Hit>, Vec<Hit>) =
        found.hits.iter().cloned().partition(|hit| is_reached(hit) && images.contains_key(name(hit)));
    let mut patches: BTreeMap<usize, Vec<Operation>> = BTreeMap::new();
    for (slot, node, text) in rewrite.texts(&others, resources, findings)? {
        let Some(res) = resources.get(slot) else { continue };
        let pointer = pointer(res.doc(), res.root(), node).ok_or_else(|| {
            Error::new(ErrorKind::Resource, format!("a field of {} has no JSON pointer", res.id()))
        })?;
        patches.entry(slot).or_default().push((pointer, res.doc().text(node).to_owned(), text));
    }
    let mut component = Component::default();
    for hit in by_name.iter().chain(&others) {
        component.places.extend(resources.get(hit.slot).map(|res| key(hit, res)));
    }
    let used: BTreeSet<&str> = by_name.iter().map(name).collect();
    let images: Vec<_> = images.iter().filter(|(name, _)| used.contains(*name)).collect();
    component.write(&images, &patches, resources)?;
    Ok(component)
}

impl Component {
    /// The places of a finished build that the Component does not reach, such as images that variables complete.
    pub(crate) fn unreached(&self, rewrite: &Rewrite, finished: &ResMap) -> Vec<String> {
        let found = find(finished, &rewrite.rules, |_| true);
        let missed =
            found.hits.iter().filter(|hit| rewrite.target(&hit.reference).is_some()).filter_map(|hit| {
                let res = finished.get(hit.slot)?;
                (!self.places.contains(&key(hit, res)))
                    .then(|| format!("{} {} {}", super::object(res), hit.path, hit.written))
            });
        missed.collect()
    }

    fn write(
        &mut self,
        images: &[(&&str, &String)],
        patches: &BTreeMap<usize, Vec<Operation>>,
        resources: &ResMap,
    ) -> Result<()> {
        let mut text = String::from(
            "# Written by `kfm images rewrite --emit component`; write it anew when the base changes.\n\
             apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n",
        );
        if !images.is_empty() {
            text.push_str("images:\n");
        }
        for (name, new) in images {
            let _ = writeln!(text, "- name: {name}\n  newName: {new}");
        }
        if !patches.is_empty() {
            text.push_str("patches:\n");
        }
        for (number, (slot, operations)) in patches.iter().enumerate() {
            let Some(res) = resources.get(*slot) else { continue };
            let file = format!("patch-{:03}.json", number + 1);
            let _ = writeln!(text, "- path: {file}\n  target:\n{}", target(res).trim_end());
            let all: Vec<_> = operations
                .iter()
                .flat_map(|(path, old, new)| {
                    [
                        json!({"op": "test", "path": path, "value": old}),
                        json!({"op": "replace", "path": path, "value": new}),
                    ]
                })
                .collect();
            let patch = serde_json::to_string_pretty(&all)
                .map_err(|e| Error::new(ErrorKind::Io, format!("a patch cannot be written: {e}")))?;
            // kustomize compares strings as Go writes them in JSON.
            let patch = patch.replace('&', "\\u0026").replace('<', "\\u003c").replace('>', "\\u003e");
            self.files.push((file, patch + "\n"));
        }
        self.files.push(("kustomization.yaml".to_owned(), text));
        Ok(())
    }
}

/// What a place is recognized by after its object was renamed.
fn key(hit: &Hit, res: &Resource) -> (String, String) {
    let name = res.original_id().name;
    (format!("{}/{}/{name}", res.gvk().kind, res.namespace()), hit.path.clone())
}

/// Returns whether `images` of kustomize reaches a place.
fn is_reached(hit: &Hit) -> bool {
    let container =
        matches!(hit.carrier, Carrier::Container | Carrier::CustomContainer) && hit.join == Join::Whole;
    let list = hit.path.strip_suffix("].image").and_then(|path| path.rsplit_once('[')).map(|(list, _)| list);
    let is_list =
        |l: &str| l.rsplit('.').next().is_some_and(|l| matches!(l, "containers" | "initContainers"));
    container && list.is_some_and(is_list)
}

fn name(hit: &Hit) -> &str {
    hit.written.get(..name_length(&hit.written)).unwrap_or_default()
}

/// Names as they are written, and the new names of those that do not depend on tag or digest.
fn names<'a>(rewrite: &Rewrite, hits: &'a [Hit]) -> BTreeMap<&'a str, String> {
    let mut names: BTreeMap<&str, Option<String>> = BTreeMap::new();
    for hit in hits.iter().filter(|hit| is_reached(hit)) {
        let old = &hit.reference;
        let new = rewrite.target(old).unwrap_or_else(|| old.clone());
        let same = |a: &Reference, b: &Reference| a.tag == b.tag && a.digest == b.digest;
        let new_name = (same(&new, old) && new.name() != old.name()).then(|| new.name());
        names
            .entry(name(hit))
            .and_modify(|known| {
                if *known != new_name {
                    *known = None;
                }
            })
            .or_insert(new_name);
    }
    names.into_iter().filter_map(|(name, new)| Some((name, new?))).collect()
}

/// The selector of a patch.
fn target(res: &Resource) -> String {
    let gvk = res.gvk();
    let fields = [
        ("group", gvk.group.as_str()),
        ("version", gvk.version.as_str()),
        ("kind", gvk.kind.as_str()),
        ("name", res.name()),
        ("namespace", res.namespace()),
    ];
    fields.iter().filter(|(_, value)| !value.is_empty()).fold(String::new(), |mut out, (field, value)| {
        let _ = writeln!(out, "    {field}: {}", json!(value));
        out
    })
}

/// The JSON pointer of a node.
fn pointer(doc: &Doc, from: NodeId, node: NodeId) -> Option<String> {
    if from == node {
        return Some(String::new());
    }
    let in_map = doc.pairs(from).find_map(|(key, value)| {
        pointer(doc, value, node).map(|rest| format!("/{}{rest}", pointer::escape(doc.text(key))))
    });
    in_map.or_else(|| {
        let mut items = doc.items(from).iter().enumerate();
        items.find_map(|(i, item)| pointer(doc, *item, node).map(|rest| format!("/{i}{rest}")))
    })
}
