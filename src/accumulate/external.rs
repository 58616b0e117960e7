//! `generators`, `transformers` and `validators`: plugins, builtin and others, set up by objects of their own.

use super::generators::{Generated, generate_from};
use super::origin::Origin;
use super::target::{Build, Target};
use super::transformers::Run;
use super::{Accumulator, builtin};
use crate::diag::{Error, ErrorKind, Result};
use crate::generate;
use crate::kustomization::Text;
use crate::plugin::{self, Builtin, External, Site, helm};
use crate::resource::{Origin as Note, ResMap, Resource, read};
use crate::yaml::{Doc, NodeId, NodeKind, Source, node};
use std::sync::Arc;

/// The label that a validator may leave after.
const VALIDATED_BY: &str = "validated-by";

/// A generator that is set up.
enum Generator {
    Made(Vec<Resource>),
    Chart(Box<helm::Chart>),
    External(Box<External>),
}

impl Build<'_> {
    /// The objects of `generators`.
    pub(super) fn external_generators(&mut self, target: &Target) -> Result<Vec<Generated>> {
        let mut all = vec![];
        for config in self.configurations(target, &target.kustomization.generators)? {
            let generator = self.generator(target, &config).map_err(|e| setting_up(e, &config))?;
            all.push((generator, note(&config), config));
        }
        all.into_iter()
            .map(|(generator, note, config)| {
                let objects = match generator {
                    Generator::Made(objects) => Ok(objects),
                    Generator::Chart(chart) => self.at_site(target, |site| helm::inflate(&chart, site)),
                    Generator::External(plugin) => self.at_site(target, |site| plugin.generate(site)),
                };
                let during = |e: Error| {
                    e.or_at(|| config.doc().location(config.root()))
                        .during(format!("running {}", config.id()))
                };
                Ok((objects.map_err(during)?, note))
            })
            .collect()
    }

    fn generator(&mut self, target: &Target, config: &Resource) -> Result<Generator> {
        if !plugin::builtin::is_builtin(config) {
            return self
                .at_site(target, |site| External::load(config, site))
                .map(|e| Generator::External(Box::new(e)));
        }
        Ok(match plugin::builtin::decode(config)? {
            Builtin::ConfigMap(args) => {
                Generator::Made(vec![generate_from(&target.loader, generate::config_map, &args, None)?])
            }
            Builtin::Secret(args) => {
                Generator::Made(vec![generate_from(&target.loader, generate::secret, &args, None)?])
            }
            Builtin::Helm(chart, globals) => {
                let chart = self.at_site(target, |site| helm::prepare(&chart, Some(&globals), site))?;
                Generator::Chart(Box::new(chart))
            }
            Builtin::IamPolicy(object) => Generator::Made(vec![*object]),
            _ => return Err(wrong_list(config, "a generator", "transformers")),
        })
    }

    /// The transformers that entries of `transformers` or `validators` set up, and the notes of who they are.
    pub(super) fn external_transformers<'s>(
        &mut self,
        target: &'s Target,
        entries: &[Text],
    ) -> Result<Vec<(Run<'s>, Option<Arc<Note>>)>> {
        let mut all = vec![];
        for config in self.configurations(target, entries)? {
            let run = self.transformer(target, &config).map_err(|e| setting_up(e, &config))?;
            let (id, at) = (config.id().clone(), config.doc().location(config.root()));
            let run: Run<'s> =
                Box::new(move |b, r| run(b, r).map_err(|e| e.or_at(|| at).during(format!("running {id}"))));
            all.push((run, note(&config)));
        }
        Ok(all)
    }

    fn transformer<'s>(&mut self, target: &'s Target, config: &Resource) -> Result<Run<'s>> {
        if plugin::builtin::is_builtin(config) {
            let builtin = plugin::builtin::decode(config)?;
            if builtin.is_generator() {
                return Err(wrong_list(config, "a transformer", "generators"));
            }
            return builtin::transformer(self, target, builtin);
        }
        let plugin = self.at_site(target, |site| External::load(config, site))?;
        Ok(Box::new(move |b, r| b.at_site(target, |site| plugin.transform(r, site))))
    }

    /// Runs the validators: transformers that must change nothing but the label `validated-by`.
    pub(super) fn run_validators(&mut self, target: &Target, acc: &mut Accumulator) -> Result<()> {
        let entries = &target.kustomization.validators;
        for (run, _) in self.external_transformers(target, entries)? {
            let before = acc.resources.clone();
            run(self, &mut acc.resources)?;
            refuse_changes(&before, &acc.resources)?;
        }
        Ok(())
    }

    /// The objects that set up plugins: texts in the kustomization file, then what paths lead to.
    fn configurations(&mut self, target: &Target, entries: &[Text]) -> Result<Vec<Resource>> {
        let mut acc = Accumulator::default();
        let mut paths = vec![];
        for entry in entries {
            let source = Source::inline(&entry.mark.source, &entry.mark.location(), entry.value.clone());
            match read::from_source(&source) {
                Ok(objects) => {
                    for mut res in objects {
                        res.origin = target.origin.as_ref().map(|o| Arc::new(o.of_file(&target.file_name)));
                        self.schemas.use_scope(res.gvk())?;
                        acc.resources.append(res)?;
                    }
                }
                Err(error) if entry.value.trim_end().contains('\n') => return Err(error),
                Err(_) => paths.push(entry.clone()),
            }
        }
        Ok(self.accumulate_resources(target, acc, &paths)?.resources.drain())
    }

    /// Runs something with what plugins need to know of a directory.
    pub(super) fn at_site<T>(
        &self,
        target: &Target,
        run: impl FnOnce(&mut Site<'_, '_>) -> Result<T>,
    ) -> Result<T> {
        let mut load = |entry: &Text| target.loader.file(entry)?.bytes();
        run(&mut Site {
            options: &self.options.plugins,
            compat: self.compat(),
            budget: Some(target.loader.files().budget()),
            root: target.loader.root(),
            load: &mut load,
        })
    }
}

fn setting_up(error: Error, config: &Resource) -> Error {
    error.or_at(|| config.doc().location(config.root())).during(format!("setting up {}", config.id()))
}

fn wrong_list(config: &Resource, expected: &str, list: &str) -> Error {
    Error::new(ErrorKind::Config, format!("expected {expected}, found `{}`", config.gvk().kind))
        .at(config.doc().location(config.root()))
        .hint(format!("list it in `{list}`"))
}

/// The note of a plugin whose configuration has a known origin.
fn note(config: &Resource) -> Option<Arc<Note>> {
    config.origin.as_ref().map(|origin| Arc::new(Origin::of_plugin(origin, config.id())))
}

fn refuse_changes(before: &ResMap, after: &ResMap) -> Result<()> {
    let changed = |res: &Resource, what: &str| {
        Error::new(ErrorKind::Resource, format!("a validator must change nothing, but {what} `{}`", res.id()))
            .at(res.doc().location(res.root()))
    };
    let (mut old, mut new) = (before.iter(), after.iter());
    loop {
        match (old.next(), new.next()) {
            (None, None) => return Ok(()),
            (Some(a), Some(b)) if is_unchanged(a, b) => {}
            (Some(a), Some(_)) => return Err(changed(a, "it changed")),
            (Some(a), None) => return Err(changed(a, "it removed")),
            (None, Some(b)) => return Err(changed(b, "it added")),
        }
    }
}

fn is_unchanged(a: &Resource, b: &Resource) -> bool {
    let mut b = b.clone();
    if b.label(VALIDATED_BY).is_some() {
        if !sets_labels_alike(&b) {
            return false;
        }
        b.edit(|doc| {
            let root = doc.root();
            let Some(metadata) = doc.get(root, "metadata") else { return };
            let Some(labels) = doc.get(metadata, "labels") else { return };
            doc.remove(labels, VALIDATED_BY);
            if doc.children(labels).is_empty() {
                doc.remove(metadata, "labels");
            }
        });
    }
    a.id() == b.id()
        && a.previous == b.previous
        && a.prefixes == b.prefixes
        && a.suffixes == b.suffixes
        && node::equal(a.doc(), a.root(), b.doc(), b.root())
        && stand_alike(a.doc(), a.root(), b.doc(), b.root())
}

/// Returns whether the same scalars are still those of the file. Kustomize compares their lines and columns too, which one has
/// lost that was set anew, be it to the same text.
fn stand_alike(a: &Doc, x: NodeId, b: &Doc, y: NodeId) -> bool {
    let is_scalar = a.kind(x) == NodeKind::Scalar;
    (!is_scalar || a.span(x).is_some() == b.span(y).is_some())
        && a.children(x).iter().zip(b.children(y)).all(|(k, l)| stand_alike(a, *k, b, *l))
}

/// Returns whether kustomize, which takes the label of a validator away by writing all labels anew, ends up with the nodes that
/// were there: those of labels that it had written itself, in order, as the last field of `metadata`.
fn sets_labels_alike(res: &Resource) -> bool {
    let doc = res.doc();
    let Some(metadata) = doc.get(doc.root(), "metadata") else { return true };
    let Some(labels) = doc.get(metadata, "labels") else { return true };
    let own = |key: NodeId| {
        let mark = doc.mark(key);
        mark.is_none_or(|mark| !Arc::ptr_eq(&mark.source, doc.source()))
    };
    let others: Vec<NodeId> =
        doc.pairs(labels).map(|(key, _)| key).filter(|key| doc.text(*key) != VALIDATED_BY).collect();
    // Notes of `buildMetadata` move the annotations after the labels.
    others.is_empty()
        || res.origin.is_none()
            && doc.pairs(metadata).last().is_some_and(|(_, value)| value == labels)
            && others.iter().all(|key| own(*key))
            && others.is_sorted_by_key(|key| doc.text(*key))
}
