//! `version`: which kfm this is, and which kustomize it stands for.

use super::Done;
use super::args::go_bool;
use super::environment::Environment;
use crate::diag::{Code, Error, ErrorKind, Finding};
use clap::Args;

/// The version of kfm itself.
const KFM_VERSION: &str = env!("CARGO_PKG_VERSION");

/// Arguments of `version`.
#[derive(Debug, Args)]
pub(super) struct VersionArgs {
    /// Print kustomize's short form
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = go_bool)]
    pub(crate) short: Option<bool>,
    /// `json` or `yaml`
    #[arg(short, long, value_name = "FORMAT")]
    pub(crate) output: Option<String>,
    /// Answer as this version of kustomize [env: KFM_COMPAT]
    #[arg(long, value_name = "VERSION", overrides_with = "compat")]
    pub(crate) compat: Option<String>,
    /// Ignored, as kustomize does
    #[arg(hide = true)]
    pub(crate) rest: Vec<String>,
}

/// Prints the version. Called by kustomize's name it says what kustomize says, as Argo CD reads it.
pub(super) fn run(args: &VersionArgs, environment: &Environment) -> Result<Done, Error> {
    let short = args.short == Some(true);
    let output = args.output.as_deref().filter(|o| !o.is_empty());
    if short && output.is_some() {
        return Err(Error::new(ErrorKind::Usage, "`--short` and `--output` are mutually exclusive"));
    }
    let kustomize = environment.compat(args.compat.as_deref())?.name();
    let (os, arch) = (std::env::consts::OS, go_arch(std::env::consts::ARCH));
    let text = match output {
        // Kustomize prints nothing for a format that it does not know, and does not fail.
        Some("json") => format!(
            "{{\n  \"version\": \"v{kustomize}\",\n  \"gitCommit\": \"unknown\",\n  \"buildDate\": \"unknown\",\n  \
             \"goOs\": \"{os}\",\n  \"goArch\": \"{arch}\",\n  \"goVersion\": \"none\",\n  \"kfmVersion\": \"v{KFM_VERSION}\"\n}}\n"
        ),
        Some("yaml") => format!(
            "version: v{kustomize}\ngitCommit: unknown\nbuildDate: unknown\ngoOs: {os}\ngoArch: {arch}\n\
             goVersion: none\nkfmVersion: v{KFM_VERSION}\n\n"
        ),
        Some(other) => {
            return Err(Error::new(
                ErrorKind::Usage,
                format!("unknown output format `{other}`, expected `json` or `yaml`"),
            ));
        }
        None if short => format!("{{v{kustomize}  unknown   }}\n"),
        None if environment.as_kustomize => format!("v{kustomize}\n"),
        None => format!("kfm v{KFM_VERSION} (kustomize v{kustomize})\n"),
    };
    let deprecated = Finding::new(Code::DeprecatedFlag, "flag `--short` is deprecated");
    let findings = args.short.map(|_| deprecated.hint("leave it out, or use `-o json`"));
    Ok(Done { stdout: vec![text.into_bytes()], findings: findings.into_iter().collect(), ..Done::default() })
}

/// Go's name of a processor.
fn go_arch(arch: &'static str) -> &'static str {
    match arch {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}
