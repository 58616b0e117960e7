//! Whether files were touched, found out without reading them.
//!
//! The system sets the change time of a file whenever its content or name changes, and lets nobody choose it. With size
//! and inode it says as much as git asks of its own index.

use std::path::Path;

/// Changes that are closer together than this may have the same time.
#[cfg(unix)]
const RECENT: std::time::Duration = std::time::Duration::from_secs(2);

/// The state of all files and links below a directory; `None` where the system does not tell, or where a file changed so
/// recently that another change could go unnoticed.
#[cfg(unix)]
pub(super) fn of(directory: &Path) -> Option<String> {
    use std::time::{Duration, SystemTime};
    let mut state = State { lines: vec![], latest: 0 };
    state.add(directory)?;
    let latest = SystemTime::UNIX_EPOCH + Duration::from_secs(u64::try_from(state.latest).ok()?);
    let settled = latest.elapsed().is_ok_and(|age| age > RECENT);
    state.lines.sort();
    settled.then(|| crate::remote::content::prefixed_hash(state.lines.concat().as_bytes()))
}

#[cfg(not(unix))]
pub(super) fn of(_: &Path) -> Option<String> {
    None
}

#[cfg(unix)]
struct State {
    lines: Vec<String>,
    /// The latest change, in seconds since 1970.
    latest: i64,
}

#[cfg(unix)]
impl State {
    fn add(&mut self, directory: &Path) -> Option<()> {
        use std::os::unix::fs::MetadataExt;
        for entry in directory.read_dir().ok()? {
            let entry = entry.ok()?;
            let meta = entry.metadata().ok()?;
            if meta.is_dir() {
                self.add(&entry.path())?;
                continue;
            }
            self.latest = self.latest.max(meta.ctime());
            let (path, inode, size) = (entry.path(), meta.ino(), meta.size());
            let changed = (meta.ctime(), meta.ctime_nsec());
            self.lines.push(format!("{}\0{inode} {size} {changed:?}\n", path.display()));
        }
        Some(())
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_file_that_just_changed_has_no_stamp() {
        let top = tempfile::tempdir().unwrap();
        assert!(of(top.path()).is_some());
        fs::write(top.path().join("a"), "1").unwrap();
        assert_eq!(of(top.path()), None);
        assert_eq!(of(&top.path().join("none")), None);
    }

    #[test]
    fn a_change_shows_whatever_its_time_says() {
        let state = |top: &Path| {
            let mut state = State { lines: vec![], latest: 0 };
            state.add(top).unwrap();
            state.lines
        };
        let top = tempfile::tempdir().unwrap();
        let file = top.path().join("a");
        fs::write(&file, "1").unwrap();
        let old = (state(top.path()), fs::metadata(&file).unwrap().modified().unwrap());
        while state(top.path()) == old.0 {
            fs::write(&file, "2").unwrap();
            fs::File::options().append(true).open(&file).unwrap().set_modified(old.1).unwrap();
        }
        assert_eq!(fs::metadata(&file).unwrap().modified().unwrap(), old.1);
    }
}
