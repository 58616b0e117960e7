//! Functions: programs and containers that get a `ResourceList` and print one.
//!
//! What to run stands in an annotation of the configuration. A program runs only with `--enable-exec`; without it the
//! function is skipped without a word, as in kustomize.

use super::container::{self, Container, Mount};
use super::exchange;
use super::options::Site;
use super::program::{self, Output, Program};
use crate::diag::{Error, ErrorKind, Result};
use crate::kustomization::decode::{Decoder, Rules};
use crate::limits::Budget;
use crate::resource::{ResMap, Resource};
use crate::text::path::clean;
use crate::yaml::{Doc, NodeId, NodeKind, Source, Style, split};
use rustc_hash::FxHashMap;
use std::path::Path;
use std::sync::Arc;

/// Annotations that tell what to run; the first that is there and not empty counts.
const ANNOTATIONS: [&str; 2] = ["config.kubernetes.io/function", "config.k8s.io/function"];
/// An annotation that names an image alone.
const IMAGE: &str = "config.kubernetes.io/container";
/// The field of the metadata that tells what to run.
const FIELD: &str = "configFn";

/// Annotations by which an object that a function printed tells which one it was, counted from 1.
const IDS: [&str; 2] = ["internal.config.kubernetes.io/id", "config.k8s.io/id"];

/// What a configuration says is to be run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Spec {
    /// `container`; runs if it has an image.
    pub(crate) container: Container,
    /// `exec.path`
    pub(crate) path: String,
    /// `exec.args`
    pub(crate) args: Vec<String>,
    /// `exec.envs`
    pub(crate) envs: Vec<String>,
}

/// What a configuration says is to be run, if it says so. Paths of mounts are checked.
pub(crate) fn spec_of(config: &Resource) -> Result<Option<Spec>> {
    let (doc, root) = (config.doc(), config.root());
    let metadata = doc.get(root, "metadata");
    let annotations = metadata.and_then(|m| doc.get(m, "annotations"));
    let annotation =
        |key: &str| annotations.and_then(|a| doc.get(a, key)).filter(|n| !doc.text(*n).is_empty());
    let spec = if let Some(node) = ANNOTATIONS.iter().find_map(|key| annotation(key)) {
        let mut at = doc.location(node);
        // The text of a block begins in the line below.
        at.line += u32::from(matches!(doc.style(node), Style::Literal | Style::Folded) && at.line > 0);
        parse(&Source::inline(doc.source(), &at, doc.text(node).to_owned()))?
    } else if let Some(node) = metadata.and_then(|m| doc.get(m, FIELD)).filter(|n| !doc.is_null(*n)) {
        let mut text = Vec::new();
        crate::yaml::emit::print(doc, node, &mut text)?;
        parse(&Source::inline(
            doc.source(),
            &doc.location(node),
            String::from_utf8_lossy(&text).into_owned(),
        ))?
    } else if let Some(node) = annotation(IMAGE) {
        Spec {
            container: Container { image: doc.text(node).to_owned(), ..Default::default() },
            ..Default::default()
        }
    } else {
        return Ok(None);
    };
    check_mounts(&spec, config)?;
    Ok(Some(spec))
}

fn parse(source: &Arc<Source>) -> Result<Spec> {
    let Some(doc) = split::read_v2(source)? else { return Ok(Spec::default()) };
    let doc = Arc::new(doc);
    let mut spec = Spec::default();
    let d = Decoder::new(&doc, Rules::CONFIGURATION)?;
    let f = d.fields(doc.root(), "a function", &["deferFailure", "container", "exec"])?;
    // A function that fails fails the build, whatever this says.
    f.flag("deferFailure")?;
    if let Some(container) = f.sub("container", container_of)? {
        spec.container = container;
    }
    let exec = f.sub("exec", |d, n| {
        let f = d.fields(n, "`exec` of a function", &["path", "args", "envs"])?;
        Ok((f.string("path")?, f.strings("args")?, f.strings("envs")?))
    })?;
    (spec.path, spec.args, spec.envs) = exec.unwrap_or_default();
    Ok(spec)
}

fn container_of(d: Decoder<'_>, node: NodeId) -> Result<Container> {
    let f = d.fields(node, "`container` of a function", &["image", "network", "mounts", "envs"])?;
    Ok(Container {
        image: f.string("image")?,
        network: f.flag("network")?,
        mounts: f.list("mounts", |d, n| {
            let f = d.fields(n, "a mount", &["type", "src", "dst", "rw"])?;
            let (kind, source, target) = (f.string("type")?, f.string("src")?, f.string("dst")?);
            Ok(Mount { kind, source, target, writable: f.flag("rw")? })
        })?,
        envs: f.strings("envs")?,
    })
}

fn check_mounts(spec: &Spec, config: &Resource) -> Result<()> {
    for mount in &spec.container.mounts {
        let path = Path::new(&mount.source);
        let clean = clean(path);
        if path.is_absolute() || clean.to_string_lossy().starts_with("..") {
            return Err(Error::new(
                ErrorKind::Restricted,
                format!(
                    "the mount `{}` of {} is not below the kustomization's directory",
                    mount.source,
                    config.id()
                ),
            )
            .at(config.doc().location(config.root()))
            .hint("use a path relative to the kustomization, or `--mount` on the command line"));
        }
    }
    Ok(())
}

/// Runs a function that makes objects.
pub(crate) fn generate(spec: &Spec, config: &Resource, site: &Site<'_, '_>) -> Result<Vec<Resource>> {
    let config_text = config_text(config)?;
    let Some(output) = run(spec, config, std::slice::from_ref(&config_text), &config_text, site)? else {
        return Ok(vec![]);
    };
    let mut all = exchange::from_output(&name_of(config), output, site.budget)?;
    exchange::apply_generator_annotations(&mut all)?;
    Ok(all)
}

/// Runs a function that changes objects.
pub(crate) fn transform(
    spec: &Spec,
    config: &Resource,
    resources: &mut ResMap,
    site: &Site<'_, '_>,
) -> Result<()> {
    let mut texts =
        resources.iter().map(|r| exchange::to_text(r, true, false)).collect::<Result<Vec<_>>>()?;
    let config_text = config_text(config)?;
    if texts.is_empty() {
        // Kustomize calls no function without objects, so that it passes the configuration, which is local.
        texts.push(config_text.clone());
    }
    let Some(output) = run(spec, config, &texts, &config_text, site)? else { return Ok(()) };
    take(&name_of(config), output, resources, site.budget)
}

/// Puts what a function printed in the place of what it got.
pub(crate) fn take(
    name: &str,
    output: Vec<u8>,
    resources: &mut ResMap,
    budget: Option<&Arc<Budget>>,
) -> Result<()> {
    let output = exchange::from_output(name, output, budget)?;
    refuse_other_kinds(resources, &output).map_err(|e| e.during(format!("comparing what {name} printed")))?;
    exchange::update(resources, output, name)
}

/// Kustomize copies comments from each object to what became of it, and fails where a value has become one of another
/// kind.
fn refuse_other_kinds(before: &ResMap, after: &[Resource]) -> Result<()> {
    let all: Vec<&Resource> = before.iter().collect();
    for new in after {
        let id = IDS.iter().find_map(|key| new.annotation(key));
        let index = id.and_then(|id| id.parse::<usize>().ok()?.checked_sub(1));
        if let Some(old) = index.and_then(|i| all.get(i)) {
            same_kinds((old.doc(), old.root()), (new.doc(), Some(new.root())))?;
        }
    }
    Ok(())
}

fn same_kinds((a, old): (&Doc, NodeId), (b, new): (&Doc, Option<NodeId>)) -> Result<()> {
    let new = new.filter(|n| !b.is_null(*n));
    if a.is_null(old) {
        return Ok(());
    }
    if let Some(new) = new
        && a.kind(old) != b.kind(new)
    {
        let message = "a function may not make a value one of another kind";
        let error = Error::new(ErrorKind::Program, message).at(b.location(new));
        return Err(error.label(a.location(old), "what it was"));
    }
    match a.kind(old) {
        NodeKind::Map => {
            let found: FxHashMap<&str, NodeId> =
                new.iter().flat_map(|n| b.pairs(*n)).map(|(key, value)| (b.text(key), value)).collect();
            if found.contains_key("") || a.pairs(old).any(|(key, _)| a.text(key).is_empty()) {
                let message = "an object that goes through a function may not have an empty key";
                return Err(Error::new(ErrorKind::Program, message).at(a.location(old)));
            }
            for (key, value) in a.pairs(old) {
                same_kinds((a, value), (b, found.get(a.text(key)).copied()))?;
            }
        }
        NodeKind::Seq => {
            for (value, other) in a.items(old).iter().zip(new.map_or(&[][..], |n| b.items(n))) {
                if a.text(*value) == b.text(*other) {
                    same_kinds((a, *value), (b, Some(*other)))?;
                }
            }
        }
        NodeKind::Scalar | NodeKind::Alias => {}
    }
    Ok(())
}

fn name_of(config: &Resource) -> String {
    format!("the function {}", config.id())
}

/// The configuration as the function gets it.
fn config_text(config: &Resource) -> Result<String> {
    let text = exchange::to_text(config, false, false)?;
    Ok(exchange::add_annotations(&text, &[(crate::resource::internal::LOCAL_CONFIG, "true")]))
}

/// The `ResourceList` that a function reads.
fn resource_list(items: &[String], config: &str) -> String {
    let mut out = String::from("apiVersion: config.kubernetes.io/v1\nkind: ResourceList\n");
    out.push_str(if items.is_empty() { "items: []\n" } else { "items:\n" });
    for (i, item) in items.iter().enumerate() {
        let (index, id) = (i.to_string(), (i + 1).to_string());
        let item = exchange::add_annotations(
            item,
            &[
                ("config.kubernetes.io/index", &index),
                ("internal.config.kubernetes.io/index", &index),
                ("internal.config.kubernetes.io/annotations-migration-resource-id", &index),
                ("internal.config.kubernetes.io/id", &id),
                ("config.k8s.io/id", &id),
            ],
        );
        exchange::indented(&mut out, &item, "- ");
    }
    out.push_str("functionConfig:\n");
    exchange::indented(&mut out, config, "  ");
    out
}

/// What the function printed; `None` if there is nothing that may run.
fn run(
    spec: &Spec,
    config: &Resource,
    items: &[String],
    config_text: &str,
    site: &Site<'_, '_>,
) -> Result<Option<Vec<u8>>> {
    let at = || config.doc().location(config.root());
    let options = site.options;
    if spec.container.network && !options.network {
        return Err(Error::new(
            ErrorKind::Restricted,
            "the function needs the network, which it may not use",
        )
        .at(at())
        .hint("allow it with `--network`"));
    }
    let input = resource_list(items, config_text);
    let program = Program {
        search: options.search.clone(),
        input: input.as_bytes(),
        show_errors: true,
        ..Default::default()
    };
    let output = if !spec.container.image.is_empty() {
        let user = container::user(options)?;
        let checked = container::checked(&spec.container, options, site.root)
            .map_err(|message| Error::new(ErrorKind::Restricted, message).at(at()))?;
        let args = container::arguments(&checked, options, site.root, &user);
        in_container(&Program { args: &args, ..program })
    } else if options.enable_exec && !spec.path.is_empty() {
        let env = exchange::environment([&spec.envs, &options.env]);
        let directory = Some(site.root);
        program::run(&Program { name: &spec.path, args: &spec.args, env: &env, directory, ..program })
    } else {
        return Ok(None);
    };
    let output = output.map_err(|e| e.at(at()))?;
    if !output.status.success() {
        let message = format!("{} failed with {}", name_of(config), output.ending());
        return Err(Error::new(ErrorKind::Program, message).at(at()));
    }
    Ok(Some(output.stdout))
}

/// Runs docker, or podman where there is no docker.
fn in_container(program: &Program<'_>) -> Result<Output> {
    let with =
        |name: &'static str| program::run(&Program { name, search: program.search.clone(), ..*program });
    match with("docker") {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            with("podman").map_err(|other| match other.kind() {
                ErrorKind::NotFound => error.hint("install docker or podman"),
                _ => other,
            })
        }
        other => other,
    }
}

#[cfg(test)]
#[path = "function_tests.rs"]
mod tests;
