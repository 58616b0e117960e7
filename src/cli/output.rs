//! Writing results: standard output, one file, or a directory with a file for each object.

use crate::diag::{Error, ErrorKind, Location, Result, cause};
use crate::interrupt;
use std::borrow::Borrow;
use std::io::{self, Write};
use std::path::Path;

/// What a pipe holds at once unless it is told otherwise, in bytes.
#[cfg(target_os = "linux")]
const USUAL_PIPE: usize = 64 << 10;

/// What a pipe may hold without special rights, in bytes. Writer and reader wait for each other less often.
#[cfg(target_os = "linux")]
const LARGE_PIPE: usize = 1 << 20;

/// Writes pieces to standard output; gives the exit code. A closed pipe is silent success.
pub fn stdout<P: Borrow<[u8]>>(pieces: &[P]) -> u8 {
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

/// Writes a file: whole or not at all, where the place allows it. A link is followed and special files
/// (`/dev/stdout`) are written to directly; a new file gets the usual mode, an old one keeps its own.
pub fn file<P: Borrow<[u8]>>(path: &Path, pieces: &[P]) -> Result<()> {
    let fail = |e: io::Error| {
        let error =
            Error::new(ErrorKind::Io, format!("`{}` cannot be written: {}", path.display(), cause(&e)))
                .at(Location::file(path.to_string_lossy().into_owned()));
        match e.kind() {
            io::ErrorKind::NotFound => error.hint("make the directory first"),
            _ => error,
        }
    };
    let real = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let old = std::fs::metadata(&real).ok();
    if old.as_ref().is_some_and(|m| !m.is_file()) || path.to_string_lossy().ends_with('/') {
        let mut file = std::fs::OpenOptions::new().write(true).open(path).map_err(fail)?;
        return pieces.iter().try_for_each(|p| file.write_all(p.borrow())).map_err(fail);
    }
    let directory = real.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let Ok(mut new) = interrupt::file_in(directory) else {
        // The directory may not be written to; the file may.
        let mut file = std::fs::File::create(&real).map_err(fail)?;
        return pieces.iter().try_for_each(|p| file.write_all(p.borrow())).map_err(fail);
    };
    pieces.iter().try_for_each(|p| new.write_all(p.borrow())).map_err(fail)?;
    if let Some(old) = old {
        std::fs::set_permissions(new.path(), old.permissions()).map_err(fail)?;
    }
    new.rename(&real).map_err(fail)
}
