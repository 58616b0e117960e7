//! What a command line and its surroundings make of a build: options, what it may reach, built-in directories.

use super::args::{BuildArgs, ReachArgs, RemoteArgs};
use super::environment::Environment;
use super::{remote, sandbox};
use crate::accumulate;
use crate::diag::{Code, Error, ErrorKind, Finding, Findings, Result, cause};
use crate::distribution::{Local, Trees};
use crate::files::Disk;
use crate::limits::{Budget, Limits};
use crate::load::{Fetch, RepoSpec, StandIns};
use crate::plugin::PluginOptions;
use crate::remote::{Config, Remote, url};
use crate::resource::ResMap;
use crate::text::path::clean;
use crate::{Kustomize, Options, Reorder};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What the flags of a build say.
pub(super) fn options(args: &BuildArgs, environment: &Environment, findings: &Findings) -> Result<Options> {
    let deprecated = |flag: &str, instead: &str| {
        findings
            .add(Finding::new(Code::DeprecatedFlag, format!("flag `{flag}` is deprecated")).hint(instead));
    };
    if args.reorder.is_some() {
        deprecated("--reorder", "use the field `sortOptions` of the kustomization file");
    }
    if args.enable_managedby_label.is_some() {
        deprecated(
            "--enable-managedby-label",
            "use `buildMetadata: [managedByLabel]` in the kustomization file",
        );
    }
    let unrestricted = match args.reach.load_restrictor.as_deref() {
        None | Some("" | "LoadRestrictionsRootOnly") => false,
        Some("LoadRestrictionsNone") => true,
        Some(other) => {
            return Err(illegal(
                "--load-restrictor",
                other,
                "LoadRestrictionsRootOnly",
                "LoadRestrictionsNone",
            ));
        }
    };
    let reorder = match args.reorder.as_deref() {
        None => Reorder::Unspecified,
        Some("legacy") => Reorder::Legacy,
        Some("none") => Reorder::None,
        Some(other) => return Err(illegal("--reorder", other, "legacy", "none")),
    };
    let compat = environment.compat(args.compat.as_deref())?;
    let mut limits = Limits::default();
    let trusted = !environment.untrusted;
    let config = if trusted { remote::configuration(environment)? } else { Config::default() };
    for text in config.limits.iter().chain(&args.reach.limit) {
        limits.set(text).map_err(|e| Error::new(ErrorKind::Usage, e))?;
    }
    let on = |flag: Option<bool>| flag.unwrap_or(false);
    let plugins_on = on(args.enable_alpha_plugins);
    Ok(Options {
        directory: environment.directory.clone(),
        unrestricted,
        reorder,
        compat,
        managed_by_label: environment.managed_by_label || on(args.enable_managedby_label),
        root: None,
        file_repositories: args.enable_file_repositories || config.network.file_repositories,
        limits,
        threads: match args.threads {
            0 => processors(trusted),
            n => n,
        },
        plugins: PluginOptions {
            no_helm: None,
            enable_helm: plugins_on || on(args.reach.enable_helm),
            helm_command: args.reach.helm_command.clone().unwrap_or_else(|| "helm".to_owned()),
            helm_api_versions: args.helm_api_versions.clone(),
            helm_kube_version: args.helm_kube_version.clone().unwrap_or_default(),
            helm_debug: on(args.helm_debug),
            enable_alpha_plugins: plugins_on,
            enable_exec: on(args.enable_exec),
            network: on(args.network),
            mounts: args.mount.clone(),
            env: args.env.clone(),
            as_current_user: on(args.as_current_user),
            plugin_homes: environment.plugin_homes.clone(),
            helm_plugins: args.helm_plugins.as_ref().map(|path| environment.directory.join(path)),
            search: environment.search.clone(),
        },
        ..Options::default()
    })
}

fn illegal(flag: &str, value: &str, a: &str, b: &str) -> Error {
    Error::new(ErrorKind::Usage, format!("`{flag}` must be `{a}` or `{b}`, found `{value}`"))
}

/// How many threads there is work for. Asking for the limits of a container reads files of the system.
pub(super) fn processors(trusted: bool) -> usize {
    #[cfg(target_os = "linux")]
    if !trusted {
        return rustix::thread::sched_getaffinity(None).map_or(1, |set| set.count().max(1) as usize);
    }
    let _ = trusted;
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

/// The options of a build without flags.
pub(super) fn plain_options(environment: &Environment) -> Result<Options> {
    options(&BuildArgs::default(), environment, &Findings::default())
}

/// A build of a directory without other flags.
pub(super) fn plain(dir: &str, remote: &RemoteArgs, environment: &Environment) -> Result<Kustomize> {
    let mut options = plain_options(environment)?;
    let reach_args = ReachArgs { remote: remote.clone(), ..ReachArgs::default() };
    let args = BuildArgs { reach: reach_args, ..BuildArgs::default() };
    let Reach { fetch, .. } = reach(&mut options, &args, dir, environment)?;
    Ok(kustomize(options).fetch(fetch))
}

/// A build of what is on disk.
pub(super) fn kustomize(options: Options) -> Kustomize {
    Kustomize::new(Disk::new(options.directory.clone())).options(options)
}

/// The resources that a build makes; its warnings are added to the findings.
pub(super) fn resources(
    args: &BuildArgs,
    dir: &str,
    mut options: Options,
    environment: &Environment,
    findings: &Findings,
) -> Result<ResMap> {
    let Reach { fetch, untrusted, .. } = reach(&mut options, args, dir, environment)?;
    let trees = trees(args, dir, environment, !untrusted);
    options.stand_ins = trees.clone().map(|trees| trees as Arc<dyn StandIns>);
    let budget = Arc::new(Budget::new(options.limits.clone()));
    let resources = accumulate::build(&budget, dir, &options, fetch, findings).map_err(|e| match &trees {
        Some(trees) => trees.explain(e),
        None => e,
    })?;
    trees.iter().flat_map(|trees| trees.findings.take()).for_each(|note| findings.add(note));
    Ok(resources)
}

/// What all builds of a run may take together.
pub(super) fn budget(args: &BuildArgs, environment: &Environment) -> Result<Arc<Budget>> {
    Ok(Arc::new(Budget::new(options(args, environment, &Findings::default())?.limits)))
}

/// Renders a directory; its warnings are not kept. `change` has the last word on the options and on what fetches.
pub(super) fn render(
    budget: &Arc<Budget>,
    args: &BuildArgs,
    dir: &str,
    change: impl FnOnce(&mut Options, Arc<dyn Fetch>) -> Result<Arc<dyn Fetch>>,
    environment: &Environment,
) -> Result<ResMap> {
    let findings = Findings::default();
    let mut options = options(args, environment, &findings)?;
    let Reach { fetch, untrusted, .. } = reach(&mut options, args, dir, environment)?;
    let fetch = change(&mut options, fetch)?;
    let trees = trees(args, dir, environment, !untrusted);
    options.stand_ins = trees.clone().map(|trees| trees as Arc<dyn StandIns>);
    accumulate::build(budget, dir, &options, fetch, &findings).map_err(|e| match &trees {
        Some(trees) => trees.explain(e),
        None => e,
    })
}

/// The built-in directories, where they may serve. Called as kustomize the program is no more than that, unless asked.
pub(super) fn trees(
    args: &BuildArgs,
    dir: &str,
    environment: &Environment,
    named: bool,
) -> Option<Arc<Trees>> {
    if environment.as_kustomize && args.manifests.is_none() {
        return None;
    }
    let local = named.then(|| local(args.manifests.as_deref(), environment)).flatten();
    Trees::for_target(&environment.directory, dir, local).map(Arc::new)
}

/// The manifests that the user named: by a flag, else by `KFM_MANIFESTS`.
pub(super) fn local(flag: Option<&str>, environment: &Environment) -> Option<Local> {
    let local = |given: &str, by: &str, instead| Local {
        directory: clean(&environment.directory.join(given)),
        given: given.to_owned(),
        by: by.to_owned(),
        instead,
    };
    match (flag.filter(|f| !f.is_empty()), &environment.manifests) {
        (Some(flag), _) => Some(local(flag, "--manifests", true)),
        (None, Some(directory)) => Some(local(directory, "KFM_MANIFESTS", false)),
        _ => None,
    }
}

/// What a build may reach.
pub(super) struct Reach {
    /// What fetches.
    pub(crate) fetch: Arc<dyn Fetch>,
    /// The same, where it is more than a refusal.
    pub(crate) remote: Option<Arc<Remote>>,
    /// Whether the input is a stranger's.
    pub(crate) untrusted: bool,
}

/// Sets what may be reached, and gives it.
pub(super) fn reach(
    options: &mut Options,
    args: &BuildArgs,
    dir: &str,
    environment: &Environment,
) -> Result<Reach> {
    options.root = root(args, dir, environment)?;
    let untrusted = environment.untrusted;
    let remote = match untrusted {
        true => remote::copies(dir, options.root.as_deref(), environment)?,
        false => Some(remote::open(&args.reach.remote, dir, options.limits.clone(), environment)?),
    };
    if untrusted {
        distrust(options);
    }
    let fetch: Arc<dyn Fetch> = match &remote {
        Some(remote) => remote.clone(),
        None => Arc::new(NothingFetched),
    };
    Ok(Reach { fetch, remote, untrusted })
}

/// The directory outside of which nothing is read, if there is one.
fn root(args: &BuildArgs, dir: &str, environment: &Environment) -> Result<Option<PathBuf>> {
    let real = |path: &str| {
        environment.directory.join(path).canonicalize().map_err(|e| {
            let message = format!("the root `{path}` cannot be reached: {}", cause(&e));
            Error::new(ErrorKind::Usage, message)
        })
    };
    match &args.reach.root {
        Some(root) => real(root).map(Some),
        None if environment.untrusted => Ok(Some(sandbox::own_root(dir, environment))),
        None => Ok(None),
    }
}

/// Lets the kernel enforce what an untrusted build may reach. Tells what it does not enforce.
pub(super) fn enter(options: &Options, args: &BuildArgs, environment: &Environment) -> Option<Finding> {
    let output = args.output.as_deref().filter(|path| !path.is_empty());
    let output = output.map(|path| environment.directory.join(path));
    sandbox::enter(options.root.as_slice(), output.as_deref())
}

/// Takes back what other flags allow.
fn distrust(options: &mut Options) {
    options.unrestricted = false;
    options.file_repositories = false;
    options.plugins = PluginOptions::default();
}

/// Fetches nothing, and says so.
#[derive(Debug)]
struct NothingFetched;

impl Fetch for NothingFetched {
    fn repository(&self, text: &str) -> std::result::Result<RepoSpec, &'static str> {
        url::parse(text)
    }

    fn checkout(&self, repository: &RepoSpec) -> Result<Arc<Path>> {
        Err(not_fetched(&repository.raw))
    }

    fn file(&self, url: &str) -> Result<Vec<u8>> {
        Err(not_fetched(url))
    }
}

fn not_fetched(location: &str) -> Error {
    let message = format!("`{location}` would have to be fetched, which an untrusted build does not do");
    Error::new(ErrorKind::Restricted, message)
}

/// What fetches remote content for a command without flags for that.
pub(super) fn remote(environment: &Environment) -> Result<Arc<Remote>> {
    remote::open(&RemoteArgs::default(), ".", Limits::default(), environment)
}
