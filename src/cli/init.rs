//! `init DIR`: writes the built-in distribution to a directory.
//!
//! Kustomize's `init` is another name of `create` and ignores arguments. It is so here, too, where nothing follows, where
//! a flag of `create` does, and where the program is called as kustomize; see `rewrite`.

use super::environment::Environment;
use super::import;
use super::{Done, output};
use crate::diag::{Error, ErrorKind, Result};
use crate::distribution::gitops::{self, Layout};
use crate::distribution::profiles::{self, Profile};
use crate::distribution::{self, TREES, embedded};
use clap::Args;
use std::borrow::Cow;

/// Arguments of `init`.
#[derive(Debug, Args)]
pub(super) struct InitArgs {
    /// Directory to write `manifests`, `overlays` and `example` to. Without it `init` is `create`, as in kustomize
    #[arg(value_name = "DIR")]
    pub(crate) dir: Vec<String>,
    /// Write over changed files, and bring removed ones back
    #[arg(long)]
    pub(crate) force: bool,
    /// What to write: the three directories, or the repository of a platform that Argo CD deploys
    #[arg(long, value_name = "trees|gitops")]
    pub(crate) layout: Option<String>,
    /// With `--layout gitops`: URL of the repository
    #[arg(long, value_name = "URL", default_value = "https://git.example.com/platform/k8s-app-configs.git")]
    pub(crate) repo: String,
    /// With `--layout gitops`: host name of the platform
    #[arg(long, value_name = "NAME", default_value = "kubeflow.example.com")]
    pub(crate) host: String,
    /// With `--layout gitops`: release of kubeflow/manifests to name in the base, in place of the built-in manifests
    #[arg(long, value_name = "TAG")]
    pub(crate) upstream: Option<String>,
    /// With `--layout gitops`: list of profiles, as `import profiles` reads it
    #[arg(long, value_name = "FILE")]
    pub(crate) profiles: Option<String>,
}

/// Writes the files.
pub(super) fn run(args: &InitArgs, environment: &Environment) -> Result<Done> {
    let dir = match args.dir.as_slice() {
        [] => ".",
        [dir] if !dir.is_empty() => dir,
        _ => return Err(Error::new(ErrorKind::Usage, "expected one directory to write to")),
    };
    let (files, owned) = match args.layout.as_deref() {
        None | Some("trees") => (embedded_files(), &TREES[..]),
        Some("gitops") => (gitops::files(&layout(args, environment)?), &gitops::OWNED[..]),
        Some(other) => {
            let message = format!("`--layout` must be `trees` or `gitops`, found `{other}`");
            return Err(Error::new(ErrorKind::Usage, message));
        }
    };
    output::check(&environment.directory.join(dir))?;
    let report = distribution::write(&environment.directory.join(dir), &files, owned, args.force)?;
    Ok(Done { stdout: vec![report.text(dir).into_bytes()], ..Done::default() })
}

fn embedded_files() -> Vec<(String, Cow<'static, [u8]>)> {
    embedded::files().map(|f| (f.path.to_owned(), Cow::Borrowed(f.content))).collect()
}

fn layout(args: &InitArgs, environment: &Environment) -> Result<Layout> {
    let plain = |what: &str, value: &str| match value
        .contains(|c: char| c.is_control() || c.is_whitespace() || "\"\\$%".contains(c))
    {
        true => Err(Error::new(ErrorKind::Usage, format!("invalid value `{value}` of `{what}`"))),
        false => Ok(value.to_owned()),
    };
    let profiles = match &args.profiles {
        Some(file) => profiles::read(&import::source(file, environment)?)?,
        None => vec![Profile {
            name: "kubeflow-user-example-com".into(),
            owner: "user@example.com".into(),
            quota: vec![],
        }],
    };
    Ok(Layout {
        repo: plain("--repo", &args.repo)?,
        host: plain("--host", &args.host)?,
        reference: args.upstream.as_deref().map(|tag| plain("--upstream", tag)).transpose()?,
        profiles,
    })
}
