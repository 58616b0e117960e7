//! The arguments of `diff`.

use crate::cli::args::{BuildArgs, ReachArgs};
use clap::{Args, ValueEnum};

/// Arguments of `diff`.
#[derive(Debug, Args)]
pub(crate) struct DiffArgs {
    /// Older and newer side: each a directory with a kustomization or with manifests, a file of manifests, `-`, or
    /// REV:DIR, a directory of a git revision. With --against or --merge-base the directories to compare [default: .]
    #[arg(value_name = "SIDE")]
    pub(crate) sides: Vec<String>,
    /// Compare the working tree with this revision
    #[arg(long, value_name = "REV")]
    pub(crate) against: Option<String>,
    /// Compare the working tree with the last commit that it has in common with this branch
    #[arg(long, value_name = "BRANCH")]
    pub(crate) merge_base: Option<String>,
    /// Compare every root in and below the directories; with a revision, those that the changes reach
    #[arg(long)]
    pub(crate) all: bool,
    /// How the report is written
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t)]
    pub(crate) format: Format,
    /// Write the report to this file
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<String>,
    /// What gives exit code 1
    #[arg(long, value_name = "WHAT", value_enum, default_value_t)]
    pub(crate) fail_on: FailOn,
    /// Quantities, defaults and the order of rules count as the API server sees them
    #[arg(long)]
    pub(crate) normalize: bool,
    /// Show references that changed only by the hash suffix of a generated name
    #[arg(long)]
    pub(crate) hash_noise: bool,
    /// Show the values of Secrets
    #[arg(long)]
    pub(crate) show_secrets: bool,
    /// Leave nothing out of the report, however long it becomes
    #[arg(long)]
    pub(crate) full: bool,
    /// Be what `kubectl diff` calls: set KUBECTL_EXTERNAL_DIFF to `kfm diff --kubectl`
    #[arg(long)]
    pub(crate) kubectl: bool,
    /// Compare with the running cluster: render the target, and let `kubectl diff` call kfm for the report
    #[arg(long)]
    pub(crate) live: bool,
    /// With --live: as an apply by the server would do it
    #[arg(long, requires = "live")]
    pub(crate) server_side: bool,
    /// What may be read, run and fetched
    #[command(flatten)]
    pub(crate) reach: ReachArgs,
    /// Behave as this version of kustomize [env: KFM_COMPAT]
    #[arg(long, value_name = "VERSION")]
    pub(crate) compat: Option<String>,
}

/// How a report is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum Format {
    /// For a terminal
    #[default]
    Text,
    /// As `diff -u`
    Unified,
    /// For programs
    Json,
    /// For a comment on a pull request
    Markdown,
    /// Commands of GitHub's runner: dangers beside the lines
    Github,
    /// GitLab's code quality report
    Gitlab,
    /// A SARIF log
    Sarif,
    /// One line
    Summary,
    /// JSON 6902 patches that make the newer side of the older one
    JsonPatch,
}

/// What gives exit code 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum FailOn {
    /// Any difference
    #[default]
    Any,
    /// A danger that nobody accepted
    Danger,
    /// Nothing
    None,
}

impl DiffArgs {
    /// The arguments of the builds. `one_thread`: other builds run at the same time.
    pub(crate) fn build(&self, one_thread: bool) -> BuildArgs {
        BuildArgs {
            reach: self.reach.clone(),
            compat: self.compat.clone(),
            threads: usize::from(one_thread),
            ..BuildArgs::default()
        }
    }
}
