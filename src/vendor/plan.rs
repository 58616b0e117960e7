//! Which files and links make up the copies.

use crate::diag::{Error, ErrorKind, Result};
use crate::kustomization::locate::NAMES;
use crate::remote::{Asked, Record, content, lock, places};
use crate::text::path::clean;
use crate::yaml::{Source, split};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

/// Beginnings of the names of files that say under which terms the rest may be copied.
pub(super) const TERMS: [&str; 5] = ["LICENSE", "LICENCE", "NOTICE", "COPYING", "COPYRIGHT"];

/// How many links may lead to one another.
const MOST_LINKS: usize = 40;

/// The copies that there are to be.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// Copies of repositories by their paths.
    pub(crate) repositories: BTreeMap<String, RepositoryCopy>,
    /// Copies of files by their paths: URL and content.
    pub(crate) files: BTreeMap<String, (String, Arc<Vec<u8>>)>,
}

/// A copy of what is needed of a repository.
#[derive(Debug)]
pub(super) struct RepositoryCopy {
    /// The repository.
    pub(crate) asked: Asked,
    /// What is copied, by its path in the repository.
    pub(crate) items: BTreeMap<String, Item>,
}

/// Something to be copied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Item {
    /// A file.
    File(PathBuf),
    /// A link with this target.
    Link(String),
}

impl Plan {
    /// The copies of what was asked for.
    pub(super) fn of(record: &Record) -> Result<Self> {
        let mut plan = Self::default();
        let mut taken = BTreeSet::new();
        for (key, asked) in &record.repositories {
            let path = free(places::repository(&asked.spec), &format!("{key:?}"), &mut taken);
            let items = items(&asked.found.directory, &record.used)?;
            plan.repositories.insert(path, RepositoryCopy { asked: asked.clone(), items });
        }
        for (url, bytes) in &record.files {
            // A page for people, tried before the repository that the same text names.
            let tried = |asked: &Asked| asked.references.contains(url);
            if record.repositories.values().any(tried) {
                continue;
            }
            let path = free(places::file(url), url, &mut taken);
            plan.files.insert(path, (url.clone(), bytes.clone()));
        }
        Ok(plan)
    }
}

/// A path that is neither taken nor above or below one that is, whatever the case of letters.
fn free(path: String, key: &str, taken: &mut BTreeSet<String>) -> String {
    let lower = path.to_lowercase();
    let above = |a: &str, b: &str| b == a || b.strip_prefix(a).is_some_and(|rest| rest.starts_with('/'));
    let path = match taken.iter().any(|t| above(t, &lower) || above(&lower, t)) {
        true => {
            let hash = content::hash(key.as_bytes());
            let inside = path.strip_prefix(&format!("{}/", lock::VENDOR)).unwrap_or(&path);
            format!("{}/~{}/{inside}", lock::VENDOR, hash.get(..8).unwrap_or_default())
        }
        false => path,
    };
    taken.insert(path.to_lowercase());
    path
}

/// What is needed of the repository in a directory.
fn items(directory: &Path, used: &BTreeSet<PathBuf>) -> Result<BTreeMap<String, Item>> {
    let mut items = BTreeMap::new();
    let inside = used.iter().filter_map(|path| path.strip_prefix(directory).ok());
    for path in inside {
        add(directory, path, &mut items)?;
        if path.file_name().is_some_and(|name| NAMES.iter().any(|n| name == *n)) {
            let charts = charts(&directory.join(path)).into_iter();
            for home in charts.filter_map(|home| Some(clean(&path.parent()?.join(home)))) {
                add_all(directory, &home, &mut items)?;
            }
        }
    }
    let terms = directory.read_dir().into_iter().flatten().flatten().filter(|entry| {
        let name = entry.file_name().to_string_lossy().to_uppercase();
        TERMS.iter().any(|start| name.starts_with(start))
    });
    for entry in terms.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file())) {
        add(directory, Path::new(&entry.file_name()), &mut items)?;
    }
    Ok(items)
}

/// Adds a file, or a link with all links that it leads to. What a link leads to was used itself.
fn add(directory: &Path, path: &Path, items: &mut BTreeMap<String, Item>) -> Result<()> {
    let mut at = path.to_owned();
    for _ in 0..MOST_LINKS {
        let Some((link, rest)) = first_link(directory, &at) else {
            if directory.join(&at).is_file() {
                items.insert(text(&at)?, Item::File(directory.join(at)));
            }
            return Ok(());
        };
        let Ok(target) = std::fs::read_link(directory.join(&link)) else { return Ok(()) };
        let next = clean(&link.parent().unwrap_or(Path::new("")).join(&target));
        if next.components().any(|part| !matches!(part, Component::Normal(_))) {
            // It leads out, where no build follows.
            return Ok(());
        }
        items.insert(text(&link)?, Item::Link(text(&target)?));
        at = next.join(rest);
    }
    Ok(())
}

/// The first part of a path that is a link, and what follows it.
fn first_link(directory: &Path, path: &Path) -> Option<(PathBuf, PathBuf)> {
    let mut at = PathBuf::new();
    let mut parts = path.components();
    while let Some(part) = parts.next() {
        at.push(part);
        if directory.join(&at).is_symlink() {
            return Some((at, parts.as_path().to_owned()));
        }
    }
    None
}

/// Adds everything below a directory.
fn add_all(directory: &Path, path: &Path, items: &mut BTreeMap<String, Item>) -> Result<()> {
    let whole = directory.join(path);
    if path.components().any(|part| !matches!(part, Component::Normal(_))) || !whole.is_dir() {
        return Ok(());
    }
    content::of(&whole)?.keys().try_for_each(|below| add(directory, &path.join(below), items))
}

/// The directories of charts that a kustomization file names; helm reads them, not this program.
fn charts(file: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    if !text.contains("helm") {
        return vec![];
    }
    let Ok(Some(doc)) = split::read_v2(&Source::new("", text)) else { return vec![] };
    let scalar = |path: &[&str]| doc.get_path(doc.root(), path).map(|node| doc.text(node).to_owned());
    vec![scalar(&["helmGlobals", "chartHome"]).unwrap_or_else(|| "charts".to_owned())]
}

fn text(path: &Path) -> Result<String> {
    path.to_str().map(str::to_owned).ok_or_else(|| {
        Error::new(ErrorKind::Restricted, format!("`{}` has a name that is not UTF-8", path.display()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn links_come_with_all_they_lead_to() {
        let top = tempfile::tempdir().unwrap();
        let top = top.path();
        std::fs::create_dir_all(top.join("a/b")).unwrap();
        std::fs::write(top.join("a/b/x.yaml"), "").unwrap();
        std::fs::write(top.join("LICENSE"), "").unwrap();
        symlink("b", top.join("a/l")).unwrap();
        symlink("a/l/x.yaml", top.join("x.yaml")).unwrap();
        symlink("../..", top.join("out")).unwrap();
        let used = ["x.yaml", "out"].iter().map(|path| top.join(path)).collect();
        let items = items(top, &used).unwrap();
        let keys: Vec<_> = items.keys().map(String::as_str).collect();
        assert_eq!(keys, ["LICENSE", "a/b/x.yaml", "a/l", "x.yaml"]);
        assert_eq!(items.get("a/l"), Some(&Item::Link("b".into())));
    }

    #[test]
    fn copies_do_not_meet() {
        let mut taken = BTreeSet::new();
        let mut place = |path: &str, key: &str| free(path.to_owned(), key, &mut taken);
        assert_eq!(place("vendor/A@1", "a"), "vendor/A@1");
        assert!(place("vendor/a@1", "b").ends_with("/a@1"));
        assert!(place("vendor/a@1/x", "c").starts_with("vendor/~"));
        assert_eq!(place("vendor/b", "d"), "vendor/b");
    }
}
