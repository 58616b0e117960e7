//! Whole trees that `kfm.toml` asks for.
//!
//! A tree is what its repository has at the commit of the lock, and what was edited here since. Nothing that was edited is
//! lost: an update carries edits over where they still fit, as `git merge-file` judges, and changes nothing where one
//! does not, unless it is forced.

use super::Request;
use super::place::{Updated, exchange, failed, write_item};
use super::plan::{Item, TERMS};
use crate::config::SourceTree;
use crate::diag::{Error, ErrorKind, Location, Result, cause};
use crate::files;
use crate::interrupt;
use crate::load::{self, RepoSpec};
use crate::remote::content::{self, Content, Contents};
use crate::remote::lock::{LARGEST, SUMS, without_user};
use crate::remote::{Found, LockedSource, Remote, url};
use globset::{Glob, GlobSet, GlobSetBuilder};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// A tree as its repository has it: where each file is, and the hashes.
pub(super) struct Upstream {
    /// The commit it was taken from.
    pub(crate) found: Found,
    /// What it consists of.
    pub(crate) items: BTreeMap<String, Item>,
    /// The same as hashes.
    pub(crate) list: Contents,
}

/// Refuses a repository of this machine outside of the tree, unless the user allows them.
fn refuse_local(request: &Request, source: &SourceTree, url: &str) -> Result<()> {
    let Some(path) = load::local_repository(url).filter(|_| !request.options.file_repositories) else {
        return Ok(());
    };
    let tree = load::work_tree(&request.directory, &|path| path.exists()).unwrap_or(&request.directory);
    if path.canonicalize().is_ok_and(|real| real.starts_with(tree)) {
        return Ok(());
    }
    let message = format!("`{}` is a repository of this machine outside of this tree", source.git);
    Err(Error::new(ErrorKind::Restricted, message)
        .at(Location::file(crate::config::FILE))
        .hint("set `file-repositories = true` below `[network]` in the user's configuration to allow it"))
}

/// The tree of a source at a reference.
pub(super) fn upstream(
    request: &Request,
    source: &SourceTree,
    reference: &str,
    remote: &Remote,
) -> Result<Upstream> {
    let wrong =
        |message: String| Error::new(ErrorKind::Config, message).at(Location::file(crate::config::FILE));
    let spec = url::parse(&source.git)
        .map_err(|why| wrong(format!("`git` of `{}` must be a repository: {why}", source.name)))?;
    if !spec.path.is_empty() || !spec.reference.is_empty() {
        return Err(wrong(format!("`git` of `{}` must be a repository alone", source.name))
            .hint("directory and reference are `path` and `ref`"));
    }
    refuse_local(request, source, &spec.url)?;
    let found = remote.fetch(&RepoSpec { reference: reference.to_owned(), ..spec })?;
    let top = found.directory.join(&source.path);
    let real = top.canonicalize().ok().filter(|real| real.starts_with(&found.directory) && real.is_dir());
    let top = real.ok_or_else(|| wrong(format!("`{}` has no directory `{}`", source.git, source.path)))?;
    let (include, exclude) = (patterns(&source.include)?, patterns(&source.exclude)?);
    let (mut items, mut list) = (BTreeMap::new(), Contents::new());
    for (path, content) in content::of(&top)? {
        if !source.include.is_empty() && !include.is_match(&path) || exclude.is_match(&path) {
            continue;
        }
        items.insert(path.clone(), item(&top, &path, &content));
        list.insert(path, content);
    }
    // The terms under which all this may be copied stay with it, wherever they are.
    for (path, content) in content::of(&found.directory)? {
        let terms = TERMS.iter().any(|start| path.to_uppercase().starts_with(start));
        if terms && !path.contains('/') && !items.contains_key(&path) {
            items.insert(path.clone(), item(&found.directory, &path, &content));
            list.insert(path, content);
        }
    }
    Ok(Upstream { found, items, list })
}

fn item(top: &Path, path: &str, content: &Content) -> Item {
    match content {
        Content::File(_) => Item::File(top.join(path)),
        Content::Link(target) => Item::Link(target.clone()),
    }
}

fn patterns(globs: &[String]) -> Result<GlobSet> {
    let mut set = GlobSetBuilder::new();
    let wrong = |e: &globset::Error| {
        Error::new(ErrorKind::Config, format!("invalid pattern: {e}")).at(Location::file(crate::config::FILE))
    };
    for glob in globs {
        set.add(Glob::new(glob).map_err(|e| wrong(&e))?);
    }
    set.build().map_err(|e| wrong(&e))
}

/// What is in the directory of a source; nothing if it is not there.
pub(super) fn here(request: &Request, into: &str) -> Result<Option<Contents>> {
    request.locked().copy(into)?.map(|path| content::of(&path)).transpose()
}

/// Brings a tree up to date.
pub(super) fn update(
    request: &Request,
    source: &SourceTree,
    remote: &Remote,
    force: bool,
) -> Result<Updated> {
    let old = request.lock.sources.iter().find(|entry| entry.name == source.name);
    let same = |entry: &&LockedSource| {
        entry.git == without_user(&source.git)
            && entry.reference == source.reference
            && !request.moves(&entry.git)
    };
    let reference = old.filter(same).map_or(&source.reference, |entry| &entry.commit);
    let new = upstream(request, source, reference, remote)?;
    let sums = content::read_sums(
        &files::read_text_beside(&request.directory.join(SUMS), LARGEST).unwrap_or_default(),
    );
    let known = old.filter(|entry| entry.into == source.into);
    let known_list = known.map_or_else(Contents::new, |entry| content::below(&sums, &entry.into));
    let here = here(request, &source.into)?;
    let mut entry = LockedSource {
        name: source.name.clone(),
        git: without_user(&source.git),
        reference: source.reference.clone(),
        commit: new.found.commit.clone(),
        tree: new.found.tree.clone(),
        into: source.into.clone(),
        sum: content::sum(&new.list),
        edits: BTreeMap::new(),
    };
    let there = here.unwrap_or_default();
    if known.is_some() && known_list == new.list && !there.is_empty() && !force {
        entry.edits = content::edits(&new.list, &there);
        return Ok(Updated { entry, list: new.list, written: false });
    }
    if known.is_none() && !there.is_empty() && there != new.list && !force {
        let message = format!("`{}` is there already, and not by `kfm vendor`", source.into);
        return Err(Error::new(ErrorKind::Conflict, message)
            .at(Location::file(source.into.clone()))
            .hint("move it away, or pass `--force` to write over it"));
    }
    let merged = match (known, force) {
        (Some(known), false) => {
            let base = upstream(request, source, &known.commit, remote)?;
            let directory = request.directory.join(&source.into);
            merge(&Sides { base: &base, directory: &directory, here: &there, new: &new }, remote)?
        }
        _ => Merged::default(),
    };
    let list = write(request, source, &new, merged)?;
    entry.edits = content::edits(&new.list, &list);
    Ok(Updated { entry, list: new.list, written: list != there })
}

/// What an update has to bring together.
struct Sides<'a> {
    base: &'a Upstream,
    directory: &'a Path,
    here: &'a Contents,
    new: &'a Upstream,
}

/// What is written in place of what the repository has: other content, or nothing.
#[derive(Default)]
struct Merged {
    items: BTreeMap<String, Option<Item>>,
    /// Content that was brought together.
    texts: BTreeMap<String, Vec<u8>>,
}

fn merge(sides: &Sides<'_>, remote: &Remote) -> Result<Merged> {
    let mut merged = Merged::default();
    let mut conflicts = vec![];
    for path in content::edits(&sides.base.list, sides.here).into_keys() {
        let (base, here, new) =
            (sides.base.list.get(&path), sides.here.get(&path), sides.new.list.get(&path));
        if here == new {
            continue;
        }
        if new == base {
            let kept = here.map(|content| item(sides.directory, &path, content));
            merged.items.insert(path, kept);
            continue;
        }
        let files = [sides.here, &sides.base.list, &sides.new.list]
            .map(|list| matches!(list.get(&path), Some(Content::File(_))));
        let text = match files {
            [true, true, true] => merge_file(sides, &path, remote)?,
            _ => None,
        };
        match text {
            Some(text) => drop(merged.texts.insert(path, text)),
            None => conflicts.push(path),
        }
    }
    if conflicts.is_empty() {
        return Ok(merged);
    }
    let names: Vec<String> = conflicts.iter().take(10).map(|path| format!("`{path}`")).collect();
    let more = if conflicts.len() > names.len() { " and others" } else { "" };
    let message =
        format!("the edits of {}{more} do not fit the new version; nothing was changed", names.join(", "));
    Err(Error::new(ErrorKind::Conflict, message).at(Location::file(sides.directory.display().to_string()))
        .hint("`kfm vendor diff` shows the edits; take those back and make them again, or drop all by `--force`"))
}

/// A file with the changes of both sides; `None` if they do not go together.
fn merge_file(sides: &Sides<'_>, path: &str, remote: &Remote) -> Result<Option<Vec<u8>>> {
    let of = |upstream: &Upstream| match upstream.items.get(path) {
        Some(Item::File(file)) => file.clone(),
        _ => PathBuf::new(),
    };
    let started = remote.search().command("git", Path::new("/")).and_then(|mut command| {
        command.args(["merge-file", "-p", "--"]);
        command.arg(sides.directory.join(path)).arg(of(sides.base)).arg(of(sides.new)).output()
    });
    let output = started.map_err(|e| {
        Error::new(ErrorKind::Program, format!("`git merge-file` cannot be started: {}", cause(&e)))
    })?;
    Ok(output.status.success().then_some(output.stdout))
}

/// Writes the tree whole, and then puts it in its place; gives what it consists of.
fn write(request: &Request, source: &SourceTree, new: &Upstream, merged: Merged) -> Result<Contents> {
    let make = || tempfile::Builder::new().prefix(".kfm-vendor-").tempdir_in(&request.directory);
    let staging = interrupt::directory(make).map_err(|e| failed(&request.directory, &e))?;
    let top = staging.path().join(&source.into);
    fs::create_dir_all(&top).map_err(|e| failed(&top, &e))?;
    let mut items: BTreeMap<&String, &Item> = new.items.iter().collect();
    for (path, item) in &merged.items {
        match item {
            Some(item) => drop(items.insert(path, item)),
            None => drop(items.remove(path)),
        }
    }
    for (path, item) in items {
        write_item(&top.join(path), item)?;
    }
    for (path, text) in &merged.texts {
        let path = top.join(path);
        fs::write(&path, text).map_err(|e| failed(&path, &e))?;
    }
    let list = content::of(&top)?;
    exchange(staging.path(), &request.directory, &source.into)?;
    Ok(list)
}

/// The edits of a tree as a patch.
pub(super) fn diff(request: &Request, source: &SourceTree, remote: &Remote) -> Result<String> {
    let Some(entry) = request.lock.sources.iter().find(|entry| entry.name == source.name) else {
        let message = format!("`{}` is not in the lock", source.name);
        return Err(Error::new(ErrorKind::NotFound, message).hint("run `kfm vendor` first"));
    };
    let base = upstream(request, source, &entry.commit, remote)?;
    let here = here(request, &entry.into)?.unwrap_or_default();
    let directory = request.directory.join(&entry.into);
    let mut patch = String::new();
    for path in content::edits(&base.list, &here).into_keys() {
        let read = |item: Option<&Item>| match item {
            Some(Item::File(file)) => fs::read(file).map_err(|e| failed(file, &e)).map(Some),
            Some(Item::Link(target)) => Ok(Some(target.clone().into_bytes())),
            None => Ok(None),
        };
        let old = read(base.items.get(&path))?;
        let new = read(here.get(&path).map(|content| item(&directory, &path, content)).as_ref())?;
        let name = |side: &str, there: bool| match there {
            true => format!("{side}/{}/{path}", entry.into),
            false => "/dev/null".to_owned(),
        };
        let (a, b) = (name("a", old.is_some()), name("b", new.is_some()));
        match (String::from_utf8(old.unwrap_or_default()), String::from_utf8(new.unwrap_or_default())) {
            (Ok(old), Ok(new)) => {
                let lines = similar::TextDiff::from_lines(&old, &new);
                patch.push_str(&lines.unified_diff().context_radius(3).header(&a, &b).to_string());
            }
            _ => patch.push_str(&format!("Binary files {a} and {b} differ\n")),
        }
    }
    Ok(patch)
}
