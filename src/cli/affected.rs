//! `affected`: which roots the changes since a revision reach.

use super::Done;
use super::args::ReachArgs;
use super::diff::{affected_roots, confine, repository_path};
use super::environment::Environment;
use crate::diag::{Error, ErrorKind, Result};
use crate::roots::Affected;
use clap::{Args, ValueEnum};
use std::fmt::Write;

/// Arguments of `affected`.
#[derive(Debug, Args)]
pub(super) struct AffectedArgs {
    /// The revision with which the working tree is compared
    #[arg(value_name = "REV")]
    pub(crate) revision: String,
    /// Directory in and below which roots are listed
    #[arg(value_name = "DIR", default_value = ".")]
    pub(crate) directory: String,
    /// Compare with the last commit that the working tree has in common with REV, a branch
    #[arg(long)]
    pub(crate) merge_base: bool,
    /// How the list is written
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t)]
    pub(crate) format: Format,
    /// As for `diff`, so that both take the same flags; nothing is fetched or run to find the roots
    #[command(flatten)]
    pub(crate) reach: ReachArgs,
}

/// How the list is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(super) enum Format {
    /// A line for each root, with the reason
    #[default]
    Text,
    /// The directories alone
    Names,
    /// For programs
    Json,
}

/// Lists the roots.
pub(super) fn run(args: &AffectedArgs, environment: &Environment) -> Result<Done> {
    let findings = confine(&[], &args.reach, None, environment);
    let repository = environment.repository()?;
    let revision = match args.merge_base {
        true => repository.merge_base(&args.revision)?,
        false => repository.revision(&args.revision)?,
    };
    let below = repository_path(&repository, &environment.directory.join(&args.directory))?;
    let found = affected_roots(&repository, &revision, &below, environment)?;
    let text = match args.format {
        Format::Text => found.iter().map(line).collect(),
        Format::Names => found.iter().map(|one| format!("{}\n", shown(&one.root))).collect(),
        Format::Json => json(&found)?,
    };
    Ok(Done { stdout: vec![text.into_bytes()], findings, ..Done::default() })
}

fn shown(path: &str) -> &str {
    if path.is_empty() { "." } else { path }
}

/// A root and why it is in the list. Paths count from the top of the repository.
fn line(one: &Affected) -> String {
    let mut line = format!("{}: {}", shown(&one.root), one.file);
    if !one.field.is_empty() {
        let _ = write!(line, " ({})", one.field);
    }
    if let Some((_, through)) = one.through.split_first().filter(|(_, through)| !through.is_empty()) {
        let through: Vec<&str> = through.iter().map(|path| shown(path)).collect();
        let _ = write!(line, ", through {}", through.join(", "));
    }
    line + "\n"
}

fn json(found: &[Affected]) -> Result<String> {
    let all: Vec<serde_json::Value> = found
        .iter()
        .map(|one| {
            let through: Vec<&str> = one.through.iter().map(|path| shown(path)).collect();
            serde_json::json!({
                "root": shown(&one.root), "file": one.file, "field": one.field, "through": through,
            })
        })
        .collect();
    serde_json::to_string_pretty(&all)
        .map(|text| text + "\n")
        .map_err(|e| Error::new(ErrorKind::Io, format!("the list cannot be written as JSON: {e}")))
}
