//! `import`: kustomizations made of what other tools read.

use super::args::RemoteArgs;
use super::environment::Environment;
use super::{Done, Strictness, input, output, sandbox, session};
use crate::diag::{Error, ErrorKind, Finding, Findings, Result, cause};
use crate::distribution::{self, kfdef};
use crate::yaml::{Source, split};
use clap::{Args, Subcommand};
use std::sync::Arc;

/// `import`
#[derive(Debug, Subcommand)]
pub(super) enum Import {
    /// Turn a KfDef of the Kubeflow operator into kustomizations, one for each application
    Kfdef(KfdefArgs),
    /// Turn a list of names, owners and quotas into Profiles of Kubeflow, a directory for each
    Profiles(ProfilesArgs),
}

/// Arguments of `import profiles`.
#[derive(Debug, Args)]
pub(super) struct ProfilesArgs {
    /// The list: a YAML sequence of mappings with `name`, `owner` and `quota`
    #[arg(value_name = "FILE")]
    pub(crate) file: Vec<String>,
    /// Directory to write to
    #[arg(short, long, value_name = "DIR", default_value = "profiles")]
    pub(crate) output: String,
    /// Write over changed files, and bring removed ones back
    #[arg(long)]
    pub(crate) force: bool,
}

/// Arguments of `import kfdef`.
#[derive(Debug, Args)]
pub(super) struct KfdefArgs {
    /// The file with the KfDef
    #[arg(value_name = "FILE")]
    pub(crate) file: Vec<String>,
    /// Directory to write to [default: the name of the KfDef]
    #[arg(short, long, value_name = "DIR")]
    pub(crate) output: Option<String>,
    /// Directory of manifests for all repositories; filled with the built-in ones if it is empty [env: KFM_MANIFESTS, for
    /// repositories without `path`]
    #[arg(long, value_name = "DIR")]
    pub(crate) manifests: Option<String>,
    /// Write over changed files, and bring removed ones back
    #[arg(long)]
    pub(crate) force: bool,
    /// Write nothing if something would be left out
    #[arg(long)]
    pub(crate) strict: bool,
    /// Do not build what was written
    #[arg(long)]
    pub(crate) no_verify: bool,
}

/// Runs an import.
pub(super) fn run(import: &Import, environment: &Environment) -> Result<Done> {
    let (file, output, manifests) = match import {
        Import::Kfdef(args) => (args.file.first(), args.output.as_deref(), args.manifests.as_deref()),
        Import::Profiles(args) => (args.file.first(), Some(args.output.as_str()), None),
    };
    let files = file.map(String::as_str).into_iter().chain(manifests).chain(environment.manifests.as_deref());
    let notes = sandbox::confine(files, output.or(Some(".")), environment);
    let mut done = match import {
        Import::Kfdef(args) => kfdef(args, environment)?,
        Import::Profiles(args) => profiles(args, environment)?,
    };
    done.findings.extend(notes);
    Ok(done)
}

fn profiles(args: &ProfilesArgs, environment: &Environment) -> Result<Done> {
    let [file] = args.file.as_slice() else {
        return Err(Error::new(ErrorKind::Usage, "expected one file with a list of profiles"));
    };
    let profiles = distribution::profiles::read(&source(file, environment)?)?;
    let files = distribution::profiles::files(&profiles);
    // Everything that an earlier list made, and nothing else, may go.
    output::check(&environment.directory.join(&args.output))?;
    let report = distribution::write(&environment.directory.join(&args.output), &files, &[""], args.force)?;
    Ok(Done { stdout: vec![report.text(&args.output).into_bytes()], ..Done::default() })
}

/// The text of a file that the user named.
pub(super) fn source(file: &str, environment: &Environment) -> Result<Arc<Source>> {
    let bytes = input::file(file, Source::LIMIT as u64, environment)
        .map_err(|e| Error::new(ErrorKind::Io, format!("`{file}` cannot be read: {}", cause(&e))))?;
    split::read_text(file, bytes, Some(&Arc::default()))
}

fn kfdef(args: &KfdefArgs, environment: &Environment) -> Result<Done> {
    let [file] = args.file.as_slice() else {
        return Err(Error::new(ErrorKind::Usage, "expected one file with a KfDef"));
    };
    let bytes = input::file(file, Source::LIMIT as u64, environment).map_err(|e| {
        Error::new(ErrorKind::Io, format!("`{file}` cannot be read: {}", cause(&e)))
            .hint("name the file in which the KfDef is")
    })?;
    let findings = Findings::default();
    let source = split::read_text(file.as_str(), bytes, Some(&Arc::default()))?;
    let request = kfdef::Request {
        source: &source,
        directory: &environment.directory,
        output: args.output.as_deref().filter(|o| !o.is_empty()),
        local: session::local(args.manifests.as_deref(), environment),
    };
    let import = kfdef::import(&request, &findings)?;
    let findings = findings.take();
    if args.strict && findings.iter().any(Finding::is_warning) {
        return Ok(Done { findings, strictness: Strictness::Strict, ..Done::default() });
    }
    output::check(&import.directory)?;
    let report = distribution::write(&import.directory, &import.files, &import.owned, args.force)?;
    if !args.no_verify {
        let target = import.directory.to_string_lossy();
        session::plain(&target, &RemoteArgs::default(), environment)?.build(&target).map_err(|e| {
            e.during(format!("checking what was written to `{}`", import.shown))
                .hint("correct the files, or pass `--no-verify`")
        })?;
    }
    let text = report.text(&import.shown);
    Ok(Done { stdout: vec![text.into_bytes()], findings, ..Done::default() })
}
