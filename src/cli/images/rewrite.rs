//! `images rewrite`

use super::super::environment::Environment;
use super::super::{Done, Strictness, output};
use super::{ImageArgs, Settings, TargetArgs};
use crate::diag::{Error, ErrorKind, Findings, Result};
use crate::resource::print;
use clap::Args;
use std::path::Path;

/// Arguments of `images rewrite`.
#[derive(Debug, Args)]
pub struct RewriteArgs {
    #[command(flatten)]
    target: TargetArgs,
    #[command(flatten)]
    images: ImageArgs,
    /// Fail if an image is outside of the allowed registries; the same as `--image-check`
    #[arg(long)]
    check: bool,
    /// Write to this file
    #[arg(short, long, value_name = "FILE")]
    output: Option<String>,
    /// Print no warnings
    #[arg(long)]
    quiet: bool,
}

/// Rewrites images.
pub fn run(args: &RewriteArgs, environment: &Environment) -> Result<Done> {
    let findings = Findings::default();
    let settings = Settings::new(&args.images, args.target.directory(), environment)?;
    let rewrite = settings.rewrite()?;
    if rewrite.is_none() && !args.check && !args.images.image_check {
        return Err(Error::new(ErrorKind::Usage, "nothing says where images are pulled from")
            .hint("give `--image-map`, `--image-mirror` or `--image-lock`, or `[images]` in `kfm.toml`"));
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
