//! `edit fix`: moves deprecated fields, and builds before and after to see whether the output is the same.

use super::args::FixArgs;
use super::{Done, Environment};
use crate::cli::args::{BuildArgs, RemoteArgs};
use crate::cli::{build, output, session};
use crate::diag::{Code, Error, ErrorKind, Finding, Findings, Location, Result};
use crate::edit::vars::{self, Targets};
use crate::edit::{KustomizationFile, fix};
use crate::limits::Budget;
use crate::load;
use std::path::PathBuf;
use std::sync::Arc;

const FIXED: &str = "
Fixed fields:
  patchesJson6902 -> patches
  patchesStrategicMerge -> patches
  commonLabels -> labels
";

const FIXED_VARS: &str = "  vars -> replacements\n";

const VARS_HINT: &str = "
To convert vars -> replacements, run the command `kustomize edit fix --vars`

WARNING: Converting vars to replacements will potentially overwrite many resource files 
and the resulting files may not produce the same output when `kustomize build` is run. 
We recommend doing this in a clean git repository where the change is easy to undo.
";

/// Fixes the file of the current directory. What is printed is what kustomize prints, whatever was fixed.
///
/// Variables are written as kustomize would write them. If a build then gives something else than before, it is tried
/// again with targets that say more.
pub(super) fn run(args: &FixArgs, environment: &Environment) -> Result<Done> {
    let findings = Findings::default();
    let budget = session::budget(&BuildArgs::default(), environment)?;
    let before = build::text(&budget, &args.remote, environment, &findings);
    let with_vars = args.vars.unwrap_or(false);
    let new = |targets| Attempt::new(targets, &budget, &args.remote, environment);
    let mut attempt = new(with_vars.then_some(Targets::Numbered))?;
    if with_vars && before.is_ok() && !attempt.keeps(&before) {
        attempt.undo()?;
        attempt = match new(Some(Targets::Named))? {
            better if better.keeps(&before) => better,
            worse => {
                worse.undo()?;
                new(Some(Targets::Numbered))?
            }
        };
    }
    let mut out = FIXED.to_owned();
    out.push_str(if with_vars { FIXED_VARS } else { VARS_HINT });
    if !attempt.keeps(&before) {
        if args.strict && before.is_ok() {
            attempt.undo()?;
            let error =
                Error::new(ErrorKind::Strict, "the output of a build would change; nothing was written");
            return Err(error.at(Location::file(attempt.name)).hint(
                "the fields act in another order now; without `--strict` they are moved all the same",
            ));
        }
        match &attempt.after {
            Err(e) => out.push_str(&format!(
                "Warning: 'Fixed' kustomization now produces the error when running `kustomize build`: {e}\n"
            )),
            Ok(after) => out.push_str(&format!(
                "Warning: 'Fixed' kustomization now produces different output when running `kustomize build`:\n...{}...\n",
                String::from_utf8_lossy(after)
            )),
        }
    }
    attempt.findings.into_iter().for_each(|finding| findings.add(finding));
    Ok(Done { stdout: vec![out.into_bytes()], findings: findings.take(), ..Done::default() })
}

/// A fixed file, written.
struct Attempt {
    name: String,
    /// What the files held before.
    kept: Vec<(PathBuf, Vec<u8>)>,
    findings: Vec<Finding>,
    /// What a build gives now.
    after: Result<Vec<u8>>,
}

impl Attempt {
    fn new(
        vars: Option<Targets>,
        budget: &Arc<Budget>,
        remote: &RemoteArgs,
        environment: &Environment,
    ) -> Result<Self> {
        let mut file = KustomizationFile::open(&environment.directory)?;
        let is_file = |text: &str| {
            !text.contains('\n')
                && environment.directory.join(text).is_file()
                && load::read(&environment.directory.join(text)).is_ok()
        };
        fix::fix(&mut file, &is_file)?;
        let mut findings = Vec::new();
        let mut files = match vars {
            Some(targets) => convert_vars(&mut file, environment, targets, &mut findings)?,
            None => Vec::new(),
        };
        drop_empty(&mut file);
        if file.is_changed() {
            files.push((file.path.clone(), file.render()?));
        }
        let mut attempt =
            Self { name: file.name().to_owned(), kept: vec![], findings, after: Ok(Vec::new()) };
        for (path, bytes) in &files {
            if let Err(e) = output::check_inside(path, &environment.directory) {
                attempt.undo()?;
                return Err(e);
            }
            if let Ok(old) = load::read(path) {
                attempt.kept.push((path.clone(), old));
            }
            if let Err(e) = output::file(path, std::slice::from_ref(bytes)) {
                attempt.undo()?;
                return Err(e);
            }
        }
        attempt.after = build::text(budget, remote, environment, &Findings::default());
        Ok(attempt)
    }

    /// Returns whether a build gives what it gave before.
    fn keeps(&self, before: &Result<Vec<u8>>) -> bool {
        match (before, &self.after) {
            (Ok(before), Ok(after)) => before == after,
            (Err(_), Ok(after)) => after.is_empty(),
            _ => false,
        }
    }

    /// Writes what the files held before.
    fn undo(&self) -> Result<()> {
        self.kept.iter().try_for_each(|(path, old)| output::file(path, std::slice::from_ref(old)))
    }
}

/// Turns variables into replacements; gives the files to write.
fn convert_vars(
    file: &mut KustomizationFile,
    environment: &Environment,
    targets: Targets,
    findings: &mut Vec<Finding>,
) -> Result<Vec<(PathBuf, Vec<u8>)>> {
    let (kustomization, _) = file.changed()?;
    if kustomization.vars.is_empty() {
        return Ok(vec![]);
    }
    let converted = vars::convert(&environment.directory, &kustomization, targets)?;
    for name in &converted.unused {
        let message = format!("variable `{name}` is used nowhere, and is left as it is");
        findings.push(Finding::new(Code::UnusedVar, message));
    }
    let mut left = Vec::new();
    for var in file.root.get_items("vars") {
        if converted.unused.iter().any(|name| name == var.get_text("name")) {
            left.push(var.clone());
        }
    }
    crate::edit::fields::keep_items(&mut file.root, "vars", left);
    file.root.field_mut("replacements").items_mut().extend(converted.replacements);
    file.root.drop_if_empty("replacements");
    Ok(converted.files.into_iter().map(|(path, text)| (path, text.into_bytes())).collect())
}

/// Takes away the deprecated fields that are empty.
fn drop_empty(file: &mut KustomizationFile) {
    for field in ["patchesJson6902", "patchesStrategicMerge", "commonLabels"] {
        file.root.drop_if_empty(field);
    }
}
