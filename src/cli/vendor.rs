//! `vendor`: copies of remote content beside `kfm.lock`.

use super::args::RemoteArgs;
use super::environment::Environment;
use super::remote::settings;
use super::{Done, Strictness, session};
use crate::config::Repository;
use crate::diag::{Error, ErrorKind, Result, cause};
use crate::remote::lock::{NAME, is_inside};
use crate::remote::{Lock, Locked, RemoteOptions};
use crate::text::path::{clean, relative};
use crate::vendor::{self, Change, Report, Request, Targets};
use clap::Args;
use std::path::{Path, PathBuf};

/// Arguments of `vendor`.
#[derive(Debug, Clone, Args)]
pub(super) struct VendorArgs {
    /// Directories whose remote content is copied (`diff` prints the edits of trees instead); without one those of the last time, at first all kustomizations below
    /// the current directory
    #[arg(value_name = "TARGET")]
    pub(crate) targets: Vec<String>,
    /// Change nothing, use no network, and fail unless lock and copies are what the targets need
    #[arg(long, conflicts_with = "update")]
    pub(crate) check: bool,
    /// Ask again what references are: those of the repositories and files that are named by their URLs, or all
    #[arg(long)]
    pub(crate) update: bool,
    /// Drop edits of the trees that `kfm.toml` asks for; with `--from`, take the bundle's lock in place of another one
    #[arg(long)]
    pub(crate) force: bool,
    /// Write the lock and all copies to one file, after bringing them up to date
    #[arg(long, value_name = "FILE", conflicts_with_all = ["check", "from"])]
    pub(crate) bundle: Option<String>,
    /// Take the copies from a bundle, in place of the network
    #[arg(long, value_name = "FILE", conflicts_with_all = ["check", "update"])]
    pub(crate) from: Option<String>,
    /// Files of the targets may be anywhere: `LoadRestrictionsNone`
    #[arg(long, value_name = "TYPE", overrides_with = "load_restrictor")]
    pub(crate) load_restrictor: Option<String>,
    /// Repositories of this machine outside of this tree are allowed
    #[arg(long)]
    pub(crate) enable_file_repositories: bool,
    /// Build charts of the targets, too
    #[arg(long)]
    pub(crate) enable_helm: bool,
    /// How remote content is fetched
    #[command(flatten)]
    pub(crate) remote: RemoteArgs,
}

/// Checks the copies, or writes them.
pub(super) fn run(args: &VendorArgs, environment: &Environment) -> Result<Done> {
    let print = |text: String| Done { stdout: vec![text.into_bytes()], ..Done::default() };
    // A directory of this name is `./diff`.
    if let Some(("diff", names)) = args.targets.split_first().map(|(first, rest)| (first.as_str(), rest)) {
        let named = VendorArgs { targets: vec![], ..args.clone() };
        return vendor::diff(&request(&named, environment)?.0, names).map(print);
    }
    let (request, given) = request(args, environment)?;
    if let Some(file) = &args.from {
        let copies = vendor::unpack(&request.directory, &environment.directory.join(file), args.force)?;
        return Ok(print(format!("{copies} copies taken from `{file}`\n")));
    }
    let here = environment.directory.canonicalize().unwrap_or_default();
    let targets = || Targets::find(&request.directory, &here, given.clone());
    if args.check {
        return check(&request, &targets()?);
    }
    let report = vendor::run(&request, &targets)?;
    let mut text = text(&report, &relative(&environment.directory, &request.directory.join(NAME)));
    if let Some(file) = &args.bundle {
        let (request, _) = self::request(args, environment)?;
        let copies = vendor::pack(&request, &environment.directory.join(file))?;
        text.push_str(&format!("{copies} copies written to `{file}`\n"));
    }
    Ok(Done { findings: report.findings, ..print(text) })
}

fn check(request: &Request, targets: &Targets) -> Result<Done> {
    let findings = vendor::check(request, targets)?;
    if findings.is_empty() {
        let entries = request.lock.repositories.len() + request.lock.files.len() + request.lock.sources.len();
        let text = format!("`{NAME}` and its {entries} copies are what the targets need\n");
        return Ok(Done { stdout: vec![text.into_bytes()], ..Done::default() });
    }
    Ok(Done { findings, strictness: Strictness::Strict, ..Done::default() })
}

/// What is asked for, and the targets as the lock names them.
fn request(args: &VendorArgs, environment: &Environment) -> Result<(Request, Vec<String>)> {
    let show = |path: &Path| relative(&environment.directory, path).display().to_string();
    let known = Locked::find(&environment.directory, &show)?;
    let here = environment.directory.canonicalize().map_err(|e| {
        Error::new(ErrorKind::Io, format!("the current directory cannot be reached: {}", cause(&e)))
    })?;
    let (directory, lock) = known.map_or_else(|| (here.clone(), Lock::default()), |k| (k.directory, k.lock));
    let is_url = |text: &&String| args.update && (text.contains("://") || text.contains('@'));
    let (urls, targets): (Vec<_>, Vec<_>) = args.targets.iter().partition(is_url);
    let given = match targets.is_empty() {
        true => lock.targets.clone(),
        false => targets.iter().map(|t| target(t, &here, &directory)).collect::<Result<_>>()?,
    };
    let moving: Vec<String> = match (args.update, urls.is_empty()) {
        (false, _) => vec![],
        (true, true) => vec![String::new()],
        (true, false) => urls.into_iter().cloned().collect(),
    };
    refuse_unknown(&moving, &lock)?;
    let mut options = session::plain_options(environment)?;
    options.unrestricted = args.load_restrictor.as_deref() == Some("LoadRestrictionsNone");
    options.file_repositories |= args.enable_file_repositories;
    options.plugins.enable_helm = args.enable_helm;
    let sources = Repository::of(&directory, &here)?.config.sources;
    let settings =
        RemoteOptions { lock: None, ..settings(&args.remote, options.limits.clone(), environment)? };
    let force = args.force;
    Ok((Request { directory, options, settings, lock, moving, sources, force }, given))
}

/// A target as the lock names it.
fn target(given: &str, here: &Path, directory: &Path) -> Result<String> {
    let path: PathBuf = relative(directory, &clean(&here.join(given)));
    match path.to_str() {
        Some(".") => Ok(".".to_owned()),
        Some(text) if is_inside(text) => Ok(text.to_owned()),
        _ => {
            let message = format!("the target `{given}` is not below `{}`", directory.display());
            Err(Error::new(ErrorKind::Usage, message)
                .hint("run the command in a directory that holds all targets: the lock is written there"))
        }
    }
}

/// Refuses to update what is not in the lock.
fn refuse_unknown(moving: &[String], lock: &Lock) -> Result<()> {
    let known = |url: &str, moving: &str| url == moving || url.starts_with(&format!("{moving}/"));
    let urls = || {
        let repositories =
            lock.repositories.iter().map(|r| &r.url).chain(lock.sources.iter().map(|s| &s.git));
        repositories.chain(lock.files.iter().map(|f| &f.url))
    };
    match moving.iter().find(|m| !m.is_empty() && !urls().any(|url| known(url, m))) {
        None => Ok(()),
        Some(url) => {
            let error = Error::new(ErrorKind::Usage, format!("`{NAME}` has nothing at `{url}`"));
            let near = crate::diag::nearest(url, urls().map(String::as_str));
            Err(match near {
                Some(near) => error.hint(format!("did you mean `{near}`?")),
                None => error.hint("name a URL as the lock has it"),
            })
        }
    }
}

fn text(report: &Report, lock: &Path) -> String {
    let line = |change: &Change| format!("{:<9}{} {}\n", change.what, change.name, change.detail);
    let mut text: String = report.changes.iter().map(line).collect();
    let what = if report.changes.is_empty() { "unchanged" } else { "written" };
    text.push_str(&format!("`{}` {what}, {} entries\n", lock.display(), report.entries));
    text
}
