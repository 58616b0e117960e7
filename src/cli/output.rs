//! Writing results: standard output, one file, or a directory with a file for each object.

use crate::diag::{Error, ErrorKind, Location, Result, cause};
use crate::interrupt;
use rustc_hash::FxHashSet;
use std::borrow::Borrow;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

/// What a pipe holds at once unless it is told otherwise, in bytes.
#[cfg(target_os = "linux")]
const USUAL_PIPE: usize = 64 << 10;

/// What a pipe may hold without special rights, in bytes. Writer and reader wait for each other less often.
#[cfg(target_os = "linux")]
const LARGE_PIPE: usize = 1 << 20;

/// Nobody can read standard output.
static IS_CLOSED: AtomicBool = AtomicBool::new(false);

/// Makes writing to standard output an error: the program was started without.
pub fn note_closed_stdout() {
    IS_CLOSED.store(true, Ordering::Relaxed);
}

/// Writes pieces to standard output; gives the exit code. A pipe whose reader has enough is silent success.
pub(super) fn stdout<P: Borrow<[u8]>>(pieces: &[P]) -> u8 {
    if IS_CLOSED.load(Ordering::Relaxed) && pieces.iter().any(|p| !p.borrow().is_empty()) {
        super::say("Error: standard output cannot be written: it is closed\n");
        return 1;
    }
    let mut out = std::io::stdout().lock();
    #[cfg(target_os = "linux")]
    if pieces.iter().map(|p| p.borrow().len()).sum::<usize>() > USUAL_PIPE {
        // What is no pipe says so, and is as good without.
        let _ = rustix::pipe::fcntl_setpipe_size(&out, LARGE_PIPE);
    }
    let result = pieces.iter().try_for_each(|p| out.write_all(p.borrow())).and_then(|()| out.flush());
    match result {
        Ok(()) => 0,
        Err(e) if e.kind() == io::ErrorKind::BrokenPipe => 0,
        Err(e) => {
            super::say(&format!("Error: standard output cannot be written: {}\n", cause(&e)));
            1
        }
    }
}

/// The longest name of a file.
const LONGEST_NAME: usize = 255;

/// Why something is not written.
fn failed(path: &Path, e: &io::Error) -> Error {
    refused(
        path,
        ErrorKind::Io,
        &cause(e),
        match e.kind() {
            io::ErrorKind::NotFound => Some("make the directory first"),
            _ => None,
        },
    )
}

fn refused(path: &Path, kind: ErrorKind, why: &str, hint: Option<&str>) -> Error {
    let error = Error::new(kind, format!("`{}` cannot be written: {why}", path.display()))
        .at(Location::file(path.to_string_lossy().into_owned()));
    match hint {
        Some(hint) => error.hint(hint),
        None => error,
    }
}

/// Writes a file: whole or not at all, where the place allows it. A link is followed if it does not leave the directory
/// that holds it; special files are written to if they are those of the system. A new file gets the usual mode, an old one keeps its
/// own.
pub(super) fn file<P: Borrow<[u8]>>(path: &Path, pieces: &[P]) -> Result<()> {
    let fail = |e: io::Error| failed(path, &e);
    let directory = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let is_special = directory.canonicalize().is_ok_and(|d| super::input::is_special(&d));
    let write = |mut file: std::fs::File| pieces.iter().try_for_each(|p| file.write_all(p.borrow()));
    let real = if is_special {
        std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
    } else {
        place(path)?
    };
    let old = std::fs::metadata(&real).ok();
    if old.as_ref().is_some_and(|m| !m.is_file()) || path.to_string_lossy().ends_with('/') {
        if old.is_some_and(|m| !m.is_dir()) && !is_special {
            return Err(refused(path, ErrorKind::Restricted, "it is not a regular file", None));
        }
        let file = std::fs::OpenOptions::new().write(true).open(path).map_err(fail)?;
        return write(file).map_err(fail);
    }
    let directory = real.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    match interrupt::file_in(directory) {
        Ok(new) => filled(new, &real, pieces).and_then(|new| new.rename(&real)).map_err(fail),
        // The directory may not be written to; the file may.
        Err(_) => std::fs::File::create(&real).and_then(write).map_err(fail),
    }
}

/// Refuses names of files that are none, and files that share a name.
pub(super) fn check_names(directory: &Path, files: &[(String, Vec<u8>)]) -> Result<()> {
    let mut names = FxHashSet::default();
    for (name, _) in files {
        let why = match name.as_str() {
            _ if name.contains(|c: char| c == '/' || c.is_control()) => {
                "its name has a `/` or a control character"
            }
            _ if name.len() > LONGEST_NAME => "its name is too long",
            _ if !names.insert(name.as_str()) => "two objects would be written to it",
            _ => continue,
        };
        let message = format!("an object cannot be written to a file named `{name}`: {why}");
        return Err(Error::new(ErrorKind::Resource, message)
            .at(Location::file(directory.display().to_string()))
            .hint("write to one file, or to standard output"));
    }
    Ok(())
}

/// Writes files into a directory: all of them or, as far as the system allows, none.
pub(super) fn files(directory: &Path, files: Vec<(String, Vec<u8>)>) -> Result<()> {
    let real = place(directory)?.canonicalize().map_err(|e| failed(directory, &e))?;
    check_names(directory, &files)?;
    let mut places = Vec::with_capacity(files.len());
    for (name, _) in &files {
        let path = directory.join(name);
        let target = place(&path)?;
        let inside = target.canonicalize().map_or(true, |target| target.starts_with(&real));
        match target.symlink_metadata() {
            Ok(m) if !m.is_file() => {
                return Err(refused(&path, ErrorKind::Io, "it is not a regular file", None));
            }
            _ if !inside => return Err(leads_out(&path)),
            _ => places.push(real.join(target.strip_prefix(directory).unwrap_or(&target))),
        }
    }
    let mut made = Vec::with_capacity(files.len());
    for ((name, text), place) in files.iter().zip(&places) {
        let fail = |e: io::Error| failed(&directory.join(name), &e);
        let new = interrupt::file_in(&real).map_err(fail)?;
        made.push(filled(new, place, std::slice::from_ref(text)).map_err(fail)?);
    }
    for (new, place) in made.into_iter().zip(&places) {
        new.rename(place).map_err(|e| failed(place, &e))?;
    }
    Ok(())
}

/// A new file with its content and the mode of the one whose place it will take.
fn filled<P: Borrow<[u8]>>(
    mut new: interrupt::File,
    place: &Path,
    pieces: &[P],
) -> io::Result<interrupt::File> {
    pieces.iter().try_for_each(|p| new.write_all(p.borrow()))?;
    if let Ok(old) = std::fs::metadata(place) {
        std::fs::set_permissions(new.path(), old.permissions())?;
    }
    Ok(new)
}

/// Where a path leads: to itself, or where its last part as a link leads if that is in or below the directory which
/// holds the link. Whoever made the tree may have made the link; where the directory itself is was typed by the user.
fn place(path: &Path) -> Result<PathBuf> {
    if !path.symlink_metadata().is_ok_and(|m| m.is_symlink()) {
        return Ok(path.to_owned());
    }
    let directory = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    match (path.canonicalize(), directory.canonicalize()) {
        (Ok(real), Ok(directory)) if real.starts_with(&directory) => Ok(real),
        _ => Err(leads_out(path)),
    }
}

/// Refuses a file that is not in or below a directory, links followed.
pub(super) fn check_inside(path: &Path, directory: &Path) -> Result<()> {
    match (path.canonicalize(), directory.canonicalize()) {
        (Ok(real), Ok(directory)) if !real.starts_with(&directory) => {
            let why = format!("it is outside of `{}`", directory.display());
            Err(refused(path, ErrorKind::Restricted, &why, Some("change it by hand")))
        }
        _ => Ok(()),
    }
}

/// Refuses a directory to write to that is a link out of the directory which holds it.
pub(super) fn check(directory: &Path) -> Result<()> {
    place(directory).map(drop)
}

fn leads_out(path: &Path) -> Error {
    refused(
        path,
        ErrorKind::Restricted,
        "it is a link that leads out of its directory",
        Some("name the place itself, or remove the link"),
    )
}
