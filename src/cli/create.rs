//! `create`: writes a new kustomization file in the current directory.
//!
//! Where kustomize leaves an empty file after when a label is malformed, or empties one of two files that are there,
//! nothing is written here.

use super::args::go_bool;
use super::environment::Environment;
use super::{Done, find, output};
use crate::diag::{Error, ErrorKind, Location, Result};
use crate::edit::arguments::{self, commas};
use crate::edit::fields::{Existing, set_pairs};
use crate::edit::{KustomizationFile, Node};
use crate::kustomization::locate::NAMES;
use crate::limits::{Budget, Limit};
use crate::resource::read;
use crate::yaml::split;
use clap::Args;
use std::path::Path;
use std::sync::Arc;

/// Arguments of `create`.
#[derive(Debug, Args)]
pub(super) struct CreateArgs {
    /// Files (with wildcards), directories and URLs, separated by commas
    #[arg(long, value_name = "NAMES", allow_hyphen_values = true)]
    pub(crate) resources: Option<String>,
    /// Value of namespace
    #[arg(long, allow_hyphen_values = true)]
    pub(crate) namespace: Option<String>,
    /// Value of namePrefix
    #[arg(long, allow_hyphen_values = true)]
    pub(crate) nameprefix: Option<String>,
    /// Value of nameSuffix
    #[arg(long, allow_hyphen_values = true)]
    pub(crate) namesuffix: Option<String>,
    /// Pairs `KEY:VALUE`, separated by commas, for commonLabels
    #[arg(long, value_name = "PAIRS", allow_hyphen_values = true)]
    pub(crate) labels: Option<String>,
    /// Pairs `KEY:VALUE`, separated by commas, for commonAnnotations
    #[arg(long, value_name = "PAIRS", allow_hyphen_values = true)]
    pub(crate) annotations: Option<String>,
    /// Add the files in this directory that hold objects
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = go_bool)]
    pub(crate) autodetect: Option<bool>,
    /// Look in directories below as well; goes with --autodetect
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = go_bool)]
    pub(crate) recursive: Option<bool>,
    /// Ignored, as kustomize does
    #[arg(hide = true)]
    pub(crate) rest: Vec<String>,
}

/// Writes the file.
pub(super) fn run(args: &CreateArgs, environment: &Environment) -> Result<Done> {
    let directory = environment.directory.as_path();
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let mut resources = match text(&args.resources).as_str() {
        "" => vec![],
        names => find::resources(environment, &commas(names))?,
    };
    if let Some(name) = NAMES.into_iter().find(|name| directory.join(name).symlink_metadata().is_ok()) {
        let error = Error::new(ErrorKind::Conflict, "there is a kustomization file already");
        return Err(error.at(Location::file(name)).hint("use `edit` to change it"));
    }
    if args.autodetect.unwrap_or(false) {
        let mut found = Vec::new();
        detect((directory, &Arc::default()), "", args.recursive.unwrap_or(false), &mut found)?;
        found.retain(|name| !resources.contains(name));
        resources.append(&mut found);
    }
    let mut file = KustomizationFile::new(directory.join(NAMES[0]));
    let root = &mut file.root;
    if !resources.is_empty() {
        root.field_mut("resources").put(Node::list(resources.iter().map(|r| r.as_str().into()).collect()));
    }
    for (field, value) in
        [("namePrefix", &args.nameprefix), ("nameSuffix", &args.namesuffix), ("namespace", &args.namespace)]
    {
        root.set_text(field, &text(value));
    }
    for (field, value, what) in
        [("commonLabels", &args.labels, "label"), ("commonAnnotations", &args.annotations, "annotation")]
    {
        let value = text(value);
        if !value.is_empty() {
            let pairs = arguments::pairs(&commas(&value), what)?;
            set_pairs(root.field_mut(field), &pairs, Existing::Replace, what)?;
        }
    }
    output::file(&file.path, &[file.render()?])?;
    Ok(Done::default())
}

/// The files that hold objects, in alphabetical order of each directory. A directory with a kustomization file counts as one.
/// A link to a directory, which ends kustomize with an error, is passed over.
fn detect(
    (directory, budget): (&Path, &Arc<Budget>),
    prefix: &str,
    recursive: bool,
    found: &mut Vec<String>,
) -> Result<()> {
    let here = directory.join(prefix);
    let entries = here.read_dir().map_err(|e| {
        Error::new(ErrorKind::Io, format!("the directory cannot be read: {e}"))
            .at(Location::file(if prefix.is_empty() { "." } else { prefix }))
    })?;
    let mut names: Vec<String> = entries.flatten().filter_map(|e| e.file_name().into_string().ok()).collect();
    names.sort_unstable();
    for name in names {
        let path = here.join(&name);
        let shown = if prefix.is_empty() { name } else { format!("{prefix}/{name}") };
        let Ok(link) = path.symlink_metadata() else { continue };
        if link.is_dir() {
            if !recursive {
                continue;
            }
            if NAMES.into_iter().any(|name| path.join(name).is_file()) {
                found.push(shown);
            } else {
                detect((directory, budget), &shown, recursive, found)?;
            }
        } else if path.is_file() && holds_objects(&path, budget) {
            found.push(shown);
        }
        budget.take(Limit::Work, 0)?;
    }
    Ok(())
}

/// Returns whether a file can be read as objects; one without content can.
fn holds_objects(path: &Path, budget: &Arc<Budget>) -> bool {
    let Ok(bytes) = crate::load::read(path) else { return false };
    budget.read(bytes.len() as u64);
    split::read_text("file", bytes, Some(budget)).and_then(|source| read::from_source(&source)).is_ok()
}
