//! The directory of rendered manifests that `build --all` keeps up to date.
//!
//! A file is written only where it changes, and whole; files of roots that are gone are removed if kfm wrote them, which a
//! list in the directory knows. The list names a file before the file is written, so that after an interruption the
//! next run knows what there may be.

use super::output;
use crate::diag::{Error, ErrorKind, Location, Result, cause};
use crate::files;
use crate::resource::print::Piece;
use crate::yaml::Source;
use serde::{Deserialize, Serialize};
use std::borrow::Borrow;
use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

/// The list of the files that kfm wrote.
const LIST: &str = ".kfm-manifest.json";

/// The largest list that is read, in bytes.
const LARGEST: u64 = 64 << 20;

/// How many bytes wait to be written.
const MOST_WAITING: usize = 16 << 20;

/// The text of a file.
pub(super) type Text = Vec<Piece>;

#[derive(Default, Serialize, Deserialize)]
struct List {
    files: BTreeSet<String>,
}

/// A directory of rendered manifests.
pub(super) struct Rendered {
    directory: PathBuf,
    /// As the user named it.
    shown: String,
    /// Nothing is changed.
    check: bool,
    /// What was there according to the list.
    before: BTreeSet<String>,
    /// What is in the list now.
    listed: BTreeSet<String>,
    /// What there is to be.
    names: BTreeSet<String>,
    /// What is not written yet, and how many bytes that is.
    waiting: (Vec<(String, Text)>, usize),
    /// What was done, or is to be done, a line for each file.
    said: String,
}

impl Rendered {
    /// Opens a directory, which is made if it is not there. `check`: nothing is changed. Errors: an invalid list.
    pub(super) fn open(directory: PathBuf, shown: &str, check: bool) -> Result<Self> {
        let mut written = Self {
            directory,
            shown: shown.to_owned(),
            check,
            before: BTreeSet::new(),
            listed: BTreeSet::new(),
            names: BTreeSet::new(),
            waiting: (vec![], 0),
            said: String::new(),
        };
        output::check(&written.directory)?;
        if !check {
            std::fs::create_dir_all(&written.directory).map_err(|e| written.failed("", &e))?;
        }
        written.directory = written.directory.canonicalize().unwrap_or(written.directory);
        let list = written.directory.join(LIST);
        match files::read_beside(&list, LARGEST) {
            Ok(bytes) => {
                let list: List = serde_json::from_slice(&bytes).map_err(|e| {
                    Error::new(ErrorKind::Config, format!("invalid list of written files: {e}"))
                        .at(Location::file(format!("{shown}/{LIST}")))
                        .hint("remove it; files of roots that are gone have to be removed by hand then")
                })?;
                written.before = list.files.into_iter().filter(|file| is_inside(file)).collect();
                written.listed.clone_from(&written.before);
            }
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {}
            Err(e) => return Err(written.failed(LIST, &e)),
        }
        Ok(written)
    }

    fn failed(&self, file: &str, e: &std::io::Error) -> Error {
        let path = if file.is_empty() { self.shown.clone() } else { format!("{}/{file}", self.shown) };
        Error::new(ErrorKind::Io, format!("`{path}` cannot be written: {}", cause(e)))
            .at(Location::file(path.as_str()))
    }

    fn say(&mut self, what: &str, file: &str) {
        self.said.push_str(&format!("{what} {}/{file}\n", self.shown));
    }

    /// Adds a file. Files are written some at a time, so that the list is not written anew for each.
    pub(super) fn add(&mut self, file: String, text: Text) -> Result<()> {
        self.waiting.1 += text.iter().map(|piece| Borrow::<[u8]>::borrow(piece).len()).sum::<usize>();
        self.names.insert(file.clone());
        self.waiting.0.push((file, text));
        if self.waiting.1 < MOST_WAITING { Ok(()) } else { self.write() }
    }

    /// Leaves files as they are.
    pub(super) fn keep(&mut self, is_kept: impl Fn(&str) -> bool) {
        self.names.extend(self.before.iter().filter(|file| is_kept(file)).cloned());
    }

    /// Writes what waits. The list names it before.
    fn write(&mut self) -> Result<()> {
        let (files, _) = std::mem::take(&mut self.waiting);
        if !self.check && files.iter().any(|(file, _)| !self.listed.contains(file)) {
            self.listed.extend(files.iter().map(|(file, _)| file.clone()));
            self.write_list(self.listed.clone())?;
        }
        files.iter().try_for_each(|(file, text)| self.put(file, text))
    }

    /// Writes the rest, removes what is there to be no longer, and tells what was done.
    pub(super) fn finish(mut self) -> Result<String> {
        self.write()?;
        self.remove_others()?;
        if !self.check && self.names != self.listed {
            self.write_list(self.names.clone())?;
        }
        Ok(self.said)
    }

    fn write_list(&self, files: BTreeSet<String>) -> Result<()> {
        let text = serde_json::to_string_pretty(&List { files })
            .map_err(|e| Error::new(ErrorKind::Io, format!("the list of files cannot be written: {e}")))?;
        output::file(&self.directory.join(LIST), &[text.into_bytes(), b"\n".to_vec()])
    }

    /// Writes a file, unless it is there with this content.
    fn put(&mut self, file: &str, pieces: &[Piece]) -> Result<()> {
        let path = self.directory.join(file);
        match files::read_beside(&path, Source::LIMIT as u64) {
            Ok(now) if is_same(&now, pieces) => return Ok(()),
            Ok(_) => self.say(if self.check { "stale" } else { "written" }, file),
            Err(_) => self.say(if self.check { "missing" } else { "written" }, file),
        }
        if self.check {
            return Ok(());
        }
        let parent = path.parent().unwrap_or(&self.directory);
        std::fs::create_dir_all(parent).map_err(|e| self.failed(file, &e))?;
        // Links in the output are input, too: none leads elsewhere.
        let stays = parent.canonicalize().is_ok_and(|real| real.starts_with(&self.directory));
        if !stays || path.is_symlink() {
            let message =
                format!("`{}/{file}` is a link, or below one: nothing is written there", self.shown);
            return Err(Error::new(ErrorKind::Restricted, message).hint("remove the link"));
        }
        output::file(&path, pieces)
    }

    /// Removes the files of roots that are gone.
    fn remove_others(&mut self) -> Result<()> {
        for file in self.before.difference(&self.names).cloned().collect::<Vec<_>>() {
            let path = self.directory.join(&file);
            let parent = path.parent().and_then(|parent| parent.canonicalize().ok());
            if !parent.is_some_and(|parent| parent.starts_with(&self.directory)) || !path.is_file() {
                continue;
            }
            self.say(if self.check { "left over" } else { "removed" }, &file);
            if !self.check {
                std::fs::remove_file(&path).map_err(|e| self.failed(&file, &e))?;
                let above = path.ancestors().skip(1).take_while(|above| *above != self.directory);
                // Directories that are empty by that go, too.
                let _ = above.into_iter().try_for_each(std::fs::remove_dir);
            }
        }
        Ok(())
    }
}

/// Returns whether a file has this content.
fn is_same(now: &[u8], pieces: &[Piece]) -> bool {
    let mut rest = now;
    for piece in pieces {
        match rest.strip_prefix(Borrow::<[u8]>::borrow(piece)) {
            Some(behind) => rest = behind,
            None => return false,
        }
    }
    rest.is_empty()
}

/// Returns whether a path of the list stays in the output directory.
fn is_inside(file: &str) -> bool {
    Path::new(file).components().all(|part| matches!(part, Component::Normal(_))) && !file.is_empty()
}
