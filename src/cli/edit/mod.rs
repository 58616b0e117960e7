//! `edit`: changes the kustomization file of the current directory. What the commands do is in [`crate::edit`].

mod add;
pub(super) mod args;
mod fix;
mod remove;
mod set;

use super::environment::Environment;
use super::{Done, long_help, output, sandbox};
use crate::diag::{Code, Error, ErrorKind, Finding, Location, Result};
use crate::edit::KustomizationFile;
use crate::edit::generators::{self, Sort};
use crate::load::{self, Files, Loader, NoFetch};
use crate::plugin::builtin;
use args::{EditArgs, EditCommand};
use std::ffi::OsString;
use std::path::Path;
use std::sync::Arc;

/// Runs a command of `edit`.
pub(super) fn run(args: EditArgs, environment: &Environment) -> Result<Done> {
    let notes = sandbox::confine(["."], Some("."), environment);
    let mut done = command(args, environment)?;
    done.findings.extend(notes);
    Ok(done)
}

fn command(args: EditArgs, environment: &Environment) -> Result<Done> {
    match args.command {
        Some(EditCommand::Add(args)) => add::run(args, environment),
        Some(EditCommand::Fix(args)) => fix::run(&args, environment),
        Some(EditCommand::Remove(args)) => remove::run(args, environment),
        Some(EditCommand::Set(args)) => set::run(args, environment),
        Some(EditCommand::AlphaListBuiltinPlugin(_)) => {
            let names: String = builtin::kinds().iter().map(|name| format!(" * {name}\n")).collect();
            Ok(Done { stdout: vec![format!("Builtin plugins:\n\n{names}").into_bytes()], ..Done::default() })
        }
        Some(EditCommand::Unknown(words)) => Ok(unknown(&["edit"], &words)),
        None => Ok(long_help(&["edit"])),
    }
}

/// The help of a command that does not know another, as kustomize prints it, and a warning.
fn unknown(path: &[&str], words: &[OsString]) -> Done {
    let word = words.first().map(|w| w.to_string_lossy().into_owned()).unwrap_or_default();
    let message = format!("there is no command `{} {word}`; nothing was done", path.join(" "));
    Done { findings: vec![Finding::new(Code::Skipped, message)], ..long_help(path) }
}

fn usage(message: &str) -> Error {
    Error::new(ErrorKind::Usage, message)
}

fn note(message: String) -> Finding {
    Finding::new(Code::Note, message)
}

/// Opens the file of the current directory, changes it and writes it.
fn edit(
    environment: &Environment,
    change: impl FnOnce(&mut KustomizationFile) -> Result<Vec<Finding>>,
) -> Result<Done> {
    let mut file = KustomizationFile::open(&environment.directory)?;
    let findings = change(&mut file).map_err(|e| match e.kind() {
        ErrorKind::Usage => e,
        _ => e.or_at(|| Location::file(file.name())),
    })?;
    write(&file)?;
    Ok(Done { findings, ..Done::default() })
}

/// Writes a file that has changed.
fn write(file: &KustomizationFile) -> Result<()> {
    if file.is_changed() { output::file(&file.path, &[file.render()?]) } else { Ok(()) }
}

/// Builds the entry of a generator of the changed file, reading what it names.
fn try_generator(environment: &Environment, file: &KustomizationFile, sort: Sort, at: usize) -> Result<()> {
    let options = load::Options {
        directory: environment.directory.clone(),
        restricted: true,
        ..load::Options::default()
    };
    let fetch: Arc<dyn load::Fetch> = match super::session::remote(environment) {
        Ok(remote) => remote,
        Err(_) => Arc::new(NoFetch),
    };
    let loader = Loader::open(&Files::new(options, fetch), ".")?;
    generators::try_entry(file, sort, at, &mut |entry| loader.file(entry)?.bytes())
}

/// The file name of a path, for comparisons with what a user names.
fn file_name(path: &Path) -> String {
    path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default()
}
