//! Images in source code: what a program uses where its environment says nothing else.
//!
//! A controller's code lies in a ConfigMap that a pod mounts and runs. `environ.get("X_IMAGE", "image")` names an image;
//! its tag is the value of `X_TAG`, or of a variable with `VERSION` in its name, in the environment of that pod.

use super::find::Walk;
use super::hit::{Carrier, Join};
use super::reference;
use super::text::Text;
use crate::resource::Resource;
use crate::yaml::{Doc, NodeId};
use regex::Regex;

/// A variable of a program, and where its value stands.
struct Value {
    text: String,
    path: String,
}

impl Walk<'_, '_> {
    /// The images in source code. `at`: where it begins in the text.
    pub(super) fn source(&mut self, prefix: &str, text: &Text<'_>, at: usize, code: &str) {
        let Some(rule) = &self.rules.source else { return };
        let rules = self.rules;
        for pattern in &rule.patterns {
            for found in pattern.captures_iter(code) {
                let (Some(variable), Some(image)) = (found.get(1), found.get(2)) else { continue };
                if !reference::is_reference(image.as_str()) || is_comment(code, image.start()) {
                    continue;
                }
                if self.value(variable.as_str()).is_some() {
                    continue;
                }
                let tag = (!reference::is_pinned(image.as_str()))
                    .then(|| self.version_of(code, variable.as_str()))
                    .flatten();
                self.default(prefix, text, at + image.start(), image.as_str(), tag);
            }
        }
        for pattern in rules.source.iter().flat_map(|rule| &rule.joined) {
            for found in pattern.captures_iter(code) {
                let (Some(image), Some(variable)) = (found.get(1), found.get(2)) else { continue };
                if reference::is_reference(image.as_str()) && !is_comment(code, image.start()) {
                    let tag = assigned(code, variable.as_str()).and_then(|name| self.value(&name));
                    self.default(prefix, text, at + image.start(), image.as_str(), tag);
                }
            }
        }
    }

    fn default(&mut self, prefix: &str, text: &Text<'_>, start: usize, image: &str, tag: Option<Value>) {
        let place = text.place(start..start + image.len());
        let line = line_of(text.text, start);
        let joined = tag.as_ref().map_or_else(|| image.to_owned(), |tag| format!("{image}:{}", tag.text));
        if !self.line_hit(prefix, line, Carrier::SourceDefault, "source", &joined, place) {
            return;
        }
        if let Some(hit) = self.found.hits.last_mut() {
            if !reference::is_pinned(image) {
                hit.join = Join::Version;
            }
            hit.text = image.to_owned();
            if let Some(tag) = tag {
                hit.parts = vec![(hit.path.clone(), image.to_owned()), (tag.path, tag.text)];
            }
        }
    }

    /// The version that goes with the image of a variable.
    fn version_of(&self, code: &str, variable: &str) -> Option<Value> {
        let rule = self.rules.source.as_ref()?;
        let tag = variable.strip_suffix(rule.image.as_str()).map(|stem| format!("{stem}{}", rule.tag))?;
        if let Some(value) = self.value(&tag) {
            return Some(value);
        }
        let words = Regex::new(r#"["'](\w+)["']"#).ok()?;
        let from = code.find(&tag).unwrap_or(0);
        let names = |part: &str| {
            words
                .captures_iter(part)
                .filter_map(|c| c.get(1).map(|m| m.as_str().to_owned()))
                .filter(|name| name.contains(rule.versions.as_str()))
                .collect::<Vec<_>>()
        };
        let mut all = names(code.get(from..).unwrap_or_default());
        all.extend(names(code));
        all.iter().find_map(|name| self.value(name))
    }

    /// The value of a variable in the environment of the pods that mount the object.
    fn value(&self, variable: &str) -> Option<Value> {
        self.resources.iter().find_map(|workload| {
            let doc = workload.doc();
            let pod = pod(doc, workload.root())?;
            let volumes = doc.get(pod, "volumes")?;
            let mounts = doc.items(volumes).iter().any(|volume| {
                doc.get_path(*volume, &["configMap", "name"]).is_some_and(|n| is_named(self.res, doc.text(n)))
            });
            if !mounts || workload.namespace() != self.res.namespace() {
                return None;
            }
            let containers = doc.get(pod, "containers")?;
            doc.items(containers).iter().find_map(|c| self.value_in(workload, *c, variable))
        })
    }

    fn value_in(&self, workload: &Resource, container: NodeId, variable: &str) -> Option<Value> {
        let doc = workload.doc();
        let env = doc.get(container, "env").map_or(&[][..], |env| doc.items(env));
        let named = |entry: &&NodeId| doc.get(**entry, "name").is_some_and(|n| doc.text(n) == variable);
        if let Some(entry) = env.iter().find(named) {
            if let Some(value) = doc.get(*entry, "value") {
                let path = format!("{} env {variable}", super::hit::object(workload));
                return Some(Value { text: doc.text(value).to_owned(), path });
            }
            let from = doc.get_path(*entry, &["valueFrom", "configMapKeyRef"])?;
            let (name, key) = (doc.get(from, "name")?, doc.get(from, "key")?);
            return self.data_of(workload, doc.text(name), doc.text(key));
        }
        let from = doc.get(container, "envFrom").map_or(&[][..], |from| doc.items(from));
        from.iter().find_map(|entry| {
            let name = doc.get_path(*entry, &["configMapRef", "name"])?;
            self.data_of(workload, doc.text(name), variable)
        })
    }

    fn data_of(&self, workload: &Resource, name: &str, key: &str) -> Option<Value> {
        let map = self.resources.iter().find(|res| {
            res.gvk().kind == "ConfigMap" && res.namespace() == workload.namespace() && is_named(res, name)
        })?;
        let value = map.doc().get_path(map.root(), &["data", key])?;
        let path = format!("{} data.{key}", super::hit::object(map));
        Some(Value { text: map.doc().text(value).to_owned(), path })
    }
}

/// Returns whether an object has a name, or had it before it was renamed.
fn is_named(res: &Resource, name: &str) -> bool {
    res.name() == name || res.previous.iter().any(|p| p.name == name)
}

fn pod(doc: &Doc, root: NodeId) -> Option<NodeId> {
    let paths: [&[&str]; 3] =
        [&["spec", "template", "spec"], &["spec", "jobTemplate", "spec", "template", "spec"], &["spec"]];
    let pods = paths.iter().filter_map(|path| doc.get_path(root, path));
    pods.into_iter().find(|pod| doc.get(*pod, "containers").is_some())
}

/// The variable of the environment that a name of a program is given.
fn assigned(code: &str, name: &str) -> Option<String> {
    let quoted = Regex::new(r#"["'](\w+)["']"#).ok()?;
    let line = code.lines().find(|line| {
        line.split_once('=').is_some_and(|(left, right)| left.trim() == name && right.contains("env"))
    })?;
    quoted.captures(line).and_then(|c| c.get(1)).map(|m| m.as_str().to_owned())
}

fn line_of(text: &str, at: usize) -> usize {
    text.get(..at).unwrap_or_default().matches('\n').count() + 1
}

/// Returns whether a place of source code is behind a `#` that begins its line.
fn is_comment(code: &str, at: usize) -> bool {
    let line = code.get(..at).unwrap_or_default().rsplit('\n').next().unwrap_or_default();
    line.trim_start().starts_with(['#', '/'])
}
