//! `localize`: copies a target, then checks that the copy builds to the same.
//!
//! Kustomize builds both but compares nothing, and with `--scope` looks for the copy in the wrong place unless the
//! target is directly below the scope. Here the right directory is built; a difference is a warning.

use super::args::{BuildArgs, RemoteArgs, go_bool};
use super::environment::Environment;
use super::remote;
use super::{Done, say, session};
use crate::Options;
use crate::diag::{Code, Finding, Findings, Result};
use crate::limits::Limits;
use crate::load::Fetch;
use crate::localize::{self, Localized, Request};
use clap::Args;
use std::sync::Arc;

/// Arguments of `localize`.
#[derive(Debug, Args)]
pub(super) struct LocalizeArgs {
    /// Directory, or git URL with `?ref=`, to copy
    #[arg(default_value = ".")]
    pub(crate) target: String,
    /// The new directory [default: `localized-` and the name of the target]
    #[arg(default_value = "", hide_default_value = true)]
    pub(crate) destination: String,
    /// Directory that holds the target and all local directories that it needs
    #[arg(long, value_name = "DIR")]
    pub(crate) scope: Option<String>,
    /// Do not build the target and the copy
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = go_bool)]
    pub(crate) no_verify: Option<bool>,
    /// How remote content is fetched
    #[command(flatten)]
    pub(crate) remote: RemoteArgs,
}

/// Makes the copy and checks it.
pub(super) fn run(args: &LocalizeArgs, environment: &Environment) -> Result<Done> {
    let (target, destination) = (args.target.as_str(), args.destination.as_str());
    let fetch: Arc<dyn Fetch> = remote::open(&args.remote, target, Limits::default(), environment)?;
    let scope = args.scope.as_deref().unwrap_or_default();
    let compat = environment.compat(None)?;
    let request = Request { directory: &environment.directory, target, destination, scope, compat };
    let copy = localize::run(request, &fetch)?;
    let shown = copy.destination.display().to_string();
    let findings = Findings::default();
    if args.no_verify != Some(true) {
        let same = verify(target, &copy, environment, fetch, &findings).map_err(|e| {
            e.during(format!("checking the copy, which stays in `{shown}`"))
                .hint("pass `--no-verify` and build both with the flags that they need")
        })?;
        if !same {
            let message =
                format!("`{target}` and its copy `{}` do not build to the same", copy.target.display());
            findings
                .add(Finding::new(Code::Skipped, message).hint("compare what `build` prints for the two"));
        }
    }
    say(&format!("Copied `{target}` to `{shown}`\n"));
    Ok(Done { findings: findings.take(), ..Done::default() })
}

fn verify(
    target: &str,
    copy: &Localized,
    environment: &Environment,
    fetch: Arc<dyn Fetch>,
    findings: &Findings,
) -> Result<bool> {
    let options = Options {
        directory: environment.directory.clone(),
        compat: environment.compat(None)?,
        managed_by_label: environment.managed_by_label,
        ..Options::default()
    };
    let kustomize =
        session::kustomize(options).fetch(fetch).within(session::budget(&BuildArgs::default(), environment)?);
    let original = kustomize.build(target)?;
    original.findings().iter().for_each(|finding| findings.add(finding.clone()));
    let copy = kustomize.build(&copy.target.to_string_lossy())?;
    Ok(original.pieces()?.concat() == copy.pieces()?.concat())
}
