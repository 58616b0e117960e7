//! `build`: renders a directory or URL.

use super::args::{BuildArgs, RemoteArgs};
use super::environment::Environment;
use super::session::{Reach, enter, kustomize, options, plain, reach, trees};
use super::{Done, Strictness, images, output, remote};
use crate::Output;
use crate::diag::{Error, ErrorKind, Finding, Findings, Result};
use crate::distribution::credentials;
use crate::limits::Budget;
use crate::load::StandIns;
use std::path::Path;
use std::sync::Arc;

/// Builds, and writes to where `-o` says, or leaves the text for standard output.
pub(super) fn run(args: Box<BuildArgs>, environment: &Environment) -> Result<Done> {
    if args.check || args.per_object {
        let flag = if args.check { "--check" } else { "--per-object" };
        return Err(Error::new(ErrorKind::Usage, format!("`{flag}` goes with `--all`")));
    }
    let findings = Findings::default();
    let mut options = options(&args, environment, &findings)?;
    let dir = match args.dir.as_slice() {
        [] => ".",
        [dir] => dir,
        _ => return Err(Error::new(ErrorKind::Usage, "specify one path to kustomization.yaml")),
    };
    let settings = images::Settings::new(&args.images, dir, environment)?;
    options.edit = settings.rewrite()?.map(images::edit);
    let Reach { fetch, remote, untrusted } = reach(&mut options, &args, dir, environment)?;
    if untrusted {
        enter(&options, &args, environment).into_iter().for_each(|note| findings.add(note));
    }
    let trees = trees(&args, dir, environment, !untrusted);
    options.stand_ins = trees.clone().map(|trees| trees as Arc<dyn StandIns>);
    let output = kustomize(options).fetch(fetch).build(dir).map_err(|e| match &trees {
        Some(trees) => trees.explain(e),
        None => e,
    })?;
    output.findings().iter().for_each(|finding| findings.add(finding.clone()));
    remote.iter().for_each(|remote| remote::report(remote, &findings));
    trees.iter().flat_map(|trees| trees.findings.take()).for_each(|note| findings.add(note));
    settings.check(output.resources())?;
    let strictness = strictness(&args);
    if !environment.as_kustomize {
        credentials::warning(output.resources()).into_iter().for_each(|warning| findings.add(warning));
    }
    let findings = findings.take();
    if args.strict && findings.iter().any(Finding::is_warning) {
        return Ok(Done { findings, strictness, ..Done::default() });
    }
    let objects = match args.output.as_deref().filter(|p| !p.is_empty()) {
        Some(path) if Path::new(path).is_dir() => {
            write_directory(Path::new(path), &output)?;
            vec![]
        }
        Some(path) => {
            super::output::file(Path::new(path), &output.pieces()?)?;
            vec![]
        }
        None => output.pieces()?,
    };
    // The process is about to end: what it holds need not be freed piece by piece.
    std::mem::forget(output);
    Ok(Done { objects, findings, strictness, ..Done::default() })
}

/// How the findings of a build are treated.
pub(super) fn strictness(args: &BuildArgs) -> Strictness {
    match (args.strict, args.quiet) {
        (true, _) => Strictness::Strict,
        (_, true) => Strictness::Quiet,
        _ => Strictness::Warn,
    }
}

/// What a build of the current directory without other flags prints; it is charged to a budget.
pub(super) fn text(
    budget: &Arc<Budget>,
    args: &RemoteArgs,
    environment: &Environment,
    findings: &Findings,
) -> Result<Vec<u8>> {
    let output = plain(".", args, environment)?.within(budget.clone()).build(".")?;
    output.findings().iter().for_each(|finding| findings.add(finding.clone()));
    Ok(output.pieces()?.concat())
}

/// One file for each object, named as kustomize names them; old files stay.
fn write_directory(directory: &Path, built: &Output) -> Result<()> {
    output::files(directory, built.files()?)
}
