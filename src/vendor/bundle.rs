//! Bundles: the lock and all copies in one file, for sites without network.
//!
//! A bundle is a compressed tar archive that `tar tzf` lists. It is the same, byte for byte, for the same lock and
//! copies. What comes out of one is compared with the lock before it takes its place.

use super::Request;
use super::place::{exchange, failed, is_there, write};
use crate::diag::{Error, ErrorKind, Location, Result, cause};
use crate::files;
use crate::interrupt;
use crate::remote::Lock;
use crate::remote::content::{self, Content, Contents};
use crate::remote::lock::{self, NAME, SUMS, is_inside};
use crate::yaml::Source;
use flate2::{Compression, GzBuilder, read::GzDecoder};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::Path;

/// How many files a bundle may have, and how many bytes all of them.
const LARGEST: (usize, u64) = (500_000, 4 << 30);

/// Writes a bundle of what the lock names; everything must be there as the lock says.
pub(crate) fn pack(request: &Request, file: &Path) -> Result<usize> {
    let lists = lists(&request.directory, &request.lock)?;
    let parent = file.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let fail = |e: io::Error| failed(file, &e);
    let mut new = interrupt::file_in(parent).map_err(fail)?;
    let mut archive = vec![];
    {
        let gzip = GzBuilder::new().mtime(0).write(&mut archive, Compression::default());
        let mut tar = tar::Builder::new(gzip);
        for name in [NAME, SUMS] {
            let text = fs::read(request.directory.join(name)).map_err(fail)?;
            append(&mut tar, name, &text).map_err(fail)?;
        }
        for (copy, list) in &lists {
            for (path, content) in list {
                let name = if path.is_empty() { copy.clone() } else { format!("{copy}/{path}") };
                match content {
                    Content::File(_) => {
                        let bytes = fs::read(request.directory.join(&name)).map_err(fail)?;
                        append(&mut tar, &name, &bytes).map_err(fail)?;
                    }
                    Content::Link(target) => {
                        let mut header = header(0);
                        header.set_entry_type(tar::EntryType::Symlink);
                        tar.append_link(&mut header, &name, target).map_err(fail)?;
                    }
                }
            }
        }
        let mut gzip = tar.into_inner().map_err(fail)?;
        gzip.flush().and_then(|()| gzip.finish().map(drop)).map_err(fail)?;
    }
    new.write_all(&archive).map_err(fail)?;
    new.rename(file).map_err(fail)?;
    Ok(lists.len())
}

fn header(size: u64) -> tar::Header {
    let mut header = tar::Header::new_gnu();
    header.set_size(size);
    header.set_mode(0o644);
    header.set_mtime(0);
    header
}

fn append<W: Write>(tar: &mut tar::Builder<W>, name: &str, bytes: &[u8]) -> io::Result<()> {
    tar.append_data(&mut header(bytes.len() as u64), name, bytes)
}

/// The files of all copies of a lock, compared with it.
fn lists(directory: &Path, lock: &Lock) -> Result<BTreeMap<String, Contents>> {
    let sums = content::read_sums(
        &files::read_text_beside(&directory.join(SUMS), lock::LARGEST).unwrap_or_default(),
    );
    let mut lists = BTreeMap::new();
    let differs = |copy: &str| {
        Error::new(ErrorKind::Remote, format!("`{copy}` is not what `{NAME}` says"))
            .at(Location::file(copy.to_owned()))
            .hint("run `kfm vendor`, and see what `kfm vendor --check` says")
    };
    for entry in &lock.repositories {
        let path = directory.join(&entry.copy);
        let list = if path.is_dir() { content::of(&path)? } else { Contents::new() };
        if content::sum(&list) != entry.sum {
            return Err(differs(&entry.copy));
        }
        lists.insert(entry.copy.clone(), list);
    }
    for entry in &lock.files {
        let hash = content::of_file(&directory.join(&entry.copy))?;
        if entry.sum != format!("sha256:{hash}") {
            return Err(differs(&entry.copy));
        }
        lists.insert(entry.copy.clone(), [(String::new(), Content::File(hash))].into());
    }
    for entry in &lock.sources {
        let path = directory.join(&entry.into);
        let list = if path.is_dir() { content::of(&path)? } else { Contents::new() };
        let upstream = content::below(&sums, &entry.into);
        if content::edits(&upstream, &list) != entry.edits || content::sum(&upstream) != entry.sum {
            return Err(differs(&entry.into));
        }
        lists.insert(entry.into.clone(), list);
    }
    Ok(lists)
}

/// Puts what a bundle holds in its place; gives how many copies that are.
pub(crate) fn unpack(directory: &Path, file: &Path, force: bool) -> Result<usize> {
    let make = || tempfile::Builder::new().prefix(".kfm-vendor-").tempdir_in(directory);
    let staging = interrupt::directory(make).map_err(|e| failed(directory, &e))?;
    extract(file, staging.path())?;
    let broken = |what: &str| {
        let shown = file.display().to_string();
        Error::new(ErrorKind::Config, format!("`{shown}` is no bundle: {what}")).at(Location::file(shown))
    };
    let text = fs::read_to_string(staging.path().join(NAME)).map_err(|_| broken("it has no lock"))?;
    let lock = Lock::parse(&Source::new(format!("{NAME} of the bundle"), text.clone()))?;
    let old = fs::read_to_string(directory.join(NAME)).ok();
    if old.is_some_and(|old| old != text) && !force {
        let message = format!("`{}` was made for another `{NAME}` than the one here", file.display());
        return Err(Error::new(ErrorKind::Conflict, message)
            .at(Location::file(NAME))
            .hint("make a bundle of this lock, or pass `--force` to take that of the bundle"));
    }
    let lists = lists(staging.path(), &lock)?;
    for (copy, list) in &lists {
        if !is_there(&directory.join(copy), list) {
            exchange(staging.path(), directory, copy)?;
        }
    }
    let sums =
        fs::read_to_string(staging.path().join(SUMS)).map_err(|_| broken("it has no list of hashes"))?;
    write(&directory.join(SUMS), &sums)?;
    write(&directory.join(NAME), &text)?;
    Ok(lists.len())
}

/// Takes a bundle apart in an empty directory. Only files and links are taken, below the directory, each path once.
fn extract(file: &Path, into: &Path) -> Result<()> {
    let shown = file.display().to_string();
    let fail = |e: io::Error| {
        Error::new(ErrorKind::Io, format!("the bundle `{shown}` cannot be read: {}", cause(&e)))
            .at(Location::file(shown.clone()))
    };
    let refused = |what: String| {
        Error::new(ErrorKind::Restricted, format!("the bundle holds {what}"))
            .at(Location::file(shown.clone()))
    };
    let (mut files, mut bytes) = (0, 0);
    let mut links = vec![];
    let reader = GzDecoder::new(File::open(file).map_err(fail)?).take(2 * LARGEST.1);
    let mut archive = tar::Archive::new(reader);
    for entry in archive.entries().map_err(fail)? {
        let mut entry = entry.map_err(fail)?;
        let path = entry.path().map_err(fail)?.to_string_lossy().into_owned();
        let size = entry.size();
        files += 1;
        bytes += size;
        if files > LARGEST.0 || bytes > LARGEST.1 {
            return Err(refused(format!("more than {} files or {} GiB", LARGEST.0, LARGEST.1 >> 30)));
        }
        if !is_inside(&path) {
            return Err(refused(format!("`{}`, which leads out of its directory", path.escape_debug())));
        }
        let to = into.join(&path);
        let parent = to.parent().unwrap_or(into);
        fs::create_dir_all(parent).map_err(|e| failed(parent, &e))?;
        match entry.header().entry_type() {
            tar::EntryType::Regular => {
                let mut new =
                    File::options().write(true).create_new(true).open(&to).map_err(|e| failed(&to, &e))?;
                io::copy(&mut entry.by_ref().take(size), &mut new).map_err(fail)?;
            }
            tar::EntryType::Symlink => {
                let target =
                    entry.link_name().map_err(fail)?.unwrap_or_default().to_string_lossy().into_owned();
                // Made in the end, so that nothing is written through one.
                links.push((to, target));
            }
            _ => {
                return Err(refused(format!(
                    "`{}`, which is neither a file nor a link",
                    path.escape_debug()
                )));
            }
        }
    }
    links
        .into_iter()
        .try_for_each(|(to, target)| super::place::link(&target, &to).map_err(|e| failed(&to, &e)))
}
