//! The order of a build: directory by directory, depth first, then once over everything.
//!
//! Kustomize's `KustTarget` and `ResAccumulator` are [`target`] and [`accumulator`] here. A directory gathers its
//! resources, generates, lets components work on what it has, transforms and validates; what is gathered is appended
//! to the directory above. Hashes, name references, variables and the order of the output come once, in [`finish`].

pub(crate) mod accumulator;
mod builtin;
mod external;
pub(crate) mod finish;
mod generators;
mod origin;
mod parsed;
mod prefetch;
mod resources;
mod schemas;
pub(crate) mod target;
mod transformers;

pub(crate) use accumulator::Accumulator;

use crate::compat::Compat;
use crate::diag::{Code, Finding, Findings, Result};
use crate::files::{Disk, FileSystem};
use crate::kustomization::KustomizationKind;
use crate::limits::{Budget, Limits};
use crate::load::{self, Fetch, Files, Loader, StandIns};
use crate::parallel;
use crate::plugin::PluginOptions;
use crate::resource::ResMap;
use std::path::PathBuf;
use std::sync::Arc;
use target::{Build, Target};

/// `--reorder`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Reorder {
    /// Not given: legacy.
    #[default]
    Unspecified,
    /// Namespaces first, webhooks last.
    Legacy,
    /// As gathered.
    None,
}

/// When the caller changes the resources of a build.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Before name suffix hashes are computed.
    BeforeHashes,
    /// When everything else is done.
    Finished,
}

/// What the caller does with the resources at each [`Stage`].
#[derive(Clone)]
pub struct Edit(pub(crate) Arc<EditFn>);

/// The function of an [`Edit`].
pub(crate) type EditFn = dyn Fn(&mut ResMap, Stage, &Findings) -> Result<()> + Send + Sync;

impl std::fmt::Debug for Edit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Edit")
    }
}

/// What the caller decides about a build.
#[derive(Debug, Clone)]
pub struct Options {
    /// Files outside of the directory of a kustomization may be read.
    pub unrestricted: bool,
    /// Order of the output where `sortOptions` does not say.
    pub reorder: Reorder,
    /// Every object is labelled as managed by kustomize.
    pub managed_by_label: bool,
    /// The version of kustomize to behave as.
    pub compat: Compat,
    /// Nothing outside of this directory is read, whatever else is allowed. Absolute and free of links.
    pub root: Option<PathBuf>,
    /// Kustomization files may name repositories of this machine that lie outside of their work tree.
    pub file_repositories: bool,
    /// How much the build may take.
    pub limits: Limits,
    /// How many threads may be used; 0 for as many as there are processors.
    pub threads: usize,
    /// What programs may run.
    pub plugins: PluginOptions,
    /// Where the files come from: set by `Kustomize::new`.
    #[doc(hidden)]
    pub files: Arc<dyn FileSystem>,
    /// The directory in which the user stands, if not that of the files: relative paths start there, and messages are
    /// relative to it.
    #[doc(hidden)]
    pub directory: PathBuf,
    /// Directories that are read in place of others.
    #[doc(hidden)]
    pub stand_ins: Option<Arc<dyn StandIns>>,
    /// Changes to the resources of the top, such as other images.
    pub edit: Option<Edit>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            unrestricted: false,
            reorder: Reorder::default(),
            managed_by_label: false,
            compat: Compat::default(),
            root: None,
            file_repositories: false,
            limits: Limits::default(),
            threads: 0,
            plugins: PluginOptions::default(),
            files: Arc::new(Disk::default()),
            directory: PathBuf::new(),
            stand_ins: None,
            edit: None,
        }
    }
}

impl Options {
    /// How many threads are used.
    pub(crate) fn threads(&self) -> usize {
        match self.threads {
            0 => std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            n => n,
        }
    }
}

/// Builds a directory or URL: the objects in the order of the output, ready to be printed. What it takes is charged to
/// a budget that other builds may draw on, too.
pub(crate) fn build(
    budget: &Arc<Budget>,
    dir: &str,
    options: &Options,
    fetch: Arc<dyn Fetch>,
    findings: &Findings,
) -> Result<ResMap> {
    build_from(&files(options, fetch, budget), dir, options, findings)
}

/// Several builds, one after the other, that read each file once.
pub(crate) struct Builds<'a> {
    options: &'a Options,
    fetch: Arc<dyn Fetch>,
    budget: Arc<Budget>,
    files: Arc<Files>,
}

impl<'a> Builds<'a> {
    /// Starts with no files.
    pub(crate) fn new(options: &'a Options, fetch: Arc<dyn Fetch>) -> Self {
        Self::within(Arc::new(Budget::new(options.limits.clone())), options, fetch)
    }

    fn within(budget: Arc<Budget>, options: &'a Options, fetch: Arc<dyn Fetch>) -> Self {
        let files = files(options, fetch.clone(), &budget);
        files.keep();
        Self { options, fetch, budget, files }
    }

    /// Builds a directory or URL, as [`build`] does. All builds draw on the same limits.
    ///
    /// # Errors
    ///
    /// As for [`build`]. What was read is forgotten then, since some of it may have been read in part.
    pub(crate) fn build(&mut self, dir: &str, findings: &Findings) -> Result<ResMap> {
        let built = build_from(&self.files, dir, self.options, findings);
        if built.is_err() {
            *self = Self::within(self.budget.clone(), self.options, self.fetch.clone());
        }
        built
    }
}

/// The files that a build may read.
fn files(options: &Options, fetch: Arc<dyn Fetch>, budget: &Arc<Budget>) -> Arc<Files> {
    Files::with_stand_ins(
        load::Options {
            directory: match options.directory.as_os_str().is_empty() {
                true => options.files.directory(),
                false => options.directory.clone(),
            },
            files: options.files.clone(),
            restricted: !options.unrestricted,
            compat: options.compat,
            root: options.root.clone(),
            file_repositories: options.file_repositories,
            budget: budget.clone(),
        },
        fetch,
        options.stand_ins.clone(),
    )
}

fn build_from(files: &Arc<Files>, dir: &str, options: &Options, findings: &Findings) -> Result<ResMap> {
    let loader = Loader::open_target(files, dir)?;
    run(&loader, options, findings).map_err(|e| e.during(format!("building `{}`", loader.shown())))
}

fn run(loader: &Arc<Loader>, options: &Options, findings: &Findings) -> Result<ResMap> {
    let mut target = Target::read(loader, options.compat, findings)?;
    if !target.kustomization.build_metadata.is_empty() {
        target.origin = Some(Default::default());
    }
    let is_component = target.kustomization.kind == KustomizationKind::Component;
    let own = Findings::default();
    let resources = parallel::with_helpers(options.threads() - 1, |queue, call| {
        prefetch::while_fetching(|begin| {
            let plan = prefetch::run(loader, options.compat, queue, call, begin);
            let mut build = Build::new(options, &own, plan, queue);
            build.schemas.read(&target.kustomization.openapi, &target.loader, true)?;
            build
                .accumulate(&target, Accumulator::default())
                .and_then(|gathered| finish::finish(gathered, &target.kustomization, options, &own))
                .map_err(|e| e.or_at(|| target.place()))
        })
    });
    let own = own.take();
    let misses = own.iter().any(|finding| finding.code == Code::TargetMatchesNothing);
    own.into_iter().for_each(|finding| findings.add(finding));
    match resources {
        Err(e) if is_component => Err(e.hint(BELONGS)),
        Ok(resources) if is_component && (misses || resources.is_empty()) => {
            let what = if resources.is_empty() {
                ", which yields nothing by itself"
            } else {
                ": by itself it lacks what it changes"
            };
            let message = format!("`{}` is a component{what}", loader.shown());
            findings.add(Finding::new(Code::ComponentAlone, message).hint(BELONGS));
            Ok(resources)
        }
        resources => resources,
    }
}

/// What to do with a component.
const BELONGS: &str =
    "list components under `components` of a kustomization with the resources that they change";
