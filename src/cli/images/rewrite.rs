//! `images rewrite`

use super::super::args::ImageArgs;
use super::super::environment::Environment;
use super::super::{Done, Strictness, output};
use super::{Settings, TargetArgs};
use crate::accumulate::{Edit, Stage};
use crate::diag::{Code, Error, ErrorKind, Finding, Findings, Location, Result, cause};
use crate::image::Rewrite;
use crate::image::component::{Component, component};
use crate::resource::{ResMap, print};
use clap::Args;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// Arguments of `images rewrite`.
#[derive(Debug, Args)]
pub(crate) struct RewriteArgs {
    #[command(flatten)]
    pub(super) target: TargetArgs,
    #[command(flatten)]
    images: ImageArgs,
    /// Fail if an image is outside of the allowed registries; the same as `--image-check`
    #[arg(long)]
    check: bool,
    /// Write a kustomize Component to this directory, for builds with kustomize, rather than print objects: `component DIR`
    #[arg(long, num_args = 2, value_names = ["KIND", "DIR"])]
    emit: Vec<String>,
    /// Write to this file
    #[arg(short, long, value_name = "FILE")]
    output: Option<String>,
    /// Print no warnings
    #[arg(long)]
    quiet: bool,
}

/// Rewrites images.
pub(super) fn run(args: &RewriteArgs, environment: &Environment) -> Result<Done> {
    let findings = Findings::default();
    let settings = Settings::new(&args.images, args.target.directory(), environment)?;
    let output = args.output.as_deref().or_else(|| args.emit.get(1).map(String::as_str));
    args.target.confine(&[], output, environment, &findings);
    let rewrite = settings.rewrite()?;
    if rewrite.is_none() && !args.check && !args.images.image_check {
        return Err(Error::new(ErrorKind::Usage, "nothing says where images are pulled from")
            .hint("give `--image-map`, `--image-mirror` or `--image-lock`, or `[images]` in `kfm.toml`"));
    }
    if let [kind, directory] = args.emit.as_slice() {
        let rewrite = rewrite.ok_or_else(|| Error::new(ErrorKind::Usage, "there is nothing to rewrite"))?;
        return emit(kind, directory, args, rewrite, environment, &findings);
    }
    let resources = args.target.resources(rewrite, environment, &findings)?;
    if args.check {
        settings.check_allowed(&resources)?;
    } else {
        settings.check(&resources)?;
    }
    let objects = print::all(&resources, 0)?;
    let strictness = if args.quiet { Strictness::Quiet } else { Strictness::Warn };
    let done = Done { findings: findings.take(), strictness, ..Done::default() };
    match &args.output {
        Some(file) => {
            output::file(Path::new(file), &objects)?;
            Ok(done)
        }
        None => Ok(Done { objects, ..done }),
    }
}

/// The file that lists what a Component does not reach.
const UNREACHED: &str = "not-rewritten.txt";

/// Writes the Component, and lists what it does not reach.
fn emit(
    kind: &str,
    directory: &str,
    args: &RewriteArgs,
    rewrite: Rewrite,
    environment: &Environment,
    findings: &Findings,
) -> Result<Done> {
    if kind != "component" {
        return Err(Error::new(ErrorKind::Usage, format!("`--emit` takes `component DIR`, found `{kind}`")));
    }
    if args.target.read(environment)?.is_some() {
        return Err(Error::new(
            ErrorKind::Usage,
            "a Component needs a directory that is built, found objects",
        ));
    }
    let rewrite = Arc::new(rewrite);
    let made: Arc<Mutex<Component>> = Arc::default();
    let (inner, slot) = (rewrite.clone(), made.clone());
    let edit = Edit(Arc::new(move |resources: &mut ResMap, stage: Stage, findings: &Findings| {
        if stage == Stage::BeforeHashes {
            *slot.lock().unwrap_or_else(PoisonError::into_inner) = component(&inner, resources, findings)?;
        }
        Ok(())
    }));
    let finished = args.target.build(Some(edit), environment, findings)?;
    let made = std::mem::take(&mut *made.lock().unwrap_or_else(PoisonError::into_inner));
    let unreached = made.unreached(&rewrite, &finished);
    let top = environment.directory.join(directory);
    output::check(&top)?;
    std::fs::create_dir_all(&top).map_err(|e| {
        Error::new(ErrorKind::Io, format!("`{directory}` cannot be created: {}", cause(&e)))
            .at(Location::file(directory))
    })?;
    for (name, text) in &made.files {
        output::file(&top.join(name), &[text.as_bytes()])?;
    }
    let list: String = unreached.iter().map(|line| format!("{line}\n")).collect();
    output::file(&top.join(UNREACHED), &[list.as_bytes()])?;
    for line in unreached {
        findings.add(Finding::new(Code::Skipped, format!("the component does not rewrite {line}")));
    }
    let strictness = if args.quiet { Strictness::Quiet } else { Strictness::Warn };
    Ok(Done { findings: findings.take(), strictness, ..Done::default() })
}
