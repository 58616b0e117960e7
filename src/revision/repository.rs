//! A repository: its revisions, and which files differ between two of them.

use super::RevisionFiles;
use super::tree::{Revision, Tree, cause, lock};
use crate::diag::{Error, ErrorKind, Result};
use git2::{Delta, DiffOptions, Oid};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

/// A repository on this machine.
#[derive(Clone)]
pub(crate) struct Repository {
    git: Arc<Mutex<git2::Repository>>,
    /// Where the files of a revision would stand: the working tree, or for a bare repository its own directory.
    top: PathBuf,
    is_bare: bool,
}

impl Repository {
    /// The repository that a directory is in.
    ///
    /// # Errors
    ///
    /// When there is none, or it cannot be opened.
    pub(crate) fn discover(directory: &Path) -> Result<Self> {
        let git = git2::Repository::discover(directory).map_err(|e| {
            let message = format!("`{}` is in no git repository: {}", directory.display(), cause(&e));
            let error = Error::new(ErrorKind::NotFound, message);
            match e.code() {
                git2::ErrorCode::Owner => error.hint(
                    "the repository belongs to another user: run `git config --global --add safe.directory DIR`",
                ),
                _ => error.hint("name a directory of a clone"),
            }
        })?;
        let (top, is_bare) = match git.workdir() {
            Some(top) => (top.to_owned(), false),
            None => (git.path().to_owned(), true),
        };
        let top = top.canonicalize().unwrap_or(top);
        Ok(Self { git: Arc::new(Mutex::new(git)), top, is_bare })
    }

    /// Where the files of a revision would stand.
    pub(crate) fn top(&self) -> &Path {
        &self.top
    }

    /// Where its files stand, and what git keeps: for a work tree that was added in two directories.
    pub(crate) fn directories(&self) -> Vec<PathBuf> {
        let git = lock(&self.git);
        vec![self.top.clone(), git.path().to_owned(), git.commondir().to_owned()]
    }

    /// Returns whether there is no working tree.
    pub(crate) fn is_bare(&self) -> bool {
        self.is_bare
    }

    /// The revision of a name: a branch, a tag, a commit, or what leads to one.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub(crate) fn revision(&self, name: &str) -> Result<Revision> {
        let git = lock(&self.git);
        // What a branch is called where only the remote one was fetched.
        let remote = format!("origin/{name}");
        let found = git.revparse_single(name).or_else(|e| git.revparse_single(&remote).map_err(|_| e));
        let commit = found.and_then(|object| object.peel_to_commit()).map_err(|e| {
            let message = format!("revision `{name}` does not exist: {}", cause(&e));
            let error = Error::new(ErrorKind::NotFound, message);
            match git.is_shallow() {
                true => error.hint(
                    "the clone is shallow: fetch the revision, or all history (`git fetch --unshallow`)",
                ),
                false => error.hint("`git log` and `git branch --all` show what there is"),
            }
        })?;
        Ok(Revision { name: name.to_owned(), commit: commit.id().to_string(), tree: commit.tree_id() })
    }

    /// The last commit that the present one and a branch have in common.
    ///
    /// # Errors
    ///
    /// When there is none, or the branch does not exist.
    pub(crate) fn merge_base(&self, branch: &str) -> Result<Revision> {
        let (ours, theirs) = (self.revision("HEAD")?, self.revision(branch)?);
        let git = lock(&self.git);
        let oid = |revision: &Revision| Oid::from_str(&revision.commit);
        let base = oid(&ours).and_then(|a| git.merge_base(a, oid(&theirs)?));
        let commit = base.and_then(|base| git.find_commit(base)).map_err(|e| {
            let message = format!("`HEAD` and `{branch}` have no commit in common: {}", cause(&e));
            let error = Error::new(ErrorKind::NotFound, message);
            match git.is_shallow() {
                true => error.hint(
                    "the clone is shallow: fetch all history (`git fetch --unshallow`, `fetch-depth: 0` in a GitHub workflow, `GIT_DEPTH: 0` in a GitLab job)",
                ),
                false => error.hint("compare with a revision instead: `--against`"),
            }
        })?;
        let name = format!("merge base of HEAD and {branch}");
        Ok(Revision { name, commit: commit.id().to_string(), tree: commit.tree_id() })
    }

    /// The files of a revision, where they would stand.
    pub(crate) fn files(&self, revision: &Revision) -> RevisionFiles {
        RevisionFiles::new(Tree::new(self.git.clone(), revision.clone()), &self.top)
    }

    /// The files that differ between a revision and the working tree, with what is not committed and not ignored. Paths
    /// from the top, sorted.
    ///
    /// # Errors
    ///
    /// When an object cannot be read.
    pub(crate) fn changed(&self, old: &Revision) -> Result<Vec<String>> {
        let git = lock(&self.git);
        let compare = || -> Result<Vec<String>, git2::Error> {
            let before = git.find_tree(old.tree)?;
            let mut options = DiffOptions::new();
            options.include_untracked(true).recurse_untracked_dirs(true).ignore_submodules(false);
            options.context_lines(0).skip_binary_check(true);
            // The index knows which files are as they were checked out, so that not all have to be read.
            let index = git.index()?;
            let mut paths = vec![];
            for diff in [
                git.diff_tree_to_index(Some(&before), Some(&index), Some(&mut options))?,
                git.diff_index_to_workdir(Some(&index), Some(&mut options))?,
            ] {
                for delta in diff.deltas().filter(|delta| delta.status() != Delta::Unmodified) {
                    let files = [delta.old_file(), delta.new_file()];
                    paths.extend(
                        files.iter().filter_map(|file| Some(file.path()?.to_string_lossy().into_owned())),
                    );
                }
            }
            paths.sort();
            paths.dedup();
            Ok(paths)
        };
        compare().map_err(|e| {
            let message = format!("the files that differ from `{}` cannot be found: {}", old.name, cause(&e));
            Error::new(ErrorKind::Io, message)
        })
    }
}
