//! `init DIR`: writes the built-in distribution to a directory.
//!
//! Kustomize's `init` is another name of `create` and ignores arguments. It is so here, too, where nothing follows, where
//! a flag of `create` does, and where the program is called as kustomize; see `rewrite`.

use super::Done;
use super::environment::Environment;
use crate::diag::{Error, ErrorKind, Result};
use crate::distribution::{self, Local, TREES, embedded};
use crate::load::files::clean;
use clap::Args;
use std::borrow::Cow;

/// Arguments of `init`.
#[derive(Debug, Args)]
pub struct InitArgs {
    /// Directory to write `manifests`, `overlays` and `example` to. Without it `init` is `create`, as in kustomize
    #[arg(value_name = "DIR")]
    pub dir: Vec<String>,
    /// Write over changed files, and bring removed ones back
    #[arg(long)]
    pub force: bool,
}

/// Writes the files.
pub fn run(args: &InitArgs, environment: &Environment) -> Result<Done> {
    let dir = match args.dir.as_slice() {
        [] => ".",
        [dir] if !dir.is_empty() => dir,
        _ => return Err(Error::new(ErrorKind::Usage, "expected one directory to write to")),
    };
    let files: Vec<_> = embedded::files().map(|f| (f.path.to_owned(), Cow::Borrowed(f.content))).collect();
    let report = distribution::write(&environment.directory.join(dir), &files, &TREES, args.force)?;
    Ok(Done { stdout: vec![report.text(dir).into_bytes()], ..Done::default() })
}

/// The manifests that the user named: by a flag, else by `KFM_MANIFESTS`.
pub fn local(flag: Option<&str>, environment: &Environment) -> Option<Local> {
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
