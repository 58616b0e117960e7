//! `import`: kustomizations made of what other tools read.

use super::environment::Environment;
use super::{Done, Strictness, build, init};
use crate::diag::{Error, ErrorKind, Finding, Findings, Result, cause};
use crate::distribution::{self, kfdef};
use crate::yaml::split;
use clap::{Args, Subcommand};

/// `import`
#[derive(Debug, Subcommand)]
pub enum Import {
    /// Turn a KfDef of the Kubeflow operator into kustomizations, one for each application
    Kfdef(KfdefArgs),
}

/// Arguments of `import kfdef`.
#[derive(Debug, Args)]
pub struct KfdefArgs {
    /// The file with the KfDef
    #[arg(value_name = "FILE")]
    pub file: Vec<String>,
    /// Directory to write to [default: the name of the KfDef]
    #[arg(short, long, value_name = "DIR")]
    pub output: Option<String>,
    /// Directory of manifests for all repositories; filled with the built-in ones if it is empty [env: KFM_MANIFESTS, for
    /// repositories without `path`]
    #[arg(long, value_name = "DIR")]
    pub manifests: Option<String>,
    /// Write over changed files, and bring removed ones back
    #[arg(long)]
    pub force: bool,
    /// Write nothing if something would be left out
    #[arg(long)]
    pub strict: bool,
    /// Do not build what was written
    #[arg(long)]
    pub no_verify: bool,
}

/// Runs an import.
pub fn run(import: &Import, environment: &Environment) -> Result<Done> {
    match import {
        Import::Kfdef(args) => kfdef(args, environment),
    }
}

fn kfdef(args: &KfdefArgs, environment: &Environment) -> Result<Done> {
    let [file] = args.file.as_slice() else {
        return Err(Error::new(ErrorKind::Usage, "expected one file with a KfDef"));
    };
    let bytes = std::fs::read(environment.directory.join(file)).map_err(|e| {
        Error::new(ErrorKind::Io, format!("`{file}` cannot be read: {}", cause(&e)))
            .hint("name the file in which the KfDef is")
    })?;
    let findings = Findings::default();
    let source = split::read_text(file.as_str(), bytes, None)?;
    let request = kfdef::Request {
        source: &source,
        directory: &environment.directory,
        output: args.output.as_deref().filter(|o| !o.is_empty()),
        local: init::local(args.manifests.as_deref(), environment),
    };
    let import = kfdef::import(&request, &findings)?;
    let findings = findings.take();
    if args.strict && findings.iter().any(Finding::is_warning) {
        return Ok(Done { findings, strictness: Strictness::Strict, ..Done::default() });
    }
    let report = distribution::write(&import.directory, &import.files, &import.owned, args.force)?;
    if !args.no_verify {
        let options = build::plain(environment)?;
        let target = import.directory.to_string_lossy();
        let verify = build::kustomize(options).fetch(build::remote(environment)?);
        verify.build(&target).map_err(|e| {
            e.during(format!("checking what was written to `{}`", import.shown))
                .hint("correct the files, or pass `--no-verify`")
        })?;
    }
    let text = report.text(&import.shown);
    Ok(Done { stdout: vec![text.into_bytes()], findings, ..Done::default() })
}
