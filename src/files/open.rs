//! Opening files that somebody else may change meanwhile.

use std::fs::File;
use std::io;
use std::path::Path;

/// Opens a regular file for reading. The path must be absolute and free of links, and is opened as such: a link that has
/// come into it since is not followed, and a pipe or device is not waited for.
#[cfg(unix)]
pub(crate) fn open(path: &Path) -> io::Result<File> {
    let file = File::from(open_without_links(path)?);
    match file.metadata()?.is_file() {
        true => Ok(file),
        false => Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file")),
    }
}

/// Opens a regular file for reading.
#[cfg(not(unix))]
pub(crate) fn open(path: &Path) -> io::Result<File> {
    match path.symlink_metadata()?.is_file() {
        true => File::open(path),
        false => Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file")),
    }
}

/// Only Linux can refuse links in all parts of a path at once.
#[cfg(target_os = "linux")]
fn open_without_links(path: &Path) -> io::Result<rustix::fd::OwnedFd> {
    use rustix::fs::{CWD, Mode, OFlags, ResolveFlags, openat2};
    use rustix::io::Errno;
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
    match openat2(CWD, path, flags, Mode::empty(), ResolveFlags::NO_SYMLINKS) {
        // Older kernels do not have the call, and some sandboxes forbid what they do not know.
        Err(Errno::NOSYS | Errno::PERM) => Ok(open_without_last_link(path)?),
        Err(Errno::LOOP) => Err(io::Error::other("it was changed into a link while it was read")),
        opened => Ok(opened?),
    }
}

#[cfg(all(unix, not(target_os = "linux")))]
fn open_without_links(path: &Path) -> io::Result<rustix::fd::OwnedFd> {
    open_without_last_link(path)
}

#[cfg(unix)]
fn open_without_last_link(path: &Path) -> io::Result<rustix::fd::OwnedFd> {
    use rustix::fs::{Mode, OFlags, open};
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::NOFOLLOW;
    Ok(open(path, flags, Mode::empty())?)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::io::Read;

    #[test]
    fn neither_links_nor_devices_are_opened() {
        let top = tempfile::tempdir().unwrap();
        let top = top.path().canonicalize().unwrap();
        std::fs::create_dir(top.join("d")).unwrap();
        std::fs::write(top.join("d/a"), "x").unwrap();
        std::os::unix::fs::symlink("d/a", top.join("link")).unwrap();
        std::os::unix::fs::symlink("d", top.join("through")).unwrap();
        let mut text = String::new();
        open(&top.join("d/a")).unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(text, "x");
        for refused in ["link", "d", "none"] {
            assert!(open(&top.join(refused)).is_err(), "{refused}");
        }
        #[cfg(target_os = "linux")]
        assert!(open(&top.join("through/a")).is_err());
        assert!(open(Path::new("/dev/zero")).is_err());
    }
}
