//! `edit fix`: moves deprecated fields, and builds before and after to see whether the output is the same.

use super::args::FixArgs;
use super::{Done, Environment};
use crate::cli::{build, output};
use crate::diag::{Code, Error, Finding, Findings, Kind, Location, Result};
use crate::edit::{KustomizationFile, fix, vars};
use std::path::PathBuf;

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

/// Fixes the file of the current folder. What is printed is what kustomize prints, whatever was fixed.
pub fn run(args: &FixArgs, environment: &Environment) -> Result<Done> {
    let findings = Findings::default();
    let before = build::text(environment, &findings);
    let mut file = KustomizationFile::open(&environment.folder)?;
    let is_file = |text: &str| {
        !text.contains('\n')
            && environment.folder.join(text).is_file()
            && std::fs::read(environment.folder.join(text)).is_ok()
    };
    fix::fix(&mut file, &is_file)?;
    let with_vars = args.vars.unwrap_or(false);
    let mut files = Vec::new();
    if with_vars {
        files = convert_vars(&mut file, environment, &findings)?;
    }
    drop_empty(&mut file);
    let mut kept: Vec<(PathBuf, Vec<u8>)> = Vec::new();
    let mut written = || -> Result<()> {
        if file.is_changed() {
            files.push((file.path.clone(), file.render()?));
        }
        for (path, bytes) in &files {
            if let Ok(old) = std::fs::read(path) {
                kept.push((path.clone(), old));
            }
            output::file(path, std::slice::from_ref(bytes))?;
        }
        Ok(())
    };
    let result = written();
    let restore = |kept: &[(PathBuf, Vec<u8>)]| {
        kept.iter().try_for_each(|(path, old)| output::file(path, std::slice::from_ref(old)))
    };
    if let Err(e) = result {
        restore(&kept)?;
        return Err(e);
    }
    let mut out = FIXED.to_owned();
    out.push_str(if with_vars { FIXED_VARS } else { VARS_HINT });
    match (before, build::text(environment, &Findings::default())) {
        (Ok(before), Ok(after)) if before == after => {}
        (Err(_), Ok(after)) if after.is_empty() => {}
        (before, after) => {
            if args.strict && before.is_ok() {
                restore(&kept)?;
                let error =
                    Error::new(Kind::Strict, "the output of a build would change; nothing was written");
                return Err(error.at(Location::file(file.name().to_owned())).hint(
                    "the fields act in another order now; without `--strict` they are moved all the same",
                ));
            }
            match after {
                Err(e) => out.push_str(&format!(
                    "Warning: 'Fixed' kustomization now produces the error when running `kustomize build`: {e}\n"
                )),
                Ok(after) => out.push_str(&format!(
                    "Warning: 'Fixed' kustomization now produces different output when running `kustomize build`:\n...{}...\n",
                    String::from_utf8_lossy(&after)
                )),
            }
        }
    }
    Ok(Done { stdout: vec![out.into_bytes()], findings: findings.take(), ..Done::default() })
}

/// Turns variables into replacements; gives the files to write.
fn convert_vars(
    file: &mut KustomizationFile,
    environment: &Environment,
    findings: &Findings,
) -> Result<Vec<(PathBuf, Vec<u8>)>> {
    let (kustomization, _) = file.changed()?;
    if kustomization.vars.is_empty() {
        return Ok(vec![]);
    }
    let converted = vars::convert(&environment.folder, &kustomization)?;
    for name in &converted.unused {
        let message = format!("variable `{name}` is used nowhere, and is left as it is");
        findings.add(Finding::new(Code::UnusedVar, message));
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
