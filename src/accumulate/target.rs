//! One kustomization and the steps that it runs through.

use super::origin::Origin;
use super::parsed::read_file;
use super::prefetch::Plan;
use super::schemas::Schemas;
use super::{Accumulator, Options};
use crate::compat::Compat;
use crate::diag::{Code, Error, ErrorKind, Finding, Findings, Location, Result};
use crate::kube::{TransformerConfig, read_crd};
use crate::kustomization::{self, Kustomization, KustomizationKind, Text};
use crate::limits::Limit;
use crate::load::Loader;
use crate::parallel::Queue;
use crate::yaml::{Doc, json, split};
use std::sync::Arc;

/// What is the same for all directories of a build.
pub(super) struct Build<'a> {
    pub(crate) options: &'a Options,
    pub(crate) findings: &'a Findings,
    /// What the entries lead to.
    pub(crate) plan: Plan,
    /// Where files are read ahead.
    pub(crate) queue: &'a Queue,
    /// Where types are looked up.
    pub(crate) schemas: Schemas,
}

/// A directory with its kustomization file.
pub(super) struct Target {
    pub(crate) loader: Arc<Loader>,
    pub(crate) kustomization: Arc<Kustomization>,
    /// The name of the kustomization file.
    pub(crate) file_name: String,
    /// Where the directory stands from the top, when origins are tracked.
    pub(crate) origin: Option<Origin>,
    /// The namespace of the nearest directory above that has one: charts get it.
    pub(crate) helm_namespace: String,
}

impl Target {
    /// Reads the kustomization file of a directory. What it has of deprecated fields becomes findings.
    pub(super) fn read(loader: &Arc<Loader>, compat: Compat, findings: &Findings) -> Result<Self> {
        let file = kustomization::locate(loader)?;
        let kustomization = read_file(&file, compat)?;
        for field in &kustomization.deprecated {
            findings.add(
                Finding::new(Code::DeprecatedField, format!("field `{}` is deprecated", field.value))
                    .at(field.mark.location())
                    .hint("run `kfm edit fix` to bring the file up to date"),
            );
        }
        let file_name = file.path().and_then(|p| p.file_name()).map(|n| n.to_string_lossy().into_owned());
        Ok(Self {
            loader: loader.clone(),
            kustomization,
            file_name: file_name.unwrap_or_default(),
            origin: None,
            helm_namespace: String::new(),
        })
    }

    /// The kustomization file as a whole.
    pub(super) fn place(&self) -> Location {
        Location::file(self.kustomization.mark.source.path.clone())
    }

    /// The first document of a file that an entry names, read by YAML 1.1; `None` if it has none.
    pub(super) fn document(&self, path: &Text) -> Result<Option<Arc<Doc>>> {
        let source = self.loader.file(path)?.text()?;
        Ok(split::read_v2(&source)?.map(Arc::new))
    }
}

impl<'a> Build<'a> {
    pub(super) fn new(options: &'a Options, findings: &'a Findings, plan: Plan, queue: &'a Queue) -> Self {
        Self { options, findings, plan, queue, schemas: Schemas::new(options.compat) }
    }

    /// The version of kustomize to behave as.
    pub(super) fn compat(&self) -> Compat {
        self.options.compat
    }

    /// Notes that the scopes of the types of all objects are looked up.
    fn use_scopes(&mut self, acc: &Accumulator) -> Result<()> {
        acc.resources.iter().try_for_each(|res| self.schemas.use_scope(res.gvk()))
    }

    /// Runs a kustomization: its accumulator holds nothing, or what the directory above has when it is a component.
    pub(super) fn accumulate(&mut self, target: &Target, mut acc: Accumulator) -> Result<Accumulator> {
        let k = &*target.kustomization;
        if let Some(scopes) = self.schemas.scopes() {
            acc.resources.set_scopes(scopes);
        }
        let mut acc = self.accumulate_resources(target, acc, &k.resources)?;
        let at = |field: &[Text]| field.first().map_or_else(|| target.place(), |path| path.mark.location());
        configurations(target, self.compat())
            .and_then(|specs| acc.merge_config(&specs))
            .map_err(|e| e.or_at(|| at(&k.configurations)))?;
        crds(target).and_then(|specs| acc.merge_config(&specs)).map_err(|e| e.or_at(|| at(&k.crds)))?;
        self.run_generators(target, &mut acc)?;
        acc = self.accumulate_components(target, acc)?;
        self.run_transformers(target, &mut acc)?;
        self.run_validators(target, &mut acc)?;
        acc.vars.add(&k.vars, &mut acc.resources)?;
        self.use_scopes(&acc)?;
        Ok(acc)
    }

    /// Runs a directory that another one names, and appends what it gathers.
    pub(super) fn accumulate_directory(
        &mut self,
        parent: &Target,
        loader: &Arc<Loader>,
        entry: &Text,
        mut acc: Accumulator,
        component: bool,
    ) -> Result<Accumulator> {
        // Directories that all name the next two are entered exponentially often.
        loader.files().budget().take(Limit::Directories, 1).map_err(|e| {
            Error::from(e)
                .at(entry.mark.location())
                .hint("look for directories that are reached in many ways, and name each once")
        })?;
        let mut target = Target::read(loader, self.compat(), self.findings)
            .map_err(|e| e.label(entry.mark.location(), "the entry that asks for it"))?;
        target.origin = parent.origin.as_ref().map(|o| o.enter(&entry.value, loader));
        target.helm_namespace = match &parent.kustomization.namespace {
            Some(own) => own.value.clone(),
            None => parent.helm_namespace.clone(),
        };
        if target.kustomization.openapi.path.is_some() {
            self.use_scopes(&acc)?;
        }
        self.schemas.read(&target.kustomization.openapi, &target.loader, false)?;
        let is_component = target.kustomization.kind == KustomizationKind::Component;
        if is_component != component {
            let (what, hint) = if component {
                ("a Component, found a Kustomization", "list it in `resources`, or set `kind: Component`")
            } else {
                ("a Kustomization, found a Component", "list it in `components`")
            };
            let message = format!("expected `{}` to be {what}", entry.value);
            return Err(Error::new(ErrorKind::Config, message)
                .at(entry.mark.location())
                .label(target.kustomization.mark.location(), "its file")
                .hint(hint));
        }
        let during = |e: Error| e.or_at(|| target.place()).during(format!("building `{}`", loader.shown()));
        if component {
            // A component starts from everything the directory above has so far, and hands all of it back; field specs and
            // objects are merged into an empty accumulator, as in kustomize.
            let gathered = self.accumulate(&target, acc).map_err(during)?;
            acc = Accumulator::default();
            acc.merge(gathered)?;
        } else {
            let gathered = self.accumulate(&target, Accumulator::default()).map_err(during)?;
            acc.merge(gathered).map_err(|e| e.label(entry.mark.location(), "the entry that adds it"))?;
        }
        Ok(acc)
    }

    fn accumulate_components(&mut self, target: &Target, mut acc: Accumulator) -> Result<Accumulator> {
        for entry in &target.kustomization.components {
            let loader = self.plan.component(&target.loader, entry)?;
            acc = self.accumulate_directory(target, &loader, entry, acc, true)?;
        }
        Ok(acc)
    }
}

/// The default specs, with those of the `configurations` files.
fn configurations(target: &Target, compat: Compat) -> Result<TransformerConfig> {
    let read = |path: &Text| -> Result<TransformerConfig> {
        let doc = target.document(path)?;
        doc.map_or_else(
            || Ok(TransformerConfig::default()),
            |doc| kustomization::read_configuration(&doc, compat),
        )
    };
    let files: Vec<_> = target.kustomization.configurations.iter().map(read).collect::<Result<_>>()?;
    TransformerConfig::of_files(&files, compat)
}

/// The field specs that descriptions of custom types bring.
fn crds(target: &Target) -> Result<TransformerConfig> {
    let mut specs = TransformerConfig::default();
    for path in &target.kustomization.crds {
        let source = target.loader.file(path)?.text()?;
        let doc = if source.text.starts_with('{') {
            Some(json::read_json(&source)?)
        } else {
            split::read_v2(&source)?
        };
        if let Some(doc) = doc {
            specs = specs.merge(&read_crd(&doc)?)?;
        }
    }
    Ok(specs)
}
