//! Directories and files that last as long as a plugin runs.

use crate::diag::{Error, ErrorKind, Result, cause};
use crate::interrupt::{self, Directory, File};
use std::io;
use std::time::{SystemTime, UNIX_EPOCH};
use tempfile::Builder;

/// Names end in digits, as kustomize's do: what plugins print may hold them.
fn try_names<T>(prefix: &str, make: impl Fn(&Builder<'_, '_>) -> io::Result<T>) -> Result<T> {
    let seed = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.subsec_nanos());
    let mut last = None;
    for i in 0..100u32 {
        let number = seed.wrapping_mul(2_654_435_761).wrapping_add(std::process::id()).wrapping_add(i);
        let name = format!("{prefix}{number}");
        match make(Builder::new().prefix(&name).rand_bytes(0)) {
            Ok(made) => return Ok(made),
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => last = Some(e),
            Err(e) => return Err(failed(&e)),
        }
    }
    Err(last.map_or_else(|| Error::new(ErrorKind::Io, "cannot make a temporary file"), |e| failed(&e)))
}

fn failed(error: &io::Error) -> Error {
    Error::new(ErrorKind::Io, format!("cannot make a temporary file: {}", cause(error)))
}

/// A new directory, removed when dropped.
pub(super) fn directory(prefix: &str) -> Result<Directory> {
    try_names(prefix, |b| interrupt::directory(|| b.tempdir()))
}

/// A new file with this content, removed when dropped.
pub(super) fn file(prefix: &str, content: &[u8]) -> Result<File> {
    let file = try_names(prefix, |b| interrupt::file(|| b.tempfile()))?;
    std::fs::write(file.path(), content).map_err(|e| failed(&e))?;
    Ok(file)
}
